/*
 * One page of a helpdesk's list → plain structs, whatever of the three envelopes it came in. Pure:
 * no I/O, no clock. A page is read or it is garbage; an element that cannot be used is a problem of
 * that element alone. Text lives in the arena. Source: 4-helpdesk §1.
 */
#ifndef RECADO_CORE_HD_DECODE_H
#define RECADO_CORE_HD_DECODE_H

#include <stdint.h>

#include "base/json.h"
#include "base/time.h"
#include "core/session.h"

/* Which of the source's lists a page is of. */
enum hd_list { HD_TICKETS, HD_MESSAGES, HD_CONTACTS };

#define HD_NO_ID INT64_MIN /* a number that is absent or cannot be one */
#define HD_NO_N  (-1)      /* a hint that was not given */

/* Bounds. Longer ids are a problem; longer names and bodies are cut at a character; longer
 * addresses are left out, since half of one leads nowhere. */
#define HD_MAX_ID   128
#define HD_MAX_NAME 1024
#define HD_MAX_URL  4096
#define HD_MAX_BODY (256 * 1024)

/* What the page says about the list; each is looked for in the body, then `meta`, then
 * `pagination`. */
struct hd_hints {
	int more;      /* 1, 0, or HD_NO_N */
	int64_t page;  /* which this is, from 1 (or 0, there are such); HD_NO_N */
	int64_t pages; /* how many there are; HD_NO_N, also where it says 0 or less */
};

struct hd_contact {
	int64_t id; /* HD_NO_ID in a ticket whose contact has none that can be read */
	struct str name, number, email, picture_url;
};

struct hd_tracking {
	struct tracking t; /* `missing` is false; a time that cannot be read is TIME_NONE */
	int64_t user_id;
	struct str raw;
};

/* raw: the element's canonical JSON (base/json.h), the same before and after a database kept it. */
struct hd_ticket {
	size_t index; /* in the page's array */
	struct str uuid;
	int64_t created_at; /* TIME_NONE if it cannot be read */
	int64_t updated_at; /* never TIME_NONE */
	struct str status;  /* as written; STR_NONE if absent */
	bool is_group;
	int64_t company_id;
	bool has_contact; /* an object with an id or a number */
	struct hd_contact contact;
	bool trackings_known; /* false: absent or no array, which says nothing (R0) */
	bool trackings_whole; /* false: some of the array could not be read (they are among the
	                         page's problems), so that it cannot say that one is gone */
	struct hd_tracking *trackings; /* in the order of the payload, those that have an id */
	size_t ntrackings;
	struct str raw;
};

struct hd_message {
	size_t index;
	int64_t id;
	struct str key; /* WhatsApp's id of it; STR_NONE */
	struct str body;
	struct str media_url, media_type;
	bool from_me, by_ai, by_system;
	int64_t ticket_id;
	int64_t created_at; /* never TIME_NONE */
	int64_t updated_at; /* created_at where absent */
	struct str raw;
};

struct hd_tag {
	int64_t id, company_id;
	struct str name, color;
};

/* An element of the list of contacts. */
struct hd_person {
	size_t index;
	struct hd_contact contact; /* its id is never HD_NO_ID */
	int64_t company_id;
	struct str social_connection_id;
	bool is_group;
	int64_t created_at, updated_at; /* TIME_NONE if absent */
	bool tags_known;                /* false: absent or no array; what is stored stays */
	bool tags_whole; /* false: some could not be read (they are among the problems) */
	struct hd_tag *tags;
	size_t ntags;
	struct str raw;
};

/* An element, or a part of one, that cannot be used. */
struct hd_problem {
	size_t index;     /* of the element in the page's array */
	bool whole;       /* the element is lost; false: only the part at `path` */
	const char *code; /* stable: bad_element missing_id bad_id missing_time bad_direction */
	struct str path;  /* [3].ticketTrakings[0] */
	struct str raw;   /* canonical JSON of what cannot be used; may hold a customer's words */
};

struct hd_page {
	struct hd_hints hints;
	size_t n; /* elements in the array, usable or not */
	/* Of each of the n: what it is known by in a walk. Its uuid, or its id in decimal digits;
	 * where it has neither, `named` is false and the key is its raw text. */
	struct hd_key {
		struct str text;
		bool named;
	} * keys;
	/* Of each of the n: updatedAt of a ticket or contact, createdAt of a message; TIME_NONE
	 * for what cannot be used. */
	int64_t *times;
	/* the list that was asked for */
	struct hd_ticket *tickets;
	struct hd_message *messages;
	struct hd_person *people;
	size_t ntickets, nmessages, npeople;
	struct hd_problem *problems;
	size_t nproblems;
};

/*
 * The array is the body itself, else the first array among its members data, tickets, messages,
 * contacts, items, results. ERR_INVALID: garbage, not JSON or without such an array (the caller
 * counts it as a connection error); ERR_TOO_LARGE: the arena's cap.
 */
MUST_CHECK enum err hd_decode(struct arena *, enum hd_list, struct str body, struct hd_page *out);

/* What is wrong, for people, with the member and without what stands in it: "updatedAt is missing
 * or no time", "ticketTrakings[1].id is missing". */
struct str hd_problem_text(struct arena *, enum hd_list, const struct hd_problem *);

/* ISO time of a member, to ms: date and time with 'T' or a space, seconds and fraction optional;
 * without an offset it is UTC. TIME_NONE for anything else and outside the years 1 to 9999. */
int64_t hd_decode_time(const cJSON *);

#endif
