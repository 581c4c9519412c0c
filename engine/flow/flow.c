/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/flow/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/base/large.h"
#include "engine/flow/table.h"

static const char *const state_name[FLOW_STATE__COUNT] = {
	[FLOW_NEW] = "new",
	[FLOW_ESTABLISHED] = "established",
	[FLOW_CLOSED] = "closed",
	[FLOW_BYPASSED] = "bypassed",
};

const char *flow_state_name(enum flow_state s)
{
	return s < FLOW_STATE__COUNT ? state_name[s] : "unknown";
}

const char *flow_end_reason_name(enum flow_end_reason r)
{
	switch (r) {
	case FLOW_END_TIMEOUT:
		return "timeout";
	case FLOW_END_FORCED:
		return "forced";
	case FLOW_END_SHUTDOWN:
		return "shutdown";
	case FLOW_END_TCP_REUSE:
		return "tcp_reuse";
	}
	return "unknown";
}

/* --- the table ------------------------------------------------------------------------------- */

void flow_table_refresh(struct flow_table *t, flow_refresh_fn refresh)
{
	t->refresh = refresh;
}

/* So many until there are as many flows: 256 KiB. */
#define FEW_CHAINS 65536u

static size_t heads_bytes(const struct flow_table *t)
{
	return ((size_t)t->full_mask + 1) * sizeof(*t->heads);
}

static uint32_t round_up(uint32_t n)
{
	uint32_t size = 16;

	while (size < n && size < 1u << 31)
		size *= 2;
	return size;
}

uint64_t flow_table_bytes(const struct flow_options *opt)
{
	return pool_bytes(sizeof(struct flow), opt->max_flows) +
	       round_up(opt->hash_size) * sizeof(uint32_t);
}

void flow_table_memory(const struct flow_table *t, struct memory_use *sum)
{
	memory_use_pool(sum, &t->pool);
	memory_use_table(sum, heads_bytes(t));
}

int flow_table_new(const struct flow_options *opt, struct counters *counters, flow_end_fn end,
		   flow_reuse_fn reuse, void *ctx, struct flow_table **out)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	void *map;
	int err;

	if (!t)
		return -ENOMEM;
	t->opt = *opt;
	t->counters = counters;
	t->end = end;
	t->reuse = reuse;
	t->ctx = ctx;
	hash_chain_init(&t->hash, &opt->key);
	t->full_mask = round_up(opt->hash_size) - 1;
	t->mask = t->full_mask < FEW_CHAINS ? t->full_mask : FEW_CHAINS - 1;
	t->recovered = (uint32_t)((uint64_t)opt->max_flows *
				  (100 - (opt->emergency_recovery_percent < 100
						  ? opt->emergency_recovery_percent
						  : 100)) /
				  100);
	err = pool_init(&t->pool, sizeof(struct flow), opt->max_flows);
	if (err)
		goto fail;
	map = mmap(NULL, heads_bytes(t), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		err = -errno;
		goto fail;
	}
	t->heads = map;
	large_pages(t->heads, heads_bytes(t));
	*out = t;
	return 0;
fail:
	flow_table_free(t);
	return err;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	if (t->heads)
		munmap(t->heads, heads_bytes(t));
	pool_fini(&t->pool);
	free(t);
}

struct flow *flow_at(const struct flow_table *t, uint32_t index)
{
	return pool_at(&t->pool, index);
}

uint32_t flow_last(const struct flow_table *t)
{
	return t->pool.high;
}

/* --- keys ------------------------------------------------------------------------------------ */

/* What finds a flow: the packet's own addresses, or those of the datagram that an error quotes. */
struct key {
	const struct ip_addr *src;
	const struct ip_addr *dst;
	uint16_t sport; /* ICMP: type; ESP: high half of SPI */
	uint16_t dport; /* ICMP: type of the answer, 0: none; ESP: low half */
	uint8_t proto;
	uint8_t ip_version;
	uint8_t depth;
	const uint16_t *vlan; /* three */
};

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

/* Pairs of question and answer. */
static const uint8_t icmp4_pair[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 17, 18 } };
static const uint8_t icmp6_pair[][2] = { { 128, 129 }, { 130, 131 }, { 133, 134 },
					 { 135, 136 }, { 139, 140 }, { 144, 145 } };

/* The type that answers a type or that it answers; 0 where there is none. */
static uint16_t icmp_counterpart(uint8_t proto, uint16_t type)
{
	const uint8_t(*pair)[2] = proto == IP_PROTO_ICMP ? icmp4_pair : icmp6_pair;
	size_t n = proto == IP_PROTO_ICMP ? sizeof(icmp4_pair) / 2 : sizeof(icmp6_pair) / 2;

	for (size_t i = 0; i < n; i++) {
		if (pair[i][0] == type)
			return pair[i][1];
		if (pair[i][1] == type)
			return pair[i][0];
	}
	return 0;
}

static bool is_icmp(uint8_t proto)
{
	return proto == IP_PROTO_ICMP || proto == IP_PROTO_ICMPV6;
}

/* An ICMPv4 error is part of what it is about; it starts no flow. */
static bool is_icmp4_error(const struct packet *p)
{
	if (p->proto != IP_PROTO_ICMP)
		return false;
	switch (p->icmp_type) {
	case ICMP_UNREACHABLE:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM:
		return true;
	default:
		return false;
	}
}

/* What has ports, and nothing else to find its flow by. */
static bool is_plain(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP;
}

static inline struct key key_of(const struct packet *p)
{
	struct key k = {
		.src = &p->src,
		.dst = &p->dst,
		.sport = p->sport,
		.dport = p->dport,
		.proto = p->proto,
		.ip_version = p->ip_version,
		.depth = p->depth,
		.vlan = p->vlan,
	};

	if (is_plain(p->proto))
		return k;
	if (packet_joins_quoted(p)) {
		k.src = &p->quoted_src;
		k.dst = &p->quoted_dst;
		k.sport = p->quoted_sport;
		k.dport = p->quoted_dport;
		k.proto = p->quoted_proto;
	} else if (is_icmp(p->proto)) {
		k.sport = p->icmp_type;
		k.dport = icmp_counterpart(p->proto, p->icmp_type);
	} else if (p->proto == IP_PROTO_ESP) {
		k.sport = (uint16_t)(p->spi >> 16);
		k.dport = (uint16_t)p->spi;
	}
	return k;
}

static bool wants_flow(const struct packet *p)
{
	if (!p->has_l4 || p->no_flow_wanted)
		return false;
	switch (p->proto) {
	case IP_PROTO_TCP:
	case IP_PROTO_UDP:
	case IP_PROTO_SCTP:
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
	case IP_PROTO_ESP:
	/* What a tunnel of IP in IP carries has flows of its own besides. */
	case IP_PROTO_IPIP:
	case IP_PROTO_IPV6:
		return true;
	default:
		return false;
	}
}

/* Both directions give the same words: the lower end stands first. */
static inline uint64_t hash_ends4(const struct flow_table *t, uint64_t src, uint64_t dst,
				  uint8_t proto, uint64_t beside)
{
	const uint64_t words[] = { (src < dst ? src : dst) | (uint64_t)proto << 48 | 4ULL << 56,
				   src < dst ? dst : src, beside };

	return hash_chain(&t->hash, words, 3);
}

static inline uint64_t end4(const struct ip_addr *a, uint16_t port)
{
	return (uint64_t)a->words[0] << 16 | port;
}

/* Any order will do, as long as it is one. */
static bool lies_behind(const struct ip_addr *a, uint16_t a_port, const struct ip_addr *b,
			uint16_t b_port)
{
	if (a->halves[0] != b->halves[0])
		return a->halves[0] > b->halves[0];
	if (a->halves[1] != b->halves[1])
		return a->halves[1] > b->halves[1];
	return a_port > b_port;
}

static uint64_t hash_key6(const struct flow_table *t, const struct key *k, uint64_t beside)
{
	bool turn = lies_behind(k->src, k->sport, k->dst, k->dport);
	const struct ip_addr *low = turn ? k->dst : k->src;
	const struct ip_addr *high = turn ? k->src : k->dst;
	uint32_t ports =
		turn ? (uint32_t)k->dport << 16 | k->sport : (uint32_t)k->sport << 16 | k->dport;
	const uint64_t words[] = { (is_icmp(k->proto) ? 0 : ports) | (uint64_t)k->proto << 48 |
					   6ULL << 56,
				   low->halves[0],
				   low->halves[1],
				   high->halves[0],
				   high->halves[1],
				   beside };

	return hash_chain(&t->hash, words, 6);
}

/* What a flow's packets have in common besides their ends. */
static inline uint64_t beside_of(const struct flow_table *t, const uint16_t *vlan, uint8_t depth)
{
	uint64_t beside = 0;

	if (t->opt.use_vlan)
		beside = vlan[0] | (uint64_t)vlan[1] << 16 | (uint64_t)vlan[2] << 32;
	if (t->opt.use_depth)
		beside |= (uint64_t)depth << 48;
	return beside;
}

/* The codes of ICMP are no part of its flows; types are compared in the chain. */
static uint64_t hash_key(const struct flow_table *t, const struct key *k)
{
	uint64_t beside = beside_of(t, k->vlan, k->depth);
	bool ports = !is_icmp(k->proto);

	if (k->ip_version != 4)
		return hash_key6(t, k, beside);
	return hash_ends4(t, end4(k->src, ports ? k->sport : 0), end4(k->dst, ports ? k->dport : 0),
			  k->proto, beside);
}

/* Not in line: what most packets take would have more to save and restore. */
static __attribute__((noinline)) uint64_t hash_other(const struct flow_table *t,
						     const struct packet *p)
{
	struct key k = key_of(p);

	return hash_key(t, &k);
}

static inline void prefetch_chain(const struct flow_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->heads[hash & t->mask]);
}

uint64_t flow_hash(const struct flow_table *t, const struct packet *p)
{
	uint64_t hash;

	if (p->ip_version == 4 && is_plain(p->proto))
		hash = hash_ends4(t, end4(&p->src, p->sport), end4(&p->dst, p->dport), p->proto,
				  beside_of(t, p->vlan, p->depth));
	else
		hash = hash_other(t, p);
	prefetch_chain(t, hash);
	return hash;
}

const struct flow *flow_prefetch(const struct flow_table *t, uint64_t hash)
{
	const struct flow *f = flow_at(t, t->heads[hash & t->mask]);

	__builtin_prefetch(f);
	__builtin_prefetch((const uint8_t *)f + 64, 1);
	return f;
}

static bool vlans_equal(const struct flow *f, const struct packet *p)
{
	return f->vlan[0] == p->vlan[0] && f->vlan[1] == p->vlan[1] && f->vlan[2] == p->vlan[2];
}

/* 0, 1: the direction in which the packet belongs to the flow; -1: it does not. */
static int match(const struct flow_table *t, const struct flow *f, const struct packet *p,
		 const struct key *k)
{
	uint16_t to = f->server_port;

	if (f->proto != k->proto || f->ip_version != p->ip_version)
		return -1;
	if (t->opt.use_vlan && !vlans_equal(f, p))
		return -1;
	if (t->opt.use_depth && f->depth != p->depth)
		return -1;
	/* server_port is the code there; what is compared is the type of the answer. */
	if (is_icmp(k->proto))
		to = icmp_counterpart(k->proto, f->client_port);
	if (f->client_port == k->sport && to == k->dport && ip_addr_equal(&f->client, k->src) &&
	    ip_addr_equal(&f->server, k->dst))
		return 0;
	if (k->proto == IP_PROTO_ESP)
		return -1;
	if (f->client_port == k->dport && to == k->sport && ip_addr_equal(&f->client, k->dst) &&
	    ip_addr_equal(&f->server, k->src))
		return 1;
	return -1;
}

/* Not in line, as hash_other(). */
static __attribute__((noinline)) struct flow *
find_other(const struct flow_table *t, const struct packet *p, uint64_t hash, int *direction)
{
	uint32_t at = t->heads[hash & t->mask];
	struct key k = key_of(p);

	while (at) {
		struct flow *f = flow_at(t, at);

		*direction = match(t, f, p, &k);
		if (*direction >= 0)
			return f;
		at = f->next;
	}
	return NULL;
}

/* match() for TCP and UDP over IPv4. */
static inline int match4(const struct flow_table *t, const struct flow *f, const struct packet *p)
{
	const uint32_t src = p->src.words[0], dst = p->dst.words[0];

	if (f->proto != p->proto || f->ip_version != 4 || (t->opt.use_vlan && !vlans_equal(f, p)) ||
	    (t->opt.use_depth && f->depth != p->depth))
		return -1;
	if (f->client_port == p->sport && f->server_port == p->dport && f->client.words[0] == src &&
	    f->server.words[0] == dst)
		return 0;
	if (f->client_port == p->dport && f->server_port == p->sport && f->client.words[0] == dst &&
	    f->server.words[0] == src)
		return 1;
	return -1;
}

static inline struct flow *find(const struct flow_table *t, const struct packet *p, uint64_t hash,
				int *direction)
{
	uint32_t at = t->heads[hash & t->mask];

	if (p->ip_version != 4 || !is_plain(p->proto))
		return find_other(t, p, hash, direction);
	while (at) {
		struct flow *f = flow_at(t, at);

		*direction = match4(t, f, p);
		if (*direction >= 0)
			return f;
		at = f->next;
	}
	return NULL;
}

static uint64_t hash_of(const struct flow_table *t, const struct flow *f)
{
	struct key k = {
		.src = &f->client,
		.dst = &f->server,
		.sport = f->client_port,
		.dport = f->server_port,
		.proto = f->proto,
		.ip_version = f->ip_version,
		.depth = f->depth,
		.vlan = f->vlan,
	};

	return hash_key(t, &k);
}

void flow_prefetch_end(const struct flow_table *t, const struct flow *f)
{
	prefetch_chain(t, hash_of(t, f));
	__builtin_prefetch(flow_at(t, f->wheel_next));
	__builtin_prefetch(&flow_at(t, f->wheel_next)->start_ns, 1);
}

static void unchain(struct flow_table *t, struct flow *f)
{
	uint32_t index = flow_index(t, f);
	uint32_t *at = &t->heads[hash_of(t, f) & t->mask];

	while (*at && *at != index)
		at = &flow_at(t, *at)->next;
	if (*at)
		*at = f->next;
}

/* --- time ------------------------------------------------------------------------------------ */

static const struct flow_timeouts *timeouts_of(const struct flow_table *t, uint8_t proto)
{
	switch (proto) {
	case IP_PROTO_TCP:
		return &t->opt.tcp;
	case IP_PROTO_UDP:
		return &t->opt.udp;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMPV6:
		return &t->opt.icmp;
	default:
		return &t->opt.other;
	}
}

int64_t flow_deadline(const struct flow_table *t, const struct flow *f)
{
	const struct flow_timeouts *o = timeouts_of(t, f->proto);
	uint32_t s = 0;

	switch ((enum flow_state)f->state) {
	case FLOW_NEW:
		s = t->emergency ? o->emergency_new_s : o->new_s;
		break;
	case FLOW_ESTABLISHED:
		s = t->emergency ? o->emergency_established_s : o->established_s;
		break;
	case FLOW_CLOSED:
		s = t->emergency ? o->emergency_closed_s : o->closed_s;
		break;
	case FLOW_BYPASSED:
		s = o->bypassed_s;
		break;
	case FLOW_STATE__COUNT:
		break;
	}
	return f->last_ns + (int64_t)s * NS_PER_S;
}

void flow_set_state(struct flow_table *t, struct flow *f, enum flow_state s)
{
	int64_t before;

	if (f->state == s)
		return;
	before = flow_deadline(t, f);
	f->state = (uint8_t)s & 3;
	/* A later deadline is found when the clock comes to the old one. */
	if (flow_deadline(t, f) < before)
		wheel_move(t, f);
}

void flow_tick(struct flow_table *t, int64_t now_ns)
{
	wheel_start(&t->wheel, now_ns);
	wheel_advance(t, now_ns / NS_PER_S);
	if (t->emergency && t->pool.used <= t->recovered) {
		t->emergency = false;
		t->counters->value[COUNTER_FLOW_EMERG_MODE_OVER]++;
	}
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void count_end(struct flow_table *t, const struct flow *f)
{
	uint64_t *value = t->counters->value;

	value[COUNTER_FLOW_ACTIVE]--;
	switch ((enum flow_state)f->state) {
	case FLOW_NEW:
		value[COUNTER_FLOW_END_STATE_NEW]++;
		break;
	case FLOW_ESTABLISHED:
		value[COUNTER_FLOW_END_STATE_ESTABLISHED]++;
		break;
	case FLOW_CLOSED:
		value[COUNTER_FLOW_END_STATE_CLOSED]++;
		break;
	default:
		break;
	}
}

void flow_refresh(struct flow_table *t, struct flow *f, bool ending)
{
	if (t->refresh)
		t->refresh(t->ctx, f, ending);
}

static void tell_end(struct flow_table *t, struct flow *f, enum flow_end_reason reason)
{
	if (f->flags & FLOW_TOLD)
		flow_refresh(t, f, true);
	if (t->end)
		t->end(t->ctx, f, reason);
	count_end(t, f);
}

static void give_back(struct flow_table *t, struct flow *f)
{
	f->number = 0;
	pool_put(&t->pool, flow_index(t, f));
}

void flow_finish(struct flow_table *t, struct flow *f, enum flow_end_reason reason)
{
	tell_end(t, f, reason);
	unchain(t, f);
	wheel_remove(t, f);
	give_back(t, f);
}

void flow_finish_last(struct flow_table *t, struct flow *f)
{
	tell_end(t, f, FLOW_END_SHUTDOWN);
	wheel_remove(t, f);
	give_back(t, f);
}

void flow_end_all(struct flow_table *t)
{
	wheel_end_all(t);
	/* No chain has a flow: of anonymous memory this leaves zeros. */
	if (madvise(t->heads, heads_bytes(t), MADV_DONTNEED))
		memset(t->heads, 0, heads_bytes(t));
}

static void enter_emergency(struct flow_table *t)
{
	t->emergency = true;
	t->counters->value[COUNTER_FLOW_EMERG_MODE_ENTERED]++;
	wheel_rebuild(t);
}

/* The pool is empty: the flow that is next to time out makes room. */
static uint32_t shed(struct flow_table *t)
{
	uint32_t victim;

	t->counters->value[COUNTER_LIMITS_REACHED]++;
	if (!t->emergency)
		enter_emergency(t);
	victim = wheel_soonest(t);
	if (!victim)
		return 0;
	flow_at(t, victim)->flags |= FLOW_EMERGENCY;
	flow_finish(t, flow_at(t, victim), FLOW_END_FORCED);
	return pool_get(&t->pool);
}

static bool may_start(const struct flow_table *t, const struct packet *p)
{
	if (is_icmp4_error(p))
		return false;
	/* In an emergency a flow must at least have a beginning. */
	if (t->emergency && p->proto == IP_PROTO_TCP)
		return (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return true;
}

static void count_start(struct flow_table *t, uint8_t proto)
{
	uint64_t *value = t->counters->value;

	value[COUNTER_FLOW_TOTAL]++;
	value[COUNTER_FLOW_ACTIVE]++;
	switch (proto) {
	case IP_PROTO_TCP:
		value[COUNTER_FLOW_TCP]++;
		break;
	case IP_PROTO_UDP:
		value[COUNTER_FLOW_UDP]++;
		break;
	case IP_PROTO_ICMP:
		value[COUNTER_FLOW_ICMPV4]++;
		break;
	case IP_PROTO_ICMPV6:
		value[COUNTER_FLOW_ICMPV6]++;
		break;
	default:
		break;
	}
}

/* As many chains as there may be: a chain is divided among those whose numbers end as its own. */
static void spread_chains(struct flow_table *t)
{
	uint32_t few = t->mask;

	t->mask = t->full_mask;
	for (uint32_t i = 0; i <= few; i++) {
		uint32_t index = t->heads[i];

		t->heads[i] = 0;
		while (index) {
			struct flow *f = flow_at(t, index);
			uint32_t *head = &t->heads[hash_of(t, f) & t->mask];
			uint32_t next = f->next;

			f->next = *head;
			*head = index;
			index = next;
		}
	}
}

/* Not in line: most packets have one. */
static __attribute__((noinline)) struct flow *start(struct flow_table *t, struct packet *p,
						    uint64_t hash, uint64_t number)
{
	struct key k = key_of(p);
	uint32_t index;
	struct flow *f;

	if (!may_start(t, p))
		return NULL;
	wheel_start(&t->wheel, p->time_ns);
	index = pool_get(&t->pool);
	if (!index)
		index = shed(t);
	if (!index) {
		packet_exception(p, EXCEPTION_FLOW_MEMCAP);
		return NULL;
	}
	f = flow_at(t, index);
	f->client = *k.src;
	f->server = *k.dst;
	f->client_port = k.sport;
	f->server_port = is_icmp(p->proto) ? p->icmp_code : k.dport;
	memcpy(f->vlan, p->vlan, sizeof(f->vlan));
	f->vlans = p->vlans & 3;
	f->proto = k.proto;
	f->ip_version = p->ip_version & 0xf;
	f->depth = p->depth & 0xf;
	f->start_ns = p->time_ns;
	f->last_ns = p->time_ns;
	f->number = number;
	f->icmp_id = p->icmp_id;
	f->flags = t->emergency ? FLOW_EMERGENCY : 0;
	if (t->pool.used > t->mask && t->mask < t->full_mask)
		spread_chains(t);
	f->next = t->heads[hash & t->mask];
	t->heads[hash & t->mask] = index;
	wheel_insert(t, f);
	count_start(t, f->proto);
	return f;
}

/* --- packets --------------------------------------------------------------------------------- */

static void account(struct flow *f, const struct packet *p)
{
	unsigned dir = p->direction;

	if (p->time_ns > f->last_ns)
		f->last_ns = p->time_ns;
	/* Of what is kept elsewhere nobody knows it. */
	if (!flow_is_released(f, dir)) {
		if (!f->packets[dir] || p->ttl < f->min_ttl[dir])
			f->min_ttl[dir] = p->ttl;
		if (p->ttl > f->max_ttl[dir])
			f->max_ttl[dir] = p->ttl;
	}
	f->packets[dir]++;
	f->bytes[dir] += p->wire_len;
	f->flags |= dir ? FLOW_TO_CLIENT_SEEN : FLOW_TO_SERVER_SEEN;
	if (p->proto == IP_PROTO_TCP)
		f->tcp_flags[dir] |= p->tcp.flags;
}

void flow_merge(struct flow *f, unsigned way, const struct flow_kept *k)
{
	if (k->last_ns > f->last_ns)
		f->last_ns = k->last_ns;
	f->packets[way & 1] += (uint32_t)k->packets;
	f->bytes[way & 1] += k->bytes;
	if (f->proto == IP_PROTO_TCP)
		f->tcp_flags[way & 1] |= k->tcp_flags;
}

/*
 * What rules call established: of TCP, what the session was before this packet; so the ACK that ends
 * the handshake is not yet.  Of the others, both sides have been seen.
 */
static bool established(struct flow_table *t, struct flow *f)
{
	const uint16_t both = FLOW_TO_SERVER_SEEN | FLOW_TO_CLIENT_SEEN;

	if (f->proto == IP_PROTO_TCP)
		return f->state != FLOW_NEW;
	if ((f->flags & both) != both)
		return false;
	if (f->state == FLOW_NEW)
		flow_set_state(t, f, FLOW_ESTABLISHED);
	return true;
}

/* Which side an error about a flow comes from is told by its own address, not the quoted one. */
static unsigned direction_of(const struct flow *f, const struct packet *p, int matched)
{
	if (!is_plain(p->proto) && packet_joins_quoted(p))
		return !ip_addr_equal(&f->client, &p->src);
	return (unsigned)matched;
}

/*
 * The clock looks at flows once a second: one whose time was over before this packet ends now.  What is kept
 * elsewhere may have been seen there since.
 */
static bool is_over(struct flow_table *t, struct flow *f, const struct packet *p)
{
	if (p->time_ns - f->last_ns < NS_PER_S || p->time_ns < flow_deadline(t, f))
		return false;
	if (f->flags & FLOW_TOLD)
		flow_refresh(t, f, false);
	return p->time_ns >= flow_deadline(t, f);
}

static bool may_reuse(const struct packet *p)
{
	return p->proto == IP_PROTO_TCP && (p->tcp.flags & TCP_SYN);
}

void flow_update(struct flow_table *t, struct packet *p, uint64_t hash, uint64_t number)
{
	struct flow *f;
	int direction = 0;

	p->flow = NULL;
	p->flow_index = 0;
	if (!wants_flow(p))
		return;
	f = find(t, p, hash, &direction);
	if (f && is_over(t, f, p)) {
		flow_finish(t, f, FLOW_END_TIMEOUT);
		f = NULL;
	}
	if (f && may_reuse(p) && f->proto == IP_PROTO_TCP && t->reuse) {
		p->direction = direction & 1;
		if (t->reuse(t->ctx, f, p)) {
			flow_finish(t, f, FLOW_END_TCP_REUSE);
			t->counters->value[COUNTER_FLOW_TCP_REUSE]++;
			f = NULL;
		}
	}
	if (!f) {
		direction = 0;
		f = start(t, p, hash, number);
		if (!f)
			return;
	}
	p->flow = f;
	p->flow_index = flow_index(t, f);
	p->direction = direction_of(f, p, direction) & 1;
	account(f, p);
	p->established = established(t, f);
}

#define SWAP(a, b) \
	do { \
		__typeof__(a) swap_ = (a); \
		(a) = (b); \
		(b) = swap_; \
	} while (0)

static uint16_t turned(unsigned ways)
{
	return (uint16_t)((ways << 1 | ways >> 1) & FLOW_WAYS_BOTH);
}

void flow_reverse(struct flow_table *t, struct flow *f)
{
	uint16_t seen = f->flags & (FLOW_TO_SERVER_SEEN | FLOW_TO_CLIENT_SEEN);
	uint16_t iponly = f->flags & (FLOW_IPONLY_TOSERVER | FLOW_IPONLY_TOCLIENT);

	(void)t;
	f->released = turned(f->released);
	f->held = turned(f->held);
	SWAP(f->client, f->server);
	SWAP(f->client_port, f->server_port);
	SWAP(f->bytes[0], f->bytes[1]);
	SWAP(f->packets[0], f->packets[1]);
	SWAP(f->tcp_flags[0], f->tcp_flags[1]);
	SWAP(f->min_ttl[0], f->min_ttl[1]);
	SWAP(f->max_ttl[0], f->max_ttl[1]);
	f->flags &= (uint16_t) ~(seen | iponly);
	if (seen & FLOW_TO_SERVER_SEEN)
		f->flags |= FLOW_TO_CLIENT_SEEN;
	if (seen & FLOW_TO_CLIENT_SEEN)
		f->flags |= FLOW_TO_SERVER_SEEN;
	if (iponly & FLOW_IPONLY_TOSERVER)
		f->flags |= FLOW_IPONLY_TOCLIENT;
	if (iponly & FLOW_IPONLY_TOCLIENT)
		f->flags |= FLOW_IPONLY_TOSERVER;
	f->flags ^= FLOW_REVERSED;
}

/* --- names ----------------------------------------------------------------------------------- */

#define ID_HALF_BITS 26
#define ID_ROUNDS 4

/* A Feistel network over 52 bits: a permutation, so two flows never share an id. */
static uint64_t permute(const struct hash_key *key, uint64_t number)
{
	const uint64_t mask = (1ULL << ID_HALF_BITS) - 1;
	uint64_t left = number >> ID_HALF_BITS & mask;
	uint64_t right = number & mask;

	for (uint64_t round = 0; round < ID_ROUNDS; round++) {
		uint64_t words[2] = { 0x666c6f77 + round, right };
		uint64_t next = left ^ (hash_words(key, words, 2) & mask);

		left = right;
		right = next;
	}
	return left << ID_HALF_BITS | right;
}

uint64_t flow_id(const struct flow_table *t, const struct flow *f)
{
	uint64_t id = permute(&t->opt.key, f->number);

	/* 0 means "no flow"; no flow has number 0, so its id is free for the one that would be 0. */
	return id ? id : permute(&t->opt.key, 0);
}
