/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/first_touch.h"
#include "engine/base/large.h"
#include "engine/base/prealloc.h"

#define PAGE_BYTES 4096u

/* Index 0 means "nothing", so one piece more than capacity is mapped. */
static size_t mapping_bytes(const struct pool *p)
{
	return ((size_t)p->capacity + 1) * p->item_bytes;
}

uint64_t pool_bytes(size_t item_bytes, uint32_t capacity)
{
	return (((uint64_t)capacity + 1) * item_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

int pool_init(struct pool *p, size_t item_bytes, uint32_t capacity)
{
	void *map;

	*p = (struct pool){ .item_bytes = item_bytes, .capacity = capacity };
	if (item_bytes < 8 || item_bytes % 8 != 0 || capacity == UINT32_MAX ||
	    item_bytes > SIZE_MAX / ((size_t)capacity + 1))
		return -EINVAL;
	map = mmap(NULL, mapping_bytes(p), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	p->base = map;
	/* Most pools hold little: only what grows beyond one large page comes in them. */
	if (mapping_bytes(p) > LARGE_PAGE_BYTES)
		large_pages(p->base + LARGE_PAGE_BYTES, mapping_bytes(p) - LARGE_PAGE_BYTES);
	prealloc_touch(p->base, mapping_bytes(p));
	return 0;
}

void pool_fini(struct pool *p)
{
	if (!p)
		return;
	if (p->base)
		munmap(p->base, mapping_bytes(p));
	*p = (struct pool){ .base = NULL };
}

/* Records of lists are a few words: the library's way begins to pay behind them. */
static void clear(uint8_t *item, size_t len)
{
	if (len > 32) {
		memset(item, 0, len);
		return;
	}
	for (; len; len -= 8, item += 8)
		memset(item, 0, 8);
}

/* Bytes of a piece up to where it may lie in another page than its beginning and need not be touched. */
static size_t first_page(const struct pool *p)
{
	return p->item_bytes < PAGE_BYTES ? p->item_bytes : PAGE_BYTES;
}

uint32_t pool_get(struct pool *p)
{
	uint32_t index = p->free;

	if (index != 0) {
		uint8_t *item = pool_at(p, index);

		memcpy(&p->free, item, sizeof(p->free));
		clear(item, p->item_bytes);
	} else if (p->high < p->capacity) {
		/* Never touched since the mapping was made: the kernel gives it zeroed. */
		index = ++p->high;
		first_touch((uint8_t *)pool_at(p, index) + first_page(p) - 1);
	} else {
		p->refused++;
		return 0;
	}
	p->used++;
	return index;
}

void pool_put(struct pool *p, uint32_t index)
{
	if (index == 0)
		return;
	memcpy(pool_at(p, index), &p->free, sizeof(p->free));
	p->free = index;
	p->used--;
}
