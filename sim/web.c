/* What every simulator says in HTTP. What always holds: pure, no clock and no socket. */
#include "sim/web.h"

#include <assert.h>
#include <time.h>

#include "base/time.h"

void
web_add_header(struct web_reply *r, const char *name, struct str value)
{
	assert(r->nheaders < WEB_MAX_HEADERS);
	r->headers[r->nheaders].name = name;
	r->headers[r->nheaders++].value = value;
}

struct str
web_date(struct arena *a, int64_t ms)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(ms / TIME_SECOND);
	struct tm t;

	gmtime_r(&seconds, &t);
	return str_fmt(a, "%s, %02d %s %d %02d:%02d:%02d GMT", days[t.tm_wday], t.tm_mday,
	               months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

const char *
web_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Too Large" },
		{ 429, "Too Many Requests" },
		{ 500, "Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

static struct str
unescape(struct arena *a, struct str s)
{
	char *out = arena_copy(a, s.p, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? str_hex_digit(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? str_hex_digit(s.p[i + 2]) : -1;
		bool escaped = s.p[i] == '%' && high >= 0 && low >= 0;
		out[n++] = escaped ? (char)(high * 16 + low) : s.p[i];
		i += escaped ? 2 : 0;
	}
	return str_n(out, n);
}

bool
web_next_parameter(struct arena *a, struct str *query, struct str *name, struct str *value)
{
	struct str part;

	do {
		if (!str_split(query, '&', &part))
			return false;
	} while (part.n == 0);
	size_t eq = str_find(part, '=');
	*name = str_sub(part, 0, eq);
	*value = unescape(a, str_sub(part, eq + 1, part.n));
	return true;
}

struct str
web_parameter(struct arena *a, struct str query, struct str name)
{
	struct str one, value;

	while (web_next_parameter(a, &query, &one, &value))
		if (str_eq(one, name))
			return value;
	return STR_NONE;
}
