/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/rule_top.h"

#include <string.h>
#include <time.h>

#include "engine/detect/kit.h"
#include "engine/detect/ruleset.h"
#include "parser/buffer.h"

#define NS_PER_S 1000000000u
/* What is told of a message. */
#define MSG_BYTES 96

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

struct rule_top_clock rule_top_begin(void)
{
	return (struct rule_top_clock){ .cycles = cost_clock(), .ns = now_ns() };
}

static double ns_per_cycle(const struct rule_top_clock *begin)
{
	uint64_t cycles = cost_clock() - begin->cycles;

	return cycles ? (double)(now_ns() - begin->ns) / (double)cycles : 0;
}

static uint64_t estimate(uint64_t cycles, double each)
{
	return (uint64_t)((double)cycles * COST_SAMPLE * each);
}

uint64_t rule_top_ns(const struct rule_top_clock *begin, uint64_t cycles)
{
	return estimate(cycles, ns_per_cycle(begin));
}

const char *rule_top_buffer(const struct ruleset *rs, uint32_t rule)
{
	const struct rule_cold *cold = block_at(rs->block, rs->block->cold.offset);
	const struct rule_row *row = &rs->row[rule];
	enum buffer b;

	if (!(row->flags & ROW_PATTERN) || cold[rule].search_cond == 0xff)
		return "none";
	b = (enum buffer)rs->cond[row->conds + cold[rule].search_cond].buffer;
	return b == BUFFER_PAYLOAD ? "payload" : buffer_row(b)->name;
}

/* --- a list that keeps the greatest ----------------------------------------------------------- */

/* Where one belongs in a list in falling order, by one number and then another; most: not in it. */
static unsigned place_of(const struct rule_top *t, uint64_t first, uint64_t second, unsigned most)
{
	unsigned i = t->rules;

	while (i > 0) {
		const struct output_rule_cost *above = &t->rule[i - 1];

		if (above->ns > first || (above->ns == first && above->candidates >= second))
			break;
		i--;
	}
	return i < most ? i : most;
}

static void add_rule(struct rule_top *t, const struct output_rule_cost *one, unsigned most)
{
	unsigned i = place_of(t, one->ns, one->candidates, most);

	if (i == most)
		return;
	if (t->rules < most)
		t->rules++;
	memmove(&t->rule[i + 1], &t->rule[i], (t->rules - i - 1) * sizeof(t->rule[0]));
	t->rule[i] = *one;
}

static void add_filter(struct rule_top *t, const struct output_filter_hits *one, unsigned most)
{
	unsigned i = t->filters;

	while (i > 0 &&
	       t->filter[i - 1].suppressed + t->filter[i - 1].rated < one->suppressed + one->rated)
		i--;
	if (i == most)
		return;
	if (t->filters < most)
		t->filters++;
	memmove(&t->filter[i + 1], &t->filter[i], (t->filters - i - 1) * sizeof(t->filter[0]));
	t->filter[i] = *one;
}

/* --- what the workers have -------------------------------------------------------------------- */

static struct rule_cost cost_of(const struct generation *g, unsigned workers, uint32_t rule)
{
	struct rule_cost sum = { .candidates = 0 };

	for (unsigned w = 0; w < workers; w++) {
		const struct rule_cost *c;

		if (!g->kit[w])
			continue;
		c = &g->kit[w]->cost[rule];
		sum.candidates += c->candidates;
		sum.checks += c->checks;
		sum.matches += c->matches;
		sum.cycles += c->cycles;
	}
	return sum;
}

static struct filter_hits hits_of(const struct generation *g, unsigned workers, uint32_t rule)
{
	struct filter_hits sum = { .suppressed = 0 };

	for (unsigned w = 0; w < workers; w++) {
		if (!g->kit[w])
			continue;
		sum.suppressed += g->kit[w]->hits[rule].suppressed;
		sum.rated += g->kit[w]->hits[rule].rated;
	}
	return sum;
}

static void take_rule(const struct generation *g, unsigned workers, uint32_t rule, double each,
		      unsigned most, struct rule_top *out)
{
	struct rule_cost c = cost_of(g, workers, rule);
	struct filter_hits h = hits_of(g, workers, rule);
	struct rule_info info;

	if (!c.candidates && !h.suppressed && !h.rated)
		return;
	ruleset_rule(g->rules, rule, &info);
	out->sum.candidates += c.candidates;
	out->sum.checks += c.checks;
	out->sum.matches += c.matches;
	out->sum.cycles += c.cycles;
	if (c.candidates)
		add_rule(out,
			 &(struct output_rule_cost){ .gid = info.gid,
						     .sid = info.sid,
						     .rev = info.rev,
						     .buffer = rule_top_buffer(g->rules, rule),
						     .candidates = c.candidates,
						     .checks = c.checks,
						     .matches = c.matches,
						     .ns = estimate(c.cycles, each) },
			 most);
	if (h.suppressed || h.rated)
		add_filter(out,
			   &(struct output_filter_hits){ .gid = info.gid,
							 .sid = info.sid,
							 .suppressed = h.suppressed,
							 .rated = h.rated },
			   most);
}

void rule_top_take(const struct generation *g, unsigned workers, const struct rule_top_clock *begin,
		   unsigned most, struct rule_top *out)
{
	double each = ns_per_cycle(begin);

	*out = (struct rule_top){ .rules = 0 };
	if (most > RULE_TOP_MAX)
		most = RULE_TOP_MAX;
	for (uint32_t i = 0; g && i < g->rules->block->rules.count; i++)
		take_rule(g, workers, i, each, most, out);
	out->sum_ns = estimate(out->sum.cycles, each);
}

/* --- for the control socket ------------------------------------------------------------------- */

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static void put_cost(json_t *to, uint64_t candidates, uint64_t checks, uint64_t matches,
		     uint64_t ns)
{
	json_object_set_new(to, "candidates", number(candidates));
	json_object_set_new(to, "checks", number(checks));
	json_object_set_new(to, "matches", number(matches));
	json_object_set_new(to, "ns", number(ns));
}

static void put_msg(json_t *to, const struct generation *g, uint32_t gid, uint32_t sid)
{
	uint32_t rule = ruleset_of_key(g->rules, (uint64_t)gid << 32 | sid);
	struct rule_info info;
	size_t len;

	if (rule == UINT32_MAX)
		return;
	ruleset_rule(g->rules, rule, &info);
	len = info.msg ? strnlen(info.msg, MSG_BYTES) : 0;
	/* Of a long one its beginning, not through the middle of a letter. */
	while (len == MSG_BYTES && len > 0 && ((unsigned char)info.msg[len] & 0xc0) == 0x80)
		len--;
	if (len)
		json_object_set_new(to, "msg", json_stringn(info.msg, len));
}

/* Sums by the buffer that rules are found in, in the order in which buffers first come. */
static json_t *buffers_of(const struct generation *g, unsigned workers, double each)
{
	static struct {
		const char *name;
		struct rule_cost sum;
	} of[BUFFER__COUNT + 1];
	json_t *list = json_array();
	unsigned count = 0;

	for (uint32_t i = 0; g && i < g->rules->block->rules.count; i++) {
		struct rule_cost c = cost_of(g, workers, i);
		const char *name = rule_top_buffer(g->rules, i);
		unsigned k = 0;

		if (!c.candidates)
			continue;
		while (k < count && strcmp(of[k].name, name) != 0)
			k++;
		if (k == count) {
			of[count].name = name;
			of[count++].sum = (struct rule_cost){ .candidates = 0 };
		}
		of[k].sum.candidates += c.candidates;
		of[k].sum.checks += c.checks;
		of[k].sum.matches += c.matches;
		of[k].sum.cycles += c.cycles;
	}
	for (unsigned k = 0; k < count; k++) {
		json_t *one = json_object();

		json_object_set_new(one, "buffer", json_string(of[k].name));
		put_cost(one, of[k].sum.candidates, of[k].sum.checks, of[k].sum.matches,
			 estimate(of[k].sum.cycles, each));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *rule_top_json(const struct generation *g, unsigned workers,
		      const struct rule_top_clock *begin, unsigned most)
{
	static struct rule_top top;
	json_t *out = json_object(), *all = json_object(), *rules = json_array(),
	       *filters = json_array();

	rule_top_take(g, workers, begin, most, &top);
	put_cost(all, top.sum.candidates, top.sum.checks, top.sum.matches, top.sum_ns);
	for (unsigned i = 0; i < top.rules; i++) {
		const struct output_rule_cost *r = &top.rule[i];
		json_t *one = json_object();

		json_object_set_new(one, "gid", number(r->gid));
		json_object_set_new(one, "sid", number(r->sid));
		json_object_set_new(one, "rev", number(r->rev));
		put_msg(one, g, r->gid, r->sid);
		json_object_set_new(one, "buffer", json_string(r->buffer));
		put_cost(one, r->candidates, r->checks, r->matches, r->ns);
		json_array_append_new(rules, one);
	}
	for (unsigned i = 0; i < top.filters; i++) {
		const struct output_filter_hits *f = &top.filter[i];
		json_t *one = json_object();

		json_object_set_new(one, "gid", number(f->gid));
		json_object_set_new(one, "sid", number(f->sid));
		put_msg(one, g, f->gid, f->sid);
		json_object_set_new(one, "suppressed", number(f->suppressed));
		json_object_set_new(one, "rated", number(f->rated));
		json_array_append_new(filters, one);
	}
	json_object_set_new(out, "all", all);
	json_object_set_new(out, "buffers", buffers_of(g, workers, ns_per_cycle(begin)));
	json_object_set_new(out, "rules", rules);
	json_object_set_new(out, "filters", filters);
	return out;
}
