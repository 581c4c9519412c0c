/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/explain_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/app/frame.h"
#include "engine/detect/buffer.h"

void explain_say(struct explain_cond *out, const char *format, ...)
{
	size_t had = strlen(out->detail);
	va_list args;

	va_start(args, format);
	vsnprintf(out->detail + had, sizeof(out->detail) - had, format, args);
	va_end(args);
}

#define BEGINNING_BYTES 32

static void quote(struct bytes bytes, struct explain_cond *out)
{
	struct bytes begin = bytes_slice(bytes, 0, BEGINNING_BYTES);

	explain_say(out, "\"");
	for (size_t i = 0; i < begin.len; i++) {
		uint8_t c = begin.data[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '|')
			explain_say(out, "%c", c);
		else
			explain_say(out, "|%02x|", c);
	}
	explain_say(out, bytes.len > begin.len ? "\"..." : "\"");
}

/* How a buffer of the transaction begins; or why it is not there, and that is all. */
static bool tx_buffer_text(const struct explain_met *m, const struct buffer_row *row,
			   struct explain_cond *out)
{
	const struct eval *e = m->e;
	const char *why;

	if (e->data.data) {
		explain_say(out, "%s is ", row->name);
		quote(e->data, out);
		explain_say(out, ": ");
		return true;
	}
	why = app_why_not(e->apps, e->flow, e->tx, (enum buffer)m->c->buffer, e->dir);
	explain_say(out, "there is no %s in transaction %" PRIu64, row->name, e->tx->id);
	if (why)
		explain_say(out, ": %s", why);
	return false;
}

/* What a field of the transaction is. */
static void tx_field_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct app_tx *tx = m->e->tx;

	switch (m->c->kind) {
	case COND_APP_EVENT:
		explain_say(out, "the transaction has %u %s", tx->events,
			    tx->events == 1 ? "event" : "events");
		for (unsigned i = 0; i < tx->events; i++)
			explain_say(out, "%s %s", i ? "," : ":",
				    app_event_name((enum app_event)tx->event[i]));
		break;
	case COND_APP_STEP:
		explain_say(out, "the transaction is at step %u", tx->progress[m->e->dir]);
		break;
	case COND_APP_INT:
		explain_say(out, "it is %" PRIu64, m->value);
		break;
	case COND_FILESIZE:
		if (!tx->files)
			explain_say(out, "there is no file");
		else
			explain_say(out, "the file has %" PRIu64 " bytes", tx->files->size);
		break;
	case COND_FILESTORE:
	case COND_FILE_HASH:
		explain_say(out, tx->files ? "no file of that digest" : "there is no file");
		break;
	default:
		break;
	}
}

static void frame_text(const struct eval *e, struct explain_cond *out)
{
	const struct app_frame *f = e->frame;

	explain_say(out, "in frame %s.%s %" PRIu32, app_proto_rule_name((enum app_proto)f->proto),
		    frame_row((enum frame_type)f->type)->name, f->id);
}

/* Which buffer it looks at, where that is not the payload.  false: the packet has none, and that is all. */
static bool buffer_text(const struct explain_met *m, struct explain_cond *out)
{
	const struct buffer_row *row = buffer_row((enum buffer)m->c->buffer);

	if (m->c->buffer == BUFFER_PAYLOAD)
		return true;
	if (m->e->tx && row->kind == BUFFER_KIND_TX)
		return tx_buffer_text(m, row, out);
	if (m->e->frame && row->kind == BUFFER_KIND_FRAME) {
		frame_text(m->e, out);
		explain_say(out, ", ");
		return true;
	}
	if (!m->e->data.data) {
		explain_say(out, "the packet has not %s", row->what);
		return false;
	}
	explain_say(out, "in %s, ", row->what);
	return true;
}

static void held_in(const struct explain_met *m, struct explain_cond *out)
{
	const struct buffer_row *row = buffer_row((enum buffer)m->c->buffer);

	if (m->e->frame && row->kind == BUFFER_KIND_FRAME)
		frame_text(m->e, out);
	else
		explain_say(out, "in %s", row->what);
}

void explain_failed(const struct explain_met *m, struct explain_cond *out)
{
	if (m->c->kind >= COND_APP_EVENT && m->c->kind <= COND_FILESTORE && m->e->tx) {
		tx_field_met(m, out);
		return;
	}
	if (!buffer_text(m, out))
		return;
	switch (m->c->kind) {
	case COND_CONTENT:
		explain_content(m, out);
		break;
	case COND_PCRE:
		explain_pcre(m, out);
		break;
	case COND_BYTE_TEST:
		explain_byte_test(m, out);
		break;
	case COND_BYTE_JUMP:
		explain_byte_jump(m, out);
		break;
	case COND_BYTE_EXTRACT:
		explain_not_read(m, out);
		break;
	case COND_BYTE_MATH:
		if (m->from == m->to)
			explain_not_read(m, out);
		else
			explain_say(out, "division by 0");
		break;
	case COND_ISDATAAT:
		explain_isdataat(m, out);
		break;
	case COND_ASN1:
	case COND_ENTROPY:
	case COND_BASE64_DECODE:
	case COND_ABSENT:
		break;
	case COND_BSIZE:
		explain_say(out, "there are %zu bytes", m->e->data.len);
		break;
	case COND_FLOWBITS:
		explain_flowbits(m, out);
		break;
	case COND_FLOWINT:
		explain_flowint(m, out);
		break;
	case COND_XBITS:
		explain_xbits(m, out);
		break;
	case COND_WATCH:
		explain_watch(m, out);
		break;
	default:
		explain_packet(m, out);
		break;
	}
}

void explain_held(const struct explain_met *m, struct explain_cond *out)
{
	out->detail[0] = '\0';
	out->near = EXPLAIN_FAR;
	if (m->c->kind >= COND_APP_EVENT && m->c->kind <= COND_FILESTORE && m->e->tx) {
		tx_field_met(m, out);
		return;
	}
	if (m->c->buffer != BUFFER_PAYLOAD)
		held_in(m, out);
	if (m->c->buffer != BUFFER_PAYLOAD && m->to > m->from)
		explain_say(out, " at %zu", m->from);
	if (m->c->buffer != BUFFER_PAYLOAD && m->c->kind >= COND_BYTE_TEST &&
	    m->c->kind <= COND_BYTE_MATH)
		explain_say(out, ": ");
	switch (m->c->kind) {
	case COND_CONTENT:
	case COND_PCRE:
		if (m->c->flags & COND_NEGATED)
			explain_say(out, m->c->kind == COND_PCRE ? "no match" : "not there");
		else
			explain_locate(m, m->from, m->to, out);
		break;
	case COND_BYTE_TEST:
	case COND_BYTE_EXTRACT:
	case COND_BYTE_MATH:
		explain_locate(m, m->from, m->to, out);
		explain_say(out, "%" PRIu64, m->value);
		break;
	case COND_BYTE_JUMP:
		explain_locate(m, m->from, m->to, out);
		explain_say(out, "to %" PRIu64, m->e->origin + m->value);
		break;
	case COND_ISDATAAT:
	case COND_BSIZE:
	case COND_ABSENT:
	case COND_ASN1:
	case COND_ENTROPY:
	case COND_BASE64_DECODE:
	case COND_BASE64_DATA:
		break;
	case COND_FLOW:
		break;
	case COND_FLOWBITS:
		explain_flowbits(m, out);
		break;
	case COND_FLOWINT:
		explain_flowint(m, out);
		break;
	case COND_XBITS:
		explain_xbits(m, out);
		break;
	case COND_WATCH:
		explain_watch(m, out);
		break;
	default:
		explain_packet(m, out);
		break;
	}
}
