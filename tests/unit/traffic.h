/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.h - captures of much traffic for tests: Ethernet, IPv4, TCP, UDP and fragments, in a pcap file.
 *
 * Packets are 10 us apart.  Hosts are numbers: 10.0.0.0 + n.  Checksums are right.
 */
#ifndef WEIR_TESTS_UNIT_TRAFFIC_H
#define WEIR_TESTS_UNIT_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TRAFFIC_STEP_US 10
#define TRAFFIC_SERVER 0xf00000u

enum { TRAFFIC_FIN = 1, TRAFFIC_SYN = 2, TRAFFIC_RST = 4, TRAFFIC_PSH = 8, TRAFFIC_ACK = 16 };

struct traffic {
	FILE *file;
	uint64_t time_us;
	uint8_t frame[2048];
};

static inline void traffic_le32(struct traffic *t, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	fwrite(b, 1, 4, t->file);
}

static inline int traffic_open(struct traffic *t, const char *path)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };

	*t = (struct traffic){ .file = fopen(path, "we"), .time_us = 1700000000000000 };
	if (!t->file)
		return -1;
	for (unsigned i = 0; i < 6; i++)
		traffic_le32(t, header[i]);
	return 0;
}

static inline int traffic_close(struct traffic *t)
{
	return fclose(t->file);
}

static inline void traffic_be16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void traffic_be32(uint8_t *at, uint32_t v)
{
	traffic_be16(at, v >> 16);
	traffic_be16(at + 2, v & 0xffff);
}

static inline uint32_t traffic_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* An IPv4 packet whose payload of len bytes stands at frame + 34. */
static inline void traffic_ip(struct traffic *t, uint32_t src, uint32_t dst, uint8_t proto,
			      uint16_t id, uint16_t fragment, size_t len)
{
	uint8_t *ip = t->frame + 14;

	memcpy(t->frame, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 14);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	traffic_be16(ip + 2, (uint32_t)(20 + len));
	traffic_be16(ip + 4, id);
	traffic_be16(ip + 6, fragment);
	ip[8] = 64;
	ip[9] = proto;
	traffic_be32(ip + 12, 0x0a000000 + src);
	traffic_be32(ip + 16, 0x0a000000 + dst);
	traffic_be16(ip + 10, ~traffic_sum(0, ip, 20) & 0xffff);
	traffic_le32(t, (uint32_t)(t->time_us / 1000000));
	traffic_le32(t, (uint32_t)(t->time_us % 1000000));
	traffic_le32(t, (uint32_t)(34 + len));
	traffic_le32(t, (uint32_t)(34 + len));
	fwrite(t->frame, 1, 34 + len, t->file);
	t->time_us += TRAFFIC_STEP_US;
}

static inline uint32_t traffic_pseudo(uint32_t src, uint32_t dst, uint8_t proto, size_t len)
{
	uint8_t head[12];

	traffic_be32(head, 0x0a000000 + src);
	traffic_be32(head + 4, 0x0a000000 + dst);
	traffic_be16(head + 8, proto);
	traffic_be16(head + 10, (uint32_t)len);
	return traffic_sum(0, head, 12);
}

struct traffic_tcp {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
};

/* data NULL: len bytes that depend on seq alone. */
static inline void traffic_tcp(struct traffic *t, struct traffic_tcp h, const void *data,
			       size_t len)
{
	uint8_t *tcp = t->frame + 34;

	memset(tcp, 0, 20);
	traffic_be16(tcp, h.sport);
	traffic_be16(tcp + 2, h.dport);
	traffic_be32(tcp + 4, h.seq);
	traffic_be32(tcp + 8, h.ack);
	tcp[12] = 0x50;
	tcp[13] = h.flags;
	traffic_be16(tcp + 14, 65535);
	for (size_t i = 0; i < len; i++)
		tcp[20 + i] = data ? ((const uint8_t *)data)[i] : (uint8_t)('a' + (h.seq + i) % 26);
	traffic_be16(tcp + 16,
		     ~traffic_sum(traffic_pseudo(h.src, h.dst, 6, 20 + len), tcp, 20 + len) &
			     0xffff);
	traffic_ip(t, h.src, h.dst, 6, 1, 0x4000, 20 + len);
}

static inline void traffic_udp(struct traffic *t, uint32_t src, uint32_t dst, uint16_t sport,
			       const char *text)
{
	uint8_t *udp = t->frame + 34;
	size_t len = 8 + strlen(text);

	traffic_be16(udp, sport);
	traffic_be16(udp + 2, 9999);
	traffic_be16(udp + 4, (uint32_t)len);
	traffic_be16(udp + 6, 0);
	memcpy(udp + 8, text, len - 8);
	traffic_ip(t, src, dst, 17, 1, 0x4000, len);
}

/* The handshake of n's connection; its client is host n, data begins at 1001. */
static inline struct traffic_tcp traffic_connect(struct traffic *t, uint32_t n)
{
	struct traffic_tcp c = { n, TRAFFIC_SERVER, (uint16_t)(1024 + n % 60000), 80, 1000,
				 0, TRAFFIC_SYN };
	struct traffic_tcp s = { TRAFFIC_SERVER,	   n, 80, c.sport, 5000, 1001,
				 TRAFFIC_SYN | TRAFFIC_ACK };

	traffic_tcp(t, c, NULL, 0);
	traffic_tcp(t, s, NULL, 0);
	c.seq = 1001;
	c.ack = 5001;
	c.flags = TRAFFIC_ACK;
	traffic_tcp(t, c, NULL, 0);
	return c;
}

/* --- kinds ----------------------------------------------------------------------------------- */

/* n connections that were never answered. */
static inline void traffic_syns(struct traffic *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		traffic_tcp(t,
			    (struct traffic_tcp){ i % 65536, TRAFFIC_SERVER + 1 + i / 65536,
						  (uint16_t)(2000 + i % 7), 443, i, 0,
						  TRAFFIC_SYN },
			    NULL, 0);
}

/* n connections whose first byte never comes, each with kib KiB behind it. */
static inline void traffic_holes(struct traffic *t, uint32_t n, uint32_t kib)
{
	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, i);

		c.flags = TRAFFIC_ACK | TRAFFIC_PSH;
		for (uint32_t k = 0; k < kib; k++) {
			c.seq = 1002 + k * 1024;
			traffic_tcp(t, c, NULL, 1024);
		}
	}
}

/* n connections with `pieces` single bytes that do not touch one another. */
static inline void traffic_crumbs(struct traffic *t, uint32_t n, uint32_t pieces)
{
	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, i);

		c.flags = TRAFFIC_ACK | TRAFFIC_PSH;
		for (uint32_t k = 0; k < pieces; k++) {
			c.seq = 1003 + k * 2;
			traffic_tcp(t, c, NULL, 1);
		}
	}
}

/* n handshakes with different answers to one SYN. */
static inline void traffic_answers(struct traffic *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = { i, TRAFFIC_SERVER, 1024, 80, 1000, 0, TRAFFIC_SYN };
		struct traffic_tcp s = { TRAFFIC_SERVER,	   i, 80, 1024, 5000, 1001,
					 TRAFFIC_SYN | TRAFFIC_ACK };

		traffic_tcp(t, c, NULL, 0);
		for (uint32_t k = 0; k < 5; k++, s.seq += 7777)
			traffic_tcp(t, s, NULL, 0);
	}
}

/* n connections of 8 KiB whose segments come out of order, then end. */
static inline void traffic_shuffled(struct traffic *t, uint32_t n)
{
	static const uint8_t order[8] = { 3, 1, 0, 2, 7, 6, 5, 4 };

	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, i);
		struct traffic_tcp s = { c.dst, c.src,	     c.dport,	 c.sport,
					 5001,	1001 + 8192, TRAFFIC_ACK };

		for (unsigned k = 0; k < 8; k++) {
			c.seq = 1001 + order[k] * 1024u;
			traffic_tcp(t, c, NULL, 1024);
		}
		traffic_tcp(t, s, NULL, 0);
		c.seq = s.ack;
		c.flags = TRAFFIC_FIN | TRAFFIC_ACK;
		traffic_tcp(t, c, NULL, 0);
		s.ack++;
		s.flags = TRAFFIC_FIN | TRAFFIC_ACK;
		traffic_tcp(t, s, NULL, 0);
	}
}

/* n datagrams of `pieces` fragments of bytes (a multiple of 8); whole: the first one comes too, at last. */
static inline void traffic_fragments(struct traffic *t, uint32_t n, uint32_t pieces, uint32_t bytes,
				     int whole)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 1; k <= pieces; k++) {
			uint32_t at = k % pieces;

			if (at == 0 && !whole)
				continue;
			memset(t->frame + 34, 'A' + (int)(i % 26), bytes);
			if (at == 0) {
				traffic_be16(t->frame + 34, 53);
				traffic_be16(t->frame + 36, 9999);
				traffic_be16(t->frame + 38, pieces * bytes);
				traffic_be16(t->frame + 40, 0);
			}
			traffic_ip(t, i, TRAFFIC_SERVER, 17, (uint16_t)i,
				   (uint16_t)((at + 1 < pieces ? 0x2000 : 0) | at * bytes / 8),
				   bytes);
		}
	}
}

/* n pairs of hosts, a datagram each. */
static inline void traffic_pairs(struct traffic *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		traffic_udp(t, i, TRAFFIC_SERVER + i % 1000, 7777, "pair of hosts");
}

#endif
