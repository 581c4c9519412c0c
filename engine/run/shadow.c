/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/shadow.h"

#include <inttypes.h>

static void note(struct shadow *s, const struct packet *p, enum shadow_why why)
{
	if (s->mistakes == SHADOW_MISTAKES)
		return;
	s->mistake[s->mistakes++] = (struct shadow_mistake){
		.number = p->number,
		.src = p->src,
		.dst = p->dst,
		.sport = p->sport,
		.dport = p->dport,
		.ip_version = p->ip_version,
		.proto = p->proto,
		.mark = (uint8_t)p->frame->mark,
		.why = (uint8_t)why,
	};
}

/* Of a frame with several packets in it each must be one that is not inspected. */
static bool judge(const struct shadow *s, const struct packet *p, const struct detect_result *res,
		  bool recorded, enum shadow_why *why)
{
	bool released = p->frame->mark == WEIR_KEPT_RELEASED;

	if (released && p->flow && p->proto == p->flow->proto) {
		*why = SHADOW_INSPECTED;
		return flow_is_released(p->flow, p->direction);
	}
	*why = SHADOW_ADMITTED;
	if (res->admitted)
		return false;
	*why = SHADOW_RECORDED;
	return !recorded && (released || !p->flow || !s->flows_wanted);
}

void shadow_judge(struct shadow *s, struct counters *counters, const struct packet *p,
		  const struct detect_result *res, bool recorded)
{
	enum shadow_why why;

	counters->value[COUNTER_SHADOW_PACKETS]++;
	if (judge(s, p, res, recorded, &why))
		return;
	counters->value[COUNTER_SHADOW_WRONG]++;
	note(s, p, why);
}

static const char *mark_name(unsigned mark)
{
	switch (mark) {
	case WEIR_KEPT_NOT_IP:
		return "not IP";
	case WEIR_KEPT_PROTO:
		return "its protocol";
	case WEIR_KEPT_PORT:
		return "its ports";
	case WEIR_KEPT_NET:
		return "its addresses";
	default:
		return "a released flow";
	}
}

void shadow_print(const struct shadow *s, FILE *out)
{
	static const char *const why[] = {
		[SHADOW_INSPECTED] = "its flow is inspected here",
		[SHADOW_ADMITTED] = "a rule's header admits it",
		[SHADOW_RECORDED] = "a record wants it",
	};

	for (unsigned i = 0; i < s->mistakes; i++) {
		const struct shadow_mistake *m = &s->mistake[i];
		char src[IP_ADDR_TEXT] = "?", dst[IP_ADDR_TEXT] = "?";

		if (m->ip_version) {
			ip_addr_text(&m->src, m->ip_version, src);
			ip_addr_text(&m->dst, m->ip_version, dst);
		}
		fprintf(out,
			"wrong      packet %" PRIu64 ", protocol %u, %s:%u -> %s:%u: kept for %s, "
			"but %s\n",
			m->number, m->proto, src, m->sport, dst, m->dport, mark_name(m->mark),
			why[m->why]);
	}
}
