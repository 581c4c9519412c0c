/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring.  Blocks are numbered from 0; block n lies in slot n % slot_count.  Under the lock
 * stand how many blocks are loaded and, for each reader, the block that it holds or wants next.
 * A slot may be filled again when every reader has moved past the block in it.  Whoever wants the
 * first block that is not loaded, and finds its slot free and nobody loading, loads it with the
 * lock released.
 *
 * The end is decided where the next block would be loaded, so it is after the same block for all.
 */
#include "engine/capture/capture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/capture/filter.h"
#include "engine/capture/inputs.h"
#include "engine/capture/splitter.h"

/* Block bytes for each frame that a block has room for; smaller packets end the block early. */
#define BYTES_PER_FRAME 64
#define FRAMES_MIN 64
/* Messages beside one for each input. */
#define MESSAGES_EXTRA 16
/* How long a pipe is waited for before the stop flag is looked at again. */
#define POLL_MS 100

#define NOBODY UINT64_MAX

struct slot {
	uint8_t *data;
	size_t filled; /* bytes of data in use */
	struct frame *frames;
	struct capture_block block;
};

struct capture {
	pthread_mutex_t lock;
	pthread_cond_t moved; /* a block was loaded, a reader moved on, or the end was found */

	/* Under the lock. */
	uint64_t loaded; /* blocks */
	bool loading;
	bool ended;
	bool stopped;
	unsigned reader_count;
	uint64_t *at; /* a reader's block; NOBODY: it has left */
	bool *holds; /* it was given that block */
	unsigned message_count;
	unsigned message_room;
	char (*messages)[CAPTURE_ERROR_BYTES];

	atomic_bool stop;
	atomic_uint_fast64_t bytes_done;

	/* Of whoever loads. */
	struct inputs inputs;
	struct filter *filter;
	struct splitter *splitter;
	unsigned pass, passes;
	unsigned next_input;
	unsigned input; /* the open one */
	int fd; /* -1: none is open */
	bool regular;
	struct bytes rest; /* read and not yet split; in the slot that was filled last */
	uint64_t number; /* of the last frame */
	int64_t first_ns, last_ns; /* least and greatest time of the first pass */
	int64_t pass_gap_ns;
	int64_t shift_ns;

	capture_loaded_fn on_load; /* NULL: nobody is told */
	void *on_load_ctx;

	/* The ring. */
	unsigned slot_count;
	struct slot *slots;
	size_t block_bytes;
	size_t slot_bytes; /* of data */
	unsigned frame_room;
	uint8_t *map;
	size_t map_bytes;
};

/* --- messages --- */

__attribute__((format(printf, 3, 4))) static void tell(struct capture *c, const struct input *in,
						       const char *fmt, ...)
{
	va_list args;

	/* Later passes would only say the same again. */
	if (c->pass > 0)
		return;
	va_start(args, fmt);
	pthread_mutex_lock(&c->lock);
	if (c->message_count < c->message_room) {
		char *text = c->messages[c->message_count++];
		int n = snprintf(text, CAPTURE_ERROR_BYTES, "%s: ", input_title(in));

		/* A path that leaves no room for the reason stands alone. */
		if (n > 0 && n < CAPTURE_ERROR_BYTES)
			vsnprintf(text + n, CAPTURE_ERROR_BYTES - (size_t)n, fmt, args);
	}
	pthread_mutex_unlock(&c->lock);
	va_end(args);
}

unsigned capture_error_count(struct capture *c)
{
	unsigned n;

	pthread_mutex_lock(&c->lock);
	n = c->message_count;
	pthread_mutex_unlock(&c->lock);
	return n;
}

const char *capture_error(struct capture *c, unsigned index)
{
	return index < capture_error_count(c) ? c->messages[index] : NULL;
}

/* --- loading a block --- */

static void close_input(struct capture *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->rest = bytes_of(NULL, 0);
}

static int64_t shifted(int64_t time_ns, int64_t shift_ns)
{
	return time_ns > CAPTURE_TIME_MAX_NS - shift_ns ? CAPTURE_TIME_MAX_NS : time_ns + shift_ns;
}

static bool next_pass(struct capture *c)
{
	if (c->pass + 1 >= c->passes)
		return false;
	c->pass++;
	c->next_input = 0;
	if (c->last_ns >= c->first_ns) /* there was a packet */
		c->shift_ns =
			shifted(shifted(c->shift_ns, c->last_ns - c->first_ns), c->pass_gap_ns);
	return true;
}

static bool open_input(struct capture *c, const struct input *in)
{
	struct stat st;

	c->fd = input_open(in);
	if (c->fd < 0) {
		tell(c, in, "%s", strerror(-c->fd));
		c->fd = -1;
		return false;
	}
	c->regular = fstat(c->fd, &st) == 0 && S_ISREG(st.st_mode);
	splitter_init(c->splitter);
	return true;
}

/* Open the next input that can be opened; false when none is left. */
static bool next_input(struct capture *c)
{
	for (;;) {
		const struct input *in;

		if (c->next_input == c->inputs.count) {
			if (!next_pass(c))
				return false;
			continue;
		}
		c->input = c->next_input++;
		in = &c->inputs.list[c->input];
		if (!in->wrong && open_input(c, in))
			return true;
	}
}

static bool accept(struct capture *c, const struct frame *f)
{
	char error[CAPTURE_ERROR_BYTES / 2];
	bool swapped = c->splitter->big_endian;

	switch (filter_apply(c->filter, f, swapped, error, sizeof(error))) {
	case FILTER_PASS:
		return true;
	case FILTER_BROKEN:
		tell(c, &c->inputs.list[c->input], "packets of link type %d are left out: %s",
		     (int)f->link, error);
		return false;
	case FILTER_LEAVE:
		break;
	}
	return false;
}

static void note_time(struct capture *c, struct frame *f)
{
	if (c->pass == 0) {
		if (c->first_ns > f->time_ns)
			c->first_ns = f->time_ns;
		if (c->last_ns < f->time_ns)
			c->last_ns = f->time_ns;
	}
	f->time_ns = shifted(f->time_ns, c->shift_ns);
}

/* Split what is there; SPLIT_FRAME says that the block has no room for another frame. */
static enum split split_rest(struct capture *c, struct slot *slot)
{
	struct capture_block *b = &slot->block;

	while (b->count < c->frame_room) {
		struct frame *f = &slot->frames[b->count];
		enum split st = splitter_next(c->splitter, &c->rest, f);

		if (st != SPLIT_FRAME)
			return st;
		note_time(c, f);
		if (c->filter && !accept(c, f))
			continue;
		f->number = ++c->number;
		f->interface = c->input;
		b->count++;
	}
	return SPLIT_FRAME;
}

static bool readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}

/* Bring the unsplit bytes to the front of a slot that holds no frames. */
static void carry(struct capture *c, struct slot *slot)
{
	if (c->rest.len > 0)
		memmove(slot->data, c->rest.data, c->rest.len);
	c->rest = bytes_of(slot->data, c->rest.len);
	slot->filled = c->rest.len;
}

/* Read more behind what is there.  Bytes read, 0 at the end, -EAGAIN to try again, -errno. */
static ssize_t read_more(struct capture *c, struct slot *slot)
{
	size_t room = c->slot_bytes - slot->filled;
	ssize_t n;

	if (!c->regular && !readable(c->fd, POLL_MS))
		return -EAGAIN;
	n = read(c->fd, slot->data + slot->filled, room < c->block_bytes ? room : c->block_bytes);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (c->rest.len == 0)
		c->rest.data = slot->data + slot->filled;
	c->rest.len += (size_t)n;
	slot->filled += (size_t)n;
	atomic_fetch_add_explicit(&c->bytes_done, (uint64_t)n, memory_order_relaxed);
	return n;
}

/* Whether a block with frames in it should wait for more bytes: only where they cost no waiting. */
static bool worth_reading(const struct capture *c, const struct slot *slot)
{
	return !c->regular && c->slot_bytes - slot->filled > c->block_bytes / 2 &&
	       readable(c->fd, 0);
}

/* Read and split once more.  True when the block is to be given out as it is. */
static bool load_step(struct capture *c, struct slot *slot)
{
	const struct input *in = &c->inputs.list[c->input];
	ssize_t n;

	switch (split_rest(c, slot)) {
	case SPLIT_FRAME:
		return true;
	case SPLIT_BAD:
		tell(c, in, "%s", c->splitter->error);
		close_input(c);
		return false;
	case SPLIT_MORE:
		break;
	}
	if (slot->block.count == 0)
		carry(c, slot);
	else if (!worth_reading(c, slot))
		return true;
	n = read_more(c, slot);
	if (n > 0 || n == -EAGAIN)
		return false;
	if (n < 0)
		tell(c, in, "%s", strerror((int)-n));
	else if (!splitter_end(c->splitter, c->rest))
		tell(c, in, "%s", c->splitter->error);
	close_input(c);
	return false;
}

/* Fill the slot of the next block.  False when there is none: the end, or a stop. */
static bool load(struct capture *c, struct slot *slot)
{
	slot->block = (struct capture_block){
		.frames = slot->frames,
		.first_number = c->number + 1,
		.sequence = c->loaded,
	};
	carry(c, slot);
	while (!atomic_load_explicit(&c->stop, memory_order_relaxed)) {
		if (c->fd < 0) {
			/* A block holds frames of one file: what is there goes out first. */
			if (slot->block.count > 0 || !next_input(c))
				break;
			carry(c, slot);
		}
		if (load_step(c, slot))
			break;
	}
	if (slot->block.count && c->on_load)
		c->on_load(c->on_load_ctx, slot->frames, slot->block.count);
	return slot->block.count > 0;
}

void capture_on_load(struct capture *c, capture_loaded_fn loaded, void *ctx)
{
	c->on_load = loaded;
	c->on_load_ctx = ctx;
}

/* --- readers --- */

/* Some 50 us. */
#define LOOKS 3000

/* The block of the reader that is furthest behind; NOBODY when all have left. */
static uint64_t slowest(const struct capture *c)
{
	uint64_t least = NOBODY;

	for (unsigned i = 0; i < c->reader_count; i++)
		if (c->at[i] < least)
			least = c->at[i];
	return least;
}

static bool slot_is_free(const struct capture *c)
{
	return c->loaded < c->slot_count || slowest(c) > c->loaded - c->slot_count;
}

/* With the lock held, which is released while reading. */
static void load_next(struct capture *c)
{
	bool stop = atomic_load(&c->stop);
	bool got = false;

	if (!stop) {
		__atomic_store_n(&c->loading, true, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&c->lock);
		got = load(c, &c->slots[c->loaded % c->slot_count]);
		pthread_mutex_lock(&c->lock);
		__atomic_store_n(&c->loading, false, __ATOMIC_RELAXED);
		stop = atomic_load(&c->stop);
	}
	if (got) {
		c->loaded++;
	} else {
		c->ended = true;
		c->stopped = stop;
	}
	pthread_cond_broadcast(&c->moved);
}

static void move_on(struct capture *c, unsigned reader)
{
	if (!c->holds[reader])
		return;
	c->holds[reader] = false;
	c->at[reader]++;
	pthread_cond_broadcast(&c->moved);
}

/*
 * Another reader is loading, which takes it less time than it takes to fall asleep and be woken: look for the end of
 * that for so long.  Without the lock.
 */
static void watch_loading(struct capture *c)
{
	for (unsigned i = 0; i < LOOKS && __atomic_load_n(&c->loading, __ATOMIC_RELAXED); i++)
		__builtin_ia32_pause();
}

int capture_next_block(struct capture *c, unsigned reader, const struct capture_block **out)
{
	bool looked = false;
	int result;

	pthread_mutex_lock(&c->lock);
	move_on(c, reader);
	while (c->at[reader] != NOBODY && c->at[reader] >= c->loaded && !c->ended) {
		if (!c->loading && slot_is_free(c)) {
			load_next(c);
		} else if (c->loading && !looked) {
			looked = true;
			pthread_mutex_unlock(&c->lock);
			watch_loading(c);
			pthread_mutex_lock(&c->lock);
		} else {
			pthread_cond_wait(&c->moved, &c->lock);
		}
	}
	if (c->at[reader] < c->loaded) {
		c->holds[reader] = true;
		*out = &c->slots[c->at[reader] % c->slot_count].block;
		result = 1;
	} else {
		*out = NULL;
		result = c->stopped ? -ECANCELED : 0;
	}
	pthread_mutex_unlock(&c->lock);
	return result;
}

void capture_leave(struct capture *c, unsigned reader)
{
	pthread_mutex_lock(&c->lock);
	c->holds[reader] = false;
	c->at[reader] = NOBODY;
	pthread_cond_broadcast(&c->moved);
	pthread_mutex_unlock(&c->lock);
}

void capture_stop(struct capture *c)
{
	/* The waiting readers wait for one that loads or works, and that one sees the flag. */
	atomic_store(&c->stop, true);
}

/* --- opening --- */

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static int make_ring(struct capture *c, const struct capture_options *opt)
{
	bool alone = opt->readers == 1;
	size_t each, frames_bytes;
	void *map;

	c->block_bytes = alone ? CAPTURE_BLOCK_BYTES_ALONE : CAPTURE_BLOCK_BYTES;
	if (opt->block_bytes)
		c->block_bytes = opt->block_bytes;
	c->slot_count = alone ? CAPTURE_BLOCKS_ALONE : CAPTURE_BLOCKS;
	if (opt->blocks)
		c->slot_count = opt->blocks;
	/* A slot's unsplit end is carried into the next one, which must be another. */
	if (c->slot_count < 2 || c->slot_count > 1024 || c->block_bytes > (size_t)1 << 30)
		return -EINVAL;
	c->slot_bytes = round_up(c->block_bytes + SPLITTER_RECORD_MAX, 64);
	c->frame_room = (unsigned)(c->block_bytes / BYTES_PER_FRAME);
	if (c->frame_room < FRAMES_MIN)
		c->frame_room = FRAMES_MIN;
	frames_bytes = round_up(c->frame_room * sizeof(struct frame), 64);
	each = c->slot_bytes + frames_bytes;
	c->slots = calloc(c->slot_count, sizeof(*c->slots));
	if (!c->slots)
		return -ENOMEM;
	c->map_bytes = each * c->slot_count;
	map = mmap(NULL, c->map_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	c->map = map;
	for (unsigned i = 0; i < c->slot_count; i++) {
		c->slots[i].data = c->map + i * each;
		c->slots[i].frames = (struct frame *)(void *)(c->map + i * each + c->slot_bytes);
	}
	return 0;
}

static int make_readers(struct capture *c, const struct capture_options *opt)
{
	c->reader_count = opt->readers;
	if (c->reader_count == 0)
		return -EINVAL;
	c->at = calloc(c->reader_count, sizeof(*c->at));
	c->holds = calloc(c->reader_count, sizeof(*c->holds));
	c->splitter = malloc(sizeof(*c->splitter));
	return c->at && c->holds && c->splitter ? 0 : -ENOMEM;
}

/*
 * The filter must compile for what at least one file begins with; better now than in the middle.
 * What it does not compile for is told when its first packet turns up.
 */
static int make_filter(struct capture *c, const char *expression, char *error)
{
	char reason[CAPTURE_ERROR_BYTES] = "";
	bool any = false, good = false;
	int err;

	if (!expression || !*expression)
		return 0;
	err = filter_open(expression, &c->filter, error, CAPTURE_ERROR_BYTES);
	if (err)
		return err;
	for (unsigned i = 0; i < c->inputs.count && !good; i++) {
		const struct input *in = &c->inputs.list[i];

		if (!in->has_link)
			continue;
		any = true;
		good = filter_prepare(c->filter, (enum link_type)in->link, in->big_endian, reason,
				      sizeof(reason)) == 0;
	}
	if (good || !any || c->inputs.total_bytes == 0)
		return 0;
	memcpy(error, reason, sizeof(reason));
	return -EINVAL;
}

static int make_messages(struct capture *c)
{
	c->message_room = c->inputs.count + MESSAGES_EXTRA;
	c->messages = calloc(c->message_room, sizeof(*c->messages));
	if (!c->messages)
		return -ENOMEM;
	for (unsigned i = 0; i < c->inputs.count; i++)
		if (c->inputs.list[i].wrong)
			tell(c, &c->inputs.list[i], "%s", c->inputs.list[i].wrong);
	return 0;
}

static int check_passes(struct capture *c, const struct capture_options *opt, char *error)
{
	c->passes = opt->passes ? opt->passes : 1;
	c->pass_gap_ns = opt->pass_gap_ns > 0 ? opt->pass_gap_ns : 0;
	for (unsigned i = 0; c->passes > 1 && i < c->inputs.count; i++) {
		if (!c->inputs.list[i].regular && !c->inputs.list[i].wrong) {
			snprintf(error, CAPTURE_ERROR_BYTES, "%s: a pipe can be read only once",
				 input_title(&c->inputs.list[i]));
			return -ESPIPE;
		}
	}
	return 0;
}

static int fill_in(struct capture *c, const struct capture_options *opt, char *error)
{
	int err = make_readers(c, opt);

	if (!err)
		err = make_ring(c, opt);
	if (err) {
		snprintf(error, CAPTURE_ERROR_BYTES, "capture: %s", strerror(-err));
		return err;
	}
	err = inputs_init(&c->inputs, opt->inputs, opt->input_count, c->splitter, c->slots[0].data,
			  c->slot_bytes, error, CAPTURE_ERROR_BYTES);
	if (!err)
		err = make_filter(c, opt->filter, error);
	if (!err)
		err = check_passes(c, opt, error);
	if (!err && make_messages(c)) {
		err = -ENOMEM;
		snprintf(error, CAPTURE_ERROR_BYTES, "capture: %s", strerror(ENOMEM));
	}
	return err;
}

int capture_open(const struct capture_options *opt, struct capture **out,
		 char error[CAPTURE_ERROR_BYTES])
{
	struct capture *c = calloc(1, sizeof(*c));
	int err;

	*out = NULL;
	error[0] = '\0';
	if (!c) {
		snprintf(error, CAPTURE_ERROR_BYTES, "capture: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->moved, NULL);
	c->fd = -1;
	c->first_ns = INT64_MAX;
	c->last_ns = INT64_MIN;
	err = fill_in(c, opt, error);
	if (err) {
		capture_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	close_input(c);
	filter_close(c->filter);
	inputs_fini(&c->inputs);
	if (c->map)
		munmap(c->map, c->map_bytes);
	free(c->slots);
	free(c->splitter);
	free(c->messages);
	free(c->holds);
	free(c->at);
	pthread_cond_destroy(&c->moved);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* --- what it knows --- */

unsigned capture_input_count(const struct capture *c)
{
	return c->inputs.count;
}

const char *capture_input_name(const struct capture *c, unsigned index)
{
	return index < c->inputs.count ? c->inputs.list[index].name : NULL;
}

void capture_progress(const struct capture *c, uint64_t *done_out, uint64_t *total_out)
{
	*done_out = atomic_load_explicit(&c->bytes_done, memory_order_relaxed);
	*total_out = c->inputs.total_bytes * c->passes;
}

size_t capture_memory_bytes(const struct capture *c)
{
	return c->map_bytes;
}
