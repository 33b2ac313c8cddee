/*
 * Why: a medium that came from a stranger is shown by a browser under our name, so what it may be
 * is an allow-list; and one that cannot be had must say why in a word that people can be told. What
 * always holds: a word that leaves here is in media_reasons; a type that scripts could be is never
 * sent as such.
 */
#include "core/media.h"

#include <string.h>

#include "base/buf.h"
#include "base/time.h"

#define HOLD_MAX_MS TIME_HOUR
#define MAX_NAME    200 /* bytes of a file's name */

const char *const media_reasons[] = {
	MEDIA_NO_TOKEN,
	MEDIA_DISK_FULL,
	MEDIA_DISK_BUDGET,
	MEDIA_DISK_ERROR,
	MEDIA_MISMATCH,
	MEDIA_TOO_LARGE,
	MEDIA_EXPIRED,
	MEDIA_NOT_FOUND,
	MEDIA_REVOKED,
	"rate_limited",
	"account_locked",
	"payment",
	"display_name",
	"maintenance",
	"server_error",
	"token_invalid",
	"no_permission",
	"not_registered",
	"refused",
	"unreachable",
	"forbidden_address",
	"bad_answer",
	NULL,
};

bool
media_is_type(struct str type)
{
	static const char *const types[] = { "image", "audio", "video", "document", "sticker" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(type, str_from(types[i])))
			return true;
	return false;
}

bool
media_read_digest(struct arena *a, struct str told, unsigned char out[SHA256_LEN])
{
	struct str bytes;

	told = str_trim(told);
	if (told.n == SHA256_HEX_LEN)
		return hex_decode(told, out, SHA256_LEN);
	if (told.n < 43 || told.n > 44)
		return false;
	bytes = base64_decode(a, told);
	if (bytes.n != SHA256_LEN)
		return false;
	memcpy(out, bytes.p, SHA256_LEN);
	return true;
}

/* The word as it is in the table, or one that is. */
static const char *
known_word(const char *reason)
{
	for (size_t i = 0; reason != NULL && media_reasons[i] != NULL; i++)
		if (strcmp(media_reasons[i], reason) == 0)
			return media_reasons[i];
	return "refused";
}

int64_t
media_next_try_at(unsigned tries, int64_t now_ms, int64_t retry_after_ms, uint64_t chance)
{
	static const int64_t pauses[] = { 2 * TIME_SECOND, 10 * TIME_SECOND, TIME_MINUTE,
		                          5 * TIME_MINUTE, 15 * TIME_MINUTE, TIME_HOUR,
		                          2 * TIME_HOUR,   4 * TIME_HOUR,    6 * TIME_HOUR };
	size_t n = sizeof(pauses) / sizeof(pauses[0]), i = tries == 0 ? 0 : tries - 1;
	int64_t wait = pauses[i < n ? i : n - 1];

	wait -= (int64_t)(chance % (uint64_t)(wait / 4));
	if (retry_after_ms > wait)
		wait = retry_after_ms < HOLD_MAX_MS ? retry_after_ms : HOLD_MAX_MS;
	return now_ms + wait;
}

struct media_verdict
media_judge(const struct graph_answer *answer, int status, unsigned tries, int64_t now_ms,
            int64_t retry_after_ms, uint64_t chance)
{
	struct media_verdict v = {
		.act = MEDIA_AGAIN,
		.reason = known_word(answer->reason),
		.next_try_at = media_next_try_at(tries, now_ms, retry_after_ms, chance),
	};

	if (answer->act == GRAPH_RECONNECT) {
		v.act = MEDIA_RECONNECT;
	} else if (answer->act == GRAPH_STOP) {
		v.act = MEDIA_HOLD;
	} else if (answer->act == GRAPH_NEVER) {
		v.act = MEDIA_GIVE_UP;
		if (status == 404 || status == 410 || answer->code == 100)
			v.reason = MEDIA_NOT_FOUND;
	}
	return v;
}

/* What a browser may be told of what came. A family is all types that begin so. */
static const struct {
	const char *type;
	bool family, shown;
} forms[] = {
	{ "image/jpeg", false, true },
	{ "image/png", false, true },
	{ "image/webp", false, true },
	{ "image/gif", false, true },
	{ "audio/", true, true },
	{ "video/", true, true },
	{ "text/plain", false, false },
	{ "text/csv", false, false },
	{ "text/vcard", false, false },
	{ "application/pdf", false, false },
	{ "application/msword", false, false },
	{ "application/rtf", false, false },
	{ "application/zip", false, false },
	{ "application/vnd.", true, false },
};

/* A type without parameters, or with those of a player: letters that no header is broken by. */
static bool
is_plain_type(struct str s)
{
	size_t slash = str_find(s, '/');

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    strchr("/;=+-._, ", c) == NULL)
			return false;
	}
	return slash > 0 && slash + 1 < s.n && s.n <= 100;
}

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i];
	return str_n(p, s.n);
}

struct media_form
media_form_of(struct arena *a, struct str told)
{
	struct media_form none = { STR("application/octet-stream"), false };
	struct str type, bare;

	told = str_trim(told);
	if (!is_plain_type(told))
		return none;
	type = lower(a, told);
	bare = str_trim(str_sub(type, 0, str_find(type, ';')));
	/* drawings and documents in XML may hold scripts, whatever family they are of */
	if (str_ends(bare, STR("+xml")) || str_ends(bare, STR("/xml")))
		return none;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct str form = str_from(forms[i].type);

		if (forms[i].family ? str_starts(bare, form) : str_eq(bare, form))
			return (struct media_form){ forms[i].shown ? type : bare, forms[i].shown };
	}
	return none;
}

/* Without what a file system or a header takes for something else; not longer than MAX_NAME. */
static struct str
safe_name(struct arena *a, struct str name)
{
	struct buf b;

	name = str_trim(name);
	if (name.n > MAX_NAME) /* its end says what it is */
		name = str_sub(name, name.n - MAX_NAME, name.n);
	while (name.n > 0 && ((unsigned char)name.p[0] & 0xC0) == 0x80)
		name = str_sub(name, 1, name.n);
	buf_init(&b, a, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		buf_char(&b,
		         c < ' ' || c == 0x7F || strchr("/\\:*?\"<>|", c) != NULL ? '_' : (char)c);
	}
	name = buf_slice(&b);
	while (name.n > 0 && (name.p[0] == '.' || name.p[0] == ' '))
		name = str_sub(name, 1, name.n);
	return name;
}

struct str
media_disposition(struct arena *a, bool shown, struct str filename)
{
	static const char hex[] = "0123456789ABCDEF", plain[] = "!#$&+-.^_`|~";
	const char *kind = shown ? "inline" : "attachment";
	struct str name = str_is_set(filename) ? safe_name(a, filename) : STR("");
	struct buf b;

	if (name.n == 0)
		return str_from(kind);
	buf_init(&b, a, 4 * name.n + 64);
	buf_fmt(&b, "%s; filename=\"", kind);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		/* a percent sign is decoded by some */
		buf_char(&b, (unsigned char)c >= 0x80 || c == '%' ? '_' : c);
	}
	buf_fmt(&b, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr(plain, c) != NULL) {
			buf_char(&b, (char)c);
			continue;
		}
		buf_char(&b, '%');
		buf_char(&b, hex[c >> 4]);
		buf_char(&b, hex[c & 15]);
	}
	return buf_slice(&b);
}
