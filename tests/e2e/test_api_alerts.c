/*
 * Alerts from Meta's word to the page and to a receiver on a real socket: who is shown what, and
 * what the receiver can check.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "api_fixture.h"
#include "base/digest.h"
#include "raw.h"

/* HMAC of "recado alert webhook" with world_empty's SECRET_KEY, as the documentation has it. */
#define KEY "302732b503c6ca3dabb5ed6709b8c3972eeeb5ddc6fecf209efa774753621dee"

static int
listen_somewhere(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 8) == 0);
	ck_assert(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The next request, whole; it is answered with this status. */
static const char *
take_request(int listener, int status)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	char *text = arena_alloc(test_arena(), 65536);
	const char *end = NULL, *length = NULL;
	size_t n = 0;
	int fd;

	ck_assert_msg(poll(&p, 1, PATIENCE_MS) == 1, "nobody was told");
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	while (end == NULL || length == NULL ||
	       n < (size_t)(end + 4 - text) + strtoul(length, NULL, 10)) {
		ssize_t got = read(fd, text + n, 65535 - n);

		ck_assert_int_gt(got, 0);
		n += (size_t)got;
		text[n] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\ncontent-length:");
		length = length == NULL ? NULL : length + strlen("\r\ncontent-length:");
	}
	dprintf(fd, "HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
	close(fd);
	return text;
}

static const cJSON *
body_of(const char *request)
{
	struct str body = str_from(strstr(request, "\r\n\r\n") + 4);
	struct hmac_key *key = hmac_key_new(STR(KEY));
	unsigned char digest[SHA256_LEN];

	hmac_sha256(key, body, digest);
	hmac_key_free(key);
	ck_assert_ptr_nonnull(
		strstr(request, FMT("\r\nX-Recado-Signature-256: sha256=" STR_FMT "\r\n",
	                            STR_ARG(hex_encode(test_arena(), digest, sizeof digest)))));
	ck_assert_ptr_nonnull(strstr(request, "POST /hooks/recado?to=me HTTP/1.1\r\n"));
	return test_json(body);
}

static void
account(struct world *w, const char *event)
{
	w->now_s = clock_now(&clock_real) / 1000 > w->now_s ? clock_now(&clock_real) / 1000
	                                                    : w->now_s + 1;
	hook(w, envelope(FMT("{\"id\":\"" WABA
	                     "\",\"time\":%lld,\"changes\":[{\"field\":\"account_update\","
	                     "\"value\":{\"event\":\"%s\"}}]}",
	                     (long long)w->now_s, event)));
}

static struct world *
world_that_tells(uint16_t port)
{
	struct world *w = world_empty(
		FMT("ALERT_WEBHOOK_URL=http://127.0.0.1:%d/hooks/recado?to=me\n", port));

	MUST(w, 201, "POST", "/api/clients", "op", "{\"slug\":\"acme\",\"name\":\"Acme\"}");
	MUST(w, 201, "POST", "/api/clients", "op", "{\"slug\":\"beta\",\"name\":\"Beta\"}");
	w->acme_viewer = new_token(w, "viewer", "acme");
	w->beta_admin = new_token(w, "admin", "beta");
	w->connection = register_number(w, "acme", "op", NUMBER, WABA);
	return w;
}

static size_t
count(const struct world *w, const char *path, const char *token)
{
	return json_count(at(MUST(w, 200, "GET", path, token, NULL), "alerts"));
}

START_TEST(an_alert_is_told_shown_and_over)
{
	uint16_t port;
	int listener = listen_somewhere(&port);
	struct world *w = world_that_tells(port);
	const cJSON *d;
	const char *id, *metrics;

	account(w, "PARTNER_REMOVED");
	id = z_at(body_of(take_request(listener, 503)), "id");
	d = body_of(take_request(listener, 200)); /* the same again */
	ck_assert_str_eq(z_at(d, "id"), id);
	ck_assert_str(text_at(d, "kind"), "disconnected");
	ck_assert_str(text_at(d, "state"), "raised");
	ck_assert_str(text_at(d, "clientSlug"), "acme");
	ck_assert_str_eq(z_at(d, "connectionId"), w->connection);
	ck_assert_str(text_at(d, "detail.status"), "disconnected");
	d = MUST(w, 200, "GET", "/api/alerts", w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "alerts")), 1);
	ck_assert_str(text_at(d, "alerts.0.kind"), "disconnected");
	ck_assert_str_eq(z_at(d, "alerts.0.connectionId"), w->connection);
	metrics = call(w, "GET", "/metrics", "op", NULL).body.p;
	ck_assert_ptr_nonnull(strstr(metrics, "recado_alerts{kind=\"disconnected\"} 1"));
	ck_assert_ptr_nonnull(
		strstr(metrics, "recado_alert_deliveries_total{result=\"failed\"} 1"));
	account(w, "ACCOUNT_RECONNECTED");
	d = body_of(take_request(listener, 204));
	ck_assert_str(text_at(d, "state"), "cleared");
	ck_assert_uint_eq(count(w, "/api/alerts", "op"), 0);
	d = MUST(w, 200, "GET", "/api/clients/acme/audit-log", "op", NULL);
	ck_assert_str(text_at(d, "data.0.action"), "alert.cleared");
	ck_assert_str(text_at(d, "data.0.detail.kind"), "disconnected");
	world_end(w);
	close(listener);
}
END_TEST

START_TEST(an_alert_is_shown_to_whom_it_concerns)
{
	struct world *w = world_new();
	const char *env = read_text(in_dir(w->process.dir, ".env"));
	struct str url = str_from(env + strlen("DATABASE_URL="));
	const char *far = pg != NULL ? "TIMESTAMPTZ '2999-01-01'" : "32472144000000";
	struct raw *db;
	const cJSON *d;

	url.n = str_find(url, '\n');
	db = raw_open(pg != NULL ? str_z(test_arena(), url)
	                         : FMT("sqlite:%s/recado.db", w->process.dir));
	/* of a process that is not there, so that nobody clears it */
	raw_exec(db, FMT("INSERT INTO alerts (kind, about, client_id, firing, since, changes, "
	                 "detail, owner, "
	                 "held_until) SELECT 'import_failing', id, id, true, created_at, 1, "
	                 "'{\"failedRuns\":3}', id, %s FROM clients",
	                 far));
	raw_exec(db, FMT("INSERT INTO alerts (kind, about, client_id, firing, since, changes, "
	                 "detail, owner, "
	                 "held_until) SELECT 'journal_stuck', id, NULL, true, created_at, 1, "
	                 "'{\"blocked\":true}', id, %s FROM clients WHERE slug = 'acme'",
	                 far));
	raw_close(db);
	ck_assert_uint_eq(count(w, "/api/alerts", "op"), 3);
	ck_assert_uint_eq(count(w, "/api/alerts?clientSlug=beta", "op"), 2);
	ck_assert_uint_eq(count(w, "/api/alerts", w->acme_viewer), 1);
	ck_assert_uint_eq(count(w, "/api/alerts?clientSlug=acme", w->acme_agent), 1);
	d = MUST(w, 200, "GET", "/api/alerts", w->beta_admin, NULL);
	ck_assert_str(text_at(d, "alerts.0.clientSlug"), "beta");
	MUST(w, 404, "GET", "/api/alerts?clientSlug=acme", w->beta_admin, NULL);
	MUST(w, 404, "GET", "/api/alerts?clientSlug=nobody", "op", NULL);
	MUST(w, 401, "GET", "/api/alerts", NULL, NULL);
	d = MUST(w, 200, "GET", "/api/health/details", "op", NULL);
	ck_assert_str(text_at(d, "findings.0.code"), "journal_stuck");
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api: alerts", an_alert_is_told_shown_and_over,
	                  an_alert_is_shown_to_whom_it_concerns);
}

API_MAIN(make_suite)
