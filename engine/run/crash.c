/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PCAP_NANOSECONDS 0xa1b23c4d
#define NS_PER_S 1000000000LL

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t accuracy, snap, link;
};
struct pcap_record {
	uint32_t second, nanosecond, len, wire_len;
};

struct save {
	int folder;
	char *name;
	unsigned number;
	FILE *file;
	int packets;
	int err;
};

static bool open_file(struct save *s)
{
	static const struct pcap_header header = { PCAP_NANOSECONDS, 2, 4, 0, 0, LIVE_FRAME_MAX,
						   LINK_ETHERNET };
	int fd;

	snprintf(s->name, CRASH_NAME_BYTES, "weir-crash-%lld-%u.pcap", (long long)time(NULL),
		 s->number);
	fd = openat(s->folder, s->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		s->err = -errno;
		return false;
	}
	s->file = fdopen(fd, "w");
	if (!s->file) {
		s->err = -errno;
		close(fd);
		return false;
	}
	return fwrite(&header, sizeof(header), 1, s->file) == 1;
}

static void save_frame(void *arg, unsigned worker, const struct frame *f)
{
	struct save *s = arg;
	struct pcap_record record = {
		.second = (uint32_t)(f->time_ns / NS_PER_S),
		.nanosecond = (uint32_t)(f->time_ns % NS_PER_S),
		.len = f->len,
		.wire_len = f->wire_len,
	};

	(void)worker;
	if (s->err || (!s->file && !open_file(s)))
		return;
	if (fwrite(&record, sizeof(record), 1, s->file) != 1 ||
	    fwrite(f->data, 1, f->len, s->file) != f->len)
		s->err = -EIO;
	s->packets++;
}

int crash_save(struct xdp_stage *stage, int folder, unsigned number, char name[CRASH_NAME_BYTES])
{
	struct save s = { .folder = folder, .name = name, .number = number };

	xdp_stage_last_batch(stage, save_frame, &s);
	if (s.file && fclose(s.file) && !s.err)
		s.err = -errno;
	return s.err ? s.err : s.packets;
}
