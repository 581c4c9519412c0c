/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.h - on which sides of the home a packet begins and ends, remembered by its addresses.
 *
 * In: a packet.  Out: two of enum need, as eval_ends() says.
 * What was found is kept for 256 pairs of IPv4 addresses, and found again as long as no other pair took its place.
 *
 * Memory: the kit's, as the answer is its ruleset's.  Thread: its detector's.
 */
#ifndef WEIR_DETECT_ENDS_H
#define WEIR_DETECT_ENDS_H

#include "engine/decode/packet.h"
#include "engine/detect/eval.h"

#define ENDS_KEPT_BITS 8

struct ends_kept {
	struct {
		uint64_t addresses; /* source, destination */
		uint32_t ends; /* enum need; 0: nothing is kept here */
	} pair[1 << ENDS_KEPT_BITS];
};

/* Of e's packet, by e's ruleset, which is the kit's. */
static inline uint32_t ends_ask(struct ends_kept *k, const struct eval *e)
{
	uint64_t addresses = (uint64_t)e->p->src.words[0] << 32 | e->p->dst.words[0];
	unsigned at = (unsigned)(addresses * 0x9e3779b97f4a7c15u >> (64 - ENDS_KEPT_BITS));

	if (e->p->ip_version != 4)
		return eval_ends(e);
	if (k->pair[at].addresses != addresses || !k->pair[at].ends) {
		k->pair[at].addresses = addresses;
		k->pair[at].ends = eval_ends(e);
	}
	return k->pair[at].ends;
}

#endif
