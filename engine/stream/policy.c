/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream/policy.h"

bool policy_newer_wins(enum stream_policy policy, struct extent older, struct extent newer)
{
	bool before = newer.start < older.start;
	bool beyond = newer.end > older.end;
	bool same_start = newer.start == older.start;

	switch (policy) {
	/* The older, but for what begins before it. */
	case STREAM_POLICY_BSD:
	case STREAM_POLICY_HPUX10:
	case STREAM_POLICY_IRIX:
		return before;
	/* The newer, but for what begins after the older did. */
	case STREAM_POLICY_BSD_RIGHT:
		return before || same_start;
	/* As BSD; and the longer of two that begin together. */
	case STREAM_POLICY_LINUX:
		return before || (same_start && beyond);
	case STREAM_POLICY_OLD_LINUX:
		return before || same_start;
	/* The newer, but for what ends no later or begins later than the older. */
	case STREAM_POLICY_SOLARIS:
	case STREAM_POLICY_HPUX11:
		return (before && newer.end >= older.end) || beyond;
	/* The older, unless it lies wholly within the newer. */
	case STREAM_POLICY_WINDOWS:
	case STREAM_POLICY_WINDOWS2K3:
		return before && beyond;
	case STREAM_POLICY_LAST:
		return true;
	case STREAM_POLICY_MACOS:
	case STREAM_POLICY_VISTA:
	case STREAM_POLICY_FIRST:
		return false;
	}
	return false;
}

bool policy_rst_in_window(enum stream_policy policy)
{
	return policy == STREAM_POLICY_LINUX || policy == STREAM_POLICY_OLD_LINUX ||
	       policy == STREAM_POLICY_SOLARIS;
}
