/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, their limits and memory; files and their digests. */
#include "engine/app/dns.h"
#include "engine/app/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
#define QUERY_LEN (sizeof(QUERY) - 1)

struct bench {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct app_engine *apps;
	struct packet packet;
};

static struct app_options options(void)
{
	struct app_options o = {
		.memcap = 1 << 20,
		.max_flows = 64,
		.max_transactions = 4,
		.enabled = { ~0ull, ~0ull },
		.files = { .digests = FILE_MD5 | FILE_SHA1 | FILE_SHA256,
			   .window = 4,
			   .keep = true },
	};

	identify_ports_stock(&o.ports);
	return o;
}

static void start(struct bench *b, const struct app_options *opt)
{
	static const struct flow_options flow = { .max_flows = 64, .hash_size = 64 };
	static const struct stream_options stream = { .max_sessions = 16,
						      .reassembly_memcap = 1 << 20 };

	memset(b, 0, sizeof(*b));
	assert_int_equal(flow_table_new(&flow, &b->counters, NULL, NULL, NULL, &b->flows), 0);
	assert_int_equal(stream_engine_new(&stream, b->flows, &b->counters, &b->streams), 0);
	assert_int_equal(app_engine_new(opt, b->flows, b->streams, &b->counters, &b->apps), 0);
}

static void stop(struct bench *b)
{
	/* Everything has come back. */
	assert_int_equal(b->apps->memory.used_bytes, 0);
	assert_int_equal(b->apps->states.used, 0);
	app_engine_free(b->apps);
	stream_engine_free(b->streams);
	flow_table_free(b->flows);
}

static struct flow *send_between(struct bench *b, bool back, const char *data, size_t len)
{
	struct packet *p = &b->packet;

	*p = (struct packet){
		.payload = bytes_of(data, len),
		.number = 1,
		.time_ns = 1000000000,
		.ip_version = 4,
		.proto = IP_PROTO_UDP,
		.has_ip = true,
		.has_l4 = true,
		.sport = back ? 53 : 1024,
		.dport = back ? 1024 : 53,
		.src = ip_addr_v4((const uint8_t *)(back ? "\12\0\0\2" : "\12\0\0\1")),
		.dst = ip_addr_v4((const uint8_t *)(back ? "\12\0\0\1" : "\12\0\0\2")),
	};
	flow_update(b->flows, p, flow_hash(b->flows, p), 16);
	assert_non_null(p->flow);
	app_packet(b->apps, p);
	return p->flow;
}

static struct flow *send_udp(struct bench *b, const char *data, size_t len)
{
	return send_between(b, false, data, len);
}

/* Nobody inspects or records: a transaction goes with its packet. */
static void test_freed(void **state)
{
	struct app_options opt = options();
	struct app_flow *a;
	struct bench b;
	struct flow *f;

	(void)state;
	start(&b, &opt);
	for (int i = 0; i < 100; i++) {
		f = send_udp(&b, QUERY, QUERY_LEN);
		a = app_flow(b.apps, f);
		assert_int_equal(a->live, 1);
		assert_int_equal(a->first->id, i);
		assert_true(app_tx_is_done(a->first));
		app_packet_done(b.apps, &b.packet);
		assert_int_equal(a->live, 0);
	}
	assert_int_equal(f->app_proto, APP_PROTO_DNS);
	assert_int_equal(b.counters.value[COUNTER_APP_FLOW_DNS_UDP], 1);
	assert_int_equal(b.counters.value[COUNTER_APP_TX_DNS_UDP], 100);
	assert_int_equal(b.apps->memory.used_bytes, 0);
	app_flow_end(b.apps, f);
	stop(&b);
}

/* Nothing is looked for: the flow is said to speak nothing, and costs no state. */
static void test_nothing_looked_for(void **state)
{
	struct app_options opt = options();
	struct bench b;
	struct flow *f;

	(void)state;
	/* Announced by others alone, so not to be found. */
	opt.enabled[0] = opt.enabled[1] = APP_PROTO_BIT(APP_PROTO_FTP_DATA);
	start(&b, &opt);
	f = send_udp(&b, "", 0);
	assert_int_equal(f->app_proto, APP_PROTO_UNKNOWN);
	f = send_udp(&b, QUERY, QUERY_LEN);
	f = send_udp(&b, QUERY, QUERY_LEN);
	assert_int_equal(f->app_proto, APP_PROTO_FAILED);
	assert_int_equal(b.counters.value[COUNTER_APP_FLOW_FAILED_UDP], 1);
	assert_int_equal(f->app, 0);
	stop(&b);
}

/* It stays until rules and records have seen it. */
static void test_cursors(void **state)
{
	struct app_options opt = options();
	struct app_flow *a;
	struct bench b;
	struct flow *f;

	(void)state;
	opt.inspects = opt.records = true;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	a = app_flow(b.apps, f);
	app_packet_done(b.apps, &b.packet);
	assert_int_equal(a->live, 1);
	a->first->flags |= APP_TX_LOGGED;
	app_packet_done(b.apps, &b.packet);
	assert_int_equal(a->live, 1);
	/* To the client there is nothing to inspect. */
	a->first->flags |= APP_TX_INSPECTED;
	app_packet_done(b.apps, &b.packet);
	assert_int_equal(a->live, 0);
	assert_null(a->first);
	assert_null(a->last);
	app_flow_end(b.apps, f);
	stop(&b);
}

static void test_limits(void **state)
{
	struct app_options opt = options();
	struct bench b;
	struct flow *f;

	(void)state;
	opt.records = true;
	start(&b, &opt);
	for (int i = 0; i < 10; i++)
		f = send_udp(&b, QUERY, QUERY_LEN);
	/* The newest on top of those that the limit admits. */
	assert_int_equal(app_flow(b.apps, f)->live, 5);
	assert_int_equal(b.counters.value[COUNTER_LIMITS_REACHED], 5);
	/* A flow that goes takes them along. */
	app_flow_end(b.apps, f);
	assert_int_equal(f->app, 0);
	stop(&b);
}

/* The budget is less than what is asked for. */
static void test_budget(void **state)
{
	struct app_options opt = options();
	struct bench b;
	struct flow *f;

	(void)state;
	opt.records = true;
	opt.memcap = 2048;
	start(&b, &opt);
	for (int i = 0; i < 10; i++)
		f = send_udp(&b, QUERY, QUERY_LEN);
	assert_int_equal(app_flow(b.apps, f)->live, 2);
	assert_true(b.counters.value[COUNTER_APP_ALLOC_DNS_UDP] > 0);
	app_flow_end(b.apps, f);
	stop(&b);
}

/* Cut and odd messages are never more than an event. */
static void test_cut(void **state)
{
	struct app_options opt = options();
	struct bench b;

	(void)state;
	start(&b, &opt);
	for (size_t n = 1; n <= QUERY_LEN; n++) {
		struct flow *f = send_udp(&b, QUERY, n);

		app_packet_done(b.apps, &b.packet);
		app_flow_end(b.apps, f);
		flow_end_all(b.flows);
	}
	stop(&b);
}

static void test_text(void **state)
{
	struct app_options opt = options();
	struct app_text t = { .len = 0 };
	struct app_ctx c;
	struct bench b;
	struct flow *f;

	(void)state;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	c = app_ctx_of(b.apps, f, &b.packet);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t byte = (uint8_t)i;

		assert_true(app_text_add(&c, c.app->first, &t, bytes_of(&byte, 1), 3000));
	}
	assert_false(app_text_add(&c, c.app->first, &t, bytes_of("x", 1), 3000));
	assert_int_equal(t.len, 3000);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(t.data[i], (uint8_t)i);
	/* What it outgrew has been given back. */
	assert_true(b.apps->memory.used_bytes <= 8192);
	app_flow_end(b.apps, f);
	stop(&b);
}

/* --- files ----------------------------------------------------------------------------------- */

static void hex(const uint8_t *data, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

/* The digests of "abc" are those of RFC 1321 and FIPS 180. */
static void test_digests(void **state)
{
	struct app_options opt = options();
	struct app_file *file;
	struct app_ctx c;
	struct bench b;
	struct flow *f;
	char text[65];

	(void)state;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	c = app_ctx_of(b.apps, f, &b.packet);
	for (unsigned round = 0; round < 3; round++) {
		file = file_open(&c, c.app->first, 1, bytes_of("a/b", 3));
		assert_non_null(file);
		assert_int_equal(file->id, round + 1);
		for (unsigned i = 0; i < 3; i++)
			file_append(&c, c.app->first, file, bytes_of(&"abc"[i], 1));
		file_close(&c, c.app->first, file, false);
		assert_int_equal(file->state, FILE_CLOSED);
		assert_int_equal(file->size, 3);
		hex(file->md5, 16, text);
		assert_string_equal(text, "900150983cd24fb0d6963f7d28e17f72");
		hex(file->sha1, 20, text);
		assert_string_equal(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
		hex(file->sha256, 32, text);
		assert_string_equal(text,
				    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
				    "0015ad");
	}
	app_flow_end(b.apps, f);
	stop(&b);
}

static void test_gaps(void **state)
{
	struct app_options opt = options();
	struct app_file *file[3];
	struct app_ctx c;
	struct bench b;
	struct flow *f;

	(void)state;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	c = app_ctx_of(b.apps, f, &b.packet);
	for (unsigned i = 0; i < 3; i++) {
		file[i] = file_open(&c, c.app->first, 0, bytes_of("x", 1));
		file_append(&c, c.app->first, file[i], bytes_of("abc", 3));
	}
	file_gap(&c, c.app->first, file[0], 100);
	file_append(&c, c.app->first, file[0], bytes_of("def", 3));
	for (unsigned i = 0; i < 3; i++)
		file_close(&c, c.app->first, file[i], i == 1);
	assert_int_equal(file[0]->state, FILE_TRUNCATED);
	assert_int_equal(file[0]->size, 106);
	assert_true(file[0]->flags & FILE_HAS_GAPS);
	assert_false(file[0]->flags & FILE_SHA256);
	assert_int_equal(file[1]->state, FILE_TRUNCATED);
	assert_false(file[1]->flags & FILE_SHA256);
	assert_int_equal(file[2]->state, FILE_CLOSED);
	assert_true(file[2]->flags & FILE_SHA256);
	app_flow_end(b.apps, f);
	stop(&b);
}

/* What every rule has seen goes, but for the window behind it. */
static void test_window(void **state)
{
	struct app_options opt = options();
	struct app_file *file;
	struct app_slice s;
	struct app_ctx c;
	struct bench b;
	struct flow *f;

	(void)state;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	c = app_ctx_of(b.apps, f, &b.packet);
	file = file_open(&c, c.app->first, 0, bytes_of("x", 1));
	for (unsigned i = 0; i < 1000; i++) {
		file_append(&c, c.app->first, file, bytes_of("0123456789", 10));
		assert_true(app_buffer(b.apps, f, c.app->first, BUFFER_FILE_DATA, 0, 0, &s));
		assert_int_equal(s.offset + s.data.len, 10 * (i + 1));
		assert_int_equal(s.data.len - s.fresh, 10);
		assert_true(i == 0 || s.fresh >= 4);
		assert_true(s.data.len < 64);
		assert_false(s.at_end);
		app_inspected(b.apps, f, c.app->first, BUFFER_FILE_DATA, 0, 0,
			      s.offset + s.data.len);
	}
	file_close(&c, c.app->first, file, false);
	assert_true(app_buffer(b.apps, f, c.app->first, BUFFER_FILE_DATA, 0, 0, &s));
	assert_true(s.at_end);
	assert_false(app_buffer(b.apps, f, c.app->first, BUFFER_FILE_DATA, 1, 0, &s));
	assert_true(app_buffer(b.apps, f, c.app->first, BUFFER_FILE_NAME, 0, 0, &s));
	assert_memory_equal(s.data.data, "x", 1);
	app_flow_end(b.apps, f);
	stop(&b);
}

/* The types that are asked for, and those of the answers; what has no name holds nothing. */
static void test_dns_types(void **state)
{
	static const char query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\1a\0\0\34\0\1"
				    "\0\0\51\4\0\0\0\0\0\0\0";
	static const char answer[] = "\x12\x34\x81\x80\0\1\0\1\0\1\0\1\1a\0\0\1\0\1"
				     "\xc0\14\0\5\0\1\0\0\0\0\0\3\1b\0"
				     "\0\0\2\0\1\0\0\0\0\0\3\1c\0"
				     "\0\0\51\4\0\0\0\0\0\0\0";
	struct app_options opt = options();
	struct app_slice s;
	struct app_tx *tx;
	struct bench b;
	struct flow *f;
	uint64_t v;

	(void)state;
	opt.inspects = true;
	start(&b, &opt);
	f = send_udp(&b, query, sizeof(query) - 1);
	tx = app_flow(b.apps, f)->first;
	assert_true(app_number(b.apps, f, tx, APP_NUMBER_DNS_RRTYPE, 0, 0, &v));
	assert_int_equal(v, 28);
	assert_false(app_number(b.apps, f, tx, APP_NUMBER_DNS_RRTYPE, 0, 1, &v));
	assert_true(app_buffer(b.apps, f, tx, BUFFER_DNS_QUERY, 0, 0, &s));
	assert_false(s.nothing);
	assert_true(app_buffer(b.apps, f, tx, BUFFER_DNS_ADDITIONALS_RRNAME, 0, 0, &s));
	assert_true(s.nothing);
	f = send_between(&b, true, answer, sizeof(answer) - 1);
	tx = app_flow(b.apps, f)->last;
	assert_true(app_number(b.apps, f, tx, APP_NUMBER_DNS_RRTYPE, 1, 0, &v));
	assert_int_equal(v, 5);
	assert_false(app_number(b.apps, f, tx, APP_NUMBER_DNS_RRTYPE, 1, 1, &v));
	app_flow_end(b.apps, f);
	stop(&b);
}

/* An attachment is looked at once so much of it has come, and has a window of its own. */
static void test_attachment(void **state)
{
	struct app_options opt = options();
	struct app_file *file;
	struct app_slice s;
	struct app_ctx c;
	struct bench b;
	struct app_tx *tx;
	struct flow *f;

	(void)state;
	opt.files.mail_least = 30;
	opt.files.mail_window = 15;
	start(&b, &opt);
	f = send_udp(&b, QUERY, QUERY_LEN);
	c = app_ctx_of(b.apps, f, &b.packet);
	tx = c.app->first;
	tx->proto = APP_PROTO_SMTP;
	file = file_open(&c, tx, 0, bytes_of("x", 1));
	for (unsigned i = 1; i < 100; i++) {
		file_append(&c, tx, file, bytes_of("0123456789", 10));
		assert_int_equal(file_buffer(b.apps, tx, BUFFER_FILE_DATA, 0, 0, &s), i >= 3);
		if (i < 3)
			continue;
		assert_int_equal(s.offset + s.data.len, 10 * i);
		assert_true(i <= 3 || s.fresh >= 15);
		assert_true(s.data.len < 128);
		file_inspected(tx, 0, 0, s.offset + s.data.len);
	}
	file_close(&c, tx, file, false);
	/* A short one that is whole. */
	file = file_open(&c, tx, 0, bytes_of("y", 1));
	file_append(&c, tx, file, bytes_of("0123456789", 10));
	assert_false(file_buffer(b.apps, tx, BUFFER_FILE_DATA, 0, 1, &s));
	file_close(&c, tx, file, false);
	assert_true(file_buffer(b.apps, tx, BUFFER_FILE_DATA, 0, 1, &s));
	tx->proto = APP_PROTO_DNS;
	app_flow_end(b.apps, f);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freed),	   cmocka_unit_test(test_cursors),
		cmocka_unit_test(test_limits),	   cmocka_unit_test(test_budget),
		cmocka_unit_test(test_cut),	   cmocka_unit_test(test_text),
		cmocka_unit_test(test_digests),	   cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_window),	   cmocka_unit_test(test_nothing_looked_for),
		cmocka_unit_test(test_attachment), cmocka_unit_test(test_dns_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
