/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/state.h"

#include <string.h>

#include "engine/base/hash.h"

/* Most flows with state hold a few entries, so the pool is shared out by this. */
#define ENTRIES_PER_FLOW 4
/* Few rules keep bytes. */
#define FLOWS_PER_VARIABLE 8
#define VARIABLES_LEAST 64

static uint32_t entries_of(uint32_t max_flows)
{
	uint64_t entries = (uint64_t)(max_flows ? max_flows : 1) * ENTRIES_PER_FLOW;

	return entries > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)entries;
}

static uint32_t variables_of(uint32_t max_flows)
{
	uint32_t n = max_flows / FLOWS_PER_VARIABLE;

	return n > VARIABLES_LEAST ? n : VARIABLES_LEAST;
}

int state_init(struct state_table *t, uint32_t max_flows)
{
	*t = (struct state_table){ .refused = 0 };
	return pool_init(&t->entries, sizeof(struct state_entry), entries_of(max_flows));
}

uint64_t state_bytes(uint32_t max_flows)
{
	return pool_bytes(sizeof(struct state_entry), entries_of(max_flows)) +
	       pool_bytes(sizeof(struct state_variable), variables_of(max_flows));
}

int state_variables_init(struct state_table *t, uint32_t max_flows)
{
	return pool_init(&t->variables, sizeof(struct state_variable), variables_of(max_flows));
}

void state_fini(struct state_table *t)
{
	pool_fini(&t->variables);
	pool_fini(&t->entries);
}

/* The key is constant: names come from rules, and must mean the same in every process. */
uint64_t state_key(const void *name, size_t len)
{
	static const struct hash_key key = { 0x7765697220627974u, 0x737461746520696eu };

	return hash_bytes(&key, name, len);
}

static bool is(const struct state_entry *e, enum state_kind kind, unsigned direction, uint64_t key)
{
	return e->key == key && e->kind == kind && e->direction == direction;
}

struct state_entry *state_find(const struct state_table *t, const struct flow *f,
			       enum state_kind kind, unsigned direction, uint64_t key)
{
	for (uint32_t i = f->detect; i; i = state_at(t, i)->next) {
		if (is(state_at(t, i), kind, direction, key))
			return state_at(t, i);
	}
	return NULL;
}

struct state_entry *state_make(struct state_table *t, struct flow *f, enum state_kind kind,
			       unsigned direction, uint64_t key)
{
	uint32_t *link = &f->detect;
	struct state_entry *e;
	uint32_t index;

	for (; *link; link = &state_at(t, *link)->next) {
		if (is(state_at(t, *link), kind, direction, key))
			return state_at(t, *link);
	}
	index = pool_get(&t->entries);
	if (!index) {
		t->refused++;
		if (t->limits)
			++*t->limits;
		return NULL;
	}
	e = state_at(t, index);
	*e = (struct state_entry){ .key = key,
				   .kind = (uint8_t)kind,
				   .direction = (uint8_t)direction };
	t->tags += kind == STATE_TAG;
	*link = index;
	return e;
}

bool state_remove(struct state_table *t, struct flow *f, enum state_kind kind, unsigned direction,
		  uint64_t key)
{
	for (uint32_t *link = &f->detect; *link; link = &state_at(t, *link)->next) {
		struct state_entry *e = state_at(t, *link);
		uint32_t index = *link;

		if (!is(e, kind, direction, key))
			continue;
		*link = e->next;
		t->tags -= kind == STATE_TAG;
		pool_put(&t->entries, index);
		return true;
	}
	return false;
}

bool state_variable_set(struct state_table *t, struct flow *f, struct bytes name,
			struct bytes value, bool keyed)
{
	struct state_variable *v;
	struct state_entry *e;

	if (name.len > STATE_VARIABLE_BYTES)
		return false;
	e = state_make(t, f, STATE_VARIABLE, 0, state_key(name.data, name.len));
	if (!e)
		return false;
	if (!e->value)
		e->value = pool_get(&t->variables);
	if (!e->value) {
		t->refused++;
		if (t->limits)
			++*t->limits;
		state_remove(t, f, STATE_VARIABLE, 0, e->key);
		return false;
	}
	v = pool_at(&t->variables, (uint32_t)e->value);
	value = bytes_slice(value, 0, STATE_VARIABLE_BYTES - name.len);
	v->name_len = (uint16_t)name.len;
	v->len = (uint16_t)value.len;
	v->keyed = keyed;
	memcpy(v->bytes, name.data, name.len);
	if (value.len)
		memcpy(v->bytes + name.len, value.data, value.len);
	return true;
}

void state_variable_of(const struct state_table *t, const struct state_entry *e, struct bytes *name,
		       struct bytes *value, bool *keyed)
{
	const struct state_variable *v = pool_at(&t->variables, (uint32_t)e->value);

	*name = bytes_of(v->bytes, v->name_len);
	*value = bytes_of(v->bytes + v->name_len, v->len);
	*keyed = v->keyed;
}

void state_forget(struct state_table *t, struct flow *f)
{
	while (f->detect) {
		uint32_t index = f->detect;
		const struct state_entry *e = state_at(t, index);

		if (e->kind == STATE_VARIABLE)
			pool_put(&t->variables, (uint32_t)e->value);
		t->tags -= e->kind == STATE_TAG;
		f->detect = state_at(t, index)->next;
		pool_put(&t->entries, index);
	}
}

/* The same name in another transaction is another mark. */
static uint64_t tx_mark_key(uint64_t name, uint64_t tx)
{
	return name ^ (tx + 1) * 0x9e3779b97f4a7c15u;
}

bool state_tx_marked(const struct state_table *t, const struct flow *f, uint64_t name, uint64_t tx)
{
	return state_find(t, f, STATE_TX_MARK, 0, tx_mark_key(name, tx)) != NULL;
}

bool state_tx_mark(struct state_table *t, struct flow *f, uint64_t name, uint64_t tx)
{
	struct state_entry *e;

	if (state_tx_marked(t, f, name, tx))
		return false;
	e = state_make(t, f, STATE_TX_MARK, 0, tx_mark_key(name, tx));
	if (e)
		e->value = tx;
	return e != NULL;
}

void state_tx_forget(struct state_table *t, struct flow *f, uint64_t tx)
{
	uint32_t *link = &f->detect;

	while (*link) {
		struct state_entry *e = state_at(t, *link);
		uint32_t index = *link;

		if (e->kind != STATE_TX_MARK || e->value != tx) {
			link = &e->next;
			continue;
		}
		*link = e->next;
		pool_put(&t->entries, index);
	}
}
