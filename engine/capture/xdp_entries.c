/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of released flows and blocked addresses: made, read and taken away, many at a time. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "engine/capture/xdp_stage.h"

#define BATCH 1024
#define SETS 64 /* made in one call */

/* --- requests -------------------------------------------------------------------------------------- */

/* Make them in one call.  Returns how many were made; the next one is what failed. */
static __u32 make(int map, const void *keys, const void *values, __u32 n)
{
	struct bpf_map_batch_opts opts = { .sz = sizeof(opts), .elem_flags = BPF_NOEXIST };
	__u32 done = n;

	if (n && bpf_map_update_batch(map, keys, values, &done, &opts))
		return done < n ? done : 0;
	return n;
}

/*
 * It is there already, or there is no room.  What it has counted stays: taken out in one call, so
 * that what comes in between goes up.
 */
static int change(int map, const struct weir_flow_key *key, struct weir_flow *f)
{
	struct weir_flow old;

	if (!bpf_map_lookup_and_delete_elem(map, key, &old) && !old.cleared) {
		memcpy(f->way, old.way, sizeof(f->way));
		memcpy(f->tcp_flags, old.tcp_flags, sizeof(f->tcp_flags));
		f->last_ns = old.last_ns;
	}
	if (!bpf_map_update_elem(map, key, f, BPF_ANY))
		return 0;
	return errno == E2BIG ? -ENOSPC : -errno;
}

static void set_flows(struct xdp_stage *s, const struct release_request *q, unsigned n,
		      struct release_answer *a)
{
	struct weir_flow_key keys[SETS];
	struct weir_flow flows[SETS];

	for (unsigned i = 0; i < n; i++) {
		keys[i] = q[i].key.flow;
		flows[i] = (struct weir_flow){ .action = q[i].action,
					       .ways = q[i].ways,
					       .cookie = q[i].cookie,
					       .expires_ns = q[i].expires_ns,
					       .rate = q[i].rate };
	}
	atomic_fetch_add(&s->sets, n);
	for (unsigned i = 0; i < n; i++)
		s->expiring |= q[i].expires_ns != 0;
	for (unsigned i = 0; i < n; i++) {
		i += make(s->maps->flows, keys + i, flows + i, n - i);
		if (i < n)
			a[i].status = change(s->maps->flows, &keys[i], &flows[i]);
	}
}

static void read_flow(struct xdp_stage *s, const struct release_request *q, bool take,
		      struct release_answer *a)
{
	int err = take ? bpf_map_lookup_and_delete_elem(s->maps->flows, &q->key.flow, &a->flow)
		       : bpf_map_lookup_elem(s->maps->flows, &q->key.flow, &a->flow);

	if (err) {
		a->status = -errno;
		memset(&a->flow, 0, sizeof(a->flow));
	} else if (a->flow.cleared) {
		a->status = -EEXIST;
	}
}

/* The program looks at addresses only where there are some. */
static void count_addresses(struct xdp_stage *s, int by)
{
	s->addresses = (uint32_t)((int)s->addresses + by);
	__atomic_store_n(&s->switches->blocks, s->addresses, __ATOMIC_RELAXED);
}

static void block(struct xdp_stage *s, const struct release_request *q, struct release_answer *a)
{
	struct weir_address entry = { .action = q->action ? q->action : WEIR_ACTION_DROP,
				      .expires_ns = q->expires_ns,
				      .rate = q->rate };

	s->expiring |= q->expires_ns != 0;
	if (!bpf_map_update_elem(s->maps->addresses, &q->key.address, &entry, BPF_NOEXIST)) {
		count_addresses(s, 1);
		return;
	}
	if (errno != EEXIST ||
	    bpf_map_update_elem(s->maps->addresses, &q->key.address, &entry, BPF_EXIST))
		a->status = errno == E2BIG ? -ENOSPC : -errno;
}

static void unblock(struct xdp_stage *s, const struct release_request *q, struct release_answer *a)
{
	if (bpf_map_delete_elem(s->maps->addresses, &q->key.address))
		a->status = -errno;
	else
		count_addresses(s, -1);
}

static void apply_one(struct xdp_stage *s, const struct release_request *q,
		      struct release_answer *a)
{
	switch (q->op) {
	case RELEASE_END:
	case RELEASE_READ:
		read_flow(s, q, q->op == RELEASE_END, a);
		break;
	case RELEASE_BLOCK:
		block(s, q, a);
		break;
	case RELEASE_UNBLOCK:
		unblock(s, q, a);
		break;
	default:
		a->status = -EINVAL;
		break;
	}
}

void xdp_stage_apply(struct xdp_stage *s, const struct release_request *q, unsigned n,
		     struct release_answer *answers)
{
	unsigned run;

	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < n; i++) {
		answers[i] = (struct release_answer){ .op = q[i].op, .cookie = q[i].cookie };
		if (q[i].op == RELEASE_SET || q[i].op == RELEASE_END || q[i].op == RELEASE_READ)
			answers[i].key = q[i].key.flow;
	}
	for (unsigned i = 0; i < n; i += run) {
		for (run = 0; run < SETS && i + run < n && q[i + run].op == RELEASE_SET; run++)
			;
		if (run) {
			set_flows(s, q + i, run, answers + i);
		} else {
			apply_one(s, q + i, answers + i);
			run = 1;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

/* --- reading all ----------------------------------------------------------------------------------- */

struct reading {
	int map;
	size_t key_len, value_len;
	char *keys, *values;
	/* Returns false: no more. */
	bool (*each)(struct reading *r, const void *key, const void *value);
	void *fn, *arg;
	int count;
};

static int read_batches(struct reading *r)
{
	struct bpf_map_batch_opts opts = { .sz = sizeof(opts) };
	/* A position in the table; the kernel needs 4 bytes of it, and a key's length is enough. */
	char at[128], next[128];
	void *from = NULL;
	int err = 0;

	while (!err) {
		__u32 n = BATCH;

		if (bpf_map_lookup_batch(r->map, from, next, r->keys, r->values, &n, &opts))
			err = errno == ENOENT ? 1 : -errno;
		if (err < 0)
			break;
		for (__u32 i = 0; i < n; i++) {
			r->count++;
			if (!r->each(r, r->keys + i * r->key_len, r->values + i * r->value_len))
				return 0;
		}
		memcpy(at, next, sizeof(at));
		from = at;
	}
	return err < 0 ? err : 0;
}

static int read_all(struct reading *r)
{
	int err = -ENOMEM;

	r->keys = calloc(BATCH, r->key_len);
	r->values = calloc(BATCH, r->value_len);
	if (r->keys && r->values)
		err = read_batches(r);
	free(r->keys);
	free(r->values);
	return err ? err : r->count;
}

struct flow_reader {
	xdp_flow_fn fn;
	void *arg;
};

static bool each_flow(struct reading *r, const void *key, const void *value)
{
	const struct flow_reader *f = r->arg;

	return f->fn(f->arg, key, value);
}

int xdp_stage_flows(struct xdp_stage *s, xdp_flow_fn fn, void *arg)
{
	struct flow_reader f = { .fn = fn, .arg = arg };
	struct reading r = { .map = s->maps->flows,
			     .key_len = sizeof(struct weir_flow_key),
			     .value_len = sizeof(struct weir_flow),
			     .each = each_flow,
			     .arg = &f };
	uint64_t sets = atomic_load(&s->sets);
	int n;

	/* Going through an empty table costs as much as through a full one; only requests fill it. */
	if (sets == atomic_load(&s->empty_at))
		return 0;
	n = read_all(&r);
	if (n == 0)
		atomic_store(&s->empty_at, sets);
	return n;
}

struct address_reader {
	xdp_address_fn fn;
	void *arg;
};

static bool each_address(struct reading *r, const void *key, const void *value)
{
	const struct address_reader *f = r->arg;

	return f->fn(f->arg, key, value);
}

int xdp_stage_addresses(struct xdp_stage *s, xdp_address_fn fn, void *arg)
{
	struct address_reader f = { .fn = fn, .arg = arg };
	struct reading r = { .map = s->maps->addresses,
			     .key_len = sizeof(struct weir_address_key),
			     .value_len = sizeof(struct weir_address),
			     .each = each_address,
			     .arg = &f };

	return read_all(&r);
}

/* --- expiry ---------------------------------------------------------------------------------------- */

#define EXPIRE_MAX 4096 /* of each kind, a call */

struct expiry {
	uint64_t now_ns;
	unsigned flows, addresses;
	struct weir_flow_key flow[EXPIRE_MAX];
	struct weir_address_key address[EXPIRE_MAX];
};

static bool flow_expired(void *arg, const struct weir_flow_key *key, const struct weir_flow *f)
{
	struct expiry *e = arg;

	if (f->expires_ns && f->expires_ns <= e->now_ns)
		e->flow[e->flows++] = *key;
	return e->flows < EXPIRE_MAX;
}

static bool address_expired(void *arg, const struct weir_address_key *key,
			    const struct weir_address *a)
{
	struct expiry *e = arg;

	if (a->expires_ns && a->expires_ns <= e->now_ns)
		e->address[e->addresses++] = *key;
	return e->addresses < EXPIRE_MAX;
}

int xdp_stage_expire(struct xdp_stage *s, uint64_t now_ns)
{
	struct expiry *e;
	int err, n = 0;

	if (!s->expiring)
		return 0;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->now_ns = now_ns;
	pthread_mutex_lock(&s->lock);
	err = xdp_stage_flows(s, flow_expired, e);
	if (err >= 0)
		err = xdp_stage_addresses(s, address_expired, e);
	for (unsigned i = 0; err >= 0 && i < e->flows; i++)
		n += !bpf_map_delete_elem(s->maps->flows, &e->flow[i]);
	for (unsigned i = 0; err >= 0 && i < e->addresses; i++) {
		if (bpf_map_delete_elem(s->maps->addresses, &e->address[i]))
			continue;
		count_addresses(s, -1);
		n++;
	}
	pthread_mutex_unlock(&s->lock);
	free(e);
	return err < 0 ? err : n;
}
