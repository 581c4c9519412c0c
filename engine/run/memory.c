/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/memory.h"

#include <fcntl.h>
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
	const char *key; /* as in weir.memory of the statistics */
	const char *name, *holds;
	bool bytes; /* entries are bytes */
} pool_names[POOL__COUNT] = {
	[POOL_FLOWS] = { "flows", "flows", "flows", false },
	[POOL_SESSIONS] = { "sessions", "TCP sessions", "sessions", false },
	[POOL_REASSEMBLY] = { "streams", "bytes of streams", "MiB", true },
	[POOL_DEFRAG] = { "fragments", "fragments", "MiB", true },
	[POOL_APP] = { "app", "transactions and files", "MiB", true },
	[POOL_DETECT] = { "detect", "what rules remember", "flows", false },
	[POOL_THRESHOLDS] = { "thresholds", "thresholds, xbits", "entries", false },
	[POOL_WATCH] = { "watch", "hosts that are watched", "hosts", false },
};

/* Opened at the first call in a process and kept: the sandbox opens no more. */
static int statm(void)
{
	static int fd = -1;
	static pid_t of;

	if (of != getpid()) {
		if (of)
			close(fd);
		of = getpid();
		fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

uint64_t memory_resident(void)
{
	unsigned long size, pages;
	char text[128];
	ssize_t len = pread(statm(), text, sizeof(text) - 1, 0);

	if (len <= 0)
		return 0;
	text[len] = '\0';
	if (sscanf(text, "%lu %lu", &size, &pages) != 2)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t captures(const struct settings *s)
{
	if (s->workers == 1)
		return (uint64_t)CAPTURE_BLOCKS_ALONE * CAPTURE_BLOCK_BYTES_ALONE;
	return (uint64_t)CAPTURE_BLOCKS * CAPTURE_BLOCK_BYTES;
}

void memory_fixed(const struct settings *s, struct memory_table *out)
{
	bool live = s->live.interfaces > 0;

	*out = (struct memory_table){
		.workers = s->workers * WORKER_BYTES,
		.captures = live ? 0 : captures(s),
		.outputs = WRITER_BYTES + s->output_count * OUTPUT_BYTES,
		.released = live ? memory_released(s) : 0,
		.pools = settings_pool_bytes(s),
	};
}

int memory_predict(const struct settings *s, uint64_t before, uint64_t after,
		   struct memory_table *out, const char **failed)
{
	struct memory_interface interface[SETTINGS_INTERFACES_MAX];
	int err = memory_rings_predict(s, interface, failed);

	if (err)
		return err;
	memory_fixed(s, out);
	out->program = before;
	out->rules = after > before ? after - before : 0;
	memcpy(out->interface, interface, s->live.interfaces * sizeof(*interface));
	out->interfaces = s->live.interfaces;
	for (unsigned i = 0; i < out->interfaces; i++)
		out->rings += memory_rings_most(&out->interface[i]);
	out->loaded = out->program + out->rules;
	out->most = out->loaded + out->workers + out->captures + out->outputs + out->rings +
		    out->released + out->pools;
	return 0;
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
	if (t->interfaces)
		print_part("rings of interfaces, at most", t->rings, out);
	for (unsigned i = 0; i < t->interfaces; i++)
		memory_rings_print(&t->interface[i], s->workers, out);
	if (t->interfaces)
		print_part("flows that the kernel keeps", t->released, out);
	else
		print_part("captures, blocks of them", t->captures, out);
	print_part("outputs, the thread that writes", t->outputs, out);
	fprintf(out, "%-30s %9.1f   %u of them\n", "workers", (double)t->workers / MIB, s->workers);
	fprintf(out, "%-30s %9.1f   of %.1f (memory)\n", "pools, full", (double)t->pools / MIB,
		(double)s->memory_bytes / MIB);
	for (unsigned i = 0; i < POOL__COUNT; i++)
		print_pool(s, (enum pool_kind)i, out);
	print_part("all of it", t->most, out);
}

static void json_part(const char *name, uint64_t bytes, FILE *out)
{
	fprintf(out, "{\"part\":\"%s\",\"bytes\":%llu}", name, (unsigned long long)bytes);
}

static void json_pool(const struct settings *s, enum pool_kind i, FILE *out)
{
	const struct pool_size *p = &s->pools[i];

	fprintf(out, "{\"part\":\"%s\",\"bytes\":%llu,\"holds\":%llu,\"of\":\"%s\",\"usual\":%llu}",
		pool_names[i].key, (unsigned long long)p->bytes, (unsigned long long)p->entries,
		pool_names[i].bytes ? "bytes" : pool_names[i].holds, (unsigned long long)p->usual);
}

void memory_print_json(const struct settings *s, const struct memory_table *t, FILE *out)
{
	const struct {
		const char *name;
		uint64_t bytes;
	} parts[] = {
		{ "program", t->program },   { "rules", t->rules },	{ "captures", t->captures },
		{ "outputs", t->outputs },   { "workers", t->workers }, { "rings", t->rings },
		{ "released", t->released },
	};

	fprintf(out, "{\"limit\":%llu,\"total\":%llu,\"loaded\":%llu,\"workers\":%u,\"parts\":[",
		(unsigned long long)s->memory_bytes, (unsigned long long)t->most,
		(unsigned long long)t->loaded, s->workers);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_part(parts[i].name, parts[i].bytes, out);
		fputc(',', out);
	}
	for (unsigned i = 0; i < POOL__COUNT; i++) {
		json_pool(s, (enum pool_kind)i, out);
		fputs(i + 1 < POOL__COUNT ? "," : "],\"interfaces\":[", out);
	}
	for (unsigned i = 0; i < t->interfaces; i++) {
		if (i)
			fputc(',', out);
		memory_rings_json(&t->interface[i], out);
	}
	fputs("]}\n", out);
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
