/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hs.h - searches for many literals at once: the only door to Hyperscan.
 *
 * In: literals with numbers.  Out: a serialized database; opened, it calls back with the number and
 * the end of what it finds, once for each number and search.
 * Hyperscan 5.4 reads up to three bytes past the end of what it is given.  Where that could leave the
 * page, the end is copied first; so data may lie against unmapped memory.
 *
 * Memory: databases where the caller says, working memory from malloc, when rules load; a search allocates nothing.
 * Thread: a database any number of threads; a hs_work one.
 */
#ifndef WEIR_DETECT_HS_H
#define WEIR_DETECT_HS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A library as the databases and codes depend on it: version, and the processor's features. */
#define LIBRARY_IDENTITY_BYTES 160
void hs_identity(char out[LIBRARY_IDENTITY_BYTES]);

struct hs_base; /* a database */
struct hs_work; /* working memory of one thread */

struct hs_literal {
	const uint8_t *data;
	uint16_t len; /* at least 1 */
	bool nocase;
};

/*
 * Number i is literals[i]; a search may also find the number count, which means nothing.  *out is
 * malloc'ed.  On failure *why says what the library did not like.
 */
int hs_build(const struct hs_literal *literals, size_t count, void **out, size_t *len,
	     char why[128]);
/*
 * A database that finds at least whatever a regular expression would (and perhaps more): where it finds
 * nothing, the expression need not be tried.  -EINVAL: Hyperscan cannot say that of this one.
 */
struct hs_regex {
	const char *pattern; /* zero at its end, none within */
	bool nocase, multiline, dotall;
};
int hs_build_filter(const struct hs_regex *regex, void **out, size_t *len);
/*
 * Bytes that a serialized database takes in use, and bringing it there: room is aligned to HS_ALIGN, the caller's, and
 * lasts as long as the database.  -EINVAL: none of this version, or not for this processor.
 */
#define HS_ALIGN 64
int hs_size(const void *serialized, size_t len, size_t *out);
int hs_open(const void *serialized, size_t len, void *room, struct hs_base **out);

/* Working memory for searches in any of the databases (NULLs are fine), one at a time.  *out may hold
 * some already, which then serves these too. */
int hs_work_new(struct hs_base *const *bases, size_t count, struct hs_work **out);
void hs_work_free(struct hs_work *s);

/* Found: literal id ends at to.  Returns 0 to go on. */
typedef int (*hs_found_fn)(unsigned int id, unsigned long long from, unsigned long long to,
			   unsigned int flags, void *ctx);
void hs_search(const struct hs_base *h, struct hs_work *s, const uint8_t *data, size_t len,
	       hs_found_fn found, void *ctx);
/* Whether a filter finds anything. */
bool hs_finds(const struct hs_base *h, struct hs_work *s, const uint8_t *data, size_t len);

#endif
