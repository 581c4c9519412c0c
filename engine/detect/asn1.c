/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/asn1.h"

#define NESTING_MAX 32
#define TAG_BIT_STRING 3
#define TAG_REAL 9
#define DIGITS_MAX 256

struct value {
	uint8_t class; /* 0: universal */
	bool constructed, indefinite;
	uint32_t tag;
	uint64_t len;
};

/* Identifier and length octets (X.690, 8.1.2 and 8.1.3). */
static bool read_head(struct cursor *c, struct value *v)
{
	uint8_t first = cursor_u8(c), octet;

	v->class = first >> 6;
	v->constructed = (first & 0x20) != 0;
	v->tag = first & 0x1f;
	if (v->tag == 0x1f) {
		v->tag = 0;
		do {
			octet = cursor_u8(c);
			v->tag = v->tag << 7 | (octet & 0x7f);
		} while (cursor_ok(c) && (octet & 0x80));
	}
	octet = cursor_u8(c);
	v->indefinite = octet == 0x80;
	v->len = octet;
	if (octet & 0x80) {
		v->len = 0;
		for (unsigned i = octet & 0x7f; i && cursor_ok(c); i--)
			v->len = v->len >> 56 ? UINT64_MAX >> 8 : v->len << 8 | cursor_u8(c);
	}
	return cursor_ok(c);
}

static bool is_asked(const struct value *v, struct bytes content, unsigned ask, uint32_t limit)
{
	if ((ask & ASN1_OVERSIZE_LENGTH) && v->len > limit)
		return true;
	if (v->class != 0 || v->constructed || !content.len)
		return false;
	if ((ask & ASN1_BITSTRING_OVERFLOW) && v->tag == TAG_BIT_STRING)
		return content.data[0] > (v->len - 1) * 8;
	if ((ask & ASN1_DOUBLE_OVERFLOW) && v->tag == TAG_REAL)
		return (content.data[0] & 0xc0) == 0 && v->len > DIGITS_MAX;
	return false;
}

bool asn1_finds(struct bytes in, unsigned ask, uint32_t limit)
{
	struct bytes left[NESTING_MAX] = { in };
	unsigned depth = 0;

	for (unsigned frames = 0; frames < ASN1_FRAMES_MAX; frames++) {
		struct cursor c;
		struct bytes content;
		struct value v;

		while (!left[depth].len) {
			if (depth-- == 0)
				return false;
		}
		c = cursor_of(left[depth]);
		if (!read_head(&c, &v))
			return false;
		content = cursor_rest(&c);
		if (!v.indefinite)
			content = bytes_slice(content, 0,
					      v.len < content.len ? (size_t)v.len : content.len);
		if (is_asked(&v, content, ask, limit))
			return true;
		left[depth] = bytes_slice(cursor_rest(&c), content.len, in.len);
		if (v.constructed && depth + 1 < NESTING_MAX)
			left[++depth] = content;
	}
	return false;
}
