/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay CAPTURE RULES FOLDER [options]: what weir writes when a capture comes in over an interface.
 *
 * Each packet is written into a TAP in a network namespace of this process, with the plan and release on, and
 * met by the very worker that `weir run -i` has.  Packets have the times of the capture, and each has been
 * worked on before the next one comes; what the worker asks of the kernel stage is done at once.  So
 * the records may be held against those of `weir run -r`.  The last line on standard output says what
 * became of the packets.
 *
 * Options: --set KEY=VALUE, -c FILE, -k MODE as for weir; --shadow, --shadow=strict; --packet (AF_PACKET).
 * Exit code 77: the kernel does not let this process do it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "engine/capture/xdp_load.h"
#include "engine/detect/xbits.h"
#include "engine/run/run.h"
#include "engine/run/savings.h"
#include "engine/run/summary.h"
#include "engine/run/worker.h"
#include "engine/run/writer.h"
#include "tests/capture/net.h"

#define SKIP 77
#define NS_PER_S 1000000000LL
/* Largest frame that AF_XDP takes here without several buffers. */
#define FRAME_MAX 3514
#define REQUESTS 64
/* A frame that is nowhere after so long is lost. */
#define LOST_NS (2 * NS_PER_S)

static const struct hash_key key = { 0x5765697220697320ULL, 0x6e6f742072616e64ULL };

struct replay {
	struct settings_args args;
	struct settings *settings;
	struct diag_list diags;
	struct run_rules rules;
	struct weir_plan plan;
	struct tap tap;
	struct xdp_stage *stage;
	struct release_ring *ring;
	struct kept *kept;
	struct worker_live_options live;
	struct workers *workers;
	struct threshold_table *output_thresholds, *action_thresholds;
	struct xbits_table *xbits;
	struct watch *watch;
	struct weir_tally_bucket *buckets;
	struct writer *writer;
	struct counters counters;
	bool packet_socket;

	_Atomic int64_t now_ns; /* of the packet that is on its way */
	_Atomic uint64_t came; /* frames whose time was asked for */
	_Atomic uint64_t asked; /* times that the worker looked at the clock because nothing came */
	_Atomic uint32_t stop;

	/* When, by the capture's clock, the kernel kept a packet of a flow for the last time. */
	struct last {
		struct weir_flow_key key;
		int64_t time_ns;
	} * last;
	size_t lasts, last_room;
	struct decoder decoder;
	struct counters scratch;
	struct packet_set set;

	uint64_t written, too_large, kept_packets, kept_bytes, bytes, lost;
	int64_t second;
};

static _Noreturn void fail(const char *what, int err)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(-err));
	exit(err == -EPERM || err == -EACCES || err == -ENOSYS || err == -ENOENT ? SKIP : 1);
}

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The worker asks for the time of a frame: of the one that is on its way. */
static int64_t time_of(void *arg, const struct frame *f)
{
	struct replay *r = arg;

	if (f)
		atomic_fetch_add(&r->came, 1);
	else
		atomic_fetch_add(&r->asked, 1);
	return atomic_load(&r->now_ns);
}

/* --- opening ------------------------------------------------------------------------------------------ */

static void load(struct replay *r)
{
	struct detect_needs needs;
	int err = settings_load(&r->args, &r->diags, &r->settings);

	if (!err && r->diags.errors)
		exit(3);
	/* Rules with mistakes are left out, as `weir run` does. */
	if (!err)
		err = run_load_rules(r->settings, &r->diags, &r->rules);
	if (err)
		fail("rules and configuration", err);
	needs = settings_needs(r->settings);
	err = detect_plan(r->rules.compiled, &needs, &r->plan);
	if (err)
		fail("plan", err);
}

static void tell(void *arg, const struct xdp_told *t)
{
	(void)arg;
	if (t->what == XDP_TELL_REFUSED)
		fprintf(stderr, "replay: %s: %s\n", xdp_step_name(t->step), t->text);
}

static void open_stage(struct replay *r)
{
	enum xdp_step step = r->packet_socket ? XDP_STEP_AF_PACKET : XDP_STEP_DRIVER;
	struct xdp_interface_options interface = {
		.name = "tap0",
		.first = step,
		.last = step,
		.promiscuous = true,
		.packet_timeout_ms = 1,
	};
	struct xdp_stage_options opt = {
		.interfaces = &interface,
		.interface_count = 1,
		.workers = 1,
		.hash_key = key.k0,
		.shadow = r->args.shadow != NULL,
		.tally = r->settings->watch_counts,
		.plan = &r->plan,
		.tell = tell,
	};
	char error[1024] = "";
	int err = net_enter();

	if (!err)
		err = tap_open(&r->tap, "tap0", 1);
	if (!err)
		err = net_mtu("tap0", FRAME_MAX - 14);
	if (err)
		fail("a TAP in a namespace", err);
	err = xdp_stage_open(&opt, &r->stage, error, sizeof(error));
	if (err) {
		fprintf(stderr, "replay: %s\n", error);
		fail("the kernel stage", err);
	}
}

static void open_workers(struct replay *r)
{
	const struct settings *s = r->settings;
	struct worker_options opt = {
		.count = 1,
		.pipeline = pipeline_settings(s, r->rules.compiled),
		.rules = r->rules.compiled,
		.detect = s->detect,
		.live = &r->live,
		.outputs = s->outputs,
		.output_count = s->output_count,
		.pair_key = &key,
	};
	char *failed = NULL;
	int err;

	r->ring = aligned_alloc(64, (release_ring_bytes() + 63) / 64 * 64);
	memset(r->ring, 0, release_ring_bytes());
	err = kept_new(1, s->flow.max_flows + 1, &r->kept);
	if (err)
		fail("kept", err);
	r->live = (struct worker_live_options){
		.handover = xdp_stage_handover(r->stage),
		.live = { .spin_us = 100, .gather_us = 1, .clock = time_of, .clock_arg = r },
		.stop = &r->stop,
		.rings = (struct release_ring *const *)&r->ring,
		.kept = r->kept,
		.shadow = r->args.shadow != NULL,
	};
	opt.pipeline.defrag.key = key;
	opt.pipeline.flow.key = key;
	err = threshold_table_new(s->max_thresholds, &key, &r->output_thresholds);
	if (!err)
		err = threshold_table_new(s->max_thresholds, &key, &r->action_thresholds);
	if (!err)
		err = xbits_table_new(s->max_thresholds, &key, &r->xbits);
	opt.action_thresholds = r->action_thresholds;
	opt.xbits = r->xbits;
	opt.watch = s->watch.enabled;
	opt.watch_window_s = s->watch.scan_window_s;
	if (!err && s->watch.enabled)
		err = watch_new(&s->watch, &key, &r->watch);
	if (!err)
		err = workers_new(&opt, &r->workers);
	if (!err)
		err = writer_open(s->outputs, s->output_count, s->log_dir,
				  ruleset_rules(r->rules.compiled), r->output_thresholds,
				  &r->writer, &failed);
	if (!err) {
		r->writer->watch = r->watch;
		if (r->watch)
			err = live_map_tally(xdp_stage_handover(r->stage), &r->buckets);
	}
	if (!err) {
		if (r->watch)
			err = watch_tally_of(r->watch, r->buckets);
	}
	if (!err)
		err = workers_start(r->workers);
	if (err)
		fail("the worker", err);
}

/* --- the supervisor's part ------------------------------------------------------------------------------ */

static struct last *last_of(struct replay *r, const struct weir_flow_key *k)
{
	for (size_t i = 0; i < r->lasts; i++) {
		if (!memcmp(&r->last[i].key, k, sizeof(*k)))
			return &r->last[i];
	}
	if (r->lasts == r->last_room) {
		r->last_room = r->last_room ? r->last_room * 2 : 256;
		r->last = realloc(r->last, r->last_room * sizeof(*r->last));
		if (!r->last)
			fail("times", -ENOMEM);
	}
	r->last[r->lasts] = (struct last){ .key = *k };
	return &r->last[r->lasts++];
}

/* The kernel has kept this frame: so its flows were seen at this time. */
static void note_kept(struct replay *r, const struct frame *f)
{
	struct weir_flow_key k;

	decode_frame(&r->decoder, f, &r->set);
	for (unsigned i = 0; i < r->set.count; i++) {
		if (!r->set.packets[i].has_l4)
			continue;
		worker_release_key(&r->set.packets[i], key.k0, &k);
		last_of(r, &k)->time_ns = f->time_ns;
	}
}

/* The worker takes the time for one of CLOCK_MONOTONIC: such a one that means the capture's. */
static void turn_time(struct replay *r, const struct weir_flow_key *k, struct weir_flow *f)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	f->last_ns = (uint64_t)(last_of(r, k)->time_ns -
				((int64_t)wall.tv_sec * NS_PER_S + wall.tv_nsec - clock_ns()));
}

static bool put_kept(void *arg, const struct weir_flow_key *k, const struct weir_flow *f)
{
	struct replay *r = arg;
	struct weir_flow copy = *f;

	turn_time(r, k, &copy);
	kept_put(r->kept, f->cookie, &copy);
	return true;
}

static void serve_ring(struct replay *r)
{
	struct release_request request[REQUESTS];
	struct release_answer answer[REQUESTS];
	unsigned n;

	while ((n = release_ring_requests(r->ring, request, REQUESTS)) > 0) {
		memset(answer, 0, sizeof(answer[0]) * n);
		xdp_stage_apply(r->stage, request, n, answer);
		for (unsigned i = 0; i < n; i++) {
			turn_time(r, &answer[i].key, &answer[i].flow);
			if (answer[i].status || answer[i].op == RELEASE_END ||
			    answer[i].op == RELEASE_READ)
				release_ring_answer(r->ring, &answer[i]);
		}
	}
}

/* What the kernel has kept and lost so far. */
static struct xdp_counts counts(struct replay *r)
{
	struct xdp_counts c;
	int err = xdp_stage_counts(r->stage, 0, &c);

	if (err)
		fail("counts", err);
	return c;
}

static uint64_t kept_in(const struct xdp_counts *c, uint64_t *bytes)
{
	uint64_t n = 0;

	*bytes = 0;
	for (unsigned i = WEIR_KEPT_FIRST; i < WEIR_LOST_FIRST; i++) {
		n += c->reason[i].packets;
		*bytes += c->reason[i].bytes;
	}
	return n;
}

/* --- packets --------------------------------------------------------------------------------------------- */

static void nap(unsigned *spins)
{
	struct timespec t = { .tv_nsec = 20000 };

	if (++*spins > 200)
		nanosleep(&t, NULL);
}

static void drain(struct replay *r)
{
	serve_ring(r);
	writer_drain(r->writer, r->workers);
}

/* Until the worker is done with the packet, or the kernel has kept it. */
static void settle(struct replay *r, const struct frame *f, uint64_t came)
{
	const struct live *live = r->workers->worker[0].live->live;
	int64_t start = clock_ns();
	struct live_counts c;
	unsigned spins = 0;

	while (atomic_load(&r->came) == came) {
		nap(&spins);
		if (spins % 16 == 15) {
			struct xdp_counts k = counts(r);
			uint64_t bytes, kept = kept_in(&k, &bytes);

			if (kept > r->kept_packets) {
				r->kept_packets = kept;
				r->kept_bytes = bytes;
				note_kept(r, f);
				return;
			}
		}
		if (clock_ns() - start > LOST_NS) {
			r->lost++;
			return;
		}
	}
	for (spins = 0;; nap(&spins)) {
		live_counts(live, &c);
		if (c.inspected == atomic_load(&r->came))
			break;
		drain(r);
	}
	drain(r);
}

static void wake(int signal)
{
	(void)signal;
}

/* The worker meets a new second before the packet that brings it, though the kernel may keep that. */
static void tick(struct replay *r)
{
	uint64_t asked = atomic_load(&r->asked);
	unsigned spins = 0;

	/* It has looked at the clock, and has been through what followed when it looks again. */
	while (atomic_load(&r->asked) < asked + 2) {
		pthread_kill(r->workers->worker[0].thread, SIGUSR1);
		drain(r);
		nap(&spins);
	}
}

static void put(struct replay *r, const struct frame *f)
{
	uint64_t came = atomic_load(&r->came);

	if (f->len > FRAME_MAX || f->len < 14) {
		r->too_large++;
		return;
	}
	if (f->time_ns > atomic_load(&r->now_ns) && f->time_ns / NS_PER_S != r->second) {
		/* As the supervisor does about once a second. */
		r->second = f->time_ns / NS_PER_S;
		xdp_stage_flows(r->stage, put_kept, r);
		atomic_store(&r->now_ns, f->time_ns);
		tick(r);
	}
	/* An older packet leaves the clock where it is, and keeps its own time. */
	atomic_store(&r->now_ns, f->time_ns);
	if (write(r->tap.queue[0], f->data, f->len) != (ssize_t)f->len)
		fail("write", -errno);
	r->written++;
	r->bytes += f->len;
	settle(r, f, came);
}

static void put_all(struct replay *r)
{
	char error[CAPTURE_ERROR_BYTES] = "";
	struct capture_options opt = { .inputs = r->args.captures.text,
				       .input_count = r->args.captures.count,
				       .readers = 1 };
	const struct capture_block *block;
	struct capture *c;

	if (capture_open(&opt, &c, error)) {
		fprintf(stderr, "replay: %s\n", error);
		exit(1);
	}
	while (capture_next_block(c, 0, &block) == 1) {
		for (unsigned i = 0; i < block->count; i++) {
			if (block->frames[i].link != LINK_ETHERNET) {
				fprintf(stderr, "replay: not Ethernet\n");
				exit(SKIP);
			}
			put(r, &block->frames[i]);
		}
	}
	capture_close(c);
}

/* A clean stop: nothing enters, the rings are emptied, last counts, every flow ends. */
static void end(struct replay *r)
{
	unsigned spins = 0;

	xdp_stage_stop(r->stage);
	drain(r);
	xdp_stage_flows(r->stage, put_kept, r);
	atomic_store(&r->stop, 1);
	while (!atomic_load_explicit(&r->workers->worker[0].done, memory_order_acquire)) {
		drain(r);
		nap(&spins);
	}
	workers_join(r->workers);
	while (writer_drain(r->writer, r->workers))
		;
	serve_ring(r);
	workers_counters(r->workers, &r->counters);
	writer_flush(r->writer);
}

static int conclude(struct replay *r)
{
	const uint64_t *c = r->counters.value;
	struct xdp_ledger l;
	int err = xdp_stage_ledger(r->stage, XDP_ALL, &l);
	bool good = !err && l.holds && l.in_flight == 0 && !r->lost && l.entered == r->written &&
		    !c[COUNTER_SHADOW_WRONG];

	for (unsigned i = 0; i < r->workers->count; i++)
		shadow_print(&r->workers->worker[i].shadow, stderr);
	printf("{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"too_large\": %" PRIu64
	       ", \"inspected\": %" PRIu64 ", \"unwanted\": %" PRIu64 ", \"released\": %" PRIu64
	       ", \"kept_bytes\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"in_flight\": %" PRId64
	       ", \"entered\": %" PRIu64 ", \"flows\": %" PRIu64 ", \"counted_here\": %" PRIu64
	       ", \"kept\": %" PRIu64 ", \"shadow\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
	       r->written, r->bytes, r->too_large, l.inspected, l.unwanted, l.released,
	       r->kept_bytes, r->lost, l.in_flight, l.entered, c[COUNTER_RELEASE_FLOWS],
	       c[COUNTER_RELEASE_PACKETS], c[COUNTER_RELEASE_KEPT_PACKETS],
	       c[COUNTER_SHADOW_PACKETS], c[COUNTER_SHADOW_WRONG]);
	return good ? 0 : 1;
}

/* --- the command line --------------------------------------------------------------------------------------- */

static void parse(int argc, char **argv, struct replay *r)
{
	static const struct option options[] = {
		{ "set", required_argument, NULL, 's' },
		{ "shadow", optional_argument, NULL, 'd' },
		{ "packet", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	text_list_add(&r->args.sets, "workers=1");
	while ((o = getopt_long(argc, argv, "c:k:", options, NULL)) != -1) {
		if (o == 's')
			text_list_add(&r->args.sets, optarg);
		else if (o == 'c')
			r->args.config_file = optarg;
		else if (o == 'k')
			r->args.checksums = optarg;
		else if (o == 'd')
			r->args.shadow = optarg ? optarg : "check";
		else if (o == 'p')
			r->packet_socket = true;
		else
			exit(2);
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: replay CAPTURE RULES FOLDER [options]\n");
		exit(2);
	}
	text_list_add(&r->args.captures, argv[optind]);
	text_list_add(&r->args.rules, argv[optind + 1]);
	r->args.log_dir = argv[optind + 2];
}

int main(int argc, char **argv)
{
	static struct replay r;

	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = wake }, NULL);
	diag_list_init(&r.diags);
	parse(argc, argv, &r);
	load(&r);
	r.decoder.options = r.settings->decode;
	r.decoder.counters = &r.scratch;
	open_stage(&r);
	open_workers(&r);
	xdp_stage_start(r.stage);
	put_all(&r);
	end(&r);
	return conclude(&r);
}
