# SPDX-License-Identifier: Apache-2.0
#
# The programs: clang, without DWARF, as a header that bpftool makes.  The library holds them, and
# loads them.
noinst_LIBRARIES += %D%/libweirbpf.a
%C%_libweirbpf_a_SOURCES = \
	%D%/weir_memory.h \
	%D%/weir_plan.h \
	%D%/weir_program.c \
	%D%/weir_program.h \
	%D%/weir_tally.h \
	%D%/weir_verdict.h \
	%D%/weir_walk.h \
	%D%/weir_xdp.h
%C%_libweirbpf_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)
nodist_%C%_libweirbpf_a_SOURCES = $(bpf_skeletons)

bpf_skeletons = \
	%D%/weir_socket.skel.h \
	%D%/weir_xdp.skel.h \
	%D%/weir_xdp_frags.skel.h
bpf_sources = \
	%D%/weir_maps.bpf.h \
	%D%/weir_socket.bpf.c \
	%D%/weir_xdp.bpf.c
EXTRA_DIST += $(bpf_sources)
BUILT_SOURCES += $(bpf_skeletons)
CLEANFILES += $(bpf_skeletons) %D%/*.bpf.o

bpf_includes = \
	$(top_srcdir)/bpf/weir_maps.bpf.h \
	$(top_srcdir)/bpf/weir_plan.h \
	$(top_srcdir)/bpf/weir_tally.h \
	$(top_srcdir)/bpf/weir_verdict.h \
	$(top_srcdir)/bpf/weir_walk.h \
	$(top_srcdir)/bpf/weir_xdp.h \
	$(top_srcdir)/engine/base/siphash.h
BPF_CLANG_FLAGS = -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror \
	-Wno-unused-function -Wno-unused-parameter -I$(top_srcdir) $(BPF_SYSTEM)
bpf_compile = $(MKDIR_P) %D% && $(CLANG) $(BPF_CLANG_FLAGS) -c
bpf_skeleton = $(LLVM_STRIP) -g $@.bpf.o && \
	$(BPFTOOL) gen skeleton $@.bpf.o name `basename $@ .skel.h` >$@.tmp && \
	mv $@.tmp $@ && rm -f $@.bpf.o

%D%/weir_xdp.skel.h: %D%/weir_xdp.bpf.c $(bpf_includes)
	$(AM_V_GEN)$(bpf_compile) $(srcdir)/%D%/weir_xdp.bpf.c -o $@.bpf.o && $(bpf_skeleton)
%D%/weir_xdp_frags.skel.h: %D%/weir_xdp.bpf.c $(bpf_includes)
	$(AM_V_GEN)$(bpf_compile) -DWEIR_FRAGS $(srcdir)/%D%/weir_xdp.bpf.c -o $@.bpf.o && $(bpf_skeleton)
%D%/weir_socket.skel.h: %D%/weir_socket.bpf.c $(bpf_includes)
	$(AM_V_GEN)$(bpf_compile) $(srcdir)/%D%/weir_socket.bpf.c -o $@.bpf.o && $(bpf_skeleton)

# Wherever the library is asked for by name.
%D%/libweirbpf_a-weir_program.$(OBJEXT): $(bpf_skeletons)
