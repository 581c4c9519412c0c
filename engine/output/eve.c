/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/eve.h"

#include <time.h>

void eve_begin(struct eve *w, struct buf *out)
{
	*w = (struct eve){ .out = out, .start = out->len, .was_full = out->full };
	out->full = false;
	buf_char(out, '{');
}

void eve_end(struct eve *w)
{
	struct buf *out = w->out;

	buf_bytes(out, "}\n", 2);
	if (out->full)
		out->len = w->start;
	else
		out->full = w->was_full;
}

void eve_open(struct eve *w, enum eve_field f)
{
	eve_key(w, f);
	buf_char(w->out, '{');
	w->comma = false;
}

void eve_close(struct eve *w)
{
	buf_char(w->out, '}');
	w->comma = true;
}

void eve_u64(struct eve *w, enum eve_field f, uint64_t v)
{
	eve_key(w, f);
	buf_u64(w->out, v);
}

void eve_bool(struct eve *w, enum eve_field f, bool v)
{
	eve_key(w, f);
	if (v)
		buf_bytes(w->out, "true", 4);
	else
		buf_bytes(w->out, "false", 5);
}

static void quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	buf_json(out, text, strlen(text));
	buf_char(out, '"');
}

void eve_string(struct eve *w, enum eve_field f, const char *text)
{
	eve_key(w, f);
	quoted(w->out, text);
}

void eve_name(struct eve *w, struct bytes name)
{
	if (w->comma)
		buf_char(w->out, ',');
	eve_text_value(w, name);
	buf_char(w->out, ':');
	w->comma = true;
}

void eve_plain(struct eve *w, enum eve_field f, const char *text, size_t len)
{
	struct buf *out = w->out;
	char *at;

	eve_key(w, f);
	if (out->size - out->len < len + 2) {
		out->full = true;
		return;
	}
	at = out->data + out->len;
	at[0] = '"';
	memcpy(at + 1, text, len);
	at[len + 1] = '"';
	out->len += len + 2;
}

void eve_json(struct eve *w, enum eve_field f, const char *json)
{
	eve_key(w, f);
	buf_text(w->out, json);
}

void eve_strings(struct eve *w, enum eve_field f, const char *const *text, unsigned n)
{
	eve_key(w, f);
	buf_char(w->out, '[');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(w->out, ',');
		quoted(w->out, text[i]);
	}
	buf_char(w->out, ']');
}

void eve_base64_value(struct eve *w, const uint8_t *data, size_t len)
{
	buf_char(w->out, '"');
	buf_base64(w->out, data, len);
	buf_char(w->out, '"');
}

void eve_base64(struct eve *w, enum eve_field f, const uint8_t *data, size_t len)
{
	eve_key(w, f);
	eve_base64_value(w, data, len);
}

void eve_hex8(struct eve *w, enum eve_field f, uint8_t v)
{
	eve_key(w, f);
	buf_char(w->out, '"');
	buf_hex(w->out, &v, 1);
	buf_char(w->out, '"');
}

/* RFC 3629, section 4. */
static bool is_utf8(struct bytes b)
{
	size_t i = 0;

	while (i < b.len) {
		uint8_t c = b.data[i++];
		unsigned more = c < 0x80		 ? 0
				: c >= 0xc2 && c <= 0xdf ? 1
				: c >= 0xe0 && c <= 0xef ? 2
				: c >= 0xf0 && c <= 0xf4 ? 3
							 : 4;

		if (more == 4 || b.len - i < more)
			return false;
		if ((c == 0xe0 && b.data[i] < 0xa0) || (c == 0xed && b.data[i] > 0x9f) ||
		    (c == 0xf0 && b.data[i] < 0x90) || (c == 0xf4 && b.data[i] > 0x8f))
			return false;
		while (more-- > 0) {
			if ((b.data[i++] & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

void eve_text_value(struct eve *w, struct bytes text)
{
	bool utf8 = is_utf8(text);

	buf_char(w->out, '"');
	if (utf8)
		buf_json(w->out, text.data, text.len);
	for (size_t i = 0; !utf8 && i < text.len; i++) {
		if (text.data[i] < 0x80) {
			buf_json(w->out, text.data + i, 1);
			continue;
		}
		buf_bytes(w->out, "\\\\x", 3);
		buf_hex(w->out, text.data + i, 1);
	}
	buf_char(w->out, '"');
}

void eve_text(struct eve *w, enum eve_field f, struct bytes text)
{
	eve_key(w, f);
	eve_text_value(w, text);
}

void eve_hex(struct eve *w, enum eve_field f, struct bytes data)
{
	eve_key(w, f);
	buf_char(w->out, '"');
	buf_hex(w->out, data.data, data.len);
	buf_char(w->out, '"');
}

void eve_array(struct eve *w, enum eve_field f)
{
	eve_key(w, f);
	buf_char(w->out, '[');
	w->comma = false;
}

void eve_item(struct eve *w)
{
	if (w->comma)
		buf_char(w->out, ',');
	w->comma = true;
}

void eve_item_open(struct eve *w)
{
	eve_item(w);
	buf_char(w->out, '{');
	w->comma = false;
}

void eve_array_end(struct eve *w)
{
	buf_char(w->out, ']');
	w->comma = true;
}

void eve_mac(struct eve *w, enum eve_field f, const uint8_t mac[6])
{
	eve_key(w, f);
	buf_char(w->out, '"');
	for (unsigned i = 0; i < 6; i++) {
		if (i > 0)
			buf_char(w->out, ':');
		buf_hex(w->out, mac + i, 1);
	}
	buf_char(w->out, '"');
}

void eve_address(struct eve *w, enum eve_field f, const struct ip_addr *a, unsigned ip_version)
{
	struct buf *out = w->out;
	char *at;

	eve_key(w, f);
	if (out->size - out->len < IP_ADDR_TEXT + 2) {
		out->full = true;
		return;
	}
	at = out->data + out->len;
	*at++ = '"';
	at += ip_addr_text(a, ip_version, at);
	*at++ = '"';
	out->len = (size_t)(at - out->data);
}

/*
 * The text of a second, kept: neighbouring records lie in the same few seconds, and localtime_r()
 * takes a lock that all threads share.
 */
struct second {
	int64_t second;
	bool known;
	char date[10]; /* 2010-01-04 */
	char clock[8]; /* 17:29:26 */
	char zone[5]; /* +0000 */
};

#define SECONDS_KEPT 16
#define SECOND_MAX 253402214400 /* 9999-12-31: a year of five digits would need a 32nd character */

static void two_digits(char *at, int v)
{
	at[0] = (char)('0' + v / 10 % 10);
	at[1] = (char)('0' + v % 10);
}

static void second_fill(struct second *s, int64_t second)
{
	time_t t = (time_t)second;
	struct tm tm;
	long offset;

	if (!localtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	two_digits(s->date, (tm.tm_year + 1900) / 100);
	two_digits(s->date + 2, (tm.tm_year + 1900) % 100);
	s->date[4] = '-';
	two_digits(s->date + 5, tm.tm_mon + 1);
	s->date[7] = '-';
	two_digits(s->date + 8, tm.tm_mday);
	two_digits(s->clock, tm.tm_hour);
	s->clock[2] = ':';
	two_digits(s->clock + 3, tm.tm_min);
	s->clock[5] = ':';
	two_digits(s->clock + 6, tm.tm_sec);
	offset = tm.tm_gmtoff / 60;
	s->zone[0] = offset < 0 ? '-' : '+';
	if (offset < 0)
		offset = -offset;
	two_digits(s->zone + 1, (int)(offset / 60));
	two_digits(s->zone + 3, (int)(offset % 60));
	s->second = second;
	s->known = true;
}

/* The second's text, and the microseconds within it. */
static const struct second *second_of(int64_t time_ns, char micros[6])
{
	static _Thread_local struct second kept[SECONDS_KEPT];
	int64_t second = time_ns / 1000000000;
	int64_t rest = time_ns % 1000000000;
	struct second *s;

	if (rest < 0) {
		rest += 1000000000;
		second--;
	}
	if (second > SECOND_MAX)
		second = SECOND_MAX;
	buf_pair(micros + 4, (unsigned)((uint32_t)rest / 1000 % 100));
	buf_pair(micros + 2, (unsigned)((uint32_t)rest / 100000 % 100));
	buf_pair(micros, (unsigned)((uint32_t)rest / 10000000));
	s = &kept[(uint64_t)second % SECONDS_KEPT];
	if (!s->known || s->second != second)
		second_fill(s, second);
	return s;
}

void eve_time_text(int64_t time_ns, char out[EVE_TIME_LEN])
{
	const struct second *s = second_of(time_ns, out + 20);

	memcpy(out, s->date, 10);
	out[10] = 'T';
	memcpy(out + 11, s->clock, 8);
	out[19] = '.';
	memcpy(out + 26, s->zone, 5);
}

void eve_time(struct eve *w, enum eve_field f, int64_t time_ns)
{
	struct buf *out = w->out;
	char *at;

	eve_key(w, f);
	if (out->size - out->len < EVE_TIME_LEN + 2) {
		out->full = true;
		return;
	}
	at = out->data + out->len;
	at[0] = '"';
	eve_time_text(time_ns, at + 1);
	at[EVE_TIME_LEN + 1] = '"';
	out->len += EVE_TIME_LEN + 2;
}

void fast_time_text(int64_t time_ns, char out[FAST_TIME_LEN])
{
	const struct second *s = second_of(time_ns, out + 20);

	memcpy(out, s->date + 5, 2);
	out[2] = '/';
	memcpy(out + 3, s->date + 8, 2);
	out[5] = '/';
	memcpy(out + 6, s->date, 4);
	out[10] = '-';
	memcpy(out + 11, s->clock, 8);
	out[19] = '.';
}
