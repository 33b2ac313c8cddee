/*
 * Error codes shared by every layer. One table gives, for each code, the stable
 * name that the API shows, the HTTP status, whether a job may retry, and a text.
 */
#ifndef RECADO_BASE_ERR_H
#define RECADO_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	ERR_INVALID,         /* input is wrong; the same input will always be wrong */
	ERR_TOO_LARGE,       /* a named limit was passed */
	ERR_UNAUTHORIZED,    /* no or wrong credentials */
	ERR_FORBIDDEN,       /* known caller, not allowed */
	ERR_NOT_FOUND,       /* no such thing, or not this caller's */
	ERR_CONFLICT,        /* contradicts what is stored */
	ERR_OUTSIDE_WINDOW,  /* Meta's 24 hours since the customer last wrote are over */
	ERR_NOT_IMPLEMENTED, /* named by the contract, not offered */
	ERR_TOO_MANY,        /* rate limited */
	ERR_UNAVAILABLE,     /* the database or a peer is away; try again later */
	ERR_TIMEOUT,         /* took longer than allowed; try again later */
	ERR_BUSY,            /* lock or lane held by another; try again at once */
	ERR_CANCELLED,       /* we are stopping */
	ERR_DISK_FULL,       /* nothing was written */
	ERR_IO,              /* a read or write failed */
	ERR_DB,              /* the database refused a statement: ours to mend */
	ERR_CORRUPT,         /* stored data is not what was stored */
	ERR_INTERNAL,        /* our bug */
	ERR_COUNT
};

struct err_info {
	const char *code;  /* stable, snake_case, shown as `error` by the API */
	int http_status;   /* what an HTTP answer carries */
	bool may_retry;    /* may a job try the same thing again? */
	const char *title; /* one English sentence without a full stop */
};

/* Never NULL; an unknown value answers like ERR_INTERNAL. Thread-safe. */
const struct err_info *err_info(enum err e);

#endif
