/*
 * Why apart from base/zone: the words are a small language of their own. What always holds: a line
 * is taken whole or not at all; every number in it has bounds, so no sum here can pass int64.
 */
#include "base/zone_rule.h"

#include "base/time.h"

#define DAY_S 86400

static int64_t
days_before(int64_t year) /* from 1970-01-01 to its first of January */
{
	int64_t y = year - 1;

	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t
month_days(int64_t year, int64_t month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

int64_t
zone_rule_year(int64_t s)
{
	int64_t year = 1970;

	if (s < days_before(1900) * DAY_S)
		return 1899;
	if (s >= days_before(10000) * DAY_S)
		return 10000;
	while (days_before(year + 1) * DAY_S <= s)
		year++;
	while (days_before(year) * DAY_S > s)
		year--;
	return year;
}

/* Day of the year, from 0. */
static int64_t
day_of(const struct zone_moment *m, int64_t year)
{
	int64_t first = 0, weekday, day;

	if (m->kind == 'J')
		return m->day - 1 + (is_leap(year) && m->day >= 60);
	if (m->kind != 'M')
		return m->day;
	for (int64_t k = 1; k < m->month; k++)
		first += month_days(year, k);
	weekday = ((days_before(year) + first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	day = (m->day - weekday + 7) % 7 + 7 * (m->week - 1);
	while (day >= month_days(year, m->month))
		day -= 7;
	return first + day;
}

int64_t
zone_rule_instant(const struct zone_moment *m, int64_t year)
{
	return (days_before(year) + day_of(m, year)) * DAY_S + m->second;
}

/* The rest of the line; each of these takes its part off or gives false. */
struct reading {
	struct str rest;
};

static bool
take(struct reading *r, char c)
{
	if (r->rest.n == 0 || r->rest.p[0] != c)
		return false;
	r->rest = str_sub(r->rest, 1, r->rest.n);
	return true;
}

static bool
number(struct reading *r, int64_t least, int64_t most, int64_t *out)
{
	int64_t v = 0;
	size_t n = 0;

	while (n < r->rest.n && n < 4 && r->rest.p[n] >= '0' && r->rest.p[n] <= '9')
		v = 10 * v + (r->rest.p[n++] - '0');
	r->rest = str_sub(r->rest, n, r->rest.n);
	*out = v;
	return n > 0 && v >= least && v <= most;
}

/* EST, or <-03> */
static bool
name(struct reading *r)
{
	bool quoted = take(r, '<');
	size_t n = 0;

	while (n < r->rest.n) {
		char c = r->rest.p[n];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!letter && !(quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
			break;
		n++;
	}
	r->rest = str_sub(r->rest, n, r->rest.n);
	return n >= 3 && (!quoted || take(r, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool
clock_time(struct reading *r, int64_t most_hours, int64_t *out)
{
	bool negative = take(r, '-');
	int64_t h, m = 0, s = 0;

	if (!negative)
		(void)take(r, '+');
	if (!number(r, 0, most_hours, &h) || (take(r, ':') && !number(r, 0, 59, &m)) ||
	    (take(r, ':') && !number(r, 0, 59, &s)))
		return false;
	*out = (negative ? -1 : 1) * (3600 * h + 60 * m + s);
	return true;
}

static bool
moment(struct reading *r, struct zone_moment *m)
{
	*m = (struct zone_moment){ .second = 2 * 3600 };
	if (!take(r, ','))
		return false;
	if (take(r, 'M')) {
		m->kind = 'M';
		if (!number(r, 1, 12, &m->month) || !take(r, '.') || !number(r, 1, 5, &m->week) ||
		    !take(r, '.') || !number(r, 0, 6, &m->day))
			return false;
	} else if (take(r, 'J')) {
		m->kind = 'J';
		if (!number(r, 1, 365, &m->day))
			return false;
	} else if (!number(r, 0, 365, &m->day)) {
		return false;
	}
	return !take(r, '/') || clock_time(r, 167, &m->second);
}

bool
zone_rule_read(struct str line, struct zone_rule *out)
{
	struct reading r = { line };
	struct zone_rule x = { .standard = 0 };

	if (!name(&r) || !clock_time(&r, 24, &x.standard))
		return false;
	x.standard = -x.standard; /* POSIX counts west */
	if (r.rest.n > 0) {
		x.has_summer = true;
		x.summer = x.standard + 3600;
		if (!name(&r))
			return false;
		if (r.rest.n > 0 && r.rest.p[0] != ',') {
			if (!clock_time(&r, 24, &x.summer))
				return false;
			x.summer = -x.summer;
		}
		if (!moment(&r, &x.begin) || !moment(&r, &x.end))
			return false;
	}
	*out = x;
	return r.rest.n == 0;
}
