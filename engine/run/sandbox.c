/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A sanitizer stops its own threads and reads /proc when the program ends; what is built to learn (`make pgo`)
 * writes down what it learned then.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(WEIR_LEARN)
#define UNCONFINED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNCONFINED 1
#endif
#endif
#ifndef UNCONFINED
#define UNCONFINED 0
#endif

/* --- capabilities ----------------------------------------------------------------------------- */

static const unsigned supervisor_needs[] = {
	CAP_BPF, /* programs and maps */
	CAP_PERFMON, /* a program that compares pointers into packets */
	CAP_NET_ADMIN, /* attaching, promiscuous mode */
	CAP_NET_RAW, /* AF_XDP and AF_PACKET sockets */
	CAP_IPC_LOCK, /* frames beyond the limit of locked memory */
};

#define NEEDS (sizeof(supervisor_needs) / sizeof(supervisor_needs[0]))

/* Keep those whose bit is set in the order of supervisor_needs, as far as they are held. */
static int keep_capabilities(unsigned wanted)
{
	unsigned held = 0;
	bool may_bound;

	if (capng_get_caps_process())
		return -EPERM;
	/* The bounding set needs a capability of its own; without it there is nothing to regain. */
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (unsigned i = 0; i < NEEDS; i++) {
		if (capng_have_capability(CAPNG_PERMITTED, supervisor_needs[i]))
			held |= 1u << i;
	}
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned i = 0; i < NEEDS; i++) {
		if (held & wanted & 1u << i)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     supervisor_needs[i]);
	}
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS))
		return -EPERM;
	/* Programs that are set-user-ID give nothing back. */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int sandbox_supervisor(void)
{
	return keep_capabilities((1u << NEEDS) - 1);
}

/* --- Landlock: by system call, as the C library has no functions for it ----------------------- */

/* From the kernel's ABI; the build machine's headers may be older than the kernel that runs. */
struct ruleset_attr {
	uint64_t fs;
	uint64_t net; /* version 4 */
	uint64_t scoped; /* version 6 */
};
struct path_attr {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define VERSION_ASKED 1u
#define RULE_PATH 1
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
/* WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, and REFER: to rename. */
#define FS_MAKE_FILES \
	(1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 13)

static uint64_t fs_rights(int version)
{
	/* 13 with the first version; REFER, TRUNCATE, and with the fifth IOCTL_DEV came later. */
	unsigned bits = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;

	return (1ull << bits) - 1;
}

static int allow_path(int ruleset, const char *path, uint64_t allowed)
{
	struct path_attr rule = { .allowed = allowed };
	struct stat st;
	int err = 0;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	/* What is not there cannot be read either. */
	if (rule.fd < 0)
		return 0;
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= FS_READ_DIR;
	if (syscall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH, &rule, 0))
		err = -errno;
	close(rule.fd);
	return err;
}

/* Returns the version, or -errno. */
static bool writes(const struct sandbox_options *opt)
{
	for (unsigned i = 0; i < SANDBOX_FOLDERS; i++) {
		if (opt->write[i])
			return true;
	}
	return false;
}

static int enter_landlock(const struct sandbox_options *opt)
{
	long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, VERSION_ASKED);
	struct ruleset_attr attr = { .fs = 0 };
	int fd, err = 0;

	if (version <= 0)
		return version ? -errno : -ENOSYS;
	/* The first version lets no file be renamed into another folder. */
	if (version < 2 && writes(opt) && !opt->compiles)
		return -EOPNOTSUPP;
	attr.fs = fs_rights((int)version);
	attr.net = version >= 4 ? 3 : 0; /* bind and connect of TCP */
	attr.scoped = version >= 6 ? 3 : 0; /* abstract sockets, signals */
	fd = (int)syscall(LANDLOCK_CREATE_RULESET, &attr,
			  version >= 6	 ? sizeof(attr)
			  : version >= 4 ? offsetof(struct ruleset_attr, scoped)
					 : offsetof(struct ruleset_attr, net),
			  0);
	if (fd < 0)
		return -errno;
	for (unsigned i = 0; opt->files && i < opt->reads && !err; i++)
		err = allow_path(fd, opt->read[i], FS_READ_FILE);
	for (unsigned i = 0; i < SANDBOX_FOLDERS && !err; i++)
		err = opt->write[i] ? allow_path(fd, opt->write[i], FS_MAKE_FILES) : 0;
	if (!err && syscall(LANDLOCK_RESTRICT_SELF, fd, 0))
		err = -errno;
	close(fd);
	return err ? err : (int)version;
}

/* --- seccomp ---------------------------------------------------------------------------------- */

/* Without a look at the arguments. */
static const int always_allowed[] = {
	SCMP_SYS(read),		 SCMP_SYS(readv),	 SCMP_SYS(pread64),
	SCMP_SYS(write),	 SCMP_SYS(writev),	 SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),	 SCMP_SYS(_llseek),	 SCMP_SYS(close),
	SCMP_SYS(dup),		 SCMP_SYS(fstat),	 SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),	 SCMP_SYS(ftruncate),	 SCMP_SYS(poll),
	SCMP_SYS(ppoll),	 SCMP_SYS(recvfrom),	 SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),	 SCMP_SYS(sendmsg),	 SCMP_SYS(getsockopt),
	SCMP_SYS(mmap),		 SCMP_SYS(mmap2),	 SCMP_SYS(munmap),
	SCMP_SYS(mremap),	 SCMP_SYS(mprotect),	 SCMP_SYS(madvise),
	SCMP_SYS(brk),		 SCMP_SYS(futex),	 SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),		 SCMP_SYS(sched_yield),	 SCMP_SYS(sched_getaffinity),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),	 SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(getpid),	 SCMP_SYS(gettid),	 SCMP_SYS(getuid),
	SCMP_SYS(geteuid),	 SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),	 SCMP_SYS(sigaltstack),	 SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),		 SCMP_SYS(exit_group),
};

/* Of those that may open files to read. */
static const int file_calls[] = {
	SCMP_SYS(stat),	      SCMP_SYS(lstat),	    SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(getdents64), SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(access),
	SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(fadvise64),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int allow(scmp_filter_ctx f, const int *list, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, list[i], 0);
	return err;
}

static struct scmp_arg_cmp argument_is(unsigned int index, uint64_t value)
{
	return (struct scmp_arg_cmp){ .arg = index, .op = SCMP_CMP_EQ, .datum_a = value };
}

/* Calls of which one way is harmless. */
static int allow_some(scmp_filter_ctx f)
{
	static const uint64_t thread =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC };
	int err;

	/* Its flags lie in memory: the C library falls back to clone(2), whose do not. */
	err = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	/* Whether a stream is a terminal. */
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       argument_is(1, 0x5401 /* TCGETS */));
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       argument_is(0, PR_SET_NAME));
	/* To look at limits, of itself. */
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, argument_is(0, 0),
				       argument_is(2, 0));
	/* abort(3): to itself. */
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       argument_is(0, (uint64_t)getpid()));
	for (size_t i = 0; i < COUNT(fcntls) && !err; i++)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				       argument_is(1, (uint64_t)fcntls[i]));
	return err;
}

static int allow_reading(scmp_filter_ctx f)
{
	const uint64_t changes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int err = allow(f, file_calls, COUNT(file_calls));

	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
	return err;
}

/* Where is Landlock's to say. */
static int allow_writing(scmp_filter_ctx f)
{
	static const int calls[] = {
		SCMP_SYS(mkdir),  SCMP_SYS(mkdirat),   SCMP_SYS(rename), SCMP_SYS(renameat),
		SCMP_SYS(unlink), SCMP_SYS(renameat2), SCMP_SYS(rmdir),	 SCMP_SYS(unlinkat),
	};
	const uint64_t how = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW;
	const uint64_t wanted = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
	int err = allow(f, calls, COUNT(calls));

	if (!err)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, how, wanted));
	return err;
}

/* Where files are opened and made is Landlock's to say. */
static int allow_compiling(scmp_filter_ctx f)
{
	static const int calls[] = {
		SCMP_SYS(openat),      SCMP_SYS(mkdir),	    SCMP_SYS(mkdirat),
		SCMP_SYS(renameat),    SCMP_SYS(renameat2), SCMP_SYS(unlinkat),
		SCMP_SYS(fchmod),      SCMP_SYS(utimensat), SCMP_SYS(setpriority),
		SCMP_SYS(getpriority), SCMP_SYS(sysinfo),   SCMP_SYS(uname),
		SCMP_SYS(getcwd),
	};

	return allow(f, calls, COUNT(calls));
}

static int enter_seccomp(const struct sandbox_options *opt)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!f)
		return -ENOMEM;
	/* Else kernels before 5.16 slow the whole process down against a leak that needs its own code. */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_SSB, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	err = allow(f, always_allowed, COUNT(always_allowed));
	if (!err)
		err = allow_some(f);
	if (!err && opt->files)
		err = allow_reading(f);
	if (!err && writes(opt) && !opt->compiles)
		err = allow_writing(f);
	if (!err && opt->compiles)
		err = allow_compiling(f);
	if (!err)
		err = seccomp_load(f);
	seccomp_release(f);
	return err;
}

/* --- the whole -------------------------------------------------------------------------------- */

int sandbox_engine(const struct sandbox_options *opt, struct sandbox_report *out)
{
	int err = keep_capabilities(0);

	*out = (struct sandbox_report){ .landlock = -EPERM, .seccomp = -EPERM };
	if (err)
		return err;
	if (UNCONFINED) {
		*out = (struct sandbox_report){ .landlock = 1 };
		return 0;
	}
	out->landlock = enter_landlock(opt);
	out->seccomp = enter_seccomp(opt);
	return 0;
}

int sandbox_compiler(const char *write, struct sandbox_report *out)
{
	static const char *const everything[] = { "/" };
	const struct sandbox_options opt = {
		.files = true, .read = everything, .reads = 1, .write = { write }, .compiles = true
	};

	return sandbox_engine(&opt, out);
}

const char *sandbox_complaint(const struct sandbox_report *r, char *text, size_t size)
{
	if (r->landlock > 0 && r->seccomp == 0)
		return NULL;
	if (r->seccomp == 0)
		snprintf(text, size, "not confined by Landlock (%s); seccomp is in force",
			 strerror(-r->landlock));
	else if (r->landlock > 0)
		snprintf(text, size, "not confined by seccomp (%s); Landlock is in force",
			 strerror(-r->seccomp));
	else
		snprintf(text, size, "confined neither by Landlock (%s) nor by seccomp (%s)",
			 strerror(-r->landlock), strerror(-r->seccomp));
	return text;
}
