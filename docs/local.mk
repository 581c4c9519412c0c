# SPDX-License-Identifier: Apache-2.0

dist_doc_DATA += \
	LICENSE \
	README.md \
	%D%/architecture.md \
	%D%/bench.svg \
	%D%/configuration.md \
	%D%/curve-alerts.svg \
	%D%/curve-disorder.svg \
	%D%/curve-flows.svg \
	%D%/curve-load.svg \
	%D%/curve-rules.svg \
	%D%/curve-size.svg \
	%D%/curve-transactions.svg \
	%D%/curves.json \
	%D%/contributing.md \
	%D%/differences.md \
	%D%/eve.md \
	%D%/eve.schema.json \
	%D%/explain.md \
	%D%/evasion.md \
	%D%/operating.md \
	%D%/overlaps.txt \
	%D%/performance.md \
	%D%/rules.md \
	%D%/watch.md \
	%D%/weir.service
dist_man_MANS += %D%/weir-run.8 %D%/weir.1 %D%/weir.8
