/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_lookup.h - what the tables of config_key.c say of one path.
 *
 * A path is names joined by '.', "[]" after the name of a list whose items are meant.
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_PARSER_CONFIG_LOOKUP_H
#define WEIR_PARSER_CONFIG_LOOKUP_H

#include "parser/config_key.h"

#define CONFIG_PATH_MAX 512

enum config_match {
	CONFIG_MATCH_NONE, /* nobody knows it */
	CONFIG_MATCH_ABOVE, /* it is a section around keys */
	CONFIG_MATCH_SAME,
};

/* *row: its row of config_keys[], or NULL where it has none. */
enum config_match config_look_up(const char *path, const struct config_key **row);

/*
 * The same for a key that may hold a list, which in the tables has "[]".  path has room for
 * CONFIG_PATH_MAX bytes, and is left as it was.
 */
enum config_match config_look_up_key(char *path, const struct config_key **row);

/* The nearest name to key among those below section: out, or NULL where none is near. */
const char *config_nearest_key(const char *section, const char *key, char *out, size_t size);

#endif
