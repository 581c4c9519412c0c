/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iface_netlink.h - what rtnetlink says of an interface: what stands above it, its addresses and
 * routes, an XDP program, the device's counters.
 *
 * In: struct iface with name and ifindex.  Out: its other fields.
 * Not here: offloads, queues of the driver (iface_ethtool.h).
 *
 * Memory: the caller's.  Thread: any.
 * Specification: rtnetlink(7), RFC 3549.
 */
#ifndef WEIR_CAPTURE_IFACE_NETLINK_H
#define WEIR_CAPTURE_IFACE_NETLINK_H

#include "engine/capture/iface.h"

int iface_read_netlink(struct iface *f);

struct iface_counters {
	uint64_t packets, missed, dropped, errors;
};
int iface_counters(int ifindex, struct iface_counters *out);

#endif
