/* The configuration of this process: environment, then .env in the working directory. */
#ifndef RECADO_CMD_SETTINGS_H
#define RECADO_CMD_SETTINGS_H

#include "api/admin.h"
#include "base/arena.h"
#include "base/secretbox.h"
#include "cmd/command.h"
#include "store/db.h"
#include "sys/config.h"

struct settings {
	struct arena *arena;
	struct config config;
	struct secretbox_keys keys; /* SECRET_KEY and SECRET_KEY_PREVIOUS */
	struct str warnings;        /* names in .env that are no variable of ours, a line each */
};

/*
 * Reads and checks everything. On false every problem is on stderr, one a line, then the warnings,
 * and the exit status is EXIT_CONFIG. Give back with settings_free in either case.
 */
bool settings_load(struct settings *);
void settings_free(struct settings *);

/* The warnings as lines of the log. */
void settings_log_warnings(const struct settings *);

/*
 * Reads again and sets up the log by it (SIGHUP). Anything else is as it was at the start; a
 * configuration with problems changes nothing and is logged.
 */
void settings_reload_log(void);

/* Opens the configured database; on failure says why on stderr. The schema is not looked at. */
MUST_CHECK enum err settings_open_pool(const struct settings *, struct db_pool **out);
/*
 * One connection, and the schema brought to this version; on failure says why on stderr. `before`,
 * if not NULL, is asked when the database is open but not changed yet; if it says no (and why),
 * this is ERR_BUSY.
 */
MUST_CHECK enum err settings_connect(const struct settings *, struct db_pool *,
                                     bool (*before)(const struct settings *), struct db **db);
/* Both of these. Close both. */
MUST_CHECK enum err
settings_open_db(const struct settings *, struct db_pool **pool, struct db **db);
/* What a short command works with. */
struct shell {
	const struct invocation *inv;
	const struct settings *settings;
	struct db *db;
	const void *ctx; /* as it was given */
};
/* All of a short command: settings, database, what it does, and everything closed again. */
int settings_run(const struct invocation *, int (*what)(const struct shell *), const void *ctx);
/* Refuses a name as the API would, under `word`; EXIT_DONE if it is right. */
int settings_check_name(const struct invocation *, const char *word, const char *name);
/* ERR_NOT_FOUND: there is no client of that slug. */
MUST_CHECK enum err
settings_find_client(struct db *, struct arena *, const char *slug, struct uuid *out);
/* For changes at a shell: what the operator does now, with this connection. */
struct admin settings_admin(struct db *, struct arena *);
/* The exit status of a command that ends with e; says why on stderr if it is a failure. */
int settings_finish(const struct invocation *, const struct db *, enum err e);
/* Closes what is not NULL, the connection first. */
void settings_close_db(struct db_pool *pool, struct db *db);

#endif
