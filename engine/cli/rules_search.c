/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules --search, --patterns: what is searched for, where, and what it costs to have it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"
#include "engine/detect/compile_tx.h"
#include "engine/detect/reach.h"
#include "engine/detect/ruleset.h"
#include "parser/buffer.h"

/* Databases that a rule's pattern stands in. */
struct where {
	uint32_t databases, first, bytes;
};

struct search {
	const struct run_rules *rules;
	struct rules_index *index;
	struct where *where; /* by row: packets and streams, then transactions */
};

static void note_rules(struct search *s, const struct section *rules, uint32_t number,
		       uint32_t bytes)
{
	const uint32_t *rule = block_at(s->rules->compiled->block, rules->offset);

	for (uint32_t r = 0; r < rules->count; r++) {
		struct where *w = &s->where[rule[r]];

		if (w->databases && w->first == number)
			continue;
		w->first = number;
		w->databases++;
		w->bytes += bytes;
	}
}

static void walk(struct search *s, const struct section *databases, uint32_t numbered)
{
	const struct block_header *b = s->rules->compiled->block;
	const struct scan_database *db = block_at(b, databases->offset);

	for (uint32_t i = 0; i < databases->count; i++) {
		const struct scan_pattern *p = block_at(b, db[i].patterns.offset);

		for (uint32_t k = 0; k < db[i].patterns.count; k++) {
			for (unsigned unit = 0; unit < UNIT__COUNT; unit++)
				note_rules(s, &p[k].rules[unit], numbered + i, db[i].built.count);
		}
	}
}

static int search_init(struct search *s, const struct run_rules *rules)
{
	const struct block_header *b = rules->compiled->block;

	*s = (struct search){ .rules = rules };
	s->index = rules_index_new(rules->compiled);
	s->where = calloc(b->rules.count + 1, sizeof(*s->where));
	if (!s->index || !s->where) {
		fprintf(stderr, "weir rules: no memory\n");
		return EXIT_FAILED;
	}
	walk(s, &b->databases, 0);
	walk(s, &b->tx_databases, b->databases.count);
	return EXIT_DONE;
}

static void search_fini(struct search *s)
{
	rules_index_free(s->index);
	free(s->where);
}

static struct search_pattern chosen_pattern(const struct rule *r)
{
	return tx_rule(r) ? tx_pattern_choose(r) : pattern_choose(r);
}

/* As a rule has it: "|00 01|abc". */
static void put_pattern(struct bytes p)
{
	bool hex = false;

	putchar('"');
	for (size_t i = 0; i < p.len; i++) {
		uint8_t c = p.data[i];
		bool plain = c > 0x20 && c < 0x7f && c != '"' && c != '|' && c != '\\' &&
			     c != ';' && c != ':';

		if (plain == hex)
			putchar('|');
		else if (hex)
			putchar(' ');
		hex = !plain;
		if (plain)
			putchar(c);
		else
			printf("%02x", c);
	}
	fputs(hex ? "|\"" : "\"", stdout);
}

static const char *group_of(const struct search_pattern *s)
{
	enum buffer b = (enum buffer)s->option->buffer;

	return b == BUFFER_PAYLOAD ? "payload" : buffer_row(b)->name;
}

static const char *end_of(uint32_t need, uint32_t inside, uint32_t outside)
{
	return need & inside ? "home" : need & outside ? "elsewhere" : "anywhere";
}

/* Between which addresses packets go that it is searched for in (engine/detect/home.h). */
static void put_ends(uint32_t need)
{
	if (need & NEED_ENDS)
		printf("from %s to %s; ", end_of(need, NEED_SRC_INSIDE, NEED_SRC_OUTSIDE),
		       end_of(need, NEED_DST_INSIDE, NEED_DST_OUTSIDE));
}

static void print_search(const struct search *s, const struct rule *r)
{
	const struct ruleset *rs = s->rules->compiled;
	uint32_t row = rules_index_find(s->index, r);
	struct search_pattern p = chosen_pattern(r);
	const struct where *w = row != UINT32_MAX ? &s->where[row] : NULL;

	printf("%" PRIu32 ":%" PRIu32 "  ", r->gid, r->sid);
	if (!w) {
		puts("not compiled");
		return;
	}
	printf("%s; ", reach_name((enum reach)rs->row[row].reach));
	put_ends(rs->row[row].need);
	if (!(rs->row[row].flags & ROW_PATTERN) || !p.option) {
		puts("no pattern: tried by its facts");
		return;
	}
	printf("%s ", group_of(&p));
	put_pattern(p.piece);
	if (p.nocase)
		printf(" nocase");
	if (p.head)
		printf(" in the first %" PRIu32 " bytes", p.head);
	if (!w->databases && p.places > 1)
		printf(" at byte %" PRIu32 " to %" PRIu32 ", compared without a database", p.place,
		       p.place + p.places - 1);
	else if (!w->databases)
		printf(" at byte %" PRIu32 ", compared without a database", p.place);
	else
		printf(" in %" PRIu32 " database%s of %" PRIu32 " KiB", w->databases,
		       w->databases == 1 ? "" : "s", w->bytes / 1024);
	putchar('\n');
}

int rules_print_search(const struct run_rules *rules, const struct rules_choice *c)
{
	struct search s;
	int code = search_init(&s, rules);

	for (const struct rule *r = rules->parsed.first; !code && r; r = r->next) {
		if (rules_chosen(c, r))
			print_search(&s, r);
	}
	search_fini(&s);
	return code;
}

int rules_print_patterns(const struct run_rules *rules, const struct rules_choice *c)
{
	struct search s;
	int code = search_init(&s, rules);

	for (const struct rule *r = rules->parsed.first; !code && r; r = r->next) {
		uint32_t row = rules_index_find(s.index, r);
		struct search_pattern p = { .option = NULL };

		if (row != UINT32_MAX && rules_chosen(c, r))
			p = chosen_pattern(r);
		/* What is compared at its place is in no database. */
		if (!p.option || !s.where[row].databases)
			continue;
		printf("%s\t%d\t", group_of(&p), p.nocase);
		for (size_t i = 0; i < p.piece.len; i++)
			printf("%02x", p.piece.data[i]);
		printf("\t%" PRIu32 ":%" PRIu32 "\n", r->gid, r->sid);
	}
	search_fini(&s);
	return code;
}
