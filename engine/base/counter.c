/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/counter.h"

#include <stddef.h>

static const char *const names[COUNTER__COUNT] = {
#define COUNTER_NAME(id, name) [COUNTER_##id] = name,
	COUNTER_LIST(COUNTER_NAME)
#undef COUNTER_NAME
};

const char *counter_name(enum counter c)
{
	return (unsigned)c < COUNTER__COUNT ? names[c] : "unknown";
}

void counters_add(struct counters *sum, const struct counters *one)
{
	uint64_t max = sum->value[COUNTER_DECODER_MAX_PKT_SIZE];

	if (max < one->value[COUNTER_DECODER_MAX_PKT_SIZE])
		max = one->value[COUNTER_DECODER_MAX_PKT_SIZE];
	for (size_t i = 0; i < COUNTER__COUNT; i++)
		sum->value[i] += one->value[i];
	for (size_t i = 0; i < EVENT__COUNT; i++)
		sum->event[i] += one->event[i];
	sum->value[COUNTER_DECODER_MAX_PKT_SIZE] = max;
}
