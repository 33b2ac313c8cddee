/*
 * What a request of the API and a command at a shell change alike: clients and their helpdesk
 * connection, tokens, jobs, what is to be applied again. One function each, so that both leave the
 * same rows and the same audit row.
 *
 * None begins or ends a transaction but admin_replay, admin_job_start and admin_analysis_start: the
 * caller has one open for writing.
 */
#ifndef RECADO_API_ADMIN_H
#define RECADO_API_ADMIN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/secretbox.h"
#include "store/db.h"
#include "sys/rand.h"
#include "work/analysis_run.h"
#include "work/jobs.h"

/* Who does it, when, and with what. */
struct admin {
	struct db *db; /* may write */
	struct arena *arena;
	const struct randomness *rand;
	int64_t now; /* ms */
	struct str actor;
};

/* client nil: of no client. detail: JSON or STR_NONE. Tells watchers of it too, so it comes behind
 * what else the transaction may wait for (work/event.h). */
MUST_CHECK enum err admin_audit(const struct admin *, struct uuid client, const char *action,
                                const char *kind, struct uuid subject, struct str detail);
/* {"name":"text"} for audit details; absent text gives null. */
struct str admin_detail(struct arena *, const char *name, struct str text);
/* "<prefix>" and 43 characters of base64url, from 32 random bytes. */
struct str admin_secret(const struct admin *, const char *prefix);

/* NULL, or what is wrong with it: "must be 1 to 64 of a-z, 0-9 and -". */
const char *admin_slug_wrong(struct str slug);
/* NULL, or what is wrong with text of at most max characters of UTF-8; 0: any number. */
const char *admin_text_wrong(struct arena *, struct str text, size_t max);
/* The same of a key: text on one line that is not blank at either end, and that a path can name. */
const char *admin_key_wrong(struct arena *, struct str text, size_t max);
#define ADMIN_NAME_MAX 200
/* NULL, or what is wrong with an http or https address of at most 1,024 characters. */
const char *admin_url_wrong(struct str url);
/* Sealed for "<table>/<id>/<column>"; absent gives STR_NONE. */
struct str admin_seal(const struct admin *, const struct secretbox_keys *, const char *table,
                      struct uuid id, const char *column, struct str plain);
#define ADMIN_KEY_MAX 1024 /* characters of a helpdesk's key */

struct admin_client {
	struct uuid id;
	struct str slug, name;
	struct str base_url, key_box; /* STR_NONE: none */
	bool active;
};
/*
 * *made: false if the slug is taken; then nothing was written. Here and in an update: once address
 * and key are both there, the client has a helpdesk connection, for good; its status says whether
 * it is worked with.
 */
MUST_CHECK enum err
admin_client_insert(const struct admin *, const struct admin_client *, bool *made);
struct admin_client_change {
	struct uuid id;
	struct str name; /* STR_NONE: as it is */
	bool set_url, set_key, set_active;
	struct str base_url, key_box;
	bool active;
};
MUST_CHECK enum err admin_client_update(const struct admin *, const struct admin_client_change *);

struct admin_token {
	struct uuid id;
	struct uuid client_id; /* nil: for all clients */
	struct str name, role;
	struct str secret;                /* out: shown once */
	unsigned char digest[SHA256_LEN]; /* out: what is stored of it */
};
MUST_CHECK enum err admin_token_insert(const struct admin *, struct admin_token *);
/* client: whose token it is, for the audit row. ERR_NOT_FOUND: no such token that is valid. */
MUST_CHECK enum err admin_token_revoke(const struct admin *, struct uuid token, struct uuid client);

/* A helpdesk job of one client. */
struct admin_job {
	struct uuid client;
	enum job_kind kind;
	bool full, episodes;
	bool retry;               /* failures are tried again, also by one that is under way */
	bool unheld;              /* only if nobody works on the one that is under way */
	struct uuid id;           /* out: its id, or of the one that is under way */
	bool existing;            /* out: that one */
	bool held;                /* out: with ERR_CONFLICT, another process works on that one */
	const char *refused;      /* out: with ERR_CONFLICT, why not, for people */
	const char *refused_code; /* out: the same, stable */
};
/*
 * In a transaction of its own, in the client's lane. ERR_NOT_FOUND: no such client. ERR_CONFLICT:
 * the client can have no job, or only one that is held and was not wanted; nothing was changed.
 */
MUST_CHECK enum err admin_job_start(const struct admin *, struct admin_job *);

/* A run of the analysis, in a transaction of its own; *job: its id. The script is there and fits.
 */
MUST_CHECK enum err admin_analysis_start(const struct admin *, struct uuid client,
                                         const struct analysis_params *, struct uuid *job);

/* Which journal entries are to be applied again. */
struct admin_replay {
	struct uuid client;       /* nil: of all */
	struct uuid entry;        /* nil: by the filters below */
	struct str status, field; /* the API's words; STR_NONE does not filter */
	int64_t from, to;         /* TIME_NONE does not filter */
	bool operator_;           /* parked parts too */
	struct uuid audit_client; /* whose audit log tells of it; nil: nobody's */
	struct uuid job;          /* out */
	int64_t entries;          /* out, on failure too: how many will be applied again */
};
/*
 * Writes the job and its audit row, then marks them in transactions of its own, bounded, oldest
 * first, in the client's lane if there is a client. What fails half-way is told by the job, with
 * the count that was reached; it can be asked for again.
 */
MUST_CHECK enum err admin_replay(const struct admin *, struct admin_replay *);

#endif
