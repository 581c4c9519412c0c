/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h - every packet that entered the kernel's program, and what became of it.
 *
 * In: the books of an interface as capture reads them (struct xdp_ledger).  Out: what is in flight, and whether
 * the sum holds:
 *	entered = inspected + released + unwanted + blocked + lost, by cause + in flight
 * In flight is never negative, and never more than the rings hold and what entered while the books were
 * read; after a stop it is 0.  What an engine left behind that will not come back is lost with its worker.
 * Not here: reading them; what a network card lost before the program (it stands beside).
 *
 * Thread: any; plain data.
 */
#ifndef WEIR_RUN_LEDGER_H
#define WEIR_RUN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/capture/xdp_load.h"

struct ledger {
	uint64_t entered;
	uint64_t inspected;
	uint64_t released; /* of released flows */
	uint64_t unwanted; /* ruled out by the plan */
	uint64_t blocked;
	uint64_t lost[XDP_LOSS__COUNT];
	uint64_t room; /* packets that may be in flight */
	uint64_t unsure; /* of what went up: could not be read to its end */
	uint64_t nic_lost; /* by the card, before the program: no part of the sum */

	/* By ledger_settle(). */
	int64_t in_flight;
	bool holds;
};

enum ledger_when {
	LEDGER_RUNNING,
	LEDGER_STOPPED, /* nothing enters any more, and an engine has emptied the rings */
	LEDGER_DESERTED, /* the same, and no engine will come for what is in the rings */
};

void ledger_of(const struct xdp_ledger *books, uint64_t nic_lost, struct ledger *out);
/* Fills in in_flight and holds; returns holds. */
bool ledger_settle(struct ledger *l, enum ledger_when when);
uint64_t ledger_lost(const struct ledger *l);
/* sum += one, an interface of several; settle afterwards. */
void ledger_add(struct ledger *sum, const struct ledger *one);

/* "1,234 entered = 1,000 inspected + 200 released + ..."; causes of loss that are not 0.  Returns text. */
#define LEDGER_TEXT_BYTES 512
char *ledger_text(const struct ledger *l, char text[LEDGER_TEXT_BYTES]);

#endif
