/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_release.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/siphash.h"

#define ANSWERS 64
#define NS_PER_S 1000000000LL
/* How long the last counts of a flow are waited for, at most. */
#define WAIT_NAP_NS 100000
#define WAIT_NAPS 200
/* Counts come about once a second: of a flow that has been still for so long all is known. */
#define ACTIVE_NS (2 * NS_PER_S)

/* What is known here of a flow that the kernel may keep. */
struct note {
	struct weir_flow_key key;
	uint64_t cookie; /* 0: none */
	uint32_t next; /* of those whose end is still to be told */
	bool ending;
	bool marked; /* its packets come, and are counted there as dropped */
	struct weir_way merged[2]; /* by the kernel's way: what the flow has already */
};

struct worker_release {
	struct worker_release_options options;
	struct note *note; /* by the flow's index */
	uint32_t ending; /* notes whose end found no room in the ring; 0: none */
	uint64_t refused; /* no room in the ring */
	uint64_t full; /* no room in the kernel's table */
	uint64_t late; /* last counts that did not come in time */
	bool asked; /* and nobody has been told */
	bool stopping; /* all counts are there: nobody answers any more */
};

static size_t note_bytes(const struct worker_release *r)
{
	return (size_t)r->options.flows * sizeof(*r->note);
}

uint64_t worker_release_bytes(uint32_t flows)
{
	return (uint64_t)flows * sizeof(struct note);
}

int worker_release_new(const struct worker_release_options *opt, struct worker_release **out)
{
	struct worker_release *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->options = *opt;
	r->note = mmap(NULL, note_bytes(r), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->note == MAP_FAILED) {
		int err = -errno;

		free(r);
		return err;
	}
	*out = r;
	return 0;
}

void worker_release_free(struct worker_release *r)
{
	if (!r)
		return;
	munmap(r->note, note_bytes(r));
	free(r);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* Each layer outside goes in, the outermost first. */
static uint64_t outer_hash(const struct packet *p, uint64_t hash_key)
{
	uint64_t before;

	if (!p)
		return 0;
	before = outer_hash(p->outer, hash_key);
	return siphash_rotate(before, 1) ^ siphash_pair((const __u64 *)p->src.halves,
							(const __u64 *)p->dst.halves, p->ip_version,
							hash_key);
}

unsigned worker_release_key(const struct packet *p, uint64_t hash_key, struct weir_flow_key *out)
{
	int order = ip_addr_compare(&p->src, &p->dst);
	bool high = order > 0 || (order == 0 && p->sport > p->dport);
	const struct ip_addr *low = high ? &p->dst : &p->src, *top = high ? &p->src : &p->dst;

	*out = (struct weir_flow_key){
		.low = { low->halves[0], low->halves[1] },
		.high = { top->halves[0], top->halves[1] },
		.outer = outer_hash(p->outer, hash_key),
		.low_port = high ? p->dport : p->sport,
		.high_port = high ? p->sport : p->dport,
		.vlan = { p->vlan[0], p->vlan[1] },
		.vlans = p->vlans,
		.depth = p->depth,
		.proto = p->proto,
		.version = p->ip_version,
	};
	return high;
}

/* --- what the kernel may keep ----------------------------------------------------------------- */

static bool has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP;
}

/* Ways to the server and to the client are the kernel's ways 0 and 1 where the client is low. */
static uint32_t turned(unsigned ways, bool as_they_are)
{
	return as_they_are ? ways : (ways & 1) << 1 | (ways >> 1 & 1);
}

static bool put(struct worker_release *r, const struct release_request *q)
{
	if (!release_ring_ask(r->options.ring, q)) {
		r->refused++;
		return false;
	}
	r->asked = true;
	return true;
}

/* Whoever serves the ring may sleep. */
static void tell(struct worker_release *r)
{
	const uint64_t one = 1;

	if (r->asked && r->options.bell > 0 && write(r->options.bell, &one, sizeof(one)) < 0)
		return; /* it looks now and then by itself */
	r->asked = false;
}

static bool ask(struct worker_release *r, const struct packet *p, struct release_request *q,
		unsigned ways)
{
	struct note *n;
	unsigned way;

	/* What was joined from fragments, or has a tag that the program does not read, always comes. */
	if (!has_ports(p->proto) || p->flow_index >= r->options.flows || p->vlans > 2)
		return false;
	n = &r->note[p->flow_index];
	/* The kernel still has to forget the flow that had this place before. */
	if (n->ending || n->marked)
		return false;
	way = worker_release_key(p, r->options.hash_key, &q->key.flow);
	q->cookie = kept_cookie(r->options.worker, p->flow_index, p->flow->number);
	q->ways = turned(ways, way == p->direction);
	if (!put(r, q))
		return false;
	if (n->cookie != q->cookie)
		*n = (struct note){ .key = q->key.flow, .cookie = q->cookie };
	return true;
}

bool worker_release_tell(void *ctx, const struct packet *p, unsigned ways)
{
	struct release_request q = { .op = RELEASE_SET, .action = WEIR_ACTION_KEEP };

	return ask(ctx, p, &q, ways);
}

bool worker_release_mark(struct worker_release *r, const struct packet *p)
{
	struct release_request q = { .op = RELEASE_SET, .action = WEIR_ACTION_DROP };

	/* What it kept until now is still to be counted in: that entry stays as it is. */
	if ((p->flow->flags & FLOW_TOLD) || !ask(r, p, &q, 0))
		return false;
	r->note[p->flow_index].marked = true;
	return true;
}

static bool client_is_low(const struct note *n, const struct flow *f)
{
	return n->key.low[0] == f->client.halves[0] && n->key.low[1] == f->client.halves[1] &&
	       n->key.low_port == f->client_port;
}

bool worker_release_change(struct worker_release *r, const struct flow *f)
{
	uint32_t index = (uint32_t)(f - flow_at(r->options.table, 0));
	struct note *n = index < r->options.flows ? &r->note[index] : NULL;
	struct release_request q = { .op = RELEASE_SET, .action = WEIR_ACTION_KEEP };
	unsigned ways = f->released & ~(unsigned)f->held;

	if (!n || n->marked || n->cookie != kept_cookie(r->options.worker, index, f->number))
		return true;
	q.key.flow = n->key;
	q.cookie = n->cookie;
	/* The entry stays, with its counts. */
	q.ways = ways ? turned(ways, client_is_low(n, f)) : WEIR_WAYS_NONE;
	return put(r, &q);
}

/* CLOCK_MONOTONIC as time since 1970. */
static int64_t wall_of(uint64_t monotonic_ns)
{
	struct timespec wall, mono;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return (int64_t)monotonic_ns + (wall.tv_sec - mono.tv_sec) * NS_PER_S + wall.tv_nsec -
	       mono.tv_nsec;
}

/* Of a way, what was kept since the last time. */
static void merge(struct worker_release *r, struct note *n, struct flow *f, unsigned way,
		  const struct kept_counts *c)
{
	/* The flow may have been turned since. */
	bool turn = !client_is_low(n, f);
	struct flow_kept kept;

	/* The entry was made anew. */
	if (c->way[way].packets < n->merged[way].packets)
		n->merged[way] = (struct weir_way){ .packets = 0 };
	kept = (struct flow_kept){
		.packets = c->way[way].packets - n->merged[way].packets,
		.bytes = c->way[way].bytes - n->merged[way].bytes,
		.tcp_flags = c->tcp_flags[way],
	};
	if (!kept.packets)
		return;
	kept.last_ns = wall_of(c->last_ns);
	n->merged[way] = c->way[way];
	release_merge(r->options.release, f, turn ? 1 - way : way, &kept);
}

/* An entry that stayed would keep packets of the next flow with these ports. */
static bool ask_end(struct worker_release *r, struct note *n)
{
	struct release_request q = { .op = RELEASE_END, .cookie = n->cookie };

	q.key.flow = n->key;
	if (!put(r, &q))
		return false;
	*n = (struct note){ .cookie = 0 };
	return true;
}

static void take_answers(struct worker_release *r, uint64_t cookie, struct kept_counts *out)
{
	struct release_answer answer[ANSWERS];
	unsigned n;

	while ((n = release_ring_answers(r->options.ring, answer, ANSWERS)) > 0) {
		for (unsigned i = 0; i < n; i++) {
			const struct weir_flow *f = &answer[i].flow;

			r->full += answer[i].status == -ENOSPC;
			if (!out || answer[i].op != RELEASE_END || answer[i].cookie != cookie)
				continue;
			*out = (struct kept_counts){
				.cookie = cookie,
				.way = { f->way[0], f->way[1] },
				.last_ns = f->last_ns,
				.tcp_flags = { (uint8_t)f->tcp_flags[0], (uint8_t)f->tcp_flags[1] },
			};
		}
	}
}

/*
 * The flow ends though packets have just come, so what is known of it may be a second old: its ports are
 * used again, or there is no room for it.  The last counts are worth a short wait.
 */
static bool wait_for_last(struct worker_release *r, uint64_t cookie, struct kept_counts *out)
{
	struct timespec nap = { .tv_nsec = WAIT_NAP_NS };

	out->cookie = 0;
	tell(r);
	for (unsigned i = 0; i < WAIT_NAPS; i++) {
		take_answers(r, cookie, out);
		if (out->cookie)
			return true;
		nanosleep(&nap, NULL);
	}
	r->late++;
	return false;
}

static bool is_active(const struct worker_release *r, const struct flow *f)
{
	return !r->stopping && r->options.release->now_ns - f->last_ns < ACTIVE_NS;
}

void worker_release_stopping(struct worker_release *r)
{
	r->stopping = true;
}

static void merge_both(struct worker_release *r, struct note *n, struct flow *f,
		       const struct kept_counts *c)
{
	/* What is only marked comes here as well. */
	if (n->marked || r->options.shadow)
		return;
	merge(r, n, f, 0, c);
	merge(r, n, f, 1, c);
}

static void end(struct worker_release *r, struct note *n, struct flow *f)
{
	struct note last = *n;
	struct kept_counts c;

	if (!ask_end(r, n)) {
		n->ending = true;
		n->next = r->ending;
		r->ending = (uint32_t)(n - r->note);
		return;
	}
	if (!last.marked && is_active(r, f) && wait_for_last(r, last.cookie, &c))
		merge_both(r, &last, f, &c);
}

void worker_release_refresh(void *ctx, struct flow *f, bool ending)
{
	struct worker_release *r = ctx;
	uint32_t index = (uint32_t)(f - flow_at(r->options.table, 0));
	struct note *n = index < r->options.flows ? &r->note[index] : NULL;
	struct kept_counts c;

	if (!n || n->cookie != kept_cookie(r->options.worker, index, f->number))
		return;
	if (kept_get(r->options.kept, n->cookie, &c))
		merge_both(r, n, f, &c);
	if (ending)
		end(r, n, f);
}

void worker_release_collect(struct worker_release *r)
{
	while (r->ending) {
		struct note *first = &r->note[r->ending];
		uint32_t next = first->next;

		if (!ask_end(r, first))
			break;
		r->ending = next;
	}
	tell(r);
	take_answers(r, 0, NULL);
}
