/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tx_state.h"

#include <string.h>

/* That may wait in one transaction, so that going through them is bounded. */
#define RULES_MAX 1024

static void refused(struct tx_inspector *t)
{
	if (t->limits)
		++*t->limits;
}

static void forget_rules(struct tx_inspector *t, struct tx_state *s)
{
	while (s->rules) {
		uint32_t index = s->rules;

		s->rules = tx_rule_at(t, index)->next;
		pool_put(&t->rules, index);
	}
	s->rule_count = 0;
}

/* The flow's states hang on an entry of its own state, so that they go with it whatever happens. */
struct tx_state *tx_state_of(struct tx_inspector *t, struct app_tx *tx)
{
	struct state_entry *link;
	struct tx_state *s;
	uint32_t index;

	if (tx->detect)
		return pool_at(&t->states, tx->detect);
	/* Where there is no room for it, the table has counted that. */
	link = state_make(t->table, t->e->flow, STATE_TX, 0, 0);
	if (!link)
		return NULL;
	index = pool_get(&t->states);
	if (!index) {
		refused(t);
		return NULL;
	}
	s = pool_at(&t->states, index);
	*s = (struct tx_state){ .self = index,
				.next = (uint32_t)link->value,
				.kit = (uint8_t)t->kit->slot };
	t->kit->users++;
	link->value = index;
	tx->detect = index;
	return s;
}

static void put_state(struct tx_inspector *t, struct tx_state *s)
{
	uint32_t index = s->self;

	forget_rules(t, s);
	t->kits[s->kit]->users--;
	s->self = 0;
	pool_put(&t->states, index);
}

static bool follow(struct tx_rule *r, const struct detect_successors *by)
{
	const struct detect_successor *to = &by->of[r->rule];

	if (to->rule == UINT32_MAX || (r->done == RULE_WAITS && !to->same))
		return false;
	r->rule = to->rule;
	return true;
}

/* What was searched for is searched for again, as far as it is still there; what has held does not hold twice. */
static void move_state(struct tx_inspector *t, struct tx_state *s,
		       const struct detect_successors *by)
{
	for (uint32_t *link = &s->rules; *link;) {
		struct tx_rule *r = tx_rule_at(t, *link);
		uint32_t index = *link;

		if (follow(r, by)) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		pool_put(&t->rules, index);
		s->rule_count--;
	}
	memset(s->searched, 0, sizeof(s->searched));
	s->stepped = 0;
}

void tx_move(struct tx_inspector *t, struct detect_kit *from, struct detect_kit *to,
	     const struct detect_successors *by)
{
	for (uint32_t i = 1; i <= t->states.high && from->users; i++) {
		struct tx_state *s = pool_at(&t->states, i);

		if (s->self != i || s->kit != from->slot)
			continue;
		move_state(t, s, by);
		s->kit = (uint8_t)to->slot;
		to->users++;
		from->users--;
	}
}

/* Both directions are done with. */
void tx_state_forget(struct tx_inspector *t, struct app_tx *tx)
{
	struct tx_state *s = tx->detect ? pool_at(&t->states, tx->detect) : NULL;
	struct state_entry *link;

	if (!s)
		return;
	link = state_find(t->table, t->e->flow, STATE_TX, 0, 0);
	if (!link)
		return;
	if (link->value == s->self) {
		link->value = s->next;
	} else {
		struct tx_state *before = pool_at(&t->states, (uint32_t)link->value);

		while (before->next && before->next != s->self)
			before = pool_at(&t->states, before->next);
		if (before->next == s->self)
			before->next = s->next;
	}
	if (s->marked)
		state_tx_forget(t->table, t->e->flow, tx->id);
	put_state(t, s);
	tx->detect = 0;
}

void tx_flow_end(struct tx_inspector *t, struct flow *f)
{
	struct state_entry *link = f->detect ? state_find(t->table, f, STATE_TX, 0, 0) : NULL;

	while (link && link->value) {
		uint32_t index = (uint32_t)link->value;
		struct tx_state *s = pool_at(&t->states, index);

		link->value = s->next;
		put_state(t, s);
	}
}

bool tx_mark(struct tx_inspector *t, struct app_tx *tx, uint64_t name)
{
	struct tx_state *s = tx_state_of(t, tx);

	if (!s)
		return false;
	s->marked = 1;
	return state_tx_mark(t->table, t->e->flow, name, tx->id);
}

struct tx_rule *tx_state_remember(struct tx_inspector *t, uint32_t rule)
{
	struct tx_rule *r;
	uint32_t index;

	if (t->work->entry[rule])
		return tx_rule_at(t, t->work->entry[rule]);
	if (!t->state)
		return NULL;
	index = t->state->rule_count < RULES_MAX ? pool_get(&t->rules) : 0;
	if (!index) {
		refused(t);
		return NULL;
	}
	r = tx_rule_at(t, index);
	*r = (struct tx_rule){ .rule = rule, .next = t->state->rules, .dir = (uint8_t)t->e->dir };
	t->state->rules = index;
	t->state->rule_count++;
	t->work->entry[rule] = index;
	return r;
}
