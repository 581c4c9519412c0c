/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tag.h"

#include <errno.h>
#include <stdlib.h>

#define NS_PER_S 1000000000ll

struct host {
	struct ip_addr addr;
	int64_t since_ns;
	uint64_t packet; /* that began it */
	uint64_t used;
	uint32_t index; /* of the condition */
	uint32_t count;
	uint8_t version;
	uint8_t metric;
};

struct tag_table {
	unsigned hosts;
	struct host host[TAG_HOSTS_MAX]; /* the live ones, in the order they were made */
};

int tag_table_new(struct tag_table **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void tag_table_free(struct tag_table *t)
{
	free(t);
}

static uint64_t limit_of(const struct cond *c)
{
	return c->tag.count ? c->tag.count : TAG_PACKETS;
}

/* What a packet is in the tag's measure; seconds are looked at apart. */
static uint64_t weight(uint8_t metric, const struct packet *p)
{
	return metric == TAG_BYTES ? p->data.len : 1;
}

static bool add_host(struct tag_table *t, const struct packet *p, const struct cond *c,
		     uint32_t index)
{
	const struct ip_addr *addr = c->tag.src ? &p->src : &p->dst;
	struct host *h = NULL;

	for (unsigned i = 0; i < t->hosts && !h; i++) {
		if (t->host[i].index == index && t->host[i].version == p->ip_version &&
		    ip_addr_equal(&t->host[i].addr, addr))
			h = &t->host[i];
	}
	if (!h && t->hosts == TAG_HOSTS_MAX)
		return false;
	if (!h)
		h = &t->host[t->hosts++];
	*h = (struct host){ .addr = *addr,
			    .since_ns = p->time_ns,
			    .packet = p->number,
			    .index = index,
			    .count = (uint32_t)limit_of(c),
			    .version = p->ip_version,
			    .metric = c->tag.metric };
	return true;
}

/* rule: the low half of the number of the packet that began it. */
static bool add_flow(struct state_table *flows, const struct packet *p, const struct cond *c,
		     uint32_t index)
{
	struct state_entry *e;

	if (!p->flow)
		return true;
	e = state_make(flows, p->flow, STATE_TAG, c->tag.metric, index);
	if (!e)
		return false;
	e->value = limit_of(c);
	if (c->tag.metric == TAG_SECONDS)
		e->value += (uint64_t)(p->time_ns / NS_PER_S);
	e->rule = (uint32_t)p->number;
	return true;
}

bool tag_add(struct tag_table *hosts, struct state_table *flows, const struct packet *p,
	     const struct cond *c, uint32_t index)
{
	if (!c->tag.host)
		return add_flow(flows, p, c, index);
	return !hosts || !p->ip_version || add_host(hosts, p, c, index);
}

/* One tag of a flow; *over: it has told of all that it should. */
static bool tells(struct state_entry *e, const struct packet *p, bool *over)
{
	uint64_t w = weight(e->direction, p);

	*over = false;
	if (e->rule == (uint32_t)p->number)
		return false;
	if (e->direction == TAG_SECONDS) {
		*over = (uint64_t)(p->time_ns / NS_PER_S) > e->value;
		return !*over;
	}
	*over = w > e->value;
	if (!*over)
		e->value -= w;
	return !*over;
}

bool tag_flow(struct state_table *flows, const struct packet *p)
{
	bool tagged = false, over;
	uint32_t next;

	for (uint32_t i = p->flow->detect; i; i = next) {
		struct state_entry *e = state_at(flows, i);

		next = e->next;
		if (e->kind != STATE_TAG)
			continue;
		tagged |= tells(e, p, &over);
		if (over)
			state_remove(flows, p->flow, STATE_TAG, e->direction, e->key);
	}
	return tagged;
}

bool tag_hosts(struct tag_table *t, const struct packet *p)
{
	bool tagged = false;
	unsigned kept = 0;

	for (unsigned i = 0; i < t->hosts; i++) {
		struct host h = t->host[i];
		bool over = false;

		if (h.packet != p->number && h.version == p->ip_version &&
		    (ip_addr_equal(&h.addr, &p->src) || ip_addr_equal(&h.addr, &p->dst))) {
			h.used += weight(h.metric, p);
			over = h.metric == TAG_SECONDS
				       ? p->time_ns - h.since_ns > (int64_t)h.count * NS_PER_S
				       : h.used > h.count;
			tagged |= !over;
		}
		if (!over)
			t->host[kept++] = h;
	}
	t->hosts = kept;
	return tagged;
}
