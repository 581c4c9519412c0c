/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void copy_is_equal(void **state)
{
	static const size_t lens[] = { 0, 1, 7, 4095, 4096, 4097 };
	static uint8_t data[4097];
	size_t i;

	(void)state;
	memset(data, 0x5a, sizeof(data));
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		assert_memory_equal(guard_copy(data, lens[i]), data, lens[i]);
	guard_free_all();
}

static void next_byte_is_a_crash(void **state)
{
	const volatile uint8_t *p = guard_copy("abc", 3);
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(p[3] ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_is_equal),
		cmocka_unit_test(next_byte_is_a_crash),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
