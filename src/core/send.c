/*
 * Why: whether a message may be sent again is a question of what the answer proves, and nothing
 * else. What always holds: only what nobody has carried out for certain is tried again, so nobody
 * gets a message twice by us.
 */
#include "core/send.h"

#include "core/wamid.h"

#define KEY_PREFIX     "a:"
#define PAIR_WAIT_MOST INT64_C(256000) /* 4^4 s */
#define REQUEST_ROOM   (6 * 4 * (size_t)SEND_TEXT_CHARACTERS + 4096)
#define MOST_ID        512

struct str
send_key(struct arena *a, struct uuid id)
{
	return str_fmt(a, KEY_PREFIX STR_FMT, STR_ARG(uuid_text(a, id)));
}

bool
send_id_of(struct str callback_data, struct uuid *id)
{
	return str_is_set(callback_data) && uuid_parse(callback_data, id) == ERR_OK;
}

struct str
send_request(struct arena *a, const struct send_text *t)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, REQUEST_ROOM);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kz(&w, "messaging_product", "whatsapp");
	jw_kz(&w, "recipient_type", "individual");
	if (str_is_set(t->wa_id)) /* without the + Meta may put a country of its own before it */
		jw_kstr(&w, "to", str_fmt(a, "+" STR_FMT, STR_ARG(t->wa_id)));
	else
		jw_kstr(&w, "recipient", t->user_id);
	jw_kz(&w, "type", "text");
	jw_key(&w, "text");
	jw_obj(&w);
	jw_kbool(&w, "preview_url", t->preview_url);
	jw_kstr(&w, "body", t->body);
	jw_obj_end(&w);
	if (str_is_set(t->reply_wamid)) {
		jw_key(&w, "context");
		jw_obj(&w);
		jw_kstr(&w, "message_id", t->reply_wamid);
		jw_obj_end(&w);
	}
	jw_kstr(&w, "biz_opaque_callback_data", uuid_text(a, t->id));
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* STR_NONE unless it is a text of a length that an id may have. */
static struct str
id_text(const cJSON *v)
{
	struct str s = json_str(v);

	return s.n == 0 || s.n > MOST_ID ? STR_NONE : s;
}

bool
send_read(struct arena *a, const cJSON *root, struct send_receipt *out)
{
	const cJSON *message = json_first(json_get(root, "messages"));
	const cJSON *contact = json_first(json_get(root, "contacts"));

	*out = (struct send_receipt){ .wamid = id_text(json_get(message, "id")) };
	if (!str_is_set(out->wamid))
		return false;
	out->known.wa_id = str_digits(a, json_text(a, json_get(contact, "wa_id")));
	if (str_is_empty(out->known.wa_id))
		out->known.wa_id = STR_NONE;
	out->known.user_id = id_text(json_get(contact, "user_id"));
	return true;
}

/* 4^n s of one who was written to too often, as Meta advises. */
static int64_t
pair_wait(unsigned tries)
{
	int64_t wait = TIME_SECOND;

	for (unsigned i = 0; i < tries && wait < PAIR_WAIT_MOST; i++)
		wait *= 4;
	return wait;
}

struct send_verdict
send_judge(const struct graph_answer *answer, unsigned tries, int64_t at, int64_t give_up_ms,
           int64_t now_ms, int64_t retry_after_ms, uint64_t chance)
{
	struct send_verdict v = { .act = SEND_FAILED, .reason = answer->reason };
	bool pair = answer->code == GRAPH_PAIR_RATE;

	switch (answer->act) {
	case GRAPH_TAKE:
		return (struct send_verdict){ .act = SEND_TAKEN };
	case GRAPH_NEVER:
		return v;
	case GRAPH_RECONNECT:
	case GRAPH_STOP:
		v.hopeless = true;
		return v;
	case GRAPH_LATER:
		break;
	}
	if (answer->carried_out) {
		v.act = SEND_UNKNOWN;
		return v;
	}
	if (now_ms - at >= give_up_ms) {
		v.reason = "gave_up";
		return v;
	}
	v.act = SEND_AGAIN;
	v.all = !pair;
	v.next_try_at = graph_next_try_at(tries, now_ms, retry_after_ms, chance);
	if (pair && v.next_try_at < now_ms + pair_wait(tries))
		v.next_try_at = now_ms + pair_wait(tries);
	return v;
}

static void
add_route(struct arena *a, struct facts *out)
{
	out->routes.v = ARENA_NEW(a, struct fact_route);
	out->routes.n = out->routes.cap = 1;
	out->fields = FIELD_OWN;
}

void
send_facts(struct arena *a, const struct send_fact *f, struct facts *out)
{
	struct fact_message *m = ARENA_NEW(a, struct fact_message);

	*out = (struct facts){ 0 };
	add_route(a, out);
	*m = (struct fact_message){
		.origin = ORIGIN_API,
		.own_id = f->id,
		.wamid = f->wamid,
		.dedup_key = str_is_set(f->wamid) ? wamid_dedup_key(a, f->wamid)
		                                  : send_key(a, f->id),
		.at = f->at,
		.from_me_set = true,
		.from_me = true,
		.to = f->to,
		.type = STR("text"),
		.content = CONTENT_REAL,
		.body = f->body,
		.reply_wamid = f->reply_wamid,
		/* the same with and without a name: both are one copy */
		.bytes = str_fmt(a, "{\"sent\":\"" STR_FMT "\"}", STR_ARG(uuid_text(a, f->id))),
	};
	if (str_is_set(f->reply_wamid))
		m->reply_key = wamid_dedup_key(a, f->reply_wamid);
	out->messages.v = m;
	out->messages.n = out->messages.cap = 1;
}

void
send_facts_failure(struct arena *a, const struct send_fact *f, int64_t code, const char *reason,
                   struct str message, int64_t now_ms, struct facts *out)
{
	struct fact_amendment *m = ARENA_NEW(a, struct fact_amendment);
	struct buf b;
	struct jw w;

	*out = (struct facts){ 0 };
	add_route(a, out);
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "details", message);
	jw_kz(&w, "title", reason);
	jw_obj_end(&w);
	*m = (struct fact_amendment){
		.kind = AMEND_STATUS,
		.origin = ORIGIN_API,
		.target_key = send_key(a, f->id),
		.at = now_ms,
		.to = f->to,
		.status = WA_FAILED,
		.error = buf_slice(&b),
		.error_code = code,
		.bytes = buf_slice(&b),
	};
	out->amendments.v = m;
	out->amendments.n = out->amendments.cap = 1;
}
