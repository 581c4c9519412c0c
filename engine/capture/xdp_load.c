/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/xdp_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "engine/capture/ring_plan.h"
#include "engine/capture/xdp_socket.h"
#include "engine/capture/xdp_stage.h"

#define PACKET_TIMEOUT_MS 50
#define LOG_BYTES 4096

const char *xdp_step_name(enum xdp_step step)
{
	static const char *const names[XDP_STEP__COUNT] = {
		[XDP_STEP_ANY] = "any",
		[XDP_STEP_ZERO_COPY] = "AF_XDP zero-copy",
		[XDP_STEP_DRIVER] = "AF_XDP copy, driver mode",
		[XDP_STEP_GENERIC] = "AF_XDP copy, generic mode",
		[XDP_STEP_AF_PACKET] = "AF_PACKET",
	};

	return step < XDP_STEP__COUNT ? names[step] : "?";
}

static void tell(const struct xdp_stage *s, enum xdp_telling what, const char *interface,
		 enum xdp_step step, int err, const char *text)
{
	const struct xdp_told t = {
		.what = what, .interface = interface, .step = step, .err = err, .text = text
	};

	if (s->options.tell)
		s->options.tell(s->options.tell_arg, &t);
}

__attribute__((format(printf, 3, 4))) static int fail(struct xdp_stage *s, int err,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	return err;
}

/* What an error means at its place, and what helps. */
static const char *bind_meaning(int err, enum xdp_step step)
{
	switch (err) {
	case -EOPNOTSUPP:
	case -EINVAL:
	case -ENOSYS:
		return step == XDP_STEP_ZERO_COPY ? "the driver has no zero-copy"
						  : "the kernel refuses such a socket";
	case -EBUSY:
		return "another AF_XDP socket has this queue";
	case -ENOBUFS:
	case -ENOMEM:
		return "memory cannot be locked; raise LimitMEMLOCK or give CAP_IPC_LOCK";
	case -EPERM:
	case -EACCES:
		return "CAP_NET_RAW and CAP_NET_ADMIN are needed";
	default:
		return strerror(-err);
	}
}

static const char *attach_meaning(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "the driver runs no XDP programs";
	case -EBUSY:
	case -EEXIST:
		return "a program is attached already";
	case -ERANGE:
	case -EINVAL:
		return "the MTU is too large for a frame in one buffer";
	case -ENOSPC:
		return "the peer has more queues than this end";
	case -EPERM:
		return "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN are needed";
	default:
		return strerror(-err);
	}
}

/* --- programs ------------------------------------------------------------------------------------- */

static struct weir_config config_of(const struct xdp_stage *s, const struct stage_interface *f,
				    enum weir_object which)
{
	const struct xdp_stage_options *o = &s->options;

	return (struct weir_config){
		.key = o->hash_key,
		.stale_ns = o->stale_ms * 1000000ull,
		.send = WEIR_SEND_REDIRECT,
		.slots = f->options.by_queue && which != WEIR_OBJECT_SOCKET ? 1 : o->workers,
		.kept_action = f->options.mode == XDP_MODE_SPAN ? XDP_DROP : XDP_PASS,
		.lost_action = o->lost_pass ? XDP_PASS : XDP_DROP,
		.shadow = o->shadow,
		.enforce = o->enforce,
		.tally = o->tally,
	};
}

static int load(struct xdp_stage *s, struct stage_interface *f, enum weir_object which)
{
	const struct weir_config config = config_of(s, f, which);
	char log[LOG_BYTES];
	int err = weir_program_load_sharing(which, &config, s->options.flows_max, s->maps, log,
					    sizeof(log), &f->program);

	if (err)
		return fail(s, err, "the program does not load: %s\n%s", strerror(-err), log);
	return 0;
}

static void close_fd(int32_t *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int duplicate(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* The program's heartbeats, and what the interface is, before its sockets are mapped. */
static int introduce(struct xdp_stage *s, const struct stage_interface *f, enum live_kind kind)
{
	struct live_interface *out = &s->handover.interface[f - s->interface];

	*out = (struct live_interface){ .ifindex = f->facts.ifindex,
					.kind = kind,
					.mode = f->options.mode,
					.busy_poll =
						kind == LIVE_AF_XDP && f->options.busy_poll_us > 0,
					.beats = -1 };
	memcpy(out->name, f->name, sizeof(out->name));
	if (f->program->beats < 0)
		return 0;
	out->beats = duplicate(f->program->beats);
	return out->beats < 0 ? fail(s, -errno, "%s", strerror(errno)) : 0;
}

static void unload(struct stage_interface *f)
{
	if (f->link >= 0)
		close(f->link);
	if (f->promiscuous >= 0)
		close(f->promiscuous);
	weir_program_close(f->program);
	f->link = -1;
	f->promiscuous = -1;
	f->program = NULL;
}

/* --- one step of the ladder ----------------------------------------------------------------------- */

static int open_queues(struct xdp_stage *s, struct stage_interface *f, enum xdp_step step,
		       bool frags)
{
	const struct xdp_interface_options *o = &f->options;
	uint32_t queues = o->queues ? o->queues : f->facts.rx_queues;
	struct xdp_queue_options q = {
		.ifindex = f->facts.ifindex,
		.interface = (uint32_t)(f - s->interface),
		.send_frames = o->send_frames,
		.busy_poll_us = o->busy_poll_us,
		.busy_poll_budget = o->busy_poll_budget,
		.bind_flags = (uint16_t)((step == XDP_STEP_ZERO_COPY ? XDP_ZEROCOPY : XDP_COPY) |
					 (frags ? XDP_USE_SG : 0)),
	};
	int err = 0;

	ring_plan_queue(o, &f->facts, s->options.workers, frags, &q.size);
	if (queues * q.size.sockets > WEIR_SLOTS_MAX || queues * q.size.sockets > LIVE_SOURCES_MAX)
		return fail(s, -E2BIG,
			    "%u queues and %u workers need too many sockets; use fewer queues "
			    "(ethtool -L), or a worker for each queue",
			    queues, q.size.sockets);
	for (uint32_t i = 0; !err && i < queues; i++) {
		q.queue = i;
		q.first_slot = i * q.size.sockets;
		q.first_worker = o->by_queue ? i % s->options.workers : 0;
		err = xdp_queue_open(&s->handover, &q, s->input);
		if (err)
			fail(s, err, "queue %u: %s", i, bind_meaning(err, step));
	}
	return err;
}

static int fill_slots(struct xdp_stage *s, const struct stage_interface *f)
{
	const struct live_handover *h = &s->handover;

	for (uint32_t i = f->first_source; i < h->sources; i++) {
		__u32 slot = h->source[i].slot, fd = (__u32)h->source[i].socket;

		if (bpf_map_update_elem(f->program->sockets, &slot, &fd, BPF_ANY))
			return fail(s, -errno, "a socket cannot be put into its slot: %s",
				    strerror(errno));
	}
	return 0;
}

static int attach(struct xdp_stage *s, struct stage_interface *f, enum xdp_step step)
{
	struct bpf_link_create_opts opts = { .sz = sizeof(opts),
					     .flags = step == XDP_STEP_GENERIC
							      ? XDP_FLAGS_SKB_MODE
							      : XDP_FLAGS_DRV_MODE };
	char text[STAGE_TEXT_BYTES / 2];
	int err;

	f->link = bpf_link_create(f->program->program, f->facts.ifindex, BPF_XDP, &opts);
	if (f->link >= 0)
		return 0;
	err = f->link;
	f->link = -1;
	if ((err == -EBUSY || err == -EEXIST) &&
	    xdp_program_attached(f->facts.ifindex, text, sizeof(text)))
		return fail(s, err, "%s is attached already", text);
	return fail(s, err, "the program cannot be attached: %s", attach_meaning(err));
}

static void undo(struct xdp_stage *s, struct stage_interface *f)
{
	unload(f);
	xdp_sockets_undo(&s->handover, s->input, f->first_queue, f->first_source);
	close_fd(&s->handover.interface[f - s->interface].beats);
}

/* Sockets, frames in the fill rings, slots, and then the program. */
static int try_xdp_with(struct xdp_stage *s, struct stage_interface *f, enum xdp_step step,
			bool frags)
{
	int err = load(s, f, frags ? WEIR_OBJECT_XDP_FRAGS : WEIR_OBJECT_XDP);

	if (!err)
		err = introduce(s, f, LIVE_AF_XDP);
	if (!err)
		err = open_queues(s, f, step, frags);
	if (!err)
		err = fill_slots(s, f);
	if (!err)
		err = attach(s, f, step);
	if (!err && f->options.promiscuous) {
		f->promiscuous = xdp_promiscuous_open(f->facts.ifindex);
		if (f->promiscuous < 0)
			err = fail(s, f->promiscuous, "promiscuous mode: %s",
				   strerror(-f->promiscuous));
	}
	if (err)
		undo(s, f);
	return err;
}

static int try_xdp(struct xdp_stage *s, struct stage_interface *f, enum xdp_step step)
{
	int err, frags = 0;

	/* Trying would take as long as it takes the kernel to let go of the queue. */
	if (step == XDP_STEP_ZERO_COPY && f->facts.xdp_zero_copy == IFACE_OFF)
		return fail(s, -EOPNOTSUPP, "the driver has no zero-copy");
	if (ring_plan_frags(&f->options, &f->facts, step)) {
		frags = try_xdp_with(s, f, step, true);
		if (!frags || frags == -EBUSY || frags == -EPERM)
			return frags;
	}
	err = try_xdp_with(s, f, step, false);
	if (!err && frags && (f->options.jumbo || f->facts.mtu > RING_ONE_BUFFER_MTU))
		tell(s, XDP_TELL_NOTE, f->name, step, frags,
		     "frames of several buffers are not to be had, longer ones are lost");
	return err;
}

static int try_packet(struct xdp_stage *s, struct stage_interface *f)
{
	const struct xdp_interface_options *o = &f->options;
	struct ring_blocks size;
	struct xdp_packet_options p = {
		.ifindex = f->facts.ifindex,
		.interface = (uint32_t)(f - s->interface),
		.workers = s->options.workers,
		.timeout_ms = o->packet_timeout_ms ? o->packet_timeout_ms : PACKET_TIMEOUT_MS,
		.ignore_outgoing = o->mode == XDP_MODE_SPAN || f->facts.loopback,
		.promiscuous = o->promiscuous,
	};
	int err = load(s, f, WEIR_OBJECT_SOCKET);

	if (!err)
		err = introduce(s, f, LIVE_AF_PACKET);
	ring_plan_blocks(o, &size);
	p.block_bytes = size.block_bytes;
	p.blocks = size.blocks;
	if (!err) {
		p.filter = f->program->entry;
		p.fanout = f->program->fanout;
		err = xdp_packet_open(&s->handover, &p, s->input);
		if (err)
			fail(s, err, "%s",
			     err == -EPERM ? "CAP_NET_RAW is needed" : strerror(-err));
	}
	if (err)
		undo(s, f);
	return err;
}

/* --- the ladder ----------------------------------------------------------------------------------- */

static void stand_on(struct xdp_stage *s, struct stage_interface *f, enum xdp_step step)
{
	struct live_interface *out = &s->handover.interface[f - s->interface];

	f->queues = s->handover.queues - f->first_queue;
	f->sources = s->handover.sources - f->first_source;
	out->step = step;
	out->queues = f->queues;
	tell(s, XDP_TELL_USED, f->name, step, 0, "");
}

static int climb_down(struct xdp_stage *s, struct stage_interface *f)
{
	enum xdp_step step = f->options.first ? f->options.first : XDP_STEP_ZERO_COPY;
	enum xdp_step last = f->options.last ? f->options.last : XDP_STEP_AF_PACKET;
	int err = -EINVAL;

	if (f->options.mode == XDP_MODE_HOST)
		step = last = XDP_STEP_AF_PACKET;
	for (; step <= last; step++) {
		tell(s, XDP_TELL_TRY, f->name, step, 0, "");
		err = step == XDP_STEP_AF_PACKET ? try_packet(s, f) : try_xdp(s, f, step);
		if (!err) {
			stand_on(s, f, step);
			return 0;
		}
		tell(s, XDP_TELL_REFUSED, f->name, step, err, s->text);
		/* Somebody else is at work here: nothing that the ladder is for. */
		if ((err == -EBUSY || err == -EEXIST) && f->options.mode != XDP_MODE_HOST)
			return err;
	}
	return err;
}

static int make_way(struct xdp_stage *s, struct stage_interface *f)
{
	char text[STAGE_TEXT_BYTES / 2], told[STAGE_TEXT_BYTES];
	int err;

	if (f->options.mode == XDP_MODE_HOST ||
	    !xdp_program_attached(f->facts.ifindex, text, sizeof(text)))
		return 0;
	if (!f->options.replace)
		return fail(s, -EBUSY,
			    "%s is attached already; take it away (ip link set dev %s xdp off) "
			    "or use host mode",
			    text, f->name);
	err = bpf_xdp_detach(f->facts.ifindex,
			     f->facts.xdp_mode == XDP_ATTACHED_SKB ? XDP_FLAGS_SKB_MODE
								   : XDP_FLAGS_DRV_MODE,
			     NULL);
	if (err)
		return fail(s, err, "%s cannot be taken away: %s", text,
			    err == -EBUSY ? "a link holds it" : strerror(-err));
	snprintf(told, sizeof(told), "%s was taken away (replace: yes)", text);
	tell(s, XDP_TELL_NOTE, f->name, XDP_STEP_ANY, 0, told);
	return 0;
}

static int open_interface(struct xdp_stage *s, struct stage_interface *f,
			  const struct xdp_interface_options *o)
{
	int err;

	f->options = *o;
	snprintf(f->name, sizeof(f->name), "%s", o->name);
	f->first_queue = s->handover.queues;
	f->first_source = s->handover.sources;
	s->handover.interface[s->handover.interfaces++] = (struct live_interface){ .beats = -1 };
	err = iface_read(o->name, &f->facts);
	if (err)
		return fail(s, err, "%s", err == -ENODEV ? "no such interface" : strerror(-err));
	if (!f->facts.ethernet)
		return fail(s, -EOPNOTSUPP, "not an Ethernet interface");
	err = make_way(s, f);
	if (!err)
		err = climb_down(s, f);
	if (!err)
		iface_counters(f->facts.ifindex, &f->counters);
	return err;
}

/* --- the stage ------------------------------------------------------------------------------------ */

/* The maps that all programs share, held by a program that is attached to nothing. */
static int make_maps(struct xdp_stage *s)
{
	const struct weir_config config = { .key = s->options.hash_key, .slots = 1 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char log[LOG_BYTES];
	void *map;
	int err = weir_program_load(WEIR_OBJECT_SOCKET, &config, s->options.flows_max, log,
				    sizeof(log), &s->maps);

	if (err == -EPERM || err == -EACCES)
		return fail(s, err,
			    "the kernel lets no program be loaded: CAP_BPF, CAP_PERFMON and "
			    "CAP_NET_ADMIN are needed");
	if (err)
		return fail(s, err, "the program does not load: %s\n%s", strerror(-err), log);
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, s->maps->switches, 0);
	if (map == MAP_FAILED)
		return fail(s, -errno, "%s", strerror(errno));
	s->switches = map;
	s->switches->stopped = 1;
	s->handover.plan = duplicate(s->maps->plan);
	s->handover.switches = duplicate(s->maps->switches);
	s->handover.tally = duplicate(s->maps->buckets);
	if (s->handover.plan < 0 || s->handover.switches < 0 || s->handover.tally < 0)
		return fail(s, -errno, "%s", strerror(errno));
	return s->options.plan ? xdp_stage_plan(s, s->options.plan) : 0;
}

static void raise_memlock(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit now;

	if (!setrlimit(RLIMIT_MEMLOCK, &all) || getrlimit(RLIMIT_MEMLOCK, &now))
		return;
	now.rlim_cur = now.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &now);
}

static struct xdp_stage *new_stage(const struct xdp_stage_options *opt)
{
	struct xdp_stage *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = *opt;
	s->options.interfaces = NULL;
	s->handover.workers = opt->workers;
	s->handover.hash_key = opt->hash_key;
	s->handover.mapped = s->input;
	s->handover.plan = -1;
	s->handover.switches = -1;
	s->handover.tally = -1;
	pthread_mutex_init(&s->lock, NULL);
	for (unsigned i = 0; i < LIVE_INTERFACES_MAX; i++) {
		s->interface[i].link = -1;
		s->interface[i].promiscuous = -1;
	}
	return s;
}

int xdp_stage_open(const struct xdp_stage_options *opt, struct xdp_stage **out, char *error,
		   size_t error_len)
{
	const char *where = "";
	struct xdp_stage *s;
	int err;

	*out = NULL;
	if (!opt->workers || opt->workers > LIVE_WORKERS_MAX || !opt->interface_count ||
	    opt->interface_count > LIVE_INTERFACES_MAX) {
		snprintf(error, error_len, "too many interfaces or workers");
		return -E2BIG;
	}
	s = new_stage(opt);
	if (!s) {
		snprintf(error, error_len, "out of memory");
		return -ENOMEM;
	}
	raise_memlock();
	err = make_maps(s);
	for (unsigned i = 0; !err && i < opt->interface_count; i++) {
		where = opt->interfaces[i].name;
		err = open_interface(s, &s->interface[i], &opt->interfaces[i]);
	}
	if (err) {
		snprintf(error, error_len, "%s%s%s", where, where[0] ? ": " : "", s->text);
		xdp_stage_close(s);
		return err;
	}
	*out = s;
	return 0;
}

static void let_go(struct xdp_stage *s)
{
	for (unsigned i = 0; i < LIVE_INTERFACES_MAX; i++)
		unload(&s->interface[i]);
	if (s->switches)
		munmap(s->switches, (size_t)sysconf(_SC_PAGESIZE));
	s->switches = NULL;
	weir_program_close(s->maps);
	s->maps = NULL;
}

void xdp_stage_close(struct xdp_stage *s)
{
	if (!s)
		return;
	let_go(s);
	xdp_sockets_undo(&s->handover, s->input, 0, 0);
	for (uint32_t i = 0; i < s->handover.interfaces; i++)
		close_fd(&s->handover.interface[i].beats);
	close_fd(&s->handover.plan);
	close_fd(&s->handover.switches);
	close_fd(&s->handover.tally);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void xdp_stage_leave(struct xdp_stage *s)
{
	let_go(s);
}

const struct live_handover *xdp_stage_handover(const struct xdp_stage *s)
{
	return &s->handover;
}

void xdp_stage_start(struct xdp_stage *s)
{
	__atomic_store_n(&s->switches->stopped, 0, __ATOMIC_SEQ_CST);
}

void xdp_stage_stop(struct xdp_stage *s)
{
	__atomic_store_n(&s->switches->stopped, 1, __ATOMIC_SEQ_CST);
}

struct weir_switches *xdp_stage_switches(struct xdp_stage *s)
{
	return s->switches;
}

int xdp_stage_plan(struct xdp_stage *s, const struct weir_plan *plan)
{
	return weir_program_plan(s->maps, plan);
}

bool xdp_stage_is_attached(const struct xdp_stage *s, unsigned interface)
{
	return interface < LIVE_INTERFACES_MAX && s->interface[interface].link >= 0;
}

/* --- a dead engine --------------------------------------------------------------------------------- */

struct abandoned {
	xdp_frame_fn fn;
	void *arg;
	unsigned worker;
};

static void on_abandoned(void *arg, const struct frame *f)
{
	const struct abandoned *a = arg;

	if (a->fn)
		a->fn(a->arg, a->worker, f);
}

/* Who was giving frames back comes first: the next one to give writes over what tells how far it came. */
static bool was_filling(const struct live_input *in)
{
	return in->book->filling == in->place + 1;
}

unsigned xdp_stage_last_batch(struct xdp_stage *s, xdp_frame_fn fn, void *arg)
{
	struct live_scratch scratch = { .bytes = malloc(LIVE_FRAME_MAX), .len = LIVE_FRAME_MAX };
	struct abandoned a = { .fn = fn, .arg = arg };
	unsigned n = 0;

	if (!scratch.bytes)
		scratch.len = 0;
	/* Nobody is inside any more, whatever the locks say. */
	for (uint32_t i = 0; i < s->handover.sources; i++)
		s->input[i].book->lock = 0;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < s->handover.sources; i++) {
			if (turn == 0 && !was_filling(&s->input[i]))
				continue;
			a.worker = s->handover.source[i].worker;
			n += live_input_abandon(&s->input[i], &scratch, on_abandoned, &a);
		}
	}
	for (uint32_t i = 0; i < s->handover.sources; i++)
		s->input[i].book->filling = 0;
	free(scratch.bytes);
	return n;
}
