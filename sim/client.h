/* A small blocking HTTP client over libcurl, for one server. One thread. */
#ifndef RECADO_SIM_CLIENT_H
#define RECADO_SIM_CLIENT_H

#include "base/json.h"

#define CLIENT_MAX_HEADERS 8

struct client;
struct client_request {
	const char *method;                          /* NULL: GET, or POST where there is a body */
	const char *path;                            /* begins with '/', query included */
	struct str body;                             /* absent: none */
	const char *headers[CLIENT_MAX_HEADERS + 1]; /* "Name: value", NULL ends */
	long timeout_ms;                             /* 0: 30,000 */
};
struct client_reply {
	long status;        /* 0: no answer came */
	struct str body;    /* in the arena */
	struct str headers; /* as received, each line with CRLF */
	const cJSON *json;  /* NULL if the body is not JSON */
};
/* base_url without a final '/'. NULL only if libcurl cannot be set up. */
struct client *client_new(const char *base_url);
void client_free(struct client *);
/* A header that goes with every request from now on, e.g. "x-admin-token: …". */
void client_add_header(struct client *, const char *header);
struct client_reply client_send(struct client *, struct arena *, const struct client_request *);
/* GET of a path made like printf. */
struct client_reply client_get(struct client *, struct arena *, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* POST of JSON text. */
struct client_reply client_post(struct client *, struct arena *, const char *path, struct str json);
/* Value of a header of the reply, STR_NONE if absent. */
struct str client_header(const struct client_reply *, const char *name);

#endif
