/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - frames through the stages and the detector as in `weir run`, by one worker of a command.
 *
 * In: settings, compiled rules, frames in order.  Out: each packet and flow end through the hooks,
 * which call detect_packet() and detect_flow_end() on trial->detector themselves, and then trial_told_*().
 * Not here: records, cross-host state of several workers.
 *
 * Memory: pipeline and detector belong to the trial until trial_fini().
 * Thread: one.
 */
#ifndef WEIR_CLI_TRIAL_H
#define WEIR_CLI_TRIAL_H

#include "engine/detect/threshold.h"
#include "engine/run/pipeline.h"
#include "engine/watch/watch.h"

struct trial {
	struct pipeline *pipeline;
	struct detector *detector;
	struct threshold_table *thresholds;
	struct watch *watch; /* NULL: no rule asks what is known of hosts */
	int64_t now_ns, second;
};

/* Returns 0 or -errno, and then in *failed what was refused; trial_fini() serves both. */
int trial_init(struct trial *t, const struct settings *s, const struct ruleset *rules,
	       const struct pipeline_hooks *hooks, const char **failed);
void trial_fini(struct trial *t);

void trial_frame(struct trial *t, const struct frame *f);
/* When rules have seen it: what it tells of hosts. */
void trial_told_packet(struct trial *t, const struct packet *p);
void trial_told_end(struct trial *t, const struct flow *f);
/* There are no more: every flow ends. */
void trial_end(struct trial *t);

#endif
