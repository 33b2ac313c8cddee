/*
 * The .env file. Why a parser of our own: a file with a mistake must say in which line, not half
 * work. What always holds: nothing is executed or expanded; a bad line changes no value.
 */
#include "sys/config_internal.h"

#define MAX_PROBLEMS 100

static bool
is_name_char(char c, bool first)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (!first && c >= '0' && c <= '9');
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_name_char(s.p[i], i == 0))
			return false;
	return s.n > 0;
}

/* Only white space and a comment may follow a closing quote. */
static bool
is_rest(struct str s)
{
	s = str_trim(s);
	return s.n == 0 || s.p[0] == '#';
}

/* Value between quotes; NULL or what is wrong. */
static const char *
read_quoted(struct arena *a, struct str s, struct str *value)
{
	char quote = s.p[0];
	char *to = arena_alloc(a, s.n);
	size_t n = 0, i;

	for (i = 1; i < s.n && s.p[i] != quote; i++) {
		char c = s.p[i];

		if (quote == '"' && c == '\\' && i + 1 < s.n && strchr("\"\\$n", s.p[i + 1])) {
			c = s.p[++i];
			if (c == 'n')
				c = '\n';
		}
		to[n++] = c;
	}
	if (i == s.n)
		return "the closing quote is missing";
	if (!is_rest(str_sub(s, i + 1, s.n)))
		return "something follows the closing quote";
	*value = str_n(to, n);
	return NULL;
}

/* Up to a # that follows white space. */
static struct str
read_bare(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return str_trim(str_sub(s, 0, i));
	return s;
}

const char *
config_dotenv_line(struct arena *a, struct str line, struct str *name_out, struct str *value_out)
{
	struct str name, value;
	const char *wrong;
	size_t at;

	if (str_starts(line, STR("export ")) || str_starts(line, STR("export\t")))
		line = str_trim(str_sub(line, 7, line.n));
	at = str_find(line, '=');
	if (at == line.n)
		return "there is no =";
	name = str_trim(str_sub(line, 0, at));
	if (!is_name(name))
		return "what stands before = is not a name";
	value = str_trim(str_sub(line, at + 1, line.n));
	if (value.n > CONFIG_MAX_VALUE_LEN)
		return "the value is too long";
	if (memchr(value.p, '\0', value.n) != NULL)
		return "the value holds a NUL byte";
	if (value.n > 0 && (value.p[0] == '"' || value.p[0] == '\'')) {
		wrong = read_quoted(a, value, &value);
		if (wrong != NULL)
			return wrong;
	} else {
		value = read_bare(value);
	}
	*name_out = name;
	*value_out = value;
	return NULL;
}

bool
config_dotenv_is_line(struct str *line)
{
	*line = str_trim(*line);
	return line->n > 0 && line->p[0] != '#';
}

bool
config_dotenv(struct arena *a, struct str text, struct str *values, struct buf *problems)
{
	struct str line;
	int found = 0;

	if (text.n > CONFIG_MAX_DOTENV_LEN) {
		buf_z(problems, ".env: is longer than 256 KiB\n");
		return false;
	}
	for (int number = 1; str_split(&text, '\n', &line); number++) {
		struct str name, value;
		const char *wrong;

		if (!config_dotenv_is_line(&line))
			continue;
		wrong = config_dotenv_line(a, line, &name, &value);
		for (size_t i = 0; wrong == NULL && i < config_row_count; i++)
			if (str_eq(name, str_from(config_rows[i].name)))
				values[i] = value;
		if (wrong != NULL && ++found <= MAX_PROBLEMS)
			buf_fmt(problems, ".env line %d: %s; for example: LOG_LEVEL=info\n", number,
			        wrong);
	}
	return found == 0;
}
