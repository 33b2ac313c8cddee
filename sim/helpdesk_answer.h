/*
 * One request to the simulated helpdesk, without a socket: a test's HTTP client and the server of
 * `recado-sim helpdesk` ask here alike. GET /ticket, /ticket/:uuid/messages and /contact, with
 * `page` from 1 and `limit`; /ticket knows the filter `updatedAtFrom`. Source: 4-helpdesk §1.
 */
#ifndef RECADO_SIM_HELPDESK_ANSWER_H
#define RECADO_SIM_HELPDESK_ANSWER_H

#include "sim/helpdesk_world.h"
#include "sim/web.h"

/*
 * Sets the world's clock, lets it live as far as its options say, and answers; returns out->fate.
 * Seeded: the same requests at the same times have the same replies.
 */
enum web_fate helpdesk_answer(struct helpdesk *, const struct web_request *, int64_t now_ms,
                              struct arena *, struct web_reply *out);

/*
 * The controls, which need no key and are not counted: GET /__sim/stats, GET /__sim/truth (lines of
 * JSON), POST /__sim/quiet, POST /__sim/heal and POST /__sim/live?n=N. False: the path is none of
 * them, and *out is untouched.
 */
bool helpdesk_control(struct helpdesk *, const struct web_request *, int64_t now_ms, struct arena *,
                      struct web_reply *out);
/* The API and the controls, for a server. */
struct web_handler helpdesk_handler(struct helpdesk *);

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
