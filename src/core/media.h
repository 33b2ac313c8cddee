/*
 * What is decided about media without touching a byte of them: which digest was told, when to ask
 * again, what is never asked again, and how a browser may be given what came. Pure. Source:
 * 3-whatsapp §7; the wire reference §9 "Media".
 */
#ifndef RECADO_CORE_MEDIA_H
#define RECADO_CORE_MEDIA_H

#include "base/digest.h"
#include "core/graph.h"

#define MEDIA_LIFE_MS    (7 * INT64_C(86400000)) /* of an id that came by webhook */
#define MEDIA_MOST_BYTES ((int64_t)100 << 20)    /* Meta's own limit for what comes in */
#define MEDIA_MOST_WRONG 3 /* so often bytes may come that are not those that were told */

/* Why a medium is not there, or not yet; all words, ours and those of graph.h that can come up
 * here. Ends with NULL. */
extern const char *const media_reasons[];
/* Words of ours. */
#define MEDIA_NO_TOKEN    "no_access_token"
#define MEDIA_DISK_FULL   "disk_full"
#define MEDIA_DISK_BUDGET "disk_budget"
#define MEDIA_DISK_ERROR  "disk_error"
#define MEDIA_MISMATCH    "digest_mismatch"
#define MEDIA_TOO_LARGE   "too_large"
#define MEDIA_EXPIRED     "expired"
#define MEDIA_NOT_FOUND   "not_found"
#define MEDIA_REVOKED     "revoked"

/* A message of this type may have a medium. */
bool media_is_type(struct str type);
/* A digest as Meta tells it: 64 hex digits, or base64 of 32 bytes. False: it is neither. */
bool media_read_digest(struct arena *, struct str told, unsigned char out[SHA256_LEN]);

/* What follows from an answer, when there is no medium yet. */
enum media_do {
	MEDIA_AGAIN,     /* at next_try_at */
	MEDIA_GIVE_UP,   /* it will never come */
	MEDIA_RECONNECT, /* the connection's token is refused: nothing of it is asked for a while */
	MEDIA_HOLD       /* the account may not: likewise */
};
struct media_verdict {
	enum media_do act;
	const char *reason; /* of media_reasons */
	int64_t next_try_at;
};
/* Of the question for the address. status: HTTP's, 0 without an answer; tries: with this one;
 * not of GRAPH_TAKE. */
struct media_verdict media_judge(const struct graph_answer *, int status, unsigned tries,
                                 int64_t now_ms, int64_t retry_after_ms, uint64_t chance);
/* Growing from seconds to hours, less up to a quarter by chance; what the server asks for goes
 * before. */
int64_t media_next_try_at(unsigned tries, int64_t now_ms, int64_t retry_after_ms, uint64_t chance);

/* How it is handed to a browser. */
struct media_form {
	struct str content_type;
	bool shown; /* in the page; else it is a file to be saved */
};
/* told: the type that Meta named; may be absent. What a browser could run, and what is not known,
 * is a file of no type. */
struct media_form media_form_of(struct arena *, struct str told);
/* Content-Disposition (RFC 6266). filename may be absent, or hold anything. */
struct str media_disposition(struct arena *, bool shown, struct str filename);

#endif
