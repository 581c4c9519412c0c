/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream/policy.h"

bool policy_newer_wins(enum stream_policy policy, struct extent older, struct extent newer)
{
	bool before = newer.start < older.start;
	bool same_start = newer.start == older.start;

	switch (policy) {
	/* The older, but for what begins before it. */
	case STREAM_POLICY_BSD:
	case STREAM_POLICY_BSD_RIGHT:
	case STREAM_POLICY_HPUX10:
	case STREAM_POLICY_IRIX:
	case STREAM_POLICY_MACOS:
	case STREAM_POLICY_WINDOWS:
	case STREAM_POLICY_WINDOWS2K3:
		return before;
	/* The same; of two that begin together the longer. */
	case STREAM_POLICY_LINUX:
		return before || (same_start && newer.end > older.end);
	case STREAM_POLICY_OLD_LINUX:
		return before || (same_start && newer.end >= older.end);
	/* What ends later; of two that end together what begins no later. */
	case STREAM_POLICY_SOLARIS:
	case STREAM_POLICY_HPUX11:
		return newer.end > older.end ||
		       (newer.end == older.end && newer.start <= older.start);
	case STREAM_POLICY_LAST:
		return true;
	case STREAM_POLICY_VISTA:
	case STREAM_POLICY_FIRST:
		return false;
	}
	return false;
}

bool policy_delivers(enum stream_policy policy)
{
	return policy == STREAM_POLICY_LINUX;
}

bool policy_rst_in_window(enum stream_policy policy)
{
	return policy == STREAM_POLICY_OLD_LINUX || policy == STREAM_POLICY_SOLARIS;
}
