/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exceptions.h - carries out what the settings say of packets that a stage could not treat as it should.
 *
 * In: a packet whose stages have noted targets (packet_exception()).  Out: the packet's and its flow's
 * verdict, the flow's bypass asked for, counters.  A flow that was dropped asks no more.
 * On a span port nothing is dropped: settings_exceptions() has no such policy there.
 * Not here: who notices (stages), drop records (worker.c).
 *
 * Memory: none.
 * Thread: the worker that owns the packet.
 */
#ifndef WEIR_RUN_EXCEPTIONS_H
#define WEIR_RUN_EXCEPTIONS_H

#include "engine/flow/flow.h"

void exceptions_settle(const struct exceptions *e, struct counters *counters, struct packet *p);
/* The flow was dropped by an exception's policy, not by a rule. */
bool exceptions_dropped_flow(const struct exceptions *e, const struct flow *f);

#endif
