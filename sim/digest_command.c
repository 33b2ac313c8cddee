/* `recado-sim digest`: the lines of a database, their SHA-256, and what is not in them. Reads only.
 */
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "sim/commands.h"
#include "sim/digest.h"

int
command_digest(struct arena *a, const struct sim_args *args)
{
	struct db_options options = { .busy_timeout_ms = 5000,
		                      .statement_timeout_ms = 600000,
		                      .connect_timeout_ms = 5000 };
	int64_t at = args->now == TIME_NONE ? (int64_t)time(NULL) * TIME_SECOND : args->now;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	struct db_digest d;
	char hex[SHA256_HEX_LEN + 1] = "";
	enum err e;

	if (args->database == NULL) {
		fprintf(stderr, "recado-sim digest: --database is needed\n");
		return 64;
	}
	e = db_pool_open(args->database, &options, &pool);
	if (e == ERR_OK)
		e = db_open(pool, true, &db);
	if (e == ERR_OK)
		e = digest_database(db, a, str_from(args->client), at, &d);
	if (e != ERR_OK) {
		fprintf(stderr, "recado-sim: the database could not be read: %s\n",
		        db != NULL ? db_message(db) : err_info(e)->title);
	} else {
		for (size_t i = 0; i < d.n; i++)
			printf(STR_FMT "\n", STR_ARG(d.lines[i]));
		hex_encode_to(d.sha, sizeof d.sha, hex);
		printf("# sha256 %s, %zu lines\n", hex, d.n);
		for (size_t i = 0; digest_exclusions[i] != NULL; i++)
			printf("# not in it: %s\n", digest_exclusions[i]);
	}
	db_close(db);
	db_pool_close(pool);
	return e == ERR_OK ? 0 : 1;
}
