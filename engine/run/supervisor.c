/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/run/crash.h"
#include "engine/run/engine_sets.h"
#include "engine/run/rules_report.h"
#include "engine/run/sandbox.h"
#include "engine/run/supervisor_open.h"

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
/* Between looks at the release rings: while they are not empty yet, and where nobody rings the bell. */
#define BUSY_MS 1
#define IDLE_MS 100
/* While an engine starts or ends, which says so on the board alone. */
#define CHANGING_MS 20
#define REQUESTS 256
/* Requests of one worker in one pass, so that signals are not held up. */
#define REQUESTS_MAX 4096
#define BOOKS_NS NS_PER_S
/* An engine that has not emptied its rings by then never will. */
#define STOP_NS (15 * NS_PER_S)
/* One that puts no counters on the board for so long hangs. */
#define HANG_NS (60 * NS_PER_S)
/* One that was at work for so long has not failed by itself. */
#define STEADY_NS (10 * NS_PER_S)
#define FAILURES_MAX 8
#define RESTART_STEP_NS (100 * NS_PER_MS)
#define CRASH_FILES_MAX 16

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* --- the engine's life ------------------------------------------------------------------------ */

void supervisor_leave(struct supervisor *s)
{
	close(s->signals);
	close(s->log_folder);
	if (s->link >= 0)
		close(s->link);
	control_socket_leave(s->control);
	notify_close(&s->notify);
	xdp_stage_leave(s->stage);
}

/* The child: it keeps what it was handed over, and lets go of the rest. */
static int be_engine(struct supervisor *s, pid_t supervisor, int link)
{
	const struct live_handover *handover = xdp_stage_handover(s->stage);
	static struct live_handover mine;
	struct engine_options opt = {
		.settings = s->settings,
		.rules = s->rules,
		.handover = &mine,
		.board = s->board,
		.writer = s->writer,
		.rings = s->rings,
		.kept = s->kept,
		.bell = s->bell,
		.pair_key = s->pair_key,
		.started_ns = s->started_ns,
		.link = link,
		.sets = s->sets,
	};

	/* It goes with its supervisor, whatever that dies of. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != supervisor)
		return RUN_FAILED;
	/* A terminal's interrupt reaches all; the supervisor alone decides. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	mine = *handover;
	supervisor_leave(s);
	reload_leave(&s->reload);
	prctl(PR_SET_NAME, "weir-engine");
	return engine_run(&opt);
}

static void forget_flows(struct supervisor *s);

static void close_link(struct supervisor *s)
{
	if (s->link >= 0)
		close(s->link);
	s->link = -1;
}

static void start_engine(struct supervisor *s)
{
	pid_t supervisor = getpid(), pid;
	int pair[2] = { -1, -1 }, err;

	close_link(s);
	board_restart(s->board);
	if (s->books.engines) {
		forget_flows(s);
		writer_mend(s->writer);
	}
	for (unsigned i = 0; i < s->settings->workers; i++)
		release_ring_reset(s->rings[i]);
	fflush(NULL);
	err = link_open(pair);
	s->link = pair[0];
	pid = err ? -1 : fork();
	if (pid == 0)
		_exit(be_engine(s, supervisor, pair[1]));
	if (pair[1] >= 0)
		close(pair[1]);
	s->engine_started_ns = now_ns();
	s->sign_ns = s->engine_started_ns;
	if (pid < 0) {
		fprintf(stderr, "weir: engine: %s\n", strerror(errno));
		s->restart_ns = now_ns() + NS_PER_S;
		return;
	}
	s->engine = pid;
	s->books.engines++;
}

static void save_crash(struct supervisor *s)
{
	char name[CRASH_NAME_BYTES];
	int n;

	if (s->crashes >= CRASH_FILES_MAX) {
		xdp_stage_last_batch(s->stage, NULL, NULL);
		return;
	}
	n = crash_save(s->stage, s->log_folder, s->crashes, name);
	if (n > 0) {
		s->crashes++;
		fprintf(stderr, "weir: the engine's last %d packets are in '%s/%s'\n", n,
			s->settings->log_dir, name);
	} else if (n < 0) {
		fprintf(stderr, "weir: the engine's last packets could not be kept: %s\n",
			strerror(-n));
	}
}

static void tell_death(const struct supervisor *s, int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "weir: the engine (process %ld) was ended by signal %d (%s)\n",
			(long)s->engine, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "weir: the engine (process %ld) ended with exit code %d\n",
			(long)s->engine, WEXITSTATUS(status));
}

static void give_up(struct supervisor *s, const char *why)
{
	fprintf(stderr, "weir: %s\n", why);
	s->code = RUN_FAILED;
	xdp_stage_stop(s->stage);
	supervisor_close_books(s, LEDGER_DESERTED);
	s->state = SUPERVISOR_OVER;
}

/* While it should be at work. */
static void engine_died(struct supervisor *s)
{
	int64_t now = now_ns();

	save_crash(s);
	if (!s->ready) {
		give_up(s, "the engine could not start");
		return;
	}
	s->failures = now - s->engine_started_ns > STEADY_NS ? 0 : s->failures + 1;
	if (s->failures > FAILURES_MAX) {
		give_up(s, "the engine dies again and again: the run ends");
		return;
	}
	s->restart_ns = now + (s->failures > 1 ? (s->failures - 1) * RESTART_STEP_NS : 0);
}

static void engine_ended(struct supervisor *s, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == RUN_DONE;

	if (s->state == SUPERVISOR_CLOSING) {
		if (!well)
			tell_death(s, status);
		s->code = well ? s->code : RUN_FAILED;
		if (well &&
		    engine_sets_save(s->sets, json_object_get(s->reload.report, "sets")) < 0)
			s->code = RUN_FAILED;
		s->state = SUPERVISOR_OVER;
	} else if (s->state == SUPERVISOR_STOPPING) {
		tell_death(s, status);
		s->engine = 0;
		save_crash(s);
		give_up(s, "the engine did not come to its end: what was in the rings is lost");
	} else if (s->state == SUPERVISOR_RUNNING) {
		tell_death(s, status);
		s->engine = 0;
		engine_died(s);
	}
	s->engine = 0;
	close_link(s);
	control_socket_settle(s->control, s->reopen_ticket, true,
			      json_string("the engine died: the next one has the new files"));
	s->reopen_ticket = 0;
	supervisor_ask_gone(s);
	reload_engine_died(s);
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->engine)
			engine_ended(s, status);
		else
			(void)reload_reaped(s, pid, status);
	}
}

void supervisor_kill_engine(struct supervisor *s, const char *why)
{
	if (s->engine <= 0 || s->killed)
		return;
	fprintf(stderr, "weir: %s\n", why);
	s->killed = true;
	kill(s->engine, SIGKILL);
}

/* --- the books -------------------------------------------------------------------------------- */

static void close_interface(struct supervisor *s, unsigned i, enum ledger_when when)
{
	const struct live_interface *f = &xdp_stage_handover(s->stage)->interface[i];
	struct books_interface *b = &s->books.interface[i];
	struct xdp_ledger books;
	struct xdp_counts counts;
	uint64_t nic = 0;

	memcpy(b->name, f->name, sizeof(b->name));
	b->mode = f->mode;
	b->step = f->step;
	if (xdp_stage_counts(s->stage, i, &counts) == 0) {
		nic = counts.nic_missed + counts.nic_dropped;
		s->books.polls += counts.workers.polls;
		s->books.wakeups += counts.workers.wakeups;
		s->books.kicks += counts.workers.fill_kicks;
	}
	if (xdp_stage_ledger(s->stage, i, &books))
		return;
	ledger_of(&books, nic, &b->ledger);
	s->books.broken += !ledger_settle(&b->ledger, when);
	b->kernel_packets = b->ledger.entered;
	b->kernel_drops = ledger_lost(&b->ledger);
	ledger_add(&s->books.all, &b->ledger);
}

void supervisor_close_books(struct supervisor *s, enum ledger_when when)
{
	struct books *b = &s->books;

	b->interfaces = xdp_stage_handover(s->stage)->interfaces;
	b->all = (struct ledger){ .entered = 0 };
	b->polls = b->wakeups = b->kicks = 0;
	for (unsigned i = 0; i < b->interfaces; i++)
		close_interface(s, i, when);
	ledger_settle(&b->all, when);
	b->kernel_packets = b->all.entered;
	b->kernel_drops = ledger_lost(&b->all);
	b->kernel_ifdrops = b->all.nic_lost;
	b->final = when != LEDGER_RUNNING;
	board_put_books(s->board, b);
}

static void print_ledger(const struct supervisor *s)
{
	const struct books *b = &s->books;
	char text[LEDGER_TEXT_BYTES];

	for (unsigned i = 0; i < b->interfaces; i++)
		printf("%-10s %s\n", b->interface[i].name,
		       ledger_text(&b->interface[i].ledger, text));
	if (b->interfaces > 1)
		printf("%-10s %s\n", "in all", ledger_text(&b->all, text));
	if (b->engines > 1)
		printf("engine     started %u times\n", b->engines);
	fflush(stdout);
}

/* --- the release rings ------------------------------------------------------------------------ */

/* True: there is more. */
static bool serve_ring(struct supervisor *s, struct release_ring *ring)
{
	struct release_request request[REQUESTS];
	struct release_answer answer[REQUESTS];
	unsigned n, done = 0;

	while (done < REQUESTS_MAX && (n = release_ring_requests(ring, request, REQUESTS)) > 0) {
		memset(answer, 0, sizeof(answer[0]) * n);
		xdp_stage_apply(s->stage, request, n, answer);
		for (unsigned i = 0; i < n; i++) {
			/* An answer that finds no room is counted in the ring. */
			if (answer[i].status || answer[i].op == RELEASE_END ||
			    answer[i].op == RELEASE_READ)
				release_ring_answer(ring, &answer[i]);
		}
		done += n;
	}
	return done >= REQUESTS_MAX;
}

/* Before the rings are looked at: what is put there afterwards rings again. */
static void hear_bell(struct supervisor *s)
{
	uint64_t rung;

	if (read(s->bell, &rung, sizeof(rung)) < 0)
		return; /* nobody has */
}

static bool serve_rings(struct supervisor *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->settings->workers; i++)
		any |= serve_ring(s, s->rings[i]);
	return any;
}

static bool put_kept(void *arg, const struct weir_flow_key *key, const struct weir_flow *f)
{
	struct supervisor *s = arg;

	(void)key;
	kept_put(s->kept, f->cookie, f);
	return true;
}

/* What the kernel kept of released flows, to where their workers read it. */
static void refresh_kept(struct supervisor *s)
{
	xdp_stage_flows(s->stage, put_kept, s);
}

struct forgetting {
	struct supervisor *s;
	struct release_request *request;
	unsigned count, room;
};

static bool forget_flow(void *arg, const struct weir_flow_key *key, const struct weir_flow *f)
{
	struct forgetting *g = arg;

	(void)f;
	if (g->count == g->room)
		return false;
	g->request[g->count] = (struct release_request){ .op = RELEASE_END };
	g->request[g->count++].key.flow = *key;
	return true;
}

/* What a dead engine released: the next one does not know these flows, and shall see them. */
static void forget_flows(struct supervisor *s)
{
	struct forgetting g = { .s = s, .room = REQUESTS_MAX };
	struct release_answer *answer = calloc(g.room, sizeof(*answer));

	g.request = calloc(g.room, sizeof(*g.request));
	while (answer && g.request) {
		g.count = 0;
		if (xdp_stage_flows(s->stage, forget_flow, &g) < 0 || g.count == 0)
			break;
		xdp_stage_apply(s->stage, g.request, g.count, answer);
	}
	free(g.request);
	free(answer);
}

/* --- the loop --------------------------------------------------------------------------------- */

void supervisor_stop(struct supervisor *s)
{
	if (s->state != SUPERVISOR_RUNNING)
		return;
	notify_stopping(&s->notify);
	xdp_stage_stop(s->stage);
	/* Nothing changes any more in the kernel: the flows that end now have their true totals. */
	serve_rings(s);
	refresh_kept(s);
	s->state = SUPERVISOR_STOPPING;
	s->deadline_ns = now_ns() + STOP_NS;
	atomic_store(&s->board->stop, 1);
	if (s->engine == 0) {
		supervisor_close_books(s, LEDGER_DESERTED);
		s->state = SUPERVISOR_OVER;
	}
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (info.ssi_signo == SIGHUP || info.ssi_signo == SIGUSR2) {
			(void)supervisor_reopen(s, 0);
			if (info.ssi_signo == SIGHUP)
				reload_asked(s);
			continue;
		}
		if (s->state == SUPERVISOR_RUNNING)
			supervisor_stop(s);
		else
			supervisor_kill_engine(s, "interrupted again: the engine is ended");
	}
	reap(s);
}

static void became_ready(struct supervisor *s)
{
	char status[128];

	s->ready = true;
	xdp_stage_start(s->stage);
	snprintf(status, sizeof(status), "%u rules, %u interfaces, %u workers", s->rules.loaded,
		 s->settings->live.interfaces, s->settings->workers);
	notify_ready(&s->notify, status);
	fprintf(stderr, "weir: running: %s\n", status);
}

/* Does the engine's writer live?  Its workers' hearts are the kernel stage's to watch. */
static void watch_engine(struct supervisor *s, int64_t now)
{
	uint64_t sign = atomic_load(&s->board->text_turn);

	if (sign != s->sign) {
		s->sign = sign;
		s->sign_ns = now;
	} else if (s->engine > 0 && now - s->sign_ns > HANG_NS) {
		supervisor_kill_engine(s, "the engine gives no sign of life: it is started anew");
	}
}

/* --- the link --------------------------------------------------------------------------------- */

int supervisor_reopen(struct supervisor *s, uint64_t ticket)
{
	struct link_message *m = &s->message;
	int files[LINK_FDS_MAX];
	unsigned failed = 0;
	int err;

	if (s->state != SUPERVISOR_RUNNING || s->reopen_ticket)
		return -EBUSY;
	err = writer_open_again(s->writer, files, &failed);
	if (err) {
		fprintf(stderr, "weir: %s: cannot be opened again: %s; the old file stays in use\n",
			s->writer->output[failed].path, strerror(-err));
		return err;
	}
	*m = (struct link_message){ .op = LINK_FILES, .ticket = ticket, .fds = s->writer->count };
	memcpy(m->fd, files, s->writer->count * sizeof(files[0]));
	err = s->link < 0 ? -ENOTCONN : link_send(s->link, m);
	/* The next engine begins with them in any case. */
	writer_reopen(s->writer, files);
	if (!err)
		s->reopen_ticket = ticket;
	return err;
}

static void take_message(struct supervisor *s)
{
	const struct link_message *m = &s->message;

	if (m->op == LINK_RULES) {
		reload_answered(s, m);
	} else if (m->op == LINK_FILES) {
		control_socket_settle(s->control, s->reopen_ticket, m->status == 0,
				      json_string(m->status ? strerror(-m->status) : "done"));
		s->reopen_ticket = 0;
	} else if (m->op == LINK_ASK) {
		supervisor_ask_answered(s, m);
	}
}

static void serve_link(struct supervisor *s)
{
	while (s->link >= 0) {
		int n = link_receive(s->link, &s->message);

		if (n == 0)
			break;
		if (n < 0) {
			close_link(s);
			break;
		}
		/* It has none to give. */
		link_drop_fds(&s->message);
		take_message(s);
	}
}

static void keep_time(struct supervisor *s)
{
	uint32_t state = atomic_load(&s->board->state);
	int64_t now = now_ns();

	notify_alive(&s->notify, now);
	reload_keep_time(s, now);
	if (s->state == SUPERVISOR_RUNNING) {
		if (s->engine == 0 && now >= s->restart_ns) {
			s->killed = false;
			start_engine(s);
		}
		if (!s->ready && state == BOARD_RUNNING)
			became_ready(s);
		watch_engine(s, now);
	} else if (s->state == SUPERVISOR_STOPPING && state == BOARD_DRAINED) {
		serve_rings(s);
		supervisor_close_books(s, LEDGER_STOPPED);
		s->state = SUPERVISOR_CLOSING;
		s->deadline_ns = now + STOP_NS;
	} else if (now > s->deadline_ns) {
		supervisor_kill_engine(s, "the engine does not come to its end: it is ended");
	}
	if (now >= s->books_ns && s->state < SUPERVISOR_CLOSING) {
		s->books_ns = now + BOOKS_NS;
		xdp_stage_expire(s->stage, (uint64_t)now);
		refresh_kept(s);
		supervisor_close_books(s, LEDGER_RUNNING);
	}
}

static bool is_changing(const struct supervisor *s)
{
	return s->state != SUPERVISOR_RUNNING || !s->ready || s->engine == 0;
}

static void loop(struct supervisor *s)
{
	struct pollfd fds[3 + CONTROL_POLLS];
	int wait_ms = 0;

	while (s->state != SUPERVISOR_OVER) {
		unsigned n = 3;

		fds[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
		/* Where there is none, poll() passes it over. */
		fds[1] = (struct pollfd){ .fd = s->link, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = s->bell, .events = POLLIN };
		if (s->control)
			n += control_socket_polls(s->control, fds + 3);
		if (poll(fds, n, wait_ms) < 0 && errno != EINTR)
			break;
		take_signals(s);
		if (s->state == SUPERVISOR_OVER)
			break;
		hear_bell(s);
		wait_ms = serve_rings(s) ? BUSY_MS : is_changing(s) ? CHANGING_MS : IDLE_MS;
		serve_link(s);
		if (s->control)
			control_socket_serve(s->control);
		if (s->state != SUPERVISOR_OVER)
			keep_time(s);
	}
}

static int run(struct supervisor *s)
{
	int err = sandbox_supervisor();

	if (err) {
		fprintf(stderr, "weir: cannot drop capabilities: %s\n", strerror(-err));
		return RUN_FAILED;
	}
	s->started_ns = now_ns();
	s->books_ns = s->started_ns;
	supervisor_close_books(s, LEDGER_RUNNING);
	start_engine(s);
	loop(s);
	if (s->engine > 0) {
		kill(s->engine, SIGKILL);
		waitpid(s->engine, NULL, 0);
	}
	if (s->ready)
		print_ledger(s);
	return s->code;
}

/* As the compiler would tell it, had it loaded the first rules. */
static void describe_rules(struct supervisor *s, const struct run_rules *rules,
			   const struct diag_list *diags)
{
	const struct rules_report_options opt = { .settings = s->settings,
						  .rules = rules,
						  .diags = diags };
	json_t *report = rules_report_new(&opt);
	const char *hash = json_string_value(json_object_get(report, "hash"));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	s->rules.loaded_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	snprintf(s->rules.hash, sizeof(s->rules.hash), "%s", hash ? hash : "");
	reload_init(&s->reload, report);
}

int supervisor_run(const struct settings *settings, struct run_rules *rules,
		   const struct diag_list *diags)
{
	struct supervisor s = {
		.settings = settings,
		.rules = { .image = -1,
			   .lists = -1,
			   .loaded = rules->loaded,
			   .failed = rules->failed,
			   .skipped = rules->skipped },
		.notify = { .fd = -1 },
		.signals = -1,
		.log_folder = -1,
		.link = -1,
		.sets = -1,
		.code = RUN_DONE,
	};
	int code;

	describe_rules(&s, rules, diags);
	code = supervisor_open(&s, rules->compiled);

	/* Engines open the image; nothing else is left to do with rules here. */
	run_rules_fini(rules);
	if (!code)
		code = run(&s);
	reload_fini(&s);
	supervisor_close(&s);
	return code;
}
