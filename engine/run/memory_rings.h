/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_rings.h - what capture off interfaces will take of memory, by interface and worker.
 *
 * In: settings with interfaces, what the kernel says of each.  Out: bytes by AF_XDP and by AF_PACKET,
 * as far as the configuration leaves them; which of them it becomes is known when the run has tried.
 *
 * Memory: the caller's.  Thread: any; nothing is kept.
 */
#ifndef WEIR_RUN_MEMORY_RINGS_H
#define WEIR_RUN_MEMORY_RINGS_H

#include <stdio.h>

#include "engine/capture/ring_plan.h"
#include "engine/run/settings.h"

/* One way to capture. */
struct memory_way {
	bool possible;
	struct ring_bytes rings;
	uint64_t each_worker; /* of rings: what each worker's own sockets have */
};

struct memory_interface {
	const char *name;
	bool host; /* mode: a copy of what passes */
	unsigned queues;
	struct memory_way xdp, packet;
};

/* Returns 0 or -errno, of the interface *failed. */
int memory_rings_predict(const struct settings *s,
			 struct memory_interface out[SETTINGS_INTERFACES_MAX], const char **failed);
/* The greater of its ways. */
uint64_t memory_rings_most(const struct memory_interface *in);
/* For flows that the kernel may keep: notes, counts, requests; with what supervisor and engine share. */
uint64_t memory_released(const struct settings *s);

void memory_rings_print(const struct memory_interface *in, unsigned workers, FILE *out);
/* As one object. */
void memory_rings_json(const struct memory_interface *in, FILE *out);

#endif
