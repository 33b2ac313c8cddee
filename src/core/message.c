/*
 * Messages as folds. What always holds: message_join is a join of semilattices member by member,
 * and a member's value is decided by its key alone, so equal keys have equal values; nothing here
 * reads a clock or an id of ours.
 */
#include "core/message.h"

#include <assert.h>

#include "base/digest.h"

#define KEY_DIGEST    16                       /* of the element's SHA-256 */
#define KEY_LEN       (1 + 1 + 8 + KEY_DIGEST) /* content rank, origin, time, digest */
#define PLACE_KEY_LEN (1 + KEY_LEN + 1)        /* full or content-only, that, direction */

static const char *const history_names[] = { "ERROR",     "PENDING", "SENT",
	                                     "DELIVERED", "READ",    "PLAYED" };
static const int history_statuses[] = { WA_FAILED,    WA_SENT, WA_SENT,
	                                WA_DELIVERED, WA_READ, WA_PLAYED };

static int
history_rank(struct str status)
{
	for (int i = 0; i < 6; i++) {
		if (str_eq(status, str_from(history_names[i])))
			return i + 1;
	}
	return 0;
}

static void
put_be64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
}

/* Greater is better: a full copy, then content rank, origin, the smaller time, bytes, and the
 * direction, which is read from more than the element. */
static struct str
copy_key(struct arena *a, const struct fact_message *f, bool outbound)
{
	unsigned char *p = arena_alloc(a, PLACE_KEY_LEN), digest[SHA256_LEN];
	uint64_t at = f->at == TIME_NONE ? UINT64_MAX : (uint64_t)f->at ^ (UINT64_C(1) << 63);

	p[0] = f->content_only ? 0 : 1;
	p[1] = (unsigned char)f->content;
	p[2] = (unsigned char)f->origin;
	put_be64(p + 3, ~at);
	digest_sha256(f->bytes, digest);
	memcpy(p + 11, digest, KEY_DIGEST);
	p[PLACE_KEY_LEN - 1] = outbound;
	return str_n((const char *)p, PLACE_KEY_LEN);
}

struct str
message_full_place_key(struct arena *a, struct str content_key, bool outbound)
{
	char *p = arena_alloc(a, content_key.n + 2);

	p[0] = 1;
	memcpy(p + 1, content_key.p, content_key.n);
	p[content_key.n + 1] = outbound;
	return str_n(p, content_key.n + 2);
}

static int
copy_status(const struct fact_message *f, bool outbound)
{
	int rank;

	if (!outbound)
		return WA_NO_STATUS;
	if (f->origin == ORIGIN_API && !str_is_set(f->wamid))
		return WA_PENDING;
	if (f->origin != ORIGIN_HISTORY)
		return WA_SENT;
	if (!str_is_set(f->history_status))
		return WA_NO_STATUS;
	rank = history_rank(f->history_status);
	return rank == 0 ? WA_SENT : history_statuses[rank - 1];
}

static struct str
extra_json(struct arena *a, const struct fact_message *f)
{
	struct buf b;
	struct jw w;

	if (!f->forwarded && !str_is_set(f->referral))
		return STR_NONE;
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	if (f->forwarded)
		jw_kbool(&w, "forwarded", true);
	if (str_is_set(f->referral))
		jw_kraw(&w, "referral", f->referral);
	jw_obj_end(&w);
	return buf_slice(&b);
}

void
message_from_fact(struct arena *a, const struct fact_message *f, bool outbound, int64_t received_at,
                  struct message *out)
{
	struct str key = copy_key(a, f, outbound);

	*out = (struct message){
		.key = f->dedup_key,
		.seen = 1u << f->origin,
		.content_key = str_sub(key, 1, KEY_LEN),
		.type = f->type,
		.body = f->body,
		.content = f->raw,
		.place_key = key,
		.place_at = f->at,
		.outbound = outbound,
		.reply_key = f->reply_key,
		.reply_wamid = f->reply_wamid,
		.extra = extra_json(a, f),
		.received_at = received_at,
		.history_received_at = f->origin == ORIGIN_HISTORY ? received_at : TIME_NONE,
		.status_rank = copy_status(f, outbound),
		.history_status = f->history_status,
		.wamid = f->wamid,
		.revoked_at = TIME_NONE,
		.confirmed_at = TIME_NONE,
	};
	if (f->origin == ORIGIN_LIVE && !outbound && !f->system)
		out->seen |= SEEN_LIVE_IN;
	if (f->origin == ORIGIN_APP_ECHO)
		out->confirmed_at = moment_effective(f->at, received_at);
}

static bool
take_min(int64_t *into, int64_t from)
{
	int64_t v = moment_min(*into, from);

	if (v == *into)
		return false;
	*into = v;
	return true;
}

static bool
join_content(struct message *into, const struct message *from)
{
	if (str_cmp(from->content_key, into->content_key) <= 0)
		return false;
	into->content_key = from->content_key;
	into->type = from->type;
	into->body = from->body;
	into->content = from->content;
	return true;
}

static bool
join_place(struct message *into, const struct message *from)
{
	if (str_cmp(from->place_key, into->place_key) <= 0)
		return false;
	into->place_key = from->place_key;
	into->place_at = from->place_at;
	into->outbound = from->outbound;
	into->reply_key = from->reply_key;
	into->reply_wamid = from->reply_wamid;
	into->extra = from->extra;
	return true;
}

static int
strongest(unsigned seen)
{
	for (int o = ORIGIN_LIVE; o > ORIGIN_HISTORY; o--) {
		if (seen & (1u << o))
			return o;
	}
	return ORIGIN_HISTORY;
}

/* All wamids with the strongest origin each was seen by, sorted by text. */
struct wamid_set {
	size_t n;
	struct {
		int origin;
		struct str text;
	} v[32];
};

static void
wamid_set_add(struct wamid_set *s, int origin, struct str text)
{
	size_t i = 0;

	if (!str_is_set(text)) /* sent from here, not named yet */
		return;
	while (i < s->n && str_cmp(s->v[i].text, text) < 0)
		i++;
	if (i < s->n && str_eq(s->v[i].text, text)) {
		if (origin > s->v[i].origin)
			s->v[i].origin = origin;
		return;
	}
	if (s->n == 32 && i == 32)
		return; /* a bound on garbage: the least 32 texts are kept, whatever the order */
	if (s->n == 32)
		s->n--;
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(s->v[0]));
	s->v[i].origin = origin;
	s->v[i].text = text;
	s->n++;
}

static void
wamid_set_load(struct arena *a, const struct message *m, struct wamid_set *s)
{
	const cJSON *list;

	if (!str_is_set(m->wamids)) {
		wamid_set_add(s, strongest(m->seen), m->wamid);
		return;
	}
	if (json_parse(a, m->wamids, &list) != ERR_OK)
		return; /* our own text: cannot happen */
	for (const cJSON *v = json_first(list); v != NULL; v = v->next) {
		struct str t = json_str(v);

		if (t.n > 2)
			wamid_set_add(s, t.p[0] - '0', str_sub(t, 2, t.n));
	}
}

static struct str
wamid_set_json(struct arena *a, const struct wamid_set *s)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	for (size_t i = 0; i < s->n; i++)
		jw_str(&w, str_fmt(a, "%d:" STR_FMT, s->v[i].origin, STR_ARG(s->v[i].text)));
	jw_arr_end(&w);
	return buf_slice(&b);
}

/* Call before `seen` is joined: a single wamid was seen by all that the row has seen. */
static bool
join_wamids(struct arena *a, struct message *into, const struct message *from)
{
	struct wamid_set s = { .n = 0 };
	struct str before, best = STR_NONE;
	int best_origin = -1;

	if (!str_is_set(into->wamids) && !str_is_set(from->wamids) &&
	    str_eq(into->wamid, from->wamid))
		return false;
	wamid_set_load(a, into, &s);
	before = s.n < 2 ? STR_NONE : wamid_set_json(a, &s);
	wamid_set_load(a, from, &s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.v[i].origin > best_origin) {
			best_origin = s.v[i].origin;
			best = s.v[i].text;
		}
	}
	if (s.n < 2) { /* one of them is not named yet */
		bool named = !str_eq(into->wamid, best);

		into->wamid = best;
		return named;
	}
	into->wamid = best;
	into->wamids = wamid_set_json(a, &s);
	return !str_eq(before, into->wamids);
}

static bool
join_history_status(struct str *into, struct str from)
{
	int a = history_rank(*into), b = history_rank(from);

	if (!str_is_set(from) || a > b)
		return false;
	if (a == b && str_is_set(*into) && str_cmp(from, *into) <= 0)
		return false;
	*into = from;
	return true;
}

bool
message_join(struct arena *a, struct message *into, const struct message *from)
{
	bool changed = join_wamids(a, into, from);

	changed |= join_content(into, from);
	changed |= join_place(into, from);
	changed |= take_min(&into->received_at, from->received_at);
	changed |= take_min(&into->history_received_at, from->history_received_at);
	changed |= take_min(&into->revoked_at, from->revoked_at);
	changed |= take_min(&into->confirmed_at, from->confirmed_at);
	changed |= join_history_status(&into->history_status, from->history_status);
	changed |= message_join_edits(a, &into->edits, from->edits);
	changed |= message_join_reactions(a, &into->reactions, from->reactions);
	changed |= message_join_error(a, &into->error, from->error);
	if ((into->seen | from->seen) != into->seen) {
		into->seen |= from->seen;
		changed = true;
	}
	if (from->status_rank > into->status_rank) {
		into->status_rank = from->status_rank;
		changed = true;
	}
	return changed;
}

const char *
message_source(unsigned seen)
{
	static const char *const names[] = { "history", "app_echo", "api", "live" };

	return names[strongest(seen)];
}

int64_t
message_at(const struct message *m)
{
	return moment_effective(m->place_at, m->received_at);
}

int
message_cmp_place(int64_t a_at, struct str a_key, int64_t b_at, struct str b_key)
{
	if (a_at != b_at)
		return a_at < b_at ? -1 : 1;
	return str_cmp(a_key, b_key);
}

static const char *
status_name(const struct message *m)
{
	static const char *const names[] = { "sent",      "pending", "sent",  "failed",
		                             "delivered", "read",    "played" };

	assert(m->status_rank >= WA_NO_STATUS && m->status_rank <= WA_PLAYED);
	return m->outbound ? names[m->status_rank] : "received";
}

/* An edit of a caption says nothing of the file: what it leaves out stays. */
static struct str
edited_content(struct arena *a, const struct message *m, struct str type, const cJSON *edit)
{
	const cJSON *own = NULL, *both = NULL;
	struct buf b;
	struct jw w;

	if (!str_is_set(m->content) || !str_eq(type, m->type) ||
	    (!json_is_null(edit) && !json_is_object(edit)) ||
	    json_parse(a, m->content, &own) != ERR_OK || !json_is_object(own))
		return json_is_null(edit) ? STR_NONE : json_canonical(a, edit);
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	for (const cJSON *v = json_first(own); v != NULL; v = v->next)
		jw_kraw(&w, v->string, json_canonical(a, v));
	for (const cJSON *v = json_first(edit); v != NULL; v = v->next)
		jw_kraw(&w, v->string, json_canonical(a, v));
	jw_obj_end(&w);
	/* of equal names the last wins */
	return json_parse(a, buf_slice(&b), &both) == ERR_OK ? json_canonical(a, both) : STR_NONE;
}

static struct str
original_json(struct arena *a, const struct message *m)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "type", m->type);
	jw_kstr(&w, "body", m->body);
	jw_kraw(&w, "content", m->content);
	jw_obj_end(&w);
	return buf_slice(&b);
}

void
message_derive(struct arena *a, const struct message *m, struct message_view *out)
{
	const cJSON *edits, *last = NULL;

	*out = (struct message_view){
		.at = message_at(m),
		.bad_time = !moment_is_good(m->place_at, m->received_at),
		.direction = m->outbound ? "OUTBOUND" : "INBOUND",
		.source = message_source(m->seen),
		.status = status_name(m),
		.type = m->type,
		.body = m->body,
		.content = m->content,
		.original = STR_NONE,
		.edited_at = TIME_NONE,
	};
	if (!str_is_set(m->edits) || json_parse(a, m->edits, &edits) != ERR_OK)
		return;
	for (const cJSON *e = json_first(edits); e != NULL; e = e->next)
		last = e;
	if (last == NULL)
		return;
	out->type = json_str(json_get(last, "type"));
	/* an edit never makes or unmakes a system message: the conversation's folds leave those out
	 */
	if (str_is_empty(out->type) || str_eq(m->type, STR("system")) ||
	    str_eq(out->type, STR("system")))
		out->type = m->type;
	out->body = json_str(json_get(last, "body"));
	out->content = edited_content(a, m, out->type, json_get(last, "content"));
	(void)json_i64(json_get(last, "at"), &out->edited_at);
	out->original = original_json(a, m);
}
