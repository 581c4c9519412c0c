/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood FILE KIND N [KIND N...]: writes a capture that fills a pool of weir's.
 * flood --peak FILE COMMAND...: runs a command; its peak of resident memory, in bytes, into FILE.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/traffic.h"

static int add(struct traffic *t, const char *kind, uint32_t n)
{
	if (strcmp(kind, "syns") == 0)
		traffic_syns(t, n);
	else if (strcmp(kind, "holes") == 0)
		traffic_holes(t, n, 64);
	else if (strcmp(kind, "crumbs") == 0)
		traffic_crumbs(t, n, 200);
	else if (strcmp(kind, "answers") == 0)
		traffic_answers(t, n);
	else if (strcmp(kind, "shuffled") == 0)
		traffic_shuffled(t, n);
	else if (strcmp(kind, "trackers") == 0)
		traffic_fragments(t, n, 2, 8, 0);
	else if (strcmp(kind, "fragments") == 0)
		traffic_fragments(t, n, 40, 1400, 0);
	else if (strcmp(kind, "datagrams") == 0)
		traffic_fragments(t, n, 40, 1400, 1);
	else if (strcmp(kind, "pairs") == 0)
		traffic_pairs(t, n);
	else
		return -1;
	return 0;
}

static int peak(const char *path, char **command)
{
	FILE *f = fopen(path, "we");
	struct rusage usage;
	int status;
	pid_t child;

	if (!f)
		return 2;
	child = fork();
	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 2;
	fprintf(f, "%llu\n", (unsigned long long)usage.ru_maxrss << 10);
	fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct traffic t;

	if (argc > 3 && strcmp(argv[1], "--peak") == 0)
		return peak(argv[2], argv + 3);
	if (argc < 4 || argc % 2 || traffic_open(&t, argv[1])) {
		fprintf(stderr, "usage: flood FILE KIND N [KIND N...]\n");
		return 2;
	}
	for (int i = 2; i < argc; i += 2) {
		if (add(&t, argv[i], (uint32_t)strtoul(argv[i + 1], NULL, 10))) {
			fprintf(stderr, "flood: there is no kind '%s'\n", argv[i]);
			return 2;
		}
	}
	return traffic_close(&t) ? 1 : 0;
}
