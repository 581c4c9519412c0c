# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += %D%/libcapture.a
%C%_libcapture_a_SOURCES = \
	%D%/capture.c \
	%D%/capture.h \
	%D%/filter.c \
	%D%/filter.h \
	%D%/iface.c \
	%D%/iface.h \
	%D%/iface_ethtool.c \
	%D%/iface_ethtool.h \
	%D%/iface_netlink.c \
	%D%/iface_netlink.h \
	%D%/inputs.c \
	%D%/inputs.h \
	%D%/live.c \
	%D%/live.h \
	%D%/live_book.h \
	%D%/live_input.c \
	%D%/live_input.h \
	%D%/live_packet.c \
	%D%/live_ring.h \
	%D%/live_xdp.c \
	%D%/release_ring.c \
	%D%/release_ring.h \
	%D%/ring_plan.c \
	%D%/ring_plan.h \
	%D%/splitter.c \
	%D%/splitter.h \
	%D%/xdp_able.c \
	%D%/xdp_counts.c \
	%D%/xdp_entries.c \
	%D%/xdp_load.c \
	%D%/xdp_load.h \
	%D%/xdp_socket.c \
	%D%/xdp_socket.h \
	%D%/xdp_stage.h
