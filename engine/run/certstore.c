/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/certstore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"

#define PATH_BYTES 4096u
#define NS_PER_S 1000000000

enum part { PART_META, PART_PEM, PART__COUNT };

static const char *const endings[PART__COUNT] = { "meta", "pem" };

struct certstore {
	char dir[PATH_BYTES - 64];
	struct certstore_counts counts;
	uint64_t number; /* chains begun */
	uint64_t bytes;
	int pid; /* keeps what two runs have under way apart */
	int fd[PART__COUNT]; /* -1: none is under way */
	bool failed; /* the one under way */
};

int certstore_open(const char *dir, struct certstore **out)
{
	struct certstore *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->fd[PART_META] = s->fd[PART_PEM] = -1;
	s->pid = (int)getpid();
	err = snprintf(s->dir, sizeof(s->dir), "%s", dir) >= (int)sizeof(s->dir)
		      ? -ENAMETOOLONG
		      : file_make_folders(dir);
	if (err) {
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

static void name_under_way(const struct certstore *s, enum part part, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/.%d.%s", s->dir, s->pid, endings[part]);
}

/* Microseconds without zeros before them, as Suricata's names have them. */
static void name_of(const struct certstore *s, const struct certstore_piece *p, enum part part,
		    char path[PATH_BYTES])
{
	int64_t second = p->time_ns / NS_PER_S, rest = p->time_ns % NS_PER_S;

	if (rest < 0) {
		rest += NS_PER_S;
		second--;
	}
	snprintf(path, PATH_BYTES, "%s/%s%lld.%lld-%llu.%s", s->dir, p->client ? "client-" : "",
		 (long long)second, (long long)(rest / 1000), (unsigned long long)s->number,
		 endings[part]);
}

static void drop(struct certstore *s)
{
	char path[PATH_BYTES];

	for (unsigned i = 0; i < PART__COUNT; i++) {
		if (s->fd[i] < 0)
			continue;
		close(s->fd[i]);
		s->fd[i] = -1;
		name_under_way(s, (enum part)i, path);
		unlink(path);
	}
}

static void begin(struct certstore *s)
{
	char path[PATH_BYTES];

	drop(s);
	s->failed = false;
	if (s->number == CERTSTORE_CHAINS_MAX || s->bytes >= CERTSTORE_BYTES_MAX) {
		s->counts.refused++;
		return;
	}
	s->number++;
	for (unsigned i = 0; i < PART__COUNT; i++) {
		name_under_way(s, (enum part)i, path);
		/* What a run that died has left. */
		unlink(path);
		s->fd[i] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
		s->failed |= s->fd[i] < 0;
	}
}

static void add(struct certstore *s, enum part part, const uint8_t *data, size_t len)
{
	while (len && s->fd[part] >= 0 && !s->failed) {
		ssize_t n = write(s->fd[part], data, len);

		if (n < 0 && errno == EINTR)
			continue;
		s->failed = n <= 0;
		if (n <= 0)
			break;
		data += n;
		len -= (size_t)n;
		s->bytes += (uint64_t)n;
	}
}

static void end(struct certstore *s, const struct certstore_piece *p)
{
	char from[PATH_BYTES], to[PATH_BYTES];

	if (s->fd[PART_META] < 0 && s->fd[PART_PEM] < 0 && !s->failed)
		return;
	for (unsigned i = 0; i < PART__COUNT && !s->failed; i++) {
		name_under_way(s, (enum part)i, from);
		name_of(s, p, (enum part)i, to);
		s->failed = rename(from, to) != 0;
	}
	if (s->failed)
		s->counts.failed++;
	else
		s->counts.stored++;
	drop(s);
	s->failed = false;
}

void certstore_take(struct certstore *s, const struct certstore_piece *p, const uint8_t *data)
{
	switch ((enum certstore_step)p->step) {
	case CERTSTORE_BEGIN:
		begin(s);
		break;
	case CERTSTORE_META:
		add(s, PART_META, data, p->len);
		break;
	case CERTSTORE_PEM:
		add(s, PART_PEM, data, p->len);
		break;
	case CERTSTORE_END:
		end(s, p);
		break;
	}
}

struct certstore_counts certstore_counts(const struct certstore *s)
{
	return s->counts;
}

void certstore_close(struct certstore *s)
{
	if (!s)
		return;
	drop(s);
	free(s);
}
