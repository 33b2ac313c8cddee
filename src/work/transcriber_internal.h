/* What the transcriber's files share. One thread. */
#ifndef RECADO_WORK_TRANSCRIBER_INTERNAL_H
#define RECADO_WORK_TRANSCRIBER_INTERNAL_H

#include "base/digest.h"
#include "work/transcriber.h"

struct transcriber {
	struct transcriber_options o;
	struct db *db;
	struct arena *arena; /* of one step */
	struct hearing *first;
	size_t n;
	int64_t look_at, away_until, held_until; /* held: by the server, for all */
};

/* One audio that is being written down. */
struct hearing {
	struct graph_call call; /* first: the call is the hearing */
	struct transcriber *t;
	struct hearing *next;
	struct uuid client_id;
	unsigned char digest[SHA256_LEN];
	char *mime;          /* malloc */
	unsigned tries;      /* with this one */
	int64_t until;       /* held so long */
	const char *refused; /* why it was not asked for at all */
	bool heard;
	struct http_result result;
};

/* transcriber_store.c: rows. Each is one transaction; ERR_CONFLICT: it is another's by now. */

/* *out NULL: none is due. */
MUST_CHECK enum err transcript_claim(struct transcriber *, int64_t now_ms, struct hearing **out);
/* `found` with TRANSCRIPT_TAKE. */
MUST_CHECK enum err transcript_settle(struct hearing *, const struct transcript_verdict *,
                                      const struct transcript *found, int64_t now_ms);
/* Is there a message that still has the file? */
MUST_CHECK enum err transcript_wanted(struct hearing *, bool *wanted);
/* Who has a file whose words were there before is told. *told: there may be others. */
MUST_CHECK enum err transcript_tell(struct transcriber *, int64_t now_ms, bool *told);
MUST_CHECK enum err transcript_release(struct transcriber *, int64_t now_ms);
void hearing_free(struct hearing *);

#endif
