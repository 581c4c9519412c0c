/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect.h - rules against packets and streams.
 *
 * In: a compiled ruleset; packets that decode, flow and stream have seen.  Out: alerts in
 * Suricata's order, and the verdict.
 * Not here: writing records; thresholds that only shape output (struct alert says what
 * is left to decide, engine/run decides it in packet order).
 *
 * Memory: the ruleset is one position-independent block, shared and read-only; a detector has its own
 * scratch, sized at start.
 * Thread: a detector belongs to one worker.
 */
#ifndef WEIR_DETECT_DETECT_H
#define WEIR_DETECT_DETECT_H

#include "engine/app/app.h"
#include "engine/base/watch_kind.h"
#include "engine/detect/notes.h"
#include "engine/stream/stream.h"
#include "parser/rule_parse.h"

struct app_engine;
struct app_tx;
struct ruleset; /* the block: engine/detect/ruleset.h */

/* A set that the configuration defines: names as written there, NULL: none. */
struct dataset_config {
	const char *name;
	uint8_t type; /* enum dataset_type */
	const char *load, *save;
	uint64_t memcap; /* 0: a default */
	uint32_t hashsize; /* 0: a default */
};

struct spread;

struct detect_options {
	bool inline_mode; /* drops are carried out (--simulate-ips) */
	uint8_t action_order
		[4]; /* enum rule_action, first wins; default pass, drop, reject, alert */
	uint32_t alert_max; /* packet-alert-max; 0: no limit but ALERTS_MAX */
	uint32_t pcre_match_limit, pcre_recursion_limit; /* 3500, 1500 */
	uint32_t max_transactions; /* that rules may remember something of at once; 0: a default */
	uint32_t max_flow_states; /* flows that may hold flowbits at once */
	uint32_t inspection_recursion_limit; /* 3000 */
	const struct dataset_config *datasets;
	unsigned dataset_count;
	uint64_t dataset_memcap; /* of sets that say nothing of it; 0: a default */
	uint32_t dataset_hashsize; /* the same */
	uint32_t dataset_hashsize_max; /* of a set; 0: any */
	uint64_t dataset_hashsizes_max; /* of all sets together; 0: any */
	const char *data_dir; /* relative names of sets' files */
	const char *iprep_categories; /* reputation-categories-file; NULL: none */
	const char *const *iprep_files; /* reputation-files */
	unsigned iprep_file_count;
	const char *geoip_file; /* geoip-database; NULL: the system's */
	const char *cache_folder; /* compiled rulesets are kept there; NULL: nowhere */
	bool without_texts; /* nobody asks for the text of rules: it is not kept */
	bool check_only; /* rules are compiled for their diagnostics, never matched */
	bool saves_later; /* files of sets are not opened to be written: somebody else does it */
	bool reloads; /* other rulesets may follow: detector_use() */
	bool regex_later; /* regexes become machine code when first needed: no sandbox keeps executable memory away */
	const struct spread
		*spread; /* who loads from the cache in parts; NULL: one thread does all */
};

#define ALERTS_MAX 4096

/* Compile parsed rules.  Rules whose pattern or regex a library refuses get a diagnostic and are left out. */
int detect_compile(const struct rule_set *rules, const struct detect_options *opt,
		   struct diag_list *diags, struct ruleset **out);
/*
 * The same where nobody needs the parsed rules any more: they are given back (rule_set_fini() and rule_set_init()) as soon
 * as they have been read, before the databases are made.
 */
int detect_compile_forget(struct rule_set *rules, const struct detect_options *opt,
			  struct diag_list *diags, struct ruleset **out);
/* What opt->cache_folder has by this name.  Returns 0, -ENOENT (nothing that can be used) or -ENOMEM. */
struct cache_key;
int detect_open_kept(const struct cache_key *key, const struct detect_options *opt,
		     struct diag_list *diags, struct ruleset **out);
/* The name that it has in the cache folder; false: it was not kept, or its lists had something to tell. */
bool ruleset_kept(const struct ruleset *rs, struct cache_key *out);
void ruleset_free(struct ruleset *rs);

/* What rules want of engine/app: told before it is made. */
struct app_options;
/* At the end: write the sets (keyword dataset) that rules want kept.  0 or -errno. */
int ruleset_save(const struct ruleset *rs);
/*
 * What files beside the rules have said (sets, reputations), for a process that opens none: written to a descriptor, and
 * read from memory.  before: rules that were in force; sets that rules write, that are saved or that the configuration
 * defines go on with what is in them, all else is as it was read; NULL: none.  geoip-database is opened where there is
 * nothing before.  Returns 0, -EINVAL (damaged) or another -errno.
 */
int ruleset_write_lists(const struct ruleset *rs, int fd);
int ruleset_read_lists(struct ruleset *rs, const uint8_t *data, size_t len,
		       const struct detect_options *opt, const struct ruleset *before);

/* A set of the rules. */
struct dataset_set;
struct ruleset_set {
	const char *name;
	uint8_t type; /* enum dataset_type */
	struct dataset_set *set; /* NULL: not opened */
};
/* False: there are not so many. */
bool ruleset_set(const struct ruleset *rs, uint32_t i, struct ruleset_set *out);
/* The path that a set is saved to, malloc'ed; NULL: it is not, or there is no memory. */
char *ruleset_set_path(const struct ruleset *rs, uint32_t i, const struct detect_options *opt);
void ruleset_app_needs(const struct ruleset *rs, struct app_options *opt);

/* What output and the threshold stage want to know of a rule.  Texts live as long as the ruleset. */
struct rule_info {
	uint32_t sid, gid, rev, priority;
	uint8_t action; /* enum rule_action */
	uint8_t target; /* TARGET_SRC ... */
	const char *msg, *class_text, *text;
	const char *metadata_json; /* an object's text, or NULL: made once when compiled */
	const char *references_json; /* an array's text, or NULL */
	bool has_threshold;
	struct threshold threshold;
};
unsigned ruleset_rules(const struct ruleset *rs);
/* Some rule asks what is known of hosts (weir.watch). */
bool ruleset_asks_watch(const struct ruleset *rs);
void ruleset_rule(const struct ruleset *rs, uint32_t rule, struct rule_info *out);
/* Rules are numbered in Suricata's order of inspection, so that sorting alerts by number is alert order. */

enum alert_flag {
	ALERT_STREAM = 1 << 0, /* matched in the stream: EVE "stream": 1 */
	ALERT_DROPS = 1 << 1, /* action taken: drop */
	ALERT_PASS = 1 << 2, /* pass rule: nothing is written, it ends the list */
	ALERT_REJECTS = 1 << 3,
	ALERT_THRESHOLD = 1 << 4, /* rule has a threshold that is left to the merge */
	ALERT_RATE = 1 << 5, /* a rate_filter chose the action */
};

struct alert {
	uint32_t rule;
	uint8_t flags;
	const struct ruleset *rules; /* whose rule it is */
	const struct app_tx *tx; /* in which it matched; NULL: in none */
	const struct app_frame *frame; /* the same; until the packet is done */
	const struct rule_note *note; /* what its conditions found; until the next packet */
	unsigned notes;
};

struct detect_result {
	unsigned alerts;
	struct alert *alert; /* in the detector; until the next packet */
	uint8_t verdict; /* enum rule_action of what was done: ACTION_ALERT (accept), DROP, REJECT..., PASS */
	bool newly_dropped_flow;
	bool tagged; /* a rule that matched before asked to be told of this packet */
	bool dropped_by_rule; /* of this packet, whether or not it is told of */
	uint32_t drop_rule; /* the first that did */
	const struct ruleset *drop_rules; /* whose rule that is */
	bool admitted; /* some rule was tried whose header admits the packet */
};

struct detector;

/* Called before a condition with cross-host state is decided: returns when all earlier packets are done. */
typedef void (*detect_turn_fn)(void *ctx, uint64_t packet);

/* What engine/watch knows of a host. */
struct detect_known {
	bool due; /* a report of one of the kinds is */
	uint64_t count; /* the greatest of them; 0: none */
};

/*
 * Asked when the turn has been taken: what all packets before this one have told.  False: it cannot be said here.
 */
typedef bool (*detect_known_fn)(void *ctx, const struct packet *p, const struct ip_addr *host,
				const struct watch_range *kinds, struct detect_known *out);

struct detector_env {
	detect_known_fn known; /* NULL: nothing is known of hosts */
	void *known_ctx;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct app_engine *apps; /* NULL: rules on application protocols never hold */
	struct counters *counters;
	detect_turn_fn turn; /* NULL: single worker */
	void *turn_ctx;
	struct threshold_table *shared_thresholds; /* for rules whose action depends on one */
	struct tag_table
		*tags; /* of hosts; NULL: one of the detector's own, where rules ask for it */
	struct xbits_table *xbits; /* NULL: one of the detector's own, where rules ask for it */
};

struct eval;

/*
 * Follow one rule: told each time that it is tried, or would have been had its search pattern been
 * there, or any bytes.  e (engine/detect/eval.h) is ready to be evaluated, a copy to play with.
 */
typedef void (*detect_watch_fn)(void *ctx, struct eval *e);

int detector_new(const struct ruleset *rs, const struct detect_options *opt,
		 const struct detector_env *env, struct detector **out);
void detector_free(struct detector *d);

/*
 * Between two packets: inspect with another ruleset (engine/detect/kit.h), whose kit is the detector's until it is left.
 * What outlives a ruleset is named by what it means and goes on: flowbits, flowints, variables, tags,
 * rules that wait for more of a stream.  A transaction finishes on the ruleset that it began with.
 * False: the detector knows KITS_MAX already.  So the oldest may be named in s, with what follows each of its
 * rules; its transactions go on with the ruleset that was the newest until now.  Nothing is allocated.
 */
struct detect_kit;
struct detect_successor {
	uint32_t rule; /* its number in the later ruleset; UINT32_MAX: there is none */
	bool same; /* what is asked has not changed */
};
struct detect_successors {
	const struct ruleset *rules, *later;
	struct detect_successor *of; /* by rule */
};
bool detector_use(struct detector *d, struct detect_kit *k, const struct detect_successors *s);
/* Once in a while: leave kits that no transaction needs any more; they may be freed then. */
void detector_leave(struct detector *d);
/* The kit in force. */
struct detect_kit *detector_kit(const struct detector *d);
/* By the rules' names.  Returns 0 or -ENOMEM. */
int detect_successors_new(const struct ruleset *rules, const struct ruleset *later,
			  struct detect_successors **out);
void detect_successors_free(struct detect_successors *s); /* NULL is fine */
/* Bytes of its pool of flowbits and the like; what a ruleset needs comes on top. */
uint64_t detector_state_bytes(const struct detect_options *opt);
/* Adds what it remembers. */
void detector_memory(const struct detector *d, struct memory_use *sum);

/* What a rule of the ruleset in force has cost since then. */
struct rule_cost;
const struct rule_cost *detector_rule_cost(const struct detector *d, uint32_t rule);
/* What threshold.config has done to its matches. */
struct filter_hits;
const struct filter_hits *detector_filter_hits(const struct detector *d, uint32_t rule);

void detector_watch(struct detector *d, uint32_t rule, detect_watch_fn watch, void *ctx);

/*
 * Inspect one packet (or a pseudo packet at a flow's end).  Sets p->bypass.  Of one that is p->released
 * only what comes whatever the kernel keeps is looked at: decoder events, and TCP flags that are not those of
 * every packet (SYN, FIN, RST, no ACK), by rules that ask for them.
 */
void detect_packet(struct detector *d, struct packet *p, struct detect_result *out);
/* Some rule keeps packets from belonging to flows (config, tracking disable): ask for each packet. */
bool detect_untracks(const struct detector *d);
bool detect_untracked(struct detector *d, const struct packet *p);
/* The flow is going: give back its flowbits. */
void detect_flow_end(struct detector *d, struct flow *f);
/* A number that rules keep with a flow: name is the ruleset's. */
struct flow_number {
	const char *name;
	uint32_t value;
};

/* The flowints of a flow, for EVE's metadata; returns how many were written. */
unsigned detect_flowints(const struct detector *d, const struct flow *f, struct flow_number *out,
			 unsigned max);
/* Names of the flowbits set in a flow, for EVE's metadata; returns how many were written. */
unsigned detect_flowbits(const struct detector *d, const struct flow *f, const char **names,
			 unsigned max);
/* What pcre has caught with flow:name of this flow, with pkt:name of the last packet; returns how many. */
unsigned detect_flowvars(const struct detector *d, const struct flow *f, struct rule_note *out,
			 unsigned max);
unsigned detect_pktvars(const struct detector *d, struct rule_note *out, unsigned max);

#endif
