/* What core/session.h is asked with, from rows of the table of sessions. */
#ifndef RECADO_WORK_SESSION_ROW_H
#define RECADO_WORK_SESSION_ROW_H

#include "core/session.h"
#include "store/db.h"

/*
 * From `col` on: class, started_at, ended_at, COALESCE(lead_in_at, started_at), tracking_id. What
 * session_assign reads; borrows from the result.
 */
static inline struct session
session_of_row(const struct db_result *r, size_t row, size_t col)
{
	return (struct session){
		.type = session_type_of(db_get_text(r, row, col)),
		.start = db_get_time(r, row, col + 1),
		.end = db_get_time(r, row, col + 2),
		.lead_in = db_get_time(r, row, col + 3),
		.ids = &r->cells[(row * r->ncols) + col + 4].i, /* the highest decides ties */
		.n_ids = 1,
	};
}

#endif
