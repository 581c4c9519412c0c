/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what becomes of a packet: its matches in order, thresholds, actions, alerts.
 *
 * In: d->match[].  Out: the result's verdict and alerts, flags of packet and flow.
 * Not here: thresholds that only shape output (engine/output decides those in order).
 *
 * Memory: the detector's.  Thread: the detector's.
 */
#ifndef WEIR_DETECT_VERDICT_H
#define WEIR_DETECT_VERDICT_H

#include "engine/detect/detector.h"

/* There is a match. */
void verdict_conclude(struct detector *d, struct packet *p, struct detect_result *out);

#endif
