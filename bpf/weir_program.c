/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf/weir_program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/weir_socket.skel.h"
#include "bpf/weir_xdp.skel.h"
#include "bpf/weir_xdp_frags.skel.h"

/* What libbpf says goes to the caller of the load that is under way. */
static _Thread_local struct {
	char *text;
	size_t len, at;
} told;

static int tell(enum libbpf_print_level level, const char *format, va_list args)
{
	int n;

	if (level > LIBBPF_WARN || told.at >= told.len)
		return 0;
	n = vsnprintf(told.text + told.at, told.len - told.at, format, args);
	if (n > 0)
		told.at += (size_t)n;
	return 0;
}

static const void *object_bytes(enum weir_object which, size_t *len)
{
	switch (which) {
	case WEIR_OBJECT_XDP:
		return weir_xdp__elf_bytes(len);
	case WEIR_OBJECT_XDP_FRAGS:
		return weir_xdp_frags__elf_bytes(len);
	default:
		return weir_socket__elf_bytes(len);
	}
}

static int map_fd(struct bpf_object *o, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(o, name);

	return fd < 0 ? -1 : fd;
}

static int program_fd(struct bpf_object *o, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, name);

	return p ? bpf_program__fd(p) : -1;
}

/* The constants lie in a section of their own. */
static int set_config(struct bpf_object *o, const struct weir_config *config)
{
	struct bpf_map *m;
	size_t len = 0;
	const void *now;

	bpf_object__for_each_map(m, o)
	{
		const char *name = bpf_map__name(m);

		if (strcmp(name, ".rodata.config"))
			continue;
		now = bpf_map__initial_value(m, &len);
		if (!now || len != sizeof(*config))
			return -EINVAL;
		return bpf_map__set_initial_value(m, config, sizeof(*config));
	}
	return -EINVAL;
}

static int share_maps(struct bpf_object *o, const struct weir_program *share)
{
	const struct {
		const char *name;
		int fd;
	} maps[] = {
		{ "weir_plan", share->plan },		{ "weir_nets4", share->nets4 },
		{ "weir_nets6", share->nets6 },		{ "weir_flows", share->flows },
		{ "weir_addresses", share->addresses }, { "weir_switches", share->switches },
		{ "weir_buckets", share->buckets },	{ "weir_notes", share->notes },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct bpf_map *m = bpf_object__find_map_by_name(o, maps[i].name);

		err = m ? bpf_map__reuse_fd(m, maps[i].fd) : -EINVAL;
	}
	return err;
}

static int prepare(struct bpf_object *o, const struct weir_config *config, __u32 flows_max,
		   const struct weir_program *share)
{
	struct bpf_map *flows = bpf_object__find_map_by_name(o, "weir_flows");
	int err = set_config(o, config);

	if (!err && flows_max)
		err = flows ? bpf_map__set_max_entries(flows, flows_max) : -EINVAL;
	if (!err && share)
		err = share_maps(o, share);
	return err;
}

int weir_program_load(enum weir_object which, const struct weir_config *config, __u32 flows_max,
		      char *log, size_t log_len, struct weir_program **out)
{
	return weir_program_load_sharing(which, config, flows_max, NULL, log, log_len, out);
}

int weir_program_load_sharing(enum weir_object which, const struct weir_config *config,
			      __u32 flows_max, const struct weir_program *share, char *log,
			      size_t log_len, struct weir_program **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "weir");
	struct weir_program *p = calloc(1, sizeof(*p));
	libbpf_print_fn_t before;
	const void *bytes;
	size_t len = 0;
	__u32 zero = 0;
	int err;

	*out = NULL;
	if (log_len)
		log[0] = '\0';
	if (!p)
		return -ENOMEM;
	told.text = log;
	told.len = log_len;
	told.at = 0;
	before = libbpf_set_print(tell);
	bytes = object_bytes(which, &len);
	p->object = bpf_object__open_mem(bytes, len, &opts);
	err = p->object ? prepare(p->object, config, flows_max, share) : -errno;
	if (!err)
		err = bpf_object__load(p->object);
	libbpf_set_print(before);
	told.len = 0;
	if (err) {
		weir_program_close(p);
		return err;
	}
	p->program =
		program_fd(p->object, which == WEIR_OBJECT_SOCKET ? "weir_filter" : "weir_xdp");
	p->fanout = program_fd(p->object, "weir_fanout");
	p->entry = program_fd(p->object, "weir_entry");
	p->plan = map_fd(p->object, "weir_plan");
	p->nets4 = map_fd(p->object, "weir_nets4");
	p->nets6 = map_fd(p->object, "weir_nets6");
	p->flows = map_fd(p->object, "weir_flows");
	p->addresses = map_fd(p->object, "weir_addresses");
	p->switches = map_fd(p->object, "weir_switches");
	p->buckets = map_fd(p->object, "weir_buckets");
	p->notes = map_fd(p->object, "weir_notes");
	p->counts = map_fd(p->object, "weir_counts");
	p->marks = map_fd(p->object, "weir_marks");
	p->sockets = map_fd(p->object, "weir_sockets");
	p->beats = map_fd(p->object, "weir_beats");
	if (which == WEIR_OBJECT_SOCKET)
		err = bpf_map_update_elem(map_fd(p->object, "weir_filters"), &zero, &p->program,
					  BPF_ANY);
	if (err) {
		err = -errno;
		weir_program_close(p);
		return err;
	}
	*out = p;
	return 0;
}

void weir_program_close(struct weir_program *p)
{
	if (!p)
		return;
	bpf_object__close(p->object);
	free(p);
}

/* --- the plan --------------------------------------------------------------------------------------- */

static struct weir_net_key net_key(const struct weir_net *n)
{
	struct weir_net_key k = { .bits = n->bits };

	memcpy(k.address, n->address, 16);
	return k;
}

static bool has_net(const struct weir_plan *plan, unsigned version, const struct weir_net_key *k)
{
	for (__u32 i = 0; plan && i < plan->nets; i++) {
		const struct weir_net *n = &plan->net[i];

		if (n->version == version && n->bits == k->bits &&
		    !memcmp(n->address, k->address, version == 4 ? 4 : 16))
			return true;
	}
	return false;
}

/* Take the networks away that the plan has not.  A trie may be changed while it is walked. */
static int drop_nets(int map, unsigned version, const struct weir_plan *plan)
{
	struct weir_net_key next, at;
	int found = bpf_map_get_next_key(map, NULL, &next);

	while (found == 0) {
		at = next;
		found = bpf_map_get_next_key(map, &at, &next);
		if (!has_net(plan, version, &at) && bpf_map_delete_elem(map, &at))
			return -errno;
	}
	return 0;
}

int weir_program_plan(struct weir_program *p, const struct weir_plan *plan)
{
	struct weir_wants *both = malloc(sizeof(*both));
	__u32 zero = 0;
	int err = 0;

	if (!both)
		return -ENOMEM;
	/* First what either plan wants whatever the address, then the networks, then the plan alone. */
	if (bpf_map_lookup_elem(p->plan, &zero, both))
		err = -errno;
	both->flags |= plan->wants.flags;
	both->any_port |= plan->wants.any_port;
	both->any_net = WEIR_CLASSES_ALL;
	both->tunnels.opaque_any = 1;
	for (size_t i = 0; i < sizeof(both->port) / sizeof(both->port[0]); i++)
		both->port[i] |= plan->wants.port[i];
	if (!err && bpf_map_update_elem(p->plan, &zero, both, BPF_ANY))
		err = -errno;
	free(both);
	for (__u32 i = 0; !err && i < plan->nets; i++) {
		struct weir_net_key k = net_key(&plan->net[i]);
		int map = plan->net[i].version == 4 ? p->nets4 : p->nets6;

		if (bpf_map_update_elem(map, &k, &plan->net[i].wants, BPF_ANY))
			err = -errno;
	}
	if (!err)
		err = drop_nets(p->nets4, 4, plan);
	if (!err)
		err = drop_nets(p->nets6, 6, plan);
	if (!err && bpf_map_update_elem(p->plan, &zero, &plan->wants, BPF_ANY))
		err = -errno;
	return err;
}

static int sum(int map, struct weir_count out[WEIR_REASON__COUNT])
{
	int cpus = libbpf_num_possible_cpus();
	struct weir_count *each;
	int err = 0;

	if (cpus < 0)
		return cpus;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	memset(out, 0, WEIR_REASON__COUNT * sizeof(*out));
	for (__u32 reason = WEIR_REASON__COUNT; !err && reason-- > 0;) {
		if (bpf_map_lookup_elem(map, &reason, each))
			err = -errno;
		for (int i = 0; !err && i < cpus; i++) {
			out[reason].packets += each[i].packets;
			out[reason].bytes += each[i].bytes;
		}
	}
	free(each);
	return err;
}

int weir_program_counts(const struct weir_program *p, struct weir_count out[WEIR_REASON__COUNT])
{
	return sum(p->counts, out);
}

int weir_program_marks(const struct weir_program *p, struct weir_count out[WEIR_REASON__COUNT])
{
	return sum(p->marks, out);
}
