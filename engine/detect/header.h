/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header.h - whether the headers of rules admit what is looked at, those that are equal all at once.
 *
 * In: rules by number, and the packet as the evaluator has it.  Out: whether flow, direction and other cheap facts, protocol,
 * addresses and ports fit.  A set of some 30,000 rules has some hundred headers, and candidates of one packet a few of
 * them: each is decided once, the others are told by what was found then.
 * Not here: what decides (eval_packet_body.h).
 *
 * Memory: 4 bytes a header, from malloc; numbers of headers are in the block.  Thread: the detector's.
 */
#ifndef WEIR_DETECT_HEADER_H
#define WEIR_DETECT_HEADER_H

#include "engine/detect/block.h"
#include "engine/detect/eval.h"

struct header_memo {
	const uint16_t *of; /* by rule: number of its header; 0: it is decided alone */
	uint32_t
		*known; /* by number: the stamp of when it was decided, and in the lowest bit how */
	uint32_t headers;
	uint32_t stamp;
};

/* Number the headers of so many rows.  Returns 0 or -ENOMEM. */
int header_plan_build(struct block_builder *b, struct block_header *h, const struct rule_row *row,
		      size_t rows);

/* Returns 0 or -ENOMEM. */
int header_memo_init(struct header_memo *m, const struct block_header *b);
void header_memo_fini(struct header_memo *m);
/* Stamps begin again. */
void header_memo_forget(struct header_memo *m);

/* Something else is looked at: another packet, other facts of it, or a transaction of another protocol. */
static inline void header_memo_next(struct header_memo *m)
{
	if (++m->stamp > UINT32_MAX >> 1)
		header_memo_forget(m);
}

static inline bool header_admits(struct header_memo *m, const struct eval *e, uint32_t rule)
{
	const struct rule_row *row = &e->rs->row[rule];
	uint32_t n = m->of[rule];

	if (n && m->known[n] >> 1 == m->stamp)
		return m->known[n] & 1;
	m->known[n] = m->stamp << 1 | ((row->need & e->have) == row->need && eval_header(e, row));
	return m->known[n] & 1;
}

#endif
