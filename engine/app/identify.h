/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify.h - which application protocol the first bytes of a direction speak.
 *
 * In: all bytes of a direction so far, from its first one (TCP), or a datagram (UDP); the ports.
 * Out: the protocol, or that more bytes are wanted, or that none is meant.
 * Two means: patterns at the front, on any port; then functions that look closer, each only on the ports
 * that are its protocol's (app-layer.protocols.NAME.detection-ports).
 * Not here: what becomes of the flow (engine/app/parse.c).
 *
 * Memory: struct identify_state, part of the flow's; struct identify_index, its engine's, constant once made.  Only the
 * first IDENTIFY_BYTES are looked at.
 * Thread: any; tables are constant.
 */
#ifndef WEIR_APP_IDENTIFY_H
#define WEIR_APP_IDENTIFY_H

#include "engine/base/bytes.h"
#include "parser/protocol.h"

#define IDENTIFY_BYTES 1024u

/* Ranges of ports, by protocol: what app-layer.protocols.NAME.detection-ports changed. */
#define IDENTIFY_PORTS_MAX 64
struct identify_port {
	uint16_t first, last;
	uint8_t proto; /* enum app_proto */
	uint8_t transport; /* 0: TCP, 1: UDP */
	bool of_client; /* sp: the client's port */
};
struct identify_ports {
	unsigned count;
	struct identify_port port[IDENTIFY_PORTS_MAX];
};
/* What stands there when nothing is configured. */
void identify_ports_stock(struct identify_ports *out);

/* Patterns by number. */
struct identify_set {
	uint64_t word[3];
};

/* Which patterns, and which ranges of ports, may be meant. */
struct identify_index {
	struct identify_set front[32]; /* by the first byte's lower five bits, which cases share */
	struct identify_set behind; /* those that do not stand at the front */
	struct identify_set said[2][2]; /* by transport and direction */
	struct identify_ports ports;
	uint64_t ranges[2][64]; /* of these, by transport and a port's lower six bits */
};
void identify_index_init(struct identify_index *x, const struct identify_ports *ports);

/* By direction (0: to server). */
struct identify_state {
	uint32_t refused[2]; /* bit of each probe that said no */
	bool patterns_done[2]; /* no pattern can match any more */
	bool probes_done[2];
};

struct identify_ask {
	struct bytes in;
	unsigned dir; /* 0: in is the client's */
	unsigned transport; /* 0: TCP, 1: UDP */
	uint16_t client_port, server_port;
	uint64_t enabled; /* APP_PROTO_BIT() of each protocol that may be the answer */
	enum app_proto other; /* what the other direction said */
	bool turn; /* the direction itself may be wrong: try the other one as well */
	const struct identify_index *index;
};

/*
 * APP_PROTO_UNKNOWN: not yet, or never where both done flags of the direction are set.  *turned: the bytes are
 * those of the other direction.
 */
enum app_proto identify(struct identify_state *s, const struct identify_ask *ask, bool *turned);

/* Of these protocols (APP_PROTO_BIT()) those that bytes of a transport may be found to be. */
uint64_t identify_possible(unsigned transport, uint64_t enabled);

/* The protocol's client always speaks first. */
bool identify_client_first(enum app_proto p);

#endif
