/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir explain: one rule against a capture.  The capture goes through the stages and the detector as in
 * `weir run`, with one worker; the detector shows each try of the rule, and of each flow the one
 * that tells most is kept.
 */
#include "engine/cli/explain.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capture/capture.h"
#include "engine/cli/command.h"
#include "engine/cli/pick.h"
#include "engine/cli/trial.h"
#include "engine/detect/threshold.h"
#include "engine/run/pipeline.h"
#include "engine/run/run.h"
#include "engine/stream/session.h"

const char help_explain[] =
	"usage: weir explain --sid N RULES... CAPTURE [options]\n"
	"\n"
	"Tells why a rule did, or did not, alert on a capture: for each flow that its header admits,\n"
	"each condition in order: held and where, failed and how near it was, or not evaluable\n"
	"because of one that failed.  All of RULES are loaded, as the rule may need what others do.\n"
	"\n"
	"  --sid N             the rule\n"
	"  --gid N             where several rules have the sid (default: the first)\n"
	"  --flow ID           only this flow: EVE's flow_id\n"
	"  --packet N          read no further than packet N\n"
	"  --all               every flow; without it the ten that came nearest\n"
	"  --json              one JSON object a line: the rule, each flow, a summary\n"
	"  -k none|all|auto    which checksums must be right, as for 'weir run'\n"
	"  -c FILE             a configuration\n"
	"  --set KEY=VALUE     one key of the configuration; may be repeated\n"
	"\n"
	"examples:\n"
	"  weir explain --sid 1000001 local.rules capture.pcap\n"
	"  weir explain --sid 1000001 --json local.rules capture.pcap | jq .\n"
	"\n"
	"exit codes: 0 explained, whether it alerted or not; 1 failed, 2 wrong usage, 3 no such rule, or\n"
	"it does not load, or mistakes in the configuration\n";

enum {
	ASK_FLOW = 256,
	ASK_PACKET,
	ASK_ALL,
	ASK_JSON,
};

static const struct option options[] = {
	PICK_OPTIONS,
	{ "flow", required_argument, NULL, ASK_FLOW },
	{ "packet", required_argument, NULL, ASK_PACKET },
	{ "all", no_argument, NULL, ASK_ALL },
	{ "json", no_argument, NULL, ASK_JSON },
	{ NULL, 0, NULL, 0 },
};

struct request {
	struct settings_args args;
	const char *capture;
	struct rule_ask rule;
	bool all, json;
	uint64_t flow, packet; /* 0: not asked */
};

struct explaining {
	const struct request *ask;
	const struct settings *settings;
	const struct ruleset *rules;
	struct explain_report report;
	struct explainer *x;
	struct capture *capture;
	struct trial trial;
	size_t flow_room;
	size_t *by_index; /* flow's index in its table -> 1 + index among the notes; 0: none */
	size_t index_room;
	size_t no_flow; /* 1 + index of the note of packets without a flow */
	struct attempt now; /* the current packet's most telling try */
	bool has_now;
	bool no_memory;
};

/* --- the command line --------------------------------------------------------------------------- */

static int take(struct request *ask, int option, const char *value)
{
	switch (option) {
	case ASK_FLOW:
		return pick_number(&ask->rule, "--flow", value, &ask->flow);
	case ASK_PACKET:
		return pick_number(&ask->rule, "--packet", value, &ask->packet);
	case ASK_ALL:
		ask->all = true;
		return 0;
	case ASK_JSON:
		ask->json = true;
		return 0;
	default:
		return pick_take(&ask->rule, &ask->args, option, value);
	}
}

static int parse(int argc, char **argv, struct request *ask)
{
	int option, err = 0;

	/* One reader of one capture: all of the pools are its own.  --set may say otherwise. */
	if (!text_list_add(&ask->args.sets, "workers=1"))
		return EXIT_FAILED;
	ask->args.rule_texts = true;
	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, PICK_LETTERS, options, NULL)) != -1) {
		if (option == ':' || option == '?')
			err = usage_option("explain", option, argv, options);
		else
			err = take(ask, option, optarg);
	}
	if (err)
		return err;
	ask->capture = argv[argc - 1];
	return pick_files(&ask->rule, &ask->args, argc, argv);
}

/* --- tries ------------------------------------------------------------------------------------------- */

static int rank(const struct attempt *a)
{
	if (!a->what)
		return 0;
	if (a->alerted)
		return 5;
	if (a->what->held)
		return 4;
	return 1 + a->what->has_bytes + (a->what->has_bytes && !a->what->stale);
}

int attempt_compare(const struct attempt *a, const struct attempt *b)
{
	int ranks = rank(b) - rank(a);

	if (ranks || !a->what)
		return ranks;
	if (a->what->held_count != b->what->held_count)
		return a->what->held_count > b->what->held_count ? -1 : 1;
	if (a->what->weight != b->what->weight)
		return a->what->weight > b->what->weight ? -1 : 1;
	return 0;
}

static void attempt_fini(struct attempt *a)
{
	free(a->what);
	free(a->spans);
	*a = (struct attempt){ .what = NULL };
}

static void on_try(void *ctx, struct eval *e)
{
	struct explaining *c = ctx;
	size_t size = explanation_size(c->x);
	struct attempt a = { .direction = e->p->direction, .packet = e->p->number };
	const struct explanation *what;

	if (explain_header(c->x, e->p) != EVAL_ADMITTED)
		return;
	what = explain(c->x, e);
	a.what = (struct explanation *)what;
	if (c->has_now && attempt_compare(&c->now, &a) <= 0)
		return;
	a.what = malloc(size);
	if (!a.what) {
		c->no_memory = true;
		return;
	}
	memcpy(a.what, what, size);
	attempt_fini(&c->now);
	c->now = a;
	c->has_now = true;
}

/* --- flows --------------------------------------------------------------------------------------------- */

static struct flow_note *new_note(struct explaining *c)
{
	struct explain_report *r = &c->report;
	struct flow_note *n = calloc(1, sizeof(*n));

	if (r->flow_count == c->flow_room) {
		size_t room = c->flow_room ? c->flow_room * 2 : 64;
		struct flow_note **more = realloc(r->flows, room * sizeof(*more));

		if (more) {
			r->flows = more;
			c->flow_room = room;
		}
	}
	if (!n || r->flow_count == c->flow_room) {
		free(n);
		c->no_memory = true;
		return NULL;
	}
	r->flows[r->flow_count++] = n;
	return n;
}

static struct flow_note *note_without_flow(struct explaining *c)
{
	struct flow_note *n;

	if (c->no_flow)
		return c->report.flows[c->no_flow - 1];
	n = new_note(c);
	if (n)
		c->no_flow = c->report.flow_count;
	return n;
}

/* Flows stand in one array, at their indexes. */
static size_t index_of(const struct explaining *c, const struct flow *f)
{
	return (size_t)(f - flow_at(c->trial.pipeline->flows, 0));
}

static bool index_room(struct explaining *c, size_t index)
{
	size_t room = c->index_room ? c->index_room : 1024;
	size_t *more;

	if (index < c->index_room)
		return true;
	while (room <= index)
		room *= 2;
	more = realloc(c->by_index, room * sizeof(*more));
	if (!more) {
		c->no_memory = true;
		return false;
	}
	memset(more + c->index_room, 0, (room - c->index_room) * sizeof(*more));
	c->by_index = more;
	c->index_room = room;
	return true;
}

static struct flow_note *note_of(struct explaining *c, const struct packet *p)
{
	const struct flow *f = p->flow;
	struct flow_note *n;
	size_t index;

	if (!f)
		return note_without_flow(c);
	index = index_of(c, f);
	if (!index_room(c, index))
		return NULL;
	if (c->by_index[index])
		return c->report.flows[c->by_index[index] - 1];
	n = new_note(c);
	if (!n)
		return NULL;
	n->number = f->number;
	n->id = flow_id(c->trial.pipeline->flows, f);
	n->client = f->client;
	n->server = f->server;
	n->client_port = f->client_port;
	n->server_port = f->server_port;
	n->proto = f->proto;
	n->ip_version = f->ip_version;
	c->by_index[index] = c->report.flow_count;
	return n;
}

/* Remember which packet brought which bytes of the stream. */
static void note_segment(struct explaining *c, struct flow_note *n, const struct packet *p)
{
	struct segment_list *l = &n->segments[p->direction & 1];
	const struct session *ssn;

	if (!p->flow || !p->flow->tcp || !p->payload.len || p->pseudo)
		return;
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct segment_note *more = realloc(l->list, room * sizeof(*more));

		if (!more) {
			c->no_memory = true;
			return;
		}
		l->list = more;
		l->room = room;
	}
	ssn = session_look(c->trial.pipeline->streams, p->flow);
	l->list[l->count++] = (struct segment_note){
		.offset = (uint32_t)(p->tcp.seq - ssn->side[p->direction & 1].isn - 1),
		.packet = p->number,
		.len = (uint32_t)p->payload.len,
	};
}

static uint64_t packet_with(const struct segment_list *l, uint64_t offset)
{
	for (size_t i = 0; i < l->count; i++) {
		if (offset >= l->list[i].offset && offset - l->list[i].offset < l->list[i].len)
			return l->list[i].packet;
	}
	return 0;
}

static struct packet_span span_of(const struct flow_note *n, const struct attempt *a, uint64_t from,
				  uint64_t len)
{
	const struct segment_list *l = &n->segments[a->direction & 1];

	if (!a->what->in_stream)
		return (struct packet_span){ a->packet, a->packet };
	return (struct packet_span){ packet_with(l, from),
				     packet_with(l, from + (len ? len - 1 : 0)) };
}

/* The flow is over: what its best try saw is traced back to packets. */
static void finish_note(struct explaining *c, struct flow_note *n)
{
	struct attempt *a = &n->best;

	if (a->what && !a->spans) {
		a->spans = calloc(a->what->count + 1, sizeof(*a->spans));
		c->no_memory |= !a->spans;
		if (a->what->has_bytes)
			a->data = span_of(n, a, a->what->origin, a->what->bytes);
	}
	for (unsigned i = 0; a->spans && i < a->what->count; i++) {
		const struct explain_cond *k = &a->what->cond[i];

		if (k->located)
			a->spans[i] = span_of(n, a, k->from, k->len);
	}
	for (unsigned i = 0; i < 2; i++) {
		free(n->segments[i].list);
		n->segments[i] = (struct segment_list){ .count = 0 };
	}
}

/* --- thresholds -------------------------------------------------------------------------------------------- */

static struct threshold_match match_of(const struct explaining *c, const struct packet *p)
{
	struct rule_info info;

	ruleset_rule(c->rules, c->report.rule, &info);
	return (struct threshold_match){ .gid = info.gid,
					 .sid = info.sid,
					 .threshold = info.threshold,
					 .src = p->src,
					 .dst = p->dst,
					 .ip_version = p->ip_version,
					 .flow = p->flow ? p->flow->number : 0,
					 .time_ns = p->time_ns };
}

static void tell_threshold(struct attempt *a, const struct threshold *t, uint32_t count)
{
	char *out = a->threshold_detail;
	size_t size = sizeof(a->threshold_detail);

	switch (t->type) {
	case THRESHOLD_LIMIT:
	case THRESHOLD_BOTH:
		if (count > t->count) {
			snprintf(out, size, "match %u in %u s: those after %u are silent", count,
				 t->seconds, t->count);
			break;
		}
		/* fallthrough */
	case THRESHOLD_THRESHOLD:
		snprintf(out, size, "%u of %u matches in %u s", count, t->count, t->seconds);
		break;
	case THRESHOLD_DETECTION_FILTER:
		snprintf(out, size, "%u of the %u matches in %u s that it takes", count,
			 t->count + 1, t->seconds);
		break;
	default:
		snprintf(out, size, "match %u is between two that show", count);
		break;
	}
}

/* Whether this packet's match alerts; the attempt is told why not. */
static bool passes_threshold(struct explaining *c, const struct packet *p,
			     const struct alert *alert)
{
	struct threshold_match m = match_of(c, p);
	bool shows = alert != NULL;

	/* Where it decides an action, the detector has counted already. */
	if (alert && (alert->flags & ALERT_THRESHOLD))
		shows = threshold_check(c->trial.thresholds, &m);
	c->now.threshold_held = shows;
	if (!shows)
		tell_threshold(&c->now, &m.threshold, threshold_count(c->trial.thresholds, &m));
	return shows;
}

/* --- packets ------------------------------------------------------------------------------------------------- */

static const struct alert *own_alert(const struct explaining *c, const struct detect_result *res)
{
	for (unsigned i = 0; i < res->alerts; i++) {
		if (res->alert[i].rule == c->report.rule)
			return &res->alert[i];
	}
	return NULL;
}

/* It held, and there is no alert. */
static const char *why_silent(const struct explaining *c, const struct detect_result *res)
{
	const struct rule_row *row = &c->rules->row[c->report.rule];

	if (row->action == ACTION_PASS)
		return "it is a pass rule: it matched, and what matches it raises no alert";
	if (row->flags & ROW_NOALERT)
		return "the rule says noalert: it matched without an alert";
	if (res->verdict == ACTION_PASS)
		return "a pass rule matched before it";
	return "the same bytes were matched before";
}

static void conclude(struct explaining *c, struct flow_note *n, const struct packet *p,
		     const struct detect_result *res)
{
	const struct alert *alert = own_alert(c, res);
	bool threshold = c->rules->row[c->report.rule].flags & ROW_THRESHOLD;
	bool alerted = alert;

	if (c->has_now) {
		c->now.packet = p->number;
		c->now.has_threshold = threshold;
		if (threshold && c->now.what->held)
			alerted = passes_threshold(c, p, alert);
		c->now.alerted = alerted;
		if (c->now.what->held && !alerted && !(threshold && !c->now.threshold_held))
			c->now.note = why_silent(c, res);
	}
	if (alerted) {
		if (n->alerts < EXPLAIN_ALERTS_KEPT)
			n->alert[n->alerts] = p->number;
		n->alerts++;
	}
	if (!c->has_now)
		return;
	/* Of matches that a threshold counts, the last stands for all. */
	if (!n->best.what || attempt_compare(&c->now, &n->best) < 0 ||
	    (threshold && c->now.what->held && !n->best.alerted)) {
		attempt_fini(&n->best);
		n->best = c->now;
		c->now = (struct attempt){ .what = NULL };
	}
	attempt_fini(&c->now);
	c->has_now = false;
}

static void on_packet(void *ctx, struct packet *p)
{
	struct explaining *c = ctx;
	struct flow_note *n = note_of(c, p);
	struct detect_result res;
	enum eval_refusal refused = explain_header(c->x, p);

	if (!n) {
		trial_told_packet(&c->trial, p);
		return;
	}
	if (!p->pseudo) {
		n->packets++;
		if (refused == EVAL_ADMITTED)
			n->admitted++;
		else if (refused > n->refused)
			n->refused = (uint8_t)refused;
		note_segment(c, n, p);
	}
	if (p->flow && (p->flow->flags & (FLOW_DROPPED | FLOW_PASSED)) && !n->decided_at)
		n->decided_at = p->number;
	if (p->released && !n->released_at[p->direction & 1])
		n->released_at[p->direction & 1] = p->number;
	detect_packet(c->trial.detector, p, &res);
	conclude(c, n, p, &res);
	trial_told_packet(&c->trial, p);
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct explaining *c = ctx;
	size_t i = index_of(c, f);

	(void)reason;
	if (i < c->index_room && c->by_index[i]) {
		finish_note(c, c->report.flows[c->by_index[i] - 1]);
		c->by_index[i] = 0;
	}
	detect_flow_end(c->trial.detector, f);
	trial_told_end(&c->trial, f);
}

/* --- the capture ------------------------------------------------------------------------------------------------ */

static void walk_block(struct explaining *c, const struct capture_block *block)
{
	for (unsigned i = 0; i < block->count; i++) {
		const struct frame *f = &block->frames[i];

		if (c->ask->packet && f->number > c->ask->packet)
			return;
		trial_frame(&c->trial, f);
		c->report.packets++;
	}
}

static int walk_capture(struct explaining *c)
{
	const struct capture_block *block;

	while (!c->no_memory && capture_next_block(c->capture, 0, &block) == 1) {
		walk_block(c, block);
		if (c->ask->packet && block->first_number + block->count > c->ask->packet)
			break;
	}
	trial_end(&c->trial);
	if (c->no_flow)
		finish_note(c, c->report.flows[c->no_flow - 1]);
	for (unsigned i = 0; i < capture_error_count(c->capture); i++)
		fprintf(stderr, "weir explain: %s\n", capture_error(c->capture, i));
	if (!c->no_memory)
		return EXIT_DONE;
	fprintf(stderr, "weir explain: no memory\n");
	return EXIT_FAILED;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir explain: %s: %s\n", what, strerror(-err));
	return EXIT_FAILED;
}

static int open_engine(struct explaining *c)
{
	struct pipeline_hooks hooks = { .packet = on_packet, .flow_end = on_flow_end, .ctx = c };
	const char *failed;
	int err = trial_init(&c->trial, c->settings, c->rules, &hooks, &failed);

	if (err)
		return fail(failed, err);
	err = explainer_new(c->rules, c->report.rule, &c->x);
	if (err)
		return fail("the rule", err);
	detector_watch(c->trial.detector, c->report.rule, on_try, c);
	c->report.x = c->x;
	return EXIT_DONE;
}

static int open_capture(struct explaining *c)
{
	char error[CAPTURE_ERROR_BYTES] = "";
	struct capture_options opt = { .inputs = c->ask->args.captures.text,
				       .input_count = 1,
				       .readers = 1 };

	if (!capture_open(&opt, &c->capture, error))
		return EXIT_DONE;
	fprintf(stderr, "weir explain: %s\n", error);
	return EXIT_FAILED;
}

static void explaining_fini(struct explaining *c)
{
	for (size_t i = 0; i < c->report.flow_count; i++) {
		struct flow_note *n = c->report.flows[i];

		free(n->segments[0].list);
		free(n->segments[1].list);
		attempt_fini(&n->best);
		free(n);
	}
	free(c->report.flows);
	free(c->by_index);
	attempt_fini(&c->now);
	explainer_free(c->x);
	trial_fini(&c->trial);
	capture_close(c->capture);
}

static int explain_rule(const struct request *ask, const struct settings *s,
			const struct ruleset *rules, uint32_t rule)
{
	struct explaining c = { .ask = ask, .settings = s, .rules = rules };
	int code;

	c.report = (struct explain_report){ .rules = rules,
					    .rule = rule,
					    .capture_name = ask->capture,
					    .wanted_flow = ask->flow,
					    .all = ask->all || ask->flow };
	code = open_capture(&c);
	if (!code)
		code = open_engine(&c);
	if (!code)
		code = walk_capture(&c);
	if (!code && ask->json)
		explain_print_json(&c.report, stdout);
	else if (!code)
		explain_print_text(&c.report, stdout);
	explaining_fini(&c);
	return code;
}

/* --- the rule ----------------------------------------------------------------------------------------------------- */

static int explain_with(const struct request *ask, const struct settings *s,
			struct diag_list *diags)
{
	struct run_rules rules;
	uint32_t rule;
	int code = pick_rule(&ask->rule, s, diags, &rules, &rule);

	if (!code)
		code = explain_rule(ask, s, rules.compiled, rule);
	run_rules_fini(&rules);
	return code;
}

static int explain_request(const struct request *ask)
{
	struct settings *s = NULL;
	struct diag_list diags;
	int code;

	diag_list_init(&diags);
	if (settings_load(&ask->args, &diags, &s)) {
		code = fail("configuration", -ENOMEM);
	} else if (diags.errors) {
		settings_print_diags(&diags, stderr);
		code = EXIT_RULES;
	} else {
		code = explain_with(ask, s, &diags);
	}
	settings_free(s);
	diag_list_fini(&diags);
	return code;
}

int command_explain(int argc, char **argv)
{
	struct request ask = { .rule = { .command = "explain" } };
	int code = parse(argc, argv, &ask);

	if (!code)
		code = explain_request(&ask);
	text_list_fini(&ask.args.rules);
	text_list_fini(&ask.args.captures);
	text_list_fini(&ask.args.sets);
	return code;
}
