/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_frame_body.h - a part of the evaluator's source: rules on frames.  Included by eval_body.h and nobody else.
 */

/* What a transform makes has no place in the frame: it is made of what is new alone. */
static struct app_slice frame_piece(const struct eval *e, const struct cond *c)
{
	struct app_slice s = e->run;

	if (!c->transforms)
		return s;
	s.data = bytes_slice(s.data, s.fresh, s.data.len);
	s.offset += s.fresh;
	s.fresh = 0;
	return s;
}

bool EVAL(frame)(struct eval *e, const struct rule_row *row)
{
	const struct cond *c = e->rs->cond + row->conds + row->packet_conds + row->state_conds;
	unsigned n = row->payload_conds, size;
	bool holds = true, fresh = false;

	e->in_stream = false;
	for (; n && holds; c += size, n -= size) {
		struct app_slice s = frame_piece(e, c);

		size = 1;
		while (size < n && c[size].use == c->use)
			size++;
		if (skips_group(e, c, size))
			continue;
		/* Of several ways to look at it one must have seen something new. */
		e->fresh = size == row->payload_conds ? s.fresh : 0;
		holds = piece_holds(e, c, size, &s);
		fresh |= !s.fresh || e->reach > s.fresh || size == row->payload_conds;
		if (!holds)
			TRACE_GROUP_FAILED(e, c, size);
	}
	e->fresh = 0;
	e->more = false;
	return holds && fresh;
}
