/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_record.h"

#define NS_PER_S 1000000000LL
/* On interfaces the writer is called when this part of a ring is full; it looks by itself now and then. */
#define CALLING_PART 4

struct record *worker_record_begin(struct worker *w, enum record_kind kind)
{
	struct record *rec = (struct record *)w->body.data;

	w->body.len = sizeof(*rec);
	w->body.full = false;
	w->lines = 0;
	*rec = (struct record){ .kind = (uint8_t)kind, .rule = RECORD_RULE_NONE };
	return rec;
}

size_t worker_line_begin(struct worker *w)
{
	size_t at = w->body.len;
	static const struct record_line none;

	buf_bytes(&w->body, &none, sizeof(none));
	return at;
}

void worker_line_end_when(struct worker *w, size_t at, unsigned output, enum record_when when)
{
	static const char zeros[8];
	struct record_line line = { .output = (uint16_t)output, .when = (uint16_t)when };

	if (w->body.full || w->body.len == at + sizeof(line)) {
		/* Too long, or nothing was written: a line is written whole or not at all. */
		w->lost_records += w->body.full;
		w->body.len = at;
		w->body.full = false;
		return;
	}
	line.len = (uint32_t)(w->body.len - at - sizeof(line));
	memcpy(w->body.data + at, &line, sizeof(line));
	buf_bytes(&w->body, zeros, -w->body.len & 7);
	if (w->body.full) {
		w->lost_records++;
		w->body.len = at;
		w->body.full = false;
		return;
	}
	w->lines++;
}

void worker_line_end(struct worker *w, size_t at, unsigned output)
{
	worker_line_end_when(w, at, output, RECORD_ALWAYS);
}

void worker_call_writer(struct workers *all)
{
	if (!atomic_exchange_explicit(&all->called, true, memory_order_acq_rel))
		sem_post(&all->call);
}

void workers_wait(struct workers *all, long ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	(void)sem_clockwait(&all->call, CLOCK_MONOTONIC, &until);
	atomic_store_explicit(&all->called, false, memory_order_release);
}

/*
 * Room in the ring, waited for: NULL where nobody takes records any more.  The writer may be waiting for a
 * worker that waits for its turn behind this one; so it is told how far this one has come.
 */
static void *wait_for_room(struct worker *w, uint64_t size)
{
	unsigned spins = 0;
	void *room = record_ring_reserve(&w->ring, size);

	if (!room) {
		worker_publish(w, record_key_step(&w->key));
		worker_call_writer(w->all);
	}
	while (!room && !atomic_load_explicit(&w->all->abandoned, memory_order_relaxed)) {
		worker_nap(&spins);
		room = record_ring_reserve(&w->ring, size);
	}
	return room;
}

static void hand_over(struct worker *w, uint64_t size)
{
	record_ring_commit(&w->ring, size);
	if (w->live && record_ring_held(&w->ring) > w->ring.size / CALLING_PART)
		worker_call_writer(w->all);
}

void worker_record_commit(struct worker *w)
{
	struct record *rec = (struct record *)w->body.data;
	void *room;

	if (w->lines == 0)
		return;
	rec->lines = w->lines;
	rec->size = (uint32_t)w->body.len;
	rec->key = w->key;
	room = wait_for_room(w, rec->size);
	if (!room)
		return;
	memcpy(room, rec, rec->size);
	hand_over(w, rec->size);
}

void worker_emit_fact(struct worker *w, const struct fact *f)
{
	static_assert(sizeof(struct record) % 8 == 0 && sizeof(*f) % 8 == 0, "records are aligned");
	const uint32_t size = sizeof(struct record) + sizeof(*f);
	struct record *rec = wait_for_room(w, size);

	if (!rec)
		return;
	rec->size = size;
	rec->lines = 1;
	rec->key = w->key;
	rec->kind = RECORD_FACT;
	memcpy(rec + 1, f, sizeof(*f));
	hand_over(w, size);
}
