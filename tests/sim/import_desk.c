/* See import_desk.h. What always holds: nothing happens but what the test wrote. */
#include "import_desk.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE      "https://helpdesk.exemplo.com.br/api"
#define MAX_STEPS 200000
#define MAX_DESK  (64u << 20) /* bytes of an answer */

static struct pg_server *postgres; /* NULL: SQLite */

const char *
desk_time(int64_t minutes)
{
	char text[TIME_TEXT_LEN + 1];

	time_format(IMPORT_AT + minutes * TIME_MINUTE, text);
	return str_z(test_arena(), str_from(text));
}

static bool
says_something(const struct http_fake_reply *r)
{
	return r->status != 0 || r->failure != HTTP_OK;
}

static void
write_ticket(const struct desk_ticket *t, struct buf *b)
{
	if (t->pad == 0) {
		buf_z(b, t->json);
		return;
	}
	buf_str(b, str_n(t->json, strlen(t->json) - 1));
	buf_z(b, ",\"pad\":\"");
	for (size_t i = 0; i < t->pad; i++)
		buf_char(b, 'x');
	buf_z(b, "\"}");
}

static void
write_tickets(struct desk *d, struct buf *b, size_t page)
{
	size_t at = 0, from = (page - 1) * d->page_size, to = page * d->page_size;

	buf_z(b, "{\"data\":[");
	for (size_t i = 0; i < d->n; i++) {
		if (d->tickets[i].hidden)
			continue;
		if (at > from && at < to)
			buf_char(b, ',');
		if (at >= from && at < to)
			write_ticket(&d->tickets[i], b);
		at++;
	}
	buf_fmt(b, "],\"hasMore\":%s}", at > to ? "true" : "false");
}

static void
write_contacts(struct desk *d, struct buf *b, size_t page)
{
	size_t from = (page - 1) * d->page_size, to = page * d->page_size;

	buf_z(b, "{\"data\":[");
	for (size_t i = from; i < d->ncontacts && i < to; i++)
		buf_fmt(b, "%s%s", i > from ? "," : "", d->contacts[i]);
	buf_fmt(b, "],\"hasMore\":%s}", d->ncontacts > to ? "true" : "false");
}

static void
write_list(struct desk *d, struct buf *b, bool tickets, size_t page)
{
	const char *body = tickets ? d->tickets_body : d->contacts_body;

	if (body != NULL)
		buf_z(b, page == 1 ? body : "[]");
	else if (tickets)
		write_tickets(d, b, page);
	else
		write_contacts(d, b, page);
}

static void
answer_messages(struct desk *d, struct str uuid, size_t page, struct buf *b,
                struct http_fake_reply *out)
{
	for (size_t i = 0; i < d->n; i++) {
		struct desk_ticket *t = &d->tickets[i];

		if (!str_eq(str_from(t->uuid), uuid))
			continue;
		t->asked++;
		*out = t->reply;
		if (!says_something(&t->reply))
			buf_z(b, t->messages != NULL && page == 1 ? t->messages : "[]");
		return;
	}
	out->status = 404;
}

static void
answer(void *ctx, const struct http_call *call, int64_t now_ms, struct http_fake_reply *out)
{
	static struct arena *a;
	struct desk *d = ctx;
	const struct str prefix = STR("/ticket/");
	struct str rest = str_sub(call->url, strlen(BASE), call->url.n);
	size_t mark = str_find(rest, '?');
	struct str path = str_sub(rest, 0, mark);
	size_t page = strtoul(rest.p + mark + strlen("?page="), NULL, 10);
	struct buf b;

	(void)now_ms;
	arena_free(a);
	a = arena_new(MAX_DESK);
	buf_init(&b, a, MAX_DESK);
	if (d->meanwhile != NULL)
		d->meanwhile(d, path);
	if (str_starts(path, prefix)) {
		size_t n = path.n - prefix.n - strlen("/messages");

		answer_messages(d, str_sub(path, prefix.n, n), page, &b, out);
	} else {
		d->lists++;
		if (says_something(&d->reply))
			*out = d->reply;
		else
			write_list(d, &b, str_eq(path, STR("/ticket")), page);
	}
	if (out->body.n == 0)
		out->body = buf_slice(&b);
}

static void
begin(struct desk *d)
{
	struct helpdesk_options o;

	helpdesk_options_init(&o);
	import_scene_begin(&d->scene, 1, &o);
	d->scene.other = answer;
	d->scene.other_ctx = d;
	d->page_size = 50;
	import_scene_hire(&d->scene, 0);
}

struct desk *
desk_open(void)
{
	struct arena *a = test_arena();
	struct desk *d = ARENA_NEW(a, struct desk);

	import_scene_open(&d->scene, postgres != NULL
	                                     ? pg_server_new_migrated(postgres, a)
	                                     : str_z(a, str_fmt(a, "sqlite:%s/d.db", test_dir())));
	begin(d);
	return d;
}

void
desk_reset(struct desk *d)
{
	struct import_scene scene;

	import_scene_end(&d->scene);
	scene = d->scene;
	*d = (struct desk){ .scene = scene };
	begin(d);
}

void
desk_close(struct desk *d)
{
	import_scene_end(&d->scene);
	import_scene_close(&d->scene);
}

struct desk_ticket *
desk_add(struct desk *d, const char *uuid, const char *json, int64_t updated_minutes)
{
	struct arena *a = test_arena();

	if (d->n == d->cap) {
		size_t more = d->cap != 0 ? d->cap * 2 : 64;
		struct desk_ticket *v = ARENA_ARRAY(a, more, struct desk_ticket);

		if (d->n > 0)
			memcpy(v, d->tickets, d->n * sizeof *v);
		d->tickets = v;
		d->cap = more;
	}
	if (json == NULL)
		json = str_z(a,
		             str_fmt(a,
		                     "{\"uuid\":\"%s\",\"createdAt\":\"%s\",\"updatedAt\":\"%s\","
		                     "\"status\":\"open\",\"contact\":{\"id\":1,\"number\":"
		                     "\"5511988887777\"},\"ticketTrakings\":[]}",
		                     uuid, desk_time(-10000), desk_time(updated_minutes)));
	d->tickets[d->n] = (struct desk_ticket){ .uuid = str_z(a, str_from(uuid)), .json = json };
	return &d->tickets[d->n++];
}

struct uuid
desk_ask(struct desk *d, enum job_kind kind, bool full)
{
	return import_scene_enqueue(&d->scene, kind, full);
}

struct str
desk_run(struct desk *d, struct uuid job, struct str *error)
{
	struct str status = STR_NONE;

	for (size_t i = 0; i < MAX_STEPS; i++) {
		import_scene_step(&d->scene);
		if (i % 16 != 15)
			continue;
		status = import_scene_status(&d->scene, test_arena(), job);
		if (!str_eq(status, STR("queued")) && !str_eq(status, STR("running")))
			break;
	}
	*error = desk_text(d, "SELECT COALESCE(error, '') FROM jobs ORDER BY created_at DESC");
	return status;
}

void
desk_import(struct desk *d, bool full, const char *status)
{
	struct str error, is = desk_run(d, desk_ask(d, JOB_IMPORT, full), &error);

	ck_assert_msg(str_eq(is, str_from(status)), STR_FMT ": " STR_FMT, STR_ARG(is),
	              STR_ARG(error));
}

struct import_job *
desk_job(struct desk *d)
{
	const struct importer *im = d->scene.hands[0].importer;

	ck_assert_uint_eq(im->njobs, 1);
	return im->jobs[0];
}

struct str
desk_text(struct desk *d, const char *sql)
{
	struct str *v;

	return import_scene_lines(&d->scene, test_arena(), sql, &v) > 0 ? v[0] : STR_NONE;
}

struct str
desk_lines(struct desk *d, const char *sql)
{
	struct str *v;
	size_t n = import_scene_lines(&d->scene, test_arena(), sql, &v);
	struct buf b;

	buf_init(&b, test_arena(), 1u << 20);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, STR_FMT ";", STR_ARG(v[i]));
	return buf_slice(&b);
}

int64_t
desk_number(struct desk *d, const char *sql)
{
	struct str text = desk_text(d, sql);
	int64_t n = 0;

	ck_assert_msg(!str_is_set(text) || str_to_i64(text, &n), STR_FMT, STR_ARG(text));
	return n;
}

int
desk_main(Suite *(*make_suite)(void))
{
	const char *engine = getenv("ENGINE");
	int status;

	if (engine != NULL && strcmp(engine, "postgres") == 0 &&
	    (postgres = pg_server_start(false)) == NULL)
		return 1;
	status = testing_run(make_suite);
	pg_server_end(postgres);
	return status;
}
