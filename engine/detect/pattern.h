/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - which bytes of a rule are worth searching for: the rarest, not the longest.
 *
 * In: a rule's contents.  Out: the one whose absence rules most traffic out, and which piece of it.
 * Rarity comes from a constant table of byte pairs (pairs.c), so a rule's plan never depends
 * on what was seen while running.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DETECT_PATTERN_H
#define WEIR_DETECT_PATTERN_H

#include "parser/rule.h"

/* Longer pieces make the search no better: bytes past this are left to the condition. */
#define PATTERN_MAX 8
/* A piece of so few bytes, or of text that the web is full of, is searched for only where there is no better one. */
#define PATTERN_SHORT 3
/*
 * Of rules on transactions the end of what is searched for in payload: where it stands, the whole ends, in whatever bytes
 * the rest has come.
 */
#define PATTERN_END_MAX 16
/* Of a content with one possible place, so many bytes are compared. */
#define PATTERN_FIXED_MAX PATTERN_MAX
#define PATTERN_PLACE_MAX 128
/* A content that must lie in the first bytes of its unit is searched for only there. */
#define PATTERN_HEAD_MAX 512

/* One with so few possible places is compared at each. */
#define PATTERN_FIXED_PLACES 8

extern const char pattern_pairs[256][257];

struct search_pattern {
	const struct rule_option *option; /* NULL: no content to search for */
	unsigned index; /* of the option in the rule */
	struct bytes piece;
	bool nocase;
	bool fixed; /* it can stand at these places only, and is at most PATTERN_FIXED_MAX bytes */
	uint32_t place, places; /* the first, and how many from there on */
	uint32_t head; /* last byte of the piece lies before this byte of the unit; 0: anywhere */
	unsigned rarity; /* half bits */
};

/* Half bits of rarity of a literal. */
unsigned pattern_rarity(struct bytes literal, bool nocase);
/* The rarest piece of at most max bytes. */
struct bytes pattern_piece(struct bytes literal, bool nocase, size_t max);
/* Index of the first byte of a literal's rarest pair, to look for it by. */
unsigned pattern_anchor(struct bytes literal, bool nocase);

/* What of a content the rule's writer wants searched for. */
struct bytes pattern_part(const struct content *c);
/* Where a content can stand, if that is known: at few places it is fixed, and its piece one to compare there. */
struct search_pattern pattern_locate(const struct rule *r, struct search_pattern s);
struct search_pattern pattern_choose(const struct rule *r);
/* Of the other contents that can stand at one place only the rarest; option is NULL where there is none. */
struct search_pattern pattern_beside(const struct rule *r, const struct search_pattern *s);

/* The content can stand at one place only of its buffer. */
bool pattern_place(const struct content *c, uint32_t *out);

#endif
