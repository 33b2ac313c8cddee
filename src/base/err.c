/* The one table of error codes. What always holds: every code has a row. */
#include "base/err.h"

#include <stddef.h>

static const struct err_info table[ERR_COUNT] = {
	[ERR_OK] = { "ok", 200, false, "Done" },
	[ERR_INVALID] = { "invalid_request", 400, false, "The request is not valid" },
	[ERR_TOO_LARGE] = { "payload_too_large", 413, false, "The request is too large" },
	[ERR_UNAUTHORIZED] = { "unauthorized", 401, false, "Authentication is needed" },
	[ERR_FORBIDDEN] = { "forbidden", 403, false, "This is not allowed for your role" },
	[ERR_NOT_FOUND] = { "not_found", 404, false, "There is no such thing" },
	[ERR_CONFLICT] = { "conflict", 409, false, "This contradicts what is stored" },
	[ERR_OUTSIDE_WINDOW] = { "outside_service_window", 409, false,
	                         "The 24 hours since the customer last wrote are over" },
	[ERR_NOT_IMPLEMENTED] = { "not_implemented", 501, false, "This is not implemented" },
	[ERR_TOO_MANY] = { "too_many_requests", 429, true, "Too many attempts" },
	[ERR_UNAVAILABLE] = { "unavailable", 503, true, "The service is not available now" },
	[ERR_TIMEOUT] = { "timeout", 503, true, "This took too long" },
	[ERR_BUSY] = { "busy", 503, true, "Another worker holds this" },
	[ERR_CANCELLED] = { "cancelled", 503, true, "The service is stopping" },
	[ERR_DISK_FULL] = { "disk_full", 503, true, "The disk is full" },
	[ERR_IO] = { "io_error", 500, true, "Reading or writing failed" },
	[ERR_DB] = { "database_error", 500, false, "The database refused a statement" },
	[ERR_CORRUPT] = { "corrupt", 500, false, "Stored data is damaged" },
	[ERR_INTERNAL] = { "internal", 500, false, "Something went wrong on our side" },
};

const struct err_info *
err_info(enum err e)
{
	if ((int)e < 0 || e >= ERR_COUNT || table[e].code == NULL)
		return &table[ERR_INTERNAL];
	return &table[e];
}
