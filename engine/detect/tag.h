/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tag.h - what comes after a match of a rule with the keyword tag: packets of its flow, or of a host, are told of.
 *
 * In: matches of rules with tag; then each packet.  Out: whether the packet is tagged.
 * Not here: writing records.
 *
 * Memory: tags of flows are entries of the flow's state; those of hosts a table of a stated size, shared by
 * all workers.  Full: the tag is not made, counted.
 * Thread: one caller at a time for the table (the worker whose turn it is).
 */
#ifndef WEIR_DETECT_TAG_H
#define WEIR_DETECT_TAG_H

#include "engine/detect/ruleset.h"
#include "engine/detect/state.h"

#define TAG_HOSTS_MAX 1024
/* Where the rule names no number. */
#define TAG_PACKETS 256

struct tag_table;

int tag_table_new(struct tag_table **out);
void tag_table_free(struct tag_table *t);

/* A rule with this condition has matched the packet; index names the tag among all.  False: no room. */
bool tag_add(struct tag_table *hosts, struct state_table *flows, const struct packet *p,
	     const struct cond *c, uint32_t index);
/* The packet is one that a tag tells of; called once for each. */
bool tag_flow(struct state_table *flows, const struct packet *p);
bool tag_hosts(struct tag_table *hosts, const struct packet *p);

#endif
