/*
 * One check per kind of variable. Why apart: the rule in words and the rule in code stand side by
 * side. What always holds: a value that fails leaves the configuration as it was.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/time.h"
#include "sys/config_internal.h"
#include "sys/zone_file.h"

#define KEY_LEN      32
#define MAX_LIST_LEN 64
#define ZONE_ARENA   ((size_t)1 << 20)

void
config_rule(const struct config_row *r, struct buf *b)
{
	static const char *const rules[] = {
		[KIND_BOOL] = "true or false",
		[KIND_TIME] = "an ISO 8601 time with zone",
		[KIND_DATABASE] = "sqlite:PATH or postgresql://…",
		[KIND_URL] = "an address that begins with http:// or https://",
		[KIND_KEY] = "32 bytes in base64",
		[KIND_HOST] = "an IP address or a host name",
		[KIND_PROXIES] = "IP addresses or networks, separated by commas",
		[KIND_FILE] = "the path of a file that can be read",
		[KIND_ZONE] = "the name of a time zone of this machine",
	};
	struct str rest = str_from(r->choices), choice;
	const char *comma = "";

	switch (r->kind) {
	case KIND_TEXT:
		buf_fmt(b, "text of at least %lld bytes", (long long)(r->min > 0 ? r->min : 1));
		return;
	case KIND_INT:
		buf_fmt(b, "a whole number from %lld to %lld", (long long)r->min,
		        (long long)r->max);
		return;
	case KIND_PRICES:
		buf_z(b, r->min == r->max ? "three numbers, separated by commas"
		                          : "one number, or two separated by a comma");
		return;
	case KIND_CHOICE:
	case KIND_CHOICES:
		buf_z(b, r->kind == KIND_CHOICE ? "one of " : "empty or some of ");
		while (str_split(&rest, ' ', &choice)) {
			buf_z(b, comma);
			buf_str(b, choice);
			comma = ", ";
		}
		return;
	default:
		buf_z(b, rules[r->kind]);
	}
}

static bool
is_choice(const struct config_row *r, struct str value)
{
	struct str rest = str_from(r->choices), choice;

	while (str_split(&rest, ' ', &choice))
		if (str_eq(choice, value))
			return true;
	return false;
}

static bool
are_choices(const struct config_row *r, struct str value)
{
	struct str part;

	if (value.n == 0)
		return true;
	while (str_split(&value, ',', &part))
		if (!is_choice(r, str_trim(part)))
			return false;
	return true;
}

static bool
is_database(struct str v)
{
	static const struct str engines[] = { { "postgresql://", 13 }, { "postgres://", 11 } };

	if (str_starts(v, STR("sqlite:")))
		return v.n > 7;
	return str_starts(v, engines[0]) || str_starts(v, engines[1]);
}

static bool
is_url(struct str v)
{
	size_t scheme = str_starts(v, STR("https://")) ? 8 : str_starts(v, STR("http://")) ? 7 : 0;

	if (scheme == 0 || str_find(v, ' ') < v.n || v.n == scheme)
		return false;
	return strchr("/?#:@", v.p[scheme]) == NULL;
}

/* An address of either family; how many bits it has. */
static bool
is_address(struct str v, int *bits)
{
	unsigned char binary[16];
	char z[64];

	if (v.n == 0 || v.n >= sizeof(z))
		return false;
	memcpy(z, v.p, v.n);
	z[v.n] = '\0';
	*bits = 32;
	if (inet_pton(AF_INET, z, binary) == 1)
		return true;
	*bits = 128;
	return inet_pton(AF_INET6, z, binary) == 1;
}

static bool
is_host(struct str v)
{
	int bits;

	if (is_address(v, &bits))
		return true;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-'))
			return false;
	}
	return v.n <= 253 && v.p[0] != '-' && v.p[0] != '.';
}

static bool
are_proxies(struct str v)
{
	struct str part;
	int parts = 0;

	while (str_split(&v, ',', &part)) {
		int64_t prefix;
		size_t slash;
		int bits;

		part = str_trim(part);
		slash = str_find(part, '/');
		if (++parts > MAX_LIST_LEN || !is_address(str_sub(part, 0, slash), &bits))
			return false;
		if (slash < part.n && (!str_to_i64(str_sub(part, slash + 1, part.n), &prefix) ||
		                       prefix < 0 || prefix > bits))
			return false;
	}
	return true;
}

static bool
is_zone(struct str v)
{
	struct arena *a = arena_new(ZONE_ARENA);
	const struct zone *z;
	bool there = zone_file_read(a, v, &z) == ERR_OK;

	arena_free(a);
	return there;
}

/* Digits with at most one point among them. */
static bool
is_price(struct str v)
{
	size_t points = 0, digits = 0;

	for (size_t i = 0; i < v.n; i++) {
		points += v.p[i] == '.';
		digits += v.p[i] >= '0' && v.p[i] <= '9';
	}
	return digits > 0 && points <= 1 && points + digits == v.n && v.n <= 16;
}

static bool
are_prices(const struct config_row *r, struct str v)
{
	struct str part;
	int n = 0;

	while (str_split(&v, ',', &part)) {
		if (!is_price(str_trim(part)))
			return false;
		n++;
	}
	return n >= r->min && n <= r->max;
}

static bool
is_text_of_kind(struct arena *a, const struct config_row *r, struct str v)
{
	switch (r->kind) {
	case KIND_TEXT:
		return v.n >= (size_t)r->min;
	case KIND_CHOICE:
		return is_choice(r, v);
	case KIND_CHOICES:
		return are_choices(r, v);
	case KIND_DATABASE:
		return is_database(v);
	case KIND_URL:
		return is_url(v);
	case KIND_KEY:
		return base64_decode(a, v).n == KEY_LEN;
	case KIND_HOST:
		return is_host(v);
	case KIND_PROXIES:
		return are_proxies(v);
	case KIND_FILE:
		return access(str_z(a, v), R_OK) == 0;
	case KIND_ZONE:
		return is_zone(v);
	case KIND_PRICES:
		return are_prices(r, v);
	default:
		return false;
	}
}

static bool
is_printable(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return false;
	return v.n <= CONFIG_MAX_VALUE_LEN;
}

bool
config_check(struct arena *a, const struct config_row *r, struct str v, struct config *out)
{
	char *to = (char *)out + r->offset;
	int64_t number;
	bool flag;

	if (!is_printable(v) || (v.n == 0 && r->kind != KIND_CHOICES))
		return false;
	switch (r->kind) {
	case KIND_INT:
		if (!str_to_i64(v, &number) || number < r->min || number > r->max)
			return false;
		memcpy(to, &number, sizeof(number));
		return true;
	case KIND_TIME:
		if (time_parse(v, &number) != ERR_OK)
			return false;
		memcpy(to, &number, sizeof(number));
		return true;
	case KIND_BOOL:
		flag = str_eq(v, STR("true"));
		if (!flag && !str_eq(v, STR("false")))
			return false;
		memcpy(to, &flag, sizeof(flag));
		return true;
	default:
		if (!is_text_of_kind(a, r, v))
			return false;
		v = str_dup(a, v);
		memcpy(to, &v, sizeof(v));
		return true;
	}
}
