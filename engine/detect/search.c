/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search tells of each pattern the first place only.  What is kept is therefore not only where that is but how
 * far its bytes were searched: should an inspection end in between, the bytes behind are searched again.
 */
#include "engine/detect/search.h"

#include <assert.h>

#include "engine/detect/mpm.h"
#include "engine/detect/pattern.h"

/* A pattern that was found in bytes of a stream that wait for their inspection. */
struct kept_hit {
	uint32_t next; /* the one found before, 0: none */
	uint32_t pattern; /* struct scan_pattern */
	uint32_t end; /* low half of the offset where it ends first */
	uint32_t searched; /* and of that up to which it may stand again */
	uint32_t count; /* of the list from here on */
	uint32_t reserved;
};

static_assert(PATTERN_END_MAX >= PATTERN_MAX, "no pattern that is searched for is longer");

/* Of one direction, so that no flow takes them all. */
#define KEPT_MAX 256
/* An index takes the lower half of struct stream_searched's found, the epoch the upper one. */
#define KEPT_POOL_MAX UINT16_MAX

static uint32_t kept_of(uint32_t max_flows)
{
	return max_flows < KEPT_POOL_MAX ? max_flows : KEPT_POOL_MAX;
}

int searcher_init(struct searcher *s, struct stream_engine *streams, uint32_t max_flows)
{
	*s = (struct searcher){ .streams = streams };
	return pool_init(&s->kept, sizeof(struct kept_hit), kept_of(max_flows));
}

void searcher_fini(struct searcher *s)
{
	pool_fini(&s->kept);
}

uint64_t searcher_bytes(uint32_t max_flows)
{
	return pool_bytes(sizeof(struct kept_hit), kept_of(max_flows));
}

static struct kept_hit *kept_at(const struct searcher *s, uint32_t index)
{
	return pool_at(&s->kept, index);
}

/* The last that was found, 0: none. */
static uint32_t first_kept(const struct stream_searched *done)
{
	return done->found & UINT16_MAX;
}

static void set_kept(const struct searcher *s, struct stream_searched *done, uint32_t index)
{
	done->found = (uint32_t)s->epoch << 16 | index;
}

/* --- what is found ------------------------------------------------------------------------------------ */

static void tell(struct searcher *s, const struct scan_pattern *pattern, enum unit of, enum unit in)
{
	const struct section *rules = &pattern->rules[of];
	const uint32_t *rule = block_at(s->rs->block, rules->offset);

	for (uint32_t i = 0; i < rules->count; i++)
		s->found(s->ctx, rule[i], in);
}

static bool beyond_head(const struct scan_pattern *pattern, enum unit unit, uint64_t end)
{
	return pattern->head[unit] && end > pattern->head[unit];
}

static void keep(struct searcher *s, const struct scan_pattern *pattern, uint64_t end)
{
	uint32_t last = first_kept(s->done);
	uint32_t count = last ? kept_at(s, last)->count : 0;
	uint32_t index = count < KEPT_MAX && !s->lost ? pool_get(&s->kept) : 0;
	uint64_t least = s->origin + s->before + 1;

	if (!index) {
		s->lost = true;
		return;
	}
	*kept_at(s, index) = (struct kept_hit){
		.next = last,
		.pattern = (uint32_t)((const uint8_t *)pattern - (const uint8_t *)s->rs->block),
		/* It may hide another one, if it is all in the bytes before. */
		.end = (uint32_t)(end > least ? end : least),
		.searched = (uint32_t)s->end,
		.count = count + 1,
	};
	set_kept(s, s->done, index);
}

static void found_in_stream(struct searcher *s, const struct scan_pattern *pattern, uint64_t end)
{
	if (beyond_head(pattern, UNIT_STREAM, end))
		return;
	if (s->stream == SEARCH_KEEP)
		keep(s, pattern, end);
	else
		tell(s, pattern, UNIT_STREAM,
		     s->stream == SEARCH_AS_PACKET ? UNIT_PACKET : UNIT_STREAM);
}

static void found_in_packet(struct searcher *s, const struct scan_pattern *pattern, uint64_t to)
{
	if (to < s->before + pattern->len)
		s->across = true;
	else if (!beyond_head(pattern, UNIT_PACKET, to - s->before))
		tell(s, pattern, UNIT_PACKET, UNIT_PACKET);
}

static int on_hit(unsigned int id, unsigned long long from, unsigned long long to,
		  unsigned int flags, void *ctx)
{
	struct searcher *s = ctx;
	const struct scan_pattern *pattern = &s->pattern[id];

	(void)from;
	(void)flags;
	if (s->packet && pattern->rules[UNIT_PACKET].count)
		found_in_packet(s, pattern, to);
	if (s->stream && pattern->rules[UNIT_STREAM].count)
		found_in_stream(s, pattern, s->origin + to);
	return 0;
}

static bool length_fits(const struct searcher *s, const struct scan_database *db, size_t len)
{
	const struct length_set *set = block_at(s->rs->block, db->lengths);

	return !db->lengths || (len < LENGTHS && (set->bits[len / 64] >> (len % 64) & 1));
}

/* What is for the time before an answer, and that is over, or there is no stream that would tell. */
static bool is_too_late(const struct searcher *s, const struct packet *p,
			const struct scan_database *db)
{
	return db->peer_below &&
	       (!s->streams || !p->flow || !p->flow->tcp ||
		stream_size(s->streams, p->flow, !p->direction) >= db->peer_below);
}

static void search(struct searcher *s, uint32_t database, struct bytes bytes)
{
	const struct scan_database *db = &s->rs->database[database];

	if (bytes.len < db->shortest)
		return;
	s->pattern = block_at(s->rs->block, db->patterns.offset);
	mpm_search(s->rs->scan[database], s->work, bytes, on_hit, s);
}

static bool has_unit(const struct scan_database *db, enum unit unit)
{
	return db->units >> unit & 1;
}

static const uint32_t *steps_of(const struct searcher *s, const struct scan_class *c)
{
	return (const uint32_t *)block_at(s->rs->block, s->rs->block->steps.offset) + c->first;
}

/* --- what is kept ------------------------------------------------------------------------------------- */

static bool is_searched(const struct searcher *s, const struct stream_searched *done)
{
	return done->from != done->to && done->found >> 16 == s->epoch;
}

static void forget(struct searcher *s, struct stream_searched *done)
{
	uint32_t index = first_kept(done);

	while (index) {
		uint32_t next = kept_at(s, index)->next;

		pool_put(&s->kept, index);
		index = next;
	}
	done->from = done->to;
	set_kept(s, done, 0);
}

/* All that were found up to this offset.  False: some of them may stand behind it once more. */
static bool tell_kept(struct searcher *s, struct stream_searched *done, uint64_t end)
{
	uint32_t to = (uint32_t)end;
	uint32_t index = first_kept(done), left = 0, next;
	bool sure = true;

	for (; index; index = next) {
		struct kept_hit *k = kept_at(s, index);
		bool passed = (int32_t)(k->searched - to) <= 0;

		next = k->next;
		if ((int32_t)(k->end - to) <= 0) {
			s->until = passed ? end - (to - k->searched) : end;
			tell(s, block_at(s->rs->block, k->pattern), UNIT_STREAM, UNIT_STREAM);
			sure &= passed;
		}
		if (passed) {
			pool_put(&s->kept, index);
			continue;
		}
		k->next = left;
		k->count = (left ? kept_at(s, left)->count : 0) + 1;
		left = index;
	}
	set_kept(s, done, left);
	return sure;
}

void search_flow_end(struct searcher *s, struct flow *f)
{
	if (!s->streams || !f->tcp || stream_is_empty(f))
		return;
	forget(s, stream_searched(s->streams, f, 0));
	forget(s, stream_searched(s->streams, f, 1));
}

/* --- packets ------------------------------------------------------------------------------------------ */

/* Payload alone. */
static void search_alone(struct searcher *s, const struct packet *p, uint32_t database,
			 enum search_stream stream)
{
	s->packet = true;
	s->stream = (uint8_t)stream;
	s->before = 0;
	s->origin = 0;
	search(s, database, p->payload);
}

/* Payload where it lies in the stream, as a part of that. */
static void search_brought(struct searcher *s, const struct packet *p, uint32_t database,
			   const struct stream_view *v)
{
	const struct scan_database *db = &s->rs->database[database];
	size_t skip = v->fresh > db->longest - 1 ? v->fresh - (db->longest - 1) : 0;

	s->packet = true;
	s->stream = SEARCH_KEEP;
	s->across = false;
	s->before = v->fresh - skip;
	s->origin = v->offset + skip;
	s->end = v->offset + v->data.len;
	search(s, database, bytes_slice(v->data, skip, SIZE_MAX));
	if (s->across)
		search_alone(s, p, database, SEARCH_NO_STREAM);
}

/* These bytes follow what has been searched, or are the first of it. */
static struct stream_searched *begin_brought(struct searcher *s, const struct packet *p,
					     const struct stream_view *v)
{
	struct stream_searched *done = stream_searched(s->streams, p->flow, p->direction);
	uint32_t start = (uint32_t)(v->offset + v->fresh);

	if (!is_searched(s, done) || done->to != start) {
		forget(s, done);
		done->from = start;
	}
	s->done = done;
	s->lost = false;
	return done;
}

static void end_brought(struct searcher *s, struct stream_searched *done,
			const struct stream_view *v)
{
	done->to = (uint32_t)(v->offset + v->data.len);
	if (s->lost)
		forget(s, done);
}

void search_packet(struct searcher *s, const struct packet *p, const struct scan_class *c,
		   bool for_stream)
{
	const uint32_t *step = steps_of(s, c);
	struct stream_searched *done = NULL;
	struct stream_view v;

	if (!for_stream && s->streams && p->stream_in_order &&
	    stream_brought(s->streams, p, PATTERN_END_MAX - 1, &v))
		done = begin_brought(s, p, &v);
	for (unsigned i = 0; i < c->steps; i++) {
		const struct scan_database *db = &s->rs->database[step[i]];

		if (!length_fits(s, db, p->payload.len) || is_too_late(s, p, db))
			continue;
		if (done && has_unit(db, UNIT_STREAM))
			search_brought(s, p, step[i], &v);
		else if (for_stream || has_unit(db, UNIT_PACKET))
			search_alone(s, p, step[i],
				     for_stream ? SEARCH_AS_PACKET : SEARCH_NO_STREAM);
	}
	if (done)
		end_brought(s, done, &v);
}

/* --- streams ------------------------------------------------------------------------------------------ */

/* Bytes [from, to) of a view, and as many before them as a pattern may reach back. */
static void search_part(struct searcher *s, const struct stream_view *v, const struct scan_class *c,
			size_t from, size_t to)
{
	const uint32_t *step = steps_of(s, c);

	s->packet = false;
	s->stream = SEARCH_VIEW;
	s->before = 0;
	s->until = v->offset + to;
	for (unsigned i = 0; i < c->steps; i++) {
		const struct scan_database *db = &s->rs->database[step[i]];
		size_t back;

		if (!has_unit(db, UNIT_STREAM))
			continue;
		back = from < db->longest - 1 ? from : db->longest - 1;
		s->origin = v->offset + from - back;
		search(s, step[i], bytes_slice(v->data, from - back, to - from + back));
	}
}

void search_view(struct searcher *s, const struct packet *p, const struct stream_view *v,
		 const struct scan_class *c)
{
	struct stream_searched *done = stream_searched(s->streams, p->flow, p->direction);
	uint64_t fresh = v->offset + v->fresh, end = v->offset + v->data.len;
	int64_t from = (int32_t)(done->from - (uint32_t)fresh);
	int64_t to = (int32_t)(done->to - (uint32_t)fresh);
	int64_t len = (int64_t)(end - fresh);
	bool sure;

	if (!is_searched(s, done) || to <= 0 || from >= len) {
		if (!is_searched(s, done) || to <= 0)
			forget(s, done);
		search_part(s, v, c, v->fresh, v->data.len);
		return;
	}
	/* What was there when the first of the searched bytes came is not all that is before them now. */
	if (from > 0) {
		int64_t seam = from + PATTERN_END_MAX - 1;

		search_part(s, v, c, v->fresh, v->fresh + (size_t)(seam < len ? seam : len));
	}
	sure = tell_kept(s, done, end);
	if (to < len)
		search_part(s, v, c, v->fresh + (size_t)to, v->data.len);
	if (to <= len || !sure)
		forget(s, done);
	else
		done->from = (uint32_t)end;
}
