/* Rules of the WhatsApp inlet that read more than one fact. Pure. Source: 3-whatsapp §2 Direction,
 * §3 messages, §4. */
#ifndef RECADO_CORE_WA_RULES_H
#define RECADO_CORE_WA_RULES_H

#include "core/facts.h"
#include "core/moment.h"

#define WA_WINDOW (24 * TIME_HOUR)

/* Meta's codes for a history that will not come (reference §2.7, §8). */
#define WA_ERROR_DECLINED 2593109
#define WA_ERROR_TOO_LATE 2593108

/* Whose conversation and which way. `own`: digits of the connection's number (either may be
 * absent). */
struct wa_place {
	bool outbound;
	const struct fact_person *person; /* NULL: nobody is named */
};
struct wa_place
wa_place_message(struct arena *, const struct fact_message *, struct str own, struct str route_own);
struct wa_place wa_place_amendment(struct arena *, const struct fact_amendment *, struct str own,
                                   struct str route_own);
/* The person without the identities that are the connection's own number; false if nothing is left.
 */
bool wa_person_usable(struct arena *, const struct fact_person *, struct str own,
                      struct str route_own, struct fact_person *out);

/* originatedFrom of an open WhatsApp ticket. first_ticket_at: least openedAt of the lead's tickets,
 * itself included. */
const char *wa_ticket_origin(int64_t opened_at, int64_t first_ticket_at, int64_t first_history_at);
/* messageWindowExpiresAt of an open ticket; newest_live_in: of the messages of the ticket.
 * TIME_NONE: null. */
int64_t wa_ticket_window(int64_t opened_at, int64_t first_history_at, int64_t newest_live_in);

/* What the status of a history run is read from (3-whatsapp §4). */
struct sync_view {
	bool cloud_api;
	bool history_requested;
	int64_t started_at;
	int progress; /* -1: no chunk */
	bool has_chunk;
	bool disconnected; /* or error 2593108, while progress < 100 */
	bool too_late;
	bool declined;
	bool has_state_sync;
	bool completed;      /* found complete before: final */
	bool chunks_waiting; /* a chunk received up to the first progress-100 delivery still waits
	                      */
};
/* One of the contract's historySyncStatus values. */
const char *wa_sync_status(const struct sync_view *, int64_t now_ms);

#endif
