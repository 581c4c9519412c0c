/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - what the processes may still do once everything is open.
 *
 * In: the capabilities that a supervisor needs; the paths that an engine may still open.  Out: the
 * calling process with that and nothing else: capabilities (libcap-ng), Landlock (files, TCP, signals), seccomp.
 * A call that is refused fails with EPERM or EACCES; it does not end the process.
 * Not here: opening anything.  What a kernel cannot do is told by the report, and the rest is done.
 *
 * Thread: the only one of its process; threads that are made later inherit all of it.
 * Specification: landlock(7), seccomp(2), capabilities(7).
 */
#ifndef WEIR_RUN_SANDBOX_H
#define WEIR_RUN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_FOLDERS 2

struct sandbox_options {
	bool files; /* may open files: those below, to read; false: none whatever */
	const char *const *read; /* files and folders */
	unsigned reads;
	/* Folders below which files may be made, renamed and removed; NULL: none. */
	const char *write[SANDBOX_FOLDERS];
	bool compiles; /* a compiler: see below */
};

struct sandbox_report {
	int landlock; /* its version; or -errno: files are kept shut by seccomp alone */
	int seccomp; /* 0, or -errno: system calls are not restricted */
};

/*
 * Drop every capability but those that load programs, open packet sockets and lock memory, as far as they
 * are held; and for good, also across execve(2).  Returns 0 or -errno.
 */
int sandbox_supervisor(void);

/*
 * Drop every capability, then everything that a thread which inspects packets does not need.  0: no
 * capability is left; what the kernel could not restrict is in the report.  -errno: capabilities could not be dropped.
 */
int sandbox_engine(const struct sandbox_options *opt, struct sandbox_report *out);

/*
 * The same for a process that loads and compiles rules: it may read any file that its user may, and make files below
 * one folder (NULL: none).
 */
int sandbox_compiler(const char *write, struct sandbox_report *out);

/* A sentence on what is missing, or NULL: nothing is. */
const char *sandbox_complaint(const struct sandbox_report *r, char *text, size_t size);

#endif
