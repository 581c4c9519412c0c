/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_http.h"

#include <stdlib.h>

#include "engine/run/settings_hosts.h"

#define LIBHTP "app-layer.protocols.http.libhtp"

static void size_of(const struct config_node *n, const char *key, uint64_t *out)
{
	const char *text = config_text(config_child(n, key));
	uint64_t v;

	if (text && config_parse_size(text, &v))
		*out = v;
}

static void size32_of(const struct config_node *n, const char *key, uint32_t *out)
{
	uint64_t v = *out;

	size_of(n, key, &v);
	*out = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static void flag_of(const struct config_node *n, const char *key, bool *out)
{
	const char *text = config_text(config_child(n, key));
	bool v;

	if (text && config_parse_bool(text, &v))
		*out = v;
}

/* What a section says; the rest stays as it is. */
static void read_section(const struct config_node *n, struct http_options *o)
{
	const char *personality = config_text(config_child(n, "personality"));

	if (personality)
		(void)http_uri_personality(personality, &o->uri);
	flag_of(n, "double-decode-path", &o->uri.double_decode_path);
	flag_of(n, "double-decode-query", &o->uri.double_decode_query);
	flag_of(n, "uri-include-all", &o->uri.include_all);
	flag_of(n, "query-plusspace-decode", &o->uri.plus_space);
	size_of(n, "request-body-limit", &o->body_limit[0]);
	size_of(n, "response-body-limit", &o->body_limit[1]);
	size32_of(n, "request-body-minimal-inspect-size", &o->least[0]);
	size32_of(n, "response-body-minimal-inspect-size", &o->least[1]);
	size32_of(n, "request-body-inspect-window", &o->window[0]);
	size32_of(n, "response-body-inspect-window", &o->window[1]);
	size32_of(n, "response-body-decompress-layer-limit", &o->layers);
	size32_of(n, "headers-limit", &o->parser.headers_max);
	size_of(n, "compression-bomb-limit", &o->inflate.bomb_bytes);
	flag_of(n, "http-body-inline", &o->body_inline);
}

static bool add_server(struct settings *s, const struct network *network,
		       const struct http_options *o)
{
	struct http_server *more = realloc((void *)(uintptr_t)s->app.http_servers,
					   (s->app.http_server_count + 1) * sizeof(*more));

	if (!more)
		return false;
	more[s->app.http_server_count++] = (struct http_server){ *network, *o };
	s->app.http_servers = more;
	return true;
}

static bool add_address(struct settings *s, struct diag_list *diags, const struct config_node *n,
			const struct http_options *o)
{
	struct network network;

	if (!config_text(n))
		return true;
	if (settings_parse_network(n->text, &network))
		return add_server(s, &network, o);
	diag_add(diags, DIAG_ERROR, &n->at, "write a network: 10.0.0.0/8, 2001:db8::/32",
		 "'%s' is no network", n->text);
	return true;
}

/* One with a name: what it does not say is as for all. */
static bool load_server(struct settings *s, struct diag_list *diags, const struct config_node *n)
{
	const struct config_node *list = config_child(n, "address");
	struct http_options o = s->app.http;

	read_section(n, &o);
	if (config_text(list))
		return add_address(s, diags, list, &o);
	for (const struct config_node *a = list ? list->first : NULL; a; a = a->next) {
		if (!add_address(s, diags, a, &o))
			return false;
	}
	return true;
}

void settings_load_http(struct settings *s, struct diag_list *diags)
{
	const struct config_node *list = config_get(s->config.root, LIBHTP ".server-config");
	const struct config_node *ranges =
		config_get(s->config.root, "app-layer.protocols.http.byterange");
	uint64_t timeout;

	http_options_stock(&s->app.http);
	size_of(ranges, "memcap", &s->app.http.range_bytes);
	if (config_text(config_child(ranges, "timeout")) &&
	    config_parse_number(config_child(ranges, "timeout")->text, &timeout))
		s->app.http.range_timeout_s = (uint32_t)timeout;
	s->app.http.body_inline = s->stream.use_inline;
	read_section(config_get(s->config.root, LIBHTP ".default-config"), &s->app.http);
	for (const struct config_node *i = list ? list->first : NULL; i; i = i->next) {
		for (const struct config_node *n = i->first; n; n = n->next) {
			if (load_server(s, diags, n))
				continue;
			diag_add(diags, DIAG_ERROR, &n->at, NULL, "no memory for server-config");
			return;
		}
	}
}

void settings_http_fini(struct settings *s)
{
	free((void *)(uintptr_t)s->app.http_servers);
	s->app.http_servers = NULL;
	s->app.http_server_count = 0;
}
