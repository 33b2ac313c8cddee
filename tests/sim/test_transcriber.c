/*
 * Audios are written down under a fake clock by a server that is played here: once a file, again
 * when that may help, never where it does not; and who has read without the words is told. ENGINE
 * says on which engine.
 */
#include <stdlib.h>
#include <unistd.h>

#include "http_fake.h"
#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "testing.h"
#include "work/media_disk.h"
#include "work/transcriber_internal.h"

#define AT INT64_C(1768906800000)

static struct pg_server *postgres;

struct studio {
	struct scene s;
	struct clock_fake time;
	struct clock clock;
	struct http_fake *http;
	struct graph_calls graph;
	struct media_disk disk;
	struct transcriber *t;
	struct uuid client, connection;
	size_t calls;
	int status;
	const char *body;
	enum http_failure failure;
};

static void
answer(void *ctx, const struct http_call *c, int64_t now_ms, struct http_fake_reply *out)
{
	struct studio *o = ctx;
	const char *body = str_z(test_arena(), c->body), *at;

	(void)now_ms;
	o->calls++;
	ck_assert_str(c->url, "https://model.test/v1/audio/transcriptions");
	at = strstr(body, "name=\"model\"\r\n\r\nears\r\n");
	ck_assert_ptr_nonnull(at);
	at = strstr(body, "name=\"response_format\"\r\n\r\njson\r\n");
	ck_assert_ptr_nonnull(at);
	at = strstr(body, "filename=\"audio.ogg\"\r\nContent-Type: audio/ogg\r\n\r\nOggS");
	ck_assert_ptr_nonnull(at);
	*out = (struct http_fake_reply){ .failure = o->failure,
		                         .status = o->status,
		                         .body = str_from(o->body),
		                         .delay_ms = 10 };
}

static void
hire(struct studio *o)
{
	const struct transcriber_options opts = {
		.pool = o->s.pool,
		.http = o->graph.http,
		.rand = &o->s.rand,
		.base_url = STR("https://model.test/v1"),
		.api_key = STR("sk-test"),
		.model = STR("ears"),
		.dir = o->disk.dir,
		.prices = { .input = 1250000, .output = 5000000 },
		.timeout_ms = TIME_MINUTE,
		.owner = rand_uuid_v7(&o->s.rand, AT),
	};

	ck_assert_ok(transcriber_open(&opts, &o->t));
}

static struct studio *
open_studio(void)
{
	struct studio *o = ARENA_NEW(test_arena(), struct studio);
	const char *engine = getenv("ENGINE");
	const struct scene_line line = { .line = { STR("101"), STR("201"), STR("551130000000") },
		                         .nruns = 1,
		                         .run_at = { AT - TIME_DAY } };
	struct db_result r;

	if (engine != NULL && strcmp(engine, "postgres") == 0)
		scene_open(&o->s, pg_server_new_migrated(postgres, test_arena()));
	else
		scene_open(&o->s, str_z(test_arena(),
		                        str_fmt(test_arena(), "sqlite:%s/t.db", test_dir())));
	scene_fill(&o->s, &line, 1);
	ck_assert_ok(db_query(o->s.db, &q_onboarding_number, DB_PARAMS(db_text(STR("101"))), NULL,
	                      test_arena(), &r));
	o->client = db_get_uuid(&r, 0, 0);
	o->connection = db_get_uuid(&r, 0, 1);
	o->time.now_ms = AT;
	o->clock = clock_fake(&o->time);
	o->status = 200;
	o->body = "{\"text\":\" Quero remarcar a revisão. \",\"usage\":{\"type\":\"tokens\","
		  "\"input_tokens\":100,\"output_tokens\":10}}";
	o->http = http_fake_new(&o->clock, 8, answer, o);
	o->graph = (struct graph_calls){ .http = http_fake_client(o->http) };
	o->disk.dir = str_fmt(test_arena(), "%s/media", test_dir());
	ck_assert_ok(media_disk_open(&o->disk, AT));
	hire(o);
	return o;
}

static void
close_studio(struct studio *o)
{
	transcriber_close(o->t);
	http_fake_free(o->http);
	scene_close(&o->s);
}

/* An audio of that many bytes is stored, and waits. */
static struct str
record(struct studio *o, size_t bytes)
{
	unsigned char *digest = arena_alloc(test_arena(), SHA256_LEN);
	char *p = arena_alloc(test_arena(), bytes);
	struct media_file f;
	struct str sum;

	memset(p, 'x', bytes);
	memcpy(p, "OggS", 4);
	ck_assert_ok(media_file_begin(&o->disk, rand_uuid_v7(&o->s.rand, AT), &f));
	ck_assert(media_file_write(&f, str_n(p, bytes)));
	media_file_digest(&f, digest);
	ck_assert_ok(media_file_keep(&f, digest));
	sum = str_n((const char *)digest, SHA256_LEN);
	raw_exec(
		o->s.raw,
		str_z(test_arena(),
	              str_fmt(test_arena(),
	                      "INSERT INTO media (id, client_id, connection_id, meta_id, "
	                      "conversation_id, history, status, sha256, revoked, received_at, "
	                      "tries, wrong, created_at, updated_at) SELECT c.id, c.client_id, "
	                      "c.id, "
	                      "'77', c.id, c.history_sync_requested, 'ready', %s" STR_FMT
	                      "', c.history_sync_requested, c.created_at, 1, 0, c.created_at, "
	                      "c.created_at FROM connections c WHERE c.phone_number_id = '101' AND "
	                      "NOT EXISTS (SELECT 1 FROM media)",
	                      db_engine(o->s.db) == DB_SQLITE ? "x'" : "'\\x",
	                      STR_ARG(hex_encode(test_arena(), digest, SHA256_LEN)))));
	ck_assert_ok(db_exec(o->s.db, &q_transcript_put,
	                     DB_PARAMS(db_uuid(o->client), db_bytes(sum),
	                               db_text(STR("audio/ogg; codecs=opus")), db_time(AT)),
	                     NULL, NULL));
	return sum;
}

static void
work_for(struct studio *o, int64_t ms, size_t turns)
{
	int64_t until = o->time.now_ms + ms, next;

	while (o->time.now_ms < until && turns-- > 0) {
		int64_t due;

		(void)graph_calls_hear(&o->graph);
		if (transcriber_step(o->t, o->time.now_ms, &next) == STEP_AGAIN)
			continue;
		due = http_fake_due(o->http);
		next = due < next ? due : next;
		o->time.now_ms = next < until ? next : until;
	}
}

static const char *
row(struct studio *o, const char *sql)
{
	struct str *v;
	size_t n = raw_column(o->s.raw, test_arena(), sql, &v);

	return n == 0 ? "(none)" : str_z(test_arena(), v[0]);
}
#define MUST_BE(o, sql, value) ck_assert_str_eq(row(o, sql), value)
#define STATE                  "SELECT status || ' ' || COALESCE(reason, '-') FROM transcripts"

START_TEST(an_audio_is_written_down_and_paid_for_once)
{
	struct studio *o = open_studio();

	(void)record(o, 5000);
	(void)record(o, 5000); /* the same file again */
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	MUST_BE(o, "SELECT body FROM transcripts", "Quero remarcar a revisão.");
	MUST_BE(o, "SELECT cost_micro_usd FROM transcripts", "175");
	MUST_BE(o, "SELECT model || input_tokens || '/' || output_tokens FROM transcripts",
	        "ears100/10");
	ck_assert_uint_eq(o->calls, 1);
	close_studio(o);
}
END_TEST

START_TEST(what_passes_is_asked_again_and_what_does_not_is_not)
{
	static const struct {
		int status;
		const char *body, *during, *after;
		size_t calls;
	} cases[] = {
		{ 503, "", "pending server_error", "unavailable server_error", TRANSCRIPT_TRIES },
		{ 429, "", "pending rate_limited", "unavailable rate_limited", TRANSCRIPT_TRIES },
		{ 200, "<html>", "pending bad_answer", "unavailable bad_answer", TRANSCRIPT_TRIES },
		{ 400, "{}", "unavailable refused", "unavailable refused", 1 },
		{ 413, "{}", "unavailable too_large", "unavailable too_large", 1 },
		{ 401, "{}", "pending unauthorized", "pending unauthorized", 0 },
		{ 404, "{}", "pending unknown_model", "pending unknown_model", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct studio *o = open_studio();
		size_t calls;

		o->status = cases[i].status;
		o->body = cases[i].body;
		(void)record(o, 100);
		work_for(o, TIME_SECOND, SIZE_MAX);
		MUST_BE(o, STATE, cases[i].during);
		work_for(o, 3 * TIME_HOUR, SIZE_MAX);
		MUST_BE(o, STATE, cases[i].after);
		calls = o->calls;
		if (cases[i].calls > 0)
			ck_assert_uint_eq(calls, cases[i].calls);
		else /* every ten minutes, until somebody mends it */
			ck_assert(calls > 15 && calls < 20);
		close_studio(o);
	}
}
END_TEST

START_TEST(a_server_that_is_away_is_waited_for)
{
	struct studio *o = open_studio();

	o->failure = HTTP_REFUSED;
	(void)record(o, 100);
	work_for(o, 5 * TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "pending unreachable");
	o->failure = HTTP_OK;
	work_for(o, TIME_HOUR, SIZE_MAX);
	MUST_BE(o, STATE, "ready -");
	close_studio(o);
}
END_TEST

START_TEST(a_file_that_is_gone_or_too_large_is_not_asked_for)
{
	struct studio *o = open_studio();
	struct str sum = record(o, 100);

	ck_assert_int_eq(unlink(str_z(test_arena(), media_disk_path(test_arena(), o->disk.dir,
	                                                            (const unsigned char *)sum.p))),
	                 0);
	work_for(o, TIME_SECOND, SIZE_MAX);
	MUST_BE(o, STATE, "unavailable file_gone");
	raw_exec(o->s.raw, "DELETE FROM transcripts; DELETE FROM media");
	(void)record(o, (size_t)TRANSCRIPT_MOST_BYTES + 1);
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "unavailable too_large");
	ck_assert_uint_eq(o->calls, 0);
	close_studio(o);
}
END_TEST

START_TEST(what_was_revoked_meanwhile_is_not_sent_there)
{
	struct studio *o = open_studio();

	(void)record(o, 100);
	raw_exec(o->s.raw, db_engine(o->s.db) == DB_SQLITE ? "UPDATE media SET revoked = 1"
	                                                   : "UPDATE media SET revoked = true");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, STATE, "unavailable file_gone");
	ck_assert_uint_eq(o->calls, 0);
	close_studio(o);
}
END_TEST

START_TEST(who_gets_a_file_whose_words_are_there_is_told)
{
	struct studio *o = open_studio();

	(void)record(o, 100);
	work_for(o, TIME_MINUTE, SIZE_MAX);
	raw_exec(o->s.raw, "DELETE FROM events");
	(void)record(o, 100);
	MUST_BE(o, "SELECT count(*) FROM transcripts WHERE tell_at IS NOT NULL", "1");
	work_for(o, TIME_MINUTE, SIZE_MAX);
	MUST_BE(o, "SELECT count(*) FROM transcripts WHERE tell_at IS NOT NULL", "0");
	ck_assert_uint_eq(o->calls, 1);
	close_studio(o);
}
END_TEST

START_TEST(killed_at_any_point_another_goes_on)
{
	for (size_t turns = 0; turns < 8; turns++) {
		struct studio *o = open_studio();

		(void)record(o, 100);
		work_for(o, TIME_MINUTE, turns);
		if (turns % 2 == 0)
			transcriber_stop(o->t, o->time.now_ms);
		transcriber_close(o->t);
		hire(o);
		work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "ready -");
		ck_assert_uint_le(o->calls, 2);
		close_studio(o);
	}
}
END_TEST

START_TEST(a_database_that_fails_at_any_statement_costs_time_only)
{
	for (uint64_t n = 1; n < 14; n++) {
		struct studio *o = open_studio();

		(void)record(o, 100);
		db_fail_at(o->t->db, n, ERR_UNAVAILABLE);
		work_for(o, 10 * TIME_MINUTE, SIZE_MAX);
		MUST_BE(o, STATE, "ready -");
		ck_assert_uint_le(o->calls, 2);
		close_studio(o);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("transcriber", an_audio_is_written_down_and_paid_for_once,
	                  what_passes_is_asked_again_and_what_does_not_is_not,
	                  a_server_that_is_away_is_waited_for,
	                  a_file_that_is_gone_or_too_large_is_not_asked_for,
	                  what_was_revoked_meanwhile_is_not_sent_there,
	                  who_gets_a_file_whose_words_are_there_is_told,
	                  killed_at_any_point_another_goes_on,
	                  a_database_that_fails_at_any_statement_costs_time_only);
}

TEST_MAIN_ON_ENGINE(make_suite, postgres)
