/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker that gets the same rules anew all the time: it alerts as if it had not, and allocates nothing.
 * What was released is looked through when other rules come.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/detect/kit.h"
#include "engine/run/generation.h"
#include "engine/run/run.h"
#include "engine/run/worker_rules.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static unsigned long allocations;
static bool counting;

#if !defined(__SANITIZE_ADDRESS__)
void *malloc(size_t size)
{
	allocations += counting;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations += counting;
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	allocations += counting;
	return __libc_realloc(old, size);
}
#endif

static char capture_path[2][512], rules_path[2][512], directory[64];
static unsigned chosen; /* of these */
static char set_classes[576], set_references[576];

struct bench {
	struct diag_list diags;
	struct settings_args args;
	const char *rules[1];
	struct settings *settings;
	struct capture *capture;
	struct worker_options options;
	struct workers *workers;
	struct generations generations;
};

static struct ruleset *load(struct bench *b)
{
	struct run_rules rules;
	struct ruleset *out;

	assert_int_equal(run_load_rules(b->settings, &b->diags, &rules), 0);
	if (b->diags.errors)
		settings_print_diags(&b->diags, stderr);
	assert_int_equal(b->diags.errors, 0);
	out = rules.compiled;
	rules.compiled = NULL;
	run_rules_fini(&rules);
	return out;
}

static void open_bench(struct bench *b)
{
	static const char *sets[] = { set_classes, set_references };
	static const struct hash_key key = { 1, 2 };
	const char *inputs[] = { capture_path[chosen] };
	char error[CAPTURE_ERROR_BYTES];
	struct capture_options opt = { .inputs = inputs, .input_count = 1, .readers = 1 };
	struct ruleset *first;

	memset(b, 0, sizeof(*b));
	b->rules[0] = rules_path[chosen];
	b->args.sets = (struct text_list){ sets, 2 };
	b->args.rules = (struct text_list){ b->rules, 1 };
	b->args.log_dir = directory;
	b->args.checksums = "none";
	diag_list_init(&b->diags);
	assert_int_equal(settings_load(&b->args, &b->diags, &b->settings), 0);
	b->settings->detect.reloads = true;
	b->settings->detect.cache_folder = NULL;
	assert_int_equal(capture_open(&opt, &b->capture, error), 0);
	first = load(b);
	b->options = (struct worker_options){ .count = 1,
					      .pipeline = pipeline_settings(b->settings, first),
					      .rules = first,
					      .detect = b->settings->detect,
					      .capture = b->capture,
					      .pair_key = &key };
	assert_int_equal(workers_new(&b->options, &b->workers), 0);
	assert_int_equal(generations_init(&b->generations, b->workers, first, &b->options.detect,
					  &b->options.pipeline.app),
			 0);
}

static void close_bench(struct bench *b)
{
	pipeline_end(b->workers->worker[0].pipeline);
	generations_fini(&b->generations);
	capture_close(b->capture);
	settings_free(b->settings);
	diag_list_fini(&b->diags);
}

/* Alerts of the capture; rules come anew after each `every` frames, 0: never. */
static uint64_t alerts_with(unsigned every, unsigned *reloads)
{
	const struct capture_block *block;
	struct counters *counters;
	struct worker *w;
	struct bench b;
	unsigned n = 0;
	uint64_t sum;

	open_bench(&b);
	w = &b.workers->worker[0];
	counters = &w->pipeline->counters;
	*reloads = 0;
	while (capture_next_block(b.capture, 0, &block) == 1) {
		for (unsigned i = 0; i < block->count; i++, n++) {
			const struct frame *f = &block->frames[i];

			if (every && n % every == every - 1) {
				assert_int_equal(generations_publish(&b.generations, load(&b)), 0);
				assert_false(generations_settled(&b.generations));
				++*reloads;
			}
			counting = true;
			while (worker_rules_follow(w))
				;
			pipeline_frames(w->pipeline, &f, 1);
			counting = false;
			assert_true(generations_settled(&b.generations));
		}
	}
	counting = true;
	pipeline_end(w->pipeline);
	counting = false;
	detector_leave(w->detector);
	/* Nothing keeps an earlier one any more. */
	generations_collect(&b.generations);
	assert_int_equal(b.generations.count, 1);
	sum = counters->value[COUNTER_DETECT_ALERT];
	close_bench(&b);
	return sum;
}

static void the_same_rules_anew_change_nothing(void **state)
{
	static const unsigned every[] = { 13, 3 };
	unsigned reloads;

	(void)state;
	for (chosen = 0; chosen < 2; chosen++) {
		uint64_t quiet = alerts_with(0, &reloads);

		assert_true(quiet >= 3);
		assert_int_equal(reloads, 0);
		for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++) {
			assert_int_equal(alerts_with(every[i], &reloads), quiet);
			assert_true(reloads > KITS_MAX);
		}
	}
	chosen = 0;
	assert_int_equal(allocations, 0);
}

static void rules_come_one_after_the_other(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b);
	assert_int_equal(generations_publish(&b.generations, load(&b)), 0);
	assert_int_equal(generations_publish(&b.generations, load(&b)), -EBUSY);
	while (worker_rules_follow(&b.workers->worker[0]))
		;
	assert_int_equal(generations_publish(&b.generations, load(&b)), 0);
	close_bench(&b);
}

static int prepare(void **state)
{
	const char *top = getenv("abs_top_srcdir");
	static const char *const names[] = { "apps", "http" };

	(void)state;
	top = top ? top : ".";
	snprintf(directory, sizeof(directory), "/tmp/weir-generation-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(capture_path[i], sizeof(capture_path[i]), "%s/tests/pcap/%s.pcap", top,
			 names[i]);
		snprintf(rules_path[i], sizeof(rules_path[i]), "%s/tests/pcap/%s.rules", top,
			 names[i]);
	}
	snprintf(set_classes, sizeof(set_classes),
		 "classification-file=%s/rules/classification.config", top);
	snprintf(set_references, sizeof(set_references),
		 "reference-config-file=%s/rules/reference.config", top);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	rmdir(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rules_anew_change_nothing),
		cmocka_unit_test(rules_come_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
