/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_pieces.h"

#include "engine/app/tls.h"
#include "engine/run/certstore.h"
#include "engine/run/worker_record.h"

#define NS_PER_S 1000000000LL
#define PIECE_MOST_BYTES (64u << 10)

void worker_store_piece(void *ctx, const struct flow *flow, const struct app_file *f,
			enum file_step step, struct bytes data)
{
	struct worker *w = ctx;

	worker_set_key(w, flow);
	do {
		size_t len = data.len < PIECE_MOST_BYTES ? data.len : PIECE_MOST_BYTES;
		struct filestore_piece piece = { .flow = flow->number,
						 .id = f->id,
						 .step = (uint8_t)step,
						 .len = (uint32_t)len };
		size_t at;

		memcpy(piece.sha256, f->sha256, sizeof(piece.sha256));
		worker_record_begin(w, (enum record_kind)RECORD_STORE);
		at = worker_line_begin(w);
		buf_bytes(&w->body, &piece, sizeof(piece));
		buf_bytes(&w->body, data.data, len);
		worker_line_end(w, at, 0);
		worker_record_commit(w);
		data = bytes_slice(data, len, data.len);
	} while (data.len);
}

/* A piece of certificates for the writer begins; certificate_end() tells how long it was. */
static size_t certificate_begin(struct worker *w, const struct certstore_piece *p)
{
	size_t at;

	worker_record_begin(w, (enum record_kind)RECORD_CERTIFICATE);
	at = worker_line_begin(w);
	buf_bytes(&w->body, p, sizeof(*p));
	return at;
}

static void certificate_end(struct worker *w, size_t at, struct certstore_piece p)
{
	uint8_t *piece = (uint8_t *)w->body.data + at + sizeof(struct record_line);

	if (!w->body.full) {
		p.len = (uint32_t)(w->body.len - at - sizeof(struct record_line) - sizeof(p));
		memcpy(piece, &p, sizeof(p));
	}
	worker_line_end(w, at, 0);
	worker_record_commit(w);
}

static void certificate_step(struct worker *w, struct certstore_piece p, enum certstore_step step)
{
	p.step = (uint8_t)step;
	certificate_end(w, certificate_begin(w, &p), p);
}

static void emit_certificates(struct worker *w, const struct packet *p,
			      const struct tls_certificates *certs, bool client)
{
	const size_t most = PIECE_MOST_BYTES / 64 * 48;
	struct certstore_piece piece = { .time_ns = p->time_ns, .client = client };
	size_t at;

	certificate_step(w, piece, CERTSTORE_BEGIN);
	piece.step = CERTSTORE_META;
	at = certificate_begin(w, &piece);
	output_cert_meta(p, certs, &w->body);
	certificate_end(w, at, piece);
	piece.step = CERTSTORE_PEM;
	for (unsigned i = 0; i < certs->count; i++) {
		for (size_t from = 0; from < certs->der[i].len; from += most) {
			at = certificate_begin(w, &piece);
			output_pem(certs->der[i], from, most, &w->body);
			certificate_end(w, at, piece);
		}
	}
	certificate_step(w, piece, CERTSTORE_END);
}

void worker_store_certificates(struct worker *w, const struct packet *p, struct app_tx *tx)
{
	for (unsigned dir = 0; dir < 2 && tx->proto == APP_PROTO_TLS; dir++) {
		const struct tls_certificates *certs = tls_to_store(tx, dir);

		if (certs)
			emit_certificates(w, p, certs, dir == 0);
	}
}

/* On interfaces the program counts. */
void worker_emit_sign(struct worker *w, const struct packet *p)
{
	struct fact f;

	if (!w->live && fact_of_sign(p, w->second * NS_PER_S, &f))
		worker_emit_fact(w, &f);
}

void worker_tell_second(struct worker *w)
{
	const struct fact f = { .kind = FACT_TICK, .time_ns = w->second * NS_PER_S };

	if (!w->all->options.watch || w->id != 0)
		return;
	w->key = (struct record_key){ w->tick_packet, 0, 0 };
	worker_emit_fact(w, &f);
}

void worker_emit_facts(struct worker *w, const struct packet *p)
{
	struct fact facts[FACTS_MAX];
	unsigned count = facts_of_packet(w->pipeline->streams, p, facts);

	for (unsigned i = 0; i < count; i++)
		worker_emit_fact(w, &facts[i]);
}
