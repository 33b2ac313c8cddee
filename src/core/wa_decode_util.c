/*
 * What every part of the decoder needs: lists that grow in the arena, problems with their path,
 * times and ids. What always holds: no list grows past the arena's cap, and a problem never carries
 * message text.
 */
#include <assert.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "core/wa_decode_internal.h"

#define FIRST_CAP     16
#define MAX_TIME_TEXT 64
#define FIRST_SECOND  INT64_C(-62135596800) /* 0001-01-01 */
#define LAST_SECOND   INT64_C(253402300799) /* 9999-12-31T23:59:59 */

void *
wa_decode_grow(struct wa_ctx *c, void *v, size_t *n, size_t *cap, size_t size)
{
	if (*n < *cap) {
		(*n)++;
		return v;
	}
	size_t more = *cap == 0 ? FIRST_CAP : *cap * 2;
	void *p = more > SIZE_MAX / size ? NULL : arena_try_alloc(c->arena, more * size);
	if (p == NULL) {
		c->over = true;
		if (*n > 0)
			return v;
		more = 1;
		p = arena_array(c->arena, 1, size);
	}
	if (*n > 0)
		memcpy(p, v, *n * size);
	*cap = more;
	(*n)++;
	return p;
}

void *
wa_decode_reserve(struct wa_ctx *c, void *v, size_t n, size_t *cap, size_t size, size_t extra)
{
	size_t want = n + extra;

	if (extra <= *cap - n || extra > SIZE_MAX / size / 4)
		return v;
	if (want < *cap * 2) /* many small chunks must not copy the list each time */
		want = *cap * 2;
	void *p = arena_try_alloc(c->arena, want * size);
	if (p == NULL)
		return v;
	if (n > 0)
		memcpy(p, v, n * size);
	*cap = want;
	return p;
}

bool
wa_decode_is_over(struct wa_ctx *c)
{
	if (!c->over && arena_check(c->arena) != ERR_OK)
		c->over = true;
	return c->over;
}

static void
write_path(struct buf *b, const struct wa_at *at)
{
	if (at == NULL)
		return;
	write_path(b, at->up);
	if (at->name[0] == '\0')
		return;
	if (b->n > 0)
		buf_char(b, '.');
	buf_z(b, at->name);
	if (at->index != WA_NO_INDEX)
		buf_fmt(b, "[%zu]", at->index);
}

void
wa_decode_problem(struct wa_ctx *c, const struct wa_at *at, const char *code, const char *detail,
                  const cJSON *element, struct str wamid)
{
	struct fact_problem *p = WA_PUSH(c, c->out->problems);
	struct buf b;

	buf_init(&b, c->arena, 256);
	write_path(&b, at);
	*p = (struct fact_problem){
		.route = c->route,
		.code = code,
		.path = buf_slice(&b),
		.detail = str_from(detail),
		.wamid = wamid,
		.in_history = c->in_history,
	};
	digest_sha256(json_canonical(c->arena, element), p->digest);
}

int64_t
wa_decode_time(struct wa_ctx *c, const cJSON *v, struct str *raw)
{
	struct str text = json_text(c->arena, v);
	int64_t s = 0;

	if (json_is_number(v) && !str_is_set(text)) /* a fraction: kept as written, no time */
		text = json_raw(c->arena, v);
	*raw = utf8_cut(text, MAX_TIME_TEXT);
	if (!str_to_i64(text, &s) || s < FIRST_SECOND || s > LAST_SECOND)
		return TIME_NONE;
	return s * TIME_SECOND;
}

struct str
wa_decode_name(struct wa_ctx *c, const cJSON *v)
{
	struct str s = json_text(c->arena, v);

	if (str_trim(s).n == 0)
		return STR_NONE;
	return utf8_cut(s, WA_MAX_NAME);
}

const char *
wa_decode_id(struct wa_ctx *c, const cJSON *v, struct str *out)
{
	struct str s = json_text(c->arena, v);

	if (s.n == 0)
		return "missing_id";
	if (s.n > WA_MAX_ID)
		return "out_of_bounds";
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
			return "bad_element";
	*out = s;
	return NULL;
}

bool
wa_decode_is_group(const cJSON *element)
{
	struct str recipient = json_str(json_get(element, "recipient_type"));

	return !json_is_null(json_get(element, "group_id")) || str_ieq(recipient, STR("group"));
}
