/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/scan_plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/mpm.h"
#include "engine/detect/scan_fixed.h"

/* Rules on payloads of a few small lengths: no others are searched for their patterns. */
#define SMALL_MAX (LENGTHS - 1)
#define SMALL_LENGTHS 8
/* Rules on what is sent before an answer: nothing is searched for their patterns later on. */
#define PEER_BELOW_MAX 128

/* Port pairs with databases of their own, and how many rules make one worth it. */
#define BIG_MAX 1
#define BIG_RULES 48
/*
 * Bits of a class: the other port pairs that most packets meet, those that few meet, then the big ones.
 * Most packets have a port of the clients' range and one of a busy service.
 */
#define MASK_WIDE 1u
#define MASK_NARROW 2u
#define MASK_REST (MASK_WIDE | MASK_NARROW)
#define MASK_BIG(i) (4u << (i))
static_assert(MASK_BIG(BIG_MAX) == SCAN_MASKS, "a bit for each kind");
#define NARROW_MAX 1024
static const uint16_t busy_ports[] = { 80, 443 };

struct pair {
	uint32_t sport, dport;
	uint32_t rules;
	uint32_t mask; /* MASK_ bit; 0: any ports, in every class */
};

/* One side's port sets and the groups of ports that they cannot tell apart. */
struct side {
	uint32_t *sets; /* distinct offsets, [0] is any */
	unsigned set_count;
	uint16_t *group; /* of each port */
	unsigned group_count;
	bool *within; /* [group][set] */
};

struct built {
	uint64_t hash;
	uint32_t database;
};

struct plan {
	struct block_builder *block;
	const struct scan_entry *entry;
	size_t entries;
	char *why;
	int err;
	unsigned ends; /* kinds of them: without a home all packets are of the first */

	/* Of the transport being planned. */
	enum scan_proto proto;
	uint32_t *member; /* entries that take part */
	uint32_t *mask; /* of each of them: MASK_ bits */
	size_t members;
	struct pair *pair;
	unsigned pairs;
	uint32_t big[BIG_MAX]; /* indexes of pairs */
	unsigned bigs;

	/* What is made. */
	struct scan_database *database;
	size_t databases;
	struct built *built;
	struct scan_class *class;
	size_t classes;
	uint32_t *step; /* numbers of databases */
	size_t steps;
};

static void *more(struct plan *p, void *array, size_t count, size_t item)
{
	void *grown;

	/* Doubles at each power of two. */
	if (count & (count - 1) || p->err)
		return array;
	grown = realloc(array, (count ? count * 2 : 1) * item);
	if (!grown) {
		p->err = -ENOMEM;
		return array;
	}
	return grown;
}

static uint16_t proto_bits(enum scan_proto proto)
{
	switch (proto) {
	case SCAN_TCP:
		return 1u << PROTO_TCP;
	case SCAN_UDP:
		return 1u << PROTO_UDP;
	default:
		return 1u << PROTO_ICMP | 1u << PROTO_ICMPV6 | 1u << PROTO_SCTP | 1u << PROTO_OTHER;
	}
}

static bool takes_part(const struct scan_entry *e, enum scan_proto proto)
{
	return (e->protos & proto_bits(proto)) != 0;
}

/* --- port pairs --------------------------------------------------------------------------------- */

static void count_pair(struct plan *p, uint32_t sport, uint32_t dport)
{
	for (unsigned i = 0; i < p->pairs; i++) {
		if (p->pair[i].sport == sport && p->pair[i].dport == dport) {
			p->pair[i].rules++;
			return;
		}
	}
	p->pair = more(p, p->pair, p->pairs, sizeof(*p->pair));
	if (!p->err)
		p->pair[p->pairs++] = (struct pair){ sport, dport, 1, 0 };
}

static void count_pairs(struct plan *p)
{
	p->pairs = 0;
	p->bigs = 0;
	count_pair(p, 0, 0);
	for (size_t i = 0; i < p->members; i++) {
		const struct scan_entry *e = &p->entry[p->member[i]];

		count_pair(p, e->sport, e->dport);
		if (e->bidirectional && e->sport != e->dport)
			count_pair(p, e->dport, e->sport);
	}
	while (p->bigs < BIG_MAX && !p->err) {
		unsigned best = 0;

		for (unsigned i = 1; i < p->pairs; i++) {
			bool taken = false;

			for (unsigned k = 0; k < p->bigs; k++)
				taken |= p->big[k] == i;
			if (!taken && p->pair[i].rules >= BIG_RULES &&
			    (!best || p->pair[i].rules > p->pair[best].rules))
				best = i;
		}
		if (!best)
			break;
		p->big[p->bigs++] = best;
	}
}

static bool set_has(const struct plan *p, uint32_t set, unsigned port)
{
	const struct port_block *ports;

	if (!set)
		return true;
	ports = block_pointer(p->block, set);
	for (uint32_t i = 0; i < ports->count; i++) {
		if (port >= ports->range[i].low && port <= ports->range[i].high)
			return true;
	}
	return false;
}

/* Few ports, and none of them busy. */
static bool is_narrow(const struct plan *p, uint32_t set)
{
	const struct port_block *ports;
	unsigned count = 0;

	if (!set)
		return false;
	for (size_t i = 0; i < sizeof(busy_ports) / sizeof(busy_ports[0]); i++) {
		if (set_has(p, set, busy_ports[i]))
			return false;
	}
	ports = block_pointer(p->block, set);
	for (uint32_t i = 0; i < ports->count; i++)
		count += ports->range[i].high - ports->range[i].low + 1u;
	return count <= NARROW_MAX;
}

static void set_masks(struct plan *p)
{
	for (unsigned i = 1; i < p->pairs; i++) {
		struct pair *of = &p->pair[i];

		of->mask = is_narrow(p, of->sport) || is_narrow(p, of->dport) ? MASK_NARROW
									      : MASK_WIDE;
	}
	for (unsigned i = 0; i < p->bigs; i++)
		p->pair[p->big[i]].mask = MASK_BIG(i);
}

static uint32_t pair_mask(const struct plan *p, uint32_t sport, uint32_t dport)
{
	for (unsigned i = 0; i < p->pairs; i++) {
		if (p->pair[i].sport == sport && p->pair[i].dport == dport)
			return p->pair[i].mask;
	}
	return 0;
}

static uint32_t entry_mask(const struct plan *p, const struct scan_entry *e)
{
	uint32_t mask = pair_mask(p, e->sport, e->dport);

	return e->bidirectional ? mask | pair_mask(p, e->dport, e->sport) : mask;
}

/* --- groups of ports ----------------------------------------------------------------------------- */

static void side_free(struct side *s)
{
	free(s->sets);
	free(s->group);
	free(s->within);
	*s = (struct side){ .sets = NULL };
}

static void side_add(struct plan *p, struct side *s, uint32_t set)
{
	for (unsigned i = 0; i < s->set_count; i++) {
		if (s->sets[i] == set)
			return;
	}
	s->sets = more(p, s->sets, s->set_count, sizeof(*s->sets));
	if (!p->err)
		s->sets[s->set_count++] = set;
}

/* Ports where some set begins, or ends just before. */
static void side_edges(const struct plan *p, const struct side *s, bool *edge)
{
	memset(edge, 0, 65537 * sizeof(*edge));
	edge[0] = true;
	for (unsigned i = 0; i < s->set_count; i++) {
		const struct port_block *ports;

		if (!s->sets[i])
			continue;
		ports = block_pointer(p->block, s->sets[i]);
		for (uint32_t k = 0; k < ports->count; k++) {
			edge[ports->range[k].low] = true;
			edge[ports->range[k].high + 1u] = true;
		}
	}
}

/* Number of the group whose ports lie in the same sets as this one. */
static unsigned side_group(struct plan *p, struct side *s, const bool *row)
{
	size_t sets = s->set_count;
	bool *grown;

	for (unsigned g = 0; g < s->group_count; g++) {
		if (memcmp(s->within + g * sets, row, sets * sizeof(*row)) == 0)
			return g;
	}
	grown = realloc(s->within, (s->group_count + 1) * sets * sizeof(*row));
	if (!grown) {
		p->err = -ENOMEM;
		return 0;
	}
	s->within = grown;
	memcpy(s->within + s->group_count * sets, row, sets * sizeof(*row));
	return s->group_count++;
}

static void side_build(struct plan *p, struct side *s)
{
	bool *edge = malloc(65537 * sizeof(*edge));
	bool *row = calloc(s->set_count, sizeof(*row));
	unsigned group = 0;

	s->group = malloc(65536 * sizeof(*s->group));
	if (!edge || !row || !s->group) {
		p->err = -ENOMEM;
	} else {
		side_edges(p, s, edge);
		for (unsigned port = 0; port < 65536 && !p->err; port++) {
			if (edge[port]) {
				for (unsigned i = 0; i < s->set_count; i++)
					row[i] = set_has(p, s->sets[i], port);
				group = side_group(p, s, row);
			}
			s->group[port] = (uint16_t)group;
		}
	}
	free(edge);
	free(row);
}

static uint32_t put_groups(struct plan *p, const struct side *s)
{
	struct port_groups g;

	if (s->group_count <= 1)
		return 0;
	for (unsigned i = 0; i < PORT_PAGES; i++)
		g.page[i] = block_intern(p->block, s->group + (size_t)i * PORT_PAGE,
					 PORT_PAGE * sizeof(*s->group));
	return block_add(p->block, &g, sizeof(g));
}

static unsigned side_index(const struct side *s, uint32_t set)
{
	for (unsigned i = 0; i < s->set_count; i++) {
		if (s->sets[i] == set)
			return i;
	}
	return 0;
}

/* --- databases ------------------------------------------------------------------------------------ */

struct literal {
	const uint8_t *data;
	uint32_t rule;
	uint16_t len;
	bool nocase;
	uint8_t unit; /* enum unit */
	uint32_t head;
	uint32_t dsize_low, dsize_high, peer_below;
};

/* The literals of one part of a class, while it is gathered. */
struct literals {
	struct literal *item;
	size_t count;
	bool by_length; /* its database is for their lengths alone */
	bool by_peer; /* and this, for while the receiver has hardly sent anything */
};

static int literal_order(const void *a, const void *b)
{
	const struct literal *x = a, *y = b;
	int d;

	if (x->nocase != y->nocase)
		return x->nocase - y->nocase;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	d = memcmp(x->data, y->data, x->len);
	if (d)
		return d;
	if (!x->head != !y->head)
		return x->head ? 1 : -1;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Those that may stand anywhere are not found by what stands in the first bytes alone. */
static bool same_literal(const struct literal *a, const struct literal *b)
{
	return a->len == b->len && a->nocase == b->nocase && !a->head == !b->head &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static uint64_t literals_hash(const struct literals *s)
{
	const struct literal *l = s->item;
	uint64_t h = 0xcbf29ce484222325u + s->by_length + 2 * s->by_peer;

	for (size_t i = 0; i < s->count; i++) {
		for (unsigned k = 0; k < l[i].len; k++)
			h = (h ^ l[i].data[k]) * 0x100000001b3u;
		h = (h ^ l[i].rule) * 0x100000001b3u;
		h = (h ^ ((uint64_t)l[i].head << 2 | l[i].unit << 1 | l[i].nocase)) *
		    0x100000001b3u;
	}
	return h;
}

static void add_lengths(struct length_set *set, const struct literal *l)
{
	for (uint32_t n = l->dsize_low; n <= l->dsize_high && n < LENGTHS; n++)
		set->bits[n / 64] |= 1ull << (n % 64);
}

/* Equal literals, sorted, become one pattern with the rules of all; returns how many they are. */
static size_t merge_literals(struct plan *p, const struct literal *l, size_t n, uint32_t *rules,
			     struct length_set *lengths, struct scan_pattern *out)
{
	size_t i = 0;

	out->len = l->len;
	for (unsigned unit = 0; unit < UNIT__COUNT; unit++) {
		size_t used = 0;

		for (; i < n && same_literal(l, &l[i]) && l[i].unit == unit; i++) {
			if (!used || rules[used - 1] != l[i].rule)
				rules[used++] = l[i].rule;
			if (l[i].head > out->head[unit])
				out->head[unit] = l[i].head;
			add_lengths(lengths, &l[i]);
		}
		if (used)
			out->rules[unit] =
				(struct section){ block_add(p->block, rules, used * sizeof(*rules)),
						  (uint32_t)used };
	}
	return i;
}

/* Sorted, n > 0. */
static void compile_database(struct plan *p, const struct literals *s, uint64_t hash)
{
	const struct literal *l = s->item;
	size_t n = s->count;
	struct hs_literal *unique = calloc(n, sizeof(*unique));
	/* One more: that of the number which means nothing. */
	struct scan_pattern *pattern = calloc(n + 1, sizeof(*pattern));
	uint32_t *rules = calloc(n, sizeof(*rules));
	struct scan_database db = { .shortest = UINT32_MAX };
	struct length_set lengths = { .bits = { 0 } };
	size_t count = 0, len = 0;
	void *built = NULL;

	if (!unique || !pattern || !rules) {
		p->err = -ENOMEM;
		goto done;
	}
	for (size_t i = 0; s->by_peer && i < n; i++)
		db.peer_below = l[i].peer_below > db.peer_below ? l[i].peer_below : db.peer_below;
	for (size_t i = 0; i < n; count++) {
		unique[count] = (struct hs_literal){ l[i].data, l[i].len, l[i].nocase };
		db.longest = l[i].len > db.longest ? l[i].len : db.longest;
		db.shortest = l[i].len < db.shortest ? l[i].len : db.shortest;
		i += merge_literals(p, &l[i], n - i, rules, &lengths, &pattern[count]);
		for (unsigned unit = 0; unit < UNIT__COUNT; unit++)
			db.units |= (pattern[count].rules[unit].count != 0) << unit;
	}
	p->err = mpm_build(unique, count, GRAM_TEXT_PAYLOAD, &built, &len, p->why);
	if (p->err)
		goto done;
	if (s->by_length)
		db.lengths = block_intern(p->block, &lengths, sizeof(lengths));
	db.built.offset = block_add(p->block, built, len);
	db.built.count = (uint32_t)len;
	db.patterns.offset = block_add(p->block, pattern, (count + 1) * sizeof(*pattern));
	db.patterns.count = (uint32_t)count + 1;
	p->database = more(p, p->database, p->databases, sizeof(*p->database));
	p->built = more(p, p->built, p->databases, sizeof(*p->built));
	if (!p->err) {
		p->built[p->databases] = (struct built){ hash, (uint32_t)p->databases };
		p->database[p->databases++] = db;
	}
done:
	free(built);
	free(unique);
	free(pattern);
	free(rules);
}

/* The database of these literals, made unless it exists. */
static uint32_t database_of(struct plan *p, const struct literals *s)
{
	uint64_t hash;

	if (!s->count || p->err)
		return NO_DATABASE;
	qsort(s->item, s->count, sizeof(*s->item), literal_order);
	hash = literals_hash(s);
	for (size_t i = 0; i < p->databases; i++) {
		if (p->built[i].hash == hash)
			return p->built[i].database;
	}
	compile_database(p, s, hash);
	return p->err ? NO_DATABASE : (uint32_t)p->databases - 1;
}

/* A step of the class being made. */
static void add_step(struct plan *p, const struct literals *l)
{
	uint32_t database = database_of(p, l);

	if (database == NO_DATABASE)
		return;
	p->step = more(p, p->step, p->steps, sizeof(*p->step));
	if (!p->err)
		p->step[p->steps++] = database;
}

/* The packets that a class is for, but for their ports. */
struct reader {
	unsigned direction, ends;
};

static bool in_unit(const struct plan *p, const struct scan_entry *e, enum unit unit)
{
	if (p->proto != SCAN_TCP)
		return unit == UNIT_PACKET;
	return e->units >> unit & 1;
}

static void literals_init(struct plan *p, struct literals *s)
{
	*s = (struct literals){ .item = calloc(UNIT__COUNT * p->members + 1, sizeof(*s->item)) };
	if (!s->item)
		p->err = -ENOMEM;
}

/* Member of this unit and mask (base: those for any port too) that such packets may meet. */
static bool is_of(const struct plan *p, size_t member, enum unit unit, const struct reader *by,
		  uint32_t mask, bool base)
{
	const struct scan_entry *e = &p->entry[p->member[member]];
	uint32_t of = p->mask[member];

	return in_unit(p, e, unit) && (e->directions >> by->direction & 1) &&
	       (e->ends >> by->ends & 1) && (of ? (of & mask) != 0 : base);
}

static void put_literal(struct literals *s, const struct scan_entry *e, enum unit unit)
{
	s->item[s->count++] = (struct literal){ .data = e->pattern,
						.unit = (uint8_t)unit,
						.rule = e->rule,
						.len = e->len,
						.nocase = e->nocase,
						.head = e->head,
						.dsize_low = e->dsize_low,
						.dsize_high = e->dsize_high,
						.peer_below = e->peer_below };
}

static bool is_small(const struct scan_entry *e)
{
	return e->dsize_high <= SMALL_MAX && e->dsize_low + SMALL_LENGTHS > e->dsize_high;
}

static bool is_early(const struct scan_entry *e)
{
	return e->peer_below && e->peer_below <= PEER_BELOW_MAX;
}

/* One merged part of a class. */
static void add_part(struct plan *p, const struct reader *by, uint32_t mask, bool base)
{
	struct literals all, small, early;

	literals_init(p, &all);
	literals_init(p, &small);
	literals_init(p, &early);
	small.by_length = true;
	early.by_peer = true;
	for (size_t i = 0; i < p->members && !p->err; i++) {
		const struct scan_entry *e = &p->entry[p->member[i]];

		if (e->fixed)
			continue;
		if (is_of(p, i, UNIT_PACKET, by, mask, base))
			put_literal(is_small(e)	  ? &small
				    : is_early(e) ? &early
						  : &all,
				    e, UNIT_PACKET);
		if (is_of(p, i, UNIT_STREAM, by, mask, base))
			put_literal(&all, e, UNIT_STREAM);
	}
	add_step(p, &small);
	add_step(p, &early);
	add_step(p, &all);
	free(all.item);
	free(small.item);
	free(early.item);
}

static size_t put_fixed(struct fixed_literal *l, size_t n, const struct scan_entry *e)
{
	for (unsigned i = 0; i < e->places; i++)
		l[n++] = (struct fixed_literal){ .data = e->pattern,
						 .rule = e->rule,
						 .place = (uint16_t)(e->place + i),
						 .len = (uint8_t)e->len,
						 .nocase = e->nocase,
						 .beside = e->beside };
	return n;
}

/* Literals with few places. */
static uint32_t add_fixed(struct plan *p, enum unit unit, const struct reader *by, uint32_t mask)
{
	struct fixed_literal *l = calloc(p->members * PATTERN_FIXED_PLACES + 1, sizeof(*l));
	size_t n = 0;
	uint32_t at;

	if (!l) {
		p->err = -ENOMEM;
		return 0;
	}
	for (size_t i = 0; i < p->members; i++) {
		const struct scan_entry *e = &p->entry[p->member[i]];

		if (e->fixed && is_of(p, i, unit, by, mask, true))
			n = put_fixed(l, n, e);
	}
	at = scan_fixed_build(p->block, l, n);
	free(l);
	return at;
}

/* The class of a mask: base, rest and one big pair in one; other big pairs apart. */
static uint16_t add_class(struct plan *p, const struct reader *by, uint32_t mask)
{
	struct scan_class c = { .first = (uint32_t)p->steps };
	uint32_t bigs = mask & ~MASK_REST;
	uint32_t one = bigs & (0 - bigs);

	add_part(p, by, one | (mask & MASK_REST), true);
	for (uint32_t left = bigs & ~one; left; left &= left - 1)
		add_part(p, by, left & (0 - left), false);
	c.steps = (uint32_t)p->steps - c.first;
	for (unsigned unit = 0; unit < UNIT__COUNT; unit++)
		c.fixed[unit] = add_fixed(p, unit, by, mask);
	p->class = more(p, p->class, p->classes, sizeof(*p->class));
	if (p->err)
		return 0;
	p->class[p->classes++] = c;
	return (uint16_t)(p->classes - 1);
}

/* --- tables ---------------------------------------------------------------------------------------- */

static uint32_t class_mask(const struct plan *p, const struct side *s, const struct side *d,
			   const unsigned (*index)[2], unsigned sg, unsigned dg)
{
	uint32_t mask = 0;

	for (unsigned i = 1; i < p->pairs; i++) {
		if (s->within[(size_t)sg * s->set_count + index[i][0]] &&
		    d->within[(size_t)dg * d->set_count + index[i][1]])
			mask |= p->pair[i].mask;
	}
	return mask;
}

/* Which kinds of port pairs the groups are of; returns bits of those that there are. */
static unsigned fill_masks(struct plan *p, struct scan_table *t, const struct side *s,
			   const struct side *d)
{
	size_t cells = (size_t)s->group_count * d->group_count;
	unsigned(*index)[2] = calloc(p->pairs + 1, sizeof(*index));
	uint8_t *mask = calloc(cells, sizeof(*mask));
	unsigned used = 0;

	if (!index || !mask) {
		p->err = -ENOMEM;
		goto done;
	}
	for (unsigned i = 0; i < p->pairs; i++) {
		index[i][0] = side_index(s, p->pair[i].sport);
		index[i][1] = side_index(d, p->pair[i].dport);
	}
	for (size_t i = 0; i < cells; i++) {
		mask[i] = (uint8_t)class_mask(p, s, d, (const unsigned(*)[2])index,
					      (unsigned)(i / d->group_count),
					      (unsigned)(i % d->group_count));
		used |= 1u << mask[i];
	}
	t->masks = block_add(p->block, mask, cells * sizeof(*mask));
	t->dport_groups = d->group_count;
done:
	free(index);
	free(mask);
	return used;
}

static void fill_classes(struct plan *p, struct scan_table *t, unsigned masks)
{
	for (unsigned direction = 0; direction < 2; direction++) {
		for (unsigned ends = 0; ends < p->ends; ends++) {
			const struct reader by = { direction, ends };

			for (unsigned mask = 0; mask < SCAN_MASKS && !p->err; mask++) {
				if (masks >> mask & 1)
					t->classes[direction][ends][mask] = add_class(p, &by, mask);
			}
		}
	}
}

static void plan_proto(struct plan *p, struct scan_table *t)
{
	struct side s = { .sets = NULL }, d = { .sets = NULL };

	p->members = 0;
	for (size_t i = 0; i < p->entries; i++) {
		const struct scan_entry *e = &p->entry[i];

		/* Where packets have no ports, rules that name some never hold. */
		if (takes_part(e, p->proto) && (p->proto != SCAN_OTHER || (!e->sport && !e->dport)))
			p->member[p->members++] = (uint32_t)i;
	}
	count_pairs(p);
	set_masks(p);
	for (size_t i = 0; i < p->members; i++)
		p->mask[i] = entry_mask(p, &p->entry[p->member[i]]);
	side_add(p, &s, 0);
	side_add(p, &d, 0);
	for (unsigned i = 0; i < p->pairs && !p->err; i++) {
		side_add(p, &s, p->pair[i].sport);
		side_add(p, &d, p->pair[i].dport);
	}
	if (!p->err)
		side_build(p, &s);
	if (!p->err)
		side_build(p, &d);
	if (!p->err)
		fill_classes(p, t, fill_masks(p, t, &s, &d));
	if (!p->err) {
		t->sport_group = put_groups(p, &s);
		t->dport_group = put_groups(p, &d);
	}
	side_free(&s);
	side_free(&d);
}

int scan_plan_build(struct block_builder *b, struct block_header *h, const struct scan_entry *entry,
		    size_t count, char why[128])
{
	struct plan p = {
		.block = b, .entry = entry, .entries = count, .why = why, .ends = h->home ? ENDS : 1
	};

	why[0] = '\0';
	p.member = calloc(count + 1, sizeof(*p.member));
	p.mask = calloc(count + 1, sizeof(*p.mask));
	if (!p.member || !p.mask)
		p.err = -ENOMEM;
	for (p.proto = 0; p.proto < SCAN_PROTO__COUNT && !p.err; p.proto++)
		plan_proto(&p, &h->scan[p.proto]);
	if (p.err)
		goto done;
	h->databases =
		(struct section){ block_add(b, p.database, p.databases * sizeof(*p.database)),
				  (uint32_t)p.databases };
	h->classes = (struct section){ block_add(b, p.class, p.classes * sizeof(*p.class)),
				       (uint32_t)p.classes };
	h->steps = (struct section){ block_add(b, p.step, p.steps * sizeof(*p.step)),
				     (uint32_t)p.steps };
	if (b->failed)
		p.err = -ENOMEM;
done:
	free(p.member);
	free(p.mask);
	free(p.pair);
	free(p.database);
	free(p.built);
	free(p.class);
	free(p.step);
	return p.err;
}
