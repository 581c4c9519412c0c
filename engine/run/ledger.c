/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/ledger.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/run/summary.h"

static const char *const causes[XDP_LOSS__COUNT] = {
	[XDP_LOSS_RING_FULL] = "ring full", [XDP_LOSS_NO_FILL] = "no free frame",
	[XDP_LOSS_TOO_LARGE] = "too large", [XDP_LOSS_REDIRECT] = "redirect error",
	[XDP_LOSS_WORKER] = "worker gone",
};

void ledger_of(const struct xdp_ledger *books, uint64_t nic_lost, struct ledger *out)
{
	*out = (struct ledger){
		.entered = books->entered,
		.inspected = books->inspected,
		.released = books->released,
		.unwanted = books->unwanted,
		.blocked = books->blocked,
		.room = books->room,
		.unsure = books->unsure,
		.nic_lost = nic_lost,
	};
	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++)
		out->lost[i] = books->lost[i];
}

uint64_t ledger_lost(const struct ledger *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++)
		sum += l->lost[i];
	return sum;
}

static int64_t left_over(const struct ledger *l)
{
	return (int64_t)(l->entered - l->inspected - l->released - l->unwanted - l->blocked -
			 ledger_lost(l));
}

bool ledger_settle(struct ledger *l, enum ledger_when when)
{
	l->in_flight = left_over(l);
	if (when == LEDGER_DESERTED && l->in_flight > 0 && (uint64_t)l->in_flight <= l->room) {
		l->lost[XDP_LOSS_WORKER] += (uint64_t)l->in_flight;
		l->in_flight = 0;
	}
	l->holds = when == LEDGER_RUNNING ? l->in_flight >= 0 && (uint64_t)l->in_flight <= l->room
					  : l->in_flight == 0;
	return l->holds;
}

void ledger_add(struct ledger *sum, const struct ledger *one)
{
	sum->entered += one->entered;
	sum->inspected += one->inspected;
	sum->released += one->released;
	sum->unwanted += one->unwanted;
	sum->blocked += one->blocked;
	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++)
		sum->lost[i] += one->lost[i];
	sum->room += one->room;
	sum->unsure += one->unsure;
	sum->nic_lost += one->nic_lost;
}

char *ledger_text(const struct ledger *l, char text[LEDGER_TEXT_BYTES])
{
	const char *sep = " (";
	char n[6][32];
	FILE *out = fmemopen(text, LEDGER_TEXT_BYTES, "w");

	text[0] = '\0';
	if (!out)
		return text;
	fprintf(out, "%s entered = %s inspected + %s released + %s unwanted + %s blocked + %s lost",
		summary_number(l->entered, n[0]), summary_number(l->inspected, n[1]),
		summary_number(l->released, n[2]), summary_number(l->unwanted, n[3]),
		summary_number(l->blocked, n[4]), summary_number(ledger_lost(l), n[5]));
	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++) {
		if (!l->lost[i])
			continue;
		fprintf(out, "%s%s %s", sep, summary_number(l->lost[i], n[0]), causes[i]);
		sep = ", ";
	}
	fprintf(out, "%s + %" PRId64 " in flight%s", *sep == ',' ? ")" : "", l->in_flight,
		l->holds ? "" : ": this sum does not hold");
	fclose(out);
	return text;
}
