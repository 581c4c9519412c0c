/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/*
 * What was seen of Suricata 8.0.7 with host-os-policy set to each name: which bytes a stream rule
 * found where two segments overlapped.  o: the older ones.  n: the newer ones.
 */
static const struct {
	const char *name;
	struct extent older, newer;
} overlap[] = {
	{ "begins behind, ends behind", { 1, 9 }, { 5, 13 } },
	{ "begins before, ends before", { 5, 13 }, { 1, 9 } },
	{ "covers", { 5, 9 }, { 1, 13 } },
	{ "lies within", { 1, 13 }, { 5, 9 } },
	{ "begins there, ends behind", { 1, 5 }, { 1, 9 } },
	{ "begins there, ends before", { 1, 9 }, { 1, 5 } },
	{ "begins before, ends there", { 5, 9 }, { 1, 9 } },
	{ "begins behind, ends there", { 1, 9 }, { 5, 9 } },
	{ "is the same", { 1, 9 }, { 1, 9 } },
};

static const struct {
	enum stream_policy policy;
	const char wins[sizeof(overlap) / sizeof(overlap[0]) + 1];
} row[] = {
	{ STREAM_POLICY_BSD, "onnooonoo" },	  { STREAM_POLICY_BSD_RIGHT, "onnooonoo" },
	{ STREAM_POLICY_OLD_LINUX, "onnononon" }, { STREAM_POLICY_LINUX, "onnononoo" },
	{ STREAM_POLICY_SOLARIS, "nonononon" },	  { STREAM_POLICY_HPUX10, "onnooonoo" },
	{ STREAM_POLICY_HPUX11, "nonononon" },	  { STREAM_POLICY_IRIX, "onnooonoo" },
	{ STREAM_POLICY_MACOS, "onnooonoo" },	  { STREAM_POLICY_WINDOWS, "onnooonoo" },
	{ STREAM_POLICY_VISTA, "ooooooooo" },	  { STREAM_POLICY_WINDOWS2K3, "onnooonoo" },
	{ STREAM_POLICY_FIRST, "ooooooooo" },	  { STREAM_POLICY_LAST, "nnnnnnnnn" },
};

static void as_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (size_t k = 0; k < sizeof(overlap) / sizeof(overlap[0]); k++) {
			bool newer = policy_newer_wins(row[i].policy, overlap[k].older,
						       overlap[k].newer);

			if (newer != (row[i].wins[k] == 'n'))
				fail_msg("policy %d, newer %s", (int)row[i].policy,
					 overlap[k].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_seen),
	};

	return cmocka_run_group_tests_name("stream_policy", tests, NULL, NULL);
}
