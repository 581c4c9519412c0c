/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geoip.h - the country of an address: the only door to libmaxminddb.
 *
 * In: a database file, an address.  Out: two capital letters.
 *
 * Memory: the file is mapped when rules load; a lookup allocates nothing.
 * Thread: any number of readers.
 */
#ifndef WEIR_DETECT_GEOIP_H
#define WEIR_DETECT_GEOIP_H

#include <stdbool.h>

#include "engine/base/address.h"

struct geoip;

/* Where the system keeps one, as a rule. */
#define GEOIP_FILE "/usr/share/GeoIP/GeoLite2-Country.mmdb"

/* why: what the library did not like.  -ENOMEM, -EINVAL. */
int geoip_open(const char *path, char why[128], struct geoip **out);
void geoip_close(struct geoip *g);
/* One more user: each closes it. */
struct geoip *geoip_share(struct geoip *g);

/* False: the database knows no country of it. */
bool geoip_country(const struct geoip *g, const struct ip_addr *addr, unsigned version,
		   char code[2]);

#endif
