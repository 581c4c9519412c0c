/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/owners.h"

#include <string.h>

#define NS_PER_S 1000000000LL
/* Of a datagram's payload: less than any header in front of it makes too much. */
#define BYTES_MOST 60000u
/* Datagrams whose next fragment is waited for at a time. */
#define OPEN_MOST 16u

struct open {
	uint32_t mark;
	/* Of the last fragment; its owner is the frame of the one before it, FRAME_OF_ALL: none. */
	uint32_t frame;
	struct decode_fragment last;
};

/* A block. */
struct block {
	struct frame *frames;
	int64_t second;
	unsigned count;
	struct open open[OPEN_MOST];
};

void owners_init(struct owners *o, unsigned workers, const struct decode_options *decode,
		 const struct defrag_options *defrag, uint64_t key)
{
	memset(o, 0, sizeof(*o));
	o->decode = decode;
	o->workers = workers;
	o->key = key;
	/* What comes within the same second is in time. */
	o->closed = defrag->timeout_ns < NS_PER_S;
	for (size_t i = 0; i < defrag->host_count; i++)
		o->closed |= defrag->hosts[i].timeout_ns && defrag->hosts[i].timeout_ns < NS_PER_S;
}

static uint32_t mark_of(const struct decode_fragment *f)
{
	return (uint32_t)((f->hash ^ f->id) * 0x9e3779b97f4a7c15ULL >> 32) & (OWNERS_MARKS - 1);
}

/* The datagram's frames have their owner, and it is done with. */
static void settle(struct block *b, struct open *d, uint32_t owner)
{
	for (uint32_t i = d->frame; i != FRAME_OF_ALL;) {
		uint32_t before = b->frames[i].owner;

		b->frames[i].owner = owner;
		i = before;
	}
	*d = b->open[--b->count];
}

static void to_all(struct owners *o, struct block *b, struct open *d)
{
	o->marks[d->mark / 64] |= 1ULL << d->mark % 64;
	settle(b, d, FRAME_OF_ALL);
}

static void all_to_all(struct owners *o, struct block *b)
{
	while (b->count)
		to_all(o, b, &b->open[0]);
}

static bool goes_on(const struct decode_fragment *f, const struct decode_fragment *next)
{
	return next->offset == f->end && next->end > next->offset && next->end <= BYTES_MOST &&
	       (!next->more || next->end % 8 == 0) && next->id == f->id &&
	       next->ip_version == f->ip_version && next->proto == f->proto &&
	       ip_addr_equal(&next->src, &f->src) && ip_addr_equal(&next->dst, &f->dst) &&
	       bytes_equal(next->tags, f->tags);
}

static struct open *find(struct block *b, uint32_t mark)
{
	for (unsigned i = 0; i < b->count; i++) {
		if (b->open[i].mark == mark)
			return &b->open[i];
	}
	return NULL;
}

static void tell_fragment(struct owners *o, struct block *b, uint32_t at,
			  const struct decode_fragment *f)
{
	uint32_t mark = mark_of(f);
	struct open *d = find(b, mark);

	if (d && goes_on(&d->last, f)) {
		b->frames[at].owner = d->frame;
		d->frame = at;
		d->last = *f;
		if (!f->more)
			settle(b, d, owners_of(o->workers, f->hash));
		return;
	}
	if (d)
		to_all(o, b, d);
	if (o->marks[mark / 64] >> mark % 64 & 1)
		return;
	if (b->count == OPEN_MOST)
		to_all(o, b, &b->open[0]);
	b->open[b->count++] = (struct open){ .mark = mark, .frame = at, .last = *f };
	if (!f->alone || !f->more || f->end % 8)
		to_all(o, b, &b->open[b->count - 1]);
}

/* Of a frame that is not plain. */
static void tell_other(struct owners *o, struct block *b, uint32_t at)
{
	struct decode_fragment f;

	b->frames[at].owner = FRAME_OF_ALL;
	if (o->closed)
		return;
	switch (decode_outer(o->decode, &b->frames[at], o->key, &f)) {
	case DECODE_OUTER_OTHER:
		break;
	case DECODE_OUTER_FRAGMENT:
		tell_fragment(o, b, at, &f);
		break;
	case DECODE_OUTER_UNREAD:
		all_to_all(o, b);
		o->closed = true;
		break;
	}
}

void owners_tell(struct owners *o, struct frame *frames, unsigned count)
{
	struct block b = { .frames = frames, .count = 0 };
	uint64_t hash;

	for (uint32_t i = 0; i < count; i++) {
		int64_t second = frames[i].time_ns / NS_PER_S;

		/* At a tick what has waited too long is given up. */
		if (second != b.second)
			all_to_all(o, &b);
		b.second = second;
		if (decode_plain_hash(o->decode, &frames[i], o->key, &hash))
			frames[i].owner = owners_of(o->workers, hash);
		else
			tell_other(o, &b, i);
	}
	all_to_all(o, &b);
}
