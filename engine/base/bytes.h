/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - borrowed bytes, and a cursor that reads them without running over.
 *
 * In: a pointer and a length.  Out: integers in host order, sub-ranges.
 * The cursor remembers failure: read a header in one breath, check once with
 * cursor_ok().  After a failed read every later read gives 0.
 *
 * Memory: nothing is owned.  Bytes live as long as their lender says.
 * Thread: any.
 */
#ifndef WEIR_BASE_BYTES_H
#define WEIR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ data, len };
}

/* The part of b from offset on, at most len bytes; empty when out of range. */
static inline struct bytes bytes_slice(struct bytes b, size_t offset, size_t len)
{
	if (offset > b.len)
		return (struct bytes){ b.data ? b.data + b.len : NULL, 0 };
	if (len > b.len - offset)
		len = b.len - offset;
	return (struct bytes){ b.data ? b.data + offset : NULL, len };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Unaligned loads.  The caller has checked that the bytes are there. */
static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t load_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static inline struct cursor cursor_of(struct bytes b)
{
	return (struct cursor){ b.data, b.len ? b.data + b.len : b.data, false };
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->at);
}

/* Take n bytes; NULL and failure where there are fewer. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (c->failed || (size_t)(c->end - c->at) < n) {
		c->failed = true;
		return NULL;
	}
	c->at += n;
	return p;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);

	return p ? *p : 0;
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? load_be16(p) : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? load_be32(p) : 0;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);

	return p ? load_le16(p) : 0;
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);

	return p ? load_le32(p) : 0;
}

/* What is left, without taking it. */
static inline struct bytes cursor_rest(const struct cursor *c)
{
	return (struct bytes){ c->at, cursor_left(c) };
}

#endif
