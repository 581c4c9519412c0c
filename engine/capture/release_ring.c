/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/release_ring.h"

#define MASK (RELEASE_RING_ENTRIES - 1)
_Static_assert((RELEASE_RING_ENTRIES & MASK) == 0, "a power of two");

/* Indices run freely; each has one writer. */
struct ring_end {
	uint32_t index;
	uint32_t reserved;
	uint64_t refused; /* the producer's */
} __attribute__((aligned(64)));

struct release_ring {
	struct ring_end ask_in, ask_out, answer_in, answer_out;
	struct release_request requests[RELEASE_RING_ENTRIES];
	struct release_answer answers[RELEASE_RING_ENTRIES];
};

size_t release_ring_bytes(void)
{
	return sizeof(struct release_ring);
}

static uint32_t load(const struct ring_end *e)
{
	return __atomic_load_n(&e->index, __ATOMIC_ACQUIRE);
}

static void store(struct ring_end *e, uint32_t index)
{
	__atomic_store_n(&e->index, index, __ATOMIC_RELEASE);
}

/* Entries between the ends; what cannot be counts as none. */
static uint32_t filled(const struct ring_end *in, const struct ring_end *out)
{
	uint32_t n = load(in) - load(out);

	return n <= RELEASE_RING_ENTRIES ? n : 0;
}

static bool has_room(struct ring_end *in, const struct ring_end *out)
{
	if (load(in) - load(out) < RELEASE_RING_ENTRIES)
		return true;
	__atomic_store_n(&in->refused, in->refused + 1, __ATOMIC_RELAXED);
	return false;
}

bool release_ring_ask(struct release_ring *r, const struct release_request *q)
{
	uint32_t at = r->ask_in.index;

	if (!has_room(&r->ask_in, &r->ask_out))
		return false;
	r->requests[at & MASK] = *q;
	store(&r->ask_in, at + 1);
	return true;
}

bool release_ring_answer(struct release_ring *r, const struct release_answer *a)
{
	uint32_t at = r->answer_in.index;

	if (!has_room(&r->answer_in, &r->answer_out))
		return false;
	r->answers[at & MASK] = *a;
	store(&r->answer_in, at + 1);
	return true;
}

unsigned release_ring_requests(struct release_ring *r, struct release_request *out, unsigned max)
{
	uint32_t n = filled(&r->ask_in, &r->ask_out), at = r->ask_out.index;

	n = n < max ? n : max;
	for (uint32_t i = 0; i < n; i++)
		out[i] = r->requests[(at + i) & MASK];
	store(&r->ask_out, at + n);
	return n;
}

unsigned release_ring_answers(struct release_ring *r, struct release_answer *out, unsigned max)
{
	uint32_t n = filled(&r->answer_in, &r->answer_out), at = r->answer_out.index;

	n = n < max ? n : max;
	for (uint32_t i = 0; i < n; i++)
		out[i] = r->answers[(at + i) & MASK];
	store(&r->answer_out, at + n);
	return n;
}

void release_ring_reset(struct release_ring *r)
{
	store(&r->ask_out, load(&r->ask_in));
	store(&r->answer_out, load(&r->answer_in));
}

uint64_t release_ring_refused(const struct release_ring *r)
{
	return __atomic_load_n(&r->ask_in.refused, __ATOMIC_RELAXED) +
	       __atomic_load_n(&r->answer_in.refused, __ATOMIC_RELAXED);
}
