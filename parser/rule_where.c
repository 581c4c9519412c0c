/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_where.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "parser/rule_words.h"
#include "parser/span.h"

/* Expressions in parentheses within each other, and terms of one expression. */
#define DEPTH_MAX 64
#define NODES_MAX 4096

/* --- what a rule has -------------------------------------------------------------------------------- */

typedef bool (*each_fn)(const struct rule *r, rule_word_fn fn, void *ctx);

static bool word(const char *text, rule_word_fn fn, void *ctx)
{
	return text && text[0] && fn(ctx, bytes_of(text, strlen(text)));
}

static bool each_action(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(rule_action_name(r->action), fn, ctx);
}

static bool each_protocol(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(rule_proto_name(r), fn, ctx);
}

static bool each_msg(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(r->msg, fn, ctx);
}

static bool each_classtype(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(r->class_name, fn, ctx);
}

static bool each_file(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(r->place.file, fn, ctx);
}

static bool each_text(const struct rule *r, rule_word_fn fn, void *ctx)
{
	return word(r->text, fn, ctx);
}

static uint64_t number_sid(const struct rule *r)
{
	return r->sid;
}

static uint64_t number_gid(const struct rule *r)
{
	return r->gid;
}

static uint64_t number_rev(const struct rule *r)
{
	return r->rev;
}

static uint64_t number_priority(const struct rule *r)
{
	return r->priority;
}

static uint64_t number_line(const struct rule *r)
{
	return r->place.line;
}

static const struct field {
	const char *name;
	uint64_t (*number)(const struct rule *r); /* NULL: it has words */
	each_fn each;
} fields[] = {
	{ "sid", number_sid, NULL },
	{ "gid", number_gid, NULL },
	{ "rev", number_rev, NULL },
	{ "priority", number_priority, NULL },
	{ "line", number_line, NULL },
	{ "action", NULL, each_action },
	{ "protocol", NULL, each_protocol },
	{ "msg", NULL, each_msg },
	{ "classtype", NULL, each_classtype },
	{ "keyword", NULL, rule_each_keyword },
	{ "buffer", NULL, rule_each_buffer },
	{ "flowbit", NULL, rule_each_flowbit },
	{ "metadata", NULL, rule_each_metadata },
	{ "reference", NULL, rule_each_reference },
	{ "file", NULL, each_file },
	{ "text", NULL, each_text },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* --- the expression ----------------------------------------------------------------------------------- */

enum node_kind { NODE_OR, NODE_AND, NODE_NOT, NODE_HAS, NODE_COMPARE, NODE_LIKE };

struct node {
	enum node_kind kind;
	const struct node *a, *b;
	const struct field *field;
	enum compare_op op; /* of COMPARE; of LIKE: EQ or NE */
	uint64_t number;
	struct bytes text;
	regex_t regex;
	struct node *made_before;
	bool has_regex;
};

struct rule_where {
	struct arena arena;
	struct node *made; /* the last of all */
	const struct node *root;
	unsigned nodes;
};

struct reader {
	struct rule_where *where;
	struct diag_list *diags;
	const char *name;
	struct span whole, rest;
	unsigned depth;
	bool failed;
};

/* The first mistake is told, at what stands there. */
static const struct node *wrong(struct reader *rd, struct span at, const char *remedy,
				const char *expected)
{
	struct place place = { .file = rd->name,
			       .line = 1,
			       .column = (uint32_t)(at.at - rd->whole.at) + 1,
			       .len = (uint32_t)at.len,
			       .text = rd->whole.at };

	if (rd->failed)
		return NULL;
	rd->failed = true;
	if (at.len)
		diag_add(rd->diags, DIAG_ERROR, &place, remedy,
			 "expected %s in the expression, found '%.*s'", expected, (int)at.len,
			 at.at);
	else
		diag_add(rd->diags, DIAG_ERROR, &place, remedy,
			 "expected %s at the end of the expression", expected);
	return NULL;
}

static struct node *make(struct reader *rd, enum node_kind kind)
{
	struct node *n = NULL;

	if (rd->where->nodes++ < NODES_MAX)
		n = arena_alloc(&rd->where->arena, sizeof(*n));
	if (!n) {
		wrong(rd, span_head(rd->rest, 1), "ask in several steps", "fewer conditions");
		return NULL;
	}
	*n = (struct node){ .kind = kind, .made_before = rd->where->made };
	rd->where->made = n;
	return n;
}

static bool is_operator(char c)
{
	return c == '=' || c == '!' || c == '<' || c == '>' || c == '~';
}

/* What stands next, and is not taken: a word, an operator, a parenthesis, a quoted text with its quotes. */
static struct span peek(struct reader *rd)
{
	struct span s = span_trim(rd->rest);
	size_t n = 0;

	rd->rest = s;
	if (!s.len)
		return span_of(span_end(rd->whole), 0);
	if (s.at[0] == '"' || s.at[0] == '\'') {
		for (n = 1; n < s.len && s.at[n] != s.at[0]; n++)
			n += s.at[n] == '\\' && n + 1 < s.len;
		return span_head(s, n + 1);
	}
	if (s.at[0] == '(' || s.at[0] == ')')
		return span_head(s, 1);
	if (is_operator(s.at[0])) {
		while (n < s.len && is_operator(s.at[n]))
			n++;
		return span_head(s, n);
	}
	while (n < s.len && !span_blank(s.at[n]) && !is_operator(s.at[n]) && s.at[n] != '(' &&
	       s.at[n] != ')')
		n++;
	return span_head(s, n);
}

static void take(struct reader *rd, struct span token)
{
	rd->rest = span_from(rd->rest, (size_t)(span_end(token) - rd->rest.at));
}

static bool take_word(struct reader *rd, const char *text)
{
	struct span token = peek(rd);

	if (!span_is_nocase(token, text))
		return false;
	take(rd, token);
	return true;
}

/* Without its quotes and what they need. */
static struct bytes value_of(struct reader *rd, struct span token)
{
	char *out = arena_alloc(&rd->where->arena, token.len + 1);
	size_t len = 0;
	bool quoted = token.len > 1 && (token.at[0] == '"' || token.at[0] == '\'');
	struct span s = quoted ? span_of(token.at + 1, token.len - 2) : token;

	if (!out)
		return bytes_of(NULL, 0);
	for (size_t i = 0; i < s.len; i++) {
		if (quoted && s.at[i] == '\\' && i + 1 < s.len &&
		    (s.at[i + 1] == token.at[0] || s.at[i + 1] == '\\'))
			i++;
		out[len++] = s.at[i];
	}
	out[len] = '\0';
	return bytes_of(out, len);
}

static const struct {
	const char *text;
	enum compare_op op;
	bool like;
} operators[] = {
	{ "==", COMPARE_EQ, false }, { "=", COMPARE_EQ, false },  { "!=", COMPARE_NE, false },
	{ "<", COMPARE_LT, false },  { "<=", COMPARE_LE, false }, { ">", COMPARE_GT, false },
	{ ">=", COMPARE_GE, false }, { "~", COMPARE_EQ, true },	  { "!~", COMPARE_NE, true },
};
#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

static const struct node *read_value(struct reader *rd, struct node *n, size_t op)
{
	struct span token = peek(rd);

	if (!token.len || token.at[0] == '(' || token.at[0] == ')' || is_operator(token.at[0]))
		return wrong(rd, token, "write a value; in quotes where it has blanks", "a value");
	if ((token.at[0] == '"' || token.at[0] == '\'') &&
	    (token.len < 2 || token.at[token.len - 1] != token.at[0]))
		return wrong(rd, token, "close the quotes", "a value in quotes");
	take(rd, token);
	n->op = operators[op].op;
	n->text = value_of(rd, token);
	if (!n->text.data)
		return NULL;
	if (operators[op].like) {
		n->kind = NODE_LIKE;
		n->has_regex = regcomp(&n->regex, (const char *)n->text.data,
				       REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0;
		if (!n->has_regex)
			return wrong(rd, token, "see regex(7)", "a regular expression");
		return n;
	}
	n->kind = NODE_COMPARE;
	if (n->field->number &&
	    !span_u64(span_of((const char *)n->text.data, n->text.len), &n->number))
		return wrong(rd, token, "write a number", "a number");
	return n;
}

static const struct node *read_field(struct reader *rd)
{
	const char *names[FIELDS];
	char text[32];
	struct span token = peek(rd);
	const struct field *field = NULL;
	const char *near;
	struct node *n;
	size_t op;

	for (size_t i = 0; i < FIELDS; i++) {
		names[i] = fields[i].name;
		if (span_is_nocase(token, names[i]))
			field = &fields[i];
	}
	if (!field) {
		snprintf(text, sizeof(text), "%.*s", (int)token.len, token.at);
		near = token.len ? diag_nearest(text, names, FIELDS) : NULL;
		snprintf(text, sizeof(text), "did you mean '%s'?", near ? near : "");
		return wrong(
			rd, token,
			near ? text
			     : "fields: sid, gid, rev, priority, action, protocol, msg, "
			       "classtype, keyword, buffer, flowbit, metadata, reference, file, "
			       "line, text",
			"a field");
	}
	take(rd, token);
	n = make(rd, NODE_HAS);
	if (!n)
		return NULL;
	n->field = field;
	token = peek(rd);
	if (!token.len || !is_operator(token.at[0]))
		return n;
	for (op = 0; op < OPERATORS && !span_is(token, operators[op].text); op++)
		;
	if (op == OPERATORS)
		return wrong(rd, token, "operators: == != < <= > >= ~ !~", "an operator");
	if (!field->number && !operators[op].like && operators[op].op != COMPARE_EQ &&
	    operators[op].op != COMPARE_NE)
		return wrong(rd, token, "write == != ~ or !~", "an operator for text");
	take(rd, token);
	return read_value(rd, n, op);
}

static const struct node *read_which(struct reader *rd);

static const struct node *read_factor(struct reader *rd)
{
	const struct node *inner;
	struct span token = peek(rd);
	struct node *n;

	if (rd->depth >= DEPTH_MAX)
		return wrong(rd, token, "nest less", "less depth");
	rd->depth++;
	if (take_word(rd, "not")) {
		inner = read_factor(rd);
		n = inner ? make(rd, NODE_NOT) : NULL;
		if (n)
			n->a = inner;
		inner = n;
	} else if (take_word(rd, "(")) {
		inner = read_which(rd);
		token = peek(rd);
		if (inner && !take_word(rd, ")"))
			inner = wrong(rd, token, "close the parenthesis", "and, or or ')'");
	} else {
		inner = read_field(rd);
	}
	rd->depth--;
	return inner;
}

static const struct node *join(struct reader *rd, enum node_kind kind, const char *between,
			       const struct node *(*part)(struct reader *rd))
{
	const struct node *a = part(rd);

	while (a && take_word(rd, between)) {
		const struct node *b = part(rd);
		struct node *n = b ? make(rd, kind) : NULL;

		if (!n)
			return NULL;
		n->a = a;
		n->b = b;
		a = n;
	}
	return a;
}

static const struct node *read_term(struct reader *rd)
{
	return join(rd, NODE_AND, "and", read_factor);
}

static const struct node *read_which(struct reader *rd)
{
	return join(rd, NODE_OR, "or", read_term);
}

struct rule_where *rule_where_parse(const char *name, const char *text, struct diag_list *diags)
{
	struct rule_where *w = calloc(1, sizeof(*w));
	struct reader rd = {
		.where = w, .diags = diags, .name = name, .whole = span_of(text, strlen(text))
	};
	struct span token;

	if (!w)
		return NULL;
	arena_init(&w->arena);
	rd.rest = rd.whole;
	w->root = read_which(&rd);
	token = peek(&rd);
	if (w->root && token.len) {
		wrong(&rd, token, "join conditions with and, or", "and, or or the end");
		w->root = NULL;
	}
	if (w->root)
		return w;
	rule_where_free(w);
	return NULL;
}

void rule_where_free(struct rule_where *w)
{
	if (!w)
		return;
	for (struct node *n = w->made; n; n = n->made_before) {
		if (n->has_regex)
			regfree(&n->regex);
	}
	arena_fini(&w->arena);
	free(w);
}

/* --- does it hold ------------------------------------------------------------------------------------- */

static bool any_word(void *ctx, struct bytes text)
{
	(void)ctx;
	(void)text;
	return true;
}

static bool same_word(void *ctx, struct bytes text)
{
	const struct node *n = ctx;

	return text.len == n->text.len && memcmp(text.data, n->text.data, text.len) == 0;
}

static bool like_word(void *ctx, struct bytes text)
{
	const struct node *n = ctx;
	char copy[4096];

	if (text.len >= sizeof(copy))
		text.len = sizeof(copy) - 1;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return regexec(&n->regex, copy, 0, NULL, 0) == 0;
}

static bool compares(enum compare_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case COMPARE_NE:
		return a != b;
	case COMPARE_LT:
		return a < b;
	case COMPARE_LE:
		return a <= b;
	case COMPARE_GT:
		return a > b;
	case COMPARE_GE:
		return a >= b;
	default:
		return a == b;
	}
}

static bool like_number(const struct node *n, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return like_word((void *)n, bytes_of(text, strlen(text)));
}

static bool field_holds(const struct node *n, const struct rule *r)
{
	const struct field *f = n->field;
	void *ctx = (void *)n;

	if (n->kind == NODE_HAS)
		return f->number ? f->number(r) != 0 : f->each(r, any_word, NULL);
	if (n->kind == NODE_LIKE)
		return (f->number ? like_number(n, f->number(r)) : f->each(r, like_word, ctx)) ==
		       (n->op == COMPARE_EQ);
	if (f->number)
		return compares(n->op, f->number(r), n->number);
	return f->each(r, same_word, ctx) == (n->op == COMPARE_EQ);
}

static bool holds(const struct node *n, const struct rule *r)
{
	/* A chain of "or" or "and" leans to the left, and is not deep otherwise. */
	switch (n->kind) {
	case NODE_OR:
		return holds(n->a, r) || holds(n->b, r);
	case NODE_AND:
		return holds(n->a, r) && holds(n->b, r);
	case NODE_NOT:
		return !holds(n->a, r);
	default:
		return field_holds(n, r);
	}
}

bool rule_where_holds(const struct rule_where *w, const struct rule *r)
{
	return holds(w->root, r);
}
