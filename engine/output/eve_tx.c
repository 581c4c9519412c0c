/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of transactions, of their files and events: the part that is the same for all protocols.
 */
#include <ctype.h>

#include "engine/output/eve_common.h"

/* What a protocol adds: one row each. */
static const struct {
	enum record_kind kind;
	void (*record)(const struct output_options *o, const struct output_env *env,
		       const struct packet *p, const struct app_tx *tx, struct buf *out);
	void (*object)(struct eve *w, const struct app_tx *tx); /* in alerts and of files */
} rows[APP_PROTO__COUNT] = {
	[APP_PROTO_DNS] = { RECORD_DNS, eve_dns, eve_dns_object },
	[APP_PROTO_MDNS] = { RECORD_MDNS, eve_mdns, eve_mdns_object },
	[APP_PROTO_TLS] = { RECORD_TLS, eve_tls, eve_tls_object },
	[APP_PROTO_SMTP] = { RECORD_SMTP, eve_smtp, eve_smtp_object },
	[APP_PROTO_SSH] = { RECORD_SSH, eve_ssh, eve_ssh_object },
	[APP_PROTO_FTP] = { RECORD_FTP, eve_ftp, eve_ftp_object },
	[APP_PROTO_FTP_DATA] = { RECORD_FTP_DATA, eve_ftp_data, eve_ftp_data_object },
	[APP_PROTO_HTTP1] = { RECORD_HTTP, eve_http, eve_http_object },
};

enum record_kind output_tx_kind(const struct app_tx *tx)
{
	return rows[tx->proto].record ? rows[tx->proto].kind : RECORD__COUNT;
}

void output_tx(const struct output_options *o, const struct output_env *env, const struct packet *p,
	       const struct app_tx *tx, struct buf *out)
{
	if (rows[tx->proto].record)
		rows[tx->proto].record(o, env, p, tx, out);
}

/* --- app_proto ------------------------------------------------------------------------------- */

void eve_app_proto_name(struct eve *w, enum eve_field f, unsigned proto)
{
	eve_string(w, f, app_proto_name((enum app_proto)proto));
}

void eve_app_proto(struct eve *w, const struct output_env *env, const struct flow *f)
{
	const struct app_flow *a = env->apps && f ? app_flow(env->apps, f) : NULL;
	const struct {
		enum eve_field field;
		uint8_t proto;
	} others[] = {
		{ EVE_APP_PROTO_TS, a ? a->seen[0] : 0 },
		{ EVE_APP_PROTO_TC, a ? a->seen[1] : 0 },
		{ EVE_APP_PROTO_ORIG, a ? a->original : 0 },
		{ EVE_APP_PROTO_EXPECTED, a ? a->expected : 0 },
	};

	if (!f || f->app_proto == APP_PROTO_UNKNOWN)
		return;
	eve_app_proto_name(w, EVE_APP_PROTO, f->app_proto);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].proto && others[i].proto != f->app_proto)
			eve_app_proto_name(w, others[i].field, others[i].proto);
	}
}

/* --- files ----------------------------------------------------------------------------------- */

#define OF_FILE(base, name) ((enum eve_field)((base) + (EVE_FILEINFO_##name - EVE_FILEINFO)))

static void put_file(struct eve *w, enum eve_field base, const struct app_tx *tx,
		     const struct app_file *f)
{
	static const char *const states[FILE_STATE__COUNT] = {
		[FILE_OPEN] = "UNKNOWN",
		[FILE_CLOSED] = "CLOSED",
		[FILE_TRUNCATED] = "TRUNCATED",
		[FILE_ERROR] = "ERROR",
	};

	if (f->name_len)
		eve_text(w, OF_FILE(base, FILENAME), bytes_of(f->name, f->name_len));
	if (f->magic)
		eve_string(w, OF_FILE(base, MAGIC), f->magic);
	if (f->sids) {
		eve_array(w, OF_FILE(base, SID));
		for (unsigned i = 0; i < f->sids; i++) {
			eve_item(w);
			buf_u64(w->out, f->sid[i]);
		}
		eve_array_end(w);
	}
	eve_bool(w, OF_FILE(base, GAPS), f->flags & FILE_HAS_GAPS);
	eve_string(w, OF_FILE(base, STATE), states[f->state]);
	if (f->flags & FILE_MD5)
		eve_hex(w, OF_FILE(base, MD5), bytes_of(f->md5, sizeof(f->md5)));
	if (f->flags & FILE_SHA1)
		eve_hex(w, OF_FILE(base, SHA1), bytes_of(f->sha1, sizeof(f->sha1)));
	if (f->flags & FILE_SHA256)
		eve_hex(w, OF_FILE(base, SHA256), bytes_of(f->sha256, sizeof(f->sha256)));
	eve_bool(w, OF_FILE(base, STORED), f->flags & FILE_STORED);
	if ((f->flags & (FILE_STORE | FILE_STORED)) == FILE_STORE)
		eve_bool(w, OF_FILE(base, STORING), true);
	if (f->flags & FILE_STORED)
		eve_u64(w, OF_FILE(base, FILE_ID), f->id);
	eve_u64(w, OF_FILE(base, SIZE), f->size);
	if (f->has_range) {
		eve_u64(w, OF_FILE(base, START), f->start);
		eve_u64(w, OF_FILE(base, END), f->end);
	}
	eve_u64(w, OF_FILE(base, TX_ID), tx->id);
}

void output_file(const struct output_options *o, const struct output_env *env,
		 const struct packet *p, const struct app_tx *tx, const struct app_file *f,
		 struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_FILEINFO,
			 f->flags & FILE_TO_CLIENT ? EVE_AS_SERVER : EVE_AS_CLIENT, out);
	if (rows[tx->proto].object)
		rows[tx->proto].object(&w, tx);
	eve_app_proto_name(&w, EVE_APP_PROTO, tx->proto);
	eve_open(&w, EVE_FILEINFO);
	put_file(&w, EVE_FILEINFO, tx, f);
	eve_close(&w);
	eve_end_record(&w, o, env);
}

/* A file that had its record is past; so is one of the other direction. */
static const struct app_file *next_present(const struct app_file *f, unsigned dir)
{
	while (f && ((f->flags & FILE_LOGGED) || (f->flags & FILE_TO_CLIENT ? 1u : 0u) != dir))
		f = f->next;
	return f;
}

void eve_tx_of_alert(struct eve *w, const struct app_tx *tx, unsigned dir)
{
	const struct app_file *f = next_present(tx->files, dir);
	const char *step[2] = { app_tx_step(tx, 0), app_tx_step(tx, 1) };

	if (step[0])
		eve_string(w, EVE_TS_PROGRESS, step[0]);
	if (step[1])
		eve_string(w, EVE_TC_PROGRESS, step[1]);
	if (rows[tx->proto].object)
		rows[tx->proto].object(w, tx);
	if (!f)
		return;
	eve_array(w, EVE_FILES);
	for (; f; f = next_present(f->next, dir)) {
		eve_item_open(w);
		put_file(w, EVE_FILES, tx, f);
		eve_close(w);
	}
	eve_array_end(w);
}

/* --- events ---------------------------------------------------------------------------------- */

void output_app_anomaly(const struct output_options *o, const struct output_env *env,
			const struct packet *p, const struct app_tx *tx, enum app_event e,
			struct buf *out)
{
	const char *name = app_event_name(e);
	unsigned proto = tx ? tx->proto : p->flow->app_proto;
	bool capitals = eve_app_event_in_capitals(e);
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_ANOMALY, EVE_AS_PACKET, out);
	if (tx)
		eve_u64(&w, EVE_TX_ID, tx->id);
	eve_open(&w, EVE_ANOMALY);
	if (proto != APP_PROTO_UNKNOWN)
		eve_app_proto_name(&w, EVE_ANOMALY_APP_PROTO, proto);
	eve_string(&w, EVE_ANOMALY_TYPE, "applayer");
	eve_key(&w, EVE_ANOMALY_EVENT);
	buf_char(out, '"');
	for (const char *c = name; *c; c++)
		buf_char(out, capitals ? (char)toupper((unsigned char)*c) : *c);
	buf_char(out, '"');
	eve_string(&w, EVE_ANOMALY_LAYER, tx ? "proto_parser" : "proto_detect");
	eve_close(&w);
	eve_end_record(&w, o, env);
}
