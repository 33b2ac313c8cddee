/*
 * Topics of a rubric, in and out. Why here and not at the route: the same list comes from the API,
 * from the command line and from the database, and the prompt's schema and the check of a report
 * rest on it. What always holds: a list that was accepted is written and read again as the same
 * list; keys are unique as bytes; no member is trusted to come in an order.
 */
#include "core/script.h"

#include "base/map.h"
#include "base/utf8.h"

#define MAX_NAME_SHOWN 64 /* bytes of a foreign member's name in a path */

struct checking {
	struct arena *arena;
	struct script_problems *problems;
	size_t index; /* of the topic */
	size_t seen;  /* problems, told or not */
};

static void
tell_at(struct checking *c, struct str path, const char *message)
{
	c->seen++;
	if (c->problems->n < SCRIPT_MAX_PROBLEMS)
		c->problems->v[c->problems->n++] = (struct script_problem){ path, message };
}

/* member NULL: the topic itself. */
static void
tell(struct checking *c, const char *member, const char *message)
{
	struct str name = utf8_cut(str_from(member), MAX_NAME_SHOWN);

	tell_at(c,
	        str_fmt(c->arena, "topics[%zu]%s" STR_FMT, c->index, member == NULL ? "" : ".",
	                STR_ARG(name)),
	        message);
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];
		bool c1 = b == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;

		if (b < 0x20 || b == 0x7f || c1)
			return true;
	}
	return false;
}

/* NULL: fine. */
static const char *
text_wrong(const cJSON *v, size_t max, const char *too_long)
{
	struct str s = json_str(v);

	if (v == NULL)
		return "is required";
	if (!str_is_set(s))
		return "must be text";
	if (str_is_empty(str_trim(s)))
		return "must not be empty";
	if (utf8_length(s) > max)
		return too_long;
	return has_control(s) ? "must not hold control characters" : NULL;
}

static const char *
key_wrong(const cJSON *v)
{
	const char *wrong = text_wrong(v, SCRIPT_MAX_KEY, "must have at most 128 characters");
	struct str s = json_str(v);

	if (wrong != NULL)
		return wrong;
	if (str_trim(s).n != s.n)
		return "must not begin or end with white space";
	if (str_find(s, '"') < s.n || str_find(s, '\\') < s.n)
		return "must not hold quotation marks or backslashes";
	return NULL;
}

static const char *
weight_wrong(const cJSON *v)
{
	double w;

	if (v == NULL)
		return NULL;
	if (!json_is_number(v))
		return "must be a number";
	w = v->valuedouble;
	if (w == 0 || (w >= SCRIPT_MIN_WEIGHT && w <= SCRIPT_MAX_WEIGHT))
		return NULL;
	return "must be 0 or a number from 0.000001 to 1000000";
}

static void
check_topic(struct checking *c, const cJSON *v, struct script_topic *out)
{
	static const char *const members[] = { "key", "label", "weight" };
	const cJSON *weight = json_get(v, "weight");
	const char *wrong[3];

	if (!json_is_object(v)) {
		tell(c, NULL, "must be an object with key, label and weight");
		return;
	}
	wrong[0] = key_wrong(json_get(v, "key"));
	wrong[1] = text_wrong(json_get(v, "label"), SCRIPT_MAX_LABEL,
	                      "must have at most 500 characters");
	wrong[2] = weight_wrong(weight);
	for (size_t i = 0; i < 3; i++)
		if (wrong[i] != NULL)
			tell(c, members[i], wrong[i]);
	for (const cJSON *m = json_first(v); m != NULL; m = m->next)
		if (strcmp(m->string, members[0]) != 0 && strcmp(m->string, members[1]) != 0 &&
		    strcmp(m->string, members[2]) != 0)
			tell(c, m->string, "is not a member of a topic");
	if (wrong[0] == NULL)
		out->key = json_str(json_get(v, "key"));
	if (wrong[1] == NULL)
		out->label = json_str(json_get(v, "label"));
	if (wrong[2] == NULL)
		out->weight = weight == NULL ? 1 : weight->valuedouble;
}

enum err
script_check_topics(struct arena *a, const cJSON *topics, struct script_topics *out,
                    struct script_problems *problems)
{
	struct checking c = { .arena = a, .problems = problems };
	struct script_topics list = { 0 };
	struct map keys;

	*problems = (struct script_problems){ .v = ARENA_ARRAY(a, SCRIPT_MAX_PROBLEMS,
		                                               struct script_problem) };
	if (!json_is_null(topics) && !json_is_array(topics))
		tell_at(&c, STR("topics"), "must be a list");
	else if (json_count(topics) > SCRIPT_MAX_TOPICS)
		tell_at(&c, STR("topics"), "must have at most 100 topics");
	else
		list.n = json_count(topics);
	list.v = ARENA_ARRAY(a, list.n, struct script_topic);
	map_init(&keys, a, list.n);
	for (const cJSON *v = json_first(topics); v != NULL && c.index < list.n; v = v->next) {
		struct script_topic *t = &list.v[c.index];
		bool added = true;

		check_topic(&c, v, t);
		if (str_is_set(t->key))
			(void)map_put(&keys, t->key, c.index, &added);
		if (!added)
			tell(&c, "key", "is the key of an earlier topic");
		c.index++;
	}
	if (arena_check(a) != ERR_OK)
		return ERR_TOO_LARGE;
	if (c.seen > 0)
		return ERR_INVALID;
	*out = list;
	return ERR_OK;
}

struct str
script_write_topics(struct arena *a, const struct script_topics *topics)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	for (size_t i = 0; i < topics->n; i++)
		script_write_topic(&w, &topics->v[i]);
	jw_arr_end(&w);
	return buf_slice(&b);
}

void
script_write_topic(struct jw *w, const struct script_topic *t)
{
	jw_obj(w);
	jw_kstr(w, "key", t->key);
	jw_kstr(w, "label", t->label);
	jw_key(w, "weight");
	jw_double(w, t->weight);
	jw_obj_end(w);
}

enum err
script_read_topics(struct arena *a, struct str stored, struct script_topics *out)
{
	struct script_problems problems;
	const cJSON *v = NULL;
	enum err e = json_parse(a, stored, &v);

	if (e == ERR_OK)
		e = script_check_topics(a, v, out, &problems);
	return e == ERR_INVALID ? ERR_CORRUPT : e;
}

size_t
script_find_topic(const struct script_topics *topics, struct str key)
{
	size_t i = 0;

	while (i < topics->n && !str_eq(topics->v[i].key, key))
		i++;
	return i;
}
