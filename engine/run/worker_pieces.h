/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_pieces.h - what a worker tells the writer beside lines: pieces of files and certificates that are
 * stored, facts of flows for the judge of hosts.
 *
 * In: files and certificates that rules ask for, packets.  Out: records in their place among the others.
 * Not here: writing to disk (filestore.h, certstore.h), judging (engine/watch).
 *
 * Memory: the worker's.  Thread: the worker's own.
 */
#ifndef WEIR_RUN_WORKER_PIECES_H
#define WEIR_RUN_WORKER_PIECES_H

#include "engine/run/worker.h"

/* A file_store_fn; ctx is the worker. */
void worker_store_piece(void *ctx, const struct flow *flow, const struct app_file *f,
			enum file_step step, struct bytes data);
/* Of a transaction, those that rules have asked for. */
void worker_store_certificates(struct worker *w, const struct packet *p, struct app_tx *tx);
/* What a packet tells of hosts: by its headers alone, and by its flow. */
void worker_emit_sign(struct worker *w, const struct packet *p);
void worker_emit_facts(struct worker *w, const struct packet *p);

#endif
