/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_stage.h - what the files of the kernel stage share (xdp_load.h is the door).
 *
 * Not here: anything for others.  Memory: the stage's.  Thread: as xdp_load.h has it.
 */
#ifndef WEIR_CAPTURE_XDP_STAGE_H
#define WEIR_CAPTURE_XDP_STAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "bpf/weir_program.h"
#include "engine/capture/iface.h"
#include "engine/capture/iface_netlink.h"
#include "engine/capture/live_input.h"
#include "engine/capture/xdp_load.h"

#define STAGE_TEXT_BYTES 1024

struct stage_interface {
	struct xdp_interface_options options;
	char name[LIVE_NAME_BYTES];
	struct iface facts;
	struct weir_program *program;
	int link; /* -1: none */
	int promiscuous; /* -1: none */
	uint32_t first_queue, queues, first_source, sources; /* in the handover */
	struct iface_counters counters; /* when it was opened */
};

struct xdp_stage {
	struct xdp_stage_options options;
	struct live_handover handover;
	struct weir_program *maps; /* whose maps all programs share */
	struct weir_switches *switches; /* mapped */
	struct stage_interface interface[LIVE_INTERFACES_MAX];
	struct live_input input[LIVE_SOURCES_MAX]; /* by source */
	pthread_mutex_t lock; /* of what follows */
	uint64_t packet_drops[LIVE_SOURCES_MAX], packet_freezes[LIVE_SOURCES_MAX];
	uint32_t addresses; /* blocked */
	bool expiring; /* some entry may have an end of its own */
	/* Requests to make entries of flows; and how many there had been when the table was seen empty. */
	_Atomic uint64_t sets, empty_at;
	char text[STAGE_TEXT_BYTES]; /* why the last step failed */
};

#endif
