/*
 * Why: figures count whole days of the business's own calendar, and the C library knows one zone
 * for the whole process, which threads cannot change safely. What always holds: nothing outside the
 * given bytes is read, whatever counts they claim; the instants at which the offset changes ascend;
 * a rule for the years to come (the file's last line) is written out as such instants up to
 * ZONE_LAST_YEAR, so that one search answers every question.
 */
#include "base/zone.h"

#include "base/zone_rule.h"

#define HEADER_BYTES 44
#define TYPE_BYTES   6
#define MAX_OFFSET   (26 * 3600) /* RFC 8536: -25 to +26 hours */
#define MAX_CHANGES  4096
#define FIRST_YEAR   1900 /* of a rule */

struct change {
	int64_t at;     /* seconds */
	int64_t offset; /* from then on */
};

struct zone {
	int64_t first_offset; /* before any change */
	const struct change *v;
	size_t n;
};

static const struct zone utc = { 0, NULL, 0 };

const struct zone *
zone_utc(void)
{
	return &utc;
}

/* The counts of a block and where its parts begin. */
struct block {
	const unsigned char *p;
	size_t n;     /* bytes from p on */
	size_t width; /* of an instant: 4, then 8 */
	size_t times, types, chars, leaps, std_marks, ut_marks;
};

static int64_t
big_endian(const unsigned char *p, size_t width)
{
	uint64_t v = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < width; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

static bool
read_header(struct str file, size_t at, size_t width, struct block *b)
{
	const unsigned char *p = (const unsigned char *)file.p + at;
	size_t counts[6];

	if (file.n < at + HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t n = big_endian(p + 20 + 4 * i, 4);

		if (n < 0 || (size_t)n > ZONE_MAX_BYTES)
			return false;
		counts[i] = (size_t)n;
	}
	*b = (struct block){ p + HEADER_BYTES,
		             file.n - at - HEADER_BYTES,
		             width,
		             counts[3],
		             counts[4],
		             counts[5],
		             counts[2],
		             counts[1],
		             counts[0] };
	return true;
}

static size_t
block_bytes(const struct block *b)
{
	return b->times * (b->width + 1) + b->types * TYPE_BYTES + b->chars +
	       b->leaps * (b->width + 4) + b->std_marks + b->ut_marks;
}

/* Version 1 files have one block; all others a second one with longer instants, that counts. */
static bool
find_block(struct str file, struct block *b)
{
	size_t first;

	if (!read_header(file, 0, 4, b) || block_bytes(b) > b->n)
		return false;
	if (file.p[4] < '2')
		return true;
	first = HEADER_BYTES + block_bytes(b);
	return read_header(file, first, 8, b) && block_bytes(b) <= b->n;
}

static bool
type_offset(const struct block *b, size_t type, int64_t *out)
{
	const unsigned char *types = b->p + b->times * (b->width + 1);

	if (type >= b->types)
		return false;
	*out = big_endian(types + type * TYPE_BYTES, 4);
	return *out > -MAX_OFFSET && *out < MAX_OFFSET;
}

static bool
read_changes(const struct block *b, struct change *v)
{
	const unsigned char *which = b->p + b->times * b->width;

	for (size_t i = 0; i < b->times; i++) {
		v[i].at = big_endian(b->p + i * b->width, b->width);
		if (!type_offset(b, which[i], &v[i].offset) || (i > 0 && v[i].at <= v[i - 1].at))
			return false;
	}
	return true;
}

/* The line behind the second block: what holds after the last instant. */
static struct str
last_line(const struct block *b)
{
	struct str rest = str_n((const char *)b->p + block_bytes(b), b->n - block_bytes(b));

	if (b->width == 4 || rest.n < 2 || rest.p[0] != '\n')
		return STR_NONE;
	rest = str_sub(rest, 1, rest.n);
	return str_sub(rest, 0, str_find(rest, '\n'));
}

/* Of two at one instant the later said counts. */
static size_t
add_change(struct change *v, size_t n, struct change c)
{
	if (n > 0 && c.at <= v[n - 1].at) {
		if (c.at == v[n - 1].at)
			v[n - 1].offset = c.offset;
		return n;
	}
	v[n] = c;
	return n + 1;
}

/* Both changes of each year from the last instant on, the earlier one first. */
static size_t
write_out(const struct zone_rule *r, struct change *v, size_t n)
{
	int64_t year = n > 0 ? zone_rule_year(v[n - 1].at) : 1970;

	for (year = year < FIRST_YEAR ? FIRST_YEAR : year; year <= ZONE_LAST_YEAR; year++) {
		const struct change begin = { zone_rule_instant(&r->begin, year) - r->standard,
			                      r->summer };
		const struct change end = { zone_rule_instant(&r->end, year) - r->summer,
			                    r->standard };

		n = add_change(v, n, begin.at <= end.at ? begin : end);
		n = add_change(v, n, begin.at <= end.at ? end : begin);
	}
	return n;
}

enum err
zone_read(struct arena *a, struct str file, const struct zone **out)
{
	struct zone *z = ARENA_NEW(a, struct zone);
	struct zone_rule rule;
	struct change *v;
	struct block b;
	struct str line;

	if (file.n > ZONE_MAX_BYTES || !find_block(file, &b) || b.leaps > 0 ||
	    b.times > MAX_CHANGES || !type_offset(&b, 0, &z->first_offset))
		return ERR_CORRUPT;
	v = ARENA_ARRAY(a, b.times + 2 * (ZONE_LAST_YEAR - FIRST_YEAR + 1), struct change);
	if (!read_changes(&b, v))
		return ERR_CORRUPT;
	z->v = v;
	z->n = b.times;
	line = last_line(&b);
	if (!str_is_empty(line)) {
		if (!zone_rule_read(line, &rule))
			return ERR_CORRUPT;
		if (rule.has_summer)
			z->n = write_out(&rule, v, z->n);
	}
	*out = z;
	return ERR_OK;
}

/* How many changes there have been by then. */
static size_t
changes_by(const struct zone *z, int64_t s)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->v[mid].at <= s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int64_t
offset_after(const struct zone *z, size_t changes)
{
	return changes == 0 ? z->first_offset : z->v[changes - 1].offset;
}

static int64_t
seconds(int64_t ms)
{
	return ms / TIME_SECOND - (ms % TIME_SECOND < 0);
}

int64_t
zone_offset(const struct zone *z, int64_t ms)
{
	return offset_after(z, changes_by(z, seconds(ms)));
}

int64_t
zone_day_start(const struct zone *z, int64_t day)
{
	int64_t midnight = day * (TIME_DAY / TIME_SECOND);
	size_t i = changes_by(z, midnight - MAX_OFFSET);

	/* in each stretch of one offset: its first second that shows midnight or later */
	for (;; i++) {
		int64_t at = midnight - offset_after(z, i);

		if (i > 0 && at < z->v[i - 1].at)
			at = z->v[i - 1].at;
		if (i == z->n || at < z->v[i].at)
			return at * TIME_SECOND;
	}
}
