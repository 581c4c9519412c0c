/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/config_vars.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCES_MAX 32 /* one variable in another, in another ... */
#define NESTING_MAX 32
#define STEPS_MAX 10000 /* looking them up, for one variable */

struct check {
	const struct config_vars *vars;
	struct diag_list *diags;
	const struct config_node *node; /* whose text is read */
	const char *text, *at;
	bool ports;
};

static void complain(const struct check *k, const char *at, size_t len, const char *remedy,
		     const char *message, const char *found)
{
	char whole[512];
	struct place place = k->node->at;
	size_t text_len = strlen(k->text);

	/* The text lies in its line as it is, perhaps in quotes: point into it. */
	if (k->node->kind == CONFIG_SCALAR && place.len >= text_len) {
		place.column += (uint32_t)(at - k->text) + (place.len == text_len + 2);
		place.len = (uint32_t)len;
	}
	snprintf(whole, sizeof(whole), message, found);
	diag_add_coded(k->diags, DIAG_ERROR, &place, remedy, "E0301", NULL, whole);
}

static bool number_in(const char *text, size_t len, unsigned long max)
{
	char *end;

	if (len == 0 || len > 6 || !isdigit((unsigned char)*text))
		return false;
	return strtoul(text, &end, 10) <= max && end == text + len;
}

static bool is_port(const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t low;

	if (len == 3 && strncasecmp(text, "any", 3) == 0)
		return true;
	if (!colon)
		return number_in(text, len, 65535);
	low = (size_t)(colon - text);
	if (low == 0 && len == 1)
		return false;
	return (low == 0 || number_in(text, low, 65535)) &&
	       (len - low == 1 || number_in(colon + 1, len - low - 1, 65535));
}

/* An address alone; returns its version, or 0. */
static unsigned address_version(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN + 1];
	unsigned char address[16];

	if (len >= sizeof(copy))
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, address) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, address) == 1 ? 6 : 0;
}

static bool is_address(const char *text, size_t len)
{
	const char *cut = memchr(text, '/', len);
	unsigned version;
	size_t low;

	if (len == 3 && strncasecmp(text, "any", 3) == 0)
		return true;
	if (!cut)
		cut = memchr(text, '-', len);
	if (!cut)
		return address_version(text, len);
	low = (size_t)(cut - text);
	version = address_version(text, low);
	/* "0/0" is short for everything in version 4. */
	if (low == 1 && *text == '0')
		version = 4;
	if (!version)
		return false;
	if (*cut == '/' && number_in(cut + 1, len - low - 1, version == 4 ? 32 : 128))
		return true;
	return address_version(cut + 1, len - low - 1) == version;
}

static bool known_name(const struct check *k, const char *at, size_t len)
{
	char name[128];

	if (len >= sizeof(name))
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	return config_vars_text(k->vars, name, k->ports);
}

static bool check_variable(struct check *k)
{
	const char *name = k->at + 1, *near;
	size_t len =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	char copy[128], remedy[160];

	if (known_name(k, name, len)) {
		k->at += len + 1;
		return true;
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	near = diag_nearest(copy, k->vars->names[k->ports], k->vars->count[k->ports]);
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean '$%s'?", near);
	else
		snprintf(remedy, sizeof(remedy), "define it under vars.%s",
			 k->ports ? "port-groups" : "address-groups");
	complain(k, k->at, len + 1, remedy, "no variable is called '$%s'", copy);
	return false;
}

static bool check_group(struct check *k, unsigned depth);

static bool check_item(struct check *k, unsigned depth)
{
	size_t len;
	char copy[64];

	k->at += strspn(k->at, " ");
	while (*k->at == '!')
		k->at += 1 + strspn(k->at + 1, " ");
	if (*k->at == '[')
		return check_group(k, depth + 1);
	if (*k->at == '$')
		return check_variable(k);
	len = strcspn(k->at, ",]");
	while (len && k->at[len - 1] == ' ')
		len--;
	if (len && (k->ports ? is_port(k->at, len) : is_address(k->at, len))) {
		k->at += len;
		return true;
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)len, k->at);
	if (k->ports)
		complain(k, k->at, len,
			 "write a port, as in 80, a range, as in 1024:2048, or a list",
			 "expected a port, found '%s'", copy);
	else
		complain(k, k->at, len,
			 "write an address, a network, as in 10.0.0.0/8, a range, or a list",
			 "expected an address, found '%s'", copy);
	return false;
}

static bool check_group(struct check *k, unsigned depth)
{
	if (depth > NESTING_MAX) {
		complain(k, k->at, 1, NULL, "too many groups in groups%s", "");
		return false;
	}
	k->at++;
	for (;;) {
		if (!check_item(k, depth))
			return false;
		k->at += strspn(k->at, " ");
		if (*k->at == ']')
			break;
		if (*k->at != ',') {
			complain(k, k->at, 1, "separate with ',' and close with ']'",
				 "expected ',' or ']', found %s",
				 *k->at ? k->at : "the end of the value");
			return false;
		}
		k->at++;
	}
	k->at++;
	return true;
}

static bool check_text(struct check *k)
{
	/* A list without brackets is a list all the same, as in Suricata: "80,443". */
	for (;;) {
		if (!check_item(k, 0))
			return false;
		k->at += strspn(k->at, " ");
		if (!*k->at)
			return true;
		if (*k->at != ',') {
			complain(k, k->at, 1, "write [one,two]", "expected ',', found '%s'", k->at);
			return false;
		}
		k->at++;
	}
}

/* The variables that this text needs come to an end. */
static bool ends(const struct config_vars *v, bool ports, const char *text, unsigned depth,
		 unsigned *steps)
{
	if (depth > REFERENCES_MAX || ++*steps > STEPS_MAX)
		return false;
	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
		size_t len = strcspn(p + 1, ",]$! ");
		char name[128];
		const char *next;

		if (len >= sizeof(name))
			continue;
		memcpy(name, p + 1, len);
		name[len] = '\0';
		next = config_vars_text(v, name, ports);
		if (next && !ends(v, ports, next, depth + 1, steps))
			return false;
	}
	return true;
}

/* HOME_NET: [10.0.0.0/8, ...] without quotes is a list to YAML: put it together again. */
static const char *joined(struct config *c, const struct config_node *n)
{
	size_t len = 3;
	char *text, *p;

	if (n->kind == CONFIG_SCALAR)
		return n->text;
	if (n->kind != CONFIG_SEQUENCE || !n->first)
		return NULL;
	for (const struct config_node *i = n->first; i; i = i->next) {
		if (i->kind != CONFIG_SCALAR)
			return NULL;
		len += strlen(i->text) + 1;
	}
	text = arena_alloc(&c->arena, len);
	if (!text)
		return NULL;
	p = text;
	for (const struct config_node *i = n->first; i; i = i->next) {
		*p++ = i == n->first ? '[' : ',';
		p = stpcpy(p, i->text);
	}
	*p = ']';
	return text;
}

static int load_kind(struct config *c, struct config_vars *v, bool ports)
{
	const struct config_node *n =
		config_get(c->root, ports ? "vars.port-groups" : "vars.address-groups");
	unsigned room = n && n->kind == CONFIG_MAPPING ? n->count + 1 : 1;

	v->count[ports] = 0;
	v->names[ports] = arena_alloc(&c->arena, room * sizeof(*v->names[ports]));
	v->texts[ports] = arena_alloc(&c->arena, room * sizeof(*v->texts[ports]));
	v->nodes[ports] = arena_alloc(&c->arena, room * sizeof(*v->nodes[ports]));
	if (!v->names[ports] || !v->texts[ports] || !v->nodes[ports])
		return -ENOMEM;
	if (room == 1)
		return 0;
	for (const struct config_node *i = n->first; i; i = i->next) {
		const char *text = joined(c, i);

		if (!text)
			continue;
		v->names[ports][v->count[ports]] = i->key;
		v->texts[ports][v->count[ports]] = text;
		v->nodes[ports][v->count[ports]] = i;
		v->count[ports]++;
	}
	return 0;
}

int config_vars_load(struct config *c, struct config_vars *v, struct diag_list *diags)
{
	for (int ports = 0; ports < 2; ports++) {
		int err = load_kind(c, v, ports);

		if (err)
			return err;
	}
	for (int ports = 0; ports < 2; ports++) {
		for (unsigned i = 0; i < v->count[ports]; i++) {
			const char *text = v->texts[ports][i];
			struct check k = { v, diags, v->nodes[ports][i], text, text, ports };
			unsigned steps = 0;

			if (!check_text(&k))
				continue;
			if (!ends(v, ports, text, 0, &steps))
				complain(&k, text, strlen(text), "write out its addresses or ports",
					 "'$%s' needs itself", v->names[ports][i]);
		}
	}
	return 0;
}

const char *config_vars_text(const struct config_vars *v, const char *name, bool ports)
{
	for (unsigned i = 0; i < v->count[ports]; i++) {
		if (strcmp(v->names[ports][i], name) == 0)
			return v->texts[ports][i];
	}
	return NULL;
}
