/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what rules remember of a flow: flowbits, flowints, and rules that wait for more bytes.
 *
 * A flow's entries are a short list in the order they were made, found by flow->detect.
 * Names are hashes of the text (state_key), so they mean the same under every ruleset.
 *
 * Memory: one pool of entries of 32 bytes, sized at start.  Full: the entry is not made, counted.
 * Thread: the worker that owns the flows.
 */
#ifndef WEIR_DETECT_STATE_H
#define WEIR_DETECT_STATE_H

#include "engine/base/bytes.h"
#include "engine/base/pool.h"
#include "engine/flow/flow.h"

enum state_kind {
	STATE_BIT, /* set while it exists */
	STATE_INT, /* value */
	STATE_PENDING, /* rule by key: its pattern was seen; value: stream offset after those bytes */
	STATE_TAG, /* direction: its measure; value: what is left of it */
	STATE_TX, /* value: first of the states of its transactions, of tx.c */
	STATE_TX_MARK, /* xbits of a transaction; value: its id */
	STATE_VARIABLE, /* value: its place among the variables */
	STATE_TX_FOUND, /* rule on transactions by key, 0: any of them; value: its pattern stands before this offset */
	STATE_ALERTED, /* rule by key: matched in a packet; value: stream offset after that packet */
};

struct state_entry {
	uint64_t key;
	uint64_t value;
	uint32_t next;
	uint32_t
		rule; /* PENDING, TX_FOUND: its number; BIT, INT: of its name; where the ruleset is still the same */
	uint8_t kind; /* enum state_kind */
	uint8_t direction; /* of PENDING, ALERTED, TX_FOUND */
	uint8_t reserved[6];
};

#define STATE_VARIABLE_BYTES 248

/* Bytes kept under a name: the name and, behind it, they. */
struct state_variable {
	uint16_t name_len, len;
	bool keyed; /* its name was caught too */
	uint8_t reserved[3];
	uint8_t bytes[STATE_VARIABLE_BYTES];
};

struct state_table {
	struct pool entries;
	struct pool variables; /* of state_variables_init(), or none */
	uint64_t refused;
	uint64_t tags; /* entries of that kind there are */
	uint64_t *limits; /* also counted here; NULL: nowhere */
};

int state_init(struct state_table *t, uint32_t max_flows);
/* Room for a variable for every eighth flow with state. */
int state_variables_init(struct state_table *t, uint32_t max_flows);
void state_fini(struct state_table *t);
/* Of both. */
uint64_t state_bytes(uint32_t max_flows);

uint64_t state_key(const void *name, size_t len);

struct state_entry *state_find(const struct state_table *t, const struct flow *f,
			       enum state_kind kind, unsigned direction, uint64_t key);
/* Find or make; NULL: the pool is empty. */
struct state_entry *state_make(struct state_table *t, struct flow *f, enum state_kind kind,
			       unsigned direction, uint64_t key);
bool state_remove(struct state_table *t, struct flow *f, enum state_kind kind, unsigned direction,
		  uint64_t key);
void state_forget(struct state_table *t, struct flow *f);

/* Marks of a transaction by its id, which go with it. */
bool state_tx_marked(const struct state_table *t, const struct flow *f, uint64_t name, uint64_t tx);
/* Returns whether it was not set before. */
bool state_tx_mark(struct state_table *t, struct flow *f, uint64_t name, uint64_t tx);
void state_tx_forget(struct state_table *t, struct flow *f, uint64_t tx);

/* What does not fit behind its name is cut.  False: there is no room, or none for such a name. */
bool state_variable_set(struct state_table *t, struct flow *f, struct bytes name,
			struct bytes value, bool keyed);
/* Of an entry of kind STATE_VARIABLE. */
void state_variable_of(const struct state_table *t, const struct state_entry *e, struct bytes *name,
		       struct bytes *value, bool *keyed);

static inline struct state_entry *state_at(const struct state_table *t, uint32_t index)
{
	return index ? pool_at(&t->entries, index) : NULL;
}

#endif
