/*
 * A client with a helpdesk and a WhatsApp number, and the import store called by hand, without
 * importer and HTTP: elements are made as JSON and read by the program's own reader. Everything
 * fails the test where the database does.
 */
#ifndef RECADO_TESTS_IMPORT_FIXTURE_H
#define RECADO_TESTS_IMPORT_FIXTURE_H

#include "pg.h"
#include "scene.h"
#include "testing.h"
#include "work/import_store.h"

#define FIXTURE_AT   INT64_C(1768906800000)
#define FIXTURE_NONE TIME_NONE
/* Minutes after FIXTURE_AT. */
#define MIN(n) (FIXTURE_AT + (int64_t)(n)*TIME_MINUTE)

struct import_fixture {
	struct scene scene;
	struct db *db; /* what the store writes by */
	struct import_store store;
	struct import_counts counts; /* of the last ticket */
	uint64_t rows, statements;   /* likewise, as the connection counted them */
	int64_t wrote;               /* of the last page of contacts */
	bool whole, done;            /* what is said of the next ticket */
};
/* The engine is what ENGINE says. */
void import_fixture_open(struct import_fixture *, struct pg_server *);
void import_fixture_close(struct import_fixture *);

struct fix_tracking {
	int64_t id, created, started, finished; /* FIXTURE_NONE: null */
	const char *user;
};
struct fix_message {
	int64_t id, at, updated; /* updated 0: as `at` */
	const char *body;        /* NULL: null */
	bool from_me;
	const char *key, *media_url, *media_type; /* NULL: no member */
	bool by_ai, by_system;
};
struct fix_ticket {
	const char *uuid;   /* NULL: "t" */
	int64_t updated;    /* 0: FIXTURE_AT */
	const char *status; /* NULL: open */
	bool group;
	int64_t contact; /* 0: no contact */
	const char *number, *name;
	const struct fix_tracking *trackings;
	size_t ntrackings;
	bool hidden; /* no array of trackings */
	const struct fix_message *messages;
	size_t nmessages;
};
#define TRACKINGS(...)                                                                             \
	.trackings = (const struct fix_tracking[]){ __VA_ARGS__ },                                 \
	.ntrackings = sizeof((const struct fix_tracking[]){ __VA_ARGS__ }) /                       \
	              sizeof(struct fix_tracking)
#define MESSAGES(...)                                                                              \
	.messages = (const struct fix_message[]){ __VA_ARGS__ },                                   \
	.nmessages = sizeof((const struct fix_message[]){ __VA_ARGS__ }) /                         \
	             sizeof(struct fix_message)

/* In one transaction, as a run would. */
enum err import_fixture_try(struct import_fixture *, const struct fix_ticket *);
void import_fixture_put(struct import_fixture *, const struct fix_ticket *);
#define PUT(f, ...) import_fixture_put((f), &(const struct fix_ticket){ __VA_ARGS__ })
/* All of them in one transaction. */
void import_fixture_put_all(struct import_fixture *, const struct fix_ticket *, size_t n);
/* The ticket as it is read. */
struct hd_ticket import_fixture_ticket(const struct fix_ticket *);

/* A table that has met these; NULL: none. In test_arena. */
struct hd_seen *import_fixture_seen(const char *a, const char *b);
/* Marks, as after a walk or a sweep that met these. */
void import_fixture_walk(struct import_fixture *, const struct hd_seen *uuids);
void import_fixture_sweep(struct import_fixture *, const struct hd_seen *contacts,
                          const struct hd_seen *tags);
/* A page of contacts, as JSON. */
void import_fixture_contacts(struct import_fixture *, const char *json);
/* Applies a webhook body that was received at `at`. */
void import_fixture_webhook(struct import_fixture *, struct str body, int64_t at);
/* A live message of this person to the client's number. */
struct str import_fixture_live(const char *number, const char *key_id, int64_t at);
/* The `order`-th chunk of history: one message of this person. */
struct str import_fixture_history(const char *number, const char *key_id, int order, int64_t at);

/* Lines of the first column, sorted, joined by "\n"; the text may say ms(time), num(boolean) and
 * hex(uuid) for either engine. In test_arena. */
struct str import_fixture_lines(struct import_fixture *, const char *sql);
int64_t import_fixture_number(struct import_fixture *, const char *sql);
/* All that is stored, by content; our ids do not matter. */
struct str import_fixture_digest(struct import_fixture *);

/* "CLOSED 0-10 [1] 2 messages" of ticket t, minutes, by start; retired ones after a "-". */
struct str import_fixture_sessions(struct import_fixture *, const char *uuid);

#endif
