/*
 * What changed, as rows that whoever watches reads (api/stream.h). An event names a thing; how it
 * is now is asked for. Ids grow by one, client by client, and are visible in their order (the
 * migration 0009_events says why). Written in the transaction of the change, as its last statement
 * that may wait for a lock: behind it come only rows of this transaction's own.
 */
#ifndef RECADO_WORK_EVENT_H
#define RECADO_WORK_EVENT_H

#include "base/map.h"
#include "store/db.h"

#define EVENT_CHANNEL "events" /* notified by every transaction that wrote some; PostgreSQL */

/* Its name, then what its subject is. A subject of nil: the client's as a whole. */
enum event_kind {
	EVENT_CONVERSATION, /* conversation.changed: a message, its status, unread, a ticket; of
	                     * none: many at once */
	EVENT_CONNECTION,   /* connection.changed: its status, progress of its history */
	EVENT_LEAD, /* lead.changed: by hand, joined with another; of none: the address book */
	EVENT_JOB,  /* job.changed: begun, progress (once a second at most), its end */
	EVENT_WEBHOOK_EVENTS, /* webhook_events.changed: the journal's list; of no subject */
	EVENT_IMPORT,         /* import.changed: cursor, failures, once it ended; of no subject */
	EVENT_ANALYSIS,       /* analysis.changed: the queue, reports, stale ones; of no subject */
	EVENT_SCRIPT,         /* script.changed: rubrics; of no subject */
	EVENT_MEDIA,  /* media.changed: a file came, never will, or waits for another reason; of the
	               * conversation */
	EVENT_CLIENT, /* client.changed: name, settings, tokens; of no subject */
	EVENT_ALERT   /* alert.changed: one was raised or cleared; of no subject */
};

/* Those of one transaction, each (client, kind, subject) once. Lives in the arena. */
struct event_batch {
	struct arena *arena;
	struct db_rows *rows;
	struct map seen;
};
void event_batch_init(struct event_batch *, struct arena *);
void
event_batch_add(struct event_batch *, struct uuid client, enum event_kind, struct uuid subject);
/* One statement, none without events; then the batch is empty again. */
MUST_CHECK enum err event_batch_store(struct event_batch *, struct db *, int64_t now_ms);

/* A single one. client nil: none is written. */
MUST_CHECK enum err
event_put(struct db *, struct uuid client, enum event_kind, struct uuid subject, int64_t now_ms);

#endif
