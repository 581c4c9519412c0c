/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fast.h - one line of text for each alert, as in fast.log.
 *
 * In: what output_alert() is given.  Out: a line in the caller's buf, or nothing where it has no
 * room for the whole line; buf->full then stays set.
 *
 * Memory: the caller's buf.
 * Thread: any number at once.
 */
#ifndef WEIR_OUTPUT_FAST_H
#define WEIR_OUTPUT_FAST_H

#include "engine/output/output.h"

void fast_alert(const struct output_env *env, const struct packet *p, const struct alert *a,
		const struct rule_info *rule, struct buf *out);

#endif
