/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool compiler_room(struct compiler *c, void **array, size_t count, size_t item)
{
	void *grown;

	if (c->err)
		return false;
	if (count & (count - 1))
		return true;
	grown = realloc(*array, (count ? count * 2 : 1) * item);
	if (!grown) {
		c->err = -ENOMEM;
		return false;
	}
	*array = grown;
	return true;
}

uint32_t compiler_addresses(struct compiler *c, const struct address_set *a)
{
	struct address_block head = { a->v4_count, a->v6_count };
	size_t v4 = a->v4_count * sizeof(*a->v4), v6 = a->v6_count * sizeof(*a->v6);
	uint8_t *bytes;
	uint32_t at;

	if (a->any)
		return 0;
	bytes = malloc(sizeof(head) + v4 + v6);
	if (!bytes) {
		c->err = -ENOMEM;
		return 0;
	}
	memcpy(bytes, &head, sizeof(head));
	if (v4)
		memcpy(bytes + sizeof(head), a->v4, v4);
	if (v6)
		memcpy(bytes + sizeof(head) + v4, a->v6, v6);
	at = block_intern(&c->block, bytes, sizeof(head) + v4 + v6);
	free(bytes);
	return at;
}

uint32_t compiler_ports(struct compiler *c, const struct port_set *s)
{
	size_t len = sizeof(struct port_block) + s->count * sizeof(struct port_range);
	uint8_t *bytes;
	uint32_t at, count = s->count;

	if (s->any)
		return 0;
	bytes = malloc(len);
	if (!bytes) {
		c->err = -ENOMEM;
		return 0;
	}
	memcpy(bytes, &count, sizeof(count));
	if (count)
		memcpy(bytes + sizeof(struct port_block), s->ranges,
		       count * sizeof(struct port_range));
	at = block_intern(&c->block, bytes, len);
	free(bytes);
	return at;
}

const uint8_t *compiler_pattern(struct compiler *c, const uint8_t *data, size_t len)
{
	uint8_t *copy = arena_copy(&c->patterns, data, len);

	if (!copy)
		c->err = -ENOMEM;
	return copy;
}

void compiler_fini(struct compiler *c)
{
	for (size_t i = 0; i < c->regexes; i++)
		regex_code_free(c->regex[i]);
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		free(c->ip_only[i].item);
		free(c->always[i].item);
		free(c->holders[i].item);
	}
	for (unsigned i = 0; i < EVENT__COUNT; i++)
		free(c->events[i].item);
	free(c->always_stream.item);
	free(c->pre_flow.item);
	free(c->rule);
	free(c->notes);
	free(c->row);
	free(c->cold);
	free(c->cond);
	free(c->entry);
	free(c->regex);
	free(c->filter);
	free(c->name);
	free(c->tx);
	free(c->mask);
	free(c->set);
	free(c->transform);
	arena_fini(&c->patterns);
	block_fini(&c->block);
}
