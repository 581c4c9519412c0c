/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_app.h"
#include "engine/run/settings_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_WINDOW_BYTES 4096u
/* smtp.inspected-tracker, unless it says otherwise: content-inspect-min-size, content-limit. */
#define MAIL_LEAST_BYTES 32768u
#define MAIL_LIMIT_BYTES 100000u
#define TRANSACTIONS_OF_A_FLOW 1024u
/* The longest line of FTP that may be asked for. */
#define FTP_LINE_MOST (1u << 20)
#define LEAST_APP_BYTES (512u << 10)
#define DECODERS_BYTES (12u << 20)
/* Of what the pool has, this part is for flows' states. */
#define STATES_PART 4u
/* And this one for decoders of bodies. */
#define DECODERS_PART 4u

/* The protocol's section; "http" is HTTP/1. */
static const struct config_node *section(const struct settings *s, enum app_proto p)
{
	const char *name = p == APP_PROTO_HTTP1 ? "http" : app_proto_rule_name(p);
	char path[64];

	snprintf(path, sizeof(path), "app-layer.protocols.%s", name);
	return config_get(s->config.root, path);
}

enum state { STATE_OFF, STATE_DETECTION_ONLY, STATE_ON };

static enum state state_of(const struct config_node *n, enum state otherwise)
{
	const char *text = config_text(config_child(n, "enabled"));
	bool on;

	if (!text)
		return otherwise;
	if (strcasecmp(text, "detection-only") == 0)
		return STATE_DETECTION_ONLY;
	if (!config_parse_bool(text, &on))
		return otherwise;
	return on ? STATE_ON : STATE_OFF;
}

/* Off unless somebody asks, as their parsers are in Suricata. */
static enum state stock_state(enum app_proto p)
{
	switch (p) {
	case APP_PROTO_PGSQL:
	case APP_PROTO_MODBUS:
	case APP_PROTO_ENIP:
	case APP_PROTO_DNP3:
	case APP_PROTO_TEMPLATE:
		return STATE_OFF;
	case APP_PROTO_IMAP:
		return STATE_DETECTION_ONLY;
	default:
		return STATE_ON;
	}
}

/* --- ports ----------------------------------------------------------------------------------- */

static void forget_ports(struct identify_ports *ports, enum app_proto p, unsigned transport)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < ports->count; i++) {
		const struct identify_port *r = &ports->port[i];

		if (r->proto != p || r->transport != transport)
			ports->port[kept++] = *r;
	}
	ports->count = kept;
}

/* Ports that follow the ones before need no row of their own. */
static bool goes_on(struct identify_port *r, enum app_proto p, unsigned transport, bool of_client,
		    unsigned long first, unsigned long last)
{
	if (r->proto != p || r->transport != transport || r->of_client != of_client ||
	    first != r->last + 1ul)
		return false;
	r->last = (uint16_t)last;
	return true;
}

static bool add_port(struct identify_ports *ports, enum app_proto p, unsigned transport,
		     bool of_client, const char *text)
{
	char *end;
	unsigned long first, last;

	while (*text == ' ' || *text == '[')
		text++;
	first = last = strtoul(text, &end, 10);
	if (*end == '-' || *end == ':')
		last = strtoul(end + 1, &end, 10);
	while (*end == ' ' || *end == ']')
		end++;
	if (*end || end == text || first > last || last > UINT16_MAX)
		return false;
	if (ports->count &&
	    goes_on(&ports->port[ports->count - 1], p, transport, of_client, first, last))
		return true;
	if (ports->count == IDENTIFY_PORTS_MAX)
		return false;
	ports->port[ports->count++] = (struct identify_port){
		.first = (uint16_t)first,
		.last = (uint16_t)last,
		.proto = (uint8_t)p,
		.transport = (uint8_t)transport,
		.of_client = of_client,
	};
	return true;
}

static void port_list(struct settings *s, struct diag_list *diags, const struct config_node *n,
		      enum app_proto p, unsigned transport, bool of_client)
{
	char text[1024], *save = NULL;

	if (!config_text(n))
		return;
	snprintf(text, sizeof(text), "%s", config_text(n));
	for (char *t = strtok_r(text, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		if (!add_port(&s->app.ports, p, transport, of_client, t)) {
			diag_add(diags, DIAG_ERROR, &n->at,
				 "write ports and ranges with commas: 53, 5300-5310",
				 "'%s' is no list of ports, or there are too many", n->text);
			return;
		}
	}
}

static void ports_of(struct settings *s, struct diag_list *diags, const struct config_node *n,
		     enum app_proto p, unsigned transport)
{
	const struct config_node *list = config_child(n, "detection-ports");

	const struct config_node *dp = config_child(list, "dp"), *sp = config_child(list, "sp");

	if (!(dp && !dp->stock) && !(sp && !sp->stock))
		return;
	forget_ports(&s->app.ports, p, transport);
	port_list(s, diags, dp, p, transport, false);
	port_list(s, diags, sp, p, transport, true);
}

/* --- what single protocols have ------------------------------------------------------------- */

static bool says(const struct config_node *n, const char *path, bool otherwise)
{
	const char *text = config_text(config_child(n, path));
	bool on;

	return text && config_parse_bool(text, &on) ? on : otherwise;
}

static void load_schemes(struct smtp_options *o, const struct config_node *list)
{
	unsigned n = 0;

	if (!list)
		return;
	for (const struct config_node *i = list->first; i && n < MIME_URL_SCHEMES_MAX;
	     i = i->next) {
		if (config_text(i))
			o->schemes[n++] = i->text;
	}
	o->schemes[n] = NULL;
}

static uint32_t size_below(const struct config_node *n, const char *key, uint32_t otherwise)
{
	const char *text = config_text(config_child(n, key));
	uint64_t v;

	return text && config_parse_size(text, &v) && v <= UINT32_MAX ? (uint32_t)v : otherwise;
}

/* When rules look at an attachment that is still coming. */
static void load_tracker(struct settings *s, const struct config_node *n)
{
	struct file_options *o = &s->app.files;
	uint32_t limit = size_below(n, "content-limit", MAIL_LIMIT_BYTES);

	o->mail_least = size_below(n, "content-inspect-min-size", MAIL_LEAST_BYTES);
	/* At the limit they wait no longer. */
	if (limit && limit < o->mail_least)
		o->mail_least = limit;
	o->mail_window = size_below(n, "content-inspect-window", FILE_WINDOW_BYTES);
}

/* A message is taken apart or kept whole. */
static void load_raw(struct settings *s, struct diag_list *diags, const struct config_node *smtp)
{
	const struct config_node *raw = config_child(smtp, "raw-extraction");

	s->smtp.raw = says(smtp, "raw-extraction", false);
	if (!s->smtp.raw || !s->smtp.decode_mime)
		return;
	s->smtp.raw = false;
	diag_add(diags, DIAG_WARNING, &raw->at, "set mime.decode-mime to no to keep messages whole",
		 "'%s' stands beside '%s', where it has no effect", "raw-extraction",
		 "decode-mime: yes");
}

static void load_smtp(struct settings *s, struct diag_list *diags)
{
	const struct config_node *smtp = section(s, APP_PROTO_SMTP);
	const struct config_node *mime = config_child(smtp, "mime");
	const char *depth = config_text(config_child(mime, "header-value-depth"));
	uint64_t v;

	load_tracker(s, config_child(smtp, "inspected-tracker"));
	smtp_options_stock(&s->smtp);
	s->smtp.decode_mime = says(mime, "decode-mime", true);
	load_raw(s, diags, smtp);
	s->smtp.body_md5 = says(mime, "body-md5", false);
	s->smtp.log_scheme = says(mime, "log-url-scheme", false);
	s->smtp.mime.keep_base64 = !says(mime, "decode-base64", true);
	s->smtp.mime.keep_quoted_printable = !says(mime, "decode-quoted-printable", true);
	if (depth && config_parse_size(depth, &v) && v)
		s->smtp.mime.value_max = v < MIME_VALUE_MAX ? (uint32_t)v : MIME_VALUE_MAX;
	load_schemes(&s->smtp, config_child(mime, "extract-urls-schemes"));
	if (!says(mime, "extract-urls", true))
		s->smtp.schemes[0] = NULL;
	s->app.smtp = &s->smtp;
}

/* "auto" is what stands there when nothing does: only where a rule asks. */
static void load_fingerprints(struct settings *s)
{
	const struct config_node *tls = section(s, APP_PROTO_TLS);
	uint64_t v;

	s->app.log_ja3 = says(tls, "ja3-fingerprints", false);
	s->app.log_ja4 = says(tls, "ja4-fingerprints", true);
	if (config_text(config_child(section(s, APP_PROTO_FTP), "max-line-length")) &&
	    config_parse_size(config_child(section(s, APP_PROTO_FTP), "max-line-length")->text,
			      &v) &&
	    v && v <= FTP_LINE_MOST)
		s->app.ftp_line_max = (uint32_t)v;
	s->app.log_hassh = says(section(s, APP_PROTO_SSH), "hassh", false);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void load_protocol(struct settings *s, struct diag_list *diags, enum app_proto p)
{
	static const char *const transports[] = { "tcp", "udp" };
	const struct config_node *n = section(s, p);
	const char *most = config_text(config_child(n, "max-tx"));
	enum state all = state_of(n, stock_state(p));
	const char *encrypted = config_text(config_child(n, "encryption-handling"));
	uint64_t v;

	if (most && config_parse_number(most, &v) && v && v <= UINT32_MAX)
		s->app.max_tx[p] = (uint32_t)v;
	if (encrypted && !strcmp(encrypted, "full"))
		s->app.encrypted_full |= APP_PROTO_BIT(p);
	else if (encrypted && !strcmp(encrypted, "bypass"))
		s->app.encrypted_bypass |= APP_PROTO_BIT(p);
	for (unsigned t = 0; t < 2; t++) {
		const struct config_node *below = config_child(n, transports[t]);
		enum state one = state_of(below, all);

		if (one != STATE_OFF)
			s->app.enabled[t] |= APP_PROTO_BIT(p);
		if (one == STATE_DETECTION_ONLY)
			s->app.detection_only |= APP_PROTO_BIT(p);
		ports_of(s, diags, below ? below : n, p, t);
	}
}

uint16_t settings_digests(const struct config_node *list)
{
	uint16_t flags = 0;

	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		const char *name = config_text(n);

		if (!name)
			continue;
		flags |= strcasecmp(name, "md5") == 0 ? FILE_MD5 : 0;
		flags |= strcasecmp(name, "sha1") == 0 ? FILE_SHA1 : 0;
		flags |= strcasecmp(name, "sha256") == 0 ? FILE_SHA256 : 0;
	}
	return flags;
}

void settings_load_app(struct settings *s, struct diag_list *diags)
{
	s->app = (struct app_options){
		.max_transactions = TRANSACTIONS_OF_A_FLOW,
		.files = { .window = FILE_WINDOW_BYTES },
	};
	identify_ports_stock(&s->app.ports);
	settings_load_http(s, diags);
	for (unsigned p = APP_PROTO_FAILED + 1; p < APP_PROTO__COUNT; p++)
		load_protocol(s, diags, (enum app_proto)p);
	load_smtp(s, diags);
	load_fingerprints(s);
}

/* Some decoders of br, which are large, for each of many workers, if that leaves the most of it. */
static uint64_t decoders_share(uint64_t bytes)
{
	uint64_t share = bytes / DECODERS_PART;

	return share < DECODERS_BYTES && bytes >= 3 * DECODERS_BYTES ? DECODERS_BYTES : share;
}

void settings_size_app(struct settings *s, uint64_t bytes)
{
	uint64_t states = bytes / STATES_PART / sizeof(struct app_flow);

	s->app.midstream = s->stream.midstream;
	if (bytes < LEAST_APP_BYTES)
		bytes = LEAST_APP_BYTES;
	s->app.max_flows = states < s->flow.max_flows ? (uint32_t)states : s->flow.max_flows;
	if (s->app.max_flows < 1024)
		s->app.max_flows = 1024;
	http_options_fit(&s->app.http, decoders_share(bytes));
	/* With the nine bytes for each KiB that a buddy allocator takes. */
	s->app.memcap = 0;
	s->app.memcap = bytes > app_engine_bytes(&s->app) + LEAST_APP_BYTES / 2
				? (bytes - app_engine_bytes(&s->app)) / 1040 * 1024
				: LEAST_APP_BYTES / 2;
}
