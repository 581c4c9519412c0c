/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_tree.h - making nodes of a configuration tree; for the files that build one.
 *
 * Memory: nodes live in the config's arena.
 * Thread: the one that starts the program.
 */
#ifndef WEIR_PARSER_CONFIG_TREE_H
#define WEIR_PARSER_CONFIG_TREE_H

#include "parser/config.h"

/* NULL: no memory, or CONFIG_NODES_MAX reached. */
struct config_node *config_node_new(struct config *c, enum config_kind kind);
/* With all that is below; NULL as above, or deeper than CONFIG_DEPTH_MAX. */
struct config_node *config_node_copy(struct config *c, const struct config_node *src);
void config_node_append(struct config_node *parent, struct config_node *child);

/* A key as it is looked up: '_' is read as '-'. */
const char *config_key_name(struct config *c, const char *key, size_t len);

#endif
