/*
 * Instants and their text. Why: one spelling of time in and out, whatever the machine's zone.
 * What always holds: the proleptic Gregorian calendar, UTC, no leap seconds, no clock and no zone
 * file.
 */
#include "base/time.h"

#define YEAR_0_MS    INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int64_t year, int month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the given day; years are counted from March, so that leap days come last.
 */
static int64_t
day_number(int64_t year, int month, int day)
{
	int64_t y = year + 4800 - (month <= 2);
	int64_t m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (day - 1) - 2472632;
}

/* The reverse, for days of the years 0…9999. */
static void
civil(int64_t day, int *year, int *month, int *mday)
{
	int64_t y = 1970 + day / 366 - (day < 0);
	int m = 1;

	while (day_number(y + 1, 1, 1) <= day)
		y++;
	while (y > 0 && day_number(y, 1, 1) > day)
		y--;
	day -= day_number(y, 1, 1);
	while (day >= month_days(y, m))
		day -= month_days(y, m++);
	*year = (int)y;
	*month = m;
	*mday = (int)day + 1;
}

static void
put(char *to, int width, int value)
{
	while (width-- > 0) {
		to[width] = (char)('0' + value % 10);
		value /= 10;
	}
}

void
time_format(int64_t ms, char out[TIME_TEXT_LEN + 1])
{
	int year, month, mday, rest;
	int64_t day;

	if (ms < YEAR_0_MS)
		ms = YEAR_0_MS;
	if (ms > YEAR_9999_MS)
		ms = YEAR_9999_MS;
	day = ms / TIME_DAY - (ms % TIME_DAY < 0);
	rest = (int)(ms - day * TIME_DAY);
	civil(day, &year, &month, &mday);
	memcpy(out, "0000-00-00T00:00:00.000Z", TIME_TEXT_LEN + 1);
	put(out, 4, year);
	put(out + 5, 2, month);
	put(out + 8, 2, mday);
	put(out + 11, 2, rest / (int)TIME_HOUR);
	put(out + 14, 2, rest / (int)TIME_MINUTE % 60);
	put(out + 17, 2, rest / (int)TIME_SECOND % 60);
	put(out + 20, 3, rest % 1000);
}

struct str
time_text(struct arena *a, int64_t ms)
{
	char text[TIME_TEXT_LEN + 1];

	time_format(ms, text);
	return (struct str){ arena_copy(a, text, TIME_TEXT_LEN), TIME_TEXT_LEN };
}

/* Takes exactly `width` digits off the front. */
static bool
take_digits(struct str *s, size_t width, int *out)
{
	int v = 0;

	if (s->n < width)
		return false;
	for (size_t i = 0; i < width; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += width;
	s->n -= width;
	*out = v;
	return true;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool
take_date(struct str *s, int64_t *day)
{
	int year, month, mday;

	if (!take_digits(s, 4, &year) || !take_char(s, '-') || !take_digits(s, 2, &month) ||
	    !take_char(s, '-') || !take_digits(s, 2, &mday))
		return false;
	if (month < 1 || month > 12 || mday < 1 || mday > month_days(year, month))
		return false;
	*day = day_number(year, month, mday);
	return true;
}

/* HH:MM[:SS[.fraction]] as ms of the day. */
static bool
take_clock(struct str *s, int64_t *ms)
{
	int hour, minute, second = 0, milli = 0, unit = 100;

	if (!take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute))
		return false;
	if (take_char(s, ':')) {
		if (!take_digits(s, 2, &second))
			return false;
		if (take_char(s, '.')) {
			int digit;

			if (!take_digits(s, 1, &digit))
				return false;
			do {
				milli += digit * unit;
				unit /= 10;
			} while (take_digits(s, 1, &digit));
		}
	}
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*ms = hour * TIME_HOUR + minute * TIME_MINUTE + second * TIME_SECOND + milli;
	return true;
}

/* Z or an offset, as ms to take away. */
static bool
take_zone(struct str *s, int64_t *ms)
{
	int hours, minutes;
	bool west;

	if (take_char(s, 'Z')) {
		*ms = 0;
		return true;
	}
	west = take_char(s, '-');
	if ((!west && !take_char(s, '+')) || !take_digits(s, 2, &hours))
		return false;
	(void)take_char(s, ':');
	if (!take_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ms = (hours * TIME_HOUR + minutes * TIME_MINUTE) * (west ? -1 : 1);
	return true;
}

enum err
time_parse(struct str s, int64_t *ms)
{
	int64_t day, clock, zone;

	if (!take_date(&s, &day) || !take_char(&s, 'T') || !take_clock(&s, &clock) ||
	    !take_zone(&s, &zone) || s.n != 0)
		return ERR_INVALID;
	*ms = day * TIME_DAY + clock - zone;
	return ERR_OK;
}

enum err
time_parse_date(struct str s, int64_t *day)
{
	int64_t d;

	if (!take_date(&s, &d) || s.n != 0)
		return ERR_INVALID;
	*day = d;
	return ERR_OK;
}
