/*
 * Sending a text: what is asked of Meta, what its answer means for the message, and the pace that
 * Meta allows. Pure; time and chance come in as numbers. Source: 3-whatsapp §6, the wire reference
 * §9.
 */
#ifndef RECADO_CORE_SEND_H
#define RECADO_CORE_SEND_H

#include "base/time.h"
#include "core/facts.h"
#include "core/graph.h"

/* Meta's limits. A coexistence number: in and out together, and what comes in is not ours to slow
 * down. */
#define SEND_TEXT_CHARACTERS 4096
#define SEND_GAP_MS          50   /* between two messages of a coexistence number: 20 a second */
#define SEND_CLOUD_GAP_MS    13   /* of another: 80 a second */
#define SEND_PERSON_GAP_MS   6000 /* between two messages to one person */

struct send_text {
	struct uuid id;               /* the message's, which statuses bring back */
	struct str phone_number_id;   /* from whom */
	struct str wa_id, user_id;    /* to whom: digits, or where there are none the BSUID */
	struct str body, reply_wamid; /* the latter may be absent */
	bool preview_url;
};
/* The body of POST /{phone_number_id}/messages. */
struct str send_request(struct arena *, const struct send_text *);
/* The key under which a message stands until Meta has named it. */
struct str send_key(struct arena *, struct uuid id);
/* False: the data of a status is not an id of ours. */
bool send_id_of(struct str callback_data, struct uuid *id);

/* What Meta says of one that it took. False: it names no message. */
struct send_receipt {
	struct str wamid;
	struct fact_person known; /* as whom Meta knows the person */
};
bool send_read(struct arena *, const cJSON *root, struct send_receipt *out);

enum send_do {
	SEND_TAKEN,  /* read the receipt */
	SEND_AGAIN,  /* at next_try_at */
	SEND_FAILED, /* for `reason`; again only if a person wants it */
	SEND_UNKNOWN /* it may have been sent */
};
struct send_verdict {
	enum send_do act;
	const char *reason; /* a word of graph_reasons, or "gave_up"; NULL with SEND_TAKEN */
	int64_t next_try_at;
	bool all;      /* it is not about this person: nothing of the number leaves before that */
	bool hopeless; /* so will every other message of the number, until somebody acts */
};
/*
 * Of the nth try (from 1). What may have been carried out is never tried again. What waits longer
 * than give_up_ms since it was written (at) fails.
 */
struct send_verdict
send_judge(const struct graph_answer *, unsigned tries, int64_t at, int64_t give_up_ms,
           int64_t now_ms, int64_t retry_after_ms, uint64_t chance);

/* The message as a fact; wamid STR_NONE: not named yet. Its route names nobody: whoever applies it
 * knows the connection. */
struct send_fact {
	struct uuid id;
	struct fact_person to;
	struct str body, reply_wamid, wamid;
	int64_t at;
};
void send_facts(struct arena *, const struct send_fact *, struct facts *out);
/* That it failed: by Meta's code (-1: it has none) and its words. Of a message that was named
 * meanwhile it says nothing. */
void send_facts_failure(struct arena *, const struct send_fact *, int64_t code, const char *reason,
                        struct str message, int64_t now_ms, struct facts *out);

#endif
