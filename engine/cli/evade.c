/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir evade: a capture on which a rule alerts, rewritten in every way that an attacker could send the
 * same, and the ways in which the rule alerts no longer.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/capture/capture.h"
#include "engine/cli/command.h"
#include "engine/cli/evade_variant.h"
#include "engine/cli/pick.h"
#include "engine/cli/trial.h"

const char help_evade[] =
	"usage: weir evade --sid N RULES... CAPTURE [options]\n"
	"\n"
	"Rewrites a capture on which the rule alerts: cut, reordered, repeated, fragmented, in\n"
	"tunnels, with chaff between.  What the end hosts read stays the same.  Each variant is run,\n"
	"and those on which the rule no longer alerts for each flow of the original are listed.\n"
	"\n"
	"  --sid N             the rule\n"
	"  --gid N             where several rules have the sid (default: the first)\n"
	"  --technique NAME    only this one; may be repeated\n"
	"  --list              the techniques, a line each\n"
	"  --write DIR         keep the variants without an alert as DIR/NAME.pcap, for\n"
	"                      'weir explain'\n"
	"  --json              one JSON object a line: each technique, a summary\n"
	"  -k none|all|auto    which checksums must be right (default: all)\n"
	"  -c FILE             a configuration\n"
	"  --set KEY=VALUE     one key of the configuration; may be repeated\n"
	"\n"
	"examples:\n"
	"  weir evade --sid 1000001 local.rules capture.pcap\n"
	"  weir evade --sid 1000001 --technique split --write /tmp/v local.rules capture.pcap\n"
	"\n"
	"exit codes: 0 the rule alerts on every variant; 1 it does not, or failed; 2 wrong usage; 3 no such\n"
	"rule, or it does not load, or mistakes in the configuration\n";

/* Packets that one technique may cost: of more places some are left out, and it is told. */
#define PACKETS_MAX 20000000u
#define CAPTURE_MAX (256u << 20)
#define ESCAPES_SHOWN 8

enum {
	ASK_TECHNIQUE = 256,
	ASK_LIST,
	ASK_WRITE,
	ASK_JSON,
};

static const struct option options[] = {
	PICK_OPTIONS,
	{ "technique", required_argument, NULL, ASK_TECHNIQUE },
	{ "list", no_argument, NULL, ASK_LIST },
	{ "write", required_argument, NULL, ASK_WRITE },
	{ "json", no_argument, NULL, ASK_JSON },
	{ NULL, 0, NULL, 0 },
};

struct request {
	struct settings_args args;
	struct rule_ask rule;
	const char *capture;
	const char *folder; /* --write; NULL: none */
	uint64_t techniques; /* bits of those asked for; 0: all */
	bool json, list;
};

/* A conversation, the side with the lower address and port first. */
struct talk {
	struct ip_addr addr[2];
	uint16_t port[2];
	uint8_t proto, ip_version;
};

struct talks {
	struct talk *list;
	size_t count, room;
};

struct evading {
	const struct request *ask;
	const struct settings *settings;
	const struct ruleset *rules;
	uint32_t rule;
	struct arena bytes; /* of the frames */
	struct source *sources;
	size_t count, room;
	size_t used_bytes;
	struct talks first; /* that alert in the capture as it is */
	struct talks now; /* in a variant */
	struct trial trial;
	bool no_memory;
	unsigned variants, escapes, files;
};

/* What was found with one technique. */
struct finding {
	const struct technique *technique;
	unsigned variants, escapes, step;
	size_t packets;
	unsigned at[ESCAPES_SHOWN];
};

/* --- the command line ------------------------------------------------------------------------------ */

static int take_technique(struct request *ask, const char *name)
{
	const char *names[64], *near;

	for (unsigned i = 0; i < technique_count; i++) {
		names[i] = techniques[i].name;
		if (strcmp(name, names[i]) == 0) {
			ask->techniques |= 1ULL << i;
			return 0;
		}
	}
	near = diag_nearest(name, names, technique_count);
	if (near)
		return usage_error("evade", "no technique '%s'; did you mean '%s'?", name, near);
	return usage_error("evade", "no technique '%s'; --list has them", name);
}

static int take(struct request *ask, int option, const char *value)
{
	switch (option) {
	case ASK_TECHNIQUE:
		return take_technique(ask, value);
	case ASK_LIST:
		ask->list = true;
		return 0;
	case ASK_WRITE:
		ask->folder = value;
		return 0;
	case ASK_JSON:
		ask->json = true;
		return 0;
	default:
		return pick_take(&ask->rule, &ask->args, option, value);
	}
}

static int parse(int argc, char **argv, struct request *ask)
{
	int option, err = 0;

	/* One reader of one capture: all of the pools are its own.  --set may say otherwise. */
	if (!text_list_add(&ask->args.sets, "workers=1"))
		return EXIT_FAILED;
	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, PICK_LETTERS, options, NULL)) != -1) {
		if (option == ':' || option == '?')
			err = usage_option("evade", option, argv, options);
		else
			err = take(ask, option, optarg);
	}
	if (err || ask->list)
		return err;
	ask->capture = argv[argc - 1];
	return pick_files(&ask->rule, &ask->args, argc, argv);
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir evade: %s: %s\n", what, strerror(-err));
	return EXIT_FAILED;
}

/* --- conversations ----------------------------------------------------------------------------------- */

static struct talk talk_of(const struct packet *p)
{
	struct talk t;
	int order = ip_addr_compare(&p->src, &p->dst);
	bool swap = order > 0 || (order == 0 && p->sport > p->dport);

	/* Compared as bytes. */
	memset(&t, 0, sizeof(t));
	t.addr[swap] = p->src;
	t.addr[!swap] = p->dst;
	t.port[swap] = p->sport;
	t.port[!swap] = p->dport;
	t.proto = p->proto;
	t.ip_version = p->ip_version;
	return t;
}

static bool has_talk(const struct talks *all, const struct talk *t)
{
	for (size_t i = 0; i < all->count; i++) {
		if (memcmp(&all->list[i], t, sizeof(*t)) == 0)
			return true;
	}
	return false;
}

static bool add_talk(struct talks *all, const struct talk *t)
{
	if (has_talk(all, t))
		return true;
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : 16;
		struct talk *more = realloc(all->list, room * sizeof(*more));

		if (!more)
			return false;
		all->list = more;
		all->room = room;
	}
	all->list[all->count++] = *t;
	return true;
}

/* Every conversation of the capture that alerts still does. */
static bool alerts_as_before(const struct evading *e)
{
	for (size_t i = 0; i < e->first.count; i++) {
		if (!has_talk(&e->now, &e->first.list[i]))
			return false;
	}
	return true;
}

/* --- one run ------------------------------------------------------------------------------------------ */

static void on_packet(void *ctx, struct packet *p)
{
	struct evading *e = ctx;
	struct detect_result res;
	struct talk t = talk_of(p);

	detect_packet(e->trial.detector, p, &res);
	for (unsigned i = 0; i < res.alerts; i++) {
		if (res.alert[i].rule == e->rule && !(res.alert[i].flags & ALERT_PASS) &&
		    !add_talk(&e->now, &t))
			e->no_memory = true;
	}
	trial_told_packet(&e->trial, p);
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct evading *e = ctx;

	(void)reason;
	detect_flow_end(e->trial.detector, f);
	trial_told_end(&e->trial, f);
}

/* Run the rules on frames; e->now has what alerted. */
static int try(struct evading *e, const struct frame *frames, size_t count)
{
	struct pipeline_hooks hooks = { .packet = on_packet, .flow_end = on_flow_end, .ctx = e };
	const char *failed;
	int err = trial_init(&e->trial, e->settings, e->rules, &hooks, &failed);

	e->now.count = 0;
	for (size_t i = 0; !err && i < count; i++)
		trial_frame(&e->trial, &frames[i]);
	if (!err)
		trial_end(&e->trial);
	trial_fini(&e->trial);
	if (err)
		return fail(failed, err);
	return e->no_memory ? fail(e->ask->capture, -ENOMEM) : EXIT_DONE;
}

/* --- the capture ----------------------------------------------------------------------------------------- */

static int keep(struct evading *e, const struct frame *f)
{
	struct frame own = *f;

	e->used_bytes += f->len;
	if (e->used_bytes > CAPTURE_MAX) {
		fprintf(stderr,
			"weir evade: %s is too large: at most %u MiB of packets are rewritten; cut the "
			"flow out of it\n",
			e->ask->capture, CAPTURE_MAX >> 20);
		return EXIT_FAILED;
	}
	if (e->count == e->room) {
		size_t room = e->room ? e->room * 2 : 256;
		struct source *more = realloc(e->sources, room * sizeof(*more));

		if (!more)
			return fail(e->ask->capture, -ENOMEM);
		e->sources = more;
		e->room = room;
	}
	own.data = arena_copy(&e->bytes, f->data, f->len);
	if (!own.data)
		return fail(e->ask->capture, -ENOMEM);
	source_of(&own, &e->sources[e->count++]);
	return EXIT_DONE;
}

static int read_capture(struct evading *e)
{
	char error[CAPTURE_ERROR_BYTES] = "";
	struct capture_options opt = { .inputs = e->ask->args.captures.text,
				       .input_count = 1,
				       .readers = 1 };
	const struct capture_block *block;
	struct capture *c;
	int code = EXIT_DONE;

	if (capture_open(&opt, &c, error)) {
		fprintf(stderr, "weir evade: %s\n", error);
		return EXIT_FAILED;
	}
	while (!code && capture_next_block(c, 0, &block) == 1) {
		for (unsigned i = 0; !code && i < block->count; i++)
			code = keep(e, &block->frames[i]);
	}
	for (unsigned i = 0; i < capture_error_count(c); i++)
		fprintf(stderr, "weir evade: %s\n", capture_error(c, i));
	capture_close(c);
	return code;
}

/* The capture as it is: what alerts there is what is rewritten. */
static int try_original(struct evading *e)
{
	struct frame *frames = calloc(e->count + 1, sizeof(*frames));
	int code;

	if (!frames)
		return fail(e->ask->capture, -ENOMEM);
	for (size_t i = 0; i < e->count; i++)
		frames[i] = e->sources[i].frame;
	code = try(e, frames, e->count);
	free(frames);
	e->first = e->now;
	e->now = (struct talks){ .list = NULL };
	for (size_t i = 0; i < e->count; i++) {
		struct talk t = talk_of(&e->sources[i].packet);

		e->sources[i].chosen = has_talk(&e->first, &t);
	}
	if (!code && !e->first.count) {
		fprintf(stderr,
			"weir evade: rule %" PRIu64
			" does not alert on %s as it is; 'weir explain --sid "
			"%" PRIu64 "' tells why\n",
			e->ask->rule.sid, e->ask->capture, e->ask->rule.sid);
		code = EXIT_FAILED;
	}
	return code;
}

/* --- variants -------------------------------------------------------------------------------------------- */

static void put_le32(FILE *f, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		fputc((int)(v >> 8 * i & 0xff), f);
}

/* A capture file, little-endian, with nanoseconds. */
static void put_capture(FILE *f, const struct variant *v)
{
	put_le32(f, 0xa1b23c4d);
	put_le32(f, 2 | 4 << 16);
	put_le32(f, 0);
	put_le32(f, 0);
	put_le32(f, 262144);
	put_le32(f, v->count ? (uint32_t)v->frame[0].link : LINK_ETHERNET);
	for (size_t i = 0; i < v->count; i++) {
		const struct frame *p = &v->frame[i];

		put_le32(f, (uint32_t)(p->time_ns / 1000000000));
		put_le32(f, (uint32_t)(p->time_ns % 1000000000));
		put_le32(f, p->len);
		put_le32(f, p->wire_len);
		fwrite(p->data, 1, p->len, f);
	}
}

static int write_variant(struct evading *e, const struct technique *t, unsigned at,
			 const struct variant *v)
{
	char path[4096], place[16] = "";
	FILE *f;
	int err = 0;

	if (!e->ask->folder)
		return EXIT_DONE;
	if (mkdir(e->ask->folder, 0777) && errno != EEXIST)
		return fail(e->ask->folder, -errno);
	if (at)
		snprintf(place, sizeof(place), "-%u", at);
	snprintf(path, sizeof(path), "%s/%s%s.pcap", e->ask->folder, t->name, place);
	f = fopen(path, "we");
	if (!f)
		return fail(path, -errno);
	put_capture(f, v);
	if (ferror(f))
		err = -errno;
	if (fclose(f) && !err)
		err = -errno;
	if (err)
		return fail(path, err);
	e->files++;
	return EXIT_DONE;
}

static int try_variant(struct evading *e, struct finding *found, unsigned at)
{
	const struct technique *t = found->technique;
	struct variant v;
	int code;

	variant_init(&v);
	found->packets = variant_make(&v, t, at, e->sources, e->count);
	if (v.no_memory)
		code = fail(t->name, -ENOMEM);
	else
		code = found->packets ? try(e, v.frame, v.count) : EXIT_DONE;
	if (!code && found->packets) {
		found->variants++;
		if (!alerts_as_before(e)) {
			if (found->escapes < ESCAPES_SHOWN)
				found->at[found->escapes] = at;
			found->escapes++;
			code = write_variant(e, t, at, &v);
		}
	}
	variant_fini(&v);
	return code;
}

static unsigned places(const struct evading *e, const struct technique *t)
{
	unsigned most = 0;

	for (size_t i = 0; i < e->count; i++) {
		const struct source *s = &e->sources[i];
		unsigned n = s->chosen && s->datagram.len ? t->positions(s) : 0;

		most = n > most ? n : most;
	}
	return most;
}

static void show_progress(const struct finding *found, unsigned at, unsigned count)
{
	if (isatty(STDERR_FILENO) && count > 1)
		fprintf(stderr, "\r%-16s %u of %u ", found->technique->name, at, count);
}

static int try_technique(struct evading *e, struct finding *found)
{
	const struct technique *t = found->technique;
	unsigned count;
	int code = EXIT_DONE;

	found->step = 1;
	if (!t->positions)
		return try_variant(e, found, 0);
	count = places(e, t);
	while ((uint64_t)count / found->step * e->count > PACKETS_MAX)
		found->step++;
	for (unsigned at = 1; !code && at < count; at += found->step) {
		show_progress(found, at, count);
		code = try_variant(e, found, at);
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%40s\r", "");
	return code;
}

/* --- what is told --------------------------------------------------------------------------------------- */

static void print_escapes(const struct finding *f)
{
	if (!f->technique->positions)
		return;
	printf("  at ");
	for (unsigned i = 0; i < f->escapes && i < ESCAPES_SHOWN; i++)
		printf("%s%u", i ? ", " : "", f->at[i]);
	if (f->escapes > ESCAPES_SHOWN)
		printf(" and %u more", f->escapes - ESCAPES_SHOWN);
}

static void print_finding(const struct finding *f)
{
	if (!f->variants) {
		printf("  %-17s %5s  no packet to use it on\n", f->technique->name, "-");
		return;
	}
	printf("  %-17s %5u  ", f->technique->name, f->variants);
	if (!f->escapes)
		printf("%s", f->variants > 1 ? "all alert" : "alerts");
	else if (f->variants == 1)
		printf("DOES NOT ALERT: %s", f->technique->what);
	else
		printf("%u DO NOT ALERT: %s", f->escapes, f->technique->what);
	if (f->escapes)
		print_escapes(f);
	if (f->step > 1)
		printf("  (each %uth place only: the capture is large)", f->step);
	putchar('\n');
}

static void print_finding_json(const struct finding *f)
{
	printf("{\"technique\":\"%s\",\"variants\":%u,\"packets\":%zu,\"step\":%u,\"escapes\":%u",
	       f->technique->name, f->variants, f->packets, f->step, f->escapes);
	if (f->technique->positions) {
		printf(",\"at\":[");
		for (unsigned i = 0; i < f->escapes && i < ESCAPES_SHOWN; i++)
			printf("%s%u", i ? "," : "", f->at[i]);
		putchar(']');
	}
	printf("}\n");
}

static void print_start(const struct evading *e)
{
	struct rule_info info;

	ruleset_rule(e->rules, e->rule, &info);
	printf("rule %u: %s\n", info.sid, info.msg ? info.msg : "(no msg)");
	printf("%s: %zu packets; the rule alerts in %zu conversation%s, which %s rewritten\n\n",
	       e->ask->capture, e->count, e->first.count, e->first.count == 1 ? "" : "s",
	       e->first.count == 1 ? "is" : "are");
}

static void print_end(const struct evading *e)
{
	if (e->ask->json) {
		printf("{\"sid\":%" PRIu64
		       ",\"conversations\":%zu,\"variants\":%u,\"escapes\":%u}\n",
		       e->ask->rule.sid, e->first.count, e->variants, e->escapes);
		return;
	}
	printf("\n%u variants, %u without the alert\n", e->variants, e->escapes);
	if (e->escapes && !e->ask->folder)
		printf("with --write DIR they are kept, and 'weir explain' tells what failed there\n");
	if (e->files)
		printf("kept in %s; why:  weir explain --sid %" PRIu64 " RULES %s/NAME.pcap\n",
		       e->ask->folder, e->ask->rule.sid, e->ask->folder);
}

/* --- the command -------------------------------------------------------------------------------------------- */

static int try_all(struct evading *e)
{
	int code = EXIT_DONE;

	for (unsigned i = 0; !code && i < technique_count; i++) {
		struct finding found = { .technique = &techniques[i] };

		if (e->ask->techniques && !(e->ask->techniques & 1ULL << i))
			continue;
		code = try_technique(e, &found);
		if (code)
			break;
		e->variants += found.variants;
		e->escapes += found.escapes;
		if (e->ask->json)
			print_finding_json(&found);
		else
			print_finding(&found);
		fflush(stdout);
	}
	return code;
}

static int evade_rule(const struct request *ask, const struct settings *s,
		      const struct ruleset *rules, uint32_t rule)
{
	struct evading e = { .ask = ask, .settings = s, .rules = rules, .rule = rule };
	int code;

	arena_init(&e.bytes);
	code = read_capture(&e);
	if (!code)
		code = try_original(&e);
	if (!code && !ask->json)
		print_start(&e);
	if (!code)
		code = try_all(&e);
	if (!code)
		print_end(&e);
	if (!code && e.escapes)
		code = EXIT_FAILED;
	free(e.sources);
	free(e.first.list);
	free(e.now.list);
	arena_fini(&e.bytes);
	return code;
}

static int evade_request(const struct request *ask)
{
	struct settings *s = NULL;
	struct diag_list diags;
	struct run_rules rules;
	uint32_t rule;
	int code;

	diag_list_init(&diags);
	if (settings_load(&ask->args, &diags, &s)) {
		code = fail("configuration", -ENOMEM);
	} else if (diags.errors) {
		settings_print_diags(&diags, stderr);
		code = EXIT_RULES;
	} else {
		code = pick_rule(&ask->rule, s, &diags, &rules, &rule);
		if (!code)
			code = evade_rule(ask, s, rules.compiled, rule);
		run_rules_fini(&rules);
	}
	settings_free(s);
	diag_list_fini(&diags);
	return code;
}

static int list_techniques(void)
{
	for (unsigned i = 0; i < technique_count; i++)
		printf("%-17s %s\n", techniques[i].name, techniques[i].what);
	return EXIT_DONE;
}

int command_evade(int argc, char **argv)
{
	/* Chaff with a wrong checksum is chaff only where checksums are looked at. */
	struct request ask = { .rule = { .command = "evade" }, .args = { .checksums = "all" } };
	int code = parse(argc, argv, &ask);

	if (!code)
		code = ask.list ? list_techniques() : evade_request(&ask);
	text_list_fini(&ask.args.rules);
	text_list_fini(&ask.args.captures);
	text_list_fini(&ask.args.sets);
	return code;
}
