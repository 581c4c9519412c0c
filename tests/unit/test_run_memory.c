/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory is bounded: workers allocate nothing once they run, and a capture fed three times over leaves
 * the process no larger than after the second time.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/run/run.h"
#include "engine/run/writer.h"
#include "tests/unit/traffic.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static _Atomic unsigned long allocations;
static _Atomic bool counting;
static _Thread_local bool main_thread;

#if !defined(__SANITIZE_ADDRESS__)
static void count(void)
{
	if (atomic_load_explicit(&counting, memory_order_relaxed) && !main_thread)
		atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	count();
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	count();
	return __libc_memalign(align, size);
}
#endif

#define ENCODED 200 /* connections with encoded bodies */
#define MAILS 200 /* with an attachment */
#define HANDSHAKES 200 /* with a certificate */
#define FLOOD 4000 /* questions, each answered */

static char capture_path[512], rules_path[3][512], own_rules[128], made_path[128], directory[64];
/* The shipped lists, which are not beside this program. */
static char set_classes[576], set_references[576];

struct loaded {
	struct diag_list diags;
	struct settings *settings;
	struct run_rules rules;
	struct settings_args args;
};

static void load(struct loaded *l)
{
	static const char *rules[] = { rules_path[0], rules_path[1], rules_path[2], own_rules };
	static const char *sets[] = { set_classes, set_references };

	memset(l, 0, sizeof(*l));
	l->args.sets = (struct text_list){ sets, 2 };
	l->args.rules = (struct text_list){ rules, 4 };
	l->args.log_dir = directory;
	diag_list_init(&l->diags);
	assert_int_equal(settings_load(&l->args, &l->diags, &l->settings), 0);
	assert_int_equal(run_load_rules(l->settings, &l->diags, &l->rules), 0);
	assert_int_equal(l->diags.errors, 0);
	assert_true(l->rules.loaded > 100);
}

static void unload(struct loaded *l)
{
	run_rules_fini(&l->rules);
	settings_free(l->settings);
	diag_list_fini(&l->diags);
}

static struct worker_options worker_options_of(const struct loaded *l, struct capture *c,
					       unsigned workers)
{
	static const struct hash_key key = { 1, 2 };
	struct worker_options opt = {
		.count = workers,
		.pipeline = pipeline_settings(l->settings, l->rules.compiled),
		.rules = l->rules.compiled,
		.detect = l->settings->detect,
		.capture = c,
		.outputs = l->settings->outputs,
		.output_count = l->settings->output_count,
		.pair_key = &key,
	};

	opt.pipeline.checksums = CHECKSUM_AUTO;
	return opt;
}

static struct capture *open_passes(unsigned readers, unsigned passes)
{
	const char *inputs[] = { capture_path, made_path };
	char error[CAPTURE_ERROR_BYTES];
	struct capture_options opt = {
		.inputs = inputs,
		.input_count = 2,
		.readers = readers,
		.passes = passes,
		.block_bytes = 256 << 10,
		.pass_gap_ns = 4000000000000LL, /* past every timeout */
	};
	struct capture *c;

	assert_int_equal(capture_open(&opt, &c, error), 0);
	return c;
}

static unsigned long pages_of(void)
{
	unsigned long size, resident;
	char text[128];
	ssize_t n;
	int fd = open("/proc/self/statm", O_RDONLY);

	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(sscanf(text, "%lu %lu", &size, &resident), 2);
	return resident;
}

/* Runs all passes; returns the packets that were read. */
static uint64_t run_passes(struct loaded *l, unsigned workers, unsigned passes, uint64_t *alerts)
{
	struct capture *c = open_passes(workers, passes);
	struct worker_options opt = worker_options_of(l, c, workers);
	struct threshold_table *thresholds;
	static const struct hash_key key = { 3, 4 };
	struct counters sum;
	struct workers *all;
	struct writer *w;
	char *failed;

	assert_int_equal(threshold_table_new(1024, &key, &thresholds), 0);
	opt.action_thresholds = thresholds;
	assert_int_equal(workers_new(&opt, &all), 0);
	assert_int_equal(writer_open(opt.outputs, opt.output_count, directory,
				     ruleset_rules(opt.rules), thresholds, &w, &failed),
			 0);
	atomic_store(&counting, true);
	assert_int_equal(workers_start(all), 0);
	for (bool done = false; !done;) {
		done = true;
		for (unsigned i = 0; i < workers; i++)
			done &= atomic_load(&all->worker[i].done);
		while (writer_drain(w, all))
			;
	}
	workers_join(all);
	atomic_store(&counting, false);
	workers_counters(all, &sum);
	*alerts = sum.value[COUNTER_DETECT_ALERT];
	writer_close(w);
	workers_free(all);
	capture_close(c);
	threshold_table_free(thresholds);
	return sum.value[COUNTER_DECODER_PKTS];
}

/* Alerts of a rule among the records. */
static unsigned alerts_of(unsigned sid)
{
	char path[96], key[48], *line = NULL;
	unsigned n = 0;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/eve.json", directory);
	snprintf(key, sizeof(key), "\"signature_id\":%u,", sid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (getline(&line, &room, f) > 0)
		n += strstr(line, key) != NULL;
	free(line);
	fclose(f);
	return n;
}

static void workers_allocate_nothing(void **state)
{
	static const struct {
		unsigned sid, times;
	} seen[] = {
		{ 5, ENCODED },	    { 6, ENCODED },	{ 7, ENCODED },
		{ 8, ENCODED },	    { 9, ENCODED },	{ 10, MAILS },
		{ 11, HANDSHAKES }, { 12, HANDSHAKES }, { 13, FLOOD },
	};
	struct loaded l;
	uint64_t alerts;

	(void)state;
	load(&l);
	atomic_store(&allocations, 0);
	assert_true(run_passes(&l, 2, 2, &alerts) > 20000);
	assert_int_equal(atomic_load(&allocations), 0);
	/* What is looked at is there: bodies decoded and hashed, attachments, fingerprints and certificates, names. */
	for (unsigned i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_int_equal(alerts_of(seen[i].sid), 2 * seen[i].times);
	unload(&l);
}

static void on_packet(void *ctx, struct packet *p)
{
	struct detect_result res;

	detect_packet(ctx, p, &res);
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	(void)reason;
	detect_flow_end(ctx, f);
}

/* The same workers' pipeline sees the capture three times; nothing of a pass stays behind. */
static void three_passes_need_no_more_than_two(void **state)
{
	unsigned long after[4] = { 0 };
	const struct capture_block *block;
	struct detector *detector = NULL;
	struct pipeline_hooks hooks = { .packet = on_packet, .flow_end = on_flow_end };
	struct worker_options opt;
	struct pipeline *pipe;
	struct capture *c;
	struct loaded l;

	(void)state;
	load(&l);
	c = open_passes(1, 1);
	opt = worker_options_of(&l, c, 1);
	assert_int_equal(pipeline_new(&opt.pipeline, &hooks, &pipe), 0);
	struct detector_env env = { .flows = pipe->flows,
				    .streams = pipe->streams,
				    .counters = &pipe->counters };
	assert_int_equal(detector_new(opt.rules, &opt.detect, &env, &detector), 0);
	pipe->hooks.ctx = detector;
	capture_close(c);
	for (unsigned pass = 1; pass <= 3; pass++) {
		int64_t shift = (int64_t)pass * 10000000000000LL;
		int64_t last = 0;

		c = open_passes(1, 1);
		while (capture_next_block(c, 0, &block) == 1) {
			for (unsigned i = 0; i < block->count; i++) {
				struct frame f = block->frames[i];
				const struct frame *one = &f;

				f.time_ns += shift;
				if (f.time_ns / 1000000000 > last / 1000000000)
					pipeline_tick(pipe, f.time_ns / 1000000000 * 1000000000);
				last = f.time_ns > last ? f.time_ns : last;
				pipeline_frames(pipe, &one, 1);
			}
		}
		capture_close(c);
		pipeline_tick(pipe, last + 9000000000000LL);
		after[pass] = pages_of();
	}
	assert_in_range(after[3], 0, after[2]);
	assert_int_equal(pipe->counters.value[COUNTER_LIMITS_REACHED], 0);
	detector_free(detector);
	pipeline_free(pipe);
	unload(&l);
}

#define GZIP \
	"\x1f\x8b\x08\0\0\0\0\0\2\3\xcb\x48\xcd\xc9\xc9\xcf\x20\x4c\0\0\x11\xcc\xcc\x1a\x28\0\0\0"
#define BROTLI "\x0b\x02\x80hello\x03"

/* n connections with two answers, encoded: "hello" eight times, and once. */
static void encoded_bodies(struct traffic *t, uint32_t n)
{
	static const char asks[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
				   "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char answers[] =
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 28\r\n\r\n" GZIP
		"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n" BROTLI;
	const size_t asked = sizeof(asks) - 1, answered = sizeof(answers) - 1;

	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, 70000 + i);
		struct traffic_tcp s = {
			c.dst, c.src, c.dport, c.sport, c.ack, c.seq, TRAFFIC_ACK
		};

		traffic_tcp(t, c, asks, asked);
		c.seq += (uint32_t)asked;
		s.ack = c.seq;
		traffic_tcp(t, s, answers, answered);
		c.ack += (uint32_t)answered;
		traffic_tcp(t, c, NULL, 0);
		s.seq = c.ack;
		traffic_tcp(t, s, NULL, 0);
	}
}

/* A segment of one side, and the other one's acknowledgement. */
static void say(struct traffic *t, struct traffic_tcp *from, struct traffic_tcp *to,
		const void *data, size_t len)
{
	traffic_tcp(t, *from, data, len);
	from->seq += (uint32_t)len;
	to->ack = from->seq;
	traffic_tcp(t, *to, NULL, 0);
}

static void mails(struct traffic *t, uint32_t n)
{
	static const char *const said[] = {
		"220 mx ESMTP\r\n", /* the server begins */
		"EHLO a.example\r\n",
		"250 mx\r\n",
		"MAIL FROM:<ann@example.org>\r\n",
		"250 ok\r\n",
		"RCPT TO:<bob@example.net>\r\n",
		"250 ok\r\n",
		"DATA\r\n",
		"354 go on\r\n",
		"From: ann@example.org\r\nSubject: a list\r\n"
		"Content-Type: multipart/mixed; boundary=bb\r\n\r\n"
		"--bb\r\n\r\nSee http://www.example.com/a\r\n"
		"--bb\r\nContent-Type: text/plain; name=\"a.txt\"\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8sIHdvcmxkIQ==\r\n--bb--\r\n.\r\n",
		"250 taken\r\n",
		"QUIT\r\n",
		"221 bye\r\n"
	};

	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, 80000 + i);
		struct traffic_tcp s = {
			c.dst, c.src, c.dport, c.sport, c.ack, c.seq, TRAFFIC_ACK
		};

		for (unsigned k = 0; k < sizeof(said) / sizeof(said[0]); k++)
			say(t, k % 2 ? &c : &s, k % 2 ? &s : &c, said[k], strlen(said[k]));
	}
}

/* Of CN=server.example, O=Example, signed by itself. */
static const uint8_t certificate[] = {
	0x30, 0x82, 0x01, 0xd4, 0x30, 0x82, 0x01, 0x79, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x14,
	0x55, 0x04, 0xf1, 0xf6, 0xdd, 0x26, 0xf0, 0xe2, 0xbd, 0x50, 0x7b, 0x22, 0x63, 0x65, 0xd8,
	0x84, 0xd7, 0x3f, 0xd1, 0x5d, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04,
	0x03, 0x02, 0x30, 0x2b, 0x31, 0x17, 0x30, 0x15, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x0e,
	0x73, 0x65, 0x72, 0x76, 0x65, 0x72, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x31,
	0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x07, 0x45, 0x78, 0x61, 0x6d, 0x70,
	0x6c, 0x65, 0x30, 0x1e, 0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x36, 0x30, 0x32, 0x34,
	0x32, 0x33, 0x31, 0x5a, 0x17, 0x0d, 0x33, 0x36, 0x31, 0x31, 0x32, 0x33, 0x30, 0x32, 0x34,
	0x32, 0x33, 0x31, 0x5a, 0x30, 0x2b, 0x31, 0x17, 0x30, 0x15, 0x06, 0x03, 0x55, 0x04, 0x03,
	0x0c, 0x0e, 0x73, 0x65, 0x72, 0x76, 0x65, 0x72, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c,
	0x65, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x07, 0x45, 0x78, 0x61,
	0x6d, 0x70, 0x6c, 0x65, 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
	0x04, 0xcc, 0xd1, 0x9b, 0xeb, 0x0a, 0x7e, 0xa8, 0x89, 0xbe, 0x05, 0x0f, 0x0b, 0xed, 0x46,
	0x2a, 0xf5, 0x27, 0x14, 0xf6, 0x54, 0x60, 0x6c, 0xca, 0x3a, 0x48, 0x1e, 0x7a, 0x5a, 0x86,
	0x8e, 0x65, 0xf4, 0x4f, 0x90, 0x5e, 0x4d, 0x58, 0xd0, 0xae, 0x18, 0x46, 0x6a, 0x4e, 0x8c,
	0x8e, 0x67, 0xbc, 0x19, 0x16, 0x4c, 0x66, 0x05, 0x3b, 0x9d, 0x56, 0x58, 0xe5, 0x77, 0x35,
	0x59, 0x0f, 0x55, 0xee, 0x03, 0xa3, 0x7b, 0x30, 0x79, 0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d,
	0x0e, 0x04, 0x16, 0x04, 0x14, 0x60, 0x96, 0x59, 0x44, 0xf2, 0x35, 0x14, 0x17, 0x18, 0xc7,
	0x8d, 0x97, 0x55, 0xbe, 0x01, 0x76, 0xa0, 0xfb, 0xbd, 0x66, 0x30, 0x1f, 0x06, 0x03, 0x55,
	0x1d, 0x23, 0x04, 0x18, 0x30, 0x16, 0x80, 0x14, 0x60, 0x96, 0x59, 0x44, 0xf2, 0x35, 0x14,
	0x17, 0x18, 0xc7, 0x8d, 0x97, 0x55, 0xbe, 0x01, 0x76, 0xa0, 0xfb, 0xbd, 0x66, 0x30, 0x0f,
	0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff,
	0x30, 0x26, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04, 0x1f, 0x30, 0x1d, 0x82, 0x0e, 0x73, 0x65,
	0x72, 0x76, 0x65, 0x72, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x82, 0x0b, 0x77,
	0x77, 0x77, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x30, 0x0a, 0x06, 0x08, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x03, 0x49, 0x00, 0x30, 0x46, 0x02, 0x21, 0x00,
	0xf7, 0x3c, 0x0c, 0x3c, 0xbd, 0x3d, 0x25, 0x45, 0x52, 0x88, 0x8a, 0x56, 0x1e, 0x83, 0xf6,
	0x3b, 0x5c, 0x04, 0xcb, 0x6b, 0x3f, 0x80, 0x7a, 0x4b, 0x1f, 0xfd, 0x89, 0x78, 0xfc, 0x54,
	0x8f, 0xcb, 0x02, 0x21, 0x00, 0xf3, 0x71, 0xd7, 0x55, 0xe4, 0xc5, 0xb2, 0x6e, 0x7c, 0x8f,
	0x8e, 0x7f, 0x6c, 0xb1, 0xb0, 0x49, 0x81, 0xfd, 0x2b, 0x59, 0xb0, 0xc9, 0x51, 0x4c, 0x17,
	0x3a, 0xf6, 0x68, 0x1b, 0x71, 0x4e, 0xec,
};

static size_t certificate_record(uint8_t *out)
{
	const size_t len = sizeof(certificate);

	memcpy(out, "\x16\3\3", 3);
	traffic_be16(out + 3, (uint32_t)len + 10);
	memcpy(out + 5, "\x0b\0", 2);
	traffic_be16(out + 7, (uint32_t)len + 6);
	out[9] = 0;
	traffic_be16(out + 10, (uint32_t)len + 3);
	out[12] = 0;
	traffic_be16(out + 13, (uint32_t)len);
	memcpy(out + 15, certificate, len);
	return len + 15;
}

static void handshakes(struct traffic *t, uint32_t n)
{
	static const char client[] = "\x16\3\1\0\105\1\0\0\101\3\3"
				     "0123456789abcdef0123456789abcdef\0\0\4\23\1\300\57\1\0"
				     "\0\24\0\0\0\20\0\16\0\0\13"
				     "example.org";
	static const char server[] = "\x16\3\3\0\54\2\0\0\50\3\3"
				     "fedcba9876543210fedcba9876543210\0\300\57\0\0\0";
	static const char over[] = "\x14\3\3\0\1\1\x17\3\3\0\3abc";
	uint8_t chain[sizeof(certificate) + 15];
	size_t len = certificate_record(chain);

	for (uint32_t i = 0; i < n; i++) {
		struct traffic_tcp c = traffic_connect(t, 90000 + i);
		struct traffic_tcp s = {
			c.dst, c.src, c.dport, c.sport, c.ack, c.seq, TRAFFIC_ACK
		};

		say(t, &c, &s, client, sizeof(client) - 1);
		say(t, &s, &c, server, sizeof(server) - 1);
		/* In two segments. */
		say(t, &s, &c, chain, len / 2);
		say(t, &s, &c, chain + len / 2, len - len / 2);
		say(t, &c, &s, over, sizeof(over) - 1);
		say(t, &s, &c, over, sizeof(over) - 1);
	}
}

static void datagram(struct traffic *t, bool back, uint16_t sport, const void *data, size_t len)
{
	const uint32_t host = 5, server = TRAFFIC_SERVER + 9;
	uint8_t *udp = t->frame + 34;

	traffic_be16(udp, back ? 53 : sport);
	traffic_be16(udp + 2, back ? sport : 53);
	traffic_be16(udp + 4, (uint32_t)len + 8);
	traffic_be16(udp + 6, 0);
	memcpy(udp + 8, data, len);
	traffic_ip(t, back ? server : host, back ? host : server, 17, 1, 0x4000, len + 8);
}

/* From one host, a name each, each with its answer; every fourth one on a port of its own. */
static void flood(struct traffic *t, uint32_t n)
{
	char message[80];

	for (uint32_t i = 0; i < n; i++) {
		static const char head[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\14";
		static const char tail[] = "\5flood\0\0\1\0\1";
		static const char record[] = "\xc0\14\0\1\0\1\0\0\0\1\0\4\300\0\2\1";
		size_t len = sizeof(head) - 1;
		uint16_t port = (uint16_t)(20000 + i / 4);

		memcpy(message, head, len);
		len += (size_t)snprintf(message + len, 13, "name%08u", i);
		memcpy(message + len, tail, sizeof(tail) - 1);
		len += sizeof(tail) - 1;
		datagram(t, false, port, message, len);
		message[2] = (char)0x81;
		message[7] = 1;
		memcpy(message + len, record, sizeof(record) - 1);
		datagram(t, true, port, message, len + sizeof(record) - 1);
	}
}

/* Lists of digests: of "hello", by each kind. */
static int make_lists(void)
{
	static const char *const kinds[] = { "md5", "sha1", "sha256" };
	static const char *const digests[] = {
		"5d41402abc4b2a76b9719d911017c592", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
		"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	};
	char path[128];

	for (unsigned i = 0; i < 3; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s.list", directory, kinds[i]);
		f = fopen(path, "we");
		if (!f || fprintf(f, "%s\n", digests[i]) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

/* Fragments, streams out of order and with holes, many flows; rules that remember and count. */
static int make_inputs(void)
{
	static const char text[] =
		"alert udp any any -> any any (msg:\"pair\"; content:\"hosts\"; flowbits:set,seen; "
		"threshold:type limit, track by_src, count 1, seconds 60; sid:1;)\n"
		"alert udp any any -> any any (msg:\"rate\"; content:\"hosts\"; "
		"detection_filter:track by_dst, count 3, seconds 60; sid:2;)\n"
		"alert tcp any any -> any any (msg:\"stream\"; flow:established; content:\"xyzabc\"; "
		"pcre:\"/abc[a-z]{4}hij/R\"; flowint:n,+,1; sid:3;)\n"
		"alert ip any any -> any any (msg:\"joined\"; content:\"BBBBBBBB\"; offset:4000; sid:4;)\n"
		"alert http any any -> any any (file.data; content:\"hellohello\"; "
		"pcre:\"/^(hello){8}$/\"; sid:5;)\n"
		"alert http any any -> any any (file.data; content:\"hello\"; "
		"pcre:\"/^hello$/\"; sid:6;)\n"
		"alert http any any -> any any (filemd5:md5.list; sid:7;)\n"
		"alert http any any -> any any (filesha1:sha1.list; sid:8;)\n"
		"alert http any any -> any any (filesha256:sha256.list; sid:9;)\n"
		"alert smtp any any -> any any (file.name; content:\"a.txt\"; file.data; "
		"content:\"hello, world\"; sid:10;)\n"
		"alert tls any any -> any any (tls.sni; content:\"example.org\"; ja3.hash; "
		"content:\"349640b9e304f8ea23a8e0f71dde2248\"; sid:11;)\n"
		"alert tls any any -> any any (tls.cert_subject; content:\"CN=server.example\"; "
		"sid:12;)\n"
		"alert dns any any -> any any (dns.query; content:\".flood\"; endswith; sid:13;)\n";
	FILE *f = fopen(own_rules, "we");
	struct traffic t;

	if (!f || fputs(text, f) < 0 || fclose(f) || make_lists() || traffic_open(&t, made_path))
		return -1;
	traffic_shuffled(&t, 200);
	traffic_holes(&t, 20, 64);
	traffic_crumbs(&t, 10, 200);
	traffic_answers(&t, 50);
	traffic_fragments(&t, 50, 40, 1400, 1);
	traffic_fragments(&t, 20, 40, 1400, 0);
	traffic_pairs(&t, 4000);
	traffic_syns(&t, 4000);
	encoded_bodies(&t, ENCODED);
	mails(&t, MAILS);
	handshakes(&t, HANDSHAKES);
	flood(&t, FLOOD);
	return traffic_close(&t);
}

int main(void)
{
	const char *top = getenv("abs_top_srcdir");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_allocate_nothing),
		cmocka_unit_test(three_passes_need_no_more_than_two),
	};

#if defined(__SANITIZE_ADDRESS__)
	/* Its allocator and its shadow are not what this measures. */
	puts("1..0 # SKIP memory is not measured under a sanitizer");
	return 0;
#endif
	main_thread = true;
	snprintf(capture_path, sizeof(capture_path), "%s/tests/pcap/demo.pcap", top ? top : ".");
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "weir", "decoder-events", "stream-events" };

		snprintf(rules_path[i], sizeof(rules_path[i]), "%s/rules/%s.rules", top ? top : ".",
			 names[i]);
	}
	snprintf(set_classes, sizeof(set_classes),
		 "classification-file=%s/rules/classification.config", top ? top : ".");
	snprintf(set_references, sizeof(set_references),
		 "reference-config-file=%s/rules/reference.config", top ? top : ".");
	snprintf(directory, sizeof(directory), "/tmp/weir-test-XXXXXX");
	if (!mkdtemp(directory))
		return 1;
	snprintf(own_rules, sizeof(own_rules), "%s/own.rules", directory);
	snprintf(made_path, sizeof(made_path), "%s/made.pcap", directory);
	if (make_inputs())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (system(command))
		return 1;
	return failed;
}
