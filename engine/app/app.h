/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.h - which protocol a flow speaks, its transactions and files.
 *
 * In: packets of flows, after engine/stream: the bytes of each direction that are ready (TCP), or the
 * datagram (UDP).  Out: transactions with their buffers for rules (engine/detect) and records (engine/output),
 * events, files.
 * A protocol's own part is a row of functions (struct app_protocol) over a parser of engine/proto.
 * Not here: rules, records, what a byte means.
 *
 * When: pipeline calls app_packet() after stream_packet() and before rules; then rules look at the
 * transactions, records are written, and app_packet_done() frees what is finished in both
 * directions, inspected and logged.  Bytes are parsed when they are acknowledged, which mostly is on a
 * packet of the other direction, and inspected on the next packet of their own.
 *
 * Memory: flows' states, transactions and what they hold come from one budget (app_options.memcap),
 * reserved at start.  A transaction's memory is given back with it.
 * Thread: the worker that owns the engine.
 */
#ifndef WEIR_APP_APP_H
#define WEIR_APP_APP_H

#include "engine/app/file.h"
#include "engine/app/http_options.h"
#include "engine/app/identify.h"
#include "engine/base/app_event.h"
#include "engine/base/memory_use.h"
#include "engine/stream/stream.h"
#include "parser/app_int.h"
#include "parser/protocol.h"
#include "parser/rule.h"

#define APP_TX_EVENTS_MAX 15

struct smtp_options; /* smtp.h */
struct expectation; /* expect.h */
struct app_frames; /* frame.h */

struct app_options {
	uint64_t memcap; /* bytes for everything below */
	uint32_t max_flows; /* flows with application state at once */
	uint32_t max_transactions; /* live ones of a flow */
	uint32_t max_tx[APP_PROTO__COUNT]; /* app-layer.protocols.NAME.max-tx; 0: as above */
	uint64_t enabled[2]; /* by transport (TCP, UDP): APP_PROTO_BIT() of what is parsed */
	uint64_t detection_only; /* of these: identified, not parsed */
	/* encryption-handling, APP_PROTO_BIT() each: payload is looked at although it is encrypted... */
	uint64_t encrypted_full;
	uint64_t encrypted_bypass; /* ...or the flow is bypassed */
	bool midstream; /* sessions are taken up in their middle: directions may have to be turned */
	bool inspects; /* rules look at transactions: app_inspected() will be called */
	bool records; /* somebody writes records of transactions, and sets APP_TX_LOGGED */
	struct identify_ports ports;
	struct file_options files;
	const struct smtp_options *smtp; /* lives as long as the engine */
	uint32_t frames[APP_PROTO__COUNT]; /* FRAME_BIT() of those that rules look at */
	bool frame_records; /* somebody writes records of frames: all are made, and FRAME_LOGGED set */
	uint32_t frame_window; /* bytes of a frame kept behind what was inspected: stream.window */
	uint32_t ftp_line_max; /* app-layer.protocols.ftp.max-line-length */
	/* Computed only where records or rules want them. */
	bool log_hassh; /* app-layer.protocols.ssh.hassh */
	bool log_ja3, log_ja4; /* app-layer.protocols.tls.ja3-fingerprints, ja4-fingerprints */
	struct http_options http; /* of servers that are in no network below */
	const struct http_server *http_servers; /* live as long as the engine */
	size_t http_server_count;
};

enum app_tx_flag {
	/* Nothing more comes in this direction: its buffers are whole.  Bit of direction d: FLAG << d. */
	APP_TX_DONE = 1 << 0,
	APP_TX_INSPECTED = 1 << 2, /* rules have seen all of it */
	APP_TX_LOGGED = 1 << 4, /* its record was written, or nobody wants one */
	APP_TX_ALERTED = 1 << 5,
	APP_TX_SKIP_BODIES = 1 << 6, /* a limit was reached: bodies are no longer kept */
	APP_TX_RECORD = 1 << 7, /* its record may be written although it goes on */
};

/* A transaction: the head of each protocol's own. */
struct app_tx {
	struct app_tx *next; /* in order of id */
	uint64_t id; /* EVE's tx_id: counted in the flow from 0 */
	uint8_t proto; /* enum app_proto */
	uint8_t flags; /* enum app_tx_flag */
	uint8_t progress[2]; /* by direction, in the protocol's steps; it only grows */
	uint8_t events;
	uint8_t events_logged; /* of these, how many have had their record */
	uint8_t event[APP_TX_EVENTS_MAX]; /* enum app_event */
	uint8_t grown; /* bits of directions: more of a body or file came, or it ended; rules clear them */
	/* Bits of directions of which nothing has come: rules look at them when something does, or nothing will. */
	uint8_t quiet;
	uint16_t news; /* grows when something is added without a step that rules may look for */
	uint32_t detect; /* index of what engine/detect remembers of it, 0: nothing */
	uint32_t memory; /* all that it holds: the first of its blocks */
	int64_t start_ns; /* packet time of its first byte */
	struct app_file *files; /* in order of appearance */
	void *state; /* of its protocol, as app_flow.state was when it began */
};

/* One piece of a buffer, as a rule may see it. */
struct app_slice {
	struct bytes data;
	uint64_t offset; /* of data[0] from the buffer's start */
	size_t fresh; /* first byte of data not inspected before (bodies, files) */
	bool at_end; /* the buffer ends with data: what asks for an end, or for absence, may be decided */
	bool again; /* with at_end: more may be added even so, and is looked at then */
	bool never; /* of what is not there: nor will it be */
	bool nothing; /* it counts, but no condition holds in it: an empty name */
};

/* A protocol's state of at most so many bytes costs no memory beside struct app_flow. */
#define APP_FLOW_SMALL_BYTES 48

#define APP_FLOW_EVENTS_MAX 7

/* A flow's application state, found by flow->app. */
struct app_flow {
	uint8_t proto; /* enum app_proto, as flow->app_proto has it */
	/* enum app_proto: what each direction's bytes said; UNKNOWN: not decided, FAILED: nothing */
	uint8_t seen[2];
	uint8_t said
		[2]; /* the same for rules: what was decided last, and stays while a change is decided */
	uint8_t decided[2]; /* how often */
	uint8_t told[2]; /* engine/detect's: of these, how many rules have been told of */
	uint8_t events_told; /* and of events */
	uint8_t original; /* before a protocol change, or UNKNOWN; proto while the new one is not decided */
	uint8_t expected; /* what a change should have led to, or UNKNOWN */
	uint8_t events;
	uint8_t events_logged; /* of these, how many have had their record */
	uint8_t event[APP_FLOW_EVENTS_MAX]; /* enum app_event of the flow: identification */
	uint16_t flags; /* engine/app/engine.h's */
	uint16_t
		change_port; /* server port that identification takes after a change; 0: the flow's */
	struct identify_state identify;
	struct app_tx *first, *last; /* live transactions, by id */
	uint64_t transactions; /* that there have been */
	uint32_t live;
	uint32_t memory; /* blocks of what the flow itself holds */
	uint32_t files; /* that there have been: numbers them */
	uint64_t parent; /* flow_id() of the flow that announced this one, 0: none */
	void *state; /* the protocol's own; NULL: none */
	struct app_frames *frames; /* two, by direction (frame.h); NULL: none so far */
	const struct expectation *announced; /* while it opens: what another flow said of it */
	uint64_t small[APP_FLOW_SMALL_BYTES / 8];
};

/* A number of a transaction that rules ask for. */
enum app_number {
	/* Those that a keyword compares, as enum app_int has them. */
	APP_NUMBER_DNS_OPCODE = APP_INT_DNS_OPCODE,
	APP_NUMBER_DNS_RCODE = APP_INT_DNS_RCODE,
	APP_NUMBER_DNS_RRTYPE = APP_INT_DNS_RRTYPE, /* of each record in turn */
	APP_NUMBER_TLS_VERSION = APP_INT_TLS_VERSION,
	APP_NUMBER_TLS_CERT_CHAIN_LEN = APP_INT_TLS_CERT_CHAIN_LEN,
	APP_NUMBER_FTP_DYNAMIC_PORT = APP_INT_FTP_DYNAMIC_PORT,
	APP_NUMBER_FTP_MODE = APP_INT_FTP_MODE,
	APP_NUMBER_FTP_REPLY_RECEIVED = APP_INT_FTP_REPLY_RECEIVED,
	APP_NUMBER_FTPDATA_COMMAND = APP_INT_FTPDATA_COMMAND,
	/* And those behind other keywords. */
	APP_NUMBER_SSL_VERSION = APP_INT__COUNT, /* bits of enum ssl_version_bit */
	APP_NUMBER_SSL_STATE, /* bits of enum ssl_state_bit */
	APP_NUMBER_CERT_NOT_BEFORE, /* seconds since 1970 */
	APP_NUMBER_CERT_NOT_AFTER,
	APP_NUMBER_FTP_BOUNCE, /* 1: a PORT command that names another host than the client */
	APP_NUMBER__COUNT
};

struct app_engine;

/* What a protocol's functions work with. */
struct app_ctx {
	struct app_engine *engine;
	struct app_flow *app;
	struct flow *flow;
	const struct packet *packet; /* that brought this about; NULL: the flow's end */
	int64_t now_ns;
	uint64_t offset; /* of the first byte that data() is shown, in its direction; UDP: 0 */
	/* Of struct app_protocol.takes_gap: so many bytes are lost behind those that data() is shown. */
	uint64_t gap;
};

enum app_verdict {
	APP_OK, /* *consumed bytes are done with; the rest is shown again with more */
	APP_ERROR, /* this is not the protocol, or it cannot go on: no more is parsed in this direction */
	APP_FINISHED, /* nothing of interest follows (encrypted): parsing ends without fault */
	/*
	 * Another protocol begins at *consumed: identification starts anew with the next bytes of either
	 * direction (app_expect() says what should follow).
	 */
	APP_CHANGE,
};

enum app_transport { APP_TCP = 1 << 0, APP_UDP = 1 << 1 };

/* A protocol's part: one row, in engine/app/NAME.c. */
struct app_protocol {
	enum app_proto proto;
	uint8_t transports; /* enum app_transport */
	bool one_transaction; /* a flow is one, from its beginning on: app_layer.tx does not count it */
	uint32_t state_bytes; /* of app_flow.state */
	uint32_t tx_bytes; /* of its transaction, struct app_tx first */
	uint8_t done[2]; /* the progress at which a direction is whole */
	/* Names of the steps by direction, for rule hooks: "request_line"; NULL ends. */
	const char *const *steps[2];

	/* The flow is known to speak it: state is zeroed. */
	void (*open)(struct app_ctx *c);
	/*
	 * Bytes of a direction in order (UDP: one datagram).  last: no more will come.  Never called with no bytes but
	 * when last.
	 */
	enum app_verdict (*data)(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				 size_t *consumed);
	/*
	 * len bytes of a direction are missing for good; what data() had left before them is lost too, but
	 * where takes_gap says that data() wants to know of the loss with the bytes before it, and consumes
	 * all of them then.  NULL: as APP_ERROR.
	 */
	enum app_verdict (*gap)(struct app_ctx *c, unsigned dir, uint64_t len);
	bool takes_gap;
	uint8_t own_file_data; /* bits of directions in which buffer() alone shows file.data */
	bool begins_with_step; /* before its first step a direction has nothing that buffer() shows */
	/* The transaction goes: what it holds beside its memory. */
	void (*end_tx)(struct app_tx *tx);
	/*
	 * The i-th piece of a buffer in this direction (0; more where the buffer's row says multiple) as far as it is
	 * ready for rules at the transaction's progress.  False: there is no such piece (yet),
	 * and out says by never whether there can be one.
	 */
	bool (*buffer)(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
		       unsigned i, struct app_slice *out);
	/* The i-th such number of this direction.  NULL: it has none. */
	bool (*number)(struct app_ctx *c, struct app_tx *tx, enum app_number n, unsigned dir,
		       unsigned i, uint64_t *out);
	/* A rule wants no record of the transaction, nor of what answers it. */
	void (*unrecorded)(struct app_tx *tx);
	/* Why buffer() says no, in words for `weir explain`; NULL: no better words than "not there". */
	const char *(*why_not)(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
			       unsigned dir);
	/* Rules have seen a streaming buffer up to this offset. */
	void (*inspected)(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
			  unsigned i, uint64_t to);
};

/* By enum app_proto; NULL: not parsed. */
extern const struct app_protocol *const app_protocols[APP_PROTO__COUNT];

static inline const struct app_protocol *app_protocol(enum app_proto p)
{
	return (unsigned)p < APP_PROTO__COUNT ? app_protocols[p] : NULL;
}

/* --- for the protocols ------------------------------------------------------------------------- */

/* A new transaction at the end of the flow's list; NULL where a limit is reached (counted). */
struct app_tx *app_tx_new(struct app_ctx *c);
/*
 * The first live transaction of the protocol that the flow speaks now; those behind it are its too.  After a change
 * (STARTTLS) those of the protocol before may still stand in front of it, waiting for rules and records.
 */
struct app_tx *app_tx_first(const struct app_ctx *c);
void app_tx_event(struct app_ctx *c, struct app_tx *tx, enum app_event e);
/* Progress of a direction; at done[dir] the direction is whole. */
void app_tx_progress(struct app_ctx *c, struct app_tx *tx, unsigned dir, uint8_t progress);

/*
 * Before APP_CHANGE: what should follow (UNKNOWN: anything), and the server port to probe by (0: the flow's).  False:
 * an earlier change is not through yet, so there cannot be this one.
 */
bool app_expect(struct app_ctx *c, enum app_proto p, uint16_t port);
/* An event of the flow, not of a transaction. */
void app_flow_event(struct app_ctx *c, enum app_event e);
/* From here on both directions are encrypted: rules on payload are done, as encryption-handling says. */
void app_encrypted(struct app_ctx *c);
/* A message is whole: raw stream rules of this direction look at it on its next packet. */
void app_trigger(struct app_ctx *c, unsigned dir);

/* Zeroed memory that lives as long as the transaction (tx NULL: the flow); NULL at the limit (counted). */
void *app_alloc(struct app_ctx *c, struct app_tx *tx, size_t len);
/* The same with whatever stands there: for bytes that are written before they are read. */
uint8_t *app_alloc_bytes(struct app_ctx *c, struct app_tx *tx, size_t len);

/* Bytes that grow, up to a limit of the caller's. */
struct app_text {
	uint8_t *data;
	uint32_t len, room;
};
/* Appends as many of the bytes as the limit and the budget admit; false: not all. */
bool app_text_add(struct app_ctx *c, struct app_tx *tx, struct app_text *t, struct bytes more,
		  uint32_t limit);
/* The same where there is room for all of them; false: there is not. */
static inline bool app_text_put(struct app_text *t, struct bytes more, uint32_t limit)
{
	uint32_t room = t->room < limit ? t->room : limit;

	if (!more.len || t->len > room || more.len > room - t->len)
		return false;
	memcpy(t->data + t->len, more.data, more.len);
	t->len += (uint32_t)more.len;
	return true;
}
/* Room for so many bytes in all, so that what is expected is not moved as it grows. */
bool app_text_reserve(struct app_ctx *c, struct app_tx *tx, struct app_text *t, size_t room);

/* --- for the pipeline ---------------------------------------------------------------------------- */

int app_engine_new(const struct app_options *opt, struct flow_table *flows,
		   struct stream_engine *streams, struct counters *counters,
		   struct app_engine **out);
void app_engine_free(struct app_engine *e);
/* Other rules want other things of it: what they see of files, fingerprints. */
void app_engine_needs(struct app_engine *e, const struct app_options *opt);
/* Bytes that an engine reserves, and at most touches. */
uint64_t app_engine_bytes(const struct app_options *opt);
/* Adds what it has. */
void app_engine_memory(const struct app_engine *e, struct memory_use *sum);

/*
 * Parse what this packet made ready.  A pseudo packet ends its direction: what nobody acknowledged is
 * parsed too, and nothing more will come.
 */
void app_packet(struct app_engine *e, struct packet *p);
/* Rules and records have had their turn: frees transactions that are done, inspected and logged. */
void app_packet_done(struct app_engine *e, struct packet *p);
/* A rule wants no record of a transaction. */
void app_unrecord(struct app_tx *tx);
/*
 * There were more transactions in these bytes than are kept at once: when those that there are have had rules and
 * records, app_packet() goes on.  So many there have been.
 */
bool app_is_full(const struct app_engine *e, const struct flow *f, uint64_t *transactions);
/* It has transactions, or events without a record; for a flow that has application state. */
bool app_may_tell(const struct app_engine *e, const struct flow *f);
/* At the flow's end: a pseudo packet of this direction has something to do. */
bool app_pending(const struct app_engine *e, const struct flow *f, unsigned dir);
/* Bytes of this direction are still wanted. */
bool app_is_parsing(const struct app_engine *e, const struct flow *f, unsigned dir);
/* Nothing more is parsed in either direction: both have had their ends. */
bool app_has_ended(const struct app_engine *e, const struct flow *f);
/* The flow is going: give back all that it has. */
void app_flow_end(struct app_engine *e, struct flow *f);

/* --- for rules and records ------------------------------------------------------------------------- */

/* The name of the step that a direction has reached; NULL: its protocol has no names for them. */
const char *app_tx_step(const struct app_tx *tx, unsigned dir);

/* Of a transaction: both directions are whole, so its record may be written. */
static inline bool app_tx_is_done(const struct app_tx *tx)
{
	return (tx->flags & (APP_TX_DONE | APP_TX_DONE << 1)) == (APP_TX_DONE | APP_TX_DONE << 1);
}

/* NULL: the flow has none. */
struct app_flow *app_flow(const struct app_engine *e, const struct flow *f);

bool app_buffer(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		unsigned dir, unsigned i, struct app_slice *out);
/* Nothing has come of this direction: there is no buffer of it. */
bool app_tx_is_empty(const struct app_tx *tx, unsigned dir);
bool app_number(struct app_engine *e, struct flow *f, struct app_tx *tx, enum app_number n,
		unsigned dir, unsigned i, uint64_t *out);
void app_inspected(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		   unsigned dir, unsigned i, uint64_t to);
const char *app_why_not(struct app_engine *e, struct flow *f, const struct app_tx *tx,
			enum buffer b, unsigned dir);

#endif
