/* SPDX-License-Identifier: Apache-2.0 */
/* A DNS message: its records and every name in it; the work stays in proportion to its length. */
#include "engine/proto/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	static struct dns_name name;
	struct dns_header h;
	struct dns_reader r;
	struct dns_record rec;
	size_t end, n = 0;

	(void)dns_probe(in, size);
	if (!dns_read_header(in, &h))
		return 0;
	dns_begin(&r, in, &h);
	while (dns_read_record(&r, &rec) == DNS_RECORD) {
		require(++n <= size);
		require((size_t)rec.data + rec.data_len <= size);
		require(dns_read_name(in, rec.name, &name, &end));
		require(name.len <= DNS_NAME_MAX && end <= size);
		(void)dns_type_name(rec.type);
		if (rec.data_len)
			(void)dns_read_name(in, rec.data, &name, &end);
	}
	return 0;
}
