/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect_rig.h - rules from text, and a detector to run them on made-up packets.
 *
 * In: rule text.  Out: which sids a packet matched.  A mistake in the rules ends the test with
 * its diagnostics on standard error.
 *
 * Memory: rig_open() to rig_close().
 * Thread: one.
 */
#ifndef WEIR_TESTS_UNIT_DETECT_RIG_H
#define WEIR_TESTS_UNIT_DETECT_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/detect.h"
#include "engine/detect/ruleset.h"

struct rig {
	struct rule_set parsed;
	struct diag_list diags;
	struct ruleset *rules;
	struct detector *detector;
	struct detect_options options;
	struct counters counters;
	struct detect_result result;
};

static inline const char *rig_variable(void *ctx, const char *name, bool ports)
{
	(void)ctx;
	(void)name;
	(void)ports;
	return "any";
}

static inline void rig_must(bool ok, struct rig *r, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "rig: %s\n", what);
	for (const struct diag *d = r->diags.first; d; d = d->next)
		diag_print(stderr, d, false);
	abort();
}

static inline void rig_detector(struct rig *r)
{
	struct detector_env env = { .counters = &r->counters };

	rig_must(detector_new(r->rules, &r->options, &env, &r->detector) == 0, r, "detector");
}

static inline void rig_open(struct rig *r, const char *text)
{
	struct rule_parse_options opt = { .variable = rig_variable };
	bool inline_mode = r->options.inline_mode;

	memset(r, 0, sizeof(*r));
	r->options = (struct detect_options){ .inline_mode = inline_mode,
					      .pcre_match_limit = 3500,
					      .pcre_recursion_limit = 1500,
					      .max_flow_states = 64,
					      .inspection_recursion_limit = 3000 };
	rule_set_init(&r->parsed);
	diag_list_init(&r->diags);
	rig_must(rule_set_text(&r->parsed, "test.rules", text, strlen(text), &opt, &r->diags) == 0,
		 r, "parse");
	rig_must(r->diags.errors == 0, r, "mistake in a rule");
	rig_must(detect_compile(&r->parsed, &r->options, &r->diags, &r->rules) == 0, r, "compile");
	rig_must(r->diags.errors == 0, r, "mistake in a rule");
	rig_detector(r);
}

static inline void rig_close(struct rig *r)
{
	detector_free(r->detector);
	ruleset_free(r->rules);
	rule_set_fini(&r->parsed);
	diag_list_fini(&r->diags);
}

/* A UDP datagram from 10.0.0.1:1000 to 10.0.0.2:53. */
static inline struct packet rig_udp(const void *payload, size_t len)
{
	static const uint8_t src[4] = { 10, 0, 0, 1 }, dst[4] = { 10, 0, 0, 2 };

	return (struct packet){ .payload = bytes_of(payload, len),
				.number = 1,
				.src = ip_addr_v4(src),
				.dst = ip_addr_v4(dst),
				.sport = 1000,
				.dport = 53,
				.ip_version = 4,
				.proto = IP_PROTO_UDP,
				.ttl = 64,
				.has_ip = true,
				.has_l4 = true };
}

/* A TCP packet that is in no stream. */
static inline struct packet rig_tcp(const void *payload, size_t len, uint8_t flags)
{
	struct packet p = rig_udp(payload, len);

	p.proto = IP_PROTO_TCP;
	p.dport = 80;
	p.tcp.flags = flags;
	return p;
}

/* Inspect; the sids of the alerts in order, as "1 2 3". */
static inline const char *rig_inspect(struct rig *r, struct packet *p)
{
	static char text[4096];
	size_t at = 0;

	text[0] = '\0';
	detect_packet(r->detector, p, &r->result);
	for (unsigned i = 0; i < r->result.alerts; i++) {
		struct rule_info info;

		ruleset_rule(r->rules, r->result.alert[i].rule, &info);
		at += (size_t)snprintf(text + at, sizeof(text) - at, at ? " %u" : "%u", info.sid);
	}
	return text;
}

#endif
