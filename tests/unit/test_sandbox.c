/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process may still do: each try in a child of its own, with its result. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/run/sandbox.h"

static char folder[] = "/tmp/weir-sandbox-XXXXXX", inside[64], outside[64], kept[64];

static int try_open(const char *path, int how)
{
	int fd = open(path, how, 0600);

	return fd < 0 ? errno : 0;
}

static int read_inside(void)
{
	return try_open(inside, O_RDONLY);
}

static int read_outside(void)
{
	return try_open(outside, O_RDONLY);
}

static int write_inside(void)
{
	return try_open(inside, O_WRONLY);
}

static int create(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/new", folder);
	return try_open(path, O_RDWR | O_CREAT);
}

static int run_program(void)
{
	char *const words[] = { "true", NULL };

	execv("/bin/true", words);
	return errno;
}

static int call_bpf(void)
{
	char attr[128] = { 0 };

	return syscall(SYS_bpf, 0, attr, sizeof(attr)) < 0 ? errno : 0;
}

static int new_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

static int new_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static void *nothing(void *arg)
{
	return arg;
}

/* What an engine does after it has confined itself. */
static int work(void)
{
	pthread_t t;
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || pthread_create(&t, NULL, nothing, NULL) ||
	    pthread_join(t, NULL) || write(STDERR_FILENO, "", 0) != 0)
		return 1;
	return malloc(1 << 20) ? 0 : 1;
}

/* Below the folder of a compiler's, or of stored files. */
static int make_below(void)
{
	char from[80], to[80];
	int fd;

	snprintf(from, sizeof(from), "%s/a", kept);
	snprintf(to, sizeof(to), "%s/b", kept);
	fd = open(from, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) ||
	    renameat(AT_FDCWD, from, AT_FDCWD, to) || unlinkat(AT_FDCWD, to, 0))
		return errno;
	return 0;
}

static int write_outside(void)
{
	return try_open(outside, O_WRONLY);
}

enum { DENIED = -1 };
enum { LIVE, FILES, STORE, COMPILER };

static const struct {
	const char *what;
	int (*try)(void);
	int who; /* FILES: may read `inside`; STORE: live, and may make files below `kept` */
	int want; /* 0, an errno, or DENIED: EPERM or EACCES */
} rows[] = {
	{ "work, live", work, LIVE, 0 },
	{ "work, on files", work, FILES, 0 },
	{ "read what is allowed", read_inside, FILES, 0 },
	{ "read it where no file is", read_inside, LIVE, EPERM },
	{ "read another file", read_outside, FILES, DENIED },
	{ "write what may be read", write_inside, FILES, DENIED },
	{ "make a file", create, FILES, DENIED },
	{ "run a program", run_program, FILES, DENIED },
	{ "run a program, live", run_program, LIVE, DENIED },
	{ "bpf(2)", call_bpf, FILES, EPERM },
	{ "fork", new_process, FILES, EPERM },
	{ "a socket", new_socket, FILES, EPERM },
	{ "work, storing files", work, STORE, 0 },
	{ "store a file", make_below, STORE, 0 },
	{ "read another file, storing", read_outside, STORE, DENIED },
	{ "make a file elsewhere, storing", create, STORE, DENIED },
	{ "a compiler's work", work, COMPILER, 0 },
	{ "it reads any file", read_outside, COMPILER, 0 },
	{ "it keeps what it compiled", make_below, COMPILER, 0 },
	{ "it writes no other file", write_outside, COMPILER, DENIED },
	{ "it makes no other file", create, COMPILER, DENIED },
	{ "it runs no program", run_program, COMPILER, DENIED },
	{ "it makes no process", new_process, COMPILER, EPERM },
	{ "it makes no socket", new_socket, COMPILER, EPERM },
	{ "it calls no bpf(2)", call_bpf, COMPILER, EPERM },
};

/* In a child: 0 as wanted, 1 not, 2 this kernel cannot confine. */
static int in_child(size_t row)
{
	const char *paths[] = { inside };
	struct sandbox_options opt = { .files = rows[row].who != LIVE,
				       .read = paths,
				       .reads = rows[row].who == FILES,
				       .write = { rows[row].who == STORE ? kept : NULL } };
	struct sandbox_report report;
	char text[256];
	int got;

	if (rows[row].who == COMPILER ? sandbox_compiler(kept, &report)
				      : sandbox_engine(&opt, &report))
		return 1;
	if (sandbox_complaint(&report, text, sizeof(text)))
		return 2;
	got = rows[row].try();
	if (rows[row].want == DENIED)
		return got != EPERM && got != EACCES;
	return got != rows[row].want;
}

static void tries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(in_child(i));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status)
			print_message("row %zu: %s: status %x\n", i, rows[i].what,
				      (unsigned)status);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void complaints(void **state)
{
	static const struct {
		struct sandbox_report report;
		const char *text; /* NULL: none */
	} told[] = {
		{ { 4, 0 }, NULL },
		{ { -ENOSYS, 0 },
		  "not confined by Landlock (Function not implemented); seccomp is in force" },
		{ { 1, -EINVAL },
		  "not confined by seccomp (Invalid argument); Landlock is in force" },
		{ { -ENOSYS, -EINVAL },
		  "confined neither by Landlock (Function not implemented) nor by seccomp (Invalid "
		  "argument)" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const char *got = sandbox_complaint(&told[i].report, text, sizeof(text));

		if (told[i].text)
			assert_string_equal(got, told[i].text);
		else
			assert_null(got);
	}
}

/* Whether this kernel confines at all. */
static bool confines(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(in_child(0));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 2;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complaints),
		cmocka_unit_test(tries),
	};
	int failed;

#if defined(__SANITIZE_ADDRESS__)
	puts("1..0 # SKIP a sanitizer needs what is forbidden");
	return 0;
#endif
	if (!confines()) {
		puts("1..0 # SKIP this kernel has no Landlock or no seccomp");
		return 0;
	}
	if (!mkdtemp(folder))
		return 1;
	snprintf(inside, sizeof(inside), "%s/inside", folder);
	snprintf(outside, sizeof(outside), "%s/outside", folder);
	snprintf(kept, sizeof(kept), "%s/kept", folder);
	mkdir(kept, 0700);
	close(open(inside, O_CREAT | O_WRONLY, 0600));
	close(open(outside, O_CREAT | O_WRONLY, 0600));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(inside);
	unlink(outside);
	rmdir(kept);
	rmdir(folder);
	return failed;
}
