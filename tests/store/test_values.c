/* Every type there and back, alone and in batches. */
#include "store.h"

#include <float.h>
#include <math.h>

struct thing {
	struct uuid id;
	struct str name;
	int64_t n, at;
	bool ok;
	struct str doc, raw;
	double d;
};

/* Extremes that both engines must hold. */
static const struct thing things[] = {
	{ { { 1 } }, { "", 0 }, 0, 0, false, { "{}", 2 }, { "", 0 }, 0.0 },
	{ { { 2 } },
	  { "\xf0\x9f\x99\x82 \xc3\xa9", 7 },
	  INT64_MAX,
	  1,
	  true,
	  { "[1, 2]", 6 },
	  { "\0\xff\0", 3 },
	  -0.5 },
	{ { { 3 } },
	  { "a'b\"c\\d;--", 10 },
	  INT64_MIN,
	  -1,
	  true,
	  { "\"x\"", 3 },
	  { "'", 1 },
	  DBL_MAX },
	{ { { 4 } },
	  { "null", 4 },
	  -1,
	  INT64_C(9224318015999999),
	  false,
	  { "null", 4 },
	  { "n", 1 },
	  DBL_MIN },
	{ { { 5 } },
	  { "{1,2}", 5 },
	  1,
	  INT64_C(-210866803200000),
	  false,
	  { "0.5", 3 },
	  { "\\x00", 4 },
	  1e-300 },
	{ { { 6 } }, { " ", 1 }, 2, INT64_C(1704877200123), true, { "true", 4 }, { " ", 1 }, 0.1 },
};
enum { NTHINGS = sizeof(things) / sizeof(things[0]) };

static enum err
insert(struct db *db, const struct thing *t)
{
	return db_exec(db, &tq_thing_insert,
	               DB_PARAMS(db_uuid(t->id), db_text(t->name), db_int(t->n), db_time(t->at),
	                         db_bool(t->ok), db_json(t->doc), db_bytes(t->raw),
	                         db_double(t->d)),
	               NULL, NULL);
}

static void
add_row(struct db_rows *rows, const struct thing *t)
{
	db_row_uuid(rows, t->id);
	db_row_text(rows, t->name);
	db_row_int(rows, t->n);
	db_row_time(rows, t->at);
	db_row_bool(rows, t->ok);
	db_row_text(rows, t->doc);
	db_row_text(rows, t->raw);
	db_row_double(rows, t->d);
}

static struct db_result
get(struct db *db, struct uuid id)
{
	struct db_result res;
	enum err e = db_query(db, &tq_thing_get, DB_PARAMS(db_uuid(id)), NULL, test_arena(), &res);
	ck_assert_msg(e == ERR_OK, "%s: %s", err_info(e)->code, db_message(db));
	ck_assert_uint_eq(res.nrows, 1);
	return res;
}

static void
check_thing(struct db *db, const struct thing *t)
{
	struct db_result res = get(db, t->id);
	ck_assert(uuid_eq(db_get_uuid(&res, 0, 0), t->id));
	ck_assert_slice(db_get_text(&res, 0, 1), t->name);
	ck_assert_int_eq(db_get_int(&res, 0, 2), t->n);
	ck_assert_int_eq(db_get_time(&res, 0, 3), t->at);
	ck_assert_int_eq(db_get_bool(&res, 0, 4), t->ok);
	ck_assert_slice(db_get_text(&res, 0, 5), t->doc);
	ck_assert_slice(db_get_text(&res, 0, 6), t->raw);
	ck_assert(memcmp(&(double){ db_get_double(&res, 0, 7) }, &t->d, sizeof(double)) == 0);
	for (size_t c = 0; c < res.ncols; c++)
		ck_assert(!db_is_null(&res, 0, c));
}

START_TEST(every_type_goes_there_and_back)
{
	struct db *db = store_db();
	for (size_t i = 0; i < NTHINGS; i++)
		ck_assert_ok(insert(db, &things[i]));
	for (size_t i = 0; i < NTHINGS; i++)
		check_thing(db, &things[i]);
}
END_TEST

START_TEST(every_type_goes_there_in_a_batch_and_back)
{
	struct db *db = store_db();
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_rows);
	int64_t changed = 0;
	for (size_t i = 0; i < NTHINGS; i++)
		add_row(rows, &things[i]);
	ck_assert_ok(db_exec(db, &tq_thing_insert_rows, DB_NO_PARAMS, rows, &changed));
	ck_assert_int_eq(changed, NTHINGS);
	for (size_t i = 0; i < NTHINGS; i++)
		check_thing(db, &things[i]);
}
END_TEST

static void
check_nulls(struct db *db, struct uuid id)
{
	struct db_result res = get(db, id);
	for (size_t c = 1; c < res.ncols; c++)
		ck_assert(db_is_null(&res, 0, c));
	ck_assert_none(db_get_text(&res, 0, 1));
	ck_assert_int_eq(db_get_int(&res, 0, 2), 0);
	ck_assert_int_eq(db_get_time(&res, 0, 3), TIME_NONE);
	ck_assert(!db_get_bool(&res, 0, 4));
	ck_assert_none(db_get_text(&res, 0, 5));
	ck_assert_none(db_get_text(&res, 0, 6));
}

START_TEST(null_stays_null_in_every_type)
{
	struct db *db = store_db();
	ck_assert_ok(db_exec(db, &tq_thing_insert,
	                     DB_PARAMS(db_uuid(store_id(1)), db_text(STR_NONE), db_null('i'),
	                               db_time(TIME_NONE), db_null('b'), db_json(STR_NONE),
	                               db_bytes(STR_NONE), db_null('d')),
	                     NULL, NULL));
	check_nulls(db, store_id(1));

	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_rows);
	db_row_uuid(rows, store_id(2));
	db_row_text(rows, STR_NONE);
	db_row_null(rows);
	db_row_time(rows, TIME_NONE);
	db_row_null(rows);
	db_row_text(rows, STR_NONE);
	db_row_text(rows, STR_NONE);
	db_row_null(rows);
	ck_assert_ok(db_exec(db, &tq_thing_insert_rows, DB_NO_PARAMS, rows, NULL));
	check_nulls(db, store_id(2));
}
END_TEST

START_TEST(an_empty_batch_runs_nothing)
{
	struct db *db = store_db();
	struct db_result res;
	int64_t changed = 99;
	struct db_stats before = db_stats(db);
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_rows);
	ck_assert_ok(db_exec(db, &tq_thing_insert_rows, DB_NO_PARAMS, rows, &changed));
	ck_assert_int_eq(changed, 0);
	rows = db_rows_new(test_arena(), &tq_rows_echo);
	ck_assert_ok(db_query(db, &tq_rows_echo, DB_NO_PARAMS, rows, test_arena(), &res));
	ck_assert_uint_eq(res.nrows, 0);
	ck_assert_uint_eq(res.ncols, 2);
	ck_assert_uint_eq(db_stats(db).statements, before.statements);
}
END_TEST

static void
insert_many(struct db *db, int64_t from, int64_t n)
{
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_new);
	struct db_result res;
	for (int64_t i = from; i < from + n; i++) {
		db_row_uuid(rows, store_id(i));
		db_row_text(rows, str_fmt(test_arena(), "thing %d", (int)i));
		db_row_int(rows, i * 100);
	}
	enum err e =
		db_query(db, &tq_thing_insert_new, DB_PARAMS(db_time(5)), rows, test_arena(), &res);
	ck_assert_msg(e == ERR_OK, "%s", db_message(db));
	ck_assert_uint_eq(res.nrows, (size_t)n);
}

START_TEST(ten_thousand_rows_take_as_many_statements_as_one)
{
	struct db *db = store_db();
	insert_many(db, 1, 1); /* prepared now */
	struct db_stats a = db_stats(db);
	insert_many(db, 2, 1);
	struct db_stats b = db_stats(db);
	insert_many(db, 3, 10000);
	struct db_stats c = db_stats(db);
	ck_assert_uint_eq(b.statements - a.statements, 1);
	ck_assert_uint_eq(c.statements - b.statements, b.statements - a.statements);
	ck_assert_uint_eq(c.transactions - b.transactions, b.transactions - a.transactions);
	ck_assert_uint_eq(c.rows_read - b.rows_read, 10000);
	ck_assert_uint_eq(c.rows_changed - b.rows_changed, 10000);
	ck_assert_int_eq(store_count(db), 10002);

	struct db_result all = store_ask(db, &tq_thing_list);
	for (size_t i = 0; i < all.nrows; i++)
		ck_assert(uuid_eq(db_get_uuid(&all, i, 0), store_id((int64_t)i + 1)));
}
END_TEST

START_TEST(rows_come_back_as_they_were_given)
{
	struct db *db = store_db();
	struct db_rows *rows = db_rows_new(test_arena(), &tq_rows_echo);
	struct db_result res;
	bool seen[500] = { false };
	for (int64_t i = 0; i < 500; i++) {
		db_row_int(rows, 499 - i);
		db_row_text(rows,
		            i % 3 == 0 ? STR_NONE : str_fmt(test_arena(), "%d", 499 - (int)i));
	}
	ck_assert_ok(db_query(db, &tq_rows_echo, DB_NO_PARAMS, rows, test_arena(), &res));
	ck_assert_uint_eq(res.nrows, 500);
	for (size_t i = 0; i < res.nrows; i++) {
		int64_t at = db_get_int(&res, i, 0);
		struct str name = db_get_text(&res, i, 1);
		if (store_engine() == DB_SQLITE)
			ck_assert_int_eq(at, 499 - (int64_t)i);
		ck_assert(!seen[at]);
		seen[at] = true;
		if ((499 - at) % 3 == 0)
			ck_assert_none(name);
		else
			ck_assert_slice(name, str_fmt(test_arena(), "%d", (int)at));
	}
}
END_TEST

static struct db_rows *
pairs_of(const struct query *q, const int64_t (*list)[2], size_t n)
{
	struct db_rows *rows = db_rows_new(test_arena(), q);
	for (size_t i = 0; i < n; i++) {
		db_row_uuid(rows, store_id(list[i][0]));
		db_row_int(rows, list[i][1]);
	}
	return rows;
}

START_TEST(an_upsert_from_a_batch_inserts_and_folds)
{
	struct db *db = store_db();
	int64_t changed = 0;
	const struct query *q = &tq_thing_upsert;
	ck_assert_ok(db_exec(db, q, DB_NO_PARAMS,
	                     pairs_of(q, (int64_t[][2]){ { 1, 10 }, { 2, 20 } }, 2), &changed));
	ck_assert_int_eq(changed, 2);
	ck_assert_ok(db_exec(db, q, DB_NO_PARAMS,
	                     pairs_of(q, (int64_t[][2]){ { 2, 5 }, { 1, 30 }, { 3, 40 } }, 3),
	                     &changed));
	ck_assert_int_eq(changed, 3);
	struct db_result all = store_ask(db, &tq_thing_list);
	ck_assert_uint_eq(all.nrows, 3);
	const int64_t expected[][2] = { { 2, 20 }, { 1, 30 }, { 3, 40 } };
	for (size_t i = 0; i < 3; i++) {
		ck_assert(uuid_eq(db_get_uuid(&all, i, 0), store_id(expected[i][0])));
		ck_assert_int_eq(db_get_int(&all, i, 1), expected[i][1]);
	}
}
END_TEST

START_TEST(an_update_from_a_batch_returns_what_it_changed)
{
	struct db *db = store_db();
	const struct query *q = &tq_thing_update;
	struct db_result res;
	int64_t changed = 0;
	for (int64_t i = 1; i <= 3; i++)
		ck_assert_ok(store_put(db, i));
	struct db_rows *rows = pairs_of(q, (int64_t[][2]){ { 3, 33 }, { 1, 11 }, { 9, 99 } }, 3);
	ck_assert_ok(db_query(db, q, DB_NO_PARAMS, rows, test_arena(), &res));
	ck_assert_uint_eq(res.nrows, 2);
	ck_assert_int_eq(db_get_int(&res, 0, 1) + db_get_int(&res, 1, 1), 44);

	/* The same through db_exec, which drops the rows but counts them. */
	ck_assert_ok(db_exec(db, q, DB_NO_PARAMS, rows, &changed));
	ck_assert_int_eq(changed, 2);

	rows = db_rows_new(test_arena(), &tq_thing_delete);
	db_row_uuid(rows, store_id(1));
	db_row_uuid(rows, store_id(7));
	ck_assert_ok(db_exec(db, &tq_thing_delete, DB_NO_PARAMS, rows, &changed));
	ck_assert_int_eq(changed, 1);
}
END_TEST

START_TEST(an_insert_returns_only_new_rows)
{
	struct db *db = store_db();
	struct db_result res;
	ck_assert_ok(store_put(db, 2));
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_new);
	for (int64_t i = 1; i <= 3; i++) {
		db_row_uuid(rows, store_id(i));
		db_row_text(rows, i == 1 ? STR("one") : STR_NONE);
		db_row_null(rows);
	}
	ck_assert_ok(db_query(db, &tq_thing_insert_new, DB_PARAMS(db_time(77)), rows, test_arena(),
	                      &res));
	ck_assert_uint_eq(res.nrows, 2);
	size_t one = uuid_eq(db_get_uuid(&res, 0, 0), store_id(1)) ? 0 : 1;
	ck_assert_str(db_get_text(&res, one, 1), "one");
	ck_assert(db_is_null(&res, 1 - one, 1));
	ck_assert(db_is_null(&res, one, 2));
}
END_TEST

START_TEST(a_batch_joins_a_table_and_may_be_used_twice)
{
	struct db *db = store_db();
	struct db_result res;
	for (int64_t i = 1; i <= 3; i++)
		ck_assert_ok(store_put(db, i));
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_join);
	const char *labels[] = { "c", "a", "b" };
	for (int64_t i = 0; i < 3; i++) {
		db_row_uuid(rows, store_id(i + 1));
		db_row_text(rows, str_from(labels[i]));
	}
	ck_assert_ok(db_query(db, &tq_thing_join, DB_NO_PARAMS, rows, test_arena(), &res));
	ck_assert_uint_eq(res.nrows, 2);
	ck_assert_str(db_get_text(&res, 0, 0), "b");
	ck_assert_int_eq(db_get_int(&res, 0, 1), 3);
	ck_assert_str(db_get_text(&res, 1, 0), "c");
	ck_assert_int_eq(db_get_int(&res, 1, 1), 1);
}
END_TEST

START_TEST(a_batch_of_one_client_starts_each_row_with_it)
{
	struct db *db = store_db();
	struct db_result res;
	ck_assert_ok(store_put(db, 7));
	struct db_rows *rows = db_rows_of(test_arena(), &tq_thing_join, store_id(7));
	for (int i = 0; i < 40; i++)
		db_row_text(rows, str_fmt(test_arena(), "%02d", i));
	ck_assert_uint_eq(rows->nrows, 40);
	ck_assert_ok(db_query(db, &tq_thing_join, DB_NO_PARAMS, rows, test_arena(), &res));
	ck_assert_uint_eq(res.nrows, 39); /* all but the least label */
	ck_assert_str(db_get_text(&res, 38, 0), "39");
	ck_assert_int_eq(db_get_int(&res, 38, 1), 7);
}
END_TEST

START_TEST(an_int_is_read_from_every_width)
{
	struct db *db = store_db();
	struct db_result res = store_ask(db, &tq_numbers);
	ck_assert_int_eq(db_get_int(&res, 0, 0), INT16_MIN);
	ck_assert_int_eq(db_get_int(&res, 0, 1), INT32_MIN);
	ck_assert_int_eq(db_get_int(&res, 0, 2), INT64_MIN);
	ck_assert_double_eq(db_get_double(&res, 0, 3), 0.5);
	ck_assert_str(db_get_text(&res, 0, 4), "var");
	ck_assert_str(db_get_text(&res, 0, 5), "char");
	ck_assert(db_get_bool(&res, 0, 6));
}
END_TEST

START_TEST(a_sum_is_an_int_and_a_mean_a_double)
{
	static const int64_t sums[][3] = {
		{ INT64_MAX - 1, 1, INT64_MAX },
		{ INT64_MIN + 1, -1, INT64_MIN },
		{ 5000, 5000, 10000 },
		{ 99990000, 10000, 100000000 },
		{ 1, -1, 0 },
		{ -70000, 1, -69999 },
	};
	struct db *db = store_db();
	struct db_result res = store_ask(db, &tq_thing_sum);
	ck_assert(db_is_null(&res, 0, 0));
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		struct db_rows *none = db_rows_new(test_arena(), &tq_thing_delete);
		db_row_uuid(none, store_id(1));
		db_row_uuid(none, store_id(2));
		ck_assert_ok(db_exec(db, &tq_thing_delete, DB_NO_PARAMS, none, NULL));
		const struct query *q = &tq_thing_upsert;
		struct db_rows *rows =
			pairs_of(q, (int64_t[][2]){ { 1, sums[i][0] }, { 2, sums[i][1] } }, 2);
		ck_assert_ok(db_exec(db, q, DB_NO_PARAMS, rows, NULL));
		res = store_ask(db, &tq_thing_sum);
		ck_assert_int_eq(db_get_int(&res, 0, 0), sums[i][2]);
		double mean = (double)sums[i][2] / 2;
		ck_assert_double_le(fabs(db_get_double(&res, 0, 1) - mean), fabs(mean) * 1e-12);
	}
}
END_TEST

START_TEST(what_looks_like_a_parameter_in_a_literal_is_none)
{
	struct db *db = store_db();
	struct db_result res;
	ck_assert_ok(
		db_query(db, &tq_literals, DB_PARAMS(db_text(STR("x"))), NULL, test_arena(), &res));
	ck_assert_str(db_get_text(&res, 0, 0), ":it '@rows' x");
	ck_assert_str(db_get_text(&res, 0, 1), "a  b;c--d");
}
END_TEST

START_TEST(each_engine_runs_its_own_text)
{
	struct db_result res = store_ask(store_db(), &tq_engine);
	ck_assert_slice(db_get_text(&res, 0, 0),
	                store_engine() == DB_SQLITE ? STR("sqlite") : STR("postgres"));
	ck_assert_int_eq(db_engine(store_db()), store_engine());
	ck_assert_int_eq(db_pool_engine(db_pool_of(store_db())), store_engine());
}
END_TEST

START_TEST(a_body_of_three_mebibytes_goes_there_and_back)
{
	struct db *db = store_db();
	size_t n = 3 << 20;
	char *p = arena_alloc(test_arena(), n);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31);
	struct thing t = things[0];
	t.raw = str_n(p, n);
	ck_assert_ok(insert(db, &t));
	check_thing(db, &t);
	t.id = store_id(5);
	t.name = STR("other");
	struct db_rows *rows = db_rows_new(test_arena(), &tq_thing_insert_rows);
	add_row(rows, &t);
	ck_assert_ok(db_exec(db, &tq_thing_insert_rows, DB_NO_PARAMS, rows, NULL));
	check_thing(db, &t);
}
END_TEST

size_t
store_value_tests(const TTest **out)
{
	return STORE_TESTS(
		out, every_type_goes_there_and_back, every_type_goes_there_in_a_batch_and_back,
		null_stays_null_in_every_type, an_empty_batch_runs_nothing,
		ten_thousand_rows_take_as_many_statements_as_one, rows_come_back_as_they_were_given,
		an_upsert_from_a_batch_inserts_and_folds,
		an_update_from_a_batch_returns_what_it_changed, an_insert_returns_only_new_rows,
		a_batch_joins_a_table_and_may_be_used_twice,
		a_batch_of_one_client_starts_each_row_with_it, an_int_is_read_from_every_width,
		a_sum_is_an_int_and_a_mean_a_double,
		what_looks_like_a_parameter_in_a_literal_is_none, each_engine_runs_its_own_text,
		a_body_of_three_mebibytes_goes_there_and_back);
}
