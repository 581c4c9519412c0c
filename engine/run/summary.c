/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/detect/ruleset.h"

#define SUMMARY_RULES 12

const char *summary_number(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	int at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

static const char *size_text(uint64_t bytes, char out[32])
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
	double v = (double)bytes;
	unsigned u = 0;

	while (v >= 1000 && u + 1 < sizeof(units) / sizeof(units[0])) {
		v /= 1000;
		u++;
	}
	snprintf(out, 32, u ? "%.1f %s" : "%.0f %s", v, units[u]);
	return out;
}

/* Of rules that are not in force any more. */
static uint64_t former_alerts(const struct summary *s, unsigned *rules)
{
	uint64_t n = 0;

	*rules = 0;
	for (uint32_t i = 0; s->rules && i < s->writer->rule_slots; i++) {
		const struct rule_alerts *r = &s->writer->rule[i];

		if (!r->key || ruleset_of_key(s->rules, r->key) != UINT32_MAX)
			continue;
		n += r->alerts;
		++*rules;
	}
	return n;
}

struct ranked {
	uint64_t count;
	uint32_t rule;
};

static int more_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* The rules with the most alerts; what: how the first line begins. */
static void print_ranked(const struct summary *s, struct ranked *ranked, unsigned n,
			 const char *what, uint64_t total, FILE *out)
{
	char num[32];

	if (!n) {
		fprintf(out, "%s none\n", what);
		return;
	}
	qsort(ranked, n, sizeof(*ranked), more_first);
	fprintf(out, "%s %s of %u rule%s\n", what, summary_number(total, num), n,
		n == 1 ? "" : "s");
	for (unsigned i = 0; i < n && i < SUMMARY_RULES; i++) {
		struct rule_info info;

		ruleset_rule(s->rules, ranked[i].rule, &info);
		fprintf(out,
			"%10s  %" PRIu32 ":%" PRIu32 ":%" PRIu32 "  priority %" PRIu32 "  %s\n",
			summary_number(ranked[i].count, num), info.gid, info.sid, info.rev,
			info.priority, info.msg);
	}
	if (n > SUMMARY_RULES)
		fprintf(out, "            and %u rules more\n", n - SUMMARY_RULES);
}

static void print_alerts(const struct summary *s, FILE *out)
{
	struct ranked *ranked = calloc(s->writer->rules + 1, sizeof(*ranked));
	unsigned n = 0, rules;
	uint64_t former;
	char number[32];

	if (!ranked)
		return;
	/* Rules that are not in force any more have no text; they are counted in the sum. */
	for (uint32_t i = 0; s->rules && i < s->writer->rule_slots; i++) {
		const struct rule_alerts *r = &s->writer->rule[i];
		uint32_t rule = r->key ? ruleset_of_key(s->rules, r->key) : UINT32_MAX;

		if (rule != UINT32_MAX)
			ranked[n++] = (struct ranked){ r->alerts, rule };
	}
	former = former_alerts(s, &rules);
	print_ranked(s, ranked, n, "alerts    ", s->writer->alerts - former, out);
	if (former)
		fprintf(out, "           %s more of %u rule%s that %s no longer in force\n",
			summary_number(former, number), rules, rules == 1 ? "" : "s",
			rules == 1 ? "is" : "are");
	free(ranked);
}

/* Entries of threshold.config: what they have done, rule by rule, and that some have done nothing. */
static void print_filters(const struct summary *s, FILE *out)
{
	const struct block_header *b = s->rules->block;
	struct ranked *ranked = calloc(b->rules.count + 1, sizeof(*ranked));
	uint64_t suppressed = 0, rated = 0;
	unsigned entries = 0, n = 0;
	char num[32], more[32];

	for (uint32_t i = 0; ranked && i < b->rules.count; i++) {
		struct filter_hits h;

		if (!(s->rules->row[i].more & (ROW_SUPPRESSED | ROW_RATE)))
			continue;
		h = workers_filter_hits(s->filters, i);
		entries++;
		suppressed += h.suppressed;
		rated += h.rated;
		if (h.suppressed + h.rated)
			ranked[n++] = (struct ranked){ (uint64_t)h.suppressed + h.rated, i };
	}
	if (entries)
		fprintf(out,
			"filters    %s matches suppressed, %s with another action; entries for %u of %u "
			"rules had something to do\n",
			summary_number(suppressed, num), summary_number(rated, more), n, entries);
	if (n)
		qsort(ranked, n, sizeof(*ranked), more_first);
	for (unsigned i = 0; i < n && i < SUMMARY_RULES; i++) {
		struct filter_hits h = workers_filter_hits(s->filters, ranked[i].rule);
		struct rule_info info;

		ruleset_rule(s->rules, ranked[i].rule, &info);
		fprintf(out, "%10s  %" PRIu32 ":%" PRIu32 ":%" PRIu32 "  %s  %s\n",
			summary_number(ranked[i].count, num), info.gid, info.sid, info.rev,
			!h.rated	? "suppressed"
			: !h.suppressed ? "rate_filter"
					: "suppressed, rate_filter",
			info.msg);
	}
	if (n > SUMMARY_RULES)
		fprintf(out, "            and %u rules more\n", n - SUMMARY_RULES);
	free(ranked);
}

static void print_release(const struct summary *s, FILE *out)
{
	const uint64_t *c = s->counters->value;
	char a[32], b[32], d[32];

	if (!c[COUNTER_RELEASE_FLOWS])
		return;
	fprintf(out, "released   %s flows; %s packets (%s) %s\n",
		summary_number(c[COUNTER_RELEASE_FLOWS], a),
		summary_number(c[COUNTER_RELEASE_PACKETS] + c[COUNTER_RELEASE_KEPT_PACKETS], b),
		size_text(c[COUNTER_RELEASE_BYTES] + c[COUNTER_RELEASE_KEPT_BYTES], d),
		s->cost ? "would have been counted only" : "were counted, not inspected");
}

/* What --shadow found. */
static void print_shadow(const struct summary *s, FILE *out)
{
	const uint64_t *c = s->counters->value;
	unsigned rules = s->rules ? ruleset_rules(s->rules) : 0, n = 0;
	struct ranked *ranked = calloc(rules + 1, sizeof(*ranked));
	char a[32], b[32];

	if (c[COUNTER_SHADOW_PACKETS])
		fprintf(out, "shadow     %s packets would have been kept, %s of them wrongly\n",
			summary_number(c[COUNTER_SHADOW_PACKETS], a),
			summary_number(c[COUNTER_SHADOW_WRONG], b));
	for (unsigned i = 0; i < s->cost->count; i++)
		shadow_print(&s->cost->worker[i].shadow, out);
	for (unsigned i = 0; ranked && i < rules; i++) {
		uint64_t cost = workers_cost(s->cost, i);

		if (cost)
			ranked[n++] = (struct ranked){ cost, i };
	}
	if (ranked && s->rules)
		print_ranked(s, ranked, n, "not seen  ", c[COUNTER_RELEASE_COST_ALERTS], out);
	free(ranked);
}

static void print_outputs(const struct writer *w, FILE *out)
{
	char num[32], lost[32];

	for (unsigned i = 0; i < w->count; i++) {
		const struct writer_output *o = &w->output[i];
		const char *sep = "";

		if (o->lost_lines) {
			fprintf(out, "written    %s: %s of ", o->path,
				summary_number(o->lines - o->lost_lines, num));
			fprintf(out, "%s records, %s are lost\n", summary_number(o->lines, num),
				summary_number(o->lost_lines, lost));
			continue;
		}
		fprintf(out, "written    %s: ", o->path);
		for (unsigned k = 0; k < RECORD__COUNT; k++) {
			if (!o->kinds[k])
				continue;
			fprintf(out, "%s%s %s", sep, summary_number(o->kinds[k], num),
				record_kind_name(k));
			sep = ", ";
		}
		fprintf(out, "%s\n", *sep ? "" : "nothing");
	}
}

/* Cycles of a packet, and shares, of the batches that were sampled. */
static void put_stages(const struct stages *s, FILE *out)
{
	uint64_t all = 0;

	for (int i = 0; i < STAGE__COUNT; i++)
		all += s->cycles[i];
	if (!s->packets || !all) {
		fprintf(out, "stages     too few packets to say\n");
		return;
	}
	fprintf(out, "stages     cycles a packet, of %" PRIu64 " that were sampled\n", s->packets);
	for (int i = 0; i < STAGE__COUNT; i++)
		fprintf(out, "           %8.0f  %5.1f %%  %s\n",
			(double)s->cycles[i] / (double)s->packets,
			100.0 * (double)s->cycles[i] / (double)all, stage_name((enum stage)i));
	fprintf(out, "           %8.0f  together\n", (double)all / (double)s->packets);
}

void summary_print(const struct summary *s, FILE *out)
{
	const uint64_t *c = s->counters->value;
	char a[32], b[32], d[32];

	fprintf(out, "packets    %s (%s) in %.2f s with %u worker%s%s\n",
		summary_number(c[COUNTER_DECODER_PKTS], a), size_text(c[COUNTER_DECODER_BYTES], b),
		s->seconds, s->workers, s->workers == 1 ? "" : "s",
		s->interrupted ? ", interrupted" : "");
	fprintf(out, "flows      %s: %s TCP, %s UDP", summary_number(c[COUNTER_FLOW_TOTAL], a),
		summary_number(c[COUNTER_FLOW_TCP], b), summary_number(c[COUNTER_FLOW_UDP], d));
	fprintf(out, ", %s ICMP\n",
		summary_number(c[COUNTER_FLOW_ICMPV4] + c[COUNTER_FLOW_ICMPV6], a));
	if (c[COUNTER_DECODER_INVALID])
		fprintf(out, "invalid    %s packets could not be decoded to their end\n",
			summary_number(c[COUNTER_DECODER_INVALID], a));
	if (c[COUNTER_TCP_INVALID_CHECKSUM])
		fprintf(out,
			"checksums  wrong in %s TCP packets, which were left out; -k none takes them\n",
			summary_number(c[COUNTER_TCP_INVALID_CHECKSUM], a));
	if (c[COUNTER_LIMITS_REACHED])
		fprintf(out,
			"limits     reached %s times: give more memory (memory in weir.yaml)\n",
			summary_number(c[COUNTER_LIMITS_REACHED], a));
	if (s->rules) {
		fprintf(out, "rules      %u loaded", s->rules_loaded);
		if (s->rules_failed)
			fprintf(out, ", %u with errors", s->rules_failed);
		if (s->rules_skipped)
			fprintf(out, ", %u skipped", s->rules_skipped);
		fprintf(out, "\n");
		print_alerts(s, out);
		if (s->filters)
			print_filters(s, out);
	}
	print_release(s, out);
	if (s->stages)
		put_stages(s->stages, out);
	if (s->cost)
		print_shadow(s, out);
	print_outputs(s->writer, out);
}
