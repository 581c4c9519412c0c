/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     dataset = command "," name { "," item }
 *     datarep = name "," ( "<" | ">" ) "," value { "," item }
 *     item    = "type" type | "load" file | "save" file | "state" file | "memcap" size | "hashsize" n
 *             | "match" "subdomain" | "format" format | "context_key" key | "value_key" key | "array_key" path | "remove_key"
 *
 * Whether the files are there and what stands in them is looked at when the set is made.
 */
#include "parser/rule_parser.h"

#include <string.h>

#define NAME_MAX_BYTES 63

static const char *const commands[] = { "set", "unset", "isset", "isnotset" };
static const char *const types[] = { "string", "md5", "sha256", "ipv4", "ip", "ipv6" };

enum item {
	ITEM_TYPE,
	ITEM_LOAD,
	ITEM_SAVE,
	ITEM_STATE,
	ITEM_MEMCAP,
	ITEM_HASHSIZE,
	ITEM_FORMAT,
	ITEM_CONTEXT_KEY,
	ITEM_VALUE_KEY,
	ITEM_ARRAY_KEY,
	ITEM_REMOVE_KEY,
	ITEM_MATCH,
	ITEMS
};

static const char *const items[ITEMS] = { "type",      "load",	    "save",	  "state",
					  "memcap",    "hashsize",  "format",	  "context_key",
					  "value_key", "array_key", "remove_key", "match" };

static bool read_name(struct rule_parser *p, struct span s, const char **out)
{
	bool blank = false;

	for (size_t i = 0; i < s.len; i++)
		blank |= span_blank(s.at[i]);
	if (s.len == 0 || blank || s.len > NAME_MAX_BYTES)
		return rule_fail(p, s.len ? s : p->option_span,
				 "write a name without blanks, of at most 63 bytes",
				 "expected the name of a set, found %s", rule_quote(p, s));
	*out = rule_string(p, s);
	return true;
}

/* A file that is written must lie in the folder for such files. */
static bool may_write(struct rule_parser *p, struct span s)
{
	const struct rule_parse_options *opt = p->opt;
	struct span rest = s, part;

	if (opt && opt->dataset_no_write)
		return rule_fail(p, s, "use load, or set datasets: rules: allow-write: yes",
				 "rules may not write sets (datasets: rules: allow-write): %s",
				 rule_quote(p, s));
	if (opt && opt->dataset_absolute)
		return true;
	if (s.len && s.at[0] == '/')
		return rule_fail(p, s, "write a name in the folder for sets",
				 "an absolute name of a file that is written: %s",
				 rule_quote(p, s));
	while (span_next(&rest, '/', &part)) {
		if (span_is(part, ".."))
			return rule_fail(p, s, "write a name in the folder for sets, without '..'",
					 "'..' in the name of a file that is written: %s",
					 rule_quote(p, s));
	}
	return true;
}

static bool read_type(struct rule_parser *p, struct span s, struct dataset *d)
{
	int type = rule_find_word(s, types, sizeof(types) / sizeof(types[0]));

	if (type < 0)
		return rule_fail(p, s.len ? s : p->option_span,
				 rule_nearest(p, s, types, sizeof(types) / sizeof(types[0]),
					      "write string, md5, sha256, ipv4 or ip"),
				 "expected the type of a set, found %s", rule_quote(p, s));
	/* One of IPv6 alone is one of both that has only these. */
	d->type = type == 5 ? DATASET_IP : (uint8_t)type;
	return true;
}

static bool read_format(struct rule_parser *p, struct span s, struct dataset *d)
{
	static const char *const formats[] = { "csv", "json", "ndjson", "jsonline" };
	int format = rule_find_word(s, formats, 4);

	if (format < 0)
		return rule_fail(p, s.len ? s : p->option_span, "write csv, json or ndjson",
				 "expected the format of a set, found %s", rule_quote(p, s));
	d->format = format == 3 ? DATASET_NDJSON : (uint8_t)format;
	return true;
}

/* With a unit: 10mb. */
static bool read_memcap(struct rule_parser *p, struct span s, struct dataset *d)
{
	struct int_match m;

	if (!rule_compare(p, s, UINT64_MAX - 1, &m))
		return false;
	d->memcap = m.low;
	return true;
}

static bool read_item(struct rule_parser *p, struct span item, unsigned *seen, struct dataset *d)
{
	struct span value, name = rule_cut_word(item, &value);
	int which = rule_find_word(name, items, ITEMS);
	uint64_t n;

	if (which < 0)
		return rule_fail(p, item.len ? item : p->option_span,
				 rule_nearest(p, name, items, ITEMS,
					      rule_say(p, "write %s",
						       keyword_row(p->keyword)->help)),
				 "'%s' knows no word %s", rule_keyword(p), rule_quote(p, name));
	if (*seen & 1u << which)
		return rule_fail(p, item, "keep one of the two", "'%s' stands twice in '%s'",
				 items[which], rule_keyword(p));
	*seen |= 1u << which;
	if (value.len == 0 && which != ITEM_REMOVE_KEY)
		return rule_fail(p, item, rule_say(p, "write a value after '%s'", items[which]),
				 "'%s' of '%s' has no value", items[which], rule_keyword(p));
	switch ((enum item)which) {
	case ITEM_TYPE:
		return read_type(p, value, d);
	case ITEM_LOAD:
		d->load = rule_string(p, value);
		return true;
	case ITEM_SAVE:
		d->save = rule_string(p, value);
		return may_write(p, value);
	case ITEM_STATE:
		d->load = d->save = rule_string(p, value);
		return may_write(p, value);
	case ITEM_MEMCAP:
		return read_memcap(p, value, d);
	case ITEM_HASHSIZE:
		if (!rule_number(p, value, "hashsize", 1, UINT32_MAX, &n))
			return false;
		d->hashsize = (uint32_t)n;
		return true;
	case ITEM_FORMAT:
		return read_format(p, value, d);
	case ITEM_CONTEXT_KEY:
		d->context_key = rule_string(p, value);
		return true;
	case ITEM_VALUE_KEY:
		d->value_key = rule_string(p, value);
		return true;
	case ITEM_ARRAY_KEY:
		d->array_key = rule_string(p, value);
		return true;
	case ITEM_MATCH:
		return span_is(value, "subdomain") ||
		       rule_fail(p, value, "write 'match subdomain'",
				 "expected 'subdomain' after 'match', found %s",
				 rule_quote(p, value));
	default:
		return d->remove_key = true;
	}
}

static bool read_items(struct rule_parser *p, struct span rest, struct dataset *d, bool *subdomain)
{
	struct span item;
	unsigned seen = 0;

	d->type = DATASET_UNSAID;
	while (span_next(&rest, ',', &item)) {
		if (!read_item(p, item, &seen, d))
			return false;
	}
	*subdomain = seen >> ITEM_MATCH & 1;
	if (*subdomain && d->type != DATASET_STRING && d->type != DATASET_UNSAID)
		return rule_fail(p, p->option_span, "write type string, or leave out match",
				 "'match subdomain' is for sets of strings");
	if ((seen & 1u << ITEM_STATE) && (seen & (1u << ITEM_LOAD | 1u << ITEM_SAVE)))
		return rule_fail(p, p->option_span, "write state alone, or load and save",
				 "'state' beside 'load' or 'save'");
	if (d->format == DATASET_CSV)
		return true;
	if (!d->context_key)
		return rule_fail(
			p, p->option_span, "write ',context_key name'",
			"format json needs 'context_key': where the alert has what is found");
	if (!d->value_key)
		return rule_fail(p, p->option_span, "write ',value_key name'",
				 "format json needs 'value_key': what is looked up");
	return true;
}

/* Sets are of buffers. */
static bool need_use(struct rule_parser *p)
{
	if (p->use != 0)
		return true;
	return rule_fail(p, p->option_span,
			 "write the name of a buffer before it, as in dns.query;",
			 "'%s' needs a buffer before it", rule_keyword(p));
}

bool rule_parse_dataset(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, command = { NULL, 0 }, name = { NULL, 0 };
	struct dataset_match d = { .op = DATASET_SET };
	struct rule_option *o;
	int op;

	if (!need_use(p))
		return false;
	span_next(&rest, ',', &command);
	op = rule_find_word(command, commands, 4);
	if (op < 0)
		return rule_fail(p, command.len ? command : v->text,
				 rule_nearest(p, command, commands, 4,
					      "write set, unset, isset or isnotset"),
				 "expected a command of 'dataset', found %s",
				 rule_quote(p, command));
	d.op = (enum dataset_op)op;
	span_next(&rest, ',', &name);
	if (!read_name(p, name, &d.set.name) || !read_items(p, rest, &d.set, &d.subdomain))
		return false;
	if (d.subdomain && d.op != DATASET_ISSET && d.op != DATASET_ISNOTSET)
		return rule_fail(p, command, "write isset or isnotset",
				 "'match subdomain' looks up only, not %s", rule_quote(p, command));
	if (d.set.format != DATASET_CSV && d.op != DATASET_ISSET && d.op != DATASET_ISNOTSET)
		return rule_fail(p, command, "write isset or isnotset",
				 "a set of JSON can be looked up only, not %s",
				 rule_quote(p, command));
	o = rule_add(p, OPTION_DATASET);
	if (!o)
		return false;
	o->dataset = d;
	return true;
}

bool rule_parse_datarep(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, name = { NULL, 0 }, op = { NULL, 0 }, value = { NULL, 0 };
	struct datarep_match d = { .op = COMPARE_GT };
	struct rule_option *o;
	bool subdomain;
	uint64_t n;

	if (!need_use(p))
		return false;
	span_next(&rest, ',', &name);
	if (!read_name(p, name, &d.set.name))
		return false;
	span_next(&rest, ',', &op);
	if (span_is(op, "<"))
		d.op = COMPARE_LT;
	else if (span_is(op, "=="))
		d.op = COMPARE_EQ;
	else if (!span_is(op, ">"))
		return rule_fail(p, op.len ? op : v->text,
				 "write <, > or ==", "expected an operator of 'datarep', found %s",
				 rule_quote(p, op));
	span_next(&rest, ',', &value);
	if (!rule_number(p, value, "the value of datarep", 0, UINT16_MAX, &n) ||
	    !read_items(p, rest, &d.set, &subdomain))
		return false;
	if (subdomain)
		return rule_fail(p, p->option_span, "leave it out",
				 "'datarep' knows no word 'match'");
	if (d.set.format != DATASET_CSV)
		return rule_fail(p, p->option_span, "write dataset, or leave out format",
				 "a set of JSON has no reputations");
	d.value = (uint16_t)n;
	o = rule_add(p, OPTION_DATAREP);
	if (!o)
		return false;
	o->datarep = d;
	return true;
}
