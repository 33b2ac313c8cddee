/*
 * The helpdesk's facts into rows: tickets, each whole, in one transaction, one page of contacts in
 * one transaction. What is the same is not written, down to updated_at. The statements for a batch
 * of tickets are a constant number. Everything that writes runs in the client's lane. On an error
 * nothing was written and nothing counted. Source: 4-helpdesk §2, §3.
 *
 * Whose a ticket is: a group's, and one that names nobody, has a lead of its own (identity helpdesk
 * ticket:<uuid>). One that named nobody and does now is joined with whom it names; one that names
 * somebody else now moves to him; one that names nobody any more stays where it is.
 */
#ifndef RECADO_WORK_IMPORT_STORE_H
#define RECADO_WORK_IMPORT_STORE_H

#include "core/hd_decode.h"
#include "core/hd_seen.h"
#include "store/db.h"
#include "sys/rand.h"

struct import_store {
	struct db *db;       /* a writing connection (db_open_batch) outside a transaction */
	struct arena *arena; /* of one call: the caller resets it */
	const struct randomness *rand;
	struct uuid client_id;
	struct uuid connection_id; /* the client's helpdesk connection */
	bool episodes;             /* cut OPEN_WEAK stretches into episodes */
	int64_t now_ms;
};

struct import_counts {
	int64_t tickets_new, tickets_changed, tickets_same;
	int64_t messages_new, messages_changed, messages_same;
	int64_t leads_new, sessions_changed;
	int64_t rows_changed; /* of a contact sync: leads, contacts and tags together */
};

void import_counts_add(struct import_counts *, const struct import_counts *more);

/* What is stored of a listed ticket. */
struct import_known {
	bool known;
	struct uuid ticket_id;
	int64_t updated_at;              /* as last imported */
	int64_t last_message_created_at; /* TIME_NONE: no message yet */
	bool done; /* in import_done at the very updatedAt that is listed now */
};
/* out[i] belongs to v[i]; one query. */
MUST_CHECK enum err import_store_known(struct import_store *, const struct hd_ticket *v, size_t n,
                                       struct import_known *out);
/* stored[i]: v[i] is stored in that ticket with the same updatedAt, and not marked as missing; one
 * query. */
MUST_CHECK enum err import_store_stored(struct import_store *, struct uuid ticket_id,
                                        const struct hd_message *v, size_t n, bool *stored);
/*
 * One ticket with the messages that were read. messages: any order, the same one twice is folded
 * (the greatest updatedAt, then bytes), and one older than what is stored says nothing. whole: the
 * walk of its messages went to the end, so that stored ones that are not among them are gone
 * (missing_since). done: remember it in import_done (the caller decides; only written when
 * something else is, or always_done).
 */
struct import_ticket {
	const struct hd_ticket *ticket;
	const struct hd_message *messages;
	size_t nmessages;
	bool whole;
	bool done, always_done;
};
/* Tickets of one call whose conversations are told of (work/event.h) one by one; of more only that
 * there were many. */
#define IMPORT_TOLD_MOST 8
/* All of them or nothing; no uuid twice. When a batch fails its caller stores them one by one, so
 * that one ticket's trouble is its own. */
MUST_CHECK enum err import_store_tickets(struct import_store *, const struct import_ticket *,
                                         size_t n, struct import_counts *);

/* One page of contacts. They are people like any other (3-whatsapp §2); the helpdesk's tags of a
 * lead are replaced by these, or by the union where several contacts are one lead. A group is kept
 * without a lead. *wrote: rows that changed. */
MUST_CHECK enum err
import_store_contacts(struct import_store *, const struct hd_person *v, size_t n, int64_t *wrote);
/* How far marks over all of a client's rows have come. Zeroed at their beginning. */
struct import_mark {
	char after[HD_MAX_ID + 1]; /* the external id that was looked at last */
	bool done;
};
#define IMPORT_MARK_PAGE 5000 /* rows that are looked at in one call, in one transaction */
/* The row of that id was the last of a page; absent: the page was empty. ERR_CORRUPT: no reader of
 * ours has taken such an id. */
MUST_CHECK enum err import_mark_move(struct import_mark *, struct str last);
/* After a walk of all tickets to the end, until it is done: those whose uuids were not seen are
 * marked missing, returned ones unmarked. */
MUST_CHECK enum err
import_mark_tickets(struct import_store *, const struct hd_seen *uuids, struct import_mark *);
/* After a sweep that saw every contact, likewise; the ids are decimal. */
MUST_CHECK enum err
import_mark_contacts(struct import_store *, const struct hd_seen *ids, struct import_mark *);
/* The helpdesk's tags likewise. They are few: all in one call. */
MUST_CHECK enum err import_mark_tags(struct import_store *, const struct hd_seen *ids);

/* A ticket that could not be imported: noted, or one more attempt. import_store_tickets of
 * it removes its failure. */
MUST_CHECK enum err import_store_failed(struct import_store *, const struct hd_ticket *,
                                        const char *reason, struct str detail);

#endif
