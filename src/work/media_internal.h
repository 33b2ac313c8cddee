/* What the files of the media fetcher share. One thread. */
#ifndef RECADO_WORK_MEDIA_INTERNAL_H
#define RECADO_WORK_MEDIA_INTERNAL_H

#include "core/media.h"
#include "work/media_disk.h"
#include "work/media_fetcher.h"

struct media_fetcher {
	struct media_fetcher_options o;
	struct db *db;
	struct arena *arena; /* of one step */
	struct media_disk disk;
	struct medium *first;
	size_t n, n_history;
	int64_t look_at, away_until, tidy_at, hold_at;
	/* There was no room: why (a word of core/media.h), and until when nothing is tried; then
	 * one at a time until something was written. NULL: there is. */
	const char *no_room;
	int64_t no_room_until;
	unsigned failures; /* calls that failed for a reason that passes, since one did not */
	int64_t failing_until;
	int64_t used; /* bytes of all files, when last asked */
};

enum medium_phase {
	MEDIUM_ASK,    /* the address is to be asked for */
	MEDIUM_FETCH,  /* the bytes are */
	MEDIUM_SETTLE, /* what became of it is to be written; kept while the database is away */
};
enum medium_end { MEDIUM_READY, MEDIUM_NEVER, MEDIUM_LATER };

/* One that this process holds. Its texts are of its own arena. */
struct medium {
	struct graph_call call; /* first: the call is the medium */
	struct media_fetcher *mf;
	struct medium *next;
	struct arena *arena;
	struct uuid client_id, id, connection_id, conversation_id;
	struct str meta_id, mime, token, reason_before;
	bool history, told, token_failed; /* told: `expected` is what the message said */
	unsigned char expected[SHA256_LEN];
	int64_t received_at, same_bytes; /* same_bytes: of a file that the client has already; -1 */
	unsigned tries, wrong, addresses; /* addresses: how many were asked for in this hold */
	enum medium_phase phase;
	bool heard; /* `result` is to be looked at */
	struct http_result result;
	struct str url;
	int64_t size;         /* as the answer told; -1 */
	bool answered, taken; /* answered: `digest_told` is what the answer said; taken: Meta took
	                         the token */
	unsigned char digest_told[SHA256_LEN];
	struct media_file file;
	bool over_budget;
	/* the end */
	enum medium_end end;
	const char *reason;
	unsigned char digest[SHA256_LEN]; /* of one that is ready */
	int64_t bytes, at;                /* at: when it is to be tried again */
	bool linked;
	int64_t pause_until; /* the connection's; TIME_NONE: none */
	bool refused;        /* the token was, as `answer` says */
	struct graph_answer answer;
};

/* media_end.c: what became of it, to be settled. Each drops the file that was being written. */

void medium_end(struct medium *, enum medium_end, const char *reason);
void medium_end_later(struct medium *, const char *reason, int64_t at);
void medium_end_ready(struct medium *, const unsigned char digest[SHA256_LEN], int64_t bytes,
                      bool linked);
/* Not the medium's fault: nothing is counted against it, and nothing else is begun for a while. */
void medium_end_no_room(struct medium *, const char *reason, int64_t now_ms);
void medium_end_disk(struct medium *, enum err, int64_t now_ms);
void medium_end_mismatch(struct medium *, int64_t now_ms);
/* An answer without the medium, judged by what Meta says. */
void medium_end_judged(struct medium *, struct graph_answer *, int64_t now_ms);

/* media_store.c: rows. Each is one transaction; ERR_CONFLICT: it is another's by now. */

/* *out: one that is due, held from now on; NULL: there is none, or another was faster (*none:
 * there is none). */
MUST_CHECK enum err
media_claim(struct media_fetcher *, bool history, int64_t now_ms, struct medium **out, bool *none);
/* The client has a file of this digest already: its length; -1. */
MUST_CHECK enum err media_same(struct media_fetcher *, struct uuid client_id,
                               const unsigned char digest[SHA256_LEN], int64_t *bytes);
/* The end of one, as its members say. */
MUST_CHECK enum err media_settle(struct medium *, int64_t now_ms);
/* Nobody holds it any more, and it is tried again then. */
MUST_CHECK enum err media_drop(struct medium *, int64_t at);
/* Those that are held stay so for MEDIA_LEASE_MS. */
MUST_CHECK enum err media_hold(struct media_fetcher *, int64_t now_ms);
/* Some of those whose time is over; *more: there may be others. */
MUST_CHECK enum err media_expire(struct media_fetcher *, int64_t now_ms, bool *more);
/* Gauges, and what is used of the disk. */
MUST_CHECK enum err media_count(struct media_fetcher *);
/* What this process holds is anybody's. */
MUST_CHECK enum err media_release(struct media_fetcher *, int64_t now_ms);
void medium_free(struct medium *);

#define MEDIA_LEASE_MS (60 * INT64_C(1000))

#endif
