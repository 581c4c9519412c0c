/* SPDX-License-Identifier: Apache-2.0 */
/* What engine/watch reports: an anomaly record with its evidence in `weir`. */
#include "engine/output/eve.h"
#include "engine/output/eve_common.h"
#include "engine/output/output.h"

/* The fields of one family; 0, the record's own timestamp: it has none. */
struct family_fields {
	enum eve_field object, kind, slow, count, ports, hosts, sources, completed, since,
		suppressed, challenged, usual, deviation, minutes, port_sample, host_sample,
		seq_sample;
};

#define FAMILY(ID, ...) \
	{ \
		.object = EVE_WEIR_##ID, .kind = EVE_WEIR_##ID##_KIND, \
		.count = EVE_WEIR_##ID##_COUNT, .since = EVE_WEIR_##ID##_SINCE, \
		.suppressed = EVE_WEIR_##ID##_SUPPRESSED, __VA_ARGS__ \
	}

static const struct family_fields fields[WATCH_FAMILY__COUNT] = {
	[WATCH_FAMILY_SCAN] = FAMILY(SCAN, .slow = EVE_WEIR_SCAN_SLOW, .ports = EVE_WEIR_SCAN_PORTS,
				     .hosts = EVE_WEIR_SCAN_HOSTS, .sources = EVE_WEIR_SCAN_SOURCES,
				     .port_sample = EVE_WEIR_SCAN_PORT_SAMPLE,
				     .host_sample = EVE_WEIR_SCAN_HOST_SAMPLE),
	[WATCH_FAMILY_FLOOD] = FAMILY(FLOOD, .sources = EVE_WEIR_FLOOD_SOURCES,
				      .completed = EVE_WEIR_FLOOD_COMPLETED,
				      .host_sample = EVE_WEIR_FLOOD_HOST_SAMPLE),
	[WATCH_FAMILY_SEQUENCE] = FAMILY(SEQUENCE, .challenged = EVE_WEIR_SEQUENCE_CHALLENGED,
					 .seq_sample = EVE_WEIR_SEQUENCE_SEQ_SAMPLE),
	[WATCH_FAMILY_WINDOW] = FAMILY(WINDOW, .port_sample = EVE_WEIR_WINDOW_PORT_SAMPLE,
				       .seq_sample = EVE_WEIR_WINDOW_WINDOW_SAMPLE),
	[WATCH_FAMILY_FLAGS] = FAMILY(FLAGS, .port_sample = EVE_WEIR_FLAGS_PORT_SAMPLE),
	[WATCH_FAMILY_BASELINE] = FAMILY(BASELINE, .usual = EVE_WEIR_BASELINE_USUAL,
					 .deviation = EVE_WEIR_BASELINE_DEVIATION,
					 .minutes = EVE_WEIR_BASELINE_MINUTES),
};

/* What is zero is not what the report is about. */
static void put_count(struct eve *w, enum eve_field f, uint64_t v)
{
	if (f && v)
		eve_u64(w, f, v);
}

static void put_samples(struct eve *w, const struct family_fields *f, const struct watch_report *r)
{
	if (f->port_sample && r->port_count) {
		eve_array(w, f->port_sample);
		for (unsigned i = 0; i < r->port_count; i++) {
			eve_item(w);
			buf_u64(w->out, r->port_sample[i]);
		}
		eve_array_end(w);
	}
	if (f->host_sample && r->host_count) {
		eve_array(w, f->host_sample);
		for (unsigned i = 0; i < r->host_count; i++) {
			char text[IP_ADDR_TEXT];
			unsigned len = ip_addr_text(&r->host_sample[i], r->ip_version, text);

			eve_item(w);
			eve_text_value(w, bytes_of(text, len));
		}
		eve_array_end(w);
	}
	if (f->seq_sample && r->seq_count) {
		eve_array(w, f->seq_sample);
		for (unsigned i = 0; i < r->seq_count; i++) {
			eve_item(w);
			buf_u64(w->out, r->seq_sample[i]);
		}
		eve_array_end(w);
	}
}

static void put_evidence(struct eve *w, const struct watch_report *r)
{
	const struct family_fields *f = &fields[watch_family(r->kind)];

	eve_open(w, f->object);
	eve_string(w, f->kind, watch_kind_name(r->kind));
	eve_u64(w, f->count, r->count);
	eve_time(w, f->since, r->since_ns);
	put_count(w, f->suppressed, r->suppressed);
	if (f->slow && r->slow)
		eve_bool(w, f->slow, true);
	put_count(w, f->ports, r->ports);
	put_count(w, f->hosts, r->hosts);
	put_count(w, f->sources, r->sources);
	put_count(w, f->challenged, r->challenged);
	if (f->completed && r->kind == WATCH_FLOOD_SYN)
		eve_u64(w, f->completed, r->completed_percent);
	if (f->usual) {
		eve_u64(w, f->usual, (uint64_t)(r->usual + 0.5));
		eve_u64(w, f->deviation, (uint64_t)(r->deviation + 0.5));
		eve_u64(w, f->minutes, r->minutes);
	}
	put_samples(w, f, r);
	eve_close(w);
}

void output_watch(const struct output_options *o, const struct output_env *env,
		  const struct watch_report *r, struct buf *out)
{
	struct eve w;

	eve_begin(&w, out);
	eve_time(&w, EVE_TIMESTAMP, r->time_ns);
	eve_plain(&w, EVE_EVENT_TYPE, "anomaly", strlen("anomaly"));
	if (r->has_source)
		eve_address(&w, EVE_SRC_IP, &r->source, r->ip_version);
	if (r->has_target)
		eve_address(&w, EVE_DEST_IP, &r->target, r->ip_version);
	if (r->port)
		eve_u64(&w, EVE_DEST_PORT, r->port);
	if (r->proto)
		eve_proto(&w, EVE_PROTO, r->proto);
	eve_u64(&w, EVE_IP_V, r->ip_version);
	eve_plain(&w, EVE_PKT_SRC, "wire/pcap", strlen("wire/pcap"));
	eve_open(&w, EVE_ANOMALY);
	eve_string(&w, EVE_ANOMALY_TYPE, "watch");
	eve_key(&w, EVE_ANOMALY_EVENT);
	buf_char(out, '"');
	buf_text(out, watch_family_name(watch_family(r->kind)));
	buf_char(out, '.');
	buf_text(out, watch_kind_name(r->kind));
	buf_char(out, '"');
	eve_close(&w);
	eve_open(&w, EVE_WEIR);
	put_evidence(&w, r);
	eve_close(&w);
	eve_end_record(&w, o, env);
}
