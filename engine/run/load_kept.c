/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/load_kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/bytes.h"
#include "parser/diag_code.h"
#include "parser/rule_select.h"

#define VERSION 1u
#define NO_TEXT UINT32_MAX

/* --- the key ------------------------------------------------------------------------------------ */

/* Whatever it says may have a say in what rules mean. */
static void put_config(struct cache_digest *d, const struct config_node *node, unsigned depth)
{
	uint32_t head[] = { node->kind, node->count, node->stock };

	cache_digest_bytes(d, head, sizeof(head));
	cache_digest_text(d, node->key);
	cache_digest_text(d, node->text);
	for (const struct config_node *n = node->first; n && depth < CONFIG_DEPTH_MAX; n = n->next)
		put_config(d, n, depth + 1);
}

static void put_optional(struct cache_digest *d, const char *path)
{
	if (path)
		cache_digest_file(d, path, NULL);
	else
		cache_digest_text(d, NULL);
}

static void put_args(struct cache_digest *d, const struct settings *s)
{
	const struct settings_args *a = s->args;
	bool flags[] = { a->interfaces.count > 0,
			 a->rule_texts,
			 a->init_errors_fatal,
			 a->simulate_ips,
			 a->rules_optional,
			 s->rule_options.lint,
			 s->rule_options.dataset_absolute,
			 s->rule_options.dataset_no_write,
			 s->detect.inline_mode,
			 s->detect.without_texts };

	cache_digest_bytes(d, flags, sizeof(flags));
}

int load_kept_key(const struct settings *s, struct cache_key *out)
{
	struct cache_digest *d;
	int err;

	if (!s->detect.cache_folder)
		return -ENOENT;
	err = cache_digest_new(&d);
	if (err)
		return err;
	cache_digest_text(d, "load");
	put_args(d, s);
	put_config(d, s->config.root, 0);
	put_optional(d, s->classification_file);
	put_optional(d, s->reference_config_file);
	put_optional(d, s->threshold_file);
	for (unsigned i = 0; i < SELECT__COUNT; i++)
		put_optional(d, s->rule_changes[i]);
	for (unsigned i = 0; i < s->rule_files.count; i++)
		cache_digest_file(d, s->rule_files.text[i], s->detect.spread);
	return cache_digest_key(d, out);
}

bool load_kept_reads_more(const struct rule_set *parsed)
{
	for (const struct rule *r = parsed->first; r; r = r->next) {
		for (unsigned i = 0; i < r->options; i++) {
			if (r->option[i].kind == OPTION_FILE_HASH)
				return true;
		}
	}
	return false;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* NULL for none; the bytes end with a zero in the file. */
static const char *take_text(struct cursor *c)
{
	uint32_t len = cursor_be32(c);
	const uint8_t *text;

	if (len == NO_TEXT)
		return NULL;
	text = cursor_take(c, (size_t)len + 1);
	return text && text[len] == '\0' ? (const char *)text : NULL;
}

static void take_diag(struct cursor *c, struct diag_list *diags)
{
	uint32_t level = cursor_be32(c);
	const char *name, *message, *remedy, *fix;
	const struct diag_code *code;
	struct place at = { .file = NULL };

	at.line = cursor_be32(c);
	at.column = cursor_be32(c);
	at.len = cursor_be32(c);
	at.file = take_text(c);
	at.text = take_text(c);
	name = take_text(c);
	message = take_text(c);
	remedy = take_text(c);
	fix = take_text(c);
	/* A list keeps texts, but codes are those of the table. */
	code = name ? diag_code_find(name) : NULL;
	if (cursor_ok(c) && message)
		diag_add_coded(diags, (enum diag_level)level, &at, remedy, code ? code->code : NULL,
			       fix, message);
}

static int take_all(struct cursor *c, const struct settings *s, struct diag_list *diags,
		    struct run_rules *out)
{
	uint32_t version = cursor_be32(c), count;
	const uint8_t *digest;
	struct cache_key key;
	int err;

	out->loaded = cursor_be32(c);
	out->failed = cursor_be32(c);
	out->skipped = cursor_be32(c);
	count = cursor_be32(c);
	digest = cursor_take(c, sizeof(key.digest));
	if (!digest || version != VERSION)
		return -ENOENT;
	memcpy(key.digest, digest, sizeof(key.digest));
	err = detect_open_kept(&key, &s->detect, diags, &out->compiled);
	for (uint32_t i = 0; !err && i < count && cursor_ok(c); i++)
		take_diag(c, diags);
	return err;
}

int load_kept_read(const struct settings *s, const struct cache_key *key, struct diag_list *diags,
		   struct run_rules *out)
{
	struct cursor c;
	size_t size;
	void *data;
	int err;

	*out = (struct run_rules){ .compiled = NULL };
	rule_set_init(&out->parsed);
	if (cache_load(s->detect.cache_folder, key, NULL, &data, &size))
		return -ENOENT;
	c = cursor_of(bytes_of(data, size));
	err = take_all(&c, s, diags, out);
	free(data);
	if (err)
		run_rules_fini(out);
	return err;
}

/* --- writing ------------------------------------------------------------------------------------ */

static void put_u32(FILE *f, uint32_t v)
{
	uint8_t b[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	fwrite(b, 1, sizeof(b), f);
}

static void put_text(FILE *f, const char *text)
{
	uint32_t len = text ? (uint32_t)strlen(text) : NO_TEXT;

	put_u32(f, len);
	if (text)
		fwrite(text, 1, (size_t)len + 1, f);
}

static void put_diag(FILE *f, const struct diag *d)
{
	put_u32(f, d->level);
	put_u32(f, d->place.line);
	put_u32(f, d->place.column);
	put_u32(f, d->place.len);
	put_text(f, d->place.file);
	put_text(f, d->place.text);
	put_text(f, d->code);
	put_text(f, d->message);
	put_text(f, d->remedy);
	put_text(f, d->fix);
}

static void put_all(FILE *f, const struct cache_key *block, const struct diag *first,
		    const struct run_rules *rules)
{
	uint32_t count = 0;

	for (const struct diag *d = first; d; d = d->next)
		count++;
	put_u32(f, VERSION);
	put_u32(f, rules->loaded);
	put_u32(f, rules->failed);
	put_u32(f, rules->skipped);
	put_u32(f, count);
	fwrite(block->digest, 1, sizeof(block->digest), f);
	for (const struct diag *d = first; d; d = d->next)
		put_diag(f, d);
}

void load_kept_write(const struct settings *s, const struct cache_key *key,
		     const struct diag_list *diags, const struct diag *before,
		     const struct run_rules *rules)
{
	struct cache_key block, now;
	char *data = NULL;
	size_t size = 0;
	FILE *f;

	/* Files that changed while they were read are not known by what they said before. */
	if (!ruleset_kept(rules->compiled, &block) || load_kept_key(s, &now) ||
	    memcmp(&now, key, sizeof(now)) != 0)
		return;
	f = open_memstream(&data, &size);
	if (!f)
		return;
	put_all(f, &block, before ? before->next : diags->first, rules);
	/* Where it cannot be kept, the next start reads the rules. */
	if (fclose(f) == 0)
		(void)cache_store(s->detect.cache_folder, key, data, size);
	free(data);
}
