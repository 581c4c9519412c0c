/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitter.h - cuts the bytes of a capture file into frames.
 *
 * In: the bytes of one file, in order, in pieces of any size.  Out: a frame for each packet; the
 * frame's number and interface are the caller's to fill in.
 * pcap in both byte orders, with micro- or nanoseconds, and with the longer record header of
 * Kuznetzov's patch; pcapng with any number of sections and interfaces.
 *
 * An unfinished record stays in *in and is looked at again when there is more of it; it is never
 * longer than SPLITTER_RECORD_MAX.
 *
 * Memory: embedded in the caller's storage, nothing to free.  Frames point into the input.
 * Thread: one at a time.
 * Specification: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#ifndef WEIR_CAPTURE_SPLITTER_H
#define WEIR_CAPTURE_SPLITTER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/bytes.h"
#include "engine/base/frame.h"

/* Captured bytes of one packet; the limit that libpcap has for nearly all link types. */
#define SPLITTER_PACKET_MAX 262144u
/* A record with all its headers and options. */
#define SPLITTER_RECORD_MAX (512u * 1024)
#define SPLITTER_INTERFACES_MAX 4096u
#define SPLITTER_ERROR_BYTES 256

enum split {
	SPLIT_FRAME, /* *f is filled in; call again */
	SPLIT_MORE, /* nothing whole left in *in; call again with more */
	SPLIT_BAD, /* no capture file, or damaged: see error; call no more */
};

enum split_format { SPLIT_FORMAT_UNKNOWN, SPLIT_FORMAT_PCAP, SPLIT_FORMAT_PCAPNG };

struct split_interface {
	uint32_t link;
	uint32_t snaplen; /* 0: none */
	uint64_t units; /* of time, in a second */
	int64_t offset_s;
};

struct splitter {
	enum split_format format;
	bool big_endian; /* the file, or the section */
	bool long_header; /* pcap: Kuznetzov's records */
	uint16_t minor; /* pcap: of the version */
	uint64_t offset; /* in the file, of the next byte */
	uint64_t packets; /* so far */
	uint64_t skip; /* bytes of an unread block still to come */
	uint64_t skip_from; /* offset of that block */
	int64_t time_ns; /* of the last packet */
	unsigned interface_count;
	struct split_interface interfaces[SPLITTER_INTERFACES_MAX];
	char error[SPLITTER_ERROR_BYTES]; /* without the file's name */
};

void splitter_init(struct splitter *s);

/* Take records out of *in up to the next packet. */
enum split splitter_next(struct splitter *s, struct bytes *in, struct frame *f);

/* The file is over, with rest left of it.  False, with error filled in: something is missing. */
bool splitter_end(struct splitter *s, struct bytes rest);

#endif
