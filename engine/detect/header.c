/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What decides whether a header admits a packet. */
struct header {
	uint32_t need, protos, app, flags;
	uint32_t src, dst, sport, dport;
};

static struct header header_of(const struct rule_row *row)
{
	return (struct header){ .need = row->need,
				.protos = row->protos,
				.app = row->app,
				.flags = (row->flags & ROW_BIDIRECTIONAL) |
					 (uint32_t)(row->more & ROW_PORTS) << 16,
				.src = row->src,
				.dst = row->dst,
				.sport = row->sport,
				.dport = row->dport };
}

static_assert(ROW_BIDIRECTIONAL < 1 << 16, "flags of both kinds in one word");

struct entry {
	struct header header;
	uint32_t rule;
};

static int by_header(const void *a, const void *b)
{
	return memcmp(&((const struct entry *)a)->header, &((const struct entry *)b)->header,
		      sizeof(struct header));
}

int header_plan_build(struct block_builder *b, struct block_header *h, const struct rule_row *row,
		      size_t rows)
{
	struct entry *entry = calloc(rows + 1, sizeof(*entry));
	uint16_t *number = calloc(rows + 1, sizeof(*number));
	uint32_t last = 0;
	int err = -ENOMEM;

	if (!entry || !number)
		goto done;
	for (size_t i = 0; i < rows; i++)
		entry[i] = (struct entry){ header_of(&row[i]), (uint32_t)i };
	qsort(entry, rows, sizeof(*entry), by_header);
	for (size_t i = 0; i < rows; i++) {
		if (!i || by_header(&entry[i - 1], &entry[i]))
			last++;
		/* Those past the last number are decided alone. */
		number[entry[i].rule] = last <= UINT16_MAX ? (uint16_t)last : 0;
	}
	h->header_numbers = (struct section){ block_add(b, number, rows * sizeof(*number)),
					      last < UINT16_MAX ? last : UINT16_MAX };
	err = 0;
done:
	free(entry);
	free(number);
	return err;
}

int header_memo_init(struct header_memo *m, const struct block_header *b)
{
	*m = (struct header_memo){ .of = block_at(b, b->header_numbers.offset),
				   .headers = b->header_numbers.count,
				   .stamp = 1 };
	m->known = calloc(m->headers + 1, sizeof(*m->known));
	return m->known ? 0 : -ENOMEM;
}

void header_memo_fini(struct header_memo *m)
{
	free(m->known);
	m->known = NULL;
}

void header_memo_forget(struct header_memo *m)
{
	memset(m->known, 0, (m->headers + 1) * sizeof(*m->known));
	m->stamp = 1;
}
