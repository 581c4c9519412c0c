/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_tunnels.h"

#include <stdio.h>
#include <string.h>

#include "parser/config_key.h"

/* Variables in variables: the parser has refused those that need themselves. */
#define DEPTH_MAX 16

struct port_reader {
	const struct settings *s;
	struct decode_ports *ports;
	bool may_be_any;
};

static bool add_port(struct port_reader *r, const char *word)
{
	struct decode_ports *ports = r->ports;
	uint64_t n;

	if (strcmp(word, "any") == 0)
		return ports->any = r->may_be_any;
	if (!config_parse_number(word, &n) || n < 1 || n > UINT16_MAX)
		return false;
	if (ports->count == DECODE_PORTS_MAX)
		return false;
	ports->port[ports->count++] = (uint16_t)n;
	return true;
}

/* list = item *( "," item );  item = "[" list "]" / "$" NAME / "any" / number */
static bool add_ports(struct port_reader *r, const char *text, unsigned depth)
{
	static const char between[] = " \t,[]";
	const struct rule_parse_options *o = &r->s->rule_options;
	char word[64];

	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		size_t len = strcspn(text, between);
		const char *value;

		if (len >= sizeof(word))
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		text += len;
		if (*word != '$') {
			if (!add_port(r, word))
				return false;
			continue;
		}
		value = o->variable(o->ctx, word + 1, true);
		if (!value || depth == DEPTH_MAX || !add_ports(r, value, depth + 1))
			return false;
	}
	return true;
}

static bool read_ports(struct port_reader *r, const struct config_node *n)
{
	if (config_text(n))
		return add_ports(r, config_text(n), 0);
	for (const struct config_node *c = n->first; c; c = c->next) {
		if (config_text(c) && !add_ports(r, config_text(c), 0))
			return false;
	}
	return true;
}

void settings_load_tunnels(struct settings *s, struct diag_list *diags)
{
	struct decode_options *o = &s->decode;
	const struct {
		const char *path;
		bool *enabled;
		struct decode_ports *ports;
	} rows[] = {
		{ "decoder.teredo", &o->teredo, &o->teredo_ports },
		{ "decoder.vxlan", &o->vxlan, &o->vxlan_ports },
		{ "decoder.geneve", &o->geneve, &o->geneve_ports },
		{ "decoder.gtpu", &o->gtpu, &o->gtpu_ports },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_node *n = config_get(s->config.root, rows[i].path);
		const struct config_node *list = config_child(n, "ports");
		const char *enabled = config_text(config_child(n, "enabled"));
		struct port_reader r = { .s = s,
					 .ports = rows[i].ports,
					 .may_be_any = rows[i].enabled == &o->teredo };

		if (enabled)
			config_parse_bool(enabled, rows[i].enabled);
		if (!list || read_ports(&r, list))
			continue;
		diag_add(diags, DIAG_ERROR, &list->at,
			 "write at most four ports: [4789, 8472], or a variable: $VXLAN_PORTS",
			 "%s.ports is no list of ports", rows[i].path);
		*rows[i].ports = (struct decode_ports){ .count = 0 };
	}
}
