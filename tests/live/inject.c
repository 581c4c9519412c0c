/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject hold THREAD: stop one thread of a process, say "held", and let it go when standard input ends.
 *
 * inject PID: make a process, from inside, try what it must not be able to do, and say what came of it.
 *
 * A line each: "NAME RESULT", the result of the system call as the process itself got it (0 or more, or
 * -errno).  The process is stopped for a moment, and goes on as if nothing had been.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int hold(pid_t thread)
{
	char byte;

	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) ||
	    waitpid(thread, NULL, __WALL) != thread) {
		perror("inject");
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	ptrace(PTRACE_DETACH, thread, NULL, NULL);
	return 0;
}

#if defined(__x86_64__)

/* The instruction "syscall", somewhere in what the process may execute. */
static unsigned long find_instruction(pid_t pid)
{
	char path[64], line[512];
	unsigned long at = 0;
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY);
	while (maps && mem >= 0 && !at && fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char may[5];
		unsigned char *code;

		if (sscanf(line, "%lx-%lx %4s", &from, &to, may) != 3 || may[2] != 'x' ||
		    !strstr(line, "libc"))
			continue;
		code = malloc(to - from);
		if (code && pread(mem, code, to - from, (off_t)from) == (ssize_t)(to - from)) {
			for (unsigned long i = 0; i + 1 < to - from && !at; i++) {
				if (code[i] == 0x0f && code[i + 1] == 0x05)
					at = from + i;
			}
		}
		free(code);
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
	return at;
}

static long call(pid_t pid, const struct user_regs_struct *was, unsigned long instruction, long nr,
		 long a, long b, long c, long d)
{
	struct user_regs_struct r = *was;
	int status;

	r.rip = instruction;
	r.rax = (unsigned long)nr;
	r.orig_rax = (unsigned long)-1; /* no call is to be begun again */
	r.rdi = (unsigned long)a;
	r.rsi = (unsigned long)b;
	r.rdx = (unsigned long)c;
	r.r10 = (unsigned long)d;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &r) || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
	    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_GETREGS, pid, NULL, &r)) {
		perror("inject");
		exit(1);
	}
	return (long)r.rax;
}

/* A text on the process's stack, far below what it uses. */
static long put_text(pid_t pid, const struct user_regs_struct *r, const char *text)
{
	unsigned long at = (r->rsp - 4096) & ~15ul;
	struct iovec here = { (void *)(unsigned long)text, strlen(text) + 1 };
	struct iovec there = { (void *)at, here.iov_len };

	if (process_vm_writev(pid, &here, 1, &there, 1, 0) < 0) {
		perror("inject: process_vm_writev");
		exit(1);
	}
	return (long)at;
}

int main(int argc, char **argv)
{
	struct user_regs_struct was;
	unsigned long instruction;
	long text;
	pid_t pid;

	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(atoi(argv[2]));
	if (argc != 2)
		return 2;
	pid = atoi(argv[1]);
	instruction = find_instruction(pid);
	if (!instruction || ptrace(PTRACE_ATTACH, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) != pid || ptrace(PTRACE_GETREGS, pid, NULL, &was)) {
		perror("inject");
		return 1;
	}
	text = put_text(pid, &was, "/etc/passwd");
#define TRY(name, ...) printf("%s %ld\n", name, call(pid, &was, instruction, __VA_ARGS__))
	TRY("getpid", SYS_getpid, 0, 0, 0, 0);
	TRY("open", SYS_open, text, O_RDONLY, 0, 0);
	TRY("openat", SYS_openat, AT_FDCWD, text, O_RDONLY, 0);
	TRY("stat", SYS_stat, text, text + 64, 0, 0);
	TRY("unlink", SYS_unlink, text, 0, 0, 0);
	TRY("bpf", SYS_bpf, BPF_MAP_GET_NEXT_ID, text, 128, 0);
	TRY("ptrace", SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
	TRY("socket", SYS_socket, AF_INET, SOCK_STREAM, 0, 0);
	TRY("packet-socket", SYS_socket, AF_PACKET, SOCK_RAW, 0, 0);
	TRY("kill", SYS_kill, getppid(), 0, 0, 0);
	TRY("setuid", SYS_setuid, 0, 0, 0, 0);
	TRY("fork", SYS_fork, 0, 0, 0, 0);
	TRY("execve", SYS_execve, put_text(pid, &was, "/bin/true"), 0, 0, 0);
	ptrace(PTRACE_SETREGS, pid, NULL, &was);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

#else

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(atoi(argv[2]));
	puts("skip");
	return 0;
}

#endif
