/*
 * A database as anyone else would open it, for what tests must do behind the program's back:
 * emptying tables, looking at the schema, breaking things. SQL is text here. Aborts where a
 * statement fails.
 */
#ifndef RECADO_TESTS_RAW_H
#define RECADO_TESTS_RAW_H

#include "base/str.h"

struct raw;

/* sqlite:PATH or postgresql://… */
struct raw *raw_open(const char *url);
void raw_close(struct raw *);
/* One or more statements without a result. */
void raw_exec(struct raw *, const char *sql);
/* Values of the first column, as text, in the arena. Returns how many. */
size_t raw_column(struct raw *, struct arena *, const char *sql, struct str **out);
/* First value as a number; 0 if there is no row. */
int64_t raw_number(struct raw *, const char *sql);
/* Names of a table's columns. */
size_t raw_columns_of(struct raw *, struct arena *, const char *table, struct str **out);

#endif
