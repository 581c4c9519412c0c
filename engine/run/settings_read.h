/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_read.h - values of the configuration tree, for the files that make settings of them.
 *
 * In: a tree that has passed config_check().  Where a value is wrong (told there) or missing, the built-in
 * default takes its place, so that everything else can be looked at too.
 *
 * Memory: texts are the tree's.  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_READ_H
#define WEIR_RUN_SETTINGS_READ_H

#include "engine/run/settings.h"

struct settings_loader {
	struct settings *s;
	const struct config_node *stock; /* the built-in defaults alone */
	struct diag_list *diags;
};

bool setting_flag(const struct settings_loader *l, const char *path);
/* By one of the readers of numbers; 0 where there is no value at all. */
uint64_t setting_number(const struct settings_loader *l, const char *path,
			bool (*parse)(const char *, uint64_t *));
uint32_t setting_count(const struct settings_loader *l, const char *path);
uint32_t setting_seconds(const struct settings_loader *l, const char *path);
uint64_t setting_size(const struct settings_loader *l, const char *path);
/* NULL: none. */
const char *setting_word(const struct settings_loader *l, const char *path);
/* Where the value stands; never NULL. */
const struct place *setting_place(const struct settings_loader *l, const char *path);
/* A flag below a node, which may be NULL. */
bool setting_option(const struct config_node *node, const char *path, bool otherwise);
/* A name below a folder; NULL: no memory. */
const char *setting_path(struct settings *s, const char *folder, const char *name);

#endif
