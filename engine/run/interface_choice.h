/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interface_choice.h - how an interface is to be opened: its mode, and the part of the ladder to try.
 *
 * In: settings, facts of the interface.  Out: the options that the kernel stage takes, and why that mode.
 * Not here: telling it, opening it (supervisor_open.h).
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_RUN_INTERFACE_CHOICE_H
#define WEIR_RUN_INTERFACE_CHOICE_H

#include "engine/capture/iface.h"
#include "engine/capture/xdp_load.h"
#include "engine/run/settings.h"

enum interface_why {
	INTERFACE_HOST_ASKED, /* by the configuration */
	INTERFACE_HOST_CHOSEN, /* span would take packets from the host */
	INTERFACE_SPAN_FREE, /* nothing else is served by it */
	INTERFACE_SPAN_FORCED,
	INTERFACE_SPAN_REFUSED, /* it was asked for, and may not be */
};

/* reason: what span mode would take from the host, or "". */
enum interface_why interface_choose(const struct settings *s, const struct interface_settings *in,
				    const struct iface *f, char reason[IFACE_TEXT_BYTES],
				    struct xdp_interface_options *out);

#endif
