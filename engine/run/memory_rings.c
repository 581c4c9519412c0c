/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/memory_rings.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/run/board.h"
#include "engine/run/interface_choice.h"
#include "engine/run/kept.h"
#include "engine/run/worker_release.h"
#include "parser/diag.h"

#define MIB (1024.0 * 1024.0)

static int predict_way(const struct xdp_interface_options *o, const struct iface *f,
		       unsigned workers, enum xdp_step step, struct memory_way *out)
{
	struct live_handover *h = calloc(1, sizeof(*h));
	struct ring_bytes one;
	int err = h ? ring_plan(o, f, workers, step, h) : -ENOMEM;

	if (!err) {
		out->possible = true;
		ring_bytes(h, 0, RING_ALL, &out->rings);
		ring_bytes(h, 0, 0, &one);
		out->each_worker = ring_bytes_sum(&one);
	}
	free(h);
	return err;
}

/* Frames are largest, and rings all the same, at the last step that AF_XDP may come to. */
static enum xdp_step largest_step(const struct xdp_interface_options *o)
{
	return o->last >= XDP_STEP_GENERIC ? XDP_STEP_GENERIC : o->last;
}

static int predict(const struct settings *s, const struct interface_settings *in,
		   struct memory_interface *out)
{
	char reason[IFACE_TEXT_BYTES];
	struct xdp_interface_options o;
	struct iface f;
	int err = iface_read(in->name, &f);

	if (err)
		return err;
	(void)interface_choose(s, in, &f, reason, &o);
	*out = (struct memory_interface){ .name = in->name,
					  .host = o.mode == XDP_MODE_HOST,
					  .queues = f.rx_queues };
	if (o.first != XDP_STEP_AF_PACKET)
		err = predict_way(&o, &f, s->workers, largest_step(&o), &out->xdp);
	if (!err && o.last == XDP_STEP_AF_PACKET)
		err = predict_way(&o, &f, s->workers, XDP_STEP_AF_PACKET, &out->packet);
	return err;
}

int memory_rings_predict(const struct settings *s,
			 struct memory_interface out[SETTINGS_INTERFACES_MAX], const char **failed)
{
	int err = 0;

	for (unsigned i = 0; i < s->live.interfaces && !err; i++) {
		*failed = s->live.interface[i].name;
		err = predict(s, &s->live.interface[i], &out[i]);
	}
	return err;
}

uint64_t memory_rings_most(const struct memory_interface *in)
{
	uint64_t xdp = ring_bytes_sum(&in->xdp.rings), packet = ring_bytes_sum(&in->packet.rings);

	return xdp > packet ? xdp : packet;
}

uint64_t memory_released(const struct settings *s)
{
	uint32_t flows = s->flow.max_flows + 1;
	uint64_t each = worker_release_bytes(flows) + release_ring_bytes() + LIVE_FRAME_MAX;

	return s->workers * each + kept_bytes(s->workers, flows) + sizeof(struct board);
}

static void print_line(const char *name, uint64_t bytes, const char *more, FILE *out)
{
	fprintf(out, "    %-26s %9.1f%s\n", name, (double)bytes / MIB, more);
}

void memory_rings_print(const struct memory_interface *in, unsigned workers, FILE *out)
{
	const struct ring_bytes *x = &in->xdp.rings, *p = &in->packet.rings;

	fprintf(out, "  %s, %s mode: %u queue%s, %u worker%s\n", in->name,
		in->host ? "host" : "span", in->queues, in->queues == 1 ? "" : "s", workers,
		workers == 1 ? "" : "s");
	if (in->xdp.possible) {
		print_line("AF_XDP: frames (UMEM)", x->umem, "   of queues", out);
		print_line("fill and completion", x->fill + x->completion + x->books,
			   "   of queues, with books", out);
		print_line("receive", x->rx + x->tx, "", out);
		print_line("  of each worker", in->xdp.each_worker, "", out);
	}
	if (in->packet.possible) {
		print_line(in->xdp.possible ? "or AF_PACKET: blocks" : "AF_PACKET: blocks",
			   p->blocks + p->books, "", out);
		print_line("  of each worker", in->packet.each_worker, "", out);
	}
}

static void json_way(const char *name, const struct memory_way *w, FILE *out)
{
	const struct ring_bytes *r = &w->rings;
	const struct {
		const char *name;
		uint64_t bytes;
	} parts[] = {
		{ "umem", r->umem },   { "fill", r->fill }, { "completion", r->completion },
		{ "rx", r->rx },       { "tx", r->tx },	    { "blocks", r->blocks },
		{ "books", r->books },
	};

	if (!w->possible)
		return;
	fprintf(out, ",\"%s\":{\"bytes\":%llu,\"each_worker\":%llu", name,
		(unsigned long long)ring_bytes_sum(r), (unsigned long long)w->each_worker);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].bytes)
			fprintf(out, ",\"%s\":%llu", parts[i].name,
				(unsigned long long)parts[i].bytes);
	}
	fputc('}', out);
}

void memory_rings_json(const struct memory_interface *in, FILE *out)
{
	fputs("{\"name\":", out);
	diag_json_string(out, in->name);
	fprintf(out, ",\"mode\":\"%s\",\"queues\":%u,\"bytes\":%llu", in->host ? "host" : "span",
		in->queues, (unsigned long long)memory_rings_most(in));
	json_way("af_xdp", &in->xdp, out);
	json_way("af_packet", &in->packet, out);
	fputc('}', out);
}
