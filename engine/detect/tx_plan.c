/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tx_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/mpm.h"
#include "engine/detect/scan_fixed.h"
#include "parser/buffer.h"
#include "parser/protocol.h"

/* Searched buffers of a protocol and direction; rules on those beyond are tried on every transaction. */
#define SLOTS_MAX 128

#define HTTP_PROTOS (APP_PROTO_BIT(APP_PROTO_HTTP1) | APP_PROTO_BIT(APP_PROTO_HTTP2))

/* Protocols that carry files. */
#define FILE_PROTOS \
	(HTTP_PROTOS | APP_PROTO_BIT(APP_PROTO_SMTP) | APP_PROTO_BIT(APP_PROTO_FTP_DATA) | \
	 APP_PROTO_BIT(APP_PROTO_SMB) | APP_PROTO_BIT(APP_PROTO_NFS))

/* One entry in one direction. */
struct literal {
	const struct tx_entry *e;
	uint8_t dir;
};

struct plan {
	struct block_builder *block;
	struct literal *literal; /* with a pattern, by database */
	size_t literals;
	struct scan_database *database;
	size_t databases;
	struct tx_slot *slot; /* what is the same for all protocols */
	uint64_t *protos; /* by slot */
	uint8_t *dir; /* by slot */
	uint8_t *ends; /* by slot: bits 1 << ends of the packets that it is for */
	size_t slots;
	char *why;
};

uint64_t tx_buffer_protos(enum buffer b)
{
	const char *app = buffer_row(b)->app;

	return app ? app_proto_find(app, strlen(app)) : FILE_PROTOS;
}

static bool grows(enum buffer b)
{
	return b == BUFFER_HTTP_REQUEST_BODY || b == BUFFER_HTTP_RESPONSE_BODY ||
	       b == BUFFER_FILE_DATA;
}

static bool is_long(const struct tx_entry *e)
{
	return grows((enum buffer)e->buffer) || e->buffer == BUFFER_PAYLOAD || e->frame;
}

/* Compared at its place. */
static bool is_fixed(const struct tx_entry *e)
{
	return e->fixed && !e->transforms;
}

/* Of HTTP the body of a response is its file, byte for byte: it is searched once for both. */
static uint8_t searched_in(const struct tx_entry *e)
{
	return e->buffer == BUFFER_HTTP_RESPONSE_BODY && e->directions == 2 &&
			       !(e->protos & ~HTTP_PROTOS)
		       ? BUFFER_FILE_DATA
		       : e->buffer;
}

static bool same_slot(const struct literal *a, const struct literal *b)
{
	return a->dir == b->dir && searched_in(a->e) == searched_in(b->e) &&
	       a->e->frame == b->e->frame && a->e->transforms == b->e->transforms &&
	       (!a->e->frame || a->e->protos == b->e->protos);
}

static bool same_pattern(const struct tx_entry *a, const struct tx_entry *b)
{
	return a->nocase == b->nocase && a->len == b->len &&
	       memcmp(a->pattern, b->pattern, a->len) == 0;
}

#define ORDER_BY(a, b) \
	if ((a) != (b)) \
	return (a) < (b) ? -1 : 1

static int by_slot(const void *a, const void *b)
{
	const struct literal *x = a, *y = b;
	int bytes;

	ORDER_BY(x->dir, y->dir);
	ORDER_BY(searched_in(x->e), searched_in(y->e));
	ORDER_BY(x->e->frame, y->e->frame);
	ORDER_BY(x->e->frame ? x->e->protos : 0, y->e->frame ? y->e->protos : 0);
	ORDER_BY(x->e->transforms, y->e->transforms);
	ORDER_BY(is_fixed(x->e), is_fixed(y->e));
	ORDER_BY(x->e->nocase, y->e->nocase);
	ORDER_BY(x->e->len, y->e->len);
	bytes = memcmp(x->e->pattern, y->e->pattern, x->e->len);
	if (bytes)
		return bytes;
	ORDER_BY(x->e->rule, y->e->rule);
	return 0;
}

/* Literals with their rules, each once. */
struct patterns {
	struct hs_literal *literal;
	struct section *rules;
	size_t count;
};

static int patterns_init(struct patterns *u, size_t n)
{
	*u = (struct patterns){
		.literal = calloc(n, sizeof(*u->literal)),
		.rules = calloc(n, sizeof(*u->rules)),
	};
	return u->literal && u->rules ? 0 : -ENOMEM;
}

static void patterns_fini(struct patterns *u)
{
	free(u->literal);
	free(u->rules);
}

static int gather_patterns(struct plan *p, struct patterns *u, const struct literal *l, size_t n,
			   struct scan_database *db)
{
	uint32_t *rules = calloc(n, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < n; u->count++) {
		const struct tx_entry *e = l[i].e;
		size_t used = 0;

		u->literal[u->count] = (struct hs_literal){ e->pattern, e->len, e->nocase };
		for (; i < n && same_pattern(e, l[i].e); i++) {
			if (!used || rules[used - 1] != l[i].e->rule)
				rules[used++] = l[i].e->rule;
		}
		u->rules[u->count] =
			(struct section){ block_add(p->block, rules, used * sizeof(*rules)),
					  (uint32_t)used };
		db->longest = e->len > db->longest ? e->len : db->longest;
		db->shortest = e->len < db->shortest ? e->len : db->shortest;
	}
	free(rules);
	return 0;
}

static int put_patterns(struct plan *p, const struct patterns *u, struct scan_database *db)
{
	/* One more: that of the number which means nothing. */
	struct scan_pattern *pattern = calloc(u->count + 1, sizeof(*pattern));

	if (!pattern)
		return -ENOMEM;
	for (size_t i = 0; i < u->count; i++)
		pattern[i].rules[0] = u->rules[i];
	db->patterns =
		(struct section){ block_add(p->block, pattern, (u->count + 1) * sizeof(*pattern)),
				  (uint32_t)u->count + 1 };
	free(pattern);
	return 0;
}

static int build_search(struct plan *p, const struct patterns *u, enum gram_text text,
			struct scan_database *db)
{
	void *built;
	size_t len;
	int err = mpm_build(u->literal, u->count, text, &built, &len, p->why);

	if (!err)
		db->built = (struct section){ block_add(p->block, built, len), (uint32_t)len };
	free(built);
	return err;
}

/* The n literals that are searched for; a database of its own, and its patterns, each with its rules. */
static int build_database(struct plan *p, const struct literal *l, size_t n)
{
	struct scan_database *db = &p->database[p->databases];
	struct patterns u;
	int err = patterns_init(&u, n);

	*db = (struct scan_database){ .shortest = UINT32_MAX };
	if (!err)
		err = gather_patterns(p, &u, l, n, db);
	if (!err)
		err = build_search(p, &u, is_long(l->e) ? GRAM_TEXT_LONG : GRAM_TEXT_SHORT, db);
	if (!err)
		err = put_patterns(p, &u, db);
	if (!err)
		p->databases++;
	patterns_fini(&u);
	return err;
}

/* The n literals that are compared at their places. */
static int build_fixed(struct plan *p, const struct literal *l, size_t n, uint32_t *out)
{
	struct fixed_literal *fixed = calloc(n * PATTERN_FIXED_PLACES, sizeof(*fixed));
	size_t count = 0;

	if (!fixed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < l[i].e->places; k++)
			fixed[count++] = (struct fixed_literal){
				.data = l[i].e->pattern,
				.rule = l[i].e->rule,
				.place = (uint16_t)(l[i].e->place + k),
				.len = (uint8_t)l[i].e->len,
				.nocase = l[i].e->nocase,
			};
	}
	*out = scan_fixed_build(p->block, fixed, count);
	free(fixed);
	return 0;
}

/* The n literals of a buffer in one direction, from some ends: first those that are searched for. */
static int build_slot(struct plan *p, const struct literal *l, size_t n, uint8_t ends)
{
	struct tx_slot *slot = &p->slot[p->slots];
	enum buffer b = (enum buffer)searched_in(l->e);
	size_t searched = 0;
	int err = 0;

	while (searched < n && !is_fixed(l[searched].e))
		searched++;
	*slot = (struct tx_slot){
		.database = NO_DATABASE,
		.buffer = (uint8_t)b,
		.frame = l->e->frame,
		.transforms = l->e->transforms,
		.flags = (uint8_t)((buffer_row(b)->multiple ? TX_SLOT_MULTIPLE : 0) |
				   (grows(b) ? TX_SLOT_GROWS : 0)),
	};
	for (size_t i = 0; i < n; i++)
		p->protos[p->slots] |= l[i].e->protos;
	p->ends[p->slots] = ends;
	p->dir[p->slots++] = l->dir;
	if (searched) {
		slot->database = (uint32_t)p->databases;
		err = build_database(p, l, searched);
	}
	if (!err && searched < n)
		err = build_fixed(p, l + searched, n - searched, &slot->fixed);
	return err;
}

/* Whether packets from these two ends meet the same of n literals. */
static bool same_for(const struct literal *l, size_t n, unsigned a, unsigned b)
{
	for (size_t i = 0; i < n; i++) {
		if ((l[i].e->ends >> a & 1) != (l[i].e->ends >> b & 1))
			return false;
	}
	return true;
}

/* A slot for each kind of ends; those that meet the same literals share one. */
static int build_each(struct plan *p, const struct literal *l, size_t n)
{
	struct literal *some = calloc(n, sizeof(*some));
	unsigned left = ENDS_ALL, ends = 0;
	int err = some ? 0 : -ENOMEM;

	for (; !err && left; left &= ~ends) {
		unsigned one = (unsigned)__builtin_ctz(left);
		size_t count = 0;

		ends = 0;
		for (unsigned other = one; other < ENDS; other++)
			ends |= same_for(l, n, one, other) ? 1u << other : 0;
		for (size_t i = 0; i < n; i++) {
			if (l[i].e->ends >> one & 1)
				some[count++] = l[i];
		}
		if (count)
			err = build_slot(p, some, count, (uint8_t)ends);
	}
	free(some);
	return err;
}

static void gather(struct plan *p, const struct tx_entry *entry, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (uint8_t dir = 0; dir < 2; dir++) {
			if (entry[i].pattern && (entry[i].directions >> dir & 1))
				p->literal[p->literals++] = (struct literal){ &entry[i], dir };
		}
	}
	if (p->literals)
		qsort(p->literal, p->literals, sizeof(*p->literal), by_slot);
}

static int build_slots(struct plan *p)
{
	size_t end;
	int err = 0;

	for (size_t i = 0; i < p->literals && !err; i = end) {
		for (end = i + 1; end < p->literals; end++) {
			if (!same_slot(&p->literal[i], &p->literal[end]))
				break;
		}
		err = build_each(p, &p->literal[i], end - i);
	}
	return err;
}

/* Which of the databases' rules are tried always, in this protocol and direction, for want of a slot. */
static bool has_slot(const struct tx_slot *slot, size_t slots, const struct tx_entry *e)
{
	for (size_t i = 0; i < slots; i++) {
		const struct tx_slot *s = &slot[i];

		if (s->buffer == searched_in(e) && s->frame == e->frame &&
		    s->transforms == e->transforms)
			return true;
	}
	return false;
}

/* Whose way it is. */
struct way_of {
	unsigned proto, dir, ends;
	bool frames; /* or transactions */
};

static bool entry_is_of(const struct tx_entry *e, const struct way_of *w)
{
	return (e->protos & APP_PROTO_BIT(w->proto)) && (e->directions >> w->dir & 1) &&
	       (e->ends >> w->ends & 1) && (e->frame != 0) == w->frames;
}

static bool slot_is_of(const struct plan *p, size_t slot, const struct way_of *w)
{
	return p->dir[slot] == w->dir && (p->ends[slot] >> w->ends & 1) &&
	       (p->slot[slot].frame != 0) == w->frames &&
	       (p->protos[slot] & APP_PROTO_BIT(w->proto));
}

static int build_way(struct plan *p, const struct tx_entry *entry, size_t count,
		     const struct way_of *w, struct tx_way *way)
{
	struct tx_slot *slot = calloc(SLOTS_MAX, sizeof(*slot));
	uint32_t *always = calloc(count + 1, sizeof(*always));
	uint32_t *packet = calloc(count + 1, sizeof(*packet));
	size_t slots = 0, n = 0, packets = 0;
	int err = -ENOMEM;

	if (!slot || !always || !packet)
		goto done;
	err = 0;
	for (size_t i = 0; i < p->slots && slots < SLOTS_MAX; i++) {
		if (slot_is_of(p, i, w))
			slot[slots++] = p->slot[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (!entry_is_of(&entry[i], w))
			continue;
		if (entry[i].pattern && (slots < SLOTS_MAX || has_slot(slot, slots, &entry[i])))
			continue;
		always[n++] = entry[i].rule;
		if (entry[i].with_packet)
			packet[packets++] = entry[i].rule;
	}
	way->slots = (struct section){ block_add(p->block, slot, slots * sizeof(*slot)),
				       (uint32_t)slots };
	way->always = (struct section){ block_intern(p->block, always, n * sizeof(*always)),
					(uint32_t)n };
	way->always_packet =
		(struct section){ block_intern(p->block, packet, packets * sizeof(*packet)),
				  (uint32_t)packets };
done:
	free(slot);
	free(always);
	free(packet);
	return err;
}

/* By protocol, direction and ends. */
typedef struct tx_way tx_ways[APP_PROTO__COUNT][2][ENDS];

static int build_ways(struct plan *p, const struct tx_entry *entry, size_t count, bool frames,
		      struct section *out)
{
	tx_ways way;
	int err = 0;

	memset(way, 0, sizeof(way));
	for (struct way_of w = { .frames = frames }; w.proto < APP_PROTO__COUNT; w.proto++) {
		for (w.dir = 0; w.dir < 2 && app_proto_built(w.proto); w.dir++) {
			for (w.ends = 0; w.ends < ENDS && !err; w.ends++)
				err = build_way(p, entry, count, &w, &way[w.proto][w.dir][w.ends]);
		}
	}
	*out = (struct section){ block_add(p->block, way, sizeof(way)),
				 2 * ENDS * APP_PROTO__COUNT };
	return err;
}

int tx_plan_build(struct block_builder *b, struct block_header *h, const struct tx_entry *entry,
		  size_t count, char why[128])
{
	struct plan p = { .block = b, .why = why };
	size_t room = 2 * ENDS * count + 1;
	int err = -ENOMEM;

	p.literal = calloc(2 * count + 1, sizeof(*p.literal));
	p.database = calloc(room, sizeof(*p.database));
	p.slot = calloc(room, sizeof(*p.slot));
	p.protos = calloc(room, sizeof(*p.protos));
	p.dir = calloc(room, sizeof(*p.dir));
	p.ends = calloc(room, sizeof(*p.ends));
	if (!p.literal || !p.database || !p.slot || !p.protos || !p.dir || !p.ends)
		goto done;
	gather(&p, entry, count);
	err = build_slots(&p);
	if (!err)
		err = build_ways(&p, entry, count, false, &h->tx_ways);
	if (!err)
		err = build_ways(&p, entry, count, true, &h->frame_ways);
	if (err)
		goto done;
	h->tx_databases =
		(struct section){ block_add(b, p.database, p.databases * sizeof(*p.database)),
				  (uint32_t)p.databases };
done:
	free(p.literal);
	free(p.database);
	free(p.slot);
	free(p.protos);
	free(p.dir);
	free(p.ends);
	return err;
}
