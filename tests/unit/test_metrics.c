/* The metrics page: every row is there, counts add up, the format is Prometheus'. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sys/metrics.h"
#include "testing.h"

static struct str
page(void)
{
	struct buf b;

	buf_init(&b, test_arena(), 1 << 20);
	metrics_render(&b);
	ck_assert_ok(buf_check(&b));
	return buf_slice(&b);
}

/* Value of the line that begins with `name` and a space. Fails if there is none. */
static double
value_of(const char *name)
{
	struct str rest = page(), line;
	size_t n = strlen(name);

	while (str_split(&rest, '\n', &line))
		if (line.n > n && str_starts(line, str_from(name)) && line.p[n] == ' ')
			return strtod(str_z(test_arena(), str_sub(line, n + 1, line.n)), NULL);
	ck_abort_msg("%s is not on the page", name);
	return 0;
}

START_TEST(counters_and_gauges_are_shown)
{
	double before = value_of("recado_webhooks_total{result=\"accepted\"}");

	metrics_add(M_WEBHOOKS_ACCEPTED, 3);
	metrics_set(M_JOURNAL_DEPTH, 17);
	metrics_set(M_JOURNAL_DEPTH, 12);
	ck_assert_double_eq(value_of("recado_webhooks_total{result=\"accepted\"}"), before + 3);
	ck_assert_double_eq(value_of("recado_journal_due_parts"), 12);
	ck_assert_int_eq(metrics_value(M_JOURNAL_DEPTH), 12);
}
END_TEST

START_TEST(a_histogram_counts_up_to_infinity)
{
	int64_t before = metrics_value(M_COMMIT_SECONDS);

	metrics_observe_us(M_COMMIT_SECONDS, 500);
	metrics_observe_us(M_COMMIT_SECONDS, 501);
	metrics_observe_us(M_COMMIT_SECONDS, 2000000);
	metrics_observe_us(M_COMMIT_SECONDS, 20000000);
	ck_assert_int_eq(metrics_value(M_COMMIT_SECONDS), before + 4);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"0.0005\"}"), 1);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"0.001\"}"), 2);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"1\"}"), 2);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"2.5\"}"), 3);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"10\"}"), 3);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_bucket{le=\"+Inf\"}"), 4);
	ck_assert_double_eq(value_of("recado_journal_commit_seconds_count"), 4);
	ck_assert_double_eq_tol(value_of("recado_journal_commit_seconds_sum"), 22.001001, 1e-9);
}
END_TEST

START_TEST(the_process_describes_itself)
{
	ck_assert_ptr_nonnull(strstr(str_z(test_arena(), page()), "recado_build_info{version=\""));
	ck_assert(value_of("process_resident_memory_bytes") > 100000);
	ck_assert(value_of("process_start_time_seconds") > 1700000000);
	ck_assert(value_of("recado_uptime_seconds") < 3600);
	ck_assert_double_eq_tol(value_of("process_start_time_seconds") +
	                                value_of("recado_uptime_seconds"),
	                        (double)time(NULL), 5);
}
END_TEST

/* Each name once with HELP and TYPE, right before its values; units in names; no row without a
 * name. */
START_TEST(the_page_is_well_formed)
{
	struct str rest = page(), line, name = STR_NONE, seen = STR("\n");
	int rows = 0;

	while (str_split(&rest, '\n', &line) && line.n > 0) {
		struct str next;

		if (!str_starts(line, STR("# HELP "))) {
			ck_assert_msg(str_starts(line, name), STR_FMT, STR_ARG(line));
			rows++;
			continue;
		}
		name = str_sub(line, 7, str_find(str_sub(line, 7, line.n), ' '));
		ck_assert(str_starts(name, STR("recado_")) || str_starts(name, STR("process_")));
		next = str_fmt(test_arena(), "\n" STR_FMT "\n", STR_ARG(name));
		ck_assert_msg(strstr(str_z(test_arena(), seen), next.p) == NULL, "twice: %s",
		              next.p);
		seen = str_fmt(test_arena(), STR_FMT STR_FMT, STR_ARG(seen),
		               STR_ARG(str_sub(next, 1, next.n)));
		ck_assert(str_split(&rest, '\n', &line));
		ck_assert(str_starts(line,
		                     str_fmt(test_arena(), "# TYPE " STR_FMT " ", STR_ARG(name))));
		ck_assert_msg(str_ends(line, STR(" counter")) == str_ends(name, STR("_total")),
		              STR_FMT, STR_ARG(line));
		if (str_ends(line, STR(" histogram")))
			ck_assert(str_ends(name, STR("_seconds")));
	}
	ck_assert_int_gt(rows, M_COUNT);
}
END_TEST

static void *
count_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10000; i++) {
		metrics_add(M_DUPLICATES, 1);
		metrics_observe_us(M_COMMIT_SECONDS, i);
	}
	return NULL;
}

START_TEST(no_count_is_lost_between_threads)
{
	pthread_t threads[4];
	int64_t before = metrics_value(M_DUPLICATES), observed = metrics_value(M_COMMIT_SECONDS);

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_many, NULL), 0);
	(void)page();
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(metrics_value(M_DUPLICATES), before + 40000);
	ck_assert_int_eq(metrics_value(M_COMMIT_SECONDS), observed + 40000);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("metrics", counters_and_gauges_are_shown,
	                  a_histogram_counts_up_to_infinity, the_process_describes_itself,
	                  the_page_is_well_formed, no_count_is_lost_between_threads);
}

TEST_MAIN(suite)
