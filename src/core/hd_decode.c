/*
 * The tolerant reader of the helpdesk's pages. Why tolerant: the same product is served by many
 * versions and proxies, which differ in envelope, in numbers as text and in what they leave out.
 * What always holds: a page gives one key and one time for each element of its array, in order; an
 * element is a struct or a problem, never both and never neither; only the arena's cap and a body
 * without a list fail a page.
 */
#include "core/hd_decode.h"

#include "base/utf8.h"

#define MAX_TIME_TEXT 40
#define FAR           INT64_C(1000000000000000)
#define FIRST_MS      INT64_C(-62135596800000) /* 0001-01-01 */
#define LAST_MS       INT64_C(253402300799999) /* 9999-12-31T23:59:59.999 */

struct hd_ctx {
	struct arena *arena;
	struct hd_page *out;
	size_t index; /* of the element being read */
	size_t problems_cap;
};

/* A list of n, zeroed; NULL where the arena has no room: its owner then ends the page. Lists are
 * as long as the source likes, so none may be asked for blindly. */
static void *
take(struct hd_ctx *c, size_t n, size_t size)
{
	void *p = n > SIZE_MAX / size ? NULL : arena_try_alloc(c->arena, n * size);

	if (p == NULL)
		arena_fail(c->arena);
	return p;
}

static bool
is_over(const struct hd_ctx *c)
{
	return arena_check(c->arena) != ERR_OK;
}

int64_t
hd_decode_time(const cJSON *v)
{
	struct str s = str_trim(json_str(v));
	char text[MAX_TIME_TEXT + 1];
	int64_t ms;

	if (s.n < 16 || s.n >= MAX_TIME_TEXT)
		return TIME_NONE;
	memcpy(text, s.p, s.n);
	if (text[10] == ' ' || text[10] == 't')
		text[10] = 'T';
	if (text[s.n - 1] == 'z')
		text[s.n - 1] = 'Z';
	if (time_parse(str_n(text, s.n), &ms) != ERR_OK) {
		text[s.n] = 'Z';
		if (time_parse(str_n(text, s.n + 1), &ms) != ERR_OK)
			return TIME_NONE;
	}
	return ms < FIRST_MS || ms > LAST_MS ? TIME_NONE : ms;
}

/* true/false, 0/1, also as text. False: it says nothing. */
static bool
read_bool(const cJSON *v, bool *out)
{
	struct str s = json_str(v);
	int64_t n;

	if (json_bool(v, out))
		return true;
	if (str_ieq(s, STR("true")) || str_ieq(s, STR("false"))) {
		*out = s.n == 4;
		return true;
	}
	if (!json_i64(v, &n) || n < 0 || n > 1)
		return false;
	*out = n == 1;
	return true;
}

static bool
read_flag(const cJSON *v)
{
	bool b = false;

	return read_bool(v, &b) && b;
}

/* What is still a number and not text beyond 15 digits was written with an exponent: no id. */
static int64_t
read_number(const cJSON *v)
{
	int64_t n;

	if (!json_i64(v, &n) || (json_is_number(v) && (n >= FAR || n <= -FAR)))
		return HD_NO_ID;
	return n;
}

static struct str
read_name(struct hd_ctx *c, const cJSON *v)
{
	struct str s = json_text(c->arena, v);

	return str_trim(s).n == 0 ? STR_NONE : utf8_cut(s, HD_MAX_NAME);
}

static struct str
read_url(const cJSON *v)
{
	struct str s = str_trim(json_str(v));

	return s.n == 0 || s.n > HD_MAX_URL ? STR_NONE : s;
}

/* A word without control characters, as an id or a key must be. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F)
			return false;
	return s.n > 0 && s.n <= HD_MAX_ID;
}

/* A key that is not good enough is no key: it only links messages. */
static struct str
read_key(struct hd_ctx *c, const cJSON *v)
{
	struct str s = json_text(c->arena, v);

	return is_word(s) ? s : STR_NONE;
}

/* NULL and *id, or the code of what is wrong with it. */
static const char *
read_id(const cJSON *v, int64_t *id)
{
	if (json_is_null(v) || (str_is_set(json_str(v)) && json_str(v).n == 0))
		return "missing_id";
	*id = read_number(v);
	return *id == HD_NO_ID ? "bad_id" : NULL;
}

static const char *
read_uuid(struct hd_ctx *c, const cJSON *v, struct str *uuid)
{
	struct str s = json_text(c->arena, v);

	if (json_is_null(v) || (str_is_set(s) && s.n == 0))
		return "missing_id";
	if (!is_word(s))
		return "bad_id";
	*uuid = s;
	return NULL;
}

static void
add_problem(struct hd_ctx *c, const char *code, const char *part, size_t at, const cJSON *v)
{
	struct hd_page *out = c->out;

	if (out->nproblems == c->problems_cap) {
		size_t cap = c->problems_cap == 0 ? 8 : c->problems_cap * 2;
		struct hd_problem *more = take(c, cap, sizeof *more);

		if (more == NULL)
			return;
		if (out->nproblems > 0)
			memcpy(more, out->problems, out->nproblems * sizeof *more);
		out->problems = more;
		c->problems_cap = cap;
	}
	out->problems[out->nproblems++] = (struct hd_problem){
		.index = c->index,
		.whole = part == NULL,
		.code = code,
		.path = part == NULL ? str_fmt(c->arena, "[%zu]", c->index)
		                     : str_fmt(c->arena, "[%zu].%s[%zu]", c->index, part, at),
		.raw = json_canonical(c->arena, v),
	};
}

static struct hd_contact
read_contact(struct hd_ctx *c, const cJSON *v)
{
	return (struct hd_contact){
		.id = read_number(json_get(v, "id")),
		.name = read_name(c, json_get(v, "name")),
		.number = read_name(c, json_get(v, "number")),
		.email = read_name(c, json_get(v, "email")),
		.picture_url = read_url(json_get(v, "profilePicUrl")),
	};
}

static const char *
read_tracking(struct hd_ctx *c, const cJSON *v, struct hd_tracking *out)
{
	const cJSON *user = json_get(v, "user");
	const char *wrong;
	int64_t id = HD_NO_ID;

	if (!json_is_object(v))
		return "bad_element";
	wrong = read_id(json_get(v, "id"), &id);
	if (wrong != NULL)
		return wrong;
	*out = (struct hd_tracking){
		.t = { .id = id,
		       .created_at = hd_decode_time(json_get(v, "createdAt")),
		       .started_at = hd_decode_time(json_get(v, "startedAt")),
		       .finished_at = hd_decode_time(json_get(v, "finishedAt")),
		       .user_name = read_name(c, json_get(user, "name")),
		       .user_email = read_name(c, json_get(user, "email")) },
		.user_id = read_number(json_get(user, "id")),
		.raw = json_canonical(c->arena, v),
	};
	return NULL;
}

static void
read_trackings(struct hd_ctx *c, const cJSON *array, struct hd_ticket *t)
{
	size_t at = 0;

	t->trackings_whole = true;
	t->trackings_known = json_is_array(array);
	if (!t->trackings_known)
		return;
	t->trackings = take(c, json_count(array), sizeof *t->trackings);
	for (const cJSON *v = json_first(array); v != NULL && !is_over(c); v = v->next, at++) {
		const char *wrong = read_tracking(c, v, &t->trackings[t->ntrackings]);

		if (wrong == NULL) {
			t->ntrackings++;
			continue;
		}
		t->trackings_whole = false;
		add_problem(c, wrong, "ticketTrakings", at, v);
	}
}

static const char *
read_ticket(struct hd_ctx *c, const cJSON *v, struct hd_key *key, struct hd_ticket *t)
{
	const cJSON *contact = json_get(v, "contact");
	const char *wrong = read_uuid(c, json_get(v, "uuid"), &key->text);

	if (wrong != NULL)
		return wrong;
	key->named = true;
	*t = (struct hd_ticket){
		.index = c->index,
		.uuid = key->text,
		.created_at = hd_decode_time(json_get(v, "createdAt")),
		.updated_at = hd_decode_time(json_get(v, "updatedAt")),
		.status = read_name(c, json_get(v, "status")),
		.is_group = read_flag(json_get(v, "isGroup")),
		.company_id = read_number(json_get(v, "companyId")),
		.contact = read_contact(c, contact),
	};
	if (t->updated_at == TIME_NONE)
		return "missing_time";
	t->has_contact = t->contact.id != HD_NO_ID || str_is_set(t->contact.number);
	read_trackings(c, json_get(v, "ticketTrakings"), t);
	t->raw = json_canonical(c->arena, v);
	return NULL;
}

/* Makes the key of an element that has a numeric id. */
static const char *
read_numbered(struct hd_ctx *c, const cJSON *v, struct hd_key *key, int64_t *id)
{
	const char *wrong = read_id(json_get(v, "id"), id);

	if (wrong != NULL)
		return wrong;
	key->text = str_fmt(c->arena, "%lld", (long long)*id);
	key->named = true;
	return NULL;
}

static const char *
read_message(struct hd_ctx *c, const cJSON *v, struct hd_key *key, struct hd_message *m)
{
	const cJSON *from_me = json_get(v, "fromMe");
	struct str body = json_text(c->arena, json_get(v, "body"));
	int64_t id = HD_NO_ID;
	const char *wrong = read_numbered(c, v, key, &id);
	bool ours = false;

	if (wrong != NULL)
		return wrong;
	if (!read_bool(from_me, &ours) && !json_is_null(from_me))
		return "bad_direction";
	*m = (struct hd_message){
		.index = c->index,
		.id = id,
		.key = read_key(c, json_get(v, "key")),
		.body = body.n == 0 ? STR_NONE : utf8_cut(body, HD_MAX_BODY),
		.media_url = read_url(json_get(v, "mediaUrl")),
		.media_type = read_name(c, json_get(v, "mediaType")),
		.from_me = ours,
		.by_ai = read_flag(json_get(v, "generatedByAi")),
		.by_system = read_flag(json_get(v, "sendBySystem")),
		.ticket_id = read_number(json_get(v, "ticketId")),
		.created_at = hd_decode_time(json_get(v, "createdAt")),
		.updated_at = hd_decode_time(json_get(v, "updatedAt")),
	};
	if (m->created_at == TIME_NONE)
		return "missing_time";
	if (m->updated_at == TIME_NONE)
		m->updated_at = m->created_at;
	m->raw = json_canonical(c->arena, v);
	return NULL;
}

static void
read_tags(struct hd_ctx *c, const cJSON *array, struct hd_person *p)
{
	size_t at = 0;

	p->tags_whole = true;
	p->tags_known = json_is_array(array);
	if (!p->tags_known)
		return;
	p->tags = take(c, json_count(array), sizeof *p->tags);
	for (const cJSON *v = json_first(array); v != NULL && !is_over(c); v = v->next, at++) {
		struct hd_tag *t = &p->tags[p->ntags];
		const char *wrong = json_is_object(v) ? read_id(json_get(v, "id"), &t->id)
		                                      : "bad_element";

		if (wrong != NULL) {
			p->tags_whole = false;
			add_problem(c, wrong, "tags", at, v);
			continue;
		}
		t->company_id = read_number(json_get(v, "companyId"));
		t->name = read_name(c, json_get(v, "name"));
		t->color = read_name(c, json_get(v, "color"));
		p->ntags++;
	}
}

static const char *
read_person(struct hd_ctx *c, const cJSON *v, struct hd_key *key, struct hd_person *p)
{
	int64_t id = HD_NO_ID;
	const char *wrong = read_numbered(c, v, key, &id);

	if (wrong != NULL)
		return wrong;
	*p = (struct hd_person){
		.index = c->index,
		.contact = read_contact(c, v),
		.company_id = read_number(json_get(v, "companyId")),
		.social_connection_id = read_key(c, json_get(v, "socialConnectionId")),
		.is_group = read_flag(json_get(v, "isGroup")),
		.created_at = hd_decode_time(json_get(v, "createdAt")),
		.updated_at = hd_decode_time(json_get(v, "updatedAt")),
	};
	read_tags(c, json_get(v, "tags"), p);
	p->raw = json_canonical(c->arena, v);
	return NULL;
}

static void
read_element(struct hd_ctx *c, enum hd_list list, const cJSON *v)
{
	struct hd_page *out = c->out;
	struct hd_key *key = &out->keys[c->index];
	int64_t *time = &out->times[c->index];
	const char *wrong = "bad_element";

	*time = TIME_NONE;
	if (json_is_object(v) && list == HD_TICKETS) {
		struct hd_ticket *t = &out->tickets[out->ntickets];

		wrong = read_ticket(c, v, key, t);
		if (wrong == NULL) {
			*time = t->updated_at;
			out->ntickets++;
		}
	} else if (json_is_object(v) && list == HD_MESSAGES) {
		struct hd_message *m = &out->messages[out->nmessages];

		wrong = read_message(c, v, key, m);
		if (wrong == NULL) {
			*time = m->created_at;
			out->nmessages++;
		}
	} else if (json_is_object(v)) {
		struct hd_person *p = &out->people[out->npeople];

		wrong = read_person(c, v, key, p);
		if (wrong == NULL) {
			*time = p->updated_at;
			out->npeople++;
		}
	}
	if (wrong != NULL)
		add_problem(c, wrong, NULL, 0, v);
	if (!key->named && out->nproblems > 0)
		key->text = out->problems[out->nproblems - 1].raw;
}

static void
read_array(struct hd_ctx *c, enum hd_list list, const cJSON *array)
{
	struct hd_page *out = c->out;

	out->n = json_count(array);
	out->keys = take(c, out->n, sizeof *out->keys);
	out->times = take(c, out->n, sizeof *out->times);
	if (list == HD_TICKETS)
		out->tickets = take(c, out->n, sizeof *out->tickets);
	else if (list == HD_MESSAGES)
		out->messages = take(c, out->n, sizeof *out->messages);
	else
		out->people = take(c, out->n, sizeof *out->people);
	for (const cJSON *v = json_first(array); v != NULL && !is_over(c); v = v->next, c->index++)
		read_element(c, list, v);
}

static const cJSON *
find_array(const cJSON *root)
{
	static const char *const names[] = { "data",     "tickets", "messages",
		                             "contacts", "items",   "results" };

	if (json_is_array(root))
		return root;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const cJSON *v = json_get(root, names[i]);

		if (json_is_array(v))
			return v;
	}
	return NULL;
}

/* The first of the names, in the first of the three places, that holds a number of at least
 * `least`. */
static int64_t
find_number(const cJSON *const places[3], const char *const *names, int64_t least)
{
	int64_t n;

	for (int place = 0; place < 3; place++)
		for (const char *const *name = names; *name != NULL; name++)
			if (json_i64(json_get(places[place], *name), &n) && n >= least)
				return n;
	return HD_NO_N;
}

static struct hd_hints
read_hints(const cJSON *root)
{
	static const char *const page[] = { "currentPage", "current_page", "page", NULL };
	static const char *const pages[] = { "totalPages", "total_pages", "last_page", "lastPage",
		                             NULL };
	const cJSON *const places[3] = { root, json_get(root, "meta"),
		                         json_get(root, "pagination") };
	struct hd_hints h = { .more = HD_NO_N,
		              .page = find_number(places, page, 0),
		              .pages = find_number(places, pages, 1) };
	bool more;

	for (int i = 0; i < 3 && h.more == HD_NO_N; i++)
		if (read_bool(json_get(places[i], "hasMore"), &more))
			h.more = more;
	return h;
}

enum err
hd_decode(struct arena *a, enum hd_list list, struct str body, struct hd_page *out)
{
	struct hd_page page = { 0 };
	struct hd_ctx c = { .arena = a, .out = &page };
	const cJSON *root, *array;
	enum err e = json_parse(a, body, &root);

	if (e != ERR_OK)
		return e;
	array = find_array(root);
	if (array == NULL)
		return ERR_INVALID;
	page.hints = read_hints(root);
	read_array(&c, list, array);
	e = arena_check(a);
	if (e == ERR_OK)
		*out = page;
	return e;
}

struct str
hd_problem_text(struct arena *a, enum hd_list list, const struct hd_problem *p)
{
	static const struct {
		const char *code, *of_ticket, *of_others, *what;
	} texts[] = {
		{ "missing_id", "uuid", "id", "is missing" },
		{ "bad_id", "uuid", "id", "is no id" },
		{ "missing_time", "updatedAt", "createdAt", "is missing or no time" },
		{ "bad_direction", "fromMe", "fromMe", "is neither true nor false" },
	};
	struct str part = p->whole ? STR("")
	                           : str_sub(p->path, str_find(p->path, '.') + 1, p->path.n);

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(texts[i].code, p->code) == 0)
			return str_fmt(a, STR_FMT "%s%s %s", STR_ARG(part), p->whole ? "" : ".",
			               list == HD_TICKETS && p->whole ? texts[i].of_ticket
			                                              : texts[i].of_others,
			               texts[i].what);
	return str_fmt(a, STR_FMT "%sis no object", STR_ARG(part), p->whole ? "" : " ");
}
