/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/geoip.h"

#include <errno.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct geoip {
	MMDB_s base;
	unsigned users; /* beside the first */
};

int geoip_open(const char *path, char why[128], struct geoip **out)
{
	struct geoip *g = calloc(1, sizeof(*g));
	int status;

	*out = NULL;
	if (!g)
		return -ENOMEM;
	status = MMDB_open(path, MMDB_MODE_MMAP, &g->base);
	if (status != MMDB_SUCCESS) {
		snprintf(why, 128, "%s", MMDB_strerror(status));
		free(g);
		return -EINVAL;
	}
	*out = g;
	return 0;
}

void geoip_close(struct geoip *g)
{
	if (!g)
		return;
	if (g->users) {
		g->users--;
		return;
	}
	MMDB_close(&g->base);
	free(g);
}

struct geoip *geoip_share(struct geoip *g)
{
	g->users++;
	return g;
}

static bool find(const struct geoip *g, const struct sockaddr *a, char code[2])
{
	MMDB_entry_data_s data;
	int status;
	MMDB_lookup_result_s r = MMDB_lookup_sockaddr((MMDB_s *)&g->base, a, &status);

	if (status != MMDB_SUCCESS || !r.found_entry)
		return false;
	status = MMDB_get_value(&r.entry, &data, "country", "iso_code", NULL);
	if (status != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
	    data.data_size != 2)
		return false;
	memcpy(code, data.utf8_string, 2);
	return true;
}

bool geoip_country(const struct geoip *g, const struct ip_addr *addr, unsigned version,
		   char code[2])
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (version == 4) {
		memcpy(&v4.sin_addr, addr->bytes, 4);
		return find(g, (const struct sockaddr *)&v4, code);
	}
	memcpy(&v6.sin6_addr, addr->bytes, 16);
	return find(g, (const struct sockaddr *)&v6, code);
}
