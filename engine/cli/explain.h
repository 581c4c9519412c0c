/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - what `weir explain` has found out, between the command that gathers and the one that prints.
 *
 * In: a rule and a capture (explain.c).  Out: for each flow the try of the rule that tells most, as text
 * or as JSON (explain_print.c).
 *
 * Memory: heap; a flow's note lives to the end of the run.
 * Thread: one.
 */
#ifndef WEIR_CLI_EXPLAIN_H
#define WEIR_CLI_EXPLAIN_H

#include <stdio.h>

#include "engine/detect/explain.h"

#define EXPLAIN_ALERTS_KEPT 16
#define EXPLAIN_FLOWS_SHOWN 10

/* Captured packets from..to hold some bytes; 0: not known. */
struct packet_span {
	uint64_t first, last;
};

/* One try of the rule. */
struct attempt {
	struct explanation *what;
	uint64_t packet; /* with which it was made; 0: at the flow's end */
	uint8_t direction; /* 1: to the client */
	bool alerted;
	bool has_threshold;
	bool threshold_held;
	const char *note; /* why it held and there is no alert, NULL: nothing to say */
	char threshold_detail[96];
	struct packet_span data; /* of the bytes looked at */
	struct packet_span *spans; /* by condition; filled in at the flow's end */
};

/* Where a direction's stream bytes were captured. */
struct segment_note {
	uint64_t offset;
	uint64_t packet;
	uint32_t len;
};

struct segment_list {
	struct segment_note *list;
	size_t count, room;
};

/* A flow, or all packets that belong to none. */
struct flow_note {
	uint64_t number; /* its order */
	uint64_t id; /* EVE's flow_id; 0: packets without a flow */
	struct ip_addr client, server;
	uint16_t client_port, server_port;
	uint8_t proto, ip_version;
	uint64_t packets, admitted;
	uint8_t refused; /* enum eval_refusal: of what came nearest */
	uint64_t released_at[2]; /* by direction: the first packet that was only counted; 0: none */
	uint64_t decided_at; /* packet from which on it was not inspected; 0: to its end */
	struct segment_list segments[2];
	struct attempt best;
	uint64_t alerts;
	uint64_t alert[EXPLAIN_ALERTS_KEPT]; /* packets; 0: at the flow's end */
};

struct explain_report {
	const struct explainer *x;
	const struct ruleset *rules;
	uint32_t rule;
	const char *capture_name;
	struct flow_note **flows; /* in the order of their first packets */
	size_t flow_count;
	uint64_t packets;
	uint64_t wanted_flow; /* show this alone; 0: all */
	bool all; /* however many */
};

/* More telling first. */
int attempt_compare(const struct attempt *a, const struct attempt *b);

void explain_print_text(const struct explain_report *r, FILE *out);
void explain_print_json(const struct explain_report *r, FILE *out);

#endif
