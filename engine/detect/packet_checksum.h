/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_checksum.h - is one checksum of a packet right?  For rules that ask; decode checks for itself.
 *
 * In: a packet with its bytes.  Out: whether it has that checksum, and whether it is right.  Computed
 * anew each time, so that rules can tell also where decode was told not to check.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DETECT_PACKET_CHECKSUM_H
#define WEIR_DETECT_PACKET_CHECKSUM_H

#include "engine/decode/packet.h"
#include "parser/rule.h"

/*
 * False: the packet has no such checksum (a UDP sender may leave it out in IPv4).  Where the input's are
 * not looked at (checksums_off), each is right.
 */
bool packet_checksum(const struct packet *p, enum rule_checksum which, bool *valid_out);

#endif
