/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx_rig.h - a made-up application protocol engine: transactions whose buffers a test writes down.
 *
 * In: buffers and fields of transactions, as fake_buffer() and its like tell.  Out: what engine/detect asks
 * of engine/app; this file stands in its place, so it is for one test program each.
 *
 * Memory: static.  Thread: one.
 */
#ifndef WEIR_TESTS_UNIT_TX_RIG_H
#define WEIR_TESTS_UNIT_TX_RIG_H

#include <stdbool.h>
#include <string.h>

#include "engine/app/app.h"

#define FAKE_TXS 8
#define FAKE_PIECES 64
#define FAKE_NUMBERS 8

struct fake_piece {
	unsigned tx;
	enum buffer buffer;
	unsigned dir;
	struct app_slice slice;
};

struct fake_number {
	unsigned tx, which, dir;
	uint64_t value;
};

static struct {
	struct flow flow;
	struct app_flow app;
	struct app_tx tx[FAKE_TXS];
	struct fake_piece piece[FAKE_PIECES];
	unsigned pieces;
	struct fake_number number[FAKE_NUMBERS];
	unsigned numbers;
	struct app_protocol protocol;
	const char *why;
	bool past; /* what is not there will not come */
} fake;

/* A flow of this protocol with so many transactions, which have nothing in them; what is put in is there
 * once its direction has any progress. */
static inline void fake_open(enum app_proto proto, unsigned txs)
{
	memset(&fake, 0, sizeof(fake));
	fake.flow.app = 1;
	fake.flow.app_proto = (uint8_t)proto;
	fake.app.proto = (uint8_t)proto;
	fake.app.seen[0] = fake.app.seen[1] = (uint8_t)proto;
	fake.app.said[0] = fake.app.said[1] = (uint8_t)proto;
	fake.app.decided[0] = fake.app.decided[1] = 1;
	for (unsigned i = 0; i < txs; i++) {
		fake.tx[i].id = i;
		fake.tx[i].proto = (uint8_t)proto;
		fake.tx[i].next = i + 1 < txs ? &fake.tx[i + 1] : NULL;
	}
	fake.app.first = txs ? &fake.tx[0] : NULL;
	fake.app.last = txs ? &fake.tx[txs - 1] : NULL;
}

static inline struct app_slice *fake_bytes(unsigned tx, enum buffer b, unsigned dir,
					   const void *data, size_t len)
{
	struct fake_piece *p = &fake.piece[fake.pieces++];

	*p = (struct fake_piece){ tx, b, dir, { .data = bytes_of(data, len), .at_end = true } };
	return &p->slice;
}

static inline struct app_slice *fake_buffer(unsigned tx, enum buffer b, unsigned dir,
					    const char *text)
{
	return fake_bytes(tx, b, dir, text, strlen(text));
}

static inline void fake_number(unsigned tx, unsigned which, unsigned dir, uint64_t value)
{
	fake.number[fake.numbers++] = (struct fake_number){ tx, which, dir, value };
}

struct app_flow *app_flow(const struct app_engine *e, const struct flow *f)
{
	(void)e;
	return f->app ? &fake.app : NULL;
}

void app_unrecord(struct app_tx *tx)
{
	tx->flags |= APP_TX_LOGGED;
}

static struct fake_piece *fake_find(const struct app_tx *tx, enum buffer b, unsigned dir,
				    unsigned i)
{
	for (unsigned k = 0; k < fake.pieces; k++) {
		struct fake_piece *p = &fake.piece[k];

		if (p->tx == tx->id && p->buffer == b && p->dir == dir && i-- == 0)
			return p;
	}
	return NULL;
}

bool app_buffer(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		unsigned dir, unsigned i, struct app_slice *out)
{
	const struct fake_piece *p = fake_find(tx, b, dir, i);

	(void)e;
	(void)f;
	out->never = fake.past;
	if (!p || !tx->progress[dir])
		return false;
	*out = p->slice;
	return true;
}

bool app_tx_is_empty(const struct app_tx *tx, unsigned dir)
{
	return !tx->progress[dir];
}

bool app_number(struct app_engine *e, struct flow *f, struct app_tx *tx, enum app_number which,
		unsigned dir, unsigned i, uint64_t *out)
{
	(void)e;
	(void)f;
	for (unsigned k = 0; k < fake.numbers; k++) {
		const struct fake_number *n = &fake.number[k];

		if (n->tx != tx->id || n->which != (unsigned)which || n->dir != dir || i-- != 0)
			continue;
		*out = n->value;
		return true;
	}
	return false;
}

void app_inspected(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		   unsigned dir, unsigned i, uint64_t to)
{
	struct fake_piece *p = fake_find(tx, b, dir, i);

	(void)e;
	(void)f;
	if (p && to > p->slice.offset)
		p->slice.fresh = (size_t)(to - p->slice.offset);
}

const char *app_why_not(struct app_engine *e, struct flow *f, const struct app_tx *tx,
			enum buffer b, unsigned dir)
{
	(void)e;
	(void)f;
	(void)tx;
	(void)b;
	(void)dir;
	return fake.why;
}

const struct app_protocol *const app_protocols[APP_PROTO__COUNT] = {
	[APP_PROTO_UNKNOWN] = &fake.protocol,
};

#endif
