/* What the files about the journal share. */
#ifndef RECADO_API_WEBHOOK_EVENTS_H
#define RECADO_API_WEBHOOK_EVENTS_H

#include "api/call.h"

/* Is it what an entry's status can be? */
bool event_is_status(struct str word);
/* Filters as parameters; absent ones as NULL. */
struct db_param event_rank(const struct api_value *status);
/* STR_NONE: NULL */
struct db_param event_field(struct str name);
struct db_param event_time(const struct api_value *time);

/*
 * The body of the entry c->subject as JSON: whole for client nil (a string if it is not JSON), else
 * only the changes that are addressed to the client's connections. STR_NONE if none are.
 */
MUST_CHECK enum err event_payload(struct api_call *, struct uuid client, struct str *out);

#endif
