/*
 * The configuration as text: effective values, .env.example, the reference table.
 * What always holds: a secret is shown only as (set) or (unset), a password inside a URL as ***.
 */
#include "base/time.h"
#include "sys/config_internal.h"

/* Masks what stands after the first : before the last @, and the values of password parameters. */
static void
print_url(struct str url, struct buf *b)
{
	static const char mask[] = "***";
	size_t from = 0, at = url.n, i;

	for (i = 0; i + 3 <= url.n && from == 0; i++)
		if (memcmp(url.p + i, "://", 3) == 0)
			from = i + 3;
	for (i = from; i < url.n; i++)
		if (url.p[i] == '@')
			at = i;
	i = 0;
	if (from > 0 && at < url.n) {
		size_t colon = from + str_find(str_sub(url, from, at - from), ':');

		buf_str(b, str_sub(url, 0, colon));
		if (colon < at) {
			buf_char(b, ':');
			buf_z(b, mask);
		}
		i = at;
	}
	while (i < url.n) {
		buf_char(b, url.p[i]);
		if (url.p[i++] != '=' || i < 9 ||
		    !str_ieq(str_sub(url, i - 9, 9), STR("password=")))
			continue;
		buf_z(b, mask);
		while (i < url.n && url.p[i] != '&' && url.p[i] != ' ')
			i++;
	}
}

static void
print_value(const struct config_row *r, const struct config *c, struct buf *b)
{
	const char *at = (const char *)c + r->offset;
	char when[TIME_TEXT_LEN + 1];
	struct str text;
	int64_t number;
	bool flag;

	switch (r->kind) {
	case KIND_INT:
		memcpy(&number, at, sizeof(number));
		buf_i64(b, number);
		return;
	case KIND_TIME:
		memcpy(&number, at, sizeof(number));
		time_format(number, when);
		buf_z(b, when);
		return;
	case KIND_BOOL:
		memcpy(&flag, at, sizeof(flag));
		buf_z(b, flag ? "true" : "false");
		return;
	default:
		break;
	}
	memcpy(&text, at, sizeof(text));
	if (r->secret)
		buf_z(b, text.n > 0 ? "(set)" : "(unset)");
	else if (r->kind == KIND_DATABASE || r->kind == KIND_URL)
		print_url(text, b);
	else
		buf_str(b, text);
}

void
config_print(const struct config *c, struct buf *b)
{
	for (size_t i = 0; i < config_row_count; i++) {
		buf_z(b, config_rows[i].name);
		buf_char(b, '=');
		print_value(&config_rows[i], c, b);
		buf_char(b, '\n');
	}
}

void
config_example(struct buf *b)
{
	buf_z(b, "# Recado reads this file, as .env in the working directory, for what the "
	         "environment "
	         "does not set.\n"
	         "# Lines that begin with # show the defaults. `recado config` prints what is in "
	         "force.\n");
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *r = &config_rows[i];

		buf_fmt(b, "\n# %s.\n# It is ", r->meaning);
		config_rule(r, b);
		if (r->fallback == NULL)
			buf_fmt(b, "; for example: %s", r->example);
		buf_fmt(b, ".\n%s%s=%s\n", r->required ? "" : "#", r->name,
		        r->fallback == NULL ? "" : r->fallback);
	}
}

void
config_reference(struct buf *b)
{
	buf_z(b, "| variable | default | value | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *r = &config_rows[i];

		buf_fmt(b, "| `%s` | ", r->name);
		if (r->fallback != NULL)
			buf_fmt(b, "`%s` | ", r->fallback);
		else
			buf_z(b, r->required ? "required | " : "— | ");
		config_rule(r, b);
		buf_fmt(b, " | %s |\n", r->meaning);
	}
}
