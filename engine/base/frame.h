/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - what capture hands to decode: one captured frame and what is known of it.
 *
 * Memory: data is borrowed from the capture block or ring; it lives until the
 * batch that the frame came with is finished.
 */
#ifndef WEIR_BASE_FRAME_H
#define WEIR_BASE_FRAME_H

#include <stdint.h>

/* Link types, numbered as in the tcpdump.org registry (LINKTYPE_*). */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_DLT_RAW_12 = 12, /* DLT_RAW where it was 12 */
	LINK_DLT_RAW_14 = 14, /* and 14 (OpenBSD) */
	LINK_RAW = 101,
	LINK_CHDLC = 104,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

/* It may give packets of several address pairs. */
#define FRAME_OF_ALL UINT32_MAX

struct frame {
	const uint8_t *data;
	uint32_t len; /* captured bytes */
	uint32_t wire_len; /* bytes on the wire, at least len */
	int64_t time_ns; /* since 1970, UTC */
	uint64_t number; /* of the packet in this run, from 1: EVE's pcap_cnt */
	enum link_type link;
	uint32_t interface; /* index among the run's inputs */
	uint32_t
		mark; /* enum weir_reason that the kernel would have kept it for (--shadow); 0: none */
	uint32_t owner; /* where workers share blocks: whose it is, or FRAME_OF_ALL */
};

/* Bytes that frame_fetch() asks for at most, and of a line of the cache. */
#define FRAME_FETCH_BYTES 2048u
#define FRAME_FETCH_LINE 64u

/* Another core may have brought its bytes to memory: they are asked for before they are wanted. */
static inline void frame_fetch(const struct frame *f)
{
	for (uint32_t i = 0; i < f->len && i < FRAME_FETCH_BYTES; i += FRAME_FETCH_LINE)
		__builtin_prefetch(f->data + i);
}

#endif
