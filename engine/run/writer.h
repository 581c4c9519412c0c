/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - merges the workers' records into one order, and writes them to files.
 *
 * In: the rings and watermarks of all workers.  Out: the outputs' files, the same bytes for any
 * number of workers; thresholds that only shape output are decided here, in that order.
 * A write that fails (a full disk) is told once per output, counted, and the run goes on.
 *
 * Memory: a buffer per output, made at start.
 * Thread: the one that calls writer_drain(): the main thread; and workers that ask (writer_answers()).
 */
#ifndef WEIR_RUN_WRITER_H
#define WEIR_RUN_WRITER_H

#include "engine/run/certstore.h"
#include "engine/run/filestore.h"
#include "engine/run/worker.h"

struct rule_alerts {
	uint64_t key; /* gid and sid; 0: free */
	uint64_t alerts;
};

struct writer_output {
	int fd; /* -1: not open, or given up */
	char *path;
	char *data; /* pending bytes */
	size_t len;
	uint64_t lines; /* taken, those that a failed write lost later included */
	uint64_t lost_lines; /* could not be written */
	uint64_t kinds[RECORD__COUNT]; /* lines by kind */
	int error; /* first errno */
};

struct writer {
	const struct output_options *options;
	unsigned count;
	struct writer_output *output;
	struct threshold_table *thresholds;
	int64_t threshold_second;
	uint64_t suppressed; /* alerts that thresholds kept back */
	struct filestore *store; /* NULL: files are not stored; the owner's */
	struct certstore *certificates; /* the same for certificates */
	struct watch *watch; /* NULL: facts are not judged; the owner's */
	struct workers *asking; /* rules of theirs ask what has been judged; NULL: nobody does */
	pthread_mutex_t lock; /* then: who has it may drain (files), or judge (interfaces) */
	uint64_t *alerted; /* numbers of flows whose alert got past its threshold; 0: free */
	uint32_t alerted_used;
	bool wants_flow;
	uint64_t forgotten; /* flows that had no room there */
	struct rule_alerts *rule; /* alerts written, by rule: a hash table */
	uint32_t rule_slots, rules; /* a power of two; of these, used */
	uint64_t uncounted; /* alerts of rules that had no room there */
	uint64_t alerts;
};

/*
 * Open the outputs' files in directory (made where it is missing).  On failure *failed names the
 * path.  Returns 0 or -errno.
 */
int writer_open(const struct output_options *outputs, unsigned count, const char *directory,
		uint32_t rules, struct threshold_table *thresholds, struct writer **out,
		char **failed);

/* Write what is in order now.  Returns how many records were taken. */
unsigned writer_drain(struct writer *w, struct workers *all);

/*
 * Before the workers start: rules may ask what the judge knows.  On files the worker that asks, whose turn it is, merges
 * what comes before its packet itself, instead of waiting for the writer's thread to wake.
 */
void writer_answers(struct writer *w, struct workers *all);

/* Write a line of the writer's own (stats) to each output that wants the kind. */
void writer_line(struct writer *w, unsigned output, enum record_kind kind, const char *line,
		 size_t len);

/*
 * Another process wrote to the files, and died: what may be left of a line at a file's end is taken away.
 */
void writer_mend(struct writer *w);

/* Go on in other files, one for each output (-1: none), which are the writer's from now on; what is pending goes to the old ones. */
void writer_reopen(struct writer *w, const int *files);
/*
 * The outputs' files, opened again by their names, into out[0..count): to be handed on.  On failure *failed is the output, and
 * none is open.  Returns 0 or -errno.
 */
int writer_open_again(const struct writer *w, int *out, unsigned *failed);

/* Hand what is pending to the files. */
void writer_send(struct writer *w);

/* Flush all; tells (on standard error) what could not be written.  Returns 0, or -errno of the first failure. */
int writer_flush(struct writer *w);
void writer_close(struct writer *w);

#endif
