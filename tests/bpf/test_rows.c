/* SPDX-License-Identifier: Apache-2.0 */
/* One table of frames through the walk in plain memory, the XDP program and the socket filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/weir_program.h"
#include "bpf/weir_verdict.h"
#include "engine/decode/decode.h"
#include "tests/bpf/packets.h"
#include "tests/bpf/rows.h"
#include "tests/unit/guard.h"

#define ROWS (sizeof(bpf_rows) / sizeof(bpf_rows[0]))
#define KEY 0x5eed

static struct weir_plan plan;

static void want_port(unsigned set, unsigned port)
{
	plan.wants.port[set * WEIR_PORT_WORDS + port / 64] |= 1ULL << (port & 63);
}

static int make_plan(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		want_port(0 + side, 80);
		want_port(2 + side, 53);
		want_port(4 + side, 7);
	}
	plan.wants.any_port = 1u << WEIR_CLASS_ICMP | 1u << WEIR_CLASS_ICMPV6;
	plan.wants.any_net = WEIR_CLASSES_ALL & ~(1u << WEIR_CLASS_UDP);
	plan.wants.tunnels.vxlan[0] = 4789;
	plan.wants.tunnels.opaque[0] = 3544;
	plan.wants.tunnels.opaque[1] = 6081;
	plan.nets = 2;
	plan.net[0] = (struct weir_net){ { 10 }, 4, 8, { 0, 1u << WEIR_CLASS_UDP } };
	plan.net[1] = (struct weir_net){ { 0xfd }, 6, 8, { 1u << WEIR_CLASS_UDP, 0 } };
	return 0;
}

static int judge(const uint8_t *frame, size_t len, struct weir_walk *w)
{
	struct weir_memory m = { .data = frame, .len = (__u32)len, .plan = &plan, .key = KEY };

	weir_walk_init(w);
	return weir_judge(&m, w, len);
}

/* The hash of the frame's innermost IP packet, as the engine has it. */
static uint64_t engine_hash(const uint8_t *frame, size_t len)
{
	static struct counters counters;
	static struct packet_set set;
	struct frame f = { .data = frame, .len = (uint32_t)len, .link = LINK_ETHERNET };
	struct decoder d = {
		.options = { .teredo = true, .vxlan = true, .geneve = true, .gtpu = true },
		.counters = &counters
	};

	decode_frame(&d, &f, &set);
	while (set.count > 1 && !set.packets[set.count - 1].has_ip)
		set.count--;
	return decode_owner_hash(&set.packets[set.count - 1], KEY);
}

static void in_memory(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct made m = { .at = 0 };
		size_t len;
		const uint8_t *frame = made_frame(&m, bpf_rows[i].words, &len);
		const uint8_t *guarded = guard_copy(frame, len);
		struct weir_walk w;
		int reason = judge(guarded, len, &w);

		if (reason != (int)bpf_rows[i].reason) {
			print_error("%s: %d, expected %d\n", bpf_rows[i].words, reason,
				    bpf_rows[i].reason);
			bad++;
		}
		/* What is read to its end has the engine's own hash. */
		if (reason < WEIR_UNSURE_FIRST || reason >= WEIR_KEPT_FIRST) {
			if (weir_walk_hash(&w, KEY) != engine_hash(frame, len)) {
				print_error("%s: another hash\n", bpf_rows[i].words);
				bad++;
			}
		}
		guard_free_all();
	}
	assert_int_equal(bad, 0);
}

/* Each frame cut at each byte: never a read past the end, and never kept. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct made m = { .at = 0 };
		size_t len;
		const uint8_t *frame = made_frame(&m, bpf_rows[i].words, &len);

		if (m.cut || strstr(bpf_rows[i].words, "eth=") || strstr(bpf_rows[i].words, "mpls"))
			continue;
		for (size_t n = 0; n < len; n++) {
			struct weir_walk w;
			int reason = judge(guard_copy(frame, n), n, &w);

			if (reason >= WEIR_KEPT_FIRST)
				fail_msg("%s cut at %zu is kept: %d", bpf_rows[i].words, n, reason);
		}
		guard_free_all();
	}
}

/* --- released flows ----------------------------------------------------------------------------------- */

static struct weir_flow_key released_key;
static struct weir_flow released;

static struct weir_flow *find_released(void *arg, const struct weir_flow_key *key)
{
	(void)arg;
	return memcmp(key, &released_key, sizeof(*key)) ? NULL : &released;
}

static int judge_released(const char *words)
{
	struct made made = { .at = 0 };
	size_t len;
	const uint8_t *frame = made_frame(&made, words, &len);
	struct weir_memory m = {
		.data = frame, .len = (__u32)len, .plan = &plan, .key = KEY, .flow = find_released
	};
	struct weir_walk w;

	weir_walk_init(&w);
	return weir_judge(&m, &w, len);
}

/* 10.0.0.1:1000 and 10.0.0.2:80. */
static struct weir_flow_key key_of_rows(void)
{
	struct weir_flow_key k = { .low = { 0x0100000a },
				   .high = { 0x0200000a },
				   .low_port = 1000,
				   .high_port = 80,
				   .proto = WEIR_PROTO_TCP,
				   .version = 4 };

	return k;
}

static void release(void **state)
{
	(void)state;
	released_key = key_of_rows();
	released = (struct weir_flow){ .last_ns = 0 };
	assert_int_equal(judge_released("eth ip4 tcp=1000:80 data=8"), WEIR_KEPT_RELEASED);
	assert_int_equal(judge_released("eth ip4 tcp=1000:80 data=8"), WEIR_KEPT_RELEASED);
	assert_int_equal(released.way[0].packets, 2);
	assert_int_equal(released.way[0].bytes, 2 * (14 + 20 + 20 + 8));
	assert_int_equal(released.tcp_flags[0], WEIR_TCP_ACK);
	assert_int_equal(judge_released("eth ip4 tcp+fin=1000:80"), WEIR_UP_FLAGS);
	assert_int_equal(judge_released("eth ip4 tcp+rst=1000:80"), WEIR_UP_FLAGS);
	assert_int_equal(judge_released("eth ip4 tcp+null=1000:80"), WEIR_UP_FLAGS);
	/* Another VLAN, a tunnel, other ports: other flows. */
	assert_int_equal(judge_released("eth vlan=5 ip4 tcp=1000:80"), WEIR_UP_WANTED);
	assert_int_equal(judge_released("eth ip4 ip4 tcp=1000:80"), WEIR_UP_WANTED);
	assert_int_equal(judge_released("eth ip4 tcp=1001:80"), WEIR_UP_WANTED);
	assert_int_equal(judge_released("eth ip4+opt tcp=1000:80"), WEIR_UNSURE_OPTIONS);
	/* Options that the engine may have an event for. */
	assert_int_equal(judge_released("eth ip4 tcp+odd=1000:80"), WEIR_UP_WANTED);
	assert_int_equal(judge_released("eth ip4 tcp+scale=1000:80"), WEIR_UP_WANTED);
	assert_int_equal(released.way[0].packets, 2);
	assert_int_equal(judge_released("eth ip4 tcp+ts=1000:80"), WEIR_KEPT_RELEASED);
	assert_int_equal(released.way[0].packets, 3);
	/* One way of it only. */
	released.ways = 1;
	assert_int_equal(judge_released("eth ip4 tcp=1000:80"), WEIR_KEPT_RELEASED);
	released.ways = 2;
	assert_int_equal(judge_released("eth ip4 tcp=1000:80"), WEIR_UP_WANTED);
	released.ways = 3;
	assert_int_equal(judge_released("eth ip4 tcp=1000:80"), WEIR_KEPT_RELEASED);
	assert_int_equal(released.way[0].packets, 5);
	assert_int_equal(judge_released("eth ip4 tcp+syn=1000:80"), WEIR_UP_FLAGS);
	assert_int_equal(released.cleared, 1);
	assert_int_equal(judge_released("eth ip4 tcp=1000:80 data=8"), WEIR_UP_WANTED);
}

/* --- blocked addresses -------------------------------------------------------------------------------- */

static struct weir_address blocked = { .action = WEIR_ACTION_DROP };

/* The row's address. */
static struct weir_address *find_blocked(void *arg, const struct weir_address_key *key)
{
	return key->version == 4 && key->address[0] == *(const uint64_t *)arg ? &blocked : NULL;
}

static int judge_blocked(const char *words, uint64_t address, bool enforce, uint64_t now,
			 __u64 marks[WEIR_REASON__COUNT])
{
	const struct weir_switches on = { .blocks = 1 };
	struct made made = { .at = 0 };
	size_t len;
	const uint8_t *frame = made_frame(&made, words, &len);
	struct weir_memory m = { .data = frame,
				 .len = (__u32)len,
				 .plan = &plan,
				 .key = KEY,
				 .address = find_blocked,
				 .arg = &address,
				 .switches = &on,
				 .enforce = enforce,
				 .now = now,
				 .marks = marks };
	struct weir_walk w;

	weir_walk_init(&w);
	return weir_judge(&m, &w, len);
}

static void block(void **state)
{
	static const struct {
		const char *words;
		uint32_t address; /* as it lies in memory */
		int enforced, else_;
	} rows[] = {
		{ "eth ip4 tcp=1000:80", 0x0100000a, WEIR_KEPT_BLOCKED, WEIR_UP_WANTED },
		{ "eth ip4 tcp=1000:80", 0x0200000a, WEIR_KEPT_BLOCKED, WEIR_UP_WANTED },
		{ "eth ip4 tcp=1000:80", 0x0300000a, WEIR_UP_WANTED, WEIR_UP_WANTED },
		{ "eth ip4 tcp=1000:81", 0x0100000a, WEIR_KEPT_BLOCKED, WEIR_KEPT_PORT },
		{ "eth ip4 tcp+syn=1000:81", 0x0100000a, WEIR_KEPT_BLOCKED, WEIR_UP_FLAGS },
		{ "eth ip4+later proto=17 data=8", 0x0100000a, WEIR_KEPT_BLOCKED,
		  WEIR_UP_FRAGMENT },
		{ "eth ip4+opt tcp=1000:80", 0x0100000a, WEIR_KEPT_BLOCKED, WEIR_UNSURE_OPTIONS },
		/* The innermost pair is what counts. */
		{ "eth ip4 ip4 tcp=1000:80", 0x0100010a, WEIR_UP_WANTED, WEIR_UP_WANTED },
		{ "eth ip4 ip4 tcp=1000:80", 0x0100000a, WEIR_KEPT_BLOCKED, WEIR_UP_WANTED },
		{ "eth=2054 data=46", 0, WEIR_KEPT_NOT_IP, WEIR_KEPT_NOT_IP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u64 marks[WEIR_REASON__COUNT] = { 0 };
		bool hit = rows[i].enforced == WEIR_KEPT_BLOCKED;

		blocked = (struct weir_address){ .action = WEIR_ACTION_DROP };
		assert_int_equal(judge_blocked(rows[i].words, rows[i].address, true, 5, marks),
				 rows[i].enforced);
		assert_int_equal(marks[WEIR_KEPT_BLOCKED], 0);
		assert_int_equal(judge_blocked(rows[i].words, rows[i].address, false, 5, marks),
				 rows[i].else_);
		assert_int_equal(marks[WEIR_KEPT_BLOCKED], hit);
		assert_int_equal(blocked.packets, 2 * hit);
		/* Over, at the very moment. */
		blocked.expires_ns = 5;
		assert_int_equal(judge_blocked(rows[i].words, rows[i].address, true, 5, marks),
				 rows[i].else_);
		blocked.expires_ns = 6;
		assert_int_equal(judge_blocked(rows[i].words, rows[i].address, true, 5, marks),
				 rows[i].enforced);
	}
}

/* A packet in 100 ns, and a burst of two more. */
static void police(void **state)
{
	static const struct {
		uint64_t now;
		int reason;
	} steps[] = {
		{ 1000, WEIR_UP_WANTED },    { 1000, WEIR_UP_WANTED },	  { 1000, WEIR_UP_WANTED },
		{ 1000, WEIR_KEPT_POLICED }, { 1099, WEIR_KEPT_POLICED }, { 1100, WEIR_UP_WANTED },
		{ 1150, WEIR_KEPT_POLICED }, { 9000, WEIR_UP_WANTED },	  { 9000, WEIR_UP_WANTED },
		{ 9000, WEIR_UP_WANTED },    { 9000, WEIR_KEPT_POLICED },
	};
	__u64 marks[WEIR_REASON__COUNT] = { 0 };

	(void)state;
	blocked = (struct weir_address){ .action = WEIR_ACTION_POLICE, .rate = { 100, 200 } };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(judge_blocked("eth ip4 tcp=1000:80", 0x0100000a, true,
					       steps[i].now, marks),
				 steps[i].reason);
	assert_int_equal(blocked.packets, 4);
}

/* --- in the kernel ------------------------------------------------------------------------------------- */

static struct weir_program *load(enum weir_object which, __u32 send)
{
	const struct weir_config config = { .key = KEY,
					    .send = send,
					    .slots = 1u << 16,
					    .kept_action = XDP_DROP,
					    .lost_action = XDP_ABORTED,
					    .skb_base = 14 };
	static char log[4096];
	struct weir_program *p = NULL;
	int err = weir_program_load(which, &config, 1024, log, sizeof(log), &p);

	if (err == -EPERM || err == -EACCES || err == -ENOENT || err == -ENOSYS) {
		print_message("# the kernel does not let this process load programs (%s)\n",
			      strerror(-err));
		skip();
	}
	if (err == -EINVAL && which == WEIR_OBJECT_XDP_FRAGS) {
		print_message("# this kernel has no xdp.frags\n");
		skip();
	}
	if (err)
		fail_msg("load: %s\n%s", strerror(-err), log);
	assert_int_equal(weir_program_plan(p, &plan), 0);
	return p;
}

static unsigned run(int program, const void *in, size_t len, void *out, size_t *out_len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = (__u32)len,
		    .data_out = out, .data_size_out = out ? (__u32)*out_len : 0);
	int err = bpf_prog_test_run_opts(program, &opts);

	if (err)
		fail_msg("test run: %s", strerror(errno));
	if (out)
		*out_len = opts.data_size_out;
	return opts.retval;
}

/* A test run makes no socket buffer of an IP header cut short. */
static bool buffer_can_be(const uint8_t *frame, size_t len)
{
	unsigned type = (unsigned)frame[12] << 8 | frame[13];

	return !(type == 0x0800 && len < 14 + 20) && !(type == 0x86dd && len < 14 + 40);
}

/* The reason that one run has added to. */
static int counted(const struct weir_program *p, struct weir_count before[WEIR_REASON__COUNT])
{
	struct weir_count now[WEIR_REASON__COUNT];
	int found = -1;

	assert_int_equal(weir_program_counts(p, now), 0);
	assert_int_equal(now[WEIR_ENTERED].packets, before[WEIR_ENTERED].packets + 1);
	for (int i = 1; i < WEIR_REASON__COUNT; i++) {
		if (now[i].packets == before[i].packets)
			continue;
		assert_int_equal(found, -1);
		assert_int_equal(now[i].packets, before[i].packets + 1);
		assert_int_equal(now[i].bytes - before[i].bytes,
				 now[WEIR_ENTERED].bytes - before[WEIR_ENTERED].bytes);
		found = i;
	}
	memcpy(before, now, sizeof(now));
	return found;
}

static void rows_by_test_run(enum weir_object which)
{
	struct weir_program *p = load(which, WEIR_SEND_PASS);
	struct weir_count counts[WEIR_REASON__COUNT];
	bool socket = which == WEIR_OBJECT_SOCKET;
	unsigned bad = 0;

	assert_int_equal(weir_program_counts(p, counts), 0);
	for (size_t i = 0; i < ROWS; i++) {
		struct made m = { .at = 0 };
		size_t len;
		const uint8_t *frame = made_frame(&m, bpf_rows[i].words, &len);
		bool up = bpf_rows[i].reason < WEIR_KEPT_FIRST;
		struct weir_walk w;
		unsigned got;
		int reason;

		if (socket && !buffer_can_be(frame, len))
			continue;
		got = run(p->program, frame, len, NULL, NULL);
		reason = counted(p, counts);
		judge(frame, len, &w);
		if (reason != (int)bpf_rows[i].reason ||
		    got != (socket ? (up ? 0xffffffff : 0) : (up ? XDP_PASS : XDP_DROP))) {
			print_error("%s: %d (returns %u), expected %d\n", bpf_rows[i].words, reason,
				    got, bpf_rows[i].reason);
			bad++;
		}
		if (socket &&
		    run(p->fanout, frame, len, NULL, NULL) != (weir_walk_hash(&w, KEY) & 0xffff)) {
			print_error("%s: another hash\n", bpf_rows[i].words);
			bad++;
		}
	}
	weir_program_close(p);
	assert_int_equal(bad, 0);
}

static void in_xdp(void **state)
{
	(void)state;
	rows_by_test_run(WEIR_OBJECT_XDP);
}

static void in_xdp_frags(void **state)
{
	(void)state;
	rows_by_test_run(WEIR_OBJECT_XDP_FRAGS);
}

static void in_socket_filter(void **state)
{
	(void)state;
	rows_by_test_run(WEIR_OBJECT_SOCKET);
}

static uint32_t coarse_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* What stands in front of a frame that goes up. */
static void metadata(void **state)
{
	struct weir_program *p = load(WEIR_OBJECT_XDP, WEIR_SEND_PASS);
	struct made m = { .at = 0 };
	size_t len, got = PACKET_MAX;
	const uint8_t *frame = made_frame(&m, "eth vlan=5 ip4 gre ip6 hop tcp=1:80 data=8", &len);
	static uint8_t out[PACKET_MAX];
	struct xdp_md ctx = { .data_end = (__u32)len }, ctx_out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)len,
		    .data_out = out, .data_size_out = (__u32)got, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out));
	struct weir_meta meta;
	struct weir_walk w;
	uint32_t before = coarse_ms();

	(void)state;
	assert_int_equal(bpf_prog_test_run_opts(p->program, &opts), 0);
	assert_int_equal(opts.data_size_out, len + sizeof(meta));
	memcpy(&meta, out, sizeof(meta));
	assert_memory_equal(out + sizeof(meta), frame, len);
	judge(frame, len, &w);
	assert_int_equal(meta.magic, WEIR_META_MAGIC);
	assert_int_equal(meta.version, WEIR_META_VERSION);
	assert_int_equal(meta.reason, WEIR_UP_WANTED);
	assert_int_equal(meta.l3_offset, 14 + 4 + 20 + 4);
	assert_int_equal(meta.l4_offset, 14 + 4 + 20 + 4 + 40 + 8);
	assert_int_equal(meta.ip_version, 6);
	assert_int_equal(meta.depth, 1);
	assert_int_equal(meta.vlans, 1);
	assert_true(meta.stamp - before <= coarse_ms() - before);
	assert_true(meta.hash == weir_walk_hash(&w, KEY));
	weir_program_close(p);
}

/* Nobody is there to take it. */
static void no_worker(void **state)
{
	struct weir_program *p = load(WEIR_OBJECT_XDP, WEIR_SEND_REDIRECT);
	struct weir_count counts[WEIR_REASON__COUNT];
	struct made m = { .at = 0 };
	size_t len;
	const uint8_t *frame = made_frame(&m, "eth ip4 tcp=1:80 data=8", &len);

	(void)state;
	assert_int_equal(weir_program_counts(p, counts), 0);
	assert_int_equal(run(p->program, frame, len, NULL, NULL), XDP_ABORTED);
	assert_int_equal(counted(p, counts), WEIR_LOST_SOCKET);
	weir_program_close(p);
}

static void stale_worker(void **state)
{
	const struct weir_config config = { .slots = 1,
					    .stale_ns = 1000000000,
					    .lost_action = XDP_ABORTED };
	struct weir_program *p = load(WEIR_OBJECT_XDP, WEIR_SEND_PASS);
	struct weir_count counts[WEIR_REASON__COUNT];
	struct made m = { .at = 0 };
	char log[4096];
	size_t len;
	const uint8_t *frame = made_frame(&m, "eth ip4 tcp=1:80 data=8", &len);
	__u32 slot = 0;
	struct timespec ts;
	__u64 now;

	(void)state;
	weir_program_close(p);
	assert_int_equal(weir_program_load(WEIR_OBJECT_XDP, &config, 16, log, sizeof(log), &p), 0);
	assert_int_equal(weir_program_plan(p, &plan), 0);
	assert_int_equal(weir_program_counts(p, counts), 0);
	assert_int_equal(run(p->program, frame, len, NULL, NULL), XDP_ABORTED);
	assert_int_equal(counted(p, counts), WEIR_LOST_WORKER);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
	assert_int_equal(bpf_map_update_elem(p->beats, &slot, &now, BPF_ANY), 0);
	run(p->program, frame, len, NULL, NULL);
	assert_int_equal(counted(p, counts), WEIR_LOST_SOCKET);
	weir_program_close(p);
}

static void release_in_xdp(void **state)
{
	struct weir_program *p = load(WEIR_OBJECT_XDP, WEIR_SEND_PASS);
	struct weir_flow_key key = key_of_rows();
	struct weir_flow flow = { .last_ns = 0 };
	static const struct {
		const char *words;
		unsigned action;
	} steps[] = {
		{ "eth ip4 tcp=1000:80 data=8", XDP_DROP },
		{ "eth ip4 tcp=1000:80", XDP_DROP },
		{ "eth ip4 tcp+fin=1000:80", XDP_PASS },
		{ "eth vlan=5 ip4 tcp=1000:80", XDP_PASS },
		{ "eth ip4 tcp+odd=1000:80", XDP_PASS },
		{ "eth ip4 tcp+scale=1000:80", XDP_PASS },
		{ "eth ip4 tcp+syn=1000:80", XDP_PASS },
		{ "eth ip4 tcp=1000:80", XDP_PASS },
	};

	(void)state;
	assert_int_equal(bpf_map_update_elem(p->flows, &key, &flow, BPF_ANY), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct made m = { .at = 0 };
		size_t len;
		const uint8_t *frame = made_frame(&m, steps[i].words, &len);

		assert_int_equal(run(p->program, frame, len, NULL, NULL), steps[i].action);
	}
	assert_int_equal(bpf_map_lookup_elem(p->flows, &key, &flow), 0);
	assert_int_equal(flow.way[0].packets, 2);
	assert_int_equal(flow.way[0].bytes, 54 + 62);
	assert_int_equal(flow.tcp_flags[0], WEIR_TCP_ACK);
	assert_int_equal(flow.cleared, 1);
	assert_true(flow.last_ns > 0);
	weir_program_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),	cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(release),	cmocka_unit_test(block),
		cmocka_unit_test(police),	cmocka_unit_test(in_xdp),
		cmocka_unit_test(in_xdp_frags), cmocka_unit_test(in_socket_filter),
		cmocka_unit_test(metadata),	cmocka_unit_test(no_worker),
		cmocka_unit_test(stale_worker), cmocka_unit_test(release_in_xdp),
	};

	return cmocka_run_group_tests_name("bpf/rows", tests, make_plan, NULL);
}
