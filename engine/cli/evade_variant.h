/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evade_variant.h - a capture rewritten so that its end hosts read the same, by one technique.
 *
 * In: frames.  Out: other frames that carry the same bytes between the same hosts: cut, reordered,
 * repeated, fragmented, put into a tunnel; or the same frames with chaff between them, which the hosts
 * drop (RFC 9293, 3.10.7.4: outside the window; RFC 1071: a wrong checksum).
 * Packets that a technique cannot be used on stay as they are.
 * Not here: running rules on them.
 *
 * Memory: a variant owns its frames until variant_fini().
 * Thread: one.
 */
#ifndef WEIR_CLI_EVADE_VARIANT_H
#define WEIR_CLI_EVADE_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/frame.h"
#include "engine/decode/packet.h"

/* A captured frame, and what can be done with it. */
struct source {
	struct frame frame;
	struct packet packet; /* outermost */
	struct bytes datagram; /* IP header and what it announces; empty: it is not taken apart */
	uint16_t header_len; /* IP header, with extension headers */
	bool has_ether_type; /* the two bytes before the datagram */
	bool chosen; /* of a flow that is to be rewritten */
};

/* Look at a frame, whose bytes live as long. */
void source_of(const struct frame *f, struct source *out);
/* The same of what a technique has made: fragments and tunnels are taken apart too, behind their first header. */
void source_of_made(const struct frame *f, struct source *out);

struct variant {
	struct arena bytes;
	struct frame *frame;
	size_t count, room;
	bool no_memory;
};

void variant_init(struct variant *v);
void variant_fini(struct variant *v);

struct technique {
	const char *name, *what;
	bool (*takes)(const struct source *s);
	/* at: from 1 to positions() - 1 of the longest packet; else 0 */
	void (*rewrite)(struct variant *v, const struct source *s, unsigned at);
	unsigned (*positions)(const struct source *s); /* NULL: there is one variant */
};

extern const struct technique techniques[];
extern const unsigned technique_count;

/* Write all of the capture anew.  Returns how many packets the technique was used on. */
size_t variant_make(struct variant *v, const struct technique *t, unsigned at,
		    const struct source *sources, size_t count);

#endif
