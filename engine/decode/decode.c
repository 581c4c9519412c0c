/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode/decode.h"

#include <assert.h>
#include <string.h>

#include "engine/decode/layer.h"

static_assert(EVENT__COUNT <= 256, "packet.event[] holds events in a byte");

static const char *const source_names[PACKET_SOURCE__COUNT] = {
	[PACKET_WIRE] = "wire/pcap",
	[PACKET_GRE] = "gre tunnel",
	[PACKET_IPV4] = "ipv4 tunnel",
	[PACKET_IPV6] = "ipv6 tunnel",
	[PACKET_TEREDO] = "teredo tunnel",
	[PACKET_DEFRAG] = "defrag",
	[PACKET_STREAM_TIMEOUT] = "stream (flow timeout)",
	[PACKET_ERSPAN] = "erspan tunnel",
	[PACKET_VXLAN] = "vxlan encapsulation",
	[PACKET_GENEVE] = "geneve encapsulation",
	[PACKET_GTPU] = "gtp-u encapsulation",
};

const char *packet_source_name(enum packet_source s)
{
	return (unsigned)s < PACKET_SOURCE__COUNT ? source_names[s] : "";
}

void packet_event(struct packet *p, enum event e)
{
	if (p->events < PACKET_EVENTS_MAX)
		p->event[p->events++] = (uint8_t)e;
}

bool decode_invalid(struct packet *p, enum event e)
{
	packet_event(p, e);
	p->invalid = true;
	return false;
}

bool decode_enter_slow(struct packet *p)
{
	return decode_invalid(p, EVENT_DECODE_TOO_MANY_LAYERS);
}

/* The next packet of the set, a copy of what an inner one has from the one around it. */
static struct packet *packet_inside(struct decode_run *r, struct packet *p, struct bytes b,
				    enum packet_source source)
{
	struct packet *in;

	if (r->set->count == DECODE_PACKETS_MAX || p->layers + 1u >= r->layers_max) {
		decode_invalid(p, EVENT_DECODE_TOO_MANY_LAYERS);
		return NULL;
	}
	in = &r->set->packets[r->set->count++];
	packet_clear(in);
	in->data = b;
	in->number = p->number;
	in->time_ns = p->time_ns;
	in->frame = p->frame;
	in->outer = p;
	in->source = (uint8_t)source;
	in->depth = p->depth;
	in->layers = p->layers + 1;
	in->vlans = p->vlans;
	memcpy(in->vlan, p->vlan, sizeof(in->vlan));
	in->wire_len = (uint32_t)b.len;
	in->link = LINK_DLT_RAW_12;
	return in;
}

bool decode_inner(struct decode_run *r, struct packet *p, struct bytes b, enum packet_source source,
		  decode_layer_fn layer)
{
	unsigned before = r->set->count;
	struct packet *in = packet_inside(r, p, b, source);

	if (!in)
		return false;
	in->depth++;
	if (!layer(r, in, b) || (source == PACKET_TEREDO && in->invalid)) {
		r->set->count = before;
		return false;
	}
	p->is_tunnel_outer = true;
	return true;
}

void decode_fragment(struct decode_run *r, struct packet *p)
{
	unsigned before = r->set->count;
	struct packet *in;
	struct bytes whole;
	bool ok;

	p->is_fragment = true;
	if (!r->d->defrag)
		return;
	whole = r->d->defrag(r->d->defrag_ctx, p);
	if (whole.len <= p->l3_offset)
		return;
	in = packet_inside(r, p, whole, PACKET_DEFRAG);
	if (!in)
		return;
	in->from_defrag = true;
	in->link = p->link;
	whole = bytes_slice(whole, p->l3_offset, whole.len);
	ok = p->ip_version == 4 ? decode_ip4(r, in, whole) : decode_ip6(r, in, whole);
	if (!ok) {
		r->set->count = before;
		return;
	}
	p->is_tunnel_outer = true;
}

static void decode_link(struct decode_run *r, struct packet *p)
{
	switch (p->link) {
	case LINK_ETHERNET:
		(void)decode_ethernet(r, p, p->data);
		break;
	case LINK_LINUX_SLL:
		(void)decode_sll(r, p, p->data);
		break;
	case LINK_LINUX_SLL2:
		(void)decode_sll2(r, p, p->data);
		break;
	case LINK_NULL:
	case LINK_LOOP:
		(void)decode_null(r, p, p->data);
		break;
	case LINK_PPP:
		(void)decode_ppp(r, p, p->data);
		break;
	case LINK_CHDLC:
		(void)decode_chdlc(r, p, p->data);
		break;
	case LINK_DLT_RAW_12:
	case LINK_DLT_RAW_14:
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		(void)decode_raw(r, p, p->data);
		break;
	default:
		/* Capture opens no file of another link type. */
		p->invalid = true;
		break;
	}
}

static void count_events(struct counters *c, const struct packet_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct packet *p = &set->packets[i];

		for (unsigned k = 0; k < p->events; k++)
			c->event[p->event[k]]++;
	}
}

void decode_frame(struct decoder *d, const struct frame *f, struct packet_set *set)
{
	struct decode_run r = { .d = d, .count = d->counters->value, .set = set };
	struct packet *p = &set->packets[0];

	r.layers_max = d->options.recursion_limit ? d->options.recursion_limit : DECODE_LAYERS_MAX;
	set->count = 1;
	packet_clear(p);
	p->data = bytes_of(f->data, f->len);
	p->number = f->number;
	p->time_ns = f->time_ns;
	p->frame = f;
	p->wire_len = f->len;
	p->link = f->link;

	r.count[COUNTER_DECODER_PKTS]++;
	r.count[COUNTER_DECODER_BYTES] += f->len;
	if (f->len > r.count[COUNTER_DECODER_MAX_PKT_SIZE])
		r.count[COUNTER_DECODER_MAX_PKT_SIZE] = f->len;
	if (f->link != LINK_ETHERNET || !decode_plain(&r, p))
		decode_link(&r, p);
	for (unsigned i = 0; d->options.ignore_checksums && i < set->count; i++)
		set->packets[i].checksums_off = true;
	if (p->invalid)
		r.count[COUNTER_DECODER_INVALID]++;
	count_events(d->counters, set);
}
