/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every overlap of up to three segments of up to three bytes, out of order and in order, under every policy: the
 * stream must hold what the byte map holds, and docs/overlaps.txt must say it.
 *
 * test_stream_overlap table: writes that file's text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stream_rig.h"

#define POLICIES STREAM_RIG_POLICIES
#define STARTS 5u
#define LENGTHS 3u
#define SHAPES (STARTS * LENGTHS)
#define SHOWN_MAX 16
#define TABLE_MAX (128u << 10)

/* Policies that keep the same of every overlap share a column. */
static const struct column {
	const char *head;
	unsigned policy;
	bool in_order;
} column[] = {
	{ "bsd*", 0, false },	 { "old-linux", 2, false }, { "solaris*", 4, false },
	{ "first*", 12, false }, { "last", 13, false },	    { "linux", 3, false },
	{ "in order", 3, true },
};

static const char table_head[] =
	"What is kept of overlapping segments: every arrangement of two and of three segments of up to three bytes in\n"
	"which one lies over another and none leaves a hole, in the order in which they come.\n"
	"\n"
	"A segment is FIRST-LAST, counted from the first byte; the first that comes has the bytes A, then B, then C.\n"
	"The columns are policies of host-os-policy; a * stands for those that keep the same: bsd for bsd-right, hpux10,\n"
	"irix, macos, windows and windows2k3; solaris for hpux11; first for vista.  All of them look at segments that\n"
	"are not acknowledged, whether or not a byte before them is missing.  Linux delivers what is in order at once:\n"
	"its first column is of segments behind a hole, \"in order\" of such without one.\n"
	"Made by tests/unit/test_stream_overlap table; the test holds every line.\n"
	"\n";

struct shape {
	unsigned start, len;
};

static struct shape shape_of(unsigned i)
{
	return (struct shape){ i / LENGTHS, i % LENGTHS + 1 };
}

/* The client's sequence numbers wrap within. */
#define ISN 0xfffffffdu

static void set_up(struct stream_rig *b, unsigned policy)
{
	assert_true(stream_rig_open(b, policy, ISN));
}

/* Bytes from the client.  Returns whether it was told that other ones lay there. */
static bool give(struct stream_rig *b, uint32_t seq, const uint8_t *data, size_t len)
{
	struct packet p;

	stream_rig_give(b, true, TCP_ACK, seq, 1, bytes_of(data, len), &p);
	return packet_has_event(&p, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
}

static void show_view(struct stream_rig *b, char *out)
{
	struct stream_view v;
	size_t n = 0;

	while (stream_view(b->e, b->flow, 0, true, &v)) {
		while (n < v.offset + v.fresh)
			out[n++] = '.';
		memcpy(out + n, v.data.data + v.fresh, v.data.len - v.fresh);
		n += v.data.len - v.fresh;
		stream_inspected(b->e, b->flow, 0, &v);
	}
	out[n] = '\0';
}

static void show_map(struct byte_map *m, char *out)
{
	size_t n = 0;

	map_end(m);
	for (size_t i = 0; i < SHOWN_MAX; i++) {
		out[i] = m->there[i] ? (char)m->byte[i] : '.';
		if (m->there[i])
			n = i + 1;
	}
	out[n] = '\0';
}

/*
 * The segments, behind a hole that is filled last or not, through both.  Returns whether each that laid other
 * bytes over what was there was told.
 */
static bool run(struct stream_rig *b, unsigned policy, const struct shape *s, unsigned n, bool hole,
		char *seen, char *wanted)
{
	struct byte_map m = { .wins = map_policy[policy].wins };
	bool told = true;

	stream_rig_handshake(b);
	for (unsigned i = 0; i < n; i++) {
		unsigned start = s[i].start + hole;
		bool over = false;
		uint8_t data[LENGTHS];

		memset(data, 'A' + (int)i, sizeof(data));
		for (unsigned k = 0; k < i; k++)
			over |= s[k].start < s[i].start + s[i].len &&
				s[i].start < s[k].start + s[k].len;
		map_add(&m, start, start + s[i].len, data);
		told &= give(b, 1 + start, data, s[i].len) == over;
	}
	if (hole) {
		map_add(&m, 0, 1, (const uint8_t *)"-");
		give(b, 1, (const uint8_t *)"-", 1);
	}
	show_view(b, seen);
	show_map(&m, wanted);
	flow_end_all(b->flows);
	return told;
}

/* The sanitizers look at one in seven; the plain suite has all. */
#if defined(__SANITIZE_ADDRESS__)
#define MATRIX_STEP 7
#else
#define MATRIX_STEP 1
#endif

static void matrix(void **state)
{
	char seen[SHOWN_MAX + 1], wanted[SHOWN_MAX + 1];
	struct stream_rig b;

	(void)state;
	for (unsigned policy = 0; policy < POLICIES; policy++) {
		set_up(&b, policy);
		for (unsigned i = 0; i < SHAPES * SHAPES * (SHAPES + 1); i += MATRIX_STEP) {
			unsigned third = i / SHAPES / SHAPES;
			struct shape s[3] = { shape_of(i % SHAPES), shape_of(i / SHAPES % SHAPES),
					      shape_of(third % SHAPES) };
			unsigned n = third == SHAPES ? 2 : 3;

			for (unsigned hole = 0; hole < 2; hole++) {
				bool told = run(&b, policy, s, n, hole, seen, wanted);

				if (!told || strcmp(seen, wanted))
					fail_msg("%s, hole %u: %u+%u %u+%u %u+%u: %s, not %s%s",
						 map_policy[policy].name, hole, s[0].start,
						 s[0].len, s[1].start, s[1].len,
						 n == 3 ? s[2].start : 0, n == 3 ? s[2].len : 0,
						 seen, wanted, told ? "" : "; an overlap untold");
			}
		}
		stream_rig_close(&b);
	}
}

/* --- the table ------------------------------------------------------------------------------------ */

/* The first begins at 0, none leaves a hole, and one lies over another. */
static bool is_shown(const struct shape *s, unsigned n)
{
	unsigned touched = 0, sum = 0, least = STARTS;

	for (unsigned i = 0; i < n; i++) {
		touched |= ((1u << s[i].len) - 1) << s[i].start;
		sum += s[i].len;
		least = s[i].start < least ? s[i].start : least;
	}
	return !least && !(touched & (touched + 1)) && touched < 1u << (sum - 1);
}

static size_t put_row(struct stream_rig *b, const struct shape *s, unsigned n, char *out,
		      size_t size)
{
	char seen[SHOWN_MAX + 1], wanted[SHOWN_MAX + 1];
	size_t len = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (i < n)
			len += (size_t)snprintf(out + len, size - len, "%u-%u ", s[i].start,
						s[i].start + s[i].len - 1);
		else
			len += (size_t)snprintf(out + len, size - len, "    ");
	}
	for (unsigned i = 0; i < sizeof(column) / sizeof(column[0]); i++) {
		bool last = i + 1 == sizeof(column) / sizeof(column[0]);

		run(&b[column[i].policy], column[i].policy, s, n, !column[i].in_order, seen,
		    wanted);
		len += (size_t)snprintf(out + len, size - len, last ? " %s\n" : " %-9s",
					seen + !column[i].in_order);
	}
	return len;
}

static char *make_table(void)
{
	struct stream_rig b[POLICIES];
	char *out = malloc(TABLE_MAX);
	size_t len = 0;

	assert_non_null(out);
	for (unsigned i = 0; i < POLICIES; i++)
		set_up(&b[i], i);
	len += (size_t)snprintf(out, TABLE_MAX, "%s%-12s", table_head, "segments");
	for (unsigned i = 0; i < sizeof(column) / sizeof(column[0]); i++)
		len += (size_t)snprintf(out + len, TABLE_MAX - len,
					column[i].in_order ? " %s\n" : " %-9s", column[i].head);
	for (unsigned n = 2; n <= 3; n++) {
		for (unsigned i = 0; i < (n == 2 ? 1 : SHAPES) * SHAPES * SHAPES; i++) {
			struct shape s[3] = { shape_of(n == 3 ? i / SHAPES / SHAPES : i / SHAPES),
					      shape_of(n == 3 ? i / SHAPES % SHAPES : i % SHAPES),
					      shape_of(i % SHAPES) };

			if (is_shown(s, n))
				len += put_row(b, s, n, out + len, TABLE_MAX - len);
		}
	}
	for (unsigned i = 0; i < POLICIES; i++)
		stream_rig_close(&b[i]);
	return out;
}

static void the_table_is_true(void **state)
{
	const char *top = getenv("abs_top_srcdir");
	char *wanted = make_table(), *got = calloc(1, TABLE_MAX);
	char path[512];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/overlaps.txt", top ? top : ".");
	f = fopen(path, "r");
	if (!f)
		f = fopen("../docs/overlaps.txt", "r");
	assert_non_null(f);
	assert_non_null(got);
	got[fread(got, 1, TABLE_MAX - 1, f)] = '\0';
	fclose(f);
	if (strcmp(got, wanted))
		fail_msg("docs/overlaps.txt is not what test_stream_overlap table writes");
	free(wanted);
	free(got);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix),
		cmocka_unit_test(the_table_is_true),
	};

	if (argc == 2 && !strcmp(argv[1], "table")) {
		char *text = make_table();

		fputs(text, stdout);
		free(text);
		return 0;
	}
	return cmocka_run_group_tests_name("stream_overlap", tests, NULL, NULL);
}
