/* What the onboarder's files share. One thread. */
#ifndef RECADO_WORK_ONBOARDER_INTERNAL_H
#define RECADO_WORK_ONBOARDER_INTERNAL_H

#include <stdatomic.h>

#include "core/onboard.h"
#include "work/onboarder.h"

struct onboarder {
	struct onboarder_options o;
	struct db *db;
	struct arena *arena; /* of one step */
	struct onboarding *first;
	size_t n;
	int64_t look_at, away_until, forget_at;
	_Atomic bool look;
};

/* One that this process works on. Its texts are of its own arena. */
struct onboarding {
	struct graph_call call; /* first: the call is the onboarding */
	struct onboarder *ob;
	struct onboarding *next;
	struct arena *arena;
	struct uuid client_id, id, connection_id;
	struct onboard_wish wish;
	enum onboard_step step;
	struct str code, token, waba_id, wanted, actor;
	int64_t code_at;
	unsigned tries; /* of the step, with the one that is under way */
	struct onboard_number found;
	struct str after; /* the next page of numbers */
	unsigned pages;
	/* what Meta said of a step that the number is connected without */
	int64_t error_code; /* -1 */
	const char *error_reason;
	struct str error_message;
	/* What this process may still do with it, by its row. */
	int64_t held_until;
	bool to_call; /* its step's call is to leave */
	bool heard;   /* `result` is to be settled; kept until that is written */
	struct onboard_number found_before; /* on the pages before the one that is asked for */
	struct http_result result;
};

/* onboarding_store.c: rows. Each is one transaction; ERR_CONFLICT: it is another's by now. */

/* Takes one that is due; *out NULL: none is. */
MUST_CHECK enum err onboarding_claim(struct onboarder *, int64_t now_ms, struct onboarding **out);
MUST_CHECK enum err onboarding_store_called(struct onboarding *, int64_t now_ms);
/* The step is done: `to` is next. From ONBOARD_NUMBER on the connection is there. *refused: a word,
 * when the number or its account is somebody else's; then nothing was written. */
MUST_CHECK enum err onboarding_store_advance(struct onboarding *, enum onboard_step to,
                                             int64_t now_ms, const char **refused);
MUST_CHECK enum err onboarding_store_later(struct onboarding *, const struct graph_answer *,
                                           const char *reason, int64_t at, int64_t now_ms);
/* failed: why, with what Meta said (answer may be NULL); NULL: it is done. */
MUST_CHECK enum err onboarding_store_end(struct onboarding *, const char *failed,
                                         const struct graph_answer *, int64_t now_ms);
/* Contacts or history were asked for too late: the run says so. */
MUST_CHECK enum err
onboarding_store_too_late(struct onboarding *, const struct graph_answer *, int64_t now_ms);
/* History was asked for before: if it is here from an earlier run, that stays the current one. */
MUST_CHECK enum err onboarding_store_was_asked(struct onboarding *);
/* Codes and tokens of those that failed before that moment are of no use any more. */
MUST_CHECK enum err onboarding_forget(struct onboarder *, int64_t before_ms);
/* What this process holds is anybody's. */
MUST_CHECK enum err onboarding_release(struct onboarder *, int64_t now_ms);
void onboarding_free(struct onboarding *);

#endif
