/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From parsed rules to a block: rules in the order of inspection, each with its row, its conditions
 * and its texts; then the lists by which packets find rules, and the scan plan.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/block.h"
#include "engine/detect/buffer.h"
#include "engine/detect/cache.h"
#include "engine/detect/compile_tx.h"
#include "engine/detect/eval.h"
#include "engine/detect/hs.h"
#include "engine/detect/notes.h"
#include "engine/detect/pattern.h"
#include "engine/detect/reach.h"
#include "engine/detect/regex.h"
#include "engine/detect/regex_filter.h"
#include "engine/detect/rule_json.h"
#include "engine/detect/rule_order.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/scan_plan.h"
#include "engine/detect/state.h"
#include "engine/detect/tx_plan.h"
#include "parser/buffer.h"
#include "parser/hook.h"
#include "parser/rule_parse.h"

/* Changes of one buffer, one after the other. */
#define TRANSFORMS_MAX 16

struct list {
	uint32_t *item;
	size_t count;
};

struct always_list {
	struct always_rule *item;
	size_t count;
};

struct compiler {
	struct block_builder block;
	struct block_header head;
	struct diag_list *diags;
	const struct detect_options *options;
	int err;

	const struct rule **rule; /* in the order of inspection */
	size_t rules;
	struct rule_row *row;
	struct rule_cold *cold;
	struct cond *cond;
	size_t conds;
	struct scan_entry *entry;
	size_t entries;
	struct regex_code **regex;
	struct section *filter; /* by regex */
	unsigned filters;
	size_t regexes;
	struct state_name *name;
	size_t names;
	struct tx_entry *tx;
	size_t txs;
	uint64_t *mask; /* of application protocols, each once; the first means any */
	size_t masks;
	struct dataset_row *set;
	size_t sets;
	struct transform_list *transform; /* lists, each once; the first is empty */
	size_t transforms;

	struct list ip_only[PROTO_CLASS__COUNT];
	struct always_list always[PROTO_CLASS__COUNT];
	struct list holders[PROTO_CLASS__COUNT];
	struct list always_stream;
	struct list events[EVENT__COUNT];
};

/* --- growing arrays ------------------------------------------------------------------------------- */

static bool room(struct compiler *c, void **array, size_t count, size_t item)
{
	void *grown;

	if (c->err)
		return false;
	if (count & (count - 1))
		return true;
	grown = realloc(*array, (count ? count * 2 : 1) * item);
	if (!grown) {
		c->err = -ENOMEM;
		return false;
	}
	*array = grown;
	return true;
}

static void list_add(struct compiler *c, struct list *l, uint32_t item)
{
	if (room(c, (void **)&l->item, l->count, sizeof(*l->item)))
		l->item[l->count++] = item;
}

static struct section list_section(struct compiler *c, const struct list *l)
{
	return (struct section){ block_add(&c->block, l->item, l->count * sizeof(*l->item)),
				 (uint32_t)l->count };
}

/* --- addresses and ports ---------------------------------------------------------------------------- */

static uint32_t address_set(struct compiler *c, const struct address_set *a)
{
	struct address_block head = { a->v4_count, a->v6_count };
	size_t v4 = a->v4_count * sizeof(*a->v4), v6 = a->v6_count * sizeof(*a->v6);
	uint8_t *bytes;
	uint32_t at;

	if (a->any)
		return 0;
	bytes = malloc(sizeof(head) + v4 + v6);
	if (!bytes) {
		c->err = -ENOMEM;
		return 0;
	}
	memcpy(bytes, &head, sizeof(head));
	if (v4)
		memcpy(bytes + sizeof(head), a->v4, v4);
	if (v6)
		memcpy(bytes + sizeof(head) + v4, a->v6, v6);
	at = block_intern(&c->block, bytes, sizeof(head) + v4 + v6);
	free(bytes);
	return at;
}

static uint32_t port_set(struct compiler *c, const struct port_set *s)
{
	size_t len = sizeof(struct port_block) + s->count * sizeof(struct port_range);
	uint8_t *bytes;
	uint32_t at, count = s->count;

	if (s->any)
		return 0;
	bytes = malloc(len);
	if (!bytes) {
		c->err = -ENOMEM;
		return 0;
	}
	memcpy(bytes, &count, sizeof(count));
	if (count)
		memcpy(bytes + sizeof(struct port_block), s->ranges,
		       count * sizeof(struct port_range));
	at = block_intern(&c->block, bytes, len);
	free(bytes);
	return at;
}

/* --- conditions -------------------------------------------------------------------------------------- */

/* An expression of pcrexform; UINT32_MAX with a diagnostic. */
static uint32_t transform_regex(struct compiler *c, const struct buffer_use *use,
				const struct transform *t)
{
	uint32_t captures = 0;
	char why[128];
	size_t at = 0;
	struct regex_code *code;

	if (!room(c, (void **)&c->regex, c->regexes, sizeof(struct regex_code *)) ||
	    !room(c, (void **)&c->filter, c->regexes, sizeof(*c->filter)))
		return UINT32_MAX;
	code = regex_compile(t->argument, 0, why, &at, &captures);
	if (!code) {
		diag_add(c->diags, DIAG_ERROR, &use->place,
			 "correct the expression; 'pcretest' or a regex editor shows the place",
			 "the expression of pcrexform is wrong at its byte %zu: %s", at + 1, why);
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
	    !room(c, (void **)&c->transform, c->transforms, sizeof(*c->transform)))
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

static struct cond *new_cond(struct compiler *c, const struct rule *r, unsigned option,
			     enum cond_kind kind)
{
	struct cond *n;

	if (!room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
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

static void add_content(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct content *o = &r->option[i].content;
	uint8_t *folded = malloc(o->pattern.len + 1);
	struct cond *n = new_cond(c, r, i, COND_CONTENT);

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

static void add_pcre(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct rule_option *o = &r->option[i];
	struct regex_code *code;
	uint32_t captures = 0;
	char why[128];
	size_t at = 0;
	struct cond *n;

	if (!room(c, (void **)&c->regex, c->regexes, sizeof(struct regex_code *)) ||
	    !room(c, (void **)&c->filter, c->regexes, sizeof(*c->filter)))
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
	n = new_cond(c, r, i, COND_PCRE);
	if (!n)
		return;
	n->flags |= (uint16_t)((o->pcre.negated ? COND_NEGATED : 0) |
			       (o->pcre.relative ? COND_RELATIVE : 0));
	n->pcre.regex = (uint32_t)c->regexes - 1;
	if (o->pcre.captures && !o->pcre.negated)
		add_captures(c, &o->pcre, code, n);
}

static void add_byte_test(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_test *o = &r->option[i].byte_test;
	struct cond *n = new_cond(c, r, i, COND_BYTE_TEST);

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

static void add_byte_jump(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_jump *o = &r->option[i].byte_jump;
	struct cond *n = new_cond(c, r, i, COND_BYTE_JUMP);

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

static void add_byte_extract(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_extract *o = &r->option[i].byte_extract;
	struct cond *n = new_cond(c, r, i, COND_BYTE_EXTRACT);

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

static void add_byte_math(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct byte_math *o = &r->option[i].byte_math;
	struct cond *n = new_cond(c, r, i, COND_BYTE_MATH);

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

static void add_isdataat(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct isdataat *o = &r->option[i].isdataat;
	struct cond *n = new_cond(c, r, i, COND_ISDATAAT);

	if (!n)
		return;
	n->flags |= (uint16_t)((o->negated ? COND_NEGATED : 0) | (o->relative ? COND_RELATIVE : 0));
	n->at.offset = arg_of(&o->offset);
}

static const struct int_match *match_of(const struct rule_option *o)
{
	switch (o->kind) {
	case OPTION_STREAM_SIZE:
		return &o->stream_size.match;
	case OPTION_VLAN_ID:
		return &o->vlan.match;
	case OPTION_FLOW_PKTS:
	case OPTION_FLOW_BYTES:
		return &o->flow_count.match;
	default:
		return &o->number;
	}
}

static void add_number(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	const struct int_match *m = match_of(o);
	struct cond *n = new_cond(c, r, i, kind);

	if (!n)
		return;
	n->op = (uint16_t)m->op;
	n->number.low = m->low;
	n->number.high = m->high;
	if (kind == COND_STREAM_SIZE)
		n->number.side = (int32_t)o->stream_size.side;
	if (kind == COND_VLAN_ID)
		n->number.side = o->vlan.layer;
	if (kind == COND_FLOW_PKTS || kind == COND_FLOW_BYTES)
		n->number.side = o->flow_count.side;
}

static void add_bits(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	struct cond *n = new_cond(c, r, i, kind);

	if (!n)
		return;
	switch (kind) {
	case COND_TCP_FLAGS:
		n->op = (uint16_t)o->tcp_flags.how;
		n->bits.value = o->tcp_flags.value;
		n->bits.ignored = o->tcp_flags.ignored;
		break;
	case COND_FRAGBITS:
		n->op = (uint16_t)o->fragbits.how;
		n->bits.value = o->fragbits.value;
		break;
	case COND_IPOPTS:
		n->bits.value = o->ipopts.bits;
		n->flags |= o->ipopts.negated ? COND_NEGATED : 0;
		break;
	case COND_CHECKSUM:
		n->op = o->checksum.which;
		n->flags |= o->checksum.valid ? 0 : COND_NEGATED;
		break;
	case COND_EVENT:
		n->bits.value = (uint32_t)o->event;
		break;
	case COND_FLOW:
		n->flow.bits = o->flow;
		break;
	default:
		break;
	}
}

static uint64_t add_name(struct compiler *c, struct bytes name)
{
	struct state_name n = { .key = state_key(name.data, name.len) };
	char *text = strndup((const char *)name.data, name.len);

	if (!text || !room(c, (void **)&c->name, c->names, sizeof(*c->name))) {
		c->err = -ENOMEM;
	} else {
		n.text = block_string(&c->block, text);
		c->name[c->names++] = n;
		c->head.has_state = 1;
	}
	free(text);
	return n.key;
}

static void add_flowbits(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct flowbits *o = &r->option[i].flowbits;
	struct state_name *names = calloc(o->count + 1, sizeof(*names));
	struct cond *n;

	if (!names) {
		c->err = -ENOMEM;
		return;
	}
	for (unsigned k = 0; k < o->count; k++) {
		names[k].key = add_name(c, o->names[k]);
		if (!c->err)
			names[k].text = c->name[c->names - 1].text;
	}
	n = new_cond(c, r, i, COND_FLOWBITS);
	if (n) {
		n->op = (uint16_t)o->op;
		n->flowbits.names.offset = block_add(&c->block, names, o->count * sizeof(*names));
		n->flowbits.names.count = o->count;
	}
	free(names);
}

static void add_flowint(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct flowint *o = &r->option[i].flowint;
	uint64_t name = add_name(c, o->name), operand = 0;
	struct cond *n;

	if (o->operand_is_name)
		operand = add_name(c, o->operand_name);
	n = new_cond(c, r, i, COND_FLOWINT);
	if (!n)
		return;
	n->op = (uint16_t)o->op;
	n->flowint.name = name;
	n->flowint.operand = o->operand;
	n->flowint.operand_is_name = o->operand_is_name;
	n->flowint.operand_name = operand;
}

static void add_variable(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct variable_match *o = &r->option[i].variable;
	struct cond *n = new_cond(c, r, i, COND_VARIABLE);

	if (!n)
		return;
	n->flags |= o->negated ? COND_NEGATED : 0;
	n->variable.name = state_key(o->name, strlen(o->name));
	n->variable.name_text = block_string(&c->block, o->name);
	n->variable.pattern = block_add(&c->block, o->content.data, o->content.len);
	n->variable.len = (uint32_t)o->content.len;
	n->variable.packet = o->packet;
	c->head.has_state = 1;
}

static void add_xbits(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct xbits *o = &r->option[i].xbits;
	struct cond *n = new_cond(c, r, i, COND_XBITS);

	if (!n)
		return;
	n->op = (uint16_t)o->op;
	n->xbits.name = state_key(o->name.data, o->name.len);
	n->xbits.track = o->track;
	n->xbits.seconds = o->seconds;
	c->head.has_xbits = 1;
}

/* The set of a name: the first rule that says what it is decides. */
static uint32_t set_of(struct compiler *c, const struct rule *r, const struct dataset *d)
{
	size_t i = 0;

	while (i < c->sets && strcmp((const char *)c->block.data + c->set[i].name, d->name) != 0)
		i++;
	if (i == c->sets) {
		if (!room(c, (void **)&c->set, c->sets, sizeof(*c->set)))
			return 0;
		c->set[c->sets++] = (struct dataset_row){ .name = block_string(&c->block, d->name),
							  .type = DATASET_UNSAID };
	}
	if (c->set[i].type == DATASET_UNSAID && d->type != DATASET_UNSAID) {
		c->set[i].type = d->type;
		c->set[i].memcap = d->memcap;
		c->set[i].load = block_string(&c->block, d->load);
		c->set[i].save = block_string(&c->block, d->save);
		c->set[i].file = block_string(&c->block, r->place.file);
		c->set[i].format = d->format;
		c->set[i].value_key = block_string(&c->block, d->value_key);
		c->set[i].array_key = block_string(&c->block, d->array_key);
		c->set[i].remove_key = d->remove_key;
	}
	return (uint32_t)i;
}

static void add_set(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	struct cond *n = new_cond(c, r, i, kind);
	uint32_t set;

	if (!n)
		return;
	set = set_of(c, r, kind == COND_DATASET ? &o->dataset.set : &o->datarep.set);
	if (c->err)
		return;
	n->dataset.set = set;
	n->dataset.subdomain = kind == COND_DATASET && o->dataset.subdomain;
	if (kind == COND_DATASET && o->dataset.set.format != DATASET_CSV)
		n->dataset.context = block_string(&c->block, o->dataset.set.context_key);
	c->head.has_notes |= n->dataset.context != 0;
	if (kind == COND_DATAREP) {
		n->op = (uint16_t)o->datarep.op;
		n->dataset.value = o->datarep.value;
		return;
	}
	n->op = (uint16_t)o->dataset.op;
	c->set[set].written |= o->dataset.op == DATASET_SET || o->dataset.op == DATASET_UNSET;
}

/* What compile_tx.c fills in. */
static void add_other(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	struct cond *n = new_cond(c, r, i, kind);

	if (n)
		tx_condition(&c->block, &r->option[i], n);
	if (n && kind == COND_TAG)
		c->head.has_tag |= n->tag.host ? 2 : 1;
	c->head.has_iprep |= kind == COND_IPREP;
	c->head.has_geoip |= kind == COND_GEOIP;
}

/* --- what an option is --------------------------------------------------------------------------------- */

enum part { PART_NONE, PART_PACKET, PART_STATE, PART_PAYLOAD, PART_SHARED, PART_POST };

/* A packet keyword: the rule looks at single packets, never at the stream. */
#define ONLY_PACKET true

static const struct {
	enum part part;
	enum cond_kind kind;
	void (*add)(struct compiler *c, const struct rule *r, unsigned i);
	void (*add_kind)(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind);
	bool only_packet;
	uint16_t protos; /* of packets that it can hold for; 0: any */
} options[OPTION__COUNT] = {
	[OPTION_CONTENT] = { PART_PAYLOAD, COND_CONTENT, add_content, NULL, false, 0 },
	[OPTION_PCRE] = { PART_PAYLOAD, COND_PCRE, add_pcre, NULL, false, 0 },
	[OPTION_BYTE_TEST] = { PART_PAYLOAD, COND_BYTE_TEST, add_byte_test, NULL, false, 0 },
	[OPTION_BYTE_JUMP] = { PART_PAYLOAD, COND_BYTE_JUMP, add_byte_jump, NULL, false, 0 },
	[OPTION_BYTE_EXTRACT] = { PART_PAYLOAD, COND_BYTE_EXTRACT, add_byte_extract, NULL, false,
				  0 },
	[OPTION_BYTE_MATH] = { PART_PAYLOAD, COND_BYTE_MATH, add_byte_math, NULL, false, 0 },
	[OPTION_ISDATAAT] = { PART_PAYLOAD, COND_ISDATAAT, add_isdataat, NULL, false, 0 },
	[OPTION_BSIZE] = { PART_PAYLOAD, COND_BSIZE, NULL, add_number, false, 0 },
	[OPTION_DSIZE] = { PART_PACKET, COND_DSIZE, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_FLOW] = { PART_PACKET, COND_FLOW, NULL, add_bits, false, 0 },
	[OPTION_FLOWBITS] = { PART_STATE, COND_FLOWBITS, add_flowbits, NULL, false, 0 },
	[OPTION_VARIABLE] = { PART_STATE, COND_VARIABLE, add_variable, NULL, false, 0 },
	[OPTION_FLOWINT] = { PART_STATE, COND_FLOWINT, add_flowint, NULL, false, 0 },
	[OPTION_XBITS] = { PART_SHARED, COND_XBITS, add_xbits, NULL, false, 0 },
	[OPTION_STREAM_SIZE] = { PART_PACKET, COND_STREAM_SIZE, NULL, add_number, false,
				 1u << PROTO_TCP },
	[OPTION_TCP_FLAGS] = { PART_PACKET, COND_TCP_FLAGS, NULL, add_bits, ONLY_PACKET,
			       1u << PROTO_TCP },
	[OPTION_TCP_SEQ] = { PART_PACKET, COND_TCP_SEQ, NULL, add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TCP_ACK] = { PART_PACKET, COND_TCP_ACK, NULL, add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TCP_WINDOW] = { PART_PACKET, COND_TCP_WINDOW, NULL, add_number, ONLY_PACKET,
				1u << PROTO_TCP },
	[OPTION_TCP_MSS] = { PART_PACKET, COND_TCP_MSS, NULL, add_number, ONLY_PACKET,
			     1u << PROTO_TCP },
	[OPTION_TTL] = { PART_PACKET, COND_TTL, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_TOS] = { PART_PACKET, COND_TOS, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_ID] = { PART_PACKET, COND_ID, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_IPOPTS] = { PART_PACKET, COND_IPOPTS, NULL, add_bits, ONLY_PACKET, 0 },
	[OPTION_FRAGBITS] = { PART_PACKET, COND_FRAGBITS, NULL, add_bits, ONLY_PACKET, 0 },
	[OPTION_FRAGOFFSET] = { PART_PACKET, COND_FRAGOFFSET, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_IP_PROTO] = { PART_PACKET, COND_IP_PROTO, NULL, add_number, false, 0 },
	[OPTION_SAMEIP] = { PART_PACKET, COND_SAMEIP, NULL, add_bits, ONLY_PACKET, 0 },
	[OPTION_ITYPE] = { PART_PACKET, COND_ITYPE, NULL, add_number, ONLY_PACKET,
			   1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICODE] = { PART_PACKET, COND_ICODE, NULL, add_number, ONLY_PACKET,
			   1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICMP_ID] = { PART_PACKET, COND_ICMP_ID, NULL, add_number, ONLY_PACKET,
			     1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_ICMP_SEQ] = { PART_PACKET, COND_ICMP_SEQ, NULL, add_number, ONLY_PACKET,
			      1u << PROTO_ICMP | 1u << PROTO_ICMPV6 },
	[OPTION_FLOW_AGE] = { PART_PACKET, COND_FLOW_AGE, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_FLOW_PKTS] = { PART_PACKET, COND_FLOW_PKTS, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_FLOW_BYTES] = { PART_PACKET, COND_FLOW_BYTES, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_TCP_WSCALE] = { PART_PACKET, COND_TCP_WSCALE, NULL, add_number, ONLY_PACKET,
				1u << PROTO_TCP },
	[OPTION_ICMPV6_MTU] = { PART_PACKET, COND_ICMPV6_MTU, NULL, add_number, ONLY_PACKET,
				1u << PROTO_ICMPV6 },
	[OPTION_VLAN_ID] = { PART_PACKET, COND_VLAN_ID, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_VLAN_LAYERS] = { PART_PACKET, COND_VLAN_LAYERS, NULL, add_number, ONLY_PACKET, 0 },
	[OPTION_L3_PROTO] = { PART_PACKET, COND_L3_PROTO, NULL, add_number, false, 0 },
	[OPTION_CHECKSUM] = { PART_PACKET, COND_CHECKSUM, NULL, add_bits, false, 0 },
	[OPTION_DECODE_EVENT] = { PART_PACKET, COND_EVENT, NULL, add_bits, false, 0 },
	[OPTION_STREAM_EVENT] = { PART_PACKET, COND_EVENT, NULL, add_bits, false, 0 },
	[OPTION_ABSENT] = { PART_PAYLOAD, COND_ABSENT, NULL, add_other, false, 0 },
	[OPTION_ASN1] = { PART_PAYLOAD, COND_ASN1, NULL, add_other, false, 0 },
	[OPTION_DATASET] = { PART_PAYLOAD, COND_DATASET, NULL, add_set, false, 0 },
	[OPTION_DATAREP] = { PART_PAYLOAD, COND_DATAREP, NULL, add_set, false, 0 },
	[OPTION_ENTROPY] = { PART_PAYLOAD, COND_ENTROPY, NULL, add_other, false, 0 },
	[OPTION_BASE64_DECODE] = { PART_PAYLOAD, COND_BASE64_DECODE, NULL, add_other, false, 0 },
	[OPTION_APP_EVENT] = { PART_PAYLOAD, COND_APP_EVENT, NULL, add_other, false, 0 },
	[OPTION_APP_STATE] = { PART_PAYLOAD, COND_APP_STEP, NULL, add_other, false, 0 },
	[OPTION_APP_INT] = { PART_PAYLOAD, COND_APP_INT, NULL, add_other, false, 0 },
	[OPTION_SSL_VERSION] = { PART_PAYLOAD, COND_SSL_VERSION, NULL, add_other, false, 0 },
	[OPTION_SSL_STATE] = { PART_PAYLOAD, COND_SSL_STATE, NULL, add_other, false, 0 },
	[OPTION_TLS_CERT_TIME] = { PART_PAYLOAD, COND_CERT_TIME, NULL, add_other, false, 0 },
	[OPTION_TLS_CERT_EXPIRED] = { PART_PAYLOAD, COND_CERT_EXPIRED, NULL, add_other, false, 0 },
	[OPTION_TLS_CERT_VALID] = { PART_PAYLOAD, COND_CERT_VALID, NULL, add_other, false, 0 },
	[OPTION_FTPBOUNCE] = { PART_PAYLOAD, COND_FTPBOUNCE, NULL, add_other, false, 0 },
	[OPTION_FILESIZE] = { PART_PAYLOAD, COND_FILESIZE, NULL, add_other, false, 0 },
	[OPTION_FILE_HASH] = { PART_PAYLOAD, COND_FILE_HASH, NULL, add_other, false, 0 },
	[OPTION_FILESTORE] = { PART_PAYLOAD, COND_FILESTORE, NULL, add_other, false, 0 },
	[OPTION_TAG] = { PART_POST, COND_TAG, NULL, add_other, false, 0 },
	[OPTION_IPREP] = { PART_PACKET, COND_IPREP, NULL, add_other, false, 0 },
	[OPTION_GEOIP] = { PART_PACKET, COND_GEOIP, NULL, add_other, false, 0 },
	[OPTION_APP_PROTO] = { PART_PACKET, COND_APP_PROTO, NULL, add_other, false, 0 },
	[OPTION_THRESHOLD] = { PART_NONE, COND_FLOW, NULL, NULL, false, 0 },
};

static enum part part_of(const struct rule_option *o)
{
	if (o->kind == OPTION_FLOWBITS)
		return o->flowbits.op == FLOWBIT_ISSET || o->flowbits.op == FLOWBIT_ISNOTSET
			       ? PART_STATE
			       : PART_POST;
	if (o->kind == OPTION_XBITS)
		return o->xbits.op == FLOWBIT_ISSET || o->xbits.op == FLOWBIT_ISNOTSET ? PART_SHARED
										       : PART_POST;
	if (o->kind == OPTION_APP_EVENT && !tx_option(o))
		return PART_PACKET;
	if (o->kind == OPTION_FLOWINT)
		return o->flowint.op <= FLOWINT_SUB ? PART_POST : PART_STATE;
	return options[o->kind].part;
}

static void add_option(struct compiler *c, const struct rule *r, unsigned i)
{
	enum option_kind k = r->option[i].kind;

	if (options[k].add)
		options[k].add(c, r, i);
	else if (options[k].add_kind)
		options[k].add_kind(c, r, i, options[k].kind);
}

static uint16_t add_part(struct compiler *c, const struct rule *r, enum part part)
{
	size_t before = c->conds;

	for (unsigned i = 0; i < r->options && !c->err; i++) {
		if (part_of(&r->option[i]) == part)
			add_option(c, r, i);
	}
	return (uint16_t)(c->conds - before);
}

static bool of_decoded(const struct rule_option *o)
{
	return option_is_bytes(o->kind) && o->buffer == BUFFER_BASE64_DATA;
}

/* What looks at decoded bytes is decided with the buffer that they come from. */
static void add_decoded(struct compiler *c, const struct rule *r, uint8_t use)
{
	struct cond *n = NULL;
	uint16_t flags;

	for (unsigned i = 0; i < r->options && !c->err; i++) {
		if (!of_decoded(&r->option[i]))
			continue;
		if (!n) {
			flags = c->cond[c->conds - 1].flags & (COND_TO_SERVER | COND_TO_CLIENT);
			n = new_cond(c, r, i, COND_BASE64_DATA);
			if (!n)
				return;
			n->use = use;
			n->flags = flags;
			n->buffer = c->cond[c->conds - 2].buffer;
			n->transforms = c->cond[c->conds - 2].transforms;
		}
		add_option(c, r, i);
		c->cond[c->conds - 1].use = use;
	}
}

/* Something in this group writes a set: it comes after all others. */
static bool group_writes(const struct rule *r, uint8_t use)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_DATASET &&
		    r->option[i].dataset.op <= DATASET_UNSET && tx_option_use(r, i) == use)
			return true;
	}
	return false;
}

/* What looks at bytes, buffer by buffer in the order that the rule first names them. */
static uint16_t add_payload(struct compiler *c, const struct rule *r)
{
	bool done[256] = { false };
	size_t before = c->conds;

	for (unsigned k = 0; k < 2 * r->options; k++) {
		unsigned first = k % r->options;
		uint8_t use = tx_option_use(r, first);
		bool decodes = false;

		if (part_of(&r->option[first]) != PART_PAYLOAD || done[use] ||
		    of_decoded(&r->option[first]) || group_writes(r, use) != (k >= r->options))
			continue;
		done[use] = true;
		for (unsigned i = first; i < r->options && !c->err; i++) {
			if (part_of(&r->option[i]) != PART_PAYLOAD || tx_option_use(r, i) != use)
				continue;
			add_option(c, r, i);
			decodes |= r->option[i].kind == OPTION_BASE64_DECODE;
		}
		if (decodes)
			add_decoded(c, r, use);
	}
	return (uint16_t)(c->conds - before);
}

static unsigned groups_of(const struct cond *c, unsigned n)
{
	unsigned groups = n > 0;

	for (unsigned i = 1; i < n; i++)
		groups += c[i].use != c[i - 1].use;
	return groups;
}

/* What a relative condition counts from must be ready to look for its next occurrence. */
static void mark_chains(struct cond *c, unsigned n)
{
	struct cond *before = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (before && (before->use != c[i].use || c[i].kind == COND_BASE64_DATA))
			before = NULL;
		if ((c[i].flags & COND_RELATIVE) && before)
			before->flags |= COND_RELATIVE_NEXT;
		if (c[i].kind == COND_CONTENT || c[i].kind == COND_PCRE)
			before = &c[i];
	}
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static uint16_t protos_of(const struct rule *r)
{
	switch (r->proto) {
	case RULE_PROTO_TCP:
	case RULE_PROTO_TCP_PKT:
	case RULE_PROTO_TCP_STREAM:
		return 1u << PROTO_TCP;
	case RULE_PROTO_UDP:
		return 1u << PROTO_UDP;
	case RULE_PROTO_ICMP:
		return 1u << PROTO_ICMP | 1u << PROTO_ICMPV6;
	case RULE_PROTO_ICMPV4:
		return 1u << PROTO_ICMP;
	case RULE_PROTO_ICMPV6:
		return 1u << PROTO_ICMPV6;
	case RULE_PROTO_SCTP:
		return 1u << PROTO_SCTP;
	default:
		return PROTO_CLASS_ALL;
	}
}

/* Facts that tell early that tcp.flags cannot hold. */
static uint32_t flags_need(const struct tcp_flags_match *m)
{
	uint32_t need = 0;

	if (m->how != FLAGS_EXACT && m->how != FLAGS_ALL)
		return 0;
	need |= m->value & TCP_SYN ? NEED_SYN : 0;
	need |= m->value & TCP_RST ? NEED_RST : 0;
	need |= m->value & TCP_FIN ? NEED_FIN : 0;
	need |= m->value & TCP_ACK ? NEED_ACK : 0;
	if (m->how == FLAGS_EXACT && !((m->value | m->ignored) & TCP_SYN))
		need |= NEED_NO_SYN;
	return need;
}

static uint32_t flow_need(uint32_t bits)
{
	uint32_t need = 0;

	need |= bits & FLOW_MATCH_TO_SERVER ? NEED_FLOW | NEED_TO_SERVER : 0;
	need |= bits & FLOW_MATCH_TO_CLIENT ? NEED_FLOW | NEED_TO_CLIENT : 0;
	need |= bits & FLOW_MATCH_ESTABLISHED ? NEED_FLOW | NEED_ESTABLISHED : 0;
	need |= bits & FLOW_MATCH_STATELESS ? NEED_FLOW : 0;
	need |= bits & FLOW_MATCH_NOT_ESTABLISHED ? NEED_NOT_ESTABLISHED : 0;
	return need;
}

struct shape {
	bool only_packet, no_stream, only_stream, both; /* what its keywords say of units */
	bool no_packet;
	bool event, packet_keyword, flow, reads_state, integer_state;
	uint32_t need;
	uint16_t protos;
};

/* It looks at a packet's buffer, so at packets alone, and at those that have it. */
static void shape_buffer(struct shape *s, enum buffer b)
{
	const struct detect_buffer *from = detect_buffer(b);

	s->only_packet = true;
	s->need |= from->need;
	if (from->protos)
		s->protos &= from->protos;
}

static void shape_checksum(struct shape *s, enum rule_checksum which)
{
	static const struct {
		uint32_t need;
		uint16_t protos;
	} of[RULE_CHECKSUM__COUNT] = {
		[RULE_CHECKSUM_IPV4] = { NEED_V4, PROTO_CLASS_ALL },
		[RULE_CHECKSUM_TCPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_TCP },
		[RULE_CHECKSUM_TCPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_TCP },
		[RULE_CHECKSUM_UDPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_UDP },
		[RULE_CHECKSUM_UDPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_UDP },
		[RULE_CHECKSUM_ICMPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_ICMP },
		[RULE_CHECKSUM_ICMPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_ICMPV6 },
	};

	s->need |= of[which].need | NEED_REAL;
	s->protos &= of[which].protos;
}

static struct shape shape_of(const struct rule *r)
{
	struct shape s = { .protos = protos_of(r) };

	s.only_packet = r->proto == RULE_PROTO_TCP_PKT;
	s.only_stream = r->proto == RULE_PROTO_TCP_STREAM;
	s.need |= r->proto == RULE_PROTO_IPV4 || r->proto == RULE_PROTO_ICMPV4 ? NEED_V4 : 0;
	s.need |= r->proto == RULE_PROTO_IPV6 || r->proto == RULE_PROTO_ICMPV6 ? NEED_V6 : 0;
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		s.only_packet |= options[o->kind].only_packet;
		if (options[o->kind].protos)
			s.protos &= options[o->kind].protos;
		if (option_is_bytes(o->kind) &&
		    buffer_row((enum buffer)o->buffer)->kind == BUFFER_KIND_PACKET)
			shape_buffer(&s, (enum buffer)o->buffer);
		switch (o->kind) {
		case OPTION_FLOW:
			s.flow |= (o->flow & ~(uint32_t)FLOW_MATCH_NO_STREAM) != 0;
			s.need |= flow_need(o->flow);
			s.no_stream |= (o->flow & FLOW_MATCH_NO_STREAM) != 0;
			s.no_packet |= (o->flow & FLOW_MATCH_ONLY_STREAM) != 0;
			s.only_stream |= s.no_packet;
			break;
		case OPTION_APP_EVENT:
			s.flow |= !tx_option(o);
			s.need |= NEED_FLOW;
			break;
		case OPTION_APP_PROTO:
		case OPTION_FLOW_AGE:
		case OPTION_FLOW_PKTS:
		case OPTION_FLOW_BYTES:
			s.need |= NEED_FLOW;
			break;
		case OPTION_L3_PROTO:
			s.need |= o->number.low == 4 ? NEED_V4 : NEED_V6;
			break;
		case OPTION_CHECKSUM:
			shape_checksum(&s, (enum rule_checksum)o->checksum.which);
			break;
		case OPTION_TCP_FLAGS:
			s.need |= flags_need(&o->tcp_flags);
			break;
		case OPTION_VARIABLE:
			s.need |= NEED_FLOW;
			s.reads_state = true;
			break;
		case OPTION_FLOWBITS:
		case OPTION_FLOWINT:
			s.need |= NEED_FLOW;
			s.reads_state |=
				part_of(o) == PART_STATE ||
				(o->kind == OPTION_FLOWBITS && o->flowbits.op == FLOWBIT_TOGGLE);
			s.integer_state |= o->kind == OPTION_FLOWINT;
			break;
		case OPTION_DECODE_EVENT:
		case OPTION_STREAM_EVENT:
			s.event = true;
			break;
		case OPTION_STREAM_SIZE:
			s.both = true;
			break;
		case OPTION_CONTENT:
			s.both |= o->content.has_depth || o->content.has_offset ||
				  o->content.startswith;
			break;
		default:
			break;
		}
		if (part_of(o) == PART_PACKET && o->kind != OPTION_IP_PROTO &&
		    o->kind != OPTION_L3_PROTO && o->kind != OPTION_FLOW && o->kind != OPTION_IPREP)
			s.packet_keyword = true;
	}
	return s;
}

static uint8_t units_of(const struct shape *s)
{
	if (!(s->protos & 1u << PROTO_TCP) || s->only_packet || s->no_stream)
		return 1u << UNIT_PACKET;
	if (s->only_stream || !s->both)
		return 1u << UNIT_STREAM;
	return 1u << UNIT_PACKET | 1u << UNIT_STREAM;
}

/* It does more than alert, or may. */
static bool acts(const struct rule *r)
{
	for (unsigned i = 0; i < r->filters; i++) {
		if (r->filter[i]->kind == FILTER_RATE && r->filter[i]->new_action != ACTION_ALERT)
			return true;
	}
	return r->action != ACTION_ALERT;
}

/* What threshold.config says of the rule. */
static void add_filters(struct compiler *c, const struct rule *r, struct rule_row *row,
			struct rule_cold *cold)
{
	struct suppress_block *s = NULL;
	size_t suppressed = 0;

	for (unsigned i = 0; i < r->filters; i++) {
		const struct rule_filter *f = r->filter[i];

		if (f->kind == FILTER_RATE) {
			row->more |= ROW_RATE;
			cold->rate = f->threshold;
			cold->rate_timeout = f->timeout;
			cold->rate_action = f->new_action;
		} else if (f->kind == FILTER_SUPPRESS &&
			   room(c, (void **)&s, suppressed, sizeof(*s))) {
			s[suppressed++] =
				(struct suppress_block){ address_set(c, &f->addresses), f->track };
		}
	}
	if (suppressed) {
		row->more |= ROW_SUPPRESSED;
		cold->suppress = (struct section){ block_add(&c->block, s, suppressed * sizeof(*s)),
						   (uint32_t)suppressed };
	}
	free(s);
}

/* What the writer says of how far an action goes. */
static void set_scope(struct rule_row *row, const struct rule *r)
{
	if (r->scope == SCOPE_PACKET)
		row->flags &= (uint16_t) ~(ROW_ACTS_ON_FLOW | ROW_ACTS_ON_FLOW_STREAM);
	else if (r->scope == SCOPE_FLOW)
		row->flags |= ROW_ACTS_ON_FLOW;
}

static void set_kind(struct rule_row *row, const struct rule *r, const struct shape *s)
{
	bool app_only = row->app && !s->packet_keyword && !row->payload_conds;
	bool header_only = !s->packet_keyword && r->hook < 0 && !s->flow && !s->reads_state &&
			   !s->integer_state && !row->payload_conds && !s->only_stream && !row->app;

	if (s->event && r->proto == RULE_PROTO_PKTHDR && !row->payload_conds) {
		row->kind = RULE_EVENT;
	} else if (header_only) {
		/* What excludes addresses is tried on each packet, as Suricata does. */
		row->kind = r->src.negated || r->dst.negated ? RULE_PACKET : RULE_IP_ONLY;
		row->flags |= acts(r) ? ROW_ACTS_ON_FLOW : 0;
	} else if (row->payload_conds && (row->units >> UNIT_STREAM & 1)) {
		row->kind = row->units >> UNIT_PACKET & 1 ? RULE_PACKET_STREAM : RULE_STREAM;
		row->flags |= acts(r) ? ROW_ACTS_ON_FLOW_STREAM : 0;
	} else {
		row->kind = RULE_PACKET;
		row->flags |= app_only && acts(r) ? ROW_ACTS_ON_FLOW : 0;
	}
}

static void set_payload_flags(struct rule_row *row, const struct cond *c)
{
	bool located = false;
	unsigned in_payload = 0;

	for (unsigned i = 0; i < row->payload_conds; i++)
		in_payload += c[i].buffer == BUFFER_PAYLOAD;
	if (in_payload < row->payload_conds)
		row->flags |= ROW_BUFFERS | (in_payload ? 0 : ROW_NO_PAYLOAD);
	for (unsigned i = 0; i < row->payload_conds; i++)
		located |= !(c[i].flags & COND_NEGATED) && c[i].kind != COND_BSIZE;
	if (located)
		row->flags |= ROW_LOCATED;
	if (row->payload_conds == 1)
		row->flags |= ROW_SINGLE;
}

static void set_need(struct rule_row *row, const struct shape *s)
{
	uint16_t own = (uint16_t)(1u << PROTO_TCP | 1u << PROTO_ICMP | 1u << PROTO_ICMPV6);

	row->need = s->need;
	if (row->more & ROW_PORTS)
		row->need |= NEED_L4;
	if (row->kind == RULE_EVENT)
		return;
	if (s->event)
		row->need |= NEED_EVENT;
	if (!row->payload_conds || (row->flags & ROW_NO_PAYLOAD))
		row->need |= NEED_REAL;
	else
		row->need |=
			row->units == 1u << UNIT_PACKET ? NEED_REAL | NEED_PAYLOAD : NEED_BYTES;
	if (row->protos && !(row->protos & ~own) && s->only_packet)
		row->need |= NEED_L4;
}

static void add_holder(struct compiler *c, const struct rule_row *row, uint32_t number)
{
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		if ((row->protos >> i & 1) && reach_holds(row, i))
			list_add(c, &c->holders[i], number);
	}
}

/* Lengths of payload that a rule's dsize allows; low above high: none. */
struct dsize_range {
	uint64_t low, high;
};

static struct dsize_range dsize_of(const struct rule *r)
{
	struct dsize_range d = { 0, UINT16_MAX };

	for (unsigned i = 0; i < r->options; i++) {
		const struct int_match *m = &r->option[i].number;
		uint64_t low = 0, high = UINT16_MAX;

		if (r->option[i].kind != OPTION_DSIZE)
			continue;
		if (m->op == COMPARE_EQ || m->op == COMPARE_GE || m->op == COMPARE_GT ||
		    m->op == COMPARE_RANGE)
			low = m->low;
		if (m->op == COMPARE_EQ || m->op == COMPARE_LE || m->op == COMPARE_LT)
			high = m->low;
		else if (m->op == COMPARE_RANGE)
			high = m->high;
		d.low = low > d.low ? low : d.low;
		d.high = high < d.high ? high : d.high;
	}
	return d;
}

static const struct port_range all_ports = { 0, UINT16_MAX };

/* From the least of its ports to the greatest. */
static struct port_range port_hull(const struct port_set *s)
{
	if (s->any || !s->count)
		return all_ports;
	return (struct port_range){ s->ranges[0].low, s->ranges[s->count - 1].high };
}

static unsigned range_width(struct port_range r)
{
	return r.high - r.low;
}

static void set_ports(struct rule_row *row, const struct rule *r)
{
	struct port_range sport = port_hull(&r->sport), dport = port_hull(&r->dport);

	row->ports = all_ports;
	if (r->bidirectional)
		return;
	if (range_width(sport) < range_width(dport))
		row->flags |= ROW_SOURCE_PORTS;
	row->ports = row->flags & ROW_SOURCE_PORTS ? sport : dport;
}

static struct always_rule always_of(const struct rule *r, const struct rule_row *row,
				    uint32_t number)
{
	struct dsize_range d = dsize_of(r);
	struct always_rule a = { .rule = number,
				 .need = row->need,
				 .sport = all_ports,
				 .dport = all_ports,
				 .dsize_low = d.low < UINT16_MAX ? (uint16_t)d.low : UINT16_MAX,
				 .dsize_high = (uint16_t)d.high };

	if (!r->bidirectional) {
		a.sport = port_hull(&r->sport);
		a.dport = port_hull(&r->dport);
	}
	return a;
}

static void always_add(struct compiler *c, struct always_list *l, struct always_rule item)
{
	if (room(c, (void **)&l->item, l->count, sizeof(*l->item)))
		l->item[l->count++] = item;
}

static void add_to_lists(struct compiler *c, const struct rule *r, const struct rule_row *row,
			 uint32_t number)
{
	bool listed = false;

	for (size_t i = 0; i < row->packet_conds; i++) {
		const struct cond *k = &c->cond[row->conds + i];

		if (k->kind == COND_EVENT && !listed && !(row->flags & ROW_PATTERN)) {
			list_add(c, &c->events[k->bits.value], number);
			listed = true;
		}
	}
	if (listed || (row->flags & ROW_PATTERN))
		return;
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		if (!(row->protos >> i & 1))
			continue;
		if (row->kind == RULE_IP_ONLY)
			list_add(c, &c->ip_only[i], number);
		else
			always_add(c, &c->always[i], always_of(r, row, number));
	}
	if ((row->protos & 1u << PROTO_TCP) && row->payload_conds &&
	    (row->units >> UNIT_STREAM & 1))
		list_add(c, &c->always_stream, number);
}

/* The same number for rules that packets' facts and ports cannot tell apart. */
static uint32_t kind_of(struct compiler *c, const struct rule_row *row)
{
	struct {
		uint32_t need;
		struct port_range ports;
		uint32_t source;
	} key = { row->need, row->ports, row->flags & ROW_SOURCE_PORTS };

	return block_intern(&c->block, &key, sizeof(key));
}

/* A number of the header that is to be small, or one value. */
static bool seldom_holds(const struct cond *k)
{
	switch (k->kind) {
	case COND_STREAM_SIZE:
	case COND_TCP_SEQ:
	case COND_TCP_ACK:
	case COND_TCP_WINDOW:
	case COND_TTL:
	case COND_ID:
	case COND_ICMP_ID:
	case COND_ICMP_SEQ:
		return !(k->flags & COND_NEGATED) &&
		       (k->op == COMPARE_EQ || k->op == COMPARE_LT || k->op == COMPARE_LE);
	default:
		return false;
	}
}

static void set_gate_cond(struct compiler *c, const struct rule_row *row, struct scan_entry *e)
{
	for (uint32_t i = row->conds; i < row->conds + row->packet_conds; i++) {
		struct cond key = c->cond[i];

		if (!seldom_holds(&key))
			continue;
		key.option = 0;
		key.text = 0;
		e->gate_cond = i;
		e->gate_cond_kind = block_intern(&c->block, &key, sizeof(key));
		return;
	}
}

static void add_entry(struct compiler *c, const struct rule *r, struct rule_row *row,
		      struct rule_cold *cold, uint32_t number)
{
	struct search_pattern s = pattern_choose(r);
	const struct cond *first = c->cond + row->conds;
	struct scan_entry e = { .rule = number, .directions = 3 };
	struct dsize_range d = dsize_of(r);
	unsigned conds = (unsigned)row->packet_conds + row->state_conds + row->payload_conds;

	if (!s.option)
		return;
	for (unsigned i = 0; i < conds; i++) {
		if (first[i].option == s.index)
			cold->search_cond = (uint8_t)i;
	}
	row->flags |= ROW_PATTERN;
	if (row->payload_conds == 1 && s.piece.len == s.option->content.pattern.len)
		row->flags |= ROW_PATTERN_ALONE;
	e.pattern = s.piece.data;
	e.len = (uint16_t)s.piece.len;
	e.nocase = s.nocase;
	e.head = s.head;
	e.dsize_low = (uint32_t)d.low;
	e.dsize_high = (uint32_t)d.high;
	e.fixed = s.fixed;
	e.place = (uint16_t)s.place;
	e.gate = pattern_gate(r, s.option);
	if (!e.gate.places)
		set_gate_cond(c, row, &e);
	e.protos = row->protos;
	e.units = row->units;
	e.sport = row->sport;
	e.dport = row->dport;
	e.bidirectional = (row->flags & ROW_BIDIRECTIONAL) != 0;
	e.kind = kind_of(c, row);
	if ((row->need & (NEED_TO_SERVER | NEED_TO_CLIENT)) == NEED_TO_SERVER)
		e.directions = 1;
	else if ((row->need & (NEED_TO_SERVER | NEED_TO_CLIENT)) == NEED_TO_CLIENT)
		e.directions = 2;
	if (room(c, (void **)&c->entry, c->entries, sizeof(*c->entry)))
		c->entry[c->entries++] = e;
}

static void add_texts(struct compiler *c, const struct rule *r, struct rule_cold *cold)
{
	cold->sid = r->sid;
	cold->gid = r->gid;
	cold->rev = r->rev;
	cold->priority = r->priority;
	cold->target = (uint8_t)r->target;
	cold->msg = block_string(&c->block, r->msg ? r->msg : "");
	cold->class_text = block_string(&c->block, r->class_text ? r->class_text : "");
	cold->text = block_string(&c->block, r->text ? r->text : "");
	cold->metadata_json = rule_metadata_json(&c->block, r);
	cold->references_json = rule_references_json(&c->block, r);
	cold->file = block_string(&c->block, r->place.file);
	cold->line = r->place.line;
	cold->header_text = rule_header_text(&c->block, r);
}

#define MASKS_MAX 256

/* Index of a mask of protocols; 0: any. */
static uint8_t app_mask(struct compiler *c, const struct rule *r)
{
	uint64_t protos = tx_rule_protos(r), any = ~0ull;

	if (!protos)
		return 0;
	for (size_t i = 1; i < c->masks; i++) {
		if (c->mask[i] == protos)
			return (uint8_t)i;
	}
	if (!c->masks && room(c, (void **)&c->mask, 0, sizeof(*c->mask)))
		c->mask[c->masks++] = any;
	if (c->masks == MASKS_MAX) {
		diag_add(c->diags, DIAG_ERROR, &r->place, "leave the rule out",
			 "rules ask for more than %u sets of protocols", MASKS_MAX - 1);
		c->err = -EINVAL;
		return 0;
	}
	if (!room(c, (void **)&c->mask, c->masks, sizeof(*c->mask)))
		return 0;
	c->mask[c->masks++] = protos;
	return (uint8_t)(c->masks - 1);
}

/* A value that one buffer yields and another uses. */
static bool uses_variables(const struct rule *r)
{
	return r->variables > 0 && r->uses > 1;
}

static void tx_step(struct compiler *c, const struct rule *r, struct rule_row *row)
{
	struct cond *n;

	if (r->hook < 0 || hook_row(r->hook)->unit != HOOK_APP ||
	    !room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
		return;
	n = &c->cond[c->conds++];
	memset(n, 0, sizeof(*n));
	n->option = UINT16_MAX;
	n->use = 254;
	n->flags = hook_row(r->hook)->direction ? COND_TO_CLIENT : COND_TO_SERVER;
	n->text = block_string(&c->block, hook_row(r->hook)->name);
	tx_step_condition(r->hook, COMPARE_GE, n);
	row->payload_conds++;
}

/* A rule on transactions: in which protocols and directions, and by which pattern it is found. */
static void set_transaction(struct compiler *c, const struct rule *r, struct rule_row *row,
			    struct rule_cold *cold, uint32_t number)
{
	const struct cond *k = c->cond + row->conds + row->packet_conds + row->state_conds;
	uint16_t ways = COND_TO_SERVER | COND_TO_CLIENT, any = 0;
	struct search_pattern s = tx_pattern_choose(r);
	struct tx_entry e = { .rule = number, .protos = tx_rule_protos(r) };

	row->kind = RULE_TX;
	row->more |= r->transactional ? ROW_BOTH_WAYS : 0;
	row->more |= uses_variables(r) ? ROW_TOGETHER : 0;
	row->flags |= acts(r) ? ROW_ACTS_ON_FLOW : 0;
	set_scope(row, r);
	row->need &= ~(uint32_t)(NEED_REAL | NEED_BYTES | NEED_PAYLOAD);
	row->need |= NEED_FLOW;
	for (unsigned i = 0; i < row->payload_conds; i++) {
		ways &= k[i].flags;
		any |= k[i].flags;
		row->more |=
			k[i].buffer == BUFFER_FILE_DATA || k[i].buffer == BUFFER_FILE_NAME ||
					k[i].buffer == BUFFER_FILE_MAGIC ||
					(k[i].kind >= COND_FILESIZE && k[i].kind <= COND_FILESTORE)
				? ROW_FILES
				: 0;
		row->more |= k[i].kind == COND_FILESTORE ? ROW_STORES_FILES : 0;
		c->head.tx_payload |= r->options &&
				      option_is_bytes(r->option[k[i].option % r->options].kind) &&
				      k[i].buffer == BUFFER_PAYLOAD && k[i].kind < COND_APP_EVENT;
	}
	if (r->transactional) {
		ways = any;
		row->need &= ~(uint32_t)(NEED_TO_SERVER | NEED_TO_CLIENT);
	} else if (row->need & NEED_TO_SERVER) {
		ways &= COND_TO_SERVER;
	} else if (row->need & NEED_TO_CLIENT) {
		ways &= COND_TO_CLIENT;
	}
	e.directions = (uint8_t)((ways & COND_TO_SERVER ? 1 : 0) | (ways & COND_TO_CLIENT ? 2 : 0));
	if (s.option) {
		e.pattern = s.piece.data;
		e.len = (uint16_t)s.piece.len;
		e.nocase = s.nocase;
		e.buffer = s.option->buffer;
		row->flags |= ROW_PATTERN;
		for (unsigned i = 0; i < row->payload_conds; i++) {
			if (k[i].option != s.index)
				continue;
			e.transforms = k[i].transforms;
			cold->search_cond = (uint8_t)(row->packet_conds + row->state_conds + i);
			if (r->transactional)
				e.directions = (uint8_t)((k[i].flags & COND_TO_SERVER ? 1 : 0) |
							 (k[i].flags & COND_TO_CLIENT ? 2 : 0));
		}
	}
	if (groups_of(k, row->payload_conds) > EVAL_GROUPS_MAX) {
		diag_add(c->diags, DIAG_ERROR, &r->place, "split the rule",
			 "a rule may look at %u buffers and fields of a transaction",
			 EVAL_GROUPS_MAX);
		c->err = -EINVAL;
		return;
	}
	c->head.tx_rules++;
	c->head.file_needs |= tx_file_needs(r);
	if (room(c, (void **)&c->tx, c->txs, sizeof(*c->tx)))
		c->tx[c->txs++] = e;
}

static bool parsed(uint64_t protos)
{
	for (unsigned i = 0; i < APP_PROTO__COUNT; i++) {
		if ((protos & APP_PROTO_BIT(i)) && app_proto_built(i))
			return true;
	}
	return false;
}

/* The hook ip:flow_start; the others of packets are all packets to a rule that only alerts. */
static void flow_start(struct compiler *c, const struct rule *r, struct rule_row *row)
{
	struct cond *n;

	if (r->hook < 0 || hook_row(r->hook)->unit != HOOK_PACKET_FLOW_START ||
	    !room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
		return;
	n = &c->cond[c->conds++];
	memset(n, 0, sizeof(*n));
	n->kind = COND_FLOW_START;
	n->option = UINT16_MAX;
	n->text = block_string(&c->block, hook_row(r->hook)->name);
	row->packet_conds++;
}

static void add_row(struct compiler *c, const struct rule *r)
{
	struct shape s = shape_of(r);
	uint32_t number = (uint32_t)c->head.rules.count;
	struct rule_row *row = &c->row[number];
	struct rule_cold *cold = &c->cold[number];
	size_t regexes = c->regexes, conds = c->conds;

	*row = (struct rule_row){ .protos = s.protos, .action = (uint8_t)r->action };
	*cold = (struct rule_cold){ .search_cond = 0xff };
	row->key = (uint64_t)r->gid << 32 | r->sid;
	row->app = app_mask(c, r);
	row->src = address_set(c, &r->src);
	row->dst = address_set(c, &r->dst);
	row->sport = port_set(c, &r->sport);
	row->dport = port_set(c, &r->dport);
	row->more |= row->sport || row->dport ? ROW_PORTS : 0;
	set_ports(row, r);
	row->flags |= r->noalert || (r->action == ACTION_PASS && !r->alert) ? ROW_NOALERT : 0;
	row->flags |= r->bidirectional ? ROW_BIDIRECTIONAL : 0;
	row->variables = (uint8_t)r->variables;
	row->conds = (uint32_t)c->conds;
	row->packet_conds = add_part(c, r, PART_PACKET);
	flow_start(c, r, row);
	row->state_conds = add_part(c, r, PART_STATE);
	row->payload_conds = add_payload(c, r);
	tx_step(c, r, row);
	row->shared_conds = add_part(c, r, PART_SHARED);
	row->post_conds = add_part(c, r, PART_POST);
	if (c->err == -EINVAL) {
		/* A library refused it, and a diagnostic says so: left out, the others go on. */
		while (c->regexes > regexes)
			regex_code_free(c->regex[--c->regexes]);
		c->conds = conds;
		c->err = 0;
		return;
	}
	if (c->err)
		return;
	mark_chains(c->cond + row->conds + row->packet_conds + row->state_conds,
		    row->payload_conds);
	row->units = row->payload_conds ? units_of(&s) : 1u << UNIT_PACKET;
	row->flags |= s.no_packet ? ROW_NO_PACKET : 0;
	for (unsigned i = 0; i < row->packet_conds; i++) {
		const struct cond *k = &c->cond[row->conds + i];

		c->head.app_news |= k->kind == COND_APP_PROTO || k->kind == COND_APP_EVENT;
	}
	for (unsigned i = 0; i < r->options; i++) {
		row->flags |= r->option[i].kind == OPTION_BYPASS ? ROW_BYPASS : 0;
		if (r->option[i].kind == OPTION_THRESHOLD) {
			row->flags |= ROW_THRESHOLD;
			cold->threshold = r->option[i].threshold;
		}
	}
	add_filters(c, r, row, cold);
	set_kind(row, r, &s);
	set_scope(row, r);
	set_payload_flags(row, c->cond + row->conds + row->packet_conds + row->state_conds);
	set_need(row, &s);
	add_texts(c, r, cold);
	if (tx_rule(r)) {
		set_transaction(c, r, row, cold, number);
	} else if (!row->app || parsed(c->mask[row->app])) {
		add_entry(c, r, row, cold, number);
		add_to_lists(c, r, row, number);
	}
	row->reach = (uint8_t)reach_of(row, c->cond + row->conds);
	add_holder(c, row, number);
	c->head.rules.count++;
}

/* --- the whole -------------------------------------------------------------------------------------------- */

/* What the parser reads and this part of the engine does not act on: never passed over in silence. */
static bool not_built(struct compiler *c, const struct place *at, const char *what)
{
	diag_add(c->diags, DIAG_ERROR, at, "remove it, or leave the rule out",
		 "'%s' is not built yet", what);
	return false;
}

static bool option_usable(struct compiler *c, const struct rule *r, const struct rule_option *o)
{
	if (o->kind != OPTION_THRESHOLD && o->kind != OPTION_BYPASS && !options[o->kind].add &&
	    !options[o->kind].add_kind)
		return not_built(c, &o->place, rule_option_name(o));
	if (o->kind == OPTION_XBITS && o->xbits.track == XBITS_TRACK_TX)
		return not_built(c, &o->place, "xbits with track tx");
	if (!option_is_bytes(o->kind) || !o->use)
		return true;
	if (o->buffer == BUFFER_FRAME)
		return not_built(c, &r->use[o->use].place, "frame");
	return true;
}

static bool options_usable(struct compiler *c, const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (!option_usable(c, r, &r->option[i]))
			return false;
	}
	if (r->action == ACTION_CONFIG)
		return not_built(c, &r->place, "config");
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

static void finish_lists(struct compiler *c)
{
	struct section events[EVENT__COUNT];

	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		c->head.ip_only[i] = list_section(c, &c->ip_only[i]);
		c->head.always[i].offset =
			block_add(&c->block, c->always[i].item,
				  c->always[i].count * sizeof(*c->always[i].item));
		c->head.always[i].count = (uint32_t)c->always[i].count;
		c->head.holders[i] = list_section(c, &c->holders[i]);
	}
	c->head.always_stream = list_section(c, &c->always_stream);
	for (unsigned i = 0; i < EVENT__COUNT; i++)
		events[i] = list_section(c, &c->events[i]);
	c->head.events =
		(struct section){ block_add(&c->block, events, sizeof(events)), EVENT__COUNT };
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

	h->rules.offset = block_add(&c->block, c->row, rules * sizeof(*c->row));
	h->cold =
		(struct section){ block_add(&c->block, c->cold, rules * sizeof(*c->cold)), rules };
	h->conds = (struct section){ block_add(&c->block, c->cond, c->conds * sizeof(*c->cond)),
				     (uint32_t)c->conds };
	finish_names(c);
	finish_lists(c);
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

static void compiler_fini(struct compiler *c)
{
	for (size_t i = 0; i < c->regexes; i++)
		regex_code_free(c->regex[i]);
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		free(c->ip_only[i].item);
		free(c->always[i].item);
		free(c->holders[i].item);
	}
	for (unsigned i = 0; i < EVENT__COUNT; i++)
		free(c->events[i].item);
	free(c->always_stream.item);
	free(c->rule);
	free(c->row);
	free(c->cold);
	free(c->cond);
	free(c->entry);
	free(c->regex);
	free(c->filter);
	free(c->name);
	free(c->tx);
	free(c->mask);
	free(c->set);
	free(c->transform);
	block_fini(&c->block);
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
			add_row(c, c->rule[i]);
	}
}

/* The block that an earlier run made of these rules; false: there is none. */
static bool take_cached(struct compiler *c, const struct cache_key *key, struct ruleset **out)
{
	void *block;
	size_t size;

	if (cache_load(c->options->cache_folder, key, &block, &size) ||
	    ruleset_open(block, size, !c->options->check_only, out))
		return false;
	tell_refused(c, *out);
	if (c->err) {
		ruleset_free(*out);
		*out = NULL;
	}
	return true;
}

static int compile(struct compiler *c, uint8_t **block, size_t *size)
{
	for (size_t i = 0; i < c->rules && !c->err; i++)
		add_row(c, c->rule[i]);
	if (!c->err)
		finish(c);
	if (c->err)
		return c->err;
	*block = c->block.data;
	*size = c->block.len;
	c->block.data = NULL;
	return 0;
}

int detect_compile(const struct rule_set *rules, const struct detect_options *opt,
		   struct diag_list *diags, struct ruleset **out)
{
	struct compiler c = { .diags = diags, .options = opt };
	struct cache_key key;
	uint8_t *block;
	size_t size;
	bool cached;

	*out = NULL;
	block_init(&c.block);
	/* The header's place: offset 0 is nobody else's, and so means "none". */
	block_room(&c.block, sizeof(struct block_header));
	c.err = take_rules(&c, rules);
	if (c.err)
		goto done;
	cached = opt->cache_folder && c.rules >= CACHE_RULES_MIN &&
		 cache_key_of(c.rule, c.rules, &key) == 0;
	if (cached && take_cached(&c, &key, out))
		goto done;
	c.err = compile(&c, &block, &size);
	if (c.err)
		goto done;
	/* Where it cannot be kept, the next run compiles as this one did. */
	if (cached)
		(void)cache_store(opt->cache_folder, &key, block, size);
	c.err = ruleset_open(block, size, !opt->check_only, out);
done:
	if (!c.err && *out)
		c.err = ruleset_lists(*out, opt, diags);
	if (c.err) {
		ruleset_free(*out);
		*out = NULL;
	}
	compiler_fini(&c);
	return c.err;
}
