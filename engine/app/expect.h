/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect.h - flows that another flow has announced: FTP's data connections.
 *
 * In: a port between two hosts, and what it will be for.  Out: asked when a TCP flow brings its first bytes.
 * Both flows have the same pair of addresses, so one worker sees both.
 *
 * Memory: EXPECT_MAX entries in a table of the worker's engine; the oldest of a slot gives way.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_EXPECT_H
#define WEIR_APP_EXPECT_H

#include "engine/base/bytes.h"
#include "engine/flow/flow.h"
#include "parser/protocol.h"

#define EXPECT_MAX 1024u
#define EXPECT_NAME_MAX 255u
#define EXPECT_SECONDS 30 /* between the announcement and the flow */

struct expectation {
	struct ip_addr address[2]; /* sorted */
	int64_t until_ns; /* 0: the entry is free */
	uint64_t parent; /* flow_id() of the flow that announced it */
	uint16_t port; /* of the side that is connected to */
	uint8_t proto; /* enum app_proto */
	uint8_t verb; /* enum ftp_verb */
	uint8_t name_len;
	char name[EXPECT_NAME_MAX];
};

struct expect_table;

int expect_table_new(struct expect_table **out);
void expect_table_free(struct expect_table *t);

/*
 * A flow between f's hosts to this port will be what e says: of it parent, proto, verb, name and name_len are
 * taken, for EXPECT_SECONDS.
 */
void expect_add(struct expect_table *t, const struct flow *f, uint16_t port,
		const struct expectation *e, int64_t now_ns);

/* Was this flow announced?  The answer is given once; it lives until the next expect_add(). */
const struct expectation *expect_take(struct expect_table *t, const struct flow *f, int64_t now_ns);

#endif
