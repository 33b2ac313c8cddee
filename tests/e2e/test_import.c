/*
 * The import as a shell sees it, from a simulated helpdesk on a socket: done, done again, refused,
 * partly done, stopped and killed in the middle, and beside a server. RECADO_SIM names the
 * simulator.
 */
#include <sys/prctl.h>

#include "raw.h"
#include "sse_fixture.h"

#define FAST         1000000 /* requests a minute */
#define SLOW         600     /* so that an import takes a while */
#define LONG_MS      60000
#define HELPDESK_KEY "sesame"

static const char *
out(const char *dir)
{
	return read_text(in_dir(dir, "out"));
}

static const char *
err(const char *dir)
{
	return read_text(in_dir(dir, "err"));
}

#define ck_assert_has(text, part)                                                                  \
	ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is not in: %s", (part), (text))

struct desk {
	pid_t pid;
	const char *url;
};

static struct desk
desk_start(const char *manners)
{
	const char *sim = getenv("RECADO_SIM"), *file = in_dir(test_dir(), "sim");
	int64_t end = now_ms() + PATIENCE_MS;
	char url[64] = "";
	struct desk d;

	ck_assert_msg(sim != NULL, "RECADO_SIM does not name the simulator");
	d.pid = fork();
	ck_assert_int_ge(d.pid, 0);
	if (d.pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || freopen(file, "w", stdout) == NULL)
			_exit(99);
		execl(sim, sim, "helpdesk", "--port", "0", "--live", "0", "--tickets", "300",
		      "--messages", "3000", "--quiet", "--api-key", HELPDESK_KEY, "--manners",
		      manners, (char *)NULL);
		_exit(99);
	}
	while (url[0] == '\0' && now_ms() < end) {
		if (access(file, R_OK) == 0)
			sscanf(read_text(file), "listening on %63s\n", url);
		poll(NULL, 0, 5);
	}
	ck_assert_msg(url[0] != '\0', "the helpdesk does not listen");
	d.url = str_z(test_arena(), str_from(url));
	return d;
}

static void
desk_end(struct desk *d)
{
	kill(d->pid, SIGTERM);
	ck_assert_int_eq(wait_end(d->pid, PATIENCE_MS), 0);
}

/* A directory with a configuration and a database of its own. */
struct shop {
	const char *dir, *url; /* of the database */
};

static void
set_pace(const struct shop *s, int per_minute)
{
	write_text(in_dir(s->dir, ".env"),
	           FMT("DATABASE_URL=%s\nPORT=0\nADMIN_TOKEN=" ADMIN "\n"
	               "SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	               "IMPORT_START_AT=2020-01-01T00:00:00Z\n"
	               "EXTERNAL_API_REQUESTS_PER_MINUTE=%d\n",
	               s->url, per_minute));
}

/* With a client acme whose helpdesk is at `url`. */
static struct shop
shop_new(const char *url, const char *key, int per_minute)
{
	struct shop s = { .dir = test_dir() };

	s.url = pg != NULL ? pg_server_new_migrated(pg, test_arena())
	                   : FMT("sqlite:%s", in_dir(s.dir, "recado.db"));
	set_pace(&s, per_minute);
	write_text(in_dir(s.dir, "key"), key);
	ck_assert_int_eq(RUN(s.dir, "client", "add", "acme", "--name", "Acme", "--api-base-url",
	                     url, "--api-key-file", "key"),
	                 0);
	return s;
}

static int64_t
number(const struct shop *s, const char *sql)
{
	struct raw *raw = raw_open(s->url);
	int64_t n = raw_number(raw, sql);

	raw_close(raw);
	return n;
}

#define TICKETS  "SELECT count(*) FROM tickets"
#define MESSAGES "SELECT count(*) FROM messages"
#define JOBS     "SELECT count(*) FROM jobs WHERE status = "

static int
import(const struct shop *s, const char *more)
{
	const char *words[] = { "import", "acme", more, NULL };

	return wait_end(spawn(s->dir, words), LONG_MS);
}

/* What a whole import of that helpdesk gives. */
static void
whole(const struct desk *d, int64_t *tickets, int64_t *messages)
{
	struct shop s = shop_new(d->url, HELPDESK_KEY, FAST);

	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	*tickets = number(&s, TICKETS);
	*messages = number(&s, MESSAGES);
	ck_assert_int_gt(*tickets, 200);
	ck_assert_int_gt(*messages, 1000);
}

/* Every time that stands in these rows. */
static const char *
stamps(const struct shop *s)
{
	static const char *const queries[] = {
		"SELECT CAST(updated_at AS text) FROM tickets ORDER BY id",
		"SELECT CAST(updated_at AS text) FROM leads ORDER BY id",
		"SELECT CAST(updated_at AS text) FROM sessions ORDER BY id",
		"SELECT CAST(updated_at AS text) FROM conversations ORDER BY id",
	};
	struct raw *raw = raw_open(s->url);
	struct buf b;

	buf_init(&b, test_arena(), (size_t)4 << 20);
	for (size_t q = 0; q < sizeof(queries) / sizeof(*queries); q++) {
		struct str *v;
		size_t n = raw_column(raw, test_arena(), queries[q], &v);

		for (size_t i = 0; i < n; i++)
			buf_fmt(&b, STR_FMT "\n", STR_ARG(v[i]));
	}
	raw_close(raw);
	return str_z(test_arena(), buf_slice(&b));
}

/* The last line of stdout, which is the result. */
static const cJSON *
result_of(const struct shop *s)
{
	struct str rest = str_trim(str_from(out(s->dir))), line = STR_NONE;
	const cJSON *doc = NULL;

	while (str_split(&rest, '\n', &line))
		ck_assert_ok(json_parse(test_arena(), line, &doc));
	ck_assert_str(text_at(doc, "type"), "result");
	return doc;
}

START_TEST(a_helpdesk_is_imported_and_again_without_writing_a_row)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, FAST);
	const char *before;
	const cJSON *doc;

	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	ck_assert_has(out(s.dir), "acme: done: ");
	ck_assert_int_gt(number(&s, TICKETS), 200);
	before = stamps(&s);
	ck_assert_msg(import(&s, "--json") == 0, "%s", err(s.dir));
	doc = result_of(&s);
	ck_assert_int_eq(int_at(doc, "exitStatus"), 0);
	ck_assert_str(text_at(doc, "jobs.0.status"), "succeeded");
	ck_assert_int_eq(int_at(doc, "jobs.0.counts.ticketsNew"), 0);
	ck_assert_int_eq(int_at(doc, "jobs.0.counts.ticketsChanged"), 0);
	ck_assert_int_eq(int_at(doc, "jobs.0.counts.messagesNew"), 0);
	ck_assert_msg(import(&s, "--full") == 0, "%s", err(s.dir));
	ck_assert_str_eq(stamps(&s), before);
	ck_assert_int_eq(RUN(s.dir, "sync-contacts"), 0);
	ck_assert_has(out(s.dir), "acme: done: ");
	desk_end(&d);
}
END_TEST

/* Every page of a list, each of whose answers must be as the document says; how many rows. With
 * `each`, what lies below each row's id too. */
static size_t
read_all(const struct world *w, const char *list, const char *each)
{
	const char *cursor = "";
	size_t n = 0;

	while (cursor != NULL) {
		const cJSON *page =
			MUST(w, 200, "GET",
		             FMT("%s?limit=100%s%s", list, *cursor != 0 ? "&cursor=" : "", cursor),
		             "op", NULL);

		for (const cJSON *x = json_first(at(page, "data")); x != NULL; x = x->next, n++)
			if (each != NULL && n % 10 == 0)
				MUST(w, 200, "GET", FMT(each, z_at(x, "id")), "op", NULL);
		cursor = null_at(page, "nextCursor") ? NULL : z_at(page, "nextCursor");
	}
	return n;
}

START_TEST(what_was_imported_is_shown_as_the_api_describes_it)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, FAST);
	struct world w;
	const cJSON *state;

	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	w = (struct world){ .process = serve_in(s.dir) };
	ck_assert_uint_eq(read_all(&w, "/api/clients/acme/tickets", "/api/tickets/%s"),
	                  (size_t)number(&s, TICKETS));
	ck_assert_uint_gt(read_all(&w, "/api/clients/acme/leads", "/api/leads/%s"), 0);
	ck_assert_uint_eq(read_all(&w, "/api/clients/acme/connections", "/api/connections/%s"), 1);
	ck_assert_uint_gt(read_all(&w, "/api/jobs", "/api/jobs/%s"), 0);
	(void)read_all(&w, "/api/clients/acme/conversations", "/api/conversations/%s/sessions");
	(void)read_all(&w, "/api/clients/acme/import-failures", NULL);
	(void)read_all(&w, "/api/clients/acme/audit-log", NULL);
	state = MUST(&w, 200, "GET", "/api/clients/acme/import-state", "op", NULL);
	ck_assert_str(text_at(state, "lastRun.status"), "succeeded");
	ck_assert(!null_at(state, "cursor") && !null_at(state, "lastImportAt"));
	world_end(&w);
	desk_end(&d);
}
END_TEST

START_TEST(a_wrong_key_is_said_and_fails)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, "open", FAST);

	ck_assert_int_eq(import(&s, NULL), 1);
	ck_assert_has(err(s.dir), "acme: failed: ");
	ck_assert_has(err(s.dir), "the helpdesk refused the API key (401)");
	ck_assert_ptr_null(strstr(err(s.dir), "open\n"));
	ck_assert_int_eq(number(&s, JOBS "'failed'"), 1);
	desk_end(&d);
}
END_TEST

START_TEST(an_address_that_is_never_called_is_said_and_fails)
{
	struct shop s = shop_new("http://169.254.169.254/", HELPDESK_KEY, FAST);

	ck_assert_int_eq(import(&s, NULL), 1);
	ck_assert_has(err(s.dir), "acme: failed: 0 tickets: refused_by_rule: its address is "
	                          "link-local");
	ck_assert_int_ne(RUN(s.dir, "client", "add", "beta", "--name", "Beta", "--api-base-url",
	                     "ftp://helpdesk.exemplo.com.br", "--api-key-file", "key"),
	                 0);
	ck_assert_has(err(s.dir), "must be an http or https address");
}
END_TEST

START_TEST(one_clients_trouble_does_not_stop_anothers_import)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, "open", FAST);

	write_text(in_dir(s.dir, "key"), HELPDESK_KEY);
	ck_assert_int_eq(RUN(s.dir, "client", "add", "beta", "--name", "Beta", "--api-base-url",
	                     d.url, "--api-key-file", "key"),
	                 0);
	ck_assert_int_eq(wait_end(spawn(s.dir, (const char *const[]){ "import", NULL }), LONG_MS),
	                 3);
	ck_assert_has(err(s.dir), "acme: failed: ");
	ck_assert_has(out(s.dir), "beta: done: ");
	ck_assert_int_gt(number(&s, TICKETS), 200);
	desk_end(&d);
}
END_TEST

START_TEST(what_cannot_be_read_is_left_and_said)
{
	struct desk d = desk_start("poison");
	struct shop s = shop_new(d.url, HELPDESK_KEY, FAST);

	ck_assert_msg(import(&s, NULL) == 3, "%s", err(s.dir));
	ck_assert_has(err(s.dir), "acme: partly done: ");
	ck_assert_has(err(s.dir), "import-failures");
	ck_assert_int_gt(number(&s, "SELECT count(*) FROM import_failures"), 0);
	ck_assert_int_gt(number(&s, TICKETS), 200);
	ck_assert_int_eq(number(&s, JOBS "'partial'"), 1);
	desk_end(&d);
}
END_TEST

/* Tickets are stored many at a time: what is wrong with one costs no other of its batch. */
START_TEST(a_ticket_that_the_database_refuses_is_left_alone)
{
	struct desk d = desk_start("none");
	struct shop first = shop_new(d.url, HELPDESK_KEY, FAST), s;
	int64_t tickets, messages;
	struct raw *raw;
	struct str *uuid;

	ck_assert_msg(import(&first, NULL) == 0, "%s", err(first.dir));
	tickets = number(&first, TICKETS);
	messages = number(&first, MESSAGES);
	raw = raw_open(first.url);
	ck_assert_uint_ge(raw_column(raw, test_arena(),
	                             "SELECT external_uuid FROM tickets ORDER BY external_uuid",
	                             &uuid),
	                  1);
	raw_close(raw);
	s = shop_new(d.url, HELPDESK_KEY, FAST);
	raw = raw_open(s.url);
	raw_exec(
		raw,
		pg != NULL
			? FMT("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
	                      "RAISE EXCEPTION ''not this one''; END'; CREATE TRIGGER refuse "
	                      "BEFORE INSERT ON tickets FOR EACH ROW WHEN (NEW.external_uuid = "
	                      "'" STR_FMT "') EXECUTE FUNCTION refuse()",
	                      STR_ARG(uuid[0]))
			: FMT("CREATE TRIGGER refuse BEFORE INSERT ON tickets WHEN "
	                      "NEW.external_uuid = '" STR_FMT "' BEGIN SELECT RAISE(ABORT, "
	                      "'not this one'); END",
	                      STR_ARG(uuid[0])));
	ck_assert_msg(import(&s, NULL) == 3, "%s", err(s.dir));
	ck_assert_int_eq(number(&s, TICKETS), tickets - 1);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM import_failures WHERE reason = "
	                            "'not_stored' AND detail LIKE '%not this one%'"),
	                 1);
	raw_exec(raw, pg != NULL ? "DROP TRIGGER refuse ON tickets" : "DROP TRIGGER refuse");
	raw_close(raw);
	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	ck_assert_int_eq(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, MESSAGES), messages);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM import_failures"), 0);
	desk_end(&d);
}
END_TEST

/* `recado import` at a slow pace, once some tickets are there. */
static pid_t
import_to_the_middle(const struct shop *s)
{
	pid_t pid = spawn(s->dir, (const char *const[]){ "import", "acme", NULL });
	int64_t end = now_ms() + LONG_MS;

	while (number(s, TICKETS) < 20) {
		ck_assert_msg(now_ms() < end, "nothing is imported: %s", err(s->dir));
		poll(NULL, 0, 20);
	}
	return pid;
}

START_TEST(killed_in_the_middle_and_called_again_it_is_complete)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, SLOW);
	int64_t tickets, messages;
	struct raw *raw;
	pid_t pid;

	whole(&d, &tickets, &messages);
	pid = import_to_the_middle(&s);
	kill(pid, SIGKILL);
	ck_assert_int_eq(wait_end(pid, PATIENCE_MS), 128 + SIGKILL);
	ck_assert_int_lt(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, JOBS "'running'"), 1);
	raw = raw_open(s.url);
	raw_exec(raw, "UPDATE jobs SET lease_until = created_at"); /* its time passes */
	raw_close(raw);
	set_pace(&s, FAST);
	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	ck_assert_has(err(s.dir), "joined job ");
	ck_assert_int_eq(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, MESSAGES), messages);
	ck_assert_int_eq(number(&s, JOBS "'succeeded'"), 1);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM jobs"), 1);
	desk_end(&d);
}
END_TEST

START_TEST(stopped_by_ctrl_c_and_called_again_it_is_complete)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, SLOW);
	int64_t tickets, messages, began;
	pid_t pid;

	whole(&d, &tickets, &messages);
	pid = import_to_the_middle(&s);
	began = now_ms();
	kill(pid, SIGINT);
	ck_assert_int_eq(wait_end(pid, LONG_MS), 3);
	ck_assert_int_lt(now_ms() - began, 5000);
	ck_assert_has(err(s.dir), "stopping at the next safe point");
	ck_assert_has(err(s.dir), "acme: stopped, the next call goes on from here");
	ck_assert_int_lt(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, JOBS "'cancelled'"), 1);
	set_pace(&s, FAST);
	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	ck_assert_int_eq(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, MESSAGES), messages);
	desk_end(&d);
}
END_TEST

START_TEST(a_server_that_stops_gives_its_import_back_and_a_command_takes_it_up)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, SLOW);
	int64_t tickets, messages, end = now_ms() + LONG_MS, began;
	struct world w;

	whole(&d, &tickets, &messages);
	w = (struct world){ .process = serve_in(s.dir) };
	MUST(&w, 202, "POST", "/api/jobs/import/acme", "op", NULL);
	while (number(&s, TICKETS) < 20) {
		ck_assert_msg(now_ms() < end, "nothing is imported: %s", err(s.dir));
		poll(NULL, 0, 20);
	}
	began = now_ms();
	world_end(&w);
	ck_assert_int_lt(now_ms() - began, 5000);
	ck_assert_int_eq(number(&s, JOBS "'queued' AND lease_owner IS NULL"), 1);
	set_pace(&s, FAST);
	ck_assert_msg(import(&s, NULL) == 0, "%s", err(s.dir));
	ck_assert_int_eq(number(&s, TICKETS), tickets);
	ck_assert_int_eq(number(&s, MESSAGES), messages);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM jobs"), 1);
	desk_end(&d);
}
END_TEST

START_TEST(beside_a_server_that_imports_a_command_names_its_job_and_fails)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, SLOW);
	int64_t end = now_ms() + LONG_MS;
	struct world w = { .process = serve_in(s.dir) };
	struct shop beside = { test_dir(), s.url };
	const cJSON *job = MUST(&w, 202, "POST", "/api/jobs/import/acme", "op", NULL);
	const char *id = z_at(job, "jobId");

	while (number(&s, TICKETS) < 5) {
		ck_assert_msg(now_ms() < end, "nothing is imported: %s", err(s.dir));
		poll(NULL, 0, 20);
	}
	set_pace(&beside, SLOW);
	ck_assert_int_eq(import(&beside, NULL), 1);
	ck_assert_has(err(beside.dir),
	              FMT("acme: another process works on job %s; GET /api/jobs/%s ", id, id));
	ck_assert_int_eq(import(&beside, "--json"), 1);
	job = result_of(&beside);
	ck_assert_int_eq(int_at(job, "exitStatus"), 1);
	ck_assert_str_eq(z_at(job, "jobs.0.id"), id);
	ck_assert_str(text_at(job, "jobs.0.status"), "running");
	ck_assert_int_eq(number(&s, JOBS "'running'"), 1);
	ck_assert_int_eq(number(&s, "SELECT count(*) FROM jobs WHERE cancel_requested"), 0);
	world_end(&w);
	desk_end(&d);
}
END_TEST

START_TEST(an_import_at_a_shell_is_told_by_the_streams_of_a_server)
{
	struct desk d = desk_start("none");
	struct shop s = shop_new(d.url, HELPDESK_KEY, FAST), beside = { test_dir(), s.url };
	struct world w = { .process = serve_in(s.dir) };
	struct sse stream = sse_open(&w, "?clientSlug=acme", "op", "");
	int64_t jobs = 0, conversations = 0, before = sse_next(&stream);
	const char *job = NULL;

	set_pace(&beside, FAST);
	ck_assert_msg(import(&beside, NULL) == 0, "%s", err(beside.dir));
	do {
		ck_assert_int_eq(sse_next(&stream), ++before);
		conversations += strcmp(stream.event, "conversation.changed") == 0;
		if (strcmp(stream.event, "job.changed") != 0)
			continue;
		jobs++;
		ck_assert(job == NULL || strcmp(job, z_at(stream.data, "subjectId")) == 0);
		job = z_at(stream.data, "subjectId");
	} while (strcmp(stream.event, "import.changed") != 0);
	ck_assert_int_ge(jobs, 3); /* asked for, taken, ended */
	ck_assert_int_gt(conversations, 0);
	ck_assert_int_le(conversations, number(&s, TICKETS));
	ck_assert_str(
		text_at(MUST(&w, 200, "GET", FMT("/api/jobs/%s", job), "op", NULL), "job.status"),
		"succeeded");
	sse_close(&stream);
	world_end(&w);
	desk_end(&d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import", a_helpdesk_is_imported_and_again_without_writing_a_row,
	                  what_was_imported_is_shown_as_the_api_describes_it,
	                  a_wrong_key_is_said_and_fails,
	                  an_address_that_is_never_called_is_said_and_fails,
	                  one_clients_trouble_does_not_stop_anothers_import,
	                  what_cannot_be_read_is_left_and_said,
	                  a_ticket_that_the_database_refuses_is_left_alone,
	                  killed_in_the_middle_and_called_again_it_is_complete,
	                  stopped_by_ctrl_c_and_called_again_it_is_complete,
	                  a_server_that_stops_gives_its_import_back_and_a_command_takes_it_up,
	                  beside_a_server_that_imports_a_command_names_its_job_and_fails,
	                  an_import_at_a_shell_is_told_by_the_streams_of_a_server);
}

API_MAIN(make_suite)
