/*
 * JSON in and out. Reading: one normalising pass, then cJSON with its memory in the arena.
 * Bounds: depth 64, arena cap. Lone surrogates and \u0000 become U+FFFD; integers of more
 * than 15 digits become strings of their digits; trailing bytes other than white space are
 * refused; invalid UTF-8 becomes U+FFFD. Look-ups are case-sensitive; of equal member names the
 * last wins. Values borrow from the arena. NULL is a valid `const struct cJSON *` argument
 * everywhere: "absent".
 */
#ifndef RECADO_BASE_JSON_H
#define RECADO_BASE_JSON_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/uuid.h"

#define JSON_MAX_DEPTH 64

/* ERR_INVALID: not JSON or deeper than 64; ERR_TOO_LARGE: arena cap. */
MUST_CHECK enum err json_parse(struct arena *, struct str text, const cJSON **out);
/* Member `name` of an object; NULL if absent or not an object. JSON null is returned as a value. */
const cJSON *json_get(const cJSON *obj, const char *name);
/* First of an array (or object) / next sibling: `for (v = json_first(a); v; v = v->next)`. NULL if
 * none. */
const cJSON *json_first(const cJSON *array);
size_t json_count(const cJSON *array);
bool json_is_null(const cJSON *v); /* absent or null */
bool json_is_array(const cJSON *v);
bool json_is_object(const cJSON *v);
bool json_is_number(const cJSON *v);

/* Text of a string value; STR_NONE otherwise. */
struct str json_str(const cJSON *v);
/* Text of a string, or the digits of an integral number ("numbers as strings and the reverse");
 * else STR_NONE. */
struct str json_text(struct arena *, const cJSON *v);
/* Integer from a number without fraction or a decimal string; false otherwise or out of int64. */
bool json_i64(const cJSON *v, int64_t *out);
bool json_bool(const cJSON *v, bool *out); /* only true/false */
/* Canonical bytes of a value: members sorted by name bytes, no white space, numbers shortest, those
 * of 1e15 and more or below 1e-15 as strings; the same before and after a database kept it. For
 * digests and ties. */
struct str json_canonical(struct arena *, const cJSON *v);
/* The value as compact JSON, member order kept. */
struct str json_raw(struct arena *, const cJSON *v);

/* Writer: commas and colons are placed by it. Times become ISO text, UUIDs text. Nesting ≤ 32. */
struct jw {
	struct buf *b;
	unsigned depth;
	uint64_t has_items; /* bit per level */
	bool after_key;
};
void jw_init(struct jw *, struct buf *);
void jw_obj(struct jw *);
void jw_obj_end(struct jw *);
void jw_arr(struct jw *);
void jw_arr_end(struct jw *);
void jw_key(struct jw *, const char *name);
void jw_str(struct jw *, struct str s); /* absent gives null; invalid UTF-8 becomes U+FFFD */
void jw_z(struct jw *, const char *z);
void jw_i64(struct jw *, int64_t v);
void jw_double(struct jw *, double v); /* not finite gives null */
void jw_bool(struct jw *, bool v);
void jw_null(struct jw *);
void jw_time(struct jw *, int64_t ms);     /* TIME_NONE gives null */
void jw_uuid(struct jw *, struct uuid u);  /* nil gives null */
void jw_raw(struct jw *, struct str json); /* already JSON; absent gives null */
/* key + value in one call */
void jw_kstr(struct jw *, const char *k, struct str s);
void jw_kz(struct jw *, const char *k, const char *z);
void jw_ki64(struct jw *, const char *k, int64_t v);
void jw_kbool(struct jw *, const char *k, bool v);
void jw_knull(struct jw *, const char *k);
void jw_ktime(struct jw *, const char *k, int64_t ms);
void jw_kuuid(struct jw *, const char *k, struct uuid u);
void jw_kraw(struct jw *, const char *k, struct str json);

#endif
