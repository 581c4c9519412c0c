/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_program.h - loads one of the programs and gives its maps by name.
 *
 * In: which program, and its constants.  Out: descriptors.
 * Not here: attaching, sockets, what to want.
 *
 * Memory: a struct weir_program is on the heap, the descriptors are its own.
 * Thread: one at a time for one program.
 */
#ifndef WEIR_BPF_WEIR_PROGRAM_H
#define WEIR_BPF_WEIR_PROGRAM_H

#include <stddef.h>

#include "bpf/weir_plan.h"
#include "bpf/weir_xdp.h"

enum weir_object {
	WEIR_OBJECT_XDP,
	WEIR_OBJECT_XDP_FRAGS, /* kernel 5.18 */
	WEIR_OBJECT_SOCKET,
	WEIR_OBJECT__COUNT
};

struct weir_program {
	struct bpf_object *object;
	int program; /* XDP, or the socket filter */
	/*
	 * WEIR_OBJECT_SOCKET; else -1.  entry: to be attached instead of the program; it does nothing
	 * any more when the program is closed.
	 */
	int entry, fanout;
	int plan, nets4, nets6, flows, addresses, switches, buckets, notes; /* may be shared */
	int counts, marks;
	int sockets, beats; /* XDP; else -1 */
};

/*
 * Load.  flows_max: released flows there is room for, 0: WEIR_FLOWS_MAX.  On failure log has what the
 * kernel and libbpf said, cut to fit.  Returns 0 or -errno (-EPERM: not allowed; -ENOENT: no BTF).
 */
int weir_program_load(enum weir_object which, const struct weir_config *config, __u32 flows_max,
		      char *log, size_t log_len, struct weir_program **out);
/* The same; what may be shared is that of another program, which may be closed first.  share NULL: own. */
int weir_program_load_sharing(enum weir_object which, const struct weir_config *config,
			      __u32 flows_max, const struct weir_program *share, char *log,
			      size_t log_len, struct weir_program **out);
void weir_program_close(struct weir_program *p); /* NULL is fine */

/*
 * Write a plan, and take the networks of the one before away: what both do not
 * want is kept as soon as it returns, what both want goes up at any time.  Returns 0 or -errno.
 */
int weir_program_plan(struct weir_program *p, const struct weir_plan *plan);

/* Sum over all CPUs, by enum weir_reason; WEIR_ENTERED is read last. */
int weir_program_counts(const struct weir_program *p, struct weir_count out[WEIR_REASON__COUNT]);
int weir_program_marks(const struct weir_program *p, struct weir_count out[WEIR_REASON__COUNT]);

#endif
