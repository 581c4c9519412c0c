/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/engine_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/detect/dataset.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/state.h"
#include "engine/detect/xbits.h"
#include "engine/run/engine_sets.h"

#define NS_PER_S 1000000000LL
#define HOSTBIT_EXPIRE_MAX 0x7fffffff
/* Flows that a worker looks at between two batches. */
#define FLOWS_AT_ONCE 16384

static int refuse(struct engine_asked *a, const char *why)
{
	int n = snprintf(a->out, a->room, "%s", why);

	a->out_len = n < 0 ? 0 : (size_t)n < a->room ? (size_t)n : a->room - 1;
	return -EINVAL;
}

/* Takes the reference. */
static int say(struct engine_asked *a, json_t *message)
{
	size_t len =
		message ? json_dumpb(message, a->out, a->room, JSON_COMPACT | JSON_ENCODE_ANY) : 0;

	json_decref(message);
	if (!len || len > a->room)
		return refuse(a, "the answer is too long");
	a->out_len = len;
	return 0;
}

static const char *text_of(const json_t *arguments, const char *name)
{
	return json_string_value(json_object_get(arguments, name));
}

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void lock(const struct engine_asked *a)
{
	pthread_mutex_lock(&a->workers->turn);
}

static void unlock(const struct engine_asked *a)
{
	pthread_mutex_unlock(&a->workers->turn);
}

/* --- sets ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum dataset_type type;
} types[] = {
	{ "string", DATASET_STRING }, { "md5", DATASET_MD5 }, { "sha256", DATASET_SHA256 },
	{ "ipv4", DATASET_IPV4 },     { "ip", DATASET_IP },
};

static struct dataset_set *find_set(const struct engine_asked *a, const char *name,
				    const char *type)
{
	struct ruleset_set s;

	for (uint32_t i = 0;
	     a->generations->newest && ruleset_set(a->generations->newest->rules, i, &s); i++) {
		if (!s.set || strcmp(s.name, name) != 0)
			continue;
		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
			if (strcmp(types[k].name, type) == 0 &&
			    types[k].type == dataset_type(s.set))
				return s.set;
		}
	}
	return NULL;
}

/* NULL: refused. */
static struct dataset_set *set_of(struct engine_asked *a, const json_t *arguments)
{
	const char *name = text_of(arguments, "setname"), *type = text_of(arguments, "settype");
	struct dataset_set *s;

	if (!name || !type) {
		refuse(a, "expected arguments 'setname' and 'settype'");
		return NULL;
	}
	s = find_set(a, name, type);
	if (!s)
		refuse(a, "set not found");
	return s;
}

/* Empty: refused. */
static struct bytes key_of(struct engine_asked *a, const struct dataset_set *s,
			   const json_t *arguments, uint8_t room[DATASET_KEY_BYTES])
{
	const char *text = text_of(arguments, "datavalue");
	size_t len = text ? dataset_key(s, text, strlen(text), room) : 0;

	if (!len)
		refuse(a, "expected an argument 'datavalue', as a line of the set's file");
	return bytes_of(room, len);
}

static int set_add(struct engine_asked *a, const json_t *arguments)
{
	struct dataset_set *s = set_of(a, arguments);
	uint8_t room[DATASET_KEY_BYTES];
	struct bytes key;
	bool there, added;

	if (!s)
		return -EINVAL;
	key = key_of(a, s, arguments, room);
	if (!key.len)
		return -EINVAL;
	lock(a);
	there = dataset_find(s, key, NULL);
	added = !there && dataset_add(s, key);
	unlock(a);
	if (!there && !added)
		return refuse(a, "the set is full");
	return say(a, json_string(there ? "data already in set" : "data added"));
}

static int set_lookup(struct engine_asked *a, const json_t *arguments)
{
	struct dataset_set *s = set_of(a, arguments);
	uint8_t room[DATASET_KEY_BYTES];
	struct bytes key;
	bool there;

	if (!s)
		return -EINVAL;
	key = key_of(a, s, arguments, room);
	if (!key.len)
		return -EINVAL;
	lock(a);
	there = dataset_find(s, key, NULL);
	unlock(a);
	return there ? say(a, json_string("item found in set"))
		     : refuse(a, "item not found in set");
}

/* Out of the readers' sight first; its room is used again when no reader can be there any more. */
static size_t take_out(struct engine_asked *a, struct dataset_set *s, struct bytes key)
{
	uint32_t *places;
	size_t n;

	lock(a);
	n = dataset_take_out(s, key, &places);
	unlock(a);
	/* A worker that does not come to it: the room is lost, and nothing else. */
	if (n && worker_task_all(a->workers, NULL, NULL)) {
		free(places);
		return n;
	}
	lock(a);
	if (n)
		dataset_give_back(s, places, n);
	unlock(a);
	return n;
}

static int set_remove(struct engine_asked *a, const json_t *arguments)
{
	struct dataset_set *s = set_of(a, arguments);
	uint8_t room[DATASET_KEY_BYTES];
	struct bytes key;

	if (!s)
		return -EINVAL;
	key = key_of(a, s, arguments, room);
	if (!key.len)
		return -EINVAL;
	return take_out(a, s, key) ? say(a, json_string("data removed"))
				   : refuse(a, "item not found in set");
}

static int set_clear(struct engine_asked *a, const json_t *arguments)
{
	struct dataset_set *s = set_of(a, arguments);

	if (!s)
		return -EINVAL;
	take_out(a, s, bytes_of(NULL, 0));
	return say(a, json_string("dataset cleared"));
}

static int set_dump(struct engine_asked *a, const json_t *arguments)
{
	int err = 0;

	(void)arguments;
	if (a->file < 0)
		return refuse(a, "there is nothing to write to");
	lock(a);
	if (a->generations->newest)
		err = engine_sets_write(a->generations->newest->rules, &a->settings->detect,
					a->file);
	unlock(a);
	return err ? refuse(a, strerror(-err)) : say(a, json_string("datasets dump done"));
}

/* --- marks on hosts --------------------------------------------------------------------------- */

static bool host_of(struct engine_asked *a, const json_t *arguments, struct xbits_key *out)
{
	const char *text = text_of(arguments, "ipaddress");
	uint8_t bytes[16];

	memset(out, 0, sizeof(*out));
	if (text && inet_pton(AF_INET, text, bytes) == 1) {
		out->a = ip_addr_v4(bytes);
		out->version = 4;
	} else if (text && inet_pton(AF_INET6, text, bytes) == 1) {
		memcpy(out->a.bytes, bytes, sizeof(bytes));
		out->version = 6;
	}
	if (!out->version)
		refuse(a, "expected an argument 'ipaddress'");
	return out->version != 0;
}

static bool mark_of(struct engine_asked *a, const json_t *arguments, struct xbits_key *out)
{
	const char *name = text_of(arguments, "hostbit");

	if (!host_of(a, arguments, out))
		return false;
	if (!name || !*name) {
		refuse(a, "expected an argument 'hostbit': its name");
		return false;
	}
	out->name = state_key(name, strlen(name));
	return true;
}

static int mark_add(struct engine_asked *a, const json_t *arguments)
{
	const json_t *expire = json_object_get(arguments, "expire");
	json_int_t seconds = json_integer_value(expire);
	struct xbits_key k;
	uint64_t refused;
	bool full;

	if (!mark_of(a, arguments, &k))
		return -EINVAL;
	if (seconds < 1 || seconds > HOSTBIT_EXPIRE_MAX)
		return refuse(a, "expected an argument 'expire': seconds");
	lock(a);
	refused = xbits_refused(a->xbits);
	(void)xbits_unset(a->xbits, &k, wall_ns());
	(void)xbits_set(a->xbits, &k, wall_ns(), (uint32_t)seconds);
	full = xbits_refused(a->xbits) != refused;
	unlock(a);
	return full ? refuse(a, "the table of marks is full")
		    : say(a, json_string("hostbit added"));
}

static int mark_remove(struct engine_asked *a, const json_t *arguments)
{
	struct xbits_key k;
	bool was;

	if (!mark_of(a, arguments, &k))
		return -EINVAL;
	lock(a);
	was = xbits_unset(a->xbits, &k, wall_ns());
	unlock(a);
	return was ? say(a, json_string("hostbit removed")) : refuse(a, "the hostbit is not set");
}

struct marks {
	const struct ruleset *rules;
	const struct xbits_key *host;
	json_t *list;
};

static bool list_mark(void *ctx, const struct xbits_key *k, int64_t until_ns)
{
	struct marks *m = ctx;
	const char *name = m->rules ? ruleset_state_name(m->rules, k->name) : NULL;
	json_t *one;

	if (k->version != m->host->version || !ip_addr_equal(&k->a, &m->host->a))
		return true;
	one = json_object();
	/* One that nothing but the control socket speaks of has no name here. */
	json_object_set_new(one, "hostbit",
			    name ? json_string(name)
				 : json_sprintf("#%016llx", (unsigned long long)k->name));
	json_object_set_new(one, "expire", json_integer((until_ns - wall_ns()) / NS_PER_S));
	json_array_append_new(m->list, one);
	return json_array_size(m->list) < 256;
}

static int mark_list(struct engine_asked *a, const json_t *arguments)
{
	struct xbits_key host;
	struct marks m = { .host = &host };
	json_t *out;

	if (!host_of(a, arguments, &host))
		return -EINVAL;
	m.rules = a->generations->newest ? a->generations->newest->rules : NULL;
	m.list = json_array();
	lock(a);
	xbits_each(a->xbits, wall_ns(), list_mark, &m);
	unlock(a);
	out = json_object();
	json_object_set_new(out, "count", json_integer((json_int_t)json_array_size(m.list)));
	json_object_set_new(out, "hostbits", m.list);
	return say(a, out);
}

/* --- flows ------------------------------------------------------------------------------------ */

struct flow_search {
	uint64_t id;
	uint32_t at[64]; /* by worker: the next flow to look at; 0: all have been */
	_Atomic bool found;
	struct flow flow;
};

/* A part of a worker's flows. */
static void search_flows(struct worker *w, void *ctx)
{
	struct flow_search *q = ctx;
	struct flow_table *t = w->pipeline->flows;
	uint32_t last = flow_last(t), *at = &q->at[w->id];

	if (!*at)
		return;
	for (unsigned n = 0; n < FLOWS_AT_ONCE && *at <= last; n++, ++*at) {
		const struct flow *f = flow_at(t, *at);

		if (!flow_is_live(f) || flow_id(t, f) != q->id)
			continue;
		q->flow = *f;
		atomic_store(&q->found, true);
		*at = 0;
		return;
	}
	if (*at > last)
		*at = 0;
}

static bool search_is_over(const struct flow_search *q, unsigned workers)
{
	if (atomic_load(&q->found))
		return true;
	for (unsigned i = 0; i < workers; i++) {
		if (q->at[i])
			return false;
	}
	return true;
}

static int flow_stats(struct engine_asked *a, const json_t *arguments)
{
	const json_t *id = json_object_get(arguments, "flow_id");
	/* Of one that a worker has not come to, this must stay. */
	static struct flow_search q;
	const struct flow *f = &q.flow;
	unsigned workers = a->workers->count;

	if (!json_is_integer(id))
		return refuse(a, "expected an argument 'flow_id'");
	if (workers > sizeof(q.at) / sizeof(q.at[0]))
		return refuse(a, "there are too many workers");
	memset(&q, 0, sizeof(q));
	q.id = (uint64_t)json_integer_value(id);
	for (unsigned i = 0; i < workers; i++)
		q.at[i] = 1;
	while (!search_is_over(&q, workers)) {
		if (worker_task_all(a->workers, search_flows, &q))
			return refuse(a, "a worker does not answer");
	}
	if (!atomic_load(&q.found))
		return refuse(a, "there is no such flow");
	return say(a, json_pack("{s:I,s:I,s:I,s:I,s:I}", "pkts_toclient", (json_int_t)f->packets[1],
				"pkts_toserver", (json_int_t)f->packets[0], "bytes_toclient",
				(json_int_t)f->bytes[1], "bytes_toserver", (json_int_t)f->bytes[0],
				"age", (json_int_t)((f->last_ns - f->start_ns) / NS_PER_S)));
}

/* --- rules ------------------------------------------------------------------------------------ */

#define RULE_COSTS 20

static int rule_costs(struct engine_asked *a, const json_t *arguments)
{
	const json_t *count = json_object_get(arguments, "count");
	json_int_t most = count ? json_integer_value(count) : RULE_COSTS;

	if (!a->generations->newest)
		return refuse(a, "there are no rules");
	if (most < 1 || most > RULE_TOP_MAX)
		return refuse(a, "expected a number from 1 to 100 as 'count'");
	return say(a, rule_top_json(a->generations->newest, a->workers->count, a->cost_begin,
				    (unsigned)most));
}

/* --- the whole -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct engine_asked *a, const json_t *arguments);
} commands[] = {
	{ "dataset-add", set_add },
	{ "dataset-remove", set_remove },
	{ "dataset-lookup", set_lookup },
	{ "dataset-clear", set_clear },
	{ "dataset-dump", set_dump },
	{ "add-hostbit", mark_add },
	{ "remove-hostbit", mark_remove },
	{ "list-hostbit", mark_list },
	{ "get-flow-stats-by-id", flow_stats },
	{ "rule-costs", rule_costs },
};

int engine_ask(struct engine_asked *a)
{
	json_t *asked = json_loadb(a->text, a->len, 0, NULL);
	const char *name = json_string_value(json_object_get(asked, "command"));
	int status = refuse(a, "the engine does not know this command");

	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		status = commands[i].run(a, json_object_get(asked, "arguments"));
		break;
	}
	json_decref(asked);
	return status;
}
