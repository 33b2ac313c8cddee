/*
 * Finds in a request what an answer is made of: the messages, the topics, a marker. What always
 * holds: nothing about the words around the messages is relied on; what does not look like a
 * message is passed over.
 */
#include "sim/llm_internal.h"

#define MOST_TIMES INT64_C(1000000000)

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The first marker of the text; false: there is none. */
static bool
find_marker(struct str text, struct llm_prompt *p)
{
	static const struct str mark = STR("sim:");

	while (text.n >= mark.n) {
		const char *at = memmem(text.p, text.n, mark.p, mark.n);
		size_t n = 0;
		int64_t times;
		if (at == NULL)
			return false;
		text = str_sub(text, (size_t)(at - text.p) + mark.n, text.n);
		while (n < text.n && is_name_char(text.p[n]))
			n++;
		p->asked = llm_kind_of(str_sub(text, 0, n));
		if (p->asked == LLM_KINDS)
			continue;
		p->asked_times = UINT64_MAX;
		if (n < text.n && text.p[n] == '*') {
			size_t digits = n + 1;
			while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
				digits++;
			if (str_to_i64(str_sub(text, n + 1, digits - n - 1), &times) &&
			    times <= MOST_TIMES)
				p->asked_times = (uint64_t)times;
		}
		return true;
	}
	return false;
}

/* A line of the input: a message, or words around messages. */
static void
read_line(struct arena *a, struct str line, struct llm_prompt *p)
{
	const cJSON *v = NULL;
	struct llm_message m = { STR_NONE, STR_NONE };

	if (line.n > 1 && line.p[0] == '{' && json_parse(a, line, &v) == ERR_OK)
		m = (struct llm_message){ json_str(json_get(v, "id")),
			                  json_str(json_get(v, "text")) };
	if (!str_is_set(m.id) || !str_is_set(m.text)) {
		*ARENA_ADD(a, p->told.v, p->told.n, p->told.cap) =
			(struct llm_message){ STR("input"), line };
		return;
	}
	*ARENA_ADD(a, p->messages.v, p->messages.n, p->messages.cap) = m;
	for (const cJSON *c = json_first(v); c != NULL; c = c->next)
		if (str_is_set(json_str(c)) && strcmp(c->string, "at") != 0)
			*ARENA_ADD(a, p->told.v, p->told.n, p->told.cap) =
				(struct llm_message){ m.id, json_str(c) };
}

/* A text of the input: its bytes, its share of the digest, its lines. */
static void
read_text(struct arena *a, struct str text, struct llm_prompt *p, struct digest *d)
{
	struct str line;

	p->bytes += text.n;
	digest_add(d, text);
	digest_add(d, str_n("", 1));
	while (str_split(&text, '\n', &line))
		read_line(a, str_trim(line), p);
}

static void
read_input(struct arena *a, const cJSON *input, struct llm_prompt *p, struct digest *d)
{
	if (str_is_set(json_str(input)))
		read_text(a, json_str(input), p, d);
	for (const cJSON *item = json_is_array(input) ? json_first(input) : NULL; item != NULL;
	     item = item->next) {
		const cJSON *content = json_get(item, "content");
		if (str_is_set(json_str(content)))
			read_text(a, json_str(content), p, d);
		for (const cJSON *part = json_is_array(content) ? json_first(content) : NULL;
		     part != NULL; part = part->next)
			read_text(a, json_str(json_get(part, "text")), p, d);
	}
}

static const cJSON *
find_topics(const cJSON *schema)
{
	const cJSON *checklist = json_get(json_get(schema, "properties"), "checklist");
	const cJSON *item = json_get(json_get(checklist, "items"), "properties");
	const cJSON *keys = json_get(json_get(item, "key"), "enum");

	return json_count(keys) > 0 ? keys : NULL;
}

void
llm_prompt_read(struct arena *a, const cJSON *body, struct llm_prompt *out)
{
	const cJSON *format = json_get(json_get(body, "text"), "format");
	struct llm_prompt p = { .model = json_str(json_get(body, "model")),
		                .instructions = json_str(json_get(body, "instructions")),
		                .body = body,
		                .schema = json_get(format, "schema"),
		                .asked = LLM_KINDS };
	struct digest *d = digest_new();

	if (!json_i64(json_get(body, "max_output_tokens"), &p.max_output_tokens))
		p.max_output_tokens = INT64_MAX;
	p.bytes = p.instructions.n;
	if (p.schema != NULL)
		p.bytes += json_raw(a, p.schema).n;
	digest_add(d, p.instructions);
	digest_add(d, str_n("", 1));
	read_input(a, json_get(body, "input"), &p, d);
	digest_end(d, p.words);
	digest_free(d);
	p.topics = find_topics(p.schema);
	for (size_t i = 0; i < p.messages.n; i++)
		if (find_marker(p.messages.v[i].text, &p))
			break;
	if (p.asked == LLM_KINDS)
		(void)find_marker(p.instructions, &p);
	*out = p;
}

struct str
llm_echo(struct arena *a, const struct llm_prompt *p)
{
	struct str said = p->messages.n > 0 ? p->messages.v[0].text : STR("");

	return str_fmt(a, "Invalid value: '" STR_FMT "' after '" STR_FMT "'.", STR_ARG(said),
	               STR_ARG(p->instructions));
}
