/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h - the packets that an engine had in its hands when it died, as a capture file.
 *
 * In: the kernel stage, whose frames outlive the engine.  Out: weir-crash-TIME-N.pcap in the log folder.
 *
 * Thread: the supervisor's, before the next engine starts.
 * Specification: the savefile format pcap, with times in nanoseconds.
 */
#ifndef WEIR_RUN_CRASH_H
#define WEIR_RUN_CRASH_H

#include "engine/capture/xdp_load.h"

#define CRASH_NAME_BYTES 64

/*
 * Returns how many packets were written, with the file's name; 0: there were none, and there is no file;
 * -errno: it could not be written.
 */
int crash_save(struct xdp_stage *stage, int folder, unsigned number, char name[CRASH_NAME_BYTES]);

#endif
