/*
 * Sessions, messages and tags written by hand, whose analyses the queue is asked for. ENGINE says
 * on which database. Every session has a person and a conversation of its own unless it is told
 * otherwise.
 */
#ifndef RECADO_TESTS_ANALYSIS_FIXTURE_H
#define RECADO_TESTS_ANALYSIS_FIXTURE_H

#include "pg.h"
#include "scene.h"
#include "store/queries.h"
#include "testing.h"
#include "work/analysis_queue.h"

#define DESK_AT INT64_C(1768906800000) /* the clock */
#define DAY     TIME_DAY

struct desk {
	struct scene s;
	const char *url;           /* of the database */
	int64_t at;                /* what sessions end before; DESK_AT */
	struct uuid client, other; /* two clients */
	struct analysis_combo combo;
	struct analysis_choice choice; /* at least 5 messages */
	struct uuid me;                /* an owner of leases */
	int64_t made;                  /* for keys that are unlike */
	int64_t talks;                 /* desk_talk so far */
};

struct desk *desk_open(void);
/* On this database, which is empty. */
struct desk *desk_open_at(const char *url);
void desk_close(struct desk *);
struct uuid desk_id(struct desk *);

enum tag_by { TAG_NONE, TAG_BY_HAND, TAG_BY_HELPDESK };
struct planted {
	/* in; zeros: a CLOSED session of a helpdesk ticket, settled for ten days, of 10 messages */
	struct uuid client;      /* nil: the first */
	const char *class;       /* NULL: CLOSED */
	bool episode, in_ticket; /* in_ticket: an episode inside a ticket */
	bool retired, missing, group;
	enum tag_by tag;
	bool tag_vanished;                      /* at the helpdesk */
	int64_t ended_ago;                      /* 0: ten days; -1: open */
	int64_t length;                         /* 0: an hour */
	int64_t messages;                       /* message_count; 0: 10; -1: none */
	struct uuid lead, conversation, ticket; /* nil: new ones; set when planted */
	/* out */
	struct uuid id;
	int64_t start, end;
};
void desk_plant(struct desk *, struct planted *);
/* So many, the first one the newest, a day between them. */
void desk_plant_many(struct desk *, size_t n);

struct planted_message {
	struct uuid client, conversation, ticket; /* client nil: the first */
	int64_t at;
	struct uuid id;       /* out */
	const char *key;      /* dedup_key; NULL: some */
	const char *same_key; /* of a helpdesk's: the WhatsApp message that it is */
	const char *type;     /* NULL: text */
	const char *body;
	const char *sender; /* HUMAN, SYSTEM, AI */
	bool outbound;
	int64_t updated_at, revoked_at, missing_since;
};
void desk_message(struct desk *, struct planted_message *);

/* A session by desk_plant with six messages of customer and agent, the first of which begins with
 * this; NULL: nothing. */
void desk_talk(struct desk *, struct planted *, const char *begin);

/* A rubric with two topics. */
void desk_rubric(struct desk *, struct uuid client, const char *key, int64_t version);

/* SQL literals of this engine. TIME_NONE and nil: NULL. */
const char *desk_uuid(struct desk *, struct uuid);
const char *desk_time(struct desk *, int64_t ms);
/* Runs SQL made like printf. */
void desk_sql(struct desk *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t desk_number(struct desk *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The calls under test with the desk's combo, that must succeed. */
struct analysis_figures desk_figures(struct desk *, int64_t now);
int64_t desk_enqueue(struct desk *, int64_t now);
/* How many it got. */
size_t desk_claim(struct desk *, int64_t now, size_t n, struct analysis_claimed **out);
struct analysis_lease desk_lease(const struct desk *, const struct analysis_claimed *);
void desk_done(struct desk *, const struct analysis_claimed *, int64_t now);
void desk_failed(struct desk *, const struct analysis_claimed *, int64_t now, int64_t again);
struct analysis_counts desk_counts(struct desk *, int64_t now);

/* The main function: PostgreSQL is started where ENGINE asks for it. */
int desk_main(Suite *(*make_suite)(void));

#endif
