/*
 * A session with its messages, as an analysis reads them. Any thread, with its own connection, for
 * reading or writing. Source: 5-analysis "Prompt"; 4-helpdesk §3 R6, R9, R10.
 */
#ifndef RECADO_WORK_ANALYSIS_SESSION_H
#define RECADO_WORK_ANALYSIS_SESSION_H

#include "store/db.h"

/* Messages read of one session at most: its first half of this and its last. The model is shown far
 * fewer. */
#define ANALYSIS_MAX_MESSAGES 40000

struct analysis_message {
	struct uuid id;
	bool outbound;
	struct str sender_type; /* HUMAN, SYSTEM, AI; STR_NONE: HUMAN */
	struct str type;
	struct str body;             /* STR_NONE: none */
	int64_t at;                  /* Meta's timestamp, or the helpdesk's createdAt */
	int64_t external_updated_at; /* the helpdesk's updatedAt; TIME_NONE at WhatsApp */
	int64_t revoked_at;          /* TIME_NONE */
	struct str key;              /* dedup_key: unique, and the same on every machine */
};

struct analysis_session {
	struct uuid id, conversation_id;
	struct uuid ticket_id; /* the helpdesk's; nil: an episode of a WhatsApp conversation */
	int64_t ended_at;      /* TIME_NONE while it is open */
	/* Closed for a day, and still a session. If it is not, its messages are not read and its
	 * row belongs out of the queue. */
	bool settled;
	/* By (at, key). What is gone at the helpdesk is among them: it was said. */
	struct analysis_message *messages;
	size_t n;
	size_t gap;    /* so many of them are of the first half */
	size_t unread; /* and so many come between the halves that were not read; 0: none */
};

/*
 * Reads it, as of one snapshot. A helpdesk session's messages are those of its ticket that the
 * rules give to it, lead-in included; those of an episode in a ticket are between its bounds and in
 * the ticket's waiting session; those of any other episode are between its bounds. ERR_NOT_FOUND:
 * no such session of the client. ERR_TOO_LARGE: the arena's cap. The connection must be outside a
 * transaction.
 */
MUST_CHECK enum err
analysis_session_load(struct db *, struct arena *, struct uuid client_id, struct uuid session_id,
                      int64_t now_ms, struct analysis_session *out);

#endif
