/* What the connection document and the history-sync document share. */
#ifndef RECADO_API_CONNECTIONS_H
#define RECADO_API_CONNECTIONS_H

#include "api/call.h"

/* Columns of api_connection_one and api_connection_list. */
enum {
	K_ID,
	K_KIND,
	K_MODE,
	K_STATUS,
	K_NUMBER,
	K_WABA,
	K_DISPLAY,
	K_NAME,
	K_HAS_TOKEN,
	K_REQUESTED,
	K_REASON,
	K_WEBHOOK_AT,
	K_CREATED_AT,
	K_RUN_NO,
	K_STARTED_AT,
	K_RUN_REQUESTED,
	K_REQUESTED_AT,
	K_PROGRESS,
	K_PHASE,
	K_CHUNK_ORDER,
	K_FIRST_CHUNK_AT,
	K_LAST_CHUNK_AT,
	K_FULL_AT,
	K_STATE_SYNC_AT,
	K_DECLINED_AT,
	K_DECLINED,
	K_TOO_LATE_AT,
	K_FAILURE,
	K_DISCONNECTED,
	K_COMPLETED,
	K_RUN_STATUS,
	K_MESSAGES_IMPORTED,
	K_MESSAGES_DUPLICATE,
	K_CONTACTS,
	K_THREADS,
	K_CHUNKS,
	K_MESSAGES_FAILED,
	K_FAILED_CHUNKS,
	K_LEADS_WITH_NEW,
	K_RUN_ID
};

/* The document of a connection of the client. ERR_NOT_FOUND: it has none of that id. */
MUST_CHECK enum err connection_write_one(struct api_call *, struct uuid id);

/* A row's current run as it is shown now. */
struct sync_shown {
	const char *status;
	int64_t requested_at, started_at, completed_at;
	const cJSON *error; /* {code, message}; NULL */
	int64_t failed_chunks;
};
struct sync_shown connection_sync(struct api_call *, const struct db_result *, size_t row);
/* Why it failed or was declined, or that chunks failed; STR_NONE if all is well. */
struct str connection_error_text(const struct sync_shown *);
/* The code of that text where it is ours and not Meta's, one of words_history_reasons; else absent.
 */
struct str connection_error_reason(const struct sync_shown *);
/* The error's code, or null. */
void connection_write_code(struct jw *, const char *key, const struct sync_shown *);
void connection_write_counters(struct jw *, const struct db_result *, size_t row,
                               const struct sync_shown *);

#endif
