/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - which bytes a receiver keeps where two segments overlap.
 *
 * Receivers differ; who knows how can hide bytes from whoever guesses otherwise.  The idea is
 * of Novak and Sturges ("Target-Based TCP Stream Reassembly", 2007); what each name means is what
 * Suricata 8 does for it, found out by nine overlaps for each (tests/unit/test_stream_policy.c).
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

/*
 * Known of the receiver: what is in order is delivered as it comes, and out of order it keeps a queue as Linux 6 does
 * (tests/evasion asks one).
 */
bool policy_delivers(enum stream_policy policy);

/*
 * Old Linux, Solaris take a RST anywhere in the window; the others at its edge (RFC 5961, section 3.2: Linux since
 * 3.6).
 */
bool policy_rst_in_window(enum stream_policy policy);

#endif
