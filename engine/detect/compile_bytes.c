/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/compile_cond.h"
#include "engine/detect/hs.h"
#include "engine/detect/notes.h"
#include "engine/detect/pattern.h"
#include "engine/detect/regex_filter.h"

static struct cond_arg arg_of(const struct value *v)
{
	int64_t n = v->number;

	if (n > INT32_MAX)
		n = INT32_MAX;
	if (n < INT32_MIN)
		n = INT32_MIN;
	return (struct cond_arg){ (int32_t)n, v->variable };
}

static uint8_t base_of(enum number_base base)
{
	switch (base) {
	case BASE_HEX:
		return 16;
	case BASE_OCT:
		return 8;
	default:
		return 10;
	}
}

static uint16_t number_flags(bool relative, bool little_endian, enum number_base base)
{
	return (uint16_t)((relative ? COND_RELATIVE : 0) |
			  (little_endian ? COND_LITTLE_ENDIAN : 0) |
			  (base != BASE_BINARY ? COND_STRING : 0));
}

static void content_limits(struct cond *n, const struct content *o)
{
	struct cond_arg offset = arg_of(&o->offset), depth = arg_of(&o->depth);
	struct cond_arg distance = arg_of(&o->distance), within = arg_of(&o->within);

	n->content.offset_var = n->content.depth_var = -1;
	n->content.distance_var = n->content.within_var = -1;
	if (o->has_offset) {
		n->content.offset = offset.number;
		n->content.offset_var = (int16_t)offset.variable;
	}
	if (o->has_depth) {
		n->flags |= COND_HAS_DEPTH;
		n->content.depth = depth.number;
		n->content.depth_var = (int16_t)depth.variable;
	} else if (o->startswith) {
		n->flags |= COND_HAS_DEPTH | COND_STARTSWITH;
		n->content.depth = (int32_t)o->pattern.len;
	}
	if (o->has_distance) {
		n->flags |= COND_HAS_DISTANCE | COND_RELATIVE;
		n->content.distance = distance.number;
		n->content.distance_var = (int16_t)distance.variable;
	}
	if (o->has_within) {
		n->flags |= COND_HAS_WITHIN | COND_RELATIVE;
		n->content.within = within.number;
		n->content.within_var = (int16_t)within.variable;
	}
}

void bytes_add_content(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct content *o = &r->option[i].content;
	uint8_t *folded = malloc(o->pattern.len + 1);
	struct cond *n = cond_new(c, r, i, COND_CONTENT);

	if (!folded || !n) {
		c->err = -ENOMEM;
		free(folded);
		return;
	}
	for (size_t k = 0; k < o->pattern.len; k++) {
		uint8_t b = o->pattern.data[k];

		folded[k] = o->nocase && b >= 'A' && b <= 'Z' ? b | 0x20 : b;
	}
	n->flags |= (uint16_t)((o->negated ? COND_NEGATED : 0) | (o->nocase ? COND_NOCASE : 0) |
			       (o->endswith ? COND_ENDSWITH : 0));
	content_limits(n, o);
	n->content.len = (uint16_t)o->pattern.len;
	n->content.anchor = (uint16_t)pattern_anchor(o->pattern, o->nocase);
	n->content.pattern = block_intern(&c->block, folded, o->pattern.len);
	free(folded);
}

/* Filters take long to make; those beyond are done without. */
#define FILTERS_MAX 128

static struct section add_filter(struct compiler *c, const struct pcre *o)
{
	struct hs_regex r = { .nocase = o->options & PCRE_I,
			      .multiline = o->options & PCRE_M,
			      .dotall = o->options & PCRE_S };
	struct section s = { 0, 0 };
	void *bytes = NULL;
	size_t len = 0;
	char *text;

	if (c->filters >= FILTERS_MAX || !regex_filter_pays(o->regex, o->options))
		return s;
	c->filters++;
	text = regex_filter_text(o->regex);
	if (!text) {
		c->err = -ENOMEM;
		return s;
	}
	r.pattern = text;
	if (hs_build_filter(&r, &bytes, &len) == 0)
		s = (struct section){ block_add(&c->block, bytes, len), (uint32_t)len };
	free(bytes);
	free(text);
	return s;
}

/* What its groups catch, by their number. */
static void add_captures(struct compiler *c, const struct pcre *p, const struct regex_code *code,
			 struct cond *n)
{
	static const uint8_t kinds[] = { NOTE_FLOW, NOTE_PACKET, NOTE_ALERT };
	struct capture_row row[PCRE_CAPTURES_MAX];
	unsigned count = p->captures < PCRE_CAPTURES_MAX ? p->captures : PCRE_CAPTURES_MAX;
	bool named = false;

	for (unsigned i = 0; i < count; i++) {
		const struct capture *from = &p->capture[i];

		row[i] = (struct capture_row){
			.name = named ? 0 : block_string(&c->block, from->name),
			.group = from->group ? regex_group_number(code, from->group) : i + 1,
			.kind = kinds[from->kind],
			.key = from->key
		};
		named = from->key;
		c->head.has_notes |= from->kind == CAPTURE_FLOW ? 2 : 1;
	}
	n->pcre.captures =
		(struct section){ block_add(&c->block, row, count * sizeof(*row)), count };
}

void bytes_add_pcre(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct rule_option *o = &r->option[i];
	struct regex_code *code;
	uint32_t captures = 0;
	char why[128];
	size_t at = 0;
	struct cond *n;

	if (!cond_room_for_regex(c))
		return;
	code = regex_compile(o->pcre.regex, o->pcre.options, why, &at, &captures);
	if (!code) {
		diag_add(c->diags, DIAG_ERROR, &o->place,
			 "correct the expression; 'pcretest' or a regex editor shows the place",
			 "the regular expression is wrong at its byte %zu: %s", at + 1, why);
		c->err = -EINVAL;
		return;
	}
	if (captures > c->head.regex_captures)
		c->head.regex_captures = captures;
	c->filter[c->regexes] = add_filter(c, &o->pcre);
	c->regex[c->regexes++] = code;
	n = cond_new(c, r, i, COND_PCRE);
	if (!n)
		return;
	n->flags |= (uint16_t)((o->pcre.negated ? COND_NEGATED : 0) |
			       (o->pcre.relative ? COND_RELATIVE : 0));
	n->pcre.regex = (uint32_t)c->regexes - 1;
	if (o->pcre.captures && !o->pcre.negated)
		add_captures(c, &o->pcre, code, n);
}

void bytes_add_byte_test(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_test *o = &r->option[i].byte_test;
	struct cond *n = cond_new(c, r, i, COND_BYTE_TEST);

	if (!n)
		return;
	n->base = base_of(o->base);
	n->flags |= number_flags(o->relative, o->little_endian, o->base);
	n->flags |= o->negated ? COND_NEGATED : 0;
	n->op = (uint16_t)o->op;
	n->test.count = arg_of(&o->count);
	n->test.offset = arg_of(&o->offset);
	n->test.operand = (uint64_t)o->operand.number;
	n->test.operand_var = o->operand.variable;
	n->test.bitmask = o->bitmask;
}

void bytes_add_byte_jump(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_jump *o = &r->option[i].byte_jump;
	struct cond *n = cond_new(c, r, i, COND_BYTE_JUMP);

	if (!n)
		return;
	n->base = base_of(o->base);
	n->flags |= number_flags(o->relative, o->little_endian, o->base);
	n->flags |= (uint16_t)((o->align ? COND_ALIGN : 0) |
			       (o->from_beginning ? COND_FROM_BEGINNING : 0) |
			       (o->from_end ? COND_FROM_END : 0));
	n->jump.count = arg_of(&o->count);
	n->jump.offset = arg_of(&o->offset);
	n->jump.post = arg_of(&o->post_offset);
	n->jump.multiplier = o->multiplier;
	n->jump.bitmask = o->bitmask;
	n->jump.result = -1;
}

void bytes_add_byte_extract(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_extract *o = &r->option[i].byte_extract;
	struct cond *n = cond_new(c, r, i, COND_BYTE_EXTRACT);

	if (!n)
		return;
	n->base = base_of(o->base);
	n->flags |= number_flags(o->relative, o->little_endian, o->base);
	n->jump.count = arg_of(&o->count);
	n->jump.offset = arg_of(&o->offset);
	n->jump.post.variable = -1;
	n->jump.multiplier = o->multiplier;
	n->jump.align = o->align;
	n->jump.result = o->result;
}

void bytes_add_byte_math(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_math *o = &r->option[i].byte_math;
	struct cond *n = cond_new(c, r, i, COND_BYTE_MATH);

	if (!n)
		return;
	n->base = base_of(o->base);
	n->flags |= number_flags(o->relative, o->little_endian, o->base);
	n->op = (uint16_t)o->op;
	n->math.count = arg_of(&o->count);
	n->math.offset = arg_of(&o->offset);
	n->math.operand = (uint64_t)o->operand.number;
	n->math.operand_var = o->operand.variable;
	n->math.bitmask = o->bitmask;
	n->math.result = o->result;
}

void bytes_add_isdataat(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct isdataat *o = &r->option[i].isdataat;
	struct cond *n = cond_new(c, r, i, COND_ISDATAAT);

	if (!n)
		return;
	n->flags |= (uint16_t)((o->negated ? COND_NEGATED : 0) | (o->relative ? COND_RELATIVE : 0));
	n->at.offset = arg_of(&o->offset);
}
