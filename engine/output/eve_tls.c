/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions as records: what is in them follows the configuration's extended and custom.
 */
#include <stdio.h>
#include <time.h>

#include "engine/app/tls.h"
#include "engine/output/eve_common.h"

/* Fields of certificates stand in the same order for the server's and the client's. */
#define OF_CERT(base, name) ((enum eve_field)((base) + (EVE_TLS_##name - EVE_TLS_SUBJECT)))

static const char *const field_names[] = {
	"subject",
	"issuer",
	"session_resumed",
	"serial",
	"fingerprint",
	"sni",
	"version",
	"not_before",
	"not_after",
	"certificate",
	"chain",
	"ja3",
	"ja3s",
	"ja4",
	"client",
	"subjectaltname",
	"client_alpns",
	"server_alpns",
	"client_handshake",
	"server_handshake",
};

uint32_t output_tls_field(const char *name)
{
	for (unsigned i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
		if (strcmp(name, field_names[i]) == 0)
			return 1u << i;
	}
	return strcmp(name, "client_certificate") == 0 ? OUTPUT_TLS_CLIENT : 0;
}

static struct bytes text_of(const struct app_text *t)
{
	return bytes_of(t->data, t->len);
}

static void put_names(struct eve *w, enum eve_field f, const struct tls_certificates *c)
{
	struct bytes rest = c->first.alt_names, name;
	bool is_address, any = false;

	while (x509_alt_name_next(&rest, &name, &is_address)) {
		char text[IP_ADDR_TEXT];

		if (!any)
			eve_array(w, f);
		any = true;
		if (is_address && (name.len == 4 || name.len == 16)) {
			struct ip_addr a =
				name.len == 4 ? ip_addr_v4(name.data) : ip_addr_v6(name.data);

			ip_addr_text(&a, name.len == 4 ? 4 : 6, text);
			name = bytes_of(text, strlen(text));
		}
		eve_item(w);
		eve_text_value(w, name);
	}
	if (any)
		eve_array_end(w);
}

/* "2018-11-28T00:00:00", in UTC. */
static void put_time(struct eve *w, enum eve_field f, int64_t seconds)
{
	char text[80];
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	eve_string(w, f, text);
}

static void put_chain(struct eve *w, enum eve_field f, const struct tls_certificates *c)
{
	eve_array(w, f);
	for (unsigned i = 0; i < c->count; i++) {
		eve_item(w);
		eve_base64_value(w, c->der[i].data, c->der[i].len);
	}
	eve_array_end(w);
}

/* base: the first of the certificate's fields, EVE_TLS_SUBJECT or the client's. */
static void put_certificate(struct eve *w, enum eve_field base, const struct tls_certificates *c,
			    uint32_t fields)
{
	if (!c || !c->ok)
		return;
	if (fields & OUTPUT_TLS_SUBJECT)
		eve_text(w, OF_CERT(base, SUBJECT), text_of(&c->subject));
	if (fields & OUTPUT_TLS_ISSUER)
		eve_text(w, OF_CERT(base, ISSUERDN), text_of(&c->issuer));
	if (fields & OUTPUT_TLS_SUBJECTALTNAME)
		put_names(w, OF_CERT(base, SUBJECTALTNAME), c);
	if (fields & OUTPUT_TLS_SERIAL)
		eve_text(w, OF_CERT(base, SERIAL), text_of(&c->serial));
	if (fields & OUTPUT_TLS_FINGERPRINT)
		eve_plain(w, OF_CERT(base, FINGERPRINT), c->fingerprint, TLS_FINGERPRINT_LEN);
}

static void put_validity(struct eve *w, enum eve_field base, const struct tls_certificates *c,
			 uint32_t fields)
{
	if (!c || !c->ok)
		return;
	if (fields & OUTPUT_TLS_NOT_BEFORE)
		put_time(w, OF_CERT(base, NOTBEFORE), c->first.not_before);
	if (fields & OUTPUT_TLS_NOT_AFTER)
		put_time(w, OF_CERT(base, NOTAFTER), c->first.not_after);
	if (fields & OUTPUT_TLS_CERTIFICATE)
		eve_base64(w, OF_CERT(base, CERTIFICATE), c->der[0].data, c->der[0].len);
	if (fields & OUTPUT_TLS_CHAIN)
		put_chain(w, OF_CERT(base, CHAIN), c);
}

static void put_ja3(struct eve *w, enum eve_field object, const struct tls_side *s)
{
	if (!s->ja3_text.len)
		return;
	eve_open(w, object);
	eve_plain(w, (enum eve_field)(object + 1), s->ja3, TLS_JA3_LEN);
	eve_text(w, (enum eve_field)(object + 2), text_of(&s->ja3_text));
	eve_close(w);
}

static void put_alpns(struct eve *w, enum eve_field f, const struct tls_side *s)
{
	struct bytes name;
	size_t at = 0;

	if (!s->has_hello || !tls_alpn_next(s->alpn, &at, &name))
		return;
	eve_array(w, f);
	do {
		eve_item(w);
		eve_text_value(w, name);
	} while (tls_alpn_next(s->alpn, &at, &name));
	eve_array_end(w);
}

static void put_version(struct eve *w, const struct tls_tx *t)
{
	uint16_t version = t->side[1].version ? t->side[1].version : t->side[0].version;
	char text[24];

	if (version)
		eve_string(w, EVE_TLS_VERSION, tls_version_text(version, text));
}

/* Numbers of two bytes each, GREASE left out. */
static void put_numbers(struct eve *w, enum eve_field f, struct bytes list)
{
	struct cursor c = cursor_of(list);

	eve_array(w, f);
	while (cursor_left(&c) >= 2) {
		uint16_t v = cursor_be16(&c);

		if (tls_is_grease(v))
			continue;
		eve_item(w);
		buf_u64(w->out, v);
	}
	eve_array_end(w);
}

static void put_extensions(struct eve *w, enum eve_field f, const struct tls_hello *h)
{
	struct bytes rest = h->extensions;
	struct tls_extension e;

	eve_array(w, f);
	while (tls_extension_next(&rest, &e)) {
		if (tls_is_grease(e.type))
			continue;
		eve_item(w);
		buf_u64(w->out, e.type);
	}
	eve_array_end(w);
}

static void put_client_handshake(struct eve *w, const struct tls_side *s)
{
	struct bytes algorithms;
	char text[24];

	eve_open(w, EVE_TLS_CLIENT_HANDSHAKE);
	eve_string(w, EVE_TLS_CLIENT_HANDSHAKE_VERSION, tls_version_text(s->version, text));
	put_numbers(w, EVE_TLS_CLIENT_HANDSHAKE_CIPHERS, s->hello.ciphers);
	put_extensions(w, EVE_TLS_CLIENT_HANDSHAKE_EXTS, &s->hello);
	if (tls_extension_find(&s->hello, TLS_EXT_SIGNATURE_ALGORITHMS, &algorithms))
		put_numbers(w, EVE_TLS_CLIENT_HANDSHAKE_SIG_ALGS,
			    bytes_slice(algorithms, 2, algorithms.len));
	eve_close(w);
}

static void put_server_handshake(struct eve *w, const struct tls_side *s)
{
	char text[24];

	eve_open(w, EVE_TLS_SERVER_HANDSHAKE);
	eve_string(w, EVE_TLS_SERVER_HANDSHAKE_VERSION, tls_version_text(s->version, text));
	if (s->hello.ciphers.len == 2)
		eve_u64(w, EVE_TLS_SERVER_HANDSHAKE_CIPHER, load_be16(s->hello.ciphers.data));
	put_extensions(w, EVE_TLS_SERVER_HANDSHAKE_EXTS, &s->hello);
	eve_close(w);
}

static void put_session(struct eve *w, const struct tls_tx *t, uint32_t fields)
{
	char ja4[TLS_JA4_LEN];

	if (tls_is_resumed(t) && (fields & OUTPUT_TLS_SESSION_RESUMED))
		eve_bool(w, EVE_TLS_SESSION_RESUMED, true);
	put_certificate(w, EVE_TLS_SUBJECT, t->side[1].certs, fields);
	if ((fields & OUTPUT_TLS_SNI) && t->side[0].sni.len)
		eve_text(w, EVE_TLS_SNI, t->side[0].sni);
	if (fields & OUTPUT_TLS_VERSION)
		put_version(w, t);
	put_validity(w, EVE_TLS_SUBJECT, t->side[1].certs, fields);
	if ((fields & OUTPUT_TLS_JA3) && t->log_ja3)
		put_ja3(w, EVE_TLS_JA3, &t->side[0]);
	if ((fields & OUTPUT_TLS_JA3S) && t->log_ja3)
		put_ja3(w, EVE_TLS_JA3S, &t->side[1]);
	if ((fields & OUTPUT_TLS_JA4) && tls_ja4(t, ja4))
		eve_text(w, EVE_TLS_JA4, bytes_of(ja4, TLS_JA4_LEN));
	if (fields & OUTPUT_TLS_CLIENT_ALPNS)
		put_alpns(w, EVE_TLS_CLIENT_ALPNS, &t->side[0]);
	if (fields & OUTPUT_TLS_SERVER_ALPNS)
		put_alpns(w, EVE_TLS_SERVER_ALPNS, &t->side[1]);
	if ((fields & OUTPUT_TLS_CLIENT_HANDSHAKE) && t->side[0].has_hello)
		put_client_handshake(w, &t->side[0]);
	if ((fields & OUTPUT_TLS_SERVER_HANDSHAKE) && t->side[1].has_hello)
		put_server_handshake(w, &t->side[1]);
	if (!(fields & OUTPUT_TLS_CLIENT) || !t->side[0].certs)
		return;
	eve_open(w, EVE_TLS_CLIENT);
	put_certificate(w, EVE_TLS_CLIENT_SUBJECT, t->side[0].certs, fields);
	put_validity(w, EVE_TLS_CLIENT_SUBJECT, t->side[0].certs, fields);
	eve_close(w);
}

void eve_tls_object(struct eve *w, const struct app_tx *tx)
{
	eve_open(w, EVE_TLS);
	put_session(w, (const struct tls_tx *)tx, OUTPUT_TLS_EXTENDED);
	eve_close(w);
}

/* TLS 1.3 encrypts certificates; of other sessions without one those that were resumed are told, where that is wanted. */
static bool worth_it(const struct tls_tx *t, const struct output_options *o)
{
	const struct tls_side *server = &t->side[1];

	if (server->certs && server->certs->ok)
		return true;
	if (t->resumes && o->tls.session_resumption)
		return true;
	return server->has_hello && server->version >= 0x0304;
}

void eve_tls(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out)
{
	const struct app_flow *a = env->apps && p->flow ? app_flow(env->apps, p->flow) : NULL;
	struct eve w;

	if (!worth_it((const struct tls_tx *)tx, o))
		return;
	eve_begin_record(&w, o, env, p, RECORD_TLS, EVE_AS_CLIENT, out);
	eve_open(&w, EVE_TLS);
	put_session(&w, (const struct tls_tx *)tx, o->tls.fields);
	if (a && a->original != APP_PROTO_UNKNOWN)
		eve_app_proto_name(&w, EVE_TLS_FROM_PROTO, a->original);
	eve_close(&w);
	eve_end_record(&w, o, env);
}
