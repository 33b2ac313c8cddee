/*
 * UUIDs, version 7 of RFC 9562. Why 7: ids grow with time, so that indexes stay local.
 * What always holds: text is lower case with hyphens; nil means "none".
 */
#include "base/uuid.h"

struct uuid
uuid_v7(int64_t unix_ms, const unsigned char random[10])
{
	uint64_t ms = unix_ms < 0 ? 0 : (uint64_t)unix_ms;
	struct uuid u;

	for (int i = 0; i < 6; i++)
		u.b[i] = (unsigned char)(ms >> (40 - 8 * i));
	memcpy(u.b + 6, random, 10);
	u.b[6] = (unsigned char)(0x70 | (u.b[6] & 0x0f));
	u.b[8] = (unsigned char)(0x80 | (u.b[8] & 0x3f));
	return u;
}

struct uuid
uuid_v7_floor(int64_t unix_ms)
{
	static const unsigned char least[10];

	return uuid_v7(unix_ms, least);
}

bool
uuid_is_nil(struct uuid u)
{
	return uuid_eq(u, UUID_NIL);
}

bool
uuid_eq(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

int
uuid_cmp(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}

static bool
hyphen_at(int i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

void
uuid_format(struct uuid u, char out[UUID_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	int byte = 0;

	for (int i = 0; i < UUID_TEXT_LEN;) {
		if (hyphen_at(i)) {
			out[i++] = '-';
			continue;
		}
		out[i++] = hex[u.b[byte] >> 4];
		out[i++] = hex[u.b[byte++] & 15];
	}
	out[UUID_TEXT_LEN] = '\0';
}

struct str
uuid_text(struct arena *a, struct uuid u)
{
	char text[UUID_TEXT_LEN + 1];

	uuid_format(u, text);
	return (struct str){ arena_copy(a, text, UUID_TEXT_LEN), UUID_TEXT_LEN };
}

enum err
uuid_parse(struct str s, struct uuid *out)
{
	struct uuid u = UUID_NIL;
	int digits = 0;

	if (s.n != UUID_TEXT_LEN)
		return ERR_INVALID;
	for (int i = 0; i < UUID_TEXT_LEN; i++) {
		int v;

		if (hyphen_at(i)) {
			if (s.p[i] != '-')
				return ERR_INVALID;
			continue;
		}
		v = str_hex_digit(s.p[i]);
		if (v < 0)
			return ERR_INVALID;
		u.b[digits / 2] = (unsigned char)(u.b[digits / 2] << 4 | v);
		digits++;
	}
	*out = u;
	return ERR_OK;
}
