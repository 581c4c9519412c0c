/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - why a rule holds or does not: the state of each of its conditions.
 *
 * In: what detector_watch() shows, one try of a rule at a packet or at stream bytes.  Out: each
 * condition in the order of the rule's text, held and where, failed and how near it was, or not
 * evaluable because of one that failed.  The first failure is not the end: what failed is left
 * out, with all that counts from it or uses its number, and the evaluator looks at the rest.
 * It is detection's evaluator with a tracer (eval_body.h); nothing is decided here.
 * Not here: choosing the try that tells most, and printing (engine/cli).
 *
 * Memory: an explainer on the heap, made for one rule; an explanation lives until the next.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_EXPLAIN_H
#define WEIR_DETECT_EXPLAIN_H

#include "engine/detect/eval.h"

#define EXPLAIN_DETAIL_BYTES 192

enum explain_state { EXPLAIN_HELD, EXPLAIN_FAILED, EXPLAIN_NOT_EVALUABLE };

/* How near a condition that failed was. */
enum explain_near {
	EXPLAIN_FAR,
	EXPLAIN_PART, /* the beginning of a content is there, or another number */
	EXPLAIN_ELSEWHERE, /* it is there, but not where it must be, or in other case */
};

struct explain_cond {
	const struct cond *cond;
	uint8_t state; /* enum explain_state */
	uint8_t near; /* enum explain_near */
	uint16_t because; /* not evaluable: index of the condition that failed */
	bool located; /* from and len say where, in the unit (payload or stream) */
	uint64_t from;
	uint32_t len;
	char detail[EXPLAIN_DETAIL_BYTES]; /* "" where there is nothing to say */
};

struct explanation {
	bool held; /* every condition did: detection says the same */
	bool stale; /* they did, but in stream bytes that were inspected before */
	bool in_stream;
	bool has_bytes; /* there were bytes to look at */
	uint64_t origin; /* of the bytes from the unit's start */
	size_t bytes;
	unsigned held_count, failed_count;
	unsigned weight; /* of what held: among tries with as many held, the greater tells more */
	unsigned count;
	struct explain_cond cond[];
};

struct explainer;

int explainer_new(const struct ruleset *rs, uint32_t rule, struct explainer **out);
void explainer_free(struct explainer *x);

/* Conditions of the rule; and each one's text as the rule has it, modifiers included. */
unsigned explainer_conditions(const struct explainer *x);
const char *explainer_text(const struct explainer *x, unsigned index);
/* The rule's threshold or detection_filter as it is written, or NULL. */
const char *explainer_threshold(const struct explainer *x);

size_t explanation_size(const struct explainer *x);

/* Evaluate what detector_watch() shows.  The header must admit the packet. */
const struct explanation *explain(struct explainer *x, struct eval *e);

/* The first part of the rule's header that does not admit the packet. */
enum eval_refusal explain_header(const struct explainer *x, const struct packet *p);

/* For explain.c: text on what a condition met. */
struct explain_met {
	const struct eval *e;
	const struct cond *c;
	size_t from, to; /* where it held, or the place that it was looked for in */
	uint64_t value; /* the number read, where there is one */
};
void explain_held(const struct explain_met *m, struct explain_cond *out);
void explain_failed(const struct explain_met *m, struct explain_cond *out);

#endif
