/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/supervisor_open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/capture/iface.h"
#include "engine/run/image.h"
#include "engine/run/interface_choice.h"
#include "engine/run/savings.h"
#include "engine/run/settings_live.h"
#include "engine/run/supervisor_control.h"

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir: %s: %s\n", what, strerror(-err));
	return RUN_FAILED;
}

/* --- the plan --------------------------------------------------------------------------------- */

static int make_plan(struct supervisor *s, const struct ruleset *rules)
{
	const struct settings *set = s->settings;
	struct detect_needs needs = settings_needs(set);

	s->plan = calloc(1, sizeof(*s->plan));
	if (!s->plan)
		return fail("plan", -ENOMEM);
	/* Without rules whatever is written decides: everything, which is never wrong. */
	if (!rules || detect_plan(rules, &needs, s->plan))
		s->plan->wants.flags = WEIR_PLAN_ALL;
	savings_print(set, rules, s->plan, stderr);
	return RUN_DONE;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void tell(void *arg, const struct xdp_told *told)
{
	const char *name = told->interface && *told->interface ? told->interface : "kernel";

	(void)arg;
	switch (told->what) {
	case XDP_TELL_TRY:
		break;
	case XDP_TELL_REFUSED:
		fprintf(stderr, "weir: %s: not %s: %s\n", name, xdp_step_name(told->step),
			*told->text ? told->text : strerror(-told->err));
		break;
	case XDP_TELL_USED:
		fprintf(stderr, "weir: %s: %s%s%s\n", name, xdp_step_name(told->step),
			*told->text ? ": " : "", told->text);
		break;
	case XDP_TELL_NOTE:
		fprintf(stderr, "weir: %s: %s\n", name, told->text);
		break;
	}
}

static void tell_warnings(const struct iface *f, bool af_xdp)
{
	struct iface_warning list[IFACE_WARNINGS_MAX];
	unsigned n = iface_warnings(f, af_xdp, list);

	for (unsigned i = 0; i < n; i++) {
		fprintf(stderr, "weir: %s\n", list[i].what);
		if (*list[i].command)
			fprintf(stderr, "weir:     %s\n", list[i].command);
	}
}

/* RUN_DONE, or why not. */
static int tell_mode(const char *name, enum interface_why why, const char *reason)
{
	switch (why) {
	case INTERFACE_HOST_ASKED:
		fprintf(stderr, "weir: %s: host mode, as configured: packets go on to the host\n",
			name);
		break;
	case INTERFACE_SPAN_FORCED:
		fprintf(stderr,
			"weir: %s: span mode by force: packets are taken from the host, although %s\n",
			name, reason);
		break;
	case INTERFACE_SPAN_REFUSED:
		fprintf(stderr,
			"weir: %s: span mode would take packets from the host, and %s; use host mode, which "
			"sees a copy (--force-span takes them nevertheless)\n",
			name, reason);
		return RUN_FAILED;
	case INTERFACE_HOST_CHOSEN:
		fprintf(stderr, "weir: %s: host mode, a copy of what passes, as %s\n", name,
			reason);
		break;
	case INTERFACE_SPAN_FREE:
		fprintf(stderr,
			"weir: %s: span mode, packets end here: the interface serves nothing else\n",
			name);
		break;
	}
	return RUN_DONE;
}

static int interface_options(const struct settings *s, const struct interface_settings *in,
			     struct xdp_interface_options *o)
{
	char reason[IFACE_TEXT_BYTES];
	struct iface f;
	int err = iface_read(in->name, &f);
	int code;

	if (err) {
		fprintf(stderr, "weir: %s: %s; 'ip link' lists the interfaces\n", in->name,
			err == -ENODEV ? "there is no such interface" : strerror(-err));
		return RUN_FAILED;
	}
	code = tell_mode(in->name, interface_choose(s, in, &f, reason, o), reason);
	if (code)
		return code;
	tell_warnings(&f, o->first != XDP_STEP_AF_PACKET);
	return RUN_DONE;
}

static int open_stage(struct supervisor *s)
{
	const struct live_settings *live = &s->settings->live;
	struct xdp_interface_options interfaces[SETTINGS_INTERFACES_MAX];
	struct xdp_stage_options opt = {
		.interfaces = interfaces,
		.interface_count = live->interfaces,
		.workers = s->settings->workers,
		.hash_key = s->pair_key.k0,
		.stale_ms = live->heartbeat_ms,
		.lost_pass = live->lost_pass,
		.shadow = live->shadow,
		.tally = s->settings->watch_counts,
		.plan = s->plan,
		.tell = tell,
	};
	char error[512] = "";
	int err, code;

	for (unsigned i = 0; i < live->interfaces; i++) {
		code = interface_options(s->settings, &live->interface[i], &interfaces[i]);
		if (code)
			return code;
	}
	err = xdp_stage_open(&opt, &s->stage, error, sizeof(error));
	if (err) {
		fprintf(stderr, "weir: %s\n", *error ? error : strerror(-err));
		return RUN_FAILED;
	}
	return RUN_DONE;
}

/* --- the rest --------------------------------------------------------------------------------- */

static int open_memory(struct supervisor *s)
{
	size_t each = (release_ring_bytes() + 63) / 64 * 64;
	unsigned workers = s->settings->workers;
	uint8_t *base;
	int err;

	s->board = board_new();
	s->rings = calloc(workers, sizeof(struct release_ring *));
	s->rings_bytes = each * workers;
	s->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->bell < 0)
		return fail("eventfd", -errno);
	s->sets = image_new("weir-sets");
	base = mmap(NULL, s->rings_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		    0);
	if (base == MAP_FAILED)
		s->rings_bytes = 0;
	if (!s->board || !s->rings || s->sets < 0 || base == MAP_FAILED)
		return fail("shared memory", -ENOMEM);
	err = kept_new(workers, s->settings->flow.max_flows + 1, &s->kept);
	if (err)
		return fail("shared memory", err);
	for (unsigned i = 0; i < workers; i++)
		s->rings[i] = (struct release_ring *)(base + i * each);
	return RUN_DONE;
}

static int open_outputs(struct supervisor *s, const struct ruleset *rules)
{
	const struct settings *set = s->settings;
	char *failed;
	int err = writer_open(set->outputs, set->output_count, set->log_dir,
			      rules ? ruleset_rules(rules) : 0, NULL, &s->writer, &failed);

	if (err) {
		fail(failed ? failed : "outputs", err);
		free(failed);
		return RUN_FAILED;
	}
	s->log_folder = open(set->log_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->log_folder < 0 ? fail(set->log_dir, -errno) : RUN_DONE;
}

/* Of the folder that is Weir's own; any other is the operator's to make. */
static void make_folder(const char *path)
{
	size_t len = strlen(SETTINGS_CONTROL_FOLDER);

	if (strncmp(path, SETTINGS_CONTROL_FOLDER "/", len + 1) == 0)
		mkdir(SETTINGS_CONTROL_FOLDER, 0750);
}

static int open_control(struct supervisor *s)
{
	const struct live_settings *live = &s->settings->live;
	struct control control;
	int err;

	if (!live->control)
		return RUN_DONE;
	supervisor_commands(s, &control);
	make_folder(live->control_path);
	err = control_socket_open(live->control_path, &control, &s->control);
	if (!err)
		return RUN_DONE;
	fprintf(stderr, "weir: control socket '%s': %s\n", live->control_path, strerror(-err));
	return live->control_required ? RUN_FAILED : RUN_DONE;
}

static int open_signals(struct supervisor *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? fail("signals", -errno) : RUN_DONE;
}

static int open_image(struct supervisor *s, const struct ruleset *rules)
{
	int err;

	if (!rules)
		return RUN_DONE;
	s->rules.image = image_new("weir-ruleset");
	s->rules.lists = image_new("weir-lists");
	err = s->rules.image < 0   ? s->rules.image
	      : s->rules.lists < 0 ? s->rules.lists
				   : image_write(rules, s->rules.image, s->rules.lists);
	if (!err)
		err = image_seal(s->rules.image);
	if (!err)
		err = image_seal(s->rules.lists);
	return err ? fail("the rules' image", err) : RUN_DONE;
}

int supervisor_open(struct supervisor *s, const struct ruleset *rules)
{
	int code, err;

	if (getrandom(&s->pair_key, sizeof(s->pair_key), 0) != sizeof(s->pair_key))
		return fail("random numbers", -EIO);
	code = open_signals(s);
	if (!code)
		code = open_outputs(s, rules);
	if (!code)
		code = make_plan(s, rules);
	if (!code)
		code = open_memory(s);
	if (!code)
		code = open_image(s, rules);
	if (!code)
		code = open_stage(s);
	if (!code)
		code = open_control(s);
	err = notify_open(&s->notify);
	if (!code && err)
		fprintf(stderr, "weir: NOTIFY_SOCKET: %s\n", strerror(-err));
	return code;
}

void supervisor_close(struct supervisor *s)
{
	xdp_stage_close(s->stage);
	control_socket_close(s->control);
	notify_close(&s->notify);
	writer_close(s->writer);
	if (s->bell > 0)
		close(s->bell);
	if (s->rings_bytes)
		munmap(s->rings[0], s->rings_bytes);
	free(s->rings);
	kept_free(s->kept);
	board_free(s->board);
	free(s->plan);
	if (s->rules.image >= 0)
		close(s->rules.image);
	if (s->rules.lists >= 0)
		close(s->rules.lists);
	if (s->link >= 0)
		close(s->link);
	if (s->sets >= 0)
		close(s->sets);
	if (s->log_folder >= 0)
		close(s->log_folder);
	if (s->signals >= 0)
		close(s->signals);
}
