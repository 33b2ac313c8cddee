/*
 * Why: a manager asks how long customers wait and how long an attendance takes. What always holds:
 * a session counts on the day it started, a day being one of TIMEZONE; where nothing was measured
 * there is null, or an empty cell, never 0; a cell that a spreadsheet would run is text.
 */
#include "api/kpis.h"
#include "base/zone.h"
#include "core/kpi.h"
#include "store/queries.h"

#define DAY           10 /* bytes of YYYY-MM-DD */
#define MONTH         7
#define SLOWEST_MAX   50
#define SLOWEST_SHOWN 10
#define TAGS_ARENA    ((size_t)1 << 20)

/* A cell of CSV (RFC 4180), with what a spreadsheet would run made text. */
static void
csv_cell(struct buf *b, struct str s)
{
	buf_char(b, '"');
	if (s.n > 0 && strchr("=+-@\t\r", s.p[0]) != NULL)
		buf_char(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, s.p[i]);
	}
	buf_z(b, "\",");
}

/* ms as seconds, or nothing. */
static void
csv_number(struct buf *b, int64_t ms, const char *then)
{
	if (ms >= 0)
		buf_fmt(b, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
	buf_z(b, then);
}

static void
csv_seconds(struct buf *b, int64_t ms)
{
	csv_number(b, ms, ",");
}

static void
csv_last_seconds(struct buf *b, int64_t ms)
{
	csv_number(b, ms, "\r\n");
}

static void
write_seconds(struct jw *w, const char *key, int64_t ms)
{
	jw_key(w, key);
	if (ms < 0)
		jw_null(w);
	else
		jw_double(w, (double)ms / 1000);
}

static void
write_summary(struct jw *w, const struct kpi_summary *s)
{
	write_seconds(w, "averageSeconds", s->average);
	write_seconds(w, "medianSeconds", s->median);
	write_seconds(w, "p90Seconds", s->p90);
}

/* What stands before the lines, in either form. */
static void
begin(struct api_call *c, const struct kpi_asked *x, const char *csv_head)
{
	if (x->csv) {
		c->content_type = "text/csv; charset=utf-8; header=present";
		buf_z(&c->out, csv_head);
		return;
	}
	jw_obj(&c->w);
	jw_ktime(&c->w, "from", x->from);
	jw_ktime(&c->w, "to", x->to);
	jw_key(&c->w, "data");
	jw_arr(&c->w);
}

static void
end(struct api_call *c, const struct kpi_asked *x)
{
	if (x->csv)
		return;
	jw_arr_end(&c->w);
	jw_obj_end(&c->w);
}

struct responses {
	struct kpi k;
	size_t period; /* bytes of YYYY-MM-DD that name a period; 0: all are one */
};

static void
add_response(struct api_call *c, void *ctx, struct kpi_row *x)
{
	struct responses *rs = ctx;
	char text[TIME_TEXT_LEN + 1];
	const struct session_response *r = &x->response;

	if (r->asked_at == TIME_NONE)
		return;
	time_format(x->s.start + zone_offset(c->api->zone, x->s.start) * TIME_SECOND, text);
	kpi_add(&rs->k, rs->period == 0 ? STR("total") : str_n(text, rs->period),
	        r->answered_at == TIME_NONE ? -1 : r->answered_at - r->asked_at);
}

static void
write_response(struct api_call *c, bool csv, const struct kpi_group *g, const struct kpi_summary *s)
{
	if (csv) {
		csv_cell(&c->out, g->name);
		csv_seconds(&c->out, s->average);
		csv_seconds(&c->out, s->median);
		csv_seconds(&c->out, s->p90);
		buf_fmt(&c->out, "%lld,%lld\r\n", (long long)s->with, (long long)s->without);
		return;
	}
	jw_obj(&c->w);
	jw_kstr(&c->w, "period", g->name);
	write_summary(&c->w, s);
	jw_ki64(&c->w, "answered", s->with);
	jw_ki64(&c->w, "unanswered", s->without);
	jw_obj_end(&c->w);
}

enum err
kpis_first_response(struct api_call *c)
{
	struct str granularity = arg_query(c, "granularity")->s;
	struct responses rs = { .period = str_eq(granularity, STR("month"))   ? MONTH
		                          : str_eq(granularity, STR("total")) ? 0
		                                                              : DAY };
	struct kpi_asked x;
	enum err e = kpi_read_asked(c, &x);

	kpi_init(&rs.k, c->a);
	if (rs.period == 0)
		(void)kpi_group(&rs.k, STR("total")); /* it is there even if nobody asked */
	if (e == ERR_OK)
		e = kpi_each_session(c, &x, true, add_response, &rs);
	if (e != ERR_OK)
		return e;
	kpi_sort(&rs.k);
	begin(c, &x, "period,averageSeconds,medianSeconds,p90Seconds,answered,unanswered\r\n");
	for (size_t i = 0; i < rs.k.n; i++) {
		struct kpi_summary s = kpi_summarize(c->a, &rs.k.groups[i]);

		write_response(c, x.csv, &rs.k.groups[i], &s);
	}
	end(c, &x);
	return ERR_OK;
}

/* Durations by the tags of a session's person. */
struct durations {
	struct kpi k;
	struct arena *a; /* of one session's tags */
	enum err e;
};

static void
add_duration(struct api_call *c, void *ctx, struct kpi_row *x)
{
	struct durations *d = ctx;
	int64_t ms = session_duration_ms(&x->s);
	struct db_rows *rows;
	struct db_result r;

	if (ms == TIME_NONE || d->e != ERR_OK)
		return;
	arena_reset(d->a);
	rows = db_rows_of(d->a, &q_api_kpi_tags, c->client_id);
	db_row_int(rows, 0);
	db_row_uuid(rows, x->lead);
	d->e = db_query(c->rd, &q_api_kpi_tags, DB_NO_PARAMS, rows, d->a, &r);
	if (d->e != ERR_OK)
		return;
	for (size_t i = 0; i < r.nrows; i++)
		kpi_add(&d->k, db_get_text(&r, i, 1), ms);
	if (r.nrows == 0)
		kpi_add(&d->k, STR("Sem tag"), ms);
}

enum err
kpis_session_duration(struct api_call *c)
{
	struct durations d = { .a = arena_new(TAGS_ARENA) };
	struct kpi_asked x;
	enum err e = kpi_read_asked(c, &x);

	kpi_init(&d.k, c->a);
	if (e == ERR_OK)
		e = kpi_each_session(c, &x, false, add_duration, &d);
	if (e == ERR_OK)
		e = d.e;
	arena_free(d.a);
	if (e != ERR_OK)
		return e;
	kpi_sort(&d.k);
	begin(c, &x, "tag,sessions,averageSeconds,medianSeconds,p90Seconds\r\n");
	for (size_t i = 0; i < d.k.n; i++) {
		struct kpi_summary s = kpi_summarize(c->a, &d.k.groups[i]);

		if (x.csv) {
			csv_cell(&c->out, d.k.groups[i].name);
			buf_fmt(&c->out, "%lld,", (long long)s.with);
			csv_seconds(&c->out, s.average);
			csv_seconds(&c->out, s.median);
			csv_last_seconds(&c->out, s.p90);
			continue;
		}
		jw_obj(&c->w);
		jw_kstr(&c->w, "tag", d.k.groups[i].name);
		jw_ki64(&c->w, "sessions", s.with);
		write_summary(&c->w, &s);
		jw_obj_end(&c->w);
	}
	end(c, &x);
	return ERR_OK;
}

/* The longest so far, the longest first; of equal ones the newer. */
struct slowest {
	struct kpi_row v[SLOWEST_MAX];
	int64_t ms[SLOWEST_MAX];
	size_t n, most;
};

static void
add_slowest(struct api_call *c, void *ctx, struct kpi_row *x)
{
	struct slowest *s = ctx;
	int64_t ms = session_duration_ms(&x->s);
	size_t at = s->n;

	if (ms == TIME_NONE)
		return;
	while (at > 0 && s->ms[at - 1] <= ms)
		at--;
	if (at == s->most)
		return;
	if (s->n < s->most)
		s->n++;
	for (size_t i = s->n - 1; i > at; i--) {
		s->v[i] = s->v[i - 1];
		s->ms[i] = s->ms[i - 1];
	}
	s->ms[at] = ms;
	s->v[at] = *x;
	s->v[at].s.user_name = str_dup(c->a, x->s.user_name);
	s->v[at].s.user_email = str_dup(c->a, x->s.user_email);
}

static void
write_slow(struct api_call *c, bool csv, const struct kpi_row *x, int64_t ms)
{
	if (csv) {
		csv_cell(&c->out, uuid_text(c->a, x->id));
		csv_cell(&c->out, uuid_text(c->a, x->conversation));
		csv_cell(&c->out, time_text(c->a, x->s.start));
		csv_cell(&c->out, time_text(c->a, x->s.end));
		csv_cell(&c->out, x->s.user_name);
		csv_last_seconds(&c->out, ms);
		return;
	}
	jw_obj(&c->w);
	jw_kuuid(&c->w, "sessionId", x->id);
	jw_kuuid(&c->w, "conversationId", x->conversation);
	jw_kuuid(&c->w, "ticketId", x->ticket);
	jw_kuuid(&c->w, "leadId", x->lead);
	jw_ktime(&c->w, "startedAt", x->s.start);
	jw_ktime(&c->w, "endedAt", x->s.end);
	write_seconds(&c->w, "durationSeconds", ms);
	jw_kstr(&c->w, "assignedUserName", x->s.user_name);
	jw_kstr(&c->w, "assignedUserEmail", x->s.user_email);
	jw_obj_end(&c->w);
}

enum err
kpis_slowest_sessions(struct api_call *c)
{
	const struct api_value *limit = arg_query(c, "limit");
	struct slowest s = { .most = limit->set ? (size_t)limit->i : SLOWEST_SHOWN };
	struct kpi_asked x;
	enum err e = kpi_read_asked(c, &x);

	if (e == ERR_OK)
		e = kpi_each_session(c, &x, false, add_slowest, &s);
	if (e != ERR_OK)
		return e;
	begin(c, &x,
	      "sessionId,conversationId,startedAt,endedAt,assignedUserName,durationSeconds\r\n");
	for (size_t i = 0; i < s.n; i++)
		write_slow(c, x.csv, &s.v[i], s.ms[i]);
	end(c, &x);
	return ERR_OK;
}
