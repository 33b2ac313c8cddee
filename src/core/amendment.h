/*
 * Statuses, edits, revokes and reactions, brought to the form in which they wait for their message
 * and join it. Source: 3-whatsapp §2 "Facts that refer to another message".
 */
#ifndef RECADO_CORE_AMENDMENT_H
#define RECADO_CORE_AMENDMENT_H

#include "core/facts.h"
#include "core/message.h"

struct amendment {
	struct str target_key;
	enum amendment_kind kind;
	int64_t rank;        /* believed time for registers, 0 if bad; joins by max */
	int64_t received_at; /* joins by min */
	struct str
		doc; /* canonical JSON of all that the kind needs, the time as written included */
};

/* by_lead: who reacted, edited or revoked. */
void amendment_from_fact(struct arena *, const struct fact_amendment *, bool by_lead,
                         int64_t received_at, struct amendment *out);
/* SHA-256 of the document and of the person it names (text of the caller's making): the same twice
 * is one. */
void amendment_digest(struct arena *, const struct amendment *, struct str person,
                      unsigned char out[32]);
/* Joins it into the message; true if the message changed. */
bool amendment_apply(struct arena *, const struct amendment *, struct message *);

#endif
