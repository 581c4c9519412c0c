/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     threshold        = item { "," item }
 *     item             = "type" type | "track" track | "count" n | "seconds" n | "multiplier" n
 *     detection_filter = the same without type and multiplier
 */
#include "parser/rule_parser.h"

enum part { PART_TYPE, PART_TRACK, PART_COUNT, PART_SECONDS, PART_MULTIPLIER, PARTS };

static const char *const part_names[PARTS] = { "type", "track", "count", "seconds", "multiplier" };
static const char *const type_names[] = { "limit", "threshold", "both", "backoff" };
static const char *const track_names[] = { "by_src", "by_dst", "by_both", "by_rule", "by_flow" };

#define TYPES (sizeof(type_names) / sizeof(type_names[0]))
#define TRACKS (sizeof(track_names) / sizeof(track_names[0]))
#define BACKOFF_MAX 65535

static int find_word(struct span s, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(s, names[i]))
			return (int)i;
	}
	return -1;
}

/* Cut "name value" and remember the value under its name. */
static bool read_part(struct rule_parser *p, struct span item, unsigned allowed,
		      struct span values[PARTS])
{
	struct span name;
	size_t i = 0;
	int part;

	while (i < item.len && !span_blank(item.at[i]))
		i++;
	name = span_head(item, i);
	part = find_word(name, part_names, PARTS);
	if (part < 0 || !(allowed & 1u << part))
		return rule_fail(p, item,
				 rule_nearest(p, name, part_names, PARTS,
					      rule_say(p, "write %s",
						       keyword_row(p->keyword)->help)),
				 "'%s' knows no %s", rule_keyword(p), rule_quote(p, name));
	if (values[part].at)
		return rule_fail(p, item, "keep one of the two", "'%s' stands twice in '%s'",
				 part_names[part], rule_keyword(p));
	values[part] = span_trim(span_from(item, i));
	if (values[part].len == 0)
		return rule_fail(p, item, rule_say(p, "write a value after '%s'", part_names[part]),
				 "'%s' of '%s' has no value", part_names[part], rule_keyword(p));
	return true;
}

static bool read_parts(struct rule_parser *p, struct span s, unsigned allowed,
		       struct span values[PARTS])
{
	struct span rest = s, item;

	while (span_next(&rest, ',', &item)) {
		if (item.len > 0 && !read_part(p, item, allowed, values))
			return false;
	}
	return true;
}

static bool need(struct rule_parser *p, struct span whole, const struct span values[PARTS],
		 enum part part)
{
	if (values[part].at)
		return true;
	return rule_fail(p, whole, rule_say(p, "write %s", keyword_row(p->keyword)->help),
			 "'%s' needs '%s'", rule_keyword(p), part_names[part]);
}

static bool read_track(struct rule_parser *p, struct span s, struct threshold *t)
{
	int track = find_word(s, track_names, TRACKS);

	if (track < 0)
		return rule_fail(p, s,
				 rule_nearest(p, s, track_names, TRACKS,
					      "write by_src, by_dst, by_both, by_rule or by_flow"),
				 "expected what to track, found %s", rule_quote(p, s));
	t->track = (enum threshold_track)track;
	return true;
}

static bool read_number(struct rule_parser *p, struct span s, const char *what, uint64_t min,
			uint64_t max, uint32_t *out)
{
	uint64_t n;

	if (!rule_number(p, s, what, min, max, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_backoff(struct rule_parser *p, struct span whole, const struct span values[PARTS],
			 struct threshold *t)
{
	if (t->track != TRACK_BY_FLOW)
		return rule_fail(p, values[PART_TRACK], "write track by_flow",
				 "type backoff tracks by_flow only, found %s",
				 rule_quote(p, values[PART_TRACK]));
	if (values[PART_SECONDS].at)
		return rule_fail(p, values[PART_SECONDS],
				 "remove seconds; backoff counts alerts, not time",
				 "'seconds' with type backoff");
	return need(p, whole, values, PART_MULTIPLIER) &&
	       read_number(p, values[PART_COUNT], "count", 1, BACKOFF_MAX, &t->count) &&
	       read_number(p, values[PART_MULTIPLIER], "multiplier", 2, BACKOFF_MAX,
			   &t->multiplier);
}

/* The two keywords shape the same thing. */
static bool alone(struct rule_parser *p, enum keyword other)
{
	if (!(p->seen[other / 64] >> other % 64 & 1))
		return true;
	return rule_fail(p, p->option_span, "keep one of the two", "'%s' in a rule that has '%s'",
			 rule_keyword(p), keyword_row(other)->name);
}

static bool add(struct rule_parser *p, struct threshold t)
{
	struct rule_option *o = rule_add(p, OPTION_THRESHOLD);

	if (!o)
		return false;
	o->threshold = t;
	return true;
}

bool rule_parse_threshold(struct rule_parser *p, const struct option_value *v)
{
	struct span values[PARTS] = { { NULL, 0 } };
	struct threshold t = { .multiplier = 0 };
	int type;

	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind != OPTION_THRESHOLD ||
		    p->options[i].threshold.type == THRESHOLD_DETECTION_FILTER)
			continue;
		if (p->use == 0)
			return rule_fail(p, p->option_span, "keep one of the two",
					 "'threshold' stands twice");
		/* Rules of others have it, behind a buffer only. */
		rule_warn(p, p->option_span, "keep one of the two",
			  "'threshold' stands twice; the first counts");
		return true;
	}
	if (!alone(p, KW_DETECTION_FILTER) || !read_parts(p, v->text, (1u << PARTS) - 1, values) ||
	    !need(p, v->text, values, PART_TYPE) || !need(p, v->text, values, PART_TRACK) ||
	    !need(p, v->text, values, PART_COUNT))
		return false;
	type = find_word(values[PART_TYPE], type_names, TYPES);
	if (type < 0)
		return rule_fail(p, values[PART_TYPE],
				 rule_nearest(p, values[PART_TYPE], type_names, TYPES,
					      "write limit, threshold, both or backoff"),
				 "expected a type of threshold, found %s",
				 rule_quote(p, values[PART_TYPE]));
	t.type = (enum threshold_type)type;
	if (!read_track(p, values[PART_TRACK], &t))
		return false;
	if (t.type == THRESHOLD_BACKOFF)
		return read_backoff(p, v->text, values, &t) && add(p, t);
	if (values[PART_MULTIPLIER].at)
		return rule_fail(p, values[PART_MULTIPLIER],
				 "remove multiplier, or write type backoff",
				 "'multiplier' without type backoff");
	return need(p, v->text, values, PART_SECONDS) &&
	       read_number(p, values[PART_COUNT], "count", 0, UINT32_MAX, &t.count) &&
	       read_number(p, values[PART_SECONDS], "seconds", 0, UINT32_MAX, &t.seconds) &&
	       add(p, t);
}

bool rule_parse_detection_filter(struct rule_parser *p, const struct option_value *v)
{
	unsigned allowed = 1u << PART_TRACK | 1u << PART_COUNT | 1u << PART_SECONDS;
	struct threshold t = { .type = THRESHOLD_DETECTION_FILTER };
	struct span values[PARTS] = { { NULL, 0 } };

	if (!alone(p, KW_THRESHOLD) || !read_parts(p, v->text, allowed, values) ||
	    !need(p, v->text, values, PART_TRACK) || !need(p, v->text, values, PART_COUNT) ||
	    !need(p, v->text, values, PART_SECONDS) || !read_track(p, values[PART_TRACK], &t))
		return false;
	if (t.track == TRACK_BY_BOTH || t.track == TRACK_BY_RULE)
		return rule_fail(p, values[PART_TRACK], "write by_src, by_dst or by_flow",
				 "detection_filter does not track %s",
				 rule_quote(p, values[PART_TRACK]));
	return read_number(p, values[PART_COUNT], "count", 1, UINT32_MAX, &t.count) &&
	       read_number(p, values[PART_SECONDS], "seconds", 1, UINT32_MAX, &t.seconds) &&
	       add(p, t);
}
