/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_lint.h"

#include <stdlib.h>
#include <string.h>

#include "parser/buffer.h"

static void lint(struct diag_list *diags, const struct rule_option *o, const struct rule *r,
		 const char *remedy, const char *format, const char *what)
{
	diag_add(diags, DIAG_WARNING, o ? &o->place : &r->place, remedy, format, what);
}

/* --- search patterns -------------------------------------------------------------------------------- */

static bool is_pattern(const struct rule_option *o)
{
	return o->kind == OPTION_CONTENT && !o->content.negated && o->buffer != BUFFER_BASE64_DATA;
}

/* What looks at bytes costs little only where something rare is searched for first. */
static void lint_pattern(const struct rule *r, struct diag_list *diags)
{
	const struct rule_option *first = NULL, *pcre = NULL;
	bool payload = false;

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (is_pattern(o)) {
			payload |= o->use == 0;
			if (o->use != 0)
				return;
			continue;
		}
		if (!option_is_bytes(o->kind))
			continue;
		if (!first)
			first = o;
		if (o->kind == OPTION_PCRE && o->use == 0 && !pcre)
			pcre = o;
	}
	if (payload || !first)
		return;
	if (pcre)
		lint(diags, pcre, r, "write a content that is always there beside it",
		     "a pcre over all payload without a content%s", "");
	else
		lint(diags, first, r, "write a content that is always there",
		     "no content to search for%s: every packet or buffer is looked at", "");
}

/* --- what cannot be --------------------------------------------------------------------------------- */

struct interval {
	uint64_t low, high;
};

/* The numbers that a comparison admits, where they are one interval. */
static bool interval_of(const struct int_match *m, struct interval *out)
{
	*out = (struct interval){ 0, UINT64_MAX };
	switch (m->op) {
	case COMPARE_EQ:
		*out = (struct interval){ m->low, m->low };
		return true;
	case COMPARE_LT:
		out->high = m->low ? m->low - 1 : 0;
		return true;
	case COMPARE_LE:
		out->high = m->low;
		return true;
	case COMPARE_GT:
		out->low = m->low + (m->low < UINT64_MAX);
		return true;
	case COMPARE_GE:
		out->low = m->low;
		return true;
	case COMPARE_RANGE:
		*out = (struct interval){ m->low, m->high };
		return true;
	default:
		return false;
	}
}

/* Of these a packet, flow or buffer has one number. */
static bool has_one_number(enum option_kind k)
{
	switch (k) {
	case OPTION_BSIZE:
	case OPTION_DSIZE:
	case OPTION_FLOW_AGE:
	case OPTION_TCP_SEQ:
	case OPTION_TCP_ACK:
	case OPTION_TCP_WINDOW:
	case OPTION_TCP_MSS:
	case OPTION_TTL:
	case OPTION_TOS:
	case OPTION_ID:
	case OPTION_FRAGOFFSET:
	case OPTION_ITYPE:
	case OPTION_ICODE:
	case OPTION_ICMP_ID:
	case OPTION_ICMP_SEQ:
	case OPTION_TCP_WSCALE:
	case OPTION_ICMPV6_MTU:
	case OPTION_VLAN_LAYERS:
	case OPTION_L3_PROTO:
		return true;
	default:
		return false;
	}
}

static void lint_numbers(const struct rule *r, struct diag_list *diags)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *a = &r->option[i];
		struct interval x, y;

		if (!has_one_number(a->kind) || !interval_of(&a->number, &x))
			continue;
		for (unsigned k = i + 1; k < r->options; k++) {
			const struct rule_option *b = &r->option[k];

			if (b->kind != a->kind || b->use != a->use ||
			    buffer_row((enum buffer)b->buffer)->multiple ||
			    !interval_of(&b->number, &y) || (x.low <= y.high && y.low <= x.high))
				continue;
			lint(diags, b, r, "keep one of the two",
			     "the rule never matches: two conditions of '%s' exclude each other",
			     rule_option_name(a));
			return;
		}
	}
}

static bool same_bit(const struct flowbits *a, const struct flowbits *b)
{
	return a->count == 1 && b->count == 1 && a->names[0].len == b->names[0].len &&
	       memcmp(a->names[0].data, b->names[0].data, a->names[0].len) == 0;
}

static void lint_bits(const struct rule *r, struct diag_list *diags)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *a = &r->option[i];

		if (a->kind != OPTION_FLOWBITS ||
		    (a->flowbits.op != FLOWBIT_ISSET && a->flowbits.op != FLOWBIT_ISNOTSET))
			continue;
		for (unsigned k = i + 1; k < r->options; k++) {
			const struct rule_option *b = &r->option[k];

			if (b->kind != OPTION_FLOWBITS || b->flowbits.op == a->flowbits.op ||
			    (b->flowbits.op != FLOWBIT_ISSET &&
			     b->flowbits.op != FLOWBIT_ISNOTSET) ||
			    !same_bit(&a->flowbits, &b->flowbits))
				continue;
			lint(diags, b, r, "keep one of the two",
			     "the rule never matches: it asks that a flow bit is set and that it is "
			     "not%s",
			     "");
			return;
		}
	}
}

/* --- relative to nothing ------------------------------------------------------------------------------ */

static bool is_relative(const struct rule_option *o)
{
	return (o->kind == OPTION_CONTENT && (o->content.has_distance || o->content.has_within)) ||
	       (o->kind == OPTION_PCRE && o->pcre.relative);
}

static void lint_relative(const struct rule *r, struct diag_list *diags)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];
		bool before = false;

		if (!is_relative(o) || (o->use == 0 && i == 0))
			continue;
		for (unsigned k = 0; k < i && !before; k++)
			before = option_is_bytes(r->option[k].kind) && r->option[k].use == o->use;
		if (before)
			continue;
		lint(diags, o, r, "write offset, depth or startswith, or what it is relative to",
		     "nothing was matched in '%s' before: it counts from the start",
		     buffer_row((enum buffer)o->buffer)->name);
		return;
	}
}

/* --- flow bits that no rule sets ---------------------------------------------------------------------- */

struct setter {
	struct bytes name;
	const struct disabled_setter *disabled; /* NULL: a rule that is loaded */
};

static int by_name(const void *a, const void *b)
{
	const struct setter *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = n ? memcmp(x->name.data, y->name.data, n) : 0;

	if (order == 0)
		order = (x->name.len > y->name.len) - (x->name.len < y->name.len);
	/* One that is loaded comes first. */
	return order ? order : (x->disabled != NULL) - (y->disabled != NULL);
}

static bool sets(const struct rule_option *o)
{
	return o->kind == OPTION_FLOWBITS &&
	       (o->flowbits.op == FLOWBIT_SET || o->flowbits.op == FLOWBIT_TOGGLE);
}

static size_t count_setters(const struct rule_set *s)
{
	size_t count = 0;

	for (const struct rule *r = s->first; r; r = r->next) {
		for (unsigned i = 0; i < r->options; i++)
			count += sets(&r->option[i]);
	}
	for (const struct disabled_setter *d = s->disabled; d; d = d->next)
		count++;
	return count;
}

static const struct setter *find_setter(const struct setter *all, size_t count, struct bytes name)
{
	size_t low = 0, high = count;
	struct setter key = { .name = name };

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_name(&all[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == count || all[low].name.len != name.len ||
	    memcmp(all[low].name.data, name.data, name.len) != 0)
		return NULL;
	return &all[low];
}

static void lint_unset(const struct rule *r, const struct rule_option *o, const struct setter *all,
		       size_t count, struct diag_list *diags)
{
	const struct setter *disabled = NULL;
	char remedy[512], name[128];

	for (unsigned i = 0; i < o->flowbits.count; i++) {
		const struct setter *f = find_setter(all, count, o->flowbits.names[i]);

		if (f && !f->disabled)
			return;
		if (f)
			disabled = f;
	}
	snprintf(name, sizeof(name), "%.*s",
		 (int)(o->flowbits.names[0].len < 100 ? o->flowbits.names[0].len : 100),
		 (const char *)o->flowbits.names[0].data);
	snprintf(remedy, sizeof(remedy), "load a rule that sets it, or leave this one out");
	if (disabled)
		snprintf(remedy, sizeof(remedy), "sid %u in %s:%u sets it, and %s",
			 disabled->disabled->sid, disabled->disabled->file,
			 disabled->disabled->line,
			 disabled->disabled->failed ? "has a mistake" : "is disabled");
	lint(diags, o, r, remedy, "the flow bit '%s' is asked for and is never set", name);
}

static void lint_setters(const struct rule_set *s, struct diag_list *diags)
{
	size_t room = count_setters(s), count = 0;
	struct setter *all = calloc(room + 1, sizeof(*all));

	if (!all)
		return;
	for (const struct rule *r = s->first; r; r = r->next) {
		for (unsigned i = 0; i < r->options; i++) {
			if (sets(&r->option[i]))
				all[count++] =
					(struct setter){ r->option[i].flowbits.names[0], NULL };
		}
	}
	for (const struct disabled_setter *d = s->disabled; d; d = d->next)
		all[count++] = (struct setter){ d->name, d };
	qsort(all, count, sizeof(*all), by_name);
	for (const struct rule *r = s->first; r; r = r->next) {
		for (unsigned i = 0; i < r->options; i++) {
			const struct rule_option *o = &r->option[i];

			if (o->kind == OPTION_FLOWBITS && o->flowbits.op == FLOWBIT_ISSET)
				lint_unset(r, o, all, count, diags);
		}
	}
	free(all);
}

void rule_set_lint(const struct rule_set *s, struct diag_list *diags)
{
	for (const struct rule *r = s->first; r; r = r->next) {
		lint_pattern(r, diags);
		lint_numbers(r, diags);
		lint_bits(r, diags);
		lint_relative(r, diags);
	}
	lint_setters(s, diags);
}
