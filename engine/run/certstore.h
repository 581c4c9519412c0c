/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certstore.h - certificates of TLS on disk: a chain as PEM (RFC 7468), and beside it what is known of it.
 *
 * In: for each chain a beginning, its texts in pieces, an end.  Out: dir/SECONDS.MICROSECONDS-NUMBER.pem and .meta, a
 * client's with "client-" before; both are written under other names and renamed at the end, whole or not
 * at all.  Nothing of a name comes from the wire.
 * A write that fails (a full disk) gives the chain up, counted.
 *
 * Memory: two open files.
 * Thread: the writer's.
 */
#ifndef WEIR_RUN_CERTSTORE_H
#define WEIR_RUN_CERTSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a run; what comes then is refused, counted. */
#define CERTSTORE_CHAINS_MAX 100000u
#define CERTSTORE_BYTES_MAX (1ull << 30)

enum certstore_step {
	CERTSTORE_BEGIN,
	CERTSTORE_META, /* text of the .meta file */
	CERTSTORE_PEM,
	CERTSTORE_END,
};

/* A piece on its way: this, then len bytes. */
struct certstore_piece {
	int64_t time_ns; /* of the packet with which the rule held */
	uint32_t len;
	uint8_t step; /* enum certstore_step */
	bool client;
};

struct certstore;

/* Makes the directory.  Returns 0 or -errno. */
int certstore_open(const char *dir, struct certstore **out);
void certstore_close(struct certstore *s); /* a chain under way is removed */
void certstore_take(struct certstore *s, const struct certstore_piece *p, const uint8_t *data);

struct certstore_counts {
	uint64_t stored, failed, refused; /* chains; refused: by a limit */
};
struct certstore_counts certstore_counts(const struct certstore *s);

#endif
