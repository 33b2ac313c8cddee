/*
 * Facts: what outside bytes say, before anything stored is looked at. Decoding makes them, applying
 * folds them into rows. A fact borrows its text from the arena it was decoded in. Every fact names
 * its route, the inlet it came by. Times are ms; TIME_NONE where absent or not a number. `at_raw`
 * keeps what was written even if it is out of bounds.
 */
#ifndef RECADO_CORE_FACTS_H
#define RECADO_CORE_FACTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/uuid.h"

/* Where a change was addressed. At least one of phone_number_id and waba_id is set. */
struct fact_route {
	struct str phone_number_id;
	struct str waba_id;        /* entry.id */
	struct str display_number; /* digits of metadata.display_phone_number */
};

/* Identities of one person as they stood together; any may be absent. All that are present are one
 * person: an edge. */
struct fact_person {
	struct str wa_id;     /* digits */
	struct str user_id;   /* BSUID */
	struct str parent_id; /* stored, never an edge */
	struct str username;  /* without '@' */
};

enum fact_origin {
	ORIGIN_HISTORY,
	ORIGIN_APP_ECHO,
	ORIGIN_API,
	ORIGIN_LIVE
}; /* ascending strength; bit = 1 << origin in `seen` */
enum content_rank { CONTENT_STUB, CONTENT_PLACEHOLDER, CONTENT_REAL }; /* ascending */

struct fact_message {
	size_t route;
	enum fact_origin origin;
	bool content_only; /* late history media: type, media, caption only (§2 Facts that refer) */
	struct str wamid;
	struct str dedup_key;
	struct str at_raw; /* as written */
	int64_t at;
	bool from_me_set, from_me;
	struct fact_person thread; /* history: the thread's id and context; else all absent */
	struct fact_person from, to;
	struct fact_person contact; /* the only contacts[] element of the value, used when neither
	                               side names the customer */
	struct str type;            /* as written; "unsupported" etc. kept; "" never */
	enum content_rank content;
	struct str body;      /* readable text or STR_NONE */
	struct str raw;       /* canonical JSON of the type's own object; STR_NONE for plain text */
	struct str reply_key; /* dedup key of context.id */
	struct str reply_wamid;
	struct str history_status; /* upper-cased; STR_NONE if none */
	struct str bytes;          /* canonical JSON of the whole element: ties end here */
	struct str referral;       /* JSON or STR_NONE */
	bool forwarded;
	bool system; /* type "system" */
	/* ORIGIN_API: the row's id. Without a wamid it stands under send_key() until Meta names
	 * it. */
	struct uuid own_id;
};

enum amendment_kind { AMEND_STATUS, AMEND_EDIT, AMEND_REVOKE, AMEND_REACTION };
/* Statuses ascending; the order in which a row's status only ever rises. */
enum wa_status { WA_NO_STATUS, WA_PENDING, WA_SENT, WA_FAILED, WA_DELIVERED, WA_READ, WA_PLAYED };

struct fact_amendment {
	size_t route;
	enum amendment_kind kind;
	enum fact_origin origin; /* echo, live or history; api: what we know of a send */
	struct str target_key, target_wamid;
	struct str own_wamid; /* of the edit, revoke or reaction itself */
	struct str at_raw;
	int64_t at;
	bool from_me_set, from_me;
	struct fact_person thread, from, to; /* for a status: `to` is the recipient */
	struct fact_person contact;
	struct fact_person
		wamid_remote; /* the remote named in the target's id (may be the business itself) */
	/* status */
	enum wa_status status;
	struct str status_text;
	struct str error; /* JSON {code, title, message, details} of the first error, canonical;
	                     STR_NONE */
	int64_t error_code;
	struct str callback_data;
	/* edit */
	struct str type, body, raw;
	enum content_rank content;
	/* reaction: empty = removed */
	struct str emoji;
	struct str bytes; /* canonical JSON of the element */
};

/* smb_app_state_sync */
struct fact_contact {
	size_t route;
	struct fact_person person;
	bool remove;
	struct str name; /* full_name, else first_name; STR_NONE or empty: no name */
	struct str at_raw;
	int64_t at; /* TIME_NONE for "0", absent or garbage */
	struct str bytes;
};

/* Identities that stood together, and names seen with them (contacts[], number changes, input ↔
 * wa_id). */
struct fact_link {
	size_t route;
	struct fact_person a;
	struct fact_person b; /* all absent unless two people records are one person (number change:
	                         a old, b new) */
	bool number_change;
	struct str profile_name; /* of a */
	int64_t at; /* greatest time of the value's elements, good or not; TIME_NONE: use the
	             * receive time */
};

struct fact_chunk {
	size_t route;
	struct str phase;     /* as text; digits normalised without leading zeros */
	int64_t phase_number; /* -1 if not a number */
	int64_t chunk_order;  /* -1 if absent */
	int64_t progress;     /* 0…100, -1 if absent or out of bounds */
	size_t messages, threads;
	size_t problems;                  /* elements in it that cannot be used */
	unsigned char digest[SHA256_LEN]; /* SHA-256 of the canonical `history` element */
};

/* errors in history (2593109 …) and value-level errors */
struct fact_error {
	size_t route;
	bool in_history;
	int64_t code;
	struct str title, details;
	struct str bytes;
};

struct fact_account {
	size_t route;
	struct str field; /* account_update, phone_number_quality_update, … */
	struct str event;
	struct str reason;       /* disconnection_info.reason, violation or ban state … */
	struct str phone_number; /* digits, if the event names a number */
	int64_t at;              /* entry.time in ms; TIME_NONE: use the receive time */
	struct str raw;          /* the value, canonical */
};

/* An element that cannot be used; recorded, never retried. */
struct fact_problem {
	size_t route;
	const char *code;  /* stable: bad_element, missing_id, no_person, group_not_supported,
	                      out_of_bounds, … */
	struct str path;   /* entry[0].changes[2].value.messages[5] */
	struct str detail; /* never message text */
	struct str wamid;  /* if it has one */
	unsigned char digest[SHA256_LEN]; /* of the canonical element */
	bool in_history;
};

/* Which kinds of change an entry holds, as bits. */
enum fact_field {
	FIELD_MESSAGES = 1,
	FIELD_HISTORY = 2,
	FIELD_ECHOES = 4,
	FIELD_STATE_SYNC = 8,
	FIELD_ACCOUNT = 16,
	FIELD_OTHER = 32
};
#define FIELD_OWN 64u /* what was done here, and is no webhook */

#define FACTS_LIST(type)                                                                           \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

struct facts {
	FACTS_LIST(struct fact_route) routes; /* one per change, in order */
	FACTS_LIST(struct fact_message) messages;
	FACTS_LIST(struct fact_amendment) amendments;
	FACTS_LIST(struct fact_contact) contacts;
	FACTS_LIST(struct fact_link) links;
	FACTS_LIST(struct fact_chunk) chunks;
	FACTS_LIST(struct fact_error) errors;
	FACTS_LIST(struct fact_account) accounts;
	FACTS_LIST(struct fact_problem) problems;
	unsigned fields; /* enum fact_field bits */
	/* per route: which fields that change had */
	unsigned *route_fields;
};

#endif
