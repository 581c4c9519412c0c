/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/stage.h"

#include <stddef.h>
#include <time.h>

_Thread_local struct stages *stages_here;
_Thread_local struct stages *stages_sampled;

const char *stage_name(enum stage s)
{
	static const char *const names[STAGE__COUNT] = {
#define STAGE_NAME(id, name) [STAGE_##id] = name,
		STAGE_LIST(STAGE_NAME)
#undef STAGE_NAME
	};

	return names[s];
}

static uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

enum stage stage_switch(struct stages *s, enum stage to)
{
	uint64_t now = ticks();
	enum stage from = (enum stage)s->now;

	s->cycles[from] += now - s->since;
	s->since = now;
	s->now = (uint8_t)to;
	return from;
}

void stage_batch(unsigned packets)
{
	struct stages *s = stages_here;

	stage_enter(STAGE_CAPTURE);
	stages_sampled = NULL;
	if (!s || s->countdown--)
		return;
	stages_sampled = s;
	s->countdown = STAGE_SAMPLE - 1;
	s->packets += packets;
	s->now = STAGE_CAPTURE;
	s->since = ticks();
}

void stages_add(struct stages *sum, const struct stages *s)
{
	sum->packets += s->packets;
	for (int i = 0; i < STAGE__COUNT; i++)
		sum->cycles[i] += s->cycles[i];
}
