/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/interface_choice.h"

static enum interface_why mode_of(const struct settings *s, const struct interface_settings *in,
				  bool refused)
{
	if (in->mode == SETTINGS_MODE_HOST)
		return INTERFACE_HOST_ASKED;
	if (!refused)
		return INTERFACE_SPAN_FREE;
	if (s->args->force_span)
		return INTERFACE_SPAN_FORCED;
	return in->mode == SETTINGS_MODE_SPAN ? INTERFACE_SPAN_REFUSED : INTERFACE_HOST_CHOSEN;
}

/* The part of the ladder that the configuration leaves. */
static void choose_steps(const struct interface_settings *in, struct xdp_interface_options *o)
{
	o->first = XDP_STEP_ZERO_COPY;
	o->last = XDP_STEP_AF_PACKET;
	if (o->mode == XDP_MODE_HOST) {
		o->first = XDP_STEP_AF_PACKET;
		return;
	}
	if (in->xdp == SETTINGS_STEP_GENERIC)
		o->first = o->last = XDP_STEP_GENERIC;
	else if (in->xdp == SETTINGS_STEP_DRIVER)
		o->last = XDP_STEP_DRIVER;
	if (in->bind == SETTINGS_BIND_ZERO_COPY)
		o->last = XDP_STEP_ZERO_COPY;
	else if (in->bind == SETTINGS_BIND_COPY && o->first == XDP_STEP_ZERO_COPY)
		o->first = XDP_STEP_DRIVER;
}

enum interface_why interface_choose(const struct settings *s, const struct interface_settings *in,
				    const struct iface *f, char reason[IFACE_TEXT_BYTES],
				    struct xdp_interface_options *out)
{
	enum interface_why why;

	reason[0] = '\0';
	why = mode_of(s, in, iface_refuses_span(f, reason));
	*out = (struct xdp_interface_options){
		.name = in->name,
		.mode = why == INTERFACE_HOST_ASKED || why == INTERFACE_HOST_CHOSEN ? XDP_MODE_HOST
										    : XDP_MODE_SPAN,
		.promiscuous = in->promiscuous,
		.replace = in->replace,
		.busy_poll_us = in->busy_poll_us,
		.busy_poll_budget = in->busy_poll_budget,
		.packet_block_bytes = in->block_bytes,
		.packet_timeout_ms = in->block_timeout_ms,
	};
	choose_steps(in, out);
	return why;
}
