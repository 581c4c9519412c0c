/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and configuration to typed settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/run/settings.h"
#include "engine/run/settings_pools.h"

struct fixture {
	struct settings_args args;
	struct diag_list diags;
	struct settings *s;
	char path[64];
};

static void load(struct fixture *f)
{
	f->args.disable_detection = f->args.rules.count == 0;
	diag_list_init(&f->diags);
	assert_int_equal(settings_load(&f->args, &f->diags, &f->s), 0);
	assert_non_null(f->s);
}

/* yaml NULL: no file; sets: separated by one space. */
static bool ask_inline; /* --simulate-ips */

static void start(struct fixture *f, const char *yaml, const char *sets)
{
	static char copy[512];

	*f = (struct fixture){ .s = NULL };
	f->args.simulate_ips = ask_inline;
	if (yaml) {
		int fd;
		FILE *file;

		strcpy(f->path, "/tmp/weir-settings-XXXXXX");
		fd = mkstemp(f->path);
		assert_true(fd >= 0);
		file = fdopen(fd, "w");
		fputs(yaml, file);
		fclose(file);
		f->args.config_file = f->path;
	}
	if (sets) {
		snprintf(copy, sizeof(copy), "%s", sets);
		for (char *p = strtok(copy, " "); p; p = strtok(NULL, " "))
			assert_true(text_list_add(&f->args.sets, p));
	}
	load(f);
}

static void finish(struct fixture *f)
{
	settings_free(f->s);
	diag_list_fini(&f->diags);
	text_list_fini(&f->args.sets);
	text_list_fini(&f->args.rules);
	if (f->path[0])
		unlink(f->path);
}

static void test_defaults(void **state)
{
	struct fixture f;
	const struct settings *s;

	(void)state;
	start(&f, NULL, NULL);
	s = f.s;
	assert_int_equal(f.diags.errors, 0);
	assert_int_equal(f.diags.warnings, 0);

	assert_int_equal(s->output_count, 2);
	assert_int_equal(s->outputs[0].format, OUTPUT_FAST);
	assert_string_equal(s->outputs[0].filename, "fast.log");
	assert_int_equal(s->outputs[1].format, OUTPUT_EVE);
	assert_string_equal(s->outputs[1].filename, "eve.json");
	assert_true(s->outputs[1].wants[RECORD_ALERT]);
	assert_true(s->outputs[1].wants[RECORD_ANOMALY]);
	assert_true(s->outputs[1].wants[RECORD_FLOW]);
	assert_true(s->outputs[1].wants[RECORD_STATS]);
	assert_false(s->outputs[1].wants[RECORD_DROP]);
	assert_false(s->outputs[1].wants[RECORD_ARP]);
	assert_false(s->outputs[1].wants[RECORD_NETFLOW]);
	assert_true(s->outputs[1].community_id);
	assert_true(s->outputs[1].alert.flow && s->outputs[1].alert.rule_metadata);
	assert_false(s->outputs[1].alert.payload || s->outputs[1].alert.rule_references);
	assert_int_equal(s->outputs[1].alert.payload_buffer_bytes, 4096);
	assert_true(s->outputs[1].anomaly.applayer);
	assert_false(s->outputs[1].anomaly.decode || s->outputs[1].anomaly.stream);

	assert_int_equal(s->flow.tcp.new_s, 60);
	assert_int_equal(s->flow.tcp.established_s, 600);
	assert_int_equal(s->flow.tcp.closed_s, 60);
	assert_int_equal(s->flow.tcp.emergency_closed_s, 10);
	assert_int_equal(s->flow.udp.new_s, 30);
	assert_int_equal(s->flow.other.established_s, 300);
	assert_true(s->flow.use_vlan && s->flow.use_depth);
	assert_int_equal(s->stream.depth, 1 << 20);
	assert_int_equal(s->stream.window, 4096);
	assert_false(s->stream.midstream || s->stream.async_oneside || s->stream.use_inline);
	assert_true(s->stream.checksum_validation);
	assert_int_equal(s->defrag.timeout_ns, 60000000000);
	assert_int_equal(s->detect.pcre_match_limit, 3500);
	assert_int_equal(s->detect.pcre_recursion_limit, 1500);
	assert_int_equal(s->detect.alert_max, 0);
	assert_int_equal(s->detect.action_order[0], ACTION_PASS);
	assert_int_equal(s->detect.action_order[3], ACTION_ALERT);
	assert_int_equal(s->checksums, CHECKSUM_AUTO);
	assert_true(s->workers >= 1);
	assert_true(s->stats_enabled && s->decoder_events && !s->stream_events);
	assert_string_equal(s->rule_options.variable(s->rule_options.ctx, "HOME_NET", false),
			    "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]");
	assert_null(s->rule_options.variable(s->rule_options.ctx, "HOME_NET", true));
	assert_string_equal(s->rule_options.variable(s->rule_options.ctx, "SSH_PORTS", true), "22");
	finish(&f);
}

static void test_file(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "outputs:\n"
	      "  - eve-log:\n"
	      "      enabled: yes\n"
	      "      filename: a.json\n"
	      "      types:\n"
	      "        - alert:\n"
	      "            payload: yes\n"
	      "            metadata: no\n"
	      "        - anomaly:\n"
	      "            types: {decode: yes, applayer: no}\n"
	      "        - drop: {alerts: yes, flows: all}\n"
	      "        - flow: {enabled: no}\n"
	      "        - netflow\n"
	      "  - eve-log: {enabled: no, types: [alert]}\n"
	      "  - eve-log:\n"
	      "      enabled: yes\n"
	      "      filename: b.json\n"
	      "      types: [{alert: {metadata: {rule: {reference: yes}}}}, stats]\n"
	      "stream: {midstream: yes, inline: yes}\n"
	      "packet-alert-max: 15\n"
	      "action-order: [drop, alert]\n"
	      "pcap-file: {checksum-checks: no}\n"
	      "host-os-policy: {linux: [0.0.0.0/0]}\n"
	      "vars: {address-groups: {HOME_NET: [10.0.0.0/8, 10.0.0.1]}}\n",
	      NULL);
	assert_int_equal(f.diags.errors, 0);
	assert_int_equal(f.s->output_count, 2);
	assert_string_equal(f.s->outputs[0].filename, "a.json");
	assert_true(f.s->outputs[0].alert.payload);
	assert_false(f.s->outputs[0].alert.flow || f.s->outputs[0].alert.rule_metadata);
	assert_true(f.s->outputs[0].anomaly.decode && !f.s->outputs[0].anomaly.applayer);
	assert_true(f.s->outputs[0].drop.alerts && f.s->outputs[0].drop.flows_all);
	assert_true(f.s->outputs[0].wants[RECORD_NETFLOW] && f.s->outputs[0].wants[RECORD_DROP]);
	assert_false(f.s->outputs[0].wants[RECORD_FLOW] || f.s->outputs[0].wants[RECORD_STATS]);
	assert_string_equal(f.s->outputs[1].filename, "b.json");
	assert_true(f.s->outputs[1].alert.flow && f.s->outputs[1].alert.rule_metadata &&
		    f.s->outputs[1].alert.rule_references);
	/* A file without a stats section leaves them on. */
	assert_true(f.s->outputs[1].wants[RECORD_STATS]);
	assert_true(f.s->stream.midstream && f.s->stream.use_inline);
	assert_false(f.s->detect.inline_mode);
	assert_int_equal(f.s->stream.depth, 1 << 20);
	assert_int_equal(f.s->stream.policy, STREAM_POLICY_LINUX);
	assert_int_equal(f.s->defrag.policy, DEFRAG_DISCARD);
	assert_int_equal(f.s->detect.alert_max, 15);
	assert_int_equal(f.s->detect.action_order[0], ACTION_DROP);
	assert_int_equal(f.s->detect.action_order[1], ACTION_ALERT);
	assert_int_equal(f.s->detect.action_order[2], ACTION_PASS);
	assert_int_equal(f.s->checksums, CHECKSUM_NONE);
	assert_string_equal(f.s->rule_options.variable(f.s->rule_options.ctx, "HOME_NET", false),
			    "[10.0.0.0/8,10.0.0.1]");
	assert_string_equal(f.s->rule_options.variable(f.s->rule_options.ctx, "DNS_SERVERS", false),
			    "$HOME_NET");
	finish(&f);
}

/* --set counts list items over the stock file's order. */
static void test_sets(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, NULL,
	      "outputs.0.fast.enabled=no outputs.1.eve-log.filename=x.json "
	      "outputs.1.eve-log.types.2.anomaly.types.stream=yes "
	      "outputs.1.eve-log.types.33.flow.enabled=no stream.reassembly.depth=0 "
	      "stats.enabled=no workers=3 flow-timeouts.tcp.new=2m");
	assert_int_equal(f.diags.errors, 0);
	assert_int_equal(f.s->output_count, 1);
	assert_string_equal(f.s->outputs[0].filename, "x.json");
	assert_true(f.s->outputs[0].anomaly.stream);
	assert_false(f.s->outputs[0].wants[RECORD_FLOW]);
	assert_false(f.s->outputs[0].wants[RECORD_STATS]);
	assert_int_equal(f.s->stream.depth, 0);
	assert_int_equal(f.s->workers, 3);
	assert_int_equal(f.s->flow.tcp.new_s, 120);
	finish(&f);
}

static void test_options(void **state)
{
	struct fixture f = { .args = { .simulate_ips = true,
				       .checksums = "all",
				       .log_dir = "out",
				       .data_dir = "data" } };

	(void)state;
	load(&f);
	assert_true(f.s->stream.use_inline && f.s->detect.inline_mode);
	assert_int_equal(f.s->checksums, CHECKSUM_ALL);
	assert_string_equal(f.s->log_dir, "out");
	assert_string_equal(f.s->data_dir, "data");
	assert_false(f.s->detection);
	finish(&f);
}

/* Ports that follow one another are one row; what is too much is told once. */
static void test_detection_ports(void **state)
{
	static const struct {
		const char *ports;
		unsigned rows, errors;
		uint16_t last; /* of the last row */
	} rows[] = {
		{ "5900, 5901, 5902", 1, 0, 5902 },
		{ "5900-5909, 5910", 1, 0, 5910 },
		{ "5900, 5902", 2, 0, 5902 },
		{ "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47,49,51,53,55,57,59,"
		  "61,63,65,67,69,71,73,75,77,79,81,83,85,87,89,91,93,95,97,99,101,103,105,107,109,111,"
		  "113,115,117,119,121,123,125,127,129",
		  0, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		char yaml[512];
		unsigned n = 0, last = 0;

		snprintf(yaml, sizeof(yaml),
			 "app-layer: {protocols: {rfb: {tcp: {detection-ports: {dp: \"%s\"}}}}}\n",
			 rows[i].ports);
		start(&f, yaml, NULL);
		assert_int_equal(f.diags.errors, rows[i].errors);
		for (unsigned k = 0; k < f.s->app.ports.count; k++) {
			const struct identify_port *r = &f.s->app.ports.port[k];

			if (r->proto == APP_PROTO_RFB) {
				n++;
				last = r->last;
			}
		}
		if (!rows[i].errors) {
			assert_int_equal(n, rows[i].rows);
			assert_int_equal(last, rows[i].last);
		}
		finish(&f);
	}
}

/* Tunnels in UDP: lists, variables in variables, what is no list. */
static void test_tunnels(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "decoder:\n"
	      "  teredo: {ports: any}\n"
	      "  vxlan: {ports: [4789, 8472]}\n"
	      "  geneve: {ports: \"[$MINE, 6081]\"}\n"
	      "  gtpu: {enabled: no}\n"
	      "vars: {port-groups: {MINE: \"[$LAST]\", LAST: 65535}}\n",
	      NULL);
	assert_int_equal(f.diags.errors, 0);
	assert_true(f.s->decode.teredo_ports.any);
	assert_int_equal(f.s->decode.vxlan_ports.count, 2);
	assert_int_equal(f.s->decode.vxlan_ports.port[1], 8472);
	assert_int_equal(f.s->decode.geneve_ports.count, 2);
	assert_int_equal(f.s->decode.geneve_ports.port[0], 65535);
	assert_int_equal(f.s->decode.geneve_ports.port[1], 6081);
	assert_false(f.s->decode.gtpu);
	finish(&f);
	start(&f, NULL, NULL);
	assert_int_equal(f.s->decode.teredo_ports.port[0], 3544);
	assert_int_equal(f.s->decode.gtpu_ports.port[0], 2152);
	finish(&f);
}

/* app-layer.protocols.smtp: when rules look at attachments, and whether messages are kept whole. */
static void test_mail(void **state)
{
	static const struct {
		const char *smtp;
		unsigned least, window;
		bool raw, decode;
		const char *warning;
	} rows[] = {
		{ "enabled: yes", 32768, 4096, false, true, NULL },
		{ "inspected-tracker: {content-inspect-min-size: 1kb}", 1024, 4096, false, true,
		  NULL },
		{ "inspected-tracker: {content-inspect-window: 12000}", 32768, 12000, false, true,
		  NULL },
		{ "inspected-tracker: {content-limit: 5000}", 5000, 4096, false, true, NULL },
		{ "inspected-tracker: {content-limit: 50000}", 32768, 4096, false, true, NULL },
		{ "inspected-tracker: {content-limit: 0}", 32768, 4096, false, true, NULL },
		{ "inspected-tracker: {content-limit: 9, content-inspect-min-size: 0}", 0, 4096,
		  false, true, NULL },
		{ "raw-extraction: yes, mime: {decode-mime: no}", 32768, 4096, true, false, NULL },
		{ "mime: {decode-mime: no}", 32768, 4096, false, false, NULL },
		{ "raw-extraction: yes", 32768, 4096, false, true,
		  "'raw-extraction' stands beside 'decode-mime: yes', where it has no effect" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct diag *d;
		struct fixture f;
		char yaml[256];

		snprintf(yaml, sizeof(yaml), "app-layer: {protocols: {smtp: {%s}}}\n",
			 rows[i].smtp);
		start(&f, yaml, NULL);
		assert_int_equal(f.s->app.files.mail_least, rows[i].least);
		assert_int_equal(f.s->app.files.mail_window, rows[i].window);
		assert_int_equal(f.s->smtp.raw, rows[i].raw);
		assert_int_equal(f.s->smtp.decode_mime, rows[i].decode);
		for (d = f.diags.first; d && d->level != DIAG_WARNING; d = d->next)
			;
		if (rows[i].warning)
			assert_string_equal(d ? d->message : "", rows[i].warning);
		else
			assert_null(d);
		finish(&f);
	}
}

/* A wrong value is told, and the default stands in its place. */
static void test_wrong(void **state)
{
	static const struct {
		const char *yaml;
		unsigned errors;
		const char *message;
	} rows[] = {
		{ "stream: yes\n", 1, "expected keys for 'stream', found 'yes'" },
		{ "stream: {reassembly: {depth: lots}}\n", 1,
		  "expected a size for 'stream.reassembly.depth', found 'lots'" },
		{ "outputs: eve-log\n", 1, "expected a list for 'outputs', found 'eve-log'" },
		{ "action-order: [drop, drop]\n", 1, "'drop' is named twice" },
		{ "memory: 64 MiB\nflow: {memcap: 128 MiB}\n", 1,
		  "the memcaps together leave nothing of 'memory'" },
		{ "a: [\n", 1, "expected a value here" },
		{ "decoder: {vxlan: {ports: any}}\n", 1,
		  "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: \"1:2\"}}\n", 1,
		  "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: [1, 2, 3, 4, 5]}}\n", 1,
		  "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: $NO_SUCH}}\n", 1,
		  "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: 0}}\n", 1, "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: 65536}}\n", 1,
		  "decoder.vxlan.ports is no list of ports" },
		{ "decoder: {vxlan: {ports: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz}}\n",
		  1, "decoder.vxlan.ports is no list of ports" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		const struct diag *d;

		start(&f, rows[i].yaml, NULL);
		assert_int_equal(f.diags.errors, rows[i].errors);
		for (d = f.diags.first; d && d->level != DIAG_ERROR; d = d->next)
			;
		assert_string_equal(d->message, rows[i].message);
		assert_int_equal(f.s->stream.depth, 1 << 20);
		assert_int_equal(f.s->output_count, 2);
		assert_int_equal(f.s->flow.tcp.new_s, 60);
		finish(&f);
	}
}

/* Sets by their names; a type that is none is told. */
static void test_datasets(void **state)
{
	const struct detect_options *d;
	struct fixture f;

	(void)state;
	start(&f,
	      "%YAML 1.1\n---\ndatasets:\n"
	      "  names: { type: string, state: names.lst, memcap: 1mb, hashsize: 512 }\n"
	      "  hosts: { type: ipv6, load: hosts.lst }\n"
	      "  bad: { type: sha512 }\n",
	      NULL);
	d = &f.s->detect;
	assert_int_equal(f.diags.errors, 1);
	assert_int_equal(d->dataset_memcap, 100u << 20);
	assert_int_equal(d->dataset_count, 2);
	assert_string_equal(d->datasets[0].name, "names");
	assert_string_equal(d->datasets[0].load, "names.lst");
	assert_string_equal(d->datasets[0].save, "names.lst");
	assert_int_equal(d->datasets[0].memcap, 1u << 20);
	assert_int_equal(d->datasets[0].hashsize, 512);
	assert_int_equal(d->dataset_hashsize, 4096);
	assert_int_equal(d->dataset_hashsize_max, 65536);
	assert_int_equal(d->dataset_hashsizes_max, 16777216);
	assert_int_equal(d->datasets[1].type, DATASET_IP);
	assert_null(d->datasets[1].save);
	finish(&f);
}

static void test_outputs_told(void **state)
{
	struct fixture f;

	(void)state;
	start(&f,
	      "outputs:\n  - fast:\n      filename: a\n  - eve-log:\n      enabled: yes\n"
	      "      filetype: redis\n",
	      NULL);
	assert_int_equal(f.s->output_count, 0);
	assert_int_equal(f.diags.errors, 0);
	assert_int_equal(f.diags.warnings, 2);
	finish(&f);
}

static void test_rule_files(void **state)
{
	char folder[] = "/tmp/weir-rules-XXXXXX", path[3][64], glob[64];
	struct fixture f = { .s = NULL };

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 3; i++) {
		FILE *file;

		snprintf(path[i], sizeof(path[i]), "%s/%c.rules", folder, "bac"[i]);
		file = fopen(path[i], "we");
		assert_non_null(file);
		fclose(file);
	}
	snprintf(glob, sizeof(glob), "%s/*.rules", folder);
	assert_true(text_list_add(&f.args.rules, path[2]));
	assert_true(text_list_add(&f.args.rules, glob));
	assert_true(text_list_add(&f.args.rules, "/nowhere/x.rules"));
	load(&f);
	assert_int_equal(f.diags.errors, 1);
	assert_int_equal(f.s->rule_files.count, 4);
	assert_string_equal(f.s->rule_files.text[0], path[2]);
	assert_string_equal(f.s->rule_files.text[1], path[1]);
	assert_string_equal(f.s->rule_files.text[2], path[0]);
	finish(&f);
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	rmdir(folder);
}

static void test_pools(void **state)
{
	static const struct {
		uint64_t budget, flows, reassembly;
		bool fixed, fits;
	} rows[] = {
		{ 1u << 30, 0, 0, false, true },
		{ 1u << 30, 0, 0, true, true },
		{ 1u << 30, 512u << 20, 256u << 20, true, true },
		{ 1u << 30, 1u << 30, 256u << 20, false, true },
		{ 1u << 30, 1u << 30, 256u << 20, true, false },
		{ 16u << 20, 0, 0, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pool_plan p = { .budget = rows[i].budget, .fixed = rows[i].fixed };
		uint64_t sum = 0;

		p.bytes[POOL_FLOWS] = rows[i].flows;
		p.bytes[POOL_REASSEMBLY] = rows[i].reassembly;
		assert_int_equal(pool_plan(&p), rows[i].fits);
		for (int k = 0; k < POOL__COUNT; k++) {
			assert_true(p.bytes[k] > 0);
			sum += p.bytes[k];
		}
		assert_true(sum <= p.budget);
		if (rows[i].fits && rows[i].fixed)
			assert_int_equal(p.budget, rows[i].budget);
		if (rows[i].flows)
			assert_int_equal(p.bytes[POOL_FLOWS], rows[i].flows);
	}
	assert_true(pool_auto_budget(1) > 0 && pool_auto_budget(8) >= pool_auto_budget(1));
	assert_int_equal(pool_usual_budget(1), 1ull << 30);
	assert_int_equal(pool_usual_budget(2), 1ull << 30);
	assert_int_equal(pool_usual_budget(8), (1ull << 30) + 6 * (256ull << 20));
}

/* All pools of all workers together fit into `memory`, and leave little of it. */
static void test_budget(void **state)
{
	static const struct {
		const char *sets;
		uint64_t mib; /* 0: that is too little, which is told */
	} rows[] = {
		{ "memory=16MiB workers=1", 16 },
		{ "memory=16MiB workers=2", 16 },
		{ "memory=32MiB workers=1", 32 },
		{ "memory=32MiB workers=3", 32 },
		{ "memory=64MiB workers=8", 64 },
		{ "memory=1GiB workers=1", 1024 },
		{ "memory=1GiB workers=64", 1024 },
		{ "memory=32MiB workers=2 flow.hash-size=100000000", 32 },
		{ "memory=32MiB workers=2 flow.memcap=8MiB defrag.memcap=4MiB", 32 },
		{ "memory=64MiB workers=2 stream.memcap=8MiB stream.reassembly.memcap=16MiB", 64 },
		{ "memory=1GiB workers=2 defrag.trackers=10 defrag.max-frags=20", 1024 },
		{ "memory=16MiB workers=64", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t budget = rows[i].mib << 20;
		struct fixture f;

		start(&f, NULL, rows[i].sets);
		assert_int_equal(f.diags.errors, budget == 0);
		assert_true(settings_pool_bytes(f.s) <= f.s->memory_bytes);
		if (budget)
			assert_int_equal(f.s->memory_bytes, budget);
		if (budget && budget <= 64u << 20)
			assert_true(settings_pool_bytes(f.s) > budget / 2);
		finish(&f);
	}
	struct fixture f;

	/* What was not asked for grows with the workers. */
	start(&f, NULL, "workers=1024");
	assert_int_equal(f.diags.errors, 0);
	assert_true(settings_pool_bytes(f.s) <= f.s->memory_bytes);
	finish(&f);
}

/*
 * What rules remember is part of the budget, of transactions as of flows; all workers together have about the
 * same of it however many share.
 */
static void test_remembered(void **state)
{
	static const char *const sets[] = {
		"memory=1GiB workers=1",  "memory=1GiB workers=3",  "memory=1GiB workers=16",
		"memory=64MiB workers=1", "memory=64MiB workers=4",
	};
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct detect_options none;
		struct fixture f;
		uint64_t all;

		start(&f, NULL, sets[i]);
		assert_int_equal(f.s->detect.max_transactions, f.s->detect.max_flow_states);
		none = f.s->detect;
		none.max_transactions = 1;
		assert_true(detector_state_bytes(&none) + 64ull * none.max_flow_states <
			    detector_state_bytes(&f.s->detect));
		all = (uint64_t)f.s->detect.max_transactions * f.s->workers;
		all *= strncmp(sets[i], "memory=1GiB", 11) == 0 ? 1 : 16;
		least = all < least ? all : least;
		most = all > most ? all : most;
		finish(&f);
	}
	assert_true(least > 4096 && most - least < most / 8);
}

#define M EXCEPTION_MIDSTREAM
#define S EXCEPTION_STREAM_MEMCAP
#define D EXCEPTION_DEFRAG_MEMCAP

/* "auto", the master, what is about packets only, and what nobody can do on a span port. */
static void test_exceptions(void **state)
{
	static const struct {
		const char *sets;
		bool inline_mode;
		enum exception_target target;
		enum exception_policy policy;
		bool keeps_out;
	} rows[] = {
		{ NULL, false, M, EXCEPTION_IGNORE, false },
		{ NULL, false, S, EXCEPTION_IGNORE, false },
		{ NULL, true, M, EXCEPTION_DROP_FLOW, true },
		{ NULL, true, S, EXCEPTION_DROP_FLOW, true },
		{ NULL, true, D, EXCEPTION_DROP_PACKET, true },
		{ "stream.midstream=yes", true, M, EXCEPTION_IGNORE, false },
		{ "stream.midstream=yes", true, S, EXCEPTION_DROP_FLOW, false },
		{ "stream.midstream=yes stream.midstream-policy=pass-flow", true, M,
		  EXCEPTION_PASS_FLOW, false },
		{ "stream.midstream-policy=bypass", false, M, EXCEPTION_BYPASS, true },
		{ "stream.midstream-policy=reject-both", false, M, EXCEPTION_REJECT_BOTH, true },
		{ "stream.midstream-policy=drop-flow", false, M, EXCEPTION_IGNORE, false },
		{ "exception-policy=pass-flow", false, M, EXCEPTION_PASS_FLOW, false },
		{ "exception-policy=pass-flow", false, D, EXCEPTION_PASS_PACKET, false },
		{ "exception-policy=pass-packet", false, S, EXCEPTION_PASS_PACKET, false },
		{ "exception-policy=pass-packet", false, M, EXCEPTION_IGNORE, false },
		{ "exception-policy=ignore stream.memcap-policy=reject", true, S, EXCEPTION_REJECT,
		  false },
		{ "exception-policy=ignore", true, M, EXCEPTION_IGNORE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		ask_inline = rows[i].inline_mode;
		start(&f, NULL, rows[i].sets);
		ask_inline = false;
		assert_int_equal(f.diags.errors, 0);
		if (f.s->exceptions.policy[rows[i].target] != rows[i].policy)
			print_message("row %zu\n", i);
		assert_int_equal(f.s->exceptions.policy[rows[i].target], rows[i].policy);
		assert_int_equal(f.s->stream.keeps_out, rows[i].keeps_out);
		finish(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_detection_ports),
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_datasets),
		cmocka_unit_test(test_outputs_told),
		cmocka_unit_test(test_rule_files),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_exceptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
