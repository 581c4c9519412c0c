/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/run/image.h"
#include "engine/run/supervisor.h"

#define NS_PER_S 1000000000LL
/* No set of rules takes so long. */
#define COMPILE_NS (600 * NS_PER_S)
#define TAKE_NS (120 * NS_PER_S)

static int64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_files(struct compiler_files *f)
{
	close_fd(&f->block);
	close_fd(&f->lists);
	close_fd(&f->plan);
	close_fd(&f->report);
}

void reload_init(struct reload *r, json_t *report)
{
	*r = (struct reload){ .report = report, .files = { -1, -1, -1, -1 } };
}

static void forget(struct reload *r)
{
	close_files(&r->files);
	json_decref(r->coming);
	r->coming = NULL;
	free(r->plan);
	r->plan = NULL;
	r->compiler = 0;
	r->state = RELOAD_IDLE;
}

void reload_leave(struct reload *r)
{
	close_files(&r->files);
}

void reload_fini(struct supervisor *s)
{
	struct reload *r = &s->reload;

	if (r->compiler > 0) {
		kill(r->compiler, SIGKILL);
		waitpid(r->compiler, NULL, 0);
	}
	forget(r);
	json_decref(r->report);
	r->report = NULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void copy(json_t *to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value)
		json_object_set(to, name, value);
}

static json_t *answer_of(const json_t *report)
{
	static const char *const parts[] = {
		"hash",		 "loaded",	  "failed",	   "skipped", "added_count",
		"changed_count", "removed_count", "refused_count", "added",   "changed",
		"removed",	 "refused",	  "complaints",
	};
	json_t *out = json_object();

	for (size_t i = 0; report && i < sizeof(parts) / sizeof(parts[0]); i++)
		copy(out, report, parts[i]);
	return out;
}

static void end(struct supervisor *s)
{
	struct reload *r = &s->reload;

	forget(r);
	r->ticket = 0;
	if (!r->again)
		return;
	r->again = false;
	(void)reload_begin(s, 0, false);
}

/* The old rules stay in force. */
static void give_up(struct supervisor *s, const char *why)
{
	struct reload *r = &s->reload;
	json_t *answer = answer_of(r->coming);

	r->failed++;
	fprintf(stderr, "weir: reload: the old rules stay in force: %s\n", why);
	json_object_set_new(answer, "in_force", json_false());
	json_object_set_new(answer, "error", json_sprintf("the old rules stay in force: %s", why));
	copy(answer, r->report, "hash");
	control_socket_settle(s->control, r->ticket, false, answer);
	end(s);
}

static unsigned count_of(const json_t *report, const char *name)
{
	return (unsigned)json_integer_value(json_object_get(report, name));
}

static void succeed(struct supervisor *s)
{
	struct reload *r = &s->reload;
	json_t *answer = answer_of(r->coming);
	char status[160];

	r->done++;
	snprintf(status, sizeof(status), "%u rules: %u added, %u changed, %u removed, %u refused",
		 s->rules.loaded, count_of(r->coming, "added_count"),
		 count_of(r->coming, "changed_count"), count_of(r->coming, "removed_count"),
		 count_of(r->coming, "refused_count"));
	fprintf(stderr, "weir: reload: %s (%s)\n", status, s->rules.hash);
	notify_status(&s->notify, status);
	json_object_set_new(answer, "in_force", json_true());
	json_decref(r->report);
	r->report = json_incref(r->coming);
	control_socket_settle(s->control, r->ticket, true, answer);
	end(s);
}

/* --- the compiler ----------------------------------------------------------------------------- */

static int open_files(struct compiler_files *f)
{
	f->block = image_new("weir-ruleset");
	f->lists = image_new("weir-lists");
	f->plan = image_new("weir-plan");
	f->report = image_new("weir-report");
	if (f->block >= 0 && f->lists >= 0 && f->plan >= 0 && f->report >= 0)
		return 0;
	close_files(f);
	return -ENOMEM;
}

/* The child: it has no business with packets or clients. */
static int be_compiler(struct supervisor *s, bool take_refused, pid_t supervisor)
{
	const struct compiler_options opt = {
		.settings = s->settings,
		.files = s->reload.files,
		.block_before = s->rules.image,
		.report_before = s->reload.report,
		.take_refused = take_refused,
	};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != supervisor)
		return RUN_FAILED;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	supervisor_leave(s);
	prctl(PR_SET_NAME, "weir-compiler");
	return compiler_run(&opt);
}

int reload_begin(struct supervisor *s, uint64_t ticket, bool take_refused)
{
	struct reload *r = &s->reload;
	pid_t supervisor = getpid(), pid;
	int err;

	if (s->rules.image < 0 || s->settings->args->shadow)
		return -EOPNOTSUPP;
	if (r->state != RELOAD_IDLE || s->state != SUPERVISOR_RUNNING || !s->ready)
		return -EBUSY;
	err = open_files(&r->files);
	if (err)
		return err;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(be_compiler(s, take_refused, supervisor));
	if (pid < 0) {
		err = -errno;
		close_files(&r->files);
		return err;
	}
	r->compiler = pid;
	r->ticket = ticket;
	r->state = RELOAD_COMPILING;
	r->deadline_ns = clock_ns(CLOCK_MONOTONIC) + COMPILE_NS;
	return 0;
}

void reload_asked(struct supervisor *s)
{
	int err = reload_begin(s, 0, false);

	if (err == -EBUSY && s->reload.state != RELOAD_IDLE)
		s->reload.again = true;
	else if (err)
		fprintf(stderr, "weir: reload: %s\n", reload_refusal(err));
}

const char *reload_refusal(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "this run has no rules that could be replaced (--disable-detection), or counts "
		       "by rule what release costs (--shadow)";
	case -EBUSY:
		return "a reload is in progress, or the run is about to begin or to end";
	default:
		return strerror(-err);
	}
}

static json_t *read_report(int fd)
{
	uint8_t *text;
	size_t len;
	json_t *out;

	if (image_read(fd, &text, &len))
		return NULL;
	out = json_loadb((const char *)text, len, 0, NULL);
	free(text);
	return out;
}

/* NULL: it is not whole. */
static struct weir_plan *read_plan(int fd)
{
	uint8_t *data;
	size_t len;

	if (image_read(fd, &data, &len))
		return NULL;
	if (len == sizeof(struct weir_plan))
		return (struct weir_plan *)(void *)data;
	free(data);
	return NULL;
}

/* --- the engine ------------------------------------------------------------------------------- */

static int set_plan(struct supervisor *s, struct weir_plan *plan, bool everything)
{
	uint32_t flags = plan->wants.flags;
	int err;

	if (everything)
		plan->wants.flags |= WEIR_PLAN_ALL;
	err = xdp_stage_plan(s->stage, plan);
	plan->wants.flags = flags;
	return err;
}

static int hand_over(struct supervisor *s)
{
	struct reload *r = &s->reload;
	struct link_message *m = &s->message;

	*m = (struct link_message){ .op = LINK_RULES,
				    .len = sizeof(r->rules),
				    .fds = 2,
				    .fd = { r->files.block, r->files.lists } };
	memcpy(m->text, &r->rules, sizeof(r->rules));
	return link_send(s->link, m);
}

static void describe(struct reload *r)
{
	const char *hash = json_string_value(json_object_get(r->coming, "hash"));

	r->rules = (struct engine_rules){ .image = -1,
					  .lists = -1,
					  .loaded = count_of(r->coming, "loaded"),
					  .failed = count_of(r->coming, "failed"),
					  .skipped = count_of(r->coming, "skipped"),
					  .loaded_ns = clock_ns(CLOCK_REALTIME) };
	snprintf(r->rules.hash, sizeof(r->rules.hash), "%s", hash ? hash : "");
}

static void compiled(struct supervisor *s, int status)
{
	struct reload *r = &s->reload;
	const char *broken;
	int err = 0;

	r->compiler = 0;
	r->coming = read_report(r->files.report);
	broken = json_string_value(json_object_get(r->coming, "broken"));
	if (broken) {
		give_up(s, broken);
		return;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != RUN_DONE || !r->coming) {
		give_up(s, "the compiler failed");
		return;
	}
	r->plan = read_plan(r->files.plan);
	if (!r->plan || image_seal(r->files.block) || image_seal(r->files.lists)) {
		give_up(s, "the compiler's files are not whole");
		return;
	}
	if (s->engine <= 0) {
		give_up(s, "there is no engine to take the new ones");
		return;
	}
	describe(r);
	/* Until both rulesets' wishes are known to be one's: everything. */
	if (memcmp(r->plan, s->plan, sizeof(*r->plan)) == 0) {
		free(r->plan);
		r->plan = NULL;
	} else {
		err = set_plan(s, s->plan, true);
	}
	if (!err)
		err = hand_over(s);
	if (err) {
		if (r->plan)
			(void)set_plan(s, s->plan, false);
		give_up(s, strerror(-err));
		return;
	}
	r->state = RELOAD_TAKING;
	r->deadline_ns = clock_ns(CLOCK_MONOTONIC) + TAKE_NS;
}

bool reload_reaped(struct supervisor *s, pid_t pid, int status)
{
	if (s->reload.state != RELOAD_COMPILING || pid != s->reload.compiler)
		return false;
	compiled(s, status);
	return true;
}

/* Every worker inspects with the new rules: what only the old ones wanted need not come any more. */
static void in_force(struct supervisor *s)
{
	struct reload *r = &s->reload;

	if (r->plan) {
		int err = set_plan(s, r->plan, false);

		if (err)
			fprintf(stderr,
				"weir: reload: everything goes up from now on: the plan: %s\n",
				strerror(-err));
		free(s->plan);
		s->plan = r->plan;
		r->plan = NULL;
	}
	close_fd(&s->rules.image);
	close_fd(&s->rules.lists);
	s->rules = r->rules;
	s->rules.image = r->files.block;
	s->rules.lists = r->files.lists;
	r->files.block = r->files.lists = -1;
}

static void take_back_plan(struct supervisor *s)
{
	if (s->reload.plan)
		(void)set_plan(s, s->plan, false);
}

void reload_answered(struct supervisor *s, const struct link_message *m)
{
	if (s->reload.state != RELOAD_TAKING)
		return;
	if (m->status) {
		take_back_plan(s);
		give_up(s, m->status == -EBUSY ? "the engine still puts the last ones in force"
					       : strerror(-m->status));
		return;
	}
	in_force(s);
	succeed(s);
}

void reload_engine_died(struct supervisor *s)
{
	if (s->reload.state != RELOAD_TAKING)
		return;
	take_back_plan(s);
	give_up(s, "the engine died while it took the new ones");
}

void reload_keep_time(struct supervisor *s, int64_t now_ns)
{
	struct reload *r = &s->reload;

	if (r->state == RELOAD_IDLE || now_ns < r->deadline_ns)
		return;
	r->deadline_ns = INT64_MAX;
	if (r->state == RELOAD_COMPILING)
		kill(r->compiler, SIGKILL);
	else
		supervisor_kill_engine(
			s, "the engine does not put the new rules in force: it is ended");
}
