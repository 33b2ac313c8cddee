/* Log lines, as they arrive on stderr. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/log.h"
#include "testing.h"

/* stderr goes to a file between these two. */
static int kept, captured;

static void
capture(void)
{
	struct str path = str_fmt(test_arena(), "%s/stderr", test_dir());

	captured = open(path.p, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(captured, 0);
	kept = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
}

static struct str
release(void)
{
	size_t size = 1 << 20;
	char *p = arena_alloc(test_arena(), size);
	ssize_t n;

	ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
	n = pread(captured, p, size, 0);
	ck_assert_int_ge(n, 0);
	(void)close(kept);
	(void)close(captured);
	return str_n(p, (size_t)n);
}

/* What follows the time, which must be one. */
static struct str
without_time(struct str line)
{
	int64_t ms;

	ck_assert_ok(time_parse(str_sub(line, 0, TIME_TEXT_LEN), &ms));
	ck_assert_int_gt(ms, 1700000000000);
	return str_sub(line, TIME_TEXT_LEN + 1, line.n);
}

START_TEST(a_text_line_has_time_level_event_and_fields)
{
	struct uuid u;

	ck_assert_ok(uuid_parse(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &u));
	log_setup(LOG_LEVEL_INFO, false);
	capture();
	log_info("drain.applied", LOG_INT("entries", -3), LOG_STR("client", STR("acme")),
	         LOG_UUID("id", u), LOG_ERR(ERR_BUSY), LOG_Z("absent", NULL), LOG_Z("empty", ""));
	ck_assert_str(without_time(release()),
	              "info drain.applied entries=-3 client=acme "
	              "id=017f22e2-79b0-7cc3-98c4-dc0c0c07398f error=busy absent=- empty=\"\"\n");
}
END_TEST

START_TEST(no_value_can_begin_a_line_or_move_a_terminal)
{
	log_setup(LOG_LEVEL_INFO, false);
	capture();
	log_warn("x", LOG_STR("a", STR("b c")), LOG_STR("d", STR("e\nf\r\x1b[2J\0g\x7f")),
	         LOG_STR("h", STR("\"q\\")), LOG_STR("i", STR("é\xff\xc2\x85")),
	         LOG_STR("j", STR("k=l")));
	ck_assert_str(without_time(release()),
	              "warn x a=\"b c\" d=\"e\\x0af\\x0d\\x1b[2J\\x00g\\x7f\" h=\"\\\"q\\\\\" "
	              "i=\"é\\xff\\u0085\" j=\"k=l\"\n");
}
END_TEST

START_TEST(a_json_line_is_one_object)
{
	const cJSON *v;
	struct str line;
	int64_t n;

	log_setup(LOG_LEVEL_INFO, true);
	capture();
	log_error("job.failed", LOG_INT("n", INT64_C(5)), LOG_STR("s", STR("a\n\"\xff")),
	          LOG_ERR(ERR_DB), LOG_Z("none", NULL));
	line = release();
	ck_assert_uint_eq(str_find(line, '\n'), line.n - 1);
	v = test_json(line);
	ck_assert_str(json_str(json_get(v, "level")), "error");
	ck_assert_str(json_str(json_get(v, "event")), "job.failed");
	ck_assert_str(json_str(json_get(v, "s")), "a\n\"\xEF\xBF\xBD");
	ck_assert_str(json_str(json_get(v, "error")), "database_error");
	ck_assert(cJSON_IsNull(json_get(v, "none")));
	ck_assert(json_i64(json_get(v, "n"), &n) && n == 5);
	ck_assert_uint_eq(json_str(json_get(v, "time")).n, TIME_TEXT_LEN);
}
END_TEST

START_TEST(events_below_the_level_are_not_written)
{
	log_setup(LOG_LEVEL_WARN, false);
	capture();
	log_debug("a");
	log_info("b");
	log_warn("c");
	ck_assert_str(without_time(release()), "warn c\n");
}
END_TEST

START_TEST(long_values_are_cut_and_a_line_stays_whole)
{
	char *big = arena_alloc(test_arena(), 100000);
	struct log_field fields[40];

	memset(big, '\n', 100000);
	for (int i = 0; i < 39; i++)
		fields[i] = LOG_STR("k", str_n(big, 100000));
	fields[39] = (struct log_field){ .kind = 0 };
	for (int json = 0; json < 2; json++) {
		struct str line;

		log_setup(LOG_DEBUG, json);
		capture();
		log_event(LOG_LEVEL_INFO, "big", fields);
		line = release();
		ck_assert_uint_le(line.n, 16 * 1024);
		ck_assert_uint_gt(line.n, 8 * 1024);
		ck_assert_uint_eq(str_find(line, '\n'), line.n - 1);
		if (json)
			(void)test_json(line);
	}
}
END_TEST

static void *
write_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_info("thread.said", LOG_Z("who", arg), LOG_INT("i", i));
	return NULL;
}

START_TEST(lines_of_many_threads_do_not_mix)
{
	static char names[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	struct str rest, line;
	int lines = 0;

	log_setup(LOG_LEVEL_INFO, false);
	capture();
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	rest = release();
	while (str_split(&rest, '\n', &line) && line.n > 0) {
		ck_assert(str_starts(without_time(line), STR("info thread.said who=")));
		lines++;
	}
	ck_assert_int_eq(lines, 800);
}
END_TEST

START_TEST(a_limited_place_says_how_many_were_left_out)
{
	struct log_limit l = { 0 };
	int64_t left_out = -1;

	ck_assert(log_limited(&l, 1000, 500, &left_out));
	ck_assert_int_eq(left_out, 0);
	ck_assert(!log_limited(&l, 1001, 500, &left_out));
	ck_assert(!log_limited(&l, 1499, 500, &left_out));
	ck_assert(log_limited(&l, 1500, 500, &left_out));
	ck_assert_int_eq(left_out, 2);
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE(
		"log", a_text_line_has_time_level_event_and_fields,
		no_value_can_begin_a_line_or_move_a_terminal, a_json_line_is_one_object,
		events_below_the_level_are_not_written, long_values_are_cut_and_a_line_stays_whole,
		lines_of_many_threads_do_not_mix, a_limited_place_says_how_many_were_left_out);
}

TEST_MAIN(suite)
