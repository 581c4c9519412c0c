/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct range {
	size_t from, to;
	uint64_t value;
};

struct explainer {
	struct tracer tracer; /* first: callbacks get its address */
	const struct ruleset *rs;
	const struct rule_row *row;
	const struct cond *first; /* the row's conditions, in the order of evaluation */
	unsigned count;
	unsigned *place; /* of a condition (by evaluation) in the text */
	char **text; /* by place */
	char *threshold;

	struct eval *e;
	bool *skip; /* by evaluation */
	struct range *path; /* what has held on the way that is being tried, by evaluation */
	struct explain_cond *deepest; /* states when the evaluator got furthest, by evaluation */
	int deepest_failed; /* by evaluation; -1: nothing failed */
	struct explanation *out;
};

/* --- the rule's text --------------------------------------------------------------------------- */

/* The next option of a rule's text, from *at on; without blanks around it.  false: there is none. */
static bool next_option(const char **at, const char **start, size_t *len)
{
	const char *p = *at;
	bool quoted = false;

	while (isspace((unsigned char)*p))
		p++;
	*start = p;
	for (; *p && (quoted || *p != ';'); p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
	}
	if (!*p)
		return false;
	*len = (size_t)(p - *start);
	while (*len && isspace((unsigned char)(*start)[*len - 1]))
		(*len)--;
	*at = p + 1;
	return true;
}

static bool is_keyword(const char *option, size_t len, const char *const *names)
{
	size_t n = 0;

	while (n < len && option[n] != ':' && !isspace((unsigned char)option[n]))
		n++;
	for (; *names; names++) {
		if (strlen(*names) == n && strncmp(*names, option, n) == 0)
			return true;
	}
	return false;
}

/* What stands after a content and says more of it. */
static const char *const modifiers[] = { "nocase",	 "depth",    "offset",	   "distance",
					 "within",	 "rawbytes", "startswith", "endswith",
					 "fast_pattern", "replace",  NULL };
static const char *const thresholds[] = { "threshold", "detection_filter", NULL };

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a_len && isspace((unsigned char)a[i]))
			i++;
		while (k < b_len && isspace((unsigned char)b[k]))
			k++;
		if (i == a_len || k == b_len)
			return i == a_len && k == b_len;
		if (a[i++] != b[k++])
			return false;
	}
}

static char *append_option(char *text, const char *option, size_t len)
{
	size_t had = strlen(text);
	char *longer = realloc(text, had + len + 3);

	if (!longer)
		return text;
	memcpy(longer + had, "; ", 2);
	memcpy(longer + had + 2, option, len);
	longer[had + 2 + len] = '\0';
	return longer;
}

/* A condition's own text, and after a content its modifiers. */
static void find_texts(struct explainer *x, const char *rule)
{
	const char *at = strchr(rule, '('), *option;
	unsigned next = 0;
	char *content = NULL;
	size_t len;

	if (!at)
		return;
	for (at++; next_option(&at, &option, &len);) {
		if (is_keyword(option, len, thresholds) && !x->threshold)
			x->threshold = strndup(option, len);
		if (content && is_keyword(option, len, modifiers)) {
			content = x->text[next - 1] = append_option(content, option, len);
			continue;
		}
		content = NULL;
		if (next == x->count ||
		    !same_text(option, len, x->text[next], strlen(x->text[next])))
			continue;
		if (strncmp(option, "content", 7) == 0)
			content = x->text[next];
		next++;
	}
}

static int find_conditions(struct explainer *x, const struct rule_cold *cold)
{
	const struct block_header *b = x->rs->block;

	for (unsigned i = 0; i < x->count; i++) {
		const char *text = block_text(b, x->first[i].text);
		unsigned before = 0;

		for (unsigned k = 0; k < x->count; k++)
			before += x->first[k].option < x->first[i].option ||
				  (k < i && x->first[k].option == x->first[i].option);
		x->place[i] = before;
		x->text[before] = strdup(text ? text : "condition");
		if (!x->text[before])
			return -ENOMEM;
	}
	find_texts(x, cold->text ? block_text(b, cold->text) : "");
	return 0;
}

/* --- tracing ------------------------------------------------------------------------------------- */

static unsigned index_of(const struct explainer *x, const struct cond *c)
{
	return (unsigned)(c - x->first);
}

static bool is_payload(const struct explainer *x, unsigned i)
{
	unsigned before = (unsigned)x->row->packet_conds + x->row->state_conds;

	return i >= before && i < before + x->row->payload_conds;
}

static struct explain_met met(const struct explainer *x, unsigned i)
{
	return (struct explain_met){ .e = x->e,
				     .c = &x->first[i],
				     .from = x->path[i].from,
				     .to = x->path[i].to,
				     .value = x->path[i].value };
}

static void tell_held(struct explainer *x, unsigned i)
{
	struct explain_met m = met(x, i);

	x->deepest[i].state = EXPLAIN_HELD;
	explain_held(&m, &x->deepest[i]);
}

static void on_held(struct tracer *t, const struct cond *c, size_t from, size_t to)
{
	struct explainer *x = (struct explainer *)t;
	unsigned i = index_of(x, c);

	x->path[i] = (struct range){ from, to, t->value };
	/* Another buffer's bytes are looked at by the time that all is told. */
	if (x->e->tx && is_payload(x, i))
		tell_held(x, i);
}

/*
 * Of the bytes the evaluator tries one occurrence after another; the way that got furthest is the one
 * to tell about, and of several the first.  Conditions of the packet come in order, each once.
 */
static void on_failed(struct tracer *t, const struct cond *c, size_t from, size_t to)
{
	struct explainer *x = (struct explainer *)t;
	unsigned i = index_of(x, c);
	struct explain_met m;

	if ((int)i <= x->deepest_failed)
		return;
	x->deepest_failed = (int)i;
	x->path[i] = (struct range){ from, to, t->value };
	for (unsigned k = 0; k < i && !x->e->tx; k++) {
		if (is_payload(x, k) && !x->skip[k])
			tell_held(x, k);
	}
	m = met(x, i);
	x->deepest[i].state = EXPLAIN_FAILED;
	x->deepest[i].detail[0] = '\0';
	x->deepest[i].located = false;
	x->deepest[i].near = EXPLAIN_FAR;
	explain_failed(&m, &x->deepest[i]);
}

static bool on_skips(struct tracer *t, const struct cond *c)
{
	const struct explainer *x = (const struct explainer *)t;

	return x->skip[index_of(x, c)];
}

/* --- what depends on what --------------------------------------------------------------------------- */

/* It leaves a place that relative conditions count from. */
static bool moves(const struct cond *c)
{
	switch (c->kind) {
	case COND_CONTENT:
	case COND_PCRE:
		return !(c->flags & COND_NEGATED);
	case COND_BYTE_JUMP:
	case COND_BYTE_EXTRACT:
	case COND_BYTE_MATH:
		return true;
	default:
		return false;
	}
}

static int defines(const struct cond *c)
{
	switch (c->kind) {
	case COND_BYTE_EXTRACT:
		return c->jump.result;
	case COND_BYTE_MATH:
		return c->math.result;
	default:
		return -1;
	}
}

static bool uses(const struct cond *c, int variable)
{
	switch (c->kind) {
	case COND_CONTENT:
		return c->content.offset_var == variable || c->content.depth_var == variable ||
		       c->content.distance_var == variable || c->content.within_var == variable;
	case COND_BYTE_TEST:
		return c->test.count.variable == variable || c->test.offset.variable == variable ||
		       c->test.operand_var == variable;
	case COND_BYTE_JUMP:
	case COND_BYTE_EXTRACT:
		return c->jump.count.variable == variable || c->jump.offset.variable == variable ||
		       c->jump.post.variable == variable;
	case COND_BYTE_MATH:
		return c->math.count.variable == variable || c->math.offset.variable == variable ||
		       c->math.operand_var == variable;
	case COND_ISDATAAT:
		return c->at.offset.variable == variable;
	default:
		return false;
	}
}

/* A condition before i that i needs and that is out; -1: none. */
static int broken_need(const struct explainer *x, unsigned i)
{
	const struct cond *c = &x->first[i];
	bool anchored = !(c->flags & COND_RELATIVE);

	for (unsigned k = i; k-- > 0 && is_payload(x, k);) {
		const struct cond *before = &x->first[k];

		/* In another buffer it counts from the beginning. */
		anchored |= before->use != c->use || before->kind == COND_BASE64_DATA;

		if (!anchored && moves(before)) {
			anchored = true;
			if (x->skip[k])
				return (int)k;
		}
		if (x->skip[k] && defines(before) >= 0 && uses(c, defines(before)))
			return (int)k;
	}
	return -1;
}

/* Leave out what failed, and all that needs it. */
static void leave_out(struct explainer *x, unsigned failed)
{
	x->skip[failed] = true;
	for (unsigned i = failed + 1; i < x->count; i++) {
		int need = x->skip[i] ? -1 : broken_need(x, i);
		const struct explain_cond *root;

		if (need < 0)
			continue;
		root = &x->deepest[need];
		x->skip[i] = true;
		x->deepest[i].state = EXPLAIN_NOT_EVALUABLE;
		x->deepest[i].because = root->state == EXPLAIN_NOT_EVALUABLE
						? root->because
						: (uint16_t)x->place[need];
	}
}

/* --- one try ----------------------------------------------------------------------------------------- */

static void begin(struct explainer *x, struct eval *e)
{
	x->e = e;
	e->tracer = &x->tracer;
	memset(x->skip, 0, x->count * sizeof(*x->skip));
	memset(x->path, 0, x->count * sizeof(*x->path));
	for (unsigned i = 0; i < x->count; i++)
		x->deepest[i] = (struct explain_cond){ .cond = &x->first[i] };
}

static void packet_conditions(struct explainer *x)
{
	unsigned n = (unsigned)x->row->packet_conds + x->row->state_conds;

	for (unsigned i = 0; i < n; i++)
		x->deepest[i].state = EXPLAIN_HELD;
	x->deepest_failed = -1;
	eval_trace_packet(x->e, x->row);
	for (unsigned i = 0; i < n; i++) {
		if (x->deepest[i].state == EXPLAIN_HELD)
			tell_held(x, i);
	}
}

static void keep_path(struct explainer *x)
{
	for (unsigned i = 0; i < x->count && !x->e->tx; i++) {
		if (is_payload(x, i) && !x->skip[i])
			tell_held(x, i);
	}
}

static void shared_conditions(struct explainer *x)
{
	unsigned first = x->count - x->row->shared_conds;

	for (unsigned i = first; i < x->count; i++)
		x->deepest[i].state = EXPLAIN_HELD;
	x->deepest_failed = -1;
	eval_trace_shared(x->e, x->row);
	for (unsigned i = first; i < x->count; i++) {
		if (x->deepest[i].state == EXPLAIN_HELD)
			tell_held(x, i);
	}
}

/* The rule was not tried for want of bytes: its first condition on them failed, the rest hangs on it. */
static void no_bytes(struct explainer *x)
{
	unsigned first = (unsigned)x->row->packet_conds + x->row->state_conds;

	for (unsigned i = first; i < first + x->row->payload_conds; i++) {
		x->skip[i] = true;
		x->deepest[i].state = i == first ? EXPLAIN_FAILED : EXPLAIN_NOT_EVALUABLE;
		x->deepest[i].because = (uint16_t)x->place[first];
	}
	strcpy(x->deepest[first].detail, "there are no bytes to look at");
}

static bool bytes_hold(struct explainer *x)
{
	uint64_t held = 0;

	if (x->row->kind == RULE_FRAME)
		return x->e->frame && eval_trace_frame(x->e, x->row);
	if (x->row->kind == RULE_TX)
		return x->e->tx && eval_trace_tx(x->e, x->row, &held) == TX_HOLDS;
	return eval_trace_bytes(x->e, x->row);
}

/* Evaluate again and again, each time without what has failed, until the rest holds. */
static void payload_conditions(struct explainer *x)
{
	bool whole;

	x->deepest_failed = -1;
	whole = bytes_hold(x);
	if (!whole && x->e->fresh) {
		x->e->fresh = 0;
		x->deepest_failed = -1;
		whole = bytes_hold(x);
		x->out->stale = whole;
	}
	while (!whole) {
		if (x->deepest_failed < 0) {
			/* Not a condition, but the limit on work. */
			for (unsigned i = 0; i < x->count && x->deepest_failed < 0; i++) {
				if (is_payload(x, i) && !x->skip[i])
					x->deepest_failed = (int)i;
			}
			if (x->deepest_failed < 0)
				return;
			x->deepest[x->deepest_failed].state = EXPLAIN_FAILED;
			strcpy(x->deepest[x->deepest_failed].detail,
			       "given up: too many occurrences were tried");
		}
		leave_out(x, (unsigned)x->deepest_failed);
		x->deepest_failed = -1;
		whole = bytes_hold(x);
	}
	keep_path(x);
}

/* What a condition says of an attempt when it holds: the bytes say more than the direction. */
static unsigned weight_of(const struct explainer *x, unsigned i)
{
	const struct cond *c = &x->first[i];

	if (c->kind == COND_FLOW)
		return 1;
	if (!is_payload(x, i) || (c->flags & COND_NEGATED))
		return 2;
	return 4;
}

static const struct explanation *finish(struct explainer *x)
{
	struct explanation *out = x->out;
	unsigned near = 0;

	out->count = x->count;
	out->held_count = out->failed_count = out->weight = 0;
	for (unsigned i = 0; i < x->count; i++) {
		struct explain_cond *c = &out->cond[x->place[i]];

		*c = x->deepest[i];
		if (c->state == EXPLAIN_HELD) {
			out->held_count++;
			out->weight += 4 * weight_of(x, i);
		} else if (c->state == EXPLAIN_FAILED) {
			out->failed_count++;
			near = c->near > near ? c->near : near;
		}
	}
	out->weight += near;
	out->held = out->held_count == out->count && !out->stale;
	return out;
}

const struct explanation *explain(struct explainer *x, struct eval *e)
{
	begin(x, e);
	x->out->stale = false;
	x->out->in_stream = e->in_stream && e->data.len;
	x->out->origin = e->data.len ? e->origin : 0;
	x->out->bytes = e->data.len;
	x->out->has_bytes = e->data.len > 0 || e->tx;
	packet_conditions(x);
	if (x->row->payload_conds) {
		if (e->data.len || (x->row->flags & ROW_NO_PAYLOAD) || e->tx)
			payload_conditions(x);
		else
			no_bytes(x);
	}
	if (x->row->shared_conds)
		shared_conditions(x);
	return finish(x);
}

enum eval_refusal explain_header(const struct explainer *x, const struct packet *p)
{
	struct eval e = { .rs = x->rs, .p = p, .f = p->flow, .proto = eval_proto(p) };
	const uint32_t versions = NEED_V4 | NEED_V6 | NEED_L4;
	uint32_t have = eval_facts(p, p->flow);

	if ((x->row->need & versions) & ~have)
		return EVAL_REFUSED_PROTO;
	return eval_trace_refusal(&e, x->row);
}

/* --- making ------------------------------------------------------------------------------------------- */

int explainer_new(const struct ruleset *rs, uint32_t rule, struct explainer **out)
{
	struct explainer *x = calloc(1, sizeof(*x));
	const struct rule_cold *cold = block_at(rs->block, rs->block->cold.offset);
	int err = -ENOMEM;

	*out = NULL;
	if (!x)
		return err;
	x->tracer = (struct tracer){ .held = on_held, .failed = on_failed, .skips = on_skips };
	x->rs = rs;
	x->row = &rs->row[rule];
	x->first = rs->cond + x->row->conds;
	x->count = (unsigned)x->row->packet_conds + x->row->state_conds + x->row->payload_conds +
		   x->row->shared_conds;
	x->place = calloc(x->count + 1, sizeof(*x->place));
	x->text = calloc(x->count + 1, sizeof(*x->text));
	x->skip = calloc(x->count + 1, sizeof(*x->skip));
	x->path = calloc(x->count + 1, sizeof(*x->path));
	x->deepest = calloc(x->count + 1, sizeof(*x->deepest));
	x->out = calloc(1, explanation_size(x));
	if (!x->place || !x->text || !x->skip || !x->path || !x->deepest || !x->out)
		goto fail;
	err = find_conditions(x, &cold[rule]);
	if (err)
		goto fail;
	*out = x;
	return 0;
fail:
	explainer_free(x);
	return err;
}

void explainer_free(struct explainer *x)
{
	if (!x)
		return;
	for (unsigned i = 0; x->text && i < x->count; i++)
		free(x->text[i]);
	free(x->place);
	free(x->text);
	free(x->threshold);
	free(x->skip);
	free(x->path);
	free(x->deepest);
	free(x->out);
	free(x);
}

unsigned explainer_conditions(const struct explainer *x)
{
	return x->count;
}

const char *explainer_text(const struct explainer *x, unsigned index)
{
	return x->text[index];
}

const char *explainer_threshold(const struct explainer *x)
{
	return x->threshold;
}

size_t explanation_size(const struct explainer *x)
{
	return sizeof(struct explanation) + x->count * sizeof(struct explain_cond);
}
