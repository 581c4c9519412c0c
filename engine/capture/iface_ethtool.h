/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iface_ethtool.h - driver, queues, receive hash and offloads of an interface, by ethtool's ioctl.
 *
 * In: a socket, the name.  Out: fields of struct iface; what the driver does not say stays unknown.
 * Not here: addresses, routes (iface_netlink.h).
 *
 * Memory: the caller's.  Thread: any.
 * Specification: linux/ethtool.h.
 */
#ifndef WEIR_CAPTURE_IFACE_ETHTOOL_H
#define WEIR_CAPTURE_IFACE_ETHTOOL_H

#include "engine/capture/iface.h"

void iface_read_ethtool(int socket, struct iface *f);
/* Those of a veth's other end: peer_tx_checksum, peer_tso. */
void iface_read_peer(int socket, struct iface *f);

#endif
