/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/app/app.h"
#include "engine/base/hash.h"
#include "engine/detect/buffer.h"
#include "engine/detect/compile_lists.h"
#include "engine/detect/compile_option.h"
#include "engine/detect/compile_shape.h"
#include "engine/detect/compile_tx.h"
#include "engine/detect/eval.h"
#include "engine/detect/reach.h"
#include "engine/detect/rule_json.h"
#include "parser/frame.h"
#include "parser/hook.h"

/* It does more than alert, or may. */
static bool acts(const struct rule *r)
{
	for (unsigned i = 0; i < r->filters; i++) {
		if (r->filter[i]->kind == FILTER_RATE && r->filter[i]->new_action != ACTION_ALERT)
			return true;
	}
	return r->action != ACTION_ALERT && r->action != ACTION_CONFIG;
}

/* A rule with the action config lets its packets be: what it changes is its keyword's. */
static uint8_t action_of(const struct rule *r)
{
	return (uint8_t)(r->action == ACTION_CONFIG ? ACTION_ALERT : r->action);
}

static bool is_silent(const struct rule *r)
{
	return r->noalert || r->action == ACTION_CONFIG || (r->action == ACTION_PASS && !r->alert);
}

/* Its packets are to belong to no flow: decided before there is one, and nowhere else. */
static bool untracks(const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_CONFIG &&
		    r->option[i].config.what == CONFIG_TRACKING)
			return r->hook >= 0 && hook_row(r->hook)->unit == HOOK_PACKET_PRE_FLOW;
	}
	return false;
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
			   compiler_room(c, (void **)&s, suppressed, sizeof(*s))) {
			s[suppressed++] =
				(struct suppress_block){ compiler_addresses(c, &f->addresses),
							 f->track };
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

/* Whether two rules read the same is asked also where their texts are not kept. */
static void digest_text(const struct rule *r, uint64_t out[2])
{
	static const struct hash_key keys[2] = { { 0x7275u, 0x6c65u }, { 0x7465u, 0x7874u } };
	const char *text = r->text ? r->text : "";

	for (unsigned i = 0; i < 2; i++)
		out[i] = hash_bytes(&keys[i], text, strlen(text));
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
	digest_text(r, cold->text_digest);
	if (!c->options->without_texts)
		cold->text = block_string(&c->block, r->text ? r->text : "");
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
	if (!c->masks && compiler_room(c, (void **)&c->mask, 0, sizeof(*c->mask)))
		c->mask[c->masks++] = any;
	if (c->masks == MASKS_MAX) {
		diag_add(c->diags, DIAG_ERROR, &r->place, "leave the rule out",
			 "rules ask for more than %u sets of protocols", MASKS_MAX - 1);
		c->err = -EINVAL;
		return 0;
	}
	if (!compiler_room(c, (void **)&c->mask, c->masks, sizeof(*c->mask)))
		return 0;
	c->mask[c->masks++] = protos;
	return (uint8_t)(c->masks - 1);
}

/* A value that one buffer yields and another uses. */
static bool uses_variables(const struct rule *r)
{
	return r->variables > 0 && r->uses > 1;
}

static struct cond *step_cond(struct compiler *c, struct rule_row *row)
{
	struct cond *n;

	if (!compiler_room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
		return NULL;
	n = &c->cond[c->conds++];
	memset(n, 0, sizeof(*n));
	n->kind = COND_APP_STEP;
	n->option = UINT16_MAX;
	n->use = 254;
	row->payload_conds++;
	return n;
}

static void tx_step(struct compiler *c, const struct rule *r, struct rule_row *row)
{
	struct cond *n;

	if (r->hook < 0 || hook_row(r->hook)->unit != HOOK_APP)
		return;
	n = step_cond(c, row);
	if (!n)
		return;
	n->flags = hook_row(r->hook)->direction ? COND_TO_CLIENT : COND_TO_SERVER;
	n->text = block_string(&c->block, hook_row(r->hook)->name);
	tx_step_condition(r->hook, COMPARE_GE, n);
}

/* It asks for nothing, and so for any transaction, from its beginning. */
static void any_step(struct compiler *c, struct rule_row *row)
{
	struct cond *n = step_cond(c, row);

	if (!n)
		return;
	n->flags = COND_TO_SERVER | COND_TO_CLIENT;
	n->op = COMPARE_GE;
	n->text = block_string(&c->block, "any transaction");
}

/* What it waits for may come with a packet that changes nothing of the transaction. */
static bool depends_on_packet(const struct rule_row *row, const struct cond *all)
{
	const struct cond *c = all + row->packet_conds + row->state_conds;

	for (unsigned i = 0; i < row->payload_conds; i++) {
		if (c[i].kind == COND_DATASET || c[i].kind == COND_DATAREP)
			return true;
		if (c[i].kind < COND_APP_EVENT &&
		    (c[i].buffer == BUFFER_PAYLOAD ||
		     detect_buffer((enum buffer)c[i].buffer)->of_packet))
			return true;
	}
	if (row->shared_conds)
		return true;
	if (row->flags & ROW_PATTERN)
		return false;
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (all[i].kind != COND_FLOW ||
		    (all[i].flow.bits & (FLOW_MATCH_ONLY_FRAG | FLOW_MATCH_NO_FRAG)))
			return true;
	}
	return row->state_conds > 0;
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
		e.pattern = compiler_pattern(c, s.piece.data, s.piece.len);
		e.len = (uint16_t)s.piece.len;
		e.nocase = s.nocase;
		e.fixed = s.fixed;
		e.place = (uint16_t)s.place;
		e.places = (uint8_t)s.places;
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
	e.with_packet = depends_on_packet(row, c->cond + row->conds);
	row->more |= e.with_packet ? ROW_WITH_PACKET : 0;
	if (option_groups(k, row->payload_conds) > EVAL_GROUPS_MAX) {
		diag_add(c->diags, DIAG_ERROR, &r->place, "split the rule",
			 "a rule may look at %u buffers and fields of a transaction",
			 EVAL_GROUPS_MAX);
		c->err = -EINVAL;
		return;
	}
	if (e.pattern && e.buffer == BUFFER_PAYLOAD)
		lists_add_payload(c, row, &e);
	c->head.tx_rules++;
	c->head.file_needs |= tx_file_needs(r);
	if (compiler_room(c, (void **)&c->tx, c->txs, sizeof(*c->tx)))
		c->tx[c->txs++] = e;
}

static uint8_t frame_of(const struct rule *r)
{
	for (unsigned i = 0; i < r->uses; i++) {
		if (r->use[i].frame_type)
			return r->use[i].frame_type;
	}
	return FRAME_NONE;
}

/* A rule on frames: of which protocols and directions, and by which pattern it is found. */
static void set_frames(struct compiler *c, const struct rule *r, struct rule_row *row,
		       struct rule_cold *cold, uint32_t number)
{
	const struct cond *k = c->cond + row->conds + row->packet_conds + row->state_conds;
	struct search_pattern s = tx_pattern_choose(r);
	struct tx_entry e = { .rule = number,
			      .protos = tx_rule_protos(r),
			      .buffer = BUFFER_FRAME,
			      .frame = frame_of(r),
			      .directions = 3 };

	row->kind = RULE_FRAME;
	row->frame = e.frame;
	row->flags |= acts(r) ? ROW_ACTS_ON_FLOW : 0;
	row->need &= ~(uint32_t)(NEED_REAL | NEED_BYTES | NEED_PAYLOAD);
	row->need |= NEED_FLOW;
	if (row->need & NEED_TO_SERVER)
		e.directions &= 1;
	if (row->need & NEED_TO_CLIENT)
		e.directions &= 2;
	for (unsigned i = 0; s.option && i < row->payload_conds; i++) {
		if (k[i].option != s.index)
			continue;
		e.pattern = compiler_pattern(c, s.piece.data, s.piece.len);
		e.len = (uint16_t)s.piece.len;
		e.nocase = s.nocase;
		e.transforms = k[i].transforms;
		row->flags |= ROW_PATTERN;
		cold->search_cond = (uint8_t)(row->packet_conds + row->state_conds + i);
	}
	c->head.frame_rules++;
	for (unsigned proto = 0; proto < APP_PROTO__COUNT; proto++)
		c->head.frames[proto] |= e.protos & APP_PROTO_BIT(proto) ? FRAME_BIT(e.frame) : 0;
	if (compiler_room(c, (void **)&c->tx, c->txs, sizeof(*c->tx)))
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
	    !compiler_room(c, (void **)&c->cond, c->conds, sizeof(*c->cond)))
		return;
	n = &c->cond[c->conds++];
	memset(n, 0, sizeof(*n));
	n->kind = COND_FLOW_START;
	n->option = UINT16_MAX;
	n->text = block_string(&c->block, hook_row(r->hook)->name);
	row->packet_conds++;
}

void row_add(struct compiler *c, size_t index)
{
	const struct rule *r = c->rule[index];
	struct shape s = shape_of(r);
	uint32_t number = (uint32_t)c->head.rules.count;
	struct rule_row *row = &c->row[number];
	struct rule_cold *cold = &c->cold[number];
	size_t regexes = c->regexes, conds = c->conds;

	*row = (struct rule_row){ .protos = s.protos, .action = action_of(r) };
	*cold = (struct rule_cold){ .search_cond = 0xff };
	row->key = (uint64_t)r->gid << 32 | r->sid;
	row->app = app_mask(c, r);
	row->src = compiler_addresses(c, &r->src);
	row->dst = compiler_addresses(c, &r->dst);
	row->sport = compiler_ports(c, &r->sport);
	row->dport = compiler_ports(c, &r->dport);
	row->more |= row->sport || row->dport ? ROW_PORTS : 0;
	lists_set_ports(row, r);
	row->flags |= is_silent(r) ? ROW_NOALERT : 0;
	row->flags |= r->bidirectional ? ROW_BIDIRECTIONAL : 0;
	row->variables = (uint8_t)r->variables;
	row->conds = (uint32_t)c->conds;
	row->packet_conds = option_add_part(c, r, PART_PACKET);
	flow_start(c, r, row);
	row->state_conds = option_add_part(c, r, PART_STATE);
	row->payload_conds = option_add_payload(c, r);
	tx_step(c, r, row);
	if (!row->payload_conds && tx_rule(r))
		any_step(c, row);
	row->shared_conds = option_add_part(c, r, PART_SHARED);
	row->post_conds = option_add_part(c, r, PART_POST);
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
	option_mark_chains(c->cond + row->conds + row->packet_conds + row->state_conds,
			   row->payload_conds);
	row->units = row->payload_conds ? shape_units(&s) : 1u << UNIT_PACKET;
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
	if (c->notes) {
		cold->metadata_json = c->notes[index].metadata_json;
		cold->references_json = c->notes[index].references_json;
	}
	if (frame_of(r) != FRAME_NONE) {
		set_frames(c, r, row, cold, number);
	} else if (tx_rule(r)) {
		set_transaction(c, r, row, cold, number);
	} else if (untracks(r)) {
		lists_add_pre_flow(c, number);
	} else if (!row->app || parsed(c->mask[row->app])) {
		lists_add_entry(c, r, row, cold, number);
		lists_add(c, r, row, number);
	}
	row->reach = (uint8_t)reach_of(row, c->cond + row->conds);
	lists_add_holder(c, row, number);
	c->head.rules.count++;
}
