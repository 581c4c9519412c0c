/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stats record: counters by their dotted names, each dot a level.
 */
#include <stdio.h>

#include "engine/output/eve.h"
#include "engine/output/output.h"

#define PATH_MAX_BYTES 128

/* Objects that are open below the record's own, as a dotted path. */
struct tree {
	struct eve *w;
	char path[PATH_MAX_BYTES];
	size_t len;
};

/* Close the innermost object. */
static void tree_up(struct tree *t)
{
	while (t->len > 0 && t->path[t->len - 1] != '.')
		t->len--;
	if (t->len > 0)
		t->len--;
	t->path[t->len] = '\0';
	eve_close(t->w);
}

static void tree_down(struct tree *t, const char *name, size_t len)
{
	struct buf *out = t->w->out;

	if (t->w->comma)
		buf_char(out, ',');
	buf_char(out, '"');
	buf_bytes(out, name, len);
	buf_bytes(out, "\":{", 3);
	t->w->comma = false;
	if (t->len > 0)
		t->path[t->len++] = '.';
	memcpy(t->path + t->len, name, len);
	t->len += len;
	t->path[t->len] = '\0';
}

/* Is the open path the whole of dir, or of its first components? */
static bool tree_covers(const struct tree *t, const char *dir, size_t len)
{
	return t->len <= len && !memcmp(t->path, dir, t->len) &&
	       (t->len == 0 || t->len == len || dir[t->len] == '.');
}

/* Close and open objects until dir is the innermost that is open. */
static void tree_go(struct tree *t, const char *dir, size_t len)
{
	if (len >= PATH_MAX_BYTES - 1)
		return;
	while (!tree_covers(t, dir, len))
		tree_up(t);
	while (t->len < len) {
		size_t at = t->len > 0 ? t->len + 1 : 0;
		size_t end = at;

		while (end < len && dir[end] != '.')
			end++;
		tree_down(t, dir + at, end - at);
	}
}

static void tree_put(struct tree *t, const char *name, uint64_t v)
{
	const char *dot = strrchr(name, '.');
	struct buf *out = t->w->out;

	tree_go(t, name, dot ? (size_t)(dot - name) : 0);
	if (t->w->comma)
		buf_char(out, ',');
	buf_char(out, '"');
	buf_text(out, dot ? dot + 1 : name);
	buf_bytes(out, "\":", 2);
	buf_u64(out, v);
	t->w->comma = true;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

static void put_engines(struct tree *t, const struct output_stats *s)
{
	struct eve *w = t->w;

	tree_go(t, "detect", strlen("detect"));
	eve_key(w, EVE_STATS_ENGINES);
	buf_bytes(w->out, "[{", 2);
	w->comma = false;
	eve_u64(w, EVE_STATS_ENGINE_ID, 0);
	if (s->last_reload_ns)
		eve_time(w, EVE_STATS_LAST_RELOAD, s->last_reload_ns);
	eve_u64(w, EVE_STATS_RULES_LOADED, s->rules_loaded);
	eve_u64(w, EVE_STATS_RULES_FAILED, s->rules_failed);
	eve_u64(w, EVE_STATS_RULES_SKIPPED, s->rules_skipped);
	buf_bytes(w->out, "}]", 2);
	w->comma = true;
}

static void put_average(struct tree *t, const struct output_stats *s)
{
	uint64_t packets = s->counters->value[COUNTER_DECODER_PKTS];
	uint64_t bytes = s->counters->value[COUNTER_DECODER_BYTES];

	tree_go(t, "decoder", strlen("decoder"));
	eve_u64(t->w, EVE_STATS_AVG_PKT_SIZE, packets ? bytes / packets : 0);
}

static void put_events(struct tree *t, const struct output_options *o, const struct output_stats *s,
		       bool decode)
{
	const char *prefix = decode ? s->events_prefix : "stream";
	char name[PATH_MAX_BYTES];

	if (!prefix)
		prefix = "decoder.event";
	/* Elsewhere the names of events would meet those of counters ("decoder.ipv4"). */
	if (decode && !begins(prefix, "decoder."))
		return;
	for (int i = 0; i < EVENT__COUNT; i++) {
		const char *event = eve_event_stats_name((enum event)i);

		if (!event || (bool)event_is_decode((enum event)i) != decode)
			continue;
		if (!o->stats.null_values && !s->counters->event[i])
			continue;
		snprintf(name, sizeof(name), "%s.%s", prefix, event);
		tree_put(t, name, s->counters->event[i]);
	}
}

/*
 * Consumers stop at some number of fields: protocols that were not there have none, and those
 * that were there neither gaps nor a lack of memory unless it came to that.
 */
static bool is_rare(const struct counters *counters, enum counter c)
{
	const char *name = counter_name(c), *proto;
	size_t len;

	if (!begins(name, "app_layer."))
		return false;
	proto = strchr(name + strlen("app_layer."), '.') + 1;
	len = strcspn(proto, ".");
	if (begins(name, "app_layer.error.") && strcmp(proto + len, ".parser") != 0)
		return true;
	for (int i = COUNTER_APP_FLOW_FAILED_TCP; i <= COUNTER_APP_FLOW_LDAP_UDP; i++) {
		const char *flow = counter_name((enum counter)i) + strlen("app_layer.flow.");

		if (strlen(flow) == len && !memcmp(flow, proto, len))
			return !counters->value[i];
	}
	return true;
}

/* Of a part of Weir that had nothing to do one number is enough. */
static bool is_idle(const struct counters *counters, const struct output_env *env, enum counter c)
{
	static const char *const parts[] = { "file_store.", "weir.release.", "weir.shadow.",
					     "weir.decoder." };
	const char *part = NULL;

	if (c == COUNTER_RELEASE_FLOWS || (c == COUNTER_FILE_STORE_ERRORS && env->stores_files))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !part; i++) {
		if (begins(counter_name(c), parts[i]))
			part = parts[i];
	}
	if (!part)
		return false;
	for (int i = 0; i < COUNTER__COUNT; i++) {
		if (counters->value[i] && begins(counter_name((enum counter)i), part))
			return false;
	}
	return true;
}

/* What a run has of memory is told as a whole or not at all. */
static bool is_memory(enum counter c)
{
	return begins(counter_name(c), "weir.memory.") || c == COUNTER_FLOW_MEMUSE ||
	       c == COUNTER_TCP_MEMUSE || c == COUNTER_TCP_REASSEMBLY_MEMUSE ||
	       c == COUNTER_DEFRAG_MEMUSE;
}

static bool wanted(const struct output_options *o, const struct output_env *env,
		   const struct output_stats *s, enum counter c)
{
	if (!env->inline_mode && begins(counter_name(c), "ips."))
		return false;
	if (is_memory(c))
		return s->counters->value[COUNTER_MEMORY_LIMIT] != 0;
	if (begins(counter_name(c), "exception_policy.") &&
	    !exception_shows(env->exceptions, c, env->inline_mode))
		return false;
	return s->counters->value[c] ||
	       (o->stats.null_values && !is_rare(s->counters, c) && !is_idle(s->counters, env, c));
}

static void put_counters(struct tree *t, const struct output_options *o,
			 const struct output_env *env, const struct output_stats *s)
{
	for (int i = 0; i < COUNTER__COUNT; i++) {
		enum counter c = (enum counter)i;
		const char *name = counter_name(c);
		bool last_of_decoder = begins(name, "decoder.") &&
				       (i + 1 == COUNTER__COUNT ||
					!begins(counter_name((enum counter)(i + 1)), "decoder."));

		if (begins(name, "weir."))
			continue;
		if (c == COUNTER_DECODER_MAX_PKT_SIZE)
			put_average(t, s);
		if (c == COUNTER_DETECT_ALERT)
			put_engines(t, s);
		if (wanted(o, env, s, c))
			tree_put(t, name, s->counters->value[c]);
		if (last_of_decoder && s->decoder_events)
			put_events(t, o, s, true);
	}
	if (s->stream_events)
		put_events(t, o, s, false);
	tree_go(t, "", 0);
}

/* The fields of a ledger follow one another, in the same order for all and for an interface. */
static enum eve_field at(enum eve_field first, enum eve_field f)
{
	return (enum eve_field)(first + (f - EVE_LEDGER_ENTERED));
}

static void put_ledger(struct eve *w, enum eve_field first, const struct output_ledger *l)
{
	eve_u64(w, at(first, EVE_LEDGER_ENTERED), l->entered);
	eve_u64(w, at(first, EVE_LEDGER_INSPECTED), l->inspected);
	eve_u64(w, at(first, EVE_LEDGER_RELEASED), l->released);
	eve_u64(w, at(first, EVE_LEDGER_UNWANTED), l->unwanted);
	eve_u64(w, at(first, EVE_LEDGER_BLOCKED), l->blocked);
	eve_open(w, at(first, EVE_LEDGER_LOST));
	eve_u64(w, at(first, EVE_LEDGER_RING_FULL), l->ring_full);
	eve_u64(w, at(first, EVE_LEDGER_NO_FILL), l->no_fill);
	eve_u64(w, at(first, EVE_LEDGER_TOO_LARGE), l->too_large);
	eve_u64(w, at(first, EVE_LEDGER_REDIRECT), l->redirect);
	eve_u64(w, at(first, EVE_LEDGER_WORKER), l->worker);
	eve_close(w);
	eve_u64(w, at(first, EVE_LEDGER_IN_FLIGHT), l->in_flight);
	eve_u64(w, at(first, EVE_LEDGER_UNSURE), l->unsure);
	eve_u64(w, at(first, EVE_LEDGER_NIC_LOST), l->nic_lost);
	eve_bool(w, at(first, EVE_LEDGER_HOLDS), l->holds);
}

static void put_interfaces(struct eve *w, const struct output_capture *c)
{
	eve_key(w, EVE_WEIR_INTERFACES);
	buf_char(w->out, '[');
	for (unsigned i = 0; i < c->interfaces && i < OUTPUT_INTERFACES_MAX; i++) {
		buf_text(w->out, i ? ",{" : "{");
		w->comma = false;
		eve_string(w, EVE_IFACE_NAME, c->interface[i].name);
		eve_string(w, EVE_IFACE_MODE, c->interface[i].mode);
		eve_string(w, EVE_IFACE_CAPTURE, c->interface[i].step);
		put_ledger(w, EVE_IFACE_ENTERED, &c->interface[i].ledger);
		buf_char(w->out, '}');
	}
	buf_char(w->out, ']');
	w->comma = true;
}

static void put_capture(struct eve *w, const struct output_capture *c)
{
	eve_open(w, EVE_STATS_CAPTURE);
	eve_u64(w, EVE_STATS_KERNEL_PACKETS, c->kernel_packets);
	eve_u64(w, EVE_STATS_KERNEL_DROPS, c->kernel_drops);
	eve_u64(w, EVE_STATS_KERNEL_IFDROPS, c->kernel_ifdrops);
	eve_close(w);
}

static void put_weir_capture(struct eve *w, const struct output_capture *c)
{
	eve_u64(w, EVE_WEIR_ENGINES, c->engines);
	eve_u64(w, EVE_WEIR_POLLS, c->polls);
	eve_u64(w, EVE_WEIR_WAKEUPS, c->wakeups);
	eve_u64(w, EVE_WEIR_KICKS, c->kicks);
	eve_open(w, EVE_WEIR_LEDGER);
	put_ledger(w, EVE_LEDGER_ENTERED, &c->all);
	eve_close(w);
	put_interfaces(w, c);
}

static void put_rule_costs(struct eve *w, const struct output_stats *s)
{
	eve_key(w, EVE_WEIR_RULES);
	buf_char(w->out, '[');
	for (unsigned i = 0; i < s->rule_cost_count; i++) {
		const struct output_rule_cost *r = &s->rule_costs[i];

		buf_text(w->out, i ? ",{" : "{");
		w->comma = false;
		eve_u64(w, EVE_RULE_COST_GID, r->gid);
		eve_u64(w, EVE_RULE_COST_SID, r->sid);
		eve_u64(w, EVE_RULE_COST_REV, r->rev);
		eve_string(w, EVE_RULE_COST_BUFFER, r->buffer);
		eve_u64(w, EVE_RULE_COST_CANDIDATES, r->candidates);
		eve_u64(w, EVE_RULE_COST_CHECKS, r->checks);
		eve_u64(w, EVE_RULE_COST_MATCHES, r->matches);
		eve_u64(w, EVE_RULE_COST_NS, r->ns);
		buf_char(w->out, '}');
	}
	buf_char(w->out, ']');
	w->comma = true;
}

static void put_filter_hits(struct eve *w, const struct output_stats *s)
{
	eve_key(w, EVE_WEIR_FILTERS);
	buf_char(w->out, '[');
	for (unsigned i = 0; i < s->filter_hit_count; i++) {
		const struct output_filter_hits *f = &s->filter_hits[i];

		buf_text(w->out, i ? ",{" : "{");
		w->comma = false;
		eve_u64(w, EVE_FILTER_GID, f->gid);
		eve_u64(w, EVE_FILTER_SID, f->sid);
		eve_u64(w, EVE_FILTER_SUPPRESSED, f->suppressed);
		eve_u64(w, EVE_FILTER_RATED, f->rated);
		buf_char(w->out, '}');
	}
	buf_char(w->out, ']');
	w->comma = true;
}

/* Counters below "weir": those of memory, or all others. */
static void put_own(struct tree *t, const struct output_options *o, const struct output_env *env,
		    const struct output_stats *s, bool memory)
{
	for (int i = 0; i < COUNTER__COUNT; i++) {
		const char *name = counter_name((enum counter)i);

		if (begins(name, "weir.") && is_memory((enum counter)i) == memory &&
		    wanted(o, env, s, (enum counter)i))
			tree_put(t, name + strlen("weir."), s->counters->value[i]);
	}
	tree_go(t, "", 0);
}

/* What Suricata's schema has no place for stands beside stats. */
static void put_weir(struct tree *t, const struct output_options *o, const struct output_env *env,
		     const struct output_stats *s)
{
	eve_open(t->w, EVE_WEIR);
	put_own(t, o, env, s, false);
	if (s->rules_hash)
		eve_string(t->w, EVE_WEIR_RULESET, s->rules_hash);
	if (s->capture)
		put_weir_capture(t->w, s->capture);
	if (s->rule_cost_count)
		put_rule_costs(t->w, s);
	if (s->filter_hit_count)
		put_filter_hits(t->w, s);
	/* Last, for readers that stop at some number of fields. */
	put_own(t, o, env, s, true);
	eve_close(t->w);
}

void output_stats(const struct output_options *o, const struct output_env *env,
		  const struct output_stats *s, struct buf *out)
{
	const char *kind = record_kind_name(RECORD_STATS);
	struct eve w;
	struct tree t = { .w = &w };

	eve_begin(&w, out);
	eve_time(&w, EVE_TIMESTAMP, s->time_ns);
	eve_plain(&w, EVE_EVENT_TYPE, kind, strlen(kind));
	eve_open(&w, EVE_STATS);
	eve_u64(&w, EVE_STATS_UPTIME, s->uptime_s);
	if (s->capture)
		put_capture(&w, s->capture);
	put_counters(&t, o, env, s);
	eve_close(&w);
	put_weir(&t, o, env, s);
	if (o->sensor_name)
		eve_string(&w, EVE_HOST, o->sensor_name);
	if (o->pcap_file && env->capture_file)
		eve_string(&w, EVE_PCAP_FILENAME, env->capture_file);
	eve_end(&w);
}

void output_engine(const struct output_options *o, int64_t time_ns, const char *module,
		   const char *error, struct buf *out)
{
	const char *kind = record_kind_name(RECORD_ENGINE);
	struct eve w;

	eve_begin(&w, out);
	eve_time(&w, EVE_TIMESTAMP, time_ns);
	eve_plain(&w, EVE_EVENT_TYPE, kind, strlen(kind));
	eve_open(&w, EVE_ENGINE);
	eve_string(&w, EVE_ENGINE_MODULE, module);
	eve_string(&w, EVE_ENGINE_ERROR, error);
	eve_close(&w);
	if (o->sensor_name)
		eve_string(&w, EVE_HOST, o->sensor_name);
	eve_end(&w);
}
