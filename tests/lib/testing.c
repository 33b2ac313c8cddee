/*
 * The frame around every test program. Why: one main, one way to say how many checks ran.
 * What always holds: no test ran or one failed → the exit status is not 0; the scratch directory is
 * made by the parent and removed by it, so that a crashed test leaves nothing behind.
 */
#include "testing.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define ARENA_CAP     ((size_t)64 * 1024 * 1024)
#define MAX_DATA_FILE ((size_t)16 * 1024 * 1024)
#define TEST_SECONDS  60

static struct arena *arena;
static char root[512];
static int dirs;

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
make_root(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(root, sizeof(root), "%s/recado-test-XXXXXX",
	               tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
	if (mkdtemp(root) == NULL) {
		perror(root);
		exit(EXIT_FAILURE);
	}
}

int
testing_run(Suite *(*make_suite)(void))
{
	SRunner *runner = srunner_create(make_suite());
	int run, failed;

	make_root();
	arena = arena_new(ARENA_CAP);
	if (SANITIZED && getenv("CK_FORK") == NULL)
		srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_ENV);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	arena_free(arena);
	(void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("checks: %d passed, %d failed\n", run - failed, failed);
	return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
before_each(void)
{
	arena_reset(arena);
}

Suite *
testing_suite(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *all = tcase_create(name);

	tcase_set_timeout(all, TEST_SECONDS);
	tcase_add_checked_fixture(all, before_each, NULL);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(all, tests[i]);
	suite_add_tcase(suite, all);
	return suite;
}

struct arena *
test_arena(void)
{
	return arena;
}

const char *
test_dir(void)
{
	struct str path = str_fmt(arena, "%s/%d-%d", root, (int)getpid(), ++dirs);

	ck_assert_msg(mkdir(path.p, 0700) == 0, "%s: %s", path.p, strerror(errno));
	return path.p;
}

struct str
test_data(const char *name)
{
	const char *dir = getenv("TESTS_DATA_DIR");
	struct str path;
	char *bytes;
	FILE *f;
	size_t n;

	ck_assert_msg(dir != NULL, "TESTS_DATA_DIR is not set");
	path = str_fmt(arena, "%s/%s", dir, name);
	f = fopen(path.p, "rb");
	ck_assert_msg(f != NULL, "%s: %s", path.p, strerror(errno));
	bytes = malloc(MAX_DATA_FILE);
	ck_assert_ptr_nonnull(bytes);
	n = fread(bytes, 1, MAX_DATA_FILE, f);
	ck_assert_msg(n < MAX_DATA_FILE && ferror(f) == 0, "%s: too large or unreadable", path.p);
	(void)fclose(f);
	path = str_n(arena_copy(arena, bytes, n), n);
	free(bytes);
	return path;
}

const cJSON *
test_json(struct str text)
{
	const cJSON *v = NULL;

	ck_assert_ok(json_parse(arena, text, &v));
	return v;
}

const cJSON *
test_data_json(const char *name)
{
	return test_json(test_data(name));
}

void
testing_assert_str(struct str actual, struct str expected, const char *file, int line,
                   const char *what)
{
	ck_assert_msg(str_eq(actual, expected),
	              "%s:%d: %s is %s\"" STR_FMT "\", not \"" STR_FMT "\"", file, line, what,
	              str_is_set(actual) ? "" : "absent, ", STR_ARG(actual), STR_ARG(expected));
}
