/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits CAPTURE [PATTERNS]: what no engine can beat on this capture.
 *
 * In: a capture (pcap, Ethernet), patterns as `weir rules --patterns` writes them.  Out: one JSON object:
 * CPU seconds to read the file, to walk the headers of all packets and look each one's flow up, and of Hyperscan
 * alone over the same TCP payload, a packet at a time and as one stream for each direction; each the least of three.
 */
#include <errno.h>
#include <fcntl.h>
#include <hs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPEATS 3
#define READ_BYTES (1u << 20)
#define FILE_HEAD 24u
#define PACKET_HEAD 16u

struct capture {
	uint8_t *data;
	size_t len;
};

/* TCP payload of one packet, and which direction of which flow it belongs to. */
struct segment {
	const uint8_t *data;
	uint32_t len;
	uint32_t flow;
	bool ends;
};

struct segments {
	struct segment *at;
	size_t count, packets;
	uint64_t bytes, payload;
	uint32_t flows;
};

/* Open addressing; a key is a hash of 64 bits, of which two are taken for one: good enough to cost the same. */
struct flows {
	uint64_t *key;
	uint32_t *number;
	uint64_t mask;
	uint32_t count;
};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "limits: no memory\n");
		exit(1);
	}
	return p;
}

static uint32_t flow_of(struct flows *f, uint64_t key)
{
	uint64_t at = key & f->mask;

	while (f->key[at] && f->key[at] != key)
		at = (at + 1) & f->mask;
	if (!f->key[at]) {
		f->key[at] = key;
		f->number[at] = f->count++;
	}
	return f->number[at];
}

static uint64_t mixed(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h ^ h >> 29;
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* The TCP segment of an Ethernet frame; false: it has none that can be seen at once. */
static bool tcp_of(const uint8_t *d, size_t len, struct segment *s, uint64_t *key)
{
	size_t at = 12, ip, end, tcp, data;
	uint32_t type = 0;
	uint64_t h = 0xcbf29ce484222325ull;

	for (unsigned tags = 0; tags < 3 && at + 2 <= len; tags++, at += 4) {
		type = be16(d + at);
		if (type != 0x8100 && type != 0x88a8)
			break;
	}
	ip = at + 2;
	if (type == 0x0800 && ip + 20 <= len) {
		/* A fragment but the first has no ports; the first alone is not a segment. */
		if (d[ip + 9] != 6 || (be16(d + ip + 6) & 0x3fff))
			return false;
		tcp = ip + 4u * (d[ip] & 15);
		end = ip + be16(d + ip + 2);
		h = mixed(h, d + ip + 12, 8);
	} else if (type == 0x86dd && ip + 40 <= len && d[ip + 6] == 6) {
		tcp = ip + 40;
		end = tcp + be16(d + ip + 4);
		h = mixed(h, d + ip + 8, 32);
	} else {
		return false;
	}
	end = end < len ? end : len;
	if (tcp + 20 > end)
		return false;
	data = tcp + 4u * (d[tcp + 12] >> 4);
	if (data > end)
		return false;
	*key = mixed(h, d + tcp, 4) | 1;
	*s = (struct segment){ .data = d + data,
			       .len = (uint32_t)(end - data),
			       .ends = d[tcp + 13] & 5 };
	return true;
}

static double read_file(const char *path)
{
	uint8_t *room = must(malloc(READ_BYTES));
	double best = 0;

	for (unsigned i = 0; i < REPEATS; i++) {
		double start = cpu_seconds();
		int fd = open(path, O_RDONLY);

		while (fd >= 0 && read(fd, room, READ_BYTES) > 0)
			;
		if (fd >= 0)
			close(fd);
		best = least(best, cpu_seconds() - start);
	}
	free(room);
	return best;
}

static int load(const char *path, struct capture *c)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	c->len = (size_t)st.st_size;
	c->data = must(malloc(c->len + 64));
	for (size_t got = 0; got < c->len;) {
		ssize_t n = read(fd, c->data + got, c->len - got);

		if (n <= 0)
			return -EIO;
		got += (size_t)n;
	}
	close(fd);
	return c->len >= FILE_HEAD ? 0 : -EINVAL;
}

static void walk_once(const struct capture *c, struct flows *f, struct segments *out)
{
	bool swapped = c->data[0] == 0xa1;

	out->count = out->packets = 0;
	out->bytes = out->payload = 0;
	memset(f->key, 0, (f->mask + 1) * sizeof(*f->key));
	f->count = 0;
	for (size_t at = FILE_HEAD; at + PACKET_HEAD <= c->len;) {
		struct segment s;
		uint64_t key;
		uint32_t len;

		memcpy(&len, c->data + at + 8, sizeof(len));
		len = swapped ? __builtin_bswap32(len) : len;
		at += PACKET_HEAD;
		if (len > c->len - at)
			break;
		out->packets++;
		out->bytes += len;
		if (tcp_of(c->data + at, len, &s, &key)) {
			s.flow = flow_of(f, key);
			out->payload += s.len;
			out->at[out->count++] = s;
		}
		at += len;
	}
	out->flows = f->count;
}

static double walk(const struct capture *c, struct segments *out)
{
	size_t most = c->len / (PACKET_HEAD + 14) + 1;
	struct flows f = { .mask = 1 };
	double best = 0;

	while (f.mask + 1 < 2 * most && f.mask < (1u << 24) - 1)
		f.mask = f.mask * 2 + 1;
	f.key = must(calloc(f.mask + 1, sizeof(*f.key)));
	f.number = must(calloc(f.mask + 1, sizeof(*f.number)));
	out->at = must(calloc(most, sizeof(*out->at)));
	for (unsigned i = 0; i < REPEATS; i++) {
		double start = cpu_seconds();

		walk_once(c, &f, out);
		best = least(best, cpu_seconds() - start);
	}
	free(f.key);
	free(f.number);
	return best;
}

struct patterns {
	char **text;
	unsigned *flags, *ids;
	size_t count, room;
};

static void add_pattern(struct patterns *p, const char *hex, bool nocase)
{
	size_t len = strspn(hex, "0123456789abcdefABCDEF") / 2;
	char *text;

	if (!len)
		return;
	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 1024;
		p->text = must(realloc(p->text, p->room * sizeof(*p->text)));
		p->flags = must(realloc(p->flags, p->room * sizeof(*p->flags)));
		p->ids = must(realloc(p->ids, p->room * sizeof(*p->ids)));
	}
	text = must(malloc(4 * len + 1));
	for (size_t i = 0; i < len; i++)
		snprintf(text + 4 * i, 5, "\\x%.2s", hex + 2 * i);
	p->text[p->count] = text;
	p->flags[p->count] = HS_FLAG_SINGLEMATCH | (nocase ? HS_FLAG_CASELESS : 0);
	p->ids[p->count] = (unsigned)p->count;
	p->count++;
}

/* A line: buffer, 1 for nocase, hexadecimal, the rule.  payload alone: only those of raw payload. */
static int read_patterns(const char *path, bool payload, struct patterns *out)
{
	char line[8192], buffer[64], hex[4200];
	FILE *f = fopen(path, "r");
	unsigned nocase;

	*out = (struct patterns){ .text = NULL };
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^\t]\t%u\t%4199[^\t\n]", buffer, &nocase, hex) == 3 &&
		    (!payload || strcmp(buffer, "payload") == 0))
			add_pattern(out, hex, nocase);
	}
	fclose(f);
	return 0;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*(uint64_t *)ctx;
	return 0;
}

static hs_database_t *compiled(const struct patterns *p, unsigned mode)
{
	hs_compile_error_t *error = NULL;
	hs_database_t *db = NULL;

	if (hs_compile_multi((const char *const *)p->text, p->flags, p->ids, (unsigned)p->count,
			     mode, NULL, &db, &error) != HS_SUCCESS) {
		fprintf(stderr, "limits: %s\n", error ? error->message : "no memory");
		exit(1);
	}
	return db;
}

static void search_streams(const struct segments *s, const hs_database_t *db, hs_scratch_t *scratch,
			   hs_stream_t **stream, uint64_t *hits)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct segment *g = &s->at[i];
		hs_stream_t **at = &stream[g->flow];

		if (g->len && !*at)
			hs_open_stream(db, 0, at);
		if (g->len)
			hs_scan_stream(*at, (const char *)g->data, g->len, 0, scratch, on_match,
				       hits);
		if (g->ends && *at) {
			hs_close_stream(*at, scratch, on_match, hits);
			*at = NULL;
		}
	}
	for (uint32_t i = 0; i < s->flows; i++) {
		if (stream[i])
			hs_close_stream(stream[i], scratch, on_match, hits);
		stream[i] = NULL;
	}
}

static void hyperscan(const char *name, const struct segments *s, const struct patterns *p)
{
	hs_stream_t **stream = must(calloc(s->flows + 1, sizeof(hs_stream_t *)));
	hs_database_t *block, *streams;
	hs_scratch_t *scratch = NULL;
	double by_packet = 0, by_stream = 0;
	uint64_t hits = 0;

	if (!p->count) {
		free(stream);
		return;
	}
	block = compiled(p, HS_MODE_BLOCK);
	streams = compiled(p, HS_MODE_STREAM);
	if (hs_alloc_scratch(block, &scratch) || hs_alloc_scratch(streams, &scratch))
		exit(1);
	for (unsigned r = 0; r < REPEATS; r++) {
		double start = cpu_seconds();

		for (size_t i = 0; i < s->count; i++) {
			if (s->at[i].len)
				hs_scan(block, (const char *)s->at[i].data, s->at[i].len, 0,
					scratch, on_match, &hits);
		}
		by_packet = least(by_packet, cpu_seconds() - start);
		start = cpu_seconds();
		search_streams(s, streams, scratch, stream, &hits);
		by_stream = least(by_stream, cpu_seconds() - start);
	}
	printf(", \"%s\": {\"patterns\": %zu, \"packets_s\": %.4f, \"streams_s\": %.4f}", name,
	       p->count, by_packet, by_stream);
	hs_free_scratch(scratch);
	hs_free_database(block);
	hs_free_database(streams);
	free(stream);
}

static void patterns_fini(struct patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->text[i]);
	free(p->text);
	free(p->flags);
	free(p->ids);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "hyperscan_all", "hyperscan_payload" };
	struct capture c = { .data = NULL };
	struct segments s;
	double walked;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: limits CAPTURE [PATTERNS]\n");
		return 2;
	}
	printf("{\"read_s\": %.4f", read_file(argv[1]));
	if (load(argv[1], &c)) {
		fprintf(stderr, "limits: cannot read %s\n", argv[1]);
		return 1;
	}
	walked = walk(&c, &s);
	printf(", \"walk_s\": %.4f, \"packets\": %zu, \"bytes\": %llu, \"payload\": %llu", walked,
	       s.packets, (unsigned long long)s.bytes, (unsigned long long)s.payload);
	for (unsigned payload = 0; argc == 3 && payload < 2; payload++) {
		struct patterns p;

		if (read_patterns(argv[2], payload, &p)) {
			fprintf(stderr, "limits: cannot read %s\n", argv[2]);
			return 1;
		}
		hyperscan(names[payload], &s, &p);
		patterns_fini(&p);
	}
	printf("}\n");
	free(s.at);
	free(c.data);
	return 0;
}
