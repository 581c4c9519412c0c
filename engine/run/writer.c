/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/first_touch.h"

#define PENDING_BYTES (256u << 10)
/* Records taken in one writer_drain(), so that its caller can look at other things. */
#define DRAIN_MAX 65536u
#define NS_PER_S 1000000000LL
/* Of engine/watch: its samples are bounded. */
#define REPORT_BYTES 4096

/* --- flows whose alert got past its threshold: a hash set with linear probing ------------------- */

#define ALERTED_SLOTS (1u << 16)

static uint32_t alerted_slot(uint64_t flow)
{
	return (uint32_t)(flow * 0x9e3779b97f4a7c15ULL >> 48) & (ALERTED_SLOTS - 1);
}

static uint32_t alerted_find(const struct writer *w, uint64_t flow)
{
	uint32_t i = alerted_slot(flow);

	first_touch(&w->alerted[i]);
	while (w->alerted[i] && w->alerted[i] != flow)
		i = (i + 1) & (ALERTED_SLOTS - 1);
	return i;
}

static void alerted_add(struct writer *w, uint64_t flow)
{
	uint32_t i;

	if (flow == 0 || !w->wants_flow)
		return;
	i = alerted_find(w, flow);
	if (w->alerted[i])
		return;
	if (w->alerted_used >= ALERTED_SLOTS / 2) {
		w->forgotten++;
		return;
	}
	w->alerted[i] = flow;
	w->alerted_used++;
}

/* Was it there?  It is not any more: the flow is over.  What stood behind it moves up. */
static bool alerted_take(struct writer *w, uint64_t flow)
{
	uint32_t hole = alerted_find(w, flow);

	if (!w->alerted[hole])
		return false;
	w->alerted_used--;
	for (uint32_t i = (hole + 1) & (ALERTED_SLOTS - 1); w->alerted[i];
	     i = (i + 1) & (ALERTED_SLOTS - 1)) {
		uint32_t home = alerted_slot(w->alerted[i]);

		if (((i - home) & (ALERTED_SLOTS - 1)) >= ((i - hole) & (ALERTED_SLOTS - 1))) {
			w->alerted[hole] = w->alerted[i];
			hole = i;
		}
	}
	w->alerted[hole] = 0;
	return true;
}

/* --- alerts by rule, named as rules are ---------------------------------------------------------- */

static struct rule_alerts *rule_slot(struct rule_alerts *table, uint32_t slots, uint64_t key)
{
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & (slots - 1);

	first_touch(&table[i]);
	while (table[i].key && table[i].key != key)
		i = (i + 1) & (slots - 1);
	return &table[i];
}

/* Rules that came later may be more than there were at the start. */
static bool grow_rules(struct writer *w)
{
	uint32_t slots = w->rule_slots * 2;
	struct rule_alerts *more = calloc(slots, sizeof(*more));

	if (!more)
		return false;
	for (uint32_t i = 0; i < w->rule_slots; i++) {
		if (w->rule[i].key)
			*rule_slot(more, slots, w->rule[i].key) = w->rule[i];
	}
	free(w->rule);
	w->rule = more;
	w->rule_slots = slots;
	return true;
}

static void count_alert(struct writer *w, uint64_t key)
{
	struct rule_alerts *r = rule_slot(w->rule, w->rule_slots, key);

	w->alerts++;
	if (!r->key) {
		if (w->rules >= w->rule_slots / 2 && !grow_rules(w)) {
			w->uncounted++;
			return;
		}
		r = rule_slot(w->rule, w->rule_slots, key);
		r->key = key;
		w->rules++;
	}
	r->alerts++;
}

/* To be read as well where that is allowed: see writer_mend().  Not a pipe, which would change. */
static int open_path(const char *path, int how)
{
	struct stat st;
	int fd = -1;

	how |= O_CREAT | O_CLOEXEC;
	if (stat(path, &st) || S_ISREG(st.st_mode))
		fd = open(path, how | O_RDWR, 0640);
	return fd < 0 ? open(path, how | O_WRONLY, 0640) : fd;
}

static int open_output(struct writer_output *out, const struct output_options *o,
		       const char *directory)
{
	int len;

	out->data = malloc(PENDING_BYTES);
	if (!out->data)
		return -ENOMEM;
	if (!strcmp(o->filename, "-")) {
		out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		out->path = strdup("standard output");
		return out->fd < 0 ? -errno : 0;
	}
	if (o->filename[0] == '/')
		len = asprintf(&out->path, "%s", o->filename);
	else
		len = asprintf(&out->path, "%s/%s", directory, o->filename);
	if (len < 0) {
		out->path = NULL;
		return -ENOMEM;
	}
	out->fd = open_path(out->path, o->append ? O_APPEND : O_TRUNC);
	return out->fd < 0 ? -errno : 0;
}

int writer_open(const struct output_options *outputs, unsigned count, const char *directory,
		unsigned rules, struct threshold_table *thresholds, struct writer **out,
		char **failed)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	*failed = NULL;
	if (!w)
		return -ENOMEM;
	w->options = outputs;
	pthread_mutex_init(&w->lock, NULL);
	w->thresholds = thresholds;
	w->threshold_second = INT64_MIN;
	for (w->rule_slots = 64; w->rule_slots < 2 * (uint64_t)rules;)
		w->rule_slots *= 2;
	w->rule = calloc(w->rule_slots, sizeof(*w->rule));
	w->output = calloc(count + 1, sizeof(*w->output));
	w->alerted = calloc(ALERTED_SLOTS, sizeof(*w->alerted));
	if (!w->rule || !w->output || !w->alerted)
		goto fail;
	for (unsigned i = 0; i < count; i++) {
		w->output[i].fd = -1;
		w->wants_flow |= outputs[i].wants[RECORD_FLOW];
	}
	w->count = count;
	err = file_make_folders(directory);
	if (err) {
		*failed = strdup(directory);
		goto fail;
	}
	for (unsigned i = 0; i < count; i++) {
		err = open_output(&w->output[i], &outputs[i], directory);
		if (err) {
			*failed = w->output[i].path ? strdup(w->output[i].path) : NULL;
			goto fail;
		}
	}
	*out = w;
	return 0;
fail:
	writer_close(w);
	return err;
}

static uint64_t count_lines(const char *data, size_t len)
{
	uint64_t n = 0;

	for (const char *at = data; (at = memchr(at, '\n', (size_t)(data + len - at))); at++)
		n++;
	return n;
}

/* The file ends in part of a line, of which `part` bytes were written: cut it there. */
static void cut_part(int fd, size_t part)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	/* Only what is certain to be ours: nobody has appended meanwhile. */
	if (part && end >= (off_t)part && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == end && ftruncate(fd, end - (off_t)part))
		return; /* it is left as it is, and has been told */
}

/* Where the last whole line ends; -1: it cannot be known. */
static off_t last_line_end(int fd, char *room, size_t size)
{
	struct stat st;
	off_t from;
	ssize_t n;
	const char *end;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
		return -1;
	from = st.st_size > (off_t)size ? st.st_size - (off_t)size : 0;
	n = pread(fd, room, size, from);
	if (n <= 0 || from + n != st.st_size)
		return -1;
	end = memrchr(room, '\n', (size_t)n);
	if (end)
		return from + (end - room) + 1;
	return from == 0 ? 0 : -1;
}

void writer_mend(struct writer *w)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct writer_output *out = &w->output[i];
		off_t end = out->fd < 0 ? -1 : last_line_end(out->fd, out->data, PENDING_BYTES);

		/* What cannot be mended is left as it is: a line that no reader takes. */
		if (end < 0 || ftruncate(out->fd, end) || lseek(out->fd, end, SEEK_SET) < 0)
			continue;
	}
}

/* After a failed write the file is given up: later lines would be cut in the middle. */
static void give_up(struct writer_output *out, size_t done)
{
	const char *line = memrchr(out->data, '\n', done);

	out->error = errno;
	fprintf(stderr, "weir: %s: cannot write: %s; records for it are lost from here on\n",
		out->path, strerror(errno));
	cut_part(out->fd, line ? (size_t)(out->data + done - line - 1) : done);
	close(out->fd);
	out->fd = -1;
}

static void flush_output(struct writer_output *out)
{
	size_t done = 0;

	while (out->fd >= 0 && done < out->len) {
		ssize_t n = write(out->fd, out->data + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			give_up(out, done);
			break;
		}
		done += (size_t)n;
	}
	if (done < out->len)
		out->lost_lines += count_lines(out->data + done, out->len - done);
	out->len = 0;
}

void writer_line(struct writer *w, unsigned output, enum record_kind kind, const char *line,
		 size_t len)
{
	struct writer_output *out = &w->output[output];

	if (len > PENDING_BYTES - out->len)
		flush_output(out);
	out->lines += count_lines(line, len);
	out->kinds[kind] += count_lines(line, len);
	if (out->fd < 0 || len > PENDING_BYTES) {
		out->lost_lines += count_lines(line, len);
		return;
	}
	memcpy(out->data + out->len, line, len);
	out->len += len;
}

static bool shows(struct writer *w, const struct record *rec)
{
	int64_t second = rec->threshold.time_ns / NS_PER_S;

	if (!rec->has_threshold)
		return true;
	if (second > w->threshold_second) {
		w->threshold_second = second;
		threshold_tick(w->thresholds, second * NS_PER_S);
	}
	if (threshold_check(w->thresholds, &rec->threshold)) {
		alerted_add(w, rec->threshold.flow);
		return true;
	}
	w->suppressed++;
	return false;
}

static void store_piece(struct writer *w, const uint8_t *at)
{
	struct filestore_piece p;

	memcpy(&p, at + sizeof(struct record_line), sizeof(p));
	if (w->store)
		filestore_take(w->store, &p, at + sizeof(struct record_line) + sizeof(p));
}

static void certificate_piece(struct writer *w, const uint8_t *at)
{
	struct certstore_piece p;

	memcpy(&p, at + sizeof(struct record_line), sizeof(p));
	if (w->certificates)
		certstore_take(w->certificates, &p, at + sizeof(struct record_line) + sizeof(p));
}

static void write_report(void *ctx, const struct watch_report *r)
{
	struct writer *w = ctx;
	const struct output_env env = { .flows = NULL };
	char text[REPORT_BYTES];

	for (unsigned i = 0; i < w->count; i++) {
		struct buf line = { .data = text, .size = sizeof(text) };

		if (!w->options[i].wants[RECORD_ANOMALY] || !w->options[i].anomaly.watch)
			continue;
		output_watch(&w->options[i], &env, r, &line);
		if (!line.full)
			writer_line(w, i, RECORD_ANOMALY, line.data, line.len);
	}
}

/* Workers on interfaces ask while facts are judged. */
static void judge_begin(struct writer *w)
{
	if (w->asking && w->asking->options.live)
		pthread_mutex_lock(&w->lock);
}

static void judge_end(struct writer *w)
{
	if (w->asking && w->asking->options.live)
		pthread_mutex_unlock(&w->lock);
}

static void judge_fact(struct writer *w, const uint8_t *at)
{
	if (!w->watch)
		return;
	judge_begin(w);
	watch_fact(w->watch, (const struct fact *)at, write_report, w);
	judge_end(w);
}

static void judge_rest(struct writer *w)
{
	if (!w->watch)
		return;
	judge_begin(w);
	watch_flush(w->watch, write_report, w);
	judge_end(w);
}

static void write_record(struct writer *w, const struct record *rec)
{
	const uint8_t *at = (const uint8_t *)(rec + 1);
	enum record_when known = RECORD_ALWAYS;

	if (rec->kind == RECORD_STORE) {
		store_piece(w, at);
		return;
	}
	if (rec->kind == RECORD_CERTIFICATE) {
		certificate_piece(w, at);
		return;
	}
	if (rec->kind == RECORD_FACT) {
		judge_fact(w, at);
		return;
	}
	if (!shows(w, rec))
		return;
	if (rec->kind == RECORD_FLOW && rec->threshold.flow)
		known = alerted_take(w, rec->threshold.flow) ? RECORD_IF_ALERTED
							     : RECORD_IF_NOT_ALERTED;
	if (rec->kind == RECORD_ALERT)
		count_alert(w, rec->rule_key);
	for (uint32_t i = 0; i < rec->lines; i++) {
		struct record_line line;

		memcpy(&line, at, sizeof(line));
		at += sizeof(line);
		if (line.when == RECORD_ALWAYS || line.when == known)
			writer_line(w, line.output, rec->kind, (const char *)at, line.len);
		at += (line.len + 7u) & ~7u;
	}
}

/*
 * The worker whose next record comes first.  A worker with nothing in its ring holds back all that is
 * not before its watermark; read the watermark before the ring, or a record could slip in between.
 */
static struct worker *least(struct workers *all, const struct record **rec)
{
	struct worker *first = NULL;
	uint64_t limit = UINT64_MAX;
	bool limited = false;

	*rec = NULL;
	for (unsigned i = 0; i < all->count; i++) {
		struct worker *w = &all->worker[i];
		bool done = atomic_load_explicit(&w->done, memory_order_acquire);
		uint64_t watermark = atomic_load_explicit(&w->watermark, memory_order_acquire);
		const struct record *head = record_ring_peek(&w->ring);

		if (!head) {
			if (!done) {
				limited = true;
				limit = watermark < limit ? watermark : limit;
			}
			continue;
		}
		if (!*rec || record_key_compare(&head->key, &(*rec)->key) < 0) {
			*rec = head;
			first = w;
		}
	}
	if (*rec && limited && record_key_step(&(*rec)->key) >= limit)
		*rec = NULL;
	return *rec ? first : NULL;
}

/* Live there is no order to wait for: what is there is written. */
static unsigned drain_as_it_comes(struct writer *w, struct workers *all)
{
	const struct record *rec;
	unsigned n = 0;

	for (unsigned i = 0; i < all->count; i++) {
		struct record_ring *ring = &all->worker[i].ring;

		for (unsigned k = 0;
		     k < DRAIN_MAX / all->count + 1 && (rec = record_ring_peek(ring)); k++) {
			write_record(w, rec);
			record_ring_take(ring, rec);
			n++;
		}
	}
	return n;
}

static unsigned drain_in_order(struct writer *w, struct workers *all)
{
	const struct record *rec;
	struct worker *from;
	unsigned n = 0;

	while (n < DRAIN_MAX && (from = least(all, &rec))) {
		write_record(w, rec);
		record_ring_take(&from->ring, rec);
		n++;
	}
	return n;
}

unsigned writer_drain(struct writer *w, struct workers *all)
{
	unsigned n;

	if (all->options.live)
		return drain_as_it_comes(w, all);
	if (!w->asking)
		return drain_in_order(w, all);
	pthread_mutex_lock(&w->lock);
	n = drain_in_order(w, all);
	pthread_mutex_unlock(&w->lock);
	return n;
}

/*
 * It is the packet's turn: all others have passed it, and its own worker has told how far it is, so what is in order now
 * is all that comes before it, and no more.
 */
static bool answer(void *ctx, const struct packet *p, const struct ip_addr *host,
		   const struct watch_range *kinds, struct detect_known *out)
{
	struct writer *w = ctx;

	pthread_mutex_lock(&w->lock);
	if (!w->asking->options.live) {
		while (drain_in_order(w, w->asking) == DRAIN_MAX)
			continue;
		watch_flush(w->watch, write_report, w);
	}
	out->due = watch_known(w->watch, host, kinds, p->time_ns, &out->count);
	pthread_mutex_unlock(&w->lock);
	return true;
}

void writer_answers(struct writer *w, struct workers *all)
{
	w->asking = all;
	workers_know(all, answer, w);
}

void writer_send(struct writer *w)
{
	judge_rest(w);
	for (unsigned i = 0; i < w->count; i++)
		flush_output(&w->output[i]);
}

void writer_reopen(struct writer *w, const int *files)
{
	for (unsigned i = 0; i < w->count; i++) {
		struct writer_output *out = &w->output[i];

		if (files[i] < 0)
			continue;
		flush_output(out);
		if (out->fd >= 0)
			close(out->fd);
		out->fd = files[i];
	}
}

int writer_open_again(const struct writer *w, int *out, unsigned *failed)
{
	for (unsigned i = 0; i < w->count; i++) {
		/* What others hold open too, as standard output, is not ours to open again. */
		if (!strcmp(w->options[i].filename, "-"))
			out[i] = fcntl(w->output[i].fd, F_DUPFD_CLOEXEC, 3);
		else
			out[i] = open_path(w->output[i].path, O_APPEND);
		if (out[i] < 0) {
			int err = -errno;

			*failed = i;
			while (i-- > 0)
				close(out[i]);
			return err;
		}
	}
	return 0;
}

int writer_flush(struct writer *w)
{
	int err = 0;

	judge_rest(w);
	for (unsigned i = 0; i < w->count; i++) {
		struct writer_output *out = &w->output[i];

		flush_output(out);
		if (out->error && !err)
			err = -out->error;
		if (out->lost_lines)
			fprintf(stderr, "weir: %s: %llu records could not be written\n", out->path,
				(unsigned long long)out->lost_lines);
	}
	return err;
}

void writer_close(struct writer *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->count; i++) {
		struct writer_output *out = &w->output[i];

		if (out->fd >= 0)
			close(out->fd);
		free(out->path);
		free(out->data);
	}
	free(w->output);
	free(w->rule);
	free(w->alerted);
	free(w);
}
