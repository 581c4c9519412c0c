/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/eval.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/guard.h"

struct row {
	const char *options; /* of a rule */
	const char *payload;
	int len; /* 0: strlen */
	bool holds;
};

/* xid, call or reply, version 2 of RPC, program 100000, version 2, procedure 3 */
#define RPC_CALL_TEXT "xidx\0\0\0\0\0\0\0\2\0\1\x86\xa0\0\0\0\2\0\0\0\3"
#define RPC_REPLY_TEXT "xidx\0\0\0\1\0\0\0\2\0\1\x86\xa0\0\0\0\2\0\0\0\3"

static const struct row rows[] = {
	/* content: where it may lie */
	{ "content:\"abc\";", "xxabcxx", 0, true },
	{ "content:\"abc\";", "xxabXcx", 0, false },
	{ "content:\"abc\";", "ab", 0, false },
	{ "content:\"a|00 ff|b\";",
	  "xa\0\xff"
	  "bx",
	  6, true },
	{ "content:\"abc\"; nocase;", "xxAbCxx", 0, true },
	{ "content:\"abc\";", "xxAbCxx", 0, false },
	{ "content:\"abc\"; offset:2;", "xxabc", 0, true },
	{ "content:\"abc\"; offset:3;", "xxabc", 0, false },
	{ "content:\"abc\"; depth:5;", "xxabc", 0, true },
	{ "content:\"abc\"; depth:4;", "xxabc", 0, false },
	{ "content:\"abc\"; offset:2; depth:3;", "xxabc", 0, true },
	{ "content:\"abc\"; offset:1; depth:3;", "xxabc", 0, false },
	{ "content:\"abc\"; offset:60;", "xxabc", 0, false },
	{ "content:\"abc\"; startswith;", "abcx", 0, true },
	{ "content:\"abc\"; startswith;", "xabc", 0, false },
	{ "content:\"abc\"; endswith;", "abcabc", 0, true },
	{ "content:\"abc\"; endswith;", "abcabcx", 0, false },
	{ "content:\"abc\"; startswith; endswith;", "abc", 0, true },
	{ "content:\"abc\"; startswith; endswith;", "abcabc", 0, false },
	{ "content:!\"abc\";", "xxx", 0, true },
	{ "content:!\"abc\";", "xabcx", 0, false },
	{ "content:!\"abc\"; depth:3;", "xabcx", 0, true },
	{ "content:!\"abc\"; offset:9;", "xabcx", 0, true },
	{ "content:\"x\"; content:!\"abc\"; distance:0;", "abcx", 0, true },
	{ "content:\"x\"; content:!\"abc\"; distance:0;", "xabc", 0, false },
	{ "content:\"x\"; content:!\"abc\"; within:3;", "xyabc", 0, true },
	{ "content:\"x\"; content:!\"abc\"; within:4;", "xyabc", 0, false },

	/* relative chains */
	{ "content:\"a\"; content:\"b\"; distance:0;", "xaxb", 0, true },
	{ "content:\"a\"; content:\"b\"; distance:0;", "xbxa", 0, false },
	{ "content:\"a\"; content:\"b\";", "xbxa", 0, true },
	{ "content:\"a\"; content:\"b\"; distance:2;", "axxb", 0, true },
	{ "content:\"a\"; content:\"b\"; distance:3;", "axxb", 0, false },
	{ "content:\"a\"; content:\"b\"; distance:-2;", "ba", 0, true },
	{ "content:\"a\"; content:\"b\"; within:1;", "axb", 0, false },
	{ "content:\"a\"; content:\"b\"; within:2;", "axb", 0, true },
	{ "content:\"a\"; content:\"b\"; distance:1; within:1;", "axb", 0, true },
	/* the first 'a' is no use: the second is tried */
	{ "content:\"a\"; content:\"b\"; within:1;", "axxab", 0, true },
	{ "content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "ababc", 0, true },
	{ "content:\"a\"; content:\"b\"; within:2; content:\"c\"; within:1;", "axbabc", 0, true },
	{ "content:\"a\"; content:\"b\"; within:1; content:\"c\"; within:1;", "ababxc", 0, false },
	/* what does not count from it does not make it look again */
	{ "content:\"a\"; content:\"b\"; within:1; content:\"z\";", "abab", 0, false },
	{ "content:\"a\"; content:\"b\"; distance:0; endswith;", "abxb", 0, true },
	{ "content:\"ab\"; content:\"ab\"; distance:0;", "abab", 0, true },
	{ "content:\"ab\"; content:\"ab\"; distance:0;", "xab", 0, false },
	{ "content:\"aa\"; content:\"aa\"; distance:-1;", "aaa", 0, true },

	/* pcre */
	{ "pcre:\"/a[0-9]+b/\";", "xa123b", 0, true },
	{ "pcre:\"/a[0-9]+b/\";", "xaxb", 0, false },
	{ "pcre:\"/(?<v>[a-z]{2,9})=x.+(?P=v)!/\";", "abc=x..abc!", 0, true },
	{ "pcre:\"/(?<v>[a-z]{2,9})=x.+(?P=v)!/\";", "abc=x..abd!", 0, false },
	{ "pcre:\"/ABC/i\";", "xabc", 0, true },
	{ "pcre:!\"/abc/\";", "xabd", 0, true },
	{ "pcre:!\"/abc/\";", "xabc", 0, false },
	{ "content:\"a\"; pcre:\"/^b/R\";", "xab", 0, true },
	{ "content:\"a\"; pcre:\"/^b/R\";", "xaxb", 0, false },
	{ "content:\"a\"; pcre:\"/^b/R\";", "xaxab", 0, true },
	{ "pcre:\"/a./\"; content:\"z\"; within:1;", "abxacz", 0, true },
	{ "pcre:\"/[a-f]+/\"; content:\"1\"; within:1; content:\"2\"; within:1;", "ab1xcd12", 0,
	  true },
	{ "content:\"x\"; pcre:\"/.b/Rs\";", "x\nb", 0, true },

	/* rpc: on UDP the call begins with its xid */
	{ "rpc:100000,2,3;", RPC_CALL_TEXT, 24, true },
	{ "rpc:100000,*,3;", RPC_CALL_TEXT, 24, true },
	{ "rpc:100000,2,*;", RPC_CALL_TEXT, 24, true },
	{ "rpc:100000;", RPC_CALL_TEXT, 24, true },
	{ "rpc:100001,*,*;", RPC_CALL_TEXT, 24, false },
	{ "rpc:100000,3,3;", RPC_CALL_TEXT, 24, false },
	{ "rpc:100000,2,4;", RPC_CALL_TEXT, 24, false },
	{ "rpc:100000,2,3;", RPC_CALL_TEXT, 23, false },
	{ "rpc:100000,2,3;", RPC_REPLY_TEXT, 24, false },

	/* isdataat */
	{ "isdataat:3;", "abcd", 0, true },
	{ "isdataat:4;", "abcd", 0, false },
	{ "isdataat:!4;", "abcd", 0, true },
	{ "content:\"b\"; isdataat:2,relative;", "abcd", 0, true },
	{ "content:\"b\"; isdataat:3,relative;", "abcd", 0, false },
	{ "content:\"d\"; isdataat:!1,relative;", "abcd", 0, true },
	{ "content:\"c\"; isdataat:!1,relative;", "abcd", 0, false },

	/* byte_test */
	{ "byte_test:1,=,0x62,1;", "abc", 0, true },
	{ "byte_test:1,!=,0x62,1;", "abc", 0, false },
	{ "byte_test:2,>,0x6161,0;", "ab", 0, true },
	{ "byte_test:2,=,0x6261,0,little;", "ab", 0, true },
	{ "byte_test:4,=,1,0;", "\0\0\0\1", 4, true },
	{ "byte_test:4,=,1,0;", "\0\0\1", 3, false },
	{ "byte_test:1,&,2,0;", "\3", 1, true },
	{ "byte_test:1,&,4,0;", "\3", 1, false },
	{ "byte_test:1,!&,4,0;", "\3", 1, true },
	{ "byte_test:3,=,123,1,string,dec;", "x123", 0, true },
	{ "byte_test:4,=,255,0,string,hex;", "0xff", 0, true },
	{ "byte_test:3,=,8,0,string,oct;", "010", 0, true },
	{ "byte_test:3,=,12,0,string,dec;", "12x", 0, true },
	{ "byte_test:3,=,0,0,string,dec;", "xyz", 0, false },
	{ "byte_test:0,=,123,1,string,dec;", "x123", 0, true },
	{ "byte_test:0,<,200,0,string,dec;", "70", 0, true },
	{ "byte_test:0,=,12,0,string,dec;", "12x3", 0, true },
	{ "byte_test:0,=,0,4,string,dec;", "x123", 0, false },
	{ "byte_test:0,=,0,0,string,dec;", "xyz", 0, false },
	{ "content:\"n=\"; byte_test:2,>,41,0,relative,string,dec;", "xn=42", 0, true },
	{ "content:\"n=\"; byte_test:2,>,42,0,relative,string,dec;", "xn=42", 0, false },
	{ "content:\"n=\"; byte_test:1,=,5,0,relative,string,dec;", "n=4n=5", 0, true },
	{ "byte_test:1,=,0x0f,0,bitmask 0xf0;", "\xf3", 1, true },

	/* byte_jump */
	{ "byte_jump:1,0; content:\"z\"; within:1;", "\3xxxz", 5, true },
	{ "byte_jump:1,0; content:\"z\"; within:1;", "\2xxxz", 5, false },
	{ "content:\"L\"; byte_jump:1,0,relative; content:\"z\"; within:1;", "xL\2abz", 6, true },
	{ "byte_jump:1,0; isdataat:!1,relative;", "\2ab", 3, true },
	{ "byte_jump:1,0;", "\2ab", 3, true }, /* exactly to the end */
	{ "byte_jump:1,0;", "\3ab", 3, false },
	{ "byte_jump:1,0,multiplier 2; content:\"z\"; within:1;", "\1xxz", 4, true },
	{ "byte_jump:1,0,align; content:\"z\"; within:1;", "\1xxxxz", 6, true },
	{ "byte_jump:1,0,from_beginning; content:\"z\"; within:1;", "\3xxz", 4, true },
	{ "byte_jump:0,0,from_end,post_offset -1; content:\"z\"; within:1;", "xxz", 0, true },
	{ "content:\"b\"; byte_jump:0,0,relative,post_offset -9; content:\"a\"; within:1;", "ab", 0,
	  true }, /* before the start: at the start */
	{ "byte_jump:2,0,string,dec; content:\"z\"; within:1;", "02xxz", 0, true },

	/* byte_extract, byte_math */
	{ "byte_extract:1,0,n; content:\"z\"; offset:n; depth:1;", "\3xxz", 4, true },
	{ "byte_extract:1,0,n; content:\"z\"; offset:n; depth:1;", "\2xxz", 4, false },
	{ "byte_extract:1,0,n; content:\"a\"; content:\"z\"; distance:n;", "\2axxz", 5, true },
	{ "byte_extract:1,0,n; content:\"a\"; content:\"z\"; distance:n;", "\3axxz", 5, false },
	{ "byte_extract:1,0,n; content:\"a\"; content:\"z\"; within:n;", "\3axxz", 5, true },
	{ "byte_extract:1,0,n; content:\"a\"; content:\"z\"; within:n;", "\2axxz", 5, false },
	{ "byte_extract:1,0,n,multiplier 2; byte_test:1,=,n,1;", "\3\6", 2, true },
	{ "byte_extract:1,0,n; byte_test:1,>,n,1;", "\3\4", 2, true },
	{ "byte_extract:1,0,n; isdataat:n;", "\2ab", 3, true },
	{ "byte_extract:1,0,n; isdataat:n;", "\3ab", 3, false },
	{ "byte_extract:1,0,n; byte_jump:1,n; isdataat:!1,relative;", "\2x\1y", 4, true },
	{ "byte_math:bytes 1, offset 0, oper +, rvalue 2, result n; byte_test:1,=,n,1;", "\3\5", 2,
	  true },
	{ "byte_math:bytes 1, offset 0, oper /, rvalue 2, result n; byte_test:1,=,n,1;", "\7\3", 2,
	  true },
	{ "byte_math:bytes 1, offset 0, oper <<, rvalue 4, result n; byte_test:1,=,n,1;", "\1\x10",
	  2, true },
	{ "byte_math:bytes 1, offset 0, oper -, rvalue 1, result n; byte_test:1,=,n,1;", "\7\7", 2,
	  false },

	/* fields of the packet, beside a content */
	{ "dsize:!3;", "abcd", 0, true },
	{ "dsize:!3;", "", 0, false },
	{ "dsize:0;", "", 0, true },
	{ "dsize:3; content:\"abc\";", "abc", 0, true },
	{ "dsize:>3; content:\"abc\";", "abc", 0, false },
	{ "ttl:64; content:\"abc\";", "abc", 0, true },
	{ "ttl:<64; content:\"abc\";", "abc", 0, false },
	{ "ttl:64; content:\"abc\"; id:7;", "abc", 0, false },
	{ "dsize:6; content:\"needle\";", "needle", 0, true },
	{ "dsize:6; content:\"needle\";", "needle.", 0, false },
	{ "dsize:5<>9; content:\"needle\";", "needle.", 0, true },
	{ "dsize:>300; content:\"needle\";", "needle", 0, false },

	/* searched for only where another content stands at a known place */
	{ "content:\"|05|\"; depth:1; content:\"needle\";", "\5..needle", 0, true },
	{ "content:\"|05|\"; depth:1; content:\"needle\";", "\6\5.needle", 0, false },
	{ "content:\"ab\"; offset:2; depth:4; content:\"needle\";", "xxabneedle", 0, true },
	{ "content:\"ab\"; offset:2; depth:4; content:\"needle\";", "xxxxabneedle", 0, true },
	{ "content:\"ab\"; offset:2; depth:4; content:\"needle\";", "xxxxxabneedle", 0, false },
	{ "content:\"AB\"; nocase; depth:2; content:\"needle\";", "aBneedle", 0, true },
	{ "content:\"AB\"; depth:2; content:\"needle\";", "aBneedle", 0, false },
	{ "content:\"a\"; offset:7; depth:1; content:\"needle\";", "needle.a", 0, true },
	{ "content:\"a\"; offset:7; depth:1; content:\"needle\";", "needle.b", 0, false },
	{ "content:\"ab\"; offset:7; depth:2; content:\"needle\";", "needle.ab", 0, true },
	{ "content:\"ab\"; offset:7; depth:2; content:\"needle\";", "needle.a", 0, false },
	{ "content:\"abcdefghij\"; depth:10; content:\"needle\";", "abcdefghijneedle", 0, true },
	{ "content:\"abcdefghij\"; depth:10; content:\"needle\";", "abcdefghi.needle", 0, false },
	{ "content:!\"a\"; depth:1; content:\"needle\";", "bneedle", 0, true },
	/* a head is searched for with all else, and must end in time */
	{ "content:\"needle\"; depth:20;", "..............needle", 0, true },
	{ "content:\"needle\"; depth:20;", "...............needle", 0, false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t row_len(const struct row *r)
{
	return r->len ? (size_t)r->len : strlen(r->payload);
}

static bool alerts_on(struct rig *rig, const struct row *r)
{
	const uint8_t *data = guard_copy(r->payload, row_len(r));
	struct packet p = rig_udp(data, row_len(r));
	bool holds = strcmp(rig_inspect(rig, &p), "1") == 0;

	guard_free_all();
	return holds;
}

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct rig rig = { .detector = NULL };
		char text[512];

		snprintf(text, sizeof(text),
			 "alert udp any any -> any any (msg:\"t\"; %s sid:1;)\n", rows[i].options);
		rig_open(&rig, text);
		if (alerts_on(&rig, &rows[i]) != rows[i].holds)
			fail_msg("row %zu: %s on \"%s\": expected %d", i, rows[i].options,
				 rows[i].payload, rows[i].holds);
		rig_close(&rig);
	}
}

/* All rows' rules in one ruleset, sid = row + 1. */
static char *all_rules(void)
{
	char *text = calloc(ROWS, 512);
	size_t at = 0;

	assert_non_null(text);
	for (size_t i = 0; i < ROWS; i++)
		at += (size_t)snprintf(text + at, 512,
				       "alert udp any any -> any any (msg:\"t\"; %s sid:%zu;)\n",
				       rows[i].options, i + 1);
	return text;
}

static struct eval naive(const struct rig *rig, const struct packet *p, struct regex_scratch *regex,
			 struct hs_work *scratch)
{
	return (struct eval){ .rs = rig->rules,
			      .p = p,
			      .regex = regex,
			      .scratch = scratch,
			      .have = eval_facts(p, NULL),
			      .proto = eval_proto(p),
			      .steps_max = 3000,
			      .data = p->payload };
}

/* What the search for patterns selects is what trying every rule on every payload finds. */
static void search_agrees_with_trying_all(void **state)
{
	struct rig rig = { .detector = NULL };
	struct regex_scratch *regex;
	struct hs_work *scratch = NULL;
	char *text = all_rules();

	(void)state;
	rig_open(&rig, text);
	assert_int_equal(regex_scratch_new(3500, 1500, rig.rules->block->regex_captures, &regex),
			 0);
	assert_int_equal(hs_work_new(rig.rules->filter, rig.rules->block->regex_count, &scratch),
			 0);
	for (size_t i = 0; i < ROWS; i++) {
		const uint8_t *data = guard_copy(rows[i].payload, row_len(&rows[i]));
		struct packet p = rig_udp(data, row_len(&rows[i]));
		struct eval e = naive(&rig, &p, regex, scratch);
		unsigned at = 0;

		rig_inspect(&rig, &p);
		for (uint32_t rule = 0; rule < ruleset_rules(rig.rules); rule++) {
			const struct rule_row *row = &rig.rules->row[rule];
			bool holds = (row->need & e.have) == row->need && eval_header(&e, row) &&
				     eval_packet(&e, row) && eval_bytes(&e, row);
			bool found = at < rig.result.alerts && rig.result.alert[at].rule == rule;

			at += found;
			if (holds != found)
				fail_msg("rule of row %u on payload of row %zu: alone %d, found %d",
					 rule, i, holds, found);
		}
		guard_free_all();
	}
	hs_work_free(scratch);
	regex_scratch_free(regex);
	rig_close(&rig);
	free(text);
}

/* The block works wherever it lies, and is refused by another version. */
static void block_may_move(void **state)
{
	struct rig rig = { .detector = NULL };
	char *text = all_rules();
	struct ruleset *first, *other;
	uint8_t *copy;
	size_t size;

	(void)state;
	rig_open(&rig, text);
	first = rig.rules;
	size = first->block->size;
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, first->block, size);
	detector_free(rig.detector);
	assert_int_equal(ruleset_open(copy, size, true, &rig.rules), 0);
	ruleset_free(first);
	rig_detector(&rig);
	for (size_t i = 0; i < ROWS; i++) {
		const uint8_t *data = guard_copy(rows[i].payload, row_len(&rows[i]));
		struct packet p = rig_udp(data, row_len(&rows[i]));
		bool found = false;

		rig_inspect(&rig, &p);
		for (unsigned k = 0; k < rig.result.alerts; k++)
			found |= rig.result.alert[k].rule == i;
		assert_int_equal(found, rows[i].holds);
		guard_free_all();
	}
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, rig.rules->block, size);
	((struct block_header *)copy)->version++;
	assert_int_equal(ruleset_open(copy, size, true, &other), -EINVAL);
	rig_close(&rig);
	free(text);
}

/* Contents that count from one another, by trying every place. */
struct link {
	char text[3];
	unsigned distance, within; /* 0: no within */
};

#define LINKS 4
#define CHAINS 48

static bool links_hold(const struct link *l, unsigned n, const char *data, size_t len, size_t at)
{
	size_t size = n ? strlen(l->text) : 0;

	if (!n)
		return true;
	for (size_t i = at + l->distance; i + size <= len; i++) {
		if (l->within && i + size > at + l->distance + l->within)
			return false;
		if (!memcmp(data + i, l->text, size) &&
		    links_hold(l + 1, n - 1, data, len, i + size))
			return true;
	}
	return false;
}

static unsigned next_random(uint32_t *seed, unsigned below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static size_t chain_text(char *out, size_t room, struct link *l, unsigned sid, uint32_t *seed)
{
	size_t at = (size_t)snprintf(out, room, "alert udp any any -> any any (");

	for (unsigned i = 0; i < LINKS; i++) {
		unsigned size = 1 + next_random(seed, 2);

		l[i] = (struct link){ .text = "" };
		for (unsigned k = 0; k < size; k++)
			l[i].text[k] = (char)('a' + next_random(seed, 3));
		at += (size_t)snprintf(out + at, room - at, "content:\"%s\"; ", l[i].text);
		if (!i)
			continue;
		l[i].distance = next_random(seed, 3);
		l[i].within = next_random(seed, 2) ? size + next_random(seed, 4) : 0;
		at += (size_t)snprintf(out + at, room - at, "distance:%u; ", l[i].distance);
		if (l[i].within)
			at += (size_t)snprintf(out + at, room - at, "within:%u; ", l[i].within);
	}
	return at + (size_t)snprintf(out + at, room - at, "sid:%u;)\n", sid);
}

static void chains_are_tried_at_every_place(void **state)
{
	static struct link chains[CHAINS][LINKS];
	struct rig rig = { .detector = NULL };
	unsigned held = 0, tried = 0;
	char *text = calloc(CHAINS, 256);
	uint32_t seed = 3;
	size_t at = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < CHAINS; i++)
		at += chain_text(text + at, 256, chains[i], i + 1, &seed);
	rig_open(&rig, text);
	for (unsigned round = 0; round < 200; round++) {
		char data[24];
		struct packet p;
		unsigned found = 0;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (char)('a' + next_random(&seed, 3 + round % 3));
		p = rig_udp(guard_copy(data, sizeof(data)), sizeof(data));
		rig_inspect(&rig, &p);
		for (unsigned i = 0; i < CHAINS; i++) {
			bool holds = links_hold(chains[i], LINKS, data, sizeof(data), 0);
			bool alerts =
				found < rig.result.alerts && rig.result.alert[found].rule == i;

			if (holds != alerts)
				fail_msg("chain %u on %.24s: by every place %d, alerts %d", i, data,
					 holds, alerts);
			found += alerts;
			held += holds;
			tried++;
		}
		guard_free_all();
	}
	assert_in_range(held, tried / 20, tried - tried / 20);
	rig_close(&rig);
	free(text);
}

/* What is all over the bytes costs no more steps than there are places of it. */
static void a_chain_of_many_places(void **state)
{
	static const char options[] = "content:\"<\"; content:\"=\"; distance:0; "
				      "content:\"%\"; distance:0; pcre:\"/^x/R\";";
	struct rig rig = { .detector = NULL };
	char text[512], data[1200];
	struct packet p;

	(void)state;
	snprintf(text, sizeof(text), "alert udp any any -> any any (%s sid:1;)\n", options);
	rig_open(&rig, text);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = "<=%"[i * 3 / sizeof(data) ? i % 3 : 0];
	p = rig_udp(guard_copy(data, sizeof(data)), sizeof(data));
	rig_inspect(&rig, &p);
	assert_int_equal(rig.result.alerts, 0);
	memcpy(data + sizeof(data) - 4, "<=%x", 4);
	p = rig_udp(guard_copy(data, sizeof(data)), sizeof(data));
	rig_inspect(&rig, &p);
	assert_int_equal(rig.result.alerts, 1);
	guard_free_all();
	rig_close(&rig);
}

/* Bytes of a stream: where depth counts from, and what was inspected before. */
static const struct {
	const char *options, *data;
	uint64_t origin;
	size_t fresh;
	bool holds;
} stream_rows[] = {
	{ "content:\"abc\"; depth:5;", "xxabc", 0, 0, true },
	{ "content:\"abc\"; depth:5;", "xxabc", 10, 0, false },
	{ "content:\"abc\"; depth:15;", "xxabc", 10, 0, true },
	{ "content:\"abc\"; offset:12;", "xxabc", 10, 0, true },
	{ "content:\"abc\"; offset:13;", "xxabc", 10, 0, false },
	{ "content:!\"abc\"; depth:5;", "xxabc", 10, 0, true },
	/* something of the match must be new */
	{ "content:\"abc\";", "xxabc", 0, 4, true },
	{ "content:\"abc\";", "xxabc", 0, 5, false },
	{ "content:\"abc\";", "abcabc", 0, 3, true },
	{ "content:\"abc\"; nocase;", "abcxABC", 0, 4, true },
	{ "content:\"a\"; content:\"b\";", "ba", 0, 1, true },
	{ "content:\"a\"; content:\"b\";", "bax", 0, 2, false },
	{ "content:\"a\"; content:\"b\"; distance:0;", "abxb", 0, 2, true },
	{ "content:\"a\"; content:\"b\"; distance:0; content:\"c\";", "cabxxab", 0, 4, true },
	{ "pcre:\"/a+b/\";", "ab_aab", 0, 3, true },
	{ "pcre:\"/a+b/\";", "ab_aax", 0, 3, false },
	{ "content:!\"z\";", "abc", 0, 2, true },
	{ "isdataat:13;", "abc", 10, 0, false },
	{ "isdataat:12;", "abc", 10, 0, true },
	{ "byte_test:1,=,0x62,11;", "abc", 10, 0, true },
	{ "byte_test:1,=,0x62,1;", "abc", 10, 0, false },
};

static void stream_bytes(void **state)
{
	struct packet p = rig_tcp(NULL, 0, TCP_ACK);

	(void)state;
	for (size_t i = 0; i < sizeof(stream_rows) / sizeof(stream_rows[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct regex_scratch *regex;
		struct hs_work *scratch = NULL;
		char text[512];
		struct eval e;
		size_t len = strlen(stream_rows[i].data);

		snprintf(text, sizeof(text),
			 "alert tcp any any -> any any (msg:\"t\"; %s sid:1;)\n",
			 stream_rows[i].options);
		rig_open(&rig, text);
		assert_int_equal(regex_scratch_new(3500, 1500, 8, &regex), 0);
		assert_int_equal(hs_work_new(rig.rules->filter, rig.rules->block->regex_count,
					     &scratch),
				 0);
		e = naive(&rig, &p, regex, scratch);
		e.data = bytes_of(guard_copy(stream_rows[i].data, len), len);
		e.origin = stream_rows[i].origin;
		e.fresh = stream_rows[i].fresh;
		if (eval_bytes(&e, rig.rules->row) != stream_rows[i].holds)
			fail_msg("stream row %zu: %s", i, stream_rows[i].options);
		guard_free_all();
		hs_work_free(scratch);
		regex_scratch_free(regex);
		rig_close(&rig);
	}
}

/*
 * A SYN of 10.0.0.1 from port 0x1234, with its headers, and the options MSS and window scale.  Rules on its
 * headers, or on them and the payload.
 */
static const uint8_t syn[] = "\x45\0\0\x34\0\1\x40\0\x40\6\x26\xc1\x0a\0\0\1\x0a\0\0\2"
			     "\x12\x34\0\x50\0\0\0\1\0\0\0\0\x70\2\x20\0\0\0\0\0"
			     "\2\4\5\xb4\1\3\3\7"
			     "data";
#define SYN_BYTES (sizeof(syn) - 1)
#define SYN_L4 20
#define SYN_HEADER 28

static const struct {
	const char *options;
	bool holds;
} header_rows[] = {
	{ "ipv4.hdr; content:\"|45|\"; startswith; bsize:20;", true },
	{ "ipv4.hdr; content:\"|12 34|\";", false },
	{ "ipv6.hdr; content:!\"zz\";", false }, /* it has none */
	{ "ipv6.hdr; isdataat:!1;", false },
	{ "tcp.hdr; content:\"|05 b4|\"; offset:20; depth:4;", true },
	{ "tcp.hdr; content:\"|05 b4|\"; offset:23;", false },
	{ "tcp.hdr; content:\"|02 04|\"; distance:20; within:2;", true },
	{ "tcp.hdr; content:!\"data\"; isdataat:27; isdataat:!28;", true },
	{ "tcp.hdr; content:\"data\";", false },
	{ "tcp.hdr; bsize:28;", true },
	{ "tcp.hdr; bsize:<28;", false },
	{ "tcp.hdr; pcre:\"/^\\x12\\x34/R\";", true },
	{ "udp.hdr; bsize:8;", false },
	{ "icmpv4.hdr; bsize:8;", false },
	{ "ip.src; content:\"|0a 00 00 01|\"; bsize:4;", true },
	{ "ip.dst; content:\"|0a 00 00 01|\";", false },
	/* fields */
	{ "tcp.wscale:7;", true },
	{ "tcp.wscale:>7;", false },
	{ "ttl:&0x40=0x40;", true },
	{ "ttl:&0x41=0x41;", false },
	{ "ttl:&0x41!=0x41;", true },
	{ "l3_proto:ipv4;", true },
	{ "l3_proto:ipv6;", false },
	{ "icmpv6.mtu:>0;", false },
	{ "vlan.layers:2; vlan.id:5; vlan.id:6;", true },
	{ "vlan.layers:!2;", false },
	{ "vlan.id:5,0; vlan.id:6,1; vlan.id:6,-1; vlan.id:5,-2;", true },
	{ "vlan.id:6,0;", false },
	{ "vlan.id:6,2;", false },
	{ "vlan.id:5,-3;", false },
	{ "vlan.id:4-7,all;", true },
	{ "vlan.id:5,all;", false },
	{ "vlan.id:!5;", true },
	{ "vlan.id:7;", false },
	/* checksums: that of IP is right, that of TCP is not */
	{ "ipv4-csum:valid;", true },
	{ "ipv4-csum:invalid;", false },
	{ "tcpv4-csum:invalid;", true },
	{ "tcpv4-csum:valid;", false },
	{ "tcpv6-csum:invalid;", false },
	{ "udpv4-csum:invalid;", false },
	/* one buffer after another, and the payload */
	{ "content:\"data\"; startswith; endswith; tcp.hdr; content:\"|03 03 07|\";", true },
	{ "content:\"data\"; tcp.hdr; content:\"|03 03 08|\";", false },
	{ "content:\"atad\"; tcp.hdr; content:\"|03 03 07|\";", false },
	{ "ipv4.hdr; byte_extract:1,9,n; tcp.hdr; byte_test:1,=,n,27,bitmask 0x06;", false },
	{ "ipv4.hdr; byte_extract:1,5,n,relative; tcp.hdr; byte_test:1,=,n,7;", true },
	{ "tcp.hdr; content:\"|02 04|\"; ipv4.hdr; content:\"|40 06|\"; tcp.hdr; content:\"|03 03|\"; "
	  "distance:3; within:2;",
	  true },
	{ "tcp.hdr; content:\"|02 04|\"; ipv4.hdr; content:\"|40 06|\"; tcp.hdr; content:\"|03 03|\"; "
	  "distance:4;",
	  false },
};

static struct packet syn_packet(const uint8_t *data)
{
	struct packet p = rig_tcp(data + SYN_L4 + SYN_HEADER, 4, TCP_SYN);

	p.data = bytes_of(data, SYN_BYTES);
	p.l4_offset = SYN_L4;
	p.l3_len = SYN_BYTES;
	p.tcp.header_len = SYN_HEADER;
	p.tcp.has_wscale = true;
	p.tcp.wscale = 7;
	p.vlans = 2;
	p.vlan[0] = 5;
	p.vlan[1] = 6;
	return p;
}

static void headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(header_rows) / sizeof(header_rows[0]); i++) {
		struct packet p = syn_packet(guard_copy(syn, SYN_BYTES));
		struct rig rig = { .detector = NULL };
		char text[512];

		snprintf(text, sizeof(text), "alert ip any any -> any any (msg:\"t\"; %s sid:1;)\n",
			 header_rows[i].options);
		rig_open(&rig, text);
		if ((strcmp(rig_inspect(&rig, &p), "1") == 0) != header_rows[i].holds)
			fail_msg("header row %zu: %s", i, header_rows[i].options);
		/* Without a payload the headers are still there. */
		p.payload = bytes_of(NULL, 0);
		if (!strstr(text, "data\""))
			assert_int_equal(strcmp(rig_inspect(&rig, &p), "1") == 0,
					 header_rows[i].holds);
		guard_free_all();
		rig_close(&rig);
	}
}

/* However many places a chain could go on from, a rule's work is bounded. */
static void work_is_bounded(void **state)
{
	enum { LEN = 60000 };
	struct rig rig = { .detector = NULL };
	uint8_t *data = malloc(LEN);
	struct packet p;

	(void)state;
	assert_non_null(data);
	memset(data, 'a', LEN);
	rig_open(&rig, "alert udp any any -> any any (content:\"a\"; content:\"a\"; distance:0; "
		       "content:\"a\"; distance:0; content:\"a\"; distance:0; content:\"b\"; "
		       "within:1; sid:1;)\n");
	p = rig_udp(data, LEN);
	assert_string_equal(rig_inspect(&rig, &p), "");
	rig_close(&rig);
	free(data);
}

/* Each place that is tried counts, whether what must follow there is looked for at once or not. */
static void places_tried_are_limited(void **state)
{
	enum { LIMIT = 3000 };
	static const struct {
		const char *text;
		size_t count; /* of the text, with "ab" behind them */
		const char *sids;
	} tried[] = {
		{ "acb", LIMIT - 10, "1" },
		{ "acb", LIMIT + 10, "" },
		/* those from which the next "b" is too far are passed over at once */
		{ "ac", 2 * LIMIT, "1" },
		{ "accccccc", LIMIT + 10, "1" },
	};
	struct rig rig = { .detector = NULL };
	char data[9 * LIMIT];
	struct packet p;

	(void)state;
	rig_open(&rig,
		 "alert udp any any -> any any (content:\"a\"; content:\"b\"; within:1; sid:1;)\n");
	assert_int_equal(rig.options.inspection_recursion_limit, LIMIT);
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		size_t len = 0;

		for (size_t k = 0; k < tried[i].count; k++)
			len += (size_t)sprintf(data + len, "%s", tried[i].text);
		len += (size_t)sprintf(data + len, "ab");
		p = rig_udp(data, len);
		assert_string_equal(rig_inspect(&rig, &p), tried[i].sids);
	}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(search_agrees_with_trying_all),
		cmocka_unit_test(chains_are_tried_at_every_place),
		cmocka_unit_test(a_chain_of_many_places),
		cmocka_unit_test(block_may_move),
		cmocka_unit_test(stream_bytes),
		cmocka_unit_test(headers),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(places_tried_are_limited),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
