/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of SSH: the first byte says in pieces of how many bytes it is shown. */
#include "engine/proto/ssh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ssh_parser p;
	size_t step, from = 0, shown = 0;

	if (size < 2)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	ssh_init(&p);
	while (shown < size) {
		struct ssh_event e;

		shown = shown + step < size ? shown + step : size;
		do {
			size_t consumed;

			ssh_next(&p, bytes_of(data + from, shown - from), &e, &consumed);
			if (consumed > shown - from)
				__builtin_trap();
			from += consumed;
		} while (e.kind != SSH_MORE);
	}
	return 0;
}
