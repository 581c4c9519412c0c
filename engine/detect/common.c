/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/common.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* In lower case.  Header lines as they follow on one another. */
static const char *const texts[] = {
	" http/1.1\r\nuser-agent: ",
	" http/1.1\r\nhost: ",
	" http/1.1\r\naccept: */*\r\n",
	"http/1.1 200 ok\r\nserver: ",
	"http/1.1 200 ok\r\ndate: ",
	"http/1.0 200 ok\r\n",
	"\r\nhost: www.",
	"\r\nuser-agent: mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/",
	"\r\nuser-agent: mozilla/5.0 (x11; linux x86_64; rv:",
	"\r\nuser-agent: mozilla/4.0 (compatible; msie 6.0; windows nt 5.1; sv1)\r\n",
	"\r\nuser-agent: mozilla/5.0 (macintosh; intel mac os x ",
	" safari/537.36\r\n",
	") gecko/20100101 firefox/",
	"\r\naccept: */*\r\n",
	"\r\naccept: text/html,application/xhtml+xml,application/xml;q=0.9,",
	"\r\naccept-encoding: gzip, deflate\r\n",
	"\r\naccept-language: en-us,en;q=0.5\r\n",
	"\r\naccept-ranges: bytes\r\n",
	"\r\ncache-control: no-cache\r\n",
	"\r\ncache-control: max-age=0\r\n",
	"\r\nconnection: keep-alive\r\n",
	"\r\nconnection: close\r\n",
	"\r\ncontent-disposition: attachment; filename=",
	"\r\ncontent-encoding: gzip\r\n",
	"\r\ncontent-length: ",
	"\r\ncontent-type: text/html; charset=utf-8\r\n",
	"\r\ncontent-type: text/plain\r\n",
	"\r\ncontent-type: image/jpeg\r\n",
	"\r\ncontent-type: application/octet-stream\r\n",
	"\r\ncontent-type: application/x-www-form-urlencoded\r\n",
	"\r\ncontent-type: multipart/form-data; boundary=",
	"\r\ncookie: ",
	"\r\ndate: ",
	"\r\netag: \"",
	"\r\nexpires: ",
	"\r\nif-modified-since: ",
	"\r\nif-none-match: ",
	"\r\nlast-modified: ",
	"\r\nlocation: http://www.",
	"\r\nlocation: https://www.",
	"\r\norigin: http",
	"\r\npragma: no-cache\r\n",
	"\r\nreferer: http://www.",
	"\r\nreferer: https://www.",
	"\r\nserver: apache/2",
	"\r\nserver: nginx",
	"\r\nset-cookie: ",
	"\r\ntransfer-encoding: chunked\r\n",
	"\r\nupgrade-insecure-requests: 1\r\n",
	"\r\nvary: accept-encoding\r\n",
	"\r\nx-powered-by: php/",
	"\r\nx-requested-with: xmlhttprequest\r\n",
	" gmt\r\n",
	"<!doctype html",
	"<html><head><title>",
	"</title></head><body>",
	"<meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"",
	"<script type=\"text/javascript\" src=\"",
	"<script language=\"javascript\">",
	"</script>",
	"<link rel=\"stylesheet\" type=\"text/css\" href=\"",
	"<div class=\"",
	"<div id=\"",
	"<a href=\"http://www.",
	"<img src=\"",
	"<input type=\"hidden\" name=\"",
	"<form method=\"post\" action=\"",
	"\" value=\"",
	"\" width=\"",
	"\" height=\"",
	"\" style=\"",
	"</body></html>",
	"document.getelementbyid(",
	"document.write(",
	"document.location",
	"document.createelement(",
	"window.location",
	"function (",
	" function() {",
	"function ",
	" return ",
	"return this",
	"return true",
	"return false",
	"new array(",
	"new date(",
	"string.fromcharcode(",
	".length",
	".replace(",
	".substring(",
	".indexof(",
};

#define RUN 5
#define SLOTS 8192
static _Atomic uint64_t runs[SLOTS]; /* 0: free */
static _Atomic bool made;

static uint64_t run_at(const uint8_t *at)
{
	uint64_t run = 0;

	for (unsigned i = 0; i < RUN; i++)
		run = run << 8 | (uint8_t)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
	return run;
}

static size_t first_slot(uint64_t run)
{
	return run * 0x9e3779b97f4a7c15u >> 51;
}

/* Several threads may do so at once: each finds, or takes, a slot for each run. */
static void add(uint64_t run)
{
	for (size_t i = first_slot(run);; i = (i + 1) % SLOTS) {
		uint64_t there = 0;

		if (atomic_compare_exchange_strong(&runs[i], &there, run) || there == run)
			return;
	}
}

static void make(void)
{
	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
		for (size_t i = 0; i + RUN <= strlen(texts[t]); i++)
			add(run_at((const uint8_t *)texts[t] + i));
	}
	atomic_store(&made, true);
}

/* Some slots are free always: the texts have fewer runs. */
static bool has(uint64_t run)
{
	for (size_t i = first_slot(run);; i = (i + 1) % SLOTS) {
		uint64_t there = atomic_load_explicit(&runs[i], memory_order_relaxed);

		if (!there || there == run)
			return there != 0;
	}
}

bool common_text(struct bytes piece)
{
	if (piece.len < RUN)
		return false;
	if (!atomic_load(&made))
		make();
	for (size_t i = 0; i + RUN <= piece.len; i++) {
		if (!has(run_at(piece.data + i)))
			return false;
	}
	return true;
}
