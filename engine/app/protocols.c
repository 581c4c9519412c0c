/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of protocols that are parsed.
 */
#include "engine/app/app.h"

extern const struct app_protocol app_dns;

static const struct app_protocol *const rows[APP_PROTO__COUNT] = {
	[APP_PROTO_DNS] = &app_dns,
};

const struct app_protocol *app_protocol(enum app_proto p)
{
	return (unsigned)p < APP_PROTO__COUNT ? rows[p] : NULL;
}
