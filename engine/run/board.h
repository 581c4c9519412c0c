/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - memory that the supervisor and its engine share, beside frames and rings.
 *
 * In and out: where each stands (stop, state), the books that the supervisor closes at each
 * interval, and the engine's counters as JSON for whoever asks the supervisor.
 * What is longer than a word is written under a turn: odd while it is being written, so a reader knows to
 * read again; a writer never waits.  The supervisor trusts nothing in it: lengths are held to their limits.
 *
 * Memory: one shared mapping, made by the supervisor, inherited by every engine.
 * Thread: one writer a part, any number of readers.
 */
#ifndef WEIR_RUN_BOARD_H
#define WEIR_RUN_BOARD_H

#include <stdatomic.h>

#include "engine/capture/live.h"
#include "engine/run/ledger.h"

#define BOARD_TEXT_BYTES (256u << 10)

enum board_state {
	BOARD_STARTING,
	BOARD_RUNNING, /* workers take packets */
	BOARD_DRAINED, /* after a stop: the rings are empty, every flow has ended */
};

struct books_interface {
	char name[LIVE_NAME_BYTES];
	uint32_t mode; /* enum xdp_mode */
	uint32_t step; /* enum xdp_step */
	uint64_t kernel_packets, kernel_drops;
	struct ledger ledger;
};

struct books {
	uint32_t interfaces;
	struct books_interface interface[LIVE_INTERFACES_MAX];
	struct ledger all;
	uint64_t kernel_packets, kernel_drops, kernel_ifdrops;
	uint64_t polls, wakeups, kicks;
	uint32_t engines; /* that were started, one after the other */
	uint32_t broken; /* sums that did not hold, so far */
	bool final; /* nothing will change any more */
};

struct board {
	_Atomic uint32_t stop; /* by the supervisor: empty the rings, end the flows */
	_Atomic uint32_t state; /* by the engine: enum board_state */

	_Alignas(64) _Atomic uint64_t books_turn;
	struct books books;

	_Alignas(64) _Atomic uint64_t text_turn;
	uint32_t text_len;
	char text[BOARD_TEXT_BYTES];
};

/* Returns NULL: no memory. */
struct board *board_new(void);
void board_free(struct board *b);
/* The next engine begins with this. */
void board_restart(struct board *b);

void board_put_books(struct board *b, const struct books *books);
/* False: none were ever put, or they are being written all the time. */
bool board_get_books(struct board *b, struct books *out);

/* Longer text than there is room for is left out whole. */
void board_put_text(struct board *b, const char *text, size_t len);
/* Returns the length, 0: there is none. */
size_t board_get_text(struct board *b, char out[BOARD_TEXT_BYTES]);

#endif
