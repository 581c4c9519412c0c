/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h - compiled rulesets kept in files, so that the same rules load without compiling.
 *
 * In: rules, a folder.  Out: the block that an earlier run made of the very same rules, if it is there and whole.
 * A file's name is the digest of all that the block depends on: every rule's text and place, what its
 * variables, classification and references came to, this very build of Weir, the versions of
 * Hyperscan and PCRE2, and the processor's features.  So a file is never out of date: what changed has another name.
 * Not here: the owner's other duties.  A cache is a convenience: nothing that goes wrong with it is an error,
 * the rules are compiled.  A folder that cannot be written, a file cut short, a bit that fell over: all the same.
 *
 * Trust: the block's offsets are followed without looking at them again.  So a file is read only if it is a regular
 * file of the user who runs Weir, which nobody else can write, and its checksum over every byte is right.  The
 * checksum finds damage; what keeps others out is the owner and the mode (0600, folder 0700).
 *
 * Memory: cache_load() returns malloc'ed memory.
 * Thread: any; processes may share a folder: files appear whole, by rename().
 */
#ifndef WEIR_DETECT_CACHE_H
#define WEIR_DETECT_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "parser/rule.h"

/* Fewer rules than this compile about as fast as a file is read, and are not worth one. */
#define CACHE_RULES_MIN 100u
/* The newest files, in the order of their last use, so many and so much at most; older ones are removed. */
#define CACHE_FILES_MAX 32u
#define CACHE_BYTES_MAX (512ull << 20)

#define CACHE_DIGEST_BYTES 32
/* In hexadecimal, the end of its name, the zero byte. */
#define CACHE_NAME_BYTES (2 * CACHE_DIGEST_BYTES + sizeof(".weir"))

struct spread;

struct cache_key {
	uint8_t digest[CACHE_DIGEST_BYTES];
};

/*
 * The key of rules in their order of inspection.  Returns 0, -ENOMEM, or -ENOTSUP: SHA-256 is not to be had, or this
 * program has no build ID (ld --build-id), so that nothing would tell it from its next build.
 */
int cache_key_of(const struct rule *const *rule, size_t rules, bool without_texts,
		 struct cache_key *out);
/*
 * A key of anything, for what is to be kept beside rulesets: what this program is, then what is put, each piece apart
 * from the next.  NULL is another text than "".  A file: its name and every byte of it (by: who reads it in parts, NULL:
 * nobody else; the digest is the same).  cache_digest_key() ends it, and fails if a file could not be read.  Returns 0, -ENOMEM or -ENOTSUP.
 */
struct cache_digest;
int cache_digest_new(struct cache_digest **out);
void cache_digest_text(struct cache_digest *d, const char *text);
void cache_digest_bytes(struct cache_digest *d, const void *data, size_t len);
void cache_digest_file(struct cache_digest *d, const char *path, const struct spread *by);
int cache_digest_key(struct cache_digest *d, struct cache_key *out);

void cache_name(const struct cache_key *key, char out[CACHE_NAME_BYTES]);

/* Returns 0, -ENOENT, -EPERM (not ours alone to write), -EINVAL (damaged), or another -errno. */
int cache_load(const char *folder, const struct cache_key *key, const struct spread *by,
	       void **block, size_t *size);
/* Makes the folder, writes the file, and removes the oldest beyond the limits.  Returns 0 or -errno. */
int cache_store(const char *folder, const struct cache_key *key, const void *block, size_t size);

#endif
