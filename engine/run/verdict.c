/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/verdict.h"

#include <string.h>

#include "parser/rule.h"

static const char *const names[VERDICT__COUNT] = { "none", "pass", "drop", "reject" };

const char *verdict_name(enum verdict v)
{
	return names[v];
}

enum verdict verdict_of_action(uint8_t action)
{
	if (action >= ACTION_REJECT && action <= ACTION_REJECT_BOTH)
		return VERDICT_REJECT;
	if (action == ACTION_DROP)
		return VERDICT_DROP;
	return action == ACTION_PASS ? VERDICT_PASS : VERDICT_NONE;
}

void verdict_raise(struct verdicts *v, unsigned frame, enum verdict to)
{
	if (frame < LIVE_BATCH && v->of[frame] < to)
		v->of[frame] = (uint8_t)to;
}

void verdict_settle(struct verdicts *v, unsigned count, verdict_fn call, void *ctx)
{
	for (unsigned i = 0; i < count && i < LIVE_BATCH; i++) {
		enum verdict what = v->of[i];

		v->settled[what]++;
		if (what != VERDICT_NONE && call)
			call(ctx, i, what);
	}
	memset(v->of, VERDICT_NONE, sizeof(v->of));
}
