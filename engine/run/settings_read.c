/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_read.h"

#include <stdio.h>
#include <string.h>

bool setting_flag(const struct settings_loader *l, const char *path)
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

uint64_t setting_number(const struct settings_loader *l, const char *path,
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

uint32_t setting_count(const struct settings_loader *l, const char *path)
{
	uint64_t v = setting_number(l, path, config_parse_number);

	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

uint32_t setting_seconds(const struct settings_loader *l, const char *path)
{
	uint64_t v = setting_number(l, path, config_parse_seconds);

	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

uint64_t setting_size(const struct settings_loader *l, const char *path)
{
	return setting_number(l, path, config_parse_size);
}

const char *setting_word(const struct settings_loader *l, const char *path)
{
	return config_text(config_get(l->s->config.root, path));
}

bool setting_option(const struct config_node *node, const char *path, bool otherwise)
{
	const char *value = config_text(config_get(node, path));
	bool v;

	return value && config_parse_bool(value, &v) ? v : otherwise;
}

const struct place *setting_place(const struct settings_loader *l, const char *path)
{
	static const struct place nowhere = { .file = "weir" };
	const struct config_node *n = config_get(l->s->config.root, path);

	return n ? &n->at : &nowhere;
}

const char *setting_path(struct settings *s, const char *folder, const char *name)
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
