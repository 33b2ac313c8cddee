/*
 * Routes, query strings and percent-encoding. What always holds: text that comes out is UTF-8
 * without NUL; a path that does not decode matches no row, so no handler ever sees it.
 */
#include "net/router.h"

#include <assert.h>

#include "base/utf8.h"

#define MAX_SEGMENTS 16

struct segments {
	size_t n;
	struct str s[MAX_SEGMENTS];
};

struct str
percent_decode(struct arena *a, struct str s, bool plus_is_space)
{
	struct str out;
	char *to;

	if (!str_is_set(s))
		return STR_NONE;
	to = arena_copy(a, s.p, s.n);
	out = (struct str){ to, 0 };
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? str_hex_digit(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? str_hex_digit(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return STR_NONE;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		to[out.n++] = c;
	}
	to[out.n] = 0;
	if (utf8_valid_prefix(out) != out.n || str_find(out, 0) != out.n)
		return STR_NONE;
	return out;
}

/* Cuts "/a/b" into decoded segments; false if it does not start with '/' or anything is not
 * decodable. */
static bool
split_path(struct arena *a, struct str path, struct segments *out)
{
	struct str rest, part;

	out->n = 0;
	if (path.n == 0 || path.p[0] != '/')
		return false;
	rest = str_n(path.p + 1, path.n - 1);
	for (;;) {
		size_t end = str_find(rest, '/');

		if (out->n == MAX_SEGMENTS)
			return false;
		part = percent_decode(a, str_n(rest.p, end), false);
		if (!str_is_set(part) || str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return false;
		out->s[out->n++] = part;
		if (end == rest.n)
			return true;
		rest = str_n(rest.p + end + 1, rest.n - end - 1);
	}
}

static const char *
row_text(const struct route_table *t, size_t i, size_t offset)
{
	const char *row = (const char *)t->rows + i * t->stride;

	return *(const char *const *)(const void *)(row + offset);
}

/*
 * Does the pattern match? *shape gets one bit per segment, first segment highest, set where the
 * segment is literal: the greater of two shapes that match the same path is the more literal.
 */
static bool
match_pattern(const char *pattern, const struct segments *path, unsigned *shape,
              struct route_params *params)
{
	const char *p = pattern;
	unsigned bits = 0;

	params->n = 0;
	for (size_t i = 0; i < path->n; i++) {
		size_t len;

		if (*p != '/')
			return false;
		p++;
		len = strcspn(p, "/");
		if (*p == ':') {
			if (path->s[i].n == 0)
				return false;
			assert(params->n < ROUTER_MAX_PARAMS);
			params->p[params->n].name = p + 1;
			params->p[params->n].name_len = len - 1;
			params->p[params->n++].value = path->s[i];
		} else {
			if (!str_eq(str_n(p, len), path->s[i]))
				return false;
			bits |= 1U << (MAX_SEGMENTS - 1 - i);
		}
		p += len;
	}
	if (*p != 0)
		return false;
	*shape = bits;
	return true;
}

int
router_match(const struct route_table *t, struct arena *a, struct str method, struct str path,
             struct route_params *out, bool *path_known)
{
	bool head = str_eq(method, STR("HEAD")), exact = false, known = false;
	unsigned best_shape = 0;
	struct segments segments;
	int best = -1;

	if (split_path(a, path, &segments)) {
		for (size_t i = 0; i < t->count; i++) {
			const char *row_method = row_text(t, i, t->method_offset);
			struct route_params params;
			unsigned shape;
			bool same;

			if (!match_pattern(row_text(t, i, t->pattern_offset), &segments, &shape,
			                   &params))
				continue;
			known = true;
			same = str_eq(method, str_from(row_method));
			if (!same && !(head && strcmp(row_method, "GET") == 0))
				continue;
			if (best >= 0 && (shape < best_shape || (shape == best_shape && exact)))
				continue;
			best = (int)i;
			best_shape = shape;
			exact = same;
			*out = params;
		}
	}
	*path_known = known;
	return best;
}

struct str
router_allow(const struct route_table *t, struct arena *a, struct str path)
{
	struct segments segments;
	struct str out = STR_NONE;

	if (!split_path(a, path, &segments))
		return STR_NONE;
	for (size_t i = 0; i < t->count; i++) {
		const char *method = row_text(t, i, t->method_offset);
		const char *also = strcmp(method, "GET") == 0 ? ", HEAD" : "";
		struct route_params params;
		unsigned shape;

		if (!match_pattern(row_text(t, i, t->pattern_offset), &segments, &shape, &params))
			continue;
		if (str_is_set(out))
			out = str_fmt(a, STR_FMT ", %s%s", STR_ARG(out), method, also);
		else
			out = str_fmt(a, "%s%s", method, also);
	}
	return out;
}

struct str
route_param(const struct route_params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++)
		if (str_eq(str_n(params->p[i].name, params->p[i].name_len), str_from(name)))
			return params->p[i].value;
	return STR_NONE;
}

/* NULL, or what is wrong with the parameter; *name: which one, where it can be told. */
static const char *
query_add(struct query_params *q, struct arena *a, struct str part, struct str *name)
{
	size_t eq = str_find(part, '=');
	struct str value = STR("");

	*name = percent_decode(a, str_n(part.p, eq), true);
	if (eq < part.n)
		value = percent_decode(a, str_n(part.p + eq + 1, part.n - eq - 1), true);
	if (str_is_empty(*name))
		return "has no name, or one that is not percent-encoded UTF-8";
	if (!str_is_set(value))
		return "is not percent-encoded UTF-8: a % is written %25, a + is %2B";
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->p[i].name, *name))
			return "is given more than once";
	if (q->n == QUERY_MAX_PARAMS)
		return "is one parameter too many";
	q->p[q->n].name = *name;
	q->p[q->n++].value = value;
	return NULL;
}

static const char *
query_read(struct arena *a, struct str text, struct query_params *q, struct str *name)
{
	const char *wrong = NULL;

	q->n = 0;
	while (text.n > 0 && wrong == NULL) {
		size_t end = str_find(text, '&');

		if (end > 0)
			wrong = query_add(q, a, str_n(text.p, end), name);
		if (end == text.n)
			break;
		text = str_n(text.p + end + 1, text.n - end - 1);
	}
	return wrong;
}

enum err
query_parse(struct arena *a, struct str text, struct query_params *out)
{
	struct query_params q;
	struct str name;

	if (query_read(a, text, &q, &name) != NULL)
		return ERR_INVALID;
	*out = q;
	return ERR_OK;
}

const char *
query_wrong(struct arena *a, struct str text, struct str *name)
{
	struct query_params q;

	*name = STR_NONE;
	return query_read(a, text, &q, name);
}

struct str
query_get(const struct query_params *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->p[i].name, str_from(name)))
			return q->p[i].value;
	return STR_NONE;
}
