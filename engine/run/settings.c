/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/run/settings_app.h"
#include "engine/run/settings_hosts.h"
#include "engine/run/settings_http.h"
#include "engine/run/settings_live.h"
#include "engine/run/settings_memory.h"
#include "engine/run/settings_output.h"
#include "engine/run/settings_rules.h"
#include "engine/run/settings_tunnels.h"
#include "parser/config_key.h"

/* --- modules -------------------------------------------------------------------------------- */

static void load_timeouts(const struct settings_loader *l, const char *proto,
			  struct flow_timeouts *out)
{
	const struct {
		const char *key;
		uint32_t *out;
	} rows[] = {
		{ "new", &out->new_s },
		{ "established", &out->established_s },
		{ "closed", &out->closed_s },
		{ "bypassed", &out->bypassed_s },
		{ "emergency-new", &out->emergency_new_s },
		{ "emergency-established", &out->emergency_established_s },
		{ "emergency-closed", &out->emergency_closed_s },
	};
	char path[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "flow-timeouts.%s.%s", proto, rows[i].key);
		*rows[i].out = setting_seconds(l, path);
	}
}

static void load_decode(struct settings_loader *l)
{
	struct settings *s = l->s;
	const char *checks = s->args->checksums,
		   *words = setting_word(l, "pcap-file.checksum-checks");
	bool on;

	s->checksums = CHECKSUM_AUTO;
	if (checks && strcmp(checks, "auto") != 0)
		s->checksums = strcmp(checks, "none") == 0 ? CHECKSUM_NONE : CHECKSUM_ALL;
	else if (!checks && words && config_parse_bool(words, &on))
		s->checksums = on ? CHECKSUM_ALL : CHECKSUM_NONE;
	s->decode = (struct decode_options){
		.check_checksums = s->checksums != CHECKSUM_NONE,
		.recursion_limit = (uint16_t)setting_count(l, "decoder.max-layers"),
	};
	settings_load_tunnels(s, l->diags);
}

static void load_watch(struct settings_loader *l)
{
	struct settings *s = l->s;
	struct watch_options *o = &s->watch;
	bool asked = false;

	*o = watch_defaults();
	o->interval_s = setting_seconds(l, "watch.interval");
	o->scan_ports = setting_count(l, "watch.scan.ports");
	o->scan_hosts = setting_count(l, "watch.scan.hosts");
	o->scan_window_s = setting_seconds(l, "watch.scan.window");
	o->slow_ports = setting_count(l, "watch.scan.slow-ports");
	o->slow_hosts = setting_count(l, "watch.scan.slow-hosts");
	o->slow_window_s = setting_seconds(l, "watch.scan.slow-window");
	o->distributed_sources = setting_count(l, "watch.scan.sources");
	o->flood_packets = setting_count(l, "watch.flood.packets");
	o->flood_completed_percent = setting_count(l, "watch.flood.completed");
	o->blind_packets = setting_count(l, "watch.sequence.packets");
	o->replays = setting_count(l, "watch.sequence.replays");
	o->stalled_flows = setting_count(l, "watch.window.flows");
	o->tiny_bytes = setting_count(l, "watch.window.tiny");
	o->bad_flags = setting_count(l, "watch.flags.packets");
	o->baseline_deviations = setting_count(l, "watch.baseline.deviations");
	o->baseline_flows = setting_count(l, "watch.baseline.flows");
	o->baseline_bytes = setting_size(l, "watch.baseline.bytes");
	for (unsigned i = 0; i < s->output_count; i++)
		asked |= s->outputs[i].wants[RECORD_ANOMALY] && s->outputs[i].anomaly.watch;
	/* Where nobody is told there is nothing to judge. */
	s->watch_counts = setting_flag(l, "watch.enabled");
	o->enabled = s->watch_counts && asked;
}

static enum stream_urgent urgent_word(const char *text)
{
	static const char *const words[] = {
		[STREAM_URGENT_OOB] = "oob",
		[STREAM_URGENT_INLINE] = "inline",
		[STREAM_URGENT_GAP] = "gap",
		[STREAM_URGENT_DROP] = "drop",
	};
	unsigned i = 0;

	while (text && i < sizeof(words) / sizeof(words[0]) && strcmp(text, words[i]) != 0)
		i++;
	return text && i < sizeof(words) / sizeof(words[0]) ? (enum stream_urgent)i
							    : STREAM_URGENT_OOB;
}

static void load_stream(struct settings_loader *l)
{
	struct settings *s = l->s;
	const char *use_inline = setting_word(l, "stream.inline");
	bool on = s->args->simulate_ips;

	if (use_inline)
		config_parse_bool(use_inline, &on);
	s->stream = (struct stream_options){
		.midstream = setting_flag(l, "stream.midstream"),
		.async_oneside = setting_flag(l, "stream.async-oneside"),
		.use_inline = on,
		.checksum_validation = setting_flag(l, "stream.checksum-validation"),
		.depth = (uint32_t)setting_size(l, "stream.reassembly.depth"),
		.window = (uint32_t)setting_size(l, "stream.window"),
		.max_synack_queued = setting_count(l, "stream.max-synack-queued"),
		.urgent = urgent_word(setting_word(l, "stream.reassembly.urgent.policy")),
		.urgent_limit =
			urgent_word(setting_word(l, "stream.reassembly.urgent.oob-limit-policy")),
	};
}

static const char *const exception_key[EXCEPTION_TARGET__COUNT] = {
	[EXCEPTION_STREAM_MEMCAP] = "stream.memcap-policy",
	[EXCEPTION_REASSEMBLY_MEMCAP] = "stream.reassembly.memcap-policy",
	[EXCEPTION_MIDSTREAM] = "stream.midstream-policy",
	[EXCEPTION_APP_ERROR] = "app-layer.error-policy",
	[EXCEPTION_FLOW_MEMCAP] = "flow.memcap-policy",
	[EXCEPTION_DEFRAG_MEMCAP] = "defrag.memcap-policy",
};

/* The configuration's words are EVE's, with '-' for '_'. */
static enum exception_policy exception_word(const char *text)
{
	for (unsigned i = 0; i < EXCEPTION_POLICY__COUNT; i++) {
		const char *name = exception_policy_name((enum exception_policy)i), *t = text;

		while (*name && (*name == '_' ? '-' : *name) == *t)
			name++, t++;
		if (!*name && !*t)
			return (enum exception_policy)i;
	}
	return EXCEPTION_IGNORE;
}

/* What a word means for this target: of packets without a flow, only what is about packets. */
static enum exception_policy exception_fit(enum exception_target t, enum exception_policy p,
					   bool inline_mode)
{
	bool packet = p == EXCEPTION_PASS_PACKET || p == EXCEPTION_DROP_PACKET;

	if (t >= EXCEPTION_OF_FLOWS && p == EXCEPTION_DROP_FLOW)
		p = EXCEPTION_DROP_PACKET;
	else if (t >= EXCEPTION_OF_FLOWS && p == EXCEPTION_PASS_FLOW)
		p = EXCEPTION_PASS_PACKET;
	else if (t == EXCEPTION_MIDSTREAM && packet)
		return EXCEPTION_IGNORE;
	if (!inline_mode && (p == EXCEPTION_DROP_PACKET || p == EXCEPTION_DROP_FLOW))
		return EXCEPTION_IGNORE;
	return p;
}

static bool is_auto(const char *text)
{
	return !text || !strcmp(text, "auto");
}

/* "auto" is what exception-policy says; that being "auto": inline, what cannot be inspected is dropped. */
static void load_exceptions(struct settings_loader *l)
{
	struct settings *s = l->s;
	bool inline_mode = s->args->simulate_ips;
	const char *master = setting_word(l, "exception-policy");
	enum exception_policy otherwise = inline_mode ? EXCEPTION_DROP_FLOW : EXCEPTION_IGNORE;

	if (!is_auto(master))
		otherwise = exception_word(master);
	for (unsigned i = 0; i < EXCEPTION_TARGET__COUNT; i++) {
		enum exception_target t = (enum exception_target)i;
		const char *text = setting_word(l, exception_key[i]);
		enum exception_policy p = is_auto(text) ? otherwise : exception_word(text);

		/* Sessions that are picked up are wanted, whatever the policy for all. */
		if (t == EXCEPTION_MIDSTREAM && is_auto(text) && s->stream.midstream)
			p = EXCEPTION_IGNORE;
		s->exceptions.policy[i] = (uint8_t)exception_fit(t, p, inline_mode);
	}
	s->stream.keeps_out = s->exceptions.policy[EXCEPTION_MIDSTREAM] > EXCEPTION_PASS_FLOW;
}

static void load_release(struct settings_loader *l)
{
	l->s->release = setting_flag(l, "release");
	/* Of released flows packets would be missing. */
	for (unsigned i = 0; i < l->s->output_count; i++)
		l->s->release &= !l->s->outputs[i].wants[RECORD_STREAM_TCP];
	l->s->stream_bypass = setting_flag(l, "stream.bypass");
	l->s->elephant_bytes = setting_size(l, "flow.elephant");
}

static void load_flow(struct settings_loader *l)
{
	struct flow_options *f = &l->s->flow;

	*f = (struct flow_options){
		.hash_size = setting_count(l, "flow.hash-size"),
		.emergency_recovery_percent = setting_count(l, "flow.emergency-recovery"),
		.use_vlan = setting_flag(l, "vlan.use-for-tracking"),
		.use_depth = setting_flag(l, "decoder.recursion-level.use-for-tracking"),
	};
	load_timeouts(l, "tcp", &f->tcp);
	load_timeouts(l, "udp", &f->udp);
	load_timeouts(l, "icmp", &f->icmp);
	load_timeouts(l, "default", &f->other);
	l->s->defrag = (struct defrag_options){
		.max_trackers = setting_count(l, "defrag.trackers"),
		.max_fragments = setting_count(l, "defrag.max-frags"),
		.timeout_ns = (int64_t)setting_seconds(l, "defrag.timeout") * 1000000000,
		.use_vlan = f->use_vlan,
	};
}

/* --- the whole ------------------------------------------------------------------------------ */

static void mark_stock(struct config_node *n)
{
	n->stock = n->checked = true;
	for (struct config_node *c = n->first; c; c = c->next)
		mark_stock(c);
}

static int build_tree(struct settings_loader *l)
{
	struct config *c = &l->s->config;
	const struct settings_args *args = l->s->args;
	struct config_node *stock;

	stock = config_read_text(c, "weir.yaml", config_defaults, strlen(config_defaults),
				 l->diags);
	if (!stock)
		return -ENOMEM;
	mark_stock(stock);
	l->stock = stock;
	config_overlay(c, stock);
	if (args->config_file) {
		struct config_node *file = config_read_file(c, args->config_file, l->diags);

		if (file) {
			config_check(file, args->strict_config, l->diags);
			config_overlay(c, file);
		}
	}
	for (unsigned i = 0; i < args->sets.count; i++)
		config_set(c, args->sets.text[i], l->diags);
	config_check(c->root, args->strict_config, l->diags);
	return 0;
}

int settings_load(const struct settings_args *args, struct diag_list *diags, struct settings **out)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct settings_loader l = { .s = s, .diags = diags };
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->args = args;
	err = config_init(&s->config);
	if (!err)
		err = build_tree(&l);
	if (!err)
		err = settings_load_variables(&l);
	if (err)
		goto fail;
	settings_load_app(s, diags);
	config_check_together(&s->config, diags);
	settings_load_outputs(&l);
	load_decode(&l);
	load_flow(&l);
	load_watch(&l);
	load_stream(&l);
	load_exceptions(&l);
	err = settings_load_hosts(s, diags);
	if (err)
		goto fail;
	load_release(&l);
	settings_load_detect(&l);
	settings_load_memory(&l);
	settings_load_live(s, diags);
	err = settings_load_rule_files(&l);
	if (err)
		goto fail;
	*out = s;
	return 0;
fail:
	settings_free(s);
	return err;
}

struct release_options settings_release(const struct settings *s, const struct ruleset *rules)
{
	return (struct release_options){
		.enabled = s->release,
		.stream_bypass = s->stream_bypass,
		.elephant_bytes = s->elephant_bytes,
		.rules = rules,
		.inline_mode = s->detect.inline_mode,
		.strict = s->args->shadow && !strcmp(s->args->shadow, "strict"),
	};
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	text_list_fini(&s->rule_files);
	text_list_fini(&s->reputation_files);
	settings_hosts_fini(s);
	settings_http_fini(s);
	config_fini(&s->config);
	free(s);
}

void settings_print_diags(const struct diag_list *diags, FILE *out)
{
	const char *none = getenv("NO_COLOR");
	bool color = isatty(fileno(out)) && !(none && *none);

	for (const struct diag *d = diags->first; d; d = d->next)
		diag_print(out, d, color);
}

bool text_list_add(struct text_list *l, const char *text)
{
	const char **more = realloc(l->text, (l->count + 1) * sizeof(*more));

	if (!more)
		return false;
	l->text = more;
	l->text[l->count++] = text;
	return true;
}

void text_list_fini(struct text_list *l)
{
	free(l->text);
	*l = (struct text_list){ .count = 0 };
}
