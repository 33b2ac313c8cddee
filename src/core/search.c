/* Why: docs/decisions/0012-search-folded.md */
#include "core/search.h"

#include <utf8proc.h>

struct str
search_fold(struct arena *a, struct str text)
{
	const utf8proc_option_t how = UTF8PROC_COMPAT | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
	                              UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD;
	const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)text.p;
	utf8proc_int32_t *folded;
	utf8proc_ssize_t n;

	if (!str_is_set(text))
		return text;
	n = utf8proc_decompose(from, (utf8proc_ssize_t)text.n, NULL, 0, how);
	if (n < 0)
		return text;
	/* room for what is decomposed, and then for its bytes and a NUL in the same place */
	folded = ARENA_ARRAY(a, (size_t)n + 1, utf8proc_int32_t);
	n = utf8proc_decompose(from, (utf8proc_ssize_t)text.n, folded, n, how);
	n = n < 0 ? n : utf8proc_reencode(folded, n, how);
	return n < 0 ? text : str_n((const char *)folded, (size_t)n);
}

struct str
search_name(struct arena *a, struct str name, struct str username)
{
	struct str n = search_fold(a, name), u = search_fold(a, username);

	if (!str_is_set(n) || !str_is_set(u))
		return str_is_set(n) ? n : u;
	return str_fmt(a, STR_FMT "\n" STR_FMT, STR_ARG(n), STR_ARG(u));
}
