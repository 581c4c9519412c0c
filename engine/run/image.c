/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/large.h"
#include "engine/detect/ruleset.h"

int image_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -errno : fd;
}

int image_write(const struct ruleset *rs, int block, int lists)
{
	int err = file_write_all(block, rs->block, rs->block->size);

	return err ? err : ruleset_write_lists(rs, lists);
}

int image_seal(int fd)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	return fcntl(fd, F_ADD_SEALS, seals) ? -errno : 0;
}

int image_read(int fd, uint8_t **out, size_t *len)
{
	off_t size = lseek(fd, 0, SEEK_END), have = 0;
	uint8_t *data;

	*out = NULL;
	if (size < 0)
		return -errno;
	data = large_alloc((size_t)size + 1);
	if (!data)
		return -ENOMEM;
	/* By place: the offset is shared with whoever has the descriptor too. */
	while (have < size) {
		ssize_t n = pread(fd, data + have, (size_t)(size - have), have);

		if (n <= 0 && errno != EINTR) {
			free(data);
			return n ? -errno : -EIO;
		}
		have += n > 0 ? n : 0;
	}
	*out = data;
	*len = (size_t)size;
	return 0;
}

int image_open(int block, int lists, const struct settings *s, const struct ruleset *before,
	       struct ruleset **out)
{
	uint8_t *data;
	size_t len;
	int err = image_read(block, &data, &len);

	if (!err)
		err = ruleset_open(data, len, true, out);
	if (err)
		return err;
	err = image_read(lists, &data, &len);
	if (!err) {
		err = ruleset_read_lists(*out, data, len, &s->detect, before);
		free(data);
	}
	if (!err)
		return 0;
	ruleset_free(*out);
	*out = NULL;
	return err;
}
