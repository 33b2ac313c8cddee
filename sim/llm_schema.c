/*
 * The subset of JSON Schema that strict structured outputs take. What always holds: only what
 * OpenAI documents as supported passes; a keyword that is unknown, or known to JSON Schema and not
 * to OpenAI (uniqueItems, maxLength, default), is named with its place.
 */
#include "sim/llm_internal.h"

#define MOST_DEPTH       10
#define MOST_PROPERTIES  5000
#define MOST_ENUM_VALUES 1000
#define MOST_NAME_CHARS  120000
#define LONG_ENUM        250
#define LONG_ENUM_CHARS  15000

struct walk {
	struct arena *arena;
	const cJSON *root;
	size_t properties, enum_values, chars;
};

/* Where the walk stands: ('properties', 'a', 'items') */
struct place {
	const struct place *above;
	const char *name;
};

static const char *
problem(struct walk *w, const struct place *p, const char *text)
{
	const char *names[2 * JSON_MAX_DEPTH + 2];
	size_t n = 0;
	struct buf b;

	for (; p != NULL && p->name != NULL; p = p->above)
		names[n++] = p->name;
	buf_init(&b, w->arena, 1u << 20);
	buf_z(&b, "In context=(");
	for (size_t i = n; i > 0; i--)
		buf_fmt(&b, "%s'%s'", i == n ? "" : ", ", names[i - 1]);
	buf_fmt(&b, "), %s", text);
	return str_z(w->arena, buf_slice(&b));
}

static bool
is_one_of(const char *name, const char *words)
{
	struct str rest = str_from(words), word;

	while (str_split(&rest, ' ', &word))
		if (str_eq(word, str_from(name)))
			return true;
	return false;
}

static bool
is_listed(const cJSON *array, const char *name)
{
	for (const cJSON *v = json_first(array); v != NULL; v = v->next)
		if (str_eq(json_str(v), str_from(name)))
			return true;
	return false;
}

/* The keywords that may stand at a schema, and whether their values can be. */
static const char *
check_keywords(struct walk *w, const cJSON *s, const struct place *p)
{
	static const char known[] =
		"type properties required additionalProperties items enum const anyOf $ref $defs "
		"definitions description title pattern format multipleOf minimum maximum "
		"exclusiveMinimum exclusiveMaximum minItems maxItems";
	static const char numbers[] =
		"multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems";
	static const char formats[] = "date-time time date duration email hostname ipv4 ipv6 uuid";
	const cJSON *format = json_get(s, "format");

	for (const cJSON *k = json_first(s); k != NULL; k = k->next) {
		if (!is_one_of(k->string, known))
			return problem(w, p,
			               str_fmt(w->arena, "'%s' is not permitted.", k->string).p);
		if (is_one_of(k->string, numbers) && !json_is_number(k))
			return problem(w, p,
			               str_fmt(w->arena, "'%s' must be a number.", k->string).p);
	}
	if (format != NULL && !is_one_of(str_z(w->arena, json_str(format)), formats))
		return problem(w, p, "this 'format' is not permitted.");
	if (json_get(s, "$ref") != NULL && json_count(s) > 1)
		return problem(w, p, "$ref cannot have keywords beside it.");
	return NULL;
}

static const char *
check_enum(struct walk *w, const cJSON *s, const struct place *p)
{
	const cJSON *values = json_get(s, "enum");
	size_t n = json_count(values), chars = 0;

	if (values == NULL)
		return NULL;
	if (!json_is_array(values) || n == 0)
		return problem(w, p, "'enum' must be an array that is not empty.");
	for (const cJSON *v = json_first(values); v != NULL; v = v->next) {
		chars += json_str(v).n;
		for (const cJSON *o = v->next; n <= LONG_ENUM && o != NULL; o = o->next)
			if (str_is_set(json_str(v)) && str_eq(json_str(v), json_str(o)))
				return problem(w, p, "'enum' has a value twice.");
	}
	w->enum_values += n;
	w->chars += chars;
	return n > LONG_ENUM && chars > LONG_ENUM_CHARS
	               ? problem(w, p, "'enum' has too many long values.")
	               : NULL;
}

static const char *check_node(struct walk *, const cJSON *, const struct place *, unsigned depth);

static const char *
check_object(struct walk *w, const cJSON *s, const struct place *p, unsigned depth)
{
	const cJSON *properties = json_get(s, "properties"), *required = json_get(s, "required");
	bool more = true;

	if (!json_bool(json_get(s, "additionalProperties"), &more) || more)
		return problem(
			w, p, "'additionalProperties' is required to be supplied and to be false.");
	if (!json_is_object(properties))
		return problem(w, p, "object schema missing properties.");
	if (++depth > MOST_DEPTH)
		return problem(w, p, "the schema is nested too deeply.");
	for (const cJSON *v = json_first(properties); v != NULL; v = v->next)
		if (!is_listed(required, v->string))
			return problem(w, p,
			               str_fmt(w->arena,
			                       "'required' is required to be supplied and to be an "
			                       "array including every key in properties. Missing "
			                       "'%s'.",
			                       v->string)
			                       .p);
	for (const cJSON *v = json_first(required); v != NULL; v = v->next)
		if (!str_is_set(json_str(v)) || json_get(properties, v->valuestring) == NULL)
			return problem(w, p, "'required' has a key that is not in properties.");
	for (const cJSON *v = json_first(properties); v != NULL; v = v->next) {
		struct place at = { p, "properties" }, below = { &at, v->string };
		const char *wrong = check_node(w, v, &below, depth);
		if (wrong != NULL)
			return wrong;
		w->properties++;
		w->chars += strlen(v->string);
	}
	return NULL;
}

/* The members of anyOf, $defs or definitions. */
static const char *
check_each(struct walk *w, const cJSON *s, const char *name, const struct place *p, unsigned depth)
{
	const cJSON *list = json_get(s, name);
	struct place at = { p, name };
	size_t i = 0;

	if (list != NULL && json_count(list) == 0)
		return problem(w, &at, "nothing is there.");
	for (const cJSON *v = json_first(list); v != NULL; v = v->next, i++) {
		const char *key = v->string != NULL ? v->string : str_fmt(w->arena, "%zu", i).p;
		struct place below = { &at, key };
		const char *wrong = check_node(w, v, &below, depth);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/* Is a type among those that are said? */
static bool
has_type(const cJSON *type, const char *name)
{
	return str_eq(json_str(type), str_from(name)) || is_listed(type, name);
}

static const char *
check_types(struct walk *w, const cJSON *s, const struct place *p)
{
	static const char types[] = "string number integer boolean object array null";
	const cJSON *type = json_get(s, "type");
	bool one = str_is_set(json_str(type));

	if (type == NULL && json_get(s, "anyOf") == NULL && json_get(s, "$ref") == NULL &&
	    json_get(s, "enum") == NULL && json_get(s, "const") == NULL)
		return problem(w, p, "schema must have a 'type' key.");
	if (type != NULL && !one && (!json_is_array(type) || json_count(type) == 0))
		return problem(w, p, "'type' must be a name or an array of names.");
	for (const cJSON *v = one ? type : json_first(type); v != NULL; v = one ? NULL : v->next)
		if (!str_is_set(json_str(v)) || !is_one_of(v->valuestring, types))
			return problem(w, p, "'type' has a name that is no type.");
	return NULL;
}

/* Does the reference lead to a schema of this document? */
static bool
leads_somewhere(const struct walk *w, struct str ref)
{
	const char *const folders[] = { "$defs", "definitions" };

	if (str_eq(ref, STR("#")))
		return true;
	for (size_t i = 0; i < 2; i++) {
		struct str before = str_fmt(w->arena, "#/%s/", folders[i]);
		if (str_starts(ref, before) &&
		    json_get(json_get(w->root, folders[i]),
		             str_z(w->arena, str_sub(ref, before.n, ref.n))) != NULL)
			return true;
	}
	return false;
}

/* Depth is that of objects; the walk itself is bounded by that of JSON. */
static const char *
check_node(struct walk *w, const cJSON *s, const struct place *p, unsigned depth)
{
	const cJSON *type = json_get(s, "type"), *ref = json_get(s, "$ref");
	const char *wrong;

	if (!json_is_object(s))
		return problem(w, p, "a schema is an object.");
	if ((wrong = check_keywords(w, s, p)) != NULL || (wrong = check_types(w, s, p)) != NULL ||
	    (wrong = check_enum(w, s, p)) != NULL)
		return wrong;
	if (ref != NULL && !leads_somewhere(w, json_str(ref)))
		return problem(w, p, "'$ref' leads nowhere.");
	if (has_type(type, "object") && (wrong = check_object(w, s, p, depth)) != NULL)
		return wrong;
	if (has_type(type, "array")) {
		struct place at = { p, "items" };
		if (json_get(s, "items") == NULL)
			return problem(w, p, "array schema missing items.");
		if ((wrong = check_node(w, json_get(s, "items"), &at, depth)) != NULL)
			return wrong;
	}
	if ((wrong = check_each(w, s, "anyOf", p, depth)) != NULL ||
	    (wrong = check_each(w, s, "$defs", p, depth)) != NULL)
		return wrong;
	return check_each(w, s, "definitions", p, depth);
}

const char *
llm_schema_problem(struct arena *a, const cJSON *schema)
{
	struct walk w = { a, schema, 0, 0, 0 };
	const struct place top = { NULL, NULL };
	const char *wrong;

	if (!str_eq(json_str(json_get(schema, "type")), STR("object")) ||
	    json_get(schema, "anyOf") != NULL)
		return "schema must be a JSON Schema of 'type: \"object\"'.";
	wrong = check_node(&w, schema, &top, 0);
	if (wrong != NULL)
		return wrong;
	if (w.properties > MOST_PROPERTIES)
		return "the schema has too many properties.";
	if (w.enum_values > MOST_ENUM_VALUES)
		return "the schema has too many enum values.";
	return w.chars > MOST_NAME_CHARS ? "the schema's names and enum values are too long."
	                                 : NULL;
}
