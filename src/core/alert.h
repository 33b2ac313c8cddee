/*
 * What somebody has to look at: the kinds of alerts, when the ones that need a judgement fire, and
 * how often a receiver is tried. Pure. Source: 1-product (ALERT_WEBHOOK_URL), 3-whatsapp §4.
 */
#ifndef RECADO_CORE_ALERT_H
#define RECADO_CORE_ALERT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/time.h"

enum alert_kind {
	ALERT_HISTORY_LATE,   /* of a connection: asked for, and none of it came in time */
	ALERT_TOKEN_REFUSED,  /* of a connection: Meta does not take its access token */
	ALERT_DISCONNECTED,   /* of a connection: Meta disconnected or restricted it */
	ALERT_JOURNAL_STUCK,  /* of the installation: webhooks are not applied, or not accepted */
	ALERT_IMPORT_FAILING, /* of a client: its helpdesk is not imported */
	ALERT_KINDS
};
/* By kind, then NULL. */
extern const char *const alert_kind_names[ALERT_KINDS + 1];
/* ALERT_KINDS for a word that is none. */
enum alert_kind alert_kind_of(struct str name);
/* One English sentence: what is wrong and what to do, or that it is over. */
const char *alert_text(enum alert_kind, bool firing);

/* The journal: as /ready says, and over only when it has caught up well, so that it does not
 * flicker. oldest_due_at: TIME_NONE if nothing is due. */
#define ALERT_DUE_MS      (60 * TIME_SECOND)
#define ALERT_DUE_OVER_MS (30 * TIME_SECOND)
#define ALERT_BLOCKED_MS  (5 * TIME_SECOND)
bool alert_journal_late(int64_t oldest_due_at, int64_t now_ms, bool firing);

/* The import of a client. */
#define ALERT_IMPORT_RUNS      3         /* so many failed one after the other; or */
#define ALERT_IMPORT_INTERVALS 4         /* none has ended well for so many intervals, */
#define ALERT_IMPORT_LEAST_MS  TIME_HOUR /* and at least so long, while none is under way */
struct alert_import {
	int64_t set_up_at;
	int64_t succeeded_at; /* the last run that ended well, partly counts; TIME_NONE */
	int64_t failed;       /* of the last ALERT_IMPORT_RUNS runs */
	bool running;
	int64_t every_ms;     /* IMPORT_INTERVAL_MINUTES; 0: nothing is periodic */
	int64_t watched_from; /* a process that was not there could not import */
};
/* From when on nothing ended well. */
int64_t alert_import_since(const struct alert_import *);
/* firing_since: TIME_NONE, or since when it fires: then only a run that ends well ends it. */
bool alert_import_fails(const struct alert_import *, int64_t firing_since, int64_t now_ms);

/* The code that a reason of Meta's begins with, in upper case; STR_NONE: it is free text. */
struct str alert_code(struct str reason);

/* A change of state is told within this time or not at all. */
#define ALERT_TELL_MS TIME_DAY
/* When to try again after the nth try (from 1): doubling from a second up to an hour, less up to a
 * quarter by chance. */
int64_t alert_next_try_at(unsigned tries, int64_t now_ms, uint64_t chance);

#endif
