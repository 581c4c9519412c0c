/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span.h - a piece of a text that a person wrote.
 *
 * A span points into the text itself, so that a diagnostic can say where it stands.
 * Not here: places (rule_parser.h) and what the words mean.
 *
 * Memory: nothing is owned; a span lives as long as its text.
 * Thread: any.
 */
#ifndef WEIR_PARSER_SPAN_H
#define WEIR_PARSER_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *at;
	size_t len;
};

static inline struct span span_of(const char *at, size_t len)
{
	return (struct span){ at, len };
}

static inline bool span_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static inline bool span_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A letter, a digit, '_', '-' or '.': what names are made of. */
static inline bool span_word(char c)
{
	return span_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-' || c == '.';
}

/* From offset to the end; empty where offset is past it. */
static inline struct span span_from(struct span s, size_t offset)
{
	if (offset > s.len)
		offset = s.len;
	/* NULL is nowhere, and stays there. */
	return span_of(offset ? s.at + offset : s.at, s.len - offset);
}

static inline struct span span_head(struct span s, size_t len)
{
	return span_of(s.at, len < s.len ? len : s.len);
}

static inline const char *span_end(struct span s)
{
	return s.len ? s.at + s.len : s.at;
}

struct span span_trim(struct span s);
bool span_is(struct span s, const char *word);
bool span_is_nocase(struct span s, const char *word);
bool span_starts(struct span s, const char *word);

/* Where c stands in s, or s.len. */
size_t span_find(struct span s, char c);

/*
 * Cut the next item off *rest at sep, trimmed.  False when nothing is left; an empty item
 * between two separators is an item.
 */
bool span_next(struct span *rest, char sep, struct span *item);

/* Decimal digits and nothing else, in 64 bits. */
bool span_u64(struct span s, uint64_t *out);
/* Hexadecimal digits and nothing else, in 64 bits. */
bool span_hex(struct span s, uint64_t *out);
/* Decimal, with an optional sign. */
bool span_i64(struct span s, int64_t *out);

#endif
