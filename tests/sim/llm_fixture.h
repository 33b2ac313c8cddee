/* A model server without a socket, and requests for it: what the tests of sim/llm*.c share. */
#ifndef RECADO_TESTS_LLM_FIXTURE_H
#define RECADO_TESTS_LLM_FIXTURE_H

#include "sim/llm_internal.h"
#include "testing.h"

#define NOW INT64_C(1768906800000)

static inline struct web_request
request(struct str body)
{
	return (struct web_request){ .method = STR("POST"),
		                     .path = STR("/v1/responses"),
		                     .authorization = STR("Bearer sk-a-key-of-the-tests"),
		                     .content_type = STR("application/json; charset=utf-8"),
		                     .body = body };
}

static inline struct web_reply
ask(struct llm *m, struct str body)
{
	struct web_request q = request(body);
	struct web_reply r;

	llm_answer(m, &q, NOW, test_arena(), &r);
	llm_done(m, &r, true);
	return r;
}

static inline struct llm *
make(enum llm_kind kind, uint64_t seed)
{
	struct llm_options o;

	llm_options_init(&o);
	o.seed = seed;
	o.strict_data = true;
	if (kind != LLM_GOOD)
		o.manners.permille[kind] = 1000;
	return llm_new(&o);
}

static inline struct str
example(void)
{
	return test_data("model-request-example.json");
}

static inline bool
holds(struct str text, struct str part)
{
	return memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* The example with other lines in place of its messages. */
static inline struct str
with_lines(const char *lines)
{
	struct str body = json_raw(test_arena(), test_data_json("model-request-example.json"));
	struct str mark = STR("{\\\"id\\\":\\\"m1\\\""), end = STR("\"}]}],");
	const char *from = memmem(body.p, body.n, mark.p, mark.n);
	const char *to = memmem(body.p, body.n, end.p, end.n);
	struct buf b;
	struct jw jw;

	ck_assert(from != NULL && to != NULL && from < to);
	buf_init(&b, test_arena(), 8u << 20);
	jw_init(&jw, &b);
	jw_z(&jw, lines);
	struct str quoted = buf_slice(&b);
	return str_fmt(test_arena(), STR_FMT STR_FMT STR_FMT,
	               STR_ARG(str_sub(body, 0, (size_t)(from - body.p))),
	               STR_ARG(str_sub(quoted, 1, quoted.n - 2)), /* without its quotes */
	               STR_ARG(str_sub(body, (size_t)(to - body.p), body.n)));
}

#endif
