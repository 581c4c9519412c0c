/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes.h - what conditions find in a packet that its records tell: contexts of sets, what expressions catch.
 *
 * In: names and bytes while a rule is evaluated.  Out: those of the rules that held, for their alerts,
 * and those of the packet.
 * Not here: what is kept with a flow (state.h).
 *
 * Memory: one struct notes a detector, NOTES_BYTES; what finds no room is not told, counted.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_NOTES_H
#define WEIR_DETECT_NOTES_H

#include <stdint.h>

#include "engine/base/bytes.h"

#define NOTES_MAX 256 /* of a packet */
#define NOTES_BYTES 65536
#define NOTE_BYTES_MAX 1024 /* of one; longer is cut */

enum note_kind {
	NOTE_CONTEXT, /* a JSON value for the alert */
	NOTE_ALERT, /* text for the alert */
	NOTE_FLOW, /* text to be kept with the flow */
	NOTE_FLOW_KEYED, /* the same under a name that was caught itself (flow:key,flow:value) */
	NOTE_PACKET, /* text for all records of the packet */
};

struct rule_note {
	struct bytes name; /* lives as long as the ruleset, or as the notes */
	struct bytes value; /* a context as long as the ruleset, else as long as the notes */
	uint8_t kind; /* enum note_kind */
};

struct notes {
	unsigned count;
	unsigned from; /* where those of the rule begin that is being evaluated */
	size_t used, used_from;
	uint64_t refused;
	struct rule_note note[NOTES_MAX];
	uint8_t bytes[NOTES_BYTES];
};

/* A packet begins. */
void notes_clear(struct notes *n);
/* A rule is evaluated: what the one before has left is gone, unless it was kept. */
void notes_begin(struct notes *n);
/* One of the same kind and name, of the same evaluation, is replaced.  NULL is fine. */
void notes_add(struct notes *n, enum note_kind kind, struct bytes name, struct bytes value);
/* A copy that lives as long as the notes; empty where there is no room. */
struct bytes notes_copy(struct notes *n, struct bytes text);
/* The rule holds: returns how many it has, *first is the first. */
unsigned notes_keep(struct notes *n, const struct rule_note **first);

#endif
