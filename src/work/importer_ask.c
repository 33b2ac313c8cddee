/*
 * Requests to a helpdesk. What always holds: a request is begun only with a token of the budget
 * that all processes share; each one that flies is one ask, which is judged by core/import_retry
 * when it comes back; nothing of the answer outlives the call that takes it.
 */
#include "base/digest.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/importer_internal.h"

#define CONNECT_MS    (10 * TIME_SECOND)
#define FIRST_BYTE_MS (60 * TIME_SECOND)
#define WHOLE_MS      (180 * TIME_SECOND)
#define MAX_PAGE      ((size_t)32 << 20)
#define TOKENS_MOST   128  /* taken at once */
#define TOKENS_MS     1000 /* tokens that were taken and not spent in this time are let go */

static const int64_t wanted_sizes[] = { [HD_TICKETS] = 50, [HD_MESSAGES] = 20, [HD_CONTACTS] = 50 };

void
ask_init(struct ask *a, struct import_job *j, enum hd_list list, struct ticket_work *ticket)
{
	*a = (struct ask){ .job = j, .ticket = ticket, .list = list };
}

void
ask_page(struct ask *a, int64_t page, int64_t now_ms)
{
	int64_t size = import_size_now(&a->job->sizes[a->list], wanted_sizes[a->list], now_ms);

	/* inside one walk the size stays: with another, page numbers mean something else */
	if (a->attempt.size != 0 && page > 1)
		size = a->attempt.size;
	a->attempt = (struct import_try){ .size = size, .of_ticket = a->ticket != NULL };
	a->page = page;
	a->not_before = now_ms;
	a->wanted = true;
}

void
ask_cancel(struct ask *a)
{
	if (a->flying)
		http_client_cancel(a->job->im->o.http, a->call);
	a->flying = a->wanted = false;
}

/* Percent-encodes what is not unreserved (RFC 3986 §2.3). */
static void
add_segment(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		             (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';

		if (plain)
			buf_char(b, (char)c);
		else
			buf_fmt(b, "%%%02X", c);
	}
}

static struct str
ask_url(const struct ask *a, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 16384);
	buf_str(&b, a->job->base_url);
	if (a->list == HD_MESSAGES) {
		buf_z(&b, "/ticket/");
		add_segment(&b, a->ticket->ticket->uuid);
		buf_z(&b, "/messages");
	} else {
		buf_z(&b, a->list == HD_TICKETS ? "/ticket" : "/contact");
	}
	buf_fmt(&b, "?page=%lld&limit=%lld", (long long)a->page, (long long)a->attempt.size);
	return buf_slice(&b);
}

static enum err
start(struct ask *a)
{
	struct importer *im = a->job->im;
	const struct http_header_out headers[] = { { "api-key", a->job->api_key },
		                                   { "Accept", STR("application/json") },
		                                   { NULL, STR_NONE } };
	struct http_call call = { .url = ask_url(a, im->arena),
		                  .headers = headers,
		                  .connect_ms = CONNECT_MS,
		                  .first_byte_ms = FIRST_BYTE_MS,
		                  .whole_ms = WHOLE_MS,
		                  .max_body = MAX_PAGE,
		                  .user = a };
	enum err e = http_client_start(im->o.http, &call, &a->call);

	if (e == ERR_OK) {
		a->wanted = false;
		a->flying = true;
		a->job->requests++;
	}
	return e;
}

/* Reads the budget's row, lets `change` work on it and writes it back, in one transaction. */
static enum err
with_budget(struct import_job *j, int64_t now_ms, size_t want, int64_t hold_ms, size_t *got,
            int64_t *wait_ms)
{
	struct importer *im = j->im;
	struct str key = str_n((const char *)j->budget_key, sizeof(j->budget_key));
	struct db_result r;
	struct budget b = { 0 };
	enum err e = db_begin(im->db, DB_APPLY);

	if (e == ERR_OK)
		e = db_exec(im->db, &q_importer_budget_new, DB_PARAMS(db_bytes(key)), NULL, NULL);
	if (e == ERR_OK)
		e = db_query(im->db, &q_importer_budget, DB_PARAMS(db_bytes(key)), NULL, im->arena,
		             &r);
	if (e == ERR_OK && r.nrows == 1) {
		b.next_us = db_get_int(&r, 0, 0);
		b.held_until_ms = db_is_null(&r, 0, 1) ? 0 : db_get_time(&r, 0, 1);
		if (hold_ms > 0)
			(void)budget_hold(&b, now_ms, hold_ms);
		else
			*got = budget_take(&b, im->o.per_minute, now_ms, want, wait_ms);
		e = db_exec(im->db, &q_importer_budget_put,
		            DB_PARAMS(db_bytes(key), db_int(b.next_us),
		                      db_time(b.held_until_ms == 0 ? TIME_NONE : b.held_until_ms)),
		            NULL, NULL);
	}
	if (e == ERR_OK)
		e = db_commit(im->db);
	if (e != ERR_OK)
		db_rollback(im->db);
	return e;
}

/* Asks of the job that are wanted: the list's, then the tickets' in their order. */
static struct ask *
next_wanted(struct import_job *j, int64_t now_ms, int64_t *next_ms)
{
	if (j->ask.wanted && j->ask.not_before <= now_ms)
		return &j->ask;
	if (j->ask.wanted && j->ask.not_before < *next_ms)
		*next_ms = j->ask.not_before;
	for (struct ticket_work *t = j->first; t != NULL; t = t->next) {
		if (!t->ask.wanted)
			continue;
		if (t->ask.not_before <= now_ms)
			return &t->ask;
		if (t->ask.not_before < *next_ms)
			*next_ms = t->ask.not_before;
	}
	return NULL;
}

static enum err
fill_tokens(struct import_job *j, int64_t now_ms, int64_t *next_ms)
{
	/* as many as are spent within a fiftieth of a second: a fast source costs one transaction
	 * for many requests */
	size_t want = (size_t)(j->im->o.per_minute / 3000) + 1;
	int64_t wait_ms = 0;
	enum err e;

	if (now_ms - j->tokens_at > TOKENS_MS)
		j->tokens = 0;
	if (j->tokens > 0 || now_ms < j->ask_budget_at) {
		if (j->tokens == 0 && j->ask_budget_at < *next_ms)
			*next_ms = j->ask_budget_at;
		return ERR_OK;
	}
	if (want > TOKENS_MOST)
		want = TOKENS_MOST;
	e = with_budget(j, now_ms, want, 0, &j->tokens, &wait_ms);
	if (e != ERR_OK)
		return e;
	j->tokens_at = now_ms;
	if (j->tokens == 0) {
		j->ask_budget_at = now_ms + wait_ms;
		if (j->ask_budget_at < *next_ms)
			*next_ms = j->ask_budget_at;
	}
	return ERR_OK;
}

enum err
asks_start(struct import_job *j, int64_t now_ms, int64_t *next_ms)
{
	struct ask *a;

	while ((a = next_wanted(j, now_ms, next_ms)) != NULL) {
		enum err e = fill_tokens(j, now_ms, next_ms);

		if (e != ERR_OK || j->tokens == 0)
			return e;
		e = start(a);
		if (e == ERR_TOO_MANY)
			return ERR_OK; /* one of those in flight comes back first */
		if (e == ERR_INVALID) {
			import_job_stop(j, JOB_FAILED,
			                STR("not_callable: the client's apiBaseUrl or apiKey is "
			                    "none that a request can be made of"));
			return ERR_OK;
		}
		if (e != ERR_OK)
			return e;
		j->tokens--;
	}
	return ERR_OK;
}

static enum import_answer
answer_of(const struct http_result *r)
{
	switch (r->failure) {
	case HTTP_OK:
		return IMPORT_ANSWERED;
	case HTTP_FORBIDDEN:
		return IMPORT_FORBIDDEN;
	case HTTP_TOO_LARGE:
		return IMPORT_TOO_LARGE;
	default:
		return IMPORT_LOST;
	}
}

/* Why a run or a ticket ends, for people. */
static struct str
explain(struct arena *arena, const struct http_result *r, const char *reason)
{
	if (r->failure != HTTP_OK)
		return str_fmt(arena, "%s: %s", reason, r->detail);
	if (r->status == 401 || r->status == 403)
		return str_fmt(arena, "%s: the helpdesk refused the API key (%d)", reason,
		               r->status);
	return str_fmt(arena, "%s: the helpdesk answered %d", reason, r->status);
}

static enum err
do_verdict(struct ask *a, const struct import_verdict *v, const struct http_result *r,
           int64_t now_ms)
{
	struct import_job *j = a->job;
	struct str why;
	size_t got;
	int64_t wait;

	a->not_before = now_ms + v->wait_ms;
	switch (v->act) {
	case IMPORT_TAKE:
		return ERR_OK;
	case IMPORT_HOLD:
		a->wanted = true;
		j->tokens = 0;
		return with_budget(j, now_ms, 0, v->wait_ms, &got, &wait);
	case IMPORT_AGAIN:
		a->wanted = true;
		return ERR_OK;
	case IMPORT_SMALLER:
		a->wanted = true;
		a->not_before = now_ms;
		if (a->list == HD_CONTACTS) {
			hd_walk_init_shared(&j->people_walk, &j->seen, IMPORT_MAX_PAGES);
			a->page = j->people_walk.page;
		} else {
			struct import_walk *w = a->ticket != NULL ? &a->ticket->walk : &j->walk;

			import_walk_resized(w);
			a->page = w->walk.page;
		}
		return ERR_OK;
	case IMPORT_FAIL_TICKET:
	case IMPORT_FAIL_RUN:
		break;
	}
	why = explain(j->im->arena, r, v->reason);
	if (v->act == IMPORT_FAIL_TICKET && a->ticket != NULL) {
		ticket_failed(a->ticket, v->reason, why);
		return ERR_OK;
	}
	import_job_stop(j, JOB_FAILED, why);
	return ERR_OK;
}

/* The page into rows and plans; *what says whether it was one. */
static enum err
take_page(struct ask *a, struct str body, int64_t now_ms, enum import_answer *what)
{
	bool garbage = false;
	enum err e;

	if (a->list == HD_MESSAGES)
		return ticket_messages(a->ticket, body, now_ms, what);
	e = a->list == HD_TICKETS ? tickets_page(a->job, body, now_ms, &garbage)
	                          : contacts_page(a->job, body, now_ms, &garbage);
	if (e == ERR_OK && garbage)
		*what = IMPORT_GARBAGE;
	if (e == ERR_TOO_LARGE) {
		*what = IMPORT_TOO_LARGE;
		e = ERR_OK;
	}
	return e;
}

static enum err
take_result(struct ask *a, const struct http_result *r, int64_t now_ms)
{
	struct import_job *j = a->job;
	enum import_answer what = answer_of(r);
	struct import_verdict v;
	int64_t size = a->attempt.size;
	enum err e = ERR_OK;

	a->flying = false;
	if (j->started_at == TIME_NONE && what == IMPORT_ANSWERED)
		j->started_at = import_started_at(r->date_ms, r->age_s, now_ms);
	if (what == IMPORT_ANSWERED && r->status >= 200 && r->status < 300) {
		struct import_try before = a->attempt;

		/* an ask that goes on sets itself up anew; one that failed keeps its tries */
		e = take_page(a, str_n(r->body, r->body_len), now_ms, &what);
		if (e != ERR_OK) { /* the database's trouble: asked for again */
			a->wanted = true;
			return e;
		}
		if (what == IMPORT_ANSWERED) {
			if (!import_size_learn(&j->sizes[a->list], wanted_sizes[a->list], size,
			                       now_ms))
				return ERR_OK;
			return import_job_state(j,
			                        a->list == HD_TICKETS    ? "size:tickets"
			                        : a->list == HD_MESSAGES ? "size:messages"
			                                                 : "size:contacts",
			                        TIME_NONE, TIME_NONE, &j->sizes[a->list], 0,
			                        now_ms);
		}
		a->attempt = before;
	}
	v = import_judge(&a->attempt, what, r->status, r->retry_after_ms, rand_u64(j->im->o.rand));
	if (v.act == IMPORT_SMALLER)
		a->attempt.size = v.size;
	return do_verdict(a, &v, r, now_ms);
}

enum err
asks_result(struct importer *im, int64_t now_ms, bool *worked)
{
	struct http_result r;
	enum err e;

	*worked = http_client_next(im->o.http, &r);
	if (!*worked)
		return ERR_OK;
	arena_reset(im->arena);
	e = import_job_error(((struct ask *)r.user)->job, take_result(r.user, &r, now_ms));
	http_result_deinit(&r);
	return e;
}
