/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules: the rules themselves, as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"
#include "engine/detect/reach.h"
#include "engine/detect/ruleset.h"
#include "parser/rule_words.h"

static uint64_t key_of(const struct rule *r)
{
	return (uint64_t)r->gid << 32 | r->sid;
}

bool rules_chosen(const struct rules_choice *c, const struct rule *r)
{
	size_t low = 0, high = c->keys;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->key[mid] < key_of(r))
			low = mid + 1;
		else
			high = mid;
	}
	if (c->keys && (low == c->keys || c->key[low] != key_of(r)))
		return false;
	return !c->where || rule_where_holds(c->where, r);
}

/* --- from parsed to compiled ------------------------------------------------------------------------- */

struct rules_index {
	uint32_t rules;
	struct {
		uint64_t key;
		uint32_t rule;
	} of[];
};

static int index_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct rules_index *rules_index_new(const struct ruleset *rs)
{
	uint32_t n = rs->block->rules.count;
	struct rules_index *x = calloc(1, sizeof(*x) + n * sizeof(x->of[0]));

	if (!x)
		return NULL;
	x->rules = n;
	for (uint32_t i = 0; i < n; i++) {
		x->of[i].key = rs->row[i].key;
		x->of[i].rule = i;
	}
	qsort(x->of, n, sizeof(x->of[0]), index_order);
	return x;
}

void rules_index_free(struct rules_index *x)
{
	free(x);
}

uint32_t rules_index_find(const struct rules_index *x, const struct rule *r)
{
	uint32_t low = 0, high = x->rules;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (x->of[mid].key < key_of(r))
			low = mid + 1;
		else
			high = mid;
	}
	return low < x->rules && x->of[low].key == key_of(r) ? x->of[low].rule : UINT32_MAX;
}

/* --- text ------------------------------------------------------------------------------------------------ */

int rules_print_text(const struct run_rules *rules, const struct rules_choice *c)
{
	for (const struct rule *r = rules->parsed.first; r; r = r->next) {
		if (rules_chosen(c, r))
			rule_print(r, stdout);
	}
	return EXIT_DONE;
}

/* --- JSON ------------------------------------------------------------------------------------------------ */

/* Words of a rule, each once. */
#define WORDS_MAX 256

struct words {
	const char *name;
	struct bytes word[WORDS_MAX];
	unsigned count;
};

static bool collect(void *ctx, struct bytes word)
{
	struct words *w = ctx;

	for (unsigned i = 0; i < w->count; i++) {
		if (w->word[i].len == word.len && memcmp(w->word[i].data, word.data, word.len) == 0)
			return false;
	}
	if (w->count < WORDS_MAX)
		w->word[w->count++] = word;
	return false;
}

static void put_words(const struct rule *r, const char *name,
		      bool (*each)(const struct rule *r, rule_word_fn fn, void *ctx))
{
	struct words w = { .count = 0 };
	char text[256];

	each(r, collect, &w);
	if (!w.count)
		return;
	printf(",\"%s\":[", name);
	for (unsigned i = 0; i < w.count; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)w.word[i].len,
			 (const char *)w.word[i].data);
		if (i)
			putchar(',');
		diag_json_string(stdout, text);
	}
	putchar(']');
}

static void put_text(const char *name, const char *text)
{
	if (!text || !text[0])
		return;
	printf(",\"%s\":", name);
	diag_json_string(stdout, text);
}

/* Without the newline at its end. */
static void put_rule_text(const struct rule *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	rule_print(r, out);
	fclose(out);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	put_text("rule", text);
	free(text);
}

static void put_json(const struct rule *r, const struct ruleset *rs, const struct rules_index *x)
{
	uint32_t row = x ? rules_index_find(x, r) : UINT32_MAX;

	printf("{\"gid\":%" PRIu32 ",\"sid\":%" PRIu32 ",\"rev\":%" PRIu32 ",\"action\":\"%s\"",
	       r->gid, r->sid, r->rev, rule_action_name(r->action));
	put_text("protocol", rule_proto_name(r));
	put_text("msg", r->msg);
	put_text("classtype", r->class_name);
	printf(",\"priority\":%" PRIu32, r->priority);
	put_text("file", r->place.file);
	printf(",\"line\":%" PRIu32, r->place.line);
	put_words(r, "keywords", rule_each_keyword);
	put_words(r, "buffers", rule_each_buffer);
	put_words(r, "flowbits", rule_each_flowbit);
	if (row != UINT32_MAX)
		put_text("reach", reach_name((enum reach)rs->row[row].reach));
	if (x)
		printf(",\"compiled\":%s", row != UINT32_MAX ? "true" : "false");
	put_rule_text(r);
	puts("}");
}

int rules_print_json(const struct run_rules *rules, const struct rules_choice *c)
{
	struct rules_index *x = rules->compiled ? rules_index_new(rules->compiled) : NULL;

	for (const struct rule *r = rules->parsed.first; r; r = r->next) {
		if (rules_chosen(c, r))
			put_json(r, rules->compiled, x);
	}
	rules_index_free(x);
	return EXIT_DONE;
}
