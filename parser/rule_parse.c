/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "parser/diag_code.h"
#include "parser/file_text.h"
#include "parser/rule_parser.h"
#include "parser/rule_select.h"

#define QUOTE_BYTES 48
#define DEFAULT_PRIORITY 3
#define VARIABLES_MAX 1024
#define USES_MAX 256
#define OPTIONS_MAX 4096

/* Places and complaints */

static const struct rule_segment *segment_of(const struct rule_parser *p, size_t offset)
{
	unsigned low = 0, high = p->segment_count;

	/* The last one that begins at offset or before. */
	while (high - low > 1) {
		unsigned mid = low + (high - low) / 2;

		if (p->segments[mid].start > offset)
			high = mid;
		else
			low = mid;
	}
	return &p->segments[low];
}

struct place rule_place(struct rule_parser *p, struct span at)
{
	size_t offset = (size_t)(at.at - p->text.at), left;
	const struct rule_segment *s;

	if (offset > p->text.len)
		offset = p->text.len;
	s = segment_of(p, offset);
	left = s->len > offset - s->start ? s->len - (offset - s->start) : 0;
	return (struct place){
		.file = p->file,
		.line = s->line,
		.column = (uint32_t)(offset - s->start + 1),
		.len = (uint32_t)(at.len < left ? at.len : left),
	};
}

static void complain(struct rule_parser *p, enum diag_level level, struct span at,
		     const char *remedy, const char *format, va_list args)
{
	const struct rule_segment *s = segment_of(p, (size_t)(at.at - p->text.at));
	struct place place = rule_place(p, at);
	char message[RULE_SCRATCH_BYTES * 2];
	char *line = malloc(s->len + 1);

	vsnprintf(message, sizeof(message), format, args);
	if (line) {
		memcpy(line, s->text, s->len);
		line[s->len] = '\0';
		place.text = line;
	}
	diag_add_coded(p->diags, level, &place, remedy, diag_code_of(format), p->fix, message);
	p->fix = NULL;
	free(line);
}

bool rule_fail(struct rule_parser *p, struct span at, const char *remedy, const char *format, ...)
{
	va_list args;

	if (p->errors > RULE_ERRORS_MAX)
		return false;
	va_start(args, format);
	complain(p, DIAG_ERROR, at, remedy, format, args);
	va_end(args);
	p->errors++;
	return false;
}

void rule_note(struct rule_parser *p, struct span at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(p, DIAG_NOTE, at, NULL, format, args);
	va_end(args);
}

void rule_warn(struct rule_parser *p, struct span at, const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(p, DIAG_WARNING, at, remedy, format, args);
	va_end(args);
}

static char *scratch(struct rule_parser *p)
{
	return p->scratch[p->scratch_at++ % RULE_SCRATCH_TEXTS];
}

const char *rule_say(struct rule_parser *p, const char *format, ...)
{
	char *out = scratch(p);
	va_list args;

	va_start(args, format);
	vsnprintf(out, RULE_SCRATCH_BYTES, format, args);
	va_end(args);
	return out;
}

const char *rule_quote(struct rule_parser *p, struct span words)
{
	if (words.len == 0)
		return "nothing";
	if (words.len <= QUOTE_BYTES)
		return rule_say(p, "'%.*s'", (int)words.len, words.at);
	return rule_say(p, "'%.*s...'", QUOTE_BYTES - 3, words.at);
}

const char *rule_nearest(struct rule_parser *p, struct span word, const char *const *names,
			 size_t count, const char *otherwise)
{
	const char *near = NULL;
	char text[64];

	if (word.len > 0 && word.len < sizeof(text) && p->errors < RULE_ERRORS_MAX) {
		memcpy(text, word.at, word.len);
		text[word.len] = '\0';
		near = diag_nearest(text, names, count);
	}
	return near ? rule_say(p, "did you mean '%s'?", near) : otherwise;
}

const char *rule_keyword(const struct rule_parser *p)
{
	return p->keyword < KW__COUNT ? keyword_row(p->keyword)->name : "the option";
}

/* What the rule keeps */

const char *rule_string(struct rule_parser *p, struct span s)
{
	const char *out = arena_string(&p->set->arena, s.at, s.len);

	return out ? out : "";
}

const char *rule_shared_string(struct rule_parser *p, struct span s)
{
	uint32_t hash = (uint32_t)s.len;
	const char **known;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (uint8_t)s.at[i]) * 16777619u;
	known = &p->shared[(hash ^ hash >> 15) % RULE_SHARED_TEXTS];
	if (!*known || strncmp(*known, s.at, s.len) != 0 || (*known)[s.len] != '\0')
		*known = rule_string(p, s);
	return *known;
}

struct bytes rule_bytes(struct rule_parser *p, struct span s)
{
	const uint8_t *out = arena_copy(&p->set->arena, s.at, s.len);

	return bytes_of(out, out ? s.len : 0);
}

unsigned rule_use(struct rule_parser *p, enum buffer b)
{
	if (p->use_count == USES_MAX) {
		rule_fail(p, p->option_span, "split the rule",
			  "more than %d namings of buffers in a rule", USES_MAX - 1);
		p->unbuilt = true;
		return 0;
	}
	if (p->use_count == p->use_room) {
		unsigned room = p->use_room ? p->use_room * 2 : 16;
		struct buffer_use *u = realloc(p->uses, room * sizeof(*u));

		if (!u)
			return 0;
		p->uses = u;
		p->use_room = room;
	}
	p->uses[p->use_count] =
		(struct buffer_use){ .buffer = b, .place = rule_place(p, p->option_span) };
	return p->use_count++;
}

/* One of the arrays that grow by the options. */
static bool grow_options(struct rule_parser *p)
{
	unsigned room = p->option_room ? p->option_room * 2 : 32;
	struct rule_option *o = realloc(p->options, room * sizeof(*o));
	struct span *s;

	if (!o)
		return false;
	p->options = o;
	s = realloc(p->spans, room * sizeof(*s));
	if (!s)
		return false;
	p->spans = s;
	p->option_room = room;
	return true;
}

struct rule_option *rule_add(struct rule_parser *p, enum option_kind kind)
{
	struct rule_option *o;

	if (p->option_count == OPTIONS_MAX) {
		rule_fail(p, p->option_span, "split the rule", "more than %d conditions in a rule",
			  OPTIONS_MAX);
		p->unbuilt = true;
		return NULL;
	}
	if (p->option_count == p->option_room && !grow_options(p))
		return NULL;
	p->spans[p->option_count] = p->option_span;
	o = &p->options[p->option_count++];
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	p->last_keyword = p->keyword;
	o->use = option_is_bytes(kind) ? (uint8_t)p->use : 0;
	o->buffer = p->uses[o->use].buffer;
	p->use_fresh &= !option_is_bytes(kind);
	o->place = rule_place(p, p->option_span);
	return o;
}

/* Numbers */

bool rule_number(struct rule_parser *p, struct span s, const char *what, uint64_t min, uint64_t max,
		 uint64_t *out)
{
	const char *remedy;

	if (span_u64(s, out) && *out >= min && *out <= max)
		return true;
	remedy = rule_say(p, "write a number from %llu to %llu", (unsigned long long)min,
			  (unsigned long long)max);
	if (!span_u64(s, out))
		return rule_fail(p, s.len ? s : p->option_span, remedy,
				 "expected a number for %s, found %s", what, rule_quote(p, s));
	return rule_fail(p, s, remedy, "%s is out of range for %s, %llu to %llu", rule_quote(p, s),
			 what, (unsigned long long)min, (unsigned long long)max);
}

bool rule_signed(struct rule_parser *p, struct span s, const char *what, int64_t min, int64_t max,
		 int64_t *out)
{
	const char *remedy;

	if (span_i64(s, out) && *out >= min && *out <= max)
		return true;
	remedy = rule_say(p, "write a number from %lld to %lld", (long long)min, (long long)max);
	if (!span_i64(s, out))
		return rule_fail(p, s.len ? s : p->option_span, remedy,
				 "expected a number for %s, found %s", what, rule_quote(p, s));
	return rule_fail(p, s, remedy, "%s is out of range for %s, %lld to %lld", rule_quote(p, s),
			 what, (long long)min, (long long)max);
}

static int find_variable(const struct rule_parser *p, struct span name)
{
	for (unsigned i = 0; i < p->rule.variables; i++) {
		if (span_is(name, p->variables[i]))
			return (int)i;
	}
	return -1;
}

static bool is_name(struct span s)
{
	if (s.len == 0 || s.len > 63 || s.at[0] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!span_word(s.at[i]))
			return false;
	}
	return true;
}

static bool unknown_variable(struct rule_parser *p, struct span s)
{
	/* The mistake was told where the variable should have come from. */
	if (p->variable_broken)
		return false;
	return rule_fail(p, s,
			 rule_nearest(p, s, p->variables, p->rule.variables,
				      "write a number, or extract the variable before, as in "
				      "byte_extract:1,0,name;"),
			 "no variable %s before this", rule_quote(p, s));
}

/* What the payload gave is not known yet where a number of a transaction is read. */
static bool is_there(struct rule_parser *p, struct span s, int variable)
{
	bool reads = p->keyword == KW_BYTE_TEST || p->keyword == KW_BYTE_JUMP ||
		     p->keyword == KW_BYTE_MATH || p->keyword == KW_BYTE_EXTRACT;

	if (!reads || buffer_row(p->buffer)->kind != BUFFER_KIND_TX)
		return true;
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct rule_option *o = &p->options[i];
		int result = o->kind == OPTION_BYTE_EXTRACT ? o->byte_extract.result
			     : o->kind == OPTION_BYTE_MATH  ? o->byte_math.result
							    : -1;

		if (result == variable && o->use == 0)
			return rule_fail(p, s, "extract it in the same buffer",
					 "the variable %s is read in the payload, and not known in "
					 "'%s'",
					 rule_quote(p, s), buffer_row(p->buffer)->name);
	}
	return true;
}

bool rule_value(struct rule_parser *p, struct span s, const char *what, int64_t min, int64_t max,
		struct value *out)
{
	int variable;

	*out = (struct value){ .variable = -1 };
	variable = find_variable(p, s);
	if (variable >= 0) {
		out->variable = (int16_t)variable;
		return is_there(p, s, variable);
	}
	if (is_name(s) && !span_digit(s.at[0]))
		return unknown_variable(p, s);
	return rule_signed(p, s, what, min, max, &out->number);
}

int rule_variable(struct rule_parser *p, struct span name)
{
	int found = find_variable(p, name);
	uint64_t number;

	if (found >= 0)
		return found;
	if (!is_name(name) || span_u64(name, &number)) {
		rule_fail(p, name.len ? name : p->option_span,
			  "write a name of at most 63 letters, digits, '_', '-' and '.'",
			  "expected the name of a variable, found %s", rule_quote(p, name));
		return -1;
	}
	if (p->rule.variables == VARIABLES_MAX) {
		rule_fail(p, name, "use a variable again", "more than %d variables in a rule",
			  VARIABLES_MAX);
		return -1;
	}
	if (p->rule.variables == p->variable_room) {
		unsigned room = p->variable_room ? p->variable_room * 2 : 16;
		const char **v = realloc(p->variables, room * sizeof(*v));

		if (!v)
			return -1;
		p->variables = v;
		p->variable_room = room;
	}
	p->variables[p->rule.variables] = rule_string(p, name);
	return (int)p->rule.variables++;
}

/* Decimal or 0x hexadecimal, perhaps with kb, mb or gb after it. */
static bool read_sized(struct span s, uint64_t *out)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = {
		{ "kib", 1024 }, { "mib", 1024 * 1024 }, { "gib", 1024 * 1024 * 1024 },
		{ "kb", 1024 },	 { "mb", 1024 * 1024 },	 { "gb", 1024 * 1024 * 1024 },
	};

	if (span_starts(s, "0x"))
		return span_hex(span_from(s, 2), out);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].unit);

		if (s.len > len && span_is_nocase(span_from(s, s.len - len), units[i].unit))
			return span_u64(span_trim(span_head(s, s.len - len)), out) &&
			       !__builtin_mul_overflow(*out, units[i].factor, out);
	}
	return span_u64(s, out);
}

static bool bad_compare(struct rule_parser *p, struct span s, uint64_t max)
{
	return rule_fail(p, s,
			 rule_say(p,
				  "write n, !n, <n, >n, <=n, >=n or a<>b with numbers up to %llu",
				  (unsigned long long)max),
			 "expected a comparison for '%s', found %s", rule_keyword(p),
			 rule_quote(p, s));
}

/* Where "<>" or '-' stands in s, and how long it is; s.len where there is none. */
static size_t find_range(struct span s, size_t *len)
{
	for (size_t i = 1; i < s.len; i++) {
		*len = s.at[i] == '-' ? 1 : 2;
		if (s.at[i] == '-' || (s.at[i] == '<' && i + 1 < s.len && s.at[i + 1] == '>'))
			return i;
	}
	return s.len;
}

/* a<>b and a-b: both ends are left out. */
static bool read_range(struct rule_parser *p, struct span s, size_t at, size_t len, uint64_t max,
		       bool negated, struct int_match *out)
{
	uint64_t low, high;

	if (!read_sized(span_trim(span_head(s, at)), &low) ||
	    !read_sized(span_trim(span_from(s, at + len)), &high) || low > max || high > max)
		return bad_compare(p, s, max);
	if ((high < low || high - low < 2) && p->lax_range) {
		rule_warn(p, s, "leave at least one number between the two: both ends are excluded",
			  "the rule never matches: range %s holds no number", rule_quote(p, s));
		*out = (struct int_match){ COMPARE_RANGE, 1, 0 };
		return true;
	}
	if (high < low || high - low < 2)
		return rule_fail(
			p, s,
			"write the lower number first, and leave at least one number between "
			"the two: both ends are excluded",
			"range %s holds no number", rule_quote(p, s));
	*out = (struct int_match){ negated ? COMPARE_NOT_RANGE : COMPARE_RANGE, low + 1, high - 1 };
	return true;
}

/* mask=n or mask!=n, what stands after the '&' */
static bool read_masked(struct rule_parser *p, struct span s, uint64_t max, struct int_match *out)
{
	size_t equals = span_find(s, '=');
	bool negated = equals > 0 && equals < s.len && s.at[equals - 1] == '!';
	uint64_t mask, value;

	if (equals == s.len || !read_sized(span_trim(span_head(s, equals - negated)), &mask) ||
	    !read_sized(span_trim(span_from(s, equals + 1)), &value) || mask > max)
		return rule_fail(p, s,
				 "write a mask and what must remain, as in &0x0f=3 or &0x0f!=3",
				 "expected mask=n or mask!=n after '&', found %s",
				 rule_quote(p, s));
	if (value & ~mask)
		return rule_fail(p, s, "let the mask have all bits of the number",
				 "no number for '%s' leaves that under its mask: %s",
				 rule_keyword(p), rule_quote(p, s));
	*out = (struct int_match){ negated ? COMPARE_MASK_NE : COMPARE_MASK_EQ, value, mask };
	return true;
}

bool rule_compare(struct rule_parser *p, struct span s, uint64_t max, struct int_match *out)
{
	static const struct {
		const char *text;
		enum compare_op op;
	} ops[] = {
		{ "<=", COMPARE_LE }, { ">=", COMPARE_GE }, { "!=", COMPARE_NE },
		{ "<", COMPARE_LT },  { ">", COMPARE_GT },  { "!", COMPARE_NE },
		{ "=", COMPARE_EQ },
	};
	struct span whole = s;
	size_t range, len = 0;
	uint64_t n;

	if (s.len > 0 && s.at[0] == '&')
		return read_masked(p, span_from(s, 1), max, out);
	out->op = COMPARE_EQ;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (span_starts(s, ops[i].text)) {
			out->op = ops[i].op;
			s = span_trim(span_from(s, strlen(ops[i].text)));
			break;
		}
	}
	range = find_range(s, &len);
	if (range < s.len) {
		if (s.at != whole.at && (out->op != COMPARE_NE || whole.at[1] == '='))
			return bad_compare(p, whole, max);
		return read_range(p, s, range, len, max, out->op == COMPARE_NE, out);
	}
	if (!read_sized(s, &n))
		return bad_compare(p, whole, max);
	if (n > max)
		return rule_fail(p, s,
				 rule_say(p, "write a number from 0 to %llu",
					  (unsigned long long)max),
				 "%s is out of range for %s, %llu to %llu", rule_quote(p, s),
				 rule_keyword(p), 0ull, (unsigned long long)max);
	if ((out->op == COMPARE_LT && n == 0) || (out->op == COMPARE_GT && n == max))
		return rule_fail(p, whole, "write a comparison that some number fulfils",
				 "no number for '%s' is %s", rule_keyword(p), rule_quote(p, whole));
	out->low = out->high = n;
	return true;
}

/* The set of rules */

static size_t sid_slot(const struct rule_set *s, uint32_t gid, uint32_t sid)
{
	uint64_t h = ((uint64_t)gid << 32 | sid) * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(h >> 32) & (s->by_sid_room - 1);

	while (s->by_sid[at] && (s->by_sid[at]->sid != sid || s->by_sid[at]->gid != gid))
		at = (at + 1) & (s->by_sid_room - 1);
	return at;
}

/* Keep the table at most half full. */
static bool grow_sids(struct rule_set *s)
{
	unsigned room = s->by_sid_room ? s->by_sid_room * 2 : 1024;
	struct rule **old = s->by_sid;
	unsigned old_room = s->by_sid_room;

	if ((s->loaded + 1) * 2 <= s->by_sid_room)
		return true;
	s->by_sid = arena_alloc(&s->arena, room * sizeof(*s->by_sid));
	if (!s->by_sid) {
		s->by_sid = old;
		return false;
	}
	s->by_sid_room = room;
	for (unsigned i = 0; i < old_room; i++) {
		if (old[i])
			s->by_sid[sid_slot(s, old[i]->gid, old[i]->sid)] = old[i];
	}
	return true;
}

static void unlink_rule(struct rule_set *s, struct rule *r)
{
	*(r->prev ? &r->prev->next : &s->first) = r->next;
	*(r->next ? &r->next->prev : &s->last) = r->prev;
	s->loaded--;
}

static void link_rule(struct rule_set *s, struct rule *r)
{
	r->prev = s->last;
	if (s->last)
		s->last->next = r;
	else
		s->first = r;
	s->last = r;
	s->loaded++;
}

/* A rule of the same gid and sid gives way to a higher rev, and stays otherwise. */
static bool settle_duplicate(struct rule_parser *p, struct rule *old)
{
	const struct rule *r = &p->rule;

	if (old->rev >= r->rev)
		return rule_fail(p, p->sid_span,
				 "give this rule a sid of its own, or a higher rev if it replaces "
				 "the other",
				 "sid %u, rev %u stands already in %s:%u", r->sid, old->rev,
				 old->place.file, old->place.line);
	rule_warn(p, p->sid_span, "remove the older rule",
		  "sid %u, rev %u replaces rev %u in %s:%u", r->sid, r->rev, old->rev,
		  old->place.file, old->place.line);
	return true;
}

static void *keep_array(struct arena *a, const void *data, size_t count, size_t size)
{
	return count ? arena_copy(a, data, count * size) : NULL;
}

/* The lines of the rule as strings; places of options and buffers point at them. */
static void keep_lines(struct rule_parser *p, struct rule *r)
{
	const char *first = NULL;
	unsigned j = 0;

	for (unsigned i = 0; i < p->segment_count; i++) {
		const struct rule_segment *s = &p->segments[i];
		const char *line;

		if (s->len == strlen(r->text) && memcmp(s->text, r->text, s->len) == 0)
			line = r->text;
		else
			line = rule_string(p, span_of(s->text, s->len));
		if (i == 0)
			first = line;
		for (; j < r->options && r->option[j].place.line == s->line; j++)
			r->option[j].place.text = line;
		for (unsigned k = 0; k < r->uses; k++) {
			if (r->use[k].place.line == s->line)
				r->use[k].place.text = line;
		}
	}
	r->place.text = first;
}

static void keep_rule(struct rule_parser *p)
{
	struct rule *r, *old;
	size_t slot;

	if (!grow_sids(p->set))
		return;
	slot = sid_slot(p->set, p->rule.gid, p->rule.sid);
	old = p->set->by_sid[slot];
	if (old && !settle_duplicate(p, old)) {
		p->set->failed++;
		return;
	}
	r = arena_copy(&p->set->arena, &p->rule, sizeof(p->rule));
	if (!r)
		return;
	r->options = p->option_count;
	r->option = keep_array(&p->set->arena, p->options, r->options, sizeof(*r->option));
	r->uses = p->use_count;
	r->use = keep_array(&p->set->arena, p->uses, r->uses, sizeof(*r->use));
	r->reference =
		keep_array(&p->set->notes, p->references, r->references, sizeof(*r->reference));
	r->metadata =
		keep_array(&p->set->notes, p->metadata, r->metadata_count, sizeof(*r->metadata));
	r->variable = keep_array(&p->set->arena, p->variables, r->variables, sizeof(*r->variable));
	r->text = rule_string(p, span_trim(p->text));
	keep_lines(p, r);
	if (old)
		unlink_rule(p->set, old);
	p->set->by_sid[slot] = r;
	link_rule(p->set, r);
}

static void begin_rule(struct rule_parser *p)
{
	p->rule = (struct rule){
		.place = rule_place(p, span_trim(p->text)),
		.gid = 1,
		.priority = DEFAULT_PRIORITY,
		.hook = -1,
		.msg = "",
		.class_text = "",
	};
	p->rule.place.len = 0;
	p->option_count = 0;
	p->option_span = p->name = span_of(p->text.at, 0);
	memset(p->seen, 0, sizeof(p->seen));
	p->errors = 0;
	p->fix = NULL;
	p->unbuilt = p->content_broken = p->variable_broken = p->has_match = false;
	p->priority_explicit = false;
	p->class_priority = -1;
	p->last_content = -1;
	p->last_keyword = KW__COUNT;
	p->buffer = BUFFER_PAYLOAD;
	p->use_count = p->use = 0;
	rule_use(p, BUFFER_PAYLOAD);
	p->buffer_span = p->payload_span = span_of(NULL, 0);
	p->flow_bits = 0;
	p->use_fresh = false;
	p->directions = BUFFER_TO_SERVER | BUFFER_TO_CLIENT;
	p->one_way = 0;
	p->direction_span = p->ambiguous_span = p->app_span = p->tx_packet_span = p->state_span =
		span_of(NULL, 0);
	p->proto_span = p->sid_span = p->dsize_span = p->flow_span = span_of(p->text.at, 0);
	p->packet_span = span_of(NULL, 0);
}

static void note_setters(struct rule_parser *p, bool failed);

static bool has_zero(struct rule_parser *p)
{
	const char *zero = memchr(p->text.at, '\0', p->text.len);

	if (!zero)
		return false;
	rule_fail(p, span_of(zero, 1), "write |00| for it in a content", "a zero byte in the rule");
	return true;
}

/* The rule whose joined lines are in p->text. */
static void parse_rule(struct rule_parser *p)
{
	struct span rest = p->text;

	begin_rule(p);
	if (!rule_required(p)) {
		p->set->skipped++;
		return;
	}
	if (!has_zero(p) && rule_header(p, &rest))
		rule_options(p, rest);
	if (p->errors == 0) {
		if (p->class_priority >= 0 && !p->priority_explicit)
			p->rule.priority = (uint32_t)p->class_priority;
		rule_check(p);
	}
	if (p->errors == 0) {
		keep_rule(p);
		return;
	}
	p->set->failed++;
	if (p->opt && p->opt->lint)
		note_setters(p, true);
}

/* Lines */

static bool add_segment(struct rule_parser *p, size_t start, uint32_t line, struct span whole)
{
	if (p->segment_count == p->segment_room) {
		unsigned room = p->segment_room ? p->segment_room * 2 : 16;
		struct rule_segment *s = realloc(p->segments, room * sizeof(*s));

		if (!s)
			return false;
		p->segments = s;
		p->segment_room = room;
	}
	p->segments[p->segment_count++] = (struct rule_segment){
		.start = start, .line = line, .text = whole.at, .len = whole.len
	};
	return true;
}

static bool append(struct rule_parser *p, size_t *len, struct span s)
{
	if (*len + s.len >= p->joined_room) {
		size_t room = (*len + s.len + 256) * 2;
		char *joined = realloc(p->joined, room);

		if (!joined)
			return false;
		p->joined = joined;
		p->joined_room = room;
	}
	memcpy(p->joined + *len, s.at, s.len);
	*len += s.len;
	return true;
}

/* The part of a line before the '\' that continues it; the whole line where it has none. */
static bool continues(struct span line, struct span *part)
{
	struct span s = span_trim(line);

	*part = line;
	if (s.len == 0 || s.at[s.len - 1] != '\\')
		return false;
	*part = span_of(line.at, (size_t)(span_end(s) - 1 - line.at));
	return true;
}

/* What begins with this line, joined with the lines that continue it; false: nothing stands there. */
static bool read_lines(struct rule_parser *p, struct text_lines *lines, struct span line)
{
	struct span part;
	size_t len = 0;
	bool more = continues(line, &part);

	p->segment_count = 0;
	if (!add_segment(p, 0, lines->line, line))
		return false;
	if (!more) {
		p->text = part;
		return true;
	}
	if (!append(p, &len, part))
		return false;
	while (more && text_next_line(lines, &line)) {
		more = continues(line, &part);
		if (!add_segment(p, len, lines->line, line) || !append(p, &len, part))
			return false;
	}
	p->text = span_of(p->joined, len);
	return span_trim(p->text).len > 0;
}

static bool read_comment(struct rule_parser *p, uint32_t number, struct span line)
{
	p->segment_count = 0;
	p->text = line;
	return add_segment(p, 0, number, line);
}

int rule_each_line(struct rule_set *s, const char *name, const char *text, size_t len,
		   const struct rule_parse_options *opt, struct diag_list *diags, bool commented,
		   void (*each)(struct rule_parser *p, void *ctx), void *ctx)
{
	struct rule_parser *p = calloc(1, sizeof(*p));
	struct text_lines lines = text_lines_of(span_of(text, len));
	struct span line;

	if (!p)
		return -ENOMEM;
	p->set = s;
	p->opt = opt;
	p->diags = diags;
	p->file = arena_string(&s->arena, name, strlen(name));
	while (text_next_line(&lines, &line)) {
		struct span trimmed = span_trim(line);

		if (trimmed.len == 0 || (trimmed.at[0] == '#' && !commented))
			continue;
		/* A comment goes on in no other line. */
		if (trimmed.at[0] == '#' ? read_comment(p, lines.line, line)
					 : read_lines(p, &lines, line))
			each(p, ctx);
	}
	free(p->segments);
	free(p->joined);
	free(p->options);
	free(p->spans);
	free(p->uses);
	free(p->references);
	free(p->metadata);
	free(p->variables);
	free(p);
	return 0;
}

/* The line as the files that enable, disable and modify have it; false: it is no rule that is to be loaded. */
static bool select_line(struct rule_parser *p)
{
	struct span text;

	if (!rule_select_line(p->opt->select, p->file, p->text, &text))
		return false;
	if (text.at == p->text.at)
		return true;
	/* What was changed stands on no line of the file as it is: it is shown as a whole, at the first. */
	p->text = text;
	p->segments[0].start = 0;
	p->segments[0].text = text.at;
	p->segments[0].len = text.len;
	p->segment_count = 1;
	return true;
}

/* The number behind "sid:" of a text that may be anything. */
static uint32_t find_sid(struct span s)
{
	const char *at = memmem(s.at, s.len, "sid:", 4);
	struct span digits = at ? span_from(s, (size_t)(at - s.at) + 4) : span_of(NULL, 0);
	uint64_t n = 0;

	if (!at)
		return 0;
	digits = span_trim(span_head(digits, span_find(digits, ';')));
	return span_u64(digits, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* What a rule that is not loaded would set. */
static void note_setters(struct rule_parser *p, bool failed)
{
	static const char *const forms[] = { "flowbits:set,", "flowbits: set,",
					     "flowbits:toggle," };

	for (unsigned i = 0; i < 3; i++) {
		struct span rest = p->text;
		const char *at;

		while (rest.len && (at = memmem(rest.at, rest.len, forms[i], strlen(forms[i])))) {
			struct disabled_setter *d = arena_alloc(&p->set->arena, sizeof(*d));

			if (!d)
				return;
			rest = span_from(rest, (size_t)(at - rest.at) + strlen(forms[i]));
			*d = (struct disabled_setter){
				.name = rule_bytes(p, span_trim(span_head(rest,
									  span_find(rest, ';')))),
				.sid = find_sid(p->text),
				.line = p->segments[0].line,
				.file = p->file,
				.failed = failed,
				.next = p->set->disabled,
			};
			p->set->disabled = d;
		}
	}
}

static void parse_line(struct rule_parser *p, void *ctx)
{
	struct span text = span_trim(p->text);

	(void)ctx;
	if (p->opt && p->opt->lint && text.len && text.at[0] == '#')
		note_setters(p, false);
	if (text.len && text.at[0] == '#' && !p->opt->select)
		return;
	if (!p->opt || !p->opt->select || select_line(p))
		parse_rule(p);
}

int rule_set_text(struct rule_set *s, const char *name, const char *text, size_t len,
		  const struct rule_parse_options *opt, struct diag_list *diags)
{
	s->files++;
	return rule_each_line(s, name, text, len, opt, diags, opt && (opt->select || opt->lint),
			      parse_line, NULL);
}

int rule_set_file(struct rule_set *s, const char *path, const struct rule_parse_options *opt,
		  struct diag_list *diags)
{
	char *text;
	size_t len;
	int err = text_read(path, &text, &len, diags);

	if (err)
		return err;
	err = rule_set_text(s, path, text, len, opt, diags);
	free(text);
	return err;
}

void rule_set_init(struct rule_set *s)
{
	*s = (struct rule_set){ .first = NULL };
	arena_init(&s->arena);
	arena_init(&s->notes);
}

void rule_set_fini(struct rule_set *s)
{
	if (!s)
		return;
	arena_fini(&s->arena);
	arena_fini(&s->notes);
	*s = (struct rule_set){ .first = NULL };
}

void rule_set_forget_notes(struct rule_set *s)
{
	for (struct rule *r = s->first; r; r = r->next) {
		r->references = r->metadata_count = 0;
		r->reference = NULL;
		r->metadata = NULL;
	}
	arena_fini(&s->notes);
}
