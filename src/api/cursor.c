/*
 * Why: pages go on after a row, not after a number of rows, so a cursor is that row's sort key.
 *
 * What always holds: a cursor is opaque and carries the mark of its list; any text that we did not
 * write for this list is refused.
 */
#include "api/call.h"
#include "base/digest.h"
#include "base/utf8.h"

#define MAX_CURSOR 2048

struct uuid
cursor_last_id(void)
{
	struct uuid u;

	memset(u.b, 0xff, sizeof(u.b));
	return u;
}

struct str
cursor_encode(struct arena *a, const struct api_cursor *k)
{
	struct str plain = str_fmt(a, "%c,%lld," STR_FMT "," STR_FMT, k->list, (long long)k->at,
	                           STR_ARG(uuid_text(a, k->id)), STR_ARG(k->text));
	struct str coded = base64_encode(a, plain.p, plain.n);
	char *p = arena_copy(a, coded.p, coded.n);

	while (coded.n > 0 && p[coded.n - 1] == '=')
		coded.n--;
	for (size_t i = 0; i < coded.n; i++)
		p[i] = (char)(p[i] == '+' ? '-' : p[i] == '/' ? '_' : p[i]);
	return str_n(p, coded.n);
}

static bool
decode(struct arena *a, struct str coded, struct api_cursor *out)
{
	struct str rest = base64_decode(a, coded), list, at, id;

	if (!str_is_set(rest) || coded.n > MAX_CURSOR)
		return false;
	if (!str_split(&rest, ',', &list) || !str_split(&rest, ',', &at) ||
	    !str_split(&rest, ',', &id))
		return false;
	if (list.n != 1 || !str_to_i64(at, &out->at) || uuid_parse(id, &out->id) != ERR_OK)
		return false;
	if (out->at < CURSOR_FIRST_AT || out->at > CURSOR_LAST_AT)
		return false;
	out->list = list.p[0];
	out->text = str_is_set(rest) ? rest : STR("");
	return utf8_valid_prefix(out->text) == out->text.n && str_find(out->text, 0) == out->text.n;
}

enum err
cursor_take(struct api_call *c, struct api_cursor *cursor)
{
	const struct api_value *v = arg_query(c, "cursor");
	struct api_cursor k = { .list = 0 };

	if (!v->set)
		return ERR_OK;
	if (!decode(c->a, v->s, &k) || k.list != cursor->list ||
	    (!str_is_set(cursor->text) && k.text.n > 0) || !str_eq(cursor_encode(c->a, &k), v->s))
		return api_invalid(c, "cursor", "is not a cursor of this list");
	*cursor = k;
	return ERR_OK;
}
