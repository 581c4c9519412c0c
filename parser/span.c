/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/span.h"

#include <string.h>
#include <strings.h>

struct span span_trim(struct span s)
{
	while (s.len > 0 && span_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && span_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.len && (s.len == 0 || memcmp(s.at, word, s.len) == 0);
}

bool span_is_nocase(struct span s, const char *word)
{
	return strlen(word) == s.len && (s.len == 0 || strncasecmp(s.at, word, s.len) == 0);
}

bool span_starts(struct span s, const char *word)
{
	size_t len = strlen(word);

	return len <= s.len && (len == 0 || memcmp(s.at, word, len) == 0);
}

size_t span_find(struct span s, char c)
{
	const char *p = s.len ? memchr(s.at, c, s.len) : NULL;

	return p ? (size_t)(p - s.at) : s.len;
}

bool span_next(struct span *rest, char sep, struct span *item)
{
	size_t end;

	if (!rest->at)
		return false;
	end = span_find(*rest, sep);
	*item = span_trim(span_head(*rest, end));
	if (end == rest->len)
		*rest = span_of(NULL, 0);
	else
		*rest = span_from(*rest, end + 1);
	return true;
}

bool span_u64(struct span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!span_digit(s.at[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.at[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

static int hex_digit(char c)
{
	if (span_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool span_hex(struct span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int d = hex_digit(s.at[i]);

		if (d < 0)
			return false;
		v = v << 4 | (uint64_t)d;
	}
	*out = v;
	return true;
}

bool span_i64(struct span s, int64_t *out)
{
	bool minus = s.len > 0 && s.at[0] == '-';
	uint64_t v;

	if (s.len > 0 && (s.at[0] == '-' || s.at[0] == '+'))
		s = span_from(s, 1);
	if (!span_u64(s, &v) || v > INT64_MAX)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}
