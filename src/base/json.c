/*
 * JSON in. Why cJSON behind a pass of our own: it is the fastest reader in Debian 12, and its trees
 * are simple; what it would get wrong the pass has mended or refused before (json_repair.c). What
 * always holds: values live in the arena and are never given back one by one; look-ups tell letter
 * case apart; the thread's current arena is set only while cJSON_Parse runs.
 */
#include "base/json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_repair.h"

#define EXACT_INTEGER 9007199254740992.0    /* 2^53 */
#define INT64_LIMIT   9223372036854775808.0 /* 2^63 */

static _Thread_local struct arena *current;
static _Thread_local bool denied;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void *
hook_malloc(size_t n)
{
	void *p;

	if (current == NULL)
		return malloc(n);
	p = arena_try_alloc(current, n);
	denied = denied || p == NULL;
	return p;
}

static void
hook_free(void *p)
{
	if (current == NULL)
		free(p);
}

static void
install_hooks(void)
{
	cJSON_Hooks hooks = { hook_malloc, hook_free };

	cJSON_InitHooks(&hooks);
}

enum err
json_parse(struct arena *a, struct str text, const cJSON **out)
{
	struct arena *outer = current;
	struct str mended;
	const char *end = NULL;
	const cJSON *v;
	enum err e = json_repair(a, text, &mended);

	if (e != ERR_OK)
		return e;
	(void)pthread_once(&hooks_once, install_hooks);
	current = a;
	denied = false;
	v = cJSON_ParseWithLengthOpts(mended.p, mended.n, &end, false);
	current = outer;
	if (v == NULL)
		return denied ? ERR_TOO_LARGE : ERR_INVALID;
	*out = v;
	return ERR_OK;
}

const cJSON *
json_get(const cJSON *obj, const char *name)
{
	const cJSON *found = NULL;

	if (!cJSON_IsObject(obj))
		return NULL;
	for (const cJSON *v = obj->child; v != NULL; v = v->next)
		if (strcmp(v->string, name) == 0)
			found = v;
	return found;
}

const cJSON *
json_first(const cJSON *array)
{
	return cJSON_IsArray(array) || cJSON_IsObject(array) ? array->child : NULL;
}

size_t
json_count(const cJSON *array)
{
	size_t n = 0;

	for (const cJSON *v = json_first(array); v != NULL; v = v->next)
		n++;
	return n;
}

bool
json_is_null(const cJSON *v)
{
	return v == NULL || cJSON_IsNull(v);
}

bool
json_is_array(const cJSON *v)
{
	return cJSON_IsArray(v);
}

bool
json_is_object(const cJSON *v)
{
	return cJSON_IsObject(v);
}

bool
json_is_number(const cJSON *v)
{
	return cJSON_IsNumber(v);
}

struct str
json_str(const cJSON *v)
{
	return cJSON_IsString(v) ? str_from(v->valuestring) : STR_NONE;
}

struct str
json_text(struct arena *a, const cJSON *v)
{
	double d;

	if (!cJSON_IsNumber(v))
		return json_str(v);
	d = v->valuedouble;
	if (!(fabs(d) < EXACT_INTEGER) || trunc(d) != d)
		return STR_NONE;
	return str_fmt(a, "%lld", (long long)d);
}

bool
json_i64(const cJSON *v, int64_t *out)
{
	double d;

	if (!cJSON_IsNumber(v))
		return str_to_i64(json_str(v), out);
	d = v->valuedouble;
	if (!(d >= -INT64_LIMIT && d < INT64_LIMIT) || trunc(d) != d)
		return false;
	*out = (int64_t)d;
	return true;
}

bool
json_bool(const cJSON *v, bool *out)
{
	if (!cJSON_IsBool(v))
		return false;
	*out = cJSON_IsTrue(v);
	return true;
}

/* Sorting must be stable, so that the last of equal names is the last of its run. */
static void
sort_members(const cJSON **members, size_t n, const cJSON **scratch)
{
	size_t half = n / 2, i = 0, j = half, k = 0;

	if (n < 2)
		return;
	sort_members(members, half, scratch);
	sort_members(members + half, n - half, scratch);
	memcpy(scratch, members, n * sizeof(const cJSON *));
	while (i < half || j < n) {
		bool left = j == n ||
		            (i < half && strcmp(scratch[i]->string, scratch[j]->string) <= 0);

		members[k++] = left ? scratch[i++] : scratch[j++];
	}
}

static void write_value(struct jw *w, struct arena *a, const cJSON *v, bool sorted);

static void
write_sorted_members(struct jw *w, struct arena *a, const cJSON *obj)
{
	size_t n = json_count(obj), at = 0;
	const cJSON **members = arena_try_alloc(a, 2 * n * sizeof(const cJSON *));

	if (members == NULL) {
		w->b->over = true;
		return;
	}
	for (const cJSON *v = obj->child; v != NULL; v = v->next)
		members[at++] = v;
	sort_members(members, n, members + n);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && strcmp(members[i]->string, members[i + 1]->string) == 0)
			continue;
		jw_key(w, members[i]->string);
		write_value(w, a, members[i], true);
	}
}

/* Beyond 15 digits before or after the point a database may spell a number in a way of its own
 * (10000000000000000 for 1e16), which would not read back as the same: in canonical form such a one
 * is a string. */
static bool
is_far(double d)
{
	return d != 0 && (fabs(d) >= 1e15 || fabs(d) < 1e-15);
}

static void
write_number(struct jw *w, double d, bool canonical)
{
	char text[32];

	if (canonical && is_far(d)) {
		(void)snprintf(text, sizeof(text), "%.17g", d);
		jw_z(w, text);
	} else if (isinf(d)) {
		jw_raw(w, d > 0 ? STR("1e999") : STR("-1e999"));
	} else {
		jw_double(w, d);
	}
}

/* Recursion is bounded: json_parse lets nothing deeper than JSON_MAX_DEPTH in. */
static void
write_value(struct jw *w, struct arena *a, const cJSON *v, bool sorted)
{
	switch (v->type & 0xff) {
	case cJSON_Object:
		jw_obj(w);
		if (sorted) {
			write_sorted_members(w, a, v);
		} else {
			for (const cJSON *m = v->child; m != NULL; m = m->next) {
				jw_key(w, m->string);
				write_value(w, a, m, false);
			}
		}
		jw_obj_end(w);
		return;
	case cJSON_Array:
		jw_arr(w);
		for (const cJSON *m = v->child; m != NULL; m = m->next)
			write_value(w, a, m, sorted);
		jw_arr_end(w);
		return;
	case cJSON_String:
		jw_z(w, v->valuestring);
		return;
	case cJSON_Number:
		write_number(w, v->valuedouble, sorted);
		return;
	case cJSON_True:
	case cJSON_False:
		jw_bool(w, cJSON_IsTrue(v));
		return;
	default:
		jw_null(w);
	}
}

static struct str
write_all(struct arena *a, const cJSON *v, bool sorted)
{
	struct buf b;
	struct jw w;

	if (v == NULL)
		return STR_NONE;
	buf_init(&b, a, SIZE_MAX / 4);
	jw_init(&w, &b);
	write_value(&w, a, v, sorted);
	if (buf_check(&b) != ERR_OK) {
		arena_fail(a);
		return STR_NONE;
	}
	return buf_slice(&b);
}

struct str
json_canonical(struct arena *a, const cJSON *v)
{
	return write_all(a, v, true);
}

struct str
json_raw(struct arena *a, const cJSON *v)
{
	return write_all(a, v, false);
}
