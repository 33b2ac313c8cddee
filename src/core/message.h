/*
 * A message row as a fold over its copies. Every member is a join (max, min, union, greatest by a
 * total order), so copies and amendments may come in any order, any number of times: message_join()
 * is associative, commutative and idempotent. Source of the rules: 3-whatsapp §2 "Identity of a
 * message" and "Facts that refer to another message".
 */
#ifndef RECADO_CORE_MESSAGE_H
#define RECADO_CORE_MESSAGE_H

#include "base/uuid.h"
#include "core/facts.h"
#include "core/moment.h"

/* `seen` bits: 1 << enum fact_origin, and: */
#define SEEN_HISTORY (1u << ORIGIN_HISTORY)
#define SEEN_ECHO    (1u << ORIGIN_APP_ECHO)
#define SEEN_API     (1u << ORIGIN_API)
#define SEEN_LIVE    (1u << ORIGIN_LIVE)
/* A live copy said: inbound, and not a system message. Tickets, windows and unread follow this bit.
 */
#define SEEN_LIVE_IN 16u
#define SEEN_ACTIVE  (SEEN_ECHO | SEEN_API | SEEN_LIVE)

struct message {
	struct uuid id, connection_id, conversation_id;
	struct str key;
	unsigned seen;
	/* best copy for content */
	struct str content_key; /* order: content rank, origin, smaller time, digest */
	struct str type, body, content;
	/* best copy for place: a full copy before a content-only one, then the same order */
	struct str place_key; /* first byte: 1 full, 0 content-only; then as content_key; last byte:
	                         outbound */
	int64_t place_at;     /* as written; TIME_NONE */
	bool outbound;
	struct str reply_key, reply_wamid, extra;
	int64_t received_at;         /* least */
	int64_t history_received_at; /* least of history copies */
	int status_rank;             /* greatest enum wa_status */
	struct str history_status;
	struct str wamid;  /* of the strongest source */
	struct str wamids; /* JSON ["<origin>:<wamid>", …] sorted; STR_NONE while there is one */
	struct str edits;  /* JSON [{at, rank, received, key, type, body, content}] ascending by
	                      (rank, key); STR_NONE */
	struct str reactions; /* JSON {"lead":{at,rank,received,emoji},"business":…}; STR_NONE */
	int64_t revoked_at;   /* least */
	struct str error;     /* JSON {at, rank, received, code, title, details}; newest by (rank,
	                         bytes) */
	int64_t confirmed_at; /* least */
	/* not folds over copies: kept by whoever applies */
	bool unread;
	struct uuid entry_ticket;
};

/* What follows from the folds. */
struct message_view {
	int64_t at;
	bool bad_time;
	const char *direction, *source, *status;
	struct str type, body, content; /* the newest edit's, if any */
	struct str original;            /* JSON {type, body, content} when there are edits */
	int64_t edited_at;
};

/* One copy as a row. `outbound` as the direction rule says. ids and person are the caller's. */
void message_from_fact(struct arena *, const struct fact_message *, bool outbound,
                       int64_t received_at, struct message *out);
/* into := into ∨ from; true if anything changed. Members that are not folds are left alone. */
bool message_join(struct arena *, struct message *into, const struct message *from);
/* The place key of a full copy that has this content key. */
struct str message_full_place_key(struct arena *, struct str content_key, bool outbound);
void message_derive(struct arena *, const struct message *, struct message_view *out);

/* Effective time alone (no allocation). */
int64_t message_at(const struct message *);
/* Order of messages in a conversation. */
int message_cmp_place(int64_t a_at, struct str a_key, int64_t b_at, struct str b_key);

const char *message_source(unsigned seen);
/* Parts that message_join and amendments share: union/greatest over their JSON forms. true if *into
 * changed. */
bool message_join_edits(struct arena *, struct str *into, struct str from);
bool message_join_reactions(struct arena *, struct str *into, struct str from);
bool message_join_error(struct arena *, struct str *into, struct str from);

#endif
