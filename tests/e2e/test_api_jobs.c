/* Jobs, the state of an import, and the helpdesk as a connection. */
#include <sched.h>

#include "api_fixture.h"
#include "raw.h"

/* A helpdesk that takes connections and never answers, so that a job stays under way. */
static const char *
silent_helpdesk(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	ck_assert(listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	return FMT("http://127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
}

static void
give_helpdesk(const struct world *w, const char *slug)
{
	MUST(w, 200, "PATCH", FMT("/api/clients/%s", slug), "op",
	     FMT("{\"apiBaseUrl\":\"%s\",\"apiKey\":\"k\"}", silent_helpdesk()));
}

static const char *
job_path(const char *id)
{
	return FMT("/api/jobs/%s", id);
}

/* Until the job's status is that one. */
static const cJSON *
await_status(const struct world *w, const char *id, const char *status)
{
	int64_t end = now_ms() + PATIENCE_MS;
	const cJSON *d;

	do {
		d = MUST(w, 200, "GET", job_path(id), "op", NULL);
		if (str_eq(text_at(d, "job.status"), str_from(status)))
			return d;
		poll(NULL, 0, 20);
	} while (now_ms() < end);
	ck_abort_msg("the job does not become %s: %s", status, z_at(d, "job.status"));
}

static bool
is_under_way(const cJSON *d)
{
	struct str status = text_at(d, "job.status");

	return str_eq(status, STR("queued")) || str_eq(status, STR("running"));
}

START_TEST(an_import_is_started_once_shown_and_cancelled)
{
	struct world *w = world_new();
	struct reply r;
	const char *id;
	const cJSON *d;

	give_helpdesk(w, "acme");
	r = call(w, "POST", "/api/jobs/import/acme", w->acme_admin, "{\"full\":true}");
	ck_assert_int_eq(r.status, 202);
	ck_assert_uint_eq(json_count(r.doc), 3);
	ck_assert_str(text_at(r.doc, "message"), "Import job started");
	ck_assert_str(text_at(r.doc, "slug"), "acme");
	id = z_at(r.doc, "jobId");
	ck_assert_str_eq(header_of(&r, "Location"), job_path(id));
	d = MUST(w, 202, "POST", "/api/jobs/import/acme", "op", NULL);
	ck_assert_slice(text_at(d, "jobId"), str_from(id));
	d = MUST(w, 200, "GET", job_path(id), w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "job")), 13);
	ck_assert_str(text_at(d, "job.kind"), "import");
	ck_assert_str(text_at(d, "job.clientSlug"), "acme");
	ck_assert_str(text_at(d, "job.progress.unit"), "tickets");
	ck_assert(is_under_way(d) && null_at(d, "job.error") && null_at(d, "job.finishedAt"));
	ck_assert(null_at(d, "job.percent") && null_at(d, "job.progress.total"));
	r = call(w, "POST", FMT("%s/cancel", job_path(id)), w->acme_admin, NULL);
	ck_assert_int_eq(r.status, 202);
	ck_assert_slice(text_at(r.doc, "job.id"), str_from(id));
	d = await_status(w, id, "cancelled");
	ck_assert(str_is_set(text_at(d, "job.finishedAt")));
	MUST(w, 409, "POST", FMT("%s/cancel", job_path(id)), w->acme_admin, NULL);
	d = MUST(w, 202, "POST", "/api/jobs/import/acme", "op", NULL);
	ck_assert(!str_eq(text_at(d, "jobId"), str_from(id)));
	world_end(w);
}
END_TEST

START_TEST(without_a_slug_every_client_that_can_has_a_job)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *id;

	d = MUST(w, 202, "POST", "/api/jobs/import", "op", NULL);
	ck_assert_str(text_at(d, "slug"), "all");
	ck_assert(null_at(d, "jobId") && json_count(at(d, "jobIds")) == 0);
	give_helpdesk(w, "acme");
	d = MUST(w, 202, "POST", "/api/jobs/import", "op", "{\"episodes\":true}");
	ck_assert_str(text_at(d, "message"), "Import job started");
	id = z_at(d, "jobId");
	ck_assert_uint_eq(json_count(at(d, "jobIds")), 1);
	ck_assert_slice(text_at(d, "jobIds.0"), str_from(id));
	/* who is bound to one client starts nothing of another's */
	d = MUST(w, 202, "POST", "/api/jobs/import", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "jobIds")), 0);
	give_helpdesk(w, "beta");
	d = MUST(w, 202, "POST", "/api/jobs/import", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "jobIds")), 2);
	ck_assert_slice(text_at(d, "jobIds.0"), str_from(id));
	d = MUST(w, 202, "POST", "/api/jobs/import", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "jobIds")), 1);
	world_end(w);
}
END_TEST

START_TEST(contacts_are_synced_by_a_job_of_their_own)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *id;

	give_helpdesk(w, "acme");
	d = MUST(w, 202, "POST", "/api/jobs/sync-contacts/acme", w->acme_admin, NULL);
	ck_assert_str(text_at(d, "message"), "Contact sync job started");
	id = z_at(d, "jobId");
	d = MUST(w, 202, "POST", "/api/jobs/sync-contacts", "op", NULL);
	ck_assert_slice(text_at(d, "jobId"), str_from(id));
	d = MUST(w, 202, "POST", "/api/jobs/import/acme", "op", NULL);
	ck_assert(!str_eq(text_at(d, "jobId"), str_from(id)));
	d = MUST(w, 200, "GET", job_path(id), w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "job.kind"), "sync_contacts");
	ck_assert_str(text_at(d, "job.progress.unit"), "contacts");
	MUST(w, 400, "POST", "/api/jobs/sync-contacts/acme", "op", "{\"full\":true}");
	world_end(w);
}
END_TEST

START_TEST(a_job_that_cannot_be_is_refused_with_the_reason)
{
	struct world *w = world_new();
	struct reply r;

	MUST(w, 404, "POST", "/api/jobs/import/nobody", "op", NULL);
	MUST(w, 404, "POST", "/api/jobs/sync-contacts/nobody", "op", NULL);
	r = call(w, "POST", "/api/jobs/import/acme", "op", NULL);
	ck_assert_int_eq(r.status, 409);
	ck_assert_ptr_nonnull(strstr(z_at(r.doc, "detail"), "apiBaseUrl and apiKey"));
	ck_assert_str(text_at(r.doc, "code"), "no_helpdesk");
	give_helpdesk(w, "acme");
	MUST(w, 403, "POST", "/api/jobs/import/acme", w->acme_agent, NULL);
	MUST(w, 403, "POST", "/api/jobs/import", w->acme_viewer, NULL);
	MUST(w, 404, "POST", "/api/jobs/import/acme", w->beta_admin, NULL);
	MUST(w, 400, "POST", "/api/jobs/import/acme", "op", "{\"full\":\"yes\"}");
	MUST(w, 400, "POST", "/api/jobs/import/acme", "op", "{\"half\":true}");
	MUST(w, 400, "GET", "/api/jobs?kind=party", "op", NULL);
	MUST(w, 401, "GET", "/api/jobs", NULL, NULL);
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"isActive\":false}");
	r = call(w, "POST", "/api/jobs/import/acme", "op", NULL);
	ck_assert_int_eq(r.status, 409);
	ck_assert_ptr_nonnull(strstr(z_at(r.doc, "detail"), "not active"));
	ck_assert_str(text_at(r.doc, "code"), "inactive");
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", "/api/jobs", "op", NULL), "data")), 0);
	world_end(w);
}
END_TEST

/* Jobs of one millisecond have no order among them. */
static const char *
started_later(struct world *w, const char *path)
{
	int64_t now = now_ms();

	while (now_ms() == now)
		sched_yield();
	return z_at(MUST(w, 202, "POST", path, "op", NULL), "jobId");
}

START_TEST(a_client_sees_its_own_jobs_by_filter_and_page)
{
	struct world *w = world_new();
	const char *acme, *contacts, *beta;
	const cJSON *d;

	give_helpdesk(w, "acme");
	give_helpdesk(w, "beta");
	acme = started_later(w, "/api/jobs/import/acme");
	contacts = started_later(w, "/api/jobs/sync-contacts/acme");
	beta = started_later(w, "/api/jobs/import/beta");
	d = MUST(w, 200, "GET", "/api/jobs", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 3);
	ck_assert_slice(text_at(d, "data.0.id"), str_from(beta));
	d = MUST(w, 200, "GET", "/api/jobs?limit=1", w->acme_viewer, NULL);
	ck_assert_slice(text_at(d, "data.0.id"), str_from(contacts));
	d = MUST(w, 200, "GET", FMT("/api/jobs?limit=1&cursor=%s", z_at(d, "nextCursor")),
	         w->acme_viewer, NULL);
	ck_assert_slice(text_at(d, "data.0.id"), str_from(acme));
	ck_assert(null_at(d, "nextCursor"));
	d = MUST(w, 200, "GET", "/api/jobs?kind=import&clientSlug=acme", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert_slice(text_at(d, "data.0.id"), str_from(acme));
	d = MUST(w, 200, "GET", "/api/jobs?clientSlug=acme", w->beta_admin, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	d = MUST(w, 200, "GET", "/api/jobs?status=succeeded", "op", NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	MUST(w, 404, "GET", job_path(acme), w->beta_admin, NULL);
	MUST(w, 404, "POST", FMT("%s/cancel", job_path(acme)), w->beta_admin, NULL);
	MUST(w, 403, "POST", FMT("%s/cancel", job_path(acme)), w->acme_agent, NULL);
	MUST(w, 404, "GET", job_path("nonsense"), "op", NULL);
	world_end(w);
}
END_TEST

START_TEST(the_job_of_a_replay_can_be_read)
{
	struct world *w = world_new();
	const cJSON *d;
	const char *mine, *all;

	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	d = MUST(w, 202, "POST", "/api/clients/acme/webhook-events/replay", w->acme_admin, "{}");
	mine = z_at(d, "job.id");
	d = MUST(w, 200, "GET", job_path(mine), w->acme_viewer, NULL);
	ck_assert_str(text_at(d, "job.kind"), "replay");
	ck_assert_str(text_at(d, "job.status"), "succeeded");
	ck_assert_int_eq(int_at(d, "job.percent"), 100);
	ck_assert_int_eq(int_at(d, "job.progress.done"), 1);
	ck_assert_str(text_at(d, "job.progress.unit"), "entries");
	MUST(w, 404, "GET", job_path(mine), w->beta_admin, NULL);
	MUST(w, 409, "POST", FMT("%s/cancel", job_path(mine)), "op", NULL);
	d = MUST(w, 202, "POST", "/api/webhook-events/replay", "op", "{}");
	all = z_at(d, "job.id");
	d = MUST(w, 200, "GET", job_path(all), "op", NULL);
	ck_assert(null_at(d, "job.clientSlug"));
	MUST(w, 404, "GET", job_path(all), w->acme_admin, NULL);
	world_end(w);
}
END_TEST

/* The client's helpdesk connection in its list; NULL without one. */
static const cJSON *
helpdesk_of(const struct world *w, const char *slug)
{
	const cJSON *d = MUST(w, 200, "GET", FMT("/api/clients/%s/connections", slug), "op", NULL);

	for (const cJSON *x = json_first(at(d, "data")); x != NULL; x = x->next)
		if (str_eq(text_at(x, "kind"), STR("helpdesk")))
			return x;
	return NULL;
}

START_TEST(a_helpdesk_is_a_connection_that_follows_the_client)
{
	struct world *w = world_new();
	const cJSON *x;
	const char *id, *path;

	ck_assert_ptr_null(helpdesk_of(w, "acme"));
	MUST(w, 200, "PATCH", "/api/clients/acme", "op",
	     "{\"apiBaseUrl\":\"https://one.example\"}");
	ck_assert_ptr_null(helpdesk_of(w, "acme"));
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"apiKey\":\"k\"}");
	x = helpdesk_of(w, "acme");
	ck_assert_ptr_nonnull(x);
	id = z_at(x, "id");
	ck_assert_uint_eq(json_count(x), 23);
	ck_assert_str(text_at(x, "status"), "connected");
	ck_assert(null_at(x, "mode") && null_at(x, "phoneNumberId") && null_at(x, "wabaId"));
	ck_assert(null_at(x, "historySyncStatus") && null_at(x, "historyCounters"));
	ck_assert(null_at(x, "hasAccessToken") && null_at(x, "historySyncRequested"));
	MUST(w, 200, "PATCH", "/api/clients/acme", "op",
	     "{\"apiBaseUrl\":\"https://two.example\",\"isActive\":false}");
	x = helpdesk_of(w, "acme");
	ck_assert_slice(text_at(x, "id"), str_from(id));
	ck_assert_str(text_at(x, "status"), "disconnected");
	ck_assert_str(text_at(x, "statusReason"), "inactive");
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"apiKey\":null,\"isActive\":true}");
	ck_assert_str(text_at(helpdesk_of(w, "acme"), "statusReason"), "not_configured");
	MUST(w, 200, "PATCH", "/api/clients/acme", "op", "{\"apiKey\":\"k2\"}");
	x = helpdesk_of(w, "acme");
	ck_assert_slice(text_at(x, "id"), str_from(id));
	ck_assert_str(text_at(x, "status"), "connected");
	ck_assert(null_at(x, "statusReason"));
	path = FMT("/api/connections/%s", id);
	ck_assert_str(text_at(MUST(w, 200, "GET", path, w->acme_viewer, NULL), "connection.kind"),
	              "helpdesk");
	MUST(w, 200, "GET", FMT("%s/history-sync", path), w->acme_viewer, NULL);
	MUST(w, 409, "PATCH", path, w->acme_admin, "{\"verifiedName\":\"x\"}");
	MUST(w, 409, "DELETE", path, w->acme_admin, NULL);
	MUST(w, 409, "POST", FMT("%s/webhook-secret", path), w->acme_admin, NULL);
	MUST(w, 409, "POST", FMT("%s/release", path), "op", NULL);
	world_end(w);
}
END_TEST

START_TEST(a_client_that_is_made_with_a_helpdesk_has_the_connection_at_once)
{
	static const char body[] = "{\"slug\":\"%s\",\"name\":\"N\",\"apiBaseUrl\":"
				   "\"https://desk.example\",\"apiKey\":\"k\"}";
	struct world *w = world_new();

	MUST(w, 201, "POST", "/api/clients", "op", FMT(body, "one"));
	MUST(w, 201, "POST", "/api/clients/ensure", "op", FMT(body, "two"));
	MUST(w, 200, "POST", "/api/clients/ensure", "op", FMT(body, "two"));
	ck_assert_ptr_nonnull(helpdesk_of(w, "one"));
	ck_assert_ptr_nonnull(helpdesk_of(w, "two"));
	/* what comes by WhatsApp is applied beside it */
	MUST(w, 200, "PATCH", "/api/clients/acme", "op",
	     "{\"apiBaseUrl\":\"https://desk.example\",\"apiKey\":\"k\"}");
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "EE01", "oi"))));
	settle(w);
	ck_assert_uint_eq(json_count(at(MUST(w, 200, "GET", "/api/clients/acme/conversations",
	                                     w->acme_viewer, NULL),
	                                "data")),
	                  1);
	world_end(w);
}
END_TEST

/* The database behind the program's back. */
static struct raw *
database_of(const struct world *w)
{
	struct str env = str_from(read_text(in_dir(w->process.dir, ".env"))), url;

	ck_assert(str_split(&env, '\n', &url));
	if (pg != NULL)
		return raw_open(str_z(test_arena(), str_sub(url, strlen("DATABASE_URL="), url.n)));
	return raw_open(FMT("sqlite:%s", in_dir(w->process.dir, "recado.db")));
}

static void
fail_ticket(struct raw *raw, const char *slug, int n)
{
	raw_exec(raw,
	         FMT("INSERT INTO import_failures (client_id, id, external_uuid, reason, detail, "
	             "attempts, raw, first_at, last_at) SELECT id, "
	             "%s0190000000007000800000000000000%d'"
	             ", 't-%d', 'gone', 'answered 404', %d, '{}', updated_at, updated_at FROM "
	             "clients "
	             "WHERE slug = '%s'",
	             pg != NULL ? "'" : "x'", n, n, n, slug));
}

START_TEST(the_state_of_an_import_tells_its_run_and_what_failed)
{
	struct world *w = world_new();
	struct raw *raw = database_of(w);
	const char *path = "/api/clients/acme/import-failures", *failure;
	struct reply r;
	const cJSON *d;

	d = MUST(w, 200, "GET", "/api/clients/acme/import-state", w->acme_viewer, NULL);
	ck_assert(null_at(d, "lastImportAt") && null_at(d, "lastRun") && null_at(d, "cursor"));
	ck_assert(null_at(d, "lastFullAt") && int_at(d, "failures") == 0);
	give_helpdesk(w, "acme");
	for (int i = 1; i <= 3; i++)
		fail_ticket(raw, "acme", i);
	fail_ticket(raw, "beta", 4);
	raw_close(raw);
	d = MUST(w, 200, "GET", FMT("%s?limit=2", path), w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 2);
	ck_assert_uint_eq(json_count(at(d, "data.0")), 7);
	ck_assert_str(text_at(d, "data.1.externalUuid"), "t-2");
	ck_assert_str(text_at(d, "data.1.reason"), "gone");
	ck_assert_int_eq(int_at(d, "data.1.attempts"), 2);
	failure = z_at(d, "data.0.id");
	d = MUST(w, 200, "GET", FMT("%s?limit=2&cursor=%s", path, z_at(d, "nextCursor")),
	         w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	MUST(w, 404, "POST", FMT("/api/clients/beta/import-failures/%s/retry", failure), "op",
	     NULL);
	MUST(w, 403, "POST", FMT("%s/%s/retry", path, failure), w->acme_agent, NULL);
	r = call(w, "POST", FMT("%s/%s/retry", path, failure), w->acme_admin, NULL);
	ck_assert_int_eq(r.status, 202);
	ck_assert_str(text_at(r.doc, "job.kind"), "import");
	ck_assert_str_eq(header_of(&r, "Location"), job_path(z_at(r.doc, "job.id")));
	d = MUST(w, 202, "POST", FMT("%s/%s/retry", path, failure), w->acme_admin, NULL);
	ck_assert_slice(text_at(d, "job.id"), text_at(r.doc, "job.id"));
	raw = database_of(w);
	ck_assert_int_eq(raw_number(raw,
	                            "SELECT count(*) FROM jobs WHERE CAST(params AS text) LIKE "
	                            "'%\"retries\"%1%'"),
	                 1);
	raw_close(raw);
	d = MUST(w, 200, "GET", "/api/clients/acme/import-state", w->acme_viewer, NULL);
	ck_assert_int_eq(int_at(d, "failures"), 3);
	ck_assert_slice(text_at(d, "lastRun.id"), text_at(r.doc, "job.id"));
	ck_assert(null_at(d, "lastImportAt"));
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api jobs", an_import_is_started_once_shown_and_cancelled,
	                  without_a_slug_every_client_that_can_has_a_job,
	                  contacts_are_synced_by_a_job_of_their_own,
	                  a_job_that_cannot_be_is_refused_with_the_reason,
	                  a_client_sees_its_own_jobs_by_filter_and_page,
	                  the_job_of_a_replay_can_be_read,
	                  a_helpdesk_is_a_connection_that_follows_the_client,
	                  a_client_that_is_made_with_a_helpdesk_has_the_connection_at_once,
	                  the_state_of_an_import_tells_its_run_and_what_failed);
}

API_MAIN(make_suite)
