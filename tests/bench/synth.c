/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth KIND NUMBER [NUMBER] >CAPTURE: traffic of one kind, as much of it as is asked for; the same every time.
 *
 *   flows N            N datagrams, each of a flow of its own, all within ten seconds
 *   sizes N BYTES      N datagrams of so many bytes in 64 flows
 *   alerts N PERCENT   N datagrams of 64 flows, so many percent of them with "an-alert-is-here" in them
 *   transactions F N   F HTTP connections with N requests and answers each
 *   disorder N PERCENT N segments of 16 TCP connections, so many percent of them out of their place
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS 64u
#define CONNECTIONS 16u
#define SEGMENT 1000u
/* Segments of a connection that are acknowledged together; none leaves them. */
#define ROUND 16u

static uint64_t now_us = 1700000000ull * 1000000;
static uint64_t step_us = 1;
static uint64_t random_state = 0x9e3779b97f4a7c15ull;

static uint32_t random_u32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16);
}

static void be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v);
}

static void put_head(void)
{
	uint32_t head[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1 };

	fwrite(head, sizeof(head), 1, stdout);
}

struct ends {
	uint32_t src, dst;
	uint16_t sport, dport;
};

static struct ends turned(struct ends e)
{
	return (struct ends){ e.dst, e.src, e.dport, e.sport };
}

static void put_frame(const struct ends *e, unsigned proto, const uint8_t *l4, size_t l4_len,
		      const uint8_t *payload, size_t len)
{
	uint32_t size = (uint32_t)(14 + 20 + l4_len + len);
	uint32_t head[] = { (uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000), size,
			    size };
	uint8_t link[34] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45 };

	now_us += step_us;
	be16(link + 16, size - 14);
	link[22] = 64;
	link[23] = (uint8_t)proto;
	be32(link + 26, e->src);
	be32(link + 30, e->dst);
	fwrite(head, sizeof(head), 1, stdout);
	fwrite(link, sizeof(link), 1, stdout);
	fwrite(l4, l4_len, 1, stdout);
	if (len)
		fwrite(payload, len, 1, stdout);
}

static void put_udp(struct ends e, const uint8_t *payload, size_t len)
{
	uint8_t head[8];

	be16(head, e.sport);
	be16(head + 2, e.dport);
	be16(head + 4, (uint32_t)len + 8);
	be16(head + 6, 0);
	put_frame(&e, 17, head, sizeof(head), payload, len);
}

#define TCP_FIN 1u
#define TCP_SYN 2u
#define TCP_ACK 16u

static void put_tcp(struct ends e, uint32_t seq, uint32_t ack, unsigned flags,
		    const uint8_t *payload, size_t len)
{
	uint8_t head[20] = { 0 };

	be16(head, e.sport);
	be16(head + 2, e.dport);
	be32(head + 4, seq);
	be32(head + 8, ack);
	head[12] = 0x50;
	head[13] = (uint8_t)flags;
	be16(head + 14, 65535);
	put_frame(&e, 6, head, sizeof(head), payload, len);
}

/* Flow n: as many as are asked for have addresses and ports of their own. */
static struct ends flow(uint32_t n, uint16_t port)
{
	return (struct ends){ 0x0a000000u + n / 50000, 0xc0a80001u, (uint16_t)(1025 + n % 50000),
			      port };
}

static void fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(random_u32() >> 8);
}

static void flows(uint64_t n)
{
	uint8_t payload[8] = "a packet";

	step_us = n < 10000000 ? 10000000 / n : 1;
	for (uint64_t i = 0; i < n; i++)
		put_udp(flow((uint32_t)i, 9000), payload, sizeof(payload));
}

static void datagrams(uint64_t n, size_t bytes, unsigned percent)
{
	static const char mark[] = "an-alert-is-here";
	static uint8_t payload[65536];

	step_us = 10;
	for (uint64_t i = 0; i < n; i++) {
		fill(payload, bytes);
		if (i * percent / 100 != (i + 1) * percent / 100)
			memcpy(payload, mark, sizeof(mark) - 1);
		put_udp(flow((uint32_t)(i % FLOWS), 9000), payload, bytes);
	}
}

static void transactions(uint64_t count, uint64_t each)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[128];

	step_us = 10;
	for (uint64_t f = 0; f < count; f++) {
		struct ends e = flow((uint32_t)f, 80);
		uint32_t a = 1000, b = 2000;

		put_tcp(e, a++, 0, TCP_SYN, NULL, 0);
		put_tcp(turned(e), b++, a, TCP_SYN | TCP_ACK, NULL, 0);
		put_tcp(e, a, b, TCP_ACK, NULL, 0);
		for (uint64_t i = 0; i < each; i++) {
			int len = snprintf(request, sizeof(request),
					   "GET /%llu HTTP/1.1\r\nHost: example.com\r\n\r\n",
					   (unsigned long long)i);

			put_tcp(e, a, b, TCP_ACK, (uint8_t *)request, (size_t)len);
			a += (uint32_t)len;
			put_tcp(turned(e), b, a, TCP_ACK, (const uint8_t *)answer,
				sizeof(answer) - 1);
			b += sizeof(answer) - 1;
		}
		put_tcp(e, a++, b, TCP_FIN | TCP_ACK, NULL, 0);
		put_tcp(turned(e), b++, a, TCP_FIN | TCP_ACK, NULL, 0);
		put_tcp(e, a, b, TCP_ACK, NULL, 0);
	}
}

static void one_round(struct ends e, uint32_t seq, unsigned percent)
{
	static uint8_t payload[SEGMENT];
	unsigned order[ROUND];

	for (unsigned i = 0; i < ROUND; i++)
		order[i] = i;
	/* Two change places: both are out of theirs. */
	for (unsigned i = 0; i < ROUND; i++) {
		unsigned j = random_u32() % ROUND, was = order[i];

		if (random_u32() % 200 < percent) {
			order[i] = order[j];
			order[j] = was;
		}
	}
	for (unsigned i = 0; i < ROUND; i++) {
		fill(payload, SEGMENT);
		put_tcp(e, seq + order[i] * SEGMENT, 2001, TCP_ACK, payload, SEGMENT);
	}
	put_tcp(turned(e), 2001, seq + ROUND * SEGMENT, TCP_ACK, NULL, 0);
}

static void disorder(uint64_t n, unsigned percent)
{
	uint64_t rounds = n / ROUND / CONNECTIONS;

	step_us = 10;
	for (unsigned c = 0; c < CONNECTIONS; c++) {
		struct ends e = flow(c, 9000);

		put_tcp(e, 1000, 0, TCP_SYN, NULL, 0);
		put_tcp(turned(e), 2000, 1001, TCP_SYN | TCP_ACK, NULL, 0);
		put_tcp(e, 1001, 2001, TCP_ACK, NULL, 0);
	}
	for (uint64_t r = 0; r < rounds; r++) {
		for (unsigned c = 0; c < CONNECTIONS; c++)
			one_round(flow(c, 9000), 1001 + (uint32_t)r * ROUND * SEGMENT, percent);
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t m = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

	if (!n || m > 65000) {
		fprintf(stderr,
			"usage: synth flows|sizes|alerts|transactions|disorder NUMBER [NUMBER] >CAPTURE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	put_head();
	if (strcmp(kind, "flows") == 0)
		flows(n);
	else if (strcmp(kind, "sizes") == 0)
		datagrams(n, m, 0);
	else if (strcmp(kind, "alerts") == 0)
		datagrams(n, 64, (unsigned)m);
	else if (strcmp(kind, "transactions") == 0)
		transactions(n, m);
	else if (strcmp(kind, "disorder") == 0)
		disorder(n, (unsigned)m);
	else
		return 2;
	return fflush(stdout) ? 1 : 0;
}
