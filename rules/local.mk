# SPDX-License-Identifier: Apache-2.0

rulesdir = $(pkgdatadir)/rules
dist_rules_DATA =
