/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of one direction over one another, and acknowledgements between them: what is looked at must be what
 * the account of bytes has (tests/unit/byte_map.h).
 *
 * The first byte chooses the policy, and whether a hole lies in front.  A record is three bytes: start, length and
 * value of a segment; where the length is 0 the receiver acknowledges what is whole.
 */
#include <stdlib.h>

#include "tests/unit/stream_rig.h"

#define STARTS 96u
#define LENGTHS 16u
#define ISN 0xffffffd0u
/* A longer queue of Linux is a tree whose shape is not modelled. */
#define LINUX_SEGMENTS 3u

struct target {
	struct stream_rig rig;
	struct byte_map map;
	uint8_t seen[MAP_BYTES];
	bool there[MAP_BYTES];
};

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void look(struct target *t, bool all)
{
	struct stream_view v;

	while (stream_view(t->rig.e, t->rig.flow, 0, all, &v)) {
		for (size_t i = v.fresh; i < v.data.len && v.offset + i < MAP_BYTES; i++) {
			t->seen[v.offset + i] = v.data.data[i];
			t->there[v.offset + i] = true;
		}
		stream_inspected(t->rig.e, t->rig.flow, 0, &v);
	}
}

static void give(struct target *t, bool client, uint32_t seq, uint32_t ack, struct bytes data)
{
	static struct packet p;

	stream_rig_give(&t->rig, client, TCP_ACK, seq, ack, data, &p);
	if (p.stream_inspectable)
		look(t, false);
}

static unsigned whole(const struct target *t)
{
	unsigned n = 0;

	while (n < MAP_BYTES && t->map.there[n])
		n++;
	return n;
}

static void record(struct target *t, const uint8_t *r)
{
	unsigned start = r[0] % STARTS, len = r[1] % (LENGTHS + 1);
	uint8_t data[LENGTHS];

	if (!len) {
		map_acknowledge(&t->map, whole(t));
		give(t, false, 1, 1 + whole(t), bytes_of(NULL, 0));
		return;
	}
	memset(data, r[2], sizeof(data));
	map_add(&t->map, start, start + len, data);
	give(t, true, 1 + start, 1, bytes_of(data, len));
}

static void compare(struct target *t)
{
	look(t, true);
	map_end(&t->map);
	for (unsigned i = 0; i < MAP_BYTES; i++) {
		require(t->there[i] == t->map.there[i]);
		require(!t->there[i] || t->seen[i] == t->map.byte[i]);
	}
}

/* Made once for each policy; a run is a flow that comes and goes. */
static struct target *target_of(unsigned policy)
{
	static struct target target[STREAM_RIG_POLICIES];
	struct target *t = &target[policy];

	if (!t->rig.e)
		require(stream_rig_open(&t->rig, policy, ISN));
	memset(t->there, 0, sizeof(t->there));
	memset(&t->map, 0, sizeof(t->map));
	t->map.wins = map_policy[policy].wins;
	t->rig.number = 0;
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned segments = 0;
	struct target *t;

	if (size < 1)
		return 0;
	t = target_of(data[0] % STREAM_RIG_POLICIES);
	stream_rig_handshake(&t->rig);
	for (size_t at = 1; at + 3 <= size && t->map.n + 1 < MAP_SEGMENTS && t->rig.number < 400;
	     at += 3) {
		if (!t->map.wins && data[at + 1] % (LENGTHS + 1) && ++segments > LINUX_SEGMENTS)
			break;
		record(t, data + at);
	}
	compare(t);
	flow_end_all(t->rig.flows);
	require(t->rig.counters.value[COUNTER_TCP_ACTIVE_SESSIONS] == 0);
	return 0;
}
