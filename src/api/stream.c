/*
 * Why: a page that is open must see what happens without asking all the time, a thousand of them at
 * once, whichever process it happens in. What always holds: a stream's position moves only over
 * events that were given to it or that are not its client's, so a database that is away, a client
 * that reads slowly and a cut connection lose nothing; who reads slowly waits alone, with at most
 * HTTP_STREAM_PENDING bytes here, for the rest stays in the database. `list` is the thread's alone;
 * other threads only add to `fresh`.
 */
#include "api/stream.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/json.h"
#include "store/queries.h"
#include "sys/log.h"
#include "sys/threads.h"
#include "work/event.h"

#define LOOK_MS     50          /* whether something was written */
#define POLL_MS     TIME_SECOND /* and if we were not told */
#define PAGE        512         /* events read at once */
#define PAGES       16          /* of one client in one step */
#define FRAME_BYTES 512         /* of an event, at most */
#define RETRY       "retry: 2000\n\n"
#define ARENA_BYTES ((size_t)32 << 20)

struct one {
	struct http_stream *http; /* NULL: it has ended */
	struct uuid client, token;
	bool by_cookie;
	unsigned char login[SHA256_LEN];
	int64_t at; /* the last id given to it */
	int64_t beat_at;
	bool begun; /* its first frame was sent */
	bool full;  /* it takes no more in this step */
};

struct many {
	struct one *v;
	size_t n, cap;
};

struct stream {
	struct stream_options o;
	pthread_mutex_t lock; /* of the next three */
	struct many fresh;
	bool stopping;
	struct driver *driver;
	struct wake *wake;
	/* the thread's */
	struct many list; /* by client */
	struct db *db;
	struct arena *arena;
	int64_t poll_at, tokens_at;
	bool behind; /* more is to be given than was */
};

static void
push(struct many *m, const struct one *x)
{
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 16 : 2 * m->cap;
		m->v = realloc(m->v, m->cap * sizeof(*m->v));
		if (m->v == NULL)
			abort();
	}
	m->v[m->n++] = *x;
}

static void
end(struct one *x)
{
	http_stream_close(x->http);
	x->http = NULL;
}

/* False: it did not fit, or the client is gone. */
static bool
give(struct one *x, struct str frame, int64_t now_ms)
{
	enum err e = http_stream_write(x->http, frame);

	if (e == ERR_OK)
		x->beat_at = now_ms + STREAM_BEAT_MS;
	else if (e == ERR_CANCELLED)
		end(x);
	x->full |= e != ERR_OK;
	return e == ERR_OK;
}

static int
by_client(const void *a, const void *b)
{
	return uuid_cmp(((const struct one *)a)->client, ((const struct one *)b)->client);
}

/* Takes in what was added, drops what has ended. */
static bool
take_fresh(struct stream *s)
{
	struct many *l = &s->list;
	bool stopping, some;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].http != NULL)
			l->v[n++] = l->v[i];
	l->n = n;
	(void)pthread_mutex_lock(&s->lock);
	some = s->fresh.n > 0;
	for (size_t i = 0; i < s->fresh.n; i++)
		push(l, &s->fresh.v[i]);
	s->fresh.n = 0;
	stopping = s->stopping;
	(void)pthread_mutex_unlock(&s->lock);
	if (some) {
		qsort(l->v, l->n, sizeof(l->v[0]), by_client);
		s->poll_at = 0;
	}
	return stopping;
}

static struct str
frame(struct stream *s, struct str name, int64_t id, struct str data)
{
	struct buf b;

	buf_init(&b, s->arena, FRAME_BYTES);
	buf_fmt(&b, "event: " STR_FMT "\nid: %lld\ndata: " STR_FMT "\n\n", STR_ARG(name),
	        (long long)id, STR_ARG(data));
	return buf_slice(&b);
}

static struct str
event_frame(struct stream *s, const struct db_result *r, size_t row)
{
	struct buf b;
	struct jw w;

	buf_init(&b, s->arena, FRAME_BYTES);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "subjectKind", db_get_text(r, row, 3));
	jw_kuuid(&w, "subjectId", db_get_uuid(r, row, 4));
	jw_ktime(&w, "at", db_get_time(r, row, 1));
	jw_obj_end(&w);
	return frame(s, db_get_text(r, row, 2), db_get_int(r, row, 0), buf_slice(&b));
}

/* The first frame: where it goes on from, and whether that is where it wished to. */
static void
begin(struct stream *s, struct one *x, int64_t last, int64_t oldest, int64_t now_ms)
{
	bool now = x->at == STREAM_FROM_NOW;
	bool lost = !now && (x->at < 0 || x->at > last || x->at < oldest - 1);
	int64_t at = now || lost ? last : x->at;
	struct str first;

	arena_reset(s->arena);
	first = frame(s, lost ? STR("reset") : STR("ready"), at, STR("{}"));
	if (!give(x, str_fmt(s->arena, RETRY STR_FMT, STR_ARG(first)), now_ms))
		return;
	x->at = at;
	x->begun = true;
}

/* Those of one client from `from` on: the one whose position is least, of those that take more. */
static struct one *
hindmost(struct one *v, size_t n, int64_t last)
{
	struct one *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].http != NULL && v[i].begun && !v[i].full && v[i].at < last &&
		    (found == NULL || v[i].at < found->at))
			found = &v[i];
	return found;
}

/* A page of events after the hindmost's position, to all of the client who have not had them. */
static enum err
give_page(struct stream *s, struct one *v, size_t n, struct one *from, int64_t now_ms)
{
	struct db_result r;
	enum err e = db_query(s->db, &q_events_after,
	                      DB_PARAMS(db_uuid(from->client), db_int(from->at), db_int(PAGE)),
	                      NULL, s->arena, &r);

	if (e == ERR_OK && r.nrows == 0)
		end(from); /* dropped meanwhile: who comes again is told so */
	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		int64_t id = db_get_int(&r, i, 0);
		struct str text = event_frame(s, &r, i);

		if (i == 0 && id != from->at + 1) {
			end(from);
			return ERR_OK;
		}
		for (size_t k = 0; k < n; k++) {
			struct one *x = &v[k];

			if (x->http != NULL && x->begun && !x->full && x->at == id - 1 &&
			    give(x, text, now_ms))
				x->at = id;
		}
	}
	return e;
}

/* The streams of one client. */
static enum err
serve(struct stream *s, struct one *v, size_t n, int64_t last, int64_t oldest, int64_t now_ms)
{
	struct one *from;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n; i++) {
		v[i].full = false;
		if (v[i].http != NULL && !v[i].begun)
			begin(s, &v[i], last, oldest, now_ms);
	}
	for (int i = 0; e == ERR_OK && i < PAGES; i++) {
		from = hindmost(v, n, last);
		if (from == NULL)
			break;
		arena_reset(s->arena);
		e = give_page(s, v, n, from, now_ms);
	}
	for (size_t i = 0; i < n; i++)
		s->behind |= v[i].http != NULL && v[i].at < last;
	return e;
}

/* What is asked about a client is kept outside the arena, which each page and each beginning
 * empties. */
struct head {
	struct uuid client;
	int64_t last, oldest;
};

static const struct head *
find_head(const struct head *v, size_t n, struct uuid client)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(v[i].client, client))
			return &v[i];
	return NULL;
}

static enum err
read_heads(struct stream *s, struct head **out, size_t *n)
{
	struct db_rows *rows;
	struct db_result r;
	enum err e;

	arena_reset(s->arena);
	rows = db_rows_new(s->arena, &q_events_heads);
	for (size_t i = 0; i < s->list.n; i++)
		if (i == 0 || !uuid_eq(s->list.v[i].client, s->list.v[i - 1].client))
			db_row_uuid(rows, s->list.v[i].client);
	e = db_query(s->db, &q_events_heads, DB_NO_PARAMS, rows, s->arena, &r);
	if (e != ERR_OK)
		return e;
	*out = calloc(r.nrows + 1, sizeof(**out));
	if (*out == NULL)
		abort();
	*n = r.nrows;
	for (size_t i = 0; i < r.nrows; i++) {
		int64_t last = db_get_int(&r, i, 1);

		(*out)[i] = (struct head){
			.client = db_get_uuid(&r, i, 0),
			.last = last,
			.oldest = db_is_null(&r, i, 2) ? last + 1 : db_get_int(&r, i, 2),
		};
	}
	return ERR_OK;
}

static enum err
serve_all(struct stream *s, int64_t now_ms)
{
	struct one *v = s->list.v;
	struct head *heads = NULL;
	size_t nheads = 0, from = 0;
	enum err e = read_heads(s, &heads, &nheads);

	s->behind = false;
	while (e == ERR_OK && from < s->list.n) {
		const struct head none = { .client = v[from].client, .oldest = 1 };
		const struct head *h = find_head(heads, nheads, v[from].client);
		size_t to = from + 1;

		while (to < s->list.n && uuid_eq(v[to].client, v[from].client))
			to++;
		h = h != NULL ? h : &none;
		e = serve(s, v + from, to - from, h->last, h->oldest, now_ms);
		from = to;
	}
	free(heads);
	return e;
}

/* Marks the rows of the result as valid. */
static enum err
ask_valid(struct stream *s, const struct query *q, const struct db_param *params,
          const struct db_rows *rows, bool *valid)
{
	struct db_result r;
	enum err e = db_query(s->db, q, params, rows, s->arena, &r);

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++)
		valid[db_get_int(&r, i, 0)] = true;
	return e;
}

/* Ends the streams whose token was revoked or whose login is over. */
static enum err
check_callers(struct stream *s, int64_t now_ms)
{
	struct db_rows *tokens, *logins;
	bool *token, *login;
	enum err e;

	arena_reset(s->arena);
	token = ARENA_ARRAY(s->arena, s->list.n, bool);
	login = ARENA_ARRAY(s->arena, s->list.n, bool);
	tokens = db_rows_new(s->arena, &q_events_tokens);
	logins = db_rows_new(s->arena, &q_events_logins);
	for (size_t i = 0; i < s->list.n; i++) {
		const struct one *x = &s->list.v[i];

		token[i] = uuid_is_nil(x->token);
		login[i] = !x->by_cookie;
		if (!token[i]) {
			db_row_int(tokens, (int64_t)i);
			db_row_uuid(tokens, x->token);
		}
		if (!login[i]) {
			db_row_int(logins, (int64_t)i);
			db_row_text(logins, str_n((const char *)x->login, SHA256_LEN));
		}
	}
	e = ask_valid(s, &q_events_tokens, DB_NO_PARAMS, tokens, token);
	if (e == ERR_OK)
		e = ask_valid(s, &q_events_logins, DB_PARAMS(db_time(now_ms)), logins, login);
	for (size_t i = 0; e == ERR_OK && i < s->list.n; i++)
		if (!token[i] || !login[i])
			end(&s->list.v[i]);
	return e;
}

static enum err
connect_db(struct stream *s)
{
	enum err e = db_open(s->o.pool, true, &s->db);

	if (e != ERR_OK)
		return e;
	e = db_listen(s->db, EVENT_CHANNEL);
	if (e != ERR_OK) {
		db_close(s->db);
		s->db = NULL;
	}
	return e;
}

static enum err
look(struct stream *s, int64_t now_ms)
{
	bool came = false;
	enum err e = s->db != NULL ? ERR_OK : connect_db(s);

	if (e == ERR_OK)
		e = db_wait_notify(s->db, 0, &came);
	if (e == ERR_OK && now_ms >= s->tokens_at) {
		e = check_callers(s, now_ms);
		if (e == ERR_OK)
			s->tokens_at = now_ms + STREAM_TOKENS_MS;
	}
	if (e != ERR_OK || (!came && !s->behind && now_ms < s->poll_at))
		return e;
	s->poll_at = 0; /* again at once if this fails */
	e = serve_all(s, now_ms);
	if (e == ERR_OK)
		s->poll_at = now_ms + POLL_MS;
	return e;
}

static enum step
stream_step(void *ctx, int64_t now_ms, int64_t *next_ms)
{
	struct stream *s = ctx;
	bool stopping = take_fresh(s);
	enum err e = ERR_OK;

	if (s->list.n > 0 && !stopping)
		e = look(s, now_ms);
	if (e != ERR_OK)
		log_debug("stream.database", LOG_ERR(e),
		          LOG_Z("detail", s->db != NULL ? db_message(s->db) : ""));
	for (size_t i = 0; i < s->list.n; i++) {
		struct one *x = &s->list.v[i];

		if (x->http != NULL && stopping)
			end(x);
		else if (x->http != NULL && now_ms >= x->beat_at)
			(void)give(x, STR(":\n\n"), now_ms);
	}
	*next_ms = now_ms + (e != ERR_OK ? POLL_MS : s->list.n > 0 ? LOOK_MS : TIME_HOUR);
	return STEP_WAIT;
}

struct stream *
stream_new(const struct stream_options *o)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->o = *o;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->wake = wake_new();
	return s;
}

enum err
stream_add(struct stream *s, struct http_exchange *x, const struct stream_wish *wish)
{
	struct one one = { .client = wish->client,
		           .token = wish->token,
		           .by_cookie = wish->by_cookie,
		           .at = wish->after };
	enum err e = ERR_OK;

	memcpy(one.login, wish->login, SHA256_LEN);
	one.beat_at = clock_now(s->o.clock) + STREAM_BEAT_MS;
	(void)pthread_mutex_lock(&s->lock);
	if (s->stopping)
		e = ERR_UNAVAILABLE;
	if (e == ERR_OK && s->driver == NULL) {
		s->arena = s->arena != NULL ? s->arena : arena_new(ARENA_BYTES);
		e = driver_start("stream", stream_step, s, s->o.clock, s->wake, &s->driver);
	}
	if (e == ERR_OK)
		e = http_stream_open(x, STREAM_CONTENT_TYPE, &one.http);
	if (e == ERR_OK)
		push(&s->fresh, &one);
	(void)pthread_mutex_unlock(&s->lock);
	if (e == ERR_OK)
		wake_set(s->wake);
	return e;
}

void
stream_stop(struct stream *s)
{
	struct driver *driver;
	int64_t next;

	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	driver = s->driver;
	s->driver = NULL;
	(void)pthread_mutex_unlock(&s->lock);
	if (driver == NULL)
		return;
	driver_stop(driver);
	driver_join(driver);
	(void)stream_step(s, clock_now(s->o.clock), &next); /* what the thread did not come to */
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	stream_stop(s);
	db_close(s->db);
	arena_free(s->arena);
	wake_free(s->wake);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->fresh.v);
	free(s->list.v);
	free(s);
}
