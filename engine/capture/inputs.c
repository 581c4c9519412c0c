/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A beginning that is certain to hold a pcapng file's interfaces and its first packet. */
#define PEEK_BYTES (256u * 1024)

static bool is_stdin(const char *name)
{
	return strcmp(name, INPUT_STDIN) == 0;
}

const char *input_title(const struct input *in)
{
	return is_stdin(in->name) ? "standard input" : in->name;
}

int input_open(const struct input *in)
{
	int fd = is_stdin(in->name) ? dup(STDIN_FILENO)
				    : open(in->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static struct input *add(struct inputs *in, char *name)
{
	if (in->count == in->room) {
		unsigned room = in->room ? in->room * 2 : 16;
		struct input *list = realloc(in->list, room * sizeof(*list));

		if (!list)
			return NULL;
		in->list = list;
		in->room = room;
	}
	in->list[in->count] = (struct input){ .name = name, .first_ns = INT64_MAX };
	return &in->list[in->count++];
}

/* Read from the start of fd until len bytes or the end; how many, or -errno. */
static ssize_t read_start(int fd, uint8_t *to, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, to + got, len - got, (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The first packet's time and link type, or why this is no capture file. */
static int look_at_start(struct input *in, struct splitter *s, struct bytes start)
{
	struct frame f;
	enum split st;

	splitter_init(s);
	st = splitter_next(s, &start, &f);
	in->big_endian = s->big_endian;
	if (st == SPLIT_FRAME) {
		in->first_ns = f.time_ns;
		in->link = f.link;
		in->has_link = true;
	} else if (s->format != SPLIT_FORMAT_UNKNOWN) {
		/* What is damaged further on is told when it is reached. */
		in->has_link = s->interface_count > 0;
		if (in->has_link)
			in->link = s->interfaces[0].link;
	} else {
		if (st == SPLIT_MORE)
			splitter_end(s, start);
		in->wrong = strdup(s->error);
		if (!in->wrong)
			return -ENOMEM;
	}
	return 0;
}

/* Size, first time, link type.  Returns 0 or -errno where it cannot be opened or read. */
static int look_at(struct input *in, struct splitter *s, uint8_t *scratch, size_t scratch_bytes)
{
	size_t peek = scratch_bytes < PEEK_BYTES ? scratch_bytes : PEEK_BYTES;
	struct stat st;
	ssize_t n;
	int fd;

	if (is_stdin(in->name))
		return 0;
	if (stat(in->name, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	fd = input_open(in);
	if (fd < 0)
		return fd;
	n = read_start(fd, scratch, peek);
	close(fd);
	if (n < 0)
		return (int)n;
	in->regular = true;
	in->size = (uint64_t)st.st_size;
	return look_at_start(in, s, bytes_of(scratch, (size_t)n));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int by_time_then_name(const void *left, const void *right)
{
	const struct input *a = left, *b = right;

	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

struct looker {
	struct splitter *splitter;
	uint8_t *scratch;
	size_t scratch_bytes;
};

/* One name in a directory: a file among many that cannot be read is a message, not the end. */
static int add_entry(struct inputs *in, const char *directory, const char *entry,
		     const struct looker *l)
{
	struct input *one;
	struct stat st;
	char *name;
	int err;

	if (asprintf(&name, "%s/%s", directory, entry) < 0)
		return -ENOMEM;
	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(name);
		return 0;
	}
	one = add(in, name);
	if (!one) {
		free(name);
		return -ENOMEM;
	}
	err = look_at(one, l->splitter, l->scratch, l->scratch_bytes);
	if (err == -ENOMEM)
		return err;
	if (err) {
		one->wrong = strdup(strerror(-err));
		if (!one->wrong)
			return -ENOMEM;
	}
	return 0;
}

static int add_directory(struct inputs *in, const char *directory, const struct looker *l)
{
	unsigned first = in->count;
	size_t len = strlen(directory);
	char *base;
	struct dirent **entries;
	int n = scandir(directory, &entries, not_hidden, by_name);
	int err = 0;

	if (n < 0)
		return -errno;
	while (len > 1 && directory[len - 1] == '/')
		len--;
	base = strndup(directory, len);
	if (!base)
		err = -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (!err)
			err = add_entry(in, base, entries[i]->d_name, l);
		free(entries[i]);
	}
	free(entries);
	free(base);
	if (err)
		return err;
	if (in->count == first)
		return -ENODATA;
	qsort(in->list + first, in->count - first, sizeof(*in->list), by_time_then_name);
	return 0;
}

static int add_name(struct inputs *in, const char *name, const struct looker *l)
{
	struct stat st;
	struct input *one;
	char *copy;

	if (!is_stdin(name)) {
		if (stat(name, &st) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode))
			return add_directory(in, name, l);
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	one = add(in, copy);
	if (!one) {
		free(copy);
		return -ENOMEM;
	}
	return look_at(one, l->splitter, l->scratch, l->scratch_bytes);
}

/* Nothing to read in any of them: the first one's reason is the run's. */
static int require_one(const struct inputs *in, char *error, size_t error_bytes)
{
	for (unsigned i = 0; i < in->count; i++)
		if (!in->list[i].wrong)
			return 0;
	if (in->count == 0)
		snprintf(error, error_bytes, "no input is named");
	else
		snprintf(error, error_bytes, "%s: %s%s", input_title(&in->list[0]),
			 in->list[0].wrong,
			 in->count > 1 ? " (and no other input is a capture file)" : "");
	return -EINVAL;
}

static void add_up(struct inputs *in)
{
	for (unsigned i = 0; i < in->count; i++) {
		if (!in->list[i].regular && !in->list[i].wrong) {
			in->total_bytes = 0;
			return;
		}
		if (!in->list[i].wrong)
			in->total_bytes += in->list[i].size;
	}
}

int inputs_init(struct inputs *in, const char *const *names, unsigned name_count,
		struct splitter *splitter, uint8_t *scratch, size_t scratch_bytes, char *error,
		size_t error_bytes)
{
	const struct looker l = { splitter, scratch, scratch_bytes };
	int err;

	*in = (struct inputs){ .list = NULL };
	for (unsigned i = 0; i < name_count; i++) {
		err = add_name(in, names[i], &l);
		if (err) {
			snprintf(error, error_bytes, "%s: %s", names[i],
				 err == -ENODATA ? "the directory holds no files" : strerror(-err));
			goto fail;
		}
	}
	err = require_one(in, error, error_bytes);
	if (err)
		goto fail;
	add_up(in);
	return 0;
fail:
	inputs_fini(in);
	return err;
}

void inputs_fini(struct inputs *in)
{
	if (!in)
		return;
	for (unsigned i = 0; i < in->count; i++) {
		free(in->list[i].name);
		free(in->list[i].wrong);
	}
	free(in->list);
	*in = (struct inputs){ .list = NULL };
}
