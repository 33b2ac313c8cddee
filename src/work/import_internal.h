/* What the files of the import store share: tickets (or one page of contacts) on their way into
 * rows. Lives as long as the call's arena. */
#ifndef RECADO_WORK_IMPORT_INTERNAL_H
#define RECADO_WORK_IMPORT_INTERNAL_H

#include "core/session.h"
#include "work/analysis_stale.h"
#include "work/apply_internal.h"
#include "work/import_store.h"

/* Begins a transaction that holds the client's lane; import_end gives `e`, or what the commit says.
 */
MUST_CHECK enum err import_begin(struct import_store *);
MUST_CHECK enum err import_end(struct import_store *, enum err e);
/* What is known to be JSON of ours, in one form on both engines. */
struct str import_canonical(struct arena *, struct str json);
/* A 64-bit id of the helpdesk's as text. */
struct str import_id_text(struct arena *, int64_t id);

/* import_people.c */
struct import_people {
	struct import_store *s;
	struct apply ap;
	struct apply_counts counts;
	int64_t created; /* leads that were new, already stored or not */
};
/* One person of the helpdesk, as many files as tell of him. */
struct import_person {
	const struct hd_contact *contact; /* NULL: only `node` */
	int64_t updated_at;               /* of what tells of him; TIME_NONE */
	struct str node; /* another identity (kind helpdesk) that is his; STR_NONE */
	struct str kept; /* kind:value of an identity that leads to a lead he keeps; STR_NONE */
	struct str name; /* of what has no contact; STR_NONE */
	struct str also; /* kind:value of an identity whose lead is wanted too; STR_NONE */
	size_t at;       /* out: the node */
	size_t also_at;  /* out: the node of `also`; APPLY_NONE */
};
/* Whether a contact says who he is. */
bool import_contact_usable(struct arena *, const struct hd_contact *);
/*
 * Leads for these people; afterwards v[i].at leads to a slot by apply_lead_of. People who turn out
 * to be one are joined here and now, with all that follows of it.
 */
MUST_CHECK enum err
import_people(struct import_people *, struct import_store *, struct import_person *v, size_t n);

/* One ticket of a batch. */
struct import_stored {
	bool failed;     /* it has a row in import_failures */
	int64_t done_at; /* in import_done; TIME_NONE */
	bool alone;      /* its own node is all that its lead is known by */
	bool there;      /* the rest says something */
	struct uuid id, conversation_id, lead_id;
	struct str status;
	int64_t opened_at, updated_at;
	bool is_group;
	struct str company, raw;
	bool has_trackings;
	int64_t last_message_at, missing_since;
	struct str identity;
};
/* A tracking as it is stored and as it is to be. */
struct import_tracking {
	struct tracking t;
	struct str raw;
	int64_t missing_since;
};
struct import_messages;
struct import_work {
	const struct import_ticket *in;
	struct import_counts counts;
	struct import_stored stored;
	size_t node, old_node; /* of its person, and of whom it was with (APPLY_NONE: nobody) */
	struct uuid ticket_id, conversation_id;
	bool moved;   /* from another conversation */
	bool wrote;   /* a row of its own */
	bool retimed; /* trackings or times of messages are others now */
	FACTS_LIST(struct import_tracking) trackings; /* by id */
	struct import_messages *messages;
	/* times of all messages, when they are wanted, and the keys that belong to them */
	int64_t *times;
	struct str *keys;
	size_t ntimes;
};
/* Tickets that are stored together, each once; every stage is for all of them. */
struct import_batch {
	struct import_store *s;
	struct import_people people;
	struct import_work *v;
	size_t n;
	struct analysis_stale stale; /* what makes analyses stale */
};
/* Whether its sessions are to be looked at. */
static inline bool
import_wants_sessions(const struct import_batch *b, const struct import_work *w)
{
	return !w->stored.there || w->retimed || b->s->episodes;
}

/* import_messages.c: reads what is stored of them and takes them into the batch; then writes. */
MUST_CHECK enum err import_messages_load(struct import_batch *);
MUST_CHECK enum err import_messages_store(struct import_batch *);
/* Fills times and keys of those whose sessions are looked at; after the messages were written. */
MUST_CHECK enum err import_messages_times(struct import_batch *);

/* import_trackings.c: reads what is stored of them, writes what changed. */
MUST_CHECK enum err import_trackings_store(struct import_batch *);

/* import_sessions.c: needs the times. */
MUST_CHECK enum err import_sessions_store(struct import_batch *);

#endif
