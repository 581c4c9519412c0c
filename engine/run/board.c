/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/board.h"

#include <string.h>
#include <sys/mman.h>

/* A writer that died in the middle must not hold up the other side. */
#define TRIES 1000

struct board *board_new(void)
{
	struct board *b =
		mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return b == MAP_FAILED ? NULL : b;
}

void board_free(struct board *b)
{
	if (b)
		munmap(b, sizeof(*b));
}

void board_restart(struct board *b)
{
	atomic_store(&b->state, BOARD_STARTING);
	/* A dead engine may have left it odd. */
	atomic_store(&b->text_turn, 0);
}

static uint64_t begin(_Atomic uint64_t *turn)
{
	uint64_t t = atomic_load_explicit(turn, memory_order_relaxed) | 1;

	atomic_store_explicit(turn, t, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	return t;
}

static void end(_Atomic uint64_t *turn, uint64_t t)
{
	atomic_store_explicit(turn, t + 1, memory_order_release);
}

/* Copy while nobody writes; false: no luck. */
static bool copy(_Atomic uint64_t *turn, void *out, const void *in, size_t size)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t before = atomic_load_explicit(turn, memory_order_acquire);

		if (before == 0)
			return false;
		if (before & 1)
			continue;
		memcpy(out, in, size);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(turn, memory_order_relaxed) == before)
			return true;
	}
	return false;
}

void board_put_books(struct board *b, const struct books *books)
{
	uint64_t t = begin(&b->books_turn);

	b->books = *books;
	end(&b->books_turn, t);
}

bool board_get_books(struct board *b, struct books *out)
{
	return copy(&b->books_turn, out, &b->books, sizeof(*out));
}

void board_put_text(struct board *b, const char *text, size_t len)
{
	uint64_t t;

	if (len > BOARD_TEXT_BYTES)
		return;
	t = begin(&b->text_turn);
	memcpy(b->text, text, len);
	b->text_len = (uint32_t)len;
	end(&b->text_turn, t);
}

size_t board_get_text(struct board *b, char out[BOARD_TEXT_BYTES])
{
	uint32_t len;

	for (unsigned i = 0; i < TRIES; i++) {
		if (!copy(&b->text_turn, &len, &b->text_len, sizeof(len)) || len > BOARD_TEXT_BYTES)
			return 0;
		uint32_t again;

		if (copy(&b->text_turn, out, b->text, len) &&
		    copy(&b->text_turn, &again, &b->text_len, sizeof(again)) && again == len)
			return len;
	}
	return 0;
}
