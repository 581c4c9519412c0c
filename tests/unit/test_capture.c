/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/capture.h"
#include "tests/unit/capture_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000

static char folder[] = "/tmp/weir-capture-XXXXXX";
static char error[CAPTURE_ERROR_BYTES];

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static void write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* Packets of 1 to 9 bytes, a second apart from start on. */
static void write_pcap(const char *name, uint32_t start, unsigned count)
{
	static struct capture_file o;

	o.len = 0;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	for (unsigned i = 0; i < count; i++)
		put_pcap_record(&o, start + i, 0, 1 + i % 9, 60);
	write_file(name, o.data, o.len);
}

static struct capture *open_ok(const struct capture_options *opt)
{
	struct capture *c;

	assert_int_equal(capture_open(opt, &c, error), 0);
	assert_string_equal(error, "");
	return c;
}

#define OPTIONS(...) \
	{ \
		.inputs = (const char *const[]){ __VA_ARGS__ }, \
		.input_count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
		.readers = 1 \
	}

/* One line: "seconds" for each packet, "|name " where another file begins. */
static void read_all(struct capture *c, char *text, size_t size)
{
	const struct capture_block *b;
	uint64_t number = 0, sequence = 0;
	uint32_t interface = UINT32_MAX;
	size_t at = 0;

	text[0] = '\0';
	while (capture_next_block(c, 0, &b) == 1) {
		assert_true(b->count > 0);
		assert_int_equal(b->sequence, sequence++);
		assert_int_equal(b->first_number, number + 1);
		for (unsigned i = 0; i < b->count; i++) {
			const struct frame *f = &b->frames[i];

			assert_int_equal(f->number, ++number);
			for (uint32_t j = 0; j < f->len; j++)
				assert_int_equal(f->data[j], (uint8_t)(j + 1));
			if (f->interface != interface)
				at += (size_t)snprintf(text + at, size - at, "|%s",
						       capture_input_name(c, f->interface));
			interface = f->interface;
			at += (size_t)snprintf(text + at, size - at, " %" PRId64,
					       f->time_ns / SECOND);
		}
	}
	for (unsigned i = 0; i < capture_error_count(c); i++)
		at += (size_t)snprintf(text + at, size - at, "\n%s", capture_error(c, i));
	assert_int_equal(capture_next_block(c, 0, &b), 0);
}

static void expect(const struct capture_options *opt, const char *want)
{
	static const size_t block_bytes[] = { 0, 1, 16, 100, 4096 };
	struct capture_options o = *opt;
	char text[4096];

	for (size_t i = 0; i < sizeof(block_bytes) / sizeof(block_bytes[0]); i++) {
		struct capture *c;

		o.block_bytes = block_bytes[i];
		o.blocks = i % 2 ? 2 : 0;
		c = open_ok(&o);
		read_all(c, text, sizeof(text));
		capture_close(c);
		assert_string_equal(text, want);
	}
}

static void expect_refused(const struct capture_options *opt, const char *want)
{
	struct capture *c;

	assert_true(capture_open(opt, &c, error) < 0);
	assert_null(c);
	assert_string_equal(error, want);
}

static void files_in_the_given_order(void **state)
{
	const struct capture_options opt = OPTIONS("late.pcap", "early.pcap", "late.pcap");

	(void)state;
	write_pcap("late.pcap", 200, 3);
	write_pcap("early.pcap", 100, 2);
	expect(&opt, "|late.pcap 200 201 202|early.pcap 100 101|late.pcap 200 201 202");
}

static void a_directory_in_time_order(void **state)
{
	const struct capture_options opt = OPTIONS("day/", "early.pcap");
	struct capture_file o = { .big = true };

	(void)state;
	assert_int_equal(mkdir("day", 0700), 0);
	assert_int_equal(mkdir("day/subfolder", 0700), 0);
	write_pcap("early.pcap", 100, 1);
	write_pcap("day/a", 300, 1);
	write_pcap("day/c", 250, 1);
	write_pcap("day/b", 250, 2);
	write_pcap("day/.hidden", 1, 1);
	write_pcap("day/none", 1, 0);
	put_section(&o);
	put_interface(&o, 1, 0, 0, 0);
	put_enhanced(&o, 0, 275, 3, 3);
	write_file("day/z", o.data, o.len);
	write_file("day/notes", "today\n", 6);
	expect(&opt, "|day/b 250 251|day/c 250|day/z 275|day/a 300|early.pcap 100\n"
		     "day/notes: neither a pcap nor a pcapng file (it begins with 74 6f 64 61)");
}

static void damage_ends_its_file_only(void **state)
{
	const struct capture_options opt = OPTIONS("bad", "cut", "empty", "good");
	struct capture_file o = { .big = false };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 5, 5);
	put_pcap_record(&o, 2, 0, 5, 5);
	write_file("cut", o.data, o.len - 1);
	put32(&o, 1);
	put32(&o, 0);
	put32(&o, 262145);
	put32(&o, 262145);
	write_file("bad", o.data, o.len);
	write_file("empty", "", 0);
	write_pcap("good", 10, 2);
	expect(&opt,
	       "|bad 1 2|cut 1|good 10 11\n"
	       "empty: the file is empty\n"
	       "bad: packet 3 at offset 66: record claims 262145 bytes, at most 262144 are possible\n"
	       "cut: the file ends inside packet 2 at offset 45");
}

static void what_cannot_be_read(void **state)
{
	const struct capture_options none = OPTIONS("good", "missing"), empty = OPTIONS("empty"),
				     two = OPTIONS("empty", "zipped"),
				     folder_empty = OPTIONS("void");
	struct capture_options nobody = OPTIONS("good");

	(void)state;
	write_pcap("good", 10, 2);
	write_file("empty", "", 0);
	write_file("zipped", "\x1f\x8b\x08\x00\x00", 5);
	assert_int_equal(mkdir("void", 0700), 0);
	expect_refused(&none, "missing: No such file or directory");
	expect_refused(&empty, "empty: the file is empty");
	expect_refused(&two, "empty: the file is empty (and no other input is a capture file)");
	expect_refused(&folder_empty, "void: the directory holds no files");
	nobody.input_count = 0;
	expect_refused(&nobody, "no input is named");
	nobody.input_count = 1;
	nobody.readers = 0;
	expect_refused(&nobody, "capture: Invalid argument");
}

static void a_file_that_goes_away(void **state)
{
	const struct capture_options opt = OPTIONS("good", "gone", "good");
	struct capture *c;
	char text[256];

	(void)state;
	write_pcap("good", 10, 1);
	write_pcap("gone", 20, 1);
	c = open_ok(&opt);
	unlink("gone");
	read_all(c, text, sizeof(text));
	capture_close(c);
	assert_string_equal(text, "|good 10|good 10\ngone: No such file or directory");
}

/* IPv4 over Ethernet, UDP to the port; and the same without Ethernet. */
static void put_udp(struct capture_file *o, bool ethernet, uint8_t port)
{
	const uint8_t head[14] = { [12] = 8 };
	const uint8_t ip[28] = { 0x45, [3] = 28, [8] = 64, [9] = 17, [23] = port, [25] = 8 };
	size_t len = sizeof(ip) + (ethernet ? sizeof(head) : 0);
	size_t at = block_begin(o, 6);

	put32(o, !ethernet);
	put32(o, 0);
	put32(o, port);
	put32(o, (uint32_t)len);
	put32(o, (uint32_t)len);
	if (ethernet)
		put_bytes(o, head, sizeof(head));
	put_bytes(o, ip, sizeof(ip));
	block_end(o, at);
}

static unsigned count_filtered(struct capture *c, char *text, size_t size)
{
	const struct capture_block *b;
	unsigned n = 0;
	size_t at = 0;

	while (capture_next_block(c, 0, &b) == 1)
		for (unsigned i = 0; i < b->count; i++, n++)
			at += (size_t)snprintf(text + at, size - at, "%" PRIu64 ":%u/%d ",
					       b->frames[i].number, b->frames[i].len,
					       (int)b->frames[i].link);
	return n;
}

static void filter_by_link_type(void **state)
{
	struct capture_options opt = OPTIONS("mixed");
	struct capture_file o = { .big = false };
	struct capture *c;
	char text[256];

	(void)state;
	put_section(&o);
	put_interface(&o, 1, 0, 0, 0);
	put_interface(&o, 101, 0, 0, 0);
	for (uint8_t port = 51; port <= 54; port++) {
		put_udp(&o, true, port);
		put_udp(&o, false, port);
	}
	write_file("mixed", o.data, o.len);
	opt.block_bytes = 64;

	/* Those that are left out have no number. */
	opt.filter = "udp port 53 or udp port 54";
	c = open_ok(&opt);
	assert_int_equal(count_filtered(c, text, sizeof(text)), 4);
	assert_string_equal(text, "1:42/1 2:28/101 3:42/1 4:28/101 ");
	assert_int_equal(capture_error_count(c), 0);
	capture_close(c);

	/* What exists on Ethernet only is told when the other link type turns up. */
	opt.filter = "ether multicast or ether src 00:00:00:00:00:00";
	c = open_ok(&opt);
	assert_int_equal(count_filtered(c, text, sizeof(text)), 4);
	assert_int_equal(capture_error_count(c), 1);
	assert_non_null(strstr(capture_error(c, 0),
			       "mixed: packets of link type 101 are left out: filter 'ether"));
	capture_close(c);

	opt.filter = "";
	c = open_ok(&opt);
	assert_int_equal(count_filtered(c, text, sizeof(text)), 8);
	capture_close(c);
}

static void filter_on_null_links(void **state)
{
	(void)state;
	/* The family word is in the writer's order; the file says which that is. */
	for (unsigned big = 0; big < 2; big++) {
		struct capture_options opt = OPTIONS("null");
		struct capture_file o = { .big = big };
		struct capture *c;
		char text[64];

		put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 0);
		for (uint32_t family = 2; family <= 30; family += 28) {
			put32(&o, 1);
			put32(&o, 0);
			put32(&o, 24);
			put32(&o, 24);
			put32(&o, family);
			put_bytes(&o, (uint8_t[20]){ family == 2 ? 0x45 : 0x60 }, 20);
		}
		write_file("null", o.data, o.len);
		for (unsigned i = 0; i < 2; i++) {
			opt.filter = i ? "ip6" : "ip";
			c = open_ok(&opt);
			assert_int_equal(count_filtered(c, text, sizeof(text)), 1);
			capture_close(c);
		}
	}
}

static void filter_mistakes(void **state)
{
	struct capture_options opt = OPTIONS("good");
	struct capture *c;

	(void)state;
	write_pcap("good", 10, 2);
	opt.filter = "tcp prot 80";
	assert_int_equal(capture_open(&opt, &c, error), -EINVAL);
	assert_non_null(strstr(error, "filter 'tcp prot 80': "));
	assert_non_null(strstr(error, "syntax error"));
	/* Good for some link type, but for none that is there. */
	opt.filter = "inbound";
	assert_int_equal(capture_open(&opt, &c, error), -EINVAL);
	assert_non_null(strstr(error, "filter 'inbound': "));
}

static void passes_move_on_in_time(void **state)
{
	struct capture_options opt = OPTIONS("late", "early");

	(void)state;
	write_pcap("late", 200, 2);
	write_pcap("early", 100, 1);
	opt.passes = 3;
	opt.pass_gap_ns = 10ll * SECOND;
	/* 100 to 201, then 111 seconds later the same again. */
	expect(&opt, "|late 200 201|early 100|late 311 312|early 211|late 422 423|early 322");
}

/* --- several readers --- */

struct reader {
	struct capture *c;
	unsigned id;
	unsigned stop_after; /* blocks; 0: not */
	unsigned leave_after;
	uint64_t hash; /* of all that it saw */
	uint64_t blocks, frames;
	int end;
	pthread_t thread;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3;
}

static void *run_reader(void *arg)
{
	struct reader *r = arg;
	const struct capture_block *b;

	while ((r->end = capture_next_block(r->c, r->id, &b)) == 1) {
		for (unsigned i = 0; i < b->count; i++) {
			const struct frame *f = &b->frames[i];

			r->hash = mix(r->hash, f->number);
			r->hash = mix(r->hash, (uint64_t)f->time_ns);
			for (uint32_t j = 0; j < f->len; j++)
				r->hash = mix(r->hash, f->data[j]);
		}
		r->frames += b->count;
		r->blocks++;
		if (r->blocks == r->stop_after)
			capture_stop(r->c);
		if (r->blocks == r->leave_after) {
			capture_leave(r->c, r->id);
			break;
		}
		/* Nobody is at the same place. */
		if ((r->blocks + r->id) % 3 == 0)
			usleep(100);
	}
	return NULL;
}

#define READERS 5

static void run_readers(struct capture *c, struct reader readers[READERS])
{
	for (unsigned i = 0; i < READERS; i++) {
		readers[i].c = c;
		readers[i].id = i;
		pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]);
	}
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
}

static struct capture *open_for_readers(unsigned blocks)
{
	struct capture_options opt = OPTIONS("one", "two", "three");

	write_pcap("one", 1, 200);
	write_pcap("two", 300, 150);
	write_pcap("three", 600, 190);
	opt.readers = READERS;
	opt.block_bytes = 100;
	opt.blocks = blocks;
	return open_ok(&opt);
}

static void readers_see_the_same(void **state)
{
	(void)state;
	for (unsigned blocks = 2; blocks <= 5; blocks++) {
		struct reader readers[READERS] = { { 0 } };
		struct capture *c = open_for_readers(blocks);
		uint64_t done, total;

		run_readers(c, readers);
		for (unsigned i = 0; i < READERS; i++) {
			assert_int_equal(readers[i].end, 0);
			assert_int_equal(readers[i].frames, 540);
			assert_int_equal(readers[i].blocks, readers[0].blocks);
			assert_true(readers[i].hash == readers[0].hash);
		}
		capture_progress(c, &done, &total);
		assert_true(total > 0);
		assert_int_equal(done, total);
		assert_int_equal(capture_error_count(c), 0);
		capture_close(c);
	}
}

static void a_stop_is_after_the_same_block_for_all(void **state)
{
	(void)state;
	for (unsigned after = 1; after < 40; after += 3) {
		struct reader readers[READERS] = { { 0 } };
		struct capture *c = open_for_readers(4);

		readers[after % READERS].stop_after = after;
		run_readers(c, readers);
		for (unsigned i = 0; i < READERS; i++) {
			assert_int_equal(readers[i].end, -ECANCELED);
			assert_in_range(readers[i].blocks, after, after + 4);
			assert_int_equal(readers[i].blocks, readers[0].blocks);
			assert_true(readers[i].hash == readers[0].hash);
		}
		capture_close(c);
	}
}

static void who_leaves_holds_nobody_up(void **state)
{
	struct reader readers[READERS] = { { 0 } };
	const struct capture_block *b;
	struct capture *c = open_for_readers(2);

	(void)state;
	readers[1].leave_after = 3;
	readers[3].leave_after = 1;
	run_readers(c, readers);
	assert_int_equal(readers[1].blocks, 3);
	assert_int_equal(readers[3].blocks, 1);
	assert_int_equal(readers[0].frames, 540);
	assert_true(readers[0].hash == readers[4].hash);
	assert_int_equal(capture_next_block(c, 1, &b), 0);
	capture_close(c);
}

/* --- pipes --- */

/* A block comes when its bytes are there, though the pipe goes on. */
static void a_pipe_is_not_waited_for(void **state)
{
	const struct capture_options opt = OPTIONS("pipe");
	struct capture_file o = { .big = false };
	const struct capture_block *b;
	struct capture *c;
	uint64_t done, total;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	c = open_ok(&opt);
	fd = open("pipe", O_RDWR); /* so that opening does not wait */
	assert_true(fd >= 0);
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 5, 5);
	put_pcap_record(&o, 2, 0, 5, 5);
	assert_int_equal(write(fd, o.data, o.len - 3), o.len - 3);
	assert_int_equal(capture_next_block(c, 0, &b), 1);
	assert_int_equal(b->count, 1);
	assert_int_equal(write(fd, o.data + o.len - 3, 3), 3);
	assert_int_equal(capture_next_block(c, 0, &b), 1);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->frames[0].time_ns, 2ll * SECOND);
	capture_progress(c, &done, &total);
	assert_int_equal(total, 0);
	assert_int_equal(done, o.len);
	/* Nothing more comes; a stop ends the wait. */
	capture_stop(c);
	assert_int_equal(capture_next_block(c, 0, &b), -ECANCELED);
	capture_close(c);
	close(fd);
}

static void standard_input(void **state)
{
	struct capture_options opt = OPTIONS("-", "good");
	int saved = dup(STDIN_FILENO), fds[2];
	struct capture_file o = { .big = false };
	struct capture *c;
	char text[256];

	(void)state;
	write_pcap("good", 10, 1);
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	put_pcap_record(&o, 1, 0, 5, 5);
	put_pcap_record(&o, 2, 0, 5, 5);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], o.data, o.len - 1), o.len - 1);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	c = open_ok(&opt);
	read_all(c, text, sizeof(text));
	capture_close(c);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_string_equal(
		text, "|- 1|good 10\nstandard input: the file ends inside packet 2 at offset 45");
	opt.passes = 2;
	expect_refused(&opt, "standard input: a pipe can be read only once");
}

/* --- sizes --- */

/* The greatest packet that can be, in blocks of every size. */
static void a_packet_larger_than_a_block(void **state)
{
	static const size_t block_bytes[] = { 1000, 262144, 4 << 20 };
	const uint32_t len = 262144;
	struct capture_file o = { .big = false };
	uint8_t *data = calloc(2, len + 16);

	(void)state;
	assert_non_null(data);
	put_pcap_header(&o, 0xa1b2c3d4, 4, len, 1);
	put32(&o, 1);
	put32(&o, 0);
	put32(&o, len);
	put32(&o, len);
	memcpy(data, o.data + 24, 16);
	memcpy(data + len + 16, o.data + 24, 16);
	data[len + 15 + 16 + len] = 99;
	write_file("large", o.data, 24);
	{
		FILE *f = fopen("large", "ab");

		assert_non_null(f);
		assert_int_equal(fwrite(data, len + 16, 2, f), 2);
		fclose(f);
	}
	for (size_t i = 0; i < sizeof(block_bytes) / sizeof(block_bytes[0]); i++) {
		struct capture_options opt = OPTIONS("large");
		const struct capture_block *b;
		struct capture *c;
		unsigned n = 0;

		opt.block_bytes = block_bytes[i];
		c = open_ok(&opt);
		while (capture_next_block(c, 0, &b) == 1) {
			for (unsigned j = 0; j < b->count; j++, n++) {
				assert_int_equal(b->frames[j].len, len);
				assert_int_equal(b->frames[j].data[len - 1], n == 1 ? 99 : 0);
			}
		}
		assert_int_equal(n, 2);
		assert_int_equal(capture_error_count(c), 0);
		capture_close(c);
	}
	free(data);
}

/* Packets of so many bytes, one a second from 0 on. */
static void write_many(const char *path, uint32_t count, uint32_t len)
{
	struct capture_file o = { .big = false };
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	put_pcap_header(&o, 0xa1b2c3d4, 4, 65535, 1);
	fwrite(o.data, 1, o.len, f);
	for (uint32_t i = 0; i < count; i++) {
		o.len = 0;
		put_pcap_record(&o, i, 0, len, len);
		fwrite(o.data, 1, o.len, f);
	}
	fclose(f);
}

/* More records in a block than it has room for frames. */
static void many_small_packets(void **state)
{
	enum { COUNT = 100000 };
	struct capture_options opt = OPTIONS("small");
	const struct capture_block *b;
	struct capture *c;
	uint64_t n = 0;

	(void)state;
	write_many("small", COUNT, 0);
	opt.block_bytes = 256 * 1024;
	c = open_ok(&opt);
	while (capture_next_block(c, 0, &b) == 1)
		for (unsigned i = 0; i < b->count; i++)
			assert_int_equal(b->frames[i].time_ns, (int64_t)n++ * SECOND);
	assert_int_equal(n, COUNT);
	assert_int_equal(capture_error_count(c), 0);
	capture_close(c);
}

static void mark(void *ctx, struct frame *frames, unsigned count)
{
	uint64_t *told = ctx;

	for (unsigned i = 0; i < count; i++)
		frames[i].owner = (uint32_t)(frames[i].number * 7);
	*told += count;
}

struct marked_reader {
	struct capture *capture;
	unsigned number;
	uint64_t frames, marked;
};

static void *read_marked(void *arg)
{
	struct marked_reader *r = arg;
	const struct capture_block *b;

	while (capture_next_block(r->capture, r->number, &b) == 1) {
		for (unsigned i = 0; i < b->count; i++) {
			r->frames++;
			r->marked += b->frames[i].owner == (uint32_t)(b->frames[i].number * 7);
		}
	}
	return NULL;
}

/* Once for each frame, however many read it, and before any of them does. */
static void told_of_what_is_loaded(void **state)
{
	enum { COUNT = 5000 };
	struct capture_options opt = OPTIONS("marked");
	struct marked_reader reader[READERS];
	pthread_t thread[READERS];
	uint64_t told = 0;

	(void)state;
	write_many("marked", COUNT, 8);
	opt.readers = READERS;
	opt.block_bytes = 1000;
	opt.blocks = 3;
	for (unsigned i = 0; i < READERS; i++)
		reader[i] = (struct marked_reader){ .number = i };
	reader[0].capture = open_ok(&opt);
	capture_on_load(reader[0].capture, mark, &told);
	for (unsigned i = 0; i < READERS; i++) {
		reader[i].capture = reader[0].capture;
		assert_int_equal(pthread_create(&thread[i], NULL, read_marked, &reader[i]), 0);
	}
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(reader[i].frames, COUNT);
		assert_int_equal(reader[i].marked, COUNT);
	}
	assert_int_equal(told, COUNT);
	capture_close(reader[0].capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_in_the_given_order),
		cmocka_unit_test(a_directory_in_time_order),
		cmocka_unit_test(damage_ends_its_file_only),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(a_file_that_goes_away),
		cmocka_unit_test(filter_by_link_type),
		cmocka_unit_test(filter_on_null_links),
		cmocka_unit_test(filter_mistakes),
		cmocka_unit_test(passes_move_on_in_time),
		cmocka_unit_test(readers_see_the_same),
		cmocka_unit_test(told_of_what_is_loaded),
		cmocka_unit_test(a_stop_is_after_the_same_block_for_all),
		cmocka_unit_test(who_leaves_holds_nobody_up),
		cmocka_unit_test(a_pipe_is_not_waited_for),
		cmocka_unit_test(standard_input),
		cmocka_unit_test(a_packet_larger_than_a_block),
		cmocka_unit_test(many_small_packets),
	};

	return cmocka_run_group_tests_name("capture", tests, make_folder, remove_folder);
}
