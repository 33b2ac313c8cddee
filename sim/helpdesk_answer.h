/*
 * One request to the simulated helpdesk, without a socket: a test's HTTP client and the server of
 * `recado-sim helpdesk` ask here alike. GET /ticket, /ticket/:uuid/messages and /contact, with
 * `page` from 1 and `limit`; /ticket knows the filter `updatedAtFrom`. Source: 4-helpdesk §1.
 */
#ifndef RECADO_SIM_HELPDESK_ANSWER_H
#define RECADO_SIM_HELPDESK_ANSWER_H

#include "sim/helpdesk_world.h"

struct helpdesk_request {
	struct str method; /* absent: GET */
	struct str path;   /* without the query */
	struct str query;  /* as received, without '?' */
	struct str api_key;
};

/* What the reader sees of the reply. */
enum helpdesk_fate {
	HELPDESK_ANSWERED, /* all of it */
	HELPDESK_CUT,      /* head and the first cut_at bytes of the body, then the end */
	HELPDESK_CLOSED    /* the end of the connection at once */
};
#define HELPDESK_MAX_HEADERS 5
struct helpdesk_reply {
	int status;
	struct str body; /* in the arena */
	struct {
		const char *name; /* Content-Type, Date, Age, Retry-After */
		struct str value;
	} headers[HELPDESK_MAX_HEADERS];
	size_t nheaders;
	size_t cut_at;         /* less than the body's length */
	int64_t delay_ms;      /* before the first byte */
	int64_t body_delay_ms; /* between head and body */
};

/*
 * Sets the world's clock, lets it live as far as its options say, and answers. Seeded: the same
 * requests at the same times have the same replies.
 */
enum helpdesk_fate helpdesk_answer(struct helpdesk *, const struct helpdesk_request *,
                                   int64_t now_ms, struct arena *, struct helpdesk_reply *out);

/* "Tue, 20 Jan 2026 11:00:00 GMT" */
struct str helpdesk_http_date(struct arena *, int64_t ms);

/* Between the files of the answer: what was asked, understood. */
struct helpdesk_page {
	enum helpdesk_list list; /* HELPDESK_LISTS: none of them */
	size_t ticket;           /* of messages; SIZE_MAX: no such ticket */
	size_t page, limit;
	int64_t from; /* TIME_NONE: no filter */
};
/* The list's page, in its envelope. */
struct str helpdesk_page_body(struct helpdesk *, struct arena *, const struct helpdesk_page *);

#endif
