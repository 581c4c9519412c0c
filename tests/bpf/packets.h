/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packets.h - frames from words: "eth vlan=5 ip4 udp=1000:53 data=8".
 *
 * In: headers from the outside in; a word's modifiers follow with '+'.  Out: the frame, with
 * lengths and types that fit together unless a modifier says otherwise.
 *
 * Memory: the caller's.  Thread: one.
 */
#ifndef WEIR_TESTS_BPF_PACKETS_H
#define WEIR_TESTS_BPF_PACKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 2048
#define PACKET_WORDS 24

struct made {
	uint8_t bytes[PACKET_MAX]; /* filled from the end */
	size_t at; /* where the innermost header so far begins */
	unsigned type; /* EtherType of what stands there */
	unsigned proto; /* IP protocol of it */
	unsigned depth; /* of the next IP header from the inside */
	unsigned cut;
	/* Last byte of addresses; 0: 1 and 2. */
	unsigned src[3], dst[3];
};

static inline uint8_t *made_front(struct made *m, size_t len)
{
	if (len > m->at)
		abort();
	m->at -= len;
	memset(m->bytes + m->at, 0, len);
	return m->bytes + m->at;
}

static inline size_t made_len(const struct made *m)
{
	return PACKET_MAX - m->at;
}

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline bool word_has(const char *word, const char *modifier)
{
	return strstr(word, modifier) != NULL;
}

static inline unsigned word_number(const char *word, unsigned otherwise)
{
	const char *eq = strchr(word, '=');

	return eq ? (unsigned)strtoul(eq + 1, NULL, 10) : otherwise;
}

static inline void made_ports(const char *word, uint8_t *h)
{
	unsigned sport = 1000, dport = 80;
	const char *eq = strchr(word, '=');

	if (eq)
		sscanf(eq + 1, "%u:%u", &sport, &dport);
	put16(h, sport);
	put16(h + 2, dport);
}

static inline void made_ip4(struct made *m, const char *word)
{
	size_t header = word_has(word, "+opt") ? 24 : 20, len = made_len(m) + header;
	unsigned d = m->depth < 3 ? m->depth : 2;
	uint8_t *h = made_front(m, header);

	h[0] = (uint8_t)(0x40 | header / 4);
	if (word_has(word, "+ihl4"))
		h[0] = 0x44;
	if (word_has(word, "+v5"))
		h[0] = 0x55;
	len += word_has(word, "+long") ? 100 : 0;
	put16(h + 2, word_has(word, "+short") ? 10 : (unsigned)len);
	put16(h + 6, word_has(word, "+first") ? 0x2000 : word_has(word, "+later") ? 5 : 0);
	h[8] = 64;
	h[9] = (uint8_t)m->proto;
	memcpy(h + 12, (uint8_t[]){ 10, (uint8_t)d, 0, (uint8_t)(m->src[d] ? m->src[d] : 1) }, 4);
	memcpy(h + 16, (uint8_t[]){ 10, (uint8_t)d, 0, (uint8_t)(m->dst[d] ? m->dst[d] : 2) }, 4);
	if (header == 24)
		memcpy(h + 20, "\x01\x01\x01\x00", 4);
	m->type = 0x0800;
	m->proto = 4;
	m->depth++;
}

static inline void made_ip6(struct made *m, const char *word)
{
	unsigned d = m->depth < 3 ? m->depth : 2;
	size_t len = made_len(m);
	uint8_t *h = made_front(m, 40);

	h[0] = word_has(word, "+v4") ? 0x40 : 0x60;
	put16(h + 4, (unsigned)len + (word_has(word, "+long") ? 100 : 0));
	h[6] = (uint8_t)m->proto;
	h[7] = 64;
	h[8] = h[24] = 0xfd;
	h[9] = h[25] = (uint8_t)d;
	h[23] = (uint8_t)(m->src[d] ? m->src[d] : 1);
	h[39] = (uint8_t)(m->dst[d] ? m->dst[d] : 2);
	m->type = 0x86dd;
	m->proto = 41;
	m->depth++;
}

/* An extension header of eight bytes. */
static inline uint8_t *made_extension(struct made *m, unsigned proto)
{
	uint8_t *h = made_front(m, 8);

	h[0] = (uint8_t)m->proto;
	memcpy(h + 2, "\x01\x04", 2); /* PadN */
	m->proto = proto;
	return h;
}

static inline void made_tunnel(struct made *m, const char *word)
{
	uint8_t *h;

	if (word[0] == 'g') {
		h = made_front(m, word_has(word, "+key") ? 8 : 4);
		put16(h, word_has(word, "+key") ? 0x2000 : word_has(word, "+route") ? 0x4000 : 0);
		if (word_has(word, "+v1"))
			h[1] = 1;
		put16(h + 2, word_has(word, "+odd") ? 0x1234 : m->type);
		m->proto = 47;
		return;
	}
	h = made_front(m, 8);
	h[0] = word_has(word, "+bad") ? 0 : 8;
	h[6] = 1;
}

static inline void made_transport(struct made *m, const char *word)
{
	size_t len = made_len(m), options;
	uint8_t *h;

	if (!strncmp(word, "tcp", 3)) {
		/* Two of no operation and a timestamp; the same, but the first is a wrong one; a window scale. */
		if (word_has(word, "+ts") || word_has(word, "+odd"))
			memcpy(made_front(m, 12),
			       word_has(word, "+ts") ? "\1\1\x8\xa" : "\2\1\x8\xa", 4);
		else if (word_has(word, "+scale"))
			memcpy(made_front(m, 4), "\1\3\3\7", 4);
		options = made_len(m) - len;
		h = made_front(m, 20);
		made_ports(word, h);
		h[12] = (uint8_t)(0x50 + (options / 4 << 4));
		h[12] = word_has(word, "+off4") ? 0x40 : word_has(word, "+off15") ? 0xf0 : h[12];
		h[13] = word_has(word, "+synack") ? 0x12
			: word_has(word, "+syn")  ? 0x02
			: word_has(word, "+fin")  ? 0x11
			: word_has(word, "+rst")  ? 0x04
			: word_has(word, "+null") ? 0x00
						  : 0x10;
		m->proto = 6;
	} else if (!strncmp(word, "udp", 3)) {
		h = made_front(m, 8);
		made_ports(word, h);
		put16(h + 4, word_has(word, "+len4")	 ? 4
			     : word_has(word, "+len999") ? 999
							 : (unsigned)len + 8);
		m->proto = 17;
	} else if (!strncmp(word, "sctp", 4)) {
		h = made_front(m, 12);
		made_ports(word, h);
		m->proto = 132;
	} else if (!strncmp(word, "icmp6", 5)) {
		h = made_front(m, 8);
		h[0] = (uint8_t)word_number(word, 128);
		m->proto = 58;
	} else {
		h = made_front(m, 8);
		h[0] = (uint8_t)word_number(word, 8);
		m->proto = 1;
		m->depth = 0; /* what it quotes is not a layer */
	}
}

static inline void made_link(struct made *m, const char *word)
{
	uint8_t *h;

	if (!strncmp(word, "eth", 3)) {
		h = made_front(m, 14);
		h[0] = h[6] = 2;
		h[11] = 1;
		put16(h + 12, word_number(word, m->type));
		m->type = 0x6558;
		return;
	}
	h = made_front(m, 4);
	if (!strncmp(word, "mpls", 4)) {
		h[2] = 1;
		h[3] = 64;
		m->type = 0x8847;
		return;
	}
	put16(h, word_number(word, 5));
	put16(h + 2, m->type);
	m->type = word[0] == 'q' ? 0x88a8 : 0x8100;
}

static inline void made_word(struct made *m, const char *word)
{
	if (!strncmp(word, "data", 4))
		memset(made_front(m, word_number(word, 8)), 'x', word_number(word, 8));
	else if (!strncmp(word, "cut", 3))
		m->cut = word_number(word, 1);
	else if (!strncmp(word, "proto", 5))
		m->proto = word_number(word, 89);
	else if (!strncmp(word, "ip4", 3))
		made_ip4(m, word);
	else if (!strncmp(word, "ip6", 3))
		made_ip6(m, word);
	else if (!strncmp(word, "hop", 3))
		made_extension(m, 0);
	else if (!strncmp(word, "dst", 3))
		made_extension(m, 60);
	else if (!strncmp(word, "route", 5))
		made_extension(m, 43);
	else if (!strncmp(word, "mobility", 8))
		made_extension(m, 135);
	else if (!strncmp(word, "frag6", 5))
		put16(made_extension(m, 44) + 2, word_has(word, "+whole") ? 0 : 1);
	else if (!strncmp(word, "ah", 2)) {
		made_front(m, 4);
		made_extension(m, 51)[1] = word_has(word, "+0") ? 0 : 1;
	} else if (word[0] == 'g' || !strncmp(word, "vxlan", 5))
		made_tunnel(m, word);
	else if (!strncmp(word, "eth", 3) || !strncmp(word, "vlan", 4) ||
		 !strncmp(word, "qinq", 4) || !strncmp(word, "mpls", 4))
		made_link(m, word);
	else
		made_transport(m, word);
}

/* m is zero but for addresses.  Returns the frame, len bytes. */
static inline const uint8_t *made_frame(struct made *m, const char *words, size_t *len)
{
	char text[512], *word[PACKET_WORDS], *save = NULL;
	unsigned n = 0, layers = 0;

	m->at = PACKET_MAX;
	m->proto = 59;
	snprintf(text, sizeof(text), "%s", words);
	for (char *t = strtok_r(text, " ", &save); t && n < PACKET_WORDS;
	     t = strtok_r(NULL, " ", &save)) {
		word[n++] = t;
		layers += !strncmp(t, "ip", 2);
	}
	while (n)
		made_word(m, word[--n]);
	*len = made_len(m) - m->cut;
	(void)layers;
	return m->bytes + m->at;
}

#endif
