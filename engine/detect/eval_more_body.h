/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_more_body.h - a part of the evaluator's source: transforms, base64_decode and entropy.
 * Included by eval_body.h and nobody else.
 */
#include <math.h>

#if !TRACES
struct bytes eval_transformed(struct eval *e, unsigned transforms, struct bytes in)
{
	const struct transform_list *list = &e->rs->transforms[transforms];
	struct transform_env env;

	env = (struct transform_env){ .block = e->rs->block,
				      .regexes = e->rs->regexes,
				      .regex = e->regex };
	return transform_apply(e->transforms, &env, block_at(e->rs->block, list->rows.offset),
			       list->rows.count, in);
}
#endif

/* The bytes as the rule's transforms make them. */
static struct bytes transformed(struct eval *e, const struct cond *c, struct bytes in)
{
	return c->transforms ? eval_transformed(e, c->transforms, in) : in;
}

static bool base64_decode_holds(struct eval *e, const struct cond *c, int64_t *place)
{
	struct bytes in;

	*place = (int64_t)c->base64.offset;
	if (c->flags & COND_RELATIVE)
		*place += (int64_t)e->at;
	e->decoded_len = 0;
	if (!e->decoded || *place > (int64_t)e->data.len)
		return false;
	in = bytes_slice(e->data, (size_t)*place, c->base64.bytes ? c->base64.bytes : e->data.len);
	/* Four characters are three bytes. */
	in = bytes_slice(in, 0, (size_t)EVAL_DECODED_MAX / 3 * 4 - 4);
	e->decoded_len = transform_base64(in, BASE64_RFC4648, e->decoded);
	return e->decoded_len > 0;
}

/* All of the buffer is the key.  What a rule writes holds where that changed the set. */
static bool dataset_holds(struct eval *e, const struct cond *c)
{
	const struct dataset_row *row = block_at(e->rs->block, e->rs->block->sets.offset);
	struct dataset_set *set = e->rs->set ? e->rs->set[c->dataset.set] : NULL;
	struct dataset_found found = { .reputation = 0 };
	const char *context;
	bool there;

	if (!set || e->more)
		return false;
	if (row[c->dataset.set].written && e->turn)
		e->turn(e->turn_ctx);
	if (!TRACES && c->kind == COND_DATASET && c->op == DATASET_SET)
		return dataset_add(set, e->data);
	if (!TRACES && c->kind == COND_DATASET && c->op == DATASET_UNSET)
		return dataset_remove(set, e->data);
	there = dataset_look(set, e->data, c->dataset.subdomain, &found);
	if (c->kind == COND_DATAREP)
		return there &&
		       compare(c->op, found.reputation, c->dataset.value, c->dataset.value);
	context = block_text(e->rs->block, c->dataset.context);
	if (!TRACES && there && context && found.context.len && c->op == DATASET_ISSET)
		notes_add(e->notes, NOTE_CONTEXT, bytes_of(context, strlen(context)),
			  found.context);
	return there == (c->op == DATASET_ISSET || c->op == DATASET_UNSET);
}

static bool asn1_holds(const struct eval *e, const struct cond *c, int64_t *place)
{
	*place = c->asn1.offset;
	if (c->flags & COND_RELATIVE)
		*place += (int64_t)e->at;
	if (*place < 0 || *place >= (int64_t)e->data.len)
		return false;
	return asn1_finds(bytes_slice(e->data, (size_t)*place, e->data.len), c->asn1.ask,
			  c->asn1.limit);
}

static bool compare_real(unsigned op, double v, double low, double high)
{
	switch (op) {
	case COMPARE_EQ:
		return fabs(v - low) < 1e-9;
	case COMPARE_NE:
		return fabs(v - low) >= 1e-9;
	case COMPARE_LT:
		return v < low;
	case COMPARE_LE:
		return v <= low;
	case COMPARE_GT:
		return v > low;
	case COMPARE_GE:
		return v >= low;
	case COMPARE_RANGE:
		return v >= low && v <= high;
	case COMPARE_NOT_RANGE:
		return v < low || v > high;
	default:
		return false;
	}
}

/* Shannon's, in bits for each byte. */
static double entropy_of(struct bytes in)
{
	uint32_t count[256] = { 0 };
	double sum = 0;

	for (size_t i = 0; i < in.len; i++)
		count[in.data[i]]++;
	for (unsigned i = 0; i < 256; i++) {
		double p = (double)count[i] / (double)in.len;

		if (count[i])
			sum -= p * log2(p);
	}
	return sum;
}

static bool entropy_holds(const struct eval *e, const struct cond *c, int64_t *place,
			  unsigned *used)
{
	struct bytes in;

	*place = c->entropy.offset;
	if (*place < 0 || *place > (int64_t)e->data.len || (e->more && !c->entropy.bytes))
		return false;
	in = bytes_slice(e->data, (size_t)*place,
			 c->entropy.bytes ? c->entropy.bytes : e->data.len);
	*used = (unsigned)in.len;
	if (in.len < c->entropy.bytes || !in.len)
		return false;
	return compare_real(c->op, entropy_of(in), c->entropy.low, c->entropy.high);
}
