/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files that travel in a protocol: name, size, digests, state, and the bytes that rules look at.
 *
 * In: file_open(), pieces in order, gaps, file_close() by the protocol.  Out: what the file.* buffers,
 * the keywords filesize, filemd5 ..., EVE's fileinfo and filestore want.
 * Not here: storing on disk (engine/run), rules.
 *
 * Memory: part of the transaction's (app_alloc()); digest contexts from a pool made at start.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_FILE_H
#define WEIR_APP_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum file_state { FILE_OPEN, FILE_CLOSED, FILE_TRUNCATED, FILE_ERROR, FILE_STATE__COUNT };

enum file_flag {
	FILE_TO_CLIENT = 1 << 0,
	FILE_STORE = 1 << 1, /* a rule or the configuration wants it on disk */
	FILE_STORED = 1 << 2,
	FILE_LOGGED = 1 << 3,
	FILE_HAS_GAPS = 1 << 4,
	FILE_MD5 = 1 << 5,
	FILE_SHA1 = 1 << 6,
	FILE_SHA256 = 1 << 7,
};

struct app_file {
	struct app_file *next;
	uint32_t id; /* EVE's file_id, counted in the flow from 0 (the wire knows none) */
	uint16_t flags; /* enum file_flag */
	uint8_t state; /* enum file_state */
	const uint8_t *name;
	uint32_t name_len;
	uint64_t size; /* bytes seen, gaps left out */
	uint64_t start, end; /* byte range in the whole, where the protocol tells (HTTP ranges) */
	bool has_range;
	const char *magic; /* libmagic's words, where somebody asks; NULL: unknown */
	uint8_t md5[16], sha1[20], sha256[32]; /* valid when closed and asked for */
	void *body; /* engine/app/file.c's: digests under way, bytes kept for rules */
};

#endif
