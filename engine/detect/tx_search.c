/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tx_search.h"

#include <assert.h>
#include <string.h>

#include "engine/detect/scan_fixed.h"

void tx_search_begin(struct tx_inspector *t)
{
	t->candidates = 0;
	t->waits = 0;
	if (++t->work->stamp == 0) {
		memset(t->work->stamps, 0, t->block->rules.count * sizeof(*t->work->stamps));
		t->work->stamp = 1;
	}
}

static void put_candidate(struct tx_inspector *t, uint32_t rule)
{
	t->work->stamps[rule] = t->work->stamp;
	t->work->entry[rule] = 0;
	t->work->candidate[t->candidates++] = rule;
}

static void add_candidate(struct tx_inspector *t, uint32_t rule)
{
	if (t->work->stamps[rule] != t->work->stamp && header_admits(&t->kit->header, t->e, rule))
		put_candidate(t, rule);
}

/* A file that came after the rule held may have it hold once more. */
static void look_at_new_files(struct tx_inspector *t, struct tx_rule *r)
{
	if (eval_file_count(t->e->tx, t->e->dir) <= r->files)
		return;
	r->done = RULE_WAITS;
	r->held &= ~eval_file_groups(t->rs, &t->rs->row[r->rule]);
}

static bool has_needs(const struct tx_inspector *t, uint32_t rule)
{
	uint32_t need = t->rs->row[rule].need;

	return (need & t->e->have) == need;
}

/* Those that wait are tried, as their headers have been found good before; those that are done with are not, whatever is found. */
void tx_search_remembered(struct tx_inspector *t)
{
	uint32_t rules = t->block->rules.count;

	for (uint32_t i = t->state->rules; i; i = tx_rule_at(t, i)->next) {
		struct tx_rule *r = tx_rule_at(t, i);

		if (r->rule >= rules)
			continue;
		if (r->dir != t->e->dir && !(t->rs->row[r->rule].more & ROW_BOTH_WAYS))
			continue;
		if (r->done == RULE_HELD && (t->rs->row[r->rule].more & ROW_FILES))
			look_at_new_files(t, r);
		if (r->done || (t->only_packet && !(t->rs->row[r->rule].more & ROW_WITH_PACKET)))
			t->work->stamps[r->rule] = t->work->stamp;
		else if (t->work->stamps[r->rule] != t->work->stamp && has_needs(t, r->rule))
			put_candidate(t, r->rule);
		t->work->entry[r->rule] = i;
	}
}

static void add_candidates_of(struct tx_inspector *t, uint32_t number)
{
	const struct section *rules = &t->pattern[number].rules[0];
	const uint32_t *rule = block_at(t->block, rules->offset);

	for (uint32_t i = 0; i < rules->count; i++)
		add_candidate(t, rule[i]);
}

static int on_hit(unsigned int id, unsigned long long from, unsigned long long to,
		  unsigned int flags, void *ctx)
{
	struct tx_inspector *t = ctx;

	(void)from;
	(void)to;
	(void)flags;
	if (t->memo)
		memo_add(t->memo, id);
	add_candidates_of(t, id);
	return 0;
}

/* Of what a memo keeps: a rule, and no pattern of the database. */
#define MEMO_RULE (1u << 31)

static void on_fixed(void *ctx, uint32_t rule)
{
	struct tx_inspector *t = ctx;

	if (t->memo)
		memo_add(t->memo, rule | MEMO_RULE);
	add_candidate(t, rule);
}

static void add_known(struct tx_inspector *t)
{
	for (unsigned i = 0; i < t->memo->count; i++) {
		uint32_t found = t->memo->found[i];

		if (found & MEMO_RULE)
			add_candidate(t, found & ~MEMO_RULE);
		else
			add_candidates_of(t, found);
	}
}

/* What grows does not come again. */
static bool is_known(struct tx_inspector *t, const struct tx_slot *slot, const struct app_slice *s,
		     struct bytes bytes)
{
	struct memo *memo = &t->kit->memo;
	bool known = false;

	t->memo = NULL;
	if (slot->database != NO_DATABASE && !(slot->flags & TX_SLOT_GROWS) && !s->offset &&
	    !s->fresh && memo_fits(memo, bytes) && memo_pays(memo, slot->database))
		t->memo = memo_at(memo, slot->database, bytes, &known);
	return known;
}

static void search_piece(struct tx_inspector *t, const struct tx_slot *slot,
			 const struct app_slice *s)
{
	const struct scan_database *db = NULL;
	struct bytes bytes = s->data;

	if (slot->database != NO_DATABASE)
		db = &t->rs->tx_database[slot->database];
	if (slot->transforms)
		bytes = eval_transformed(t->e, slot->transforms, bytes);
	else if (db && s->fresh > db->longest - 1)
		bytes = bytes_slice(bytes, s->fresh - (db->longest - 1), bytes.len);
	if (db && bytes.len < db->shortest)
		db = NULL;
	if (!db && !slot->fixed)
		return;
	if (slot->database != NO_DATABASE)
		t->pattern = block_at(t->block, t->rs->tx_database[slot->database].patterns.offset);
	if (is_known(t, slot, s, bytes)) {
		add_known(t);
		return;
	}
	if (slot->fixed)
		scan_fixed_search(t->block, slot->fixed, s->data, s->offset, s->fresh, on_fixed, t);
	if (db)
		mpm_search(t->rs->tx_scan[slot->database], &t->kit->search, bytes, on_hit, t);
}

/* What was found in the packet, or in what is fresh of the stream, when all payload was searched. */
static void add_found(struct tx_inspector *t)
{
	const struct tx_work *w = t->work;

	for (unsigned i = 0; i < w->payloads; i++) {
		if (t->kit->candidate_why[w->payload[i]] >> t->e->payload_unit & 1)
			add_candidate(t, w->payload[i]);
	}
}

/* What was found in bytes of the stream that are not fresh, as far as they are still there.  False: search them. */
static bool add_found_before(struct tx_inspector *t)
{
	const struct eval *e = t->e;
	uint32_t next;

	if (e->payload_unsure)
		return false;
	for (uint32_t i = e->flow->detect; i; i = next) {
		const struct state_entry *s = state_at(t->table, i);

		next = s->next;
		if (s->kind != STATE_TX_FOUND || s->direction != e->dir)
			continue;
		if (s->value <= e->payload_origin)
			state_remove(t->table, e->flow, STATE_TX_FOUND, e->dir, s->key);
		else if (s->rule >= t->block->rules.count || t->rs->row[s->rule].key != s->key)
			return false;
		else
			add_candidate(t, s->rule);
	}
	return true;
}

/* What comes along is another with each packet, and never whole; a new transaction sees all of it. */
static bool search_payload(struct tx_inspector *t, const struct tx_slot *slot)
{
	bool old = t->state && (t->state->stepped >> t->e->dir & 1);
	struct app_slice s = { .data = t->e->payload };

	if (!s.data.len)
		return false;
	if (t->e->payload_searched) {
		add_found(t);
		if (old || !t->e->payload_fresh || add_found_before(t))
			return false;
		s.data = bytes_slice(s.data, 0, t->e->payload_fresh);
	} else if (old) {
		s.fresh = t->e->payload_fresh;
	}
	search_piece(t, slot, &s);
	return false;
}

/* Search a buffer; true: all that it will ever be was seen. */
static bool search_slot(struct tx_inspector *t, const struct tx_slot *slot)
{
	struct eval *e = t->e;
	bool whole = true;
	struct app_slice s;
	unsigned i;

	if (slot->transforms)
		transform_begin(e->transforms);
	if (slot->buffer == BUFFER_PAYLOAD)
		return search_payload(t, slot);
	for (i = 0; i < PIECES_MAX; i++) {
		if (!app_buffer(e->apps, e->flow, e->tx, (enum buffer)slot->buffer, e->dir, i,
				&s)) {
			if (s.never && !s.again)
				return whole;
			break;
		}
		if (s.fresh < s.data.len || slot->transforms || !s.data.len)
			search_piece(t, slot, &s);
		whole &= s.at_end && !s.again;
		if (!(slot->flags & TX_SLOT_MULTIPLE))
			return whole;
	}
	return e->dir_done || i == PIECES_MAX;
}

/* Of a way the first, as payload is the first of buffers; NULL: there is none. */
static const struct tx_slot *payload_slot(const struct tx_inspector *t)
{
	const struct tx_slot *slot = block_at(t->block, t->way->slots.offset);

	static_assert(BUFFER_PAYLOAD == 0, "slots stand in the order of their buffers");
	return t->way->slots.count && slot->buffer == BUFFER_PAYLOAD ? slot : NULL;
}

static void search(struct tx_inspector *t)
{
	const struct tx_slot *slot = block_at(t->block, t->way->slots.offset);
	uint32_t slots = t->way->slots.count;

	if (app_tx_is_empty(t->e->tx, t->e->dir))
		slots = payload_slot(t) ? 1 : 0;
	for (uint32_t i = 0; i < slots; i++) {
		uint64_t *done = t->state ? &t->state->searched[t->e->dir][i / 64] : NULL;
		uint64_t bit = 1ull << i % 64;

		if (done && (*done & bit))
			continue;
		if (search_slot(t, &slot[i]) && done)
			*done |= bit;
	}
}

/* Rules without a pattern. */
static void add_always(struct tx_inspector *t, const struct section *s)
{
	const uint32_t *rule = block_at(t->block, s->offset);

	for (uint32_t i = 0; i < s->count; i++)
		add_candidate(t, rule[i]);
}

void tx_search(struct tx_inspector *t)
{
	const struct tx_slot *payload = payload_slot(t);

	if (!t->only_packet) {
		search(t);
		add_always(t, &t->way->always);
		return;
	}
	if (payload)
		search_payload(t, payload);
	add_always(t, &t->way->always_packet);
}

/* Of a transaction of which nothing is new: nor may this packet decide anything. */
bool tx_search_idle(const struct tx_inspector *t)
{
	const uint32_t *rule = block_at(t->block, t->way->always_packet.offset);

	if (t->watched != UINT32_MAX ||
	    (payload_slot(t) && (!t->e->payload_searched || t->work->payloads)))
		return false;
	for (uint32_t i = t->state ? t->state->rules : 0; i; i = tx_rule_at(t, i)->next) {
		const struct tx_rule *r = tx_rule_at(t, i);

		if (!r->done && r->rule < t->block->rules.count &&
		    (t->rs->row[r->rule].more & ROW_WITH_PACKET))
			return false;
	}
	for (uint32_t i = 0; i < t->way->always_packet.count; i++) {
		if (has_needs(t, rule[i]) && eval_packet(t->e, &t->rs->row[rule[i]]) &&
		    header_admits(&t->kit->header, t->e, rule[i]))
			return false;
	}
	return true;
}
