/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting of probes: what each packet says, the same table in plain memory and in the kernel, and a flood of sources
 * beside a scan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/weir_program.h"
#include "bpf/weir_verdict.h"
#include "tests/bpf/packets.h"

#define KEY 0x5eed
#define WINDOW 7
#define BUCKETS_BYTES (WEIR_TALLY_BUCKETS * sizeof(struct weir_tally_bucket))
#define NOTES_BYTES (WEIR_NOTE_LINES * sizeof(struct weir_note_line))

static uint64_t seed = 0x2545f4914f6cdd1d;

static unsigned draw(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

struct table {
	struct weir_tally_bucket *buckets;
	struct weir_note_line *notes;
};

static struct table table_new(void)
{
	struct table t = { calloc(1, BUCKETS_BYTES), calloc(1, NOTES_BYTES) };

	assert_true(t.buckets && t.notes);
	return t;
}

static void table_free(struct table *t)
{
	free(t->buckets);
	free(t->notes);
}

static struct weir_plan plan = { .wants = { .flags = WEIR_PLAN_ALL } };

static void count(const struct table *t, const uint8_t *frame, size_t len)
{
	struct weir_memory m = { .data = frame,
				 .len = (__u32)len,
				 .plan = &plan,
				 .key = KEY,
				 .buckets = t->buckets,
				 .notes = t->notes,
				 .window = WINDOW };
	struct weir_walk w;

	weir_walk_init(&w);
	weir_judge(&m, &w, len);
}

/* The entry of an IPv4 address, as it lies in memory. */
static const struct weir_source *find(const struct weir_tally_bucket *buckets, uint32_t address,
				      enum weir_probe probe)
{
	__u64 source[2] = { address, 0 };
	__u32 what = probe | 4u << 8;
	__u64 hash = weir_source_hash(source, what, KEY);
	const struct weir_tally_bucket *b = &buckets[weir_tally_index(hash)];
	int way = weir_way_of(b, weir_tally_tag(hash));

	return way < 0 || b->source[way].address[0] != address ? NULL : &b->source[way];
}

/* --- signs ---------------------------------------------------------------------------------------------- */

static void signs(void **state)
{
	/* 10.0.0.1 sends to 10.0.0.2; who is named is the one that probes. */
	static const struct {
		const char *words;
		uint8_t probe, kind, source;
		uint16_t port;
	} rows[] = {
		{ "eth ip4 tcp+syn=1000:80", WEIR_PROBE_SYN, WEIR_SIGN_PROBE, 1, 80 },
		{ "eth ip4 tcp+synack=80:1000", WEIR_PROBE_SYN, WEIR_SIGN_ANSWER, 2, 80 },
		{ "eth ip4 tcp+null=1000:80", WEIR_PROBE_NULL, WEIR_SIGN_PROBE, 1, 80 },
		{ "eth ip4 tcp=1000:80 data=8", WEIR_PROBE_NONE, 0, 0, 0 },
		{ "eth ip4 udp=1000:80 data=8", WEIR_PROBE_NONE, 0, 0, 0 },
		{ "eth ip4 ip4 tcp+syn=1000:80", WEIR_PROBE_SYN, WEIR_SIGN_PROBE, 1, 80 },
		{ "eth vlan=5 ip4 tcp+syn=1000:80", WEIR_PROBE_SYN, WEIR_SIGN_PROBE, 1, 80 },
		{ "eth ip4+later proto=6 data=20", WEIR_PROBE_NONE, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made m = { .at = 0 };
		struct weir_sign s = { .probe = 0 };
		struct weir_walk w;
		size_t len;
		const uint8_t *frame = made_frame(&m, rows[i].words, &len);
		struct weir_memory mem = {
			.data = frame, .len = (__u32)len, .plan = &plan, .key = KEY
		};
		int found;

		weir_walk_init(&w);
		found = weir_walk_sign(&mem, &w, &s);
		if (!found != (rows[i].probe == WEIR_PROBE_NONE) ||
		    (found && (s.probe != rows[i].probe || s.kind != rows[i].kind ||
			       s.port != rows[i].port || s.version != 4 ||
			       s.source[0] >> 24 != rows[i].source)))
			fail_msg("%s: probe %d kind %d port %d", rows[i].words, s.probe, s.kind,
				 s.port);
	}
}

static void flags(void **state)
{
	static const struct {
		unsigned flags;
		uint16_t sport, dport;
		uint8_t probe, kind;
	} rows[] = {
		{ 0x02, 40000, 80, WEIR_PROBE_SYN, WEIR_SIGN_PROBE },
		{ 0xc2, 40000, 80, WEIR_PROBE_SYN, WEIR_SIGN_PROBE }, /* with ECN */
		{ 0x12, 80, 40000, WEIR_PROBE_SYN, WEIR_SIGN_ANSWER },
		{ 0x14, 80, 40000, WEIR_PROBE_SYN, WEIR_SIGN_REFUSAL },
		{ 0x04, 80, 40000, WEIR_PROBE_ACK, WEIR_SIGN_PROBE },
		{ 0x04, 40000, 80, WEIR_PROBE_NONE, WEIR_SIGN_PROBE }, /* a client gives up */
		{ 0x06, 40000, 80, WEIR_PROBE_NONE, WEIR_SIGN_PROBE },
		{ 0x01, 40000, 80, WEIR_PROBE_FIN, WEIR_SIGN_PROBE },
		{ 0x11, 40000, 80, WEIR_PROBE_NONE, WEIR_SIGN_PROBE }, /* a connection ends */
		{ 0x00, 40000, 80, WEIR_PROBE_NULL, WEIR_SIGN_PROBE },
		{ 0x08, 40000, 80, WEIR_PROBE_NULL, WEIR_SIGN_PROBE },
		{ 0x29, 40000, 80, WEIR_PROBE_XMAS, WEIR_SIGN_PROBE },
		{ 0x18, 40000, 80, WEIR_PROBE_NONE, WEIR_SIGN_PROBE },
	};
	const __u64 a[2] = { 1, 0 }, b[2] = { 2, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct weir_sign s;

		weir_sign_of_tcp(rows[i].flags, a, b, rows[i].sport, rows[i].dport, &s);
		if (s.probe != rows[i].probe || (s.probe && s.kind != rows[i].kind))
			fail_msg("flags %#x from %u: probe %d kind %d", rows[i].flags,
				 rows[i].sport, s.probe, s.kind);
	}
}

/* --- counts ---------------------------------------------------------------------------------------------- */

/* A SYN, or what the flags say, over IPv4 in Ethernet. */
static size_t segment(uint8_t out[60], uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport,
		      uint8_t tcp_flags)
{
	static const uint8_t base[60] = {
		[12] = 8, [14] = 0x45, [17] = 40, [22] = 64, [23] = 6, [46] = 0x50
	};

	memcpy(out, base, sizeof(base));
	memcpy(out + 26, &src, 4);
	memcpy(out + 30, &dst, 4);
	out[34] = (uint8_t)(sport >> 8);
	out[35] = (uint8_t)sport;
	out[36] = (uint8_t)(dport >> 8);
	out[37] = (uint8_t)dport;
	out[47] = tcp_flags;
	return sizeof(base);
}

static void estimates(void **state)
{
	static const unsigned ports[] = { 2, 15, 40, 100, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct table t = table_new();
		const struct weir_source *s;
		uint8_t frame[60];
		unsigned got;

		for (unsigned p = 1; p <= ports[i]; p++) {
			size_t len = segment(frame, 0x0a, 0x0b, 40000, (uint16_t)p, 0x02);

			count(&t, frame, len);
			count(&t, frame, len); /* the same again is no other place */
		}
		s = find(t.buckets, 0x0a, WEIR_PROBE_SYN);
		assert_non_null(s);
		assert_int_equal(s->packets, 2 * ports[i]);
		got = weir_tally_distinct(s->ports);
		assert_int_equal(weir_tally_distinct(s->hosts), 1);
		/* Four deviations of linear counting with 128 bits. */
		if (got * 4 < ports[i] * 3 || got * 3 > ports[i] * 4 + 3)
			fail_msg("%u ports are taken for %u", ports[i], got);
		table_free(&t);
	}
}

/* What comes back is counted for whom it comes back to. */
static void answers(void **state)
{
	struct table t = table_new();
	const struct weir_source *s;
	uint8_t frame[60];

	(void)state;
	for (unsigned p = 1; p <= 10; p++) {
		count(&t, frame, segment(frame, 0x0a, 0x0b, 40000, (uint16_t)p, 0x02));
		count(&t, frame,
		      segment(frame, 0x0b, 0x0a, (uint16_t)p, 40000, p % 2 ? 0x12 : 0x14));
	}
	s = find(t.buckets, 0x0a, WEIR_PROBE_SYN);
	assert_non_null(s);
	/* The first one came before there was an entry. */
	assert_int_equal(s->answered, 4);
	assert_int_equal(s->refused, 5);
	assert_null(find(t.buckets, 0x0b, WEIR_PROBE_SYN));
	table_free(&t);
}

/* --- a flood ------------------------------------------------------------------------------------------------ */

#define FLOOD 300000
/* Under another kernel's emulation a test run takes long. */
#define FLOOD_IN_KERNEL 50000
#define SCANNER 0x0100000a
#define SCANNED 100

/* Every now and then one packet of a scan, among sources that come once. */
static size_t flood_packet(uint8_t frame[60], uint32_t i, uint32_t all)
{
	uint32_t every = all / SCANNED;

	if (i % every == 0)
		return segment(frame, SCANNER, 0x0b, 40000, (uint16_t)(i / every + 1), 0x02);
	return segment(frame, i * 2654435761u, 0x0b, (uint16_t)(i % 60000), 80, 0x02);
}

static void scanner_is_seen(const struct weir_tally_bucket *buckets)
{
	const struct weir_source *s = find(buckets, SCANNER, WEIR_PROBE_SYN);

	assert_non_null(s);
	/* Notes are forgotten now and then, an entry with places is not. */
	assert_true(s->packets >= SCANNED - 10);
	assert_true(weir_tally_distinct(s->ports) >= SCANNED * 3 / 4);
}

static void flood(void **state)
{
	struct table t = table_new();
	uint64_t entries = 0;

	(void)state;
	for (uint32_t i = 0; i < FLOOD; i++) {
		uint8_t frame[60];

		count(&t, frame, flood_packet(frame, i, FLOOD));
	}
	scanner_is_seen(t.buckets);
	for (unsigned i = 0; i < WEIR_TALLY_BUCKETS; i++) {
		for (unsigned way = 0; way < WEIR_TALLY_WAYS; way++)
			entries += t.buckets[i].tag[way] != WEIR_TAG_FREE;
	}
	/* Two sources of a line whose tags are the same by chance; all others stay notes. */
	assert_true(entries < FLOOD / 1000);
	table_free(&t);
}

/* --- in the kernel --------------------------------------------------------------------------------------------- */

static struct weir_program *load(enum weir_object which)
{
	const struct weir_config config = {
		.key = KEY,
		.send = WEIR_SEND_PASS,
		.slots = 1,
		.kept_action = XDP_DROP,
		.tally = 1,
		/* A test run gives the filter what stands behind the Ethernet header. */
		.skb_base = 14,
	};
	const struct weir_switches switches = { .window = WINDOW };
	struct weir_program *p;
	__u32 zero = 0;
	char log[4096];
	int err = weir_program_load(which, &config, 0, log, sizeof(log), &p);

	if (err == -EPERM || err == -EACCES) {
		print_message("# the kernel does not let this process load programs (%s)\n",
			      strerror(-err));
		skip();
	}
	if (err)
		fail_msg("%s\n%s", strerror(-err), log);
	assert_int_equal(weir_program_plan(p, &plan), 0);
	assert_int_equal(bpf_map_update_elem(p->switches, &zero, &switches, BPF_ANY), 0);
	return p;
}

static void run(int program, const uint8_t *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)len);

	if (bpf_prog_test_run_opts(program, &opts))
		fail_msg("test run: %s", strerror(errno));
}

static const struct weir_tally_bucket *map(const struct weir_program *p)
{
	void *m = mmap(NULL, BUCKETS_BYTES, PROT_READ, MAP_SHARED, p->buckets, 0);

	assert_true(m != MAP_FAILED);
	return m;
}

static void unmap(const struct weir_tally_bucket *b)
{
	munmap((void *)(uintptr_t)b, BUCKETS_BYTES);
}

/* Some hosts, many kinds of packets: entries come, go and are used again. */
static size_t any_packet(uint8_t frame[60])
{
	static const uint8_t tcp_flags[] = { 0x02, 0x02, 0x02, 0x12, 0x14, 0x04,
					     0x01, 0x00, 0x29, 0x10, 0x18 };
	uint32_t src = 0x0a + draw(6000) * 256, dst = 0x0a + draw(100) * 256;

	if (draw(4) == 0)
		src = 0x0a + draw(30) * 256;
	return segment(frame, src, dst, (uint16_t)draw(65536), (uint16_t)draw(1000),
		       tcp_flags[draw(sizeof(tcp_flags))]);
}

static void same_table(enum weir_object which)
{
	struct weir_program *p = load(which);
	const struct weir_tally_bucket *buckets = map(p);
	struct table t = table_new();
	unsigned used = 0;

	for (unsigned i = 0; i < 30000; i++) {
		uint8_t frame[60];
		size_t len = any_packet(frame);

		count(&t, frame, len);
		run(p->program, frame, len);
	}
	assert_memory_equal(buckets, t.buckets, BUCKETS_BYTES);
	for (__u32 i = 0; i < WEIR_NOTE_LINES; i++) {
		struct weir_note_line line;

		assert_int_equal(bpf_map_lookup_elem(p->notes, &i, &line), 0);
		assert_memory_equal(&line, &t.notes[i], sizeof(line));
	}
	for (unsigned i = 0; i < WEIR_TALLY_BUCKETS; i++)
		used += buckets[i].tag[0] != WEIR_TAG_FREE;
	assert_true(used > WEIR_TALLY_BUCKETS / 2);
	table_free(&t);
	unmap(buckets);
	weir_program_close(p);
}

static void in_xdp(void **state)
{
	(void)state;
	same_table(WEIR_OBJECT_XDP);
}

static void in_socket_filter(void **state)
{
	(void)state;
	same_table(WEIR_OBJECT_SOCKET);
}

static void flood_in_xdp(void **state)
{
	struct weir_program *p = load(WEIR_OBJECT_XDP);
	const struct weir_tally_bucket *buckets = map(p);

	(void)state;
	for (uint32_t i = 0; i < FLOOD_IN_KERNEL; i++) {
		uint8_t frame[60];

		run(p->program, frame, flood_packet(frame, i, FLOOD_IN_KERNEL));
	}
	scanner_is_seen(buckets);
	unmap(buckets);
	weir_program_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs),
		cmocka_unit_test(flags),
		cmocka_unit_test(estimates),
		cmocka_unit_test(answers),
		cmocka_unit_test(flood),
		cmocka_unit_test(in_xdp),
		cmocka_unit_test(in_socket_filter),
		cmocka_unit_test(flood_in_xdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
