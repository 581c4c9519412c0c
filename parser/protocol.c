/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/protocol.h"

#include <assert.h>
#include <string.h>

static_assert(APP_PROTO__COUNT <= 64, "a set of protocols is 64 bits");

static const struct {
	const char *rule, *eve;
	bool built;
} rows[APP_PROTO__COUNT] = { [APP_PROTO_UNKNOWN] = { "unknown", "unknown", false },
			     [APP_PROTO_FAILED] = { "failed", "failed", false },
#define ROW(id, rule, eve, built) [APP_PROTO_##id] = { rule, eve, built },
			     APP_PROTO_LIST(ROW)
#undef ROW
};

/* A name that stands for several protocols, or is an older one. */
static const struct {
	const char *name;
	unsigned long long protos;
} groups[] = {
	{ "http", APP_PROTO_BIT(APP_PROTO_HTTP1) | APP_PROTO_BIT(APP_PROTO_HTTP2) },
	{ "dns", APP_PROTO_BIT(APP_PROTO_DNS) | APP_PROTO_BIT(APP_PROTO_DOH2) },
	{ "ssl", APP_PROTO_BIT(APP_PROTO_TLS) },
	{ "ikev2", APP_PROTO_BIT(APP_PROTO_IKE) },
};

const char *app_proto_name(enum app_proto p)
{
	return rows[p].eve;
}

const char *app_proto_rule_name(enum app_proto p)
{
	return rows[p].rule;
}

bool app_proto_built(enum app_proto p)
{
	return rows[p].built;
}

static bool is(const char *name, size_t len, const char *row)
{
	return strlen(row) == len && memcmp(name, row, len) == 0;
}

unsigned long long app_proto_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (is(name, len, groups[i].name))
			return groups[i].protos;
	}
	for (unsigned p = APP_PROTO_FAILED; p < APP_PROTO__COUNT; p++) {
		if (is(name, len, rows[p].rule))
			return APP_PROTO_BIT(p);
	}
	return 0;
}
