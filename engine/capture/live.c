/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bpf/weir_tally.h"
#include "engine/capture/live_input.h"

/* A wait is cut into these, so that the heart beats. */
#define WAIT_MS 50
/* While packets gather: a ring that fills sooner than its rate said is seen after so long. */
#define GLANCE_NS 25000000

struct live {
	struct live_options options;
	struct live_input *inputs;
	unsigned count;
	unsigned turn; /* of the inputs, who is first */
	bool busy_poll, pending, borrowed;
	/* Frames since the last wait, and when that ended; the least ring, 0: AF_PACKET alone. */
	uint64_t taken, since_ns;
	uint32_t ring;
	struct live_scratch scratch;
	struct pollfd *polls;
	struct weir_switches *switches;
	size_t switches_bytes;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* --- the handover --------------------------------------------------------------------------------- */

unsigned live_handover_descriptors(struct live_handover *h, int32_t *out[LIVE_DESCRIPTORS_MAX])
{
	unsigned n = 0;

	if (h->plan >= 0)
		out[n++] = &h->plan;
	if (h->switches >= 0)
		out[n++] = &h->switches;
	if (h->tally >= 0)
		out[n++] = &h->tally;
	for (uint32_t i = 0; i < h->interfaces; i++) {
		if (h->interface[i].beats >= 0)
			out[n++] = &h->interface[i].beats;
	}
	for (uint32_t i = 0; i < h->queues; i++) {
		if (h->queue[i].umem >= 0)
			out[n++] = &h->queue[i].umem;
		if (h->queue[i].rings >= 0)
			out[n++] = &h->queue[i].rings;
		if (h->queue[i].book >= 0)
			out[n++] = &h->queue[i].book;
	}
	for (uint32_t i = 0; i < h->sources; i++)
		out[n++] = &h->source[i].socket;
	return n;
}

static bool is_power(uint32_t v)
{
	return v && !(v & (v - 1));
}

static bool queue_valid(const struct live_handover *h, const struct live_queue *q)
{
	if (q->interface >= h->interfaces)
		return false;
	if (h->interface[q->interface].kind != LIVE_AF_XDP)
		return h->interface[q->interface].kind == LIVE_AF_PACKET && !q->send_frames;
	return q->frames && is_power(q->frame_bytes) && q->frame_bytes >= 2048 &&
	       q->frame_bytes <= 65536 && q->send_frames < q->frames && is_power(q->fill_entries) &&
	       q->fill_entries >= q->frames && is_power(q->completion_entries);
}

static bool source_valid(const struct live_handover *h, const struct live_source *s)
{
	if (s->queue >= h->queues || s->worker >= h->workers || s->book >= h->workers ||
	    s->slot >= WEIR_SLOTS_MAX)
		return false;
	if (h->interface[h->queue[s->queue].interface].kind == LIVE_AF_XDP)
		return is_power(s->rx_entries) && (!s->tx_entries || is_power(s->tx_entries));
	return s->blocks && s->block_bytes && s->block_bytes % 4096 == 0;
}

bool live_handover_valid(const struct live_handover *h)
{
	if (!h->workers || h->workers > LIVE_WORKERS_MAX || !h->interfaces ||
	    h->interfaces > LIVE_INTERFACES_MAX || h->queues > LIVE_QUEUES_MAX ||
	    h->sources > LIVE_SOURCES_MAX)
		return false;
	for (uint32_t i = 0; i < h->queues; i++) {
		if (!queue_valid(h, &h->queue[i]))
			return false;
	}
	for (uint32_t i = 0; i < h->sources; i++) {
		if (!source_valid(h, &h->source[i]))
			return false;
	}
	return true;
}

/* --- open ----------------------------------------------------------------------------------------- */

static int map_switches(struct live *l, int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	if (fd < 0)
		return 0;
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	l->switches = p;
	l->switches_bytes = page;
	return 0;
}

static int map_inputs(struct live *l, const struct live_handover *h)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < h->sources; i++) {
		struct live_input *in = &l->inputs[l->count];

		if (h->source[i].worker != l->options.worker)
			continue;
		if (h->mapped)
			*in = h->mapped[i];
		else
			err = live_input_map(h, i, NULL, in);
		l->polls[l->count] = (struct pollfd){ .fd = in->socket, .events = POLLIN };
		l->busy_poll |= h->interface[in->interface].busy_poll;
		if (in->kind == LIVE_AF_XDP && (!l->ring || in->rx.mask < l->ring))
			l->ring = in->rx.mask + 1;
		l->count++;
	}
	return err;
}

static int allocate(struct live *l, const struct live_handover *h)
{
	uint8_t *scratch = mmap(NULL, LIVE_FRAME_MAX, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	l->scratch = (struct live_scratch){ .bytes = scratch == MAP_FAILED ? NULL : scratch,
					    .len = LIVE_FRAME_MAX };
	l->inputs = calloc(h->sources + 1, sizeof(*l->inputs));
	l->polls = calloc(h->sources + 1, sizeof(*l->polls));
	return l->scratch.bytes && l->inputs && l->polls ? 0 : -ENOMEM;
}

int live_open(const struct live_handover *h, const struct live_options *opt, struct live **out)
{
	struct live *l;
	int err;

	*out = NULL;
	if (!live_handover_valid(h) || opt->worker >= h->workers)
		return -EINVAL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->options = *opt;
	l->borrowed = h->mapped != NULL;
	err = allocate(l, h);
	if (!err)
		err = map_switches(l, h->switches);
	if (!err)
		err = map_inputs(l, h);
	if (err) {
		live_close(l);
		return err;
	}
	live_beat(l);
	*out = l;
	return 0;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	for (unsigned i = 0; l->inputs && !l->borrowed && i < l->count; i++)
		live_input_unmap(&l->inputs[i]);
	if (l->switches)
		munmap(l->switches, l->switches_bytes);
	if (l->scratch.bytes)
		munmap(l->scratch.bytes, l->scratch.len);
	free(l->inputs);
	free(l->polls);
	free(l);
}

/* --- receive -------------------------------------------------------------------------------------- */

void live_beat(struct live *l)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < l->count; i++) {
		if (l->inputs[i].beat)
			__atomic_store_n(l->inputs[i].beat, now, __ATOMIC_RELAXED);
	}
}

static bool anything_ready(const struct live *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (live_input_ready(&l->inputs[i]))
			return true;
	}
	return false;
}

static void take(struct live *l, struct live_batch *b)
{
	struct live_now now = { .wall_ns = (int64_t)clock_ns(CLOCK_REALTIME),
				.monotonic_ns = clock_ns(CLOCK_MONOTONIC) };

	l->scratch.used = 0;
	for (unsigned i = 0; i < l->count && b->count < LIVE_BATCH; i++)
		live_input_take(&l->inputs[(l->turn + i) % l->count], &l->scratch, now, b);
	l->turn = l->count ? (l->turn + 1) % l->count : 0;
	l->pending = true;
	if (l->options.clock) {
		for (unsigned i = 0; i < b->count; i++)
			b->frames[i].time_ns =
				l->options.clock(l->options.clock_arg, &b->frames[i]);
	}
}

/* Look again for a while: waking up costs more than a few packets. */
static bool spin(const struct live *l)
{
	uint64_t until;

	/* A block of AF_PACKET is handed up at its time. */
	if (!l->options.spin_us || !l->ring)
		return false;
	until = clock_ns(CLOCK_MONOTONIC) + l->options.spin_us * 1000ull;
	do {
		for (unsigned i = 0; i < 32; i++) {
			if (anything_ready(l))
				return true;
			__builtin_ia32_pause();
		}
	} while (clock_ns(CLOCK_MONOTONIC) < until);
	return false;
}

/* The driver runs in this thread: the call returns when its budget is used up. */
static void drive(struct live *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->inputs[i].kind == LIVE_AF_XDP)
			recvfrom(l->inputs[i].socket, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	}
}

/* An AF_XDP socket says nothing of the end of its interface until it is asked. */
static bool is_gone(const struct live *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->inputs[i].kind == LIVE_AF_XDP &&
		    recvfrom(l->inputs[i].socket, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 &&
		    (errno == ENXIO || errno == ENETDOWN))
			return true;
	}
	return false;
}

/* Returns 1: something may be there; 0: not; -errno. */
static int wait_ms(struct live *l, int ms)
{
	int n;

	if (l->count)
		live_add(&l->inputs[0].own->counts.polls, 1);
	n = poll(l->polls, l->count, ms);
	if (n < 0)
		return -errno;
	if (n == 0)
		return is_gone(l) ? -ENETDOWN : 0;
	for (unsigned i = 0; i < l->count; i++) {
		int err = 0;
		socklen_t len = sizeof(err);

		if (!(l->polls[i].revents & (POLLERR | POLLHUP | POLLNVAL)))
			continue;
		if (l->inputs[i].kind == LIVE_AF_PACKET)
			getsockopt(l->polls[i].fd, SOL_SOCKET, SO_ERROR, &err, &len);
		return -ENETDOWN;
	}
	return 1;
}

static bool anything_fills(const struct live *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (live_input_fills(&l->inputs[i]))
			return true;
	}
	return false;
}

/* How long until it has to be looked whether a ring fills, by the rate since the last wait. */
static uint64_t glance_ns(const struct live *l, uint64_t now)
{
	/* In which an eighth of the ring of AF_XDP fills. */
	uint64_t room = l->ring ? (now - l->since_ns) / l->taken * (l->ring / 8) : GLANCE_NS;

	return room < GLANCE_NS ? room : GLANCE_NS;
}

/*
 * Packets come: being woken for each few of them would cost more than they do.  Sleep while some gather, until
 * a quarter of a ring is full.  Returns 1: it slept; 0: none came since; -EINTR.
 */
static int gather(struct live *l, uint64_t now, uint64_t deadline)
{
	uint64_t end = now + l->options.gather_us * 1000ull, glance;

	if (!l->taken || !l->options.gather_us || !l->count || l->busy_poll)
		return 0;
	end = end < deadline ? end : deadline;
	glance = glance_ns(l, now);
	l->taken = 0;
	l->since_ns = now;
	do {
		uint64_t ns = end - now < glance ? end - now : glance;

		if (nanosleep(&(struct timespec){ .tv_nsec = (long)ns }, NULL))
			return -EINTR;
		live_beat(l);
		now = clock_ns(CLOCK_MONOTONIC);
	} while (now < end && !anything_fills(l));
	return 1;
}

/* Nothing was there.  Returns 1: look again; 0: time is up, or a signal came; -errno. */
static int wait_until(struct live *l, uint64_t deadline)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	uint64_t left_ms;
	int n;

	if (now >= deadline)
		return 0;
	n = gather(l, now, deadline);
	if (n)
		return n > 0;
	if (spin(l))
		return 1;
	left_ms = (deadline - now + 999999) / 1000000;
	n = wait_ms(l, left_ms < WAIT_MS ? (int)left_ms : WAIT_MS);
	l->since_ns = clock_ns(CLOCK_MONOTONIC);
	if (n == -EINTR)
		return 0;
	if (n > 0 && l->count)
		live_add(&l->inputs[0].own->counts.wakeups, 1);
	return n < 0 ? n : 1;
}

int live_receive(struct live *l, int timeout_ms, struct live_batch *b)
{
	uint64_t deadline = 0;
	int more;

	b->count = 0;
	if (l->pending)
		live_finish(l);
	else
		live_beat(l);
	if (timeout_ms > 0)
		deadline = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000;
	for (;;) {
		if (l->busy_poll)
			drive(l);
		take(l, b);
		if (b->count)
			break;
		/* A damaged frame or an empty block makes no batch, and goes back. */
		live_finish(l);
		more = wait_until(l, deadline);
		if (more <= 0)
			return more;
	}
	l->taken += b->count;
	live_add(&l->inputs[0].own->counts.batches, 1);
	return (int)b->count;
}

void live_finish(struct live *l)
{
	for (unsigned i = 0; i < l->count; i++)
		live_input_give(&l->inputs[i]);
	l->pending = false;
	live_beat(l);
}

bool live_is_empty(const struct live *l)
{
	return !anything_ready(l);
}

unsigned live_descriptors(const struct live *l, int out[LIVE_SOURCES_MAX])
{
	for (unsigned i = 0; i < l->count; i++)
		out[i] = l->inputs[i].socket;
	return l->count;
}

/* --- send ----------------------------------------------------------------------------------------- */

int live_send(struct live *l, uint32_t interface, const uint8_t *bytes, uint32_t len)
{
	for (unsigned i = 0; i < l->count; i++) {
		if (l->inputs[i].interface == interface)
			return live_input_send(&l->inputs[i], bytes, len);
	}
	return -ENODEV;
}

int live_flush(struct live *l)
{
	int err = 0;

	for (unsigned i = 0; !err && i < l->count; i++)
		err = live_input_flush(&l->inputs[i]);
	return err;
}

/* --- counts --------------------------------------------------------------------------------------- */

void live_counts_add(struct live_counts *to, const struct live_counts *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*a); i++)
		a[i] += __atomic_load_n(b + i, __ATOMIC_RELAXED);
}

void live_counts(const struct live *l, struct live_counts *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < l->count; i++)
		live_counts_add(out, &l->inputs[i].own->counts);
}

uint64_t live_taken(const struct live *l, uint32_t interface)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < l->count; i++) {
		if (l->inputs[i].interface == interface)
			n += l->inputs[i].own->counts.taken;
	}
	return n;
}

int live_map_tally(const struct live_handover *h, struct weir_tally_bucket **out)
{
	void *p;

	*out = NULL;
	if (h->tally < 0)
		return 0;
	p = mmap(NULL, WEIR_TALLY_BUCKETS * sizeof(**out), PROT_READ, MAP_SHARED, h->tally, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

struct weir_switches *live_switches(struct live *l)
{
	return l->switches;
}
