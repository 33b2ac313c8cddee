/*
 * Arbitrary text as query string, as path and as percent-encoded text. What must hold: what comes
 * out is UTF-8 without NUL and not longer than what went in; a match names a row and sane
 * parameters.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "net/router.h"

struct row {
	const char *method, *pattern;
};

static const struct row rows[] = {
	{ "GET", "/" },
	{ "GET", "/api/clients" },
	{ "GET", "/api/clients/:slug" },
	{ "POST", "/api/clients/:slug" },
	{ "GET", "/api/clients/mine" },
	{ "GET", "/api/:a/:b/:c" },
	{ "GET", "/:a/:b/:c/:d" },
};

static const struct route_table table = {
	rows, 7, sizeof(rows[0]), offsetof(struct row, method), offsetof(struct row, pattern),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_be_text(struct str s, size_t most)
{
	must(str_is_set(s) && s.n <= most);
	must(utf8_valid_prefix(s) == s.n && str_find(s, 0) == s.n);
}

static void
check_route(struct arena *a, const char *method, struct str path)
{
	struct route_params p = { .n = 99 };
	bool known = false;
	int row = router_match(&table, a, str_from(method), path, &p, &known);

	must(row >= -1 && row < (int)table.count);
	must(row < 0 || known);
	must(known == str_is_set(router_allow(&table, a, path)));
	if (row < 0) {
		must(p.n == 99);
		return;
	}
	must(p.n <= ROUTER_MAX_PARAMS);
	for (size_t i = 0; i < p.n; i++) {
		must_be_text(p.p[i].value, path.n);
		must(p.p[i].value.n > 0 && p.p[i].name_len > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(size > 0 ? (const char *)data : "", size);
	struct arena *a = arena_new((size_t)64 << 20);
	struct query_params q;
	struct str decoded;

	if (query_parse(a, text, &q) == ERR_OK) {
		must(q.n <= QUERY_MAX_PARAMS);
		for (size_t i = 0; i < q.n; i++) {
			must_be_text(q.p[i].name, size);
			must_be_text(q.p[i].value, size);
			must(q.p[i].name.n > 0);
			for (size_t j = 0; j < i; j++)
				must(!str_eq(q.p[i].name, q.p[j].name));
		}
	}
	decoded = percent_decode(a, text, size % 2 == 0);
	if (str_is_set(decoded))
		must_be_text(decoded, size);
	check_route(a, "GET", text);
	check_route(a, "HEAD", text);
	check_route(a, "POST", text);
	arena_free(a);
	return 0;
}
