/* SPDX-License-Identifier: Apache-2.0 */
/* What decides of a session: its beginning, urgent data, checksums, policies by network, inline mode. */
#include "engine/decode/checksum.h"

#include "tests/unit/stream_bench.h"

/* Inline, a packet passes with the bytes that were first, and with a checksum that is right. */
static void rewritten(void **state)
{
	static const struct {
		const char *sent;
		uint32_t seq;
		const char *passes;
		bool modified;
	} row[] = {
		{ "good", 1, "good", false },	     { "good", 1, "good", false },
		{ "evil", 1, "good", true },	     { "VILE", 3, "odLE", true },
		{ "..odLE..", 1, "goodLE..", true }, { "zz", 12, "zz", false },
		{ "aaaaaa", 8, ".aaazz", true },
	};
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.use_inline = true;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(&b, &p);
	make(&b, &p, true, TCP_ACK, 1, 1, "", 0);
	take_in(&b, &p);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t len = strlen(row[i].sent);

		make(&b, &p, true, TCP_ACK | TCP_PSH, row[i].seq, 1, row[i].sent, len);
		take_in(&b, &p);
		assert_int_equal(p.stream_modified, row[i].modified);
		assert_int_equal(p.payload.len, len);
		assert_memory_equal(p.payload.data, row[i].passes, len);
		assert_ptr_equal(p.payload.data, p.data.data + HEADERS);
		if (row[i].modified)
			assert_true(checksum_transport_ok(&p, IP_PROTO_TCP,
							  bytes_slice(p.data, 20, p.data.len)));
	}
	tear_down(&b);
}

/* Of a policy that drops urgent data: inline the packet, else its bytes alone. */
static void urgent_is_dropped(void **state)
{
	(void)state;
	for (unsigned use_inline = 0; use_inline < 2; use_inline++) {
		struct stream_options opt = defaults();
		struct packet p;
		struct bench b;

		opt.use_inline = use_inline;
		opt.urgent = STREAM_URGENT_DROP;
		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 1, 1, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK | TCP_URG, 1, 1, "urgent", 6);
		take_in(&b, &p);
		assert_false(p.stream_added);
		assert_int_equal(p.dropped, use_inline);
		assert_int_equal(p.dropped_urgent, use_inline);
		make(&b, &p, true, TCP_ACK, 1, 1, "plain", 5);
		take_in(&b, &p);
		assert_true(p.stream_added);
		assert_false(p.dropped);
		tear_down(&b);
	}
}

/* Past 65,535 urgent bytes of a direction another policy decides, and an event says so. */
static void urgent_has_a_limit(void **state)
{
	static const struct {
		enum stream_urgent policy;
		bool dropped;
		const char *there;
	} rows[] = {
		{ STREAM_URGENT_DROP, true, "" },
		{ STREAM_URGENT_INLINE, false, "abc" },
		{ STREAM_URGENT_GAP, false, "c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_options opt = defaults();
		struct stream_view v;
		struct packet p;
		struct bench b;
		uint32_t seq = 101;

		opt.use_inline = true;
		opt.urgent_limit = rows[i].policy;
		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 100, 0, "", 0);
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 500, 101, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 101, 501, "", 0);
		take_in(&b, &p);
		for (unsigned n = 0; n < UINT16_MAX; n++, seq++) {
			make(&b, &p, true, TCP_ACK | TCP_URG, seq, 501, "u", 1);
			p.tcp.urgent = 1;
			b.now_ns -= 9999000;
			take_in(&b, &p);
			assert_int_equal(p.events, 0);
			if (n % 1000 == 0) {
				make(&b, &p, false, TCP_ACK, 501, seq + 1, "", 0);
				take_in(&b, &p);
			}
			guard_free_all();
		}
		make(&b, &p, true, TCP_ACK | TCP_URG, seq, 501, "abc", 3);
		p.tcp.urgent = 2;
		take_in(&b, &p);
		assert_true(packet_has_event(&p, EVENT_STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED));
		assert_int_equal(p.dropped_urgent, rows[i].dropped);
		assert_int_equal(b.counters.value[COUNTER_TCP_URGENT_OOB_DATA], UINT16_MAX);
		if (rows[i].policy == STREAM_URGENT_INLINE) {
			assert_true(stream_view(b.e, p.flow, 0, true, &v));
			assert_int_equal(v.data.len, 3);
			assert_memory_equal(v.data.data, rows[i].there, 3);
		}
		tear_down(&b);
	}
}

/* The policy is that of the network where the receiver lives, the longest prefix first. */
static void networks_have_policies(void **state)
{
	static const struct stream_host hosts[] = {
		{ { { .bytes = { 0 } }, 4, 0 }, STREAM_POLICY_FIRST },
		{ { { .bytes = { 2 } }, 4, 8 }, STREAM_POLICY_LAST },
		{ { { .bytes = { 0 } }, 6, 0 }, STREAM_POLICY_FIRST },
	};
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.hosts = hosts;
	opt.host_count = 3;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(&b, &p);
	/* The same bytes twice each way, neither acknowledged: the client is 1.0.0.0, the server 2.0.0.0. */
	for (unsigned i = 0; i < 2; i++) {
		make(&b, &p, true, TCP_ACK, 1, 1, i ? "new" : "old", 3);
		take_in(&b, &p);
		make(&b, &p, false, TCP_ACK, 1, 1, i ? "new" : "old", 3);
		take_in(&b, &p);
	}
	for (unsigned dir = 0; dir < 2; dir++) {
		char seen[64] = "";

		show_views(&b, p.flow, dir, true, seen, sizeof(seen));
		assert_string_equal(seen, dir ? " @0()old" : " @0()new");
	}
	tear_down(&b);
	guard_free_all();
}

static void bad_checksums_stay_out(void **state)
{
	struct stream_options opt = defaults();
	struct stream_summary s;
	struct packet p;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	make(&b, &p, true, TCP_RST, 1, 0, "", 0);
	p.bad_checksum = true;
	take_in(&b, &p);
	assert_true(stream_summary(b.e, p.flow, &s));
	assert_int_equal(s.state, TCP_STATE_ESTABLISHED);
	assert_int_equal(s.flags_to_server, TCP_SYN | TCP_ACK);
	assert_int_equal(b.counters.value[COUNTER_TCP_INVALID_CHECKSUM], 1);
	assert_int_equal(b.counters.value[COUNTER_TCP_RST], 0);
	tear_down(&b);
}

/* The data of a SYN counts where both sides know of Fast Open (RFC 7413). */
static void fast_open(void **state)
{
	struct stream_options opt = defaults();
	struct stream_summary s;
	struct packet p;
	char seen[128];
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "early", 5);
	p.tcp.has_fastopen = true;
	take_in(&b, &p);
	assert_true(p.stream_added);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 6, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_ACK, 1, 6, "answer", 6);
	take_in(&b, &p);
	assert_true(stream_summary(b.e, p.flow, &s));
	assert_int_equal(s.state, TCP_STATE_ESTABLISHED);
	make(&b, &p, true, TCP_ACK, 6, 7, "", 0);
	take_in(&b, &p);
	show(&b, &p, seen, sizeof(seen));
	assert_string_equal(seen, "established @0()early");
	tear_down(&b);
}

/* A start that was not seen is told; where the policy keeps such sessions out, none is made, nor turned. */
static void no_start(void **state)
{
	static const struct {
		bool midstream, async, keeps_out;
		uint8_t flags;
		bool told, session;
	} rows[] = {
		{ false, false, false, TCP_SYN, false, true },
		{ false, false, false, TCP_ACK, true, false },
		{ true, false, false, TCP_ACK, true, true },
		{ true, false, true, TCP_ACK, true, false },
		{ true, false, false, TCP_SYN | TCP_ACK, true, true },
		{ false, true, true, TCP_SYN | TCP_ACK, true, false },
		{ false, true, false, TCP_SYN | TCP_ACK, true, true },
		{ true, false, true, TCP_FIN | TCP_ACK, true, false },
		{ true, false, false, TCP_RST, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_options opt = defaults();
		struct packet p;
		struct bench b;

		opt.midstream = rows[i].midstream;
		opt.async_oneside = rows[i].async;
		opt.keeps_out = rows[i].keeps_out;
		set_up(&b, &opt);
		make(&b, &p, true, rows[i].flags, 100, 200, "abc", 3);
		take_in(&b, &p);
		assert_int_equal(p.exceptions, rows[i].told ? 1u << EXCEPTION_MIDSTREAM : 0);
		assert_int_equal(p.flow->tcp != 0, rows[i].session);
		assert_int_equal((p.flow->flags & FLOW_REVERSED) != 0,
				 rows[i].session && (rows[i].flags & TCP_SYN) &&
					 (rows[i].flags & TCP_ACK));
		tear_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewritten),
		cmocka_unit_test(urgent_is_dropped),
		cmocka_unit_test(urgent_has_a_limit),
		cmocka_unit_test(networks_have_policies),
		cmocka_unit_test(bad_checksums_stay_out),
		cmocka_unit_test(fast_open),
		cmocka_unit_test(no_start),
	};

	return cmocka_run_group_tests_name("stream sessions", tests, NULL, NULL);
}
