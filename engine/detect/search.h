/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - looks for the search patterns of a class in payload and in streams, in each byte once.
 *
 * In: packets and views of streams, with their class.  Out: rules whose pattern is there.
 * TCP payload that goes on where its stream was is searched when it comes, as it lies in the stream, for the rules on
 * packets and those on streams together.  What is found for the stream is kept until those bytes are inspected;
 * only bytes that came otherwise, or of which too much was found, are searched when they are inspected.
 * Not here: literals that have one place (scan_fixed.h); whether a rule holds.
 *
 * Memory: a pool of what was found, sized at start.  Thread: the worker that owns the flows.
 */
#ifndef WEIR_DETECT_SEARCH_H
#define WEIR_DETECT_SEARCH_H

#include "engine/base/pool.h"
#include "engine/detect/ruleset.h"
#include "engine/stream/stream.h"

struct mpm_work;

/* A rule's pattern is in these bytes, which are of a packet or of a stream. */
typedef void (*search_found_fn)(void *ctx, uint32_t rule, enum unit in);

/* What becomes of a pattern of rules on streams. */
enum search_stream {
	SEARCH_NO_STREAM, /* nothing */
	SEARCH_AS_PACKET, /* payload stands for it */
	SEARCH_VIEW, /* its rules are told */
	SEARCH_KEEP, /* it is kept until its bytes are inspected */
};

struct searcher {
	const struct ruleset *rs; /* in force; the caller's to change, and epoch with it */
	struct mpm_work *work; /* serves all its databases */
	uint16_t epoch; /* what was found under another one is not used */
	struct stream_engine *streams; /* NULL: there are none */
	struct pool kept; /* struct kept_hit */
	search_found_fn found;
	void *ctx;

	/* Of the bytes being searched. */
	const struct scan_pattern *pattern;
	bool packet; /* rules on packets are told */
	uint8_t stream; /* enum search_stream */
	bool across; /* a pattern of a packet may begin before it: look again */
	bool lost; /* there was no room to keep what was found */
	size_t before; /* bytes in front of those that are new */
	uint64_t origin; /* offset of the first byte in its unit */
	uint64_t end; /* and of the last one's successor */
	struct stream_searched *done; /* where it is kept */
	/* While rules are told of a stream: the pattern stands before this offset, and perhaps there once more. */
	uint64_t until;
};

/* Returns 0 or -errno. */
int searcher_init(struct searcher *s, struct stream_engine *streams, uint32_t max_flows);
void searcher_fini(struct searcher *s);
uint64_t searcher_bytes(uint32_t max_flows);

/*
 * The payload of a packet.  for_stream: it stands for the stream too.
 */
void search_packet(struct searcher *s, const struct packet *p, const struct scan_class *c,
		   bool for_stream);
/* Bytes of the stream of p's flow and direction that are about to be inspected. */
void search_view(struct searcher *s, const struct packet *p, const struct stream_view *v,
		 const struct scan_class *c);
/* The flow is going. */
void search_flow_end(struct searcher *s, struct flow *f);

#endif
