/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/supervisor_control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/run/supervisor.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "0"
#endif

#define NS_PER_S 1000000000LL
#define TTL_MAX_S (366 * 86400)
#define BLOCK_LIST_MAX 1000

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *uptime(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;

	(void)arguments;
	(void)error;
	return number((uint64_t)(now_ns() - s->started_ns) / NS_PER_S);
}

static json_t *version(void *ctx, const json_t *arguments, char *error)
{
	(void)ctx;
	(void)arguments;
	(void)error;
	return json_string("weir " WEIR_VERSION);
}

static json_t *running_mode(void *ctx, const json_t *arguments, char *error)
{
	(void)ctx;
	(void)arguments;
	(void)error;
	return json_string("workers");
}

static json_t *capture_mode(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	bool packet = true;

	(void)arguments;
	(void)error;
	for (unsigned i = 0; i < s->books.interfaces; i++)
		packet &= s->books.interface[i].step == XDP_STEP_AF_PACKET;
	return json_string(packet ? "AF_PACKET_DEV" : "AF_XDP_DEV");
}

static json_t *iface_list(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	json_t *list = json_array(), *out = json_object();

	(void)arguments;
	(void)error;
	for (unsigned i = 0; i < s->books.interfaces; i++)
		json_array_append_new(list, json_string(s->books.interface[i].name));
	json_object_set_new(out, "count", number(s->books.interfaces));
	json_object_set_new(out, "ifaces", list);
	return out;
}

/* The engine's record of statistics, as it put it on the board; a new reference, or NULL. */
static json_t *record_of(const struct supervisor *s)
{
	char *text = malloc(BOARD_TEXT_BYTES);
	size_t len = text ? board_get_text(s->board, text) : 0;
	json_t *record = len ? json_loadb(text, len, 0, NULL) : NULL;

	free(text);
	return record;
}

static json_t *iface_stat(void *ctx, const json_t *arguments, char *error)
{
	struct supervisor *s = ctx;
	const char *name = json_string_value(json_object_get(arguments, "iface"));
	json_t *record, *bad;

	if (!name) {
		snprintf(error, CONTROL_ERROR_BYTES, "expected an argument 'iface'");
		return NULL;
	}
	supervisor_close_books(s, LEDGER_RUNNING);
	for (unsigned i = 0; i < s->books.interfaces; i++) {
		const struct books_interface *f = &s->books.interface[i];
		json_t *out;

		if (strcmp(f->name, name) != 0)
			continue;
		out = json_object();
		json_object_set_new(out, "pkts", number(f->kernel_packets));
		json_object_set_new(out, "drop", number(f->kernel_drops));
		json_object_set_new(out, "bypassed", number(f->ledger.released));
		record = record_of(s);
		/* Of all interfaces: the engine does not keep them apart. */
		bad = json_object_get(json_object_get(json_object_get(record, "stats"), "tcp"),
				      "invalid_checksum");
		json_object_set_new(out, "invalid-checksums",
				    number(s->books.interfaces == 1
						   ? (uint64_t)json_integer_value(bad)
						   : 0));
		json_decref(record);
		return out;
	}
	snprintf(error, CONTROL_ERROR_BYTES, "there is no capture on '%s'", name);
	return NULL;
}

static json_t *dump_counters(void *ctx, const json_t *arguments, char *error)
{
	json_t *record = record_of(ctx), *out = NULL;

	(void)arguments;
	if (record) {
		out = json_deep_copy(json_object_get(record, "stats"));
		if (out)
			json_object_set(out, "weir", json_object_get(record, "weir"));
		json_decref(record);
	}
	if (!out)
		snprintf(error, CONTROL_ERROR_BYTES, "the engine has counted nothing yet");
	return out;
}

static json_t *ruleset_stats(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	json_t *one = json_object(), *list = json_array();

	(void)arguments;
	(void)error;
	json_object_set_new(one, "id", number(0));
	json_object_set_new(one, "rules_loaded", number(s->rules.loaded));
	json_object_set_new(one, "rules_failed", number(s->rules.failed));
	json_object_set_new(one, "rules_skipped", number(s->rules.skipped));
	json_array_append_new(list, one);
	return list;
}

static void put_time(json_t *out, const char *name, int64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	char text[64], zone[8];
	struct tm t;

	localtime_r(&seconds, &t);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &t);
	strftime(zone, sizeof(zone), "%z", &t);
	json_object_set_new(out, name,
			    json_sprintf("%s.%06lld%s", text, (long long)(ns % NS_PER_S / 1000),
					 zone));
}

static json_t *reload_time(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	json_t *one = json_object(), *list = json_array();

	(void)arguments;
	(void)error;
	json_object_set_new(one, "id", number(0));
	put_time(one, "last_reload", s->rules.loaded_ns);
	json_array_append_new(list, one);
	return list;
}

static json_t *failed_rules(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	const json_t *refused = json_object_get(s->reload.report, "refused");
	json_t *list = json_array(), *one;
	size_t i;

	(void)arguments;
	(void)error;
	json_array_foreach(refused, i, one)
	{
		json_t *copy = json_copy(one);

		json_object_set_new(copy, "id", number(0));
		json_array_append_new(list, copy);
	}
	return list;
}

/* What is to become of mistakes: "keep" the old rules, or "take" what is right. */
static bool take_refused(const json_t *arguments, bool *out, char *error)
{
	const json_t *asked = json_object_get(arguments, "refused");
	const char *text = json_string_value(asked);

	*out = text && strcmp(text, "take") == 0;
	if (!asked || *out || (text && strcmp(text, "keep") == 0))
		return true;
	snprintf(error, CONTROL_ERROR_BYTES, "expected 'keep' or 'take' as the argument 'refused'");
	return false;
}

static bool reload(void *ctx, const json_t *arguments, uint64_t ticket, char *error)
{
	bool take;
	int err;

	if (!take_refused(arguments, &take, error))
		return false;
	err = reload_begin(ctx, ticket, take);
	if (err)
		snprintf(error, CONTROL_ERROR_BYTES, "%s", reload_refusal(err));
	return err == 0;
}

static json_t *reload_nonblocking(void *ctx, const json_t *arguments, char *error)
{
	return reload(ctx, arguments, 0, error) ? json_string("reloading") : NULL;
}

static bool reopen(void *ctx, const json_t *arguments, uint64_t ticket, char *error)
{
	int err = supervisor_reopen(ctx, ticket);

	(void)arguments;
	if (err)
		snprintf(error, CONTROL_ERROR_BYTES, "%s", strerror(-err));
	return err == 0;
}

static bool dump_sets(void *ctx, const json_t *arguments, uint64_t ticket, char *error)
{
	struct supervisor *s = ctx;

	if (s->dump) {
		snprintf(error, CONTROL_ERROR_BYTES, "sets are being written");
		return false;
	}
	if (!supervisor_ask(s, "dataset-dump", arguments, s->sets, ticket, error))
		return false;
	s->dump = ticket;
	return true;
}

/* What the engine answers. */
#define ASK(function, command) \
	static bool function(void *ctx, const json_t *arguments, uint64_t ticket, char *error) \
	{ \
		return supervisor_ask(ctx, command, arguments, -1, ticket, error); \
	}
ASK(ask_set_add, "dataset-add")
ASK(ask_set_remove, "dataset-remove")
ASK(ask_set_lookup, "dataset-lookup")
ASK(ask_set_clear, "dataset-clear")
ASK(ask_hostbit_add, "add-hostbit")
ASK(ask_hostbit_remove, "remove-hostbit")
ASK(ask_hostbit_list, "list-hostbit")
ASK(ask_flow, "get-flow-stats-by-id")
ASK(ask_costs, "rule-costs")

static json_t *conf_get(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	const char *name = json_string_value(json_object_get(arguments, "variable"));
	const char *text = name ? config_text(config_get(s->settings->config.root, name)) : NULL;

	if (text)
		return json_string(text);
	snprintf(error, CONTROL_ERROR_BYTES,
		 name ? "there is no such value" : "expected an argument 'variable'");
	return NULL;
}

static json_t *iface_bypassed(void *ctx, const json_t *arguments, char *error)
{
	struct supervisor *s = ctx;
	json_t *out = json_object();

	(void)arguments;
	(void)error;
	supervisor_close_books(s, LEDGER_RUNNING);
	for (unsigned i = 0; i < s->books.interfaces; i++) {
		const struct books_interface *f = &s->books.interface[i];

		json_object_set_new(out, f->name,
				    json_pack("{s:o}", "bypassed", number(f->ledger.released)));
	}
	return out;
}

/* Of all workers; they were reserved at the start. */
static json_t *memcap_list(void *ctx, const json_t *arguments, char *error)
{
	const struct supervisor *s = ctx;
	const struct settings *set = s->settings;
	const struct {
		const char *name;
		uint64_t bytes;
	} pools[] = {
		{ "stream-reassembly", set->stream.reassembly_memcap * set->workers },
		{ "flow", flow_table_bytes(&set->flow) * set->workers },
		{ "defrag", set->defrag.memcap_bytes * set->workers },
		{ "applayer", set->app.memcap * set->workers },
	};
	json_t *list = json_array();

	(void)arguments;
	(void)error;
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		json_array_append_new(
			list, json_pack("{s:s,s:o}", "name", pools[i].name, "value",
					json_sprintf("%llukb",
						     (unsigned long long)(pools[i].bytes >> 10))));
	return list;
}

static json_t *memcap_show(void *ctx, const json_t *arguments, char *error)
{
	const char *name = json_string_value(json_object_get(arguments, "config"));
	json_t *list = memcap_list(ctx, NULL, error), *one, *value = NULL;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *is = json_string_value(json_object_get(one, "name"));

		if (name && is && strcmp(is, name) == 0)
			value = json_object_get(one, "value");
	}
	value = value ? json_pack("{s:O}", "value", value) : NULL;
	json_decref(list);
	if (!value)
		snprintf(error, CONTROL_ERROR_BYTES, "%s",
			 name ? "memcap-list has the names" : "expected an argument 'config'");
	return value;
}

static json_t *memcap_set(void *ctx, const json_t *arguments, char *error)
{
	(void)ctx;
	(void)arguments;
	snprintf(error, CONTROL_ERROR_BYTES,
		 "pools are reserved at the start: set it in the configuration, and start anew");
	return NULL;
}

static json_t *shut_down(void *ctx, const json_t *arguments, char *error)
{
	(void)arguments;
	(void)error;
	supervisor_stop(ctx);
	return json_string("stopping");
}

/* --- blocked addresses ------------------------------------------------------------------------ */

static bool address_of(const json_t *arguments, struct weir_address_key *out, char *error)
{
	const char *text = json_string_value(json_object_get(arguments, "address"));

	*out = (struct weir_address_key){ .version = 0 };
	if (text && inet_pton(AF_INET, text, out->address) == 1)
		out->version = 4;
	else if (text && inet_pton(AF_INET6, text, out->address) == 1)
		out->version = 6;
	if (!out->version)
		snprintf(error, CONTROL_ERROR_BYTES,
			 "expected an argument 'address': an IPv4 or IPv6 address");
	return out->version != 0;
}

static json_t *apply(struct supervisor *s, const struct release_request *q, const char *done,
		     char *error)
{
	struct release_answer answer = { .status = 0 };

	xdp_stage_apply(s->stage, q, 1, &answer);
	if (answer.status == 0)
		return json_string(done);
	snprintf(error, CONTROL_ERROR_BYTES, "%s",
		 answer.status == -ENOSPC   ? "the table of blocked addresses is full"
		 : answer.status == -ENOENT ? "it is not blocked"
					    : strerror(-answer.status));
	return NULL;
}

static json_t *block(void *ctx, const json_t *arguments, char *error)
{
	const json_t *ttl = json_object_get(arguments, "ttl");
	struct release_request q = { .op = RELEASE_BLOCK, .action = WEIR_ACTION_DROP };
	long long seconds = json_is_integer(ttl) ? json_integer_value(ttl) : 0;

	if (json_is_string(ttl)) {
		char *end;

		seconds = strtoll(json_string_value(ttl), &end, 10);
		seconds = *end ? 0 : seconds;
	}
	if (!address_of(arguments, &q.key.address, error))
		return NULL;
	if (seconds < 1 || seconds > TTL_MAX_S) {
		snprintf(error, CONTROL_ERROR_BYTES,
			 "expected an argument 'ttl': seconds, from 1 to %d", TTL_MAX_S);
		return NULL;
	}
	q.expires_ns = (uint64_t)(now_ns() + seconds * NS_PER_S);
	return apply(ctx, &q,
		     "marked: its packets are counted as blocked, and go on, as nothing "
		     "stands between sender and receiver here",
		     error);
}

static json_t *unblock(void *ctx, const json_t *arguments, char *error)
{
	struct release_request q = { .op = RELEASE_UNBLOCK };

	if (!address_of(arguments, &q.key.address, error))
		return NULL;
	return apply(ctx, &q, "no longer blocked", error);
}

struct block_list {
	json_t *list;
	int64_t now;
};

static bool add_block(void *arg, const struct weir_address_key *key, const struct weir_address *a)
{
	struct block_list *l = arg;
	char text[INET6_ADDRSTRLEN];
	json_t *one;

	if (a->expires_ns && (int64_t)a->expires_ns <= l->now)
		return true;
	inet_ntop(key->version == 4 ? AF_INET : AF_INET6, key->address, text, sizeof(text));
	one = json_object();
	json_object_set_new(one, "address", json_string(text));
	json_object_set_new(one, "packets", number(a->packets));
	json_object_set_new(one, "bytes", number(a->bytes));
	json_object_set_new(one, "ttl",
			    number(((uint64_t)a->expires_ns - (uint64_t)l->now) / NS_PER_S));
	json_array_append_new(l->list, one);
	return json_array_size(l->list) < BLOCK_LIST_MAX;
}

static json_t *block_list(void *ctx, const json_t *arguments, char *error)
{
	struct supervisor *s = ctx;
	struct block_list l = { .list = json_array(), .now = now_ns() };
	int n = xdp_stage_addresses(s->stage, add_block, &l);

	(void)arguments;
	if (n >= 0)
		return l.list;
	snprintf(error, CONTROL_ERROR_BYTES, "%s", strerror(-n));
	json_decref(l.list);
	return NULL;
}

static const struct control_command commands[] = {
	{ "shutdown", "stop: empty the rings, write the last records, end", shut_down, NULL },
	{ "version", "the version", version, NULL },
	{ "uptime", "seconds since the start", uptime, NULL },
	{ "running-mode", "how work is shared among threads", running_mode, NULL },
	{ "capture-mode", "how packets are taken", capture_mode, NULL },
	{ "iface-list", "the interfaces", iface_list, NULL },
	{ "iface-stat", "iface: packets of an interface, and those lost", iface_stat, NULL },
	{ "dump-counters", "all counters, as of the last second", dump_counters, NULL },
	{ "ruleset-stats", "how many rules are in use", ruleset_stats, NULL },
	{ "ruleset-failed-rules", "rules that were refused, and why", failed_rules, NULL },
	{ "ruleset-reload-time", "when the rules in use were loaded", reload_time, NULL },
	{ "reload", "refused (keep, take): load the rules again; says what has changed", NULL,
	  reload },
	{ "reload-rules", "the same", NULL, reload },
	{ "ruleset-reload-rules", "the same", NULL, reload },
	{ "ruleset-reload-nonblocking", "the same, without waiting", reload_nonblocking, NULL },
	{ "dataset-add", "setname, settype, datavalue: put a value into a set", NULL, ask_set_add },
	{ "dataset-remove", "setname, settype, datavalue: take it out", NULL, ask_set_remove },
	{ "dataset-lookup", "setname, settype, datavalue: is it there?", NULL, ask_set_lookup },
	{ "dataset-clear", "setname, settype: take all out", NULL, ask_set_clear },
	{ "dataset-dump", "write the sets that are saved", NULL, dump_sets },
	{ "add-hostbit", "ipaddress, hostbit, expire: mark a host", NULL, ask_hostbit_add },
	{ "remove-hostbit", "ipaddress, hostbit: no longer", NULL, ask_hostbit_remove },
	{ "list-hostbit", "ipaddress: its marks", NULL, ask_hostbit_list },
	{ "get-flow-stats-by-id", "flow_id: packets and bytes of a flow", NULL, ask_flow },
	{ "rule-costs", "count: the rules that cost most, sums by buffer, hits of filters", NULL,
	  ask_costs },
	{ "conf-get", "variable: a value of the configuration", conf_get, NULL },
	{ "iface-bypassed-stat", "packets of flows that were let go", iface_bypassed, NULL },
	{ "memcap-list", "pools and what they have", memcap_list, NULL },
	{ "memcap-show", "config: of one", memcap_show, NULL },
	{ "memcap-set", "refused: pools are reserved at the start", memcap_set, NULL },
	{ "reopen-log-files", "go on in new files, where the old ones were moved", NULL, reopen },
	{ "block", "address, ttl: mark packets of an address for so many seconds", block, NULL },
	{ "unblock", "address: no longer", unblock, NULL },
	{ "block-list", "marked addresses and what was counted", block_list, NULL },
};

void supervisor_commands(struct supervisor *s, struct control *out)
{
	*out = (struct control){
		.commands = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
		.ctx = s,
	};
}
