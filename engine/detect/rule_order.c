/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/rule_order.h"

#include <errno.h>
#include <stdlib.h>

/* Setters first, then rules that set and read, readers, the rest. */
enum use { USE_SET, USE_SET_READ, USE_READ, USE_NONE };

struct ranked {
	const struct rule *rule;
	unsigned action, bits, ints;
	size_t index;
};

static enum use use_of(bool reads, bool writes)
{
	if (reads)
		return writes ? USE_SET_READ : USE_READ;
	return writes ? USE_SET : USE_NONE;
}

static enum use bits_use(const struct rule *r)
{
	bool reads = false, writes = false;

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (o->kind != OPTION_FLOWBITS)
			continue;
		if (o->flowbits.op == FLOWBIT_ISSET || o->flowbits.op == FLOWBIT_ISNOTSET)
			reads = true;
		else
			writes = true;
	}
	return use_of(reads, writes);
}

static enum use ints_use(const struct rule *r)
{
	bool reads = false, writes = false;

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (o->kind != OPTION_FLOWINT)
			continue;
		if (o->flowint.op <= FLOWINT_SUB)
			writes = true;
		else
			reads = true;
	}
	return use_of(reads, writes);
}

static unsigned action_rank(enum rule_action a, const uint8_t order[4])
{
	static const uint8_t usual[4] = { ACTION_PASS, ACTION_DROP, ACTION_REJECT, ACTION_ALERT };
	bool given = order[0] || order[1] || order[2] || order[3];
	unsigned i;

	if (a == ACTION_REJECT_DST || a == ACTION_REJECT_BOTH)
		a = ACTION_REJECT;
	for (i = 0; i < 4; i++) {
		if ((given ? order : usual)[i] == a)
			break;
	}
	return i;
}

#define ORDER_BY(field) \
	if (x->field != y->field) \
	return x->field < y->field ? -1 : 1

static int order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	ORDER_BY(action);
	ORDER_BY(bits);
	ORDER_BY(ints);
	ORDER_BY(rule->priority);
	ORDER_BY(index);
	return 0;
}

int rule_order(const struct rule **rules, size_t count, const uint8_t action_order[4])
{
	struct ranked *r = calloc(count + 1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		r[i] = (struct ranked){ rules[i], action_rank(rules[i]->action, action_order),
					bits_use(rules[i]), ints_use(rules[i]), i };
	qsort(r, count, sizeof(*r), order);
	for (size_t i = 0; i < count; i++)
		rules[i] = r[i].rule;
	free(r);
	return 0;
}
