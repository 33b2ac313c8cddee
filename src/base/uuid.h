/* UUIDs. New ones are version 7 (RFC 9562): time-ordered, so that indexes stay local. */
#ifndef RECADO_BASE_UUID_H
#define RECADO_BASE_UUID_H

#include "base/str.h"

#define UUID_TEXT_LEN 36

struct uuid {
	unsigned char b[16];
};

#define UUID_NIL ((struct uuid){ { 0 } })

/* Version 7 from a time and 10 random bytes. Pure. */
struct uuid uuid_v7(int64_t unix_ms, const unsigned char random[10]);
/*
 * The least version 7 id of that millisecond: all ids of earlier times are less, all of this and
 * later times are not. Never nil; of 0 it is less than any id that was made by a clock. Pure.
 */
struct uuid uuid_v7_floor(int64_t unix_ms);
bool uuid_is_nil(struct uuid u);
bool uuid_eq(struct uuid a, struct uuid b);
int uuid_cmp(struct uuid a, struct uuid b);
void uuid_format(struct uuid u, char out[UUID_TEXT_LEN + 1]);
struct str uuid_text(struct arena *, struct uuid u);
/* 36 characters with hyphens, either case. */
MUST_CHECK enum err uuid_parse(struct str s, struct uuid *out);

#endif
