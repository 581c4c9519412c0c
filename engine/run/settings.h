/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the command line and the configuration as typed settings of all modules.
 *
 * In: what a person asked for (struct settings_args).  Out: struct settings, ready to hand to
 * each module; a diagnostic for each mistake.
 * The order, later wins: built-in defaults, the file of -c, --set, the other options.
 * Pools are sized here: fields of flow, stream and defrag are the share of ONE worker.
 * Not here: opening anything but configuration files; hash keys (struct hash_key stays zero).
 *
 * Memory: everything lives in settings->config.arena until settings_free(); args are borrowed
 * and must live as long.
 * Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_H
#define WEIR_RUN_SETTINGS_H

#include "engine/app/app.h"
#include "engine/app/smtp.h"
#include "engine/base/spread.h"
#include "engine/decode/decode.h"
#include "engine/defrag/defrag.h"
#include "engine/detect/detect.h"
#include "engine/flow/flow.h"
#include "engine/output/output.h"
#include "engine/run/filestore.h"
#include "engine/run/release.h"
#include "engine/run/settings_pools.h"
#include "engine/stream/stream.h"
#include "engine/watch/watch.h"
#include "parser/config.h"

enum checksum_mode {
	CHECKSUM_AUTO, /* the first 1,000 packets decide */
	CHECKSUM_ALL,
	CHECKSUM_NONE,
};

/* A list of texts given on the command line. */
struct text_list {
	const char **text;
	unsigned count;
};

/* What was asked for.  NULL, 0 and false: not asked. */
struct settings_args {
	struct text_list captures; /* -r: files, directories, "-" */
	struct text_list interfaces; /* -i */
	bool force_span; /* also where it takes packets from the host */
	const char *config_file; /* -c */
	struct text_list rules; /* -S: files and globs; replace the configuration's */
	const char *log_dir; /* -l */
	struct text_list sets; /* --set */
	const char *checksums; /* -k: "none", "all", "auto" */
	const char *data_dir; /* --data-dir */
	const char *filter; /* BPF */
	bool test_only; /* -T */
	bool rule_texts; /* the texts of rules are wanted, whatever outputs say */
	bool init_errors_fatal;
	bool simulate_ips;
	bool disable_detection;
	bool strict_config;
	const char *shadow; /* --shadow: "check", or "strict" */
	bool cost; /* --cost: write what rules have cost */
	bool stages; /* --stages: tell what each stage costs */
	bool rules_optional; /* a missing rule file is never an error (weir check -c) */
};

#define SETTINGS_OUTPUTS_MAX 16
#define SETTINGS_INTERFACES_MAX 16

enum settings_mode { SETTINGS_MODE_AUTO, SETTINGS_MODE_SPAN, SETTINGS_MODE_HOST };
enum settings_step { SETTINGS_STEP_ANY, SETTINGS_STEP_DRIVER, SETTINGS_STEP_GENERIC };
enum settings_bind { SETTINGS_BIND_ANY, SETTINGS_BIND_ZERO_COPY, SETTINGS_BIND_COPY };

/* An interface of -i, with what the configuration says of it or of "default". */
struct interface_settings {
	const char *name;
	enum settings_mode mode;
	enum settings_step xdp;
	enum settings_bind bind;
	bool promiscuous;
	bool replace; /* another program that is attached */
	uint32_t busy_poll_us, busy_poll_budget; /* 0: off */
	uint32_t block_bytes, block_timeout_ms; /* AF_PACKET; 0: chosen */
};

/* What only a run on interfaces needs. */
struct live_settings {
	struct interface_settings interface[SETTINGS_INTERFACES_MAX];
	unsigned interfaces;
	uint32_t spin_us, gather_us;
	uint32_t prealloc_bytes; /* of each pool at most */
	uint32_t heartbeat_ms; /* 0: not looked at */
	bool lost_pass; /* what has no worker goes to the host */
	bool shadow;
	bool control, control_required;
	const char *control_path;
};

struct settings {
	const struct settings_args *args;
	struct config config; /* the whole tree, defaults included */

	/* Rules. */
	struct rule_parse_options rule_options; /* variable lookup in vars */
	struct text_list rule_files; /* globs expanded, in order */
	struct text_list reputation_files;
	const char *classification_file; /* the configured one, or the shipped one */
	const char *reference_config_file;
	const char *threshold_file; /* NULL: none */
	const char *rule_changes[4]; /* files by enum rule_select_kind, or NULL */
	bool detection; /* false: --disable-detection */

	/* Places. */
	const char *log_dir; /* exists or is to be made */
	const char *data_dir;
	const char *sensor_name; /* NULL: none */

	/* Outputs that are enabled, in order. */
	struct output_options outputs[SETTINGS_OUTPUTS_MAX];
	unsigned output_count;

	/* Modules; pool sizes are one worker's share. */
	struct decode_options decode; /* check_checksums: true unless -k none */
	struct defrag_options defrag;
	struct flow_options flow;
	struct stream_options stream;
	struct app_options app;
	struct smtp_options smtp; /* that app.smtp points to */
	struct detect_options detect;
	struct spread spread; /* that detect.spread may point to */
	bool release; /* release: flows are let go when no rule reaches them */
	bool stream_bypass; /* stream.bypass */
	uint64_t elephant_bytes; /* flow.elephant; 0: never */
	struct filestore_options filestore; /* dir NULL: files are not stored */
	const char *certs_dir; /* of the output tls-store; NULL: certificates are not stored */
	bool filestore_all; /* all files, whatever rules say */
	struct exceptions exceptions;
	enum checksum_mode checksums;
	uint32_t max_thresholds; /* entries of the one threshold table */
	struct watch_options watch;
	bool watch_counts; /* sources of probes, whether or not anything is reported */

	unsigned workers;
	uint64_t memory_bytes; /* the whole budget */
	struct pool_size pools[POOL__COUNT];

	struct live_settings live;

	bool stats_enabled; /* stats.enabled */
	uint32_t stats_interval_s;
	uint32_t stats_rule_costs; /* rules that are told with their costs */
	bool stats_memory; /* told too */
	bool decoder_events, stream_events; /* shown in stats */
	const char *events_prefix; /* "decoder.event" */
};

/*
 * Returns 0 with *out set, also where diags has errors: settings are then complete, with the
 * default where a value was wrong, so that rules can be checked too.  -ENOMEM: *out is NULL.
 */
int settings_load(const struct settings_args *args, struct diag_list *diags, struct settings **out);
void settings_free(struct settings *s);
/* Bytes that the pools of all workers reserve together: at most memory_bytes. */
uint64_t settings_pool_bytes(const struct settings *s);

/* How flows are released, with these rules (NULL: none). */
struct release_options settings_release(const struct settings *s, const struct ruleset *rules);

/* Print diagnostics as a person reads them: colours on a terminal unless NO_COLOR is set. */
void settings_print_diags(const struct diag_list *diags, FILE *out);

/* Append to a list that grows by malloc; false: no memory.  text_list_fini() frees it. */
bool text_list_add(struct text_list *l, const char *text);
void text_list_fini(struct text_list *l);

#endif
