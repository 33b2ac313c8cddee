/* HTTP for tests: sim/client.h, and what tests say with it again and again. */
#ifndef RECADO_TESTS_HTTP_H
#define RECADO_TESTS_HTTP_H

#include "sim/client.h"
#include "sim/wire.h"

/* A client of the operator. */
struct client *http_operator(const char *url);
/* POST of a signed webhook body to the door. */
struct client_reply http_webhook(struct client *, struct arena *, struct str body);
/* Makes a client and a coexistence number for it; false if the server does not answer 201 to both.
 */
bool http_register(struct client *, struct arena *, const char *slug, const struct wire_line *);
/* Waits until no journal entry waits, at most so many seconds. */
bool http_wait_quiet(struct client *, struct arena *, int seconds);

#endif
