/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_key.h - the keys of a configuration: which there are, and what their values may be.
 *
 * In: a tree that a person wrote.  Out: a diagnostic for each value that cannot be right (an
 * error), for each key that nobody knows (with the nearest name), and one warning that names all keys
 * that are known and not acted on.
 * Not here: what a value does (engine/run/settings.h), which reads a tree that has passed.
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_PARSER_CONFIG_KEY_H
#define WEIR_PARSER_CONFIG_KEY_H

#include "parser/config.h"

enum config_value {
	VALUE_ANY, /* not looked at */
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_SIZE,
	VALUE_SECONDS,
	VALUE_TEXT,
	VALUE_CHOICE, /* one of choices */
	VALUE_TEXTS, /* a list of texts, or one */
	VALUE_CHOICES, /* a list of choices */
	VALUE_SECTION, /* keys below; a value of its own has no meaning */
	VALUE_BOOL_OR_SECTION,
	VALUE_NAMES, /* a list of names, each with or without keys below: outputs */
};

struct config_key {
	/* Names joined by '.'; "[]" after a name: items of its list; '*': any name; "**" at the
	 * end: all that is below. */
	const char *path;
	bool acted; /* Weir acts on it */
	enum config_value value;
	uint64_t min, max; /* of numbers, sizes and seconds; both 0: any */
	const char *choices; /* separated by one space; beside numbers, sizes and bools: words
			      * that may stand instead */
};

/*
 * The keys that Weir acts on, and those it only knows whose values can be checked.  Names that
 * are merely known are in a table of their own, in config_key.c.
 */
extern const struct config_key config_keys[];
extern const size_t config_key_count;

/*
 * Look at every node of tree that was not looked at before, and mark it.  strict: an unknown key
 * is an error.  Returns the number of errors.
 */
unsigned config_check(struct config_node *tree, bool strict, struct diag_list *diags);

/* The text of the built-in defaults: weir.yaml, the documented sample, says the same. */
extern const char config_defaults[];

/* What keys say together and cannot be (config_together.c); the tree is whole, and has passed config_check(). */
void config_check_together(const struct config *c, struct diag_list *diags);

#endif
