/* `recado migrate`: brings the database to this program's schema. */
#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/migrate.h"

static int
migrate(const struct settings *s)
{
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	int from = 0, to = 0;
	enum err e = settings_open_pool(s, &pool);

	if (e == ERR_OK)
		e = db_open(pool, false, &db);
	if (e == ERR_OK)
		e = migrate_up(db, &from, &to);
	if (e == ERR_CONFLICT)
		fprintf(stderr, "recado migrate: the database is of a newer version of Recado "
		                "than this program\n");
	else if (e != ERR_OK)
		fprintf(stderr, "recado migrate: %s%s%s\n", err_info(e)->title,
		        db != NULL ? ": " : "", db != NULL ? db_message(db) : "");
	else
		printf("%d \u2192 %d\n", from, to);
	settings_close_db(pool, db);
	return e == ERR_OK ? EXIT_DONE : EXIT_FAILED;
}

int
migrate_run(const struct invocation *inv)
{
	struct settings s;
	int status = EXIT_CONFIG;

	(void)inv;
	if (settings_load(&s))
		status = migrate(&s);
	settings_free(&s);
	return status;
}
