/*
 * A private PostgreSQL for a test program, through tests/lib/pg-start (found by the environment
 * variable PG_START). It ends with the program, however that ends. Not thread-safe; forked tests
 * may use the server of their parent.
 */
#ifndef RECADO_TESTS_PG_H
#define RECADO_TESTS_PG_H

#include <stdbool.h>

#include "base/arena.h"

struct pg_server;

/* fsync: as safe and slow as a real one. NULL, with a reason on stderr, if it does not start. */
struct pg_server *pg_server_start(bool fsync);
/* Waits until it is gone. NULL is fine. */
void pg_server_end(struct pg_server *);

/* URL of a new empty database. Aborts if there is none to be had. */
const char *pg_server_new_database(struct pg_server *, struct arena *);
/* The same with the program's schema: a copy, for that takes a tenth of the time. */
const char *pg_server_new_migrated(struct pg_server *, struct arena *);
/* At once, as in a crash; every connection is lost. Abort if it does not work. */
void pg_server_stop(struct pg_server *);
void pg_server_start_again(struct pg_server *);

/* The program of a suite that runs on what ENGINE says; `server` is where the tests find theirs,
 * NULL on SQLite. Needs testing.h. */
#define TEST_MAIN_ON_ENGINE(make_suite, server)                                                    \
	int main(void)                                                                             \
	{                                                                                          \
		const char *engine = getenv("ENGINE");                                             \
		int status;                                                                        \
                                                                                                   \
		if (engine != NULL && strcmp(engine, "postgres") == 0 &&                           \
		    ((server) = pg_server_start(false)) == NULL)                                   \
			return 1;                                                                  \
		status = testing_run(make_suite);                                                  \
		pg_server_end(server);                                                             \
		return status;                                                                     \
	}

#endif
