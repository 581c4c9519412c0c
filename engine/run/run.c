/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/large.h"
#include "engine/detect/tag.h"
#include "engine/detect/xbits.h"
#include "engine/run/load_kept.h"
#include "engine/run/memory.h"
#include "engine/run/memory_count.h"
#include "engine/run/savings.h"
#include "engine/run/rule_cost.h"
#include "engine/run/sandbox.h"
#include "engine/run/spread.h"
#include "engine/run/summary.h"
#include "engine/run/supervisor.h"
#include "engine/run/writer.h"
#include "parser/rule_select.h"
#include "parser/threshold_config.h"

/* On files everything is keyed by constants, so that a run repeats. */
static const struct hash_key offline_key = { 0x5765697220697320ULL, 0x6e6f742072616e64ULL };

#define STATS_LINE_BYTES (256u << 10)
#define PROGRESS_INTERVAL_S 0.2
/*
 * Between looks at the rings; each costs two changes of threads.  So long that the fullest one holds between a sixteenth and
 * an eighth of what it may then; one that fills before that calls.
 */
#define NAP_LEAST_NS 500000
#define NAP_MOST_NS 32000000

static struct capture *volatile interrupted_capture;
static volatile sig_atomic_t interrupts;

static void on_signal(int sig)
{
	(void)sig;
	if (interrupts++)
		_exit(RUN_INTERRUPTED);
	if (interrupted_capture)
		capture_stop(interrupted_capture);
}

static void catch_signals(struct capture *c)
{
	struct sigaction act = { .sa_handler = on_signal };

	interrupted_capture = c;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &act, NULL);
}

/* From here on a signal ends the program, as nothing of the run is left to save. */
static void release_signals(void)
{
	interrupted_capture = NULL;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- rules ---------------------------------------------------------------------------------- */

/* The rule files, as the files that enable, disable and modify have them, and thresholds from elsewhere. */
static int load_files(const struct settings *s, struct diag_list *diags, struct rule_set *out)
{
	struct rule_parse_options opt = s->rule_options;
	struct threshold_config thresholds;
	int err = 0;

	opt.select = rule_select_new();
	if (!opt.select)
		return -ENOMEM;
	for (unsigned i = 0; i < SELECT__COUNT; i++) {
		if (s->rule_changes[i])
			rule_select_file(opt.select, (enum rule_select_kind)i, s->rule_changes[i],
					 diags);
	}
	if (rule_select_empty(opt.select)) {
		rule_select_free(opt.select);
		opt.select = NULL;
	}
	for (unsigned i = 0; i < s->rule_files.count; i++)
		rule_set_file(out, s->rule_files.text[i], &opt, diags);
	if (opt.select)
		rule_select_unused(opt.select, diags);
	rule_select_free(opt.select);
	if (s->threshold_file && threshold_config_file(out, s->threshold_file, &s->rule_options,
						       diags, &thresholds) == 0)
		err = threshold_config_apply(&thresholds, out, diags);
	return err;
}

int run_parse_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out)
{
	int err;

	*out = (struct run_rules){ .compiled = NULL };
	rule_set_init(&out->parsed);
	/* A file that cannot be read is a diagnostic, and the rest goes on. */
	rule_set_classification(&out->parsed, s->classification_file, diags);
	rule_set_reference_config(&out->parsed, s->reference_config_file, diags);
	err = load_files(s, diags, &out->parsed);
	out->loaded = out->parsed.loaded;
	out->skipped = out->parsed.skipped;
	out->failed = out->parsed.failed;
	return err;
}

int run_load_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out)
{
	int err = run_parse_rules(s, diags, out);

	if (!err)
		err = detect_compile(&out->parsed, &s->detect, diags, &out->compiled);
	if (err)
		return err;
	out->loaded = ruleset_rules(out->compiled);
	if (out->parsed.loaded > out->loaded)
		out->failed += out->parsed.loaded - out->loaded;
	return 0;
}

/* What run_load_rules() does, and the parsed rules go on the way. */
static int load_and_forget(const struct settings *s, struct diag_list *diags, struct run_rules *out,
			   bool *reads_more)
{
	int err = run_parse_rules(s, diags, out);
	unsigned parsed = out->loaded;

	*reads_more = !err && load_kept_reads_more(&out->parsed);
	if (!err)
		err = detect_compile_forget(&out->parsed, &s->detect, diags, &out->compiled);
	if (err)
		return err;
	out->loaded = ruleset_rules(out->compiled);
	if (parsed > out->loaded)
		out->failed += parsed - out->loaded;
	return 0;
}

int run_start_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out)
{
	const struct diag *before = diags->last;
	struct cache_key key;
	bool reads_more, keep = load_kept_key(s, &key) == 0;
	int err;

	if (keep) {
		err = load_kept_read(s, &key, diags, out);
		if (err != -ENOENT)
			return err;
	}
	err = load_and_forget(s, diags, out, &reads_more);
	if (!err && keep && !reads_more)
		load_kept_write(s, &key, diags, before, out);
	return err;
}

void run_rules_fini(struct run_rules *r)
{
	ruleset_free(r->compiled);
	rule_set_fini(&r->parsed);
	r->compiled = NULL;
}

void run_rules_forget_parsed(struct run_rules *r)
{
	rule_set_fini(&r->parsed);
	rule_set_init(&r->parsed);
	/* Many pieces between others: the heap would keep them. */
	malloc_trim(0);
}

/* --- one run ---------------------------------------------------------------------------------- */

struct run {
	const struct settings *settings;
	struct run_rules rules;
	struct capture *capture;
	struct threshold_table *output_thresholds;
	struct threshold_table *action_thresholds;
	struct xbits_table *xbits;
	struct tag_table *tags;
	struct workers *workers;
	struct writer *writer;
	struct filestore *store;
	struct certstore *certificates;
	struct watch *watch;
	struct counters counters;
	struct rule_cost_file *cost; /* NULL: not asked for */
	double started;
	uint64_t program, rules_bytes; /* resident before rules were loaded, and more afterwards */
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir: %s: %s\n", what, strerror(-err));
	return RUN_FAILED;
}

static int open_capture(struct run *r)
{
	const struct settings *s = r->settings;
	char error[CAPTURE_ERROR_BYTES] = "";
	struct capture_options opt = {
		.inputs = s->args->captures.text,
		.input_count = s->args->captures.count,
		.filter = s->args->filter,
		.readers = s->workers,
	};

	if (capture_open(&opt, &r->capture, error)) {
		fprintf(stderr, "weir: %s\n", error);
		return RUN_FAILED;
	}
	return RUN_DONE;
}

static bool asks_watch(const struct run *r)
{
	return r->rules.compiled && ruleset_asks_watch(r->rules.compiled);
}

static int open_workers(struct run *r)
{
	const struct settings *s = r->settings;
	struct worker_options opt = {
		.count = s->workers,
		.pipeline = pipeline_settings(s, r->rules.compiled),
		.rules = r->rules.compiled,
		.detect = s->detect,
		.capture = r->capture,
		.outputs = s->outputs,
		.output_count = s->output_count,
		.pair_key = &offline_key,
		.watch = s->watch.enabled || (s->watch_counts && asks_watch(r)),
		.watch_window_s = s->watch.scan_window_s,
	};
	char *failed;
	int err;

	opt.pipeline.defrag.key = offline_key;
	opt.pipeline.flow.key = offline_key;
	err = threshold_table_new(s->max_thresholds, &offline_key, &r->output_thresholds);
	if (!err)
		err = threshold_table_new(s->max_thresholds, &offline_key, &r->action_thresholds);
	if (!err)
		err = xbits_table_new(s->max_thresholds, &offline_key, &r->xbits);
	if (!err)
		err = tag_table_new(&r->tags);
	if (err)
		return fail("thresholds", err);
	opt.action_thresholds = r->action_thresholds;
	opt.xbits = r->xbits;
	opt.tags = r->tags;
	opt.certificates = s->certs_dir != NULL;
	err = workers_new(&opt, &r->workers);
	if (err)
		return fail("cannot reserve memory for the workers (memory in weir.yaml)", err);
	err = writer_open(s->outputs, s->output_count, s->log_dir,
			  r->rules.compiled ? ruleset_rules(r->rules.compiled) : 0,
			  r->output_thresholds, &r->writer, &failed);
	if (err) {
		fail(failed ? failed : "outputs", err);
		free(failed);
		return RUN_FAILED;
	}
	if (opt.watch) {
		struct watch_options watch = s->watch;

		watch.counts_asked = asks_watch(r);
		err = watch_new(&watch, &offline_key, &r->watch);
		if (err)
			return fail("what is known of hosts", err);
		r->writer->watch = r->watch;
		if (watch.counts_asked)
			writer_answers(r->writer, r->workers);
	}
	if (opt.pipeline.app.files.storing) {
		err = filestore_open(&s->filestore, &r->store);
		if (err)
			return fail(s->filestore.dir, err);
		r->writer->store = r->store;
	}
	if (s->certs_dir) {
		err = certstore_open(s->certs_dir, &r->certificates);
		if (err)
			return fail(s->certs_dir, err);
		r->writer->certificates = r->certificates;
	}
	return RUN_DONE;
}

static void show_progress(struct run *r, double now)
{
	uint64_t done, total;

	capture_progress(r->capture, &done, &total);
	if (total)
		fprintf(stderr, "\r%3u %%  %.0f MB of %.0f MB, %.1f s ",
			(unsigned)(done * 100 / total), (double)done / 1e6, (double)total / 1e6,
			now - r->started);
	else
		fprintf(stderr, "\r%.0f MB, %.1f s ", (double)done / 1e6, now - r->started);
	fflush(stderr);
}

static bool all_done(const struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (!atomic_load_explicit(&all->worker[i].done, memory_order_acquire))
			return false;
	}
	return true;
}

/* How long to sleep after a look that found the rings so full, where the last time it was `last`. */
static long next_nap(const struct workers *all, long last)
{
	uint64_t held = 0, size = 1;

	for (unsigned i = 0; i < all->count; i++) {
		uint64_t h = record_ring_held(&all->worker[i].ring);

		held = h > held ? h : held;
		size = all->worker[i].ring.size;
	}
	if (held < size / 16)
		last *= 2;
	else if (held > size / 2)
		last = NAP_LEAST_NS;
	else if (held > size / 8)
		last /= 2;
	if (last < NAP_LEAST_NS)
		return NAP_LEAST_NS;
	return last < NAP_MOST_NS ? last : NAP_MOST_NS;
}

/* Merge records until every worker is done and every ring empty. */
static void wait_for_workers(struct run *r)
{
	bool progress = isatty(STDERR_FILENO);
	double shown = r->started + PROGRESS_INTERVAL_S;
	long nap_ns = NAP_LEAST_NS;

	for (;;) {
		bool done = all_done(r->workers);
		unsigned taken;

		nap_ns = next_nap(r->workers, nap_ns);
		taken = writer_drain(r->writer, r->workers);
		if (done && !taken)
			break;
		if (!done)
			workers_wait(r->workers, nap_ns);
		if (progress && seconds_now() > shown) {
			shown = seconds_now() + PROGRESS_INTERVAL_S;
			show_progress(r, seconds_now());
		}
	}
	if (progress)
		fprintf(stderr, "\r%60s\r", "");
}

static int64_t last_time_ns(const struct workers *all)
{
	/* All workers have read every frame: any one's clock will do. */
	return all->worker[0].now_ns == INT64_MIN ? 0 : all->worker[0].now_ns;
}

static void write_stats(struct run *r)
{
	const struct settings *s = r->settings;
	struct buf line = { .data = malloc(STATS_LINE_BYTES), .size = STATS_LINE_BYTES };
	struct output_stats stats = {
		.time_ns = last_time_ns(r->workers),
		.counters = &r->counters,
		.rules_loaded = r->rules.loaded,
		.rules_failed = r->rules.failed,
		.rules_skipped = r->rules.skipped,
		.decoder_events = s->decoder_events,
		.stream_events = s->stream_events,
		.events_prefix = s->events_prefix,
	};
	struct output_env env = {
		.rules = r->rules.compiled,
		.inline_mode = s->detect.inline_mode,
		.stores_files = s->filestore.dir || s->certs_dir,
		.exceptions = &s->exceptions,
	};

	for (unsigned i = 0; line.data && s->stats_enabled && i < s->output_count; i++) {
		if (!s->outputs[i].wants[RECORD_STATS])
			continue;
		line.len = 0;
		line.full = false;
		output_stats(&s->outputs[i], &env, &stats, &line);
		if (!line.full)
			writer_line(r->writer, i, RECORD_STATS, line.data, line.len);
	}
	free(line.data);
}

/* A damaged capture is told, and what stood before the damage is the result. */
static void tell(struct run *r, double seconds)
{
	struct stages stages = { .packets = 0 };
	struct summary summary = {
		.writer = r->writer,
		.rules = r->rules.compiled,
		.counters = &r->counters,
		.rules_loaded = r->rules.loaded,
		.rules_failed = r->rules.failed,
		.rules_skipped = r->rules.skipped,
		.workers = r->workers->count,
		.filters = r->workers,
		.cost = r->settings->args->shadow ? r->workers : NULL,
		.stages = r->settings->args->stages ? &stages : NULL,
		.seconds = seconds,
		.interrupted = interrupts > 0,
	};
	unsigned damaged = capture_error_count(r->capture);
	bool to_stdout = false;

	workers_stages(r->workers, &stages);
	for (unsigned i = 0; i < damaged; i++)
		fprintf(stderr, "weir: %s\n", capture_error(r->capture, i));
	for (unsigned i = 0; i < r->settings->output_count; i++)
		to_stdout |= !strcmp(r->settings->outputs[i].filename, "-");
	summary_print(&summary, to_stdout ? stderr : stdout);
	memory_print_cuts(r->settings, to_stdout ? stderr : stdout);
}

/* Outputs are open; of files there are only the captures left to open. */
static int enter_sandbox(struct run *r)
{
	unsigned count = capture_input_count(r->capture);
	const char **paths = calloc(count + 1, sizeof(*paths));
	struct sandbox_options opt = {
		.files = true,
		.read = paths,
		.reads = count,
		.write = { r->store ? r->settings->filestore.dir : NULL, r->settings->certs_dir },
	};
	struct sandbox_report report;
	char text[256];
	int err;

	if (!paths)
		return fail("sandbox", -ENOMEM);
	for (unsigned i = 0; i < count; i++)
		paths[i] = capture_input_name(r->capture, i);
	err = sandbox_engine(&opt, &report);
	free(paths);
	if (err)
		return fail("cannot drop capabilities", err);
	if (sandbox_complaint(&report, text, sizeof(text)))
		fprintf(stderr, "weir: %s\n", text);
	return RUN_DONE;
}

static int open_cost(struct run *r)
{
	const struct settings *s = r->settings;
	int err = 0;

	if (s->args->cost && r->rules.compiled)
		err = rule_cost_open(s->log_dir, &r->cost);
	return err ? fail("cannot write " RULE_COST_FILE, err) : RUN_DONE;
}

static void write_cost(struct run *r)
{
	int err = r->cost ? rule_cost_write(r->cost, r->workers, r->rules.compiled) : 0;

	if (err)
		fail("cannot write " RULE_COST_FILE, err);
}

static void count_memory(struct run *r)
{
	const struct memory_parts parts = {
		.workers = r->workers,
		.output_thresholds = r->output_thresholds,
		.action_thresholds = r->action_thresholds,
		.xbits = r->xbits,
		.watch = r->watch != NULL,
		.program = r->program,
		.rules = r->rules_bytes,
	};

	memory_count(r->settings, &parts, &r->counters);
}

static int run_capture(struct run *r)
{
	double seconds;
	int code, err;

	code = open_capture(r);
	if (code)
		return code;
	code = open_workers(r);
	if (code)
		return code;
	code = open_cost(r);
	if (!code)
		code = enter_sandbox(r);
	if (code)
		return code;
	catch_signals(r->capture);
	r->started = seconds_now();
	err = workers_start(r->workers);
	if (err) {
		release_signals();
		return fail("cannot start a worker", err);
	}
	wait_for_workers(r);
	workers_join(r->workers);
	seconds = seconds_now() - r->started;

	workers_counters(r->workers, &r->counters);
	if (r->store) {
		r->counters.value[COUNTER_FILE_STORE_ERRORS] = filestore_counts(r->store).failed;
		r->counters.value[COUNTER_LIMITS_REACHED] += filestore_counts(r->store).refused;
	}
	if (r->certificates) {
		struct certstore_counts n = certstore_counts(r->certificates);

		r->counters.value[COUNTER_FILE_STORE_ERRORS] += n.failed;
		r->counters.value[COUNTER_LIMITS_REACHED] += n.refused;
	}
	r->counters.value[COUNTER_DETECT_ALERT] = r->writer->alerts;
	r->counters.value[COUNTER_DETECT_ALERTS_SUPPRESSED] += r->writer->suppressed;
	r->counters.value[COUNTER_LIMITS_REACHED] +=
		threshold_refused(r->output_thresholds) + threshold_refused(r->action_thresholds);
	if (r->settings->stats_memory)
		count_memory(r);
	write_stats(r);
	err = writer_flush(r->writer);
	write_cost(r);
	release_signals();
	tell(r, seconds);
	if (interrupts)
		return RUN_INTERRUPTED;
	return err ? RUN_FAILED : RUN_DONE;
}

static void run_fini(struct run *r)
{
	if (r->workers)
		workers_join(r->workers);
	writer_close(r->writer);
	watch_free(r->watch);
	filestore_close(r->store);
	certstore_close(r->certificates);
	rule_cost_close(r->cost);
	workers_free(r->workers);
	capture_close(r->capture);
	threshold_table_free(r->output_thresholds);
	threshold_table_free(r->action_thresholds);
	xbits_table_free(r->xbits);
	tag_table_free(r->tags);
	if (r->rules.compiled) {
		int err = ruleset_save(r->rules.compiled);

		if (err)
			fail("cannot write a data set", err);
	}
	run_rules_fini(&r->rules);
}

/* Load the rules where they are wanted; RUN_DONE: go on. */
static int load_rules(struct run *r, struct diag_list *diags)
{
	const struct settings *s = r->settings;
	int err;

	r->program = memory_resident();
	if (!s->detection) {
		settings_print_diags(diags, stderr);
		return RUN_DONE;
	}
	err = run_start_rules(s, diags, &r->rules);
	settings_print_diags(diags, stderr);
	run_rules_forget_parsed(&r->rules);
	r->rules_bytes = memory_resident();
	r->rules_bytes -= r->rules_bytes < r->program ? r->rules_bytes : r->program;
	if (err)
		return fail("cannot compile the rules", err);
	if (diags->errors && (s->args->init_errors_fatal || s->args->test_only)) {
		fprintf(stderr, "weir: %u of %u rules have errors\n", r->rules.failed,
			r->rules.failed + r->rules.loaded);
		return RUN_RULES;
	}
	return RUN_DONE;
}

/* -T: what live capture would save is known without a packet. */
static void tell_test(const struct run *r)
{
	struct detect_needs needs = settings_needs(r->settings);
	struct weir_plan *plan = calloc(1, sizeof(*plan));

	printf("configuration and %u rules are fine\n", r->rules.loaded);
	if (plan && r->rules.compiled && detect_plan(r->rules.compiled, &needs, plan) == 0)
		savings_print(r->settings, r->rules.compiled, plan, stdout);
	free(plan);
}

/* On files nothing waits for packets, workers may still have executable memory, and the process is gone soon. */
static void load_for_files(struct settings *s)
{
	large_pages_set(s->args->interfaces.count != 0);
	if (s->args->interfaces.count)
		return;
	s->spread = spread_over(s->workers);
	s->detect.spread = &s->spread;
	s->detect.regex_later = true;
}

static int run_loaded(const struct settings *s, struct diag_list *diags)
{
	struct run r = { .settings = s };
	int code;

	code = load_rules(&r, diags);
	if (code == RUN_DONE && s->args->test_only)
		tell_test(&r);
	else if (code == RUN_DONE && s->args->interfaces.count)
		code = supervisor_run(s, &r.rules, diags);
	else if (code == RUN_DONE)
		code = run_capture(&r);
	run_fini(&r);
	return code;
}

int run_main(const struct settings_args *args)
{
	struct settings *s = NULL;
	struct diag_list diags;
	int code;

	diag_list_init(&diags);
	if (settings_load(args, &diags, &s)) {
		code = fail("configuration", -ENOMEM);
	} else if (diags.errors) {
		settings_print_diags(&diags, stderr);
		code = RUN_RULES;
	} else {
		load_for_files(s);
		code = run_loaded(s, &diags);
	}
	settings_free(s);
	diag_list_fini(&diags);
	return code;
}
