/*
 * Why: what is said in audios is half of many conversations. What always holds: a file leaves for
 * the server only where TRANSCRIBE says so; what waits costs nothing, and nothing of an audio or
 * its words reaches a log line.
 */
#include "work/transcriber_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/metrics.h"
#include "work/media_disk.h"

#define ARENA_BYTES ((size_t)8 << 20)
#define CALL_BYTES  ((size_t)TRANSCRIPT_MOST_BYTES + ((size_t)1 << 20))
#define CONNECT_MS  (10 * TIME_SECOND)
#define MAX_ANSWER  ((size_t)1 << 20)
#define MAX_SECRET  4096
#define LOOK_MS     (2 * TIME_SECOND) /* for what was stored meanwhile */
#define AWAY_MS     TIME_SECOND

enum err
transcriber_open(const struct transcriber_options *o, struct transcriber **out)
{
	struct transcriber *t = calloc(1, sizeof(*t));
	enum err e;

	if (t == NULL)
		abort();
	t->o = *o;
	t->arena = arena_new(ARENA_BYTES);
	e = db_open(o->pool, false, &t->db);
	if (e != ERR_OK) {
		transcriber_close(t);
		return e;
	}
	*out = t;
	return ERR_OK;
}

static void
heard(struct graph_call *call, struct http_result *r)
{
	struct hearing *x = (struct hearing *)call;

	http_result_deinit(&x->result);
	x->result = *r;
	x->heard = true;
}

static void
forget(struct hearing *x)
{
	struct hearing **at = &x->t->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->t->n--;
	if (x->call.flying)
		http_client_cancel(x->t->o.http, x->call.id);
	hearing_free(x);
}

/* The whole file; false: it is not there, or is too large (*refused). */
static bool
read_file(struct arena *a, const char *path, struct str *out, const char **refused)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t n = 0;
	char *p;

	*refused = "file_gone";
	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || st.st_size > TRANSCRIPT_MOST_BYTES) {
		*refused = st.st_size > TRANSCRIPT_MOST_BYTES ? "too_large" : "file_gone";
		(void)close(fd);
		return false;
	}
	p = arena_alloc(a, (size_t)st.st_size);
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, p + n, (size_t)st.st_size - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	(void)close(fd);
	*out = str_n(p, n);
	return n == (size_t)st.st_size;
}

static enum err
post(struct hearing *x, struct arena *a, struct str file)
{
	const struct transcriber_options *o = &x->t->o;
	struct str boundary = uuid_text(a, rand_uuid_v7(o->rand, 0));
	const struct transcript_request q = {
		.model = o->model, .mime = str_from(x->mime), .file = file, .boundary = boundary
	};
	char bearer[MAX_SECRET];
	int n = snprintf(bearer, sizeof(bearer), "Bearer " STR_FMT, STR_ARG(o->api_key));
	const struct http_header_out headers[] = {
		{ "Authorization", str_n(bearer, (size_t)n < sizeof(bearer) ? (size_t)n : 0) },
		{ "Content-Type",
		  str_fmt(a, "multipart/form-data; boundary=" STR_FMT, STR_ARG(boundary)) },
		{ "Accept", STR("application/json") },
		{ NULL, STR_NONE },
	};
	const struct http_call call = {
		.method = STR("POST"),
		.url = str_fmt(a, STR_FMT "/audio/transcriptions", STR_ARG(o->base_url)),
		.headers = headers,
		.body = transcript_body(a, &q),
		.connect_ms = o->timeout_ms < CONNECT_MS ? o->timeout_ms : CONNECT_MS,
		.first_byte_ms = o->timeout_ms,
		.whole_ms = o->timeout_ms,
		.max_body = MAX_ANSWER,
		.user = &x->call,
	};
	enum err e = http_client_start(o->http, &call, &x->call.id);

	explicit_bzero(bearer, sizeof(bearer));
	x->call.heard = heard;
	x->call.flying = e == ERR_OK;
	return e;
}

static enum err
ask(struct hearing *x)
{
	struct arena *a;
	struct str file;
	const char *path;
	bool wanted = true;
	enum err e = transcript_wanted(x, &wanted);

	if (e != ERR_OK || !wanted) {
		x->refused = e != ERR_OK ? "unreachable" : "file_gone";
		return e;
	}
	a = arena_new(2 * CALL_BYTES);
	path = str_z(a, media_disk_path(a, x->t->o.dir, x->digest));
	if (read_file(a, path, &file, &x->refused)) {
		x->refused = NULL;
		if (post(x, a, file) != ERR_OK)
			x->refused = "unreachable";
	}
	arena_free(a);
	return ERR_OK;
}

/* What is known of one that came back, or that never left. */
static struct transcript_verdict
judge(struct hearing *x, struct transcript *found, int64_t now_ms)
{
	struct transcriber *t = x->t;
	const struct http_result *r = &x->result;
	struct transcript_verdict v;
	int64_t wait = -1;

	if (x->refused != NULL && !str_eq(str_from(x->refused), STR("unreachable")))
		return (struct transcript_verdict){ .act = TRANSCRIPT_NEVER, .reason = x->refused };
	if (r->failure == HTTP_OK && x->refused == NULL)
		wait = graph_calls_retry_after(r, now_ms);
	v = transcript_judge(x->refused == NULL && r->failure == HTTP_OK ? r->status : 0, x->tries,
	                     now_ms, wait, rand_u64(t->o.rand));
	if (v.act == TRANSCRIPT_TAKE &&
	    !transcript_read(t->arena, str_n(r->body, r->body_len), &t->o.prices, found)) {
		v = transcript_judge(502, x->tries, now_ms, -1, rand_u64(t->o.rand));
		v.reason = "bad_answer";
	}
	return v;
}

static enum err
settle(struct hearing *x, int64_t now_ms)
{
	static const enum metric metrics[] = { M_TRANSCRIPTS_READY, M_TRANSCRIPTS_RETRIED,
		                               M_TRANSCRIPTS_UNAVAILABLE };
	struct transcript found = { .cost_micro_usd = 0 };
	struct transcript_verdict v = judge(x, &found, now_ms);
	enum err e = transcript_settle(x, &v, &found, now_ms);

	if (e != ERR_OK)
		return e;
	metrics_add(metrics[v.act], 1);
	metrics_add(M_TRANSCRIPTS_COST_MICRO_USD, found.cost_micro_usd);
	if (v.act != TRANSCRIPT_TAKE)
		log_info("transcript.not_made", LOG_UUID("client", x->client_id),
		         LOG_Z("reason", v.reason), LOG_INT("status", x->result.status));
	if (v.all && v.next_try_at > x->t->held_until)
		x->t->held_until = v.next_try_at;
	forget(x);
	return ERR_OK;
}

static enum err
settle_all(struct transcriber *t, int64_t now_ms, bool *worked)
{
	enum err e = ERR_OK;

	for (struct hearing *x = t->first, *next; e == ERR_OK && x != NULL; x = next) {
		next = x->next;
		if (!x->heard && x->refused == NULL)
			continue;
		*worked = true;
		arena_reset(t->arena);
		e = settle(x, now_ms);
		if (e == ERR_OK || (db_is_away(e) && now_ms < x->until))
			continue;
		log_warn("transcript.dropped", LOG_UUID("client", x->client_id), LOG_ERR(e));
		forget(x);
		e = db_is_away(e) ? e : ERR_OK;
	}
	return e;
}

static enum err
claim(struct transcriber *t, int64_t now_ms, bool *worked)
{
	struct hearing *x = NULL;
	bool told = false;
	enum err e;

	if (now_ms < t->look_at || now_ms < t->held_until || t->n == TRANSCRIBER_AT_ONCE)
		return ERR_OK;
	arena_reset(t->arena);
	e = transcript_tell(t, now_ms, &told);
	if (e == ERR_OK && told) {
		*worked = true;
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = transcript_claim(t, now_ms, &x);
	if (e == ERR_OK && x == NULL) {
		t->look_at = now_ms + LOOK_MS;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	*worked = true;
	x->next = t->first;
	t->first = x;
	t->n++;
	return ask(x);
}

enum step
transcriber_step(void *transcriber, int64_t now_ms, int64_t *next_ms)
{
	struct transcriber *t = transcriber;
	bool worked = false;
	enum err e;

	if (now_ms < t->away_until) {
		*next_ms = t->away_until;
		return STEP_WAIT;
	}
	e = settle_all(t, now_ms, &worked);
	if (e == ERR_OK)
		e = claim(t, now_ms, &worked);
	if (e != ERR_OK) {
		t->away_until = now_ms + AWAY_MS;
		*next_ms = t->away_until;
		return STEP_WAIT;
	}
	*next_ms = t->look_at > t->held_until ? t->look_at : t->held_until;
	if (*next_ms <= now_ms)
		*next_ms = now_ms + LOOK_MS;
	return worked ? STEP_AGAIN : STEP_WAIT;
}

void
transcriber_stop(struct transcriber *t, int64_t now_ms)
{
	enum err e;

	while (t->first != NULL)
		forget(t->first);
	e = transcript_release(t, now_ms);
	if (e != ERR_OK) /* taken up when their time has come */
		log_warn("transcript.not_released", LOG_ERR(e));
}

void
transcriber_close(struct transcriber *t)
{
	if (t == NULL)
		return;
	while (t->first != NULL)
		forget(t->first);
	db_close(t->db);
	arena_free(t->arena);
	free(t);
}
