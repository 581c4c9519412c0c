/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - frames, and where they go under the plan of test_rows.c: TCP 80, UDP 53 at 10.0.0.0/8 and
 * fd00::/16, SCTP 7, ICMP; nothing else.
 */
#ifndef WEIR_TESTS_BPF_ROWS_H
#define WEIR_TESTS_BPF_ROWS_H

#include "bpf/weir_xdp.h"

struct bpf_row {
	const char *words;
	enum weir_reason reason;
};

static const struct bpf_row bpf_rows[] = {
	/* Plain. */
	{ "eth ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 tcp=80:1000 data=8", WEIR_UP_WANTED },
	{ "eth ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 tcp+syn=1000:81", WEIR_UP_FLAGS },
	{ "eth ip4 tcp+synack=81:1000", WEIR_UP_FLAGS },
	{ "eth ip4 tcp+fin=1000:81", WEIR_UP_FLAGS },
	{ "eth ip4 tcp+rst=1000:81", WEIR_UP_FLAGS },
	{ "eth ip4 udp=1000:53 data=8", WEIR_UP_WANTED },
	{ "eth ip4 udp=1000:54 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 udp=1000:53 data=8", WEIR_UP_WANTED },
	{ "eth ip6 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip6 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 sctp=5:7 data=8", WEIR_UP_WANTED },
	{ "eth ip4 sctp=5:8 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 icmp=8 data=8", WEIR_UP_WANTED },
	{ "eth ip6 icmp6=128 data=8", WEIR_UP_WANTED },
	{ "eth ip4 icmp=3 ip4 tcp=1000:81 data=8", WEIR_UP_QUOTE },
	{ "eth ip4 icmp=3 ip4 sctp=1000:81 data=8", WEIR_UP_QUOTE },
	{ "eth ip4 icmp=3 data=8", WEIR_UP_QUOTE },
	{ "eth ip4 proto=89 data=24", WEIR_KEPT_PROTO },
	{ "eth ip6 proto=89 data=24", WEIR_KEPT_PROTO },
	{ "eth ip4 proto=50 data=24", WEIR_KEPT_PROTO },
	{ "eth ip6 proto=59", WEIR_KEPT_PROTO },
	{ "eth ip4 icmp6=128 data=8", WEIR_UNSURE_PROTO },
	{ "eth ip6 icmp=8 data=8", WEIR_UNSURE_PROTO },
	/* Link. */
	{ "eth=2054 data=46", WEIR_KEPT_NOT_IP },
	{ "eth=60 data=60", WEIR_KEPT_NOT_IP },
	{ "eth=34916 data=60", WEIR_UNSURE_LINK },
	{ "eth mpls ip4 tcp=1000:81", WEIR_UNSURE_LINK },
	{ "eth vlan=5 ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth vlan=5 ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth qinq=5 vlan=6 ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth qinq=5 vlan=6 ip6 udp=1000:54 data=8", WEIR_KEPT_PORT },
	{ "eth qinq=5 vlan=6 vlan=7 ip4 tcp=1000:81", WEIR_UNSURE_TAGS },
	{ "eth=33024 data=3", WEIR_UNSURE_SHORT },
	/* IPv4. */
	{ "eth ip4+opt tcp=1000:81 data=8", WEIR_UNSURE_OPTIONS },
	{ "eth ip4+ihl4 tcp=1000:81 data=8", WEIR_UNSURE_IHL },
	{ "eth ip4+v5 tcp=1000:81 data=8", WEIR_UNSURE_VERSION },
	{ "eth ip4+short tcp=1000:81 data=8", WEIR_UNSURE_LENGTH },
	{ "eth ip4+long tcp=1000:81 data=8", WEIR_UNSURE_SHORT },
	{ "eth ip4+first tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip4+later tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip4+first+opt tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip4 tcp=1000:81 data=8 cut=1", WEIR_UNSURE_SHORT },
	{ "eth ip4 tcp=1000:81 cut=15", WEIR_UNSURE_SHORT },
	{ "eth ip4 tcp=1000:81 cut=30", WEIR_UNSURE_SHORT },
	/* Transport. */
	{ "eth ip4 proto=6 data=19", WEIR_UNSURE_SHORT },
	{ "eth ip4 tcp+off4=1000:81 data=8", WEIR_UNSURE_LENGTH },
	{ "eth ip4 tcp+off15=1000:81 data=8", WEIR_UNSURE_SHORT },
	{ "eth ip4 tcp+off15=1000:81 data=40", WEIR_KEPT_PORT },
	{ "eth ip4 proto=17 data=7", WEIR_UNSURE_SHORT },
	{ "eth ip4 udp+len4=1000:54 data=8", WEIR_UNSURE_LENGTH },
	{ "eth ip4 udp+len999=1000:54 data=8", WEIR_UNSURE_SHORT },
	{ "eth ip4 proto=132 data=11", WEIR_UNSURE_SHORT },
	{ "eth ip4 proto=1 data=7", WEIR_UNSURE_SHORT },
	/* IPv6. */
	{ "eth ip6+v4 tcp=1000:81 data=8", WEIR_UNSURE_VERSION },
	{ "eth ip6+long tcp=1000:81 data=8", WEIR_UNSURE_SHORT },
	{ "eth ip6 hop tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip6 hop tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 hop dst route tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip6 hop dst route dst tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 hop dst route dst dst tcp=1000:81 data=8", WEIR_UNSURE_CHAIN },
	{ "eth ip6 ah tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip6 ah tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 ah+0 tcp=1000:81 data=8", WEIR_UNSURE_CHAIN },
	{ "eth ip6 mobility tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 frag6 tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip6 frag6+whole tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip6 hop dst route dst frag6 tcp=1000:81", WEIR_UP_FRAGMENT },
	{ "eth ip6 proto=0 data=1", WEIR_UNSURE_SHORT },
	/* Tunnels. */
	{ "eth ip4 gre ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 gre ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 gre+key ip6 udp=1000:53 data=8", WEIR_UP_WANTED },
	{ "eth ip6 gre+key ip6 udp=1000:54 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 gre eth ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 gre eth vlan=7 ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth vlan=5 ip4 gre eth vlan=7 ip4 tcp=1000:81", WEIR_KEPT_PORT },
	{ "eth vlan=5 ip4 gre eth vlan=7 vlan=8 ip4 tcp=1000:81", WEIR_UNSURE_TAGS },
	{ "eth ip4 gre+route ip4 tcp=1000:81 data=8", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 gre+v1 ip4 tcp=1000:81 data=8", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 gre+odd ip4 tcp=1000:81 data=8", WEIR_UNSURE_TUNNEL },
	{ "eth ip6 hop gre ip4 tcp=1000:81 data=8", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 ip6 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip6 ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip6 ip6 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 ip4+opt tcp=1000:81 data=8", WEIR_UNSURE_OPTIONS },
	{ "eth ip4+opt ip4 tcp=1000:81 data=8", WEIR_UNSURE_OPTIONS },
	{ "eth ip4 ip4+first tcp=1000:81 data=8", WEIR_UP_FRAGMENT },
	{ "eth ip4 ip4+long tcp=1000:81 data=8", WEIR_UNSURE_SHORT },
	{ "eth ip4 ip4 ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 ip4 ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 ip4 ip4 ip4 tcp=1000:81 data=8", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 udp=1000:4789 vxlan eth ip4 tcp=1000:80 data=8", WEIR_UP_WANTED },
	{ "eth ip4 udp=1000:4789 vxlan eth ip4 tcp=1000:81 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 udp=1000:4789 vxlan eth vlan=9 ip6 udp=1000:53 data=8", WEIR_UP_WANTED },
	{ "eth ip4 udp=1000:4789 vxlan eth=2054 data=46", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 udp=1000:4789 vxlan+bad eth ip4 tcp=1000:81", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 udp=4789:1000 vxlan eth ip4 tcp=1000:80 data=8", WEIR_KEPT_PORT },
	{ "eth ip4 udp=1000:4789 data=5", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 udp=1000:3544 data=60", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 udp=6081:1000 data=60", WEIR_UNSURE_TUNNEL },
	{ "eth ip4 gre ip4 icmp=3 ip4 udp=1000:81 data=8", WEIR_UP_QUOTE },
};

#endif
