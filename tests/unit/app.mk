# SPDX-License-Identifier: Apache-2.0
unit_tests += %D%/test_app
unit_tests += %D%/test_app_cuts
unit_tests += %D%/test_app_identify
EXTRA_DIST += %D%/app_rig.h
