/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main() of a fuzz target in an ordinary build: runs every file of the
 * folders (or the files) that are given, each laid against an unmapped page.
 * Without an argument: of tests/fuzz/corpus/NAME for a program fuzz_NAME.
 * Says one TAP line; a crash is for whoever started it to see.
 *
 * With "--random COUNT SEED [FOLDER]": COUNT inputs that are changed ones of the corpus, blindly, which is slower to
 * find than libFuzzer and many times as fast to run.  What crashes is left in crash-NAME.
 */
#include "tests/unit/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
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

/* --- changed inputs -------------------------------------------------------------------------- */

enum {
	SEEDS_MAX = 4096,
	INPUT_MAX = 512,
};

static struct changed {
	struct seed {
		uint8_t *data;
		size_t len;
	} seed[SEEDS_MAX];
	size_t seeds;
	uint64_t state; /* of the generator */
	uint8_t input[INPUT_MAX];
	size_t len;
	char crash[PATH_MAX];
} changed;

/* Steele, Lea and Flood 2014: SplitMix. */
static uint64_t draw(uint64_t below)
{
	uint64_t z = changed.state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

static void crashed(int signal)
{
	int fd = open(changed.crash, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd >= 0 && write(fd, changed.input, changed.len) >= 0)
		close(fd);
	_exit(128 + signal);
}

static int load_seeds(const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, visible, alphasort);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		struct seed *s = &changed.seed[changed.seeds];
		char path[2 * PATH_MAX];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		free(names[i]);
		f = changed.seeds < SEEDS_MAX ? fopen(path, "rb") : NULL;
		if (!f)
			continue;
		s->data = malloc(INPUT_MAX);
		s->len = s->data ? fread(s->data, 1, INPUT_MAX, f) : 0;
		changed.seeds += s->len > 0;
		fclose(f);
	}
	free(names);
	return 0;
}

/* Some bytes of another input, or any. */
static void fill(uint8_t *to, size_t len)
{
	const struct seed *s = changed.seeds ? &changed.seed[draw(changed.seeds)] : NULL;

	if (s && s->len >= len && draw(4)) {
		memcpy(to, s->data + draw(s->len - len + 1), len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)draw(256);
}

static void change(void)
{
	size_t at = draw(changed.len + 1), len = 1 + draw(16);

	switch (draw(5)) {
	case 0: /* put in */
		if (changed.len + len > INPUT_MAX)
			return;
		memmove(changed.input + at + len, changed.input + at, changed.len - at);
		changed.len += len;
		fill(changed.input + at, len);
		return;
	case 1: /* take out */
		if (at + len > changed.len)
			return;
		memmove(changed.input + at, changed.input + at + len, changed.len - at - len);
		changed.len -= len;
		return;
	case 2: /* lay over */
		if (at + len <= changed.len)
			fill(changed.input + at, len);
		return;
	case 3: /* a bit */
		if (at < changed.len)
			changed.input[at] ^= (uint8_t)(1u << draw(8));
		return;
	default: /* a little more, or less */
		if (at < changed.len)
			changed.input[at] = (uint8_t)(changed.input[at] + draw(9) - 4);
	}
}

static void next_input(void)
{
	unsigned changes = 1 + (unsigned)draw(6);

	changed.len = 1 + draw(96);
	if (changed.seeds && draw(8)) {
		const struct seed *s = &changed.seed[draw(changed.seeds)];

		changed.len = s->len;
		memcpy(changed.input, s->data, s->len);
	} else {
		fill(changed.input, changed.len);
	}
	while (changes--)
		change();
}

static int run_changed(const char *base, const char *folder, uint64_t count, uint64_t seed)
{
	int err = load_seeds(folder);

	if (err && err != -ENOENT)
		return err;
	snprintf(changed.crash, sizeof(changed.crash), "crash-%s", base);
	signal(SIGABRT, crashed);
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
	changed.state = seed;
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *page;

		next_input();
		/* Mapping is slow: each thousandth lies against the unmapped page. */
		page = i % 1000 ? changed.input : guard_alloc(changed.len);
		if (page != changed.input)
			memcpy(page, changed.input, changed.len);
		LLVMFuzzerTestOneInput(page, changed.len);
		guard_free_all();
	}
	while (changed.seeds)
		free(changed.seed[--changed.seeds].data);
	printf("ok 1 - %s, %llu changed inputs from seed %llu\n", base, (unsigned long long)count,
	       (unsigned long long)seed);
	return 0;
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
	if (argc >= 4 && !strcmp(argv[1], "--random")) {
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", src ? src : ".",
			 strncmp(base, "fuzz_", 5) ? base : base + 5);
		err = run_changed(base, argc > 4 ? argv[4] : corpus, strtoull(argv[2], NULL, 10),
				  strtoull(argv[3], NULL, 10));
		if (err)
			printf("not ok 1 - %s: cannot read: %s\n", base, strerror(-err));
		return err ? 1 : 0;
	}
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
