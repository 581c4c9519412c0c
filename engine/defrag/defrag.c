/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/defrag/defrag.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/pool.h"

#define DATAGRAM_MAX 65535u
/*
 * Bytes of joined datagrams that one batch may hold: reserved, touched as needed.  Half is enough for any
 * frame: each of its packets may be a datagram with as many bytes in front of it.
 */
#define SCRATCH_BYTES (4u << 20)
static_assert(SCRATCH_BYTES / 2 >= 16 * 2 * (DATAGRAM_MAX + 1u), "the packets of one frame");
/* Fragment data and block maps live in chunks of this size. */
#define CHUNK_BYTES 512
#define CHUNK_DATA (CHUNK_BYTES - sizeof(uint32_t))
/* Offsets count in blocks of eight bytes; a map has two bits for each. */
#define BLOCK 8u
/* Buckets to begin with. */
#define BUCKETS_LEAST 256u
#define MAP_TOUCHED 1u /* some of its bytes have come */
#define MAP_WHOLE 2u /* all have, or those that the datagram's end leaves it */
#define MAP_BLOCKS (CHUNK_DATA * 4)
#define MAP_CHUNKS ((DATAGRAM_MAX / BLOCK + 1 + MAP_BLOCKS - 1) / MAP_BLOCKS)

struct chunk {
	uint32_t next;
	uint8_t data[CHUNK_DATA];
};

struct fragment {
	uint32_t next; /* of its tracker, in order of arrival */
	uint32_t chunks;
	uint32_t offset; /* first byte in the datagram's payload */
	uint32_t end; /* behind the last */
	uint16_t header_len; /* bytes stored in front of the payload; only where offset is 0 */
	uint16_t next_at; /* IPv6: byte in that header that named the fragment header... */
	uint8_t next_header; /* ...and what the fragment header named */
};

struct key {
	struct ip_addr src, dst;
	uint32_t id;
	uint16_t vlan[PACKET_VLANS_MAX];
	uint8_t proto; /* 0 for IPv6, where the identification is enough */
	uint8_t ip_version;
	uint8_t depth;
	uint8_t unused[5];
};
static_assert(sizeof(struct key) % 8 == 0, "the key is hashed by words");

struct tracker {
	struct key key;
	uint32_t chain; /* hash chain */
	uint32_t older, newer; /* by last fragment */
	uint32_t bucket;
	int64_t deadline_ns;
	uint32_t first, last; /* fragments */
	uint32_t reach; /* greatest end of a fragment so far */
	uint32_t end; /* least end of one without "more": of the datagram; 0: not known */
	uint32_t blocks; /* whole ones in the map */
	uint32_t map[MAP_CHUNKS]; /* chunks, as far as needed */
	uint8_t policy;
	bool fresh; /* the last fragment brought a block that was not there */
	bool met; /* the last fragment overlapped another */
	bool overlaps; /* one did, or may leave holes inside a block: bytes are looked at one by one */
};

struct defrag {
	struct defrag_options options;
	struct defrag_host *hosts;
	uint64_t *count;
	struct pool trackers, fragments, chunks;
	uint32_t *buckets;
	uint32_t
		bucket_mask; /* of those in use: as many as there have been trackers, so that they stay in the cache */
	uint32_t bucket_mask_most;
	uint32_t oldest, newest;
	uint32_t *owner; /* of each payload byte, while a datagram with overlaps is joined */
	uint8_t *scratch;
	size_t scratch_used;
};

/* What is to be known of an arriving fragment. */
struct piece {
	struct bytes header; /* in front of the payload, from the IP header on */
	struct bytes payload;
	uint32_t offset, end;
	uint32_t id;
	uint16_t next_at;
	uint8_t next_header;
	bool more;
};

static struct tracker *tracker_at(const struct defrag *d, uint32_t index)
{
	return pool_at(&d->trackers, index);
}

static struct fragment *fragment_at(const struct defrag *d, uint32_t index)
{
	return pool_at(&d->fragments, index);
}

static struct chunk *chunk_at(const struct defrag *d, uint32_t index)
{
	return pool_at(&d->chunks, index);
}

static uint32_t bucket_count(const struct defrag_options *opt)
{
	uint32_t buckets = 16;

	while (buckets < opt->max_trackers && buckets < 1u << 30)
		buckets *= 2;
	return buckets;
}

uint64_t defrag_bytes(const struct defrag_options *opt)
{
	return pool_bytes(sizeof(struct tracker), opt->max_trackers) +
	       pool_bytes(sizeof(struct fragment), opt->max_fragments) +
	       pool_bytes(CHUNK_BYTES, (uint32_t)(opt->memcap_bytes / CHUNK_BYTES)) +
	       bucket_count(opt) * sizeof(uint32_t);
}

void defrag_memory(const struct defrag *d, struct memory_use *sum)
{
	memory_use_pool(sum, &d->trackers);
	memory_use_pool(sum, &d->fragments);
	memory_use_pool(sum, &d->chunks);
	memory_use_table(sum, ((uint64_t)d->bucket_mask_most + 1) * sizeof(*d->buckets));
}

int defrag_new(const struct defrag_options *opt, struct counters *counters, struct defrag **out)
{
	struct defrag *d = calloc(1, sizeof(*d));
	uint32_t buckets = bucket_count(opt);
	void *scratch;
	int err;

	if (!d)
		return -ENOMEM;
	d->options = *opt;
	d->count = counters->value;
	d->bucket_mask_most = buckets - 1;
	d->bucket_mask = (buckets < BUCKETS_LEAST ? buckets : BUCKETS_LEAST) - 1;
	d->buckets = calloc(buckets, sizeof(*d->buckets));
	d->owner = calloc(DATAGRAM_MAX + 1, sizeof(*d->owner));
	d->hosts = calloc(opt->host_count + 1, sizeof(*d->hosts));
	err = -ENOMEM;
	if (!d->buckets || !d->owner || !d->hosts)
		goto fail;
	if (opt->host_count)
		memcpy(d->hosts, opt->hosts, opt->host_count * sizeof(*d->hosts));
	scratch = mmap(NULL, SCRATCH_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (scratch == MAP_FAILED) {
		err = -errno;
		goto fail;
	}
	d->scratch = scratch;
	err = pool_init(&d->trackers, sizeof(struct tracker), opt->max_trackers);
	if (!err)
		err = pool_init(&d->fragments, sizeof(struct fragment), opt->max_fragments);
	if (!err)
		err = pool_init(&d->chunks, CHUNK_BYTES,
				(uint32_t)(opt->memcap_bytes / CHUNK_BYTES));
	if (err)
		goto fail;
	*out = d;
	return 0;
fail:
	defrag_free(d);
	return err;
}

void defrag_count_in(struct defrag *d, struct counters *counters)
{
	d->count = counters->value;
}

void defrag_free(struct defrag *d)
{
	if (!d)
		return;
	pool_fini(&d->chunks);
	pool_fini(&d->fragments);
	pool_fini(&d->trackers);
	if (d->scratch)
		munmap(d->scratch, SCRATCH_BYTES);
	free(d->hosts);
	free(d->owner);
	free(d->buckets);
	free(d);
}

/* Trackers in order of their last fragment. */

static void queue_append(struct defrag *d, uint32_t index)
{
	struct tracker *t = tracker_at(d, index);

	t->older = d->newest;
	t->newer = 0;
	if (d->newest)
		tracker_at(d, d->newest)->newer = index;
	else
		d->oldest = index;
	d->newest = index;
}

static void queue_remove(struct defrag *d, uint32_t index)
{
	struct tracker *t = tracker_at(d, index);

	if (t->older)
		tracker_at(d, t->older)->newer = t->newer;
	else
		d->oldest = t->newer;
	if (t->newer)
		tracker_at(d, t->newer)->older = t->older;
	else
		d->newest = t->older;
}

static void chunks_put(struct defrag *d, uint32_t index)
{
	while (index) {
		uint32_t next = chunk_at(d, index)->next;

		pool_put(&d->chunks, index);
		index = next;
	}
}

static void tracker_remove(struct defrag *d, uint32_t index)
{
	struct tracker *t = tracker_at(d, index);
	uint32_t *link = &d->buckets[t->bucket];

	while (*link != index)
		link = &tracker_at(d, *link)->chain;
	*link = t->chain;
	queue_remove(d, index);
	for (uint32_t f = t->first; f;) {
		uint32_t next = fragment_at(d, f)->next;

		chunks_put(d, fragment_at(d, f)->chunks);
		pool_put(&d->fragments, f);
		f = next;
	}
	for (unsigned i = 0; i < MAP_CHUNKS; i++)
		chunks_put(d, t->map[i]);
	pool_put(&d->trackers, index);
}

/*
 * A piece of a pool; where there is none, at the cost of the oldest tracker other than keep.
 * 0: there is no other.
 */
static uint32_t get(struct defrag *d, struct pool *pool, uint32_t keep, enum counter counter)
{
	uint32_t index = pool_get(pool);

	d->count[COUNTER_LIMITS_REACHED] += !index;
	while (!index && d->oldest && d->oldest != keep) {
		d->count[counter]++;
		tracker_remove(d, d->oldest);
		index = pool_get(pool);
	}
	return index;
}

/* Settings of the host that puts the fragments together; NULL: the default. */
static const struct defrag_host *host_of(const struct defrag *d, const struct key *k)
{
	const struct defrag_host *best = NULL;

	for (size_t i = 0; i < d->options.host_count; i++) {
		const struct defrag_host *h = &d->hosts[i];

		if (network_has(&h->network, k->ip_version, &k->dst) &&
		    (!best || h->network.prefix_bits > best->network.prefix_bits))
			best = h;
	}
	return best;
}

static void key_of(const struct defrag *d, const struct packet *p, uint32_t id, struct key *k)
{
	memset(k, 0, sizeof(*k));
	k->src = p->src;
	k->dst = p->dst;
	k->id = id;
	k->proto = p->ip_version == 4 ? p->proto : 0;
	k->ip_version = p->ip_version;
	k->depth = p->depth;
	if (d->options.use_vlan)
		memcpy(k->vlan, p->vlan, p->vlans * sizeof(k->vlan[0]));
}

static uint32_t bucket_of(const struct defrag *d, const struct key *k)
{
	uint64_t words[sizeof(*k) / 8];

	memcpy(words, k, sizeof(words));
	return (uint32_t)hash_words(&d->options.key, words, sizeof(words) / 8) & d->bucket_mask;
}

/* More trackers than buckets: twice as many from here on. */
static void spread(struct defrag *d)
{
	uint32_t before = d->bucket_mask;

	if (d->trackers.used <= before || before == d->bucket_mask_most)
		return;
	d->bucket_mask = before * 2 + 1;
	for (uint32_t i = 0; i <= before; i++) {
		uint32_t list = d->buckets[i];

		d->buckets[i] = 0;
		while (list) {
			struct tracker *t = tracker_at(d, list);
			uint32_t next = t->chain;

			t->bucket = bucket_of(d, &t->key);
			t->chain = d->buckets[t->bucket];
			d->buckets[t->bucket] = list;
			list = next;
		}
	}
}

/* The datagram's tracker, made where there is none; 0: no room. */
static uint32_t tracker_find(struct defrag *d, const struct key *k, int64_t now_ns)
{
	const struct defrag_host *host;
	uint32_t bucket, index;
	struct tracker *t;

	spread(d);
	bucket = bucket_of(d, k);
	for (index = d->buckets[bucket]; index; index = t->chain) {
		t = tracker_at(d, index);
		if (memcmp(&t->key, k, sizeof(*k)) == 0)
			break;
	}
	if (index && tracker_at(d, index)->deadline_ns <= now_ns) {
		tracker_remove(d, index);
		index = 0;
	}
	host = host_of(d, k);
	if (!index) {
		index = get(d, &d->trackers, 0, COUNTER_DEFRAG_MAX_TRACKERS_REACHED);
		if (!index)
			return 0;
		t = tracker_at(d, index);
		t->key = *k;
		t->bucket = bucket;
		t->chain = d->buckets[bucket];
		d->buckets[bucket] = index;
		t->policy = (uint8_t)(host ? host->policy : d->options.policy);
	} else {
		queue_remove(d, index);
	}
	queue_append(d, index);
	t = tracker_at(d, index);
	t->deadline_ns =
		now_ns + (host && host->timeout_ns ? host->timeout_ns : d->options.timeout_ns);
	return index;
}

/* The byte of the map with a block's bits; NULL: no memory for the map. */
static uint8_t *map_byte(struct defrag *d, uint32_t index, uint32_t block)
{
	uint32_t *chunk = &tracker_at(d, index)->map[block / MAP_BLOCKS];

	if (!*chunk)
		*chunk = get(d, &d->chunks, index, COUNTER_DEFRAG_MAX_FRAGS_REACHED);
	return *chunk ? &chunk_at(d, *chunk)->data[block % MAP_BLOCKS / 4] : NULL;
}

/*
 * Mark the blocks of a fragment.  One that a fragment with "more" fills in part is not
 * whole: what it lacks must come.
 */
static bool mark(struct defrag *d, uint32_t index, const struct piece *in)
{
	struct tracker *t = tracker_at(d, index);
	uint32_t behind = (in->end + BLOCK - 1) / BLOCK;
	uint32_t whole = in->more ? in->end / BLOCK : behind;

	t->met = false;
	t->fresh = false;
	for (uint32_t block = in->offset / BLOCK; block < behind; block++) {
		uint8_t *byte = map_byte(d, index, block);
		unsigned shift = block % 4 * 2;

		if (!byte)
			return false;
		t->met |= *byte >> shift & MAP_TOUCHED;
		*byte |= (uint8_t)(MAP_TOUCHED << shift);
		if (block < whole && !(*byte >> shift & MAP_WHOLE)) {
			*byte |= (uint8_t)(MAP_WHOLE << shift);
			t->blocks++;
			t->fresh = true;
		}
	}
	return true;
}

/* All blocks of the datagram are there. */
static bool is_whole(struct defrag *d, uint32_t index)
{
	const struct tracker *t = tracker_at(d, index);
	uint32_t blocks = (t->end + BLOCK - 1) / BLOCK;

	if (!t->end || t->blocks < blocks)
		return false;
	if (t->reach == t->end)
		return true;
	/* There are some behind the end, too. */
	for (uint32_t block = 0; block < blocks; block++) {
		const uint8_t *byte = map_byte(d, index, block);

		if (!byte || !(*byte >> block % 4 * 2 & MAP_WHOLE))
			return false;
	}
	return true;
}

/* Store b behind what the fragment has; used is how much that is. */
static bool store(struct defrag *d, uint32_t tracker, uint32_t **tail, size_t *used, struct bytes b)
{
	while (b.len) {
		size_t at = *used % CHUNK_DATA;
		size_t room = CHUNK_DATA - at;
		struct bytes part = bytes_slice(b, 0, room);
		struct chunk *c;

		if (at == 0) {
			**tail = get(d, &d->chunks, tracker, COUNTER_DEFRAG_MAX_FRAGS_REACHED);
			if (!**tail)
				return false;
		}
		c = chunk_at(d, **tail);
		memcpy(c->data + at, part.data, part.len);
		*used += part.len;
		if (*used % CHUNK_DATA == 0)
			*tail = &c->next;
		b = bytes_slice(b, part.len, b.len);
	}
	return true;
}

/* A fragment that ends within a block: the map may say too much of it. */
static bool is_uneven(const struct tracker *t, const struct piece *in)
{
	if (in->more)
		return in->end % BLOCK != 0 || (t->end && in->end > t->end);
	return t->end || in->end < t->reach;
}

static bool add(struct defrag *d, uint32_t index, const struct piece *in)
{
	struct tracker *t = tracker_at(d, index);
	uint32_t f = get(d, &d->fragments, index, COUNTER_DEFRAG_MAX_FRAGS_REACHED);
	struct fragment *frag;
	uint32_t *tail;
	size_t used = 0;

	if (!f)
		return false;
	frag = fragment_at(d, f);
	frag->offset = in->offset;
	frag->end = in->end;
	frag->next_at = in->next_at;
	frag->next_header = in->next_header;
	tail = &frag->chunks;
	if (in->offset == 0) {
		frag->header_len = (uint16_t)in->header.len;
		if (!store(d, index, &tail, &used, in->header))
			goto fail;
	}
	if (!store(d, index, &tail, &used, in->payload) || !mark(d, index, in))
		goto fail;
	if (t->last)
		fragment_at(d, t->last)->next = f;
	else
		t->first = f;
	t->last = f;
	t->overlaps |= t->met || is_uneven(t, in);
	if (in->end > t->reach)
		t->reach = in->end;
	/* An end within what is already there is none, unless later bytes count. */
	if (!in->more && (t->fresh || t->policy == DEFRAG_LAST || t->policy == DEFRAG_BSD_RIGHT) &&
	    (!t->end || in->end < t->end))
		t->end = in->end;
	return true;
fail:
	chunks_put(d, frag->chunks);
	pool_put(&d->fragments, f);
	return false;
}

/* Does later take a byte that earlier has? */
static bool takes(enum defrag_policy policy, const struct fragment *later,
		  const struct fragment *earlier)
{
	switch (policy) {
	case DEFRAG_BSD:
		return later->offset < earlier->offset;
	case DEFRAG_BSD_RIGHT:
		return later->offset >= earlier->offset;
	case DEFRAG_OLD_LINUX:
		return later->offset <= earlier->offset;
	case DEFRAG_SOLARIS:
		return later->offset < earlier->offset && later->end >= earlier->end;
	case DEFRAG_WINDOWS:
		return later->offset < earlier->offset && later->end > earlier->end;
	case DEFRAG_LAST:
		return true;
	case DEFRAG_FIRST:
	default:
		return false;
	}
}

/* Copy [from, to) of what the fragment has stored. */
static void copy_stored(const struct defrag *d, const struct fragment *f, size_t from, size_t to,
			uint8_t *out)
{
	uint32_t index = f->chunks;
	size_t start = 0; /* of the chunk at hand */

	for (; index && from < to; index = chunk_at(d, index)->next, start += CHUNK_DATA) {
		size_t end = start + CHUNK_DATA < to ? start + CHUNK_DATA : to;

		if (from >= end)
			continue;
		memcpy(out, chunk_at(d, index)->data + (from - start), end - from);
		out += end - from;
		from = end;
	}
}

/* Bytes [from, to) of the datagram's payload out of f. */
static void copy_payload(const struct defrag *d, const struct fragment *f, uint32_t from,
			 uint32_t to, uint8_t *payload)
{
	copy_stored(d, f, from - f->offset + f->header_len, to - f->offset + f->header_len,
		    payload + from);
}

/* Give every byte its owner, fragment by fragment as they came.  False: some have none. */
static bool find_owners(struct defrag *d, const struct tracker *t)
{
	memset(d->owner, 0, t->end * sizeof(*d->owner));
	for (uint32_t f = t->first; f; f = fragment_at(d, f)->next) {
		const struct fragment *frag = fragment_at(d, f);
		uint32_t asked = 0; /* the owner that was compared with last */
		bool taken = false;

		for (uint32_t i = frag->offset; i < frag->end && i < t->end; i++) {
			uint32_t owner = d->owner[i];

			if (owner && owner != asked) {
				asked = owner;
				taken = takes(t->policy, frag, fragment_at(d, owner));
			}
			if (!owner || taken)
				d->owner[i] = f;
		}
	}
	for (uint32_t i = 0; i < t->end; i++) {
		if (!d->owner[i])
			return false;
	}
	return true;
}

/* Fill payload; returns the fragment that byte 0 came from, NULL: there is a hole. */
static const struct fragment *fill(struct defrag *d, const struct tracker *t, uint8_t *payload)
{
	const struct fragment *head = NULL;

	if (t->overlaps) {
		if (!find_owners(d, t))
			return NULL;
		for (uint32_t from = 0, to; from < t->end; from = to) {
			uint32_t owner = d->owner[from];

			for (to = from + 1; to < t->end && d->owner[to] == owner;)
				to++;
			copy_payload(d, fragment_at(d, owner), from, to, payload);
		}
		return fragment_at(d, d->owner[0]);
	}
	for (uint32_t f = t->first; f; f = fragment_at(d, f)->next) {
		const struct fragment *frag = fragment_at(d, f);

		if (frag->offset < t->end)
			copy_payload(d, frag, frag->offset, frag->end < t->end ? frag->end : t->end,
				     payload);
		if (frag->offset == 0)
			head = frag;
	}
	return head;
}

/* Replace a 16-bit field and keep the header's checksum as right or wrong as it was (RFC 1624). */
static void replace16(uint8_t *header, size_t field, uint16_t value)
{
	uint32_t sum = (uint16_t)~load_be16(header + 10);

	sum += (uint16_t)~load_be16(header + field) + (uint32_t)value;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum;
	header[10] = (uint8_t)(sum >> 8);
	header[11] = (uint8_t)sum;
	header[field] = (uint8_t)(value >> 8);
	header[field + 1] = (uint8_t)value;
}

/* Lengths and next header of a whole datagram, in place of the fragment's. */
static void correct_header(const struct fragment *head, unsigned version, size_t len, uint8_t *h)
{
	if (version == 4) {
		replace16(h, 2, (uint16_t)len);
		replace16(h, 6, load_be16(h + 6) & 0xc000);
		return;
	}
	len -= 40;
	h[4] = (uint8_t)(len >> 8);
	h[5] = (uint8_t)len;
	h[head->next_at] = head->next_header;
}

static size_t header_len_of(const struct defrag *d, const struct tracker *t)
{
	size_t len = 0;

	for (uint32_t f = t->first; f; f = fragment_at(d, f)->next) {
		if (fragment_at(d, f)->header_len > len)
			len = fragment_at(d, f)->header_len;
	}
	return len;
}

/* Earlier fragments of a datagram that a new one is compared with. */
#define COMPARED_MAX 256u

/* Bytes [from, to) of the datagram as an earlier fragment had them, PACKET_OVERLAP_MAX at most, and the new one's. */
static bool versions_differ(const struct defrag *d, const struct fragment *f,
			    const struct piece *in, struct packet_overlap *out)
{
	uint32_t from = f->offset > in->offset ? f->offset : in->offset;
	uint32_t to = f->end < in->end ? f->end : in->end;

	while (from < to) {
		uint32_t n = to - from < PACKET_OVERLAP_MAX ? to - from : PACKET_OVERLAP_MAX;
		const uint8_t *newer = in->payload.data + (from - in->offset);
		uint32_t at = 0;

		copy_stored(d, f, from - f->offset + f->header_len,
			    from + n - f->offset + f->header_len, out->older);
		while (at < n && out->older[at] == newer[at])
			at++;
		if (at == 0) {
			out->offset = from;
			out->len = to - from;
			memcpy(out->newer, newer, n);
			return true;
		}
		/* Once more from there, so that all that follows is in. */
		from += at;
	}
	return false;
}

/* What the fragment has otherwise than one before it: told with its event. */
static const struct packet_overlap *find_versions(struct defrag *d, const struct tracker *t,
						  const struct piece *in)
{
	struct packet_overlap *out = (struct packet_overlap *)(d->scratch + d->scratch_used);
	const struct fragment newer = { .offset = in->offset, .end = in->end };
	unsigned compared = 0;

	if (d->scratch_used + sizeof(*out) > SCRATCH_BYTES / 2)
		return NULL;
	for (uint32_t f = t->first; f && compared < COMPARED_MAX;
	     f = fragment_at(d, f)->next, compared++) {
		const struct fragment *older = fragment_at(d, f);

		if (older->end <= in->offset || older->offset >= in->end ||
		    !versions_differ(d, older, in, out))
			continue;
		out->newer_kept = takes((enum defrag_policy)t->policy, &newer, older);
		d->scratch_used += (sizeof(*out) + 15) & ~(size_t)15;
		return out;
	}
	return NULL;
}

/* The whole datagram behind the bytes in front of p's IP header; empty while it is not whole. */
static struct bytes join(struct defrag *d, uint32_t index, struct packet *p)
{
	static const struct bytes none = { NULL, 0 };
	const struct tracker *t = tracker_at(d, index);
	const struct fragment *head;
	size_t header_room, len;
	uint8_t *out, *datagram;

	if (!is_whole(d, index))
		return none;
	/* Overlapping first fragments may differ in header length: room for the longest. */
	header_room = header_len_of(d, t);
	if (SCRATCH_BYTES - d->scratch_used < p->l3_offset + header_room + t->end) {
		packet_event(p, p->ip_version == 4 ? EVENT_DECODE_IPV4_FRAG_IGNORED
						   : EVENT_DECODE_IPV6_FRAG_IGNORED);
		d->count[COUNTER_LIMITS_REACHED]++;
		return none;
	}
	out = d->scratch + d->scratch_used;
	datagram = out + p->l3_offset;
	head = fill(d, t, datagram + header_room);
	if (!head)
		return none;
	if (head->header_len < header_room)
		memmove(datagram + head->header_len, datagram + header_room, t->end);
	copy_stored(d, head, 0, head->header_len, datagram);
	memcpy(out, p->data.data, p->l3_offset);
	len = head->header_len + t->end;
	if (len - (p->ip_version == 4 ? 0 : 40) > DATAGRAM_MAX) {
		packet_event(p, p->ip_version == 4 ? EVENT_DECODE_IPV4_FRAG_PKT_TOO_LARGE
						   : EVENT_DECODE_IPV6_FRAG_PKT_TOO_LARGE);
		return none;
	}
	correct_header(head, p->ip_version, len, datagram);
	d->scratch_used += (p->l3_offset + len + 15) & ~(size_t)15;
	return bytes_of(out, p->l3_offset + len);
}

/* False: not to be joined, and the packet says why. */
static bool read_ip4(struct packet *p, struct piece *out)
{
	struct bytes ip = bytes_slice(p->data, p->l3_offset, p->l3_len);
	size_t header_len;

	if (ip.len < 20)
		return false;
	header_len = (ip.data[0] & 0x0fu) * 4;
	out->header = bytes_slice(ip, 0, header_len);
	out->payload = bytes_slice(ip, header_len, ip.len);
	out->offset = p->frag_offset * BLOCK;
	out->end = out->offset + (uint32_t)out->payload.len;
	out->id = p->ip_id;
	out->more = p->more_fragments;
	if (20 + out->end > DATAGRAM_MAX) {
		packet_event(p, EVENT_DECODE_IPV4_FRAG_PKT_TOO_LARGE);
		return false;
	}
	return true;
}

static bool read_ip6(struct packet *p, struct piece *out)
{
	size_t len = p->data.len - p->l3_offset;
	struct bytes ip = bytes_slice(p->data, p->l3_offset, len);
	size_t header_len = p->frag_header - p->l3_offset;
	struct cursor c = cursor_of(bytes_slice(ip, header_len, len));
	const uint8_t *h = cursor_take(&c, 8);

	if (!h || ip.len < 40)
		return false;
	len = 40u + load_be16(ip.data + 4);
	ip = bytes_slice(ip, 0, len);
	out->header = bytes_slice(ip, 0, header_len);
	out->payload = bytes_slice(ip, header_len + 8, len);
	out->offset = p->frag_offset * BLOCK;
	out->end = out->offset + (uint32_t)out->payload.len;
	out->id = load_be32(h + 4);
	out->next_header = h[0];
	out->next_at = (uint16_t)(p->frag_next - p->l3_offset);
	out->more = p->more_fragments;
	if (out->end > DATAGRAM_MAX) {
		packet_event(p, EVENT_DECODE_IPV6_FRAG_PKT_TOO_LARGE);
		return false;
	}
	if (out->more && out->payload.len % BLOCK) {
		packet_event(p, EVENT_DECODE_IPV6_FRAG_INVALID_LENGTH);
		return false;
	}
	return true;
}

/* How the blocks of a fragment meet those that are there. */
enum meeting { MEETS_NONE, MEETS_SOME, MEETS_ALL };

static enum meeting meeting_of(const struct defrag *d, const struct tracker *t,
			       const struct piece *in)
{
	uint32_t first = in->offset / BLOCK, behind = (in->end + BLOCK - 1) / BLOCK, there = 0;

	for (uint32_t block = first; block < behind; block++) {
		uint32_t chunk = t->map[block / MAP_BLOCKS];

		if (chunk && (chunk_at(d, chunk)->data[block % MAP_BLOCKS / 4] >> block % 4 * 2 &
			      MAP_TOUCHED))
			there++;
	}
	return !there ? MEETS_NONE : there == behind - first ? MEETS_ALL : MEETS_SOME;
}

/*
 * Linux since 4.20 (RFC 5722, section 4, for both versions): what is there already is dropped, what lies over
 * the edge of it gives the datagram up; so does an end that others have passed.
 */
static enum meeting linux_meeting(const struct defrag *d, const struct tracker *t,
				  const struct piece *in)
{
	enum meeting m = meeting_of(d, t, in);

	if (in->more ? t->end && in->end > t->end
		     : in->end < t->reach || (t->end && in->end != t->end))
		return MEETS_SOME;
	return m;
}

/* It cuts what it takes to whole blocks, and wants the whole transport header in the first one (RFC 7112). */
static bool linux_takes(const struct packet *p, struct piece *in)
{
	size_t least = in->next_header == IP_PROTO_TCP					       ? 20
		       : in->next_header == IP_PROTO_UDP || in->next_header == IP_PROTO_ICMPV6 ? 8
											       : 0;

	/* What was fragmented twice is dropped when the outer fragments are joined. */
	if (p->ip_version == 6 && !in->offset && in->next_header == IP_PROTO_FRAGMENT)
		return false;
	if (p->ip_version == 6)
		return in->offset || in->payload.len >= least;
	if (in->more) {
		in->end -= in->end % BLOCK;
		in->payload = bytes_slice(in->payload, 0, in->end - in->offset);
	}
	return true;
}

/* False: the fragment is done with. */
static bool linux_admits(struct defrag *d, uint32_t index, struct packet *p, struct piece *in)
{
	struct tracker *t = tracker_at(d, index);
	enum meeting m;

	if (!linux_takes(p, in))
		return false;
	/* One without a byte gives the datagram up. */
	if (!in->payload.len) {
		tracker_remove(d, index);
		return false;
	}
	m = t->first ? linux_meeting(d, t, in) : MEETS_NONE;
	if (m == MEETS_NONE)
		return true;
	p->overlap = find_versions(d, t, in);
	packet_event(p, p->ip_version == 4 ? EVENT_DECODE_IPV4_FRAG_OVERLAP
					   : EVENT_DECODE_IPV6_FRAG_OVERLAP);
	if (m == MEETS_SOME)
		tracker_remove(d, index);
	return false;
}

struct bytes defrag_add(void *ctx, struct packet *frag)
{
	static const struct bytes none = { NULL, 0 };
	struct defrag *d = ctx;
	bool v4 = frag->ip_version == 4;
	struct piece in = { .header = { NULL, 0 } };
	struct bytes whole;
	struct tracker *t;
	struct key key;
	uint32_t index;

	d->count[v4 ? COUNTER_DEFRAG_IPV4_FRAGMENTS : COUNTER_DEFRAG_IPV6_FRAGMENTS]++;
	if (!(v4 ? read_ip4(frag, &in) : read_ip6(frag, &in)))
		return none;
	key_of(d, frag, in.id, &key);
	index = tracker_find(d, &key, frag->time_ns);
	if (!index)
		goto ignored;
	t = tracker_at(d, index);
	if (t->policy == DEFRAG_DISCARD && !linux_admits(d, index, frag, &in))
		return none;
	if (!add(d, index, &in)) {
		/* What came of it is marked in part: the datagram is given up. */
		tracker_remove(d, index);
		goto ignored;
	}
	if (t->met) {
		frag->overlap = find_versions(d, t, &in);
		packet_event(frag,
			     v4 ? EVENT_DECODE_IPV4_FRAG_OVERLAP : EVENT_DECODE_IPV6_FRAG_OVERLAP);
	}
	whole = join(d, index, frag);
	if (whole.data) {
		d->count[v4 ? COUNTER_DEFRAG_IPV4_REASSEMBLED : COUNTER_DEFRAG_IPV6_REASSEMBLED]++;
		tracker_remove(d, index);
	}
	return whole;
ignored:
	packet_exception(frag, EXCEPTION_DEFRAG_MEMCAP);
	packet_event(frag, v4 ? EVENT_DECODE_IPV4_FRAG_IGNORED : EVENT_DECODE_IPV6_FRAG_IGNORED);
	return none;
}

bool defrag_batch_is_full(const struct defrag *d)
{
	return d->scratch_used > SCRATCH_BYTES / 2;
}

void defrag_batch_done(struct defrag *d)
{
	d->scratch_used = 0;
}

void defrag_tick(struct defrag *d, int64_t now_ns)
{
	/* Per-network timeouts differ, so the queue is by age only roughly: a tracker with a
	 * longer one delays those behind it, which lookups find to be over anyway. */
	while (d->oldest && tracker_at(d, d->oldest)->deadline_ns <= now_ns)
		tracker_remove(d, d->oldest);
}
