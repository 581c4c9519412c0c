/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand in a configuration.  config_keys[] has the keys whose values are checked;
 * known[] has those that are Suricata's, by name alone: they are told, not acted on.
 */
#include "parser/config_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parser/config_lookup.h"

#define ACT(path, value) \
	{ \
		path, true, value, 0, 0, NULL \
	}
#define ACT_RANGE(path, value, min, max) \
	{ \
		path, true, value, min, max, NULL \
	}
#define ACT_WORDS(path, value, words) \
	{ \
		path, true, value, 0, 0, words \
	}
#define KNOW_WORDS(path, words) \
	{ \
		path, false, VALUE_CHOICE, 0, 0, words \
	}
#define EXCEPTION(path) \
	ACT_WORDS(path, VALUE_CHOICE, \
		  "auto ignore drop-flow pass-flow bypass drop-packet pass-packet " \
		  "reject reject-both")

#define U16 65535u
#define U32 4294967295u
#define SIZE_MAX_BYTES (1ull << 44)
#define YEAR_S (366u * 86400u)
#define TYPES "outputs[].eve-log.types[]"

#define TIMEOUTS(proto) \
	ACT("flow-timeouts." proto, VALUE_SECTION), \
		ACT_RANGE("flow-timeouts." proto ".new", VALUE_SECONDS, 0, YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".established", VALUE_SECONDS, 0, YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".closed", VALUE_SECONDS, 0, YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".bypassed", VALUE_SECONDS, 0, YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".emergency-new", VALUE_SECONDS, 0, YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".emergency-established", VALUE_SECONDS, 0, \
			  YEAR_S), \
		ACT_RANGE("flow-timeouts." proto ".emergency-closed", VALUE_SECONDS, 0, YEAR_S)

/* How HTTP/1 is read: of all servers, and of those in some networks. */
#define HTTP_ROWS(at) \
	ACT_WORDS( \
		at ".personality", VALUE_CHOICE, \
		"Minimal Generic IDS IIS_4_0 IIS_5_0 IIS_5_1 IIS_6_0 IIS_7_0 IIS_7_5 Apache Apache_2 Apache_2_2"), \
		ACT_RANGE(at ".request-body-limit", VALUE_SIZE, 0, SIZE_MAX_BYTES), \
		ACT_RANGE(at ".response-body-limit", VALUE_SIZE, 0, SIZE_MAX_BYTES), \
		ACT_RANGE(at ".request-body-minimal-inspect-size", VALUE_SIZE, 0, U32), \
		ACT_RANGE(at ".response-body-minimal-inspect-size", VALUE_SIZE, 0, U32), \
		ACT_RANGE(at ".request-body-inspect-window", VALUE_SIZE, 0, U32), \
		ACT_RANGE(at ".response-body-inspect-window", VALUE_SIZE, 0, U32), \
		ACT_RANGE(at ".response-body-decompress-layer-limit", VALUE_NUMBER, 0, U32), \
		ACT_WORDS(at ".http-body-inline", VALUE_CHOICE, \
			  "auto yes no true false on off 1 0"), \
		ACT(at ".double-decode-path", VALUE_BOOL), \
		ACT(at ".double-decode-query", VALUE_BOOL), \
		ACT(at ".uri-include-all", VALUE_BOOL), \
		ACT(at ".query-plusspace-decode", VALUE_BOOL), \
		ACT_RANGE(at ".headers-limit", VALUE_NUMBER, 0, U32)

const struct config_key config_keys[] = {
	/* Variables and rules. */
	ACT("vars", VALUE_SECTION),
	ACT("vars.address-groups", VALUE_SECTION),
	ACT("vars.address-groups.*", VALUE_TEXTS),
	ACT("vars.port-groups", VALUE_SECTION),
	ACT("vars.port-groups.*", VALUE_TEXTS),
	ACT("default-rule-path", VALUE_TEXT),
	ACT("rule-files", VALUE_TEXTS),
	ACT("geoip-database", VALUE_TEXT),
	ACT("reputation-categories-file", VALUE_TEXT),
	ACT("default-reputation-path", VALUE_TEXT),
	ACT("reputation-files", VALUE_TEXTS),
	ACT("classification-file", VALUE_TEXT),
	ACT("reference-config-file", VALUE_TEXT),
	ACT("threshold-file", VALUE_TEXT),
	ACT("datasets", VALUE_SECTION),
	ACT("datasets.defaults", VALUE_SECTION),
	ACT_RANGE("datasets.defaults.memcap", VALUE_SIZE, 4096, UINT32_MAX),
	ACT_RANGE("datasets.defaults.hashsize", VALUE_NUMBER, 1, UINT32_MAX),
	ACT("datasets.limits", VALUE_SECTION),
	ACT_RANGE("datasets.limits.single-hashsize", VALUE_NUMBER, 1, UINT32_MAX),
	ACT_RANGE("datasets.limits.total-hashsizes", VALUE_NUMBER, 1, UINT32_MAX),
	ACT("datasets.*.type", VALUE_TEXT),
	ACT("datasets.*.load", VALUE_TEXT),
	ACT("datasets.*.save", VALUE_TEXT),
	ACT("datasets.*.state", VALUE_TEXT),
	ACT_RANGE("datasets.*.memcap", VALUE_SIZE, 4096, UINT32_MAX),
	ACT_RANGE("datasets.*.hashsize", VALUE_NUMBER, 1, UINT32_MAX),
	ACT("datasets.rules", VALUE_SECTION),
	ACT("datasets.rules.allow-write", VALUE_BOOL),
	ACT("datasets.rules.allow-absolute-filenames", VALUE_BOOL),
	ACT("rule-changes", VALUE_SECTION),
	ACT("rule-changes.disable", VALUE_TEXT),
	ACT("rule-changes.enable", VALUE_TEXT),
	ACT("rule-changes.modify", VALUE_TEXT),
	ACT("rule-changes.drop", VALUE_TEXT),
	ACT_WORDS("action-order", VALUE_CHOICES, "pass drop reject alert"),
	ACT_RANGE("packet-alert-max", VALUE_NUMBER, 0, U16),
	ACT("pcre", VALUE_SECTION),
	ACT_RANGE("pcre.match-limit", VALUE_NUMBER, 1, U32),
	ACT_RANGE("pcre.match-limit-recursion", VALUE_NUMBER, 1, U32),
	ACT("detect", VALUE_SECTION),
	ACT_RANGE("detect.inspection-recursion-limit", VALUE_NUMBER, 0, U32),
	ACT("detect.sgh-mpm-caching", VALUE_BOOL),
	ACT("detect.sgh-mpm-caching-path", VALUE_TEXT),

	/* Places and the machine. */
	ACT("default-log-dir", VALUE_TEXT),
	ACT("default-data-dir", VALUE_TEXT),
	ACT("sensor-name", VALUE_TEXT),
	{ "workers", true, VALUE_NUMBER, 1, 1024, "auto" },
	{ "memory", true, VALUE_SIZE, 16u << 20, SIZE_MAX_BYTES, "auto" },

	/* Interfaces. */
	ACT("af-xdp[].interface", VALUE_TEXT),
	ACT_WORDS("af-xdp[].mode", VALUE_CHOICE, "auto span host"),
	ACT("af-xdp[].disable-promisc", VALUE_BOOL),
	ACT_WORDS("af-xdp[].force-xdp-mode", VALUE_CHOICE, "none drv skb"),
	ACT_WORDS("af-xdp[].force-bind-mode", VALUE_CHOICE, "none zero copy"),
	ACT("af-xdp[].enable-busy-poll", VALUE_BOOL),
	ACT_RANGE("af-xdp[].busy-poll-time", VALUE_NUMBER, 0, 1000000),
	ACT_RANGE("af-xdp[].busy-poll-budget", VALUE_NUMBER, 1, 1024),
	ACT("af-xdp[].replace", VALUE_BOOL),
	ACT("af-packet[].interface", VALUE_TEXT),
	ACT("af-packet[].disable-promisc", VALUE_BOOL),
	ACT_RANGE("af-packet[].block-size", VALUE_SIZE, 4096, 1u << 26),
	ACT_RANGE("af-packet[].block-timeout", VALUE_NUMBER, 1, 10000),
	ACT("capture", VALUE_SECTION),
	ACT_RANGE("capture.heartbeat-ms", VALUE_NUMBER, 0, 60000),
	ACT_WORDS("capture.worker-lost", VALUE_CHOICE, "drop pass"),
	ACT_RANGE("capture.gather-us", VALUE_NUMBER, 0, 100000),
	ACT_RANGE("capture.spin-us", VALUE_NUMBER, 0, 100000),
	ACT_RANGE("capture.prealloc", VALUE_SIZE, 0, 1u << 30),
	{ "unix-command.enabled", true, VALUE_BOOL, 0, 0, "auto" },
	ACT("unix-command", VALUE_SECTION),
	ACT("unix-command.filename", VALUE_TEXT),

	/* Outputs. */
	ACT("outputs[]", VALUE_NAMES),
	ACT("outputs[].tls-store", VALUE_SECTION),
	ACT("outputs[].tls-store.enabled", VALUE_BOOL),
	ACT("outputs[].tls-store.certs-log-dir", VALUE_TEXT),
	ACT("outputs[].file-store", VALUE_SECTION),
	ACT_RANGE("outputs[].file-store.version", VALUE_NUMBER, 2, 2),
	ACT("outputs[].file-store.enabled", VALUE_BOOL),
	ACT("outputs[].file-store.dir", VALUE_TEXT),
	ACT("outputs[].file-store.force-filestore", VALUE_BOOL),
	ACT("outputs[].file-store.force-magic", VALUE_BOOL),
	ACT_WORDS("outputs[].file-store.force-hash", VALUE_CHOICES, "md5 sha1 sha256"),
	ACT_RANGE("outputs[].file-store.max-files", VALUE_NUMBER, 0, U32),
	ACT_RANGE("outputs[].file-store.max-file-size", VALUE_SIZE, 0, SIZE_MAX_BYTES),
	ACT_RANGE("outputs[].file-store.max-size", VALUE_SIZE, 0, SIZE_MAX_BYTES),
	ACT("outputs[].fast", VALUE_SECTION),
	ACT("outputs[].fast.enabled", VALUE_BOOL),
	ACT("outputs[].fast.filename", VALUE_TEXT),
	ACT("outputs[].fast.append", VALUE_BOOL),
	ACT("outputs[].eve-log", VALUE_SECTION),
	ACT("outputs[].eve-log.enabled", VALUE_BOOL),
	ACT_WORDS("outputs[].eve-log.filetype", VALUE_CHOICE,
		  "regular file syslog unix_dgram unix_stream redis"),
	ACT("outputs[].eve-log.filename", VALUE_TEXT),
	ACT("outputs[].eve-log.append", VALUE_BOOL),
	ACT("outputs[].eve-log.metadata", VALUE_BOOL),
	ACT("outputs[].eve-log.ethernet", VALUE_BOOL),
	ACT("outputs[].eve-log.pcap-file", VALUE_BOOL),
	ACT("outputs[].eve-log.suricata-version", VALUE_BOOL),
	ACT("outputs[].eve-log.community-id", VALUE_BOOL),
	ACT_RANGE("outputs[].eve-log.community-id-seed", VALUE_NUMBER, 0, U16),
	ACT("outputs[].eve-log.xff", VALUE_SECTION),
	ACT("outputs[].eve-log.xff.enabled", VALUE_BOOL),
	ACT_WORDS("outputs[].eve-log.xff.mode", VALUE_CHOICE, "extra-data overwrite"),
	ACT_WORDS("outputs[].eve-log.xff.deployment", VALUE_CHOICE, "reverse forward"),
	ACT("outputs[].eve-log.xff.header", VALUE_TEXT),
#define HTP "app-layer.protocols.http.libhtp."
	ACT("app-layer.protocols.http.libhtp", VALUE_SECTION),
	ACT(HTP "default-config", VALUE_SECTION),
	HTTP_ROWS(HTP "default-config"),
	ACT_RANGE(HTP "default-config.compression-bomb-limit", VALUE_SIZE, 1, SIZE_MAX_BYTES),
	ACT("app-layer.protocols.http.byterange", VALUE_SECTION),
	ACT_RANGE("app-layer.protocols.http.byterange.memcap", VALUE_SIZE, 0, SIZE_MAX_BYTES),
	ACT_RANGE("app-layer.protocols.http.byterange.timeout", VALUE_NUMBER, 1, U32),
	ACT(HTP "server-config[]", VALUE_NAMES),
	ACT(HTP "server-config[].*", VALUE_SECTION),
	ACT(HTP "server-config[].*.address", VALUE_TEXTS),
	HTTP_ROWS(HTP "server-config[].*"),
#undef HTP
	ACT(TYPES, VALUE_NAMES),
	ACT(TYPES ".mdns", VALUE_SECTION),
	ACT(TYPES ".mdns.enabled", VALUE_BOOL),
	ACT(TYPES ".dns", VALUE_SECTION),
	ACT(TYPES ".dns.enabled", VALUE_BOOL),
	ACT_RANGE(TYPES ".dns.version", VALUE_NUMBER, 2, 3),
	ACT(TYPES ".dns.requests", VALUE_BOOL),
	ACT(TYPES ".dns.responses", VALUE_BOOL),
	ACT(TYPES ".dns.query", VALUE_BOOL),
	ACT(TYPES ".dns.answer", VALUE_BOOL),
	ACT(TYPES ".dns.formats", VALUE_TEXTS),
	ACT(TYPES ".dns.types", VALUE_TEXTS),
	ACT(TYPES ".dns.custom", VALUE_TEXTS),
	ACT(TYPES ".http", VALUE_SECTION),
	ACT(TYPES ".http.enabled", VALUE_BOOL),
	ACT(TYPES ".http.extended", VALUE_BOOL),
	ACT(TYPES ".http.custom", VALUE_TEXTS),
	ACT_WORDS(TYPES ".http.dump-all-headers", VALUE_CHOICE, "none both request response"),
	ACT(TYPES ".ssh", VALUE_SECTION),
	ACT(TYPES ".ssh.enabled", VALUE_BOOL),
	ACT(TYPES ".ftp", VALUE_SECTION),
	ACT(TYPES ".ftp.enabled", VALUE_BOOL),
	ACT(TYPES ".tls", VALUE_SECTION),
	ACT(TYPES ".tls.enabled", VALUE_BOOL),
	ACT(TYPES ".tls.extended", VALUE_BOOL),
	ACT(TYPES ".tls.custom", VALUE_TEXTS),
	ACT(TYPES ".tls.session-resumption", VALUE_BOOL),
	ACT(TYPES ".smtp", VALUE_SECTION),
	ACT(TYPES ".smtp.enabled", VALUE_BOOL),
	ACT(TYPES ".smtp.extended", VALUE_BOOL),
	ACT(TYPES ".smtp.custom", VALUE_TEXTS),
	ACT(TYPES ".smtp.md5", VALUE_TEXTS),
	ACT(TYPES ".alert", VALUE_SECTION),
	ACT(TYPES ".alert.enabled", VALUE_BOOL),
	ACT(TYPES ".alert.payload", VALUE_BOOL),
	ACT(TYPES ".alert.payload-printable", VALUE_BOOL),
	ACT(TYPES ".alert.payload-length", VALUE_BOOL),
	ACT_RANGE(TYPES ".alert.payload-buffer-size", VALUE_SIZE, 0, 1u << 20),
	ACT(TYPES ".alert.http-body", VALUE_BOOL),
	ACT(TYPES ".alert.http-body-printable", VALUE_BOOL),
	ACT(TYPES ".alert.packet", VALUE_BOOL),
	ACT(TYPES ".alert.tagged-packets", VALUE_BOOL),
	ACT(TYPES ".alert.verdict", VALUE_BOOL),
	ACT(TYPES ".alert.xff", VALUE_SECTION),
	ACT(TYPES ".alert.xff.enabled", VALUE_BOOL),
	ACT_WORDS(TYPES ".alert.xff.mode", VALUE_CHOICE, "extra-data overwrite"),
	ACT_WORDS(TYPES ".alert.xff.deployment", VALUE_CHOICE, "reverse forward"),
	ACT(TYPES ".alert.xff.header", VALUE_TEXT),
	ACT(TYPES ".alert.metadata", VALUE_BOOL_OR_SECTION),
	ACT(TYPES ".alert.metadata.app-layer", VALUE_BOOL),
	ACT(TYPES ".alert.metadata.flow", VALUE_BOOL),
	ACT(TYPES ".alert.metadata.rule", VALUE_SECTION),
	ACT(TYPES ".alert.metadata.rule.metadata", VALUE_BOOL),
	ACT(TYPES ".alert.metadata.rule.raw", VALUE_BOOL),
	ACT(TYPES ".alert.metadata.rule.reference", VALUE_BOOL),
	ACT(TYPES ".anomaly", VALUE_SECTION),
	ACT(TYPES ".anomaly.enabled", VALUE_BOOL),
	ACT(TYPES ".anomaly.types", VALUE_SECTION),
	ACT(TYPES ".anomaly.types.decode", VALUE_BOOL),
	ACT(TYPES ".anomaly.types.stream", VALUE_BOOL),
	ACT(TYPES ".anomaly.types.applayer", VALUE_BOOL),
	ACT(TYPES ".anomaly.types.watch", VALUE_BOOL),
	ACT(TYPES ".anomaly.packethdr", VALUE_BOOL),
	ACT(TYPES ".arp", VALUE_SECTION),
	ACT(TYPES ".arp.enabled", VALUE_BOOL),
	ACT(TYPES ".stream", VALUE_SECTION),
	ACT(TYPES ".stream.enabled", VALUE_BOOL),
	ACT(TYPES ".stream.all", VALUE_BOOL),
	ACT(TYPES ".stream.event-set", VALUE_BOOL),
	ACT(TYPES ".stream.state-update", VALUE_BOOL),
	ACT(TYPES ".frame", VALUE_SECTION),
	ACT(TYPES ".frame.enabled", VALUE_BOOL),
	ACT_RANGE(TYPES ".frame.payload-buffer-size", VALUE_SIZE, 0, 1u << 20),
	ACT(TYPES ".files", VALUE_SECTION),
	ACT(TYPES ".files.enabled", VALUE_BOOL),
	ACT(TYPES ".files.force-magic", VALUE_BOOL),
	ACT_WORDS(TYPES ".files.force-hash", VALUE_CHOICES, "md5 sha1 sha256"),
	ACT(TYPES ".drop", VALUE_SECTION),
	ACT(TYPES ".drop.enabled", VALUE_BOOL),
	ACT(TYPES ".drop.alerts", VALUE_BOOL),
	ACT_WORDS(TYPES ".drop.flows", VALUE_CHOICE, "all start"),
	ACT(TYPES ".drop.verdict", VALUE_BOOL),
	ACT(TYPES ".flow", VALUE_SECTION),
	ACT(TYPES ".flow.enabled", VALUE_BOOL),
	ACT(TYPES ".netflow", VALUE_SECTION),
	ACT(TYPES ".netflow.enabled", VALUE_BOOL),
	ACT(TYPES ".stats", VALUE_SECTION),
	ACT(TYPES ".stats.enabled", VALUE_BOOL),
	ACT(TYPES ".stats.totals", VALUE_BOOL),
	ACT(TYPES ".stats.deltas", VALUE_BOOL),
	ACT(TYPES ".stats.null-values", VALUE_BOOL),
	ACT("stats", VALUE_SECTION),
	ACT("stats.enabled", VALUE_BOOL),
	ACT("stats.decoder-events", VALUE_BOOL),
	ACT("stats.decoder-events-prefix", VALUE_TEXT),
	ACT("stats.stream-events", VALUE_BOOL),

	/* From the capture to the stream. */
	ACT("pcap-file", VALUE_SECTION),
	ACT_WORDS("pcap-file.checksum-checks", VALUE_BOOL, "auto"),
	ACT("vlan", VALUE_SECTION),
	ACT("vlan.use-for-tracking", VALUE_BOOL),
	ACT("decoder", VALUE_SECTION),
	ACT("decoder.teredo", VALUE_SECTION),
	ACT("decoder.teredo.enabled", VALUE_BOOL),
	ACT("decoder.teredo.ports", VALUE_TEXTS),
	ACT("decoder.vxlan", VALUE_SECTION),
	ACT("decoder.vxlan.enabled", VALUE_BOOL),
	ACT("decoder.vxlan.ports", VALUE_TEXTS),
	ACT("decoder.geneve", VALUE_SECTION),
	ACT("decoder.geneve.enabled", VALUE_BOOL),
	ACT("decoder.geneve.ports", VALUE_TEXTS),
	ACT("decoder.gtpu", VALUE_SECTION),
	ACT("decoder.gtpu.enabled", VALUE_BOOL),
	ACT("decoder.gtpu.ports", VALUE_TEXTS),
	ACT_RANGE("decoder.max-layers", VALUE_NUMBER, 1, 255),
	ACT("decoder.recursion-level", VALUE_SECTION),
	ACT("decoder.recursion-level.use-for-tracking", VALUE_BOOL),
	ACT("defrag", VALUE_SECTION),
	ACT_RANGE("defrag.memcap", VALUE_SIZE, 1u << 16, SIZE_MAX_BYTES),
	ACT_RANGE("defrag.trackers", VALUE_NUMBER, 1, 1u << 24),
	ACT_RANGE("defrag.max-frags", VALUE_NUMBER, 1, 1u << 24),
	ACT_RANGE("defrag.timeout", VALUE_SECONDS, 1, 86400),
	ACT("watch", VALUE_SECTION),
	ACT("watch.enabled", VALUE_BOOL),
	ACT_RANGE("watch.interval", VALUE_SECONDS, 1, 86400),
	ACT("watch.scan", VALUE_SECTION),
	ACT_RANGE("watch.scan.ports", VALUE_NUMBER, 3, 64),
	ACT_RANGE("watch.scan.hosts", VALUE_NUMBER, 3, 64),
	ACT_RANGE("watch.scan.window", VALUE_SECONDS, 1, 86400),
	ACT_RANGE("watch.scan.slow-ports", VALUE_NUMBER, 3, 64),
	ACT_RANGE("watch.scan.slow-hosts", VALUE_NUMBER, 3, 64),
	ACT_RANGE("watch.scan.slow-window", VALUE_SECONDS, 1, 86400),
	ACT_RANGE("watch.scan.sources", VALUE_NUMBER, 3, 32),
	ACT("watch.flood", VALUE_SECTION),
	ACT_RANGE("watch.flood.packets", VALUE_NUMBER, 10, 1u << 30),
	ACT_RANGE("watch.flood.completed", VALUE_NUMBER, 0, 100),
	ACT("watch.sequence", VALUE_SECTION),
	ACT_RANGE("watch.sequence.packets", VALUE_NUMBER, 1, 1u << 30),
	ACT_RANGE("watch.sequence.replays", VALUE_NUMBER, 1, 1u << 30),
	ACT("watch.window", VALUE_SECTION),
	ACT_RANGE("watch.window.flows", VALUE_NUMBER, 1, 1u << 30),
	ACT_RANGE("watch.window.tiny", VALUE_NUMBER, 1, 512),
	ACT("watch.flags", VALUE_SECTION),
	ACT_RANGE("watch.flags.packets", VALUE_NUMBER, 1, 1u << 30),
	ACT("watch.baseline", VALUE_SECTION),
	ACT_RANGE("watch.baseline.deviations", VALUE_NUMBER, 1, 1000),
	ACT_RANGE("watch.baseline.flows", VALUE_NUMBER, 1, 1u << 30),
	ACT_RANGE("watch.baseline.bytes", VALUE_SIZE, 1, SIZE_MAX_BYTES),
	ACT("flow", VALUE_SECTION),
	ACT_RANGE("flow.memcap", VALUE_SIZE, 1u << 16, SIZE_MAX_BYTES),
	ACT_RANGE("flow.hash-size", VALUE_NUMBER, 1, 1u << 30),
	ACT_RANGE("flow.emergency-recovery", VALUE_NUMBER, 1, 100),
	ACT("flow-timeouts", VALUE_SECTION),
	TIMEOUTS("default"),
	TIMEOUTS("tcp"),
	TIMEOUTS("udp"),
	TIMEOUTS("icmp"),
	ACT_RANGE("flow.elephant", VALUE_SIZE, 0, SIZE_MAX_BYTES),
	ACT("release", VALUE_BOOL),
	ACT("stream", VALUE_SECTION),
	ACT("stream.bypass", VALUE_BOOL),
	ACT_RANGE("stream.memcap", VALUE_SIZE, 1u << 16, SIZE_MAX_BYTES),
	ACT("stream.checksum-validation", VALUE_BOOL),
	ACT("stream.midstream", VALUE_BOOL),
	ACT("stream.async-oneside", VALUE_BOOL),
	ACT_WORDS("stream.inline", VALUE_BOOL, "auto"),
	ACT_RANGE("stream.max-synack-queued", VALUE_NUMBER, 0, 255),
	ACT_RANGE("stream.window", VALUE_SIZE, 0, 1u << 20),
	ACT("stream.reassembly", VALUE_SECTION),
	ACT("stream.reassembly.urgent", VALUE_SECTION),
	ACT_WORDS("stream.reassembly.urgent.policy", VALUE_CHOICE, "oob inline gap drop"),
	ACT_WORDS("stream.reassembly.urgent.oob-limit-policy", VALUE_CHOICE, "drop inline gap"),
	ACT_RANGE("stream.reassembly.memcap", VALUE_SIZE, 1u << 16, SIZE_MAX_BYTES),
	ACT_RANGE("stream.reassembly.depth", VALUE_SIZE, 0, U32),
	ACT("host-os-policy", VALUE_SECTION),
	ACT("host-os-policy.bsd", VALUE_TEXTS),
	ACT("host-os-policy.bsd-right", VALUE_TEXTS),
	ACT("host-os-policy.linux", VALUE_TEXTS),
	ACT("host-os-policy.old-linux", VALUE_TEXTS),
	ACT("host-os-policy.solaris", VALUE_TEXTS),
	ACT("host-os-policy.old-solaris", VALUE_TEXTS),
	ACT("host-os-policy.hpux10", VALUE_TEXTS),
	ACT("host-os-policy.hpux11", VALUE_TEXTS),
	ACT("host-os-policy.irix", VALUE_TEXTS),
	ACT("host-os-policy.macos", VALUE_TEXTS),
	ACT("host-os-policy.windows", VALUE_TEXTS),
	ACT("host-os-policy.vista", VALUE_TEXTS),
	ACT("host-os-policy.windows2k3", VALUE_TEXTS),
	ACT("host-os-policy.first", VALUE_TEXTS),
	ACT("host-os-policy.last", VALUE_TEXTS),

	/* Application protocols. */
	ACT("app-layer", VALUE_SECTION),
	ACT_RANGE("app-layer.memcap", VALUE_SIZE, 1u << 20, SIZE_MAX_BYTES),
	ACT("app-layer.protocols", VALUE_SECTION),
	ACT("app-layer.protocols.*", VALUE_SECTION),
	ACT_WORDS("app-layer.protocols.*.enabled", VALUE_BOOL, "detection-only"),
	ACT("app-layer.protocols.*.detection-ports", VALUE_SECTION),
	ACT("app-layer.protocols.*.detection-ports.dp", VALUE_TEXT),
	ACT("app-layer.protocols.*.detection-ports.sp", VALUE_TEXT),
	ACT_RANGE("app-layer.protocols.*.max-tx", VALUE_NUMBER, 1, UINT32_MAX),
	ACT_WORDS("app-layer.protocols.tls.encryption-handling", VALUE_CHOICE,
		  "track-only bypass full"),
	ACT_WORDS("app-layer.protocols.ssh.encryption-handling", VALUE_CHOICE,
		  "track-only bypass full"),
	ACT_WORDS("app-layer.protocols.tls.ja3-fingerprints", VALUE_BOOL, "auto"),
	ACT_WORDS("app-layer.protocols.tls.ja4-fingerprints", VALUE_BOOL, "auto"),
	ACT_WORDS("app-layer.protocols.ssh.hassh", VALUE_BOOL, "auto"),
	ACT_RANGE("app-layer.protocols.ftp.max-line-length", VALUE_SIZE, 16, 1u << 20),
	ACT("app-layer.protocols.smtp.inspected-tracker", VALUE_SECTION),
	ACT_RANGE("app-layer.protocols.smtp.inspected-tracker.content-inspect-min-size", VALUE_SIZE,
		  0, UINT32_MAX),
	ACT_RANGE("app-layer.protocols.smtp.inspected-tracker.content-inspect-window", VALUE_SIZE,
		  0, UINT32_MAX),
	ACT_RANGE("app-layer.protocols.smtp.inspected-tracker.content-limit", VALUE_SIZE, 0,
		  UINT32_MAX),
	ACT("app-layer.protocols.smtp.raw-extraction", VALUE_BOOL),
	ACT("app-layer.protocols.smtp.mime", VALUE_SECTION),
	ACT("app-layer.protocols.smtp.mime.decode-mime", VALUE_BOOL),
	ACT("app-layer.protocols.smtp.mime.decode-base64", VALUE_BOOL),
	ACT("app-layer.protocols.smtp.mime.decode-quoted-printable", VALUE_BOOL),
	ACT_RANGE("app-layer.protocols.smtp.mime.header-value-depth", VALUE_SIZE, 1, 1u << 20),
	ACT("app-layer.protocols.smtp.mime.extract-urls", VALUE_BOOL),
	ACT("app-layer.protocols.smtp.mime.extract-urls-schemes", VALUE_TEXTS),
	ACT("app-layer.protocols.smtp.mime.log-url-scheme", VALUE_BOOL),
	ACT("app-layer.protocols.smtp.mime.body-md5", VALUE_BOOL),
	ACT("app-layer.protocols.*.tcp", VALUE_SECTION),
	ACT_WORDS("app-layer.protocols.*.tcp.enabled", VALUE_BOOL, "detection-only"),
	ACT("app-layer.protocols.*.tcp.detection-ports", VALUE_SECTION),
	ACT("app-layer.protocols.*.tcp.detection-ports.dp", VALUE_TEXT),
	ACT("app-layer.protocols.*.tcp.detection-ports.sp", VALUE_TEXT),
	ACT("app-layer.protocols.*.udp", VALUE_SECTION),
	ACT_WORDS("app-layer.protocols.*.udp.enabled", VALUE_BOOL, "detection-only"),
	ACT("app-layer.protocols.*.udp.detection-ports", VALUE_SECTION),
	ACT("app-layer.protocols.*.udp.detection-ports.dp", VALUE_TEXT),
	ACT("app-layer.protocols.*.udp.detection-ports.sp", VALUE_TEXT),

	/* Known, and checked all the same. */
	EXCEPTION("exception-policy"),
	EXCEPTION("app-layer.error-policy"),
	EXCEPTION("defrag.memcap-policy"),
	EXCEPTION("flow.memcap-policy"),
	EXCEPTION("stream.memcap-policy"),
	EXCEPTION("stream.midstream-policy"),
	EXCEPTION("stream.reassembly.memcap-policy"),
	{ "stats.interval", true, VALUE_SECONDS, 1, 86400, NULL },
	ACT_RANGE("stats.rule-costs", VALUE_NUMBER, 0, 100),
	{ "stats.memory", true, VALUE_BOOL, 0, 0, "auto" },
	{ "host-mode", false, VALUE_CHOICE, 0, 0, "auto router sniffer-only" },
};

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

#define XFF "xff xff.enabled xff.mode xff.deployment xff.header"
#define SOCKET \
	"interface threads cluster-id cluster-type bpf-filter copy-mode copy-iface " \
	"disable-promisc checksum-checks "

/* Names by what they stand under, separated by spaces; "**": whatever is below. */
static const struct {
	const char *under, *names;
} known[] = {
	{ "", "suricata-version plugins[] runmode autofp-scheduler max-pending-packets "
	      "default-packet-size daemon-directory umask pid-file magic-file "
	      "asn1-max-frames mpm-algo spm-algo legacy.uricontent "
	      "unix-command.mode coredump.max-dump run-as.user run-as.group "
	      "livedev.use-for-tracking heartbeat.output-flush-interval engine-analysis.rules "
	      "engine-analysis.rules-fast-pattern "
	      "delayed-detect luajit.states "
	      "rule-reload rule-reloads firewall.enabled firewall.rule-path "
	      "firewall.rule-files[] firewall.policies.** multi-detect.** "
	      "interfaces.** stdin.** pcap-log.** unittests.** cuda.** mpipe.** "
	      "security.limit-noproc security.landlock.enabled "
	      "security.landlock.directories.write[] security.landlock.directories.read[] "
	      "security.lua.allow-rules security.lua.max-bytes security.lua.max-instructions "
	      "security.lua.allow-restricted-functions "
	      "datasets.enabled datasets.save-directory" },
	/* Other engines' ways to get packets, and their threads. */
	{ "", "dpdk.** netmap[].** pfring[].** napatech.** ipfw.** nfq.** nflog[].** ipfw.** "
	      "windivert.** dag.** erf-file.** threading.** profiling.**" },
	{ "capture", "disable-offloading checksum-validation" },
	{ "pcap-file", "buffer-size tenant-id delete-when-done recursive continuous delay "
		       "poll-interval" },
	{ "pcap[]", "interface buffer-size bpf-filter checksum-checks threads promisc snaplen" },
	{ "af-packet[]", SOCKET "defrag mmap-locked tpacket-v3 ring-size block-size block-timeout "
				"v2-block-size use-emergency-flush buffer-size use-mmap rollover "
				"disable-hwtimestamp xdp-mode xdp-filter-file ebpf-lb-file "
				"ebpf-filter-file bypass xdp-cpu-redirect pinned-maps "
				"pinned-maps-name no-percpu-hash gpu-enabled" },
	{ "af-xdp[]", SOCKET "force-xdp-mode force-bind-mode mem-unaligned enable-busy-poll "
			     "busy-poll-time busy-poll-budget gro-flush-timeout "
			     "napi-defer-hard-irq" },
	{ "logging", "default-log-level default-log-format default-output-filter "
		     "stacktrace-on-signal" },
	{ "logging.outputs[].console", "enabled level format type" },
	{ "logging.outputs[].file", "enabled level format type filename append" },
	{ "logging.outputs[].syslog", "enabled level format type facility" },
	{ "stats", "exception-policy exception-policy.global-stats "
		   "exception-policy.per-app-proto-errors" },

	/* Detection. */
	{ "detect", "profile custom-values.toclient-groups custom-values.toserver-groups "
		    "sgh-mpm-context "
		    "sgh-mpm-caching-max-age stream-tx-log-limit guess-applayer-tx "
		    "delayed-detect rule-reload prefilter.default grouping "
		    "grouping.tcp-priority-ports grouping.udp-priority-ports "
		    "grouping.tcp-whitelist grouping.udp-whitelist thresholds.hash-size "
		    "thresholds.memcap thresholds.cache thresholds.cache.max-entries "
		    "profiling.inspect-logging-threshold profiling.grouping.dump-to-disk "
		    "profiling.grouping.include-rules profiling.grouping.include-mpm-stats" },

	/* From the wire to the stream. */
	{ "decoder", "vntag.enabled erspan.** "
		     "ipv6.ipip-ipv4.track-parent-flow ipv6.ipip-ipv6.track-parent-flow" },
	{ "defrag", "hash-size prealloc host-config[].**" },
	{ "flow", "prealloc managers recyclers prune-flows rate-tracking.bytes "
		  "rate-tracking.interval" },
	{ "flow-timeouts.*", "emergency-bypassed" },
	{ "host", "hash-size prealloc memcap" },
	{ "ippair", "hash-size prealloc memcap" },
	{ "stream", "prealloc-sessions drop-invalid max-syn-queued liberal-timestamps "
		    "max-sessions reassembly.toserver-chunk-size reassembly.toclient-chunk-size "
		    "reassembly.randomize-chunk-size reassembly.randomize-chunk-range "
		    "reassembly.raw reassembly.segment-prealloc "
		    "reassembly.check-overlap-different-data reassembly.max-regions" },

	/* Application protocols. */
	{ "app-layer.protocols.*", "stream-depth memcap" },
	{ "app-layer.protocols.rfb", "max-string-length" },
	{ "app-layer.protocols.mqtt", "max-msg-length subscribe-topic-match-limit "
				      "unsubscribe-topic-match-limit max-messages" },
	{ "app-layer.protocols.tls", "encrypt-handling no-reassemble" },
	{ "app-layer.protocols.quic", "ja3-fingerprints ja4-fingerprints" },
	{ "app-layer.protocols.pgsql", "max-responses" },
	{ "app-layer.protocols.dcerpc", "max-stub-size" },
	{ "app-layer.protocols.smb", "dcerpc.max-stub-size max-read-size max-write-size "
				     "max-read-queue-size max-read-queue-cnt max-write-queue-size "
				     "max-write-queue-cnt max-guid-cache-size "
				     "max-rec-offset-cache-size max-tree-cache-size "
				     "max-dcerpc-frag-cache-size max-session-cache-size "
				     "max-dcerpc-dead-frags" },
	{ "app-layer.protocols.websocket", "max-payload-size" },
	{ "app-layer.protocols.http2", "max-streams max-table-size max-reassembly-size "
				       "max-frames compression-bomb-limit http1-rules" },
	{ "app-layer.protocols.dns", "global-memcap state-memcap request-flood" },
	{ "app-layer.protocols.modbus", "request-flood" },
	{ "app-layer.protocols.dnp3", "max-points max-objects" },
	{ "app-layer.protocols.ldap", "max-responses" },
#define HTP \
	"swf-decompression.enabled swf-decompression.type " \
	"swf-decompression.compress-depth swf-decompression.decompress-depth " \
	"randomize-inspection-sizes randomize-inspection-range lzma-enabled lzma-memlimit " \
	"compression-bomb-count decompression-time-limit max-tx " \
	"meta-field-limit path-convert-backslash-separators path-plusspace-decode " \
	"path-backslash-separators path-collapse-separators path-convert-utf8 path-u-encoding " \
	"path-control-char-handling path-lowercase set-path-convert-lowercase request-line"
	{ "app-layer.protocols.http.libhtp.default-config", HTP },
	{ "app-layer.protocols.http.libhtp.server-config[].*", HTP },

	/* Outputs. */
	{ "outputs[].fast", "filetype" },
	{ "outputs[].eve-log", "threaded buffer-size prefix identity facility level "
			       "rotate-interval filemode type mode sensor-name "
			       "redis.server redis.port redis.async redis.mode redis.key "
			       "redis.batch-size redis.stream-maxlen redis.stream-trim-exact "
			       "redis.pipelining.enabled redis.pipelining.batch-size json.** "
			       "reopen-on-rotate" },
	{ TYPES ".alert", "websocket-payload "
			  "websocket-payload-printable http tls ssh smtp dnp3 dns smb flow vars "
			  "reference" },
	{ TYPES ".anomaly", "types.packethdr" },
	{ TYPES ".http", "tagged-packets " XFF },
	{ TYPES ".tls", "ja3 ja4" },
	{ TYPES ".files", "force-md5 " XFF },
	{ TYPES ".smb", "enabled types[]" },
	{ TYPES ".dhcp", "enabled extended" },
	{ TYPES ".mqtt", "enabled passwords string-log-limit" },
	{ TYPES ".pgsql", "enabled passwords" },
	{ TYPES ".stats", "threads" },
	{ TYPES ".drop", "flow" },
	{ TYPES ".flow", "exception-policy" },
	{ TYPES ".stream", "spurious-retransmission tcp-session-reuse" },
	{ TYPES ".dnp3", "enabled" },
	{ TYPES ".websocket", "enabled" },
	{ TYPES ".enip", "enabled" },
	{ TYPES ".rdp", "enabled" },
	{ TYPES ".nfs", "enabled" },
	{ TYPES ".ntp", "enabled" },
	{ TYPES ".tftp", "enabled" },
	{ TYPES ".ike", "enabled" },
	{ TYPES ".ikev2", "enabled" },
	{ TYPES ".dcerpc", "enabled" },
	{ TYPES ".krb5", "enabled" },
	{ TYPES ".bittorrent-dht", "enabled" },
	{ TYPES ".snmp", "enabled" },
	{ TYPES ".rfb", "enabled" },
	{ TYPES ".sip", "enabled" },
	{ TYPES ".quic", "enabled" },
	{ TYPES ".ldap", "enabled" },
	{ TYPES ".pop3", "enabled" },
	{ TYPES ".http2", "enabled" },
	{ TYPES ".doh2", "enabled" },
	{ TYPES ".modbus", "enabled" },
	{ TYPES ".metadata", "enabled" },
	{ TYPES ".template", "enabled" },
	{ "outputs[]", "http-log.** tls-log.** dns-log.** file-log.** unified2-alert.** "
		       "alert-prelude.** syslog.** drop.** lua.** stats.**" },
	{ "outputs[].pcap-log", "enabled filename limit max-files compression lz4-checksum "
				"lz4-level mode dir sguil-base-dir ts-format use-stream-depth "
				"honor-pass-rules conditional bpf-filter" },
	{ "outputs[].alert-debug", "enabled filename append filetype" },
	{ "outputs[].file-store",
	  "log-dir write-fileinfo write-meta stream-depth max-open-files force-md5 filename include-pid waldo " XFF },
	{ "outputs[].tcp-data", "enabled type filename log-dir" },
	{ "outputs[].http-body-data", "enabled type filename log-dir" },
};

/* --- paths ---------------------------------------------------------------------------------- */

/* One name of each, '*' in the row for any; the row's end is *row. */
static bool same_name(const char **row, const char **path)
{
	size_t r, p;
	bool same;

	/* Most rows end here. */
	if (**row != **path && **row != '*')
		return false;
	r = strcspn(*row, ". ");
	p = strcspn(*path, ".");
	if (**row == '*')
		same = ((*row)[r - 1] == ']') == (p > 0 && (*path)[p - 1] == ']');
	else
		same = r == p && memcmp(*row, *path, p) == 0;
	*row += r;
	*path += p;
	return same;
}

/* The rest of a row, up to a space or its end, against the rest of a path. */
static enum config_match match_rest(const char *row, const char *path)
{
	while (*path) {
		if (strncmp(row, "**", 2) == 0)
			return CONFIG_MATCH_SAME;
		if (*row == '\0' || *row == ' ' || !same_name(&row, &path))
			return CONFIG_MATCH_NONE;
		path += *path == '.';
		row += *row == '.';
	}
	return *row == '\0' || *row == ' ' ? CONFIG_MATCH_SAME : CONFIG_MATCH_ABOVE;
}

static enum config_match match_known(const char *under, const char *names, const char *path)
{
	const char *u = under, *p = path;
	enum config_match best = CONFIG_MATCH_NONE;

	while (*u) {
		if (!*p)
			return CONFIG_MATCH_ABOVE;
		if (!same_name(&u, &p))
			return CONFIG_MATCH_NONE;
		u += *u == '.';
		p += *p == '.';
	}
	if (!*p)
		return CONFIG_MATCH_ABOVE;
	for (const char *n = names; *n; n += strspn(n, " ")) {
		enum config_match m = match_rest(n, p);

		if (m > best)
			best = m;
		n += strcspn(n, " ");
	}
	return best;
}

enum config_match config_look_up(const char *path, const struct config_key **row)
{
	enum config_match best = CONFIG_MATCH_NONE;

	*row = NULL;
	for (size_t i = 0; i < config_key_count; i++) {
		enum config_match m = match_rest(config_keys[i].path, path);

		if (m == CONFIG_MATCH_SAME) {
			*row = &config_keys[i];
			return m;
		}
		if (m > best)
			best = m;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		enum config_match m = match_known(known[i].under, known[i].names, path);

		if (m > best)
			best = m;
	}
	return best;
}

enum config_match config_look_up_key(char *path, const struct config_key **row)
{
	enum config_match m = config_look_up(path, row);
	size_t len = strlen(path);

	if (m == CONFIG_MATCH_SAME || len + 3 > CONFIG_PATH_MAX)
		return m;
	memcpy(path + len, "[]", 3);
	enum config_match list = config_look_up(path, row);

	path[len] = '\0';
	return list > m ? list : m;
}

/* --- nearest names -------------------------------------------------------------------------- */

#define NAMES_MAX 512
#define NAME_MAX_BYTES 48

struct names {
	char text[NAMES_MAX][NAME_MAX_BYTES];
	const char *name[NAMES_MAX];
	size_t count;
};

static void add_name(struct names *s, const char *name)
{
	size_t len = strcspn(name, ". []");

	if (len == 0 || len >= NAME_MAX_BYTES || *name == '*' || s->count == NAMES_MAX)
		return;
	for (size_t i = 0; i < s->count; i++) {
		if (strncmp(s->text[i], name, len) == 0 && s->text[i][len] == '\0')
			return;
	}
	memcpy(s->text[s->count], name, len);
	s->text[s->count][len] = '\0';
	s->name[s->count] = s->text[s->count];
	s->count++;
}

/* The part of a row that is below a section; NULL: the row is not. */
static const char *below(const char *row, const char *section)
{
	while (*section) {
		if (*row == '\0' || *row == ' ' || !same_name(&row, &section))
			return NULL;
		section += *section == '.';
		row += *row == '.';
	}
	return row;
}

static void names_below(struct names *s, const char *section)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const char *rest = below(config_keys[i].path, section);

		if (rest)
			add_name(s, rest);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *u = known[i].under, *p = section;
		bool same = true;

		while (*u && *p && same) {
			same = same_name(&u, &p);
			u += *u == '.';
			p += *p == '.';
		}
		if (!same)
			continue;
		if (*u) {
			add_name(s, u);
			continue;
		}
		for (const char *n = known[i].names; *n; n += strspn(n, " ")) {
			const char *rest = below(n, p);

			if (rest)
				add_name(s, rest);
			n += strcspn(n, " ");
		}
	}
}

const char *config_nearest_key(const char *section, const char *key, char *out, size_t size)
{
	struct names *s = calloc(1, sizeof(*s));
	const char *near;

	if (!s)
		return NULL;
	names_below(s, section);
	near = diag_nearest(key, s->name, s->count);
	if (near)
		snprintf(out, size, "%s", near);
	free(s);
	return near ? out : NULL;
}
