/*
 * What a helpdesk says that cannot be read, by the table tests/data/helpdesk-bad.json: what can be
 * is imported, and the rest ends in an error that names the client, the ticket and the member.
 * ENGINE says on which engine.
 */
#include <stdio.h>

#include "import_desk.h"

#define COUNTS                                                                                     \
	"SELECT (SELECT count(*) FROM tickets) || ' ' || (SELECT count(*) FROM messages) || ' ' "  \
	"|| (SELECT count(*) FROM helpdesk_contacts)"
#define KEPT                                                                                       \
	"SELECT external_uuid || ' ' || reason || ' ' || COALESCE(detail, '') FROM "               \
	"import_failures ORDER BY 1"

/* A list of the table, as JSON: it stands there as such, or as text. */
static const char *
text_of(const cJSON *v)
{
	struct arena *a = test_arena();

	return str_z(a, str_is_set(json_str(v)) ? json_str(v) : json_canonical(a, v));
}

static void
set_reply(struct http_fake_reply *r, const cJSON *v)
{
	struct str failure = json_str(json_get(v, "failure"));
	int64_t status = 200;

	if (v == NULL)
		return;
	(void)json_i64(json_get(v, "status"), &status);
	r->status = (int)status;
	r->body = json_str(json_get(v, "body"));
	for (int f = HTTP_REFUSED; str_is_set(failure) && f <= HTTP_OTHER; f++)
		if (str_eq(failure, str_from(http_failure_name((enum http_failure)f))))
			r->failure = (enum http_failure)f;
	ck_assert(!str_is_set(failure) || r->failure != HTTP_OK);
}

static void
tell(struct desk *d, const cJSON *c)
{
	struct desk_ticket *t = desk_add(d, "t", NULL, -60);

	d->tickets_body = json_get(c, "tickets") != NULL ? text_of(json_get(c, "tickets")) : NULL;
	d->contacts_body = json_get(c, "contacts") != NULL ? text_of(json_get(c, "contacts"))
	                                                   : NULL;
	if (json_get(c, "messages") != NULL)
		t->messages = text_of(json_get(c, "messages"));
	set_reply(&t->reply, json_get(c, "ofMessages"));
	set_reply(&d->reply, json_get(c, "list"));
	if (str_is_set(json_str(json_get(c, "baseUrl"))))
		raw_exec(d->scene.raw,
		         str_z(test_arena(),
		               str_fmt(test_arena(), "UPDATE clients SET api_base_url = '%s'",
		                       text_of(json_get(c, "baseUrl")))));
}

static int64_t
count_of(const cJSON *c, const char *what)
{
	int64_t n = 0;

	(void)json_i64(json_get(json_get(c, "stored"), what), &n);
	return n;
}

static void
check(struct desk *d, const cJSON *c)
{
	struct arena *a = test_arena();
	const char *name = text_of(json_get(c, "name"));
	struct str want = json_str(json_get(c, "error")), status, error;
	struct buf kept;

	desk_reset(d);
	tell(d, c);
	status = desk_run(d,
	                  desk_ask(d,
	                           json_get(c, "contacts") != NULL ? JOB_SYNC_CONTACTS : JOB_IMPORT,
	                           false),
	                  &error);
	ck_assert_msg(str_eq(status, json_str(json_get(c, "status"))), "%s: " STR_FMT ": " STR_FMT,
	              name, STR_ARG(status), STR_ARG(error));
	ck_assert_msg(str_eq(error, str_is_set(want) ? want : STR("")), "%s: " STR_FMT, name,
	              STR_ARG(error));
	buf_init(&kept, a, 65536);
	for (const cJSON *v = json_first(json_get(c, "failures")); v != NULL; v = v->next)
		buf_fmt(&kept, "%s;", text_of(v));
	ck_assert_msg(str_eq(desk_lines(d, KEPT), buf_slice(&kept)), "%s: " STR_FMT, name,
	              STR_ARG(desk_lines(d, KEPT)));
	ck_assert_msg(str_eq(desk_text(d, COUNTS),
	                     str_fmt(a, "%lld %lld %lld", (long long)count_of(c, "tickets"),
	                             (long long)count_of(c, "messages"),
	                             (long long)count_of(c, "contacts"))),
	              "%s: " STR_FMT, name, STR_ARG(desk_text(d, COUNTS)));
}

START_TEST(what_cannot_be_read_ends_as_the_table_says_and_the_rest_is_imported)
{
	struct desk *d = desk_open();
	size_t n = 0;

	for (const cJSON *c = json_first(test_data_json("helpdesk-bad.json")); c != NULL;
	     c = c->next) {
		if (json_get(c, "name") == NULL)
			continue;
		check(d, c);
		n++;
	}
	ck_assert_uint_gt(n, 40);
	desk_close(d);
}
END_TEST

START_TEST(a_body_of_a_mebibyte_is_imported_up_to_its_bound)
{
	struct desk *d = desk_open();
	struct arena *a = test_arena();
	const size_t n = (size_t)1 << 20;
	char *body = arena_alloc(a, n + 1);
	struct desk_ticket *t = desk_add(d, "t", NULL, -1);

	memset(body, 'a', n);
	t->messages = str_z(a, str_fmt(a, "[{\"id\":1,\"createdAt\":\"%s\",\"body\":\"%s\"}]",
	                               desk_time(-2), body));
	t->pad = n; /* and a ticket of that size */
	desk_import(d, false, "succeeded");
	ck_assert_int_eq(desk_number(d, "SELECT length(body) FROM messages"), HD_MAX_BODY);
	ck_assert_int_ge(desk_number(d, "SELECT length(CAST(raw AS text)) FROM helpdesk_tickets"),
	                 (int64_t)n);
	desk_import(d, true, "succeeded");
	ck_assert_int_eq(desk_number(d, "SELECT count(*) FROM messages WHERE edits IS NOT NULL"),
	                 0);
	desk_close(d);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("import bad",
	                  what_cannot_be_read_ends_as_the_table_says_and_the_rest_is_imported,
	                  a_body_of_a_mebibyte_is_imported_up_to_its_bound);
}

int
main(void)
{
	return desk_main(make_suite);
}
