/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - configuration text (YAML 1.1, by libyaml) to a tree whose nodes know their place.
 *
 * In: files or text, `include:` followed; `--set a.b.1.c=value` assignments.
 * Out: a tree of mappings, sequences and scalars, and a diagnostic for each mistake.
 * A key that is given again replaces the earlier one as a whole; keys written with '_' are read
 * with '-', but for the names of variables.  Aliases are copied, so the tree has no cycles.
 * Not here: which keys there are (config_key.h), what they mean (engine/run/settings.h).
 *
 * Memory: everything lives in the config's arena until config_fini().
 * Thread: the one that starts the program.
 */
#ifndef WEIR_PARSER_CONFIG_H
#define WEIR_PARSER_CONFIG_H

#include "parser/diag.h"

enum config_kind {
	CONFIG_NULL, /* nothing stands there, or ~ */
	CONFIG_SCALAR,
	CONFIG_MAPPING,
	CONFIG_SEQUENCE,
};

struct config_node {
	enum config_kind kind;
	bool stock; /* from the built-in defaults */
	bool checked; /* config_check() has seen it, and all that is below */
	const char *key; /* in a mapping: its key; in a sequence NULL */
	const char *text; /* of a scalar */
	struct place key_at; /* in a sequence: as at */
	struct place at; /* of the value */
	unsigned number; /* in a sequence: the name it has in a --set path */
	unsigned count; /* children */
	struct config_node *first, *last;
	struct config_node *next;
};

struct config {
	struct arena arena;
	struct config_node *root; /* a mapping; never NULL after config_init() */
	bool no_files; /* includes are errors: for text that nobody trusts */
	unsigned nodes; /* made so far; bounded by CONFIG_NODES_MAX */
};

#define CONFIG_NODES_MAX 200000
#define CONFIG_DEPTH_MAX 64
#define CONFIG_INCLUDE_MAX 16
#define CONFIG_FILE_MAX_BYTES (16u << 20)

/* Returns 0 or -ENOMEM. */
int config_init(struct config *c);
void config_fini(struct config *c);

/*
 * Read a file, or text that diagnostics call name, into a tree of its own: NULL where the text
 * is no YAML at all (told).  The tree is not part of c->root yet: config_overlay() lays it there.
 */
struct config_node *config_read_file(struct config *c, const char *path, struct diag_list *diags);
struct config_node *config_read_text(struct config *c, const char *name, const char *text,
				     size_t len, struct diag_list *diags);

/*
 * Lay a tree over c->root: mappings key by key; a scalar or a list replaces what was there.
 * A key without a value leaves a default that is no list as it is, and empties a list.
 */
void config_overlay(struct config *c, const struct config_node *over);

/*
 * One "a.b.1.c=value".  What is missing on the way is made; a number is an item of a list,
 * counted from 0.  false: no assignment (told).
 */
bool config_set(struct config *c, const char *assignment, struct diag_list *diags);

/* The child of that key (or number, of a sequence), or NULL; node may be NULL. */
const struct config_node *config_child(const struct config_node *node, const char *key);
/* By a dotted path below node: "reassembly.depth". */
const struct config_node *config_get(const struct config_node *node, const char *path);

/* A scalar's value as text; NULL where there is none. */
const char *config_text(const struct config_node *node);

/* Each is false where the text is no such value, and leaves *out. */
bool config_parse_bool(const char *text, bool *out);
bool config_parse_number(const char *text, uint64_t *out);
/* "64mb", "4 KiB", "1.5GiB", a plain number of bytes; steps of 1024. */
bool config_parse_size(const char *text, uint64_t *out);
/* Seconds: "30", "30s", "5m", "2h", "7d", "1w". */
bool config_parse_seconds(const char *text, uint64_t *out);

/* The tree as text, for tests: one line a node, keys indented by two spaces. */
void config_dump(const struct config_node *node, FILE *out);

#endif
