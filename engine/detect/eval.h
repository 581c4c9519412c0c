/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.h - does a rule hold?  Conditions one after another, cheapest first.
 *
 * One source (eval_body.h), compiled twice: eval.c is what detects, eval_trace.c is the same with a
 * tracer for `weir explain`.  A relative chain is searched as Suricata does: when a later condition of the chain
 * fails, the content or regex that it counts from looks for its next occurrence.
 *
 * Memory: the context is the caller's; a rule's evaluation allocates nothing.
 * Work: bounded by ctx->steps_max content inspections per rule and buffer, and the regex limits.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_EVAL_H
#define WEIR_DETECT_EVAL_H

#include "engine/app/app.h"
#include "engine/detect/hs.h"
#include "engine/detect/notes.h"
#include "engine/detect/regex.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/state.h"
#include "engine/detect/transform.h"
#include "engine/detect/xbits.h"
#include "engine/stream/stream.h"

#define EVAL_VARIABLES_MAX 64
#define EVAL_DECODED_MAX 65535
/* Buffers and fields of a transaction that one rule asks for. */
#define EVAL_GROUPS_MAX 64

struct app_frame;
struct tracer;

/* What is known of a rule on transactions, or of one of its buffers. */
enum tx_answer {
	TX_HOLDS,
	TX_NOT_YET, /* what is still to come decides */
	TX_NEVER,
};

/* What is new of a flow's application protocol, on this packet. */
enum eval_news {
	EVAL_NEWS_PROTO = 1 << 0, /* what this direction speaks is known, or that it is not known */
	EVAL_NEWS_EVENT = 1 << 1,
};

/* Conditions of a chain of which it is kept from where on they fail; those of the same number share a place. */
#define EVAL_FAILED 16

struct eval {
	struct xbits_table *xbits;
	detect_known_fn known; /* NULL: nothing is known of hosts */
	void *known_ctx;
	/* The packet, set once for each. */
	const struct ruleset *rs;
	const struct packet *p;
	const struct flow *f; /* NULL: none */
	struct stream_engine *streams;
	const struct state_table *state;
	struct regex_scratch *regex;
	struct hs_work *scratch; /* for filters before regexes */
	uint32_t have; /* enum need: what holds for it */
	unsigned proto; /* enum proto_class */
	uint32_t steps_max;

	uint8_t news; /* enum eval_news: what engine/app has found out since */
	uint8_t events_told; /* so many of the flow's events are old */

	/* The transaction that is looked at, set once for each. */
	struct app_engine *apps;
	struct flow *flow;
	struct app_tx *tx; /* NULL: none */
	unsigned dir;
	unsigned first_file; /* files before it have had the rule hold already */
	bool dir_done; /* nothing more comes in this direction */
	struct bytes payload; /* bytes of the packet or stream that came with it */
	uint64_t payload_origin;
	size_t payload_fresh; /* its first byte that did not come along before */
	/* What is fresh of it has been searched, and the rules whose patterns are there are in the kit: for one unit. */
	bool payload_searched;
	uint8_t payload_unit; /* enum unit */
	bool payload_unsure; /* what is not fresh may have been seen by nobody */
	struct transform_work *transforms;
	struct notes *notes; /* NULL: nobody asks */

	/* The frame that is looked at, as far as its bytes are there; set once for each run of them. */
	const struct app_frame *frame; /* NULL: none */
	struct app_slice run;

	/* The bytes that are looked at. */
	void (*turn)(
		void *ctx); /* before a set is asked that other workers write too; NULL: no need */
	void *turn_ctx;
	bool more; /* their buffer may go on: what asks for its end, or that something is not there, must wait */
	bool bounded; /* the place that a content was looked for in will not grow */
	struct bytes data;
	uint64_t origin; /* of data[0] from the unit's start: depth and offset count from there */
	size_t fresh; /* a match must reach past this */

	/* One rule's evaluation. */
	size_t at; /* end of the match before: what relative conditions count from */
	size_t reach; /* greatest end of a condition that held */
	uint32_t steps;
	bool stop; /* no other occurrence can help */
	bool stale; /* all held, but in bytes that were inspected before */
	bool state_failed; /* a flowbit was missing: another rule may still set it */
	bool in_stream;
	/* From which place on what begins with a condition has failed, by its number; the bits of those that are set. */
	struct {
		const struct cond *cond;
		int64_t from;
	} failed[EVAL_FAILED];
	uint16_t failed_set;
	uint64_t variable[EVAL_VARIABLES_MAX];
	uint8_t *decoded; /* EVAL_DECODED_MAX bytes: what base64_decode made */
	size_t decoded_len;

	struct tracer *tracer; /* of the traced copy */
};

/* Everything that does not look at the bytes: protocol, addresses, ports; then flow, header fields; then state. */
bool eval_header(const struct eval *e, const struct rule_row *row);
bool eval_packet(struct eval *e, const struct rule_row *row);
/* An address lies in a set of the block (struct address_block; 0: any). */
bool eval_address(const struct eval *e, uint32_t set, const struct ip_addr *addr);
/* The first condition on the packet alone: most rules without a pattern end there. */
bool eval_may_hold(const struct eval *e, const struct rule_row *row);
/* What other workers write too: last, and only when it is this packet's turn. */
bool eval_shared(struct eval *e, const struct rule_row *row);
/* The conditions on e->data, and on buffers of the packet. */
bool eval_bytes(struct eval *e, const struct rule_row *row);

/*
 * The conditions on e->tx in direction e->dir.  *held: a bit for each buffer or field that has held, in
 * order, which are not looked at again.
 */
/* Bits, as of eval_tx(), of what a rule asks of files. */
uint64_t eval_file_groups(const struct ruleset *rs, const struct rule_row *row);
/* Files of a transaction in one direction. */
unsigned eval_file_count(const struct app_tx *tx, unsigned dir);
/* The bytes as a list of transforms makes them: a place until transform_begin(). */
struct bytes eval_transformed(struct eval *e, unsigned transforms, struct bytes in);
/* Mark the files of e->tx that a rule with filestore, which has held, wants. */
void eval_store_files(struct eval *e, const struct rule_row *row, uint32_t sid);
enum tx_answer eval_tx(struct eval *e, const struct rule_row *row, uint64_t *held);

/* The conditions on e->run, of e->frame. */
bool eval_frame(struct eval *e, const struct rule_row *row);

bool eval_trace_header(const struct eval *e, const struct rule_row *row);
bool eval_trace_packet(struct eval *e, const struct rule_row *row);
bool eval_trace_shared(struct eval *e, const struct rule_row *row);
bool eval_tcp_flags(const struct cond *c, uint8_t flags); /* of a COND_TCP_FLAGS */
bool eval_ip_proto(const struct cond *c, uint8_t proto); /* of a COND_IP_PROTO */
/* What weir.watch asks of one address; false: it cannot be said. */
bool eval_known(const struct eval *e, const struct cond *c, const struct ip_addr *host,
		struct detect_known *out);
/* Who carries the mark; false: nobody. */
bool eval_xbits_key(const struct packet *p, const struct cond *c, struct xbits_key *out);
bool eval_trace_bytes(struct eval *e, const struct rule_row *row);
bool eval_trace_frame(struct eval *e, const struct rule_row *row);
enum tx_answer eval_trace_tx(struct eval *e, const struct rule_row *row, uint64_t *held);

/* Why a header does not admit a packet: its first part, in the order of the text, that does not. */
enum eval_refusal {
	EVAL_ADMITTED,
	EVAL_REFUSED_PROTO,
	EVAL_REFUSED_SRC,
	EVAL_REFUSED_SPORT,
	EVAL_REFUSED_DST,
	EVAL_REFUSED_DPORT,
	EVAL_REFUSAL__COUNT
};
enum eval_refusal eval_trace_refusal(const struct eval *e, const struct rule_row *row);

/*
 * The payload is not for inspection: a verdict ended it, its flow is encrypted, or it is a packet of its own that was found
 * inside this one and is inspected itself.
 */
static inline bool eval_payload_closed(const struct packet *p)
{
	return p->no_payload_inspection || p->is_tunnel_outer;
}

/* A length that asks for payload, which is not to be had where it is closed. */
static inline bool eval_dsize_asks(const struct cond *c)
{
	return c->op != COMPARE_LT && c->op != COMPARE_LE &&
	       !(c->op == COMPARE_EQ && c->number.low == 0);
}

/* enum need of a packet.  What comes with stream bytes has NEED_BYTES besides. */
uint32_t eval_facts(const struct packet *p, const struct flow *f);
/* Those of its ends (NEED_ENDS), as e->rs sees e->p. */
uint32_t eval_ends(const struct eval *e);
unsigned eval_proto_other(const struct packet *p); /* than TCP */

static inline unsigned eval_proto(const struct packet *p)
{
	return p->proto == IP_PROTO_TCP ? PROTO_TCP : eval_proto_other(p);
}

/* What the traced copy tells. */
struct tracer {
	void (*held)(struct tracer *t, const struct cond *c, size_t from, size_t to);
	/* Looked for in data[from..to). */
	void (*failed)(struct tracer *t, const struct cond *c, size_t from, size_t to);
	/* It is known to fail, or to depend on one that does: go on without it. */
	bool (*skips)(struct tracer *t, const struct cond *c);
	uint64_t value; /* the last number read from the bytes */
};

#endif
