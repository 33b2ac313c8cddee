/*
 * Why: the figures follow the same rules as everything else that is shown of a session. What always
 * holds: a message counts for the session that core/session.h gives it to; sessions are read in
 * pages, so that memory follows the number of figures and not that of messages.
 */
#include "api/kpis.h"

#include "base/map.h"
#include "base/zone.h"
#include "core/episode.h"
#include "store/queries.h"
#include "work/session_row.h"

#define PAGE_ROWS    500
#define PAGE_ARENA   ((size_t)256 << 20)
#define MAX_DAYS     366
#define DEFAULT_DAYS 30

enum err
kpi_read_asked(struct api_call *c, struct kpi_asked *x)
{
	const struct api_value *from = arg_query(c, "from"), *to = arg_query(c, "to");

	x->to = !to->set ? c->now : to->b ? zone_day_start(c->api->zone, to->i + 1) - 1 : to->i;
	x->from = !from->set ? x->to - DEFAULT_DAYS * TIME_DAY
	          : from->b  ? zone_day_start(c->api->zone, from->i)
	                     : from->i;
	x->agent = arg_query(c, "agent")->s;
	x->tag = arg_query(c, "tag")->s;
	x->csv = str_eq(arg_query(c, "format")->s, STR("csv"));
	if (x->from > x->to)
		return api_invalid(c, "to", "must not be before from");
	if (x->to - x->from > MAX_DAYS * TIME_DAY)
		return api_invalid(c, "from", "must be at most 366 days before to");
	return ERR_OK;
}

static void
read_row(const struct db_result *r, size_t i, int64_t now_ms, struct kpi_row *x)
{
	bool episode = str_eq(db_get_text(r, i, 3), STR("episode"));
	int64_t end = db_get_time(r, i, 6);

	*x = (struct kpi_row){
		.id = db_get_uuid(r, i, 0),
		.conversation = db_get_uuid(r, i, 1),
		.ticket = db_get_uuid(r, i, 2),
		.episode = episode,
		.s = { .type = episode ? episode_view(end, now_ms).type
		                       : session_type_of(db_get_text(r, i, 4)),
		       .start = db_get_time(r, i, 5),
		       .end = end,
		       .lead_in = db_get_time(r, i, 7),
		       .flags = (unsigned)db_get_int(r, i, 9),
		       .user_name = db_get_text(r, i, 10),
		       .user_email = db_get_text(r, i, 11) },
		.lead = db_get_uuid(r, i, 12),
		.response = SESSION_RESPONSE_INIT,
	};
}

/* Messages of rows of a batch into the responses of the sessions they belong to. */
struct folding {
	struct arena *a;
	struct kpi_row *rows;
	struct map by_id; /* of the page's sessions */
	int64_t now;
};

static struct str
key_of(const struct uuid *id)
{
	return str_n((const char *)id->b, sizeof(id->b));
}

static enum err
fold_episodes(struct api_call *c, struct folding *f, size_t n)
{
	struct db_rows *ask = db_rows_of(f->a, &q_api_kpi_episode_messages, c->client_id);
	struct db_result r;
	enum err e;

	for (size_t i = 0; i < n; i++) {
		if (!f->rows[i].episode)
			continue;
		db_row_int(ask, (int64_t)i);
		db_row_uuid(ask, f->rows[i].conversation);
		db_row_time(ask, f->rows[i].s.start);
		db_row_time(ask, f->rows[i].s.end);
	}
	e = db_query(c->rd, &q_api_kpi_episode_messages, DB_NO_PARAMS, ask, f->a, &r);
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		session_response_add(&f->rows[db_get_int(&r, i, 0)].response, db_get_time(&r, i, 1),
		                     db_get_bool(&r, i, 2), db_get_bool(&r, i, 3));
	return e;
}

/* The sessions of one ticket, rows [from, to) of `all`, and its messages, rows [mfrom, mto) of m.
 */
static void
fold_ticket(struct folding *f, const struct db_result *all, size_t from, size_t to,
            const struct db_result *m, size_t mfrom, size_t mto)
{
	struct session *v = ARENA_ARRAY(f->a, to - from, struct session);
	int64_t *times = ARENA_ARRAY(f->a, mto - mfrom, int64_t);
	size_t *in = ARENA_ARRAY(f->a, mto - mfrom, size_t);

	for (size_t i = from; i < to; i++)
		v[i - from] = session_of_row(all, i, 2);
	for (size_t i = mfrom; i < mto; i++)
		times[i - mfrom] = db_get_time(m, i, 1);
	session_assign_all(f->a, v, to - from, times, mto - mfrom, in);
	for (size_t i = mfrom; i < mto; i++) {
		struct uuid id;
		size_t at;

		if (in[i - mfrom] == SESSION_NONE)
			continue;
		id = db_get_uuid(all, from + in[i - mfrom], 1);
		at = map_get(&f->by_id, key_of(&id));
		if (at != MAP_NONE)
			session_response_add(&f->rows[at].response, db_get_time(m, i, 1),
			                     db_get_bool(m, i, 2), db_get_bool(m, i, 3));
	}
}

/* From the least lead-in to the greatest end of the page's sessions: nothing outside can count. */
static enum err
fold_tickets(struct api_call *c, struct folding *f, size_t n)
{
	struct db_rows *tickets = db_rows_new(f->a, &q_api_session_trackings);
	struct db_rows *ask = db_rows_of(f->a, &q_api_kpi_ticket_messages, c->client_id);
	int64_t from = INT64_MAX, to = INT64_MIN;
	struct db_result all, m;
	struct map seen;
	enum err e;

	map_init(&seen, f->a, n);
	for (size_t i = 0; i < n; i++) {
		const struct kpi_row *x = &f->rows[i];
		int64_t end = x->s.end == TIME_NONE ? f->now : x->s.end;
		bool added;

		if (x->episode)
			continue;
		from = x->s.lead_in < from ? x->s.lead_in : from;
		to = end > to ? end : to;
		(void)map_put(&seen, key_of(&x->ticket), 0, &added);
		if (added)
			db_row_uuid(tickets, x->ticket);
	}
	if (tickets->nrows == 0)
		return ERR_OK;
	e = db_query(c->rd, &q_api_session_trackings,
	             DB_PARAMS(db_uuid(c->client_id), db_time(from), db_time(to)), tickets, f->a,
	             &all);
	for (size_t i = 0; e == ERR_OK && i < all.nrows; i++) {
		if (i > 0 && uuid_eq(db_get_uuid(&all, i, 0), db_get_uuid(&all, i - 1, 0)))
			continue;
		db_row_int(ask, (int64_t)i);
		db_row_uuid(ask, db_get_uuid(&all, i, 0));
		db_row_time(ask, from);
		db_row_time(ask, to);
	}
	if (e == ERR_OK)
		e = db_query(c->rd, &q_api_kpi_ticket_messages, DB_NO_PARAMS, ask, f->a, &m);
	for (size_t i = 0, j; e == ERR_OK && i < m.nrows; i = j) {
		size_t first = (size_t)db_get_int(&m, i, 0), last = first + 1;

		while (last < all.nrows &&
		       uuid_eq(db_get_uuid(&all, last, 0), db_get_uuid(&all, first, 0)))
			last++;
		for (j = i; j < m.nrows && db_get_int(&m, j, 0) == (int64_t)first;)
			j++;
		fold_ticket(f, &all, first, last, &m, i, j);
	}
	return e;
}

/* The responses of a page's sessions. */
static enum err
fold_responses(struct api_call *c, struct arena *a, struct kpi_row *rows, size_t n)
{
	struct folding f = { .a = a, .rows = rows, .now = c->now };
	enum err e;

	map_init(&f.by_id, a, n);
	for (size_t i = 0; i < n; i++)
		map_set(&f.by_id, key_of(&rows[i].id), i);
	e = fold_episodes(c, &f, n);
	return e == ERR_OK ? fold_tickets(c, &f, n) : e;
}

/* One page of sessions to `fn`. *more: there are others. */
static enum err
one_page(struct api_call *c, struct arena *a, const struct kpi_asked *x, bool responses,
         kpi_row_fn *fn, void *ctx, int64_t *after_at, struct uuid *after_id, bool *more)
{
	struct db_result r;
	struct kpi_row *rows;
	enum err e = db_query(c->rd, &q_api_kpi_sessions,
	                      DB_PARAMS(db_uuid(c->client_id), db_time(x->from), db_time(x->to),
	                                db_text(x->agent), db_text(x->tag), db_time(*after_at),
	                                db_uuid(*after_id), db_int(PAGE_ROWS)),
	                      NULL, a, &r);

	if (e != ERR_OK)
		return e;
	*more = r.nrows == PAGE_ROWS;
	rows = ARENA_ARRAY(a, r.nrows, struct kpi_row);
	for (size_t i = 0; i < r.nrows; i++)
		read_row(&r, i, c->now, &rows[i]);
	if (r.nrows > 0) {
		*after_at = rows[r.nrows - 1].s.start;
		*after_id = rows[r.nrows - 1].id;
	}
	e = responses ? fold_responses(c, a, rows, r.nrows) : ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		fn(c, ctx, &rows[i]);
	return e == ERR_OK ? arena_check(a) : e;
}

enum err
kpi_each_session(struct api_call *c, const struct kpi_asked *x, bool responses, kpi_row_fn *fn,
                 void *ctx)
{
	struct arena *a = arena_new(PAGE_ARENA);
	int64_t after_at = CURSOR_FIRST_AT;
	struct uuid after_id = uuid_v7_floor(0);
	bool more = true;
	enum err e = ERR_OK;

	while (e == ERR_OK && more) {
		arena_reset(a);
		e = one_page(c, a, x, responses, fn, ctx, &after_at, &after_id, &more);
	}
	arena_free(a);
	if (e == ERR_TOO_LARGE)
		return api_refuse(c, e, "too_many_messages",
		                  "These sessions hold too many messages: ask for fewer days.");
	return e;
}
