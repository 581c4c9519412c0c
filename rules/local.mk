# SPDX-License-Identifier: Apache-2.0

rulesdir = $(pkgdatadir)/rules
dist_rules_DATA = \
	%D%/classification.config \
	%D%/decoder-events.rules \
	%D%/reference.config \
	%D%/stream-events.rules \
	%D%/weir.rules
EXTRA_DIST += %D%/README.md

# Run from a build outside the sources, weir finds the rules beside itself.
all-local: rules-beside
rules-beside:
	@test -e rules || ln -s '$(abs_top_srcdir)/rules' rules
distclean-local:
	@test ! -L rules || rm -f rules
.PHONY: rules-beside
