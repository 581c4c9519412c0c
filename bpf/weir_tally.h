/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_tally.h - counts, for each source of probes, how many places it asks; the same code on a NIC and in the engine.
 *
 * In: a layer that weir_walk.h has read, or the sign that was made of one; the number of the running
 * window.  Out: a table of fixed size, to be read at any time.
 * Not here: whether it is a scan (engine/watch/tally.c), what a flow makes of it (engine/watch/scan.c).
 *
 * A source's first probe is a note of four bytes.  The second makes an entry, in a bucket of four, and who has asked
 * fewest places gives way: so a flood of sources with one probe each passes through the notes, and takes no entry from
 * one that goes on.
 *
 * Counts stand for one way of probing and one window.  Two CPUs that count for one source at the same instant may count one.
 *
 * Memory: WEIR_TALLY_BUCKETS and WEIR_NOTE_LINES, 768 KiB in all.  What a source that is new touches, a quarter of a MiB, stays
 * in a processor's second cache: more notes cost more than the rest of the counting.  Thread: any.
 */
#ifndef WEIR_BPF_WEIR_TALLY_H
#define WEIR_BPF_WEIR_TALLY_H

#include <linux/types.h>

#define WEIR_TALLY_BUCKETS 2048
#define WEIR_TALLY_WAYS 4
#define WEIR_NOTE_LINES 2048
#define WEIR_NOTES 15
/* Places are told apart by so many bits: counts are estimates (weir_tally_distinct()). */
#define WEIR_TALLY_BITS 128

/* How a place is probed. */
enum weir_probe {
	WEIR_PROBE_NONE,
	WEIR_PROBE_SYN,
	WEIR_PROBE_FIN,
	WEIR_PROBE_NULL,
	WEIR_PROBE_XMAS,
	WEIR_PROBE_ACK, /* known by the reset that comes back */
	WEIR_PROBE_UDP, /* known by "port unreachable" */
	WEIR_PROBE_ICMP, /* echo */
	WEIR_PROBE__COUNT
};

enum weir_sign_kind {
	WEIR_SIGN_PROBE,
	WEIR_SIGN_ANSWER, /* SYN and ACK came back */
	WEIR_SIGN_REFUSAL, /* a reset came back */
};

/* What one packet says of a source. */
struct weir_sign {
	__u64 source[2], target[2]; /* wire order; IPv4 in the first four bytes */
	__u16 port; /* of the target, host order */
	__u8 probe; /* enum weir_probe; WEIR_PROBE_NONE: it says nothing */
	__u8 kind; /* enum weir_sign_kind */
	__u8 version; /* 4, 6 */
	__u8 reserved[3];
};

/* One source, one way of probing, in one window. */
struct weir_source {
	__u64 address[2];
	__u32 what; /* probe, and the version above it */
	__u32 window;
	__u32 packets; /* probes */
	__u16 answered, refused;
	__u64 ports[2], hosts[2]; /* a bit each, by hash */
};

/* One cache line of keys, and one each of what is known. */
struct weir_tally_bucket {
	__u32 tag[WEIR_TALLY_WAYS]; /* of the source's hash; WEIR_TAG_... */
	__u32 window[WEIR_TALLY_WAYS];
	__u32 worth[WEIR_TALLY_WAYS]; /* places */
	__u32 forgotten; /* entries of this window that gave way with more than one place */
	__u32 reserved[3];
	struct weir_source source[WEIR_TALLY_WAYS];
};
#define WEIR_TAG_FREE 0u
#define WEIR_TAG_TAKEN 1u /* an entry is being made */

/* Sources with one probe: half a hash, and the bits of the place. */
struct weir_note_line {
	__u32 next;
	__u32 note[WEIR_NOTES];
};

/* What the walk leaves of a layer, for weir_sign_of(). */
enum weir_sign_flag {
	WEIR_SIGN_FIN = 0x01,
	WEIR_SIGN_SYN = 0x02,
	WEIR_SIGN_RST = 0x04,
	WEIR_SIGN_PSH = 0x08,
	WEIR_SIGN_ACK = 0x10,
	WEIR_SIGN_URG = 0x20,
};

static inline __attribute__((always_inline)) __u64 weir_tally_mix(__u64 v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ULL;
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ULL;
	return v ^ v >> 32;
}

static inline __attribute__((always_inline)) __u32 weir_source_what(const struct weir_sign *s)
{
	return s->probe | (__u32)s->version << 8;
}

static inline __attribute__((always_inline)) __u64 weir_source_hash(const __u64 address[2],
								    __u32 what, __u64 key)
{
	return weir_tally_mix(weir_tally_mix(address[0] ^ key) + (address[1] ^ what));
}

static inline __attribute__((always_inline)) __u32 weir_tally_tag(__u64 hash)
{
	return (__u32)(hash >> 32) | 2;
}

static inline __attribute__((always_inline)) __u32 weir_tally_index(__u64 hash)
{
	return (__u32)hash & (WEIR_TALLY_BUCKETS - 1);
}

/* The bit of a port, and of a host. */
static inline __attribute__((always_inline)) __u32 weir_port_bit(__u32 port, __u64 key)
{
	return (__u32)(weir_tally_mix(port ^ key) >> 20) & (WEIR_TALLY_BITS - 1);
}

static inline __attribute__((always_inline)) __u32 weir_host_bit(const __u64 host[2], __u64 key)
{
	return (__u32)(weir_tally_mix(host[0] ^ (host[1] * 0x9e3779b97f4a7c15ULL) ^ key) >> 20) &
	       (WEIR_TALLY_BITS - 1);
}

/*
 * What a packet with these TCP flags says.  A reset without ACK answers a segment with ACK (RFC 9293, 3.10.7.1): from
 * the lower of two ports it is a server's.
 */
static inline __attribute__((always_inline)) void weir_sign_of_tcp(__u32 flags, const __u64 src[2],
								   const __u64 dst[2], __u16 sport,
								   __u16 dport, struct weir_sign *s)
{
	__u32 back = 0;

	s->kind = WEIR_SIGN_PROBE;
	if (flags & WEIR_SIGN_RST) {
		back = 1;
		if (flags & WEIR_SIGN_SYN)
			s->probe = WEIR_PROBE_NONE;
		else if (flags & WEIR_SIGN_ACK) {
			s->probe = WEIR_PROBE_SYN;
			s->kind = WEIR_SIGN_REFUSAL;
		} else {
			s->probe = sport < dport ? WEIR_PROBE_ACK : WEIR_PROBE_NONE;
		}
	} else if (flags & WEIR_SIGN_SYN) {
		s->probe = WEIR_PROBE_SYN;
		if (flags & WEIR_SIGN_ACK) {
			back = 1;
			s->kind = WEIR_SIGN_ANSWER;
		}
	} else if (flags & WEIR_SIGN_ACK) {
		s->probe = WEIR_PROBE_NONE;
	} else if ((flags & (WEIR_SIGN_FIN | WEIR_SIGN_PSH | WEIR_SIGN_URG)) ==
		   (WEIR_SIGN_FIN | WEIR_SIGN_PSH | WEIR_SIGN_URG)) {
		s->probe = WEIR_PROBE_XMAS;
	} else {
		s->probe = flags & WEIR_SIGN_FIN ? WEIR_PROBE_FIN : WEIR_PROBE_NULL;
	}
	s->source[0] = back ? dst[0] : src[0];
	s->source[1] = back ? dst[1] : src[1];
	s->target[0] = back ? src[0] : dst[0];
	s->target[1] = back ? src[1] : dst[1];
	s->port = back ? sport : dport;
}

/* --- counting ---------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) int weir_way_of(const struct weir_tally_bucket *b,
							     __u32 tag)
{
	int way = -1;

#pragma GCC unroll 4
	for (int i = WEIR_TALLY_WAYS - 1; i >= 0; i--)
		way = b->tag[i] == tag ? i : way;
	return way;
}

/* The entry that is worth least; those of windows that are over are worth nothing. */
static inline __attribute__((always_inline)) __u32 weir_least_way(const struct weir_tally_bucket *b,
								  __u32 window)
{
	__u32 least = 0, worth = 0xffffffff;

#pragma GCC unroll 4
	for (__u32 i = 0; i < WEIR_TALLY_WAYS; i++) {
		__u32 w = b->window[i] == window ? b->worth[i] + 1 : 0;

		w = b->tag[i] == WEIR_TAG_FREE ? 0 : w;
		least = w < worth ? i : least;
		worth = w < worth ? w : worth;
	}
	return least;
}

static inline __attribute__((always_inline)) void weir_start_window(struct weir_source *s,
								    __u32 window)
{
	s->packets = 0;
	s->answered = 0;
	s->refused = 0;
	s->ports[0] = s->ports[1] = 0;
	s->hosts[0] = s->hosts[1] = 0;
	s->window = window;
}

/* Returns 1 where the place has a bit of its own. */
static inline __attribute__((always_inline)) __u32 weir_set_place(struct weir_source *s, __u32 port,
								  __u32 host)
{
	__u64 port_mask = 1ULL << (port & 63), host_mask = 1ULL << (host & 63);
	__u64 *ports = port & 64 ? &s->ports[1] : &s->ports[0];
	__u64 *hosts = host & 64 ? &s->hosts[1] : &s->hosts[0];
	__u32 fresh = !(*ports & port_mask) || !(*hosts & host_mask);

	*ports |= port_mask;
	*hosts |= host_mask;
	return fresh;
}

/* A source that has an entry. */
static inline __attribute__((always_inline)) void weir_take_sign(struct weir_tally_bucket *b,
								 __u32 way, struct weir_source *s,
								 const struct weir_sign *sign,
								 __u32 window, __u64 key)
{
	if (s->window != window) {
		weir_start_window(s, window);
		b->window[way] = window;
		b->worth[way] = 0;
	}
	if (sign->kind == WEIR_SIGN_PROBE) {
		s->packets++;
		b->worth[way] += weir_set_place(s, weir_port_bit(sign->port, key),
						weir_host_bit(sign->target, key));
	} else if (sign->kind == WEIR_SIGN_ANSWER) {
		s->answered += s->answered != 0xffff;
	} else {
		s->refused += s->refused != 0xffff;
	}
}

/* Its half of the hash is never 0: a free place is. */
static inline __attribute__((always_inline)) __u32 weir_note_of(__u64 hash, __u32 port, __u32 host)
{
	return ((__u32)(hash >> 46) | 1) << 14 | port << 7 | host;
}
#define WEIR_NOTE_TAG 0xffffc000u

/* The note of a source, which is taken away; 0: there was none, and now there is. */
static inline __attribute__((always_inline)) __u32 weir_take_note(struct weir_note_line *l,
								  __u32 note)
{
	__u32 found = 0, at = l->next + 1;

	at = at < WEIR_NOTES ? at : 0;
#pragma GCC unroll 15
	for (__u32 i = 0; i < WEIR_NOTES; i++) {
		__u32 same = !((l->note[i] ^ note) & WEIR_NOTE_TAG);

		found = same ? l->note[i] : found;
		at = same ? i : at;
	}
	/* What the compiler proves the verifier of older kernels does not see. */
	__asm__ volatile("" : "+r"(at));
	if (at >= WEIR_NOTES)
		return 0;
	l->note[at] = found ? 0 : note;
	l->next = found ? l->next : at;
	return found;
}

/* The second probe of a source: both count. */
static inline __attribute__((always_inline)) void
weir_make_source(struct weir_tally_bucket *b, __u32 way, struct weir_source *s,
		 const struct weir_sign *sign, __u32 window, __u64 hash, __u64 key, __u32 note)
{
	__u32 old = b->tag[way];

	/* Another CPU is at it: this probe is not counted. */
	if (old == WEIR_TAG_TAKEN ||
	    __sync_val_compare_and_swap(&b->tag[way], old, WEIR_TAG_TAKEN) != old)
		return;
	b->forgotten += old != WEIR_TAG_FREE && b->window[way] == window && b->worth[way] > 1;
	s->address[0] = sign->source[0];
	s->address[1] = sign->source[1];
	s->what = weir_source_what(sign);
	weir_start_window(s, window);
	s->packets = 1;
	b->worth[way] = weir_set_place(s, note >> 7 & 127, note & 127);
	b->window[way] = window;
	weir_take_sign(b, way, s, sign, window, key);
	b->tag[way] = weir_tally_tag(hash);
}

/* --- reading, in the engine ---------------------------------------------------------------------------------- */

/*
 * How many distinct ones set so many bits, by linear counting: -m ln(zeros / m) as the sum 1/m + 1/(m-1) + ..., good to a
 * tenth up to some two hundred, and never more than 695.
 */
static inline __u32 weir_tally_distinct(const __u64 bits[2])
{
	__u32 set = (__u32)(__builtin_popcountll(bits[0]) + __builtin_popcountll(bits[1]));
	__u32 thousandths = 0;

	for (__u32 i = 0; i < set; i++)
		thousandths += 1000u * WEIR_TALLY_BITS / (WEIR_TALLY_BITS - i);
	return (thousandths + 500) / 1000;
}

#endif
