/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree has passed config_check() when values are read here; where one was wrong (told), the
 * built-in default takes its place, so that everything else can be looked at too.
 */
#include "engine/run/settings.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/detect/threshold.h"
#include "engine/proto/dns.h"
#include "engine/detect/xbits.h"
#include "engine/run/settings_app.h"
#include "engine/run/settings_hosts.h"
#include "engine/run/settings_live.h"
#include "engine/run/settings_pools.h"
#include "engine/run/settings_tunnels.h"
#include "parser/rule_select.h"
#include "parser/config_key.h"
#include "parser/config_vars.h"

#ifndef WEIR_DATADIR
#define WEIR_DATADIR "/usr/share/weir"
#endif
#define ROOT_CACHE "/var/cache/weir"

/* A worker's pools are never smaller than this, however many workers share. */
#define LEAST_FLOWS 1024
#define LEAST_FRAGMENTS 1024
#define LEAST_HOSTS 64
#define LEAST_FRAGMENT_BYTES (128u << 10)
#define LEAST_BUFFER_KIB 128
#define MOST ((uint32_t)INT32_MAX)
/* Of what fragments have, this part is for the records of them; the rest is for their bytes. */
#define DEFRAG_RECORDS_PART 4

struct loader {
	struct settings *s;
	const struct config_node *stock; /* the built-in defaults alone */
	struct diag_list *diags;
};

/* --- values --------------------------------------------------------------------------------- */

static bool flag(const struct loader *l, const char *path)
{
	const char *text = config_text(config_get(l->s->config.root, path));
	bool v = false;

	if (text && config_parse_bool(text, &v))
		return v;
	text = config_text(config_get(l->stock, path));
	if (text)
		config_parse_bool(text, &v);
	return v;
}

/* By one of the readers of numbers; 0 where there is no value at all. */
static uint64_t number(const struct loader *l, const char *path,
		       bool (*parse)(const char *, uint64_t *))
{
	const char *text = config_text(config_get(l->s->config.root, path));
	uint64_t v = 0;

	if (text && parse(text, &v))
		return v;
	text = config_text(config_get(l->stock, path));
	if (text)
		parse(text, &v);
	return v;
}

static uint32_t count(const struct loader *l, const char *path)
{
	uint64_t v = number(l, path, config_parse_number);

	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static uint32_t seconds(const struct loader *l, const char *path)
{
	uint64_t v = number(l, path, config_parse_seconds);

	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static uint64_t size(const struct loader *l, const char *path)
{
	return number(l, path, config_parse_size);
}

static const char *word(const struct loader *l, const char *path)
{
	return config_text(config_get(l->s->config.root, path));
}

/* A flag below a node, which may be NULL. */
static bool option(const struct config_node *node, const char *path, bool otherwise)
{
	const char *value = config_text(config_get(node, path));
	bool v;

	return value && config_parse_bool(value, &v) ? v : otherwise;
}

static const struct place *place_at(const struct loader *l, const char *path)
{
	static const struct place nowhere = { .file = "weir" };
	const struct config_node *n = config_get(l->s->config.root, path);

	return n ? &n->at : &nowhere;
}

/* --- variables ------------------------------------------------------------------------------ */

static const char *variable(void *ctx, const char *name, bool ports)
{
	return config_vars_text(ctx, name, ports);
}

static const char *const *variable_names(void *ctx, bool ports)
{
	const struct config_vars *v = ctx;

	return v->names[ports];
}

static int load_variables(struct loader *l)
{
	struct config_vars *v = arena_alloc(&l->s->config.arena, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	err = config_vars_load(&l->s->config, v, l->diags);
	l->s->rule_options = (struct rule_parse_options){
		.variable = variable,
		.variable_names = variable_names,
		.ctx = v,
		.dataset_absolute = flag(l, "datasets.rules.allow-absolute-filenames"),
		.dataset_no_write = !flag(l, "datasets.rules.allow-write"),
	};
	return err;
}

/* --- files ---------------------------------------------------------------------------------- */

static const char *join(struct settings *s, const char *folder, const char *name)
{
	size_t a = strlen(folder), b = strlen(name);
	char *path;

	if (*name == '/' || a == 0)
		return name;
	path = arena_alloc(&s->config.arena, a + b + 2);
	if (path)
		snprintf(path, a + b + 2, "%s%s%s", folder, folder[a - 1] == '/' ? "" : "/", name);
	return path;
}

/* The folder of what is shipped: beside a program that was not installed, or where it was. */
static const char *shipped(struct settings *s)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (len > 0) {
		const char *path;
		char *slash;

		exe[len] = '\0';
		slash = strrchr(exe, '/');
		if (slash)
			*slash = '\0';
		path = join(s, arena_string(&s->config.arena, exe, strlen(exe)),
			    "rules/classification.config");
		if (path && access(path, R_OK) == 0)
			return arena_string(&s->config.arena, path,
					    strlen(path) - strlen("/classification.config"));
	}
	return WEIR_DATADIR "/rules";
}

/* A file that the configuration names and that may be missing: then the shipped one serves. */
static const char *file_or_shipped(struct loader *l, const char *path, const char *name)
{
	const char *file = word(l, path), *ours = join(l->s, shipped(l->s), name);

	if (!file)
		return ours;
	if (access(file, R_OK) == 0)
		return file;
	diag_add(l->diags, DIAG_WARNING, place_at(l, path), "correct the path, or leave it empty",
		 "cannot read '%s' (%s); the shipped '%s' is used", file, strerror(errno), ours);
	return file == ours ? NULL : ours;
}

static bool keep_file(struct loader *l, const char *path)
{
	char *copy = arena_string(&l->s->config.arena, path, strlen(path));

	return copy && text_list_add(&l->s->rule_files, copy);
}

/* One name or glob of rule files; level: of the diagnostic where it names nothing. */
static int add_rule_files(struct loader *l, const char *pattern, const struct place *at,
			  enum diag_level level)
{
	glob_t found;
	int err = 0, r = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &found);

	if (r == GLOB_NOSPACE)
		return -ENOMEM;
	if (r != 0) {
		diag_add(
			l->diags, level, at,
			"check the path; names in a configuration are taken from default-rule-path",
			"no rule file matches '%s'", pattern);
		return 0;
	}
	for (size_t i = 0; i < found.gl_pathc && !err; i++)
		err = keep_file(l, found.gl_pathv[i]) ? 0 : -ENOMEM;
	globfree(&found);
	return err;
}

static int rule_files_of_args(struct loader *l)
{
	struct place at = { .file = "-S" };
	int err = 0;

	for (unsigned i = 0; i < l->s->args->rules.count && !err; i++)
		err = add_rule_files(l, l->s->args->rules.text[i], &at, DIAG_ERROR);
	return err;
}

static int rule_files_of_config(struct loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "rule-files");
	const struct settings_args *args = l->s->args;
	const char *folder = word(l, "default-rule-path");
	enum diag_level level = DIAG_WARNING;
	int err = 0;

	if (!folder)
		folder = shipped(l->s);
	if (args->init_errors_fatal && !args->rules_optional)
		level = DIAG_ERROR;
	if (list && list->kind == CONFIG_SCALAR)
		return add_rule_files(l, join(l->s, folder, list->text), &list->at, level);
	for (const struct config_node *n = list ? list->first : NULL; n && !err; n = n->next) {
		const char *pattern = n->kind == CONFIG_SCALAR ? join(l->s, folder, n->text) : NULL;

		if (pattern)
			err = add_rule_files(l, pattern, &n->at, level);
	}
	return err;
}

/* Reputation lists and the database of countries. */
static void load_lists(struct loader *l)
{
	struct detect_options *d = &l->s->detect;
	const struct config_node *list = config_get(l->s->config.root, "reputation-files");
	const char *set = word(l, "default-reputation-path"), *folder = set ? set : "";
	const char *categories = word(l, "reputation-categories-file");

	d->geoip_file = word(l, "geoip-database");
	if (categories)
		d->iprep_categories = categories;
	if (list && list->kind == CONFIG_SCALAR)
		text_list_add(&l->s->reputation_files, join(l->s, folder, list->text));
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		if (n->kind == CONFIG_SCALAR)
			text_list_add(&l->s->reputation_files, join(l->s, folder, n->text));
	}
	d->iprep_files = l->s->reputation_files.text;
	d->iprep_file_count = l->s->reputation_files.count;
}

static int load_rule_files(struct loader *l)
{
	struct settings *s = l->s;

	static const char *const changes[SELECT__COUNT] = {
		[SELECT_DISABLE] = "rule-changes.disable",
		[SELECT_ENABLE] = "rule-changes.enable",
		[SELECT_MODIFY] = "rule-changes.modify",
		[SELECT_DROP] = "rule-changes.drop",
	};

	static_assert(sizeof(s->rule_changes) / sizeof(s->rule_changes[0]) == SELECT__COUNT,
		      "a file for each kind of change");
	s->detection = !s->args->disable_detection;
	s->threshold_file = word(l, "threshold-file");
	for (unsigned i = 0; i < SELECT__COUNT; i++)
		s->rule_changes[i] = word(l, changes[i]);
	s->classification_file = file_or_shipped(l, "classification-file", "classification.config");
	s->reference_config_file = file_or_shipped(l, "reference-config-file", "reference.config");
	if (!s->detection)
		return 0;
	return s->args->rules.count ? rule_files_of_args(l) : rule_files_of_config(l);
}

/* --- outputs -------------------------------------------------------------------------------- */

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
	o->xff.enabled = option(n, "enabled", false);
	o->xff.overwrite = mode && strcasecmp(mode, "overwrite") == 0;
	o->xff.forward = deployment && strcasecmp(deployment, "forward") == 0;
	o->xff.header = config_text(config_child(n, "header"));
	if (!o->xff.header)
		o->xff.header = "X-Forwarded-For";
}

static void load_alert(struct output_options *o, const struct config_node *n)
{
	const struct config_node *metadata = config_child(n, "metadata");
	bool on = option(n, "metadata", true);
	uint64_t v;

	o->alert.payload = option(n, "payload", false);
	o->alert.payload_printable = option(n, "payload-printable", false);
	o->alert.payload_length = option(n, "payload-length", false);
	o->alert.http_body = option(n, "http-body", false);
	o->alert.http_body_printable = option(n, "http-body-printable", false);
	o->alert.packet = option(n, "packet", false);
	o->alert.verdict = option(n, "verdict", false);
	o->alert.metadata = option(metadata, "app-layer", on);
	o->alert.flow = option(metadata, "flow", on);
	o->alert.rule_metadata = option(metadata, "rule.metadata", on);
	o->alert.rule_references = option(metadata, "rule.reference", false);
	o->alert.rule_text = option(metadata, "rule.raw", false);
	o->alert.payload_buffer_bytes = 4096;
	if (config_text(config_child(n, "payload-buffer-size")) &&
	    config_parse_size(config_child(n, "payload-buffer-size")->text, &v) && v <= 1u << 20)
		o->alert.payload_buffer_bytes = (uint32_t)v;
}

/* Version 2 has other names for requests and responses. */
static void load_http(struct output_options *o, const struct config_node *n)
{
	const char *all = config_text(config_child(n, "dump-all-headers"));

	o->http.extended = option(n, "extended", true);
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
	o->dns.requests = option(n, "requests", option(n, "query", true));
	o->dns.responses = option(n, "responses", option(n, "answer", true));
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

	o->tls.fields = custom			       ? fields_of(custom, output_tls_field)
			: option(n, "extended", false) ? OUTPUT_TLS_EXTENDED
						       : OUTPUT_TLS_LEAST;
	o->tls.session_resumption = option(n, "session-resumption", true);
}

static void load_smtp(struct output_options *o, const struct config_node *n)
{
	o->smtp.fields = option(n, "extended", false)
				 ? OUTPUT_SMTP_EXTENDED
				 : fields_of(config_child(n, "custom"), output_smtp_field);
}

static void load_frame(struct output_options *o, const struct config_node *n)
{
	const char *size = config_text(config_child(n, "payload-buffer-size"));
	uint64_t v;

	o->frame.payload_buffer_bytes = 4096;
	if (size && config_parse_size(size, &v) && v <= 1u << 20)
		o->frame.payload_buffer_bytes = (uint32_t)v;
}

static void load_type(struct loader *l, struct output_options *o, const char *name,
		      const struct config_node *n)
{
	const char *flows;

	if (!option(n, "enabled", true))
		return;
	for (int kind = 0; kind < RECORD__COUNT; kind++) {
		if (strcmp(name, record_kind_type((enum record_kind)kind)) == 0)
			o->wants[kind] = true;
	}
	if (strcmp(name, "alert") == 0) {
		load_alert(o, n);
		o->wants[RECORD_PACKET] = option(n, "tagged-packets", true);
		load_xff(o, config_child(n, "xff"));
	} else if (strcmp(name, "anomaly") == 0) {
		o->anomaly.decode = option(n, "types.decode", false);
		o->anomaly.stream = option(n, "types.stream", false);
		o->anomaly.applayer = option(n, "types.applayer", true);
		o->anomaly.watch = option(n, "types.watch", true);
		o->anomaly.packet_header = option(n, "packethdr", false);
	} else if (strcmp(name, "drop") == 0) {
		flows = config_text(config_child(n, "flows"));
		o->drop.alerts = option(n, "alerts", false);
		o->drop.flows_all = flows && strcasecmp(flows, "all") == 0;
		o->drop.verdict = option(n, "verdict", false);
	} else if (strcmp(name, "files") == 0) {
		l->s->app.files.magic |= option(n, "force-magic", false);
		l->s->app.files.digests |= settings_digests(config_child(n, "force-hash"));
	} else if (strcmp(name, "dns") == 0) {
		load_dns(o, n);
	} else if (strcmp(name, "tls") == 0) {
		load_tls(o, n);
	} else if (strcmp(name, "frame") == 0) {
		load_frame(o, n);
	} else if (strcmp(name, "smtp") == 0) {
		load_smtp(o, n);
	} else if (strcmp(name, "http") == 0) {
		load_http(o, n);
	} else if (strcmp(name, "stats") == 0) {
		o->stats.totals = option(n, "totals", true);
		o->stats.deltas = option(n, "deltas", false);
		o->stats.null_values = option(n, "null-values", true);
	}
}

static void load_eve(struct loader *l, struct output_options *o, const struct config_node *n)
{
	const struct config_node *types = config_child(n, "types"), *below;
	const char *seed = config_text(config_child(n, "community-id-seed"));
	uint64_t v = 0;

	o->format = OUTPUT_EVE;
	o->filename = config_text(config_child(n, "filename"));
	if (!o->filename)
		o->filename = "eve.json";
	o->append = option(n, "append", true);
	load_xff(o, config_child(n, "xff"));
	o->metadata = option(n, "metadata", true);
	o->ethernet = option(n, "ethernet", false);
	o->pcap_file = option(n, "pcap-file", false);
	o->version = option(n, "suricata-version", false);
	o->community_id = option(n, "community-id", true);
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
static bool regular_file(struct loader *l, const struct config_node *n)
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

static void load_filestore(struct loader *l, const struct config_node *n)
{
	struct settings *s = l->s;
	const char *dir = config_text(config_child(n, "dir"));
	uint64_t v;

	if (!option(n, "enabled", false))
		return;
	s->filestore.alone = s->args->interfaces.count > 0;
	s->filestore.dir = join(s, s->log_dir, dir ? dir : "filestore");
	s->filestore_all = option(n, "force-filestore", false);
	s->app.files.magic |= option(n, "force-magic", false);
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

static void load_tls_store(struct loader *l, const struct config_node *n)
{
	const char *dir = config_text(config_child(n, "certs-log-dir"));

	if (option(n, "enabled", false))
		l->s->certs_dir = join(l->s, l->s->log_dir, dir ? dir : "certs");
}

static void load_output(struct loader *l, const struct config_node *item)
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
	if (!option(n, "enabled", false) || !regular_file(l, n))
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
		o->append = option(n, "append", true);
		o->wants[RECORD_ALERT] = true;
	}
	l->s->output_count++;
}

static void load_outputs(struct loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "outputs");
	struct settings *s = l->s;

	s->stats_enabled = flag(l, "stats.enabled");
	s->stats_interval_s = seconds(l, "stats.interval");
	s->decoder_events = flag(l, "stats.decoder-events");
	s->stream_events = flag(l, "stats.stream-events");
	s->events_prefix = word(l, "stats.decoder-events-prefix");
	if (!s->events_prefix)
		s->events_prefix = "decoder.event";
	s->sensor_name = word(l, "sensor-name");
	s->log_dir = s->args->log_dir ? s->args->log_dir : word(l, "default-log-dir");
	if (!s->log_dir)
		s->log_dir = ".";
	s->data_dir = s->args->data_dir ? s->args->data_dir : word(l, "default-data-dir");
	if (!s->data_dir)
		s->data_dir = s->log_dir;
	if (!list || list->kind != CONFIG_SEQUENCE)
		list = config_get(l->stock, "outputs");
	for (const struct config_node *i = list ? list->first : NULL; i; i = i->next)
		load_output(l, i);
}

/* --- modules -------------------------------------------------------------------------------- */

static void load_timeouts(const struct loader *l, const char *proto, struct flow_timeouts *out)
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
		*rows[i].out = seconds(l, path);
	}
}

static void load_decode(struct loader *l)
{
	struct settings *s = l->s;
	const char *checks = s->args->checksums, *words = word(l, "pcap-file.checksum-checks");
	bool on;

	s->checksums = CHECKSUM_AUTO;
	if (checks && strcmp(checks, "auto") != 0)
		s->checksums = strcmp(checks, "none") == 0 ? CHECKSUM_NONE : CHECKSUM_ALL;
	else if (!checks && words && config_parse_bool(words, &on))
		s->checksums = on ? CHECKSUM_ALL : CHECKSUM_NONE;
	s->decode = (struct decode_options){
		.check_checksums = s->checksums != CHECKSUM_NONE,
		.recursion_limit = (uint16_t)count(l, "decoder.max-layers"),
	};
	settings_load_tunnels(s, l->diags);
}

static void load_watch(struct loader *l)
{
	struct settings *s = l->s;
	struct watch_options *o = &s->watch;
	bool asked = false;

	*o = watch_defaults();
	o->interval_s = seconds(l, "watch.interval");
	o->scan_ports = count(l, "watch.scan.ports");
	o->scan_hosts = count(l, "watch.scan.hosts");
	o->scan_window_s = seconds(l, "watch.scan.window");
	o->slow_ports = count(l, "watch.scan.slow-ports");
	o->slow_hosts = count(l, "watch.scan.slow-hosts");
	o->slow_window_s = seconds(l, "watch.scan.slow-window");
	o->distributed_sources = count(l, "watch.scan.sources");
	o->flood_packets = count(l, "watch.flood.packets");
	o->flood_completed_percent = count(l, "watch.flood.completed");
	o->blind_packets = count(l, "watch.sequence.packets");
	o->stalled_flows = count(l, "watch.window.flows");
	o->bad_flags = count(l, "watch.flags.packets");
	o->baseline_deviations = count(l, "watch.baseline.deviations");
	o->baseline_flows = count(l, "watch.baseline.flows");
	o->baseline_bytes = size(l, "watch.baseline.bytes");
	for (unsigned i = 0; i < s->output_count; i++)
		asked |= s->outputs[i].wants[RECORD_ANOMALY] && s->outputs[i].anomaly.watch;
	/* Where nobody is told there is nothing to judge. */
	o->enabled = flag(l, "watch.enabled") && asked;
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

static void load_stream(struct loader *l)
{
	struct settings *s = l->s;
	const char *use_inline = word(l, "stream.inline");
	bool on = s->args->simulate_ips;

	if (use_inline)
		config_parse_bool(use_inline, &on);
	s->stream = (struct stream_options){
		.midstream = flag(l, "stream.midstream"),
		.async_oneside = flag(l, "stream.async-oneside"),
		.use_inline = on,
		.checksum_validation = flag(l, "stream.checksum-validation"),
		.depth = (uint32_t)size(l, "stream.reassembly.depth"),
		.window = (uint32_t)size(l, "stream.window"),
		.max_synack_queued = count(l, "stream.max-synack-queued"),
		.urgent = urgent_word(word(l, "stream.reassembly.urgent.policy")),
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
static void load_exceptions(struct loader *l)
{
	struct settings *s = l->s;
	bool inline_mode = s->args->simulate_ips;
	const char *master = word(l, "exception-policy");
	enum exception_policy otherwise = inline_mode ? EXCEPTION_DROP_FLOW : EXCEPTION_IGNORE;

	if (!is_auto(master))
		otherwise = exception_word(master);
	for (unsigned i = 0; i < EXCEPTION_TARGET__COUNT; i++) {
		enum exception_target t = (enum exception_target)i;
		const char *text = word(l, exception_key[i]);
		enum exception_policy p = is_auto(text) ? otherwise : exception_word(text);

		/* Sessions that are picked up are wanted, whatever the policy for all. */
		if (t == EXCEPTION_MIDSTREAM && is_auto(text) && s->stream.midstream)
			p = EXCEPTION_IGNORE;
		s->exceptions.policy[i] = (uint8_t)exception_fit(t, p, inline_mode);
	}
	s->stream.keeps_out = s->exceptions.policy[EXCEPTION_MIDSTREAM] > EXCEPTION_PASS_FLOW;
}

static void load_release(struct loader *l)
{
	l->s->release = flag(l, "release");
	l->s->stream_bypass = flag(l, "stream.bypass");
	l->s->elephant_bytes = size(l, "flow.elephant");
}

static void load_flow(struct loader *l)
{
	struct flow_options *f = &l->s->flow;

	*f = (struct flow_options){
		.hash_size = count(l, "flow.hash-size"),
		.emergency_recovery_percent = count(l, "flow.emergency-recovery"),
		.use_vlan = flag(l, "vlan.use-for-tracking"),
		.use_depth = flag(l, "decoder.recursion-level.use-for-tracking"),
	};
	load_timeouts(l, "tcp", &f->tcp);
	load_timeouts(l, "udp", &f->udp);
	load_timeouts(l, "icmp", &f->icmp);
	load_timeouts(l, "default", &f->other);
	l->s->defrag = (struct defrag_options){
		.max_trackers = count(l, "defrag.trackers"),
		.max_fragments = count(l, "defrag.max-frags"),
		.timeout_ns = (int64_t)seconds(l, "defrag.timeout") * 1000000000,
		.use_vlan = f->use_vlan,
	};
}

static void load_action_order(struct loader *l)
{
	static const struct {
		const char *name;
		uint8_t action;
	} names[] = {
		{ "pass", ACTION_PASS },
		{ "drop", ACTION_DROP },
		{ "reject", ACTION_REJECT },
		{ "alert", ACTION_ALERT },
	};
	const struct config_node *list = config_get(l->s->config.root, "action-order");
	uint8_t *order = l->s->detect.action_order;
	unsigned have = 0, seen = 0;

	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		for (unsigned i = 0; i < 4; i++) {
			if (!config_text(n) || strcasecmp(n->text, names[i].name) != 0)
				continue;
			if (seen & 1u << i) {
				diag_add(l->diags, DIAG_ERROR, &n->at, "name each action once",
					 "'%s' is named twice", n->text);
				continue;
			}
			seen |= 1u << i;
			order[have++] = names[i].action;
		}
	}
	/* What a person left out comes last, in the usual order. */
	for (unsigned i = 0; i < 4; i++) {
		if (!(seen & 1u << i))
			order[have++] = names[i].action;
	}
}

/* The configured folder, or the user's; NULL: there is none. */
static const char *cache_folder(struct loader *l)
{
	const char *path = word(l, "detect.sgh-mpm-caching-path");
	const char *start = getenv("XDG_CACHE_HOME"), *below = "/weir";
	size_t len;
	char *text;

	if (path && *path)
		return path;
	/* The XDG specification has relative paths ignored. */
	if (!start || *start != '/') {
		if (geteuid() == 0)
			return ROOT_CACHE;
		start = getenv("HOME");
		below = "/.cache/weir";
	}
	if (!start || *start != '/')
		return NULL;
	len = strlen(start) + strlen(below) + 1;
	text = arena_alloc(&l->s->config.arena, len);
	if (text)
		snprintf(text, len, "%s%s", start, below);
	return text;
}

/* A set by its name; false: a section that is none, or wrong, which is told. */
static bool read_dataset(struct loader *l, const struct config_node *n, struct dataset_config *out)
{
	static const char *const types[] = { "string", "md5", "sha256", "ipv4", "ip" };
	const char *type = config_text(config_child(n, "type"));
	const char *state = config_text(config_child(n, "state"));
	const char *memcap = config_text(config_child(n, "memcap"));

	*out = (struct dataset_config){
		.name = n->key,
		.type = DATASET_UNSAID,
		.load = state ? state : config_text(config_child(n, "load")),
		.save = state ? state : config_text(config_child(n, "save"))
	};
	if (!type)
		return false;
	for (uint8_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i]) == 0)
			out->type = i;
	}
	if (strcmp(type, "ipv6") == 0)
		out->type = DATASET_IP;
	if (memcap)
		config_parse_size(memcap, &out->memcap);
	if (out->type != DATASET_UNSAID)
		return true;
	diag_add(l->diags, DIAG_ERROR, &n->at, "write string, md5, sha256, ipv4 or ip",
		 "expected the type of the set, found '%s'", type);
	return false;
}

static void load_datasets(struct loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "datasets");
	struct dataset_config *set;
	unsigned count = 0;

	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next)
		count++;
	set = arena_alloc(&l->s->config.arena, (count + 1) * sizeof(*set));
	if (!set)
		return;
	l->s->detect.datasets = set;
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next)
		l->s->detect.dataset_count += read_dataset(l, n, &set[l->s->detect.dataset_count]);
}

/* Somebody is told the texts of rules. */
static bool wants_texts(const struct settings *s)
{
	bool wants = s->args->rule_texts;

	for (unsigned i = 0; i < s->output_count; i++)
		wants |= s->outputs[i].alert.rule_text;
	return wants;
}

static void load_detect(struct loader *l)
{
	l->s->detect = (struct detect_options){
		.data_dir = l->s->data_dir,
		.dataset_memcap = size(l, "datasets.defaults.memcap"),
		.inline_mode = l->s->args->simulate_ips,
		.alert_max = count(l, "packet-alert-max"),
		.pcre_match_limit = count(l, "pcre.match-limit"),
		.pcre_recursion_limit = count(l, "pcre.match-limit-recursion"),
		.inspection_recursion_limit = count(l, "detect.inspection-recursion-limit"),
		.check_only = l->s->args->test_only,
		.without_texts = !wants_texts(l->s),
		.saves_later = l->s->args->interfaces.count > 0,
	};
	if (flag(l, "detect.sgh-mpm-caching"))
		l->s->detect.cache_folder = cache_folder(l);
	load_action_order(l);
	load_datasets(l);
	load_lists(l);
}

/* --- memory --------------------------------------------------------------------------------- */

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}

/* What a pool of n takes with the other settings as they are. */
typedef uint64_t (*taken_fn)(const struct settings *s, uint32_t n);

/* The table of chains: as many as asked for, but neither too few nor too many for the flows. */
static uint32_t chains(const struct settings *s, uint32_t flows)
{
	uint64_t n = s->flow.hash_size / s->workers;

	if (n < flows)
		n = flows;
	return n > 4ull * flows ? 4 * flows : (uint32_t)n;
}

static uint64_t flows_take(const struct settings *s, uint32_t n)
{
	struct flow_options o = s->flow;

	o.max_flows = n;
	o.hash_size = chains(s, n);
	return flow_table_bytes(&o);
}

static uint64_t sessions_take(const struct settings *s, uint32_t n)
{
	struct stream_options o = s->stream;

	o.max_sessions = n;
	o.reassembly_memcap = 0;
	return stream_engine_bytes(&o);
}

/* n: KiB of buffers beside the sessions. */
static uint64_t buffers_take(const struct settings *s, uint32_t n)
{
	struct stream_options o = s->stream;

	o.reassembly_memcap = (uint64_t)n << 10;
	return stream_engine_bytes(&o) - sessions_take(s, o.max_sessions);
}

static uint64_t fragments_take(const struct settings *s, uint32_t n)
{
	struct defrag_options o = s->defrag;

	o.max_trackers = n < o.max_trackers ? n : o.max_trackers;
	o.max_fragments = n < o.max_fragments ? n : o.max_fragments;
	o.memcap_bytes = 0;
	return defrag_bytes(&o);
}

static uint64_t states_take(const struct settings *s, uint32_t n)
{
	struct detect_options o = s->detect;

	o.max_flow_states = n;
	return detector_state_bytes(&o);
}

/* One table shapes what is written, one decides actions. */
static uint64_t thresholds_take(const struct settings *s, uint32_t n)
{
	(void)s;
	/* Of output and of actions, and marks on hosts. */
	return 2 * threshold_table_bytes(n) + xbits_table_bytes(n);
}

static uint64_t watch_take(const struct settings *s, uint32_t n)
{
	struct watch_options o = s->watch;

	o.max_hosts = n;
	return o.enabled ? watch_bytes(&o) : 0;
}

/* The greatest number of at least `least` whose pool takes no more than bytes. */
static uint32_t fit(const struct settings *s, uint64_t bytes, uint32_t least, uint32_t most,
		    taken_fn taken)
{
	uint32_t low = least, high = most;

	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (taken(s, middle) <= bytes)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

uint64_t settings_pool_bytes(const struct settings *s)
{
	uint64_t each = flow_table_bytes(&s->flow) + stream_engine_bytes(&s->stream) +
			defrag_bytes(&s->defrag) + app_engine_bytes(&s->app) +
			detector_state_bytes(&s->detect);

	return each * s->workers + thresholds_take(s, s->max_thresholds) +
	       watch_take(s, s->watch.max_hosts);
}

static void size_fragments(struct settings *s, uint64_t bytes)
{
	struct defrag_options *d = &s->defrag;
	uint32_t n = fit(s, bytes / DEFRAG_RECORDS_PART, LEAST_FRAGMENTS, MOST, fragments_take);
	uint64_t taken = fragments_take(s, n);

	d->max_trackers = n < d->max_trackers ? n : d->max_trackers;
	d->max_fragments = n < d->max_fragments ? n : d->max_fragments;
	d->memcap_bytes = LEAST_FRAGMENT_BYTES;
	if (bytes > taken + LEAST_FRAGMENT_BYTES)
		d->memcap_bytes = bytes - taken;
}

static void size_pools(struct settings *s, const struct pool_plan *plan)
{
	uint64_t each[POOL__COUNT];

	for (unsigned i = 0; i < POOL__COUNT; i++)
		each[i] = plan->bytes[i] / s->workers;
	s->flow.max_flows = fit(s, each[POOL_FLOWS], LEAST_FLOWS, MOST, flows_take);
	s->flow.hash_size = chains(s, s->flow.max_flows);
	s->stream.max_sessions =
		fit(s, each[POOL_SESSIONS], LEAST_FLOWS, s->flow.max_flows, sessions_take);
	s->stream.reassembly_memcap =
		(uint64_t)fit(s, each[POOL_REASSEMBLY], LEAST_BUFFER_KIB, MOST, buffers_take) << 10;
	size_fragments(s, each[POOL_DEFRAG]);
	settings_size_app(s, each[POOL_APP]);
	s->detect.max_flow_states = fit(s, each[POOL_DETECT], LEAST_FLOWS, MOST, states_take);
	s->max_thresholds =
		fit(s, plan->bytes[POOL_THRESHOLDS], LEAST_FLOWS, MOST, thresholds_take);
	s->watch.max_hosts =
		fit(s, plan->bytes[POOL_WATCH], LEAST_HOSTS, s->watch.max_hosts, watch_take);
}

static void load_pools(struct loader *l)
{
	struct settings *s = l->s;
	struct pool_plan plan = { .budget = size(l, "memory") };

	s->workers = count(l, "workers");
	if (s->workers == 0)
		s->workers = processors();
	plan.fixed = plan.budget != 0;
	if (!plan.fixed)
		plan.budget = pool_auto_budget();
	plan.bytes[POOL_FLOWS] = size(l, "flow.memcap");
	plan.bytes[POOL_SESSIONS] = size(l, "stream.memcap");
	plan.bytes[POOL_REASSEMBLY] = size(l, "stream.reassembly.memcap");
	plan.bytes[POOL_DEFRAG] = size(l, "defrag.memcap");
	plan.bytes[POOL_APP] = size(l, "app-layer.memcap");
	if (!pool_plan(&plan))
		diag_add(l->diags, DIAG_ERROR, place_at(l, "memory"),
			 "raise it, or lower flow.memcap, stream.memcap, stream.reassembly.memcap "
			 "and defrag.memcap",
			 "the memcaps together leave nothing of 'memory'");
	size_pools(s, &plan);
	s->memory_bytes = settings_pool_bytes(s);
	if (s->memory_bytes < plan.budget)
		s->memory_bytes = plan.budget;
	else if (plan.fixed && s->memory_bytes > plan.budget)
		diag_add(l->diags, DIAG_ERROR, place_at(l, "memory"),
			 "raise it, or use fewer workers", "'memory' is too little for %u workers",
			 s->workers);
}

/* --- the whole ------------------------------------------------------------------------------ */

static void mark_stock(struct config_node *n)
{
	n->stock = n->checked = true;
	for (struct config_node *c = n->first; c; c = c->next)
		mark_stock(c);
}

static int build_tree(struct loader *l)
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
	struct loader l = { .s = s, .diags = diags };
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->args = args;
	err = config_init(&s->config);
	if (!err)
		err = build_tree(&l);
	if (!err)
		err = load_variables(&l);
	if (err)
		goto fail;
	settings_load_app(s, diags);
	config_check_together(&s->config, diags);
	load_outputs(&l);
	load_decode(&l);
	load_flow(&l);
	load_watch(&l);
	load_stream(&l);
	load_exceptions(&l);
	if (settings_load_hosts(s, diags))
		return -ENOMEM;
	load_release(&l);
	load_detect(&l);
	load_pools(&l);
	settings_load_live(s, diags);
	err = load_rule_files(&l);
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
