# SPDX-License-Identifier: Apache-2.0
#
# make check-kernels: the tests of the kernel's programs and of live capture on other kernels, under
# QEMU.  Not part of `make check`: it fetches kernels and takes minutes.
EXTRA_DIST += %D%/init %D%/run
kernel_tests = tests/bpf/test_rows tests/bpf/test_sound tests/bpf/test_tally tests/capture/test_iface \
	tests/capture/test_live tests/capture/test_veth
KERNELS = 6.1 6.12

check-kernels: $(kernel_tests)
	'$(srcdir)/%D%/run' . $(KERNELS)
.PHONY: check-kernels
