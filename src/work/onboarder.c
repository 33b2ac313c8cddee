/*
 * Why: Meta's steps take seconds, may fail, and some of them work once. What always holds: a call
 * leaves only after its step was written down; what an answer says is written before the next call
 * leaves; one onboarding's trouble stops no other.
 */
#include "work/onboarder_internal.h"

#include <stdlib.h>

#include "sys/log.h"

#define ARENA_BYTES     ((size_t)32 << 20)
#define LOOK_MS         TIME_SECOND /* for those that another process wrote down */
#define AWAY_MS         TIME_SECOND
#define MOST_PAGES      40 /* of numbers of one account */
#define FORGET_MS       TIME_HOUR
#define FORGET_EVERY_MS (10 * TIME_MINUTE)
#define FIELDS          "id,display_phone_number,verified_name,is_on_biz_app,platform_type"

enum err
onboarder_open(const struct onboarder_options *o, struct onboarder **out)
{
	struct onboarder *ob = calloc(1, sizeof(*ob));
	enum err e;

	if (ob == NULL)
		abort();
	ob->o = *o;
	ob->arena = arena_new(ARENA_BYTES);
	e = db_open(o->pool, false, &ob->db);
	if (e != ERR_OK) {
		onboarder_close(ob);
		return e;
	}
	*out = ob;
	return ERR_OK;
}

void
onboarder_look(struct onboarder *ob)
{
	atomic_store(&ob->look, true);
}

static void
heard(struct graph_call *call, struct http_result *r)
{
	struct onboarding *x = (struct onboarding *)call;

	http_result_deinit(&x->result);
	x->result = *r;
	x->heard = true;
}

static void
forget(struct onboarding *x)
{
	struct onboarding **at = &x->ob->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->ob->n--;
	graph_calls_cancel(x->ob->o.graph, &x->call);
	onboarding_free(x);
}

/* Text in a query, escaped (RFC 3986). */
static struct str
escaped(struct arena *a, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	struct buf b;

	buf_init(&b, a, 3 * s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '_' || c == '.' || c == '~') {
			buf_char(&b, (char)c);
			continue;
		}
		buf_char(&b, '%');
		buf_char(&b, hex[c >> 4]);
		buf_char(&b, hex[c & 15]);
	}
	return buf_slice(&b);
}

static struct str
sync_body(struct arena *a, const char *what)
{
	return str_fmt(a, "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"%s\"}", what);
}

/* The request of the step that is next. */
static struct graph_request
request_of(const struct onboarding *x, struct arena *a)
{
	struct graph_request q = { .method = STR("POST"), .token = x->token };

	switch (x->step) {
	case ONBOARD_TOKEN:
		q.method = STR("GET");
		q.token = STR_NONE;
		q.path = str_fmt(a,
		                 "/oauth/access_token?client_id=" STR_FMT "&client_secret=" STR_FMT
		                 "&code=" STR_FMT,
		                 STR_ARG(escaped(a, x->ob->o.app_id)),
		                 STR_ARG(escaped(a, x->ob->o.app_secret)),
		                 STR_ARG(escaped(a, x->code)));
		break;
	case ONBOARD_NUMBER:
		q.method = STR("GET");
		q.path = str_fmt(a, "/" STR_FMT "/phone_numbers?fields=" FIELDS "%s" STR_FMT,
		                 STR_ARG(x->waba_id), str_is_empty(x->after) ? "" : "&after=",
		                 STR_ARG(escaped(a, x->after)));
		break;
	case ONBOARD_SUBSCRIBE:
		q.path = str_fmt(a, "/" STR_FMT "/subscribed_apps", STR_ARG(x->waba_id));
		break;
	case ONBOARD_CONTACTS:
	case ONBOARD_HISTORY:
		q.path = str_fmt(a, "/" STR_FMT "/smb_app_data", STR_ARG(x->found.id));
		q.body = sync_body(a,
		                   x->step == ONBOARD_CONTACTS ? "smb_app_state_sync" : "history");
		break;
	case ONBOARD_DONE:
		break;
	}
	return q;
}

static enum err
call(struct onboarding *x, int64_t now_ms)
{
	struct graph_request q;
	enum err e = onboarding_store_called(x, now_ms);

	if (e != ERR_OK)
		return e;
	x->tries++;
	x->to_call = false;
	x->call.heard = heard;
	q = request_of(x, x->ob->arena);
	return graph_calls_start(x->ob->o.graph, &x->call, &q);
}

/* What was heard is written; the call that follows may leave in a later step. */
static enum err
call_next(struct onboarding *x, int64_t now_ms)
{
	x->heard = false;
	x->to_call = true;
	return call(x, now_ms);
}

static enum err
fail(struct onboarding *x, const char *reason, const struct graph_answer *answer, int64_t now_ms)
{
	enum err e = onboarding_store_end(x, reason, answer, now_ms);

	if (e == ERR_OK) {
		log_warn("onboarding.failed", LOG_UUID("onboarding", x->id),
		         LOG_Z("step", onboard_step_name(x->step)), LOG_Z("reason", reason),
		         LOG_INT("code", answer == NULL ? -1 : answer->code));
		forget(x);
	}
	return e;
}

/* The step is done; the next one's call leaves, or all is. */
static enum err
go_on(struct onboarding *x, int64_t now_ms)
{
	enum onboard_step to = onboard_next(x->step, &x->wish);
	const char *refused = NULL;
	enum err e;

	if (to == ONBOARD_DONE) {
		e = onboarding_store_end(x, NULL, NULL, now_ms);
		if (e == ERR_OK) {
			log_info("onboarding.done", LOG_UUID("onboarding", x->id),
			         LOG_UUID("connection", x->connection_id));
			forget(x);
		}
		return e;
	}
	e = onboarding_store_advance(x, to, now_ms, &refused);
	if (e == ERR_OK && refused != NULL)
		return fail(x, refused, NULL, now_ms);
	if (e != ERR_OK)
		return e;
	if (to == ONBOARD_SUBSCRIBE && x->ob->o.connected != NULL)
		x->ob->o.connected(x->ob->o.ctx);
	x->step = to;
	x->tries = 0;
	return call_next(x, now_ms);
}

/* The only number that will do. Done again after a database that was away, it says the same. */
static enum onboard_found
take_page(struct onboarding *x, const cJSON *page)
{
	enum onboard_found f;

	x->found = x->found_before;
	f = onboard_find(x->arena, page, x->wanted, x->wish.cloud_api, &x->found, &x->after);
	return f == ONBOARD_MORE && ++x->pages == MOST_PAGES ? ONBOARD_NOT_FOUND : f;
}

/* What the answer of the step says; *refused: a word. *more: the step goes on with another call. */
static void
take(struct onboarding *x, const struct graph_answer *answer, const char **refused, bool *more)
{
	struct str token;
	bool success;

	*more = false;
	*refused = NULL;
	if (x->step == ONBOARD_TOKEN) {
		token = json_str(json_get(answer->root, "access_token"));
		if (str_is_empty(token))
			*refused = "bad_answer";
		else
			x->token = str_dup(x->arena, token);
	} else if (x->step == ONBOARD_NUMBER) {
		enum onboard_found f = take_page(x, answer->root);

		*more = f == ONBOARD_MORE;
		if (f == ONBOARD_NOT_FOUND)
			*refused = "number_not_found";
		else if (f == ONBOARD_SEVERAL)
			*refused = "several_numbers";
	} else if (json_bool(json_get(answer->root, "success"), &success) && !success) {
		*refused = "refused";
	}
}

static enum err
succeeded(struct onboarding *x, const struct graph_answer *answer, int64_t now_ms)
{
	const char *refused;
	bool more;

	take(x, answer, &refused, &more);
	if (refused != NULL)
		return fail(x, refused, NULL, now_ms);
	if (!more)
		return go_on(x, now_ms);
	x->found_before = x->found;
	return call_next(x, now_ms);
}

static enum err
later(struct onboarding *x, const struct onboard_verdict *v, const struct graph_answer *answer,
      int64_t now_ms)
{
	enum err e = onboarding_store_later(x, answer, v->reason, v->next_try_at, now_ms);

	if (e == ERR_OK) {
		log_info("onboarding.later", LOG_UUID("onboarding", x->id),
		         LOG_Z("step", onboard_step_name(x->step)), LOG_Z("reason", v->reason));
		forget(x); /* claimed again when its time has come */
	}
	return e;
}

static enum err
settle(struct onboarding *x, int64_t now_ms)
{
	struct onboarder *ob = x->ob;
	struct graph_answer answer;
	struct onboard_verdict v;
	enum err e;

	graph_calls_read(ob->arena, &x->result, &answer);
	v = onboard_judge(x->step, &answer, x->tries, x->code_at, now_ms,
	                  graph_calls_retry_after(&x->result, now_ms), rand_u64(ob->o.rand));
	if (v.act == ONBOARD_FAIL)
		return fail(x, v.reason, &answer, now_ms);
	if (v.act == ONBOARD_TRY_AGAIN)
		return later(x, &v, &answer, now_ms);
	if (v.too_late) {
		e = onboarding_store_too_late(x, &answer, now_ms);
		return e == ERR_OK ? go_on(x, now_ms) : e;
	}
	if (answer.act == GRAPH_TAKE)
		return succeeded(x, &answer, now_ms);
	e = x->step == ONBOARD_HISTORY ? onboarding_store_was_asked(x) : ERR_OK;
	return e == ERR_OK ? go_on(x, now_ms) : e;
}

/* Kept while the database is away and nobody else may have it: an answer of Meta's may not come
 * twice. True: it is gone. */
static bool
let_go(struct onboarding *x, enum err e, int64_t now_ms)
{
	if (db_is_away(e) && now_ms < x->held_until)
		return false;
	if (e != ERR_CONFLICT)
		log_warn("onboarding.dropped", LOG_UUID("onboarding", x->id), LOG_ERR(e),
		         LOG_Z("detail", db_message(x->ob->db)));
	forget(x);
	return true;
}

static enum err
claim(struct onboarder *ob, int64_t now_ms, bool *worked)
{
	struct onboarding *x = NULL;
	enum err e;

	if (atomic_exchange(&ob->look, false))
		ob->look_at = now_ms;
	if (now_ms < ob->look_at || ob->n == ONBOARDER_MOST)
		return ERR_OK;
	arena_reset(ob->arena);
	e = onboarding_claim(ob, now_ms, &x);
	if (e != ERR_OK)
		return e;
	if (x == NULL) {
		ob->look_at = now_ms + LOOK_MS;
		return ERR_OK;
	}
	*worked = true;
	x->next = ob->first;
	ob->first = x;
	ob->n++;
	x->to_call = true;
	return ERR_OK;
}

/* Its call leaves, or what came back is settled. */
static enum err
move_on(struct onboarding *x, int64_t now_ms)
{
	if (x->heard)
		return settle(x, now_ms);
	if (x->step == ONBOARD_TOKEN && now_ms >= x->code_at + ONBOARD_CODE_MS)
		return fail(x, "code_expired", NULL, now_ms);
	return call(x, now_ms);
}

/* Old secrets go, once in a while. */
static enum err
tidy(struct onboarder *ob, int64_t now_ms)
{
	if (now_ms < ob->forget_at)
		return ERR_OK;
	ob->forget_at = now_ms + FORGET_EVERY_MS;
	return onboarding_forget(ob, now_ms - FORGET_MS);
}

static enum err
work(struct onboarder *ob, int64_t now_ms, bool *worked)
{
	enum err e = claim(ob, now_ms, worked);

	for (struct onboarding *x = ob->first, *next; e == ERR_OK && x != NULL; x = next) {
		next = x->next;
		if (!x->heard && !x->to_call)
			continue;
		*worked = true;
		arena_reset(ob->arena);
		e = move_on(x, now_ms);
		if (e != ERR_OK && let_go(x, e, now_ms) && !db_is_away(e))
			e = ERR_OK;
	}
	return e == ERR_OK ? tidy(ob, now_ms) : e;
}

enum step
onboarder_step(void *onboarder, int64_t now_ms, int64_t *next_ms)
{
	struct onboarder *ob = onboarder;
	bool worked = false;
	enum err e;

	if (now_ms < ob->away_until) {
		*next_ms = ob->away_until;
		return STEP_WAIT;
	}
	e = work(ob, now_ms, &worked);
	if (e != ERR_OK) {
		ob->away_until = now_ms + AWAY_MS;
		*next_ms = ob->away_until;
		return STEP_WAIT;
	}
	*next_ms = ob->look_at > now_ms ? ob->look_at : now_ms + LOOK_MS;
	return worked ? STEP_AGAIN : STEP_WAIT;
}

void
onboarder_stop(struct onboarder *ob, int64_t now_ms)
{
	enum err e;

	while (ob->first != NULL)
		forget(ob->first);
	e = onboarding_release(ob, now_ms);
	if (e != ERR_OK) /* taken up when their time has come */
		log_warn("onboarding.not_released", LOG_ERR(e));
}

void
onboarder_close(struct onboarder *ob)
{
	if (ob == NULL)
		return;
	while (ob->first != NULL)
		forget(ob->first);
	db_close(ob->db);
	arena_free(ob->arena);
	free(ob);
}
