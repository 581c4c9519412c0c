/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files that travel in a protocol: name, size, digests, state, and the bytes that rules look at.
 *
 * In: file_open(), pieces in order, gaps, file_close() by the protocol.  Out: what the file.* buffers,
 * the keywords filesize, filemd5 ..., EVE's fileinfo and filestore want.
 * Not here: storing on disk (engine/run, through file_options.store), rules.
 *
 * Memory: part of the transaction's (app_alloc()), digests under way with it.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_FILE_H
#define WEIR_APP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/bytes.h"

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

#define FILE_SIDS_MAX 8

struct app_file {
	struct app_file *next;
	uint32_t id; /* EVE's file_id, counted in the flow from 1 (the wire knows none) */
	uint16_t flags; /* enum file_flag; the digests that are valid when it is closed */
	uint8_t state; /* enum file_state */
	const uint8_t *name;
	uint32_t name_len;
	uint64_t size; /* bytes, gaps counted */
	uint64_t start, end; /* byte range in the whole, where the protocol tells (HTTP ranges) */
	bool has_range;
	const char *magic; /* libmagic's words, where somebody asks; NULL: unknown */
	uint8_t md5[16], sha1[20], sha256[32]; /* valid when closed and asked for */
	uint32_t sid[FILE_SIDS_MAX]; /* of rules that asked for it to be stored */
	uint8_t sids;
	void *body; /* engine/app/file.c's: digests under way, bytes kept for rules */
};

struct flow;

/* What a store is told of a file: its bytes in order, then that it is to be kept, or not. */
enum file_step { FILE_STEP_DATA, FILE_STEP_KEEP, FILE_STEP_DISCARD };
/* The flow with the file's id names it. */
typedef void (*file_store_fn)(void *ctx, const struct flow *flow, const struct app_file *f,
			      enum file_step step, struct bytes data);

enum file_storing {
	FILE_STORE_NEVER,
	FILE_STORE_ASKED, /* those that rules ask for */
	FILE_STORE_ALL,
};

struct file_options {
	uint16_t digests; /* FILE_MD5, FILE_SHA1, FILE_SHA256: of every file */
	uint32_t window; /* bytes behind the inspected edge that a rule sees again */
	uint32_t mail_least; /* of an attachment that is still coming, before rules look at it */
	uint32_t mail_window; /* the same as window, for attachments */
	bool keep; /* rules look at contents */
	bool magic; /* somebody asks what kind of file it is */
	bool asked; /* a rule may ask for files to be stored */
	enum file_storing storing;
};

struct app_ctx;
struct app_tx;
struct app_engine;
struct app_slice;
struct file_engine;
enum buffer;

/* --- for the protocols ------------------------------------------------------------------------- */

/* A file begins in this direction; NULL: no room (counted).  The name is copied. */
struct app_file *file_open(struct app_ctx *c, struct app_tx *tx, unsigned dir, struct bytes name);
/* The protocol itself shows rules the bytes (app_protocol.own_file_data): they are not kept here too. */
void file_is_shown(struct app_file *f);
void file_append(struct app_ctx *c, struct app_tx *tx, struct app_file *f, struct bytes data);
/* len bytes are missing: the digests are of no use, but as a name for what is stored. */
void file_gap(struct app_ctx *c, struct app_tx *tx, struct app_file *f, uint64_t len);
/* No more will come.  truncated: there should have been more. */
void file_close(struct app_ctx *c, struct app_tx *tx, struct app_file *f, bool truncated);

/* --- for the engine ------------------------------------------------------------------------------- */

int file_engine_new(const struct file_options *opt, struct file_engine **out);
void file_engine_free(struct file_engine *e);
/* From the next file on: digests, contents, whether rules ask for files to be stored. */
void file_engine_needs(struct file_engine *e, const struct file_options *opt);

bool file_buffer(const struct app_engine *e, struct app_tx *tx, enum buffer b, unsigned dir,
		 unsigned i, struct app_slice *out);
void file_inspected(struct app_tx *tx, unsigned dir, unsigned i, uint64_t to);
/* The transaction goes: files that are still open are given up. */
void file_free_all(struct app_engine *e, struct app_tx *tx);

/* --- for records --------------------------------------------------------------------------------- */

/* Who is told of files' bytes (file_options.storing). */
void file_store(struct app_engine *e, file_store_fn fn, void *ctx);
/* Rules have had their turn with a file that has ended: it is kept on disk (FILE_STORED), or not. */
void file_decide(struct app_engine *e, struct app_file *f);

#endif
