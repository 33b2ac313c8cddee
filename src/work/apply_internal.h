/* What the stages of one apply batch share. Lives as long as the batch's arena. */
#ifndef RECADO_WORK_APPLY_INTERNAL_H
#define RECADO_WORK_APPLY_INTERNAL_H

#include "base/map.h"
#include "core/amendment.h"
#include "core/lead.h"
#include "core/message.h"
#include "core/wa_rules.h"
#include "work/analysis_stale.h"
#include "work/apply.h"

#define APPLY_NONE ((size_t)-1)

struct apply_run {
	struct uuid id;
	int64_t started_at, next_started_at; /* interval; next: TIME_NONE for the current run; the
	                                        first has no beginning */
	int64_t progress;                    /* -1: none */
	struct str phase;
	int64_t phase_number, chunk_order; /* greatest pair */
	int64_t first_chunk_at, last_chunk_at, full_at, state_sync_at, declined_at, too_late_at;
	struct str declined, failure;
	int64_t imported, duplicates; /* to add */
	bool changed;
};

struct apply_connection {
	struct uuid id;
	struct str phone_number_id, waba_id, own, status, reason;
	bool live;         /* not deleted */
	int64_t status_at; /* register: TIME_NONE before any event */
	struct str status_key;
	int64_t last_webhook_at;
	bool changed, status_changed;
	FACTS_LIST(struct apply_run) runs; /* by run_no */
};

/* A history element that could not be used; counted once per run. */
struct apply_failure {
	size_t connection;
	const char *code;
	struct str digest;
	int64_t received_at;
};

/* An identity as a node; leads are components. */
struct apply_node {
	struct str kind, value;
	size_t parent;       /* union-find */
	struct uuid lead_id; /* as stored; nil: not stored yet */
};

struct apply_lead {
	struct lead row;
	bool stored, changed;
	bool origin_dirty; /* tickets' originatedFrom may have changed */
	bool times_dirty;  /* times of its conversations were worked out again */
};

struct apply_conversation {
	struct uuid id, connection_id;
	size_t lead;
	bool stored, changed, dirty, unread_dirty;
	struct uuid last_message_id;
	int64_t last_message_at, last_out_at, last_live_in_at, last_active_at, first_history_at,
		history_received_at;
	struct str last_message_key, last_out_key;
	int64_t unread_count;
	bool unread_live;
	struct uuid open_ticket;
	int64_t ticket_opened_at;
	bool ticket_incoming, ticket_new, ticket_changed, ticket_dirty;
};

struct apply_message {
	struct message row;
	struct uuid lead_id;
	size_t connection;
	size_t conversation; /* slot; APPLY_NONE for a message only loaded as a target */
	bool stored, changed;
	unsigned seen_before;
	int64_t at_before, history_received_before;
	bool outbound_before, system_before;
	const struct message *before; /* as stored, of one that an analysis may have read */
	size_t history_copies;        /* in this batch */
	bool amended;                 /* by what came in this batch, other than history */
	size_t next; /* other message with the same (connection, key), or APPLY_NONE */
};

struct apply_amendment {
	struct amendment a;
	size_t connection, node; /* node APPLY_NONE: names nobody */
	const struct fact_person *person;
	const struct apply_entry *entry; /* where it stands, when from this batch */
	size_t route;
	enum fact_origin origin;
	int64_t rank;
	struct str digest; /* of the stored or to be stored row */
	bool from_store, waits;
	struct uuid lead_id; /* of the person; nil: names nobody */
};

/* A message of ours that Meta has named. */
struct apply_naming {
	struct uuid id;
	size_t connection;
	struct str wamid, key;
	struct uuid conversation_id;
};

/* One fact message with what is known of it. */
struct apply_copy {
	const struct fact_message *fact;
	struct apply_entry *entry;
	size_t connection, node;
	bool outbound;
};

struct apply {
	struct apply_options o;
	struct apply_entry *entries;
	size_t nentries;
	struct apply_counts *counts;
	unsigned char id_seed[10];
	FACTS_LIST(struct apply_connection) connections;
	size_t **routes; /* per entry, per route: index of the connection or APPLY_NONE */
	FACTS_LIST(struct apply_node) nodes;
	struct map node_map; /* kind byte + value */
	FACTS_LIST(struct apply_lead) leads;
	struct map lead_map; /* uuid */
	size_t *node_lead;   /* per root node */
	FACTS_LIST(struct apply_conversation) conversations;
	struct map conversation_map; /* connection uuid + lead uuid */
	FACTS_LIST(struct apply_copy) copies;
	FACTS_LIST(struct apply_naming) namings;
	FACTS_LIST(struct apply_message) messages;
	struct map message_map; /* conversation uuid + key */
	struct map target_map;  /* connection uuid + key → first message */
	FACTS_LIST(struct apply_amendment) amendments;
	FACTS_LIST(struct apply_failure) failures;
	FACTS_LIST(struct uuid) merged_leads; /* survivors of merges in this batch */
	struct analysis_stale stale;          /* what apply_finish marks at the end */
};

/* Grows a FACTS_LIST in the arena and gives the new element, zeroed. */
#define APPLY_ADD(arena, list) ARENA_ADD(arena, (list)->v, (list)->n, (list)->cap)

/* A new id of ours: version 7, growing inside the batch, so that rows of one batch lie together in
 * every index. */
struct uuid apply_new_id(struct apply *);
void apply_add_problem(struct apply *, struct apply_entry *, const char *code, struct str path,
                       struct str detail, struct str wamid);
/* Whether unit i of the entry is in its slice; the last slice also does what is not sliced. */
bool apply_in_slice(const struct apply_entry *, size_t unit);
bool apply_is_last_slice(const struct apply_entry *);

/* apply.c: for whoever brings people or messages of his own. The begin of a batch without
 * connections; the rest of a batch once its people are resolved and have their evidence. */
void apply_begin(struct apply *, const struct apply_options *, struct apply_counts *, size_t units);
MUST_CHECK enum err apply_finish(struct apply *);

/* apply_people.c */
/* The node of an identity, made if it is new; kind: phone, bsuid or helpdesk. */
size_t apply_node(struct apply *, struct str kind, struct str value);
size_t
apply_person(struct apply *, const struct fact_person *, struct str own, struct str route_own);
void apply_union(struct apply *, size_t a, size_t b);
size_t apply_root(struct apply *, size_t node);
MUST_CHECK enum err apply_people_resolve(struct apply *);
struct apply_lead *apply_lead_of(struct apply *, size_t node);
void apply_lead_add(struct apply_lead *, const struct lead *evidence);
MUST_CHECK enum err apply_people_store(struct apply *);

/* apply_merge.c: the columns of a conversation, from its messages. */
MUST_CHECK enum err
apply_conversation_refold(struct apply *, struct uuid id, struct uuid connection_id,
                          struct uuid lead_id, struct uuid open_ticket);
/* The leads in `lost` become `survivor` in every table. */
MUST_CHECK enum err
apply_merge(struct apply *, struct uuid survivor, const struct uuid *lost, size_t nlost);

/* apply_messages.c */
MUST_CHECK enum err apply_messages_fold(struct apply *);
MUST_CHECK enum err apply_messages_store(struct apply *);
void apply_message_read(struct arena *, const struct db_result *, size_t row, struct message *out);
void apply_message_write(struct arena *, struct db_rows *, const struct message *);
/* Notes it for ap->stale if the two read differently to an analysis. */
void apply_message_compare(struct apply *, const struct message *before, const struct message *now);

/* apply_conversations.c */
MUST_CHECK enum err apply_conversations_load(struct apply *);
void apply_conversations_fold(struct apply *);
MUST_CHECK enum err apply_conversations_store(struct apply *);
MUST_CHECK enum err apply_leads_recompute(struct apply *);

/* apply_amendments.c */
MUST_CHECK enum err apply_amendments_rematch(struct apply *);
MUST_CHECK enum err apply_amendments_match(struct apply *);
MUST_CHECK enum err apply_amendments_store(struct apply *);

/* apply_tickets.c */
MUST_CHECK enum err apply_tickets_decide(struct apply *);
MUST_CHECK enum err apply_tickets_store(struct apply *);

/* apply_media.c: what messages hold is to be downloaded. */
MUST_CHECK enum err apply_media_store(struct apply *);

/* apply_sessions.c: the episodes, after messages were stored. */
MUST_CHECK enum err apply_sessions_store(struct apply *);
/* After the messages of `lost` were moved to `kept`: all its sessions are, and the episodes are cut
 * anew. */
MUST_CHECK enum err apply_sessions_join(struct apply *, struct uuid kept, struct uuid lost);

/* apply_sends.c: messages of ours get the key by which everybody else knows them. Before anything
 * is loaded by keys. */
void apply_sends_note(struct apply *, struct uuid id, size_t connection, struct str wamid);
MUST_CHECK enum err apply_sends_name(struct apply *);
/* What waits to be sent in `lost` waits in `kept`. */
MUST_CHECK enum err apply_sends_join(struct apply *, struct uuid kept, struct uuid lost);

/* apply_account.c: errors and account events; run_of finds the run a delivery belongs to. */
typedef struct apply_run *apply_run_of_fn(struct apply_connection *, int64_t received_at);
MUST_CHECK enum err apply_account_fold(struct apply *, apply_run_of_fn *run_of);

/* apply_events.c: what the batch changed, after all was stored. */
void apply_events(struct apply *);

/* apply_sync.c */
/* APPLY_NONE if it is not there. */
size_t apply_connection_find(const struct apply *, struct uuid id);
MUST_CHECK enum err apply_connections_load(struct apply *);
/* A message's first history copy: counted in the run in whose interval it was received (TIME_NONE:
 * had none). */
void apply_sync_message(struct apply *, size_t connection, int64_t before, int64_t after,
                        size_t duplicates);
/* Two messages with first history copies at a and b became one. */
void apply_sync_joined(struct apply *, struct uuid connection_id, int64_t a, int64_t b);
MUST_CHECK enum err apply_audit(struct apply *, const char *action, const char *subject_kind,
                                struct uuid subject, struct str detail);
MUST_CHECK enum err apply_sync_store(struct apply *);
void apply_failure_add(struct apply *, size_t connection, const char *code,
                       const unsigned char digest[SHA256_LEN], int64_t received_at);

#endif
