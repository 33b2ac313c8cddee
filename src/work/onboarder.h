/*
 * Connects numbers: works onboardings off step by step against Meta's Graph API. A worker as steps
 * (sys/threads.h): each step is written down before its call leaves and after its answer came, so
 * that whoever goes on after a kill repeats only what Meta does once. Source: 3-whatsapp §5.
 */
#ifndef RECADO_WORK_ONBOARDER_H
#define RECADO_WORK_ONBOARDER_H

#include "base/secretbox.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/graph_calls.h"

#define ONBOARDER_MOST 16 /* worked on at once */

/* A wish, as the API writes it down. Inside a transaction of the caller. */
struct onboarding_wish {
	struct uuid client_id;
	struct str code; /* STR_NONE: contacts and history of a connection are asked for again */
	bool cloud_api, history;
	struct str waba_id, phone_number_id; /* the latter may be absent */
	struct uuid connection_id;           /* without a code; else nil */
	struct str actor;
};
/*
 * *id: the onboarding of this code, the one that is there or a new one; one that failed goes on
 * where it stopped. Without a code: the one of the connection that runs, or a new one.
 */
MUST_CHECK enum err onboarding_put(struct db *, struct arena *, const struct secretbox_keys *,
                                   const struct randomness *, const struct onboarding_wish *,
                                   int64_t now_ms, struct uuid *id);

struct onboarder;
struct onboarder_options {
	struct db_pool *pool;
	struct graph_calls *graph;
	const struct randomness *rand;
	const struct secretbox_keys *keys;
	struct str app_id, app_secret;
	struct uuid owner; /* this process */
	/* A connection is there that may take what was parked for it; may be NULL. */
	void (*connected)(void *ctx);
	void *ctx;
};
MUST_CHECK enum err onboarder_open(const struct onboarder_options *, struct onboarder **out);
/* One bounded piece of work; answers come by graph_calls_hear, on the same thread. */
enum step onboarder_step(void *onboarder, int64_t now_ms, int64_t *next_ms);
/* There may be a new one: looked for at the next step. Any thread; the caller wakes the driver. */
void onboarder_look(struct onboarder *);
/* After the thread has ended: what is under way is another's at once. */
void onboarder_stop(struct onboarder *, int64_t now_ms);
void onboarder_close(struct onboarder *);

#endif
