/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main() of a fuzz target in an ordinary build: runs every file of the
 * folders (or the files) that are given, each laid against an unmapped page.
 * Without an argument: of tests/fuzz/corpus/NAME for a program fuzz_NAME.
 * Says one TAP line; a crash is for whoever started it to see.
 */
#include "tests/unit/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A target may have none. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static unsigned int inputs;

static int replay_file(const char *path)
{
	struct stat st;
	uint8_t *data;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		close(fd);
		return -errno;
	}
	data = guard_alloc((size_t)st.st_size);
	got = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (got != st.st_size)
		return -EIO;
	/* Known if the input makes the target crash. */
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	guard_free_all();
	inputs++;
	return 0;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int replay(const char *path)
{
	struct dirent **names;
	struct stat st;
	int i, n, err = 0;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &names, visible, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		char sub[PATH_MAX];

		snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
		if (!err)
			err = replay(sub);
		free(names[i]);
	}
	free(names);
	return err;
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const char *src = getenv("srcdir");
	char corpus[PATH_MAX];
	int i, err = 0;

	base = base ? base + 1 : argv[0];
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	printf("1..1\n");
	if (argc < 2) {
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", src ? src : ".",
			 strncmp(base, "fuzz_", 5) ? base : base + 5);
		err = replay(corpus);
		if (err == -ENOENT) {
			printf("ok 1 - %s # SKIP no corpus yet\n", base);
			return 0;
		}
	}
	for (i = 1; i < argc && !err; i++)
		err = replay(argv[i]);
	if (err)
		printf("# cannot read: %s\n", strerror(-err));
	printf("%s 1 - %s, %u inputs\n", err ? "not ok" : "ok", base, inputs);
	return err ? 1 : 0;
}
