/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of streams: however they are cut, overlapped or lost, up to every limit, and when nobody wants them any more. */

#include "tests/unit/byte_map.h"
#include "tests/unit/stream_bench.h"

/* Each way to cut a text, in order and backwards, is the text. */
static void every_segmentation(void **state)
{
	static const char text[] = "GET /a HTTP/1";
	const unsigned len = sizeof(text) - 1;

	(void)state;
	for (unsigned cuts = 0; cuts < 1u << (len - 1); cuts++) {
		struct stream_options opt = defaults();
		unsigned start[sizeof(text)], n = 0;
		struct stream_view v;
		struct flow *f = NULL;
		struct bench b;

		start[n++] = 0;
		for (unsigned i = 1; i < len; i++) {
			if (cuts >> (i - 1) & 1)
				start[n++] = i;
		}
		start[n] = len;
		set_up(&b, &opt);
		handshake(&b);
		for (unsigned i = 0; i < n; i++) {
			unsigned k = cuts & 1 ? n - 1 - i : i;

			f = send_bytes(&b, start[k], text + start[k], start[k + 1] - start[k]);
			assert_false(stream_view(b.e, f, 0, false, &v));
		}
		acknowledge(&b, len);
		assert_true(stream_view(b.e, f, 0, false, &v));
		assert_int_equal(v.data.len, len);
		assert_memory_equal(v.data.data, text, len);
		assert_false(v.after_gap);
		tear_down(&b);
	}
}

#define OVERLAPS_ROUND 24
#define OVERLAPS_BYTES 64

/* Many segments against the oracle; few but all of them: test_stream_overlap. */
static void overlaps(void **state)
{
	static const struct {
		enum stream_policy policy;
		const char *wins;
	} row[] = {
		{ STREAM_POLICY_BSD, "nnnoooooo" },	{ STREAM_POLICY_OLD_LINUX, "nnnonnooo" },
		{ STREAM_POLICY_SOLARIS, "onnonnoon" }, { STREAM_POLICY_FIRST, "ooooooooo" },
		{ STREAM_POLICY_LAST, "nnnnnnnnn" },
	};
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		struct stream_options opt = defaults();
		struct byte_map m = { .wins = row[round % 5].wins };
		struct flow *f = NULL;
		unsigned at = 0;
		struct stream_view v;
		struct bench b;

		opt.policy = row[round % 5].policy;
		set_up(&b, &opt);
		handshake(&b);
		for (unsigned i = 0; i < OVERLAPS_ROUND; i++) {
			uint8_t data[16];
			unsigned start, len;

			seed = seed * 1664525 + 1013904223;
			start = (seed >> 8) % (OVERLAPS_BYTES - 16);
			len = 1 + (seed >> 20) % 16;
			for (unsigned k = 0; k < len; k++)
				data[k] = (uint8_t)(seed >> 3) ^ (uint8_t)(k * 7);
			map_add(&m, start, start + len, data);
			f = send_bytes(&b, start, data, len);
		}
		/* Views and holes make up all of it. */
		while (stream_view(b.e, f, 0, true, &v)) {
			for (; at < v.offset + v.fresh; at++)
				assert_false(m.there[at]);
			for (size_t k = v.fresh; k < v.data.len; k++, at++) {
				assert_true(m.there[at]);
				assert_int_equal(v.data.data[k], m.byte[at]);
			}
			stream_inspected(b.e, f, 0, &v);
		}
		for (; at < OVERLAPS_BYTES; at++)
			assert_false(m.there[at]);
		tear_down(&b);
	}
}

/* A long stream slides through a small buffer; every byte is seen once and is the right one. */
static void a_long_stream(void **state)
{
	struct stream_options opt = defaults();
	uint8_t data[1460];
	uint64_t seen = 0;
	uint32_t at = 0;
	struct bench b;

	(void)state;
	opt.depth = 0;
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 0; i < 3000; i++) {
		struct stream_view v;
		struct flow *f;

		for (unsigned k = 0; k < sizeof(data); k++)
			data[k] = (uint8_t)((at + k) * 2654435761u >> 24);
		f = send_bytes(&b, at, data, sizeof(data));
		at += sizeof(data);
		if (i % 3)
			continue;
		acknowledge(&b, at);
		while (stream_view(b.e, f, 0, false, &v)) {
			assert_true(v.offset + v.fresh == seen);
			assert_true(v.fresh == (seen < 4096 ? seen : 4096));
			for (size_t k = 0; k < v.data.len; k++)
				assert_int_equal(v.data.data[k],
						 (uint8_t)((uint32_t)(v.offset + k) * 2654435761u >>
							   24));
			seen = v.offset + v.data.len;
			stream_inspected(b.e, f, 0, &v);
		}
		/* 4 KiB behind the edge and 4 KiB in flight need no more than this. */
		assert_true(b.e->buffers.used_bytes <= 64 * 1024);
		guard_free_all();
	}
	assert_int_equal(seen, at - 2 * sizeof(data));
	assert_int_equal(b.counters.value[COUNTER_TCP_REASSEMBLY_GAP], 0);
	tear_down(&b);
}

/* Those at rest count like others, so that there is always room to wake. */
static void a_limit_of_all(void **state)
{
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.max_sessions = 3;
	set_up(&b, &opt);
	for (unsigned i = 0; i < 4; i++) {
		make(&b, &p, true, TCP_SYN, 0, 0, NULL, 0);
		p.sport = (uint16_t)(40000 + i);
		take_in(&b, &p);
		stream_packet_done(b.e, p.flow);
		assert_true(stream_is_empty(p.flow) == (i < 3));
		assert_int_equal(b.counters.value[COUNTER_TCP_SSN_MEMCAP_DROP], i == 3);
	}
	assert_int_equal(b.e->sessions.used, 0);
	for (unsigned i = 0; i < 3; i++) {
		make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, NULL, 0);
		p.dport = (uint16_t)(40000 + i);
		take_in(&b, &p);
		stream_packet_done(b.e, p.flow);
		assert_int_equal(session_look(b.e, p.flow)->state, TCP_STATE_SYN_RECV);
	}
	assert_int_equal(b.e->rests.used, 0);
	tear_down(&b);
}

/* Every pool driven to its limit: counted, and the session goes on. */
static void limits(void **state)
{
	struct stream_options opt = defaults();
	struct flow *f = NULL;
	struct bench b;

	(void)state;
	opt.reassembly_memcap = 4096;
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 0; i < 600; i++)
		f = send_bytes(&b, 10 * i, "0123456789", 10);
	assert_true(b.counters.value[COUNTER_TCP_SEGMENT_MEMCAP_DROP] > 0);
	assert_true(b.counters.value[COUNTER_LIMITS_REACHED] > 0);
	assert_true(b.e->buffers.used_bytes <= 4096);
	assert_true(stream_pending(b.e, f, 0));
	tear_down(&b);

	/* One byte in ten: more regions than a side may have. */
	opt = defaults();
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 700; i-- > 0;)
		f = send_bytes(&b, 10 * i, "x", 1);
	assert_true(b.e->regions.used <= 256);
	assert_true(b.counters.value[COUNTER_TCP_SEGMENT_MEMCAP_DROP] > 0);
	tear_down(&b);

	opt = defaults();
	opt.max_sessions = 0;
	set_up(&b, &opt);
	handshake(&b);
	assert_int_equal(b.counters.value[COUNTER_TCP_SSN_MEMCAP_DROP], 1);
	tear_down(&b);
}

static void released(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct packet p;
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	f = send_bytes(&b, 0, "abc", 3);
	assert_int_equal(stream_size(b.e, f, 0), 4);
	stream_release(b.e, f);
	assert_int_equal(b.e->buffers.used_bytes, 0);
	send_bytes(&b, 3, "def", 3);
	acknowledge(&b, 6);
	assert_false(stream_view(b.e, f, 0, true, &v));
	assert_int_equal(b.e->buffers.used_bytes, 0);
	assert_int_equal(stream_size(b.e, f, 0), 7);
	/* States are followed nevertheless. */
	make(&b, &p, true, TCP_RST | TCP_ACK, 7, 1, "", 0);
	take_in(&b, &p);
	assert_int_equal(f->state, FLOW_CLOSED);
	assert_int_equal(b.counters.value[COUNTER_TCP_ACK_UNSEEN_DATA], 0);
	tear_down(&b);
}

/* What is ready when the rest is encrypted is still looked at, then nothing is kept. */
static void closed_to_rules(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	send_bytes(&b, 0, "abc", 3);
	acknowledge(&b, 3);
	f = send_bytes(&b, 3, "def", 3);
	assert_true(stream_holds(b.e, f));
	stream_close(b.e, f);
	acknowledge(&b, 6);
	assert_true(stream_view(b.e, f, 0, false, &v));
	assert_int_equal(v.data.len, 3);
	assert_memory_equal(v.data.data, "abc", 3);
	stream_inspected(b.e, f, 0, &v);
	assert_false(stream_view(b.e, f, 0, true, &v));
	assert_false(stream_pending(b.e, f, 0));
	assert_false(stream_holds(b.e, f));
	send_bytes(&b, 6, "ghi", 3);
	assert_false(stream_holds(b.e, f));
	assert_int_equal(b.e->buffers.used_bytes, 0);
	tear_down(&b);
}

/* One side has carried the depth: what came before it stays to be looked at. */
static void held_at_the_depth(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct flow *f;
	struct bench b;

	(void)state;
	opt.depth = 4;
	set_up(&b, &opt);
	handshake(&b);
	f = send_bytes(&b, 0, "abc", 3);
	assert_false(stream_at_depth(b.e, f));
	send_bytes(&b, 3, "def", 3);
	assert_true(stream_at_depth(b.e, f));
	stream_hold_way(b.e, f, 0);
	stream_hold_way(b.e, f, 1);
	assert_true(stream_pending(b.e, f, 0));
	assert_true(stream_view(b.e, f, 0, true, &v));
	assert_int_equal(v.data.len, 4);
	assert_memory_equal(v.data.data, "abcd", 4);
	stream_inspected(b.e, f, 0, &v);
	tear_down(&b);
}

struct text {
	char data[64];
	size_t len;
};

static void add_piece(void *ctx, const uint8_t *data, size_t len)
{
	struct text *t = ctx;

	if (data)
		t->len += (size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len, "%.*s",
					   (int)len, (const char *)data);
	else
		t->len +=
			(size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len, "[%zu]", len);
}

static void pieces(void **state)
{
	struct stream_options opt = defaults();
	struct text t = { .len = 0 };
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	send_bytes(&b, 4, "GOOD", 4);
	f = send_bytes(&b, 10, "DATA", 4);
	stream_pieces(b.e, f, 0, add_piece, &t);
	assert_string_equal(t.data, "[4]GOOD[2]DATA");
	tear_down(&b);
}

/* RFC 7323, section 2.3: a shift above 14 is 14, as for the host behind, which takes the bytes there. */
static void giant_shifts(void **state)
{
	static const uint8_t shifts[] = { 0, 13, 14, 15, 31, 32, 64, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(shifts); i++) {
		struct stream_options opt = defaults();
		uint8_t shift = shifts[i] < 14 ? shifts[i] : 14;
		struct packet p;
		struct bench b;

		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 100, 0, "", 0);
		p.tcp.has_wscale = true;
		p.tcp.wscale = shifts[i];
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 500, 101, "", 0);
		p.tcp.has_wscale = true;
		p.tcp.wscale = shifts[i];
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 101, 501, "", 0);
		p.tcp.window = 1000;
		take_in(&b, &p);
		for (int past = 0; past < 2; past++) {
			make(&b, &p, false, TCP_ACK, 501 + (1000u << shift) - 3 + past, 101, "abc",
			     3);
			take_in(&b, &p);
			assert_int_equal(packet_has_event(&p,
							  EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW),
					 past);
		}
		tear_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_segmentation),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(a_long_stream),
		cmocka_unit_test(a_limit_of_all),
		cmocka_unit_test(limits),
		cmocka_unit_test(released),
		cmocka_unit_test(closed_to_rules),
		cmocka_unit_test(held_at_the_depth),
		cmocka_unit_test(pieces),
		cmocka_unit_test(giant_shifts),
	};

	return cmocka_run_group_tests_name("stream bytes", tests, NULL, NULL);
}
