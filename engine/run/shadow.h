/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shadow.h - whether what the kernel would keep is what the engine does not inspect (--shadow).
 *
 * In: packets of frames that the kernel has marked (struct frame, mark) once they have been inspected, and
 * what that came to.  Out: counts; the first mistakes, for a person.
 * A mark for a released flow is right where the packet's way is released here.  Any other mark is
 * the plan's, and right where no rule's header admits the packet and no record is made of it.
 * Not here: marks (bpf/), inspection.
 *
 * Memory: embedded in the worker; nothing to free.
 * Thread: the worker; others read after the join.
 */
#ifndef WEIR_RUN_SHADOW_H
#define WEIR_RUN_SHADOW_H

#include <stdio.h>

#include "bpf/weir_xdp.h"
#include "engine/base/counter.h"
#include "engine/detect/detect.h"

#define SHADOW_MISTAKES 8 /* that are kept to be told */

enum shadow_why {
	SHADOW_INSPECTED, /* its flow is not released here */
	SHADOW_ADMITTED, /* a rule's header admits it */
	SHADOW_RECORDED, /* a record wants it */
};

struct shadow_mistake {
	uint64_t number; /* of the packet */
	struct ip_addr src, dst;
	uint16_t sport, dport;
	uint8_t ip_version, proto;
	uint8_t mark; /* enum weir_reason */
	uint8_t why; /* enum shadow_why */
};

struct shadow {
	bool flows_wanted; /* each flow has a record: so no packet of one may be kept by the plan */
	unsigned mistakes;
	struct shadow_mistake mistake[SHADOW_MISTAKES];
};

/* Of a packet that the kernel would have kept. */
void shadow_judge(struct shadow *s, struct counters *counters, const struct packet *p,
		  const struct detect_result *res, bool recorded);

/*
 * Of a packet that has been inspected; recorded: a record was made of it.  Does nothing for one whose
 * frame has no mark.
 */
static inline void shadow_check(struct shadow *s, struct counters *counters, const struct packet *p,
				const struct detect_result *res, bool recorded)
{
	if (p->frame && p->frame->mark >= WEIR_KEPT_FIRST && p->frame->mark < WEIR_LOST_FIRST)
		shadow_judge(s, counters, p, res, recorded);
}

/* The mistakes that were kept, a line each. */
void shadow_print(const struct shadow *s, FILE *out);

#endif
