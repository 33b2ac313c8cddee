/*
 * The door: GET and POST /webhooks/whatsapp and POST /webhooks/whatsapp/:connectionSecret. Runs on
 * the I/O thread: checks the signature over the raw bytes, hands the body to the committer, answers
 * when it is durable. No parsing, no database.
 */
#ifndef RECADO_WORK_DOOR_H
#define RECADO_WORK_DOOR_H

#include "net/http_server.h"
#include "sys/clock.h"
#include "work/ingest.h"

struct door;
struct door_options {
	/* Secret or token empty: the door is closed and says so (GET 403, POST 503). */
	struct str app_secret, app_secret_previous, verify_token; /* only read by door_new */
	struct ingest *ingest;
	const struct clock *clock;
};
MUST_CHECK enum err door_new(const struct door_options *, struct door **out);
void door_free(struct door *);
/* true if the path is the door's: then door_dispatch, or for a connection's own URL door_accept. */
bool door_owns(struct str path);
/* The secret in the path of a connection's own URL; STR_NONE if the path is none. */
struct str door_secret(struct str path);
/* Answers, now or later, an exchange of /webhooks/whatsapp. I/O thread. */
void door_dispatch(struct door *, struct http_exchange *);
/*
 * The same for a connection's own URL, after the caller has found its connection by the SHA-256 of
 * the secret, off the I/O thread. Any thread.
 */
void door_accept(struct door *, struct http_exchange *, struct uuid connection_id);
/* Counts a request to the door that the server refused by itself (see http_hooks.refused). */
void door_count_refused(int status);

#endif
