/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_output.h"

#include <string.h>

#include "engine/proto/dns.h"
#include "engine/run/settings_app.h"

/* An item of a list of names: its name, and what is below it (NULL: nothing). */
static const char *named(const struct config_node *item, const struct config_node **below)
{
	*below = NULL;
	if (item->kind == CONFIG_SCALAR)
		return item->text;
	if (item->kind != CONFIG_MAPPING || !item->first)
		return NULL;
	if (item->first->kind == CONFIG_MAPPING)
		*below = item->first;
	return item->first->key;
}

static void load_xff(struct output_options *o, const struct config_node *n)
{
	const char *mode = config_text(config_child(n, "mode"));
	const char *deployment = config_text(config_child(n, "deployment"));

	if (!n)
		return;
	o->xff.enabled = setting_option(n, "enabled", false);
	o->xff.overwrite = mode && strcasecmp(mode, "overwrite") == 0;
	o->xff.forward = deployment && strcasecmp(deployment, "forward") == 0;
	o->xff.header = config_text(config_child(n, "header"));
	if (!o->xff.header)
		o->xff.header = "X-Forwarded-For";
}

static void load_alert(struct output_options *o, const struct config_node *n)
{
	const struct config_node *metadata = config_child(n, "metadata");
	bool on = setting_option(n, "metadata", true);
	uint64_t v;

	o->alert.payload = setting_option(n, "payload", false);
	o->alert.payload_printable = setting_option(n, "payload-printable", false);
	o->alert.payload_length = setting_option(n, "payload-length", false);
	o->alert.http_body = setting_option(n, "http-body", false);
	o->alert.http_body_printable = setting_option(n, "http-body-printable", false);
	o->alert.packet = setting_option(n, "packet", false);
	o->alert.verdict = setting_option(n, "verdict", false);
	o->alert.metadata = setting_option(metadata, "app-layer", on);
	o->alert.flow = setting_option(metadata, "flow", on);
	o->alert.rule_metadata = setting_option(metadata, "rule.metadata", on);
	o->alert.rule_references = setting_option(metadata, "rule.reference", false);
	o->alert.rule_text = setting_option(metadata, "rule.raw", false);
	o->alert.payload_buffer_bytes = 4096;
	if (config_text(config_child(n, "payload-buffer-size")) &&
	    config_parse_size(config_child(n, "payload-buffer-size")->text, &v) && v <= 1u << 20)
		o->alert.payload_buffer_bytes = (uint32_t)v;
}

/* Version 2 has other names for requests and responses. */
static void load_http(struct output_options *o, const struct config_node *n)
{
	const char *all = config_text(config_child(n, "dump-all-headers"));
	const struct config_node *custom = config_child(n, "custom");

	o->http.custom = 0;
	for (const struct config_node *i = custom ? custom->first : NULL; i; i = i->next)
		o->http.custom |= config_text(i) ? output_http_field(i->text) : 0;
	o->http.extended = setting_option(n, "extended", true);
	o->http.request_headers = all && (!strcmp(all, "both") || !strcmp(all, "request"));
	o->http.response_headers = all && (!strcmp(all, "both") || !strcmp(all, "response"));
}

static void load_dns(struct output_options *o, const struct config_node *n)
{
	const char *version = config_text(config_child(n, "version"));
	const struct config_node *formats = config_child(n, "formats");
	const struct config_node *types = config_child(n, "types");
	int type;

	o->dns.version = version && strcmp(version, "2") == 0 ? 2 : 3;
	o->dns.requests = setting_option(n, "requests", setting_option(n, "query", true));
	o->dns.responses = setting_option(n, "responses", setting_option(n, "answer", true));
	o->dns.detailed = o->dns.grouped = !formats || !formats->first;
	for (const struct config_node *f = formats ? formats->first : NULL; f; f = f->next) {
		o->dns.detailed |= config_text(f) && strcmp(f->text, "detailed") == 0;
		o->dns.grouped |= config_text(f) && strcmp(f->text, "grouped") == 0;
	}
	if (!types)
		types = config_child(n, "custom");
	o->dns.types_given = types != NULL;
	for (const struct config_node *t = types ? types->first : NULL; t; t = t->next) {
		type = config_text(t) ? dns_type_find(t->text, strlen(t->text)) : -1;
		if (type >= 0)
			o->dns.types[type / 64] |= 1ull << type % 64;
	}
}

/* The bits that a list of names stands for; names that stand for none are not Weir's. */
static uint32_t fields_of(const struct config_node *list, uint32_t (*bit)(const char *))
{
	uint32_t bits = 0;

	for (const struct config_node *i = list ? list->first : NULL; i; i = i->next)
		bits |= config_text(i) ? bit(i->text) : 0;
	return bits;
}

static void load_tls(struct output_options *o, const struct config_node *n)
{
	const struct config_node *custom = config_child(n, "custom");

	o->tls.fields = custom				       ? fields_of(custom, output_tls_field)
			: setting_option(n, "extended", false) ? OUTPUT_TLS_EXTENDED
							       : OUTPUT_TLS_LEAST;
	/* A bare "- tls" is as Suricata has it: no record of what took up an old session. */
	o->tls.session_resumption = n && setting_option(n, "session-resumption", true);
	if (custom && o->tls.session_resumption)
		o->tls.fields |= OUTPUT_TLS_SESSION_RESUMED;
}

static void load_smtp(struct output_options *o, const struct config_node *n)
{
	o->smtp.fields = setting_option(n, "extended", false)
				 ? OUTPUT_SMTP_EXTENDED
				 : fields_of(config_child(n, "custom"), output_smtp_field);
	o->smtp.fields |= fields_of(config_child(n, "md5"), output_smtp_md5);
}

static void load_frame(struct output_options *o, const struct config_node *n)
{
	const char *size = config_text(config_child(n, "payload-buffer-size"));
	uint64_t v;

	o->frame.payload_buffer_bytes = 4096;
	if (size && config_parse_size(size, &v) && v <= 1u << 20)
		o->frame.payload_buffer_bytes = (uint32_t)v;
}

static void load_type(struct settings_loader *l, struct output_options *o, const char *name,
		      const struct config_node *n)
{
	const char *flows;

	if (!setting_option(n, "enabled", true))
		return;
	for (int kind = 0; kind < RECORD__COUNT; kind++) {
		if (strcmp(name, record_kind_type((enum record_kind)kind)) == 0)
			o->wants[kind] = true;
	}
	if (strcmp(name, "alert") == 0) {
		load_alert(o, n);
		o->wants[RECORD_PACKET] = setting_option(n, "tagged-packets", true);
		load_xff(o, config_child(n, "xff"));
	} else if (strcmp(name, "anomaly") == 0) {
		o->anomaly.decode = setting_option(n, "types.decode", false);
		o->anomaly.stream = setting_option(n, "types.stream", false);
		o->anomaly.applayer = setting_option(n, "types.applayer", true);
		o->anomaly.watch = setting_option(n, "types.watch", true);
		o->anomaly.packet_header = setting_option(n, "packethdr", false);
	} else if (strcmp(name, "drop") == 0) {
		flows = config_text(config_child(n, "flows"));
		o->drop.alerts = setting_option(n, "alerts", false);
		o->drop.flows_all = flows && strcasecmp(flows, "all") == 0;
		o->drop.verdict = setting_option(n, "verdict", false);
	} else if (strcmp(name, "files") == 0) {
		l->s->app.files.magic |= setting_option(n, "force-magic", false);
		l->s->app.files.digests |= settings_digests(config_child(n, "force-hash"));
	} else if (strcmp(name, "dns") == 0) {
		load_dns(o, n);
	} else if (strcmp(name, "tls") == 0) {
		load_tls(o, n);
	} else if (strcmp(name, "stream") == 0) {
		o->stream.all = setting_option(n, "all", false);
		o->stream.event_set = setting_option(n, "event-set", false);
		o->stream.state_update = setting_option(n, "state-update", false);
	} else if (strcmp(name, "frame") == 0) {
		load_frame(o, n);
	} else if (strcmp(name, "smtp") == 0) {
		load_smtp(o, n);
	} else if (strcmp(name, "http") == 0) {
		load_http(o, n);
	} else if (strcmp(name, "stats") == 0) {
		o->stats.totals = setting_option(n, "totals", true);
		o->stats.deltas = setting_option(n, "deltas", false);
		o->stats.null_values = setting_option(n, "null-values", true);
	}
}

static void load_eve(struct settings_loader *l, struct output_options *o,
		     const struct config_node *n)
{
	const struct config_node *types = config_child(n, "types"), *below;
	const char *seed = config_text(config_child(n, "community-id-seed"));
	uint64_t v = 0;

	o->format = OUTPUT_EVE;
	o->filename = config_text(config_child(n, "filename"));
	if (!o->filename)
		o->filename = "eve.json";
	o->append = setting_option(n, "append", true);
	load_xff(o, config_child(n, "xff"));
	o->metadata = setting_option(n, "metadata", true);
	o->ethernet = setting_option(n, "ethernet", false);
	o->pcap_file = setting_option(n, "pcap-file", false);
	o->version = setting_option(n, "suricata-version", false);
	o->community_id = setting_option(n, "community-id", true);
	if (seed && config_parse_number(seed, &v) && v <= UINT16_MAX)
		o->community_id_seed = (uint16_t)v;
	o->sensor_name = l->s->sensor_name;
	if (!types || types->kind != CONFIG_SEQUENCE)
		return;
	for (const struct config_node *i = types->first; i; i = i->next) {
		const char *name = named(i, &below);

		if (name)
			load_type(l, o, name, below);
	}
	if (!l->s->stats_enabled)
		o->wants[RECORD_STATS] = false;
}

/* Outputs that Weir cannot write to are told, and left out. */
static bool regular_file(struct settings_loader *l, const struct config_node *n)
{
	static const char *const others[] = { "syslog", "unix_dgram", "unix_stream", "redis" };
	const struct config_node *type = config_child(n, "filetype");
	const char *name = config_text(type);

	bool known = false;

	for (size_t i = 0; name && i < sizeof(others) / sizeof(others[0]); i++)
		known = known || strcasecmp(name, others[i]) == 0;
	if (!known)
		return true;
	diag_add(l->diags, DIAG_WARNING, &type->at, "write filetype: regular",
		 "this output is left out: '%s' cannot be written to in this version", name);
	return false;
}

static void load_filestore(struct settings_loader *l, const struct config_node *n)
{
	struct settings *s = l->s;
	const char *dir = config_text(config_child(n, "dir"));
	uint64_t v;

	if (!setting_option(n, "enabled", false))
		return;
	s->filestore.alone = s->args->interfaces.count > 0;
	s->filestore.dir = setting_path(s, s->log_dir, dir ? dir : "filestore");
	s->filestore_all = setting_option(n, "force-filestore", false);
	s->app.files.magic |= setting_option(n, "force-magic", false);
	s->app.files.digests |= FILE_SHA256 | settings_digests(config_child(n, "force-hash"));
	if (config_text(config_child(n, "max-files")) &&
	    config_parse_number(config_text(config_child(n, "max-files")), &v) && v <= UINT32_MAX)
		s->filestore.max_files = (uint32_t)v;
	if (config_text(config_child(n, "max-file-size")) &&
	    config_parse_size(config_text(config_child(n, "max-file-size")), &v))
		s->filestore.max_file_bytes = v;
	if (config_text(config_child(n, "max-size")) &&
	    config_parse_size(config_text(config_child(n, "max-size")), &v))
		s->filestore.max_bytes = v;
}

static void load_tls_store(struct settings_loader *l, const struct config_node *n)
{
	const char *dir = config_text(config_child(n, "certs-log-dir"));

	if (setting_option(n, "enabled", false))
		l->s->certs_dir = setting_path(l->s, l->s->log_dir, dir ? dir : "certs");
}

static void load_output(struct settings_loader *l, const struct config_node *item)
{
	const struct config_node *n;
	const char *name = named(item, &n);
	bool eve = name && strcmp(name, "eve-log") == 0;
	struct output_options *o = &l->s->outputs[l->s->output_count];

	if (name && strcmp(name, "file-store") == 0)
		load_filestore(l, n);
	if (name && strcmp(name, "tls-store") == 0)
		load_tls_store(l, n);
	if (!eve && !(name && strcmp(name, "fast") == 0))
		return;
	if (!config_child(n, "enabled")) {
		diag_add(l->diags, DIAG_WARNING, n ? &n->key_at : &item->at,
			 "write enabled: yes below it", "'%s' is not written: it is not enabled",
			 name);
		return;
	}
	if (!setting_option(n, "enabled", false) || !regular_file(l, n))
		return;
	if (l->s->output_count == SETTINGS_OUTPUTS_MAX) {
		diag_add(l->diags, DIAG_ERROR, &item->at, "remove outputs",
			 "more than %d outputs are enabled", SETTINGS_OUTPUTS_MAX);
		return;
	}
	*o = (struct output_options){ .format = OUTPUT_FAST };
	if (eve) {
		load_eve(l, o, n);
	} else {
		o->filename = config_text(config_child(n, "filename"));
		if (!o->filename)
			o->filename = "fast.log";
		o->append = setting_option(n, "append", true);
		o->wants[RECORD_ALERT] = true;
	}
	l->s->output_count++;
}

void settings_load_outputs(struct settings_loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "outputs");
	struct settings *s = l->s;
	const char *memory = setting_word(l, "stats.memory");
	bool told;

	s->stats_enabled = setting_flag(l, "stats.enabled");
	s->stats_interval_s = setting_seconds(l, "stats.interval");
	s->stats_rule_costs = setting_count(l, "stats.rule-costs");
	/* auto: no number of a run on files hangs on the workers. */
	s->stats_memory =
		memory && config_parse_bool(memory, &told) ? told : s->args->interfaces.count > 0;
	s->decoder_events = setting_flag(l, "stats.decoder-events");
	s->stream_events = setting_flag(l, "stats.stream-events");
	s->events_prefix = setting_word(l, "stats.decoder-events-prefix");
	if (!s->events_prefix)
		s->events_prefix = "decoder.event";
	s->sensor_name = setting_word(l, "sensor-name");
	s->log_dir = s->args->log_dir ? s->args->log_dir : setting_word(l, "default-log-dir");
	if (!s->log_dir)
		s->log_dir = ".";
	s->data_dir = s->args->data_dir ? s->args->data_dir : setting_word(l, "default-data-dir");
	if (!s->data_dir)
		s->data_dir = s->log_dir;
	if (!list || list->kind != CONFIG_SEQUENCE)
		list = config_get(l->stock, "outputs");
	for (const struct config_node *i = list ? list->first : NULL; i; i = i->next)
		load_output(l, i);
}
