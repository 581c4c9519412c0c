/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve_common.h - what the writers of records share: how a record begins and ends; and the writers of
 * protocols' own objects.
 *
 * Memory: nothing but the caller's buf.  Thread: any number at once.
 */
#ifndef WEIR_OUTPUT_EVE_COMMON_H
#define WEIR_OUTPUT_EVE_COMMON_H

#include "engine/output/eve.h"
#include "engine/output/output.h"

/* Whose end stands as source. */
enum eve_direction {
	EVE_AS_PACKET, /* the packet's */
	EVE_AS_CLIENT, /* the client, whichever way the packet goes */
	EVE_AS_SERVER,
};

/* How every record of a packet begins. */
void eve_begin_record(struct eve *w, const struct output_options *o, const struct output_env *env,
		      const struct packet *p, enum record_kind kind, enum eve_direction dir,
		      struct buf *out);
void eve_end_record(struct eve *w, const struct output_options *o, const struct output_env *env);

/* Parts of them. */
void eve_kind(struct eve *w, enum record_kind kind);
void eve_flow_id(struct eve *w, const struct output_env *env, const struct flow *f);
void eve_vlans(struct eve *w, const uint16_t *vlan, unsigned n);
/* Metadata, Ethernet and community id, as options say; p or f may be NULL. */
void eve_common(struct eve *w, const struct output_options *o, const struct output_env *env,
		const struct packet *p, const struct flow *f, bool alert);
void eve_flow_counts(struct eve *w, const struct flow *f);
/* The packet itself, at most limit bytes of it. */
void eve_packet(struct eve *w, const struct packet *p, size_t limit);

static inline bool proto_has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP;
}

static inline bool proto_is_icmp(uint8_t proto)
{
	return proto == IP_PROTO_ICMP || proto == IP_PROTO_ICMPV6;
}

/* The protocol above IP, by its name where it has one. */
void eve_proto(struct eve *w, enum eve_field f, uint8_t proto);
/* Headers as EVE_HEADERS has them, first being the field of its len. */
void eve_ip_header(struct eve *w, enum eve_field first, const struct packet *p);
void eve_tcp_header(struct eve *w, enum eve_field first, const struct packet_tcp *t);
/* app_proto and what differs from it. */
void eve_app_proto(struct eve *w, const struct output_env *env, const struct flow *f);
void eve_app_proto_name(struct eve *w, enum eve_field f, unsigned proto);

/* What belongs to a transaction in an alert: the protocol's object, its files. */
/* Of files those of the packet's direction. */
void eve_tx_of_alert(struct eve *w, const struct app_tx *tx, unsigned dir);

/* eve_dns.c: the lines of a message; its object in an alert. */
void eve_dns(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out);
void eve_dns_object(struct eve *w, const struct app_tx *tx);
/* eve_mdns.c: the same for mDNS. */
void eve_mdns(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out);
void eve_mdns_object(struct eve *w, const struct app_tx *tx);
/* eve_tls.c, eve_ssh.c, eve_ftp.c, eve_smtp.c: the same for theirs. */
void eve_tls(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out);
void eve_tls_object(struct eve *w, const struct app_tx *tx);
void eve_ssh(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out);
void eve_ssh_object(struct eve *w, const struct app_tx *tx);
void eve_ftp(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out);
void eve_ftp_object(struct eve *w, const struct app_tx *tx);
void eve_ftp_data(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct app_tx *tx, struct buf *out);
void eve_ftp_data_object(struct eve *w, const struct app_tx *tx);
void eve_smtp(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out);
void eve_smtp_object(struct eve *w, const struct app_tx *tx);

/* eve_frame.c: the object of a frame, with at most so many bytes of payload. */
void eve_frame_object(struct eve *w, const struct output_env *env, const struct packet *p,
		      const struct app_frame *f, uint32_t payload_buffer_bytes);

/* eve_http.c */
void eve_http(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out);
void eve_http_object(struct eve *w, const struct app_tx *tx);
/* The client's address that a proxy tells in a transaction's request; false: none. */
bool eve_xff(const struct output_options *o, const struct app_tx *tx, struct bytes *text,
	     struct ip_addr *addr, unsigned *ip_version);

#endif
