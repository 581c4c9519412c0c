/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_text.h - what the parts that put in words what a condition met share.
 *
 * In: a condition that was tried, and the evaluator as it was then.  Out: text added to the condition's detail, how near it
 * was, and where.  The evaluator has decided; here it is only looked where else in the bytes a content or a match would
 * have been, so that a near miss can be told.
 * By part: conditions on bytes (explain_bytes.c), on packets and state (explain_packet.c), the rest (explain_text.c).
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_DETECT_EXPLAIN_TEXT_H
#define WEIR_DETECT_EXPLAIN_TEXT_H

#include "engine/detect/explain.h"

/* Add to the detail; what does not fit is cut. */
void explain_say(struct explain_cond *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline const char *explain_many(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* Index into the bytes -> place in the unit. */
static inline uint64_t explain_place(const struct explain_met *m, size_t index)
{
	return m->e->origin + index;
}

static inline void explain_locate(const struct explain_met *m, size_t from, size_t to,
				  struct explain_cond *out)
{
	/* Spans are of the payload; of another buffer the place is told in words. */
	if (m->c->buffer != BUFFER_PAYLOAD)
		return;
	out->located = true;
	out->from = explain_place(m, from);
	out->len = (uint32_t)(to - from);
}

/* Of bytes: what failed. */
void explain_content(const struct explain_met *m, struct explain_cond *out);
void explain_pcre(const struct explain_met *m, struct explain_cond *out);
void explain_byte_test(const struct explain_met *m, struct explain_cond *out);
void explain_byte_jump(const struct explain_met *m, struct explain_cond *out);
void explain_isdataat(const struct explain_met *m, struct explain_cond *out);
/* A number could not be read there. */
void explain_not_read(const struct explain_met *m, struct explain_cond *out);

/* Of the packet and what is kept of its flow and hosts: what was met, whether it held or not. */
void explain_packet(const struct explain_met *m, struct explain_cond *out);
void explain_flowbits(const struct explain_met *m, struct explain_cond *out);
void explain_flowint(const struct explain_met *m, struct explain_cond *out);
void explain_xbits(const struct explain_met *m, struct explain_cond *out);
void explain_watch(const struct explain_met *m, struct explain_cond *out);

#endif
