/*
 * Why: every command begins with the same configuration and, most of them, with the same database.
 * What always holds: all problems are told at once; a secret is never printed.
 */
#include "cmd/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "store/migrate.h"
#include "store/queries.h"
#include "sys/clock.h"
#include "sys/log.h"

#define DOTENV_MAX_BYTES ((size_t)256 * 1024)
#define SETTINGS_ARENA   ((size_t)4 * 1024 * 1024)
#define PROBLEMS_LIMIT   ((size_t)64 * 1024)
#define NO_DOTENV                                                                                  \
	"There is no .env in this directory: `recado config --example` prints one to fill in.\n"

static const char *
from_environment(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

/* Text of .env, STR_NONE if there is none; false and a problem if it cannot be read. */
static bool
read_dotenv(struct arena *a, struct str *out, struct buf *problems)
{
	FILE *f = fopen(".env", "re");
	char *text;
	size_t n;

	*out = STR_NONE;
	if (f == NULL) {
		if (errno == ENOENT || errno == ENOTDIR)
			return true;
		buf_fmt(problems, ".env: cannot be read: %s\n", strerror(errno));
		return false;
	}
	text = arena_alloc(a, DOTENV_MAX_BYTES + 1);
	n = fread(text, 1, DOTENV_MAX_BYTES + 1, f);
	if (ferror(f) || n > DOTENV_MAX_BYTES) {
		buf_fmt(problems, ".env: %s\n",
		        ferror(f) ? "cannot be read" : "is longer than 256 KiB");
		fclose(f);
		return false;
	}
	fclose(f);
	*out = str_n(text, n);
	return true;
}

static bool
load(struct arena *a, struct config *out, struct buf *problems, struct buf *warnings)
{
	struct str dotenv;
	bool readable = read_dotenv(a, &dotenv, problems);

	config_unknown(a, dotenv, warnings);
	return config_load(a, from_environment, NULL, dotenv, out, problems) == ERR_OK && readable;
}

static bool
decode_key(struct arena *a, struct str text, unsigned char out[SECRETBOX_KEY_LEN])
{
	struct str key = base64_decode(a, text);

	if (key.n != SECRETBOX_KEY_LEN)
		return false;
	memcpy(out, key.p, key.n);
	return true;
}

static enum log_level
log_level_of(struct str name)
{
	if (str_eq(name, STR("debug")))
		return LOG_DEBUG;
	if (str_eq(name, STR("warn")))
		return LOG_LEVEL_WARN;
	if (str_eq(name, STR("error")))
		return LOG_LEVEL_ERROR;
	return LOG_LEVEL_INFO;
}

static void
setup_log(const struct config *c)
{
	log_setup(log_level_of(c->log_level), str_eq(c->log_format, STR("json")));
}

bool
settings_load(struct settings *s)
{
	struct buf problems, warnings;
	bool ok;

	*s = (struct settings){ .arena = arena_new(SETTINGS_ARENA) };
	buf_init(&problems, s->arena, PROBLEMS_LIMIT);
	buf_init(&warnings, s->arena, PROBLEMS_LIMIT);
	ok = load(s->arena, &s->config, &problems, &warnings);
	s->warnings = buf_slice(&warnings);
	if (ok && !decode_key(s->arena, s->config.secret_key, s->keys.key)) {
		buf_z(&problems, "SECRET_KEY: is not 32 bytes in base64\n");
		ok = false;
	}
	if (ok && s->config.secret_key_previous.n > 0) {
		s->keys.has_previous =
			decode_key(s->arena, s->config.secret_key_previous, s->keys.previous);
		if (!s->keys.has_previous)
			buf_z(&problems, "SECRET_KEY_PREVIOUS: is not 32 bytes in base64\n");
		ok = s->keys.has_previous;
	}
	if (ok)
		setup_log(&s->config);
	else
		fprintf(stderr, STR_FMT STR_FMT "%s", STR_ARG(buf_slice(&problems)),
		        STR_ARG(s->warnings), access(".env", F_OK) == 0 ? "" : NO_DOTENV);
	return ok;
}

void
settings_free(struct settings *s)
{
	explicit_bzero(&s->keys, sizeof(s->keys));
	arena_free(s->arena);
	s->arena = NULL;
}

void
settings_log_warnings(const struct settings *s)
{
	struct str rest = s->warnings, line;

	while (str_split(&rest, '\n', &line))
		if (line.n > 0)
			log_warn("config.unknown", LOG_STR("problem", line));
}

void
settings_reload_log(void)
{
	struct arena *a = arena_new(SETTINGS_ARENA);
	struct config c;
	struct buf problems, warnings;

	buf_init(&problems, a, PROBLEMS_LIMIT);
	buf_init(&warnings, a, PROBLEMS_LIMIT);
	if (load(a, &c, &problems, &warnings)) {
		setup_log(&c);
		log_info("log.reloaded", LOG_STR("log_level", c.log_level),
		         LOG_STR("format", c.log_format));
	} else {
		log_error("config.not_reloaded", LOG_STR("problems", buf_slice(&problems)));
	}
	arena_free(a);
}

/* What to look at, for those who did not write this program; "" if there is nothing to say. */
static const char *
database_hint(enum err e)
{
	switch (e) {
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
		return ": is it running, and is DATABASE_URL right?";
	case ERR_CONFLICT:
		return ": it is of a newer version of Recado than this program";
	case ERR_CORRUPT:
		return ": DATABASE_URL names a file that is no SQLite database, or a damaged one";
	case ERR_IO:
		return ": look at DATABASE_URL and at the rights of the file and its folder";
	default:
		return "";
	}
}

enum err
settings_open_pool(const struct settings *s, struct db_pool **out)
{
	const struct db_options o = { .busy_timeout_ms = 5000,
		                      .statement_timeout_ms = 30000,
		                      .connect_timeout_ms = 3000 };
	const char *url = str_z(s->arena, s->config.database_url);
	enum err e = db_pool_open(url, &o, out);

	if (e != ERR_OK)
		fprintf(stderr, "recado: the database cannot be opened%s: %s\n", database_hint(e),
		        err_info(e)->title);
	return e;
}

enum err
settings_connect(const struct settings *s, struct db_pool *pool,
                 bool (*before)(const struct settings *), struct db **db)
{
	struct db *d = NULL;
	int from = 0, to = 0;
	enum err e = db_open(pool, false, &d);

	if (e == ERR_OK && before != NULL && !before(s)) {
		db_close(d);
		return ERR_BUSY;
	}
	if (e == ERR_OK)
		e = migrate_up(d, &from, &to);
	if (e != ERR_OK) {
		fprintf(stderr, "recado: the database cannot be used%s: %s%s%s\n", database_hint(e),
		        err_info(e)->title, d != NULL ? ": " : "", d != NULL ? db_message(d) : "");
		if (d != NULL)
			db_close(d);
		return e;
	}
	if (from != to)
		log_info("database.migrated", LOG_INT("from", from), LOG_INT("to", to));
	*db = d;
	return ERR_OK;
}

enum err
settings_open_db(const struct settings *s, struct db_pool **pool, struct db **db)
{
	struct db_pool *p = NULL;
	enum err e = settings_open_pool(s, &p);

	if (e == ERR_OK)
		e = settings_connect(s, p, NULL, db);
	if (e != ERR_OK) {
		db_pool_close(p);
		return e;
	}
	*pool = p;
	return ERR_OK;
}

void
settings_close_db(struct db_pool *pool, struct db *db)
{
	if (db != NULL)
		db_close(db);
	if (pool != NULL)
		db_pool_close(pool);
}

int
settings_run(const struct invocation *inv, int (*what)(const struct shell *), const void *ctx)
{
	struct settings s;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	int status = EXIT_CONFIG;

	if (settings_load(&s)) {
		status = EXIT_FAILED;
		if (settings_open_db(&s, &pool, &db) == ERR_OK)
			status = what(&(struct shell){ inv, &s, db, ctx });
	}
	settings_close_db(pool, db);
	settings_free(&s);
	return status;
}

int
settings_check_name(const struct invocation *inv, const char *word, const char *name)
{
	struct arena *a = arena_new((size_t)64 << 10);
	const char *wrong = admin_text_wrong(a, str_from(name), ADMIN_NAME_MAX);
	int status = wrong != NULL ? command_refuse(inv, word, wrong) : EXIT_DONE;

	arena_free(a);
	return status;
}

enum err
settings_find_client(struct db *db, struct arena *a, const char *slug, struct uuid *out)
{
	struct db_result r;
	enum err e = db_query(db, &q_api_scope_client,
	                      DB_PARAMS(db_text(str_from(slug)), db_uuid(UUID_NIL)), NULL, a, &r);

	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		*out = db_get_uuid(&r, 0, 0);
	return e;
}

struct admin
settings_admin(struct db *db, struct arena *a)
{
	return (struct admin){ .db = db,
		               .arena = a,
		               .rand = &rand_system,
		               .now = clock_now(&clock_real),
		               .actor = STR("operator") };
}

int
settings_finish(const struct invocation *inv, const struct db *db, enum err e)
{
	if (e == ERR_OK)
		return EXIT_DONE;
	fprintf(stderr, "recado %s: %s: %s\n", inv->command->name, err_info(e)->title,
	        db_message(db));
	return EXIT_FAILED;
}
