/*
 * A helpdesk that lives while it is read: tickets, trackings, messages, contacts and tags from one
 * seed, and every change that can befall them. What it says on the wire is in helpdesk_answer.h;
 * what stands now is the truth to hold an import against. Source: 4-helpdesk §1–§3. Times are ms.
 * Not thread-safe. No clock: the world's time is what it was told last.
 */
#ifndef RECADO_SIM_HELPDESK_WORLD_H
#define RECADO_SIM_HELPDESK_WORLD_H

#include "base/buf.h"
#include "base/time.h"
#include "sim/world.h"

/* The three lists of the API. */
enum helpdesk_list { HELPDESK_TICKETS, HELPDESK_MESSAGES, HELPDESK_CONTACTS, HELPDESK_LISTS };

/* How a list is served. 0 of each: drawn from the seed. */
enum helpdesk_envelope {
	ENVELOPE_ANY,
	ENVELOPE_BARE, /* no room for hints */
	ENVELOPE_DATA,
	ENVELOPE_NAMED, /* tickets, messages, contacts */
	ENVELOPE_ITEMS,
	ENVELOPE_RESULTS,
	ENVELOPES
};
enum helpdesk_place { PLACE_ANY, PLACE_NOWHERE, PLACE_BODY, PLACE_META, PLACE_PAGINATION, PLACES };
enum helpdesk_order { ORDER_ANY, ORDER_NEWEST, ORDER_OLDEST, ORDER_NONE, ORDERS };
enum helpdesk_more { MORE_ANY, MORE_UNSAID, MORE_SAID };
/* Which names the hints have: 1 none, else helpdesk_current_names[n - 2] and so on. */
#define CURRENT_NAMES 3
#define TOTAL_NAMES   4
extern const char *const helpdesk_current_names[CURRENT_NAMES];
extern const char *const helpdesk_total_names[TOTAL_NAMES];
struct helpdesk_style {
	enum helpdesk_envelope envelope;
	enum helpdesk_place place;
	enum helpdesk_order order; /* tickets by updatedAt, messages by createdAt, contacts by id */
	enum helpdesk_more more;   /* hasMore */
	unsigned current, total;
	bool numbers_given, numbers_as_text;
};

/* Bad manners. Each occurs now and then (`permille`) unless its line says otherwise. */
enum helpdesk_manner {
	MANNER_LIVE,    /* one to three changes before every request */
	MANNER_TIES,    /* elements of one moment in another order at every request */
	MANNER_REPEAT,  /* the page before instead of the page */
	MANNER_PAGE,    /* `page` is ignored, for some requests on end */
	MANNER_FILTER,  /* always: filters (updatedAtFrom) are ignored */
	MANNER_LIMIT,   /* always: pages smaller than asked for, 4 to 7 */
	MANNER_429,     /* with Retry-After in seconds, as a date, or without */
	MANNER_5XX,     /* 500, 502, 503, 504 */
	MANNER_BIG,     /* always: 500 above a page size between 8 and 15 */
	MANNER_CUT,     /* the connection ends within the body */
	MANNER_GARBAGE, /* status 200, and no list in the body */
	MANNER_CLOSE,   /* the connection ends without an answer */
	MANNER_SLOW,    /* the answer, or its body after the head, takes up to slow_ms */
	MANNER_401,     /* for once */
	MANNER_DATE,    /* Date wrong, absent or no date; Age */
	MANNER_POISON,  /* some tickets' messages never come: 500, garbage or 404 */
	MANNER_SILENT,  /* messages are edited without touching the ticket's updatedAt */
	HELPDESK_MANNERS
};
extern const char *const helpdesk_manner_names[HELPDESK_MANNERS];
#define MANNER_BIT(m)        (1u << (m))
#define HELPDESK_ALL_MANNERS (MANNER_BIT(HELPDESK_MANNERS) - 1)
/* "none", "all", or names with commas; false: an unknown name. */
bool helpdesk_manners_parse(struct str text, unsigned *out);

struct helpdesk_options {
	uint64_t seed;
	uint64_t people_seed; /* 0: as seed; contact i is person i of sim/people.h */
	int64_t at;           /* when it begins to be read */
	int64_t span_ms;      /* how far back the first ticket lies */
	size_t tickets, contacts, tags;
	size_t messages; /* in sum, over all tickets */
	unsigned manners, permille;
	int64_t slow_ms;
	size_t poison;       /* tickets, with MANNER_POISON */
	double live;         /* changes a second of the clock that helpdesk_answer is told */
	unsigned per_minute; /* requests in a minute, then 429; 0: any number */
	uint64_t unauthorized_after; /* requests, then always 401; UINT64_MAX: never */
	struct str api_key;          /* absent: any */
	struct helpdesk_style styles[HELPDESK_LISTS];
	const struct world *whatsapp; /* NULL, or whose messages appear here too, by their key */
	bool drop_one; /* planted fault: one ticket is missing from the list, not from the truth */
};
/* The defaults: seed 1, 200 tickets, 150 contacts, 2,000 messages, no manners, still. */
void helpdesk_options_init(struct helpdesk_options *);

struct helpdesk_tag {
	int64_t id;
	struct str name, color;
	bool gone;
};
#define HELPDESK_MAX_TAGS 4
struct helpdesk_contact {
	int64_t id;
	size_t person;                           /* of sim/people.h; SIZE_MAX: a group */
	struct str name, number, email, picture; /* absent: null or no member */
	bool is_group, gone, had_tags;
	int64_t created_at, updated_at;
	size_t ntags, tags[HELPDESK_MAX_TAGS]; /* indexes */
	struct str json;                       /* as served; absent: to be made */
};
struct helpdesk_tracking {
	int64_t id;
	int64_t created_at, started_at, finished_at; /* TIME_NONE: null */
	unsigned user;                               /* 0: null */
	bool gone;
};
struct helpdesk_message {
	int64_t id;
	struct str key, body, media_url, media_type; /* absent: null or no member */
	bool from_me, by_ai, by_system, gone;
	int64_t created_at, updated_at;
	unsigned edits;
	struct str json;
};
/* How `ticketTrakings` looks. Not an array: unknown; its trackings do not change meanwhile. */
enum helpdesk_shows { SHOWS_ARRAY, SHOWS_NULL, SHOWS_NOTHING };
enum helpdesk_poison { POISON_NOT, POISON_500, POISON_GARBAGE, POISON_404 };
struct helpdesk_ticket {
	struct str uuid, status;
	bool is_group, gone;
	size_t contact; /* index, SIZE_MAX: none */
	int64_t created_at, updated_at;
	enum helpdesk_shows shows;
	enum helpdesk_poison poison;
	size_t ntrackings, trackings_cap;
	struct helpdesk_tracking *trackings;
	size_t nmessages, messages_cap;
	struct helpdesk_message *messages; /* in the order they came to be */
	struct str json;
	size_t *order, norder, order_cap; /* of messages, as served */
	bool ordered;
};

/* What may happen. Each is counted. */
enum helpdesk_change {
	CHANGE_TICKET_NEW,
	CHANGE_MESSAGE_NEW,  /* on an old ticket */
	CHANGE_MESSAGE_LATE, /* createdAt lies back */
	CHANGE_EDIT_LATE,    /* one of the newest ten */
	CHANGE_EDIT_EARLY,   /* one of the oldest ten */
	CHANGE_MEDIA,        /* mediaUrl is filled in */
	CHANGE_MESSAGE_GONE,
	CHANGE_TRACKING_NEW,
	CHANGE_TRACKING_WEAK, /* two, within a minute of each other */
	CHANGE_STARTED,
	CHANGE_FINISHED,
	CHANGE_REOPENED,
	CHANGE_TRACKING_GONE,
	CHANGE_TRACKING_BACK,
	CHANGE_HIDDEN, /* ticketTrakings null or absent */
	CHANGE_SHOWN,
	CHANGE_STATUS,
	CHANGE_SAME_MOMENT, /* many tickets touched at once */
	CHANGE_TICKET_GONE,
	CHANGE_CONTACT_NEW,
	CHANGE_CONTACT_EDITED,
	CHANGE_CONTACT_GONE,
	CHANGE_TAG_SET,
	CHANGE_TAG_NEW,
	CHANGE_TAG_EDITED,
	CHANGE_TAG_GONE,
	HELPDESK_CHANGES
};
const char *helpdesk_change_name(enum helpdesk_change);

#define HELPDESK_STATUSES 600
struct helpdesk_stats {
	uint64_t requests[HELPDESK_LISTS + 1];                    /* by list; last: other paths */
	uint64_t statuses[HELPDESK_LISTS + 1][HELPDESK_STATUSES]; /* 0: no answer */
	uint64_t bytes;                     /* of bodies, as they would be whole */
	uint64_t manners[HELPDESK_MANNERS]; /* how often it was seen in an answer */
	uint64_t changes[HELPDESK_CHANGES];
	uint64_t limited; /* of the 429, those by per_minute */
};

struct helpdesk {
	struct helpdesk_options options; /* styles filled in */
	struct arena *arena;
	int64_t now;
	size_t ntickets, tickets_cap;
	struct helpdesk_ticket *tickets; /* those that are gone too */
	size_t ncontacts, contacts_cap;
	struct helpdesk_contact *contacts;
	size_t ntags, tags_cap;
	struct helpdesk_tag *tags;
	size_t *ticket_order, nticket_order, ticket_order_cap; /* as served */
	size_t *contact_order, ncontact_order, contact_order_cap;
	bool tickets_ordered, contacts_ordered;
	struct map *by_uuid; /* ticket indexes */
	int64_t next_contact, next_tag, next_tracking, next_message, next_ticket;
	int id_text;          /* ids: 0 numbers, 1 text, 2 now this, now that */
	bool keys_are_wamids; /* of options.whatsapp's messages; else the ids within */
	struct dice chance, manner;
	struct helpdesk_stats stats;
	/* of helpdesk_answer */
	uint64_t salt, nrequests;
	int64_t lived_until, minute_begun;
	unsigned in_minute, page_ignored;
	size_t limit_cap, big[HELPDESK_LISTS];
};

/* Free with helpdesk_free. options.whatsapp is read in helpdesk_new only. */
struct helpdesk *helpdesk_new(const struct helpdesk_options *);
void helpdesk_free(struct helpdesk *);
/* The world's clock; never goes back. */
void helpdesk_set_clock(struct helpdesk *, int64_t now_ms);
/* n random changes, now. */
void helpdesk_live(struct helpdesk *, size_t n);
/* One change of this kind; false where nothing can be changed that way. */
bool helpdesk_do(struct helpdesk *, enum helpdesk_change);
/*
 * From now on nothing changes and the manners are good; hidden trackings are shown, which touches
 * their tickets. The limits of requests stay, and so does poison.
 */
void helpdesk_quiet(struct helpdesk *);
/* Poison ends; the tickets' updatedAt stays. */
void helpdesk_heal(struct helpdesk *);

/* Any may be NULL. */
struct helpdesk_visitor {
	void (*ticket)(void *ctx, const struct helpdesk_ticket *);
	void (*tracking)(void *ctx, const struct helpdesk_ticket *,
	                 const struct helpdesk_tracking *);
	void (*message)(void *ctx, const struct helpdesk_ticket *, const struct helpdesk_message *);
	void (*contact)(void *ctx, const struct helpdesk *, const struct helpdesk_contact *);
	void (*tag)(void *ctx, const struct helpdesk_tag *);
	void *ctx;
};
/* What stands now: tags, contacts, then each ticket followed by its trackings and messages. */
void helpdesk_truth(const struct helpdesk *, const struct helpdesk_visitor *);
/* What stood once and was deleted; of a deleted ticket everything that it had. */
void helpdesk_gone(const struct helpdesk *, const struct helpdesk_visitor *);
/*
 * The truth as lines of JSON: {"kind":"tag|contact|ticket|tracking|message", "ticket"?: uuid,
 * "poison"?: true, "element": as the API shows it}.
 */
void helpdesk_truth_lines(struct helpdesk *, struct buf *out);
/* {"requests":…, "statuses":…, "manners":…, "changes":…} */
void helpdesk_stats_json(const struct helpdesk *, struct buf *out);

/* Elements as served; kept until they change. */
struct str helpdesk_ticket_json(struct helpdesk *, size_t ticket);
struct str helpdesk_message_json(struct helpdesk *, size_t ticket, size_t message);
struct str helpdesk_contact_json(struct helpdesk *, size_t contact);

#endif
