/*
 * The simulated Graph API of Meta: what stands behind META_GRAPH_URL. Business accounts (WABAs)
 * with numbers, codes and tokens, the requests of onboarding, sending and media, and the webhooks
 * that follow from them. It is strict: a request that Meta would refuse, or that Recado promised
 * not to make, is a violation and is noted. Not thread-safe, no clock: times are ms, as told.
 * Source: whatsapp-wire §2.7, §7–§9. What it answers to is in graph_answer.h.
 */
#ifndef RECADO_SIM_GRAPH_H
#define RECADO_SIM_GRAPH_H

#include "base/buf.h"
#include "sim/dice.h"
#include "sim/web.h"
#include "sim/world.h"

#define GRAPH_NONE        ((size_t)-1)
#define GRAPH_PAGE        25    /* numbers on a page, unless `limit` says otherwise */
#define GRAPH_MOST_KEPT   10000 /* requests for GET /__sim/requests */
#define GRAPH_MOST_COUNTS 200
#define GRAPH_CODE_MS     30000
#define GRAPH_URL_MS      (5 * TIME_MINUTE) /* how long a media's address lives */
#define GRAPH_ASK_MS      TIME_DAY          /* after onboarding, for smb_app_data */
#define GRAPH_PAIR_MS     6000              /* of each message to one person … */
#define GRAPH_PAIR_BURST  45                /* … and how many may be owed */
#define GRAPH_PER_SECOND  20                /* messages of a coexistence number */
#define GRAPH_CLOUD_SPEED 80                /* of another */
#define GRAPH_MEDIA_MOST  ((size_t)101 << 20)

struct graph_options {
	uint64_t seed;
	struct str app_id, app_secret; /* the secret signs webhooks too */
	int64_t code_ms, latency_ms;
	bool rude; /* now and then an answer goes wrong; never that for a code */
};
/* The defaults: seed 1, the app of `recado-sim help`, 30 s, no latency, good manners. */
void graph_options_init(struct graph_options *);

enum graph_sync { GRAPH_CONTACTS, GRAPH_HISTORY, GRAPH_SYNCS };

struct graph_waba {
	struct str id;
	bool subscribed;
};
struct graph_number {
	struct str id, display, name; /* display: as the business writes it */
	size_t waba;
	bool on_biz_app; /* a coexistence number */
	enum world_decline decline;
	size_t people, messages, contacts, chunk_messages;
	uint64_t seed;
	int64_t onboarded_at;
	bool asked[GRAPH_SYNCS];
	int64_t owed_until_us; /* by its throughput */
};
struct graph_code {
	struct str text;
	size_t waba;
	int64_t at;
	bool used;
};
struct graph_token {
	struct str text;
	size_t waba;
	bool revoked;
};
/* A person as one number sees him. */
struct graph_pair {
	size_t number;
	struct str wa_id;
	bool closed; /* no window */
	int64_t owed_until;
	size_t ntimes, times_cap, refused;
	int64_t *times; /* of the messages that were accepted */
};
/* Meta's spelling of a number that another is turned into. */
struct graph_alias {
	struct str input, wa_id; /* digits */
};

/* What befalls a request on purpose. */
enum graph_fate {
	FATE_ERROR, /* an error, of `code` and `status` */
	FATE_CUT,   /* nothing is done, and the answer is cut */
	FATE_CLOSE,
	FATE_HANG,
	FATE_GARBAGE,        /* 200 and a web page */
	FATE_SLOW,           /* the right answer, after `ms` */
	FATE_ACCEPT_AND_CUT, /* it is done, and its answer does not come whole */
	FATE_ACCEPT_AND_CLOSE,
	FATE_ACCEPT_AND_HANG,
	FATE_FAIL_LATER, /* of a message: accepted, then a status `failed` of `code` */
	GRAPH_FATES
};
extern const char *const graph_fate_names[]; /* "error", "cut" …; NULL ends them */
struct graph_fault {
	struct str path;   /* the beginning; with `*` for a part: the whole */
	struct str method; /* absent: any */
	struct str to;     /* digits; absent: to anybody */
	int64_t times;     /* left */
	enum graph_fate fate;
	int64_t status, code, subcode; /* 0: what goes with the other */
	int64_t retry_after, ms;       /* retry_after in seconds, -1: not said */
	bool silent;                   /* no status follows the message */
};

enum graph_sum { SUM_HEX, SUM_BASE64, SUM_WRONG };
struct graph_media {
	struct str id, mime;
	struct str content; /* its bytes; absent: they follow from its id, so many: */
	size_t bytes;
	int64_t told_bytes; /* file_size, if it is not that; -1: it is */
	bool size_as_text, old, expired;
	enum graph_sum sum;
	int64_t fail, fail_download; /* times with 503 that are left */
	int64_t cut_at;              /* -1: whole */
	int64_t slow_ms;             /* between head and bytes */
	unsigned char digest[32];
};
/* An address that was given out for one. */
struct graph_link {
	size_t media;
	struct str key;
	int64_t at;
	bool expired;
};

/* How far statuses go after a message was accepted. */
enum graph_status { STATUS_NONE, STATUS_SENT, STATUS_DELIVERED, STATUS_READ };

/* What a caller did that it must not. */
struct graph_violation {
	int64_t at;
	struct str path, what; /* path: method and path */
};

/* How often something was answered like that. */
struct graph_count {
	struct str what; /* "POST messages" */
	int status;      /* 0: no answer */
	uint64_t n;
};

/* One request, as it came. */
struct graph_kept {
	int64_t at, code;
	struct str method, path, query, body; /* query without secrets */
	int status;                           /* 0: no answer */
	char *block;                          /* malloc; holds the texts */
};
/* A webhook to be delivered. */
struct graph_webhook {
	char *bytes; /* malloc */
	size_t n;
	const char *part;
	int64_t delay_ms;
};

#define GRAPH_LIST(type)                                                                           \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
struct graph {
	struct graph_options options; /* texts borrowed from the caller */
	struct arena *arena;
	struct dice dice, manner;
	GRAPH_LIST(struct graph_waba) wabas;
	GRAPH_LIST(struct graph_number) numbers;
	GRAPH_LIST(struct graph_code) codes;
	GRAPH_LIST(struct graph_token) tokens;
	GRAPH_LIST(struct graph_pair) pairs;
	GRAPH_LIST(struct graph_alias) aliases;
	GRAPH_LIST(struct graph_fault) faults;
	GRAPH_LIST(struct graph_media) media;
	GRAPH_LIST(struct graph_link) links;
	GRAPH_LIST(struct graph_violation) violations;
	GRAPH_LIST(struct graph_count) counts;
	GRAPH_LIST(struct graph_webhook) outbox; /* malloc */
	struct graph_kept kept[GRAPH_MOST_KEPT];
	uint64_t nkept; /* since the start; the newest is at (nkept - 1) % GRAPH_MOST_KEPT */
	struct str deliver_url,
		deliver_secret; /* full, of the door; absent: nothing is delivered */
	enum graph_status status_up_to;
	int64_t status_ms; /* from one status to the next */
	bool status_backwards, any_media;
	/* counts */
	uint64_t calls, accepted, limited, faults_played, webhooks, delivered, refused, lost;
	/* Called with each request once it is answered. NULL: not. */
	void (*noted)(void *ctx, const struct graph_kept *);
	void *noted_ctx;
};

/* Free with graph_free. NULL is fine for that. */
struct graph *graph_new(const struct graph_options *);
void graph_free(struct graph *);
/* GRAPH_NONE: there is none. */
size_t graph_find_waba(const struct graph *, struct str id);
size_t graph_find_number(const struct graph *, struct str id);
size_t graph_find_media(const struct graph *, struct str id);
/* Takes all webhooks that wait; *out is malloc, and so are their bytes. */
size_t graph_take_webhooks(struct graph *, struct graph_webhook **out);
/* The kept requests in order: {"dropped":…,"requests":[{"at":…,"method":…,"path":…,"query":…,
 * "body":…,"status":…,"code":…}]}. */
void graph_requests_json(const struct graph *, struct buf *out);
void graph_kept_json(const struct graph_kept *, struct buf *out); /* one of them */
/*
 * {"calls":…,"answers":[{"what":…,"status":…,"n":…}],"accepted":…,"limited":…,
 * "faults":{"played":…,"left":…},"violations":[{"at":…,"path":…,"what":…}],
 * "webhooks":{"made":…,"delivered":…,"refused":…,"lost":…},"numbers":[{"wabaId":…,
 * "phoneNumberId":…,"subscribed":…,"contactsAsked":…,"historyAsked":…,"onboardedAt":…,"seed":…}],
 * "people":[{"phoneNumberId":…,"waId":…,"times":[…],"refused":…}]}; no token is in it.
 */
void graph_stats_json(const struct graph *, struct buf *out);

#endif
