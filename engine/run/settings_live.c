/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_live.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define SPIN_US 50
#define GATHER_US 100000
#define PREALLOC_BYTES (32u << 20)
#define HEARTBEAT_MS 1000
#define BUSY_POLL_US 20
#define BUSY_POLL_BUDGET 64

static uint32_t number(const struct config_node *at, const char *path, uint32_t otherwise)
{
	const char *text = config_text(config_get(at, path));
	uint64_t v;

	if (text && (config_parse_number(text, &v) || config_parse_size(text, &v)) &&
	    v <= UINT32_MAX)
		return (uint32_t)v;
	return otherwise;
}

static bool flag(const struct config_node *at, const char *path, bool otherwise)
{
	const char *text = config_text(config_get(at, path));
	bool v;

	return text && config_parse_bool(text, &v) ? v : otherwise;
}

static bool says(const struct config_node *at, const char *path, const char *word)
{
	const char *text = config_text(config_get(at, path));

	return text && strcasecmp(text, word) == 0;
}

/* The entry of an interface in a list, that of "default" where it has none, or NULL. */
static const struct config_node *entry_of(const struct config_node *root, const char *list,
					  const char *name)
{
	const struct config_node *at = config_get(root, list), *otherwise = NULL;

	for (at = at && at->kind == CONFIG_SEQUENCE ? at->first : NULL; at; at = at->next) {
		const char *is = config_text(config_child(at, "interface"));

		if (is && strcmp(is, name) == 0)
			return at;
		if (is && strcmp(is, "default") == 0)
			otherwise = at;
	}
	return otherwise;
}

static void load_interface(struct settings *s, const char *name)
{
	struct live_settings *l = &s->live;
	struct interface_settings *out = &l->interface[l->interfaces++];
	const struct config_node *xdp = entry_of(s->config.root, "af-xdp", name);
	const struct config_node *packet = entry_of(s->config.root, "af-packet", name);

	*out = (struct interface_settings){
		.name = name,
		.promiscuous =
			!flag(xdp, "disable-promisc", flag(packet, "disable-promisc", false)),
		.replace = flag(xdp, "replace", false),
		.block_bytes = number(packet, "block-size", 0),
		.block_timeout_ms = number(packet, "block-timeout", 0),
	};
	if (says(xdp, "mode", "span"))
		out->mode = SETTINGS_MODE_SPAN;
	else if (says(xdp, "mode", "host"))
		out->mode = SETTINGS_MODE_HOST;
	if (says(xdp, "force-xdp-mode", "drv"))
		out->xdp = SETTINGS_STEP_DRIVER;
	else if (says(xdp, "force-xdp-mode", "skb"))
		out->xdp = SETTINGS_STEP_GENERIC;
	if (says(xdp, "force-bind-mode", "zero"))
		out->bind = SETTINGS_BIND_ZERO_COPY;
	else if (says(xdp, "force-bind-mode", "copy"))
		out->bind = SETTINGS_BIND_COPY;
	if (flag(xdp, "enable-busy-poll", false)) {
		out->busy_poll_us = number(xdp, "busy-poll-time", BUSY_POLL_US);
		out->busy_poll_budget = number(xdp, "busy-poll-budget", BUSY_POLL_BUDGET);
	}
}

static void load_interfaces(struct settings *s, struct diag_list *diags)
{
	const struct text_list *names = &s->args->interfaces;
	struct place at = { .file = "-i" };

	for (unsigned i = 0; i < names->count; i++) {
		bool again = false;

		for (unsigned k = 0; k < i; k++)
			again |= strcmp(names->text[i], names->text[k]) == 0;
		if (again)
			diag_add(diags, DIAG_ERROR, &at, "name each interface once",
				 "'%s' is named twice", names->text[i]);
		else if (strlen(names->text[i]) >= IF_NAMESIZE)
			diag_add(diags, DIAG_ERROR, &at, "'ip link' lists them",
				 "no interface has a name as long as '%s'", names->text[i]);
		else if (s->live.interfaces == SETTINGS_INTERFACES_MAX)
			diag_add(diags, DIAG_ERROR, &at, "start several runs",
				 "more than %d interfaces", SETTINGS_INTERFACES_MAX);
		else
			load_interface(s, names->text[i]);
	}
}

static const char *control_path(struct settings *s)
{
	const char *name = config_text(config_get(s->config.root, "unix-command.filename"));
	size_t size;
	char *path;

	if (!name || !*name)
		return SETTINGS_CONTROL_FOLDER "/" SETTINGS_CONTROL_NAME;
	if (*name == '/')
		return name;
	size = sizeof(SETTINGS_CONTROL_FOLDER) + 1 + strlen(name);
	path = arena_alloc(&s->config.arena, size);
	if (path)
		snprintf(path, size, "%s/%s", SETTINGS_CONTROL_FOLDER, name);
	return path;
}

void settings_load_live(struct settings *s, struct diag_list *diags)
{
	const struct config_node *root = s->config.root;
	struct live_settings *l = &s->live;

	*l = (struct live_settings){
		.spin_us = number(root, "capture.spin-us", SPIN_US),
		.gather_us = number(root, "capture.gather-us", GATHER_US),
		.prealloc_bytes = number(root, "capture.prealloc", PREALLOC_BYTES),
		.heartbeat_ms = number(root, "capture.heartbeat-ms", HEARTBEAT_MS),
		.lost_pass = says(root, "capture.worker-lost", "pass"),
		.shadow = s->args->shadow != NULL,
		.control_required = flag(root, "unix-command.enabled", false),
		.control_path = control_path(s),
	};
	/* auto, which is the default, tries. */
	l->control = flag(root, "unix-command.enabled", true) && l->control_path;
	load_interfaces(s, diags);
}
