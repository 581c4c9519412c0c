/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A cookie: 8 bits of the worker and one more, 24 of the flow's number, 32 of its index. */
#define WORKER_SHIFT 56
#define NUMBER_SHIFT 32
#define NUMBER_MASK 0xffffffu
#define TRIES 100

struct entry {
	_Atomic uint64_t turn; /* odd: being written; 0: never was */
	struct kept_counts counts;
};

struct kept {
	unsigned workers;
	uint32_t flows;
	struct entry *entry;
};

static size_t bytes_of(const struct kept *k)
{
	return (size_t)k->workers * k->flows * sizeof(*k->entry);
}

uint64_t kept_bytes(unsigned workers, uint32_t flows)
{
	const struct kept k = { .workers = workers, .flows = flows };

	return bytes_of(&k);
}

int kept_new(unsigned workers, uint32_t flows, struct kept **out)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	*k = (struct kept){ .workers = workers, .flows = flows };
	k->entry = mmap(NULL, bytes_of(k), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (k->entry == MAP_FAILED) {
		int err = -errno;

		free(k);
		return err;
	}
	*out = k;
	return 0;
}

void kept_free(struct kept *k)
{
	if (!k)
		return;
	munmap(k->entry, bytes_of(k));
	free(k);
}

uint64_t kept_cookie(unsigned worker, uint32_t index, uint64_t number)
{
	return (uint64_t)(worker + 1) << WORKER_SHIFT | (number & NUMBER_MASK) << NUMBER_SHIFT |
	       index;
}

static struct entry *entry_of(const struct kept *k, uint64_t cookie)
{
	uint64_t worker = cookie >> WORKER_SHIFT;
	uint32_t index = (uint32_t)cookie;

	if (worker == 0 || worker > k->workers || index >= k->flows)
		return NULL;
	return &k->entry[(worker - 1) * k->flows + index];
}

void kept_put(struct kept *k, uint64_t cookie, const struct weir_flow *f)
{
	struct entry *e = entry_of(k, cookie);
	uint64_t turn;

	if (!e)
		return;
	turn = atomic_load_explicit(&e->turn, memory_order_relaxed) | 1;
	atomic_store_explicit(&e->turn, turn, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	e->counts = (struct kept_counts){
		.cookie = cookie,
		.way = { f->way[0], f->way[1] },
		.last_ns = f->last_ns,
		.tcp_flags = { (uint8_t)f->tcp_flags[0], (uint8_t)f->tcp_flags[1] },
	};
	atomic_store_explicit(&e->turn, turn + 1, memory_order_release);
}

bool kept_get(const struct kept *k, uint64_t cookie, struct kept_counts *out)
{
	struct entry *e = entry_of(k, cookie);

	for (unsigned i = 0; e && i < TRIES; i++) {
		uint64_t before = atomic_load_explicit(&e->turn, memory_order_acquire);

		if (before == 0)
			return false;
		if (before & 1)
			continue;
		memcpy(out, &e->counts, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&e->turn, memory_order_relaxed) == before)
			return out->cookie == cookie;
	}
	return false;
}
