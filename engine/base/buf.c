/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/buf.h"

static const char hex_digits[] = "0123456789abcdef";

/* Two decimal digits a step: half the divisions. */
const char buf_digit_pairs[201] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

#define U64_DIGITS 20

/* Write v so that it ends before end; returns where it starts. */
static char *put_digits(char *end, uint64_t v)
{
	while (v >= 100) {
		end -= 2;
		buf_pair(end, (unsigned)(v % 100));
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		buf_pair(end, (unsigned)v);
		return end;
	}
	*--end = (char)('0' + v);
	return end;
}

#define FOUR_POWERS(n) n##u, n##0u, n##00u, n##000u

static unsigned digits_of(uint64_t v)
{
	static const uint64_t power[U64_DIGITS] = { 0,
						    10,
						    100,
						    1000,
						    FOUR_POWERS(10000),
						    FOUR_POWERS(100000000),
						    FOUR_POWERS(1000000000000),
						    FOUR_POWERS(10000000000000000) };
	/* A bit is 0.30103 digits, 1233 / 4096; or one digit more. */
	unsigned n = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;

	return n + (v >= power[n]);
}

void buf_u64(struct buf *b, uint64_t v)
{
	unsigned n = digits_of(v);

	if (b->size - b->len < n) {
		b->full = true;
		return;
	}
	put_digits(b->data + b->len + n, v);
	b->len += n;
}

void buf_i64(struct buf *b, int64_t v)
{
	char text[U64_DIGITS + 1];
	char *start;

	/* Negated as unsigned: the least value has no positive twin. */
	start = put_digits(text + sizeof(text), v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	if (v < 0)
		*--start = '-';
	buf_bytes(b, start, (size_t)(text + sizeof(text) - start));
}

/* Room for n bytes to be written in place, or NULL and full. */
static char *reserve(struct buf *b, size_t n)
{
	char *at = b->data + b->len;

	if (b->size - b->len < n) {
		b->full = true;
		return NULL;
	}
	b->len += n;
	return at;
}

void buf_hex(struct buf *b, const uint8_t *data, size_t len)
{
	char *at = len <= SIZE_MAX / 2 ? reserve(b, len * 2) : NULL;

	if (!at)
		return;
	for (size_t i = 0; i < len; i++) {
		*at++ = hex_digits[data[i] >> 4];
		*at++ = hex_digits[data[i] & 15];
	}
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, section 4, with padding. */
void buf_base64(struct buf *b, const uint8_t *data, size_t len)
{
	char *at = len <= SIZE_MAX / 2 ? reserve(b, (len + 2) / 3 * 4) : NULL;

	if (!at)
		return;
	for (; len >= 3; len -= 3, data += 3) {
		uint32_t v = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];

		*at++ = base64_digits[v >> 18];
		*at++ = base64_digits[v >> 12 & 63];
		*at++ = base64_digits[v >> 6 & 63];
		*at++ = base64_digits[v & 63];
	}
	if (len > 0) {
		uint32_t v = (uint32_t)data[0] << 16 | (len == 2 ? (uint32_t)data[1] << 8 : 0);

		*at++ = base64_digits[v >> 18];
		*at++ = base64_digits[v >> 12 & 63];
		*at++ = len == 2 ? base64_digits[v >> 6 & 63] : '=';
		*at++ = '=';
	}
}

/*
 * Length of the valid UTF-8 sequence of two to four bytes at p, or 0: RFC 3629, section 4 (no
 * overlong form, no surrogate, nothing above U+10FFFF).
 */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t n;

	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		if (p[0] == 0xe0)
			low = 0xa0;
		else if (p[0] == 0xed)
			high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		if (p[0] == 0xf0)
			low = 0x90;
		else if (p[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static inline bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u

/* A byte below n in each, as its high bit, where no byte has it: n is at most 128. */
static inline uint64_t below(uint64_t v, uint64_t n)
{
	return ((v | HIGH) - ONES * n) ^ HIGH;
}

/* How many bytes stand as they are. */
static size_t plain_run(const uint8_t *at, size_t len)
{
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t v, odd;

		memcpy(&v, at + n, sizeof(v));
		/* Each is told exactly as long as no byte is above 127, which ends it too. */
		odd = v | below(v, 0x20) | ~below(v, 0x7f) | below(v ^ ONES * '"', 1) |
		      below(v ^ ONES * '\\', 1);
		if (odd & HIGH)
			break;
	}
	while (n < len && is_plain(at[n]))
		n++;
	return n;
}

static void escape_unicode(struct buf *b, uint8_t c)
{
	char *at = reserve(b, 6);

	if (!at)
		return;
	memcpy(at, "\\u00", 4);
	at[4] = hex_digits[c >> 4];
	at[5] = hex_digits[c & 15];
}

/* One byte that cannot stand as it is (RFC 8259, section 7). */
static void escape(struct buf *b, uint8_t c)
{
	static const char letters[] = { '\b', 'b',  '\t', 't', '\n', 'n',  '\f',
					'f',  '\r', 'r',  '"', '"',  '\\', '\\' };

	for (size_t i = 0; i < sizeof(letters); i += 2) {
		if (c == (uint8_t)letters[i]) {
			buf_char(b, '\\');
			buf_char(b, letters[i + 1]);
			return;
		}
	}
	escape_unicode(b, c);
}

void buf_json(struct buf *b, const void *data, size_t len)
{
	const uint8_t *at = data;
	const uint8_t *end = len > 0 ? at + len : at;

	while (at < end) {
		size_t n = plain_run(at, (size_t)(end - at));

		buf_bytes(b, at, n);
		at += n;
		if (at == end)
			break;
		n = utf8_sequence(at, (size_t)(end - at));
		if (n > 0)
			buf_bytes(b, at, n);
		else
			escape(b, *at);
		at += n > 0 ? n : 1;
	}
}
