/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_cond.h"

#include <errno.h>
#include <string.h>

#include "engine/detect/compile_tx.h"
#include "engine/detect/rule_json.h"
#include "engine/detect/transform.h"
#include "parser/rule_parse.h"

/* Changes of one buffer, one after the other. */
#define TRANSFORMS_MAX 16

bool cond_room_for_regex(struct compiler *c)
{
	return compiler_room(c, (void **)&c->regex, c->regexes, sizeof(struct regex_code *)) &&
	       compiler_room(c, (void **)&c->filter, c->regexes, sizeof(*c->filter));
}

/* An expression of pcrexform; UINT32_MAX with a diagnostic. */
static uint32_t transform_regex(struct compiler *c, const struct buffer_use *use,
				const struct transform *t)
{
	uint32_t captures = 0;
	char why[128];
	size_t at = 0;
	struct regex_code *code;

	if (!cond_room_for_regex(c))
		return UINT32_MAX;
	code = regex_compile(t->argument, 0, why, &at, &captures);
	if (!code) {
		diag_add(c->diags, DIAG_ERROR, &use->place,
			 "correct the expression; 'pcretest' or a regex editor shows the place",
			 "the expression of pcrexform is wrong at its byte %zu: %s", at + 1, why);
		c->err = -EINVAL;
		return UINT32_MAX;
	}
	if (captures != 1) {
		diag_add(c->diags, DIAG_ERROR, &use->place,
			 "put '(' and ')' around what is to be kept, and '(?:' for other groups",
			 "the expression of pcrexform needs one group, it has %u", captures);
		regex_code_free(code);
		c->err = -EINVAL;
		return UINT32_MAX;
	}
	if (captures > c->head.regex_captures)
		c->head.regex_captures = captures;
	c->filter[c->regexes] = (struct section){ 0, 0 };
	c->regex[c->regexes] = code;
	return (uint32_t)c->regexes++;
}

static uint16_t add_transforms(struct compiler *c, struct section rows)
{
	if (c->transforms > UINT16_MAX ||
	    !compiler_room(c, (void **)&c->transform, c->transforms, sizeof(*c->transform)))
		return 0;
	c->transform[c->transforms].rows = rows;
	return (uint16_t)c->transforms++;
}

/* Index of a list of transforms, each kept once. */
static uint16_t transform_list(struct compiler *c, const struct buffer_use *use)
{
	struct transform_row rows[TRANSFORMS_MAX];
	struct section list;

	if (!use->transforms || use->transforms > TRANSFORMS_MAX)
		return 0;
	memset(rows, 0, sizeof(rows));
	for (unsigned i = 0; i < use->transforms; i++) {
		const struct transform *t = &use->transform[i];

		rows[i] = (struct transform_row){
			.kind = t->kind, .mode = t->mode, .bytes = t->bytes, .offset = t->offset
		};
		if (t->kind == TRANSFORM_PCREXFORM)
			rows[i].regex = transform_regex(c, use, t);
		else if (t->argument.len)
			rows[i].argument =
				block_intern(&c->block, t->argument.data, t->argument.len);
		rows[i].argument_len = (uint32_t)t->argument.len;
	}
	list.count = use->transforms;
	list.offset = block_intern(&c->block, rows, list.count * sizeof(rows[0]));
	for (size_t i = 1; i < c->transforms; i++) {
		if (c->transform[i].rows.offset == list.offset &&
		    c->transform[i].rows.count == list.count)
			return (uint16_t)i;
	}
	/* The first stands for none at all. */
	if (!c->transforms)
		add_transforms(c, (struct section){ 0, 0 });
	return add_transforms(c, list);
}

struct cond *cond_new(struct compiler *c, const struct rule *r, unsigned option,
		      enum cond_kind kind)
{
	struct cond *n;

	if (!compiler_room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
		return NULL;
	n = &c->cond[c->conds++];
	memset(n, 0, sizeof(*n));
	n->kind = (uint8_t)kind;
	n->option = (uint16_t)option;
	n->buffer = option_is_bytes(r->option[option].kind) ? r->option[option].buffer : 0;
	n->use = tx_option_use(r, option);
	n->flags = tx_option_directions(r, &r->option[option]);
	if (option_is_bytes(r->option[option].kind))
		n->transforms = transform_list(c, &r->use[r->option[option].use]);
	n->text = rule_option_text(&c->block, r, option);
	return n;
}
