# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libdecode.a
%C%_libdecode_a_SOURCES = \
	%D%/arp.c \
	%D%/checksum.c \
	%D%/checksum.h \
	%D%/decode.c \
	%D%/decode.h \
	%D%/gre.c \
	%D%/icmp.h \
	%D%/icmp4.c \
	%D%/icmp6.c \
	%D%/ip4.c \
	%D%/ip6.c \
	%D%/layer.h \
	%D%/link.c \
	%D%/mpls.c \
	%D%/nsh.c \
	%D%/packet.h \
	%D%/pair.c \
	%D%/plain.c \
	%D%/ppp.c \
	%D%/tcp.c \
	%D%/udp.c \
	%D%/udp_tunnel.c \
	%D%/vlan.c
