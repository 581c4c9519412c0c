/* SPDX-License-Identifier: Apache-2.0 */
/* Whenever and wherever a regex becomes machine code, and where it cannot, it finds the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/detect/regex.h"
#include "parser/rule.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define NONE SIZE_MAX

static const struct row {
	const char *pattern, *subject;
	uint32_t options;
	size_t from, to; /* NONE: it does not match */
	size_t group_from, group_to; /* of group 1; NONE: it took no part */
} rows[] = {
	{ "b+", "aabbbc", 0, 2, 5, NONE, NONE },
	{ "^b", "ab", 0, NONE, NONE, NONE, NONE },
	{ "^b", "a\nb", PCRE_M, 2, 3, NONE, NONE },
	{ "HOST: ([a-z.]+)", "x host: a.example!", PCRE_I, 2, 17, 8, 17 },
	{ "a(x)?b", "ab", 0, 0, 2, NONE, NONE },
	{ "(a+)\\1c", "aaaac", 0, 0, 5, 0, 2 },
	{ "(?<=id=)(\\d{3})", "id=12 id=345", 0, 9, 12, 9, 12 },
	{ "(*NO_JIT)q(.)", "aqz", 0, 1, 3, 2, 3 },
	{ "a.c", "a\nc", 0, NONE, NONE, NONE, NONE },
	{ "a.c", "a\nc", PCRE_S, 0, 3, NONE, NONE },
	/* So many ways that a limit ends it, and how it is counted decides: JIT and interpreter must not take turns. */
	{ "(?:a|b|ab)*c", "abababababababababababababababababab", 0, NONE, NONE, NONE, NONE },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct regex_base *open_rows(enum regex_jit jit)
{
	struct regex_code *code[ROWS];
	struct regex_base *b;
	uint8_t *serialized;
	uint32_t captures;
	size_t len, at;
	char why[128];

	for (size_t i = 0; i < ROWS; i++) {
		code[i] = regex_compile(bytes_of((const uint8_t *)rows[i].pattern,
						 strlen(rows[i].pattern)),
					rows[i].options, why, &at, &captures);
		assert_non_null(code[i]);
	}
	assert_int_equal(regex_serialize(code, ROWS, &serialized, &len), 0);
	for (size_t i = 0; i < ROWS; i++)
		regex_code_free(code[i]);
	assert_int_equal(regex_open(serialized, ROWS, jit, &b), 0);
	free(serialized);
	return b;
}

/* Number of the first row that does not find what it should; ROWS: all do. */
static size_t wrong_row(const struct regex_base *b)
{
	struct regex_scratch *s;
	size_t i;

	if (regex_scratch_new(3500, 1500, 8, &s))
		return 0;
	for (i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct bytes subject = bytes_of((const uint8_t *)r->subject, strlen(r->subject));
		size_t from = NONE, to = NONE, group_from = NONE, group_to = NONE;
		bool found = regex_match(b, s, (uint32_t)i, subject, 0, &from, &to);

		if (found != (r->from != NONE) || (found && (from != r->from || to != r->to)))
			break;
		if (found && regex_group(s, 1, &group_from, &group_to) != (r->group_from != NONE))
			break;
		if (group_from != r->group_from || group_to != r->group_to)
			break;
	}
	regex_scratch_free(s);
	return i;
}

static void whenever(void **state)
{
	(void)state;
	for (int jit = REGEX_JIT_NEVER; jit <= REGEX_JIT_LATER; jit++) {
		struct regex_base *b = open_rows((enum regex_jit)jit);

		/* The first time, when it is made, and once it is there. */
		for (unsigned times = 0; times < 2; times++)
			assert_int_equal(wrong_row(b), ROWS);
		regex_close(b);
	}
}

static void none_at_all(void **state)
{
	struct regex_base *b;

	(void)state;
	assert_int_equal(regex_open(NULL, 0, REGEX_JIT_LATER, &b), 0);
	regex_close(b);
	regex_close(NULL);
}

#define THREADS 4

struct racer {
	const struct regex_base *base;
	pthread_barrier_t *start;
	size_t wrong;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->wrong = wrong_row(r->base);
	return NULL;
}

/* All want the same one at once: one makes it, the others wait for it. */
static void by_several_threads(void **state)
{
	(void)state;
	for (unsigned times = 0; times < 20; times++) {
		struct regex_base *b = open_rows(REGEX_JIT_LATER);
		struct racer racer[THREADS];
		pthread_t thread[THREADS];
		pthread_barrier_t start;

		pthread_barrier_init(&start, NULL, THREADS);
		for (unsigned i = 0; i < THREADS; i++) {
			racer[i] = (struct racer){ .base = b, .start = &start };
			assert_int_equal(pthread_create(&thread[i], NULL, race, &racer[i]), 0);
		}
		for (unsigned i = 0; i < THREADS; i++) {
			pthread_join(thread[i], NULL);
			assert_int_equal(racer[i].wrong, ROWS);
		}
		pthread_barrier_destroy(&start);
		regex_close(b);
	}
}

/* A process that may have no executable memory: 0 all is found, 1 something is not, 2 the kernel has no such ban. */
static int without_executable_memory(enum regex_jit jit)
{
	struct regex_base *b;
	size_t wrong;

	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) ||
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0) != MAP_FAILED)
		return 2;
	b = open_rows(jit);
	wrong = wrong_row(b);
	regex_close(b);
	return wrong != ROWS;
}

/* Runs first, so that PCRE2 has no such memory from before. */
static void where_it_cannot_be_made(void **state)
{
	(void)state;
	for (int jit = REGEX_JIT_NOW; jit <= REGEX_JIT_LATER; jit++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0)
			_exit(without_executable_memory((enum regex_jit)jit));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 2) {
			print_message(
				"# the kernel bans no executable memory: PR_SET_MDWE is of Linux 6.3\n");
			skip();
		}
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_cannot_be_made),
		cmocka_unit_test(whenever),
		cmocka_unit_test(none_at_all),
		cmocka_unit_test(by_several_threads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
