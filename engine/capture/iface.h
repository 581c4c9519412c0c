/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iface.h - what is to be known of an interface before capture begins.
 *
 * In: its name.  Out: facts (rtnetlink, ethtool, sysfs); whether span mode would take
 * packets from the host; warnings, each with the command that helps.
 * Not here: changing anything; what the kernel can do (doctor); programs' names (xdp_load.h).
 *
 * Memory: the caller's.  Thread: any.
 * Specification: rtnetlink(7), linux/ethtool.h.
 */
#ifndef WEIR_CAPTURE_IFACE_H
#define WEIR_CAPTURE_IFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IFACE_TEXT_BYTES 256
#define IFACE_WARNINGS_MAX 16

/* A fact that the kernel did not give. */
enum iface_answer { IFACE_UNKNOWN, IFACE_OFF, IFACE_ON };

enum iface_hash {
	IFACE_HASH_UNKNOWN,
	IFACE_HASH_ADDRESSES, /* source and destination address, no more */
	IFACE_HASH_PORTS, /* ports too: fragments part from their flow */
	IFACE_HASH_OTHER,
};

struct iface {
	char name[16];
	int ifindex;
	bool exists, up, running, loopback, ethernet, promiscuous;
	bool is_bridge, is_bond; /* itself */
	uint32_t mtu;
	char driver[32], bus[32], driver_version[32], firmware[32];
	uint32_t speed_mbit; /* 0: unknown */

	/* What the host would miss. */
	unsigned addresses4, addresses6; /* addresses6: not link-local */
	char address[64]; /* one of them */
	unsigned
		routes; /* that leave by it, but for those of the kernel's own to link-local and multicast */
	char route[64];
	char master[16]; /* bridge or bond above; "" */
	char master_kind[16];

	/* Queues. */
	unsigned rx_queues, tx_queues; /* in use */
	unsigned channels_max; /* 0: unknown */
	unsigned rx_ring, rx_ring_max;
	enum iface_hash hash_tcp4, hash_udp4, hash_tcp6, hash_udp6;
	enum iface_answer hash_symmetric;

	/* Offloads. */
	enum iface_answer lro, gro, gro_hw, gso, tso, rx_vlan, tx_vlan, rx_checksum, tx_checksum,
		ntuple;
	/* A veth's other end, where it is in the same namespace. */
	char peer[16];
	enum iface_answer peer_tx_checksum, peer_tso;

	/* An XDP program that is there already. */
	uint32_t xdp_id; /* 0: none */
	unsigned xdp_mode; /* IFLA_XDP_ATTACHED's: 1 driver, 2 generic, 3 hardware, 4 several */
	/* What the driver says of XDP; unknown before kernel 6.3. */
	enum iface_answer xdp_driver, xdp_redirect, xdp_zero_copy, xdp_frags;
	char hwtstamp[16]; /* "rx-all", "none"; "": unknown */
};

/* Returns 0 or -errno (-ENODEV: no such interface). */
int iface_read(const char *name, struct iface *out);

/*
 * Whether span mode must be refused, as it takes packets from the host.  True, with the reason: "the host
 * has an address there, 10.0.0.1".
 */
bool iface_refuses_span(const struct iface *f, char reason[IFACE_TEXT_BYTES]);

struct iface_warning {
	char what[IFACE_TEXT_BYTES]; /* "eth0: GRO joins packets before capture sees them" */
	char command[IFACE_TEXT_BYTES]; /* "ethtool -K eth0 gro off"; "": none helps */
};

/* What spoils capture: af_xdp by AF_XDP, else by AF_PACKET.  Returns how many. */
unsigned iface_warnings(const struct iface *f, bool af_xdp,
			struct iface_warning out[IFACE_WARNINGS_MAX]);

#endif
