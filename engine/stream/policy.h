/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - which bytes a receiver keeps where two segments overlap.
 *
 * Receivers differ; who knows how can hide bytes from whoever guesses otherwise.  The rules
 * are those that Novak and Sturges measured ("Target-Based TCP Stream Reassembly", 2007).
 */
#ifndef WEIR_STREAM_POLICY_H
#define WEIR_STREAM_POLICY_H

#include "engine/stream/stream.h"

/* A segment's bytes: [start, end) as offsets in the stream. */
struct extent {
	uint64_t start;
	uint64_t end;
};

/* The two overlap.  True: the newer segment's bytes take the place of the older one's. */
bool policy_newer_wins(enum stream_policy policy, struct extent older, struct extent newer);

/* Linux, old Linux, Solaris take a RST anywhere in the window; the others at its edge. */
bool policy_rst_in_window(enum stream_policy policy);

#endif
