/*
 * Fuzzes the JSON reader: what it accepts it can write, and what it wrote means the same when read
 * again.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_CAP ((size_t)32 * 1024 * 1024)

/* Reads and writes what was written; both ways must stay as they are. */
static void
check_again(struct arena *a, struct str raw, struct str canonical)
{
	const cJSON *from_raw, *from_canonical;

	if (utf8_valid_prefix(raw) != raw.n || json_parse(a, raw, &from_raw) != ERR_OK ||
	    json_parse(a, canonical, &from_canonical) != ERR_OK)
		abort();
	if (!str_eq(json_raw(a, from_raw), raw) ||
	    !str_eq(json_canonical(a, from_raw), canonical) ||
	    !str_eq(json_canonical(a, from_canonical), canonical))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA_CAP);
	const cJSON *v = NULL;

	if (json_parse(a, str_n((const char *)data, size), &v) == ERR_OK) {
		struct str raw = json_raw(a, v), canonical = json_canonical(a, v);
		int64_t number;
		bool flag;

		(void)json_text(a, v);
		(void)json_i64(v, &number);
		(void)json_bool(v, &flag);
		(void)json_get(v, "a");
		if (arena_check(a) == ERR_OK)
			check_again(a, raw, canonical);
	}
	arena_free(a);
	return 0;
}
