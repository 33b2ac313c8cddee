/*
 * Holds a request's members against the reference of `POST /v1/responses`. What always holds: what
 * OpenAI would refuse is refused here with its words, code and parameter; what this simulator
 * cannot play (streams, tools, pictures) is refused too, so that nobody relies on it.
 */
#include <math.h>

#include "sim/llm_internal.h"

#define LEAST_OUTPUT    16
#define MOST_TEXT_CHARS 10485760
#define MOST_NAME_CHARS 64
#define MOST_METADATA   16

enum shape {
	TEXT,
	BOOL,
	INTEGER,
	NUMBER,
	OBJECT,
	ARRAY,
	ANYTHING, /* more than one type is right; looked at elsewhere or not at all */
	REFUSED   /* a right member that is not played */
};

struct member {
	const char *name;
	enum shape shape;
	bool nullable, needed;
	double least, most; /* of a number; both 0: any */
	const char *words;  /* of a text: the only right ones, with spaces */
};

/* clang-format off */
static const struct member request_members[] = {
	{ "background", .shape = REFUSED, .nullable = true },
	{ "context_management", .shape = ARRAY, .nullable = true },
	{ "conversation", .shape = REFUSED, .nullable = true },
	{ "include", .shape = ARRAY, .nullable = true },
	{ "input", .shape = ANYTHING, .needed = true },
	{ "instructions", .shape = TEXT, .nullable = true },
	{ "max_output_tokens", .shape = INTEGER, .nullable = true, .least = LEAST_OUTPUT, .most = 1e9 },
	{ "max_tool_calls", .shape = INTEGER, .nullable = true, .least = 1, .most = 1e9 },
	{ "metadata", .shape = OBJECT, .nullable = true },
	{ "model", .shape = TEXT, .needed = true },
	{ "moderation", .shape = OBJECT, .nullable = true },
	{ "parallel_tool_calls", .shape = BOOL, .nullable = true },
	{ "previous_response_id", .shape = REFUSED, .nullable = true },
	{ "prompt", .shape = REFUSED, .nullable = true },
	{ "prompt_cache_key", .shape = TEXT },
	{ "prompt_cache_options", .shape = OBJECT },
	{ "prompt_cache_retention", .shape = TEXT, .nullable = true, .words = "in_memory 24h" },
	{ "reasoning", .shape = OBJECT, .nullable = true },
	{ "safety_identifier", .shape = TEXT, .nullable = true },
	{ "service_tier", .shape = TEXT, .nullable = true, .words = "auto default flex scale priority" },
	{ "store", .shape = BOOL, .nullable = true },
	{ "stream", .shape = REFUSED, .nullable = true },
	{ "stream_options", .shape = OBJECT, .nullable = true },
	{ "temperature", .shape = NUMBER, .nullable = true, .least = 0, .most = 2 },
	{ "text", .shape = OBJECT },
	{ "tool_choice", .shape = ANYTHING },
	{ "tools", .shape = ARRAY },
	{ "top_logprobs", .shape = INTEGER, .nullable = true, .least = 0, .most = 20 },
	{ "top_p", .shape = NUMBER, .nullable = true, .least = 0, .most = 1 },
	{ "truncation", .shape = TEXT, .nullable = true, .words = "auto disabled" },
	{ "user", .shape = TEXT },
	{ .name = NULL }
};
static const struct member reasoning_members[] = {
	{ "context", .shape = TEXT, .nullable = true, .words = "auto current_turn all_turns" },
	{ "effort", .shape = TEXT, .nullable = true, .words = "none minimal low medium high xhigh max" },
	{ "generate_summary", .shape = TEXT, .nullable = true, .words = "auto concise detailed" },
	{ "mode", .shape = TEXT },
	{ "summary", .shape = TEXT, .nullable = true, .words = "auto concise detailed" },
	{ .name = NULL }
};
static const struct member text_members[] = {
	{ "format", .shape = OBJECT },
	{ "verbosity", .shape = TEXT, .nullable = true, .words = "low medium high" },
	{ .name = NULL }
};
static const struct member plain_format_members[] = {
	{ "type", .shape = TEXT, .needed = true, .words = "text json_schema json_object" },
	{ .name = NULL }
};
static const struct member schema_format_members[] = {
	{ "type", .shape = TEXT, .needed = true, .words = "text json_schema json_object" },
	{ "name", .shape = TEXT, .needed = true },
	{ "schema", .shape = OBJECT, .needed = true },
	{ "description", .shape = TEXT },
	{ "strict", .shape = BOOL, .nullable = true },
	{ .name = NULL }
};
static const struct member message_members[] = {
	{ "role", .shape = TEXT, .needed = true, .words = "user assistant system developer" },
	{ "content", .shape = ANYTHING, .needed = true },
	{ "type", .shape = TEXT, .words = "message" },
	{ "status", .shape = TEXT, .words = "in_progress completed incomplete" },
	{ "phase", .shape = TEXT, .nullable = true, .words = "commentary final_answer" },
	{ .name = NULL }
};
static const struct member part_members[] = {
	{ "type", .shape = TEXT, .needed = true, .words = "input_text" },
	{ "text", .shape = TEXT, .needed = true },
	{ "prompt_cache_breakpoint", .shape = OBJECT },
	{ .name = NULL }
};
/* Members of other endpoints, and what they are called here. */
static const struct {
	const char *name, *here;
} moved[] = {
	{ "max_completion_tokens", "max_output_tokens" },
	{ "messages", "input" },
	{ "reasoning_effort", "reasoning.effort" },
	{ "response_format", "text.format" },
	{ "verbosity", "text.verbosity" },
};
/* clang-format on */

static bool
refuse(struct llm_error *e, const char *code, struct str param, struct str message)
{
	*e = (struct llm_error){ 400, LLM_INVALID, str_from(code), param, message };
	return false;
}

const char *
llm_type_name(const cJSON *v)
{
	switch (v->type & 0xff) {
	case cJSON_String:
		return "a string";
	case cJSON_Number:
		return v->valuedouble == floor(v->valuedouble) ? "an integer" : "a decimal";
	case cJSON_Object:
		return "an object";
	case cJSON_Array:
		return "an array";
	case cJSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

static const char *const shape_names[] = { "a string",  "a boolean", "an integer",
	                                   "a decimal", "an object", "an array" };

static bool
has_shape(const cJSON *v, enum shape shape)
{
	if (shape >= ANYTHING)
		return true;
	return strcmp(llm_type_name(v), shape_names[shape]) == 0 ||
	       (shape == NUMBER && json_is_number(v));
}

static size_t
count_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}

static bool
check_words(struct arena *a, const char *words, struct str value, struct str path,
            struct llm_error *e)
{
	struct str rest = str_from(words), word;
	struct buf list;

	buf_init(&list, a, 4096);
	while (str_split(&rest, ' ', &word)) {
		if (str_eq(word, value))
			return true;
		buf_fmt(&list, "%s'" STR_FMT "'", list.n == 0 ? "" : ", ", STR_ARG(word));
	}
	return refuse(e, "invalid_value", path,
	              str_fmt(a, "Invalid value: '" STR_FMT "'. Supported values are: " STR_FMT ".",
	                      STR_ARG(str_sub(value, 0, 100)), STR_ARG(buf_slice(&list))));
}

static bool
check_bounds(struct arena *a, const struct member *m, double v, struct str path,
             struct llm_error *e)
{
	const char *kind = m->shape == INTEGER ? "integer" : "decimal";
	bool below = v < m->least;

	if (m->least == m->most || (!below && v <= m->most))
		return true;
	return refuse(e, str_fmt(a, "%s_%s_value", kind, below ? "below_min" : "above_max").p, path,
	              str_fmt(a,
	                      "Invalid '" STR_FMT "': %s %s value. Expected a value %s %.15g, but "
	                      "got %.15g instead.",
	                      STR_ARG(path), kind, below ? "below minimum" : "above maximum",
	                      below ? ">=" : "<=", below ? m->least : m->most, v));
}

static bool
check_value(struct arena *a, const struct member *m, const cJSON *v, struct str path,
            struct llm_error *e)
{
	if (m->nullable && json_is_null(v))
		return true;
	if (m->shape == REFUSED && !cJSON_IsFalse(v))
		return refuse(e, "unsupported_parameter", path,
		              str_fmt(a,
		                      "Unsupported parameter: '" STR_FMT
		                      "' is not played by this simulator.",
		                      STR_ARG(path)));
	if (!has_shape(v, m->shape))
		return refuse(e, "invalid_type", path,
		              str_fmt(a,
		                      "Invalid type for '" STR_FMT
		                      "': expected %s, but got %s instead.",
		                      STR_ARG(path), shape_names[m->shape], llm_type_name(v)));
	if (m->words != NULL)
		return check_words(a, m->words, json_str(v), path, e);
	if (m->shape == TEXT && count_chars(json_str(v)) > MOST_TEXT_CHARS)
		return refuse(e, "string_above_max_length", path,
		              str_fmt(a,
		                      "Invalid '" STR_FMT "': string too long. Expected a string "
		                      "with maximum length %d.",
		                      STR_ARG(path), MOST_TEXT_CHARS));
	return m->shape > NUMBER || !json_is_number(v) ||
	       check_bounds(a, m, v->valuedouble, path, e);
}

static struct str
join(struct arena *a, struct str path, const char *name)
{
	return path.n == 0 ? str_from(name) : str_fmt(a, STR_FMT ".%s", STR_ARG(path), name);
}

static bool
refuse_unknown(struct arena *a, struct str path, const char *name, struct llm_error *e)
{
	struct str full = join(a, path, name);

	for (size_t i = 0; path.n == 0 && i < sizeof moved / sizeof moved[0]; i++)
		if (strcmp(name, moved[i].name) == 0)
			return refuse(e, "unsupported_parameter", full,
			              str_fmt(a,
			                      "Unsupported parameter: '%s'. In the Responses API, "
			                      "this parameter has moved to '%s'.",
			                      name, moved[i].here));
	return refuse(e, "unknown_parameter", full,
	              str_fmt(a, "Unknown parameter: '" STR_FMT "'.", STR_ARG(full)));
}

/* All members of an object: none unknown, none missing, each of its type. */
static bool
check_members(struct arena *a, const struct member *members, const cJSON *v, struct str path,
              struct llm_error *e)
{
	for (const cJSON *c = json_first(v); c != NULL; c = c->next) {
		const struct member *m = members;
		while (m->name != NULL && strcmp(m->name, c->string) != 0)
			m++;
		if (m->name == NULL)
			return refuse_unknown(a, path, c->string, e);
		if (!check_value(a, m, c, join(a, path, c->string), e))
			return false;
	}
	for (const struct member *m = members; m->name != NULL; m++)
		if (m->needed && json_get(v, m->name) == NULL) {
			struct str full = join(a, path, m->name);
			return refuse(e, "missing_required_parameter", full,
			              str_fmt(a, "Missing required parameter: '" STR_FMT "'.",
			                      STR_ARG(full)));
		}
	return true;
}

static bool
check_name(struct arena *a, struct str name, struct llm_error *e)
{
	const struct str path = STR("text.format.name");

	if (name.n == 0 || name.n > MOST_NAME_CHARS)
		return refuse(e, name.n == 0 ? "empty_string" : "string_above_max_length", path,
		              str_fmt(a, "Invalid '" STR_FMT "': its length is 1 to %d.",
		                      STR_ARG(path), MOST_NAME_CHARS));
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '-')
			return refuse(e, "invalid_value", path,
			              str_fmt(a,
			                      "Invalid '" STR_FMT
			                      "': string does not match pattern. Expected a "
			                      "string that matches the pattern "
			                      "'^[a-zA-Z0-9_-]+$'.",
			                      STR_ARG(path)));
	}
	return true;
}

static bool
check_format(struct arena *a, const cJSON *format, struct llm_error *e)
{
	const struct str path = STR("text.format");
	struct str name = json_str(json_get(format, "name"));
	const char *problem;
	bool strict = false;

	if (!str_eq(json_str(json_get(format, "type")), STR("json_schema")))
		return check_members(a, plain_format_members, format, path, e);
	if (!check_members(a, schema_format_members, format, path, e) || !check_name(a, name, e))
		return false;
	if (!json_bool(json_get(format, "strict"), &strict) || !strict)
		return true;
	problem = llm_schema_problem(a, json_get(format, "schema"));
	if (problem == NULL)
		return true;
	return refuse(e, "invalid_json_schema", STR("text.format.schema"),
	              str_fmt(a, "Invalid schema for response_format '" STR_FMT "': %s",
	                      STR_ARG(name), problem));
}

static bool
refuse_empty(struct arena *a, struct str path, struct llm_error *e)
{
	return refuse(e, "empty_array", path,
	              str_fmt(a,
	                      "Invalid '" STR_FMT "': empty array. Expected an array with minimum "
	                      "length 1, but got an empty array instead.",
	                      STR_ARG(path)));
}

static bool
refuse_type(struct arena *a, const char *wanted, const cJSON *v, struct str path,
            struct llm_error *e)
{
	return refuse(e, "invalid_type", path,
	              str_fmt(a, "Invalid type for '" STR_FMT "': expected %s, but got %s instead.",
	                      STR_ARG(path), wanted, llm_type_name(v)));
}

/* An item of the input: a message whose content is a text or a list of texts. */
static bool
check_item(struct arena *a, const cJSON *item, struct str path, struct llm_error *e)
{
	const cJSON *content = json_get(item, "content");
	struct str at = join(a, path, "content");
	size_t i = 0;

	if (!json_is_object(item))
		return refuse_type(a, "an object", item, path, e);
	if (!check_members(a, message_members, item, path, e))
		return false;
	if (str_is_set(json_str(content)))
		return true;
	if (!json_is_array(content))
		return refuse_type(a, "one of an array of objects or string", content, at, e);
	if (json_count(content) == 0)
		return refuse_empty(a, at, e);
	for (const cJSON *c = json_first(content); c != NULL; c = c->next, i++) {
		struct str part = str_fmt(a, STR_FMT "[%zu]", STR_ARG(at), i);
		if (!json_is_object(c))
			return refuse_type(a, "an object", c, part, e);
		if (!check_members(a, part_members, c, part, e))
			return false;
	}
	return true;
}

static bool
check_input(struct arena *a, const cJSON *input, struct llm_error *e)
{
	size_t i = 0;

	if (str_is_set(json_str(input)))
		return true;
	if (!json_is_array(input))
		return refuse_type(a, "one of a string or array of objects", input, STR("input"),
		                   e);
	if (json_count(input) == 0)
		return refuse_empty(a, STR("input"), e);
	for (const cJSON *item = json_first(input); item != NULL; item = item->next, i++)
		if (!check_item(a, item, str_fmt(a, "input[%zu]", i), e))
			return false;
	return true;
}

static bool
check_metadata(struct arena *a, const cJSON *metadata, struct llm_error *e)
{
	for (const cJSON *v = json_first(metadata); v != NULL; v = v->next)
		if (!str_is_set(json_str(v)))
			return refuse_type(a, "a string", v, join(a, STR("metadata"), v->string),
			                   e);
	if (json_count(metadata) > MOST_METADATA)
		return refuse(e, "object_above_max_properties", STR("metadata"),
		              str_fmt(a, "Invalid 'metadata': too many properties. At most %d.",
		                      MOST_METADATA));
	return true;
}

bool
llm_check(struct arena *a, const cJSON *body, struct llm_error *e)
{
	const cJSON *format, *tools = json_get(body, "tools");

	if (!json_is_object(body))
		return refuse(e, NULL, STR_NONE,
		              STR("Invalid request body: expected a JSON object."));
	if (!check_members(a, request_members, body, STR_NONE, e))
		return false;
	if (json_count(tools) > 0)
		return refuse(
			e, "unsupported_parameter", STR("tools"),
			STR("Unsupported parameter: 'tools' is not played by this simulator."));
	format = json_get(json_get(body, "text"), "format");
	return check_members(a, reasoning_members, json_get(body, "reasoning"), STR("reasoning"),
	                     e) &&
	       check_members(a, text_members, json_get(body, "text"), STR("text"), e) &&
	       (format == NULL || check_format(a, format, e)) &&
	       check_metadata(a, json_get(body, "metadata"), e) &&
	       check_input(a, json_get(body, "input"), e);
}
