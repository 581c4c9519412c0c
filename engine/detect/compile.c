/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From parsed rules to a block: rules in the order of inspection, each with its row, its conditions
 * and its texts; then the lists by which packets find rules, and the scan plan.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/cache.h"
#include "engine/detect/compile_lists.h"
#include "engine/detect/compile_option.h"
#include "engine/detect/compile_row.h"
#include "engine/detect/compiler.h"
#include "engine/detect/eval.h"
#include "engine/detect/header.h"
#include "engine/detect/home.h"
#include "engine/detect/rule_json.h"
#include "engine/detect/rule_order.h"
#include "parser/rule_parse.h"

/* What the parser reads and this part of the engine does not act on: never passed over in silence. */
static bool not_built(struct compiler *c, const struct place *at, const char *what)
{
	diag_add(c->diags, DIAG_ERROR, at, "remove it, or leave the rule out",
		 "'%s' is not built yet", what);
	return false;
}

static bool option_usable(struct compiler *c, const struct rule_option *o)
{
	if (!option_built(o))
		return not_built(c, &o->place, rule_option_name(o));
	return true;
}

static bool options_usable(struct compiler *c, const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (!option_usable(c, &r->option[i]))
			return false;
	}
	return true;
}

static bool usable(struct compiler *c, const struct rule *r)
{
	if (r->variables > EVAL_VARIABLES_MAX) {
		diag_add(c->diags, DIAG_ERROR, &r->place, "split the rule",
			 "a rule may have %u byte variables, this one has %u", EVAL_VARIABLES_MAX,
			 r->variables);
		return false;
	}
	return options_usable(c, r);
}

static int name_order(const void *a, const void *b)
{
	const struct state_name *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void finish_names(struct compiler *c)
{
	size_t kept = 0;

	if (!c->names)
		return;
	qsort(c->name, c->names, sizeof(*c->name), name_order);
	for (size_t i = 0; i < c->names; i++) {
		if (!kept || c->name[kept - 1].key != c->name[i].key)
			c->name[kept++] = c->name[i];
	}
	c->names = kept;
	c->head.names = (struct section){ block_add(&c->block, c->name, kept * sizeof(*c->name)),
					  (uint32_t)kept };
}

static void finish_regexes(struct compiler *c)
{
	uint8_t *bytes = NULL;
	size_t len = 0;

	c->err = regex_serialize(c->regex, c->regexes, &bytes, &len);
	if (c->err)
		return;
	c->head.regexes = (struct section){ block_add(&c->block, bytes, len), (uint32_t)len };
	c->head.filters.offset = block_add(&c->block, c->filter, c->regexes * sizeof(*c->filter));
	c->head.filters.count = (uint32_t)c->regexes;
	c->head.regex_count = (uint32_t)c->regexes;
	free(bytes);
}

static void finish(struct compiler *c)
{
	struct block_header *h = &c->head;
	uint32_t rules = h->rules.count;
	char why[128];
	struct place nowhere = { .file = "rules" };

	home_choose(c);
	h->rules.offset = block_add(&c->block, c->row, rules * sizeof(*c->row));
	h->cold =
		(struct section){ block_add(&c->block, c->cold, rules * sizeof(*c->cold)), rules };
	h->conds = (struct section){ block_add(&c->block, c->cond, c->conds * sizeof(*c->cond)),
				     (uint32_t)c->conds };
	c->err = header_plan_build(&c->block, h, c->row, rules);
	if (c->err)
		return;
	finish_names(c);
	lists_finish(c);
	finish_regexes(c);
	if (c->err)
		return;
	h->app_masks = (struct section){ block_add(&c->block, c->mask, c->masks * sizeof(*c->mask)),
					 (uint32_t)c->masks };
	h->sets = (struct section){ block_add(&c->block, c->set, c->sets * sizeof(*c->set)),
				    (uint32_t)c->sets };
	h->transforms = (struct section){ block_add(&c->block, c->transform,
						    c->transforms * sizeof(*c->transform)),
					  (uint32_t)c->transforms };
	c->err = scan_plan_build(&c->block, h, c->entry, c->entries, why);
	if (!c->err)
		c->err = tx_plan_build(&c->block, h, c->tx, c->txs, why);
	/* No rule is known that gets so far and is refused here: a fault of the machine, without a code. */
	if (c->err == -EINVAL)
		diag_add(c->diags, DIAG_ERROR, &nowhere, NULL,
			 "the search patterns cannot be compiled: %s", why);
	if (c->err)
		return;
	if (c->block.failed) {
		c->err = -ENOMEM;
		return;
	}
	memcpy(h->magic, BLOCK_MAGIC, sizeof(h->magic));
	h->version = BLOCK_VERSION;
	h->size = (uint32_t)c->block.len;
	memcpy(c->block.data, h, sizeof(*h));
}

static int take_rules(struct compiler *c, const struct rule_set *set)
{
	size_t count = 0;

	for (const struct rule *r = set->first; r; r = r->next)
		count++;
	c->rule = calloc(count + 1, sizeof(*c->rule));
	c->row = calloc(count + 1, sizeof(*c->row));
	c->cold = calloc(count + 1, sizeof(*c->cold));
	if (!c->rule || !c->row || !c->cold)
		return -ENOMEM;
	for (const struct rule *r = set->first; r; r = r->next) {
		if (usable(c, r))
			c->rule[c->rules++] = r;
	}
	return rule_order(c->rule, c->rules, c->options->action_order);
}

/*
 * What a library refused is not in a cached block: compiled once more, for its diagnostics.  The block
 * has the others in the same order.
 */
static void tell_refused(struct compiler *c, const struct ruleset *kept)
{
	uint32_t at = 0;

	for (size_t i = 0; i < c->rules && !c->err; i++) {
		uint64_t key = (uint64_t)c->rule[i]->gid << 32 | c->rule[i]->sid;

		if (at < kept->block->rules.count && kept->row[at].key == key)
			at++;
		else
			row_add(c, i);
	}
}

/* From here on nothing asks for what the rules said. */
static void forget(struct compiler *c)
{
	if (!c->forget)
		return;
	free(c->rule);
	c->rule = NULL;
	rule_set_fini(c->forget);
	rule_set_init(c->forget);
	c->forget = NULL;
}

/* The block that an earlier run made of these rules; false: there is none. */
static bool take_cached(struct compiler *c, const struct cache_key *key, struct ruleset **out)
{
	void *block;
	size_t size;

	if (cache_load(c->options->cache_folder, key, c->options->spread, &block, &size) ||
	    ruleset_open_as(block, size, c->options, out))
		return false;
	tell_refused(c, *out);
	if (c->err) {
		ruleset_free(*out);
		*out = NULL;
	}
	return true;
}

/* What rules say of themselves. */
static void add_notes(struct compiler *c)
{
	c->notes = calloc(c->rules + 1, sizeof(*c->notes));
	if (!c->notes) {
		c->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < c->rules; i++) {
		c->notes[i].metadata_json = rule_metadata_json(&c->block, c->rule[i]);
		c->notes[i].references_json = rule_references_json(&c->block, c->rule[i]);
	}
	if (c->forget)
		rule_set_forget_notes(c->forget);
}

static int compile(struct compiler *c, uint8_t **block, size_t *size)
{
	add_notes(c);
	for (size_t i = 0; i < c->rules && !c->err; i++)
		row_add(c, i);
	if (!c->err) {
		forget(c);
		finish(c);
	}
	if (c->err)
		return c->err;
	*size = c->block.len;
	*block = realloc(c->block.data, *size);
	if (!*block)
		*block = c->block.data;
	c->block.data = NULL;
	return 0;
}

/* What is no part of the block.  A ruleset whose lists have something to tell must be told of again. */
static int read_lists(struct ruleset *rs, const struct detect_options *opt, struct diag_list *diags)
{
	const struct diag *last = diags->last;
	int err = ruleset_lists(rs, opt, diags);

	if (diags->last != last)
		rs->kept = false;
	return err;
}

static int make(struct compiler *c, const struct rule_set *rules, struct ruleset **out)
{
	const struct detect_options *opt = c->options;
	struct cache_key key;
	uint8_t *block;
	size_t size;
	bool cached;

	c->err = take_rules(c, rules);
	if (c->err)
		return c->err;
	cached = opt->cache_folder && c->rules >= CACHE_RULES_MIN &&
		 cache_key_of(c->rule, c->rules, opt->without_texts, &key) == 0;
	if (!cached || !take_cached(c, &key, out)) {
		if (compile(c, &block, &size))
			return c->err;
		/* Where it cannot be kept, the next run compiles as this one did. */
		cached = cached && cache_store(opt->cache_folder, &key, block, size) == 0;
		c->err = ruleset_open_as(block, size, opt, out);
	}
	if (!c->err && cached) {
		(*out)->kept = true;
		(*out)->kept_as = key;
	}
	return c->err;
}

static int compile_rules(struct compiler *c, const struct rule_set *rules, struct ruleset **out)
{
	int err;

	*out = NULL;
	arena_init(&c->patterns);
	block_init(&c->block);
	/* The header's place: offset 0 is nobody else's, and so means "none". */
	block_room(&c->block, sizeof(struct block_header));
	err = make(c, rules, out);
	forget(c);
	if (!err)
		err = read_lists(*out, c->options, c->diags);
	if (err) {
		ruleset_free(*out);
		*out = NULL;
	}
	compiler_fini(c);
	return err;
}

int detect_compile(const struct rule_set *rules, const struct detect_options *opt,
		   struct diag_list *diags, struct ruleset **out)
{
	struct compiler c = { .diags = diags, .options = opt };

	return compile_rules(&c, rules, out);
}

int detect_compile_forget(struct rule_set *rules, const struct detect_options *opt,
			  struct diag_list *diags, struct ruleset **out)
{
	struct compiler c = { .diags = diags, .options = opt, .forget = rules };

	return compile_rules(&c, rules, out);
}

int detect_open_kept(const struct cache_key *key, const struct detect_options *opt,
		     struct diag_list *diags, struct ruleset **out)
{
	void *block;
	size_t size;
	int err;

	*out = NULL;
	if (!opt->cache_folder || cache_load(opt->cache_folder, key, opt->spread, &block, &size) ||
	    ruleset_open_as(block, size, opt, out))
		return -ENOENT;
	(*out)->kept = true;
	(*out)->kept_as = *key;
	err = read_lists(*out, opt, diags);
	if (err) {
		ruleset_free(*out);
		*out = NULL;
	}
	return err;
}
