/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - what this machine and an interface of it offer to a run on interfaces.
 *
 * In: names of interfaces, or none.  Out: findings, each with a verdict, and a remedy where there is one.
 * Nothing is changed; programs that are loaded to see whether they load go at once.
 *
 * Memory: the caller's list.
 * Thread: any.
 */
#ifndef WEIR_RUN_DOCTOR_H
#define WEIR_RUN_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#define DOCTOR_TEXT_BYTES 320
#define DOCTOR_FINDINGS_MAX 256

enum doctor_verdict {
	DOCTOR_FINE,
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_WARNING, /* it works, but not as well as it could */
	DOCTOR_BAD, /* it does not work */
};

struct doctor_finding {
	char about[32]; /* "machine", or an interface */
	char name[32]; /* "kernel" */
	enum doctor_verdict verdict;
	char text[DOCTOR_TEXT_BYTES];
	char remedy[DOCTOR_TEXT_BYTES]; /* "": none */
};

struct doctor {
	unsigned count;
	struct doctor_finding finding[DOCTOR_FINDINGS_MAX];
};

void doctor_machine(struct doctor *d);
void doctor_interface(struct doctor *d, const char *name);

/* The worst of all. */
enum doctor_verdict doctor_verdict(const struct doctor *d);
void doctor_print(const struct doctor *d, FILE *out);
void doctor_print_json(const struct doctor *d, FILE *out);

#endif
