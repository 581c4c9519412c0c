/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pool.h"
#include "engine/detect/candidates.h"
#include "engine/detect/gram.h"
#include "engine/detect/scan_fixed.h"
#include "parser/buffer.h"

#define TRANSACTIONS_USUAL 4096
/* A transaction has a few candidates that wait, as a rule. */
#define RULES_PER_TRANSACTION 2
/* That may wait in one transaction, so that going through them is bounded. */
#define RULES_MAX 1024
/* A rule that sets a flowbit may let others hold, and so on: so many rounds. */
#define ROUNDS_MAX 8
#define SLOT_WORDS 2
/* Pieces of a buffer that may be there several times, searched in one transaction. */
#define PIECES_MAX 4096

enum rule_done {
	RULE_WAITS,
	RULE_HELD,
	RULE_NEVER, /* it cannot hold any more */
};

/* A rule that has held in part, or altogether. */
struct tx_rule {
	uint64_t held; /* bits as of eval_tx() */
	uint32_t rule;
	uint32_t next;
	uint8_t dir;
	uint8_t done; /* enum rule_done */
	uint16_t files; /* that there were when it held */
	uint8_t reserved[4];
};

/* What is remembered of a transaction: app_tx.detect. */
struct tx_state {
	uint64_t searched[2][SLOT_WORDS]; /* by direction: bits of slots that are done with */
	uint32_t rules, rule_count;
	uint32_t next; /* of the same flow */
	uint32_t self;
	uint8_t progress[2]; /* that rules without a pattern have seen */
	uint8_t events[2];
	uint8_t stepped; /* bits of directions: looked at before */
	uint16_t files[2]; /* files_known() then */
	uint16_t news[2];
	uint8_t kit; /* slot of the one it began with */
	uint8_t marked; /* it carries marks of xbits */
	uint8_t reserved;
};

struct tx_inspector {
	struct detect_kit *const *kits;
	struct detect_kit *kit; /* that is used */
	struct tx_work *work; /* the kit's */
	const struct ruleset *rs;
	const struct block_header *block;
	struct tx_hooks hooks;
	struct pool states, rules;
	struct state_table *table;
	uint64_t *limits;
	uint32_t watched;
	bool watch_told;

	/* Headers were decided with these. */
	const struct detect_kit *headers_of;
	unsigned headers_proto;

	/* One step: a transaction in one direction. */
	struct eval *e;
	struct tx_state *state; /* NULL: there was no room */
	const struct tx_way *way;
	unsigned candidates, waits; /* in the kit's arrays */
	bool changed;
	bool only_packet; /* nothing of the transaction is new: rules ROW_WITH_PACKET alone */
	const struct scan_pattern *pattern;
	uint32_t gram_first; /* of them */
	struct memo_entry *memo; /* where what is found is kept, or NULL */
};

/* --- making ------------------------------------------------------------------------------------------- */

static uint32_t transactions(const struct tx_options *opt)
{
	return opt->max_transactions ? opt->max_transactions : TRANSACTIONS_USUAL;
}

uint64_t tx_inspector_bytes(const struct tx_options *opt)
{
	uint32_t n = transactions(opt);

	return pool_bytes(sizeof(struct tx_state), n) +
	       pool_bytes(sizeof(struct tx_rule), n * RULES_PER_TRANSACTION);
}

void tx_inspector_memory(const struct tx_inspector *t, struct memory_use *sum)
{
	memory_use_pool(sum, &t->states);
	memory_use_pool(sum, &t->rules);
}

int tx_inspector_new(const struct tx_options *opt, const struct tx_hooks *hooks,
		     struct tx_inspector **out)
{
	struct tx_inspector *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	t->kits = opt->kits;
	t->hooks = *hooks;
	t->limits = opt->limits;
	t->table = opt->table;
	t->watched = UINT32_MAX;
	err = pool_init(&t->states, sizeof(struct tx_state), transactions(opt));
	if (!err)
		err = pool_init(&t->rules, sizeof(struct tx_rule),
				transactions(opt) * RULES_PER_TRANSACTION);
	if (err)
		goto fail;
	*out = t;
	return 0;
fail:
	tx_inspector_free(t);
	return err;
}

void tx_inspector_free(struct tx_inspector *t)
{
	if (!t)
		return;
	pool_fini(&t->states);
	pool_fini(&t->rules);
	free(t);
}

void tx_use(struct tx_inspector *t, struct detect_kit *k)
{
	t->kit = k;
	t->work = &k->tx;
	t->rs = k->rs;
	t->block = k->rs->block;
}

void tx_watch(struct tx_inspector *t, uint32_t rule)
{
	t->watched = rule;
}

/* --- what is remembered ------------------------------------------------------------------------------- */

static void refused(struct tx_inspector *t)
{
	if (t->limits)
		++*t->limits;
}

static struct tx_rule *rule_at(const struct tx_inspector *t, uint32_t index)
{
	return pool_at(&t->rules, index);
}

static void forget_rules(struct tx_inspector *t, struct tx_state *s)
{
	while (s->rules) {
		uint32_t index = s->rules;

		s->rules = rule_at(t, index)->next;
		pool_put(&t->rules, index);
	}
	s->rule_count = 0;
}

/* The flow's states hang on an entry of its own state, so that they go with it whatever happens. */
static struct tx_state *state_of(struct tx_inspector *t, struct app_tx *tx)
{
	struct state_entry *link;
	struct tx_state *s;
	uint32_t index;

	if (tx->detect)
		return pool_at(&t->states, tx->detect);
	/* Where there is no room for it, the table has counted that. */
	link = state_make(t->table, t->e->flow, STATE_TX, 0, 0);
	if (!link)
		return NULL;
	index = pool_get(&t->states);
	if (!index) {
		refused(t);
		return NULL;
	}
	s = pool_at(&t->states, index);
	*s = (struct tx_state){ .self = index,
				.next = (uint32_t)link->value,
				.kit = (uint8_t)t->kit->slot };
	t->kit->users++;
	link->value = index;
	tx->detect = index;
	return s;
}

static void put_state(struct tx_inspector *t, struct tx_state *s)
{
	uint32_t index = s->self;

	forget_rules(t, s);
	t->kits[s->kit]->users--;
	s->self = 0;
	pool_put(&t->states, index);
}

static bool follow(struct tx_rule *r, const struct detect_successors *by)
{
	const struct detect_successor *to = &by->of[r->rule];

	if (to->rule == UINT32_MAX || (r->done == RULE_WAITS && !to->same))
		return false;
	r->rule = to->rule;
	return true;
}

/* What was searched for is searched for again, as far as it is still there; what has held does not hold twice. */
static void move_state(struct tx_inspector *t, struct tx_state *s,
		       const struct detect_successors *by)
{
	for (uint32_t *link = &s->rules; *link;) {
		struct tx_rule *r = rule_at(t, *link);
		uint32_t index = *link;

		if (follow(r, by)) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		pool_put(&t->rules, index);
		s->rule_count--;
	}
	memset(s->searched, 0, sizeof(s->searched));
	s->stepped = 0;
}

void tx_move(struct tx_inspector *t, struct detect_kit *from, struct detect_kit *to,
	     const struct detect_successors *by)
{
	for (uint32_t i = 1; i <= t->states.high && from->users; i++) {
		struct tx_state *s = pool_at(&t->states, i);

		if (s->self != i || s->kit != from->slot)
			continue;
		move_state(t, s, by);
		s->kit = (uint8_t)to->slot;
		to->users++;
		from->users--;
	}
}

/* Both directions are done with. */
static void forget(struct tx_inspector *t, struct app_tx *tx)
{
	struct tx_state *s = tx->detect ? pool_at(&t->states, tx->detect) : NULL;
	struct state_entry *link;

	if (!s)
		return;
	link = state_find(t->table, t->e->flow, STATE_TX, 0, 0);
	if (!link)
		return;
	if (link->value == s->self) {
		link->value = s->next;
	} else {
		struct tx_state *before = pool_at(&t->states, (uint32_t)link->value);

		while (before->next && before->next != s->self)
			before = pool_at(&t->states, before->next);
		if (before->next == s->self)
			before->next = s->next;
	}
	if (s->marked)
		state_tx_forget(t->table, t->e->flow, tx->id);
	put_state(t, s);
	tx->detect = 0;
}

void tx_flow_end(struct tx_inspector *t, struct flow *f)
{
	struct state_entry *link = f->detect ? state_find(t->table, f, STATE_TX, 0, 0) : NULL;

	while (link && link->value) {
		uint32_t index = (uint32_t)link->value;
		struct tx_state *s = pool_at(&t->states, index);

		link->value = s->next;
		put_state(t, s);
	}
}

bool tx_mark(struct tx_inspector *t, struct app_tx *tx, uint64_t name)
{
	struct tx_state *s = state_of(t, tx);

	if (!s)
		return false;
	s->marked = 1;
	return state_tx_mark(t->table, t->e->flow, name, tx->id);
}

static struct tx_rule *remember(struct tx_inspector *t, uint32_t rule)
{
	struct tx_rule *r;
	uint32_t index;

	if (t->work->entry[rule])
		return rule_at(t, t->work->entry[rule]);
	if (!t->state)
		return NULL;
	index = t->state->rule_count < RULES_MAX ? pool_get(&t->rules) : 0;
	if (!index) {
		refused(t);
		return NULL;
	}
	r = rule_at(t, index);
	*r = (struct tx_rule){ .rule = rule, .next = t->state->rules, .dir = (uint8_t)t->e->dir };
	t->state->rules = index;
	t->state->rule_count++;
	t->work->entry[rule] = index;
	return r;
}

/* --- candidates --------------------------------------------------------------------------------------- */

static void next_step(struct tx_inspector *t)
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
static void add_remembered(struct tx_inspector *t)
{
	uint32_t rules = t->block->rules.count;

	for (uint32_t i = t->state->rules; i; i = rule_at(t, i)->next) {
		struct tx_rule *r = rule_at(t, i);

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

static void on_gram(void *ctx, uint32_t number)
{
	struct tx_inspector *t = ctx;

	on_hit(t->gram_first + number, 0, 0, 0, t);
}

static void search_bytes(struct tx_inspector *t, uint32_t number, struct bytes bytes)
{
	const struct scan_database *db = &t->rs->tx_database[number];

	if (db->grams.count) {
		t->gram_first = db->gram_first;
		gram_search(block_at(t->block, db->grams.offset), t->kit->grams, bytes, on_gram, t);
	}
	if (db->serialized.count)
		hs_search(t->rs->tx_scan[number], t->e->scratch, bytes.data, bytes.len, on_hit, t);
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
		search_bytes(t, slot->database, bytes);
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

	for (uint32_t i = 0; i < t->way->slots.count; i++) {
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

static void add_candidates(struct tx_inspector *t)
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
static bool is_idle(const struct tx_inspector *t)
{
	const uint32_t *rule = block_at(t->block, t->way->always_packet.offset);

	if (t->watched != UINT32_MAX ||
	    (payload_slot(t) && (!t->e->payload_searched || t->work->payloads)))
		return false;
	for (uint32_t i = t->state ? t->state->rules : 0; i; i = rule_at(t, i)->next) {
		const struct tx_rule *r = rule_at(t, i);

		if (!r->done && r->rule < t->block->rules.count &&
		    (t->rs->row[r->rule].more & ROW_WITH_PACKET))
			return false;
	}
	for (uint32_t i = 0; i < t->way->always_packet.count; i++) {
		if (header_admits(&t->kit->header, t->e, rule[i]) &&
		    eval_packet(t->e, &t->rs->row[rule[i]]))
			return false;
	}
	return true;
}

/* --- verifying ---------------------------------------------------------------------------------------- */

static void try_rule(struct tx_inspector *t, uint32_t rule, struct tx_rule *r)
{
	const struct rule_row *row = &t->rs->row[rule];
	uint64_t held = r ? r->held : 0;
	enum tx_answer answer;

	if (rule == t->watched) {
		t->watch_told = true;
		t->hooks.watch(t->hooks.ctx, t->e);
	}
	/* Of one that waits, the packet has been found good before. */
	if (!r) {
		if (!eval_packet(t->e, row)) {
			if (t->e->state_failed)
				t->work->waiting[t->waits++] = rule;
			return;
		}
	}
	t->kit->cost[rule].checks++;
	transform_begin(t->e->transforms);
	t->e->first_file = r ? r->files : 0;
	if (t->e->notes)
		notes_begin(t->e->notes);
	answer = eval_tx(t->e, row, &held);
	if (answer == TX_HOLDS && row->shared_conds && !t->hooks.shared(t->hooks.ctx, rule)) {
		t->work->waiting[t->waits++] = rule;
		return;
	}
	if (answer == TX_NEVER && !r)
		return;
	if (answer == TX_NOT_YET && !held && !(row->flags & ROW_PATTERN) && !row->state_conds)
		return;
	r = remember(t, rule);
	if (r) {
		r->held = held;
		r->done = answer == TX_HOLDS   ? RULE_HELD
			  : answer == TX_NEVER ? RULE_NEVER
					       : RULE_WAITS;
		if (answer == TX_HOLDS)
			r->files = (uint16_t)eval_file_count(t->e->tx, t->e->dir);
	}
	/* Without a place to remember it in, it holds when the transaction is whole, which is once. */
	if (answer == TX_HOLDS && (r || t->e->dir_done))
		t->changed |= t->hooks.match(t->hooks.ctx, rule, t->e->tx);
}

static void verify(struct tx_inspector *t, uint32_t rule)
{
	struct tx_rule *r = t->work->entry[rule] ? rule_at(t, t->work->entry[rule]) : NULL;
	struct rule_cost *cost = &t->kit->cost[rule];
	uint64_t begin;

	if (r && r->done)
		return;
	begin = cost_begin(&t->kit->sampler, cost);
	try_rule(t, rule, r);
	cost_end(cost, begin);
}

static void verify_all(struct tx_inspector *t)
{
	candidates_sort(t->work->candidate, t->candidates);
	t->changed = false;
	for (unsigned i = 0; i < t->candidates; i++)
		verify(t, t->work->candidate[i]);
	for (unsigned round = 0; t->changed && t->waits && round < ROUNDS_MAX; round++) {
		unsigned waits = t->waits;

		t->changed = false;
		t->waits = 0;
		for (unsigned i = 0; i < waits; i++)
			verify(t, t->work->waiting[i]);
	}
}

/* --- one transaction ------------------------------------------------------------------------------------ */

static void tell_watcher(struct tx_inspector *t)
{
	uint16_t app = t->watched != UINT32_MAX ? t->rs->row[t->watched].app : 0;
	const uint64_t *mask = block_at(t->block, t->block->app_masks.offset);

	if (t->watched == UINT32_MAX || t->watch_told || t->rs->row[t->watched].kind != RULE_TX ||
	    !(mask[app] >> t->e->tx->proto & 1))
		return;
	if (t->work->stamps[t->watched] == t->work->stamp && t->work->entry[t->watched] &&
	    rule_at(t, t->work->entry[t->watched])->done)
		return;
	t->hooks.watch(t->hooks.ctx, t->e);
}

static const enum buffer grows[] = { BUFFER_HTTP_REQUEST_BODY, BUFFER_HTTP_RESPONSE_BODY,
				     BUFFER_FILE_DATA };

/* Grows when a file begins, and when its kind is known. */
static uint16_t files_known(const struct app_tx *tx, unsigned dir)
{
	unsigned n = 0;

	for (const struct app_file *f = tx->files; f; f = f->next) {
		if (((f->flags & FILE_TO_CLIENT) != 0) == (dir != 0))
			n += 1 + (f->magic != NULL);
	}
	return (uint16_t)n;
}

static bool took_step(const struct tx_inspector *t)
{
	const struct app_tx *tx = t->e->tx;
	const struct tx_state *s = t->state;
	unsigned dir = t->e->dir;

	return !s || !(s->stepped >> dir & 1) || t->e->dir_done ||
	       s->progress[dir] != tx->progress[dir] || s->events[dir] != tx->events ||
	       s->files[dir] != files_known(tx, dir) || s->news[dir] != tx->news;
}

/* Bytes that nobody has looked at. */
static bool has_fresh(const struct tx_inspector *t)
{
	const struct eval *e = t->e;
	struct app_slice s;

	if (!(e->tx->grown >> e->dir & 1))
		return false;
	for (size_t k = 0; k < sizeof(grows) / sizeof(grows[0]); k++) {
		if (!(buffer_row(grows[k])->directions >> e->dir & 1))
			continue;
		for (unsigned i = 0; i < PIECES_MAX; i++) {
			if (!app_buffer(e->apps, e->flow, e->tx, grows[k], e->dir, i, &s))
				break;
			if (s.fresh < s.data.len)
				return true;
			if (!buffer_row(grows[k])->multiple)
				break;
		}
	}
	return false;
}

/* What grows has been seen as far as it is there. */
static void mark_inspected(struct tx_inspector *t)
{
	struct eval *e = t->e;
	struct app_slice s;

	if (!(e->tx->grown >> e->dir & 1))
		return;
	e->tx->grown &= (uint8_t) ~(1 << e->dir);
	for (size_t k = 0; k < sizeof(grows) / sizeof(grows[0]); k++) {
		if (!(buffer_row(grows[k])->directions >> e->dir & 1))
			continue;
		for (unsigned i = 0; i < PIECES_MAX; i++) {
			if (!app_buffer(e->apps, e->flow, e->tx, grows[k], e->dir, i, &s))
				break;
			app_inspected(e->apps, e->flow, e->tx, grows[k], e->dir, i,
				      s.offset + s.data.len);
			if (!buffer_row(grows[k])->multiple)
				break;
		}
	}
}

/* Some rule holds in part. */
static bool waits(const struct tx_inspector *t, const struct app_tx *tx)
{
	return tx->detect && ((const struct tx_state *)pool_at(&t->states, tx->detect))->rules != 0;
}

/* What headers admit is the same for all transactions of a packet that are of one protocol and ruleset. */
static void keep_headers(struct tx_inspector *t)
{
	if (t->headers_of == t->kit && t->headers_proto == t->e->tx->proto)
		return;
	header_memo_next(&t->kit->header);
	t->headers_of = t->kit;
	t->headers_proto = t->e->tx->proto;
}

static void one_transaction(struct tx_inspector *t, struct app_tx *tx)
{
	struct eval *e = t->e;
	unsigned dir = e->dir;

	e->tx = tx;
	e->dir_done = (tx->flags & APP_TX_DONE << dir) != 0;
	t->way = block_tx_way(t->block, tx->proto, dir);
	if (t->way->slots.count || t->way->always.count || waits(t, tx)) {
		keep_headers(t);
		t->state = state_of(t, tx);
		t->only_packet = !took_step(t) && !has_fresh(t);
		if (t->only_packet && (!(e->payload.len && t->block->tx_payload) || is_idle(t))) {
			tx->grown &= (uint8_t) ~(1 << dir);
			return;
		}
		next_step(t);
		t->watch_told = false;
		if (t->state)
			add_remembered(t);
		add_candidates(t);
		if (t->candidates)
			verify_all(t);
		tell_watcher(t);
		if (t->state) {
			t->state->stepped |= (uint8_t)(1 << dir);
			t->state->progress[dir] = tx->progress[dir];
			t->state->events[dir] = tx->events;
			t->state->files[dir] = files_known(tx, dir);
			t->state->news[dir] = tx->news;
		}
	}
	mark_inspected(t);
	if (e->dir_done)
		tx->flags |= (uint8_t)(APP_TX_INSPECTED << dir);
	if ((tx->flags & APP_TX_INSPECTED) && (tx->flags & APP_TX_INSPECTED << 1))
		forget(t, tx);
}

static void with_its_kit(struct tx_inspector *t, struct app_tx *tx)
{
	const struct tx_state *s = tx->detect ? pool_at(&t->states, tx->detect) : NULL;
	bool other = s && s->kit != t->kit->slot, searched = t->e->payload_searched;

	if (other) {
		t->hooks.use(t->hooks.ctx, t->kits[s->kit]);
		t->e->payload_searched = false;
	}
	one_transaction(t, tx);
	if (other) {
		t->e->payload_searched = searched;
		t->hooks.use(t->hooks.ctx, NULL);
	}
}

void tx_inspect(struct tx_inspector *t, struct eval *e, struct packet *p)
{
	struct app_flow *app = app_flow(e->apps, p->flow);

	if (!app)
		return;
	t->e = e;
	t->headers_of = NULL;
	e->flow = p->flow;
	e->dir = p->direction;
	for (struct app_tx *tx = app->first; tx; tx = tx->next) {
		bool waits = (tx->quiet >> e->dir & 1) && !p->pseudo;

		if (!(tx->flags & APP_TX_INSPECTED << e->dir) && !waits)
			with_its_kit(t, tx);
	}
	e->tx = NULL;
	e->first_file = 0;
}

void tx_pass_by(struct app_engine *apps, const struct packet *p)
{
	struct app_flow *app = p->flow ? app_flow(apps, p->flow) : NULL;

	for (struct app_tx *tx = app ? app->first : NULL; tx; tx = tx->next) {
		for (unsigned dir = 0; dir < 2; dir++) {
			if (tx->flags & APP_TX_DONE << dir)
				tx->flags |= (uint8_t)(APP_TX_INSPECTED << dir);
		}
	}
}

struct app_tx *tx_current(struct app_engine *apps, const struct flow *f, unsigned dir)
{
	struct app_flow *app = app_flow(apps, f);

	for (struct app_tx *tx = app ? app->first : NULL; tx; tx = tx->next) {
		if (!(tx->flags & APP_TX_INSPECTED << dir))
			return tx;
	}
	return NULL;
}
