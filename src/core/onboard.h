/*
 * Connecting a number: which step follows, what a reply of Meta's means for it, and when it is
 * over. Pure; time and chance come in as numbers. Source: 3-whatsapp §5, the wire reference §8.
 */
#ifndef RECADO_CORE_ONBOARD_H
#define RECADO_CORE_ONBOARD_H

#include "base/time.h"
#include "core/graph.h"

/* In this order; names in onboard_step_name. */
enum onboard_step {
	ONBOARD_TOKEN,     /* code → access token */
	ONBOARD_NUMBER,    /* which number of the account it is */
	ONBOARD_SUBSCRIBE, /* webhooks of the account come to us; the connection is there before */
	ONBOARD_CONTACTS,  /* the address book is asked for */
	ONBOARD_HISTORY,   /* the history is asked for */
	ONBOARD_DONE
};
#define ONBOARD_TRIES   8                  /* of one step that may pass, then it fails */
#define ONBOARD_CODE_MS (30 * TIME_SECOND) /* so long a code lives */

/* What was asked for. */
struct onboard_wish {
	bool cloud_api; /* a number made on the Cloud API: nothing to synchronise */
	bool history;
};

/* "token" and so on. */
const char *onboard_step_name(enum onboard_step);
/* ONBOARD_DONE for a word that is none. */
enum onboard_step onboard_step_of(struct str name);
/* The first step of who has no code: what is asked for would come to nobody if the account were not
 * subscribed, and to subscribe it again changes nothing. */
#define ONBOARD_AGAIN ONBOARD_SUBSCRIBE
enum onboard_step onboard_next(enum onboard_step, const struct onboard_wish *);

enum onboard_do {
	ONBOARD_GO_ON,
	ONBOARD_TRY_AGAIN, /* at next_try_at */
	ONBOARD_FAIL
};
struct onboard_verdict {
	enum onboard_do act;
	int64_t next_try_at;
	const char *reason; /* with ONBOARD_FAIL, or what went wrong meanwhile; graph_reasons */
	bool too_late;      /* goes on without the data: they were asked for too late */
};
/*
 * Of the nth try (from 1) of a step. A code that is past its time is not tried again: another needs
 * the window of Meta's to be opened anew. Contacts and history that were asked for before are fine,
 * those that are asked for too late are told, and the number is connected all the same.
 */
struct onboard_verdict
onboard_judge(enum onboard_step, const struct graph_answer *, unsigned tries, int64_t code_at,
              int64_t now_ms, int64_t retry_after_ms, uint64_t chance);

/* A number of the account, as /{waba}/phone_numbers lists it. */
struct onboard_number {
	struct str id, display, verified_name;
};
enum onboard_found {
	ONBOARD_FOUND,
	ONBOARD_MORE, /* not on this page; `after` goes on */
	ONBOARD_NOT_FOUND,
	ONBOARD_SEVERAL /* more than one would do, and none was named */
};
/*
 * Looks at one page. wanted: the id that was named, or STR_NONE: the one number that is in the
 * Business App and on the Cloud API (coexistence), or the only one (cloud_api). `found` carries
 * what earlier pages held; begin with { STR_NONE, … }.
 */
enum onboard_found onboard_find(struct arena *, const cJSON *page, struct str wanted,
                                bool cloud_api, struct onboard_number *found, struct str *after);

#endif
