/*
 * Holds answers against the OpenAPI document of the program under test: for the tests of the API,
 * over sockets and without. Needs the library of the API.
 */
#ifndef RECADO_TESTS_DESCRIBED_H
#define RECADO_TESTS_DESCRIBED_H

#include "api/api.h"
#include "openapi_check.h"
#include "testing.h"

/* What the program says of itself, read once a process. */
static inline const cJSON *
described(void)
{
	static struct arena *arena; /* test_arena is emptied before each test */
	static const cJSON *doc;

	if (doc == NULL) {
		struct buf b;

		arena = arena_new((size_t)16 << 20);
		buf_init(&b, arena, (size_t)4 << 20);
		api_openapi(&b);
		ck_assert_ok(json_parse(arena, buf_slice(&b), &doc));
	}
	return doc;
}

/* Fails unless the answer is one that the document describes. head: as in openapi_check.h. */
static inline void
must_be_described(const char *method, const char *target, int status, const char *head,
                  struct str body)
{
	const struct openapi_answer x = { method, target, status, head, body };
	const char *wrong = openapi_check(test_arena(), described(), &x);

	ck_assert_msg(wrong == NULL, "%s", wrong);
}

/* Fails unless the value is one of this schema of the document. */
static inline void
must_be_a(const char *schema, const cJSON *value)
{
	const cJSON *all = json_get(json_get(described(), "components"), "schemas");
	const char *wrong =
		openapi_check_value(test_arena(), described(), json_get(all, schema), value);

	ck_assert_msg(wrong == NULL, "%s: %s", schema, wrong);
}

/* The same of what api_serve answered. */
static inline void
must_be_described_served(const char *method, const char *path, const struct api_answer *a)
{
	/* what the server adds to every answer */
	struct str head = str_fmt(test_arena(),
	                          "HTTP/1.1 %d\r\nX-Request-Id: r1\r\nContent-Type: %s\r\n",
	                          a->status, a->content_type);

	for (size_t i = 0; a->headers[i].name != NULL; i++)
		head = str_fmt(test_arena(), STR_FMT "%s: " STR_FMT "\r\n", STR_ARG(head),
		               a->headers[i].name, STR_ARG(a->headers[i].value));
	must_be_described(method, path, a->status, str_z(test_arena(), head), a->body);
}

#endif
