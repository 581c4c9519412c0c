/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/engine_sets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/detect/dataset.h"
#include "engine/run/image.h"

/* Before a name and a text. */
struct head {
	uint64_t text_len;
	uint32_t name_len;
	uint32_t reserved;
};

static int write_set(const struct ruleset_set *s, int file)
{
	struct head h = { .name_len = (uint32_t)strlen(s->name) };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return -ENOMEM;
	dataset_print(s->set, out);
	if (fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	h.text_len = len;
	err = file_write_all(file, &h, sizeof(h));
	if (!err)
		err = file_write_all(file, s->name, h.name_len);
	if (!err)
		err = file_write_all(file, text, len);
	free(text);
	return err;
}

int engine_sets_write(const struct ruleset *rs, const struct detect_options *opt, int file)
{
	struct ruleset_set s;
	int err = 0;

	if (ftruncate(file, 0) || lseek(file, 0, SEEK_SET) < 0)
		return -errno;
	for (uint32_t i = 0; !err && ruleset_set(rs, i, &s); i++) {
		char *path = s.set ? ruleset_set_path(rs, i, opt) : NULL;

		if (path)
			err = write_set(&s, file);
		free(path);
	}
	return err;
}

/* --- the supervisor --------------------------------------------------------------------------- */

static const char *path_of(const json_t *sets, const char *name, size_t len)
{
	const json_t *one;
	size_t i;

	json_array_foreach(sets, i, one)
	{
		const char *is = json_string_value(json_object_get(one, "name"));

		if (is && strlen(is) == len && memcmp(is, name, len) == 0)
			return json_string_value(json_object_get(one, "path"));
	}
	return NULL;
}

/* Whole or not at all. */
static int save_text(const char *path, const void *text, size_t len)
{
	char *beside;
	int fd, err;

	if (asprintf(&beside, "%s.new", path) < 0)
		return -ENOMEM;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	err = fd < 0 ? -errno : file_write_all(fd, text, len);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(beside);
	free(beside);
	return err;
}

int engine_sets_save(int file, const json_t *sets)
{
	uint8_t *data;
	size_t len, at = 0;
	int err = image_read(file, &data, &len), first = 0, saved = 0;

	if (err)
		return err;
	while (len - at >= sizeof(struct head)) {
		const char *name, *path;
		struct head h;

		memcpy(&h, data + at, sizeof(h));
		at += sizeof(h);
		if (h.name_len > len - at || h.text_len > len - at - h.name_len)
			break;
		name = (const char *)data + at;
		path = path_of(sets, name, h.name_len);
		err = path ? save_text(path, name + h.name_len, h.text_len) : -ENOENT;
		if (err)
			fprintf(stderr, "weir: data set '%.*s': %s%s%s\n", (int)h.name_len, name,
				path ? path : "", path ? ": " : "", strerror(-err));
		first = first ? first : err;
		saved += !err;
		at += h.name_len + h.text_len;
	}
	free(data);
	return first ? first : saved;
}
