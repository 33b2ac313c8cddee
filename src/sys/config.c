/*
 * Reading the configuration. Why all at once: who sets the service up sees every mistake in one go.
 * What always holds: the environment comes before .env; an empty value counts as not set, except
 * where empty means "none"; the caller's struct changes only if everything is right; no secret is
 * in a problem.
 */
#include "sys/config.h"

#include <assert.h>

#include "sys/config_internal.h"

#define MAX_ROWS  64
#define MAX_SHOWN 40

/* What was found, cut and made harmless. */
static void
add_found(const struct config_row *r, struct str value, struct buf *b)
{
	if (r->secret || r->kind == KIND_DATABASE || r->kind == KIND_URL || value.n == 0)
		return;
	buf_z(b, ", not \"");
	for (size_t i = 0; i < value.n && i < MAX_SHOWN; i++) {
		char c = value.p[i];

		buf_char(b, c >= ' ' && c <= '~' ? c : '?');
	}
	buf_z(b, value.n > MAX_SHOWN ? "…\"" : "\"");
}

static void
add_problem(const struct config_row *r, struct str value, struct buf *b)
{
	buf_z(b, r->name);
	buf_z(b, value.n == 0 ? ": is required, " : ": must be ");
	config_rule(r, b);
	add_found(r, value, b);
	buf_fmt(b, "; for example: %s\n", r->example);
}

/* The value that counts for a row; STR_NONE if there is none. */
static struct str
choose(const struct config_row *r, const char *from_environment, struct str from_file)
{
	bool empty_counts = r->kind == KIND_CHOICES;
	struct str v = str_from(from_environment);

	if (str_is_set(v) && (v.n > 0 || empty_counts))
		return v;
	if (str_is_set(from_file) && (from_file.n > 0 || empty_counts))
		return from_file;
	return str_from(r->fallback);
}

/* Limits that only make sense together. */
static bool
check_together(const struct config *c, struct buf *problems)
{
	if (c->in_flight_bytes >= c->body_limit_bytes &&
	    c->in_flight_bytes >= c->api_body_limit_bytes)
		return true;
	buf_z(problems, "MAX_BODY_BYTES_IN_FLIGHT: must not be less than MAX_BODY_BYTES and "
	                "MAX_API_BODY_BYTES; for example: 67108864\n");
	return false;
}

enum err
config_load(struct arena *a, config_getenv_fn *get, void *ctx, struct str dotenv,
            struct config *out, struct buf *problems)
{
	struct str from_file[MAX_ROWS] = { 0 };
	struct config c = { 0 };
	bool ok;

	assert(config_row_count <= MAX_ROWS);
	ok = config_dotenv(a, dotenv, from_file, problems);
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *r = &config_rows[i];
		struct str v = choose(r, get(ctx, r->name), from_file[i]);

		if (!str_is_set(v) && !r->required)
			continue;
		if (!str_is_set(v) || !config_check(a, r, v, &c)) {
			add_problem(r, v, problems);
			ok = false;
		}
	}
	if (c.drainers == 0)
		c.drainers = str_starts(c.database_url, STR("sqlite:")) ? 1 : 2;
	if (ok)
		ok = check_together(&c, problems);
	if (!ok)
		return ERR_INVALID;
	*out = c;
	return ERR_OK;
}
