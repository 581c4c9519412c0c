/* SPDX-License-Identifier: Apache-2.0 */
/* Records of frames, and the object of a frame in alerts. */
#include "engine/output/eve_common.h"
#include "engine/output/payload.h"

#define DATAGRAM_MAX 256 /* of a datagram's, as Suricata has it */

/* The frame's bytes in order; what is not held any more, or never came, is told as missing. */
static void feed(struct payload_sink *s, const struct output_env *env, const struct packet *p,
		 uint64_t from, uint64_t to)
{
	struct stream_run run;

	while (from < to && s->left) {
		if (!app_frame_run(env->apps, p, from, to, &run)) {
			payload_piece(s, NULL, (size_t)(to - from));
			break;
		}
		if (run.offset > from)
			payload_piece(s, NULL, (size_t)(run.offset - from));
		payload_piece(s, run.data.data, run.data.len);
		from = run.offset + run.data.len;
	}
	payload_end(s);
}

static void put_payload(struct eve *w, enum eve_field field, enum payload_form form, size_t limit,
			const struct output_env *env, const struct packet *p,
			const struct app_frame *f, uint64_t end)
{
	struct payload_sink s;

	payload_begin(&s, form, limit, w->out);
	eve_key(w, field);
	buf_char(w->out, '"');
	feed(&s, env, p, f->offset, end);
	buf_char(w->out, '"');
}

void eve_frame_object(struct eve *w, const struct output_env *env, const struct packet *p,
		      const struct app_frame *f, uint32_t payload_buffer_bytes)
{
	uint64_t held = app_frame_held(env->apps, p, f);
	uint64_t ready = app_frame_ready(env->apps, p, f);
	uint64_t end = f->len < 0 ? held : f->offset + (uint64_t)f->len;
	/* Suricata keeps the last byte of its buffer for a zero. */
	size_t limit = payload_buffer_bytes > 0 ? payload_buffer_bytes - 1 : 0;

	if (p->proto == IP_PROTO_UDP && limit > DATAGRAM_MAX)
		limit = DATAGRAM_MAX;
	if (end < f->offset)
		end = f->offset;
	eve_open(w, EVE_FRAME);
	eve_string(w, EVE_FRAME_TYPE, frame_row((enum frame_type)f->type)->name);
	eve_u64(w, EVE_FRAME_ID, f->id);
	eve_string(w, EVE_FRAME_DIRECTION, p->direction ? "toclient" : "toserver");
	if (p->proto == IP_PROTO_TCP)
		eve_u64(w, EVE_FRAME_STREAM_OFFSET, f->offset);
	eve_u64(w, EVE_FRAME_LENGTH, end - f->offset);
	if (ready > f->offset && limit) {
		put_payload(w, EVE_FRAME_PAYLOAD, PAYLOAD_BASE64, limit, env, p, f, ready);
		put_payload(w, EVE_FRAME_PAYLOAD_PRINTABLE, PAYLOAD_PRINTABLE, limit, env, p, f,
			    ready);
	}
	eve_bool(w, EVE_FRAME_COMPLETE, app_frame_complete(env->apps, p, f));
	if (f->flags & FRAME_HAS_TX)
		eve_u64(w, EVE_FRAME_TX_ID, f->tx_id);
	eve_close(w);
}

void output_frame(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct app_frame *f, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_FRAME, EVE_AS_PACKET, out);
	eve_app_proto_name(&w, EVE_APP_PROTO, f->proto);
	eve_frame_object(&w, env, p, f, o->frame.payload_buffer_bytes);
	eve_end_record(&w, o, env);
}
