/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/kit.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/detect/regex.h"
#include "engine/detect/rule_digest.h"
#include "engine/detect/ruleset.h"

static int open_arrays(struct detect_kit *k)
{
	size_t rules = k->rs->block->rules.count + 1;

	k->candidate_stamp = calloc(rules, sizeof(*k->candidate_stamp));
	k->candidate_why = calloc(rules, sizeof(*k->candidate_why));
	k->candidate = calloc(rules, sizeof(*k->candidate));
	k->waiting = calloc(rules, sizeof(*k->waiting));
	k->match_stamp = calloc(rules, sizeof(*k->match_stamp));
	k->match = calloc(rules + ALERTS_MAX, sizeof(*k->match));
	k->tx.stamps = calloc(rules, sizeof(*k->tx.stamps));
	k->tx.entry = calloc(rules, sizeof(*k->tx.entry));
	k->tx.candidate = calloc(rules, sizeof(*k->tx.candidate));
	k->tx.waiting = calloc(rules, sizeof(*k->tx.waiting));
	k->tx.payload = calloc(k->rs->block->tx_payload_patterns + 1, sizeof(*k->tx.payload));
	k->frame.stamps = calloc(rules, sizeof(*k->frame.stamps));
	k->frame.steps = calloc(rules, sizeof(*k->frame.steps));
	k->frame.candidate = calloc(rules, sizeof(*k->frame.candidate));
	k->frame.waiting = calloc(rules, sizeof(*k->frame.waiting));
	if (!k->frame.stamps || !k->frame.steps || !k->frame.candidate || !k->frame.waiting)
		return -ENOMEM;
	k->cost = calloc(rules, sizeof(*k->cost));
	k->hits = calloc(rules, sizeof(*k->hits));
	if (!k->candidate_stamp || !k->candidate_why || !k->candidate || !k->waiting ||
	    !k->match_stamp || !k->match || !k->tx.stamps || !k->tx.entry || !k->tx.candidate ||
	    !k->tx.waiting || !k->tx.payload || !k->cost || !k->hits)
		return -ENOMEM;
	return 0;
}

int detect_kit_new(const struct ruleset *rs, const struct detect_options *opt,
		   struct detect_kit **out)
{
	struct detect_kit *k = calloc(1, sizeof(*k));
	int err;

	*out = NULL;
	if (!k)
		return -ENOMEM;
	k->rs = rs;
	err = open_arrays(k);
	if (!err)
		err = header_memo_init(&k->header, rs->block);
	if (!err)
		err = mpm_work_serve(&k->search, rs->scan, rs->block->databases.count);
	if (!err)
		err = mpm_work_serve(&k->search, rs->tx_scan, rs->block->tx_databases.count);
	if (!err)
		err = hs_work_new(rs->filter, rs->block->regex_count, &k->search.hs);
	if (!err)
		err = rs->block->tx_rules ? memo_init(&k->memo, rs->block->tx_databases.count) : 0;
	if (!err)
		err = regex_scratch_new(opt->pcre_match_limit, opt->pcre_recursion_limit,
					rs->block->regex_captures, &k->regex);
	if (err) {
		detect_kit_free(k);
		return err;
	}
	*out = k;
	return 0;
}

void detect_kit_free(struct detect_kit *k)
{
	if (!k)
		return;
	regex_scratch_free(k->regex);
	mpm_work_fini(&k->search);
	memo_fini(&k->memo);
	header_memo_fini(&k->header);
	free(k->candidate_stamp);
	free(k->candidate_why);
	free(k->candidate);
	free(k->waiting);
	free(k->match_stamp);
	free(k->match);
	free(k->tx.stamps);
	free(k->tx.entry);
	free(k->tx.candidate);
	free(k->tx.waiting);
	free(k->tx.payload);
	free(k->frame.stamps);
	free(k->frame.steps);
	free(k->frame.candidate);
	free(k->frame.waiting);
	free(k->cost);
	free(k->hits);
	free(k);
}

bool detect_kit_is_left(const struct detect_kit *k)
{
	return atomic_load_explicit(&k->left, memory_order_acquire);
}

/* --- what follows what --------------------------------------------------------------------------------- */

int detect_successors_new(const struct ruleset *rules, const struct ruleset *later,
			  struct detect_successors **out)
{
	struct detect_successors *s = calloc(1, sizeof(*s));
	uint32_t n = rules->block->rules.count;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	s->rules = rules;
	s->later = later;
	s->of = calloc(n + 1, sizeof(*s->of));
	if (!s->of) {
		free(s);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct detect_successor *to = &s->of[i];

		to->rule = ruleset_of_key(later, rules->row[i].key);
		if (to->rule == UINT32_MAX)
			continue;
		to->same = rule_digest(rules, i) == rule_digest(later, to->rule);
	}
	*out = s;
	return 0;
}

void detect_successors_free(struct detect_successors *s)
{
	if (!s)
		return;
	free(s->of);
	free(s);
}
