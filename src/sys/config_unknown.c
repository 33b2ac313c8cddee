/*
 * Why: a variable that is misspelt does nothing, and whoever wrote it looks for the fault
 * elsewhere. What always holds: a name is told only if it resembles one of ours, for another may be
 * a line of a value that was broken off, and no value is ever told; a file that is shared with
 * other programs is no mistake, so that this is for warnings.
 */
#include "sys/config_internal.h"

#define MAX_NAME     64 /* longer ones resemble nothing */
#define MAX_WARNINGS 20
#define MAX_DISTANCE 2

static char
upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out or changed; case does not count. */
static size_t
distance(struct str a, struct str b)
{
	size_t row[MAX_NAME + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			bool same = upper(a.p[i - 1]) == upper(b.p[j - 1]);

			row[j] = least(least(above, row[j - 1]) + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[b.n];
}

/* NULL if none is close. */
static const char *
nearest(struct str name)
{
	size_t best = MAX_DISTANCE + 1;
	const char *found = NULL;

	for (size_t i = 0; i < config_row_count; i++) {
		struct str known = str_from(config_rows[i].name);
		size_t d = name.n > MAX_NAME || known.n > MAX_NAME ? best : distance(name, known);

		/* of a short name little may differ: PORT resembles POT, not HOST */
		if (d < best && d * 3 <= known.n) {
			best = d;
			found = config_rows[i].name;
		}
	}
	return found;
}

static bool
is_known(struct str name)
{
	for (size_t i = 0; i < config_row_count; i++)
		if (str_eq(name, str_from(config_rows[i].name)))
			return true;
	return false;
}

void
config_unknown(struct arena *a, struct str text, struct buf *warnings)
{
	struct str line, name, value;
	int found = 0;

	if (text.n > CONFIG_MAX_DOTENV_LEN)
		return;
	for (int number = 1; found < MAX_WARNINGS && str_split(&text, '\n', &line); number++) {
		const char *meant;

		if (!config_dotenv_is_line(&line) ||
		    config_dotenv_line(a, line, &name, &value) != NULL || is_known(name))
			continue;
		found++;
		meant = nearest(name);
		if (meant != NULL)
			buf_fmt(warnings,
			        ".env line %d: " STR_FMT
			        " is not a variable of Recado; is %s meant?\n",
			        number, STR_ARG(name), meant);
		else
			buf_fmt(warnings, ".env line %d sets no variable of Recado\n", number);
	}
}
