/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/exceptions.h"

static void drop(struct packet *p, enum exception_target t, uint16_t flow_flags)
{
	/* A pseudo packet is nowhere to be dropped from. */
	p->dropped = !p->pseudo;
	p->drop_target = (uint8_t)(t + 1);
	if (p->flow)
		p->flow->flags |= flow_flags;
}

static void pass(struct packet *p, uint16_t flow_flags)
{
	p->passed = true;
	if (p->flow)
		p->flow->flags |= flow_flags;
}

static void carry_out(struct packet *p, enum exception_target t, enum exception_policy policy)
{
	switch (policy) {
	case EXCEPTION_PASS_PACKET:
		pass(p, 0);
		break;
	case EXCEPTION_BYPASS:
		p->bypass = true;
		pass(p, FLOW_PASSED);
		break;
	case EXCEPTION_PASS_FLOW:
		pass(p, FLOW_PASSED);
		break;
	case EXCEPTION_DROP_PACKET:
		drop(p, t, 0);
		break;
	case EXCEPTION_DROP_FLOW:
		drop(p, t, FLOW_DROPPED);
		break;
	case EXCEPTION_REJECT:
	case EXCEPTION_REJECT_BOTH:
		drop(p, t, FLOW_DROPPED | FLOW_REJECTED);
		break;
	case EXCEPTION_IGNORE:
	case EXCEPTION_POLICY__COUNT:
		break;
	}
}

void exceptions_settle(const struct exceptions *e, struct counters *counters, struct packet *p)
{
	unsigned noted = p->exceptions;

	p->exceptions = 0;
	for (unsigned i = 0; noted >> i; i++) {
		enum exception_target t = (enum exception_target)i;
		enum exception_policy policy = (enum exception_policy)e->policy[i];
		enum counter c = exception_counter(t, policy);

		if (!(noted >> i & 1) || (p->flow && (p->flow->flags & FLOW_DROPPED)))
			continue;
		if (c != COUNTER__COUNT)
			counters->value[c]++;
		if (p->flow && t < EXCEPTION_OF_FLOWS)
			p->flow->exceptions |= 1u << t & 0xf;
		carry_out(p, t, policy);
	}
}

bool exceptions_dropped_flow(const struct exceptions *e, const struct flow *f)
{
	for (unsigned t = 0; t < EXCEPTION_OF_FLOWS; t++) {
		if ((f->exceptions >> t & 1) && e->policy[t] >= EXCEPTION_DROP_FLOW)
			return true;
	}
	return false;
}
