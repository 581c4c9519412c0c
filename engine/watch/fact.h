/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact.h - what a worker tells of a flow at its turns: its first packet, a refusal, a handshake, its end,
 * and what was odd in between.
 *
 * Facts are few, so that they can go to one judge in the order of packets, whichever worker saw the flow.
 * Of flows that went well only one in FACT_SAMPLE is told, by a hash of its number: counts of these are
 * estimates.  What went wrong is told of all.
 *
 * Memory: plain data.  Thread: any.
 */
#ifndef WEIR_WATCH_FACT_H
#define WEIR_WATCH_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/address.h"

enum fact_kind {
	FACT_FIRST, /* first packet, of one in FACT_SAMPLE TCP flows, and of every echo */
	FACT_REFUSED, /* the first answer is a RST, or an ICMP "unreachable" */
	FACT_HANDSHAKE, /* three-way, whole; seq is the server's initial number, client_seq the client's */
	FACT_STRAY_ACK, /* the client acknowledges what this server has not sent, or begins again what is over; seq, client_seq */
	FACT_END, /* in vain, large, or one in FACT_SAMPLE */
	FACT_BLIND_RESET, /* a RST outside the window of an open connection; seq */
	FACT_BLIND_DATA, /* payload there; seq */
	FACT_BLIND_SYN, /* a SYN in an open connection, with another number; seq */
	FACT_CHALLENGED, /* an ACK that moves nothing follows one of these three; of who was asked */
	FACT_OLD_DATA, /* payload further behind what is acknowledged than any window reaches; seq */
	FACT_CONFLICT, /* other bytes for a place that has some */
	FACT_ZERO_WINDOW, /* the client lets nothing more come; once a flow */
	FACT_TINY_WINDOW, /* or hardly anything; seq: bytes; once a flow */
	FACT_SHRUNK_WINDOW, /* the window's right edge went back; seq: bytes that are left; once a flow */
	FACT_SCALE, /* a scale that cannot be meant; seq: the shift, up to 255, or the window in bytes; once a flow */
	FACT_SLOW_REQUEST, /* a request in crumbs, with no word from the server; once a flow */
	FACT_BAD_FLAGS, /* TCP flags that no stack sends */
	FACT_ARP, /* a request: client asks for server */
	/*
	 * What one packet says of a source, whatever its flow: client probes server at server_port.  flags: enum weir_probe,
	 * seq: enum weir_sign_kind (bpf/weir_tally.h); start_ns: the clock.  On files alone: else the program counts.
	 */
	FACT_SIGN,
	FACT_TICK, /* a second has begun: time_ns */
	FACT__COUNT
};

#define FACT_SAMPLE 8
/* The end of a flow that has carried so much is always told. */
#define FACT_LARGE_BYTES (1u << 20)

struct fact {
	uint8_t kind; /* enum fact_kind */
	uint8_t proto; /* of the flow */
	uint8_t ip_version;
	uint8_t flags; /* TCP flags, of the client's packets so far; FACT_BAD_FLAGS: of the packet */
	bool answered; /* the server has sent something that is no refusal */
	bool sampled; /* stands for FACT_SAMPLE of its kind */
	bool from_server; /* the packet that made the fact was the server's */
	uint16_t client_port, server_port; /* ICMP: type, code */
	uint32_t seq, client_seq;
	int64_t time_ns;
	int64_t start_ns; /* of the flow */
	uint64_t bytes[2];
	uint32_t packets[2];
	struct ip_addr client, server;
};

#endif
