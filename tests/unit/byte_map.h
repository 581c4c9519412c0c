/* SPDX-License-Identifier: Apache-2.0 */
/*
 * byte_map.h - what a receiver has of overlapping segments, byte by byte: the oracle of engine/stream's overlaps.
 *
 * Nothing of the engine is used.  A policy is a line of nine letters, for how a newer segment lies over an older
 * one; a byte is replaced where the newer one wins against each segment that brought it before.  Linux is its
 * receive queue instead (net/ipv4/tcp_input.c, tcp_data_queue() and tcp_data_queue_ofo()): what is in order is
 * delivered at once; the rest waits in a queue that joins what touches and drops what is covered.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_TESTS_BYTE_MAP_H
#define WEIR_TESTS_BYTE_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MAP_BYTES 128
#define MAP_SEGMENTS 64

struct map_segment {
	unsigned start, end, age;
	uint8_t byte[MAP_BYTES]; /* at its place; only Linux keeps them apart */
};

struct byte_map {
	const char *wins; /* nine letters; NULL: Linux */
	uint8_t byte[MAP_BYTES];
	bool there[MAP_BYTES];
	unsigned fixed; /* bytes below are acknowledged, or delivered */
	struct map_segment segment[MAP_SEGMENTS];
	unsigned n, ages;
};

/* Starts before, there, behind; of each: ends before, there, behind.  n: the newer one's bytes count. */
static const struct map_policy {
	const char *name, *wins;
} map_policy[] = {
	{ "bsd", "nnnoooooo" },	    { "bsd-right", "nnnoooooo" }, { "old-linux", "nnnonnooo" },
	{ "linux", NULL },	    { "solaris", "onnonnoon" },	  { "hpux10", "nnnoooooo" },
	{ "hpux11", "onnonnoon" },  { "irix", "nnnoooooo" },	  { "macos", "nnnoooooo" },
	{ "windows", "nnnoooooo" }, { "vista", "ooooooooo" },	  { "windows2k3", "nnnoooooo" },
	{ "first", "ooooooooo" },   { "last", "nnnnnnnnn" },
};

static inline bool map_newer_wins(const struct byte_map *m, const struct map_segment *old,
				  unsigned start, unsigned end)
{
	unsigned row = (unsigned)((start >= old->start) + (start > old->start));
	unsigned column = (unsigned)((end >= old->end) + (end > old->end));

	return m->wins[3 * row + column] == 'n';
}

static inline void map_pairwise(struct byte_map *m, unsigned start, unsigned end,
				const uint8_t *data)
{
	for (unsigned at = start; at < end; at++) {
		bool newer = !m->there[at] || at >= m->fixed;

		for (unsigned i = 0; newer && m->there[at] && i < m->n; i++) {
			const struct map_segment *g = &m->segment[i];

			if (g->start <= at && at < g->end && !map_newer_wins(m, g, start, end))
				newer = false;
		}
		if (newer)
			m->byte[at] = data[at - start];
		m->there[at] = true;
	}
	m->segment[m->n++] = (struct map_segment){ .start = start, .end = end };
}

/* --- Linux ------------------------------------------------------------------------------------ */

static inline void map_remove(struct byte_map *m, unsigned i)
{
	memmove(&m->segment[i], &m->segment[i + 1], (m->n - i - 1) * sizeof(m->segment[0]));
	m->n--;
}

static inline void map_deliver(struct byte_map *m, const struct map_segment *g)
{
	for (unsigned at = m->fixed; at < g->end; at++) {
		m->byte[at] = g->byte[at];
		m->there[at] = true;
	}
	if (g->end > m->fixed)
		m->fixed = g->end;
}

/* The queue is in order of start. */
static inline void map_drain(struct byte_map *m)
{
	while (m->n && m->segment[0].start <= m->fixed) {
		map_deliver(m, &m->segment[0]);
		map_remove(m, 0);
	}
}

static inline void map_insert(struct byte_map *m, const struct map_segment *g)
{
	unsigned at = 0;

	while (at < m->n && m->segment[at].start < g->start)
		at++;
	memmove(&m->segment[at + 1], &m->segment[at], (m->n - at) * sizeof(*g));
	m->segment[at] = *g;
	m->n++;
	while (at + 1 < m->n && m->segment[at + 1].start < g->end &&
	       m->segment[at + 1].end <= g->end)
		map_remove(m, at + 1);
}

/* The tree is searched from its root, which is where the oldest are: the first that decides. */
static inline void map_queue(struct byte_map *m, struct map_segment *g)
{
	const struct map_segment *best = NULL;
	unsigned place = 0;

	for (unsigned i = 0; i < m->n; i++) {
		const struct map_segment *q = &m->segment[i];
		bool touches = q->end == g->start;
		bool holds = q->start <= g->start && g->start < q->end;

		if ((touches || holds) && (!best || q->age < best->age)) {
			best = q;
			place = i;
		}
	}
	if (best && best->end == g->start) {
		struct map_segment *q = &m->segment[place];

		memcpy(q->byte + g->start, g->byte + g->start, g->end - g->start);
		q->end = g->end;
		while (place + 1 < m->n && m->segment[place + 1].start < g->end &&
		       m->segment[place + 1].end <= g->end)
			map_remove(m, place + 1);
		return;
	}
	for (unsigned i = 0; i < m->n; i++) {
		struct map_segment *q = &m->segment[i];

		if (q->start <= g->start && g->end <= q->end)
			return;
		if (q->start == g->start) {
			g->age = q->age;
			map_remove(m, i);
			break;
		}
	}
	map_insert(m, g);
}

static inline void map_linux(struct byte_map *m, unsigned start, unsigned end, const uint8_t *data)
{
	struct map_segment g = { .start = start, .end = end, .age = m->ages++ };

	memcpy(g.byte + start, data, end - start);
	if (start <= m->fixed)
		map_deliver(m, &g);
	else
		map_queue(m, &g);
	map_drain(m);
}

/* --- for tests ---------------------------------------------------------------------------------- */

static inline void map_add(struct byte_map *m, unsigned start, unsigned end, const uint8_t *data)
{
	if (m->wins)
		map_pairwise(m, start, end, data);
	else
		map_linux(m, start, end, data);
}

/* The receiver has acknowledged all below: it never changes. */
static inline void map_acknowledge(struct byte_map *m, unsigned to)
{
	if (m->wins && to > m->fixed)
		m->fixed = to;
}

/* Nothing more comes: what waits behind holes is shown as it lies. */
static inline void map_end(struct byte_map *m)
{
	while (!m->wins && m->n) {
		if (m->segment[0].start > m->fixed)
			m->fixed = m->segment[0].start;
		map_drain(m);
	}
}

#endif
