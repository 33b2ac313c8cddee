/* Brings a database to this program's schema: numbered, append-only migrations, embedded, applied
 * under a lock. */
#ifndef RECADO_STORE_MIGRATE_H
#define RECADO_STORE_MIGRATE_H

#include "store/db.h"

struct migration {
	int version; /* 1, 2, 3 … without gaps */
	const char *name;
	const char *sqlite; /* any number of statements */
	const char *postgres;
};
extern const struct migration migrations[]; /* generated; ends with version 0 */

/*
 * Applies what is missing, each in its own transaction; several processes at once are fine. On an
 * error the migrations before the failing one stay. A database newer than we are is ERR_CONFLICT.
 * from, to: versions before and after.
 */
MUST_CHECK enum err migrate_up(struct db *, int *from, int *to);
/* The same with another list. */
MUST_CHECK enum err migrate_with(struct db *, const struct migration *list, int *from, int *to);
/* Version of the database; 0 for an empty one. Also on a reading connection. */
MUST_CHECK enum err migrate_version(struct db *, int *version);
int migrate_latest(void);

#endif
