/* That an SQLite file has one server. */
#ifndef RECADO_CMD_LOCK_H
#define RECADO_CMD_LOCK_H

#include <stdbool.h>

#include "cmd/settings.h"

/*
 * Takes the lock `<file>.lock` beside the SQLite file of DATABASE_URL, which must exist, until the
 * process ends, however it ends. On PostgreSQL there is nothing to take. False: another has it, or
 * it cannot be taken; stderr says which and what to do.
 */
bool lock_take(const struct settings *);

#endif
