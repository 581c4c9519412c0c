/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in, reports out: each kind at its threshold and not below, and what must raise none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/weir_tally.h"
#include "engine/watch/judge.h"
#include "engine/watch/watch.h"

#define START_NS (1700000000 * WATCH_NS_PER_S)

struct fixture {
	struct watch *w;
	struct watch_options opt;
	int64_t now_ns;
	unsigned reports;
	unsigned of[WATCH__COUNT];
	struct watch_report last;
};

static void tell(void *ctx, const struct watch_report *r)
{
	struct fixture *f = ctx;

	f->reports++;
	f->of[r->kind]++;
	f->last = *r;
}

static void start(struct fixture *f)
{
	static const struct hash_key key = { 1, 2 };

	*f = (struct fixture){ .opt = watch_defaults(), .now_ns = START_NS };
	f->opt.max_hosts = 1024;
	assert_int_equal(watch_new(&f->opt, &key, &f->w), 0);
}

static void finish(struct fixture *f)
{
	watch_free(f->w);
}

static struct ip_addr host(uint32_t n)
{
	uint8_t wire[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return ip_addr_v4(wire);
}

static struct fact fact(const struct fixture *f, enum fact_kind kind, uint32_t client,
			uint32_t server, uint16_t port)
{
	return (struct fact){ .kind = (uint8_t)kind,
			      .proto = WATCH_TCP,
			      .ip_version = 4,
			      .flags = WATCH_SYN,
			      .client = host(client),
			      .server = host(server),
			      .client_port = 40000,
			      .server_port = port,
			      .time_ns = f->now_ns,
			      .start_ns = f->now_ns,
			      .packets = { 1, 0 } };
}

static void give(struct fixture *f, const struct fact *fact)
{
	watch_fact(f->w, fact, tell, f);
	watch_flush(f->w, tell, f);
}

static void refused(struct fixture *f, uint32_t client, uint32_t server, uint16_t port,
		    uint8_t flags)
{
	struct fact x = fact(f, FACT_REFUSED, client, server, port);

	x.flags = flags;
	give(f, &x);
}

/* --- scans -------------------------------------------------------------------------------------- */

static void ports_of_a_host(void **state)
{
	static const struct {
		uint8_t flags;
		enum watch_kind kind;
	} rows[] = {
		{ WATCH_SYN, WATCH_SCAN_SYN },
		{ WATCH_FIN, WATCH_SCAN_FIN },
		{ 0, WATCH_SCAN_NULL },
		{ WATCH_FIN | WATCH_PSH | WATCH_URG, WATCH_SCAN_XMAS },
		{ WATCH_ACK, WATCH_SCAN_ACK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		start(&f);
		for (uint16_t port = 1; port < f.opt.scan_ports; port++) {
			refused(&f, 1, 2, port, rows[i].flags);
			/* The same again is no other place. */
			refused(&f, 1, 2, port, rows[i].flags);
		}
		assert_int_equal(f.reports, 0);
		refused(&f, 1, 2, 9999, rows[i].flags);
		assert_int_equal(f.reports, 1);
		assert_int_equal(f.last.kind, rows[i].kind);
		assert_int_equal(f.last.ports, f.opt.scan_ports);
		assert_int_equal(f.last.port_count, 15);
		assert_int_equal(f.last.port_sample[0], 1);
		assert_int_equal(f.last.port_sample[14], 9999);
		assert_memory_equal(f.last.source.bytes, host(1).bytes, 16);
		assert_memory_equal(f.last.target.bytes, host(2).bytes, 16);
		assert_false(f.last.slow);
		finish(&f);
	}
}

static void hosts_on_a_port(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint32_t i = 0; i < f.opt.scan_hosts; i++) {
		assert_int_equal(f.reports, 0);
		refused(&f, 1, 100 + i, 445, WATCH_SYN);
	}
	assert_int_equal(f.of[WATCH_SWEEP_SYN], 1);
	assert_int_equal(f.last.hosts, 20);
	assert_int_equal(f.last.port, 445);
	assert_false(f.last.has_target);
	finish(&f);

	/* Pings and ARP: whether or not they are answered. */
	start(&f);
	for (uint32_t i = 0; i < f.opt.scan_hosts; i++) {
		struct fact x = fact(&f, FACT_FIRST, 1, 100 + i, 0);

		x.proto = WATCH_ICMP;
		x.client_port = 8;
		give(&f, &x);
		x.kind = FACT_ARP;
		x.proto = 0;
		give(&f, &x);
	}
	assert_int_equal(f.of[WATCH_SWEEP_ICMP], 1);
	assert_int_equal(f.of[WATCH_SWEEP_ARP], 1);
	assert_int_equal(f.reports, 2);
	finish(&f);
}

/* Twenty seconds between two ports: no minute has fifteen of them. */
static void slowly(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t port = 1; port <= f.opt.slow_ports; port++) {
		assert_int_equal(f.reports, 0);
		refused(&f, 1, 2, port, WATCH_SYN);
		f.now_ns += 20 * WATCH_NS_PER_S;
	}
	assert_int_equal(f.of[WATCH_SCAN_SYN], 1);
	assert_true(f.last.slow);
	finish(&f);

	/* Over more than the long window: nothing. */
	start(&f);
	for (uint16_t port = 1; port <= 200; port++) {
		refused(&f, 1, 2, port, WATCH_SYN);
		f.now_ns += 300 * WATCH_NS_PER_S;
	}
	assert_int_equal(f.reports, 0);
	finish(&f);
}

static void no_answer(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t port = 1; port <= 15; port++) {
		struct fact x = fact(&f, FACT_END, 1, 2, port);

		give(&f, &x);
		x.proto = WATCH_UDP;
		give(&f, &x);
	}
	assert_int_equal(f.of[WATCH_SCAN_SYN], 1);
	assert_int_equal(f.of[WATCH_SCAN_UDP], 1);
	finish(&f);

	/* The half of connections that is seen, and answers: no evidence. */
	start(&f);
	for (uint16_t port = 1; port <= 200; port++) {
		struct fact x = fact(&f, FACT_END, 1, 2, port);

		x.flags = WATCH_SYN | WATCH_ACK;
		x.packets[0] = 9;
		give(&f, &x);
		x.flags = WATCH_SYN;
		x.answered = true;
		x.packets[1] = 1;
		give(&f, &x);
	}
	assert_int_equal(f.of[WATCH_SCAN_SYN] + f.of[WATCH_SCAN_ACK], 0);
	finish(&f);
}

/* Sources probe the same ports at the same time. */
static void with_decoys(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t port = 1; port <= 30; port++) {
		for (uint32_t source = 10; source < 15; source++)
			refused(&f, source, 2, port, WATCH_SYN);
	}
	assert_int_equal(f.of[WATCH_SCAN_DECOY], 1);
	assert_int_equal(f.of[WATCH_SCAN_SYN], 0);
	finish(&f);
}

/* Each source has a port or two, all together many. */
static void distributed(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t i = 0; i < 15; i++)
		refused(&f, 100 + i, 2, 20 + i, WATCH_SYN);
	assert_int_equal(f.of[WATCH_SCAN_DISTRIBUTED], 1);
	assert_int_equal(f.last.sources, 15);
	assert_int_equal(f.last.ports, 15);
	assert_int_equal(f.reports, 1);
	finish(&f);

	/* Many clients of one closed port. */
	start(&f);
	for (uint16_t i = 0; i < 500; i++)
		refused(&f, 100 + i, 2, 80, WATCH_SYN);
	assert_int_equal(f.of[WATCH_SCAN_DISTRIBUTED], 0);
	finish(&f);
}

/* A million sources with one probe each, and one that goes on: it is found, and nothing grows. */
static void beside_a_flood(void **state)
{
	struct fixture f;
	uint32_t source = 1000;
	uint16_t port = 1;

	(void)state;
	start(&f);
	for (unsigned i = 0; i < 1000000 && !f.of[WATCH_SCAN_SYN]; i++) {
		refused(&f, source++, 3, (uint16_t)(i % 7), WATCH_SYN);
		f.now_ns += 1000;
		if (i % 100 == 0)
			refused(&f, 1, 2, port++, WATCH_SYN);
	}
	assert_int_equal(f.of[WATCH_SCAN_SYN], 1);
	assert_memory_equal(f.last.source.bytes, host(1).bytes, 16);
	assert_true(port <= 17);
	finish(&f);
}

static void told_once(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t port = 1; port <= 400; port++)
		refused(&f, 1, 2, port, WATCH_SYN);
	assert_int_equal(f.reports, 1);
	f.now_ns += (f.opt.interval_s + 1) * WATCH_NS_PER_S;
	for (uint16_t port = 1; port <= 15; port++)
		refused(&f, 1, 2, 1000 + port, WATCH_SYN);
	assert_int_equal(f.reports, 2);
	assert_int_equal(f.last.suppressed, 400 - 15);
	finish(&f);
}

/* --- by counts of the header ------------------------------------------------------------------------ */

static void sign(struct fixture *f, uint32_t client, uint32_t server, uint16_t port,
		 enum weir_probe probe, enum weir_sign_kind kind)
{
	struct fact x = fact(f, FACT_SIGN, client, server, port);

	x.flags = (uint8_t)probe;
	x.seq = kind;
	give(f, &x);
}

static void second_passes(struct fixture *f)
{
	struct fact x = fact(f, FACT_TICK, 0, 0, 0);

	f->now_ns += WATCH_NS_PER_S;
	x.time_ns = f->now_ns;
	give(f, &x);
}

static void by_counts(void **state)
{
	static const struct {
		enum weir_probe probe;
		enum watch_kind scan, sweep;
	} rows[] = {
		{ WEIR_PROBE_SYN, WATCH_SCAN_SYN, WATCH_SWEEP_SYN },
		{ WEIR_PROBE_FIN, WATCH_SCAN_FIN, WATCH_SWEEP_FIN },
		{ WEIR_PROBE_NULL, WATCH_SCAN_NULL, WATCH_SWEEP_NULL },
		{ WEIR_PROBE_XMAS, WATCH_SCAN_XMAS, WATCH_SWEEP_XMAS },
		{ WEIR_PROBE_UDP, WATCH_SCAN_UDP, WATCH_SWEEP_UDP },
		{ WEIR_PROBE_ICMP, WATCH__COUNT, WATCH_SWEEP_ICMP },
		{ WEIR_PROBE_ACK, WATCH__COUNT, WATCH__COUNT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int sweep = 0; sweep < 2; sweep++) {
			enum watch_kind kind = sweep ? rows[i].sweep : rows[i].scan;
			struct fixture f;

			start(&f);
			for (uint16_t n = 1; n <= 30; n++) {
				sign(&f, 1, sweep ? 100 + n : 2, sweep ? 80 : n, rows[i].probe,
				     WEIR_SIGN_PROBE);
				if (rows[i].probe == WEIR_PROBE_SYN && n % 10 == 0)
					sign(&f, 1, 2, n, WEIR_PROBE_SYN, WEIR_SIGN_REFUSAL);
			}
			assert_int_equal(f.reports, 0);
			second_passes(&f);
			/* What is young may still be answered. */
			assert_int_equal(f.reports, 0);
			second_passes(&f);
			assert_int_equal(f.reports, kind != WATCH__COUNT);
			if (f.reports) {
				assert_int_equal(f.last.kind, kind);
				assert_int_equal(f.last.count, 30);
				assert_memory_equal(f.last.source.bytes, host(1).bytes, 16);
				assert_in_range(sweep ? f.last.hosts : f.last.ports, 24, 36);
			}
			second_passes(&f);
			assert_int_equal(f.reports, kind != WATCH__COUNT);
			finish(&f);
		}
	}
}

/* Answered; without anything that comes back; to many hosts at many ports; below the threshold; in two windows. */
static void no_scan_by_counts(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (uint16_t n = 1; n <= 60; n++) {
		sign(&f, 1, 100 + n, n, WEIR_PROBE_SYN, WEIR_SIGN_PROBE);
		sign(&f, 1, 100 + n, n, WEIR_PROBE_SYN, WEIR_SIGN_ANSWER);
		sign(&f, 2, 100 + n, 443, WEIR_PROBE_SYN, WEIR_SIGN_PROBE);
		sign(&f, 3, 100 + n, n, WEIR_PROBE_SYN, WEIR_SIGN_PROBE);
		sign(&f, 3, 100 + n, n, WEIR_PROBE_SYN, WEIR_SIGN_REFUSAL);
		sign(&f, 4, 7, n % 10, WEIR_PROBE_FIN, WEIR_SIGN_PROBE);
	}
	second_passes(&f);
	second_passes(&f);
	assert_int_equal(f.reports, 0);
	for (uint16_t n = 0; n < 10; n++)
		sign(&f, 5, 7, n, WEIR_PROBE_FIN, WEIR_SIGN_PROBE);
	f.now_ns += f.opt.scan_window_s * WATCH_NS_PER_S;
	for (uint16_t n = 10; n < 20; n++)
		sign(&f, 5, 7, n, WEIR_PROBE_FIN, WEIR_SIGN_PROBE);
	second_passes(&f);
	second_passes(&f);
	assert_int_equal(f.reports, 0);
	finish(&f);
}

/* --- floods ---------------------------------------------------------------------------------------- */

static void begins(struct fixture *f, uint32_t client, uint8_t flags, bool completes)
{
	struct fact x = fact(f, FACT_FIRST, client, 2, 80);

	x.flags = flags;
	x.sampled = true;
	give(f, &x);
	x.kind = FACT_HANDSHAKE;
	x.seq = (client * client) * 2654435761u; /* no pattern */
	if (completes)
		give(f, &x);
}

static void floods(void **state)
{
	static const struct {
		uint8_t flags;
		unsigned completes; /* one in so many; 0: none */
		enum watch_kind kind; /* WATCH__COUNT: none */
	} rows[] = {
		{ WATCH_SYN, 0, WATCH_FLOOD_SYN },
		{ WATCH_SYN, 10, WATCH_FLOOD_SYN },
		{ WATCH_SYN, 2, WATCH__COUNT },
		{ WATCH_SYN, 1, WATCH__COUNT },
		{ WATCH_RST, 0, WATCH_FLOOD_RST },
		{ WATCH_FIN, 0, WATCH_FLOOD_FIN },
		{ WATCH_SYN | WATCH_ACK, 0, WATCH__COUNT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		start(&f);
		for (unsigned n = 0; n < 300; n++)
			begins(&f, 1000 + n, rows[i].flags,
			       rows[i].completes && n % rows[i].completes == 0);
		assert_int_equal(f.reports, rows[i].kind != WATCH__COUNT);
		if (f.reports) {
			assert_int_equal(f.last.kind, rows[i].kind);
			assert_int_equal(f.last.count, f.opt.flood_packets);
			/* 125 of them were told. */
			assert_in_range(f.last.sources, 110, 140);
		}
		finish(&f);
	}
}

/* As many, over a longer time. */
static void no_flood(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (unsigned n = 0; n < 3000; n++) {
		begins(&f, 1000 + n, WATCH_SYN, false);
		f.now_ns += WATCH_NS_PER_S / 10;
	}
	assert_int_equal(f.reports, 0);
	finish(&f);
}

/* --- sequence numbers --------------------------------------------------------------------------------- */

static void initial_numbers(void **state)
{
	static const struct {
		uint32_t step;
		int64_t every_ns;
		bool random;
		enum watch_kind kind;
	} rows[] = {
		{ 0, WATCH_NS_PER_S, false, WATCH_SEQUENCE_CONSTANT },
		{ 64000, WATCH_NS_PER_S, false, WATCH_SEQUENCE_STEP },
		{ 64000, WATCH_NS_PER_S, true, WATCH__COUNT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		uint64_t random = 88172645463325252ULL;

		start(&f);
		for (unsigned n = 0; n < 40; n++) {
			struct fact x = fact(&f, FACT_HANDSHAKE, 1, 2, 80);

			x.client_seq = n;
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			x.seq = rows[i].random ? (uint32_t)random : 0xfffffff0u + n * rows[i].step;
			give(&f, &x);
			f.now_ns += rows[i].every_ns;
		}
		assert_int_equal(f.reports, rows[i].kind != WATCH__COUNT);
		if (f.reports)
			assert_int_equal(f.last.kind, rows[i].kind);
		finish(&f);
	}
}

/* One every 4 us, at any times; and small steps of all sizes. */
static void clocks(void **state)
{
	struct fixture f;
	uint32_t seq = 5;

	(void)state;
	start(&f);
	for (unsigned n = 0; n < 16; n++) {
		struct fact x = fact(&f, FACT_HANDSHAKE, 1, 2, 80);

		x.seq = (uint32_t)((f.now_ns - START_NS) / 4000);
		give(&f, &x);
		f.now_ns += (1 + n * n % 7) * WATCH_NS_PER_S;
	}
	assert_int_equal(f.of[WATCH_SEQUENCE_CLOCK], 1);
	finish(&f);
	start(&f);
	for (unsigned n = 0; n < 16; n++) {
		struct fact x = fact(&f, FACT_HANDSHAKE, 1, 2, 80);

		x.seq = seq += 1000 + n * 7919 % 60000;
		give(&f, &x);
		f.now_ns += WATCH_NS_PER_S;
	}
	assert_int_equal(f.of[WATCH_SEQUENCE_NARROW], 1);
	finish(&f);
}

/* --- what is counted by source --------------------------------------------------------------------------- */

static void counted(void **state)
{
	static const struct {
		enum fact_kind fact;
		enum watch_kind kind;
		unsigned least;
	} rows[] = {
		{ FACT_BLIND_RESET, WATCH_SEQUENCE_BLIND_RESET, 10 },
		{ FACT_BLIND_DATA, WATCH_SEQUENCE_BLIND_DATA, 10 },
		{ FACT_BLIND_SYN, WATCH_SEQUENCE_BLIND_SYN, 10 },
		{ FACT_CONFLICT, WATCH_SEQUENCE_CONFLICT, 4 },
		{ FACT_OLD_DATA, WATCH_SEQUENCE_OLD_DATA, 4 },
		{ FACT_ZERO_WINDOW, WATCH_WINDOW_ZERO, 10 },
		{ FACT_TINY_WINDOW, WATCH_WINDOW_TINY, 10 },
		{ FACT_SHRUNK_WINDOW, WATCH_WINDOW_SHRUNK, 10 },
		{ FACT_SCALE, WATCH_WINDOW_SCALE, 10 },
		{ FACT_SLOW_REQUEST, WATCH_WINDOW_SLOW_REQUEST, 10 },
		{ FACT_BAD_FLAGS, WATCH_FLAGS_IMPOSSIBLE, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct fact x;

		start(&f);
		x = fact(&f, rows[i].fact, 1, 2, 80);
		for (unsigned n = 1; n < rows[i].least; n++)
			give(&f, &x);
		assert_int_equal(f.reports, 0);
		/* What is a minute old does not count. */
		x.time_ns += 61 * WATCH_NS_PER_S;
		for (unsigned n = 1; n < rows[i].least; n++)
			give(&f, &x);
		assert_int_equal(f.reports, 0);
		give(&f, &x);
		assert_int_equal(f.reports, 1);
		assert_int_equal(f.last.kind, rows[i].kind);
		assert_int_equal(f.last.count, rows[i].least);
		assert_memory_equal(f.last.source.bytes, host(1).bytes, 16);
		finish(&f);
	}
}

static void handshake(struct fixture *f, enum fact_kind kind, uint16_t port, uint32_t client_seq,
		      uint32_t server_seq)
{
	struct fact x = fact(f, kind, 1, 2, 80);

	x.client_port = port;
	x.client_seq = client_seq;
	x.seq = server_seq;
	give(f, &x);
	f->now_ns += 2 * WATCH_NS_PER_S;
}

/* Only the same ports and both numbers are a replay, and only within the hour. */
static void said_again(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	handshake(&f, FACT_HANDSHAKE, 4000, 11, 0x10000000);
	handshake(&f, FACT_HANDSHAKE, 4001, 11, 0x30000000);
	handshake(&f, FACT_HANDSHAKE, 4000, 12, 0x10000000);
	handshake(&f, FACT_STRAY_ACK, 4000, 11, 0x10000001);
	handshake(&f, FACT_STRAY_ACK, 4002, 13, 0x10000000);
	/* What never was whole is not remembered. */
	handshake(&f, FACT_STRAY_ACK, 4002, 13, 0x10000000);
	assert_int_equal(f.reports, 0);
	handshake(&f, FACT_STRAY_ACK, 4000, 11, 0x10000000);
	assert_int_equal(f.of[WATCH_SEQUENCE_REPLAY], 1);
	assert_memory_equal(f.last.source.bytes, host(1).bytes, 16);
	assert_int_equal(f.last.seq_sample[0], 0x10000000);
	f.now_ns += f.opt.interval_s * WATCH_NS_PER_S;
	handshake(&f, FACT_HANDSHAKE, 4001, 11, 0x30000000);
	assert_int_equal(f.of[WATCH_SEQUENCE_REPLAY], 2);
	f.now_ns += f.opt.slow_window_s * WATCH_NS_PER_S;
	handshake(&f, FACT_HANDSHAKE, 4001, 11, 0x30000000);
	assert_int_equal(f.of[WATCH_SEQUENCE_REPLAY], 2);
	finish(&f);

	/* Twice at the same time: the mirror says it twice. */
	start(&f);
	handshake(&f, FACT_HANDSHAKE, 4000, 11, 0x10000000);
	f.now_ns -= 2 * WATCH_NS_PER_S;
	handshake(&f, FACT_HANDSHAKE, 4000, 11, 0x10000000);
	assert_int_equal(f.reports, 0);
	finish(&f);

	/* The oldest gives way, the latest are known. */
	start(&f);
	watch_free(f.w);
	f.opt.max_hosts = 64;
	assert_int_equal(watch_new(&f.opt, &(struct hash_key){ 1, 2 }, &f.w), 0);
	f.opt.interval_s = 1;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < 20000; i++)
			handshake(&f, FACT_HANDSHAKE, (uint16_t)(i + 1), i * 2654435761u,
				  i * 2246822519u);
	}
	assert_int_equal(f.of[WATCH_SEQUENCE_REPLAY], 0);
	handshake(&f, FACT_HANDSHAKE, 20000, 19999 * 2654435761u, 19999 * 2246822519u);
	assert_int_equal(f.of[WATCH_SEQUENCE_REPLAY], 1);
	finish(&f);
}

/* Guesses that were answered are counted with their kind. */
static void challenged(void **state)
{
	struct fixture f;
	struct fact x, answer;

	(void)state;
	start(&f);
	x = fact(&f, FACT_BLIND_SYN, 1, 2, 80);
	answer = fact(&f, FACT_CHALLENGED, 1, 2, 80);
	answer.from_server = true;
	for (unsigned n = 1; n < f.opt.blind_packets; n++) {
		give(&f, &x);
		give(&f, &answer);
	}
	give(&f, &x);
	assert_int_equal(f.of[WATCH_SEQUENCE_BLIND_SYN], 1);
	assert_int_equal(f.last.challenged, f.opt.blind_packets - 1);
	finish(&f);
}

/* --- baselines --------------------------------------------------------------------------------------------- */

static void minutes(struct fixture *f, unsigned count, unsigned flows, uint64_t bytes)
{
	for (unsigned m = 0; m < count; m++) {
		for (unsigned n = 0; n < flows; n++) {
			struct fact x = fact(f, FACT_END, 1, 2, 80);

			x.answered = true;
			x.packets[1] = 1;
			x.bytes[0] = bytes + FACT_LARGE_BYTES;
			give(f, &x);
		}
		f->now_ns += 60 * WATCH_NS_PER_S;
	}
}

static void far_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	minutes(&f, 30, 20, 0);
	assert_int_equal(f.reports, 0);
	minutes(&f, 1, 199, 0);
	assert_int_equal(f.of[WATCH_BASELINE_FLOWS], 0);
	finish(&f);

	start(&f);
	minutes(&f, 30, 20, 0);
	minutes(&f, 1, 300, 0);
	assert_int_equal(f.of[WATCH_BASELINE_FLOWS], 1);
	finish(&f);

	/* A host that always does as much. */
	start(&f);
	minutes(&f, 40, 300, 0);
	assert_int_equal(f.of[WATCH_BASELINE_FLOWS], 0);
	finish(&f);

	start(&f);
	minutes(&f, 30, 1, 0);
	minutes(&f, 1, 1, 500u << 20);
	assert_int_equal(f.of[WATCH_BASELINE_BYTES], 1);
	assert_in_range((uint64_t)f.last.usual, FACT_LARGE_BYTES - 1, FACT_LARGE_BYTES + 1);
	assert_int_equal(f.last.minutes, 30);
	finish(&f);
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static void places_give_way(void **state)
{
	static const struct places_options opt = {
		8,
		8,
		4,
		60,
	};
	static const struct hash_key key = { 3, 4 };
	struct places t;
	struct ip_addr strong = host(1);

	(void)state;
	assert_int_equal(places_init(&t, &opt, &key), 0);
	places_worth(&t, places_get(&t, &strong, 0, 1), 5);
	for (uint32_t i = 2; i < 1000; i++) {
		struct ip_addr weak = host(i);

		assert_non_null(places_get(&t, &weak, 0, i));
	}
	assert_non_null(places_find(&t, &strong, 0));
	assert_int_equal(t.forgotten, 0);
	/* Past its lifetime it is worth nothing. */
	for (uint32_t i = 2; i < 10; i++) {
		struct ip_addr weak = host(i);

		places_get(&t, &weak, 0, 100 * WATCH_NS_PER_S);
	}
	assert_null(places_find(&t, &strong, 0));
	places_fini(&t);
}

static uint64_t count_of(const struct fixture *f, uint32_t who, const char *kind, bool due)
{
	const struct ip_addr addr = host(who);
	struct watch_range range;
	uint64_t count;

	assert_true(watch_range_of(kind, strlen(kind), &range));
	assert_int_equal(watch_known(f->w, &addr, &range, f->now_ns, &count), due);
	return count;
}

/* What rules ask: a count from two on, as long as its window; that a report is due, as long as the interval. */
static void asked(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	watch_free(f.w);
	f.opt.counts_asked = true;
	assert_int_equal(watch_new(&f.opt, &(struct hash_key){ 1, 2 }, &f.w), 0);
	refused(&f, 1, 2, 80, WATCH_SYN);
	assert_int_equal(count_of(&f, 1, "scan", false), 0);
	for (uint16_t port = 81; port < 80 + f.opt.scan_ports - 1; port++) {
		refused(&f, 1, 2, port, WATCH_SYN);
		assert_int_equal(count_of(&f, 1, "scan.syn", false), port - 79);
		assert_int_equal(count_of(&f, 1, "scan", false), port - 79);
	}
	assert_int_equal(count_of(&f, 1, "scan.fin", false), 0);
	assert_int_equal(count_of(&f, 2, "scan", false), 0);
	refused(&f, 1, 2, 9999, WATCH_SYN);
	assert_int_equal(count_of(&f, 1, "scan.syn", true), f.opt.scan_ports);
	/* On another host it begins again, and the greatest stays for its time. */
	refused(&f, 1, 3, 80, WATCH_SYN);
	refused(&f, 1, 3, 81, WATCH_SYN);
	assert_int_equal(count_of(&f, 1, "scan.syn", true), f.opt.scan_ports);
	f.now_ns += (f.opt.scan_window_s + 1) * WATCH_NS_PER_S;
	assert_int_equal(count_of(&f, 1, "scan.syn", true), 0);
	f.now_ns += (f.opt.interval_s - f.opt.scan_window_s - 1) * WATCH_NS_PER_S;
	assert_int_equal(count_of(&f, 1, "scan.syn", true), 0);
	f.now_ns += 1;
	assert_int_equal(count_of(&f, 1, "scan.syn", false), 0);
	finish(&f);

	/* Both ends of a flood from one source; of one from many the target alone. */
	for (int many = 0; many < 2; many++) {
		start(&f);
		for (uint32_t i = 0; i < f.opt.flood_packets / FACT_SAMPLE; i++) {
			struct fact x = fact(&f, FACT_FIRST, many ? 100 + i : 1, 2, 80);

			x.sampled = true;
			give(&f, &x);
		}
		assert_int_equal(count_of(&f, 2, "flood.syn", true), f.opt.flood_packets);
		assert_int_equal(count_of(&f, many ? 100 : 1, "flood", !many),
				 many ? 0 : f.opt.flood_packets);
		finish(&f);
	}
}

/* Sources with little to count do not push out one of which something is known. */
static void asked_in_a_flood(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	watch_free(f.w);
	f.opt.counts_asked = true;
	f.opt.max_hosts = 64;
	assert_int_equal(watch_new(&f.opt, &(struct hash_key){ 1, 2 }, &f.w), 0);
	for (uint16_t port = 1; port <= 12; port++)
		refused(&f, 1, 2, port, WATCH_SYN);
	for (uint32_t i = 0; i < 20000; i++) {
		refused(&f, 1000 + i, 2, 80, WATCH_SYN);
		refused(&f, 1000 + i, 2, 81, WATCH_SYN);
	}
	assert_int_equal(count_of(&f, 1, "scan.syn", false), 12);
	finish(&f);
}

static void names(void **state)
{
	static const struct {
		const char *name;
		int first, last;
	} rows[] = {
		{ "scan", WATCH_SCAN_SYN, WATCH_SCAN_DISTRIBUTED },
		{ "scan.sweep_arp", WATCH_SWEEP_ARP, WATCH_SWEEP_ARP },
		{ "flood.syn", WATCH_FLOOD_SYN, WATCH_FLOOD_SYN },
		{ "baseline.bytes", WATCH_BASELINE_BYTES, WATCH_BASELINE_BYTES },
		{ "baseline", WATCH_BASELINE_FLOWS, WATCH_BASELINE_BYTES },
		{ "", -1, 0 },
		{ "sca", -1, 0 },
		{ "scan.", -1, 0 },
		{ ".syn", -1, 0 },
		{ "scan.rst", -1, 0 },
		{ "scan.syn.", -1, 0 },
		{ "scans", -1, 0 },
	};
	struct watch_range range;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool there = watch_range_of(rows[i].name, strlen(rows[i].name), &range);

		assert_int_equal(there, rows[i].first >= 0);
		if (there) {
			assert_int_equal(range.first, rows[i].first);
			assert_int_equal(range.last, rows[i].last);
		}
	}
	(void)state;
	for (int k = 0; k < WATCH__COUNT; k++) {
		assert_non_null(watch_kind_name((enum watch_kind)k));
		assert_non_null(watch_family_name(watch_family((enum watch_kind)k)));
	}
	assert_string_equal(watch_kind_name(WATCH_SCAN_XMAS), "xmas");
	assert_string_equal(watch_family_name(watch_family(WATCH_FLOOD_SYN)), "flood");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_of_a_host), cmocka_unit_test(hosts_on_a_port),
		cmocka_unit_test(slowly),	   cmocka_unit_test(no_answer),
		cmocka_unit_test(with_decoys),	   cmocka_unit_test(distributed),
		cmocka_unit_test(beside_a_flood),  cmocka_unit_test(told_once),
		cmocka_unit_test(by_counts),	   cmocka_unit_test(no_scan_by_counts),
		cmocka_unit_test(floods),	   cmocka_unit_test(no_flood),
		cmocka_unit_test(initial_numbers), cmocka_unit_test(clocks),
		cmocka_unit_test(counted),	   cmocka_unit_test(far_out),
		cmocka_unit_test(places_give_way), cmocka_unit_test(names),
		cmocka_unit_test(said_again),	   cmocka_unit_test(challenged),
		cmocka_unit_test(asked),	   cmocka_unit_test(asked_in_a_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
