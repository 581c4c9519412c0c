/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/owners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 64
#define FRAME_BYTES 128
#define PART 24
#define WORKERS 7
#define KEY 0x5eed

/*
 * Frames, a letter each, all of one pair: of IPv4 "f" first fragment, "m" middle, "l" last, "t" first of a tunnel, "v" last with a
 * VLAN, "o" last with an option, "e" echo; of IPv6 "F" and "L", "N" first of a datagram that is a fragment itself, "D" behind
 * a header that is not read; "q" a frame of MPLS.  "+": a second passes; "|": a block ends; "!": other identification from here on.
 * Expected: "." the worker of the pair, "*" all.
 */
static const struct row {
	const char *frames, *expect;
} rows[] = {
	{ "e", "." },	      { "fl", ".." },
	{ "fml", "..." },     { "fel", "..." },
	{ "flfl", "...." },   { "f!l", "**" },
	{ "f!f!f", "***" },   { "FL", ".." },
	{ "fFlL", "...." },   { "lf", "**" },
	{ "f", "*" },	      { "fe", "*." },
	{ "ffl", "***" },     { "f!f!f!f!f!f!f!f!f!f!f!f!f!f!f!f!f!fl", "*****************.." },
	{ "fll", "..*" },     { "fl!l!fl", "..*.." },
	{ "lfl", "***" },     { "l!fl", "*.." },
	{ "tl", "**" },	      { "tlfl", "****" },
	{ "fv", "**" },	      { "fo", "**" },
	{ "f+l", "**" },      { "f+el", "*.*" },
	{ "f+l!fl", "**.." }, { "f|l", "**" },
	{ "f|lfl", "****" },  { "fl|fl", "...." },
	{ "qfl", "***" },     { "fql", "***" },
	{ "N!FL", "***" },    { "DFL", "***" },
	{ "D|efl", "*.**" },
};

static size_t put4(uint8_t *at, char what, unsigned id)
{
	static const uint8_t head[] = { 0x45, 0, 0,  0, 0, 0, 0,  0, 64, 17,
					0,    0, 10, 0, 0, 1, 10, 0, 0,	 2 };
	unsigned offset = what == 'm' ? PART : strchr("lvo", what) ? 2 * PART : 0;
	bool more = strchr("fmt", what);
	size_t len = sizeof(head);

	/* The last one goes on where the first one ended: "m" stands between them in rows that have it. */
	memcpy(at, head, sizeof(head));
	if (what == 'o') {
		at[0]++;
		memset(at + len, 1, 4);
		len += 4;
	}
	at[5] = (uint8_t)id;
	at[6] = more ? 0x20 : 0;
	at[7] = (uint8_t)(offset / 8);
	memset(at + len, 0, PART);
	if (what == 'e') {
		at[9] = 1;
		at[len] = 8;
	}
	/* Ports: DNS, or VXLAN. */
	at[len + 2] = what == 't' ? 4789 >> 8 : 0;
	at[len + 3] = what == 't' ? 4789 & 0xff : 53;
	len += PART;
	at[3] = (uint8_t)len;
	return len;
}

static size_t put6(uint8_t *at, char what, unsigned id)
{
	uint8_t *x = at + 40;

	memset(at, 0, 40 + 8 + PART);
	at[0] = 0x60;
	at[5] = 8 + PART;
	at[6] = what == 'D' ? 60 : 44;
	at[7] = 64;
	at[8] = at[24] = 0xfd;
	at[23] = 1;
	at[39] = 2;
	x[0] = what == 'N' ? 44 : 17;
	x[3] = what == 'L' ? PART : 1;
	x[7] = (uint8_t)id;
	x[8 + 3] = 53;
	return 40 + 8 + PART;
}

static size_t put(uint8_t *at, char what, unsigned id)
{
	size_t len = 12;

	memset(at, 2, len);
	if (what == 'v') {
		memcpy(at + len, "\x81\0\0\1", 4);
		len += 4;
	}
	memcpy(at + len,
	       strchr("FLND", what) ? "\x86\xdd"
	       : what == 'q'	    ? "\x88\x47"
				    : "\x08\0",
	       2);
	len += 2;
	if (what == 'q')
		return len + put4(at + len, 'e', id);
	return len + (strchr("FLND", what) ? put6(at + len, what, id) : put4(at + len, what, id));
}

/* Of a row without "m" the last fragment follows the first. */
static void close_up(uint8_t *frame, const char *row)
{
	uint8_t *ip = frame + (frame[12] == 0x81 ? 18 : 14);

	if (!strchr(row, 'm') && ip[0] >> 4 == 4 && ip[7] == 2 * PART / 8)
		ip[7] = PART / 8;
}

static void tell(const struct row *row, char *out)
{
	static const struct decode_options decode = { .vxlan = true };
	static const struct defrag_options defrag = { .timeout_ns = 60000000000 };
	static uint8_t bytes[FRAMES][FRAME_BYTES];
	static struct owners o;
	struct frame frames[FRAMES];
	unsigned n = 0, from = 0, id = 1;
	int64_t now_ns = 0;

	owners_init(&o, WORKERS, &decode, &defrag, KEY);
	for (const char *c = row->frames; *c; c++) {
		size_t len;

		if (*c == '+') {
			now_ns += 1000000000;
		} else if (*c == '!') {
			id++;
		} else if (*c == '|') {
			owners_tell(&o, frames + from, n - from);
			from = n;
		} else {
			len = put(bytes[n], *c, id);
			close_up(bytes[n], row->frames);
			frames[n] = (struct frame){ .data = bytes[n],
						    .len = (uint32_t)len,
						    .wire_len = (uint32_t)len,
						    .time_ns = now_ns,
						    .number = n + 1,
						    .link = LINK_ETHERNET };
			n++;
		}
	}
	owners_tell(&o, frames + from, n - from);
	for (unsigned i = 0; i < n; i++) {
		out[i] = frames[i].owner == FRAME_OF_ALL ? '*' : '.';
		assert_true(frames[i].owner == FRAME_OF_ALL || frames[i].owner < WORKERS);
	}
	out[n] = '\0';
}

static void frames_are_whose_they_should_be(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char is[FRAMES + 1];

		tell(&rows[i], is);
		if (strcmp(is, rows[i].expect) != 0) {
			print_error("%s: is %s, expected %s\n", rows[i].frames, is, rows[i].expect);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* What comes within a second must be in time. */
static void short_timeouts_send_all_to_all(void **state)
{
	static const struct decode_options decode = { .vxlan = true };
	struct defrag_options defrag = { .timeout_ns = 999999999 };
	static struct owners o;

	(void)state;
	owners_init(&o, 2, &decode, &defrag, KEY);
	assert_true(o.closed);
	defrag.timeout_ns++;
	owners_init(&o, 2, &decode, &defrag, KEY);
	assert_false(o.closed);
	defrag.hosts = &(struct defrag_host){ .timeout_ns = 1 };
	defrag.host_count = 1;
	owners_init(&o, 2, &decode, &defrag, KEY);
	assert_true(o.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_whose_they_should_be),
		cmocka_unit_test(short_timeouts_send_all_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
