/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/stage.h"

#include <time.h>

_Thread_local struct stages *stages_here;

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

	if (!s)
		return;
	if (s->on)
		stage_switch(s, STAGE_CAPTURE);
	s->on = s->countdown == 0;
	s->countdown = s->on ? STAGE_SAMPLE - 1 : s->countdown - 1;
	if (!s->on)
		return;
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
