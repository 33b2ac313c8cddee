/*
 * How housekeeping and the drain find journal parts, and how sessions and their analyses are found,
 * as the planners tell it: never by looking at a whole table, each by the index made for it, on a
 * new database (the planted statistics) and so whatever the tables hold. An index that is taken
 * away is noticed.
 */
#include "store.h"

#include "store/queries.h"

#define AUTO  "<primary key>"
#define PARTS "<primary key of the parts>"

struct found_by {
	const struct query *query;
	const char *indexes[4]; /* AUTO: the primary keys of journal and journal_parts; PARTS: of
	                         * journal_parts */
};
#define DUE            "ix_journal_parts_due"
#define PARKED         "ix_journal_parts_parked"
#define DUE_HISTORY    "ix_journal_parts_due_history"
#define UNROUTED       "ix_journal_parts_unrouted"
#define PARKED_HISTORY "ix_journal_parts_parked_history"
#define EPISODES       "ix_sessions_conversation"
#define HEIRS          "ix_sessions_redirect"
#define RETIRED        "ix_sessions_retired"
#define OF_TICKET      "ix_sessions_ticket"
#define READY          "ix_session_analyses_ready"
#define BY_STATUS      "ix_session_analyses_status"
#define PROCESSED      "ix_session_analyses_processed"
#define OF_SESSION     "ux_session_analyses_session"
static const struct found_by list[] = {
	{ &q_sync_runs_open, { DUE_HISTORY, UNROUTED, PARKED_HISTORY } },
	{ &q_keeper_known, { PARKED } },
	{ &q_keeper_unpark, { PARKED } },
	{ &q_drain_parked_news, { PARKED } },
	{ &q_api_parts_release, { PARKED } },
	{ &q_keeper_amendments_drop, { DUE, PARKED, "ix_amendments_age" } },
	{ &q_keeper_journal_old, { AUTO } },
	{ &q_keeper_journal_delete, { AUTO } },
	{ &q_keeper_parts_delete, { PARTS } },
	{ &q_keeper_depth, { DUE, UNROUTED } },
	{ &q_drain_any, { DUE } },
	{ &q_drain_unrouted, { DUE } },
	{ &q_drain_next_client, { DUE } },
	{ &q_drain_claim, { DUE } },
	{ &q_events_old, { "ix_events_age" } },
	{ &q_jobs_live, { "ux_jobs_running" } },
	{ &q_apply_sessions, { EPISODES } },
	{ &q_apply_sessions_follow, { HEIRS } },
	{ &q_apply_sessions_of, { EPISODES } },
	{ &q_apply_sessions_move, { EPISODES } },
	{ &q_apply_sessions_move_retired, { RETIRED } },
	{ &q_api_kpi_sessions, { "ix_sessions_started" } },
	{ &q_api_session_list, { EPISODES } },
	{ &q_api_session_spans, { EPISODES } },
	{ &q_api_session_overlapping, { EPISODES } },
	{ &q_api_session_of_tickets, { OF_TICKET } },
	{ &q_api_session_trackings, { OF_TICKET } },
	{ &q_api_session_firsts, { OF_TICKET, "ix_messages_sessionId", "ix_messages_time" } },
	{ &q_import_known, { "ux_tickets_external" } },
	{ &q_import_stored, { "ux_messages_external" } },
	{ &q_import_ticket,
	  { "ux_tickets_external", "ux_import_failures_uuid", "ix_identities_lead" } },
	{ &q_import_messages, { "ux_messages_external" } },
	{ &q_import_times, { "ix_messages_sessionId" } },
	{ &q_import_sessions, { OF_TICKET } },
	{ &q_import_ticket_move_messages, { "ix_messages_sessionId" } },
	{ &q_import_ticket_move_sessions, { OF_TICKET } },
	{ &q_import_contacts_of, { "ix_helpdesk_contacts_lead" } },
	{ &q_importer_gone, { "ux_import_failures_uuid" } },
	{ &q_apply_merge_helpdesk, { "ix_helpdesk_contacts_lead" } },
	{ &q_media_pick, { "ix_media_due" } },
	{ &q_media_expired, { "ix_media_age" } },
	{ &q_media_hold, { "ix_media_held" } },
	{ &q_media_release, { "ix_media_held" } },
	{ &q_media_same, { "ix_media_digest" } },
	{ &q_media_move, { "ix_media_conversation" } },
	{ &q_api_media_of, { "ux_media_meta" } },
	{ &q_api_health_media, { "ix_media_disk" } },
	{ &q_analysis_claim, { READY } },
	{ &q_analysis_due, { "ix_session_analyses_retry" } },
	{ &q_analysis_sweep, { "ix_session_analyses_lease" } },
	{ &q_analysis_retry, { BY_STATUS } },
	{ &q_analysis_counts, { BY_STATUS } },
	{ &q_analysis_session_ticket, { "ix_messages_sessionId" } },
	{ &q_analysis_session_ticket_tail, { "ix_messages_sessionId" } },
	{ &q_analysis_session_episode, { "ix_messages_time" } },
	{ &q_analysis_session_episode_tail, { "ix_messages_time" } },
	{ &q_analysis_session_trackings, { OF_TICKET } },
	{ &q_analysis_stale_episodes, { EPISODES } },
	{ &q_analysis_stale_tickets, { OF_TICKET } },
	{ &q_analysis_stale_mark, { OF_SESSION } },
	{ &q_api_analysis_usage, { PROCESSED } },
	{ &q_api_analysis_failures, { "ix_session_analyses_failed" } },
};
#define LISTED (sizeof(list) / sizeof(list[0]))

static struct db_cell
some_value(char type)
{
	switch (type) {
	case 'u':
		return (struct db_cell){ .u = uuid_v7_floor(1) };
	case 't':
	case 'x':
		return (struct db_cell){ .s = STR("x") };
	case 'i':
	case 'm':
	case 'b':
		return (struct db_cell){ .i = 1 };
	default:
		ck_abort_msg("no value of type %c", type);
	}
}

/* The engine's EXPLAIN, a line a row. */
static struct str
plan_of(struct db *db, const struct query *q)
{
	static int count;
	struct arena *a = test_arena();
	struct query *x = ARENA_NEW(a, struct query);
	struct db_param *params = ARENA_ARRAY(a, strlen(q->params) + 1, struct db_param);
	struct db_rows *rows = NULL;
	bool lite = store_engine() == DB_SQLITE;
	size_t text = lite ? 3 : 0;
	struct db_result r;
	struct str plan = STR("\n");

	*x = (struct query){
		.name = str_z(a, str_fmt(a, "plan_%d", count++)),
		.sqlite = str_z(a, str_fmt(a, "EXPLAIN QUERY PLAN %s", q->sqlite)),
		.postgres = str_z(a, str_fmt(a, "EXPLAIN (COSTS OFF) %s", q->postgres)),
		.params = q->params,
		.rows = q->rows,
		.returns = lite ? "iiit" : "t",
		.writes = q->writes,
	};
	for (size_t i = 0; q->params[i] != '\0'; i++)
		params[i] = (struct db_param){ q->params[i], some_value(q->params[i]) };
	if (q->rows != NULL) {
		rows = db_rows_new(a, x);
		rows->cells = ARENA_ARRAY(a, rows->ncols, struct db_cell);
		for (size_t i = 0; i < rows->ncols; i++)
			rows->cells[i] = some_value(q->rows[i]);
		rows->nrows = rows->cap = 1;
	}
	enum err e = db_query(db, x, params, rows, a, &r);
	ck_assert_msg(e == ERR_OK, "%s: %s", q->name, db_message(db));
	for (size_t i = 0; i < r.nrows; i++)
		plan = str_fmt(a, STR_FMT STR_FMT "\n", STR_ARG(plan),
		               STR_ARG(db_get_text(&r, i, text)));
	return plan;
}

/* Of the parts, of the journal, of sessions, or of a partial index of theirs that was not asked
 * for. */
static bool
looks_at_all(const char *plan)
{
	static const char *const signs[] = {
		"Seq Scan on journal",
		"SCAN p\n",
		"SCAN j\n",
		"SCAN journal",
		"SCAN j USING",
		"Seq Scan on amendments",
		"SCAN amendments",
		"SCAN x USING", /* of batches only r is there */
		"SCAN sessions",
		"SCAN s\n",
		"Seq Scan on sessions",
		"SCAN s USING",
		"SCAN session_analyses",
		"SCAN a\n",
		"SCAN a USING",
		"SCAN messages",
		"Seq Scan on session_analyses",
		"Seq Scan on messages",
		"Seq Scan on media",
		"SCAN media",
		"SCAN m\n",
		"SCAN m USING",
	};
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(plan, signs[i]) != NULL)
			return true;
	return false;
}

static bool
uses(const char *plan, const char *index)
{
	size_t n = strlen(index);

	for (const char *p = plan; (p = strstr(p, index)) != NULL; p += n)
		if (p[n] == ' ' || p[n] == '\n' || p[n] == '"')
			return true;
	return false;
}

/* Found as the list says, and no partial index of the parts beside it is used. */
static bool
fits(const char *plan, const struct found_by *f)
{
	static const char *const partial[] = { DUE, PARKED, DUE_HISTORY, UNROUTED, PARKED_HISTORY };
	size_t n = 0;

	for (; n < 4 && f->indexes[n] != NULL; n++) {
		bool there = uses(plan, f->indexes[n]);

		if (strcmp(f->indexes[n], AUTO) == 0)
			there = (uses(plan, "sqlite_autoindex_journal_parts_1") &&
			         uses(plan, "sqlite_autoindex_journal_1")) ||
			        (uses(plan, "journal_parts_pkey") && uses(plan, "journal_pkey"));
		if (strcmp(f->indexes[n], PARTS) == 0)
			there = uses(plan, "sqlite_autoindex_journal_parts_1") ||
			        uses(plan, "journal_parts_pkey");
		if (!there)
			return false;
	}
	for (size_t i = 0; i < sizeof(partial) / sizeof(partial[0]); i++) {
		bool expected = false;

		for (size_t k = 0; k < n; k++)
			expected |= strcmp(f->indexes[k], partial[i]) == 0;
		if (!expected && uses(plan, partial[i]))
			return false;
	}
	return !looks_at_all(plan);
}

static struct db *
migrated(void)
{
	struct db_pool *pool = store_open_pool(store_empty_url(), NULL);
	int from, to;

	ck_assert_ok(migrate_up(store_open(pool, false), &from, &to));
	return store_open_batch(pool);
}

START_TEST(rows_are_found_by_the_index_made_for_the_question)
{
	struct db *db = migrated();

	for (size_t i = 0; i < LISTED; i++) {
		struct str plan = plan_of(db, list[i].query);

		ck_assert_msg(fits(plan.p, &list[i]), "%s:" STR_FMT, list[i].query->name,
		              STR_ARG(plan));
	}
}
END_TEST

START_TEST(an_index_that_is_gone_is_noticed)
{
	struct db *db = migrated();
	size_t gone = 0;

	for (size_t i = 0; i < LISTED; i++) {
		for (size_t k = 0; k < 4 && list[i].indexes[k] != NULL; k++) {
			struct arena *a = test_arena();
			const char *sql =
				str_z(a, str_fmt(a, "DROP INDEX \"%s\"", list[i].indexes[k]));
			struct query *drop = ARENA_NEW(a, struct query);

			if (list[i].indexes[k][0] == AUTO[0])
				continue;
			*drop = (struct query){ .name = str_z(a, str_fmt(a, "drop_%zu", gone++)),
				                .sqlite = sql,
				                .postgres = sql,
				                .params = "",
				                .returns = "",
				                .writes = true };
			ck_assert_ok(db_begin(db, DB_API));
			ck_assert_ok(db_exec(db, drop, DB_NO_PARAMS, NULL, NULL));
			struct str plan = plan_of(db, list[i].query);
			db_rollback(db);
			ck_assert_msg(!fits(plan.p, &list[i]), "%s without %s:" STR_FMT,
			              list[i].query->name, list[i].indexes[k], STR_ARG(plan));
		}
	}
	ck_assert_uint_ge(gone, LISTED);
}
END_TEST

/* Nothing is sorted, and the least key is the first that is looked at. */
START_TEST(the_queues_order_is_the_indexes)
{
	static const struct query *const queries[] = {
		&q_analysis_claim,
		&q_analysis_due,
		&q_analysis_sweep,
		&q_analysis_session_ticket,
		&q_analysis_session_ticket_tail,
		&q_analysis_session_episode,
		&q_analysis_session_episode_tail,
	};
	struct db *db = migrated();

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		struct str plan = plan_of(db, queries[i]);

		ck_assert_msg(strstr(plan.p, "Sort") == NULL && strstr(plan.p, "B-TREE") == NULL,
		              "%s:" STR_FMT, queries[i]->name, STR_ARG(plan));
	}
}
END_TEST

size_t
store_plan_tests(const TTest **out)
{
	return STORE_TESTS(out, rows_are_found_by_the_index_made_for_the_question,
	                   an_index_that_is_gone_is_noticed, the_queues_order_is_the_indexes);
}
