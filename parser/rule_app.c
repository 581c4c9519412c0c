/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of application protocols beside their buffers: which one a flow speaks, its events, steps and
 * numbers.
 */
#include "engine/base/app_event.h"
#include "parser/app_int.h"
#include "parser/frame.h"
#include "parser/hook.h"
#include "parser/rule_parser.h"

#include <string.h>

/* The protocol of a name, in whatever case; 0: there is none. */
static uint64_t find_app(struct span s)
{
	char text[32];

	if (s.len == 0 || s.len >= sizeof(text))
		return 0;
	for (size_t i = 0; i < s.len; i++)
		text[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] | 0x20) : s.at[i];
	if (s.len == 7 && memcmp(text, "unknown", 7) == 0)
		return APP_PROTO_BIT(APP_PROTO_UNKNOWN);
	return app_proto_find(text, s.len);
}

static const char *nearest_app(struct rule_parser *p, struct span s)
{
	const char *names[APP_PROTO__COUNT + 1];
	size_t count = 0;

	for (unsigned i = 0; i < APP_PROTO__COUNT; i++)
		names[count++] = app_proto_rule_name((enum app_proto)i);
	names[count++] = "http";
	return rule_nearest(p, s, names, count, "write the name of an application protocol");
}

/* Two of them must leave something to match. */
static bool app_protocol_fits(struct rule_parser *p, const struct app_proto_match *m)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct app_proto_match *o = &p->options[i].app_proto;

		if (p->options[i].kind != OPTION_APP_PROTO || o->mode != m->mode ||
		    (o->negated && m->negated))
			continue;
		return rule_fail(p, p->option_span, "keep the one that names the protocol",
				 "a second 'app-layer-protocol' beside %s",
				 rule_quote(p, p->spans[i]));
	}
	return true;
}

/* [!]protocol[,mode] */
bool rule_parse_app_layer_protocol(struct rule_parser *p, const struct option_value *v)
{
	static const char *const modes[] = { "direction", "final",     "original",
					     "either",	  "to_server", "to_client" };
	size_t comma = span_find(v->text, ',');
	struct span name = span_trim(span_head(v->text, comma));
	struct span word = span_trim(span_from(v->text, comma + 1));
	struct app_proto_match m = { .mode = APP_PROTO_MODE_DIRECTION };
	struct rule_option *o;
	int mode = 0;

	if (name.len > 0 && name.at[0] == '!') {
		m.negated = true;
		name = span_trim(span_from(name, 1));
	}
	m.protos = find_app(name);
	if (!m.protos)
		return rule_fail(p, name.len ? name : v->text, nearest_app(p, name),
				 "expected an application protocol, found %s", rule_quote(p, name));
	if (comma < v->text.len) {
		mode = rule_find_word(word, modes, 6);
		if (mode < 0)
			return rule_fail(p, word.len ? word : v->text,
					 rule_nearest(p, word, modes, 6,
						      "write final, original, either, to_server or "
						      "to_client"),
					 "expected whose protocol, found %s", rule_quote(p, word));
	}
	m.mode = (uint8_t)mode;
	if (m.negated && m.protos == APP_PROTO_BIT(APP_PROTO_UNKNOWN))
		return rule_fail(p, name, "name the protocols that are meant, or failed",
				 "what is not known cannot be negated");
	if (p->rule.app_protos)
		return rule_fail(p, p->option_span,
				 "remove it, or write the transport's name in the header",
				 "'app-layer-protocol' in a rule of a protocol: %s",
				 rule_quote(p, p->app_span.at ? p->app_span : p->proto_span));
	if (!app_protocol_fits(p, &m))
		return false;
	o = rule_add(p, OPTION_APP_PROTO);
	if (!o)
		return false;
	o->app_proto = m;
	return true;
}

/* The protocol of an event's name, up to the last '.' that leaves one. */
static uint64_t app_of_event(struct span s)
{
	return find_app(span_head(s, span_find(s, '.')));
}

static const char *nearest_event(struct rule_parser *p, struct span s)
{
	static const size_t room = 96;
	const char *names[APP_EVENT__COUNT];
	char(*texts)[96] = arena_alloc(&p->set->arena, APP_EVENT__COUNT * room);

	if (!texts)
		return NULL;
	for (unsigned e = 0; e < APP_EVENT__COUNT; e++) {
		const char *proto = app_event_proto((enum app_event)e);

		snprintf(texts[e], room, "%s%s%s", proto, *proto ? "." : "",
			 app_event_name((enum app_event)e));
		names[e] = texts[e];
	}
	return rule_nearest(p, s, names, APP_EVENT__COUNT,
			    "docs/rules.md says what events there are");
}

/* Where bytes are kept of a name that cannot be looked up as it is: "http1.x" for "http.x". */
static int find_event(struct span s)
{
	char text[128];
	size_t n = 0;

	for (size_t i = 0; i < s.len && n + 1 < sizeof(text); i++) {
		char c = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] | 0x20) : s.at[i];

		if (i == 4 && c == '1' && s.len > 5 && s.at[5] == '.' &&
		    memcmp(text, "http", 4) == 0)
			continue;
		text[n++] = c;
	}
	return app_event_find(text, n);
}

bool rule_parse_app_layer_event(struct rule_parser *p, const struct option_value *v)
{
	bool has_dot = span_find(v->text, '.') < v->text.len;
	struct app_event_match m = { .event = find_event(v->text) };
	uint64_t apps = has_dot ? app_of_event(v->text) : 0;
	bool built = false;
	struct rule_option *o;

	for (unsigned i = 0; i < APP_PROTO__COUNT; i++)
		built |= (apps >> i & 1) && app_proto_built((enum app_proto)i);
	if (has_dot && !apps)
		return rule_fail(p, v->text,
				 nearest_app(p, span_head(v->text, span_find(v->text, '.'))),
				 "unknown protocol of an event: %s", rule_quote(p, v->text));
	if (m.event < 0 && !has_dot)
		return rule_fail(p, v->text, nearest_event(p, v->text), "unknown event %s",
				 rule_quote(p, v->text));
	if (m.event < 0 && built)
		rule_warn(p, v->text, nearest_event(p, v->text), "unknown event %s: it never is",
			  rule_quote(p, v->text));
	else if (m.event < 0 && !p->rule.app_protos)
		rule_warn(p, v->text, "put '#' before the rule until the parser is there",
			  "no parser for %s yet: the event never is", rule_quote(p, v->text));
	if (has_dot && !rule_need_app(p, apps, BUFFER_TO_SERVER | BUFFER_TO_CLIENT))
		return false;
	m.name = rule_string(p, v->text);
	o = rule_add(p, OPTION_APP_EVENT);
	if (!o)
		return false;
	o->app_event = m;
	return true;
}

/* < or > and a step of the header's protocol. */
bool rule_parse_app_layer_state(struct rule_parser *p, const struct option_value *v)
{
	uint64_t apps = p->rule.app_protos;
	enum app_proto app = APP_PROTO_UNKNOWN;
	bool less = v->text.at[0] == '<', more = v->text.at[0] == '>';
	struct span step = less || more ? span_trim(span_from(v->text, 1)) : v->text;
	struct app_state_match m = { .op = less ? COMPARE_LT : more ? COMPARE_GT : COMPARE_EQ };
	const char *names[32];
	struct rule_option *o;
	int hook;

	if (!apps || (apps & (apps - 1)))
		return rule_fail(p, p->option_span,
				 "name one protocol in the header: http1, dns, tls ...",
				 "'app-layer-state' in a rule that is not of one protocol");
	while (!(apps >> app & 1))
		app++;
	hook = hook_find_app(app, step.at, step.len);
	if (hook < 0)
		return rule_fail(p, step.len ? step : v->text,
				 rule_nearest(p, step, names, hook_names(app, names, 32),
					      "docs/rules.md lists the steps of each protocol"),
				 "expected a step of %s, found %s", app_proto_rule_name(app),
				 rule_quote(p, step));
	m.hook = (uint16_t)hook;
	if (!rule_need_app(p, apps,
			   hook_row(hook)->direction ? BUFFER_TO_CLIENT : BUFFER_TO_SERVER))
		return false;
	o = rule_add(p, OPTION_APP_STATE);
	if (!o)
		return false;
	o->app_state = m;
	return true;
}

/* The one protocol of a set of them; of several the first. */
static enum app_proto first_app(uint64_t apps)
{
	enum app_proto app = APP_PROTO_UNKNOWN;

	while (apps && !(apps >> app & 1))
		app++;
	return app;
}

/* Over this header's transport. */
static bool frame_travels(struct rule_parser *p, struct span at, enum frame_type type)
{
	if (p->rule.proto != RULE_PROTO_UDP || (frame_row(type)->transports & FRAME_OVER_UDP))
		return true;
	return rule_fail(p, at, "write tcp for the protocol, or the application protocol",
			 "no frame %s over UDP", rule_quote(p, at));
}

static bool frame_unknown(struct rule_parser *p, struct span at, enum app_proto app)
{
	const char *names[FRAME_TYPE__COUNT];
	size_t count = frame_names(app, names, FRAME_TYPE__COUNT);

	return rule_fail(p, at,
			 rule_nearest(p, at, names, count,
				      rule_say(p, "write %s.%s, for instance",
					       app_proto_rule_name(app),
					       count > 1 ? names[1] : "stream")),
			 "expected a frame of %s, found %s", app_proto_rule_name(app),
			 rule_quote(p, at));
}

bool rule_parse_frame(struct rule_parser *p, const struct option_value *v)
{
	size_t dot = span_find(v->text, '.');
	struct span name = v->text;
	uint64_t apps = find_app(span_head(v->text, dot));
	bool ok = rule_buffer_used(p);
	enum frame_type type;
	enum app_proto app;

	if (dot < v->text.len && apps)
		name = span_from(v->text, dot + 1);
	else
		apps = p->rule.app_protos;
	app = first_app(apps);
	if (app == APP_PROTO_UNKNOWN)
		return rule_fail(p, v->text, "write protocol and frame, as in tls.pdu",
				 "which protocol has the frame %s is not said",
				 rule_quote(p, v->text));
	if (!app_proto_built(app)) {
		p->unbuilt = true;
		return rule_fail(p, v->text, "remove it, or put '#' before the rule",
				 "no parser for '%s' yet, and so no frames",
				 app_proto_rule_name(app));
	}
	type = frame_find(app, name.at, name.len);
	if (type == FRAME_NONE)
		return frame_unknown(p, name.len ? name : v->text, app);
	if (!frame_travels(p, v->text, type))
		return false;
	p->buffer = BUFFER_FRAME;
	p->use = rule_use(p, BUFFER_FRAME);
	if (!p->use)
		return false;
	p->uses[p->use].frame =
		rule_string(p, span_of(rule_say(p, "%s.%.*s", app_proto_rule_name(app),
						(int)name.len, name.at),
				       strlen(app_proto_rule_name(app)) + 1 + name.len));
	p->uses[p->use].frame_type = (uint8_t)type;
	p->use_fresh = true;
	p->buffer_span = p->option_span;
	p->last_content = -1;
	p->content_broken = false;
	p->has_match = true;
	return rule_need_app(p, APP_PROTO_BIT(app), BUFFER_TO_SERVER | BUFFER_TO_CLIENT) && ok;
}

/* 0x and four digits, for tls.version. */
static bool read_raw_version(struct span s, uint64_t *out)
{
	return s.len == 6 && (span_starts(s, "0x") || span_starts(s, "0X")) &&
	       span_hex(span_from(s, 2), out);
}

static bool bad_word(struct rule_parser *p, struct span s, const struct app_int_row *row)
{
	const char *names[128];
	size_t count = 0;

	for (const struct app_int_word *w = row->words; w && w->word && count < 128; w++)
		names[count++] = w->word;
	return rule_fail(p, s.len ? s : p->option_span,
			 rule_nearest(p, s, names, count,
				      rule_say(p, "write %s", keyword_row(p->keyword)->help)),
			 "expected a value of '%s', found %s", row->name, rule_quote(p, s));
}

bool rule_parse_app_int(struct rule_parser *p, const struct option_value *v)
{
	enum app_int field = keyword_row(p->keyword)->detail;
	const struct app_int_row *row = app_int_row(field);
	struct app_int_match m = { .field = (uint8_t)field };
	bool negated = v->text.len > 0 && v->text.at[0] == '!';
	struct span word = negated ? span_trim(span_from(v->text, 1)) : v->text;
	const struct app_int_word *w = row->words;
	struct rule_option *o;

	while (w && w->word && !span_is_nocase(word, w->word))
		w++;
	if (w && w->word && !(negated && row->words_only)) {
		m.match =
			(struct int_match){ negated ? COMPARE_NE : COMPARE_EQ, w->value, w->value };
	} else if (field == APP_INT_TLS_VERSION && read_raw_version(v->text, &m.match.low)) {
		m.match.high = m.match.low;
	} else if (row->words_only || (word.len && !span_digit(word.at[0]) &&
				       span_word(word.at[0]) && word.at[0] != '-')) {
		return bad_word(p, v->text, row);
	} else if (!rule_compare(p, v->text, row->max, &m.match)) {
		return false;
	}
	if (!rule_need_app(p, app_proto_find(row->app, strlen(row->app)), row->directions))
		return false;
	o = rule_add(p, OPTION_APP_INT);
	if (!o)
		return false;
	o->app_int = m;
	return true;
}

bool rule_parse_app_flag(struct rule_parser *p, const struct option_value *v)
{
	static const struct {
		enum keyword keyword;
		enum option_kind kind;
		enum app_proto app;
		uint8_t directions;
	} flags[] = {
		{ KW_FTPBOUNCE, OPTION_FTPBOUNCE, APP_PROTO_FTP, BUFFER_TO_SERVER },
		{ KW_TLS_CERT_EXPIRED, OPTION_TLS_CERT_EXPIRED, APP_PROTO_TLS, BUFFER_TO_CLIENT },
		{ KW_TLS_CERT_VALID, OPTION_TLS_CERT_VALID, APP_PROTO_TLS, BUFFER_TO_CLIENT },
		{ KW_TLS_STORE, OPTION_TLS_STORE, APP_PROTO_TLS,
		  BUFFER_TO_SERVER | BUFFER_TO_CLIENT },
	};
	unsigned i = 0;

	(void)v;
	while (flags[i].keyword != p->keyword)
		i++;
	return rule_need_app(p, APP_PROTO_BIT(flags[i].app), flags[i].directions) &&
	       rule_add(p, flags[i].kind);
}

/* Names of bits, of which '!' stands before the first at most. */
static bool read_bits(struct rule_parser *p, struct span s, const char *const *names, size_t count,
		      struct ssl_match *m)
{
	struct span item;

	if (s.len > 0 && s.at[0] == '!') {
		m->negated = true;
		s = span_from(s, 1);
	}
	while (span_next(&s, ',', &item)) {
		struct span part;

		while (span_next(&item, '|', &part)) {
			size_t i = 0;

			/* Before each of them it says the same. */
			if (m->negated && part.len > 0 && part.at[0] == '!')
				part = span_from(part, 1);
			while (i < count && !span_is_nocase(part, names[i]))
				i++;
			if (i == count)
				return rule_fail(
					p, part.len ? part : p->option_span,
					rule_nearest(p, part, names, count,
						     rule_say(p, "write %s",
							      keyword_row(p->keyword)->help)),
					"expected a word of '%s', found %s", rule_keyword(p),
					rule_quote(p, part));
			m->bits |= (uint16_t)(1u << i);
		}
	}
	return true;
}

static bool add_bits(struct rule_parser *p, enum option_kind kind, struct ssl_match m)
{
	struct rule_option *o;

	if (!rule_need_app(p, APP_PROTO_BIT(APP_PROTO_TLS), BUFFER_TO_SERVER | BUFFER_TO_CLIENT))
		return false;
	o = rule_add(p, kind);
	if (!o)
		return false;
	o->ssl = m;
	return true;
}

bool rule_parse_ssl_version(struct rule_parser *p, const struct option_value *v)
{
	static const char *const names[] = { "sslv2",  "sslv3",	 "tls1.0",
					     "tls1.1", "tls1.2", "tls1.3" };
	struct ssl_match m = { .bits = 0 };

	return read_bits(p, v->text, names, 6, &m) && add_bits(p, OPTION_SSL_VERSION, m);
}

bool rule_parse_ssl_state(struct rule_parser *p, const struct option_value *v)
{
	static const char *const names[] = { "client_hello", "server_hello", "client_keyx",
					     "server_keyx", "unknown" };
	struct ssl_match m = { .bits = 0 };

	return read_bits(p, v->text, names, 5, &m) && add_bits(p, OPTION_SSL_STATE, m);
}

/* Days since 1970 of a day of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* year[-month[-day[(T or blank)hour[:minute[:second]]]]] */
static bool read_date(struct rule_parser *p, struct span s, int64_t *out)
{
	static const uint64_t least[6] = { 1970, 1, 1, 0, 0, 0 };
	static const uint64_t most[6] = { 9999, 12, 31, 23, 59, 59 };
	static const char after[6] = { '-', '-', 'T', ':', ':', 0 };
	uint64_t part[6] = { 1970, 1, 1, 0, 0, 0 };
	struct span rest = s;
	unsigned i = 0;

	while (rest.len > 0 && i < 6) {
		size_t n = 0;

		while (n < rest.len && span_digit(rest.at[n]))
			n++;
		if (n > 4 || !span_u64(span_head(rest, n), &part[i]) || part[i] < least[i] ||
		    part[i] > most[i])
			break;
		rest = span_from(rest, n);
		if (rest.len == 0) {
			*out = days_of((int64_t)part[0], (int64_t)part[1], (int64_t)part[2]) *
				       86400 +
			       (int64_t)(part[3] * 3600 + part[4] * 60 + part[5]);
			return true;
		}
		if (rest.at[0] != after[i] && !(i == 2 && rest.at[0] == ' '))
			break;
		rest = span_from(rest, 1);
		i++;
	}
	return rule_fail(p, s.len ? s : p->option_span,
			 "write a date as 2024-05-01 or 2024-05-01T12:00:00",
			 "expected a date, found %s", rule_quote(p, s));
}

bool rule_parse_cert_time(struct rule_parser *p, const struct option_value *v)
{
	struct cert_time_match m = { .not_after = p->keyword == KW_TLS_CERT_NOTAFTER,
				     .op = COMPARE_EQ };
	struct span s = v->text;
	struct rule_option *o;
	size_t i = 0;

	if (s.len > 0 && (s.at[0] == '<' || s.at[0] == '>')) {
		m.op = s.at[0] == '<' ? COMPARE_LT : COMPARE_GT;
		s = span_trim(span_from(s, 1));
	}
	while (i + 1 < s.len && !(s.at[i] == '<' && s.at[i + 1] == '>'))
		i++;
	if (i + 1 < s.len && m.op == COMPARE_EQ) {
		if (!read_date(p, span_trim(span_head(s, i)), &m.low) ||
		    !read_date(p, span_trim(span_from(s, i + 2)), &m.high))
			return false;
		m.op = COMPARE_RANGE;
	} else {
		if (!read_date(p, s, &m.low))
			return false;
		m.high = m.low;
	}
	if (m.high < m.low)
		return rule_fail(p, v->text, "write the earlier date first",
				 "range %s ends before it begins", rule_quote(p, v->text));
	if (!rule_need_app(p, APP_PROTO_BIT(APP_PROTO_TLS), BUFFER_TO_CLIENT))
		return false;
	o = rule_add(p, OPTION_TLS_CERT_TIME);
	if (!o)
		return false;
	o->cert_time = m;
	return true;
}
