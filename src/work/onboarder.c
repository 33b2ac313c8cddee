/*
 * Why: Meta's steps take seconds, may fail, and some of them work once. What always holds: a call
 * leaves only after its step was written down; what an answer says is written before the next call
 * leaves; one onboarding's trouble stops no other.
 */
#include "work/onboarder_internal.h"

#include <stdlib.h>

#include "sys/log.h"

#define ARENA_BYTES ((size_t)32 << 20)
#define MOST_ANSWER ((size_t)1 << 20)
#define LOOK_MS     TIME_SECOND /* for those that another process wrote down */
#define AWAY_MS     TIME_SECOND
#define FIELDS      "id,display_phone_number,verified_name,is_on_biz_app,platform_type"

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
	struct graph_request q = { .method = STR("POST"),
		                   .token = x->token,
		                   .max_body = MOST_ANSWER };

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
	x->call.heard = heard;
	q = request_of(x, x->ob->arena);
	return graph_calls_start(x->ob->o.graph, &x->call, &q);
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
	return call(x, now_ms);
}

/* A page of numbers, or the token. *refused: a word. *more: the step goes on with another call. */
static void
take(struct onboarding *x, const struct graph_answer *answer, const char **refused, bool *more)
{
	struct str token;

	*more = false;
	*refused = NULL;
	if (x->step == ONBOARD_TOKEN) {
		token = json_str(json_get(answer->root, "access_token"));
		if (str_is_empty(token))
			*refused = "bad_answer";
		else
			x->token = str_dup(x->arena, token);
		x->code = STR_NONE;
	} else if (x->step == ONBOARD_NUMBER) {
		switch (onboard_find(x->arena, answer->root, x->wanted, x->wish.cloud_api,
		                     &x->found, &x->after)) {
		case ONBOARD_FOUND:
			break;
		case ONBOARD_MORE:
			*more = true;
			break;
		case ONBOARD_NOT_FOUND:
			*refused = "number_not_found";
			break;
		case ONBOARD_SEVERAL:
			*refused = "several_numbers";
			break;
		}
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
	return more ? call(x, now_ms) : go_on(x, now_ms);
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
	return answer.act == GRAPH_TAKE ? succeeded(x, &answer, now_ms) : go_on(x, now_ms);
}

/* What is away is met again by the one who takes it up when its time has come. */
static enum err
let_go(struct onboarding *x, enum err e)
{
	if (e != ERR_CONFLICT)
		log_warn("onboarding.dropped", LOG_UUID("onboarding", x->id), LOG_ERR(e),
		         LOG_Z("detail", db_message(x->ob->db)));
	forget(x);
	return db_is_away(e) ? e : ERR_OK;
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
	e = x->step == ONBOARD_TOKEN && now_ms >= x->code_at + ONBOARD_CODE_MS
	            ? fail(x, "code_expired", NULL, now_ms)
	            : call(x, now_ms);
	return e == ERR_OK ? e : let_go(x, e);
}

static enum err
work(struct onboarder *ob, int64_t now_ms, bool *worked)
{
	enum err e = ERR_OK;

	for (struct onboarding *x = ob->first, *next; e == ERR_OK && x != NULL; x = next) {
		next = x->next;
		if (!x->heard)
			continue;
		x->heard = false;
		*worked = true;
		arena_reset(ob->arena);
		e = settle(x, now_ms);
		if (e != ERR_OK)
			e = let_go(x, e);
	}
	return e == ERR_OK ? claim(ob, now_ms, worked) : e;
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
