/* The audit log: who did what to a client's things, and what happened to them by itself. */
#ifndef RECADO_STORE_AUDIT_H
#define RECADO_STORE_AUDIT_H

#include "store/db.h"

struct audit_row {
	struct uuid id;
	struct uuid client_id;   /* nil: of no client, or of all */
	int64_t at;              /* ms */
	struct str actor;        /* "operator", "token:<id>" or "system" */
	struct str action;       /* "client.created" */
	struct str subject_kind; /* "client", "job" …; STR_NONE: none */
	struct uuid subject_id;  /* nil: none */
	struct str detail;       /* JSON, or STR_NONE */
};
/* Inside the transaction of what it tells; the database's failure. */
MUST_CHECK enum err audit_insert(struct db *, const struct audit_row *);

#endif
