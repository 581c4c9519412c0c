/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	struct guard *next;
	void *map;
	size_t size;
};

static struct guard *guards;

uint8_t *guard_alloc(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (len + page - 1) / page * page;
	struct guard *g = malloc(sizeof(*g));
	uint8_t *map;

	/* One page even for no bytes, so that the pointer is a valid one. */
	if (whole == 0)
		whole = page;
	map = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!g || map == MAP_FAILED || mprotect(map + whole, page, PROT_NONE)) {
		perror("guard: no memory");
		abort();
	}
	*g = (struct guard){ .next = guards, .map = map, .size = whole + page };
	guards = g;
	return map + whole - len;
}

const uint8_t *guard_copy(const void *data, size_t len)
{
	uint8_t *p = guard_alloc(len);

	if (len)
		memcpy(p, data, len);
	return p;
}

void guard_free_all(void)
{
	while (guards) {
		struct guard *g = guards;

		guards = g->next;
		munmap(g->map, g->size);
		free(g);
	}
}
