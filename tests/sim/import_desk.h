/*
 * A helpdesk that a test writes by hand, element by element, read by importers of an import scene:
 * for what the simulated one never says. Everything fails the test where the database does.
 */
#ifndef RECADO_TESTS_IMPORT_DESK_H
#define RECADO_TESTS_IMPORT_DESK_H

#include "import_scene.h"
#include "pg.h"
#include "testing.h"
#include "work/importer_internal.h"

/* ISO time, so many minutes after the story begins. In test_arena. */
const char *desk_time(int64_t minutes);

struct desk_ticket {
	const char *uuid;             /* its messages are asked for by it */
	const char *json;             /* the element as it is listed */
	const char *messages;         /* the page of its messages; NULL: none */
	struct http_fake_reply reply; /* in place of them, if it says something */
	bool hidden;                  /* not listed */
	size_t pad;                   /* bytes of a member that nobody reads */
	size_t asked;                 /* pages of its messages */
};

struct desk {
	struct import_scene scene;
	struct desk_ticket *tickets; /* in the order of the list */
	size_t n, cap;
	const char **contacts; /* elements */
	size_t ncontacts;
	const char *tickets_body, *contacts_body; /* the whole list instead; NULL: made of those */
	size_t page_size;                         /* whatever is asked for */
	struct http_fake_reply reply;             /* in place of any list, if it says something */
	size_t lists;                             /* pages of lists that were asked for */
	/* Before each answer; may change all of this. NULL: nothing happens. */
	void (*meanwhile)(struct desk *, struct str path);
};
/* With one importer at work, on a database of its own. */
struct desk *desk_open(void);
void desk_close(struct desk *);
/* Another story on the same database. What was added is gone. */
void desk_reset(struct desk *);
/* The main function of a program with desks: ENGINE says on which engine. */
int desk_main(Suite *(*make_suite)(void));

/* The element is `json`, or if that is NULL a good one that was updated then. */
struct desk_ticket *
desk_add(struct desk *, const char *uuid, const char *json, int64_t updated_minutes);
/* Asks for a job, or for more of the one that is under way. */
struct uuid desk_ask(struct desk *, enum job_kind, bool full);
/* Steps until the job has ended; its status, and in *error what it says (both in test_arena). */
struct str desk_run(struct desk *, struct uuid job, struct str *error);
/* Both, for a job that must end so. */
void desk_import(struct desk *, bool full, const char *status);
/* The job that the first importer works on; it must be the only one. */
struct import_job *desk_job(struct desk *);

/* All lines of the first column, each with a ";" after it. */
struct str desk_lines(struct desk *, const char *sql);
/* The first column; the text may say ms(time), hex(uuid) and num(boolean). */
int64_t desk_number(struct desk *, const char *sql);
struct str desk_text(struct desk *, const char *sql);

#endif
