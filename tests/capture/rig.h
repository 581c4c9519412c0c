/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a stage and its workers in one process, for tests: opened, fed by hand, drained, its ledger
 * held to the packet.
 */
#ifndef WEIR_TESTS_CAPTURE_RIG_H
#define WEIR_TESTS_CAPTURE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/siphash.h"
#include "engine/capture/live.h"
#include "engine/capture/xdp_load.h"
#include "tests/bpf/packets.h"
#include "tests/capture/net.h"

#define KEY 0x5eed5eed5eedULL
#define RIG_WORKERS 4
#define RIG_KEPT 8192 /* frames that are remembered */

struct seen {
	unsigned worker;
	uint32_t len;
	struct live_meta meta;
	uint8_t data[96];
};

struct rig {
	struct xdp_stage *stage;
	struct live *worker[RIG_WORKERS];
	unsigned workers;
	struct xdp_interface_options interface[2];
	struct xdp_stage_options options;
	char told[4096], error[2048];
	unsigned taken[RIG_WORKERS];
	unsigned count;
	struct seen seen[RIG_KEPT];
	struct live_batch batch;
};

static inline void rig_tell(void *arg, const struct xdp_told *t)
{
	static const char *const what[] = { "try", "refused", "used", "note" };
	struct rig *r = arg;
	size_t at = strlen(r->told);

	snprintf(r->told + at, sizeof(r->told) - at, "%s %s %s %s\n", t->interface, what[t->what],
		 xdp_step_name(t->step), t->text);
}

/* Sets what every test wants; a test then changes what it is about. */
static inline void rig_init(struct rig *r, const char *name, enum xdp_step step, unsigned workers)
{
	memset(r, 0, sizeof(*r));
	r->workers = workers;
	r->interface[0].name = name;
	r->interface[0].first = step;
	r->interface[0].last = step;
	r->options = (struct xdp_stage_options){ .interfaces = r->interface,
						 .interface_count = 1,
						 .workers = workers,
						 .hash_key = KEY,
						 .flows_max = 1024,
						 .stale_ms = 60000,
						 .tell = rig_tell,
						 .tell_arg = r };
}

static inline void rig_open_workers(struct rig *r)
{
	for (unsigned i = 0; i < r->workers; i++) {
		const struct live_options o = { .worker = i };

		assert_int_equal(live_open(xdp_stage_handover(r->stage), &o, &r->worker[i]), 0);
	}
}

static inline void rig_open(struct rig *r)
{
	int err = xdp_stage_open(&r->options, &r->stage, r->error, sizeof(r->error));

	if (err)
		fail_msg("open: %s: %s\n%s", strerror(-err), r->error, r->told);
	rig_open_workers(r);
	xdp_stage_start(r->stage);
}

static inline void rig_close(struct rig *r)
{
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		live_close(r->worker[i]);
		r->worker[i] = NULL;
	}
	xdp_stage_close(r->stage);
	r->stage = NULL;
}

static inline void rig_see(struct rig *r, unsigned worker)
{
	r->taken[worker] += r->batch.count;
	for (unsigned i = 0; i < r->batch.count && r->count < RIG_KEPT; i++) {
		struct seen *s = &r->seen[r->count++];
		const struct frame *f = &r->batch.frames[i];

		s->worker = worker;
		s->len = f->len;
		s->meta = r->batch.meta[i];
		memcpy(s->data, f->data, f->len < sizeof(s->data) ? f->len : sizeof(s->data));
	}
}

/* Everything that waits, and what comes within wait_ms after that. */
static inline void rig_drain(struct rig *r, int wait_ms)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned w = 0; w < r->workers; w++) {
			int n;

			while ((n = live_receive(r->worker[w], wait_ms, &r->batch)) > 0) {
				rig_see(r, w);
				live_finish(r->worker[w]);
				more = true;
			}
			assert_int_equal(n, 0);
		}
	}
}

/* AF_PACKET hands a block up a while after its first packet. */
static inline int rig_wait_ms(const struct rig *r)
{
	return r->interface[0].last == XDP_STEP_AF_PACKET || r->interface[0].mode == XDP_MODE_HOST
		       ? 60
		       : 0;
}

static inline struct xdp_ledger rig_ledger(struct rig *r)
{
	struct xdp_ledger l;

	assert_int_equal(xdp_stage_ledger(r->stage, XDP_ALL, &l), 0);
	if (!l.holds)
		fail_msg("the ledger does not hold: entered %llu, in flight %lld, room %llu",
			 (unsigned long long)l.entered, (long long)l.in_flight,
			 (unsigned long long)l.room);
	return l;
}

/* After a stop and a drain nothing is in flight, and what entered is known. */
static inline struct xdp_ledger rig_settle(struct rig *r, uint64_t entered)
{
	struct xdp_ledger l;

	xdp_stage_stop(r->stage);
	rig_drain(r, rig_wait_ms(r));
	l = rig_ledger(r);
	assert_int_equal(l.in_flight, 0);
	assert_int_equal(l.entered, entered);
	return l;
}

/* A frame of words with hosts at both ends, into a descriptor. */
static inline void put_frame(int fd, const char *words, unsigned src, unsigned dst)
{
	struct made m = { .src = { src, src, src }, .dst = { dst, dst, dst } };
	size_t len;
	const uint8_t *frame = made_frame(&m, words, &len);

	if (write(fd, frame, len) != (ssize_t)len)
		fail_msg("write: %s", strerror(errno));
}

#define DATA_FRAME "eth ip4 tcp=1000:80 data=8"

/* 10.0.0.SRC and 10.0.0.DST as packets.h has them. */
static inline uint64_t pair_hash(unsigned src, unsigned dst)
{
	const uint64_t a[2] = { 0x0000000a | (uint64_t)src << 24, 0 };
	const uint64_t b[2] = { 0x0000000a | (uint64_t)dst << 24, 0 };

	return siphash_pair((const __u64 *)a, (const __u64 *)b, 4, KEY);
}

static inline struct weir_flow_key flow_key(unsigned src, unsigned dst)
{
	return (struct weir_flow_key){ .low = { 0x0000000a | (uint64_t)src << 24 },
				       .high = { 0x0000000a | (uint64_t)dst << 24 },
				       .low_port = 1000,
				       .high_port = 80,
				       .proto = 6,
				       .version = 4 };
}

static inline struct weir_plan *plan_of_all(void)
{
	static struct weir_plan plan;

	memset(&plan, 0, sizeof(plan));
	plan.wants.flags = WEIR_PLAN_ALL;
	return &plan;
}

/* TCP 80 alone. */
static inline struct weir_plan *plan_of_port_80(void)
{
	static struct weir_plan plan;

	memset(&plan, 0, sizeof(plan));
	plan.wants.any_net = WEIR_CLASSES_ALL;
	for (unsigned side = 0; side < 2; side++)
		plan.wants.port[side * WEIR_PORT_WORDS + 80 / 64] |= 1ULL << (80 % 64);
	return &plan;
}

#endif
