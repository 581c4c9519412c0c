/* SPDX-License-Identifier: Apache-2.0 */
/* What `weir explain` found out, for people and for programs. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/cli/explain.h"

/* Widest column of conditions; what is longer has its detail on the next line. */
#define TEXT_COLUMN_MAX 44

enum color { PLAIN, BOLD, GREEN, RED, YELLOW, DIM };

struct printer {
	const struct explain_report *r;
	FILE *out;
	bool color;
};

static const char *paint(const struct printer *p, enum color c)
{
	static const char *const codes[] = { "\033[0m",	 "\033[1m",  "\033[32m",
					     "\033[31m", "\033[33m", "\033[2m" };

	return p->color ? codes[c] : "";
}

static const char *many(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const struct rule_cold *cold_of(const struct explain_report *r)
{
	const struct block_header *b = r->rules->block;

	return (const struct rule_cold *)block_at(b, b->cold.offset) + r->rule;
}

static const char *text_of(const struct explain_report *r, uint32_t offset)
{
	return offset ? block_text(r->rules->block, offset) : "";
}

/* What comes from a rule file goes to the terminal without its control bytes. */
static void safe_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
}

/* --- which flows --------------------------------------------------------------------------------------- */

static int note_order(const void *a, const void *b)
{
	const struct flow_note *x = *(struct flow_note *const *)a;
	const struct flow_note *y = *(struct flow_note *const *)b;
	int better = attempt_compare(&x->best, &y->best);

	if (better)
		return better;
	return (x->number > y->number) - (x->number < y->number);
}

/* Flows to show, the nearest first; malloc'ed.  *hidden: how many more the header admits. */
static struct flow_note **choose(const struct explain_report *r, size_t *count, size_t *hidden)
{
	struct flow_note **list = malloc((r->flow_count + 1) * sizeof(*list));
	size_t n = 0;

	*count = *hidden = 0;
	if (!list)
		return NULL;
	for (size_t i = 0; i < r->flow_count; i++) {
		struct flow_note *f = r->flows[i];

		if (r->wanted_flow ? f->id == r->wanted_flow : f->admitted > 0)
			list[n++] = f;
	}
	if (n)
		qsort(list, n, sizeof(*list), note_order);
	*count = !r->all && n > EXPLAIN_FLOWS_SHOWN ? EXPLAIN_FLOWS_SHOWN : n;
	*hidden = n - *count;
	return list;
}

struct tally {
	uint64_t flows, admitted, alerts;
	uint64_t refused[EVAL_REFUSAL__COUNT]; /* flows, by why */
	uint64_t loose, loose_admitted; /* packets without a flow */
};

static struct tally tally_of(const struct explain_report *r)
{
	struct tally t = { .flows = 0 };

	for (size_t i = 0; i < r->flow_count; i++) {
		const struct flow_note *f = r->flows[i];

		t.alerts += f->alerts;
		if (!f->id) {
			t.loose = f->packets;
			t.loose_admitted = f->admitted;
			continue;
		}
		t.flows++;
		if (f->admitted)
			t.admitted++;
		else
			t.refused[f->refused]++;
	}
	return t;
}

static const char *const refusals[EVAL_REFUSAL__COUNT] = {
	[EVAL_ADMITTED] = "no packet of their own",
	[EVAL_REFUSED_PROTO] = "another protocol",
	[EVAL_REFUSED_SRC] = "another source address",
	[EVAL_REFUSED_SPORT] = "another source port",
	[EVAL_REFUSED_DST] = "another destination address",
	[EVAL_REFUSED_DPORT] = "another destination port",
};

static const char *proto_name(unsigned proto, char out[16])
{
	switch (proto) {
	case IP_PROTO_TCP:
		return "TCP";
	case IP_PROTO_UDP:
		return "UDP";
	case IP_PROTO_ICMP:
		return "ICMP";
	case IP_PROTO_ICMPV6:
		return "IPv6-ICMP";
	case IP_PROTO_SCTP:
		return "SCTP";
	case IP_PROTO_ESP:
		return "ESP";
	default:
		snprintf(out, 16, "protocol %u", proto);
		return out;
	}
}

static bool has_ports(const struct flow_note *f)
{
	return f->proto == IP_PROTO_TCP || f->proto == IP_PROTO_UDP || f->proto == IP_PROTO_SCTP;
}

static const char *state_name(unsigned state)
{
	static const char *const names[] = { "held", "failed", "not-evaluable" };

	return names[state];
}

/* --- text --------------------------------------------------------------------------------------------------- */

static void print_span(FILE *out, struct packet_span s)
{
	if (!s.first)
		return;
	if (s.last && s.last != s.first)
		fprintf(out, "packets %" PRIu64 "-%" PRIu64, s.first, s.last);
	else
		fprintf(out, "packet %" PRIu64, s.first);
}

static void print_place(FILE *out, const struct explain_cond *c, struct packet_span s)
{
	if (c->len > 1)
		fprintf(out, "bytes %" PRIu64 "-%" PRIu64, c->from, c->from + c->len - 1);
	else
		fprintf(out, "byte %" PRIu64, c->from);
	if (s.first) {
		fputs(", ", out);
		print_span(out, s);
	}
}

static void print_detail(const struct printer *p, const struct attempt *a, unsigned i)
{
	const struct explain_cond *c = &a->what->cond[i];
	struct packet_span s = a->spans && c->located ? a->spans[i] : (struct packet_span){ 0, 0 };

	if (c->state == EXPLAIN_NOT_EVALUABLE) {
		fprintf(p->out, "because of %u", c->because + 1u);
	} else if (c->state == EXPLAIN_FAILED) {
		fputs(c->detail, p->out);
		if (s.first) {
			fputs(" (", p->out);
			print_span(p->out, s);
			fputc(')', p->out);
		}
	} else {
		if (c->located)
			print_place(p->out, c, s);
		if (c->located && *c->detail)
			fputs(": ", p->out);
		fputs(c->detail, p->out);
	}
}

static unsigned text_width(const struct printer *p)
{
	const char *threshold = explainer_threshold(p->r->x);
	size_t width = 0;

	for (unsigned i = 0; i <= explainer_conditions(p->r->x); i++) {
		const char *text = i < explainer_conditions(p->r->x) ? explainer_text(p->r->x, i)
				   : threshold			     ? threshold
								     : "";
		size_t len = strlen(text);

		if (len > width && len <= TEXT_COLUMN_MAX)
			width = len;
	}
	return (unsigned)(width ? width : TEXT_COLUMN_MAX);
}

/* A condition's line up to its detail. */
static void print_condition(const struct printer *p, unsigned n, unsigned state, const char *text,
			    unsigned width, bool detail)
{
	static const struct {
		enum color color;
		const char *word;
	} states[] = { { GREEN, "held" }, { RED, "FAILED" }, { YELLOW, "not evaluable" } };

	fprintf(p->out, "  %3u  %s%-13s%s  ", n, paint(p, states[state].color), states[state].word,
		paint(p, PLAIN));
	safe_text(p->out, text);
	if (!detail)
		return;
	if (strlen(text) <= width)
		fprintf(p->out, "%*s  ", (int)(width - strlen(text)), "");
	else
		fprintf(p->out, "\n%*s", 24, "");
}

static void print_conditions(const struct printer *p, const struct attempt *a)
{
	unsigned width = text_width(p), n = a->what->count, broken = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct explain_cond *c = &a->what->cond[i];

		if (c->state == EXPLAIN_FAILED && !broken)
			broken = i + 1;
		print_condition(p, i + 1, c->state, explainer_text(p->r->x, i), width,
				c->state == EXPLAIN_NOT_EVALUABLE || c->located || *c->detail);
		print_detail(p, a, i);
		fputc('\n', p->out);
	}
	if (!a->has_threshold)
		return;
	print_condition(p, n + 1,
			broken		    ? EXPLAIN_NOT_EVALUABLE
			: a->threshold_held ? EXPLAIN_HELD
					    : EXPLAIN_FAILED,
			explainer_threshold(p->r->x) ? explainer_threshold(p->r->x) : "threshold",
			width, broken || *a->threshold_detail);
	if (broken)
		fprintf(p->out, "because of %u", broken);
	fprintf(p->out, "%s\n", broken ? "" : a->threshold_detail);
}

static void print_endpoints(const struct printer *p, const struct flow_note *f)
{
	char client[IP_ADDR_TEXT], server[IP_ADDR_TEXT], proto[16];
	const char *open = f->ip_version == 6 ? "[" : "", *close = f->ip_version == 6 ? "]" : "";

	ip_addr_text(&f->client, f->ip_version, client);
	ip_addr_text(&f->server, f->ip_version, server);
	fprintf(p->out, "%s ", proto_name(f->proto, proto));
	if (has_ports(f))
		fprintf(p->out, "%s%s%s:%u -> %s%s%s:%u", open, client, close, f->client_port, open,
			server, close, f->server_port);
	else
		fprintf(p->out, "%s -> %s", client, server);
}

static void print_where(const struct printer *p, const struct flow_note *f)
{
	const struct attempt *a = &f->best;
	const struct explanation *w = a->what;
	const char *side = a->direction ? "server" : "client";

	if (w->in_stream) {
		fprintf(p->out, "the %s's stream, bytes %" PRIu64 "-%" PRIu64, side, w->origin,
			w->origin + w->bytes - 1);
		if (a->data.first) {
			fputs(" from ", p->out);
			print_span(p->out, a->data);
		}
		if (a->packet)
			fprintf(p->out, ", inspected with packet %" PRIu64, a->packet);
		else
			fputs(", inspected when the flow ended", p->out);
		return;
	}
	fprintf(p->out, "packet %" PRIu64, a->packet);
	if (f->id)
		fprintf(p->out, " (from the %s)", side);
}

static void print_alerts(const struct printer *p, const struct flow_note *f)
{
	uint64_t shown = f->alerts < EXPLAIN_ALERTS_KEPT ? f->alerts : EXPLAIN_ALERTS_KEPT;
	bool first = true;

	if (!f->alerts) {
		fprintf(p->out, "%sno alert%s", paint(p, RED), paint(p, PLAIN));
		return;
	}
	fprintf(p->out, "%salert%s", paint(p, GREEN), paint(p, PLAIN));
	for (uint64_t i = 0; i < shown; i++) {
		if (f->alert[i])
			fprintf(p->out, "%s%" PRIu64, first ? " at packet " : ", ", f->alert[i]);
		else
			fprintf(p->out, "%swhen the flow ended", first ? " " : ", ");
		first = false;
	}
	if (shown < f->alerts)
		fprintf(p->out, " and %" PRIu64 " more", f->alerts - shown);
}

static void print_flow(const struct printer *p, const struct flow_note *f)
{
	const struct attempt *a = &f->best;
	unsigned conditions;

	fprintf(p->out, "\n%s", paint(p, BOLD));
	if (f->id) {
		fprintf(p->out, "flow %" PRIu64 "  ", f->id);
		print_endpoints(p, f);
	} else {
		fputs("packets without a flow", p->out);
	}
	fprintf(p->out, "%s: ", paint(p, PLAIN));
	if (!f->admitted) {
		fprintf(p->out, "the header refuses it: %s\n", refusals[f->refused]);
		return;
	}
	print_alerts(p, f);
	if (f->decided_at)
		fprintf(p->out, "; a pass or drop rule ended inspection at packet %" PRIu64,
			f->decided_at);
	for (unsigned way = 0; way < 2; way++) {
		if (f->released_at[way])
			fprintf(p->out,
				"; nothing reached further to the %s: released from packet "
				"%" PRIu64 " on",
				way ? "client" : "server", f->released_at[way]);
	}
	fputc('\n', p->out);
	if (!a->what) {
		fputs("  the rule was never tried: there was nothing that it looks at\n", p->out);
		return;
	}
	conditions = a->what->count + a->has_threshold;
	if (conditions == 0)
		fputs("  the header is all that it asks; first admitted: ", p->out);
	else if (a->what->held_count + (a->has_threshold && a->threshold_held) == conditions)
		fprintf(p->out, "  all %u conditions held on ", conditions);
	else
		fprintf(p->out, "  nearest: %u of %u conditions held on ",
			a->what->held_count + (a->has_threshold && a->threshold_held), conditions);
	print_where(p, f);
	fputc('\n', p->out);
	if (!a->what->has_bytes && p->r->rules->row[p->r->rule].payload_conds &&
	    !(p->r->rules->row[p->r->rule].flags & ROW_NO_PAYLOAD))
		fputs("  no packet that the header admits carried any bytes\n", p->out);
	if (a->what->stale)
		fputs("  these bytes had been inspected before, when something else was missing\n",
		      p->out);
	if (a->note)
		fprintf(p->out, "  no alert: %s\n", a->note);
	fputc('\n', p->out);
	print_conditions(p, a);
}

static void print_refusals(const struct printer *p, const struct tally *t)
{
	bool first = true;

	for (unsigned i = 0; i < EVAL_REFUSAL__COUNT; i++) {
		if (!t->refused[i])
			continue;
		fprintf(p->out, "%s%" PRIu64 " ha%s %s", first ? ": " : ", ", t->refused[i],
			t->refused[i] == 1 ? "s" : "ve", refusals[i]);
		first = false;
	}
}

static void print_summary(const struct printer *p, const struct tally *t)
{
	safe_text(p->out, p->r->capture_name);
	fprintf(p->out, ": %" PRIu64 " packet%s, %" PRIu64 " flow%s", p->r->packets,
		many(p->r->packets), t->flows, many(t->flows));
	if (t->flows) {
		fprintf(p->out, "; the header admits %" PRIu64, t->admitted);
		print_refusals(p, t);
	}
	fputc('\n', p->out);
	if (t->loose)
		fprintf(p->out,
			"%" PRIu64 " packet%s belong%s to no flow; the header admits %" PRIu64 "\n",
			t->loose, many(t->loose), t->loose == 1 ? "s" : "", t->loose_admitted);
	if (t->alerts)
		fprintf(p->out, "%sit alerted %" PRIu64 " time%s%s\n", paint(p, GREEN), t->alerts,
			many(t->alerts), paint(p, PLAIN));
	else
		fprintf(p->out, "%sit did not alert%s\n", paint(p, RED), paint(p, PLAIN));
}

static void print_rule(const struct printer *p)
{
	const struct rule_cold *cold = cold_of(p->r);

	fprintf(p->out, "%srule %u", paint(p, BOLD), cold->sid);
	if (cold->gid != 1)
		fprintf(p->out, " (gid %u)", cold->gid);
	fprintf(p->out, "%s, %s:%u: ", paint(p, PLAIN), text_of(p->r, cold->file), cold->line);
	safe_text(p->out, text_of(p->r, cold->msg));
	fputs("\n  ", p->out);
	safe_text(p->out, text_of(p->r, cold->header_text));
	fputs("\n\n", p->out);
}

void explain_print_text(const struct explain_report *r, FILE *out)
{
	const char *none = getenv("NO_COLOR");
	struct printer p = { r, out, isatty(fileno(out)) && !(none && *none) };
	struct tally t = tally_of(r);
	size_t count, hidden;
	struct flow_note **list = choose(r, &count, &hidden);

	print_rule(&p);
	print_summary(&p, &t);
	for (size_t i = 0; list && i < count; i++)
		print_flow(&p, list[i]);
	if (r->wanted_flow && !count)
		fprintf(out, "\nthere is no flow %" PRIu64 " in the capture\n", r->wanted_flow);
	if (hidden)
		fprintf(out, "\n%zu more flow%s less near; --all shows %s\n", hidden,
			hidden == 1 ? " is" : "s are", hidden == 1 ? "it" : "them");
	free(list);
}

/* --- JSON ----------------------------------------------------------------------------------------------------- */

/* A key with its text; the comma stands before every key but the first. */
static void json_text(FILE *out, const char *before, const char *key, const char *text)
{
	size_t size = strlen(text) * 6 + 1;
	struct buf b = { .data = malloc(size), .size = size };

	fprintf(out, "%s\"%s\":\"", before, key);
	if (b.data) {
		buf_json(&b, text, strlen(text));
		fwrite(b.data, 1, b.len, out);
	}
	fputc('"', out);
	free(b.data);
}

static void json_span(FILE *out, const char *key, struct packet_span s)
{
	if (s.first)
		fprintf(out, ",\"%s\":[%" PRIu64 ",%" PRIu64 "]", key, s.first,
			s.last ? s.last : s.first);
}

static void json_condition(const struct explain_report *r, const struct attempt *a, unsigned i,
			   FILE *out)
{
	const struct explain_cond *c = &a->what->cond[i];

	fprintf(out, "%s{\"n\":%u", i ? "," : "", i + 1);
	json_text(out, ",", "text", explainer_text(r->x, i));
	json_text(out, ",", "state", state_name(c->state));
	if (c->state == EXPLAIN_NOT_EVALUABLE)
		fprintf(out, ",\"because\":%u", c->because + 1u);
	else if (*c->detail)
		json_text(out, ",", "detail", c->detail);
	if (c->state != EXPLAIN_NOT_EVALUABLE && c->located) {
		fprintf(out, ",\"offset\":%" PRIu64 ",\"length\":%u", c->from, c->len);
		if (a->spans)
			json_span(out, "packets", a->spans[i]);
	}
	fputc('}', out);
}

static void json_threshold(const struct explain_report *r, const struct attempt *a, FILE *out)
{
	const char *text = explainer_threshold(r->x);
	unsigned broken = 0, n = a->what->count;

	for (unsigned i = n; i-- > 0;) {
		if (a->what->cond[i].state == EXPLAIN_FAILED)
			broken = i + 1;
	}
	fprintf(out, "%s{\"n\":%u", n ? "," : "", n + 1);
	json_text(out, ",", "text", text ? text : "threshold");
	if (broken)
		fprintf(out, ",\"state\":\"not-evaluable\",\"because\":%u", broken);
	else
		json_text(out, ",", "state", a->threshold_held ? "held" : "failed");
	if (!broken && *a->threshold_detail)
		json_text(out, ",", "detail", a->threshold_detail);
	fputc('}', out);
}

static void json_attempt(const struct explain_report *r, const struct attempt *a, FILE *out)
{
	const struct explanation *w = a->what;

	fprintf(out, ",\"attempt\":{\"unit\":\"%s\",\"direction\":\"%s\"",
		w->in_stream ? "stream" : "packet", a->direction ? "to_client" : "to_server");
	if (a->packet)
		fprintf(out, ",\"packet\":%" PRIu64, a->packet);
	else
		fputs(",\"flow_end\":true", out);
	if (w->has_bytes) {
		fprintf(out, ",\"offset\":%" PRIu64 ",\"bytes\":%zu", w->origin, w->bytes);
		json_span(out, "packets", a->data);
	}
	fprintf(out, ",\"alerted\":%s", a->alerted ? "true" : "false");
	if (w->stale)
		fputs(",\"inspected_before\":true", out);
	if (a->note)
		json_text(out, ",", "note", a->note);
	fputs(",\"conditions\":[", out);
	for (unsigned i = 0; i < w->count; i++)
		json_condition(r, a, i, out);
	if (a->has_threshold)
		json_threshold(r, a, out);
	fputs("]}", out);
}

static void json_flow(const struct explain_report *r, const struct flow_note *f, FILE *out)
{
	char address[IP_ADDR_TEXT], proto[16];
	uint64_t shown = f->alerts < EXPLAIN_ALERTS_KEPT ? f->alerts : EXPLAIN_ALERTS_KEPT;

	fputs("{\"type\":\"flow\"", out);
	if (f->id) {
		fprintf(out, ",\"flow_id\":%" PRIu64 ",\"proto\":\"%s\"", f->id,
			proto_name(f->proto, proto));
		ip_addr_text(&f->client, f->ip_version, address);
		json_text(out, ",", "src_ip", address);
		if (has_ports(f))
			fprintf(out, ",\"src_port\":%u", f->client_port);
		ip_addr_text(&f->server, f->ip_version, address);
		json_text(out, ",", "dest_ip", address);
		if (has_ports(f))
			fprintf(out, ",\"dest_port\":%u", f->server_port);
	}
	fprintf(out, ",\"packets\":%" PRIu64 ",\"admitted\":%" PRIu64, f->packets, f->admitted);
	if (!f->admitted)
		json_text(out, ",", "refused", refusals[f->refused]);
	if (f->decided_at)
		fprintf(out, ",\"inspection_ended\":%" PRIu64, f->decided_at);
	if (f->released_at[0])
		fprintf(out, ",\"released_to_server\":%" PRIu64, f->released_at[0]);
	if (f->released_at[1])
		fprintf(out, ",\"released_to_client\":%" PRIu64, f->released_at[1]);
	fprintf(out, ",\"alerts\":%" PRIu64 ",\"alert_packets\":[", f->alerts);
	for (uint64_t i = 0; i < shown; i++) {
		if (f->alert[i])
			fprintf(out, "%s%" PRIu64, i ? "," : "", f->alert[i]);
		else
			fprintf(out, "%s\"flow end\"", i ? "," : "");
	}
	fputc(']', out);
	if (f->best.what)
		json_attempt(r, &f->best, out);
	fputs("}\n", out);
}

void explain_print_json(const struct explain_report *r, FILE *out)
{
	const struct rule_cold *cold = cold_of(r);
	struct tally t = tally_of(r);
	size_t count, hidden;
	struct flow_note **list = choose(r, &count, &hidden);
	bool first = true;

	fprintf(out, "{\"type\":\"rule\",\"sid\":%u,\"gid\":%u,\"rev\":%u", cold->sid, cold->gid,
		cold->rev);
	json_text(out, ",", "msg", text_of(r, cold->msg));
	json_text(out, ",", "file", text_of(r, cold->file));
	fprintf(out, ",\"line\":%u", cold->line);
	json_text(out, ",", "text", text_of(r, cold->text));
	fputs("}\n", out);
	for (size_t i = 0; list && i < count; i++)
		json_flow(r, list[i], out);
	free(list);
	fprintf(out,
		"{\"type\":\"summary\",\"packets\":%" PRIu64 ",\"flows\":%" PRIu64
		",\"admitted\":%" PRIu64 ",\"shown\":%zu,\"refused\":{",
		r->packets, t.flows, t.admitted, count);
	for (unsigned i = 0; i < EVAL_REFUSAL__COUNT; i++) {
		if (!t.refused[i])
			continue;
		fprintf(out, "%s\"%s\":%" PRIu64, first ? "" : ",", refusals[i], t.refused[i]);
		first = false;
	}
	fprintf(out,
		"},\"packets_without_flow\":%" PRIu64 ",\"packets_without_flow_admitted\":%" PRIu64
		",\"alerts\":%" PRIu64 "}\n",
		t.loose, t.loose_admitted, t.alerts);
}
