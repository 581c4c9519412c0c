/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - records as text: EVE JSON (Suricata 8's fields) and fast.log lines.
 *
 * In: packets, flows, alerts, counters, as the other folders know them.  Out: one line each, with
 * its newline, appended to a buf; nothing is written to a file here (engine/run does).
 * Fields stand in the order of one table (engine/output/eve_fields.c), which also yields the JSON Schema
 * and docs/eve.md.
 *
 * A line that has no room in the buf is left out whole, and out->full stays set; it never is cut.
 *
 * Memory: options are borrowed; lines go to the caller's buf.
 * Thread: any number at once; nothing is shared.
 */
#ifndef WEIR_OUTPUT_OUTPUT_H
#define WEIR_OUTPUT_OUTPUT_H

#include "engine/app/app.h"
#include "engine/app/frame.h"
#include "engine/base/buf.h"
#include "engine/detect/detect.h"
#include "engine/watch/watch.h"

enum record_kind {
	RECORD_ALERT,
	RECORD_PACKET, /* that a rule with tag asked for */
	RECORD_DROP,
	RECORD_ANOMALY,
	RECORD_ARP,
	RECORD_STREAM_TCP, /* TCP packets with their session */
	RECORD_DNS,
	RECORD_MDNS,
	RECORD_HTTP,
	RECORD_TLS,
	RECORD_SMTP,
	RECORD_SSH,
	RECORD_FTP,
	RECORD_FTP_DATA,
	RECORD_FILEINFO,
	RECORD_FRAME,
	RECORD_FLOW,
	RECORD_NETFLOW,
	RECORD_STATS,
	RECORD_ENGINE, /* Weir's own errors; with the statistics */
	RECORD__COUNT
};
const char *record_kind_name(enum record_kind k); /* EVE's event_type */
/* The name in outputs.eve-log.types that asks for it. */
const char *record_kind_type(enum record_kind k);

/* What a TLS record may hold; names in outputs.eve-log.types.tls.custom: output_tls_field_name(). */
enum output_tls_field {
	OUTPUT_TLS_SUBJECT = 1 << 0,
	OUTPUT_TLS_ISSUER = 1 << 1,
	OUTPUT_TLS_SESSION_RESUMED = 1 << 2,
	OUTPUT_TLS_SERIAL = 1 << 3,
	OUTPUT_TLS_FINGERPRINT = 1 << 4,
	OUTPUT_TLS_SNI = 1 << 5,
	OUTPUT_TLS_VERSION = 1 << 6,
	OUTPUT_TLS_NOT_BEFORE = 1 << 7,
	OUTPUT_TLS_NOT_AFTER = 1 << 8,
	OUTPUT_TLS_CERTIFICATE = 1 << 9,
	OUTPUT_TLS_CHAIN = 1 << 10,
	OUTPUT_TLS_JA3 = 1 << 11,
	OUTPUT_TLS_JA3S = 1 << 12,
	OUTPUT_TLS_JA4 = 1 << 13,
	OUTPUT_TLS_CLIENT = 1 << 14, /* the client's certificate */
	OUTPUT_TLS_SUBJECTALTNAME = 1 << 15,
	OUTPUT_TLS_CLIENT_ALPNS = 1 << 16,
	OUTPUT_TLS_SERVER_ALPNS = 1 << 17,
	OUTPUT_TLS_CLIENT_HANDSHAKE = 1 << 18,
	OUTPUT_TLS_SERVER_HANDSHAKE = 1 << 19,
};
#define OUTPUT_TLS_LEAST \
	(OUTPUT_TLS_SUBJECT | OUTPUT_TLS_ISSUER | OUTPUT_TLS_SESSION_RESUMED | \
	 OUTPUT_TLS_SUBJECTALTNAME)
#define OUTPUT_TLS_EXTENDED \
	(OUTPUT_TLS_LEAST | OUTPUT_TLS_SERIAL | OUTPUT_TLS_FINGERPRINT | OUTPUT_TLS_SNI | \
	 OUTPUT_TLS_VERSION | OUTPUT_TLS_NOT_BEFORE | OUTPUT_TLS_NOT_AFTER | OUTPUT_TLS_JA3 | \
	 OUTPUT_TLS_JA3S | OUTPUT_TLS_JA4 | OUTPUT_TLS_CLIENT | OUTPUT_TLS_SUBJECTALTNAME | \
	 OUTPUT_TLS_CLIENT_ALPNS | OUTPUT_TLS_SERVER_ALPNS)
/* A bit, or 0 where no field has this name. */
uint32_t output_tls_field(const char *name);

/* Header fields of a mail beside from, to and cc. */
enum output_smtp_field {
	OUTPUT_SMTP_SUBJECT = 1 << 0,
	OUTPUT_SMTP_DATE = 1 << 1,
	OUTPUT_SMTP_MESSAGE_ID = 1 << 2,
	OUTPUT_SMTP_X_MAILER = 1 << 3,
	OUTPUT_SMTP_RECEIVED = 1 << 4,
};
/* smtp.md5, beside them. */
enum output_smtp_md5 { OUTPUT_SMTP_MD5_SUBJECT = 1 << 5, OUTPUT_SMTP_MD5_BODY = 1 << 6 };
uint32_t output_smtp_md5(const char *name);
#define OUTPUT_SMTP_EXTENDED ((1u << 5) - 1)
uint32_t output_smtp_field(const char *name);

/* The bit of a header that outputs.eve-log.types.http.custom may name, '_' for '-' or not; 0: none such. */
uint64_t output_http_field(const char *name);

enum output_format { OUTPUT_EVE, OUTPUT_FAST };

/* One entry of the configuration's outputs list. Defaults: output_options_stock(). */
struct output_options {
	enum output_format format;
	const char *filename; /* relative to the log directory, or absolute; "-": standard output */
	bool append; /* Suricata's append: yes; for files Weir starts anew by default? no: appends as Suricata does */
	bool wants[RECORD__COUNT];

	bool community_id;
	uint16_t community_id_seed;
	bool ethernet; /* the ether object */
	bool metadata; /* metadata.flowbits etc. in alerts (eve-log.metadata) */
	bool pcap_file; /* pcap_filename */
	const char *sensor_name; /* "host", NULL: none */
	bool version; /* suricata_version */

	struct {
		bool payload, payload_printable, payload_length, packet, verdict;
		bool http_body, http_body_printable;
		bool rule_metadata, rule_references,
			rule_text; /* metadata.rule.{metadata,reference,raw} */
		bool metadata; /* the transaction's objects (metadata.app-layer) */
		bool flow; /* flow object beside the alert (metadata.flow) */
		uint32_t payload_buffer_bytes; /* 4 KiB */
	} alert;
	struct {
		bool decode, stream, applayer, watch, packet_header;
	} anomaly;
	struct {
		bool alerts, flows_all, verdict;
	} drop;
	struct {
		bool all, event_set, state_update;
	} stream;
	struct {
		bool totals, deltas, null_values;
	} stats;
	struct {
		uint8_t version; /* 3 or 2 */
		bool requests, responses, detailed, grouped;
		bool types_given; /* only types[] */
		uint64_t types[8]; /* a bit for each record type below 512 */
	} dns;
	struct {
		uint32_t fields; /* enum output_tls_field: extended, custom, or the least */
		bool session_resumption;
	} tls;
	struct {
		uint32_t payload_buffer_bytes; /* 4 KiB */
	} frame;
	struct {
		uint32_t fields; /* enum output_smtp_field */
	} smtp;
	struct {
		bool extended, request_headers, response_headers;
		uint64_t custom; /* output_http_field(): headers that are written by themselves */
	} http;
	struct { /* of alerts */
		bool enabled;
		bool overwrite; /* in the place of the client's address, else beside it */
		bool forward; /* the first address of the header is meant, else the last */
		const char *header;
	} xff;
};

/* What stock Suricata 8 configuration writes to eve.json (community_id on). */
void output_options_stock(struct output_options *o);

/* Where the writers find what a packet does not hold itself. */
struct output_env {
	const struct flow_table *flows;
	struct stream_engine *streams;
	const struct app_engine *apps; /* NULL: none */
	const struct detector *detector;
	const struct ruleset *rules;
	const char *interface; /* in_iface; NULL on files */
	const char *capture_file; /* name of the file the packet came from */
	bool inline_mode;
	bool stores_files;
	const struct exceptions *exceptions; /* policies; NULL: none */
};

/* Each appends one line to out.  p or f may be NULL where the record has none. */
void output_alert(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct alert *a, const struct rule_info *rule,
		  uint8_t verdict, struct buf *out);
void output_drop(const struct output_options *o, const struct output_env *env,
		 const struct packet *p, const struct alert *a, const struct rule_info *rule,
		 const char *reason, uint8_t verdict, struct buf *out);
void output_anomaly(const struct output_options *o, const struct output_env *env,
		    const struct packet *p, enum event e, struct buf *out);
/*
 * A transaction that is done, or as far as it came: one line or several, or none where the options leave it
 * out.  p: the packet of the moment.
 */
void output_tx(const struct output_options *o, const struct output_env *env, const struct packet *p,
	       const struct app_tx *tx, struct buf *out);
/* The kind of its records; RECORD__COUNT: it has none. */
enum record_kind output_tx_kind(const struct app_tx *tx);
void output_file(const struct output_options *o, const struct output_env *env,
		 const struct packet *p, const struct app_tx *tx, const struct app_file *f,
		 struct buf *out);
void output_frame(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct app_frame *f, struct buf *out);
/*
 * Bytes [from, from + len) of a certificate as lines of PEM, with what begins and ends it; len: a multiple of 48, but of
 * the last piece.
 */
void output_pem(struct bytes der, size_t from, size_t len, struct buf *out);
/* What is known of the first of a chain, for a person: lines of "NAME: value". */
struct tls_certificates;
void output_cert_meta(const struct packet *p, const struct tls_certificates *certs,
		      struct buf *out);
/* An event of an application protocol; tx NULL: of the flow. */
void output_app_anomaly(const struct output_options *o, const struct output_env *env,
			const struct packet *p, const struct app_tx *tx, enum app_event e,
			struct buf *out);
/* A report of engine/watch. */
void output_watch(const struct output_options *o, const struct output_env *env,
		  const struct watch_report *r, struct buf *out);
/* A packet that a rule has tagged. */
void output_packet(const struct output_options *o, const struct output_env *env,
		   const struct packet *p, struct buf *out);
/* reason: why it was dropped, NULL: it was not.  Nothing is written where the output does not ask for this packet. */
void output_stream(const struct output_options *o, const struct output_env *env,
		   const struct packet *p, const char *reason, struct buf *out);
void output_arp(const struct output_options *o, const struct output_env *env,
		const struct packet *p, struct buf *out);
/* now_ns: time of the record (the flow's last packet, as Suricata's). */
void output_flow(const struct output_options *o, const struct output_env *env, const struct flow *f,
		 enum flow_end_reason reason, int64_t now_ns, struct buf *out);
/* Two lines, one a direction (the second only where it has packets). */
void output_netflow(const struct output_options *o, const struct output_env *env,
		    const struct flow *f, int64_t now_ns, struct buf *out);

/* What became of packets: engine/run/ledger.h. */
struct output_ledger {
	uint64_t entered, inspected, released, unwanted, blocked, in_flight;
	uint64_t ring_full, no_fill, too_large, redirect, worker; /* lost */
	uint64_t unsure, nic_lost;
	bool holds;
};

/* What interfaces gave. */
#define OUTPUT_INTERFACES_MAX 16
struct output_capture {
	uint64_t kernel_packets, kernel_drops, kernel_ifdrops;
	uint64_t polls, wakeups, kicks;
	unsigned engines; /* started in this run */
	struct output_ledger all;
	unsigned interfaces;
	struct {
		const char *name, *mode, *step;
		struct output_ledger ledger;
	} interface[OUTPUT_INTERFACES_MAX];
};

/* What a rule has cost since it is in force. */
struct output_rule_cost {
	uint32_t gid, sid, rev;
	const char *buffer; /* that it is found in */
	uint64_t candidates, checks, matches, ns;
};

/* What threshold.config has done to its matches. */
struct output_filter_hits {
	uint32_t gid, sid;
	uint64_t suppressed, rated;
};

struct output_stats {
	int64_t time_ns;
	uint64_t uptime_s;
	const struct counters *counters;
	unsigned rules_loaded, rules_failed, rules_skipped;
	const char *rules_hash; /* what tells these rules from others; NULL: not told */
	int64_t last_reload_ns; /* when the rules were loaded; 0: not told */
	bool decoder_events; /* stats.decoder-events */
	bool stream_events; /* stats.stream-events */
	const char *events_prefix; /* stats.decoder-events-prefix; NULL: "decoder.event" */
	const struct output_capture *capture; /* NULL: on files */
	const struct output_rule_cost *rule_costs; /* dearest first */
	unsigned rule_cost_count;
	const struct output_filter_hits *filter_hits;
	unsigned filter_hit_count;
};
void output_stats(const struct output_options *o, const struct output_env *env,
		  const struct output_stats *s, struct buf *out);

/* An error of Weir's own, found by one of its modules. */
void output_engine(const struct output_options *o, int64_t time_ns, const char *module,
		   const char *error, struct buf *out);

/*
 * The generated documents: the JSON Schema, and the tables that end docs/eve.md.  At most
 * OUTPUT_DOCUMENT_MAX bytes each.
 */
#define OUTPUT_DOCUMENT_MAX (1024 * 1024)
void output_schema(struct buf *out);
void output_markdown(struct buf *out);

#endif
