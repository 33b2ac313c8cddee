/*
 * What any HTTP client of ours does alike: which calls are allowed, which addresses are, what the
 * few headers mean that callers act on. What always holds: a header that is malformed is one that
 * was not sent.
 */
#include "net/http_client.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_URL      8192
#define MAX_METHOD   16
#define MAX_SECONDS  INT64_C(31536000) /* a year: more is no duration anybody means */
#define CENTURY_HALF 50

const char *
http_failure_name(enum http_failure f)
{
	static const char *const names[] = { "ok",
		                             "refused",
		                             "forbidden",
		                             "dns",
		                             "tls",
		                             "timeout_connect",
		                             "timeout_first_byte",
		                             "timeout_whole",
		                             "cut",
		                             "too_large",
		                             "stopped",
		                             "other" };

	return names[f];
}

void
http_result_deinit(struct http_result *r)
{
	free(r->body);
	r->body = NULL;
	r->body_len = 0;
}

/* No control characters, as a header injected by a line end would need them. */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
			return false;
	return true;
}

static bool
is_token(struct str s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return s.n > 0;
}

static bool
url_allowed(struct str url)
{
	struct str rest, host;

	if (url.n > MAX_URL || !is_plain(url) || str_find(url, ' ') != url.n ||
	    str_find(url, '\\') != url.n)
		return false;
	if (str_ieq(str_sub(url, 0, 7), STR("http://")))
		rest = str_sub(url, 7, url.n);
	else if (str_ieq(str_sub(url, 0, 8), STR("https://")))
		rest = str_sub(url, 8, url.n);
	else
		return false;
	host = str_sub(rest, 0, str_find(rest, '/'));
	host = str_sub(host, 0, str_find(host, '?'));
	host = str_sub(host, 0, str_find(host, '#'));
	return host.n > 0 && str_find(host, '@') == host.n;
}

enum err
http_call_check(const struct http_call *c)
{
	if (!url_allowed(c->url))
		return ERR_INVALID;
	if (str_is_set(c->method) && (!is_token(c->method) || c->method.n > MAX_METHOD))
		return ERR_INVALID;
	for (const struct http_header_out *h = c->headers; h != NULL && h->name != NULL; h++)
		if (!is_token(str_from(h->name)) || !is_plain(h->value))
			return ERR_INVALID;
	return ERR_OK;
}

/* A date being read. */
struct date {
	struct str rest;
	int day, month, year;
	struct str clock; /* HH:MM:SS, not looked into */
};

static bool
take_digits(struct str *s, size_t least, size_t most, int *out)
{
	size_t n = 0;

	for (*out = 0; n < most && n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*out = *out * 10 + (s->p[n] - '0');
	*s = str_sub(*s, n, s->n);
	return n >= least;
}

static bool
take_letters(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ((s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z'))
		n++;
	*s = str_sub(*s, n, s->n);
	return n > 0;
}

static bool
take_month(struct str *s, int *month)
{
	const struct str names = STR("JanFebMarAprMayJunJulAugSepOctNovDec");

	for (*month = 1; *month <= 12; (*month)++)
		if (str_starts(*s, str_sub(names, (size_t)(*month - 1) * 3, 3))) {
			*s = str_sub(*s, 3, s->n);
			return true;
		}
	return false;
}

/* One letter of a form: w weekday, d day, m month, y year, Y its last two digits, t time of day;
 * all others stand for themselves. */
static bool
take_part(struct date *d, char part)
{
	struct str *s = &d->rest;

	switch (part) {
	case 'w':
		return take_letters(s);
	case 'd':
		if (s->n > 0 && s->p[0] == ' ')
			*s = str_sub(*s, 1, s->n);
		return take_digits(s, 1, 2, &d->day);
	case 'm':
		return take_month(s, &d->month);
	case 'y':
		return take_digits(s, 4, 4, &d->year);
	case 'Y':
		return take_digits(s, 2, 2, &d->year);
	case 't':
		d->clock = str_sub(*s, 0, 8);
		*s = str_sub(*s, 8, s->n);
		return d->clock.n == 8;
	default:
		if (s->n == 0 || s->p[0] != part)
			return false;
		*s = str_sub(*s, 1, s->n);
		return true;
	}
}

/* RFC 850 has years of two digits: never more than 50 years ahead. */
static int
whole_year(int year, int64_t now_ms)
{
	char text[TIME_TEXT_LEN + 1];
	struct str s = str_n(text, 4);
	int now;

	time_format(now_ms, text);
	(void)take_digits(&s, 4, 4, &now);
	year += now / 100 * 100;
	return year > now + CENTURY_HALF ? year - 100 : year;
}

int64_t
http_date_parse(struct str s, int64_t now_ms)
{
	static const char *const forms[] = { "w, d m y t GMT", "w, d-m-Y t GMT", "w m d t y" };
	char iso[32];
	int64_t ms;

	s = str_trim(s);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct date d = { .rest = s };
		const char *part = forms[i];

		while (*part != '\0' && take_part(&d, *part))
			part++;
		if (*part != '\0' || d.rest.n > 0)
			continue;
		if (i == 1)
			d.year = whole_year(d.year, now_ms);
		(void)snprintf(iso, sizeof iso, "%04d-%02d-%02dT" STR_FMT "Z", d.year, d.month,
		               d.day, STR_ARG(d.clock));
		return time_parse(str_from(iso), &ms) == ERR_OK ? ms : TIME_NONE;
	}
	return TIME_NONE;
}

void
http_result_begin(struct http_result *r)
{
	r->status = 0;
	r->date_ms = TIME_NONE;
	r->age_s = -1;
	r->retry_after_ms = -1;
	r->retry_at_ms = TIME_NONE;
	r->content_type[0] = '\0';
}

static int64_t
seconds(struct str s)
{
	int64_t n;

	return str_to_i64(s, &n) && n >= 0 && n <= MAX_SECONDS ? n : -1;
}

void
http_result_header(struct http_result *r, struct str line, int64_t now_ms)
{
	size_t colon = str_find(line, ':');
	struct str name = str_sub(line, 0, colon);
	struct str value = str_trim(str_sub(line, colon + 1, line.n));

	if (str_ieq(name, STR("Date"))) {
		r->date_ms = http_date_parse(value, now_ms);
	} else if (str_ieq(name, STR("Age"))) {
		r->age_s = seconds(value);
	} else if (str_ieq(name, STR("Retry-After"))) {
		int64_t n = seconds(value);

		r->retry_after_ms = n < 0 ? -1 : n * TIME_SECOND;
		r->retry_at_ms = n < 0 ? http_date_parse(value, now_ms) : TIME_NONE;
	} else if (str_ieq(name, STR("Content-Type")) && is_plain(value)) {
		(void)snprintf(r->content_type, sizeof r->content_type, STR_FMT, STR_ARG(value));
	}
}

void
http_result_end(struct http_result *r, int64_t now_ms)
{
	int64_t ms;

	if (r->retry_at_ms == TIME_NONE)
		return;
	/* as far off as the answer's own clock says; without one, as ours says */
	ms = r->retry_at_ms - (r->date_ms != TIME_NONE ? r->date_ms : now_ms);
	r->retry_after_ms = ms > 0 ? ms : 0;
}

static bool
v4_forbidden(uint32_t a) /* host order */
{
	static const uint32_t metadata[] = {
		0x646464C8, /* 100.100.100.200 */
		0xA83F8110, /* 168.63.129.16 */
		0xC00000C0, /* 192.0.0.192 */
	};

	for (size_t i = 0; i < sizeof metadata / sizeof metadata[0]; i++)
		if (a == metadata[i])
			return true;
	return a >> 16 == 0xA9FE; /* 169.254.0.0/16 */
}

static uint32_t
v4_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool
v6_forbidden(const unsigned char b[16])
{
	static const unsigned char zeros[10], nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };
	static const unsigned char metadata[][16] = {
		{ 0xFD, 0x00, 0x0E, 0xC2, [14] = 0x02, 0x54 },
		{ 0xFD, 0x20, 0x00, 0xCE, [14] = 0x02, 0x54 },
	};

	if (b[0] == 0xFE && (b[1] & 0xC0) == 0x80)
		return true;
	for (size_t i = 0; i < sizeof metadata / sizeof metadata[0]; i++)
		if (memcmp(b, metadata[i], 16) == 0)
			return true;
	if (memcmp(b, zeros, 10) == 0 &&
	    ((b[10] == 0xFF && b[11] == 0xFF) || (b[10] == 0 && b[11] == 0)))
		return v4_forbidden(v4_at(b + 12));
	if (memcmp(b, nat64, 12) == 0)
		return v4_forbidden(v4_at(b + 12));
	return b[0] == 0x20 && b[1] == 0x02 && v4_forbidden(v4_at(b + 2));
}

bool
http_address_forbidden(const struct sockaddr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof v4);
		return v4_forbidden(ntohl(v4.sin_addr.s_addr));
	}
	if (a->sa_family != AF_INET6)
		return true;
	memcpy(&v6, a, sizeof v6);
	return v6_forbidden(v6.sin6_addr.s6_addr);
}
