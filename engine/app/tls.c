/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that count (hellos, certificates) are put together in the transaction, for they may lie over many
 * records; then they are read once, and everything told of them is a slice.
 */
#include "engine/app/tls.h"

#include <stdio.h>

#include "engine/app/engine.h"
#include "engine/app/frame.h"
#include "engine/proto/tls.h"
#include "engine/proto/tls_fingerprint.h"

#define JA3_TEXT_MAX 8192
#define JA4_TEXT_MAX 16384
#define NAME_TEXT_MAX 8192
#define SERIAL_TEXT_MAX 256
/* A heartbeat's header and its padding, which what it asks for must leave room for (RFC 6520, section 4). */
#define HEARTBEAT_LEAST (3 + 16)

struct tls_flow {
	struct tls_parser parser[2];
};
static_assert(sizeof(struct tls_flow) <= APP_FLOW_SMALL_BYTES, "no memory of its own");

static struct bytes text_bytes(const struct app_text *t)
{
	return bytes_of(t->data, t->len);
}

static void tls_open(struct app_ctx *c)
{
	struct tls_flow *f = c->app->state;
	struct tls_tx *t;

	tls_init(&f->parser[0]);
	tls_init(&f->parser[1]);
	t = (struct tls_tx *)app_tx_new(c);
	if (!t)
		return;
	t->log_ja3 = c->engine->opt.log_ja3;
	t->log_ja4 = c->engine->opt.log_ja4;
}

/* --- hellos ------------------------------------------------------------------------------------ */

static void take_names(struct app_ctx *c, struct tls_tx *t, struct tls_side *s)
{
	struct bytes rest = s->hello.extensions;
	struct tls_extension e;
	unsigned names = 0;

	while (tls_extension_next(&rest, &e)) {
		if (e.type == TLS_EXT_ALPN)
			s->alpn = e.data;
		if (e.type != TLS_EXT_SERVER_NAME || !s->hello.client)
			continue;
		if (names++) {
			app_tx_event(c, &t->tx, APP_EVENT_TLS_MULTIPLE_SNI_EXTENSIONS);
			continue;
		}
		switch (tls_server_name_read(e.data, &s->sni)) {
		case TLS_NAME_BAD_TYPE:
			app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_SNI_TYPE);
			break;
		case TLS_NAME_BAD_LENGTH:
			app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_SNI_LENGTH);
			break;
		case TLS_NAME_OK:
		case TLS_NAME_NONE:
			break;
		}
	}
}

/*
 * An old session is taken up again where the server repeats the client's name for it (RFC 5246, section 7.4.1.3); a client
 * that takes tickets (RFC 5077) may have sent one.  Whether it was so is told by the certificate that does not come.
 */
static void take_resumption(struct tls_tx *t, unsigned dir)
{
	const struct tls_hello *client = &t->side[0].hello;
	struct bytes ticket;

	if (dir == 0)
		t->resumes = tls_extension_find(client, TLS_EXT_SESSION_TICKET, &ticket);
	else if (t->side[0].has_hello && client->session_id.len &&
		 bytes_equal(client->session_id, t->side[1].hello.session_id))
		t->resumes = true;
}

static void take_ja3(struct app_ctx *c, struct tls_tx *t, struct tls_side *s)
{
	char text[JA3_TEXT_MAX];
	struct buf b = { .data = text, .size = sizeof(text) };
	uint8_t digest[DIGEST_MD5_LEN];

	if (s->hello.client)
		tls_ja3_text(&s->hello, &b);
	else
		tls_ja3s_text(&s->hello, &b);
	if (b.full || !app_text_add(c, &t->tx, &s->ja3_text, bytes_of(text, b.len), JA3_TEXT_MAX)) {
		s->ja3_text.len = 0;
		return;
	}
	digest_bytes(DIGEST_MD5, bytes_of(text, b.len), digest);
	digest_hex(digest, sizeof(digest), s->ja3);
}

/* "_" and the first 12 digits of the list's SHA-256. */
static char *put_ja4_part(struct buf *list, char *out)
{
	uint8_t digest[DIGEST_SHA256_LEN];

	*out++ = '_';
	digest_bytes(DIGEST_SHA256, bytes_of(list->data, list->len), digest);
	digest_hex(digest, 6, out);
	list->len = 0;
	return out + 12;
}

bool tls_ja4(const struct tls_tx *t, char out[TLS_JA4_LEN])
{
	const struct tls_hello *h = &t->side[0].hello;
	char text[JA4_TEXT_MAX], a[TLS_JA4_A_LEN + 1];
	struct buf b = { .data = text, .size = sizeof(text) };

	if (!t->log_ja4 || !t->side[0].has_hello)
		return false;
	tls_ja4_a(h, false, a);
	memcpy(out, a, TLS_JA4_A_LEN);
	tls_ja4_ciphers(h, &b);
	out = put_ja4_part(&b, out + TLS_JA4_A_LEN);
	tls_ja4_extensions(h, &b);
	put_ja4_part(&b, out);
	return !b.full;
}

/* A ServerHello with this random asks the client to say hello again (RFC 8446, section 4.1.3). */
static bool is_retry(const struct tls_side *s)
{
	static const uint8_t random[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
		0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};

	return s->has_hello && s->hello.random.len == sizeof(random) &&
	       memcmp(s->hello.random.data, random, sizeof(random)) == 0;
}

/* It changes nothing that was said.  Where the server did not ask for it, its name is one too many. */
static void take_second_hello(struct app_ctx *c, struct tls_tx *t)
{
	struct tls_side *s = &t->side[0];
	struct bytes body = text_bytes(&s->text), rest;
	struct tls_extension e;
	struct tls_hello hello;

	s->text = (struct app_text){ .len = 0 };
	s->has_second_hello = true;
	if (!s->sni.len || is_retry(&t->side[1]) || !tls_client_hello_read(body, &hello))
		return;
	rest = hello.extensions;
	while (tls_extension_next(&rest, &e)) {
		if (e.type == TLS_EXT_SERVER_NAME)
			app_tx_event(c, &t->tx, APP_EVENT_TLS_MULTIPLE_SNI_EXTENSIONS);
	}
}

static void take_hello(struct app_ctx *c, struct tls_tx *t, unsigned dir)
{
	struct tls_side *s = &t->side[dir];
	struct bytes body = text_bytes(&s->text);
	bool ok = dir ? tls_server_hello_read(body, &s->hello)
		      : tls_client_hello_read(body, &s->hello);

	/* What was read stays where it is; another message begins elsewhere. */
	s->text = (struct app_text){ .len = 0 };
	if (!ok || s->hello.truncated)
		app_tx_event(c, &t->tx, APP_EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
	if (!ok)
		return;
	s->has_hello = true;
	s->version = tls_hello_version(&s->hello);
	/* Where the field itself says so, it is a draft before the 16th. */
	if (dir && s->hello.version == 0x0304)
		s->version = 0x7f0f;
	take_names(c, t, s);
	take_resumption(t, dir);
	if (t->log_ja3)
		take_ja3(c, t, s);
	app_tx_progress(c, &t->tx, dir, dir ? TLS_SERVER_HELLO_SEEN : TLS_CLIENT_HELLO_DONE);
}

/* --- certificates -------------------------------------------------------------------------------- */

static const enum app_event certificate_event[] = {
	[X509_BAD_DER] = APP_EVENT_TLS_CERTIFICATE_INVALID_DER,
	[X509_CUT] = APP_EVENT_TLS_INVALID_CERTIFICATE,
	[X509_BAD_LENGTH] = APP_EVENT_TLS_CERTIFICATE_INVALID_LENGTH,
	[X509_BAD_VERSION] = APP_EVENT_TLS_CERTIFICATE_INVALID_VERSION,
	[X509_BAD_SERIAL] = APP_EVENT_TLS_CERTIFICATE_INVALID_SERIAL,
	[X509_BAD_ALGORITHM] = APP_EVENT_TLS_CERTIFICATE_INVALID_ALGORITHMIDENTIFIER,
	[X509_BAD_NAME] = APP_EVENT_TLS_CERTIFICATE_INVALID_X509NAME,
	[X509_BAD_ISSUER] = APP_EVENT_TLS_CERTIFICATE_INVALID_ISSUER,
	[X509_BAD_VALIDITY] = APP_EVENT_TLS_CERTIFICATE_INVALID_VALIDITY,
	[X509_BAD_DATE] = APP_EVENT_TLS_CERTIFICATE_INVALID_DATE,
	[X509_BAD_SUBJECT] = APP_EVENT_TLS_CERTIFICATE_INVALID_SUBJECT,
	[X509_BAD_EXTENSIONS] = APP_EVENT_TLS_CERTIFICATE_INVALID_EXTENSIONS,
};

static void put_fingerprint(const uint8_t digest[DIGEST_SHA1_LEN], char *out)
{
	for (unsigned i = 0; i < DIGEST_SHA1_LEN; i++) {
		digest_hex(digest + i, 1, out + 3 * i);
		if (i + 1 < DIGEST_SHA1_LEN)
			out[3 * i + 2] = ':';
	}
}

static void name_text(struct app_ctx *c, struct tls_tx *t, struct bytes name, struct app_text *out)
{
	char text[NAME_TEXT_MAX];
	struct buf b = { .data = text, .size = sizeof(text) };

	(void)x509_name_text(name, &b);
	app_text_add(c, &t->tx, out, bytes_of(text, b.len), NAME_TEXT_MAX);
}

static void take_first(struct app_ctx *c, struct tls_tx *t, struct tls_certificates *certs)
{
	char text[SERIAL_TEXT_MAX];
	struct buf b = { .data = text, .size = sizeof(text) };
	uint8_t digest[DIGEST_SHA1_LEN];
	enum x509_error error = x509_read(certs->der[0], &certs->first);

	digest_bytes(DIGEST_SHA1, certs->der[0], digest);
	put_fingerprint(digest, certs->fingerprint);
	if (error != X509_OK)
		app_tx_event(c, &t->tx, certificate_event[error]);
	certs->ok = error == X509_OK;
	if (!certs->ok)
		return;
	name_text(c, t, certs->first.subject, &certs->subject);
	name_text(c, t, certs->first.issuer, &certs->issuer);
	(void)x509_serial_text(certs->first.serial, &b);
	app_text_add(c, &t->tx, &certs->serial, bytes_of(text, b.len), SERIAL_TEXT_MAX);
}

static size_t length24(struct cursor *c)
{
	size_t high = cursor_u8(c);

	return high << 16 | cursor_be16(c);
}

/* The list of certificates (RFC 5246, section 7.4.2). */
static void take_certificates(struct app_ctx *c, struct tls_tx *t, unsigned dir)
{
	struct tls_side *s = &t->side[dir];
	struct cursor in = cursor_of(text_bytes(&s->text));
	struct tls_certificates *certs = s->certs;
	size_t list = length24(&in);

	if (certs || list == 0) {
		s->text.len = 0;
		return;
	}
	certs = app_alloc(c, &t->tx, sizeof(*certs));
	if (!certs)
		return;
	certs->message = text_bytes(&s->text);
	s->text = (struct app_text){ .len = 0 };
	in = cursor_of(bytes_slice(cursor_rest(&in), 0, list));
	while (cursor_left(&in) >= 3 && certs->count < TLS_CHAIN_MAX) {
		size_t len = length24(&in);
		const uint8_t *at = cursor_take(&in, len);

		if (!at) {
			app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_CERTIFICATE);
			break;
		}
		certs->der[certs->count++] = bytes_of(at, len);
	}
	if (!certs->count)
		return;
	s->certs = certs;
	take_first(c, t, certs);
	app_tx_progress(c, &t->tx, dir, dir ? TLS_SERVER_CERT_DONE : TLS_CLIENT_CERT_DONE);
}

/* --- messages and records ------------------------------------------------------------------------- */

static uint32_t message_limit(unsigned dir, uint8_t message)
{
	switch (message) {
	case TLS_CLIENT_HELLO:
		return dir == 0 ? TLS_HELLO_MAX : 0;
	case TLS_SERVER_HELLO:
		return dir == 1 ? TLS_HELLO_MAX : 0;
	case TLS_CERTIFICATE:
		return TLS_CERTS_MAX;
	default:
		return 0;
	}
}

static bool is_handshake_type(uint8_t message)
{
	return message <= TLS_CERTIFICATE_STATUS || message == 24 || message == 25 ||
	       message == 67 || message == 254;
}

static void begin_message(struct app_ctx *c, struct tls_tx *t, unsigned dir,
			  const struct tls_event *e)
{
	struct tls_side *s = &t->side[dir];

	s->keeps = message_limit(dir, e->message) > 0;
	if (e->message == TLS_CLIENT_HELLO && s->has_second_hello)
		s->keeps = false;
	if (e->message == TLS_SERVER_HELLO && s->has_hello)
		s->keeps = false;
	if (!is_handshake_type(e->message))
		app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
	if (s->keeps)
		s->text.len = 0;
	if (dir == 0 && e->message == TLS_CLIENT_KEY_EXCHANGE)
		t->client_keyx = true;
	if (dir == 1 && e->message == TLS_SERVER_KEY_EXCHANGE)
		t->server_keyx = true;
	if (dir == 1 && e->message == TLS_CERTIFICATE_REQUEST)
		t->wants_client = true;
	if (dir == 1 && e->message == TLS_SERVER_HELLO_DONE)
		app_tx_progress(c, &t->tx, 1, TLS_SERVER_HELLO_DONE_SEEN);
}

static void end_message(struct app_ctx *c, struct tls_tx *t, unsigned dir, uint8_t message)
{
	if (!t->side[dir].keeps)
		return;
	t->side[dir].keeps = false;
	if (message == TLS_CERTIFICATE)
		take_certificates(c, t, dir);
	else if (t->side[dir].has_hello)
		take_second_hello(c, t);
	else
		take_hello(c, t, dir);
}

/* What the side sends from here on is encrypted. */
static void now_encrypted(struct tls_tx *t, unsigned dir)
{
	t->side[dir].encrypted = true;
}

static void handshake_done(struct app_ctx *c, struct tls_tx *t, unsigned dir)
{
	t->side[dir].done = true;
	app_tx_progress(c, &t->tx, dir,
			dir ? TLS_SERVER_HANDSHAKE_DONE : TLS_CLIENT_HANDSHAKE_DONE);
}

/*
 * Application data: the side that sends it has ended its handshake.  What a client sends before it has an answer is
 * early data (RFC 8446, section 2.3).
 */
static void take_application(struct app_ctx *c, struct tls_tx *t, unsigned dir)
{
	struct bytes early;

	if (dir == 0 && !t->side[1].has_hello && t->side[0].has_hello &&
	    tls_extension_find(&t->side[0].hello, TLS_EXT_EARLY_DATA, &early))
		return;
	now_encrypted(t, dir);
	handshake_done(c, t, dir);
}

static void take_record(struct app_ctx *c, struct tls_tx *t, unsigned dir,
			const struct tls_event *e)
{
	t->side[dir].record_version = e->version;
	if (e->type == TLS_RECORD_CHANGE_CIPHER)
		now_encrypted(t, dir);
	else if (e->type == TLS_RECORD_APPLICATION)
		take_application(c, t, dir);
	if (e->type == TLS_RECORD_APPLICATION && t->side[!dir].encrypted)
		app_encrypted(c);
}

/* RFC 6520: a request whose payload is longer than the record asks for what it must not get. */
static void take_heartbeat(struct app_ctx *c, struct tls_tx *t, const struct tls_event *e)
{
	app_tx_event(c, &t->tx, APP_EVENT_TLS_HEARTBEAT_MESSAGE);
	if (e->message != 1 && e->message != 2)
		app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_HEARTBEAT_MESSAGE);
	else if (e->payload + HEARTBEAT_LEAST > e->length)
		app_tx_event(c, &t->tx, APP_EVENT_TLS_OVERFLOW_HEARTBEAT_MESSAGE);
}

static enum app_verdict take(struct app_ctx *c, struct tls_tx *t, unsigned dir,
			     const struct tls_event *e)
{
	struct tls_side *s = &t->side[dir];

	switch (e->kind) {
	case TLS_RECORD:
		take_record(c, t, dir, e);
		break;
	case TLS_HANDSHAKE:
		begin_message(c, t, dir, e);
		break;
	case TLS_HANDSHAKE_DATA:
		if (s->keeps)
			app_text_add(c, &t->tx, &s->text, e->piece, message_limit(dir, e->message));
		break;
	case TLS_HANDSHAKE_END:
		end_message(c, t, dir, e->message);
		break;
	case TLS_ALERT:
		/* A fatal one is how sessions that nobody wants end; it is no oddity. */
		if (e->level != 1 && e->level != 2)
			app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_ALERT_MESSAGE);
		break;
	case TLS_HEARTBEAT:
		take_heartbeat(c, t, e);
		break;
	case TLS_SSLV2:
		s->record_version = 0x0002;
		if (e->message == 0)
			app_tx_event(c, &t->tx, APP_EVENT_TLS_ERROR_MESSAGE_ENCOUNTERED);
		if (!s->has_hello && dir == 1)
			s->version = 0x0002;
		break;
	case TLS_INVALID_TYPE:
		app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_RECORD_TYPE);
		return APP_ERROR;
	case TLS_INVALID_VERSION:
		app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_RECORD_VERSION);
		return APP_ERROR;
	case TLS_INVALID_LENGTH:
		app_tx_event(c, &t->tx, APP_EVENT_TLS_INVALID_RECORD_LENGTH);
		return APP_ERROR;
	case TLS_MORE:
		break;
	}
	return APP_OK;
}

#define RECORD_HEADER 5
#define SSLV2_HEADER 3

/* A record's header ends at this place. */
static void add_record(struct app_ctx *c, unsigned dir, size_t at, const struct tls_event *e)
{
	uint64_t body = c->offset + at;

	app_frame_begin(c, dir, FRAME_TLS_HDR, body - RECORD_HEADER, RECORD_HEADER, NULL);
	app_frame_begin(c, dir, FRAME_TLS_PDU, body - RECORD_HEADER,
			(int64_t)e->length + RECORD_HEADER, NULL);
	if (e->kind != TLS_RECORD)
		return;
	app_frame_begin(c, dir, FRAME_TLS_DATA, body, e->length, NULL);
	if (e->type == TLS_RECORD_ALERT)
		app_frame_begin(c, dir, FRAME_TLS_ALERT, body, e->length, NULL);
	else if (e->type == TLS_RECORD_HEARTBEAT)
		app_frame_begin(c, dir, FRAME_TLS_HEARTBEAT, body, e->length, NULL);
}

static void add_frames(struct app_ctx *c, unsigned dir, size_t at, const struct tls_event *e)
{
	uint64_t from = c->offset + at - SSLV2_HEADER;

	switch (e->kind) {
	case TLS_RECORD:
	case TLS_INVALID_TYPE:
	case TLS_INVALID_VERSION:
	case TLS_INVALID_LENGTH:
		add_record(c, dir, at, e);
		break;
	case TLS_SSLV2:
		app_frame_begin(c, dir, FRAME_TLS_SSL2_HDR, from, SSLV2_HEADER, NULL);
		app_frame_begin(c, dir, FRAME_TLS_SSL2_PDU, from, (int64_t)e->length + 2, NULL);
		break;
	default:
		break;
	}
}

/*
 * Where the certificates that are asked for have come, records have all that there is to say: both handshakes
 * count as done then.
 */
static void may_record(struct app_ctx *c, struct tls_tx *t)
{
	const struct tls_certificates *certs = t->side[!t->wants_client].certs;

	if (certs && certs->ok) {
		handshake_done(c, t, 0);
		handshake_done(c, t, 1);
	}
	if (t->side[0].done && t->side[1].done)
		t->tx.flags |= APP_TX_RECORD;
}

static void finish(struct app_ctx *c, struct tls_tx *t)
{
	app_tx_progress(c, &t->tx, 0, TLS_CLIENT_FINISHED);
	app_tx_progress(c, &t->tx, 1, TLS_SERVER_FINISHED);
}

/* The handshake is over and its transaction gone; what comes is encrypted. */
static enum app_verdict after_handshake(struct app_ctx *c, unsigned dir, struct bytes in,
					size_t *consumed)
{
	struct tls_flow *f = c->app->state;
	struct tls_event e;
	size_t n;

	do {
		tls_next(&f->parser[dir], bytes_slice(in, *consumed, in.len), &e, &n);
		*consumed += n;
		if (e.kind == TLS_RECORD && e.type == TLS_RECORD_APPLICATION) {
			app_encrypted(c);
			return APP_FINISHED;
		}
	} while (e.kind != TLS_MORE && e.kind < TLS_INVALID_TYPE);
	return e.kind == TLS_MORE ? APP_OK : APP_FINISHED;
}

static enum app_verdict tls_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				 size_t *consumed)
{
	struct tls_flow *f = c->app->state;
	struct tls_tx *t = (struct tls_tx *)app_tx_first(c);
	enum app_verdict verdict = APP_OK;
	struct tls_event e;

	(void)last;
	if (!t && !app_frame_any(c))
		return c->app->transactions ? after_handshake(c, dir, in, consumed) : APP_FINISHED;
	do {
		size_t n;

		tls_next(&f->parser[dir], bytes_slice(in, *consumed, in.len), &e, &n);
		*consumed += n;
		add_frames(c, dir, *consumed, &e);
		if (t)
			verdict = take(c, t, dir, &e);
		else if (e.kind == TLS_RECORD && e.type == TLS_RECORD_APPLICATION)
			app_encrypted(c);
	} while (e.kind != TLS_MORE && verdict == APP_OK);
	if (!t)
		return verdict;
	may_record(c, t);
	if (verdict == APP_OK && t->side[0].encrypted && t->side[1].encrypted && t->side[0].done &&
	    t->side[1].done) {
		finish(c, t);
		if (!app_frame_any(c))
			verdict = APP_FINISHED;
	}
	return verdict;
}

/* --- buffers ------------------------------------------------------------------------------------------ */

static bool give(struct bytes b, struct app_slice *out)
{
	out->data = b;
	return b.len > 0;
}

static bool give_alpn(const struct tls_side *s, unsigned i, struct app_slice *out)
{
	size_t at = 0;

	do {
		if (!tls_alpn_next(s->alpn, &at, &out->data))
			return false;
	} while (i-- > 0);
	return true;
}

static bool give_alt_name(const struct tls_certificates *certs, unsigned i, struct app_slice *out)
{
	struct bytes rest = certs->first.alt_names;
	bool is_address;

	do {
		if (!x509_alt_name_next(&rest, &out->data, &is_address))
			return false;
	} while (i-- > 0);
	return true;
}

static bool give_ja4(struct tls_tx *t, struct app_slice *out)
{
	if (!t->has_ja4)
		t->has_ja4 = tls_ja4(t, t->ja4);
	return t->has_ja4 && give(bytes_of(t->ja4, TLS_JA4_LEN), out);
}

static bool give_certificate(const struct tls_certificates *certs, enum buffer b, unsigned i,
			     struct app_slice *out)
{
	if (!certs)
		return false;
	switch (b) {
	case BUFFER_TLS_CERTS:
		return i < certs->count && give(certs->der[i], out);
	case BUFFER_TLS_SUBJECTALTNAME:
		return certs->ok && give_alt_name(certs, i, out);
	case BUFFER_TLS_CERT_SUBJECT:
		return !i && give(text_bytes(&certs->subject), out);
	case BUFFER_TLS_CERT_ISSUER:
		return !i && give(text_bytes(&certs->issuer), out);
	case BUFFER_TLS_CERT_SERIAL:
		return !i && give(text_bytes(&certs->serial), out);
	case BUFFER_TLS_CERT_FINGERPRINT:
		return !i && give(bytes_of(certs->fingerprint, TLS_FINGERPRINT_LEN), out);
	default:
		return false;
	}
}

static bool give_hello(struct tls_tx *t, const struct tls_side *s, enum buffer b,
		       struct app_slice *out)
{
	switch (b) {
	case BUFFER_TLS_SNI:
		return give(s->sni, out);
	case BUFFER_TLS_RANDOM:
		return give(s->hello.random, out);
	case BUFFER_TLS_RANDOM_TIME:
		return give(bytes_slice(s->hello.random, 0, 4), out);
	case BUFFER_TLS_RANDOM_BYTES:
		return give(bytes_slice(s->hello.random, 4, 28), out);
	case BUFFER_JA3_HASH:
	case BUFFER_JA3S_HASH:
		return s->ja3_text.len && give(bytes_of(s->ja3, TLS_JA3_LEN), out);
	case BUFFER_JA3_STRING:
	case BUFFER_JA3S_STRING:
		return give(text_bytes(&s->ja3_text), out);
	case BUFFER_JA4_HASH:
		return give_ja4(t, out);
	default:
		return false;
	}
}

/* What was not in a hello is absent when the next step is taken; so are certificates, when it is theirs. */
static bool is_past(const struct tls_tx *t, enum buffer b, unsigned dir)
{
	switch (b) {
	case BUFFER_TLS_CERTS:
	case BUFFER_TLS_SUBJECTALTNAME:
	case BUFFER_TLS_CERT_SUBJECT:
	case BUFFER_TLS_CERT_ISSUER:
	case BUFFER_TLS_CERT_SERIAL:
	case BUFFER_TLS_CERT_FINGERPRINT:
		return t->tx.progress[dir] >= (dir ? TLS_SERVER_CERT_DONE : TLS_CLIENT_CERT_DONE);
	default:
		return t->tx.progress[dir] > (dir ? TLS_SERVER_HELLO_SEEN : TLS_CLIENT_HELLO_DONE);
	}
}

static bool tls_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
		       unsigned i, struct app_slice *out)
{
	struct tls_tx *t = (struct tls_tx *)tx;
	const struct tls_side *s = &t->side[dir];

	(void)c;
	out->never = is_past(t, b, dir);
	if (b == BUFFER_TLS_ALPN)
		return s->has_hello && give_alpn(s, i, out);
	if (give_certificate(s->certs, b, i, out))
		return true;
	return !i && s->has_hello && give_hello(t, s, b, out);
}

static uint64_t version_bit(uint16_t version)
{
	switch (version) {
	case 0x0002:
		return SSL_VERSION_SSLV2;
	case 0x0300:
		return SSL_VERSION_SSLV3;
	case 0x0301:
		return SSL_VERSION_TLS10;
	case 0x0302:
		return SSL_VERSION_TLS11;
	case 0x0303:
		return SSL_VERSION_TLS12;
	case 0x0304:
		return SSL_VERSION_TLS13;
	default:
		return version >> 8 == 0x7f ? SSL_VERSION_TLS13 : 0;
	}
}

/* Of the direction: a client that has not said hello has none. */
static uint16_t version_of(const struct tls_tx *t, unsigned dir)
{
	const struct tls_side *s = &t->side[dir];

	return s->version ? s->version : s->record_version;
}

static uint64_t states(const struct tls_tx *t)
{
	uint64_t bits = 0;

	if (t->side[0].has_hello)
		bits |= SSL_STATE_CLIENT_HELLO;
	if (t->side[1].has_hello)
		bits |= SSL_STATE_SERVER_HELLO;
	if (t->client_keyx)
		bits |= SSL_STATE_CLIENT_KEYX;
	if (t->server_keyx)
		bits |= SSL_STATE_SERVER_KEYX;
	return bits;
}

static bool tls_number(struct app_ctx *c, struct app_tx *tx, enum app_number n, unsigned dir,
		       unsigned i, uint64_t *out)
{
	const struct tls_tx *t = (const struct tls_tx *)tx;
	const struct tls_certificates *certs = t->side[dir].certs;

	(void)c;
	if (i)
		return false;
	switch (n) {
	case APP_NUMBER_TLS_VERSION:
		*out = version_of(t, dir);
		return *out != 0;
	case APP_NUMBER_TLS_CERT_CHAIN_LEN:
		*out = certs ? certs->count : 0;
		return certs != NULL;
	case APP_NUMBER_SSL_VERSION:
		*out = version_bit(version_of(t, dir));
		return version_of(t, dir) != 0;
	case APP_NUMBER_SSL_STATE:
		*out = states(t);
		return *out != 0;
	case APP_NUMBER_CERT_NOT_BEFORE:
		*out = certs ? (uint64_t)certs->first.not_before : 0;
		return certs && certs->ok;
	case APP_NUMBER_CERT_NOT_AFTER:
		*out = certs ? (uint64_t)certs->first.not_after : 0;
		return certs && certs->ok;
	default:
		return false;
	}
}

static const char *tls_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
			       unsigned dir)
{
	const struct tls_tx *t = (const struct tls_tx *)tx;

	(void)c;
	if (b >= BUFFER_TLS_CERT_SUBJECT && b <= BUFFER_TLS_SUBJECTALTNAME) {
		if (t->side[1].version >= 0x0304)
			return "TLS 1.3 encrypts certificates";
		return tls_is_resumed(t) ? "the session was resumed without a certificate"
					 : "no certificate was seen from this side";
	}
	if (!t->side[dir].has_hello)
		return "no hello was seen from this side";
	return "the hello does not say it";
}

bool tls_is_resumed(const struct tls_tx *t)
{
	const struct tls_side *server = &t->side[1];

	return t->resumes && server->has_hello && server->version < 0x0304 &&
	       !(server->certs && server->certs->ok);
}

/* --- on disk -------------------------------------------------------------------------------------------- */

const struct tls_certificates *tls_to_store(struct app_tx *tx, unsigned dir)
{
	struct tls_side *s = &((struct tls_tx *)tx)->side[dir & 1];

	if (tx->proto != APP_PROTO_TLS || !s->store || !s->certs || !s->certs->ok)
		return NULL;
	s->store = false;
	return s->certs;
}

/* --- versions -------------------------------------------------------------------------------------------- */

const char *tls_version_text(uint16_t version, char *out)
{
	switch (version) {
	case 0x0002:
		return "SSLv2";
	case 0x0300:
		return "SSLv3";
	case 0x0301:
		return "TLSv1";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	default:
		break;
	}
	/* Drafts of TLS 1.3 (RFC 8446, section 4.2.1's predecessors). */
	if (version >> 8 == 0x7f && (version & 0xff) >= 16)
		snprintf(out, 24, "TLS 1.3 draft-%u", version & 0xffu);
	else if (version >> 8 == 0x7f)
		return "TLS 1.3 draft-<16";
	else
		snprintf(out, 24, "%u", version);
	return out;
}

static const char *const client_steps[] = { "client_in_progress", "client_hello_done",
					    "client_cert_done",	  "client_handshake_done",
					    "client_finished",	  NULL };
static const char *const server_steps[] = { "server_in_progress",
					    "server_hello",
					    "server_cert_done",
					    "server_hello_done",
					    "server_handshake_done",
					    "server_finished",
					    NULL };

const struct app_protocol app_tls = {
	.proto = APP_PROTO_TLS,
	.transports = APP_TCP,
	.one_transaction = true,
	.state_bytes = sizeof(struct tls_flow),
	.tx_bytes = sizeof(struct tls_tx),
	.done = { TLS_CLIENT_FINISHED, TLS_SERVER_FINISHED },
	.steps = { client_steps, server_steps },
	.open = tls_open,
	.data = tls_data,
	.buffer = tls_buffer,
	.number = tls_number,
	.why_not = tls_why_not,
};
