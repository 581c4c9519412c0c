/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/detect/ruleset.h"

static int write_all(int fd, const uint8_t *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int image_make(const struct ruleset *rs)
{
	int fd = memfd_create("weir-ruleset", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, (const uint8_t *)rs->block, rs->block->size);
	if (!err &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int image_open(int fd, struct ruleset **out)
{
	struct stat st;
	uint8_t *block;
	off_t have = 0;

	if (fstat(fd, &st))
		return -errno;
	block = malloc((size_t)st.st_size);
	if (!block)
		return -ENOMEM;
	/* By place: the offset is shared with whoever has the descriptor too. */
	while (have < st.st_size) {
		ssize_t n = pread(fd, block + have, (size_t)(st.st_size - have), have);

		if (n <= 0 && errno != EINTR) {
			free(block);
			return n ? -errno : -EIO;
		}
		have += n > 0 ? n : 0;
	}
	return ruleset_open(block, (size_t)st.st_size, true, out);
}
