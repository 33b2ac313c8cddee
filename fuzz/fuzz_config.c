/*
 * Fuzzes the configuration: the first line is an environment value for every variable, the rest a
 * .env file. Whatever it is, loading ends, a refusal has a reason, and what was accepted can be
 * printed.
 */
#include <stdlib.h>

#include "sys/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_CAP ((size_t)8 * 1024 * 1024)
#define BUF_CAP   ((size_t)256 * 1024)

static const char *
value_for_all(void *ctx, const char *name)
{
	const char *value = ctx;

	if (value != NULL && value[0] != '\0')
		return value;
	if (str_eq(str_from(name), STR("ADMIN_TOKEN")))
		return "a token for the fuzzer";
	if (str_eq(str_from(name), STR("SECRET_KEY")))
		return "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size), first;
	struct arena *a = arena_new(ARENA_CAP);
	struct buf problems, out;
	struct config c = { 0 };
	enum err e;

	buf_init(&problems, a, BUF_CAP);
	buf_init(&out, a, BUF_CAP);
	if (!str_split(&text, '\n', &first))
		first = STR_NONE;
	e = config_load(a, value_for_all, (void *)str_z(a, first), text, &c, &problems);
	if ((e == ERR_OK) != (problems.n == 0))
		abort();
	if (e == ERR_OK) {
		config_print(&c, &out);
		if (out.n == 0 || c.port < 0 || c.port > 65535 || c.drainers < 1)
			abort();
	}
	arena_free(a);
	return 0;
}
