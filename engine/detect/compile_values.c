/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/compile_cond.h"
#include "engine/detect/compile_tx.h"

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

void values_add_number(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	const struct int_match *m = match_of(o);
	struct cond *n = cond_new(c, r, i, kind);

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

void values_add_bits(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	struct cond *n = cond_new(c, r, i, kind);

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

	if (!text || !compiler_room(c, (void **)&c->name, c->names, sizeof(*c->name))) {
		c->err = -ENOMEM;
	} else {
		n.text = block_string(&c->block, text);
		c->name[c->names++] = n;
		c->head.has_state = 1;
	}
	free(text);
	return n.key;
}

void values_add_flowbits(struct compiler *c, const struct rule *r, unsigned i)
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
	n = cond_new(c, r, i, COND_FLOWBITS);
	if (n) {
		n->op = (uint16_t)o->op;
		n->flowbits.names.offset = block_add(&c->block, names, o->count * sizeof(*names));
		n->flowbits.names.count = o->count;
	}
	free(names);
}

void values_add_flowint(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct flowint *o = &r->option[i].flowint;
	uint64_t name = add_name(c, o->name), operand = 0;
	struct cond *n;

	if (o->operand_is_name)
		operand = add_name(c, o->operand_name);
	n = cond_new(c, r, i, COND_FLOWINT);
	if (!n)
		return;
	n->op = (uint16_t)o->op;
	n->flowint.name = name;
	n->flowint.operand = o->operand;
	n->flowint.operand_is_name = o->operand_is_name;
	n->flowint.operand_name = operand;
}

void values_add_variable(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct variable_match *o = &r->option[i].variable;
	struct cond *n = cond_new(c, r, i, COND_VARIABLE);

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

void values_add_xbits(struct compiler *c, const struct rule *r, unsigned i)
{
	const struct xbits *o = &r->option[i].xbits;
	struct cond *n = cond_new(c, r, i, COND_XBITS);

	if (!n)
		return;
	n->op = (uint16_t)o->op;
	n->xbits.name = add_name(c, o->name);
	n->xbits.track = o->track;
	n->xbits.seconds = o->seconds;
	c->head.has_xbits |= o->track != XBITS_TRACK_TX;
}

/* The set of a name: the first rule that says what it is decides. */
static uint32_t set_of(struct compiler *c, const struct rule *r, const struct dataset *d)
{
	size_t i = 0;

	while (i < c->sets && strcmp((const char *)c->block.data + c->set[i].name, d->name) != 0)
		i++;
	if (i == c->sets) {
		if (!compiler_room(c, (void **)&c->set, c->sets, sizeof(*c->set)))
			return 0;
		c->set[c->sets++] = (struct dataset_row){ .name = block_string(&c->block, d->name),
							  .type = DATASET_UNSAID };
	}
	if (c->set[i].type == DATASET_UNSAID && d->type != DATASET_UNSAID) {
		c->set[i].type = d->type;
		c->set[i].memcap = d->memcap;
		c->set[i].hashsize = d->hashsize;
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

void values_add_set(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	const struct rule_option *o = &r->option[i];
	struct cond *n = cond_new(c, r, i, kind);
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
void values_add_other(struct compiler *c, const struct rule *r, unsigned i, enum cond_kind kind)
{
	struct cond *n = cond_new(c, r, i, kind);

	if (n)
		tx_condition(&c->block, &r->option[i], n);
	if (n && kind == COND_TAG)
		c->head.has_tag |= n->tag.host ? 2 : 1;
	c->head.has_watch |= kind == COND_WATCH;
	c->head.has_iprep |= kind == COND_IPREP;
	c->head.has_geoip |= kind == COND_GEOIP;
}
