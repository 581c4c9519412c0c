/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/tx.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/tx_rig.h"

#define HTTP "alert http any any -> any any (sid:1; "
#define DNS "alert dns any any -> any any (sid:1; "

/* The detector asks nothing of it: the functions of tx_rig.h answer. */
static struct app_engine *engine(void)
{
	return (struct app_engine *)&fake;
}

static void open_rules(struct rig *r, const char *rules)
{
	struct detector_env env = { .apps = engine() };

	rig_open(r, rules);
	env.counters = &r->counters;
	detector_free(r->detector);
	rig_must(detector_new(r->rules, &r->options, &env, &r->detector) == 0, r, "detector");
}

/* A packet of the flow; the sids it alerts, with their transactions. */
static const char *payload_step(struct rig *r, unsigned dir, const char *payload)
{
	static char text[1024];
	struct packet p = rig_tcp(payload, strlen(payload), TCP_ACK);
	size_t at = 0;

	p.flow = &fake.flow;
	p.direction = (uint8_t)dir;
	p.established = true;
	for (unsigned i = 0; i < sizeof(fake.tx) / sizeof(fake.tx[0]); i++)
		fake.tx[i].grown = 3;
	detect_packet(r->detector, &p, &r->result);
	text[0] = '\0';
	for (unsigned i = 0; i < r->result.alerts; i++) {
		struct rule_info info;

		ruleset_rule(r->rules, r->result.alert[i].rule, &info);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? " " : "",
				       info.sid);
		if (r->result.alert[i].tx)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "/%u",
					       (unsigned)r->result.alert[i].tx->id);
	}
	return text;
}

/* One that brings nothing itself. */
static const char *step(struct rig *r, unsigned dir)
{
	return payload_step(r, dir, "");
}

static void whole(unsigned tx, unsigned dir)
{
	fake.tx[tx].flags |= (uint8_t)(APP_TX_DONE << dir);
	fake.tx[tx].progress[dir]++;
}

/* --- one rule, one transaction ------------------------------------------------------------------------- */

struct row {
	const char *rule;
	struct {
		enum buffer buffer;
		unsigned dir;
		const char *text;
	} piece[4]; /* text NULL ends */
	const char *request, *response; /* what alerts in each direction */
};

static const struct row rows[] = {
	{ HTTP "http.uri; content:\"/a\";)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "1/0", "" },
	/* a buffer of the packet beside those of the transaction */
	{ HTTP "http.uri; content:\"/a\"; ip.src; content:\"|0a 00 00|\"; startswith;)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "1/0",
	  "" },
	{ HTTP "http.uri; content:\"/a\"; ip.src; content:\"|0b|\"; startswith;)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "",
	  "" },
	{ HTTP "http.uri; content:\"/x\";)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "", "" },
	{ HTTP "http.uri; content:\"/a\"; http.method; content:\"GET\";)",
	  { { BUFFER_HTTP_URI, 0, "/abc" }, { BUFFER_HTTP_METHOD, 0, "GET" } },
	  "1/0",
	  "" },
	{ HTTP "http.uri; content:\"/a\"; http.method; content:\"GET\";)",
	  { { BUFFER_HTTP_URI, 0, "/abc" }, { BUFFER_HTTP_METHOD, 0, "PUT" } },
	  "",
	  "" },
	{ HTTP "http.uri; content:\"/a\"; content:!\"bcd\";)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "1/0",
	  "" },
	{ HTTP "http.uri; content:\"/a\"; content:!\"bc\";)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "",
	  "" },
	/* nothing to search for: tried on every transaction */
	{ HTTP "http.uri; content:!\"x\";)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "1/0", "" },
	{ HTTP "http.uri; content:!\"x\";)", { { BUFFER_HTTP_METHOD, 0, "GET" } }, "", "" },
	{ HTTP "http.uri; bsize:4;)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "1/0", "" },
	{ HTTP "http.uri; bsize:<4;)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "", "" },
	{ HTTP "http.uri; pcre:\"/^\\/a/\";)", { { BUFFER_HTTP_URI, 0, "/abc" } }, "1/0", "" },
	{ HTTP "http.uri; content:\"abc\"; endswith;)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "1/0",
	  "" },
	/* a direction */
	{ HTTP "http.stat_code; content:\"200\";)",
	  { { BUFFER_HTTP_STAT_CODE, 1, "200" } },
	  "",
	  "1/0" },
	{ HTTP "flow:to_server; http.header; content:\"A\";)",
	  { { BUFFER_HTTP_HEADER, 1, "A: b" } },
	  "",
	  "" },
	{ HTTP "flow:to_client; http.header; content:\"A\";)",
	  { { BUFFER_HTTP_HEADER, 1, "A: b" } },
	  "",
	  "1/0" },
	/* neither said: each direction for itself */
	{ HTTP "http.header; content:\"A\";)",
	  { { BUFFER_HTTP_HEADER, 0, "A: b" }, { BUFFER_HTTP_HEADER, 1, "A: c" } },
	  "1/0",
	  "1/0" },
	{ HTTP "http.header; content:\"A\"; http.content_type; content:\"t\";)",
	  { { BUFFER_HTTP_HEADER, 0, "A: b" }, { BUFFER_HTTP_CONTENT_TYPE, 1, "text" } },
	  "",
	  "" },
	/* both */
	{ "alert http any any => any any (sid:1; http.method; content:\"GET\"; http.stat_code; "
	  "content:\"200\";)",
	  { { BUFFER_HTTP_METHOD, 0, "GET" }, { BUFFER_HTTP_STAT_CODE, 1, "200" } },
	  "",
	  "1/0" },
	{ "alert http any any => any any (sid:1; http.method; content:\"GET\"; http.stat_code; "
	  "content:\"200\"; fast_pattern;)",
	  { { BUFFER_HTTP_METHOD, 0, "GET" }, { BUFFER_HTTP_STAT_CODE, 1, "200" } },
	  "",
	  "1/0" },
	{ "alert http any any => any any (sid:1; http.method; content:\"GET\"; http.stat_code; "
	  "content:\"404\";)",
	  { { BUFFER_HTTP_METHOD, 0, "GET" }, { BUFFER_HTTP_STAT_CODE, 1, "200" } },
	  "",
	  "" },
	/* a buffer of both, and the direction said */
	{ HTTP "http.content_type:to_client; content:\"t\";)",
	  { { BUFFER_HTTP_CONTENT_TYPE, 0, "text" } },
	  "",
	  "" },
	{ HTTP "http.content_type:to_client; content:\"t\";)",
	  { { BUFFER_HTTP_CONTENT_TYPE, 1, "text" } },
	  "",
	  "1/0" },
	{ "alert http any any => any any (sid:1; http.content_type:to_server; content:\"a\"; "
	  "http.content_type:to_client; content:\"b\";)",
	  { { BUFFER_HTTP_CONTENT_TYPE, 0, "a" }, { BUFFER_HTTP_CONTENT_TYPE, 1, "b" } },
	  "",
	  "1/0" },
	{ "alert http any any => any any (sid:1; http.content_type:to_server; content:\"a\"; "
	  "http.content_type:to_client; content:\"b\";)",
	  { { BUFFER_HTTP_CONTENT_TYPE, 0, "b" }, { BUFFER_HTTP_CONTENT_TYPE, 1, "a" } },
	  "",
	  "" },
	/* several of a kind: one of them has all that one naming asks for */
	{ DNS "dns.query; content:\"b\"; content:\"c\";)",
	  { { BUFFER_DNS_QUERY, 0, "ab" }, { BUFFER_DNS_QUERY, 0, "bc" } },
	  "1/0",
	  "" },
	{ DNS "dns.query; content:\"a\"; content:\"c\";)",
	  { { BUFFER_DNS_QUERY, 0, "ab" }, { BUFFER_DNS_QUERY, 0, "bc" } },
	  "",
	  "" },
	{ DNS "dns.query; content:\"a\"; dns.query; content:\"c\";)",
	  { { BUFFER_DNS_QUERY, 0, "ab" }, { BUFFER_DNS_QUERY, 0, "bc" } },
	  "1/0",
	  "" },
	/* another protocol */
	{ "alert smtp any any -> any any (sid:1; content:\"a\"; smtp.helo; content:\"b\";)",
	  { { BUFFER_HTTP_URI, 0, "/abc" } },
	  "",
	  "" },
	/* transforms */
	{ DNS "dns.query; to_lowercase; content:\"abc\";)",
	  { { BUFFER_DNS_QUERY, 0, "xABCx" } },
	  "1/0",
	  "" },
	{ DNS "dns.query; dotprefix; content:\".abc\";)",
	  { { BUFFER_DNS_QUERY, 0, "abc" } },
	  "1/0",
	  "" },
	{ DNS "dns.query; dotprefix; content:\".abc\";)",
	  { { BUFFER_DNS_QUERY, 0, "xabc" } },
	  "",
	  "" },
	{ DNS "dns.query; strip_whitespace; to_uppercase; content:\"ABC\"; bsize:3;)",
	  { { BUFFER_DNS_QUERY, 0, "a b\tc" } },
	  "1/0",
	  "" },
	{ DNS "dns.query; content:\"a b\"; dns.query; strip_whitespace; content:\"ab\";)",
	  { { BUFFER_DNS_QUERY, 0, "a b" } },
	  "1/0",
	  "" },
	{ DNS "dns.query; pcrexform:\"^(a+)b\"; content:\"aa\"; bsize:2;)",
	  { { BUFFER_DNS_QUERY, 0, "aabb" } },
	  "1/0",
	  "" },
	/* base64 */
	{ HTTP "http.header; content:\"k=\"; base64_decode:bytes 8, offset 0, relative; "
	       "base64_data; content:\"test\";)",
	  { { BUFFER_HTTP_HEADER, 0, "k=dGVzdA==" } },
	  "1/0",
	  "" },
	{ HTTP "http.header; content:\"k=\"; base64_decode:bytes 8, offset 0, relative; "
	       "base64_data; content:\"best\";)",
	  { { BUFFER_HTTP_HEADER, 0, "k=dGVzdA==" } },
	  "",
	  "" },
	/* absent */
	{ HTTP "flow:to_server; http.referer; absent;)",
	  { { BUFFER_HTTP_URI, 0, "/" } },
	  "1/0",
	  "" },
	{ HTTP "flow:to_server; http.referer; absent;)",
	  { { BUFFER_HTTP_REFERER, 0, "x" } },
	  "",
	  "" },
	{ HTTP "flow:to_server; http.referer; absent: or_else; content:\"x\";)",
	  { { BUFFER_HTTP_URI, 0, "/" } },
	  "1/0",
	  "" },
	{ HTTP "flow:to_server; http.referer; absent: or_else; content:\"x\";)",
	  { { BUFFER_HTTP_REFERER, 0, "x" } },
	  "1/0",
	  "" },
	{ HTTP "flow:to_server; http.referer; absent: or_else; content:\"x\";)",
	  { { BUFFER_HTTP_REFERER, 0, "y" } },
	  "",
	  "" },
	/* a value of one buffer used in another */
	{ HTTP "http.uri; byte_extract:1,0,n,string,dec; http.user_agent; content:\"b\"; "
	       "offset:n; depth:1;)",
	  { { BUFFER_HTTP_URI, 0, "1" }, { BUFFER_HTTP_USER_AGENT, 0, "abc" } },
	  "1/0",
	  "" },
	{ HTTP "http.uri; byte_extract:1,0,n,string,dec; http.user_agent; content:\"b\"; "
	       "offset:n; depth:1;)",
	  { { BUFFER_HTTP_URI, 0, "2" }, { BUFFER_HTTP_USER_AGENT, 0, "abc" } },
	  "",
	  "" },
};

static enum app_proto proto_of(const struct row *row)
{
	return strstr(row->rule, "dns any") ? APP_PROTO_DNS : APP_PROTO_HTTP1;
}

static void fill(const struct row *row)
{
	for (unsigned i = 0; i < 4 && row->piece[i].text; i++)
		fake_buffer(0, row->piece[i].buffer, row->piece[i].dir, row->piece[i].text);
}

static void each_row_holds_where_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = { .rules = NULL };
		char got[64];

		fake_open(proto_of(&rows[i]), 1);
		fill(&rows[i]);
		open_rules(&r, rows[i].rule);
		whole(0, 0);
		snprintf(got, sizeof(got), "%s", step(&r, 0));
		whole(0, 1);
		if (strcmp(got, rows[i].request) != 0 || strcmp(step(&r, 1), rows[i].response) != 0)
			fail_msg("%s: request '%s', response '%s'", rows[i].rule, got, step(&r, 1));
		/* Once is enough. */
		assert_string_equal(step(&r, 0), "");
		assert_string_equal(step(&r, 1), "");
		rig_close(&r);
	}
}

/* The buffers come one after the other: what alerts in the end is the same. */
static void buffers_may_come_late(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = { .rules = NULL };
		bool alerted = false;
		unsigned pieces;

		fake_open(proto_of(&rows[i]), 1);
		fill(&rows[i]);
		pieces = fake.pieces;
		fake.pieces = 0;
		open_rules(&r, rows[i].rule);
		while (fake.pieces < pieces) {
			fake.pieces++;
			fake.tx[0].progress[0]++;
			alerted |= *step(&r, 0) != '\0';
		}
		whole(0, 0);
		alerted |= *step(&r, 0) != '\0';
		if (alerted != (*rows[i].request != '\0'))
			fail_msg("%s: %s", rows[i].rule, alerted ? "alerted" : "did not alert");
		rig_close(&r);
	}
}

/* The response is known before the packet that it is looked at with: the rule is of that one. */
static void both_ways_alert_on_the_response(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	fake_buffer(0, BUFFER_HTTP_METHOD, 0, "GET");
	fake_buffer(0, BUFFER_HTTP_STAT_CODE, 1, "200");
	open_rules(&r, "alert http any any => any any (sid:1; http.method; content:\"GET\"; "
		       "http.stat_code; content:\"200\";)");
	fake.tx[0].progress[1]++;
	whole(0, 0);
	assert_string_equal(step(&r, 0), "");
	assert_string_equal(step(&r, 1), "1/0");
	rig_close(&r);
}

/* A head of a chunked message: complete, and yet trailers may be added. */
static void what_is_whole_may_come_again(void **state)
{
	struct rig r = { .rules = NULL };
	struct app_slice *head;

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	head = fake_buffer(0, BUFFER_HTTP_HEADER, 1, "A: b");
	head->again = true;
	open_rules(&r, "alert http any any -> any any (sid:1; http.header; content:!\"T:\";)\n"
		       "alert http any any -> any any (sid:2; http.header; content:\"T: u\";)\n"
		       "alert http any any -> any any (sid:3; http.header; content:\"A: b\"; "
		       "endswith;)");
	fake.tx[0].progress[1]++;
	assert_string_equal(step(&r, 1), "1/0 3/0");
	head->data = bytes_of("A: b|T: u", 9);
	head->again = false;
	whole(0, 1);
	assert_string_equal(step(&r, 1), "2/0");
	rig_close(&r);
}

/* Of what can not come any more absence is told at once, not at the end. */
static void absence_is_told_when_it_is_sure(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/");
	open_rules(&r, "alert http any any -> any any (sid:1; http.referer; absent;)");
	fake.tx[0].progress[0]++;
	assert_string_equal(step(&r, 0), "");
	fake.past = true;
	fake.tx[0].progress[0]++;
	assert_string_equal(step(&r, 0), "1/0");
	rig_close(&r);
}

static void a_new_file_is_a_step(void **state)
{
	struct app_file file = { .flags = FILE_TO_CLIENT, .state = FILE_OPEN };
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, "alert http any any -> any any (sid:1; file.name; content:\"exe\";)");
	fake.tx[0].progress[1]++;
	assert_string_equal(step(&r, 1), "");
	fake_buffer(0, BUFFER_FILE_NAME, 1, "a.exe");
	assert_string_equal(step(&r, 1), "");
	fake.tx[0].files = &file;
	assert_string_equal(step(&r, 1), "1/0");
	fake.tx[0].files = NULL;
	rig_close(&r);
}

/* --- bodies -------------------------------------------------------------------------------------------- */

#define BODY "flow:to_server; http.request_body; "

static const struct {
	const char *rule, *body;
	bool holds;
} bodies[] = {
	{ HTTP BODY "content:\"abc\";)", "xxabcxx", true },
	{ HTTP BODY "content:\"abc\"; content:\"def\"; distance:1;)", "abc.def", true },
	{ HTTP BODY "content:\"abc\"; content:!\"def\";)", "abc.def", false },
	{ HTTP BODY "content:\"abc\"; content:!\"def\";)", "abc.deg", true },
	{ HTTP BODY "content:\"abc\"; content:!\"d\"; within:1;)", "abcd", false },
	{ HTTP BODY "content:\"abc\"; content:!\"d\"; within:1;)", "abcxd", true },
	{ HTTP BODY "content:\"abc\"; endswith;)", "abcabc", true },
	{ HTTP BODY "content:\"abc\"; endswith;)", "abcx", false },
	{ HTTP BODY "content:\"abc\"; isdataat:!1,relative;)", "xabc", true },
	{ HTTP BODY "content:\"abc\"; isdataat:!1,relative;)", "xabcx", false },
	{ HTTP BODY "content:\"abc\"; isdataat:1,relative;)", "xabcx", true },
	/* one possible place: compared there */
	{ HTTP BODY "content:\"ab\"; startswith;)", "abcab", true },
	{ HTTP BODY "content:\"ab\"; startswith;)", "xabab", false },
	{ HTTP BODY "content:\"AB\"; nocase; depth:2;)", "aBcd", true },
	{ HTTP BODY "content:\"cd\"; offset:2; depth:2;)", "abcdab", true },
	{ HTTP BODY "content:\"cd\"; offset:2; depth:2;)", "acdbcd", false },
	{ HTTP BODY "content:\"ab\"; offset:1; depth:3; fast_pattern; content:\"xyz\";)", "yabxyz",
	  true },
	{ HTTP BODY "content:\"ab\"; depth:2; content:\"xyz\"; endswith;)", "ab.xyz", true },
	/* a long content is found by all of it */
	{ HTTP BODY "content:\"function heap spray in these forty bytes.\";)",
	  "a function heap spray in these forty bytes.", true },
	{ HTTP BODY "content:\"function heap spray in these forty bytes.\";)",
	  "a function heap spray in these forty bytes", false },
	{ HTTP BODY "bsize:5;)", "12345", true },
	{ HTTP BODY "bsize:5;)", "123456", false },
	{ HTTP BODY "bsize:>5;)", "123456", true },
	{ HTTP BODY "pcre:!\"/abc/\";)", "xabcx", false },
	{ HTTP BODY "pcre:!\"/abc/\";)", "xabdx", true },
	{ HTTP BODY "to_md5; content:\"|90 01 50 98 3c d2 4f b0 d6 96 3f 7d 28 e1 7f 72|\";)",
	  "abc", true },
};

/* However the body is cut in two, or into single bytes, the answer is the same. */
static void bodies_may_be_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		size_t len = strlen(bodies[i].body);

		for (size_t cut = 0; cut <= len; cut++) {
			struct rig r = { .rules = NULL };
			struct app_slice *s;
			unsigned alerts = 0;

			fake_open(APP_PROTO_HTTP1, 1);
			s = fake_bytes(0, BUFFER_HTTP_REQUEST_BODY, 0, bodies[i].body, cut);
			s->at_end = false;
			open_rules(&r, bodies[i].rule);
			fake.tx[0].progress[0] = 1;
			if (cut == 0) {
				/* byte by byte */
				for (size_t k = 1; k < len; k++) {
					s->data.len = k;
					alerts += *step(&r, 0) != '\0';
				}
			} else {
				alerts += *step(&r, 0) != '\0';
			}
			s->data.len = len;
			s->at_end = true;
			whole(0, 0);
			alerts += *step(&r, 0) != '\0';
			if (alerts != bodies[i].holds)
				fail_msg("%s: '%s' cut at %zu: %u alerts", bodies[i].rule,
					 bodies[i].body, cut, alerts);
			rig_close(&r);
		}
	}
}

/* A rule with nothing to search for looks at each part of a body, not only at what is there at its end. */
static void no_part_of_a_body_goes_by(void **state)
{
	struct rig r = { .rules = NULL };
	struct app_slice *s;

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	s = fake_bytes(0, BUFFER_HTTP_REQUEST_BODY, 0, "zz", 2);
	s->at_end = false;
	open_rules(&r, HTTP BODY "pcre:\"/a.c/\";)");
	fake.tx[0].progress[0] = 1;
	assert_string_equal(step(&r, 0), "");
	*s = (struct app_slice){ .data = bytes_of("abc", 3), .offset = 2 };
	assert_string_equal(step(&r, 0), "1/0");
	*s = (struct app_slice){ .data = bytes_of("yy", 2), .offset = 5, .at_end = true };
	whole(0, 0);
	assert_string_equal(step(&r, 0), "");
	rig_close(&r);
}

/* What is searched for in the payload makes a candidate when it comes; the rest may come later. */
static void payload_makes_candidates(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, "alert http any any -> any any (sid:1; content:\"needle\"; http.method; "
		       "content:\"GET\";)\n"
		       "alert http any any -> any any (sid:2; content:\"needle\"; fast_pattern; "
		       "http.method; content:\"GET\";)\n"
		       "alert http any any -> any any (sid:3; content:\"needle\"; urilen:1;)\n"
		       "alert http any any -> any any (sid:4; content:\"noodle\"; fast_pattern; "
		       "http.method; content:\"GET\";)\n");
	fake.tx[0].progress[0] = 1;
	assert_string_equal(payload_step(&r, 0, "hay hay"), "");
	assert_string_equal(payload_step(&r, 0, "a needle in it"), "");
	fake_buffer(0, BUFFER_HTTP_METHOD, 0, "GET");
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/");
	whole(0, 0);
	assert_string_equal(payload_step(&r, 0, "hay"), "2/0 3/0");
	rig_close(&r);
}

/* Nothing is new of the transaction, but the packet, or what another rule has set, decides. */
static void an_idle_one_waits_for_packets(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, "alert http any any -> any any (sid:1; flowbits:isset,seen; http.method; "
		       "content:!\"P\";)\n"
		       "alert tcp any any -> any any (sid:2; content:\"set\"; "
		       "flowbits:set,seen; noalert;)\n"
		       "alert http any any -> any any (sid:3; content:\"needle\"; fast_pattern; "
		       "http.method; content:\"GET\";)\n"
		       "alert http any any -> any any (sid:5; http.method; content:\"GET\"; "
		       "pkt_data; content:\"thread\";)\n");
	fake.tx[0].progress[0] = 1;
	fake_buffer(0, BUFFER_HTTP_METHOD, 0, "GET");
	assert_string_equal(step(&r, 0), "");
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(payload_step(&r, 0, "hay"), "");
	assert_string_equal(payload_step(&r, 0, "a needle"), "3/0");
	assert_string_equal(payload_step(&r, 0, "set it"), "1/0");
	assert_string_equal(payload_step(&r, 0, "hay"), "");
	assert_string_equal(payload_step(&r, 0, "a thread"), "5/0");
	assert_string_equal(payload_step(&r, 0, "a needle, set, and a thread"), "");
	rig_close(&r);
}

/* --- several transactions ------------------------------------------------------------------------------- */

static void each_transaction_alerts_once(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 3);
	for (unsigned i = 0; i < 3; i++) {
		fake_buffer(i, BUFFER_HTTP_URI, 0, i == 1 ? "/other" : "/abc");
		whole(i, 0);
	}
	open_rules(&r, "alert http any any -> any any (sid:1; http.uri; content:\"/abc\";)\n"
		       "alert http any any -> any any (sid:2; http.uri; content:\"/\";)\n");
	assert_string_equal(step(&r, 0), "1/0 1/2 2/0 2/1 2/2");
	assert_string_equal(step(&r, 0), "");
	assert_true(fake.tx[1].flags & APP_TX_INSPECTED);
	assert_false(fake.tx[1].flags & APP_TX_INSPECTED << 1);
	rig_close(&r);
}

/* What stands at its place is known of equal bytes as what was searched for is. */
static void equal_buffers_alert_alike(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 6);
	for (unsigned i = 0; i < 6; i++) {
		fake_buffer(i, BUFFER_HTTP_METHOD, 0, i % 3 ? "GET" : "PUT");
		fake_buffer(i, BUFFER_HTTP_URI, 0, i % 2 ? "/abcdef" : "/xyzdef");
		whole(i, 0);
	}
	open_rules(
		&r,
		"alert http any any -> any any (sid:1; http.method; content:\"GE\"; startswith;)\n"
		"alert http any any -> any any (sid:2; http.uri; content:\"/ab\"; startswith;)\n"
		"alert http any any -> any any (sid:3; http.uri; content:\"bcde\";)\n"
		"alert http any any -> any any (sid:4; http.uri; content:\"/xy\"; startswith;)\n");
	assert_string_equal(step(&r, 0), "1/1 1/2 1/4 1/5 2/1 2/3 2/5 3/1 3/3 3/5 4/0 4/2 4/4");
	rig_close(&r);
}

/* Whatever their order, rules hold that others' flowbits let hold. */
static void flowbits_go_from_rule_to_rule(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/abc");
	fake_buffer(0, BUFFER_HTTP_METHOD, 0, "GET");
	whole(0, 0);
	open_rules(&r, "alert http any any -> any any (sid:3; http.uri; content:\"/a\"; "
		       "flowbits:isset,two; flowbits:set,three;)\n"
		       "alert http any any -> any any (sid:2; http.method; content:\"G\"; "
		       "flowbits:isset,one; flowbits:set,two;)\n"
		       "alert http any any -> any any (sid:1; http.uri; content:\"b\"; "
		       "flowbits:set,one;)\n");
	assert_string_equal(step(&r, 0), "1/0 3/0 2/0");
	rig_close(&r);
}

static void fields_of_a_transaction(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_DNS, 2);
	fake_number(0, APP_INT_DNS_OPCODE, 0, 0);
	fake_number(0, APP_INT_DNS_RRTYPE, 0, 1);
	fake_number(0, APP_INT_DNS_RRTYPE, 0, 28);
	fake_number(1, APP_INT_DNS_OPCODE, 0, 4);
	whole(0, 0);
	whole(1, 0);
	open_rules(&r, "alert dns any any -> any any (sid:1; dns.opcode:4;)\n"
		       "alert dns any any -> any any (sid:2; dns.opcode:!4;)\n"
		       "alert dns any any -> any any (sid:3; dns.rrtype:28;)\n"
		       "alert dns any any -> any any (sid:4; dns.rrtype:16;)\n");
	assert_string_equal(step(&r, 0), "1/1 2/0 3/0");
	rig_close(&r);
}

/* Nothing of a direction has come: it is looked at when something does. */
static void a_quiet_direction_waits(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, "alert http any any -> any any (sid:1; "
		       "app-layer-event:http.missing_host_header;)\n");
	fake.tx[0].progress[0] = 1;
	fake.tx[0].event[fake.tx[0].events++] = APP_EVENT_HTTP_MISSING_HOST_HEADER;
	fake.tx[0].quiet = 1 << 1;
	assert_string_equal(step(&r, 1), "");
	assert_string_equal(step(&r, 0), "1/0");
	assert_string_equal(step(&r, 1), "");
	fake.tx[0].quiet = 0;
	assert_string_equal(step(&r, 1), "1/0");
	rig_close(&r);
}

/* Something is added, though no step is taken. */
static void what_is_added_is_looked_at(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_SMTP, 1);
	open_rules(&r, "alert smtp any any -> any any (sid:1; smtp.rcpt_to; content:!\"@\";)\n"
		       "alert smtp any any -> any any (sid:2; smtp.rcpt_to; content:\"b\";)\n");
	fake.tx[0].progress[0] = 1;
	fake_buffer(0, BUFFER_SMTP_RCPT_TO, 0, "<a@x>");
	assert_string_equal(step(&r, 0), "");
	fake_buffer(0, BUFFER_SMTP_RCPT_TO, 0, "<b>");
	assert_string_equal(step(&r, 0), "");
	fake.tx[0].news++;
	assert_string_equal(step(&r, 0), "1/0 2/0");
	rig_close(&r);
}

/* An empty name is there, but nothing holds in it, not even what is not in it. */
static void nothing_holds_in_an_empty_name(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_DNS, 3);
	fake_buffer(0, BUFFER_DNS_ADDITIONALS_RRNAME, 1, "")->nothing = true;
	fake_buffer(1, BUFFER_DNS_ADDITIONALS_RRNAME, 1, "")->nothing = true;
	fake_buffer(1, BUFFER_DNS_ADDITIONALS_RRNAME, 1, "ns.example");
	for (unsigned i = 0; i < 3; i++)
		whole(i, 1);
	open_rules(&r,
		   "alert dns any any -> any any (sid:1; dns.additionals.rrname; content:!\"z\";)\n"
		   "alert dns any any -> any any (sid:2; dns.additionals.rrname; bsize:0;)\n"
		   "alert dns any any -> any any (sid:3; dns.additionals.rrname; absent;)\n");
	assert_string_equal(step(&r, 1), "1/1 3/2");
	rig_close(&r);
}

static void events_of_a_transaction(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, "alert http any any -> any any (sid:1; "
		       "app-layer-event:http.missing_host_header;)\n");
	fake.tx[0].progress[0] = 1;
	assert_string_equal(step(&r, 0), "");
	fake.tx[0].event[fake.tx[0].events++] = APP_EVENT_HTTP_MISSING_HOST_HEADER;
	assert_string_equal(step(&r, 0), "1/0");
	whole(0, 0);
	assert_string_equal(step(&r, 0), "");
	rig_close(&r);
}

static void a_rule_on_a_protocol_looks_at_its_packets(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 0);
	open_rules(&r, "alert http any any -> any any (sid:1;)\n"
		       "alert dns any any -> any any (sid:2;)\n"
		       "alert tcp any any -> any any (sid:3; app-layer-protocol:http;)\n"
		       "alert tcp any any -> any any (sid:4; app-layer-protocol:!http;)\n");
	assert_string_equal(step(&r, 0), "1 3");
	assert_string_equal(step(&r, 0), "1");
	assert_string_equal(step(&r, 1), "1 3");
	rig_close(&r);
}

/* A change: the old protocol stays the original one, each direction is told of when it is decided anew. */
static void a_change_of_protocol_is_told(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 0);
	open_rules(&r, "alert tcp any any -> any any (sid:1; app-layer-protocol:http;)\n"
		       "alert tcp any any -> any any (sid:2; app-layer-protocol:tls;)\n"
		       "alert tcp any any -> any any (sid:3; app-layer-protocol:http,original;)\n"
		       "alert tcp any any -> any any (sid:4; app-layer-protocol:tls,final;)\n"
		       "alert tcp any any -> any any (sid:5; app-layer-protocol:unknown;)\n");
	assert_string_equal(step(&r, 0), "1");
	/* Asked for by the response, and nothing said of what comes. */
	fake.app.original = APP_PROTO_HTTP1;
	fake.app.seen[0] = fake.app.seen[1] = fake.app.said[1] = APP_PROTO_UNKNOWN;
	assert_string_equal(step(&r, 0), "");
	assert_string_equal(step(&r, 1), "3 5");
	fake.app.proto = fake.app.seen[0] = fake.app.said[0] = APP_PROTO_TLS;
	fake.app.decided[0]++;
	assert_string_equal(step(&r, 0), "2 3 4");
	assert_string_equal(step(&r, 0), "");
	rig_close(&r);
}

static void what_a_change_leads_to_may_be_said(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 0);
	open_rules(&r, "alert tcp any any -> any any (sid:1; app-layer-protocol:http1,final;)\n"
		       "alert tcp any any -> any any (sid:2; app-layer-protocol:http2,final;)\n");
	fake.app.original = APP_PROTO_HTTP1;
	fake.app.expected = fake.app.said[1] = APP_PROTO_HTTP2;
	assert_string_equal(step(&r, 0), "1");
	assert_string_equal(step(&r, 1), "2");
	rig_close(&r);
}

static void a_state_is_given_back(void **state)
{
	struct rig r = { .options = { .max_transactions = 2 } };
	char big[] = "alert http any any -> any any (sid:1; http.uri; content:\"/a\"; "
		     "http.cookie; content:\"c\";)";

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, big);
	for (unsigned i = 0; i < 10; i++) {
		fake_open(APP_PROTO_HTTP1, 1);
		fake_buffer(0, BUFFER_HTTP_URI, 0, "/abc");
		fake.tx[0].progress[0] = 1;
		assert_string_equal(step(&r, 0), "");
		fake_buffer(0, BUFFER_HTTP_COOKIE, 0, "c=1");
		whole(0, 0);
		assert_string_equal(step(&r, 0), "1/0");
		whole(0, 1);
		assert_string_equal(step(&r, 1), "");
		assert_int_equal(fake.tx[0].detect, 0);
		detect_flow_end(r.detector, &fake.flow);
	}
	assert_int_equal(r.counters.value[COUNTER_LIMITS_REACHED], 0);
	rig_close(&r);
}

/* Of flows that stay, one at last finds no room for what hangs on it. */
static void a_refusal_is_counted_once(void **state)
{
	struct rig r = { .options = { .max_flow_states = 1 } };
	char rule[] = "alert http any any -> any any (sid:1; http.uri; content:\"/a\"; "
		      "http.cookie; content:\"c\";)";
	const uint64_t *refused = &r.counters.value[COUNTER_LIMITS_REACHED];

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_rules(&r, rule);
	for (unsigned i = 0; i < 1000 && !*refused; i++) {
		fake_open(APP_PROTO_HTTP1, 1);
		fake_buffer(0, BUFFER_HTTP_URI, 0, "/abc");
		fake.tx[0].progress[0] = 1;
		assert_string_equal(step(&r, 0), "");
	}
	assert_int_equal(*refused, 1);
	assert_int_equal(fake.tx[0].detect, 0);
	rig_close(&r);
}

/* --- searching equals trying every rule ------------------------------------------------------------------ */

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static const struct {
	const char *name;
	enum buffer buffer;
} some[] = {
	{ "http.uri", BUFFER_HTTP_URI },
	{ "http.method", BUFFER_HTTP_METHOD },
	{ "http.cookie", BUFFER_HTTP_COOKIE },
	{ "http.request_body", BUFFER_HTTP_REQUEST_BODY },
};
static const char *const transforms[] = {
	"", "", "", "url_decode; ", "xor:\"01\"; ", "dotprefix; "
};

static void random_word(char *out, unsigned longest)
{
	unsigned len = 1 + random_below(longest);

	for (unsigned i = 0; i < len; i++)
		out[i] = "abAB.+"[random_below(6)];
	out[len] = '\0';
}

static void random_rule(char *out, size_t size, unsigned sid)
{
	size_t at =
		(size_t)snprintf(out, size,
				 "alert http any any -> any any (flow:to_server; sid:%u; ", sid);
	unsigned namings = 1 + random_below(3);

	for (unsigned i = 0; i < namings; i++) {
		unsigned contents = 1 + random_below(2);

		at += (size_t)snprintf(out + at, size - at, "%s; %s", some[random_below(4)].name,
				       transforms[random_below(6)]);
		for (unsigned k = 0; k < contents; k++) {
			char word[8];

			random_word(word, 3);
			at += (size_t)snprintf(out + at, size - at, "content:%s\"%s\"; %s",
					       random_below(4) ? "" : "!", word,
					       random_below(3) ? "" : "nocase; ");
		}
	}
	snprintf(out + at, size - at, ")\n");
}

static void expect(struct rig *r, char *out, size_t size)
{
	struct packet p = rig_tcp(NULL, 0, TCP_ACK);
	struct transform_work *w;
	struct regex_scratch *regex = NULL;
	size_t at = 0;
	struct eval e = { .rs = r->rules,
			  .p = &p,
			  .f = &fake.flow,
			  .flow = &fake.flow,
			  .apps = engine(),
			  .tx = &fake.tx[0],
			  .dir_done = true,
			  .steps_max = 3000 };

	p.flow = &fake.flow;
	p.established = true;
	rig_must(transform_work_new(&w) == 0 && regex_scratch_new(3500, 1500, 1, &regex) == 0, r,
		 "memory");
	e.transforms = w;
	e.regex = regex;
	e.proto = eval_proto(&p);
	e.have = eval_facts(&p, &fake.flow) | eval_ends(&e);
	out[0] = '\0';
	for (uint32_t i = 0; i < r->rules->block->rules.count; i++) {
		const struct rule_row *row = &r->rules->row[i];
		struct rule_info info;
		uint64_t held = 0;

		if (!eval_header(&e, row) || !eval_packet(&e, row) ||
		    eval_tx(&e, row, &held) != TX_HOLDS)
			continue;
		ruleset_rule(r->rules, i, &info);
		at += (size_t)snprintf(out + at, size - at, "%s%u/0", at ? " " : "", info.sid);
	}
	transform_work_free(w);
	regex_scratch_free(regex);
}

static void searching_equals_trying_every_rule(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct rig r = { .rules = NULL };
		static char rules[16384], expected[2048], word[4][32];
		size_t at = 0;

		for (unsigned i = 1; i <= 30; i++) {
			random_rule(rules + at, sizeof(rules) - at, i);
			at += strlen(rules + at);
		}
		fake_open(APP_PROTO_HTTP1, 1);
		for (unsigned i = 0; i < 4; i++) {
			if (!random_below(4))
				continue;
			random_word(word[i], 30);
			fake_buffer(0, some[i].buffer, 0, word[i]);
		}
		whole(0, 0);
		open_rules(&r, rules);
		expect(&r, expected, sizeof(expected));
		assert_string_equal(step(&r, 0), expected);
		rig_close(&r);
	}
}

/* config: the transaction in which it holds is not told of, and no other; nothing alerts. */
static void config_ends_the_record_of_a_transaction(void **state)
{
	static const struct {
		const char *rules;
		bool logged[2]; /* afterwards, by transaction */
		const char *alerts;
	} of[] = {
		{ "config http any any -> any any (http.uri; content:\"two\"; "
		  "config:logging disable, type tx, scope tx; sid:1;)\n",
		  { false, true },
		  "" },
		{ "alert http any any -> any any (http.uri; content:\"two\"; "
		  "config:logging disable, type tx, scope tx; sid:1;)\n",
		  { false, true },
		  "1/1" },
		/* without a condition: each */
		{ "config http any any -> any any (config:logging disable, type tx, scope tx; sid:1;)\n",
		  { true, true },
		  "" },
		/* what changes nothing */
		{ "config http any any -> any any (http.uri; content:\"two\"; "
		  "config:logging disable, type flow, scope flow; sid:1;)\n",
		  { false, false },
		  "" },
		{ "config http any any -> any any (http.uri; content:\"two\"; sid:1;)\n",
		  { false, false },
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct rig r = { .rules = NULL };

		fake_open(APP_PROTO_HTTP1, 2);
		fake_buffer(0, BUFFER_HTTP_URI, 0, "/one");
		fake_buffer(1, BUFFER_HTTP_URI, 0, "/two");
		whole(0, 0);
		whole(1, 0);
		open_rules(&r, of[i].rules);
		assert_string_equal(step(&r, 0), of[i].alerts);
		for (unsigned t = 0; t < 2; t++)
			assert_int_equal(!!(fake.tx[t].flags & APP_TX_LOGGED), of[i].logged[t]);
		rig_close(&r);
	}
}

/* xbits with track tx: a mark is seen in its transaction alone, and goes with it. */
static void a_mark_stays_in_its_transaction(void **state)
{
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 2);
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/one");
	fake_buffer(1, BUFFER_HTTP_URI, 0, "/two");
	whole(0, 0);
	whole(1, 0);
	open_rules(&r, "alert http any any -> any any (http.uri; content:\"two\"; noalert; "
		       "xbits:set,m,track tx; sid:1;)\n"
		       "alert http1:response_started any any -> any any (xbits:isset,m,track tx; "
		       "sid:2;)\n"
		       "alert http1:response_started any any -> any any "
		       "(xbits:isnotset,m,track tx; sid:3;)\n");
	assert_string_equal(step(&r, 0), "");
	whole(0, 1);
	whole(1, 1);
	assert_string_equal(step(&r, 1), "2/1 3/0");
	detect_flow_end(r.detector, &fake.flow);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_holds_where_it_should),
		cmocka_unit_test(buffers_may_come_late),
		cmocka_unit_test(both_ways_alert_on_the_response),
		cmocka_unit_test(what_is_whole_may_come_again),
		cmocka_unit_test(absence_is_told_when_it_is_sure),
		cmocka_unit_test(a_new_file_is_a_step),
		cmocka_unit_test(bodies_may_be_cut_anywhere),
		cmocka_unit_test(no_part_of_a_body_goes_by),
		cmocka_unit_test(payload_makes_candidates),
		cmocka_unit_test(an_idle_one_waits_for_packets),
		cmocka_unit_test(each_transaction_alerts_once),
		cmocka_unit_test(equal_buffers_alert_alike),
		cmocka_unit_test(flowbits_go_from_rule_to_rule),
		cmocka_unit_test(fields_of_a_transaction),
		cmocka_unit_test(a_quiet_direction_waits),
		cmocka_unit_test(what_is_added_is_looked_at),
		cmocka_unit_test(nothing_holds_in_an_empty_name),
		cmocka_unit_test(events_of_a_transaction),
		cmocka_unit_test(a_rule_on_a_protocol_looks_at_its_packets),
		cmocka_unit_test(a_change_of_protocol_is_told),
		cmocka_unit_test(what_a_change_leads_to_may_be_said),
		cmocka_unit_test(a_state_is_given_back),
		cmocka_unit_test(a_refusal_is_counted_once),
		cmocka_unit_test(config_ends_the_record_of_a_transaction),
		cmocka_unit_test(a_mark_stays_in_its_transaction),
		cmocka_unit_test(searching_equals_trying_every_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
