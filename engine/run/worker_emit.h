/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_emit.h - the records of packets, transactions, files and flows: a line for each output that wants it.
 *
 * In: what is to be told, once somebody wants it (worker_wants()).  Out: records for the writer.
 * What returns bool says whether a line was written.
 * Not here: the lines themselves (engine/output); when and in which order (worker.c).
 *
 * Memory: the worker's.  Thread: the worker's own.
 */
#ifndef WEIR_RUN_WORKER_EMIT_H
#define WEIR_RUN_WORKER_EMIT_H

#include "engine/run/worker.h"

void worker_emit_alert(struct worker *w, const struct packet *p, const struct alert *a,
		       const struct rule_info *info, uint8_t verdict);
/* a, info: what dropped it, or NULL.  flow_start: it is the first of its flow's direction. */
void worker_emit_drop(struct worker *w, const struct packet *p, const struct alert *a,
		      const struct rule_info *info, const char *reason, uint8_t verdict,
		      bool flow_start);
bool worker_emit_packet(struct worker *w, const struct packet *p);
bool worker_emit_anomalies(struct worker *w, const struct packet *p);
/* Files as they end, transactions and what was odd about them when they are whole. */
bool worker_emit_transactions(struct worker *w, const struct packet *p);
/* Of the packet's direction, each once. */
bool worker_emit_frames(struct worker *w, const struct packet *p);
bool worker_emit_arp(struct worker *w, const struct packet *p);
/* reason: why it does not pass, or NULL. */
void worker_emit_stream(struct worker *w, const struct packet *p, const char *reason);
void worker_emit_flow(struct worker *w, struct flow *f, enum flow_end_reason reason, int64_t now);
void worker_emit_netflow(struct worker *w, const struct flow *f, int64_t now);

#endif
