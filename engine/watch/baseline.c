/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Baselines: of each host the flows that it begins, those that fail, and its bytes, a minute.  Mean and variance are
 * weighted exponentially (West 1979, the incremental form): a minute counts a tenth less than the next.
 */
#include <math.h>

#include "engine/watch/judge.h"

#define MINUTE_NS (60 * WATCH_NS_PER_S)
#define WEIGHT 0.1
#define LEARN_MINUTES 10
/* After so long a pause the host is a new one. */
#define FORGET_MINUTES 180

static void learn(struct usual *u, enum measure m, uint64_t value)
{
	double difference = (double)value - u->mean[m], step = WEIGHT * difference;

	if (u->minutes == 0) {
		u->mean[m] = (double)value;
		return;
	}
	u->mean[m] += step;
	u->variance[m] = (1 - WEIGHT) * (u->variance[m] + difference * step);
}

static void judge(struct watch *w, const struct fact *f, const struct usual *u, enum measure m)
{
	static const uint8_t kinds[MEASURE__COUNT] = { WATCH_BASELINE_FLOWS,
						       WATCH_BASELINE_FAILURES,
						       WATCH_BASELINE_BYTES };
	const struct watch_options *o = &w->opt;
	uint64_t floor = m == MEASURE_BYTES   ? o->baseline_bytes
			 : m == MEASURE_FLOWS ? o->baseline_flows
					      : o->baseline_flows / 2;
	struct watch_report r = { .kind = (enum watch_kind)kinds[m],
				  .proto = f->proto,
				  .ip_version = f->ip_version,
				  .has_source = true,
				  .source = f->client,
				  .time_ns = f->time_ns,
				  .since_ns = u->minute * MINUTE_NS,
				  .count = u->now[m],
				  .usual = u->mean[m],
				  .deviation = sqrt(u->variance[m]),
				  .minutes = u->minutes };

	watch_count(w, r.kind, &f->client, r.count, f->time_ns);
	if (u->now[m] < floor)
		return;
	if ((double)r.count > r.usual + o->baseline_deviations * r.deviation + 1)
		watch_tell(w, &r);
}

/* Minutes without a flow count as such. */
static void pass_minutes(struct usual *u, int64_t minute)
{
	for (int64_t gap = minute - u->minute; gap > 0; gap--) {
		for (int m = 0; m < MEASURE__COUNT; m++) {
			learn(u, (enum measure)m, u->now[m]);
			u->now[m] = 0;
		}
		u->minutes++;
	}
	u->minute = minute;
}

void baseline_end(struct watch *w, const struct fact *f, struct source *s, struct place_head *head)
{
	int64_t minute = f->time_ns / MINUTE_NS;
	struct usual *u = &s->usual;
	uint64_t bytes = f->bytes[0] + f->bytes[1], weight;

	if (!u->minute || minute - u->minute > FORGET_MINUTES)
		*u = (struct usual){ .minute = minute };
	if (minute > u->minute) {
		pass_minutes(u, minute);
		head->points = s->used + u->minutes + 1;
	}
	/* What is told of every flow of its kind counts once, what is sampled for those that are not told. */
	weight = f->sampled && f->answered && bytes < FACT_LARGE_BYTES ? FACT_SAMPLE : 1;
	u->now[MEASURE_FLOWS] += weight;
	u->now[MEASURE_FAILURES] += !f->answered;
	u->now[MEASURE_BYTES] += bytes * weight;
	if (u->minutes < LEARN_MINUTES)
		return;
	for (int m = 0; m < MEASURE__COUNT; m++)
		judge(w, f, u, (enum measure)m);
}
