/*
 * Why: pages that many people have open must follow what webhooks, imports and other people do, in
 * whichever process that happens; so what changed is rows, and it costs one statement for each
 * transaction. What always holds: an event is durable if and only if its change is.
 */
#include "work/event.h"

#include "store/queries.h"

#define SMALL_ARENA ((size_t)16 << 10)

static const struct {
	const char *name, *subject;
} kinds[] = {
	[EVENT_CONVERSATION] = { "conversation.changed", "conversation" },
	[EVENT_CONNECTION] = { "connection.changed", "connection" },
	[EVENT_LEAD] = { "lead.changed", "lead" },
	[EVENT_JOB] = { "job.changed", "job" },
	[EVENT_WEBHOOK_EVENTS] = { "webhook_events.changed", "client" },
	[EVENT_IMPORT] = { "import.changed", "client" },
	[EVENT_ANALYSIS] = { "analysis.changed", "client" },
	[EVENT_SCRIPT] = { "script.changed", "client" },
	[EVENT_MEDIA] = { "media.changed", "conversation" },
	[EVENT_CLIENT] = { "client.changed", "client" },
	[EVENT_ALERT] = { "alert.changed", "client" },
};

void
event_batch_init(struct event_batch *b, struct arena *a)
{
	*b = (struct event_batch){ .arena = a };
	map_init(&b->seen, a, 0);
}

void
event_batch_add(struct event_batch *b, struct uuid client, enum event_kind kind,
                struct uuid subject)
{
	struct str subject_key = map_key_uuid(b->arena, subject, str_from(kinds[kind].name));
	size_t i = b->rows == NULL ? 0 : b->rows->nrows;
	bool added;

	(void)map_put(&b->seen, map_key_uuid(b->arena, client, subject_key), 0, &added);
	if (!added)
		return;
	if (b->rows == NULL)
		b->rows = db_rows_new(b->arena, &q_events_put);
	db_row_uuid(b->rows, client);
	db_row_int(b->rows, (int64_t)i);
	db_row_text(b->rows, str_from(kinds[kind].name));
	db_row_text(b->rows, str_from(kinds[kind].subject));
	db_row_uuid(b->rows, subject);
}

enum err
event_batch_store(struct event_batch *b, struct db *db, int64_t now_ms)
{
	enum err e;

	if (b->rows == NULL)
		return ERR_OK;
	e = db_exec(db, &q_events_put, DB_PARAMS(db_time(now_ms)), b->rows, NULL);
	if (e == ERR_OK)
		event_batch_init(b, b->arena);
	return e;
}

enum err
event_put(struct db *db, struct uuid client, enum event_kind kind, struct uuid subject,
          int64_t now_ms)
{
	struct event_batch b;
	struct arena *a;
	enum err e;

	if (uuid_is_nil(client))
		return ERR_OK;
	a = arena_new(SMALL_ARENA);
	event_batch_init(&b, a);
	event_batch_add(&b, client, kind, subject);
	e = event_batch_store(&b, db, now_ms);
	arena_free(a);
	return e;
}
