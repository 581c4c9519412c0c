/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_kept.h - what loading rules came to, so that the next start need not read them.
 *
 * In: every byte of the rule files and of those that classify, enable and modify rules, the whole configuration, this very
 * program.  Out: the numbers of rules, what there was to tell of them, and the name of the compiled ruleset, which lies
 * beside it in the cache folder (engine/detect/cache.h; its trust and its limits hold here too).
 * Not kept: what was read from yet other files (lists of digests in rules), and rulesets that are not in the folder.
 *
 * Memory: the diagnostics go to the caller's list.
 * Thread: the one that loads.
 */
#ifndef WEIR_RUN_LOAD_KEPT_H
#define WEIR_RUN_LOAD_KEPT_H

#include "engine/detect/cache.h"
#include "engine/run/run.h"

/* The name of a load.  Returns 0 or -errno: then nothing can be kept. */
int load_kept_key(const struct settings *s, struct cache_key *out);

/* Returns 0 with *out and diags as loading would leave them, -ENOENT, or another -errno. */
int load_kept_read(const struct settings *s, const struct cache_key *key, struct diag_list *diags,
		   struct run_rules *out);

/*
 * Keep what loading has come to: the numbers of rules, and the diagnostics after `before` (NULL: all).  Where the files
 * are others than at load_kept_key(), nothing is kept.
 */
void load_kept_write(const struct settings *s, const struct cache_key *key,
		     const struct diag_list *diags, const struct diag *before,
		     const struct run_rules *rules);

/* Whether rules were made of other files than those of the key: they are not kept. */
bool load_kept_reads_more(const struct rule_set *parsed);

#endif
