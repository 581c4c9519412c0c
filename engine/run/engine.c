/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "engine/base/prealloc.h"
#include "engine/detect/tag.h"
#include "engine/detect/xbits.h"
#include "engine/run/engine_link.h"
#include "engine/run/engine_sets.h"
#include "engine/run/generation.h"
#include "engine/run/image.h"
#include "engine/run/memory.h"
#include "engine/run/memory_count.h"
#include "engine/run/run.h"
#include "engine/run/sandbox.h"
#include "engine/run/summary.h"

#define NS_PER_S 1000000000LL
#define STATS_LINE_BYTES (256u << 10)
/*
 * Between looks at the rings, if no worker calls because its ring is filling or it is about to sleep: waking up
 * costs more than writing a few records.
 */
#define NAP_NS 100000000
/* While somebody waits for an end. */
#define NAP_SHORT_NS 4000000
/* How long the supervisor may take to close the books after the rings are empty. */
#define BOOKS_WAIT_NS (5 * NS_PER_S)

struct engine {
	const struct engine_options *opt;
	struct ruleset *rules; /* at the start; then the generations' */
	struct detect_options detect;
	struct app_options app; /* without what rules want of it */
	struct generations generations;
	struct engine_link link;
	struct engine_rules now; /* in force */
	struct worker_live_options live;
	struct threshold_table *output_thresholds, *action_thresholds;
	struct watch *watch; /* NULL: nothing is watched */
	struct weir_tally_bucket *buckets; /* what the program counts of sources; NULL: nothing */
	struct xbits_table *xbits;
	struct tag_table *tags;
	struct workers *workers;
	struct buf line;
	struct filestore *store; /* NULL: files are not stored */
	struct certstore *certificates; /* the same for certificates */
	int64_t started_ns, next_stats_ns, next_text_ns;
	uint32_t told_broken; /* sums that did not hold, as told */
	uint64_t program, rules_bytes; /* resident before rules were opened, and more afterwards */
};

static int64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir: engine: %s: %s\n", what, strerror(-err));
	return RUN_FAILED;
}

/* --- start ------------------------------------------------------------------------------------ */

static int draw_key(struct hash_key *out)
{
	return getrandom(out, sizeof(*out), 0) == sizeof(*out) ? 0 : -EIO;
}

static int open_tables(struct engine *e)
{
	uint32_t n = e->opt->settings->max_thresholds;
	struct hash_key key;
	int err = draw_key(&key);

	if (!err)
		err = threshold_table_new(n, &key, &e->output_thresholds);
	if (!err)
		err = threshold_table_new(n, &key, &e->action_thresholds);
	if (!err && (e->opt->settings->watch.enabled ||
		     (e->opt->settings->watch_counts && e->rules && ruleset_asks_watch(e->rules))))
		err = watch_new(&e->opt->settings->watch, &key, &e->watch);
	if (!err && e->opt->settings->watch_counts)
		err = live_map_tally(e->opt->handover, &e->buckets);
	if (!err && e->watch && e->buckets)
		err = watch_tally_of(e->watch, e->buckets);
	if (!err)
		err = xbits_table_new(n, &key, &e->xbits);
	if (!err)
		err = tag_table_new(&e->tags);
	return err;
}

static int open_workers(struct engine *e)
{
	const struct settings *s = e->opt->settings;
	struct worker_options opt = {
		.count = s->workers,
		.pipeline = pipeline_settings(s, e->rules),
		.rules = e->rules,
		.detect = e->detect,
		.live = &e->live,
		.outputs = s->outputs,
		.output_count = s->output_count,
		.pair_key = &e->opt->pair_key,
		.action_thresholds = e->action_thresholds,
		.watch = e->watch,
		.watch_window_s = s->watch.scan_window_s,
		.certificates = s->certs_dir != NULL,
		.xbits = e->xbits,
		.tags = e->tags,
	};
	int err = draw_key(&opt.pipeline.defrag.key);

	/* What a host of this machine sends may not have been through a device yet. */
	opt.pipeline.decode.partial_checksums = true;
	if (!err)
		err = draw_key(&opt.pipeline.flow.key);
	e->app = pipeline_settings(s, NULL).app;
	prealloc_set(s->live.prealloc_bytes);
	if (!err)
		err = workers_new(&opt, &e->workers);
	prealloc_set(0);
	if (!err && e->watch)
		writer_answers(e->opt->writer, e->workers);
	if (!err && e->rules)
		err = generations_init(&e->generations, e->workers, e->rules, &e->detect, &e->app);
	if (!err && e->rules)
		e->rules = NULL;
	return err;
}

static int open_all(struct engine *e)
{
	const struct settings *s = e->opt->settings;
	int err = 0;

	e->live = (struct worker_live_options){
		.handover = e->opt->handover,
		.live = { .spin_us = s->live.spin_us, .gather_us = s->live.gather_us },
		.filter = s->args->filter,
		.stop = &e->opt->board->stop,
		.rings = e->opt->rings,
		.bell = e->opt->bell,
		.kept = e->opt->kept,
		.shadow = s->live.shadow,
	};
	e->line = (struct buf){ .data = malloc(STATS_LINE_BYTES), .size = STATS_LINE_BYTES };
	if (!e->line.data)
		return fail("memory", -ENOMEM);
	e->detect = s->detect;
	e->detect.reloads = true;
	e->program = memory_resident();
	if (e->opt->rules.image >= 0)
		err = image_open(e->opt->rules.image, e->opt->rules.lists, s, NULL, &e->rules);
	if (err)
		return fail("cannot open the compiled rules", err);
	e->rules_bytes = memory_resident();
	e->rules_bytes -= e->rules_bytes < e->program ? e->rules_bytes : e->program;
	err = open_tables(e);
	if (err)
		return fail("thresholds", err);
	e->opt->writer->thresholds = e->output_thresholds;
	e->opt->writer->watch = e->watch;
	err = open_workers(e);
	if (err)
		return fail("cannot make the workers", err);
	err = s->filestore.dir ? filestore_open(&s->filestore, &e->store) : 0;
	if (err)
		return fail(s->filestore.dir, err);
	e->opt->writer->store = e->store;
	err = s->certs_dir ? certstore_open(s->certs_dir, &e->certificates) : 0;
	if (err)
		return fail(s->certs_dir, err);
	e->opt->writer->certificates = e->certificates;
	return RUN_DONE;
}

/* The folders of stored files and certificates, where there are any, are all that it may touch. */
static int enter_sandbox(const struct engine *e)
{
	const char *files = e->store ? e->opt->settings->filestore.dir : NULL;
	const char *certs = e->opt->settings->certs_dir;
	const struct sandbox_options opt = { .files = files || certs, .write = { files, certs } };
	struct sandbox_report report;
	char text[256];
	int err = sandbox_engine(&opt, &report);

	if (err)
		return fail("cannot drop capabilities", err);
	if (sandbox_complaint(&report, text, sizeof(text)))
		fprintf(stderr, "weir: engine: %s\n", text);
	return RUN_DONE;
}

/* --- records of the engine's own -------------------------------------------------------------- */

static void counters_of(struct engine *e, struct counters *sum)
{
	workers_counters(e->workers, sum);
	sum->value[COUNTER_DETECT_ALERT] = e->opt->writer->alerts;
	sum->value[COUNTER_DETECT_ALERTS_SUPPRESSED] += e->opt->writer->suppressed;
	sum->value[COUNTER_LIMITS_REACHED] +=
		threshold_refused(e->output_thresholds) + threshold_refused(e->action_thresholds);
	if (e->store) {
		sum->value[COUNTER_FILE_STORE_ERRORS] = filestore_counts(e->store).failed;
		sum->value[COUNTER_LIMITS_REACHED] += filestore_counts(e->store).refused;
	}
	if (e->certificates) {
		sum->value[COUNTER_FILE_STORE_ERRORS] += certstore_counts(e->certificates).failed;
		sum->value[COUNTER_LIMITS_REACHED] += certstore_counts(e->certificates).refused;
	}
}

static void count_memory(struct engine *e, struct counters *sum)
{
	const struct memory_parts parts = {
		.workers = e->workers,
		.output_thresholds = e->output_thresholds,
		.action_thresholds = e->action_thresholds,
		.xbits = e->xbits,
		.handover = e->opt->handover,
		.watch = e->watch != NULL,
		.program = e->program,
		.rules = e->rules_bytes,
	};

	if (e->opt->settings->stats_memory)
		memory_count(e->opt->settings, &parts, sum);
}

static void ledger_out(const struct ledger *l, struct output_ledger *out)
{
	*out = (struct output_ledger){
		.entered = l->entered,
		.inspected = l->inspected,
		.released = l->released,
		.unwanted = l->unwanted,
		.blocked = l->blocked,
		.in_flight = l->in_flight > 0 ? (uint64_t)l->in_flight : 0,
		.ring_full = l->lost[XDP_LOSS_RING_FULL],
		.no_fill = l->lost[XDP_LOSS_NO_FILL],
		.too_large = l->lost[XDP_LOSS_TOO_LARGE],
		.redirect = l->lost[XDP_LOSS_REDIRECT],
		.worker = l->lost[XDP_LOSS_WORKER],
		.unsure = l->unsure,
		.nic_lost = l->nic_lost,
		.holds = l->holds,
	};
}

static void capture_out(const struct books *b, struct output_capture *out)
{
	static const char *const modes[] = { [XDP_MODE_SPAN] = "span", [XDP_MODE_HOST] = "host" };

	*out = (struct output_capture){
		.kernel_packets = b->kernel_packets,
		.kernel_drops = b->kernel_drops,
		.kernel_ifdrops = b->kernel_ifdrops,
		.polls = b->polls,
		.wakeups = b->wakeups,
		.kicks = b->kicks,
		.engines = b->engines,
		.interfaces = b->interfaces,
	};
	ledger_out(&b->all, &out->all);
	for (unsigned i = 0; i < b->interfaces && i < OUTPUT_INTERFACES_MAX; i++) {
		const struct books_interface *f = &b->interface[i];

		out->interface[i].name = f->name;
		out->interface[i].mode = modes[f->mode <= XDP_MODE_HOST ? f->mode : 0];
		out->interface[i].step = xdp_step_name((enum xdp_step)f->step);
		ledger_out(&f->ledger, &out->interface[i].ledger);
	}
}

static void stats_of(struct engine *e, const struct counters *sum,
		     const struct output_capture *capture, struct output_stats *out)
{
	const struct settings *s = e->opt->settings;
	static struct rule_top costs;

	engine_link_costs(&e->link, &costs);
	*out = (struct output_stats){
		.time_ns = clock_ns(CLOCK_REALTIME),
		.uptime_s = (uint64_t)(clock_ns(CLOCK_MONOTONIC) - e->opt->started_ns) / NS_PER_S,
		.counters = sum,
		.rules_loaded = e->now.loaded,
		.rules_failed = e->now.failed,
		.rules_skipped = e->now.skipped,
		.rules_hash = *e->now.hash ? e->now.hash : NULL,
		.last_reload_ns = e->now.loaded_ns,
		.decoder_events = s->decoder_events,
		.stream_events = s->stream_events,
		.events_prefix = s->events_prefix,
		.capture = capture,
		.rule_costs = costs.rule,
		.rule_cost_count = costs.rules,
		.filter_hits = costs.filter,
		.filter_hit_count = costs.filters,
	};
}

/* A sum that did not hold is an error: each output that has statistics is told. */
static void tell_broken(struct engine *e, const struct books *b, unsigned output)
{
	const struct output_options *o = &e->opt->settings->outputs[output];
	char text[LEDGER_TEXT_BYTES + 64], sum[LEDGER_TEXT_BYTES];

	if (b->broken == e->told_broken)
		return;
	snprintf(text, sizeof(text), "the ledger does not hold: %s", ledger_text(&b->all, sum));
	e->line.len = 0;
	e->line.full = false;
	output_engine(o, clock_ns(CLOCK_REALTIME), "ledger", text, &e->line);
	if (!e->line.full)
		writer_line(e->opt->writer, output, RECORD_ENGINE, e->line.data, e->line.len);
}

static void write_stats(struct engine *e)
{
	const struct settings *s = e->opt->settings;
	struct output_env env = { .inline_mode = s->detect.inline_mode,
				  .stores_files = s->filestore.dir || s->certs_dir,
				  .exceptions = &s->exceptions };
	static struct output_capture capture;
	static struct books books;
	struct counters sum;
	struct output_stats stats;
	bool have = board_get_books(e->opt->board, &books);

	counters_of(e, &sum);
	count_memory(e, &sum);
	if (have)
		capture_out(&books, &capture);
	stats_of(e, &sum, have ? &capture : NULL, &stats);
	for (unsigned i = 0; i < s->output_count; i++) {
		if (!s->outputs[i].wants[RECORD_STATS])
			continue;
		if (have)
			tell_broken(e, &books, i);
		if (!s->stats_enabled)
			continue;
		e->line.len = 0;
		e->line.full = false;
		output_stats(&s->outputs[i], &env, &stats, &e->line);
		if (!e->line.full)
			writer_line(e->opt->writer, i, RECORD_STATS, e->line.data, e->line.len);
	}
	if (have)
		e->told_broken = books.broken;
}

/* For whoever asks the supervisor for counters. */
static void put_text(struct engine *e)
{
	static const struct output_options all = { .stats = { .totals = true,
							      .null_values = true } };
	struct output_env env = { .rules = NULL };
	static struct output_capture capture;
	static struct books books;
	struct counters sum;
	struct output_stats stats;
	bool have = board_get_books(e->opt->board, &books);

	counters_of(e, &sum);
	count_memory(e, &sum);
	if (have)
		capture_out(&books, &capture);
	stats_of(e, &sum, have ? &capture : NULL, &stats);
	e->line.len = 0;
	e->line.full = false;
	output_stats(&all, &env, &stats, &e->line);
	if (!e->line.full)
		board_put_text(e->opt->board, e->line.data, e->line.len);
}

/* --- the run ---------------------------------------------------------------------------------- */

static bool all_done(const struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (!atomic_load_explicit(&all->worker[i].done, memory_order_acquire))
			return false;
	}
	return true;
}

static void nap(long ns)
{
	struct timespec t = { .tv_nsec = ns };

	nanosleep(&t, NULL);
}

/* What is due by the clock. */
static void keep_time(struct engine *e)
{
	const struct settings *s = e->opt->settings;
	int64_t now = clock_ns(CLOCK_MONOTONIC);
	int files[SETTINGS_OUTPUTS_MAX];

	if (engine_link_files(&e->link, files))
		writer_reopen(e->opt->writer, files);
	engine_link_now(&e->link, &e->now);
	if (now >= e->next_text_ns) {
		e->next_text_ns = now + NS_PER_S;
		put_text(e);
	}
	if (now >= e->next_stats_ns) {
		e->next_stats_ns += (int64_t)s->stats_interval_s * NS_PER_S;
		write_stats(e);
		writer_send(e->opt->writer);
	}
}

static void write_records(struct engine *e)
{
	for (;;) {
		bool done = all_done(e->workers);
		unsigned records = writer_drain(e->opt->writer, e->workers);

		if (records)
			/* Somebody may be waiting for an alert. */
			writer_send(e->opt->writer);
		else if (done)
			break;
		if (!done)
			workers_wait(e->workers, NAP_NS);
		keep_time(e);
	}
	workers_join(e->workers);
	engine_link_end(&e->link);
	engine_link_now(&e->link, &e->now);
}

/* The rings are empty: the last statistics are those of the closed books. */
static void wait_for_books(struct engine *e)
{
	int64_t until = clock_ns(CLOCK_MONOTONIC) + BOOKS_WAIT_NS;
	static struct books books;

	atomic_store(&e->opt->board->state, BOARD_DRAINED);
	while (!(board_get_books(e->opt->board, &books) && books.final) &&
	       clock_ns(CLOCK_MONOTONIC) < until)
		nap(NAP_SHORT_NS);
}

static void tell(struct engine *e)
{
	const struct settings *s = e->opt->settings;
	struct counters sum;
	struct summary summary = {
		.writer = e->opt->writer,
		.rules = e->generations.newest ? e->generations.newest->rules : NULL,
		.counters = &sum,
		.rules_loaded = e->now.loaded,
		.rules_failed = e->now.failed,
		.rules_skipped = e->now.skipped,
		.workers = e->workers->count,
		.cost = s->args->shadow ? e->workers : NULL,
		.seconds = (double)(clock_ns(CLOCK_MONOTONIC) - e->started_ns) / 1e9,
	};
	bool to_stdout = false;

	counters_of(e, &sum);
	for (unsigned i = 0; i < s->output_count; i++)
		to_stdout |= !strcmp(s->outputs[i].filename, "-");
	summary_print(&summary, to_stdout ? stderr : stdout);
	fflush(stdout);
}

static int start_link(struct engine *e)
{
	const struct engine_link_options opt = {
		.fd = e->opt->link,
		.settings = e->opt->settings,
		.workers = e->workers,
		.generations = &e->generations,
		.rules = e->opt->rules,
		.xbits = e->xbits,
	};

	e->now = e->opt->rules;
	return engine_link_start(&opt, &e->link);
}

/* For the supervisor, which writes them. */
static void leave_sets(const struct engine *e)
{
	int err = 0;

	if (e->generations.newest)
		err = engine_sets_write(e->generations.newest->rules, &e->detect, e->opt->sets);
	if (err)
		fprintf(stderr, "weir: engine: data sets: %s\n", strerror(-err));
}

static int run(struct engine *e)
{
	int err = start_link(e);

	if (err)
		return fail("cannot start a thread", err);
	err = workers_start(e->workers);

	if (err) {
		engine_link_end(&e->link);
		atomic_store(&e->opt->board->stop, 1);
		workers_join(e->workers);
		return fail("cannot start a worker", err);
	}
	e->started_ns = clock_ns(CLOCK_MONOTONIC);
	e->next_stats_ns = e->started_ns + (int64_t)e->opt->settings->stats_interval_s * NS_PER_S;
	e->next_text_ns = e->started_ns;
	atomic_store(&e->opt->board->state, BOARD_RUNNING);
	write_records(e);
	wait_for_books(e);
	put_text(e);
	write_stats(e);
	err = writer_flush(e->opt->writer);
	leave_sets(e);
	tell(e);
	return err ? RUN_FAILED : RUN_DONE;
}

int engine_run(const struct engine_options *opt)
{
	static struct engine e;
	int code;

	e.opt = opt;
	code = open_all(&e);

	if (code == RUN_DONE)
		code = enter_sandbox(&e);
	if (code == RUN_DONE)
		code = run(&e);
	if (e.generations.newest)
		generations_fini(&e.generations);
	else
		workers_free(e.workers);
	watch_free(e.watch);
	threshold_table_free(e.output_thresholds);
	threshold_table_free(e.action_thresholds);
	xbits_table_free(e.xbits);
	tag_table_free(e.tags);
	opt->writer->store = NULL;
	opt->writer->certificates = NULL;
	filestore_close(e.store);
	certstore_close(e.certificates);
	ruleset_free(e.rules);
	free(e.line.data);
	return code;
}
