/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/expect.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/base/first_touch.h"

#define WAYS 4u
#define NS_PER_S INT64_C(1000000000)

struct expect_table {
	bool any; /* there has been one */
	struct expectation entry[EXPECT_MAX];
};

int expect_table_new(struct expect_table **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void expect_table_free(struct expect_table *t)
{
	free(t);
}

static void sort_pair(const struct flow *f, struct ip_addr out[2])
{
	bool swap = ip_addr_compare(&f->client, &f->server) > 0;

	out[0] = swap ? f->server : f->client;
	out[1] = swap ? f->client : f->server;
}

/* The entries where this pair's port may stand.  A crowded slot costs somebody an expectation, never time. */
static struct expectation *slot(struct expect_table *t, const struct ip_addr pair[2], uint16_t port)
{
	struct expectation *e;
	uint64_t h = port;

	for (unsigned i = 0; i < 2; i++) {
		h = (h ^ pair[i].halves[0]) * UINT64_C(0x9e3779b97f4a7c15);
		h = (h ^ h >> 32 ^ pair[i].halves[1]) * UINT64_C(0x9e3779b97f4a7c15);
	}
	e = &t->entry[(h >> 40) % (EXPECT_MAX / WAYS) * WAYS];
	first_touch(e);
	return e;
}

static bool is_for(const struct expectation *e, const struct ip_addr pair[2], uint16_t port,
		   int64_t now_ns)
{
	return e->until_ns > now_ns && e->port == port && ip_addr_equal(&e->address[0], &pair[0]) &&
	       ip_addr_equal(&e->address[1], &pair[1]);
}

void expect_add(struct expect_table *t, const struct flow *f, uint16_t port,
		const struct expectation *x, int64_t now_ns)
{
	struct ip_addr pair[2];
	struct expectation *e, *into;

	t->any = true;
	sort_pair(f, pair);
	into = e = slot(t, pair, port);
	for (unsigned i = 0; i < WAYS; i++) {
		if (is_for(&e[i], pair, port, now_ns)) {
			into = &e[i];
			break;
		}
		if (e[i].until_ns < into->until_ns)
			into = &e[i];
	}
	*into = *x;
	into->address[0] = pair[0];
	into->address[1] = pair[1];
	into->port = port;
	into->until_ns = now_ns + EXPECT_SECONDS * NS_PER_S;
}

const struct expectation *expect_take(struct expect_table *t, const struct flow *f, int64_t now_ns)
{
	struct ip_addr pair[2];
	struct expectation *e;

	if (!t->any)
		return NULL;
	sort_pair(f, pair);
	e = slot(t, pair, f->server_port);
	for (unsigned i = 0; i < WAYS; i++) {
		if (is_for(&e[i], pair, f->server_port, now_ns)) {
			e[i].until_ns = 0;
			return &e[i];
		}
	}
	return NULL;
}
