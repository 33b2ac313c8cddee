/*
 * The parts of a message that are small sets kept as JSON in the row: edits, reactions, the newest
 * error. What always holds: the text is canonical (sorted, one form), so equal sets are equal bytes
 * and "changed" is a byte comparison.
 */
#include "core/message.h"

struct edit {
	int64_t rank, received;
	struct str key; /* digest of what the edit says: the same edit twice is one */
	struct str type, body, content;
};

#define MAX_EDITS 64

static size_t
edits_load(struct arena *a, struct str text, struct edit *v, size_t n)
{
	const cJSON *list;

	if (!str_is_set(text) || json_parse(a, text, &list) != ERR_OK)
		return n;
	for (const cJSON *e = json_first(list); e != NULL && n < 2 * MAX_EDITS; e = e->next) {
		struct edit *x = &v[n++];

		*x = (struct edit){ .rank = 0, .received = TIME_NONE };
		(void)json_i64(json_get(e, "rank"), &x->rank);
		(void)json_i64(json_get(e, "received"), &x->received);
		x->key = json_str(json_get(e, "key"));
		x->type = json_str(json_get(e, "type"));
		x->body = json_str(json_get(e, "body"));
		if (!json_is_null(json_get(e, "content")))
			x->content = json_canonical(a, json_get(e, "content"));
	}
	return n;
}

static int
edit_cmp(const struct edit *a, const struct edit *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return str_cmp(a->key, b->key);
}

/* Same key: greatest rank, least receive time. Then ascending order. */
static size_t
edits_fold(struct edit *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < kept && !str_eq(v[j].key, v[i].key))
			j++;
		if (j == kept) {
			v[kept++] = v[i];
			continue;
		}
		if (v[i].rank > v[j].rank)
			v[j].rank = v[i].rank;
		v[j].received = moment_min(v[j].received, v[i].received);
	}
	for (size_t i = 1; i < kept; i++) {
		struct edit x = v[i];
		size_t j = i;

		for (; j > 0 && edit_cmp(&v[j - 1], &x) > 0; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
	return kept;
}

static struct str
edits_json(struct arena *a, const struct edit *v, size_t n)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(&w);
		jw_ki64(&w, "at", v[i].rank != 0 ? v[i].rank : v[i].received);
		jw_ki64(&w, "rank", v[i].rank);
		jw_ki64(&w, "received", v[i].received);
		jw_kstr(&w, "key", v[i].key);
		jw_kstr(&w, "type", v[i].type);
		jw_kstr(&w, "body", v[i].body);
		jw_kraw(&w, "content", v[i].content);
		jw_obj_end(&w);
	}
	jw_arr_end(&w);
	return buf_slice(&b);
}

/* Same set in both engines' spelling of JSON: compared after rewriting. */
static bool
replace(struct str *into, struct str before, struct str after)
{
	if (str_eq(before, after))
		return false;
	*into = after;
	return true;
}

bool
message_join_edits(struct arena *a, struct str *into, struct str from)
{
	struct edit *v;
	struct str before;
	size_t n;

	if (!str_is_set(from))
		return false;
	v = ARENA_ARRAY(a, 2 * MAX_EDITS, struct edit);
	n = edits_fold(v, edits_load(a, *into, v, 0));
	before = n == 0 ? STR_NONE : edits_json(a, v, n);
	n = edits_fold(v, edits_load(a, from, v, n));
	/* a bound on garbage: the newest are kept, whatever the order they came in */
	if (n > MAX_EDITS)
		return replace(into, before, edits_json(a, v + (n - MAX_EDITS), MAX_EDITS));
	return replace(into, before, edits_json(a, v, n));
}

struct register_value {
	int64_t rank, received;
	struct str bytes; /* canonical value without times */
	const cJSON *doc;
};

static bool
register_load(struct arena *a, const cJSON *doc, const char *const *members,
              struct register_value *out)
{
	struct buf b;

	if (doc == NULL)
		return false;
	*out = (struct register_value){ .rank = 0, .received = TIME_NONE, .doc = doc };
	(void)json_i64(json_get(doc, "rank"), &out->rank);
	(void)json_i64(json_get(doc, "received"), &out->received);
	buf_init(&b, a, SIZE_MAX / 2);
	for (; *members != NULL; members++) {
		const cJSON *v = json_get(doc, *members);

		buf_str(&b, json_is_null(v) ? STR("null") : json_canonical(a, v));
		buf_char(&b, '\n');
	}
	out->bytes = buf_slice(&b);
	return true;
}

/* Greatest by (rank, bytes); equal ones take the least receive time. */
static struct register_value
register_join(const struct register_value *x, const struct register_value *y)
{
	int c = x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : str_cmp(x->bytes, y->bytes);
	struct register_value r = c >= 0 ? *x : *y;

	if (c == 0)
		r.received = moment_min(x->received, y->received);
	return r;
}

static void
register_write(struct arena *a, struct jw *w, const struct register_value *r,
               const char *const *members)
{
	jw_obj(w);
	jw_ki64(w, "at", r->rank != 0 ? r->rank : r->received);
	jw_ki64(w, "rank", r->rank);
	jw_ki64(w, "received", r->received);
	for (; *members != NULL; members++) {
		const cJSON *v = json_get(r->doc, *members);

		jw_kraw(w, *members, json_is_null(v) ? STR_NONE : json_canonical(a, v));
	}
	jw_obj_end(w);
}

static const cJSON *
parse_or_null(struct arena *a, struct str text)
{
	const cJSON *v = NULL;

	if (!str_is_set(text) || json_parse(a, text, &v) != ERR_OK)
		return NULL;
	return v;
}

/* The document with one register per name in `names` (or the document itself for one unnamed
 * register). */
static struct str
registers_json(struct arena *a, const cJSON *x, const cJSON *y, const char *const *names,
               const char *const *members)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	if (names != NULL)
		jw_obj(&w);
	for (size_t i = 0; names == NULL ? i == 0 : names[i] != NULL; i++) {
		struct register_value p, q;
		bool has_p =
			register_load(a, names == NULL ? x : json_get(x, names[i]), members, &p);
		bool has_q =
			register_load(a, names == NULL ? y : json_get(y, names[i]), members, &q);

		if (!has_p && !has_q)
			continue;
		if (names != NULL)
			jw_key(&w, names[i]);
		if (has_p && has_q)
			p = register_join(&p, &q);
		register_write(a, &w, has_p ? &p : &q, members);
	}
	if (names != NULL)
		jw_obj_end(&w);
	return buf_slice(&b);
}

static bool
join_registers(struct arena *a, struct str *into, struct str from, const char *const *names,
               const char *const *members)
{
	const cJSON *x, *y;
	struct str before;

	if (!str_is_set(from))
		return false;
	x = parse_or_null(a, *into);
	y = parse_or_null(a, from);
	before = x == NULL ? STR_NONE : registers_json(a, x, NULL, names, members);
	return replace(into, before, registers_json(a, x, y, names, members));
}

bool
message_join_reactions(struct arena *a, struct str *into, struct str from)
{
	static const char *const names[] = { "business", "lead", NULL };
	static const char *const members[] = { "emoji", NULL };

	return join_registers(a, into, from, names, members);
}

bool
message_join_error(struct arena *a, struct str *into, struct str from)
{
	static const char *const members[] = { "code", "title", "details", NULL };

	return join_registers(a, into, from, NULL, members);
}
