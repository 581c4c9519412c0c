/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_tx_body.h - a part of the evaluator's source: rules on transactions, buffer by buffer and field by
 * field.  Included by eval_body.h and nobody else.
 */

/* So many numbers of one name, files, or pieces of a buffer are looked at in a transaction. */
#define TX_PIECES_MAX 4096

static enum tx_answer not_yet(const struct eval *e)
{
	return e->dir_done ? TX_NEVER : TX_NOT_YET;
}

/* --- fields ------------------------------------------------------------------------------------------ */

static enum tx_answer event_answer(const struct eval *e, const struct cond *c)
{
	for (unsigned i = 0; i < e->tx->events; i++) {
		if (e->tx->event[i] == c->bits.value)
			return TX_HOLDS;
	}
	return not_yet(e);
}

static enum tx_answer step_answer(const struct eval *e, const struct cond *c)
{
	unsigned progress = e->tx->progress[e->dir], step = (unsigned)c->number.low;

	switch (c->op) {
	case COMPARE_LT:
		return progress < step ? TX_HOLDS : TX_NEVER;
	case COMPARE_GT:
		return progress > step ? TX_HOLDS : not_yet(e);
	default:
		return progress >= step ? TX_HOLDS : not_yet(e);
	}
}

static bool number_of(struct eval *e, unsigned which, unsigned i, uint64_t *v)
{
	return i < TX_PIECES_MAX &&
	       app_number(e->apps, e->flow, e->tx, (enum app_number)which, e->dir, i, v);
}

static enum tx_answer int_answer(struct eval *e, const struct cond *c)
{
	uint64_t v;

	for (unsigned i = 0; number_of(e, c->base, i, &v); i++) {
		TRACE_VALUE(e, v);
		if (number_holds(c, v))
			return TX_HOLDS;
	}
	return not_yet(e);
}

static enum tx_answer ssl_answer(struct eval *e, const struct cond *c)
{
	unsigned which = c->kind == COND_SSL_STATE ? APP_NUMBER_SSL_STATE : APP_NUMBER_SSL_VERSION;
	uint64_t v;

	if (!number_of(e, which, 0, &v))
		return not_yet(e);
	if (((v & c->bits.value) != 0) != !!(c->flags & COND_NEGATED))
		return TX_HOLDS;
	return not_yet(e);
}

static bool time_holds(unsigned op, int64_t v, int64_t low, int64_t high)
{
	switch (op) {
	case COMPARE_LT:
		return v < low;
	case COMPARE_GT:
		return v > low;
	case COMPARE_RANGE:
		return v >= low && v <= high;
	default:
		return v == low;
	}
}

static enum tx_answer cert_answer(struct eval *e, const struct cond *c)
{
	int64_t now = e->p->time_ns / NANOSECONDS;
	uint64_t before, after;
	bool holds;

	if (!number_of(e, APP_NUMBER_CERT_NOT_BEFORE, 0, &before) ||
	    !number_of(e, APP_NUMBER_CERT_NOT_AFTER, 0, &after))
		return not_yet(e);
	if (c->kind == COND_CERT_EXPIRED)
		holds = (int64_t)after < now;
	else if (c->kind == COND_CERT_VALID)
		holds = (int64_t)before <= now && now <= (int64_t)after;
	else
		holds = time_holds(c->op, (int64_t)(c->flags & COND_FROM_END ? after : before),
				   c->time.low, c->time.high);
	return holds ? TX_HOLDS : TX_NEVER;
}

static enum tx_answer bounce_answer(struct eval *e)
{
	uint64_t v;

	if (!number_of(e, APP_NUMBER_FTP_BOUNCE, 0, &v))
		return not_yet(e);
	return v ? TX_HOLDS : TX_NEVER;
}

static enum tx_answer field_answer(struct eval *e, const struct cond *c)
{
	switch (c->kind) {
	case COND_APP_EVENT:
		return event_answer(e, c);
	case COND_APP_STEP:
		return step_answer(e, c);
	case COND_APP_INT:
		return int_answer(e, c);
	case COND_SSL_STATE:
	case COND_SSL_VERSION:
		return ssl_answer(e, c);
	case COND_FTPBOUNCE:
		return bounce_answer(e);
	default:
		return cert_answer(e, c);
	}
}

/* --- files ------------------------------------------------------------------------------------------- */

static enum tx_answer filesize_answer(const struct cond *c, const struct app_file *f)
{
	if (f->state == FILE_CLOSED)
		return number_holds(c, f->size) ? TX_HOLDS : TX_NEVER;
	/* What is known of it may be enough. */
	if ((c->op == COMPARE_GT || c->op == COMPARE_GE) && number_holds(c, f->size))
		return TX_HOLDS;
	return f->state == FILE_OPEN ? TX_NOT_YET : TX_NEVER;
}

static bool in_digests(const struct eval *e, const struct cond *c, const uint8_t *digest)
{
	const uint8_t *list = block_at(e->rs->block, c->hash.digests);
	uint32_t low = 0, high = c->hash.count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = memcmp(digest, list + (size_t)mid * c->hash.len, c->hash.len);

		if (!order)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static enum tx_answer filehash_answer(const struct eval *e, const struct cond *c,
				      const struct app_file *f)
{
	static const uint16_t flags[] = { FILE_MD5, FILE_SHA1, FILE_SHA256 };
	const uint8_t *digest[] = { f->md5, f->sha1, f->sha256 };

	if (f->state == FILE_OPEN)
		return TX_NOT_YET;
	if (f->state != FILE_CLOSED || !(f->flags & flags[c->op]))
		return TX_NEVER;
	return in_digests(e, c, digest[c->op]) != !!(c->flags & COND_NEGATED) ? TX_HOLDS : TX_NEVER;
}

static enum tx_answer file_answer(const struct eval *e, const struct cond *c, unsigned n,
				  const struct app_file *f)
{
	enum tx_answer worst = TX_HOLDS;

	for (unsigned i = 0; i < n && worst != TX_NEVER; i++) {
		enum tx_answer a = TX_HOLDS;

		if (c[i].kind == COND_FILESIZE)
			a = filesize_answer(&c[i], f);
		else if (c[i].kind == COND_FILE_HASH)
			a = filehash_answer(e, &c[i], f);
		worst = a > worst ? a : worst;
	}
	return worst;
}

#if !TRACES
/* For EVE: a rule names itself once. */
static void sign_file(struct app_file *f, uint32_t sid)
{
	for (unsigned i = 0; i < f->sids; i++) {
		if (f->sid[i] == sid)
			return;
	}
	if (f->sids < FILE_SIDS_MAX)
		f->sid[f->sids++] = sid;
}

void eval_store_files(struct eval *e, const struct rule_row *row, uint32_t sid)
{
	const struct cond *c = e->rs->cond + row->conds + row->packet_conds + row->state_conds;
	unsigned first = 0, end, way;

	while (first < row->payload_conds && c[first].kind != COND_FILESIZE &&
	       c[first].kind != COND_FILE_HASH && c[first].kind != COND_FILESTORE)
		first++;
	for (end = first; end < row->payload_conds && c[end].use == c[first].use; end++)
		;
	for (struct app_file *f = e->tx->files; f; f = f->next) {
		enum filestore_direction d = FILESTORE_DEFAULT;
		bool whole = false;

		for (unsigned i = first; i < end; i++) {
			if (c[i].kind != COND_FILESTORE)
				continue;
			d = (enum filestore_direction)c[i].op;
			whole = c[i].base != FILESTORE_FILE;
		}
		way = f->flags & FILE_TO_CLIENT ? 1 : 0;
		if (d == FILESTORE_DEFAULT
			    ? way != e->dir
			    : d != FILESTORE_BOTH && (d == FILESTORE_RESPONSE) != (way == 1))
			continue;
		if (!whole && file_answer(e, &c[first], end - first, f) != TX_HOLDS)
			continue;
		f->flags |= FILE_STORE;
		sign_file(f, sid);
	}
}
#endif

/* One file for which all of them hold. */
static enum tx_answer files_answer(struct eval *e, const struct cond *c, unsigned n)
{
	enum tx_answer all = not_yet(e);
	unsigned way = e->dir ? FILE_TO_CLIENT : 0, pieces = 0, number = 0;

	for (const struct app_file *f = e->tx->files; f && pieces < TX_PIECES_MAX;
	     f = f->next, pieces++) {
		enum tx_answer worst;

		if ((f->flags & FILE_TO_CLIENT) != way || number++ < e->first_file)
			continue;
		worst = file_answer(e, c, n, f);
		if (worst == TX_HOLDS)
			return TX_HOLDS;
		if (worst == TX_NOT_YET)
			all = TX_NOT_YET;
	}
	return all;
}

static bool of_files(const struct cond *c)
{
	return c->buffer == BUFFER_FILE_DATA || c->buffer == BUFFER_FILE_NAME ||
	       c->buffer == BUFFER_FILE_MAGIC ||
	       (c->kind >= COND_FILESIZE && c->kind <= COND_FILESTORE);
}

#if !TRACES
uint64_t eval_file_groups(const struct ruleset *rs, const struct rule_row *row)
{
	const struct cond *c = rs->cond + row->conds + row->packet_conds + row->state_conds;
	unsigned group = 0;
	uint64_t bits = 0;

	for (unsigned i = 0; i < row->payload_conds; i++) {
		group += i && c[i].use != c[i - 1].use;
		bits |= of_files(&c[i]) ? 1ull << group : 0;
	}
	return bits;
}

unsigned eval_file_count(const struct app_tx *tx, unsigned dir)
{
	unsigned n = 0;

	for (const struct app_file *f = tx->files; f && n < TX_PIECES_MAX; f = f->next)
		n += ((f->flags & FILE_TO_CLIENT) != 0) == (dir != 0);
	return n;
}
#endif

/* --- buffers ----------------------------------------------------------------------------------------- */

static bool absent_holds(const struct cond *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (c[i].kind == COND_ABSENT)
			return true;
	}
	return false;
}

static bool needs_whole(const struct eval *e, const struct cond *c)
{
	const struct transform_row *row;
	const struct section *rows;

	if (!c->transforms)
		return false;
	rows = &e->rs->transforms[c->transforms].rows;
	row = block_at(e->rs->block, rows->offset);
	for (uint32_t i = 0; i < rows->count; i++) {
		if (transform_needs_whole((enum transform_kind)row[i].kind))
			return true;
	}
	return false;
}

static bool piece_holds(struct eval *e, const struct cond *c, unsigned n, const struct app_slice *s)
{
	if (!s->at_end && needs_whole(e, c))
		return false;
	begin(e);
	e->data = transformed(e, c, s->data);
	/* Places in what a transform made count from its own beginning. */
	e->origin = c->transforms ? 0 : s->offset;
	e->more = !s->at_end;
	return chain(e, c, n);
}

static enum tx_answer payload_answer(struct eval *e, const struct cond *c, unsigned n)
{
	struct app_slice s = { .data = e->payload, .offset = e->payload_origin, .at_end = true };

	if (e->payload.len && piece_holds(e, c, n, &s))
		return TX_HOLDS;
	return not_yet(e);
}

/* A buffer of the packet that the transaction is looked at with: another packet may have another. */
static enum tx_answer packet_answer(struct eval *e, const struct cond *c, unsigned n)
{
	struct app_slice s = { .at_end = true };

	if (detect_buffer((enum buffer)c->buffer)->of_packet(e->p, &s.data) &&
	    piece_holds(e, c, n, &s))
		return TX_HOLDS;
	return not_yet(e);
}

static bool of_packet(const struct cond *c)
{
	return c->kind < COND_APP_EVENT && detect_buffer((enum buffer)c->buffer)->of_packet;
}

static enum tx_answer buffer_answer(struct eval *e, const struct cond *c, unsigned n)
{
	bool multiple = buffer_row((enum buffer)c->buffer)->multiple, grows = false, over;
	unsigned first = of_files(c) ? e->first_file : 0, pieces = first;
	struct app_slice s;

	while (pieces < TX_PIECES_MAX &&
	       app_buffer(e->apps, e->flow, e->tx, (enum buffer)c->buffer, e->dir, pieces, &s)) {
		if (!s.nothing && piece_holds(e, c, n, &s))
			return TX_HOLDS;
		grows |= !s.at_end || s.again;
		pieces++;
		if (!multiple)
			return grows ? TX_NOT_YET : TX_NEVER;
	}
	over = e->dir_done || (pieces < TX_PIECES_MAX && s.never);
	if (pieces == first && over && absent_holds(c, n))
		return TX_HOLDS;
	if (pieces == first)
		e->data = bytes_of(NULL, 0);
	return grows ? TX_NOT_YET : not_yet(e);
}

/* --- the whole --------------------------------------------------------------------------------------- */

static enum tx_answer group_answer(struct eval *e, const struct cond *c, unsigned n)
{
	if (c->kind >= COND_APP_EVENT && c->kind <= COND_FTPBOUNCE)
		return field_answer(e, c);
	if (c->kind >= COND_FILESIZE && c->kind <= COND_FILESTORE)
		return files_answer(e, c, n);
	if (c->buffer == BUFFER_PAYLOAD)
		return payload_answer(e, c, n);
	if (of_packet(c))
		return packet_answer(e, c, n);
	return buffer_answer(e, c, n);
}

static bool skips_group(struct eval *e, const struct cond *c, unsigned n)
{
	(void)e;
	(void)c;
	for (unsigned i = 0; i < n; i++) {
		if (!TRACE_SKIPS(e, &c[i]))
			return false;
	}
	return true;
}

static bool writes(const struct cond *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (c[i].kind == COND_DATASET && c[i].op <= DATASET_UNSET)
			return true;
	}
	return false;
}

/*
 * In the direction of the moment; of a rule on both, in those that the buffer has, but in responses only when they
 * are looked at: the rule alerts on a packet of the response.
 */
static enum tx_answer way_answer(struct eval *e, const struct rule_row *row, const struct cond *c,
				 unsigned n)
{
	static const uint16_t ways[] = { COND_TO_SERVER, COND_TO_CLIENT };
	unsigned dir = e->dir;
	bool done = e->dir_done;
	enum tx_answer best = TX_NEVER;

	if (!(row->more & ROW_BOTH_WAYS))
		return c->flags & ways[dir] ? group_answer(e, c, n) : TX_NEVER;
	for (unsigned i = 0; i < 2 && best != TX_HOLDS; i++) {
		enum tx_answer a;

		if (!(c->flags & ways[i]))
			continue;
		if (i > dir) {
			best = TX_NOT_YET;
			break;
		}
		e->dir = i;
		e->dir_done = (e->tx->flags & APP_TX_DONE << i) != 0;
		a = group_answer(e, c, n);
		best = a < best ? a : best;
	}
	e->dir = dir;
	e->dir_done = done;
	return best;
}

#if TRACES
static void group_held(struct eval *e, const struct cond *c)
{
	if (c->kind >= COND_APP_EVENT)
		e->tracer->held(e->tracer, c, 0, 0);
}

/* What was not there, or is no matter of bytes. */
static void group_failed(struct eval *e, const struct cond *c, unsigned n)
{
	for (; n; c++, n--) {
		if (e->tracer->skips(e->tracer, c))
			continue;
		if (c->kind >= COND_APP_EVENT || !e->data.len)
			e->tracer->failed(e->tracer, c, 0, 0);
		return;
	}
}
#define TRACE_GROUP_HELD(e, c) group_held(e, c)
#define TRACE_GROUP_FAILED(e, c, n) group_failed(e, c, n)
#else
#define TRACE_GROUP_HELD(e, c) ((void)0)
#define TRACE_GROUP_FAILED(e, c, n) ((void)0)
#endif

enum tx_answer EVAL(tx)(struct eval *e, const struct rule_row *row, uint64_t *held)
{
	const struct cond *c = e->rs->cond + row->conds + row->packet_conds + row->state_conds;
	enum tx_answer worst = TX_HOLDS;
	unsigned n = row->payload_conds, size, group = 0;

	if (row->more & ROW_TOGETHER)
		*held = 0;
	e->fresh = 0;
	e->in_stream = false;
	for (; n; c += size, n -= size, group++) {
		enum tx_answer a;

		size = 1;
		while (size < n && c[size].use == c->use)
			size++;
		if ((*held >> group & 1) || skips_group(e, c, size))
			continue;
		/* What writes a set waits until all else holds. */
		if (worst != TX_HOLDS && writes(c, size))
			continue;
		a = way_answer(e, row, c, size);
		if (a == TX_HOLDS) {
			if (!of_packet(c))
				*held |= 1ull << group;
			TRACE_GROUP_HELD(e, c);
			continue;
		}
		TRACE_GROUP_FAILED(e, c, size);
		worst = a > worst ? a : worst;
		if (TRACES || a == TX_NEVER)
			break;
	}
	e->more = false;
	return worst;
}
