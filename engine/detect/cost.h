/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cost.h - what each rule costs: counted always, its time taken of some of its trials.
 *
 * In: cost_begin() and cost_end() around each trial of a rule.  Out: counts by rule, and the time of one in
 * COST_SAMPLE trials, whoever's turn it is; so many times over that is an estimate of the whole.
 * Not here: searching, which many rules share; who reads it (engine/run).
 *
 * Memory: 32 bytes a rule and worker, the caller's; a sampler of 8 bytes.
 * Thread: the worker's.  Others may read it meanwhile, and see counts that are a little old.
 */
#ifndef WEIR_DETECT_COST_H
#define WEIR_DETECT_COST_H

#include <stdint.h>
#include <time.h>

/* A prime: nothing in traffic comes round in step with it. */
#define COST_SAMPLE 61
/* A trial that takes longer was most likely interrupted: it counts as so much. */
#define COST_CYCLES_MAX (1u << 18)

struct rule_cost {
	uint64_t
		candidates; /* it was tried: pattern, event or facts were there, and its header fits */
	uint64_t checks; /* the packet fits: its other conditions were looked at */
	uint64_t matches;
	uint64_t cycles; /* of the trials that were timed */
};

/* What entries of threshold.config have done to matches of a rule. */
struct filter_hits {
	uint32_t suppressed; /* not told, by a suppress line */
	uint32_t rated; /* with the action of a rate_filter */
};

struct cost_sampler {
	uint32_t left; /* trials until one is timed */
	uint32_t reserved;
};

/* What cycles count: the processor's time stamp counter where there is one, else nanoseconds. */
static inline uint64_t cost_clock(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

/* 0: this trial is not timed. */
static inline uint64_t cost_begin(struct cost_sampler *s, struct rule_cost *c)
{
	c->candidates++;
	if (s->left--)
		return 0;
	s->left = COST_SAMPLE - 1;
	return cost_clock();
}

static inline void cost_end(struct rule_cost *c, uint64_t begin)
{
	uint64_t cycles = begin ? cost_clock() - begin : 0;

	c->cycles += cycles < COST_CYCLES_MAX ? cycles : COST_CYCLES_MAX;
}

#endif
