/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a capture file, through capture.h.  Read in blocks of the usual kind and in very
 * small ones it must give the same packets and end with the same message.
 */
#include "engine/capture/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t packets;
	uint64_t hash;
	unsigned errors;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3;
}

static void look_at(struct seen *s, const struct frame *f)
{
	if (f->number != ++s->packets || f->len > f->wire_len || f->time_ns < 0 ||
	    f->time_ns > CAPTURE_TIME_MAX_NS)
		abort();
	s->hash = mix(s->hash, (uint64_t)f->time_ns);
	s->hash = mix(s->hash, f->link);
	s->hash = mix(s->hash, f->wire_len);
	for (uint32_t i = 0; i < f->len; i++)
		s->hash = mix(s->hash, f->data[i]);
}

static struct seen read_file(const char *path, size_t block_bytes, const char *filter)
{
	struct capture_options opt = {
		.inputs = &path,
		.input_count = 1,
		.filter = filter,
		.readers = 1,
		.block_bytes = block_bytes,
		.blocks = 2,
	};
	char error[CAPTURE_ERROR_BYTES];
	const struct capture_block *b;
	struct seen s = { .packets = 0 };
	struct capture *c;

	if (capture_open(&opt, &c, error))
		return s;
	while (capture_next_block(c, 0, &b) == 1)
		for (unsigned i = 0; i < b->count; i++)
			look_at(&s, &b->frames[i]);
	s.errors = capture_error_count(c);
	for (unsigned i = 0; i < s.errors; i++)
		for (const char *p = capture_error(c, i); *p; p++)
			s.hash = mix(s.hash, (uint8_t)*p);
	capture_close(c);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t block_bytes[TIMES] = { 65536, 64, 4096 };
	struct seen first, s;
	char path[64];
	int fd = memfd_create("capture", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	first = read_file(path, block_bytes[0], NULL);
	for (unsigned i = 1; i < TIMES; i++) {
		s = read_file(path, block_bytes[i], NULL);
		if (s.packets != first.packets || s.hash != first.hash || s.errors != first.errors)
			abort();
	}
	s = read_file(path, block_bytes[1], "ip or vlan");
	if (s.packets > first.packets)
		abort();
	close(fd);
	return 0;
}
