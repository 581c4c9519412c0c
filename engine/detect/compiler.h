/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiler.h - what the parts of the rule compiler share: the block and the arrays that it grows.
 *
 * In: rules in the order of inspection.  Out: rows, conditions, lists and texts, for the block.
 * An error (out of memory; -EINVAL: a library refused what the rule says, and a diagnostic tells it)
 * is kept in .err, and everything after it does nothing until the caller has looked.
 * Not here: what is made of a rule (compile_row.h), of an option (compile_option.h); the whole
 * (compile.c).
 *
 * Memory: arrays on the heap until compiler_fini().  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILER_H
#define WEIR_DETECT_COMPILER_H

#include "engine/detect/block.h"
#include "engine/detect/detect.h"
#include "engine/detect/regex.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/scan_plan.h"
#include "engine/detect/state.h"
#include "engine/detect/tx_plan.h"
#include "parser/rule.h"

struct rule_list {
	uint32_t *item;
	size_t count;
};

struct always_list {
	struct always_rule *item;
	size_t count;
};

/* Texts in the block that are written before all else, so that what they are made of can go. */
struct rule_notes {
	uint32_t metadata_json, references_json; /* 0: none */
};

struct compiler {
	struct block_builder block;
	struct block_header head;
	struct diag_list *diags;
	const struct detect_options *options;
	int err;

	const struct rule **rule; /* in the order of inspection */
	struct rule_notes *notes; /* of each in that order; NULL: nobody will look at them */
	struct rule_set *forget; /* what they belong to, if it is to go once rows are made */
	struct arena patterns; /* what entries search for */
	size_t rules;
	struct rule_row *row;
	struct rule_cold *cold;
	struct cond *cond;
	size_t conds;
	struct scan_entry *entry;
	size_t entries;
	struct regex_code **regex;
	struct section *filter; /* by regex */
	unsigned filters;
	size_t regexes;
	struct state_name *name;
	size_t names;
	struct tx_entry *tx;
	size_t txs;
	uint64_t *mask; /* of application protocols, each once; the first means any */
	size_t masks;
	struct dataset_row *set;
	size_t sets;
	struct transform_list *transform; /* lists, each once; the first is empty */
	size_t transforms;

	struct rule_list ip_only[PROTO_CLASS__COUNT];
	struct always_list always[PROTO_CLASS__COUNT];
	struct rule_list holders[PROTO_CLASS__COUNT];
	struct rule_list always_stream;
	struct rule_list pre_flow;
	struct rule_list events[EVENT__COUNT];
};

/* Grow an array of items so that one more fits; false with .err. */
bool compiler_room(struct compiler *c, void **array, size_t count, size_t item);

/* Offsets in the block, equal ones once; 0: any. */
uint32_t compiler_addresses(struct compiler *c, const struct address_set *a);
uint32_t compiler_ports(struct compiler *c, const struct port_set *s);

/* A copy that outlives the parsed rule. */
const uint8_t *compiler_pattern(struct compiler *c, const uint8_t *data, size_t len);

void compiler_fini(struct compiler *c);

#endif
