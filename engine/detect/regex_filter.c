/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/regex_filter.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/ascii.h"
#include "engine/base/buf.h"
#include "parser/rule.h"

/* Longer ones make automata that cost more than they save. */
#define REGEX_MAX 128

/* Nothing in it that has to be understood to be rewritten: quoting, named sets, verbs, zero bytes. */
static bool plain(struct bytes regex)
{
	static const char *const hard[] = { "\\Q", "[:", "(*", "(?#", "(?x" };

	if (memchr(regex.data, 0, regex.len))
		return false;
	for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
		if (memmem(regex.data, regex.len, hard[i], strlen(hard[i])))
			return false;
	}
	return true;
}

static bool is_name(uint8_t c)
{
	return c == '_' || ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Behind the groups that begin there, named ones, too; 0: nothing that is known. */
static uint8_t first_of(struct cursor *in)
{
	uint8_t before = 0, c = cursor_u8(in);

	while (c == '(' || c == '?' || c == ':' || (before == '?' && (c == 'P' || c == '<'))) {
		while (c == '<' && is_name(cursor_left(in) ? *in->at : 0))
			(void)cursor_u8(in);
		if (c == '<' && cursor_u8(in) != '>')
			return 0;
		before = c == 'P' ? '?' : c;
		c = cursor_u8(in);
	}
	return c;
}

/*
 * PCRE2 finds a first literal as fast as memchr does, and an anchored expression is tried once.  What
 * begins with a set of characters may begin everywhere: that is where a filter pays.
 */
bool regex_filter_pays(struct bytes regex, uint32_t options)
{
	struct cursor in = cursor_of(regex);
	uint8_t first, second;

	if ((options & (PCRE_A | PCRE_X)) || !regex.len || regex.len > REGEX_MAX || !plain(regex))
		return false;
	first = first_of(&in);
	second = cursor_u8(&in);
	if (first == '\\')
		return second && strchr("dDsSwWNhHvVR", second);
	return first == '[' || first == '.';
}

/* \x{41} and the like: braces that are no repeat. */
static void copy_braces(struct cursor *in, struct buf *out)
{
	uint8_t c;

	if (!cursor_left(in) || *in->at != '{')
		return;
	do {
		c = cursor_u8(in);
		buf_char(out, (char)c);
	} while (c != '}' && cursor_left(in));
}

static void copy_if(struct cursor *in, struct buf *out, uint8_t c)
{
	if (cursor_left(in) && *in->at == c)
		buf_char(out, (char)cursor_u8(in));
}

/* A counted repeat at *in, of which '{' has been taken: its least count, and the cursor after it. */
static bool read_repeat(struct cursor *in, unsigned *least)
{
	struct cursor at = *in;
	unsigned n = 0, digits = 0;
	uint8_t c;

	for (c = cursor_u8(&at); c >= '0' && c <= '9' && digits < 6; c = cursor_u8(&at), digits++)
		n = n * 10 + c - '0';
	if (!digits)
		return false;
	if (c == ',') {
		do
			c = cursor_u8(&at);
		while (c >= '0' && c <= '9');
	}
	if (c != '}')
		return false;
	*in = at;
	*least = n;
	return true;
}

/* Counted repeats make large automata: a filter may as well take a few, or more. */
#define REPEAT_MAX 4u

/* The expression with each repeat as "at least so many, at most REPEAT_MAX": it finds no less. */
char *regex_filter_text(struct bytes regex)
{
	struct buf out = { .size = regex.len * 3 + 8 };
	struct cursor in = cursor_of(regex);
	bool set = false;

	out.data = malloc(out.size);
	if (!out.data)
		return NULL;
	while (cursor_left(&in)) {
		uint8_t c = cursor_u8(&in);
		unsigned least;

		if (c == '{' && !set && read_repeat(&in, &least)) {
			buf_char(&out, '{');
			buf_u64(&out, least < REPEAT_MAX ? least : REPEAT_MAX);
			buf_text(&out, ",}");
			continue;
		}
		buf_char(&out, (char)c);
		if (c == '\\' && cursor_left(&in)) {
			c = cursor_u8(&in);
			buf_char(&out, (char)c);
			if (strchr("xpPogkN", c))
				copy_braces(&in, &out);
		} else if (c == '[' && !set) {
			set = true;
			copy_if(&in, &out, '^');
			copy_if(&in, &out, ']');
		} else if (c == ']') {
			set = false;
		}
	}
	buf_char(&out, '\0');
	return out.data;
}
