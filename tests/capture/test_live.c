/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture on TAP interfaces of a namespace of the test's own: what is written into a queue is
 * seen by the right worker, and the ledger holds to the packet.
 */
#include <sys/wait.h>

#include <signal.h>

#include <bpf/libbpf.h>

#include "bpf/weir_program.h"
#include "tests/capture/rig.h"

static struct rig rig;
static struct tap tap;

static const enum xdp_step steps[] = { XDP_STEP_DRIVER, XDP_STEP_GENERIC, XDP_STEP_AF_PACKET };
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void tap_up(unsigned queues)
{
	int err = tap_open(&tap, "tap0", queues);

	if (err)
		fail_msg("tap: %s", strerror(-err));
}

static int down(void **state)
{
	(void)state;
	rig_close(&rig);
	tap_close(&tap);
	return 0;
}

/* --- who gets what ---------------------------------------------------------------------------------- */

/* Queue k gets 10 * (k + 1) frames. */
static void several_queues(enum xdp_step step)
{
	tap_up(4);
	rig_init(&rig, "tap0", step, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned q = 0; q < 4; q++) {
		for (unsigned i = 0; i < 10 * (q + 1); i++)
			put_frame(tap.queue[q], DATA_FRAME, 1, 10 + q);
	}
	rig_drain(&rig, rig_wait_ms(&rig));
	assert_int_equal(rig.count, 100);
	for (unsigned q = 0; q < 4; q++) {
		unsigned n = 0;

		for (unsigned i = 0; i < rig.count; i++)
			n += rig.seen[i].data[33] == 10 + q;
		assert_int_equal(n, 10 * (q + 1));
	}
	assert_int_equal(rig_settle(&rig, 100).inspected, 100);
}

static void queues_driver(void **state)
{
	(void)state;
	several_queues(XDP_STEP_DRIVER);
}

static void queues_generic(void **state)
{
	(void)state;
	several_queues(XDP_STEP_GENERIC);
}

static void queues_packet(void **state)
{
	(void)state;
	several_queues(XDP_STEP_AF_PACKET);
}

/*
 * Every packet of an address pair is one worker's: both ways, whatever the queue, the ports and
 * the protocol, and fragments.
 */
static void pairs(enum xdp_step step, unsigned queues)
{
	static const char *const words[] = {
		DATA_FRAME,
		"eth ip4 udp=5:6 data=8",
		"eth ip4 icmp=8 data=8",
		"eth ip4+first udp=5:6 data=64",
		"eth ip4+later proto=17 data=64",
		"eth vlan=5 ip4 tcp=1:2 data=8",
	};
	const unsigned kinds = sizeof(words) / sizeof(words[0]), hosts = 24;
	unsigned sent = 0;

	tap_up(queues);
	rig_init(&rig, "tap0", step, 3);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned h = 1; h <= hosts; h++) {
		for (unsigned k = 0; k < kinds; k++, sent += 2) {
			put_frame(tap.queue[sent % queues], words[k], h, 100);
			put_frame(tap.queue[(sent / 2) % queues], words[k], 100, h);
		}
	}
	rig_drain(&rig, rig_wait_ms(&rig));
	assert_int_equal(rig.count, sent);
	for (unsigned i = 0; i < rig.count; i++) {
		const struct seen *s = &rig.seen[i];
		unsigned ip = s->data[12] == 0x81 ? 18 : 14;
		uint64_t hash = pair_hash(s->data[ip + 15], s->data[ip + 19]);

		assert_int_equal(s->worker, hash % 3);
		/* A TAP's driver has no room for metadata before 6.13. */
		if (step == XDP_STEP_GENERIC || s->meta.hash) {
			assert_true(s->meta.hash == hash);
			assert_int_equal(s->meta.l3_offset, ip);
		}
	}
	for (unsigned w = 0; w < 3; w++)
		assert_true(rig.taken[w] > 0);
	assert_int_equal(rig_settle(&rig, sent).inspected, sent);
}

static void pairs_one_queue(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		pairs(steps[i], 1);
		down(state);
	}
}

static void pairs_many_queues(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		pairs(steps[i], 4);
		down(state);
	}
}

static void worker_by_queue(void **state)
{
	(void)state;
	tap_up(4);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 2);
	rig.interface[0].by_queue = true;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned q = 0; q < 4; q++) {
		for (unsigned i = 0; i <= q; i++)
			put_frame(tap.queue[q], DATA_FRAME, 1 + i, 2);
	}
	rig_drain(&rig, 0);
	assert_int_equal(rig.taken[0], 1 + 3);
	assert_int_equal(rig.taken[1], 2 + 4);
	rig_settle(&rig, 10);
	down(state);
	/* AF_PACKET has no queues: by the address pair there. */
	tap_up(4);
	rig_init(&rig, "tap0", XDP_STEP_AF_PACKET, 2);
	rig.interface[0].by_queue = true;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned i = 0; i < 20; i++)
		put_frame(tap.queue[i % 4], DATA_FRAME, 1, 2 + i);
	rig_drain(&rig, rig_wait_ms(&rig));
	for (unsigned i = 0; i < rig.count; i++)
		assert_int_equal(rig.seen[i].worker, pair_hash(1, rig.seen[i].data[33]) % 2);
	assert_true(rig.taken[0] && rig.taken[1]);
	rig_settle(&rig, 20);
}

/* --- bytes ------------------------------------------------------------------------------------------- */

/* What comes up is what was on the wire, tags too. */
static void bytes_stay(void **state)
{
	static const char *const words[] = { DATA_FRAME, "eth vlan=5 ip4 tcp=1000:80 data=8",
					     "eth qinq=7 vlan=6 ip6 udp=1:2 data=9",
					     "eth=2054 data=46" };
	const unsigned kinds = sizeof(words) / sizeof(words[0]);

	for (unsigned i = 0; i < STEPS; i++) {
		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 1);
		rig.options.plan = plan_of_all();
		rig_open(&rig);
		for (unsigned k = 0; k < kinds; k++)
			put_frame(tap.queue[0], words[k], 1, 2);
		rig_drain(&rig, rig_wait_ms(&rig));
		assert_int_equal(rig.count, kinds);
		for (unsigned k = 0; k < kinds; k++) {
			struct made m = { .src = { 1, 1, 1 }, .dst = { 2, 2, 2 } };
			size_t len;
			const uint8_t *frame = made_frame(&m, words[k], &len);

			assert_int_equal(rig.seen[k].len, len);
			assert_memory_equal(rig.seen[k].data, frame, len < 96 ? len : 96);
		}
		rig_settle(&rig, kinds);
		down(state);
	}
}

static void put_long(int fd, unsigned len)
{
	static uint8_t frame[9000];
	struct made m = { .at = 0 };
	size_t head;
	const uint8_t *h = made_frame(&m, "eth ip4 tcp=1000:80", &head);

	memcpy(frame, h, head);
	frame[16] = (uint8_t)((len - 14) >> 8);
	frame[17] = (uint8_t)(len - 14);
	if (write(fd, frame, len) != (ssize_t)len)
		fail_msg("write: %s", strerror(errno));
}

/* Longer than a frame of UMEM: lost, and counted so; or in several buffers where the kernel can. */
static void too_large(void **state)
{
	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.interface[0].frame_bytes = 2048;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	put_long(tap.queue[0], 1792);
	put_long(tap.queue[0], 1793);
	rig_drain(&rig, 0);
	assert_int_equal(rig.count, 1);
	assert_int_equal(rig_settle(&rig, 2).lost[XDP_LOSS_TOO_LARGE], 1);
}

static void several_buffers(void **state)
{
	struct live_counts c;

	(void)state;
	tap_up(1);
	assert_int_equal(net_mtu("tap0", 8900), 0);
	rig_init(&rig, "tap0", XDP_STEP_GENERIC, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	if (strstr(rig.told, "several buffers")) {
		print_message("# this kernel gives AF_XDP no frames of several buffers\n");
		skip();
	}
	put_long(tap.queue[0], 8900);
	put_long(tap.queue[0], 100);
	put_long(tap.queue[0], 4000);
	rig_drain(&rig, 0);
	assert_int_equal(rig.count, 3);
	assert_int_equal(rig.seen[0].len, 8900);
	assert_int_equal(rig.seen[1].len, 100);
	assert_int_equal(rig.seen[2].len, 4000);
	live_counts(rig.worker[0], &c);
	assert_int_equal(c.several, 2);
	rig_settle(&rig, 3);
}

/* --- the plan and entries --------------------------------------------------------------------------- */

static void plan_keeps(void **state)
{
	for (unsigned i = 0; i < STEPS; i++) {
		struct xdp_ledger l;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 2);
		rig.options.plan = plan_of_port_80();
		rig_open(&rig);
		for (unsigned n = 0; n < 30; n++) {
			put_frame(tap.queue[0], DATA_FRAME, 1, 2 + n);
			put_frame(tap.queue[0], "eth ip4 tcp=1000:81 data=8", 1, 2 + n);
			put_frame(tap.queue[0], "eth ip4+opt tcp=1000:81 data=8", 1, 2 + n);
		}
		l = rig_settle(&rig, 90);
		assert_int_equal(l.inspected, 60);
		assert_int_equal(l.unwanted, 30);
		assert_int_equal(l.unsure, 30);
		/* A new plan, while it runs. */
		xdp_stage_start(rig.stage);
		assert_int_equal(xdp_stage_plan(rig.stage, plan_of_all()), 0);
		put_frame(tap.queue[0], "eth ip4 tcp=1000:81 data=8", 1, 2);
		assert_int_equal(rig_settle(&rig, 91).inspected, 61);
		down(state);
	}
}

static struct release_answer ask(unsigned op, const struct weir_flow_key *key, unsigned action)
{
	const struct release_request q = {
		.op = op, .action = action, .cookie = 7, .key.flow = *key
	};
	struct release_answer a;

	xdp_stage_apply(rig.stage, &q, 1, &a);
	assert_int_equal(a.op, op);
	assert_int_equal(a.cookie, 7);
	return a;
}

static bool count_flow(void *arg, const struct weir_flow_key *key, const struct weir_flow *f)
{
	(void)key;
	*(uint64_t *)arg += f->way[0].packets + f->way[1].packets;
	return true;
}

static void released(void **state)
{
	const struct weir_flow_key key = flow_key(1, 2), other = flow_key(1, 3);

	for (unsigned i = 0; i < STEPS; i++) {
		struct release_answer a;
		struct xdp_ledger l;
		uint64_t seen = 0;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 1);
		rig.options.plan = plan_of_all();
		rig_open(&rig);
		assert_int_equal(ask(RELEASE_SET, &key, WEIR_ACTION_KEEP).status, 0);
		for (unsigned n = 0; n < 20; n++) {
			put_frame(tap.queue[0], DATA_FRAME, 1, 2);
			put_frame(tap.queue[0], "eth ip4 tcp=80:1000 data=100", 2, 1);
			put_frame(tap.queue[0], DATA_FRAME, 1, 3);
		}
		put_frame(tap.queue[0], "eth ip4 tcp+fin=1000:80", 1, 2);
		l = rig_settle(&rig, 61);
		assert_int_equal(l.released, 40);
		assert_int_equal(l.inspected, 21);
		a = ask(RELEASE_READ, &key, 0);
		assert_int_equal(a.status, 0);
		assert_int_equal(a.flow.way[0].packets, 20);
		assert_int_equal(a.flow.way[0].bytes, 20 * 62);
		assert_int_equal(a.flow.way[1].packets, 20);
		assert_int_equal(a.flow.way[1].bytes, 20 * 154);
		assert_true(a.flow.last_ns > 0);
		assert_int_equal(ask(RELEASE_READ, &other, 0).status, -ENOENT);
		assert_int_equal(xdp_stage_flows(rig.stage, count_flow, &seen), 1);
		assert_int_equal(seen, 40);
		assert_int_equal(ask(RELEASE_END, &key, 0).flow.way[0].packets, 20);
		assert_int_equal(ask(RELEASE_END, &key, 0).status, -ENOENT);
		/* Gone: its packets go up again. */
		xdp_stage_start(rig.stage);
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
		assert_int_equal(rig_settle(&rig, 62).inspected, 22);
		down(state);
	}
}

/* One way first, then both: what was counted stays. */
static void released_by_way(void **state)
{
	struct release_request q = { .op = RELEASE_SET, .ways = 1, .key.flow = flow_key(1, 2) };
	struct release_answer a;
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned turn = 0; turn < 2; turn++) {
		xdp_stage_apply(rig.stage, &q, 1, &a);
		assert_int_equal(a.status, 0);
		for (unsigned n = 0; n < 10; n++) {
			put_frame(tap.queue[0], DATA_FRAME, 1, 2);
			put_frame(tap.queue[0], "eth ip4 tcp=80:1000 data=100", 2, 1);
		}
		q.ways = 3;
	}
	l = rig_settle(&rig, 40);
	assert_int_equal(l.released, 30);
	assert_int_equal(l.inspected, 10);
	a = ask(RELEASE_END, &q.key.flow, 0);
	assert_int_equal(a.flow.way[0].packets, 20);
	assert_int_equal(a.flow.way[1].packets, 10);
}

/* As many as there is room for; then each refusal is told, and its flow stays up. */
static void full_table(void **state)
{
	static struct release_request q[100];
	static struct release_answer a[100];
	unsigned made = 0;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.flows_max = 64;
	rig_open(&rig);
	for (unsigned i = 0; i < 100; i++) {
		q[i] = (struct release_request){ .op = RELEASE_SET,
						 .cookie = i,
						 .key.flow = flow_key(1, 2 + i) };
	}
	xdp_stage_apply(rig.stage, q, 100, a);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(a[i].cookie, i);
		assert_true(a[i].status == 0 || a[i].status == -ENOSPC);
		made += a[i].status == 0;
	}
	assert_int_equal(made, 64);
	/* What is there can be changed, however full it is. */
	xdp_stage_apply(rig.stage, q, 1, a);
	assert_int_equal(a[0].status, 0);
	rig_settle(&rig, 0);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct release_request block_of(unsigned host, uint64_t expires_ns)
{
	return (struct release_request){
		.op = RELEASE_BLOCK,
		.action = WEIR_ACTION_DROP,
		.expires_ns = expires_ns,
		.key.address = { .address = { 0x0000000a | (uint64_t)host << 24 }, .version = 4 },
	};
}

static bool count_address(void *arg, const struct weir_address_key *key,
			  const struct weir_address *a)
{
	(void)key;
	*(uint64_t *)arg += a->packets;
	return true;
}

/* Enforced: dropped and counted.  Not: marked, counted, and inspected as ever. */
static void blocked(void **state)
{
	for (unsigned i = 0; i < 2 * STEPS; i++) {
		struct release_request q[3] = { block_of(1, 0),
						block_of(5, 1),
						{ .op = RELEASE_UNBLOCK } };
		struct release_answer a[3];
		struct xdp_counts c;
		struct xdp_ledger l;
		bool enforce = i & 1;
		uint64_t packets = 0;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i / 2], 1);
		rig.options.plan = plan_of_all();
		rig.options.enforce = enforce;
		rig_open(&rig);
		xdp_stage_apply(rig.stage, q, 2, a);
		assert_int_equal(a[0].status | a[1].status, 0);
		for (unsigned n = 0; n < 10; n++) {
			put_frame(tap.queue[0], DATA_FRAME, 1, 2);
			put_frame(tap.queue[0], "eth ip4+later proto=17 data=64", 3, 1);
			put_frame(tap.queue[0], DATA_FRAME, 3, 4);
			/* Its block is over. */
			put_frame(tap.queue[0], DATA_FRAME, 5, 4);
		}
		l = rig_settle(&rig, 40);
		assert_int_equal(l.blocked, enforce ? 20 : 0);
		assert_int_equal(l.inspected, enforce ? 20 : 40);
		assert_int_equal(xdp_stage_counts(rig.stage, 0, &c), 0);
		assert_int_equal(c.marked[WEIR_KEPT_BLOCKED].packets, enforce ? 0 : 20);
		assert_int_equal(xdp_stage_addresses(rig.stage, count_address, &packets), 2);
		assert_int_equal(packets, 20);
		assert_int_equal(xdp_stage_switches(rig.stage)->blocks, 2);
		assert_int_equal(xdp_stage_expire(rig.stage, now_ns()), 1);
		q[2].key = q[0].key;
		xdp_stage_apply(rig.stage, q + 2, 1, a);
		assert_int_equal(a[0].status, 0);
		assert_int_equal(xdp_stage_switches(rig.stage)->blocks, 0);
		xdp_stage_start(rig.stage);
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
		assert_int_equal(rig_settle(&rig, 41).inspected, l.inspected + 1);
		down(state);
	}
}

/* One packet an hour, and room for a burst of four: five pass. */
static void policed(void **state)
{
	const struct weir_flow_key key = flow_key(1, 2);
	const uint64_t hour = 3600ull * 1000000000;
	const struct release_request q = { .op = RELEASE_SET,
					   .action = WEIR_ACTION_POLICE,
					   .rate = { .interval_ns = hour, .burst_ns = 4 * hour },
					   .key.flow = key };
	struct release_answer a;
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.plan = plan_of_all();
	rig.options.enforce = true;
	rig_open(&rig);
	xdp_stage_apply(rig.stage, &q, 1, &a);
	assert_int_equal(a.status, 0);
	for (unsigned n = 0; n < 20; n++)
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	l = rig_settle(&rig, 20);
	assert_int_equal(l.inspected, 5);
	assert_int_equal(l.blocked, 15);
	assert_int_equal(ask(RELEASE_READ, &key, 0).flow.way[0].packets, 15);
}

/* Nothing is kept, and each frame says what would have become of it. */
static void shadow(void **state)
{
	const struct weir_flow_key key = flow_key(1, 2);
	struct xdp_ledger l;
	struct xdp_counts c;
	unsigned marks[WEIR_REASON__COUNT] = { 0 };

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_GENERIC, 1);
	rig.options.plan = plan_of_port_80();
	rig.options.shadow = true;
	rig_open(&rig);
	ask(RELEASE_SET, &key, WEIR_ACTION_KEEP);
	for (unsigned n = 0; n < 5; n++) {
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
		put_frame(tap.queue[0], DATA_FRAME, 1, 3);
		put_frame(tap.queue[0], "eth ip4 tcp=1000:81 data=8", 1, 2);
	}
	l = rig_settle(&rig, 15);
	assert_int_equal(l.inspected, 15);
	for (unsigned i = 0; i < rig.count; i++)
		marks[rig.seen[i].meta.reason]++;
	assert_int_equal(marks[WEIR_KEPT_RELEASED], 5);
	assert_int_equal(marks[WEIR_UP_ALL] + marks[WEIR_UP_WANTED], 5);
	assert_int_equal(marks[WEIR_KEPT_PORT], 5);
	assert_int_equal(xdp_stage_counts(rig.stage, 0, &c), 0);
	assert_int_equal(c.reason[WEIR_UP_MARKED].packets, 10);
	assert_int_equal(c.marked[WEIR_KEPT_PORT].packets, 5);
}

/* --- loss -------------------------------------------------------------------------------------------- */

static void ring_full(void **state)
{
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.interface[0].rx_entries = 128;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 0; n < 1000; n++)
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	l = rig_ledger(&rig);
	assert_int_equal(l.in_flight, 128);
	l = rig_settle(&rig, 1000);
	assert_int_equal(l.inspected, 128);
	assert_int_equal(l.lost[XDP_LOSS_RING_FULL], 872);
}

static void no_fill(void **state)
{
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.interface[0].rx_entries = 1024;
	rig.interface[0].frames = 256;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 0; n < 1000; n++)
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	l = rig_settle(&rig, 1000);
	assert_int_equal(l.inspected, 256);
	assert_int_equal(l.lost[XDP_LOSS_NO_FILL], 744);
}

/* The ring of AF_PACKET: two blocks of 4 KiB. */
static void packet_ring_full(void **state)
{
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_AF_PACKET, 1);
	rig.interface[0].packet_block_bytes = 4096;
	rig.interface[0].packet_ring_bytes = 8192;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 0; n < 500; n++)
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	l = rig_settle(&rig, 500);
	assert_true(l.inspected > 20);
	assert_int_equal(l.inspected + l.lost[XDP_LOSS_RING_FULL], 500);
}

/* The policy acts for the worker that is late, and for no other. */
static void stale_worker(void **state)
{
	struct xdp_ledger l;
	unsigned mine = 0, late = 0;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 2);
	rig.options.stale_ms = 100;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	live_beat(rig.worker[0]);
	for (unsigned n = 0; n < 50; n++) {
		put_frame(tap.queue[0], DATA_FRAME, 1, 2 + n);
		live_beat(rig.worker[0]);
		if (pair_hash(1, 2 + n) % 2)
			late++;
		else
			mine++;
	}
	l = rig_settle(&rig, 50);
	assert_int_equal(l.inspected, mine);
	assert_int_equal(l.lost[XDP_LOSS_WORKER], late);
	assert_true(mine && late);
}

static void stopped(void **state)
{
	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	xdp_stage_stop(rig.stage);
	put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	assert_int_equal(rig_settle(&rig, 1).inspected, 1);
}

/* --- deaths ------------------------------------------------------------------------------------------ */

/* An engine that takes a batch and dies with it.  Frames are few, so one that leaked would be missed. */
static void engine_dies(enum xdp_step step)
{
	unsigned total = 0;
	struct xdp_ledger l;

	tap_up(1);
	rig_init(&rig, "tap0", step, 2);
	rig.interface[0].frames = 1024;
	rig.interface[0].rx_entries = 256;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned round = 0; round < 40; round++) {
		pid_t child;
		int status;

		for (unsigned n = 0; n < 100; n++, total++)
			put_frame(tap.queue[0], DATA_FRAME, 1, 2 + n);
		child = fork();
		if (child == 0) {
			const struct live_options o = { .worker = round & 1 };
			struct live *w;

			xdp_stage_leave(rig.stage);
			if (live_open(xdp_stage_handover(rig.stage), &o, &w) ||
			    live_receive(w, 1000, &rig.batch) <= 0)
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_true(xdp_stage_last_batch(rig.stage, NULL, NULL) > 0);
		rig_drain(&rig, rig_wait_ms(&rig) / 2);
	}
	l = rig_settle(&rig, total);
	assert_true(l.lost[XDP_LOSS_WORKER] >= 40);
	assert_int_equal(l.inspected + l.lost[XDP_LOSS_WORKER], total);
}

static void engine_dies_xdp(void **state)
{
	(void)state;
	engine_dies(XDP_STEP_DRIVER);
}

/* Its workers in this process have to start again too, to know where the ring is. */
static void engine_dies_packet(void **state)
{
	unsigned total = 0, abandoned = 0;
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_AF_PACKET, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned round = 0; round < 6; round++) {
		unsigned before;
		pid_t child;
		int status;

		live_close(rig.worker[0]);
		rig.worker[0] = NULL;
		for (unsigned n = 0; n < 100; n++, total++)
			put_frame(tap.queue[0], DATA_FRAME, 1, 2 + n);
		child = fork();
		if (child == 0) {
			const struct live_options o = { .worker = 0 };
			struct live *w;

			xdp_stage_leave(rig.stage);
			if (live_open(xdp_stage_handover(rig.stage), &o, &w) ||
			    live_receive(w, 1000, &rig.batch) <= 0)
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		before = abandoned;
		abandoned += xdp_stage_last_batch(rig.stage, NULL, NULL);
		assert_true(abandoned > before);
		rig_open_workers(&rig);
		rig_drain(&rig, rig_wait_ms(&rig));
	}
	l = rig_settle(&rig, total);
	assert_int_equal(l.lost[XDP_LOSS_WORKER], abandoned);
}

/* SIGKILL of whoever holds the stage leaves nothing attached. */
static void nothing_left(void **state)
{
	char text[256];
	int ready[2], status;
	pid_t child;
	char c;

	(void)state;
	tap_up(1);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
		if (xdp_stage_open(&rig.options, &rig.stage, rig.error, sizeof(rig.error)) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	assert_true(xdp_program_attached((int)if_nametoindex("tap0"), text, sizeof(text)));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	for (unsigned i = 0;
	     i < 100 && xdp_program_attached((int)if_nametoindex("tap0"), text, sizeof(text)); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	assert_false(xdp_program_attached((int)if_nametoindex("tap0"), text, sizeof(text)));
	/* And the queue can be had again. */
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	rig_settle(&rig, 1);
}

/* Somebody else's program is named, and not touched. */
static void already_attached(void **state)
{
	struct rig *other = calloc(1, sizeof(*other));
	int err;

	(void)state;
	assert_non_null(other);
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_GENERIC, 1);
	rig_open(&rig);
	rig_init(other, "tap0", XDP_STEP_ANY, 1);
	err = xdp_stage_open(&other->options, &other->stage, other->error, sizeof(other->error));
	assert_int_equal(err, -EBUSY);
	assert_null(other->stage);
	if (!strstr(other->error, "tap0: the XDP program 'weir_xdp' (id ") ||
	    !strstr(other->error, "generic mode"))
		fail_msg("%s", other->error);
	/* A copy is to be had beside it. */
	rig_init(other, "tap0", XDP_STEP_ANY, 1);
	other->interface[0].mode = XDP_MODE_HOST;
	assert_int_equal(xdp_stage_open(&other->options, &other->stage, other->error,
					sizeof(other->error)),
			 0);
	xdp_stage_close(other->stage);
	free(other);
}

/* --- the rest ---------------------------------------------------------------------------------------- */

/* A program that no link holds is taken away when that is asked for. */
static void replaced(void **state)
{
	static const struct weir_config config = { .slots = 1, .send = WEIR_SEND_PASS };
	struct weir_program *p = NULL;
	char log[1024];
	int ifindex;

	(void)state;
	tap_up(1);
	ifindex = (int)if_nametoindex("tap0");
	assert_int_equal(weir_program_load(WEIR_OBJECT_XDP, &config, 16, log, sizeof(log), &p), 0);
	assert_int_equal(bpf_xdp_attach(ifindex, p->program, XDP_FLAGS_SKB_MODE, NULL), 0);
	rig_init(&rig, "tap0", XDP_STEP_ANY, 1);
	assert_int_equal(xdp_stage_open(&rig.options, &rig.stage, rig.error, sizeof(rig.error)),
			 -EBUSY);
	assert_non_null(strstr(rig.error, "ip link set dev tap0 xdp off"));
	rig.interface[0].replace = true;
	rig_open(&rig);
	assert_true(xdp_stage_is_attached(rig.stage, 0));
	weir_program_close(p);
}

/* The interface goes while it is captured. */
static void interface_gone(void **state)
{
	for (unsigned i = 0; i < STEPS; i++) {
		int n = 0;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 1);
		rig.options.plan = plan_of_all();
		rig_open(&rig);
		put_frame(tap.queue[0], DATA_FRAME, 1, 2);
		tap_close(&tap);
		for (unsigned tries = 0; tries < 20 && n >= 0; tries++)
			n = live_receive(rig.worker[0], 100, &rig.batch);
		assert_int_equal(n, -ENETDOWN);
		down(state);
	}
}

/* The whole ladder: no zero-copy on a TAP, and each step is told. */
static void ladder(void **state)
{
	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_ANY, 1);
	rig_open(&rig);
	/* Older kernels do not say so beforehand: there queue 0 is tried. */
	if (!strstr(rig.told, "tap0 try AF_XDP zero-copy \ntap0 refused AF_XDP zero-copy ") ||
	    !strstr(rig.told, "the driver has no zero-copy\n"
			      "tap0 try AF_XDP copy, driver mode \n"
			      "tap0 used AF_XDP copy, driver mode \n"))
		fail_msg("%s", rig.told);
	assert_true(xdp_stage_is_attached(rig.stage, 0));
}

static void two_interfaces(void **state)
{
	struct tap second;
	struct xdp_ledger l;

	(void)state;
	tap_up(1);
	assert_int_equal(tap_open(&second, "tap1", 2), 0);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 2);
	rig.interface[1] =
		(struct xdp_interface_options){ .name = "tap1", .first = XDP_STEP_AF_PACKET };
	rig.options.interface_count = 2;
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	for (unsigned n = 0; n < 20; n++) {
		put_frame(tap.queue[0], DATA_FRAME, 1, 2 + n);
		put_frame(second.queue[n & 1], DATA_FRAME, 2 + n, 1);
	}
	rig_drain(&rig, 60);
	/* A pair is one worker's on both. */
	for (unsigned i = 0; i < rig.count; i++)
		assert_int_equal(rig.seen[i].worker,
				 pair_hash(rig.seen[i].data[29], rig.seen[i].data[33]) % 2);
	assert_int_equal(rig_settle(&rig, 40).inspected, 40);
	assert_int_equal(xdp_stage_ledger(rig.stage, 1, &l), 0);
	assert_int_equal(l.entered, 20);
	assert_int_equal(live_taken(rig.worker[0], 1) + live_taken(rig.worker[1], 1), 20);
	tap_close(&second);
}

/* What is sent comes out of the TAP; frames for it are few and come back. */
static void sending(void **state)
{
	for (unsigned i = 0; i < STEPS; i++) {
		static uint8_t frame[2048], got[2048];
		struct live_counts c;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 1);
		rig.interface[0].send_frames = 32;
		rig.options.plan = plan_of_all();
		rig_open(&rig);
		memset(frame, 0x5a, sizeof(frame));
		frame[12] = 0x08;
		frame[13] = 0;
		for (unsigned n = 0; n < 200; n++) {
			ssize_t len = -1;

			frame[60] = (uint8_t)n;
			assert_int_equal(live_send(rig.worker[0], 0, frame, 64 + n), 0);
			assert_int_equal(live_flush(rig.worker[0]), 0);
			/* Neighbours speak too. */
			for (unsigned tries = 0; len != 64 + (ssize_t)n && tries < 1000; tries++) {
				len = read(tap.queue[0], got, sizeof(got));
				if (len < 0)
					nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
			}
			assert_int_equal(len, 64 + n);
			assert_memory_equal(got, frame, 64 + n);
		}
		assert_int_equal(live_send(rig.worker[0], 1, frame, 64), -ENODEV);
		live_counts(rig.worker[0], &c);
		assert_int_equal(c.sent, 200);
		down(state);
	}
}

static int64_t fixed_clock(void *arg, const struct frame *f)
{
	(void)f;
	return *(int64_t *)arg += 1000;
}

static void clock_of_the_test(void **state)
{
	int64_t at = 5000000000;
	const struct live_options o = { .worker = 0, .clock = fixed_clock, .clock_arg = &at };

	(void)state;
	tap_up(1);
	rig_init(&rig, "tap0", XDP_STEP_DRIVER, 1);
	rig.options.plan = plan_of_all();
	rig_open(&rig);
	live_close(rig.worker[0]);
	assert_int_equal(live_open(xdp_stage_handover(rig.stage), &o, &rig.worker[0]), 0);
	put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	put_frame(tap.queue[0], DATA_FRAME, 1, 2);
	assert_int_equal(live_receive(rig.worker[0], 0, &rig.batch), 2);
	assert_true(rig.batch.frames[0].time_ns == 5000001000);
	assert_true(rig.batch.frames[1].time_ns == 5000002000);
	assert_int_equal(rig.batch.frames[1].link, LINK_ETHERNET);
}

/* An engine that is no fork has to map it all itself. */
static void mapped_anew(void **state)
{
	for (unsigned i = 0; i < STEPS; i++) {
		static struct live_handover h;
		const struct live_options o = { .worker = 1 };
		static int32_t *fd[LIVE_DESCRIPTORS_MAX];
		unsigned n, mine = 0;
		int err;

		tap_up(1);
		rig_init(&rig, "tap0", steps[i], 2);
		rig.options.plan = plan_of_all();
		rig_open(&rig);
		h = *xdp_stage_handover(rig.stage);
		n = live_handover_descriptors(&h, fd);
		/* Both sockets; plan, switches, tally, book; AF_XDP: heartbeats, frames, rings. */
		assert_int_equal(n, steps[i] == XDP_STEP_AF_PACKET ? 6 : 9);
		for (unsigned k = 0; k < n; k++)
			*fd[k] = fcntl(*fd[k], F_DUPFD_CLOEXEC, 100);
		h.mapped = NULL;
		live_close(rig.worker[1]);
		err = live_open(&h, &o, &rig.worker[1]);
		for (unsigned k = 0; k < n; k++) {
			if (fd[k] != &h.source[0].socket && fd[k] != &h.source[1].socket)
				close(*fd[k]);
		}
		if (err == -EBUSY) {
			print_message("# this kernel maps no ring of a socket that is bound\n");
			rig.worker[1] = NULL;
			skip();
		}
		assert_int_equal(err, 0);
		for (unsigned k = 0; k < 50; k++) {
			put_frame(tap.queue[0], DATA_FRAME, 1, 2 + k);
			mine += pair_hash(1, 2 + k) % 2;
		}
		rig_settle(&rig, 50);
		assert_int_equal(rig.taken[1], mine);
		close(h.source[0].socket);
		close(h.source[1].socket);
		down(state);
	}
}

static int enter(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TAP_QUEUES; i++)
		tap.queue[i] = -1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(queues_driver, down),
		cmocka_unit_test_teardown(queues_generic, down),
		cmocka_unit_test_teardown(queues_packet, down),
		cmocka_unit_test_teardown(pairs_one_queue, down),
		cmocka_unit_test_teardown(pairs_many_queues, down),
		cmocka_unit_test_teardown(worker_by_queue, down),
		cmocka_unit_test_teardown(bytes_stay, down),
		cmocka_unit_test_teardown(too_large, down),
		cmocka_unit_test_teardown(several_buffers, down),
		cmocka_unit_test_teardown(plan_keeps, down),
		cmocka_unit_test_teardown(released, down),
		cmocka_unit_test_teardown(released_by_way, down),
		cmocka_unit_test_teardown(full_table, down),
		cmocka_unit_test_teardown(blocked, down),
		cmocka_unit_test_teardown(policed, down),
		cmocka_unit_test_teardown(shadow, down),
		cmocka_unit_test_teardown(ring_full, down),
		cmocka_unit_test_teardown(no_fill, down),
		cmocka_unit_test_teardown(packet_ring_full, down),
		cmocka_unit_test_teardown(stale_worker, down),
		cmocka_unit_test_teardown(stopped, down),
		cmocka_unit_test_teardown(engine_dies_xdp, down),
		cmocka_unit_test_teardown(engine_dies_packet, down),
		cmocka_unit_test_teardown(nothing_left, down),
		cmocka_unit_test_teardown(already_attached, down),
		cmocka_unit_test_teardown(replaced, down),
		cmocka_unit_test_teardown(interface_gone, down),
		cmocka_unit_test_teardown(ladder, down),
		cmocka_unit_test_teardown(two_interfaces, down),
		cmocka_unit_test_teardown(sending, down),
		cmocka_unit_test_teardown(clock_of_the_test, down),
		cmocka_unit_test_teardown(mapped_anew, down),
	};
	struct xdp_able able[XDP_ABILITY__COUNT];
	int err = net_enter();

	if (err) {
		printf("1..0 # SKIP no network namespace can be made: %s\n", strerror(-err));
		return 77;
	}
	xdp_abilities(able);
	if (!able[XDP_ABILITY_LOAD].able) {
		printf("1..0 # SKIP programs: %s\n", able[XDP_ABILITY_LOAD].text);
		return 77;
	}
	return cmocka_run_group_tests_name("capture/live", tests, enter, NULL);
}
