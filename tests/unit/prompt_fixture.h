/* A rubric and a conversation for the tests of prompts and reports. */
#ifndef RECADO_TESTS_PROMPT_FIXTURE_H
#define RECADO_TESTS_PROMPT_FIXTURE_H

#include "core/prompt.h"
#include "core/redact.h"
#include "testing.h"

#define FIXTURE_AT INT64_C(1768906800000) /* 2026-01-20T11:00:00.000Z */

static inline struct script
fixture_script(void)
{
	static struct script_topic topics[] = {
		{ { "saudacao", 8 }, { "Cumprimenta o cliente", 21 }, 1 },
		{ { "preço", 6 }, { "Informa o preço", 16 }, 2.5 },
		{ { "fecho", 5 }, { "Conduz ao fecho", 15 }, 0 },
	};

	return (struct script){ .key = STR("vendas"),
		                .version = 3,
		                .text = STR("Avalie o atendimento de vendas.\nSeja justo."),
		                .topics = { topics, 3 } };
}

static inline struct prompt_options
fixture_options(void)
{
	return (struct prompt_options){ .model = STR("gpt-5-mini"),
		                        .redact = REDACT_ALL,
		                        .max_input_tokens = 100000,
		                        .max_output_tokens = PROMPT_OUTPUT_TOKENS };
}

/* The nth message, from 0: minute n, tie in order, an id that says n. */
static inline struct prompt_message
fixture_message(size_t n, enum prompt_role role, struct str text)
{
	struct prompt_message m = { .role = role,
		                    .type = STR("text"),
		                    .text = text,
		                    .sent_at = FIXTURE_AT + (int64_t)n * TIME_MINUTE,
		                    .updated_at = TIME_NONE,
		                    .tie = str_fmt(test_arena(), "%020zu", n) };

	memset(m.id.b, 0xa0, sizeof m.id.b);
	m.id.b[14] = (unsigned char)(n >> 8);
	m.id.b[15] = (unsigned char)n;
	return m;
}

static inline struct prompt
fixture_build(const struct script *s, const struct prompt_message *m, size_t n,
              const struct prompt_options *o)
{
	struct prompt p;

	ck_assert_ok(prompt_build(test_arena(), s, m, n, o, &p));
	return p;
}

/* The text of the request's data part, "" if there is none; the request must have its form. */
static inline struct str
fixture_data(struct str body)
{
	const cJSON *item = json_first(json_get(test_json(body), "input"));
	const cJSON *framing = json_first(json_get(item, "content"));

	ck_assert_ptr_nonnull(framing);
	ck_assert_ptr_null(item->next);
	if (framing->next == NULL)
		return STR("");
	ck_assert_ptr_null(framing->next->next);
	ck_assert_str(json_str(json_get(framing->next, "type")), "input_text");
	return json_str(json_get(framing->next, "text"));
}

/* The nth line of the data, from 0, parsed; each must be one JSON object. */
static inline const cJSON *
fixture_line(struct str data, size_t n)
{
	struct str line;

	for (size_t i = 0; str_split(&data, '\n', &line); i++)
		if (i == n && line.n > 0)
			return test_json(line);
	ck_abort_msg("there is no line %zu", n);
}

#endif
