/*
 * JSON out. Why a writer and no tree: answers and stored documents are written once, straight into
 * a buffer. What always holds: commas and colons are right whatever the caller's order of calls
 * within an object or array; text is valid UTF-8, so that no reader can refuse what we wrote.
 */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/utf8.h"

void
jw_init(struct jw *w, struct buf *b)
{
	*w = (struct jw){ .b = b };
}

/* Before any value or key: the comma, if one is due. */
static void
separate(struct jw *w)
{
	uint64_t bit;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth == 0)
		return;
	bit = UINT64_C(1) << (w->depth - 1);
	if ((w->has_items & bit) != 0)
		buf_char(w->b, ',');
	w->has_items |= bit;
}

static void
open_level(struct jw *w, char c)
{
	separate(w);
	assert(w->depth < JSON_MAX_DEPTH);
	w->has_items &= ~(UINT64_C(1) << w->depth);
	w->depth++;
	buf_char(w->b, c);
}

static void
close_level(struct jw *w, char c)
{
	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	buf_char(w->b, c);
}

void
jw_obj(struct jw *w)
{
	open_level(w, '{');
}

void
jw_obj_end(struct jw *w)
{
	close_level(w, '}');
}

void
jw_arr(struct jw *w)
{
	open_level(w, '[');
}

void
jw_arr_end(struct jw *w)
{
	close_level(w, ']');
}

static void
write_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
		buf_add(b, "\\\"", 2);
		return;
	case '\\':
		buf_add(b, "\\\\", 2);
		return;
	case '\n':
		buf_add(b, "\\n", 2);
		return;
	case '\r':
		buf_add(b, "\\r", 2);
		return;
	case '\t':
		buf_add(b, "\\t", 2);
		return;
	default:
		buf_add(b, text, sizeof(text));
	}
}

static void
write_string(struct buf *b, struct str s)
{
	size_t run = 0, i = 0;

	(void)buf_reserve(b, s.n + 2);
	buf_char(b, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		bool valid = true;
		size_t step = 1;

		if (c >= 0x80)
			step = utf8_step(s.p + i, s.n - i, &valid);
		if (valid && c >= 0x20 && c != '"' && c != '\\') {
			i += step;
			continue;
		}
		buf_add(b, s.p + run, i - run);
		if (valid)
			write_escape(b, c);
		else
			buf_z(b, UTF8_REPLACEMENT);
		i += step;
		run = i;
	}
	if (i > run)
		buf_add(b, s.p + run, i - run);
	buf_char(b, '"');
}

void
jw_key(struct jw *w, const char *name)
{
	assert(w->depth > 0 && !w->after_key);
	separate(w);
	write_string(w->b, str_from(name));
	buf_char(w->b, ':');
	w->after_key = true;
}

void
jw_str(struct jw *w, struct str s)
{
	if (s.p == NULL) {
		jw_null(w);
		return;
	}
	separate(w);
	write_string(w->b, s);
}

void
jw_z(struct jw *w, const char *z)
{
	jw_str(w, str_from(z));
}

void
jw_i64(struct jw *w, int64_t v)
{
	separate(w);
	buf_i64(w->b, v);
}

void
jw_double(struct jw *w, double v)
{
	char text[32];

	if (!isfinite(v)) {
		jw_null(w);
		return;
	}
	if (trunc(v) == v && fabs(v) < 1e15) {
		jw_i64(w, (int64_t)v);
		return;
	}
	separate(w);
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_z(w->b, text);
	if (strpbrk(text, ".e") == NULL)
		buf_add(w->b, ".0", 2); /* a long integer would be read as an id */
}

void
jw_bool(struct jw *w, bool v)
{
	separate(w);
	buf_z(w->b, v ? "true" : "false");
}

void
jw_null(struct jw *w)
{
	separate(w);
	buf_add(w->b, "null", 4);
}

void
jw_time(struct jw *w, int64_t ms)
{
	char text[TIME_TEXT_LEN + 1];

	if (ms == TIME_NONE) {
		jw_null(w);
		return;
	}
	time_format(ms, text);
	jw_z(w, text);
}

void
jw_uuid(struct jw *w, struct uuid u)
{
	char text[UUID_TEXT_LEN + 1];

	if (uuid_is_nil(u)) {
		jw_null(w);
		return;
	}
	uuid_format(u, text);
	jw_z(w, text);
}

void
jw_raw(struct jw *w, struct str json)
{
	if (json.p == NULL) {
		jw_null(w);
		return;
	}
	separate(w);
	buf_str(w->b, json);
}

void
jw_kstr(struct jw *w, const char *k, struct str s)
{
	jw_key(w, k);
	jw_str(w, s);
}

void
jw_kz(struct jw *w, const char *k, const char *z)
{
	jw_key(w, k);
	jw_z(w, z);
}

void
jw_ki64(struct jw *w, const char *k, int64_t v)
{
	jw_key(w, k);
	jw_i64(w, v);
}

void
jw_kbool(struct jw *w, const char *k, bool v)
{
	jw_key(w, k);
	jw_bool(w, v);
}

void
jw_knull(struct jw *w, const char *k)
{
	jw_key(w, k);
	jw_null(w);
}

void
jw_ktime(struct jw *w, const char *k, int64_t ms)
{
	jw_key(w, k);
	jw_time(w, ms);
}

void
jw_kuuid(struct jw *w, const char *k, struct uuid u)
{
	jw_key(w, k);
	jw_uuid(w, u);
}

void
jw_kraw(struct jw *w, const char *k, struct str json)
{
	jw_key(w, k);
	jw_raw(w, json);
}
