/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whose way to join what overlaps; where a list holds everything, it is the default. */
static const struct {
	const char *name;
	enum stream_policy stream;
	enum defrag_policy defrag;
} policies[] = {
	{ "bsd", STREAM_POLICY_BSD, DEFRAG_BSD },
	{ "bsd-right", STREAM_POLICY_BSD_RIGHT, DEFRAG_BSD_RIGHT },
	{ "linux", STREAM_POLICY_LINUX, DEFRAG_DISCARD },
	{ "old-linux", STREAM_POLICY_OLD_LINUX, DEFRAG_OLD_LINUX },
	{ "solaris", STREAM_POLICY_SOLARIS, DEFRAG_SOLARIS },
	{ "old-solaris", STREAM_POLICY_SOLARIS, DEFRAG_FIRST },
	{ "hpux10", STREAM_POLICY_HPUX10, DEFRAG_BSD },
	{ "hpux11", STREAM_POLICY_HPUX11, DEFRAG_FIRST },
	{ "irix", STREAM_POLICY_IRIX, DEFRAG_BSD },
	{ "macos", STREAM_POLICY_MACOS, DEFRAG_FIRST },
	{ "windows", STREAM_POLICY_WINDOWS, DEFRAG_WINDOWS },
	{ "vista", STREAM_POLICY_VISTA, DEFRAG_WINDOWS },
	{ "windows2k3", STREAM_POLICY_WINDOWS2K3, DEFRAG_WINDOWS },
	{ "first", STREAM_POLICY_FIRST, DEFRAG_FIRST },
	{ "last", STREAM_POLICY_LAST, DEFRAG_LAST },
};

struct hosts {
	struct stream_host *stream;
	struct defrag_host *defrag;
	size_t count;
};

static bool is_everything(const char *text)
{
	return strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "any") == 0;
}

bool settings_parse_network(const char *text, struct network *out)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;
	uint8_t wire[16];

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*out = (struct network){ .ip_version = strchr(address, ':') ? 6 : 4 };
	if (inet_pton(out->ip_version == 6 ? AF_INET6 : AF_INET, address, wire) != 1)
		return false;
	out->address = out->ip_version == 6 ? ip_addr_v6(wire) : ip_addr_v4(wire);
	bits = out->ip_version == 6 ? 128 : 32;
	if (slash) {
		uint64_t most = bits;

		if (!config_parse_number(slash + 1, &bits) || bits > most)
			return false;
	}
	out->prefix_bits = (uint8_t)bits;
	return true;
}

static int add(struct hosts *h, const struct network *n, size_t policy)
{
	struct stream_host *stream = realloc(h->stream, (h->count + 1) * sizeof(*stream));
	struct defrag_host *defrag;

	if (!stream)
		return -ENOMEM;
	h->stream = stream;
	defrag = realloc(h->defrag, (h->count + 1) * sizeof(*defrag));
	if (!defrag)
		return -ENOMEM;
	h->defrag = defrag;
	stream[h->count] = (struct stream_host){ *n, (uint8_t)policies[policy].stream };
	defrag[h->count] =
		(struct defrag_host){ .network = *n, .policy = (uint8_t)policies[policy].defrag };
	h->count++;
	return 0;
}

/* One entry of a list.  What a person asked for counts more than the default's everything. */
static int take(struct settings *s, struct hosts *h, struct diag_list *diags,
		const struct config_node *n, size_t policy, bool *found)
{
	struct network network;

	if (is_everything(n->text)) {
		if (*found && n->stock)
			return 0;
		*found = !n->stock;
		s->stream.policy = policies[policy].stream;
		s->defrag.policy = policies[policy].defrag;
		return 0;
	}
	if (!settings_parse_network(n->text, &network)) {
		diag_add(diags, DIAG_ERROR, &n->at, "write a network: 10.0.0.0/8, 2001:db8::/32",
			 "'%s' is no network", n->text);
		return 0;
	}
	return add(h, &network, policy);
}

int settings_load_hosts(struct settings *s, struct diag_list *diags)
{
	const struct config_node *section = config_get(s->config.root, "host-os-policy");
	struct hosts h = { .count = 0 };
	bool found = false;
	int err = 0;

	s->stream.policy = STREAM_POLICY_BSD;
	s->defrag.policy = DEFRAG_BSD;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]) && !err; i++) {
		const struct config_node *list = config_child(section, policies[i].name);

		if (config_text(list))
			err = take(s, &h, diags, list, i, &found);
		for (const struct config_node *n = list ? list->first : NULL; n && !err;
		     n = n->next) {
			if (config_text(n))
				err = take(s, &h, diags, n, i, &found);
		}
	}
	s->stream.hosts = h.stream;
	s->stream.host_count = h.count;
	s->defrag.hosts = h.defrag;
	s->defrag.host_count = h.count;
	return err;
}

void settings_hosts_fini(struct settings *s)
{
	free((void *)(uintptr_t)s->stream.hosts);
	free((void *)(uintptr_t)s->defrag.hosts);
	s->stream.hosts = NULL;
	s->defrag.hosts = NULL;
}
