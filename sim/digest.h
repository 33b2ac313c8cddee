/*
 * What a database says, whatever the order in which it heard it: canonical lines sorted by natural
 * key. Two databases that were told the same have the same lines. Source: 3-whatsapp §2 "The law".
 */
#ifndef RECADO_SIM_DIGEST_H
#define RECADO_SIM_DIGEST_H

#include "base/digest.h"
#include "store/db.h"

struct db_digest {
	size_t n;
	struct str *lines;             /* sorted by bytes */
	unsigned char sha[SHA256_LEN]; /* of the lines, each with its line feed */
};
/* slug absent: all clients. at: when clock-dependent readings are taken; TIME_NONE: they are left
 * out. */
MUST_CHECK enum err
digest_database(struct db *, struct arena *, struct str slug, int64_t at, struct db_digest *out);
/* What is not in it, a line each. Ends with NULL. */
extern const char *const digest_exclusions[];

/* Tables and columns that the digest reads, for the test that holds it against the schema. Ends
 * with NULL. */
struct digest_table {
	const char *name;
	const struct query *query;
	const char *columns;  /* in the query's order; `x@kind` is a reference, `-x` is read but not
	                         shown */
	const char *left_out; /* columns of the table that are not read at all */
};
extern const struct digest_table digest_tables[];
extern const size_t digest_ntables;

#endif
