/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve-doc schema|markdown: print what docs/eve.schema.json holds, or what docs/eve.md ends with.
 */
#include <stdio.h>
#include <string.h>

#include "engine/output/output.h"

int main(int argc, char **argv)
{
	static char text[OUTPUT_DOCUMENT_MAX];
	struct buf out = { .data = text, .size = sizeof(text) };

	if (argc == 2 && !strcmp(argv[1], "schema")) {
		output_schema(&out);
	} else if (argc == 2 && !strcmp(argv[1], "markdown")) {
		output_markdown(&out);
	} else {
		fprintf(stderr, "usage: eve-doc schema|markdown\n");
		return 2;
	}
	if (out.full || fwrite(text, 1, out.len, stdout) != out.len || fflush(stdout)) {
		fprintf(stderr, "eve-doc: cannot write\n");
		return 1;
	}
	return 0;
}
