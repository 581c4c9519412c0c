/* SPDX-License-Identifier: Apache-2.0 */
/* Sets on their way between processes: into the engine, and back to be saved. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/detect/dataset.h"
#include "engine/detect/iprep.h"
#include "engine/run/engine_sets.h"
#include "engine/run/image.h"
#include "tests/unit/detect_rig.h"

static char folder[] = "/tmp/weir-sets-XXXXXX";
static struct diag_list diags;

static struct bytes bytes_of_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

static struct dataset_set *new_set(void)
{
	const struct dataset_options opt = { .name = "s", .type = DATASET_STRING, .memcap = 4096 };
	struct dataset_set *s;

	assert_int_equal(dataset_open(&opt, &diags, &s), 0);
	return s;
}

/* What was put is there, what was removed is not, and there is room as before. */
static void sets_go_from_process_to_process(void **state)
{
	struct dataset_set *s = new_set(), *copy;
	int fd = image_new("test");
	struct bytes in;
	uint8_t *data;
	size_t len;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dataset_add(s, bytes_of_text("one")) && dataset_add(s, bytes_of_text("two")));
	assert_true(dataset_remove(s, bytes_of_text("one")));
	assert_int_equal(dataset_put(s, fd), 0);
	assert_int_equal(image_read(fd, &data, &len), 0);
	for (size_t cut = 0; cut < len; cut += 1 + len / 97) {
		in = bytes_of(data, cut);
		assert_int_equal(dataset_get(&in, "s", &copy), -EINVAL);
	}
	in = bytes_of(data, len);
	assert_int_equal(dataset_get(&in, "s", &copy), 0);
	assert_int_equal(in.len, 0);
	assert_int_equal(dataset_type(copy), DATASET_STRING);
	assert_false(dataset_find(copy, bytes_of_text("one"), NULL));
	assert_true(dataset_find(copy, bytes_of_text("two"), NULL));
	assert_true(dataset_add(copy, bytes_of_text("six")));
	dataset_close(copy);
	dataset_close(s);
	free(data);
	close(fd);
}

/* Each user closes it, and it goes with the last. */
static void sets_are_shared(void **state)
{
	struct dataset_set *s = new_set();

	(void)state;
	assert_ptr_equal(dataset_share(s), s);
	assert_true(dataset_add(s, bytes_of_text("one")));
	dataset_close(s);
	assert_true(dataset_find(s, bytes_of_text("one"), NULL));
	dataset_close(s);
}

/* Out of sight at once; the room comes back when it is given back. */
static void entries_are_taken_out(void **state)
{
	struct dataset_set *s = new_set();
	uint32_t *places;
	char text[32];
	unsigned n = 0;

	(void)state;
	do
		snprintf(text, sizeof(text), "entry-%04u", n++);
	while (dataset_add(s, bytes_of_text(text)));
	n--;
	assert_true(n > 50);
	assert_int_equal(dataset_take_out(s, bytes_of_text("not there"), &places), 0);
	assert_int_equal(dataset_take_out(s, bytes_of_text("entry-0007"), &places), 1);
	assert_false(dataset_find(s, bytes_of_text("entry-0007"), NULL));
	assert_true(dataset_find(s, bytes_of_text("entry-0006"), NULL));
	assert_false(dataset_add(s, bytes_of_text("entry-0007")));
	dataset_give_back(s, places, 1);
	assert_true(dataset_add(s, bytes_of_text("entry-0007")));
	assert_int_equal(dataset_take_out(s, bytes_of(NULL, 0), &places), n);
	assert_false(dataset_find(s, bytes_of_text("entry-0006"), NULL));
	dataset_give_back(s, places, n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "other-%04u", i);
		assert_true(dataset_add(s, bytes_of_text(text)));
	}
	dataset_close(s);
}

static void reputations_go_from_process_to_process(void **state)
{
	static const uint8_t host[4] = { 192, 0, 2, 1 }, other[4] = { 192, 0, 3, 1 };
	const struct ip_addr is = ip_addr_v4(host), is_not = ip_addr_v4(other);
	char categories[64], list[64];
	const char *files[] = { list };
	struct iprep *r, *copy;
	int fd = image_new("test");
	struct bytes in;
	uint8_t *data, score = 0;
	size_t len;
	FILE *f;

	(void)state;
	snprintf(categories, sizeof(categories), "%s/categories", folder);
	snprintf(list, sizeof(list), "%s/list", folder);
	f = fopen(categories, "w");
	fputs("1,spam,words\n", f);
	fclose(f);
	f = fopen(list, "w");
	fputs("192.0.2.0/24,1,77\n2001:db8::/32,1,5\n", f);
	fclose(f);
	assert_int_equal(iprep_load(categories, files, 1, &diags, &r), 0);
	assert_int_equal(iprep_put(r, fd), 0);
	assert_int_equal(image_read(fd, &data, &len), 0);
	for (size_t cut = 0; cut < len; cut++) {
		in = bytes_of(data, cut);
		assert_int_equal(iprep_get(&in, &copy), -EINVAL);
	}
	in = bytes_of(data, len);
	assert_int_equal(iprep_get(&in, &copy), 0);
	assert_true(iprep_score(copy, 1, &is, 4, &score));
	assert_int_equal(score, 77);
	assert_false(iprep_score(copy, 1, &is_not, 4, &score));
	iprep_free(copy);
	iprep_free(r);
	free(data);
	close(fd);
	unlink(categories);
	unlink(list);
}

/* --- saved by somebody else ----------------------------------------------------------------------- */

static bool holds(const char *path, const char *text)
{
	char have[256] = "";
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(have, 1, sizeof(have) - 1, f) : 0;

	if (f)
		fclose(f);
	return n == strlen(text) && strcmp(have, text) == 0;
}

/* Of what the engine leaves nothing is believed but texts under names that are known. */
static void only_known_names_are_saved(void **state)
{
	char path[64];
	struct rig r = { .rules = NULL };
	struct ruleset_set set;
	int fd = image_new("test");
	json_t *sets, *none = json_array();
	uint8_t *data;
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s/learnt", folder);
	rig_open(&r, "alert udp any any -> any any (ip.src; "
		     "dataset:set,learnt,type ipv4,state learnt; sid:1;)\n");
	assert_true(ruleset_set(r.rules, 0, &set));
	assert_false(ruleset_set(r.rules, 1, &set));
	assert_true(ruleset_set(r.rules, 0, &set));
	assert_true(dataset_add(set.set, bytes_of("\x0a\x00\x00\x01", 4)));
	assert_int_equal(engine_sets_write(r.rules, &r.options, fd), 0);
	assert_int_equal(engine_sets_save(fd, none), -ENOENT);
	sets = json_pack("[{s:s,s:s}]", "name", "learnt", "path", path);
	assert_int_equal(engine_sets_save(fd, sets), 1);
	assert_true(holds(path, "10.0.0.1\n"));
	/* Written anew, what stood there is gone. */
	assert_true(dataset_remove(set.set, bytes_of("\x0a\x00\x00\x01", 4)));
	assert_int_equal(engine_sets_write(r.rules, &r.options, fd), 0);
	assert_int_equal(engine_sets_save(fd, sets), 1);
	assert_true(holds(path, ""));
	/* Cut anywhere: the file stays as it was. */
	assert_true(dataset_add(set.set, bytes_of("\x0a\x00\x00\x02", 4)));
	assert_int_equal(engine_sets_write(r.rules, &r.options, fd), 0);
	assert_int_equal(image_read(fd, &data, &len), 0);
	for (size_t cut = len; cut-- > 0;) {
		assert_int_equal(ftruncate(fd, (off_t)cut), 0);
		assert_int_equal(engine_sets_save(fd, sets), 0);
		assert_true(holds(path, ""));
	}
	free(data);
	json_decref(sets);
	json_decref(none);
	rig_close(&r);
	unlink(path);
	unlink("learnt");
	close(fd);
}

static int prepare(void **state)
{
	(void)state;
	diag_list_init(&diags);
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int tidy(void **state)
{
	(void)state;
	diag_list_fini(&diags);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_go_from_process_to_process),
		cmocka_unit_test(sets_are_shared),
		cmocka_unit_test(entries_are_taken_out),
		cmocka_unit_test(reputations_go_from_process_to_process),
		cmocka_unit_test(only_known_names_are_saved),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
