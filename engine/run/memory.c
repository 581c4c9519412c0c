/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/memory.h"

#include <string.h>
#include <unistd.h>

#include "engine/capture/capture.h"
#include "engine/run/summary.h"

#define MIB (1024.0 * 1024.0)
/* A ring of records (2 MiB), the record being made, joined datagrams (4.3 MiB), packets, what searches need. */
#define WORKER_BYTES (12ull << 20)
/* Lines not yet written. */
#define OUTPUT_BYTES (256ull << 10)
/* Threads, the thresholds of output, what was alerted. */
#define WRITER_BYTES (2ull << 20)

static const struct {
	const char *name, *holds;
	bool bytes; /* entries are bytes */
} pool_names[POOL__COUNT] = {
	[POOL_FLOWS] = { "flows", "flows", false },
	[POOL_SESSIONS] = { "TCP sessions", "sessions", false },
	[POOL_REASSEMBLY] = { "bytes of streams", "MiB", true },
	[POOL_DEFRAG] = { "fragments", "MiB", true },
	[POOL_APP] = { "transactions and files", "MiB", true },
	[POOL_DETECT] = { "what rules remember", "flows", false },
	[POOL_THRESHOLDS] = { "thresholds, xbits", "entries", false },
	[POOL_WATCH] = { "hosts that are watched", "hosts", false },
};

uint64_t memory_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void memory_predict(const struct settings *s, uint64_t before, uint64_t after,
		    struct memory_table *out)
{
	*out = (struct memory_table){
		.program = before,
		.rules = after > before ? after - before : 0,
		.workers = s->workers * WORKER_BYTES,
		.capture = (uint64_t)CAPTURE_BLOCKS * CAPTURE_BLOCK_BYTES,
		.outputs = WRITER_BYTES + s->output_count * OUTPUT_BYTES,
		.pools = settings_pool_bytes(s),
	};
	out->loaded = out->program + out->rules;
	out->most = out->loaded + out->workers + out->capture + out->outputs + out->pools;
}

static const char *entries(uint64_t n, bool bytes, char out[32])
{
	return summary_number(bytes ? n >> 20 : n, out);
}

static bool is_cut(const struct pool_size *p)
{
	return p->entries < p->usual;
}

static void print_pool(const struct settings *s, enum pool_kind i, FILE *out)
{
	const struct pool_size *p = &s->pools[i];
	bool bytes = pool_names[i].bytes;
	char a[32], b[32];

	fprintf(out, "  %-28s %9.1f   %s %s", pool_names[i].name, (double)p->bytes / MIB,
		entries(p->entries, bytes, a), pool_names[i].holds);
	if (is_cut(p))
		fprintf(out, ", of %s by default", entries(p->usual, bytes, b));
	fputc('\n', out);
}

static void print_part(const char *name, uint64_t bytes, FILE *out)
{
	fprintf(out, "%-30s %9.1f\n", name, (double)bytes / MIB);
}

void memory_print(const struct settings *s, const struct memory_table *t, FILE *out)
{
	fprintf(out, "%-30s %9s\n", "memory, at most", "MiB");
	print_part("program and libraries", t->program, out);
	print_part("rules", t->rules, out);
	print_part("after load", t->loaded, out);
	print_part("captures, blocks of them", t->capture, out);
	print_part("outputs, the thread that writes", t->outputs, out);
	fprintf(out, "%-30s %9.1f   %u of them\n", "workers", (double)t->workers / MIB, s->workers);
	fprintf(out, "%-30s %9.1f   of %.1f (memory)\n", "pools, full", (double)t->pools / MIB,
		(double)s->memory_bytes / MIB);
	for (unsigned i = 0; i < POOL__COUNT; i++)
		print_pool(s, (enum pool_kind)i, out);
	print_part("all of it", t->most, out);
}

void memory_print_cuts(const struct settings *s, FILE *out)
{
	const char *before = "memory     less than by default:";
	char a[32], b[32];

	for (unsigned i = 0; i < POOL__COUNT; i++) {
		const struct pool_size *p = &s->pools[i];
		bool bytes = pool_names[i].bytes;

		if (!is_cut(p))
			continue;
		fprintf(out, "%s %s %s %s of %s", before, pool_names[i].name,
			entries(p->entries, bytes, a), pool_names[i].holds,
			entries(p->usual, bytes, b));
		before = ",";
	}
	if (strcmp(before, ",") == 0)
		fputc('\n', out);
}
