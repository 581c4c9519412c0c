/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/doctor.h"

#include <cap-ng.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/capture/iface.h"
#include "engine/capture/xdp_load.h"

/* The largest frame that fits a page with what the kernel needs around it. */
#define MTU_ONE_BUFFER 3498

static struct doctor_finding *add(struct doctor *d, const char *about, const char *name,
				  enum doctor_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
static struct doctor_finding *add(struct doctor *d, const char *about, const char *name,
				  enum doctor_verdict verdict, const char *format, ...)
{
	static struct doctor_finding none;
	struct doctor_finding *f = &none;
	va_list args;

	if (d->count < DOCTOR_FINDINGS_MAX)
		f = &d->finding[d->count++];
	*f = (struct doctor_finding){ .verdict = verdict };
	snprintf(f->about, sizeof(f->about), "%s", about);
	snprintf(f->name, sizeof(f->name), "%s", name);
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	return f;
}

static void remedy(struct doctor_finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void remedy(struct doctor_finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->remedy, sizeof(f->remedy), format, args);
	va_end(args);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void capabilities(struct doctor *d)
{
	static const struct {
		unsigned number;
		const char *name;
	} needed[] = {
		{ CAP_BPF, "CAP_BPF" },
		{ CAP_PERFMON, "CAP_PERFMON" },
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
		{ CAP_NET_RAW, "CAP_NET_RAW" },
		{ CAP_IPC_LOCK, "CAP_IPC_LOCK" },
	};
	char missing[128] = "";

	capng_get_caps_process();
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i].number))
			continue;
		if (*missing)
			strcat(missing, ", ");
		strcat(missing, needed[i].name);
	}
	if (*missing)
		remedy(add(d, "machine", "capabilities", DOCTOR_BAD, "missing: %s", missing),
		       "run as root, or by the systemd unit, which gives them");
	else
		add(d, "machine", "capabilities", DOCTOR_FINE, "all that a supervisor needs");
}

static void abilities(struct doctor *d)
{
	struct xdp_able able[XDP_ABILITY__COUNT];

	memset(able, 0, sizeof(able));
	xdp_abilities(able);
	for (unsigned i = 0; i < XDP_ABILITY__COUNT; i++) {
		/* Without these a step of the ladder is missing, no more. */
		bool optional = i == XDP_ABILITY_FRAGS || i == XDP_ABILITY_MEMLOCK;

		add(d, "machine", able[i].name ? able[i].name : "",
		    able[i].able ? DOCTOR_FINE
		    : optional	 ? DOCTOR_WARNING
				 : DOCTOR_BAD,
		    "%s", able[i].text);
	}
}

static void confinement(struct doctor *d)
{
	long version = syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);

	if (version > 0)
		add(d, "machine", "landlock", DOCTOR_FINE, "version %ld", version);
	else
		remedy(add(d, "machine", "landlock", DOCTOR_WARNING, "%s: seccomp alone confines",
			   strerror(errno)),
		       "a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in the lsm= list");
}

static void read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	*out = '\0';
	if (!f)
		return;
	if (fgets(out, (int)size, f))
		out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

static void clocks(struct doctor *d)
{
	char source[64];
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
		  sizeof(source));
	if (!strcmp(source, "tsc") || !strcmp(source, "kvm-clock") ||
	    !strcmp(source, "arch_sys_counter"))
		add(d, "machine", "clock", DOCTOR_FINE, "source %s, read without a system call",
		    source);
	else
		remedy(add(d, "machine", "clock", DOCTOR_WARNING,
			   "source %s: each reading may be a system call",
			   *source ? source : "unknown"),
		       "the kernel parameter tsc=reliable, where the processor's counter is");
	if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		remedy(add(d, "machine", "time", DOCTOR_NOTE,
			   "not synchronised: records of several sensors may not fit together"),
		       "chrony, or systemd-timesyncd");
	else
		add(d, "machine", "time", DOCTOR_FINE, "synchronised");
}

void doctor_machine(struct doctor *d)
{
	struct utsname u;

	if (uname(&u) == 0)
		add(d, "machine", "system", DOCTOR_NOTE, "%s %s, %ld processors", u.sysname,
		    u.release, sysconf(_SC_NPROCESSORS_ONLN));
	capabilities(d);
	abilities(d);
	confinement(d);
	clocks(d);
}

/* --- an interface ----------------------------------------------------------------------------- */

static void state_of(struct doctor *d, const struct iface *f)
{
	if (!f->up)
		remedy(add(d, f->name, "state", DOCTOR_BAD, "down"), "ip link set %s up", f->name);
	else if (!f->running)
		remedy(add(d, f->name, "state", DOCTOR_WARNING, "up, without a carrier"),
		       "look at the cable, or at what is to mirror to it");
	else
		add(d, f->name, "state", DOCTOR_FINE, "up%s, driver %s%s",
		    f->speed_mbit ? "" : ", speed unknown", *f->driver ? f->driver : "unknown",
		    f->ethernet ? "" : ", not Ethernet");
}

static void mode_of(struct doctor *d, const struct iface *f)
{
	char reason[IFACE_TEXT_BYTES] = "";

	if (iface_refuses_span(f, reason))
		remedy(add(d, f->name, "mode", DOCTOR_NOTE, "host: a copy of what passes, as %s",
			   reason),
		       "for span mode: an interface that serves nothing else");
	else
		add(d, f->name, "mode", DOCTOR_FINE,
		    "span: what is not wanted is dropped before the host sees it");
}

static void steps_of(struct doctor *d, const struct iface *f)
{
	char program[256];

	if (f->xdp_zero_copy == IFACE_ON)
		add(d, f->name, "xdp", DOCTOR_FINE, "driver %s: zero-copy", f->driver);
	else if (f->xdp_driver == IFACE_ON && f->xdp_redirect != IFACE_OFF)
		add(d, f->name, "xdp", DOCTOR_FINE,
		    "driver %s runs programs; frames are copied, as it has no zero-copy",
		    f->driver);
	else if (f->xdp_driver == IFACE_OFF)
		remedy(add(d, f->name, "xdp", DOCTOR_WARNING,
			   "driver %s runs no programs: generic XDP, after a buffer was made",
			   *f->driver ? f->driver : "unknown"),
		       "a network card whose driver has XDP");
	else
		add(d, f->name, "xdp", DOCTOR_NOTE,
		    "this kernel does not say what driver %s can; 'weir run' tries",
		    *f->driver ? f->driver : "unknown");
	if (f->xdp_id && xdp_program_attached(f->ifindex, program, sizeof(program)))
		remedy(add(d, f->name, "program", DOCTOR_BAD, "there is one already: %s", program),
		       "end what attached it; or ip link set %s xdp off; or af-xdp.replace: yes",
		       f->name);
}

static void queues_of(struct doctor *d, const struct iface *f)
{
	add(d, f->name, "queues", DOCTOR_FINE, "%u receive queues in use of %u", f->rx_queues,
	    f->channels_max > f->rx_queues ? f->channels_max : f->rx_queues);
	if (f->rx_ring_max && f->rx_ring < f->rx_ring_max)
		remedy(add(d, f->name, "ring", DOCTOR_WARNING,
			   "%u of %u descriptors: bursts are lost", f->rx_ring, f->rx_ring_max),
		       "ethtool -G %s rx %u", f->name, f->rx_ring_max);
	if (f->rx_queues < 2)
		return;
	if (f->hash_tcp4 == IFACE_HASH_ADDRESSES && f->hash_udp4 == IFACE_HASH_ADDRESSES)
		add(d, f->name, "rss", DOCTOR_FINE, "spreads packets by addresses alone");
	else if (f->hash_tcp4 == IFACE_HASH_UNKNOWN)
		add(d, f->name, "rss", DOCTOR_NOTE,
		    "the driver does not tell how it spreads packets; the program sorts them anyhow");
	else
		remedy(add(d, f->name, "rss", DOCTOR_WARNING,
			   "spreads packets by ports too: fragments and both directions part, and "
			   "the program has to sort them"),
		       "for p in tcp4 udp4 tcp6 udp6; do ethtool -N %s rx-flow-hash $p sd; done",
		       f->name);
}

static void mtu_of(struct doctor *d, const struct iface *f)
{
	if (f->mtu > MTU_ONE_BUFFER && f->xdp_frags == IFACE_ON)
		add(d, f->name, "mtu", DOCTOR_NOTE, "%u: frames take several buffers", f->mtu);
	else if (f->mtu > MTU_ONE_BUFFER)
		remedy(add(d, f->name, "mtu", DOCTOR_WARNING,
			   "%u: AF_XDP takes frames of several buffers from kernel 6.6 on, where the "
			   "driver can",
			   f->mtu),
		       "ip link set %s mtu 1500, where no larger frames come", f->name);
	else
		add(d, f->name, "mtu", DOCTOR_FINE, "%u", f->mtu);
}

static void offloads_of(struct doctor *d, const struct iface *f)
{
	struct iface_warning list[IFACE_WARNINGS_MAX];
	char reason[IFACE_TEXT_BYTES];
	unsigned n = iface_warnings(f, !iface_refuses_span(f, reason), list);

	for (unsigned i = 0; i < n; i++)
		remedy(add(d, f->name, "offload", DOCTOR_WARNING, "%s", list[i].what), "%s",
		       list[i].command);
	if (n == 0)
		add(d, f->name, "offload", DOCTOR_FINE, "none that spoils capture is on");
}

void doctor_interface(struct doctor *d, const char *name)
{
	struct iface f;
	int err = iface_read(name, &f);

	if (err) {
		remedy(add(d, name, "state", DOCTOR_BAD, "%s", strerror(-err)),
		       "'ip link' lists the interfaces");
		return;
	}
	state_of(d, &f);
	mode_of(d, &f);
	steps_of(d, &f);
	queues_of(d, &f);
	mtu_of(d, &f);
	offloads_of(d, &f);
}

/* --- telling ---------------------------------------------------------------------------------- */

static const char *const verdicts[] = { "fine", "note", "warning", "bad" };

enum doctor_verdict doctor_verdict(const struct doctor *d)
{
	enum doctor_verdict worst = DOCTOR_FINE;

	for (unsigned i = 0; i < d->count; i++) {
		if (d->finding[i].verdict > worst)
			worst = d->finding[i].verdict;
	}
	return worst;
}

void doctor_print(const struct doctor *d, FILE *out)
{
	const char *about = "";

	for (unsigned i = 0; i < d->count; i++) {
		const struct doctor_finding *f = &d->finding[i];

		if (strcmp(f->about, about) != 0)
			fprintf(out, "%s%s\n", i ? "\n" : "", f->about);
		about = f->about;
		fprintf(out, "  %-8s %-14s %s\n", verdicts[f->verdict], f->name, f->text);
		if (*f->remedy)
			fprintf(out, "  %-8s %-14s   %s\n", "", "", f->remedy);
	}
}

void doctor_print_json(const struct doctor *d, FILE *out)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < d->count; i++) {
		const struct doctor_finding *f = &d->finding[i];
		json_t *one = json_object();

		json_object_set_new(one, "about", json_string(f->about));
		json_object_set_new(one, "name", json_string(f->name));
		json_object_set_new(one, "verdict", json_string(verdicts[f->verdict]));
		json_object_set_new(one, "text", json_string(f->text));
		if (*f->remedy)
			json_object_set_new(one, "remedy", json_string(f->remedy));
		json_array_append_new(list, one);
	}
	json_dumpf(list, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(list);
}
