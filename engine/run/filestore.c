/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/filestore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/app/file.h"
#include "engine/base/file.h"

/* Files that are open at once; of others the end is open only while a piece is written. */
#define OPEN_FILES 64u
#define PATH_BYTES 4096u

struct slot {
	int fd; /* -1: free */
	uint64_t flow;
	uint32_t id;
	uint64_t used; /* for the least recently used */
};

struct filestore {
	struct filestore_options opt;
	struct filestore_counts counts;
	struct slot slot[OPEN_FILES];
	uint64_t clock;
	uint64_t bytes; /* of all that is kept or under way */
};

/* What is under way has no owner any more. */
static void sweep(const char *tmp)
{
	DIR *entries = opendir(tmp);
	const struct dirent *e;

	while (entries && (e = readdir(entries))) {
		if (strncmp(e->d_name, "file.", 5) == 0)
			(void)unlinkat(dirfd(entries), e->d_name, 0);
	}
	if (entries)
		closedir(entries);
}

int filestore_open(const struct filestore_options *opt, struct filestore **out)
{
	struct filestore *s = calloc(1, sizeof(*s));
	char path[PATH_BYTES];
	int err;

	if (!s)
		return -ENOMEM;
	s->opt = *opt;
	for (unsigned i = 0; i < OPEN_FILES; i++)
		s->slot[i].fd = -1;
	snprintf(path, sizeof(path), "%s/tmp", opt->dir);
	err = file_make_folders(path);
	if (err) {
		free(s);
		return err;
	}
	if (opt->alone)
		sweep(path);
	*out = s;
	return 0;
}

static void name_under_way(const struct filestore *s, uint64_t flow, uint32_t id,
			   char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/tmp/file.%llu.%u", s->opt.dir, (unsigned long long)flow, id);
}

static void close_slot(struct slot *slot)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
}

static struct slot *find(struct filestore *s, const struct filestore_piece *p)
{
	for (unsigned i = 0; i < OPEN_FILES; i++) {
		if (s->slot[i].fd >= 0 && s->slot[i].flow == p->flow && s->slot[i].id == p->id)
			return &s->slot[i];
	}
	return NULL;
}

static struct slot *open_slot(struct filestore *s, const struct filestore_piece *p)
{
	struct slot *slot = find(s, p);
	char path[PATH_BYTES];

	if (!slot) {
		slot = &s->slot[0];
		for (unsigned i = 1; i < OPEN_FILES && slot->fd >= 0; i++) {
			if (s->slot[i].fd < 0 || s->slot[i].used < slot->used)
				slot = &s->slot[i];
		}
		close_slot(slot);
		name_under_way(s, p->flow, p->id, path);
		slot->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
		if (slot->fd < 0)
			return NULL;
		slot->flow = p->flow;
		slot->id = p->id;
	}
	slot->used = ++s->clock;
	return slot;
}

static void remove_under_way(struct filestore *s, const struct filestore_piece *p)
{
	struct slot *slot = find(s, p);
	char path[PATH_BYTES];

	if (slot)
		close_slot(slot);
	name_under_way(s, p->flow, p->id, path);
	unlink(path);
}

static void add(struct filestore *s, const struct filestore_piece *p, const uint8_t *data)
{
	struct slot *slot;

	if (s->opt.max_bytes && s->bytes + p->len > s->opt.max_bytes) {
		/* What is there is not a whole file any more. */
		remove_under_way(s, p);
		s->counts.refused++;
		return;
	}
	slot = open_slot(s, p);
	if (!slot || file_write_all(slot->fd, data, p->len)) {
		s->counts.failed++;
		remove_under_way(s, p);
		return;
	}
	s->bytes += p->len;
}

static void keep(struct filestore *s, const struct filestore_piece *p)
{
	char from[PATH_BYTES], to[PATH_BYTES], hex[65];
	struct slot *slot = find(s, p);
	struct stat st;

	if (slot)
		close_slot(slot);
	name_under_way(s, p->flow, p->id, from);
	if (stat(from, &st)) {
		s->counts.failed++;
		return;
	}
	if ((s->opt.max_files && s->counts.stored >= s->opt.max_files) ||
	    (s->opt.max_file_bytes && (uint64_t)st.st_size > s->opt.max_file_bytes)) {
		s->counts.refused++;
		unlink(from);
		return;
	}
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", p->sha256[i]);
	snprintf(to, sizeof(to), "%s/%.2s", s->opt.dir, hex);
	if (mkdir(to, 0750) && errno != EEXIST) {
		s->counts.failed++;
		unlink(from);
		return;
	}
	snprintf(to, sizeof(to), "%s/%.2s/%s", s->opt.dir, hex, hex);
	if (rename(from, to)) {
		s->counts.failed++;
		unlink(from);
		return;
	}
	s->counts.stored++;
}

void filestore_take(struct filestore *s, const struct filestore_piece *p, const uint8_t *data)
{
	switch ((enum file_step)p->step) {
	case FILE_STEP_DATA:
		add(s, p, data);
		break;
	case FILE_STEP_KEEP:
		keep(s, p);
		break;
	case FILE_STEP_DISCARD:
		remove_under_way(s, p);
		break;
	}
}

struct filestore_counts filestore_counts(const struct filestore *s)
{
	return s->counts;
}

void filestore_close(struct filestore *s)
{
	char path[PATH_BYTES];

	if (!s)
		return;
	for (unsigned i = 0; i < OPEN_FILES; i++)
		close_slot(&s->slot[i]);
	snprintf(path, sizeof(path), "%s/tmp", s->opt.dir);
	rmdir(path);
	free(s);
}
