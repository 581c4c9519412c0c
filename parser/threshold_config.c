/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     entry       = ( "suppress" id [ "," "track" side "," "ip" addresses ]
 *                   | ( "threshold" | "event_filter" ) id { "," word value }
 *                   | "rate_filter" id { "," word value } )
 *     id          = "gen_id" n "," "sig_id" n
 *
 * Words: type, track, count, seconds; of rate_filter track, count, seconds, new_action, timeout.
 */
#include "parser/threshold_config.h"

#include <errno.h>
#include <stdlib.h>

#include "parser/file_text.h"
#include "parser/rule_parser.h"

enum word {
	WORD_GEN_ID,
	WORD_SIG_ID,
	WORD_TYPE,
	WORD_TRACK,
	WORD_COUNT,
	WORD_SECONDS,
	WORD_NEW_ACTION,
	WORD_TIMEOUT,
	WORD_IP,
	WORDS
};

static const char *const words[WORDS] = { "gen_id",  "sig_id",	   "type",    "track", "count",
					  "seconds", "new_action", "timeout", "ip" };
static const char *const kinds[] = { "suppress", "threshold", "event_filter", "rate_filter" };

#define BIT(w) (1u << WORD_##w)
#define ID (BIT(GEN_ID) | BIT(SIG_ID))

/* What each kind may have, and must. */
static const struct {
	enum filter_kind kind;
	unsigned may, must;
} shapes[] = {
	{ FILTER_SUPPRESS, ID | BIT(TRACK) | BIT(IP), ID },
	{ FILTER_THRESHOLD, ID | BIT(TYPE) | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS),
	  ID | BIT(TYPE) | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS) },
	{ FILTER_THRESHOLD, ID | BIT(TYPE) | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS),
	  ID | BIT(TYPE) | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS) },
	{ FILTER_RATE, ID | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS) | BIT(NEW_ACTION) | BIT(TIMEOUT),
	  ID | BIT(TRACK) | BIT(COUNT) | BIT(SECONDS) | BIT(NEW_ACTION) | BIT(TIMEOUT) },
};

/* The next item, up to a ',' outside of brackets. */
static bool next_item(struct span *rest, struct span *item)
{
	size_t i = 0;
	int open = 0;

	if (!rest->at)
		return false;
	for (; i < rest->len; i++) {
		open += (rest->at[i] == '[') - (rest->at[i] == ']');
		if (rest->at[i] == ',' && open <= 0)
			break;
	}
	*item = span_trim(span_head(*rest, i));
	*rest = i < rest->len ? span_from(*rest, i + 1) : span_of(NULL, 0);
	return true;
}

static bool read_items(struct rule_parser *p, struct span rest, unsigned kind,
		       struct span values[WORDS])
{
	struct span item;

	while (next_item(&rest, &item)) {
		struct span value, name = rule_cut_word(item, &value);
		int w = rule_find_word(name, words, WORDS);

		if (w < 0 || !(shapes[kind].may >> w & 1))
			return rule_fail(
				p, item.len ? item : p->option_span,
				rule_nearest(p, name, words, WORDS,
					     "write gen_id, sig_id and what the entry takes"),
				"an entry of '%s' knows no word %s", kinds[kind],
				rule_quote(p, name));
		if (values[w].at)
			return rule_fail(p, item, "keep one of the two",
					 "'%s' stands twice in one entry", words[w]);
		if (value.len == 0)
			return rule_fail(p, item, "write a value behind it",
					 "'%s' of an entry has no value", words[w]);
		values[w] = value;
	}
	for (unsigned w = 0; w < WORDS; w++) {
		if ((shapes[kind].must >> w & 1) && !values[w].at)
			return rule_fail(p, span_trim(p->text),
					 rule_say(p, "write ', %s' and a value", words[w]),
					 "an entry of '%s' needs '%s'", kinds[kind], words[w]);
	}
	return true;
}

static bool read_id(struct rule_parser *p, const struct span values[WORDS], struct rule_filter *f)
{
	uint64_t gid, sid;

	if (!rule_number(p, values[WORD_GEN_ID], "gen_id", 0, UINT32_MAX, &gid) ||
	    !rule_number(p, values[WORD_SIG_ID], "sig_id", 0, UINT32_MAX, &sid))
		return false;
	if (gid == 0 && sid != 0)
		return rule_fail(p, values[WORD_GEN_ID], "write gen_id 1",
				 "gen_id 0 stands for all rules, and sig_id for one");
	f->gid = (uint32_t)gid;
	f->sid = (uint32_t)sid;
	return true;
}

static bool read_suppress(struct rule_parser *p, const struct span values[WORDS],
			  struct rule_filter *f)
{
	static const char *const sides[] = { "", "by_src", "by_dst", "by_either" };
	const struct address_set *addresses;
	int side;

	/* Without addresses it is for all of them. */
	f->addresses.any = true;
	if (!values[WORD_TRACK].at && !values[WORD_IP].at)
		return true;
	if (!values[WORD_TRACK].at || !values[WORD_IP].at)
		return rule_fail(p, span_trim(p->text), "write track by_src, ip 192.0.2.1",
				 "'track' and 'ip' go together");
	side = rule_find_word(values[WORD_TRACK], sides, 4);
	if (side <= 0)
		return rule_fail(p, values[WORD_TRACK], "write by_src, by_dst or by_either",
				 "expected which address to suppress by, found %s",
				 rule_quote(p, values[WORD_TRACK]));
	addresses = rule_addresses(p, values[WORD_IP]);
	if (!addresses)
		return false;
	f->track = (uint8_t)side;
	f->addresses = *addresses;
	return true;
}

static bool read_word(struct rule_parser *p, struct span s, const char *what,
		      const char *const *names, unsigned count, const char *remedy, int *out)
{
	*out = rule_find_word(s, names, count);
	if (*out >= 0)
		return true;
	return rule_fail(p, s, rule_nearest(p, s, names, count, remedy),
			 "expected the %s of an entry, found %s", what, rule_quote(p, s));
}

static bool read_counts(struct rule_parser *p, const struct span values[WORDS], bool rate,
			struct rule_filter *f)
{
	static const char *const types[] = { "limit", "threshold", "both" };
	static const char *const tracks[] = { "by_src", "by_dst", "by_both", "by_rule", "by_flow" };
	static const char *const actions[] = { "alert", "pass", "drop", "reject" };
	uint64_t count, seconds, timeout = 0;
	int type = 0, track, action = 0;

	if ((!rate && !read_word(p, values[WORD_TYPE], "type", types, 3,
				 "write limit, threshold or both", &type)) ||
	    !read_word(p, values[WORD_TRACK], "track", tracks, 5,
		       "write by_src, by_dst, by_both, by_rule or by_flow", &track) ||
	    !rule_number(p, values[WORD_COUNT], "count", 1, UINT32_MAX, &count) ||
	    !rule_number(p, values[WORD_SECONDS], "seconds", 0, UINT32_MAX, &seconds))
		return false;
	if (rate && (!read_word(p, values[WORD_NEW_ACTION], "new_action", actions, 4,
				"write alert, pass, drop or reject", &action) ||
		     !rule_number(p, values[WORD_TIMEOUT], "timeout", 0, UINT32_MAX, &timeout)))
		return false;
	f->threshold = (struct threshold){ .type = (enum threshold_type)type,
					   .track = (enum threshold_track)track,
					   .count = (uint32_t)count,
					   .seconds = (uint32_t)seconds };
	f->new_action = (uint8_t)action;
	f->timeout = (uint32_t)timeout;
	return true;
}

static void read_entry(struct rule_parser *p, void *ctx)
{
	struct threshold_config *out = ctx;
	struct span values[WORDS] = { { NULL, 0 } }, rest;
	struct span name = rule_cut_word(span_trim(p->text), &rest);
	struct rule_filter f = { .number = out->count }, *kept;
	int kind = rule_find_word(name, kinds, 4);

	p->errors = 0;
	p->option_span = name;
	if (kind < 0) {
		rule_fail(p, name,
			  rule_nearest(p, name, kinds, 4,
				       "write suppress, threshold, event_filter or rate_filter"),
			  "expected the kind of an entry, found %s", rule_quote(p, name));
		return;
	}
	f.kind = (uint8_t)shapes[kind].kind;
	f.place = rule_place(p, span_trim(p->text));
	if (!read_items(p, rest, (unsigned)kind, values) || !read_id(p, values, &f))
		return;
	if (!(kind == 0 ? read_suppress(p, values, &f) : read_counts(p, values, kind == 3, &f)))
		return;
	kept = arena_copy(&p->set->arena, &f, sizeof(f));
	if (!kept)
		return;
	*(out->last ? &out->last->next : &out->first) = kept;
	out->last = kept;
	out->count++;
}

int threshold_config_text(struct rule_set *s, const char *name, const char *text, size_t len,
			  const struct rule_parse_options *opt, struct diag_list *diags,
			  struct threshold_config *out)
{
	*out = (struct threshold_config){ .count = 0 };
	return rule_each_line(s, name, text, len, opt, diags, false, read_entry, out);
}

int threshold_config_file(struct rule_set *s, const char *path,
			  const struct rule_parse_options *opt, struct diag_list *diags,
			  struct threshold_config *out)
{
	char *text;
	size_t len;
	int err = text_read(path, &text, &len, diags);

	*out = (struct threshold_config){ .count = 0 };
	if (err)
		return err;
	err = threshold_config_text(s, path, text, len, opt, diags, out);
	free(text);
	return err;
}

static bool is_about(const struct rule_filter *f, const struct rule *r)
{
	return (f->gid == 0 || f->gid == r->gid) && (f->sid == 0 || f->sid == r->sid);
}

/* Where the rule has a threshold of its own, or -1. */
static int own_threshold(const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_THRESHOLD)
			return (int)i;
	}
	return -1;
}

/* In the place of the rule's own, where the entry is about that one rule; else only where it has none. */
static int set_threshold(struct rule_set *s, struct rule *r, const struct rule_filter *f)
{
	int at = own_threshold(r);
	struct rule_option *o;

	if (at >= 0) {
		if (f->sid)
			r->option[at].threshold = f->threshold;
		return 0;
	}
	o = arena_alloc(&s->arena, (r->options + 1) * sizeof(*o));
	if (!o)
		return -ENOMEM;
	for (unsigned i = 0; i < r->options; i++)
		o[i] = r->option[i];
	o[r->options] = (struct rule_option){ .kind = OPTION_THRESHOLD,
					      .place = r->place,
					      .threshold = f->threshold };
	r->option = o;
	r->options++;
	return 0;
}

static int add_filter(struct rule_set *s, struct rule *r, const struct rule_filter *f)
{
	const struct rule_filter **all =
		arena_alloc(&s->arena, (r->filters + 1) * sizeof(const struct rule_filter *));

	if (!all)
		return -ENOMEM;
	for (unsigned i = 0; i < r->filters; i++)
		all[i] = r->filter[i];
	all[r->filters++] = f;
	r->filter = all;
	return 0;
}

int threshold_config_apply(const struct threshold_config *c, struct rule_set *s,
			   struct diag_list *diags)
{
	for (const struct rule_filter *f = c->first; f; f = f->next) {
		bool found = false;

		for (struct rule *r = s->first; r; r = r->next) {
			int err;

			if (!is_about(f, r))
				continue;
			found = true;
			err = f->kind == FILTER_THRESHOLD ? set_threshold(s, r, f)
							  : add_filter(s, r, f);
			if (err)
				return err;
		}
		if (!found && f->sid)
			diag_add(diags, DIAG_WARNING, &f->place,
				 "remove the entry, or load the rule",
				 "no rule has sid %u and gid %u: the entry does nothing", f->sid,
				 f->gid);
	}
	return 0;
}
