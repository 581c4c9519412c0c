/* SPDX-License-Identifier: Apache-2.0 */
/*
 * savings.h - what the kernel can keep from the engine with this configuration and these rules, and why not more.
 *
 * In: settings, compiled rules.  Out: what the outputs want to see, for the plan; lines for a person.
 * Not here: the plan itself (engine/detect/plan.h), reach (engine/detect/reach.h).
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_RUN_SAVINGS_H
#define WEIR_RUN_SAVINGS_H

#include <stdio.h>

#include "engine/detect/plan.h"
#include "engine/run/settings.h"

/* What the enabled outputs want to see of the wire. */
struct detect_needs settings_needs(const struct settings *s);

/*
 * Two paragraphs: what the plan keeps and what release keeps, each with its reasons.  rs NULL: no
 * rules.  plan NULL: only release is told of, as on files nothing is kept.
 */
void savings_print(const struct settings *s, const struct ruleset *rs, const struct weir_plan *plan,
		   FILE *out);

#endif
