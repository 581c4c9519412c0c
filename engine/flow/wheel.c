/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/flow/table.h"

/* Flows of a slot that shedding looks at before it takes the best of them. */
#define SHED_LOOK 32

void wheel_start(struct wheel *w, int64_t now_ns)
{
	if (w->running)
		return;
	w->running = true;
	w->now_s = now_ns / NS_PER_S;
}

/* The first second at whose tick the deadline has passed. */
static int64_t deadline_second(const struct flow_table *t, const struct flow *f)
{
	return (flow_deadline(t, f) + NS_PER_S - 1) / NS_PER_S;
}

void wheel_insert(struct flow_table *t, struct flow *f)
{
	struct wheel *w = &t->wheel;
	int64_t second = deadline_second(t, f);
	uint32_t index = flow_index(t, f);
	unsigned slot;

	if (second <= w->now_s)
		second = w->now_s + 1;
	if (second > w->now_s + WHEEL_SLOTS - 1)
		second = w->now_s + WHEEL_SLOTS - 1;
	slot = (unsigned)((uint64_t)second % WHEEL_SLOTS);
	f->wheel_slot = (uint16_t)slot;
	f->wheel_prev = 0;
	f->wheel_next = w->head[slot];
	if (f->wheel_next)
		flow_at(t, f->wheel_next)->wheel_prev = index;
	w->head[slot] = index;
	w->busy[slot / 64] |= 1ULL << slot % 64;
}

void wheel_remove(struct flow_table *t, struct flow *f)
{
	struct wheel *w = &t->wheel;
	unsigned slot = f->wheel_slot;

	if (f->wheel_next)
		flow_at(t, f->wheel_next)->wheel_prev = f->wheel_prev;
	if (f->wheel_prev)
		flow_at(t, f->wheel_prev)->wheel_next = f->wheel_next;
	else
		w->head[slot] = f->wheel_next;
	if (!w->head[slot])
		w->busy[slot / 64] &= ~(1ULL << slot % 64);
	f->wheel_prev = 0;
	f->wheel_next = 0;
}

void wheel_move(struct flow_table *t, struct flow *f)
{
	wheel_remove(t, f);
	wheel_insert(t, f);
}

/* Take the whole list out of a slot. */
static uint32_t take_slot(struct wheel *w, unsigned slot)
{
	uint32_t list = w->head[slot];

	w->head[slot] = 0;
	w->busy[slot / 64] &= ~(1ULL << slot % 64);
	return list;
}

/* Take every flow out of the wheel, into one list. */
static uint32_t take_all(struct flow_table *t)
{
	uint32_t all = 0;

	for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
		uint32_t at = take_slot(&t->wheel, slot);

		while (at) {
			struct flow *f = flow_at(t, at);
			uint32_t next = f->wheel_next;

			f->wheel_next = all;
			all = at;
			at = next;
		}
	}
	return all;
}

void wheel_rebuild(struct flow_table *t)
{
	uint32_t all = take_all(t);

	while (all) {
		struct flow *f = flow_at(t, all);

		all = f->wheel_next;
		wheel_insert(t, f);
	}
}

/* The next slot with flows from the one after now on, or -1. */
static int next_busy(const struct wheel *w)
{
	unsigned from = (unsigned)((uint64_t)(w->now_s + 1) % WHEEL_SLOTS);

	for (unsigned i = 0; i <= WHEEL_SLOTS / 64; i++) {
		unsigned word = (from / 64 + i) % (WHEEL_SLOTS / 64);
		uint64_t bits = w->busy[word];

		if (i == 0)
			bits &= ~0ULL << from % 64;
		else if (i == WHEEL_SLOTS / 64)
			bits &= (1ULL << from % 64) - 1;
		if (bits)
			return (int)(word * 64 + (unsigned)__builtin_ctzll(bits));
	}
	return -1;
}

typedef bool (*before_fn)(const struct flow_table *t, const struct flow *a, const struct flow *b);

static bool ends_before(const struct flow_table *t, const struct flow *a, const struct flow *b)
{
	int64_t da = flow_deadline(t, a);
	int64_t db = flow_deadline(t, b);

	return da != db ? da < db : a->number < b->number;
}

static bool began_before(const struct flow_table *t, const struct flow *a, const struct flow *b)
{
	(void)t;
	return a->number < b->number;
}

/*
 * A flow's place is never later than its deadline, so what stands first and belongs there is
 * first.  What has more time moves on, which its next tick would have done as well.
 */
uint32_t wheel_soonest(struct flow_table *t)
{
	struct wheel *w = &t->wheel;
	uint32_t best = 0;
	int slot;

	while (!best && (slot = next_busy(w)) >= 0) {
		uint32_t at = w->head[slot];

		for (unsigned i = 0; at && i < SHED_LOOK; i++) {
			struct flow *f = flow_at(t, at);
			uint32_t index = at;

			at = f->wheel_next;
			wheel_move(t, f);
			if (f->wheel_slot != (unsigned)slot)
				continue;
			if (!best || ends_before(t, f, flow_at(t, best)))
				best = index;
		}
	}
	return best;
}

/* Merge two lists that are in order. */
static uint32_t merge(const struct flow_table *t, uint32_t a, uint32_t b, before_fn before)
{
	uint32_t head = 0;
	uint32_t *tail = &head;

	while (a && b) {
		uint32_t *from = before(t, flow_at(t, b), flow_at(t, a)) ? &b : &a;

		*tail = *from;
		tail = &flow_at(t, *from)->wheel_next;
		*from = *tail;
	}
	*tail = a ? a : b;
	return head;
}

/* Cut the front of a list off where it stops being in order; the rest is left. */
static uint32_t take_run(const struct flow_table *t, uint32_t *list, before_fn before)
{
	uint32_t head = *list;
	struct flow *last = flow_at(t, head);

	while (last->wheel_next && before(t, last, flow_at(t, last->wheel_next)))
		last = flow_at(t, last->wheel_next);
	*list = last->wheel_next;
	last->wheel_next = 0;
	return head;
}

/*
 * Merge sort in place, of runs that are in order already, as most are: run[i] holds 2^i of them or none, as the
 * digits of a number.
 */
static uint32_t sort(const struct flow_table *t, uint32_t list, before_fn before)
{
	uint32_t run[32] = { 0 };
	uint32_t all = 0;

	if (!list || !flow_at(t, list)->wheel_next)
		return list;
	while (list) {
		uint32_t one = take_run(t, &list, before);
		unsigned i = 0;

		for (; run[i]; i++) {
			one = merge(t, run[i], one, before);
			run[i] = 0;
		}
		run[i] = one;
	}
	for (unsigned i = 0; i < 32; i++)
		all = merge(t, run[i], all, before);
	return all;
}

/* Flows that are out of the wheel, in order: each comes to its end. */
static void finish_list(struct flow_table *t, uint32_t list, enum flow_end_reason reason)
{
	while (list) {
		struct flow *f = flow_at(t, list);

		list = f->wheel_next;
		if (list)
			flow_prefetch_end(t, flow_at(t, list));
		/* A list of its own makes the common way out do nothing. */
		f->wheel_prev = 0;
		f->wheel_next = 0;
		f->wheel_slot = (uint16_t)((uint64_t)t->wheel.now_s % WHEEL_SLOTS);
		t->wheel.head[f->wheel_slot] = flow_index(t, f);
		flow_finish(t, f, reason);
	}
}

/* One second passes: its flows end, or go on to the second of their deadline. */
static void one_second(struct flow_table *t)
{
	struct wheel *w = &t->wheel;
	unsigned slot = (unsigned)((uint64_t)++w->now_s % WHEEL_SLOTS);
	uint32_t at = take_slot(w, slot);
	uint32_t ended = 0;

	while (at) {
		struct flow *f = flow_at(t, at);
		uint32_t index = at;

		at = f->wheel_next;
		f->wheel_prev = 0;
		f->wheel_next = 0;
		if ((f->flags & FLOW_TOLD) && deadline_second(t, f) <= w->now_s)
			flow_refresh(t, f, false);
		if (deadline_second(t, f) > w->now_s) {
			wheel_insert(t, f);
		} else {
			f->wheel_next = ended;
			ended = index;
		}
	}
	finish_list(t, sort(t, ended, ends_before), FLOW_END_TIMEOUT);
}

void wheel_advance(struct flow_table *t, int64_t now_s)
{
	struct wheel *w = &t->wheel;

	/* A clock that leaps ends every flow long before it arrives. */
	while (w->now_s < now_s && t->pool.used)
		one_second(t);
	if (w->now_s < now_s)
		w->now_s = now_s;
}

/*
 * Every flow into one of the wheel's slots by when it began, so that slots are in order.  A flow's place in memory goes
 * with when it began, but where the place was used before: so what lies in a slot lies together.
 */
static void sort_by_number(struct flow_table *t)
{
	uint64_t first = UINT64_MAX, last = 0, width;

	for (uint32_t i = 1; i <= flow_last(t); i++) {
		const struct flow *f = flow_at(t, i);

		if (!flow_is_live(f))
			continue;
		first = f->number < first ? f->number : first;
		last = f->number > last ? f->number : last;
	}
	width = last > first ? (last - first) / WHEEL_SLOTS + 1 : 1;
	memset(t->wheel.head, 0, sizeof(t->wheel.head));
	/* From behind, as each goes to the front of its slot. */
	for (uint32_t i = flow_last(t); i > 0; i--) {
		struct flow *f = flow_at(t, i);
		uint32_t *head;

		if (!flow_is_live(f))
			continue;
		head = &t->wheel.head[(f->number - first) / width];
		f->wheel_next = *head;
		*head = i;
	}
	memset(t->wheel.busy, 0, sizeof(t->wheel.busy));
}

void wheel_end_all(struct flow_table *t)
{
	if (!t->pool.used)
		return;
	sort_by_number(t);
	for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
		uint32_t list = sort(t, take_slot(&t->wheel, slot), began_before);

		while (list) {
			struct flow *f = flow_at(t, list);

			list = f->wheel_next;
			/* As if it stood there alone. */
			f->wheel_prev = 0;
			f->wheel_next = 0;
			f->wheel_slot = slot & (WHEEL_SLOTS - 1);
			flow_finish_last(t, f);
		}
	}
}
