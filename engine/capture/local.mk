# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += %D%/libcapture.a
%C%_libcapture_a_SOURCES =
