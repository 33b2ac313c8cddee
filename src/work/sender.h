/*
 * Sends texts: works the queue off against Meta's Graph API, at the pace that Meta allows. A worker
 * as steps (sys/threads.h). A message is claimed in a transaction of its own before its call leaves
 * and settled in one after its answer came; whatever happens between leaves one of three states:
 * not called, answered, or not known. Any number of processes share the queue. Source: 3-whatsapp
 * §6.
 */
#ifndef RECADO_WORK_SENDER_H
#define RECADO_WORK_SENDER_H

#include "base/secretbox.h"
#include "core/facts.h"
#include "store/db.h"
#include "sys/rand.h"
#include "sys/threads.h"
#include "work/graph_calls.h"

#define SENDER_MOST 32 /* calls in flight */

/* One to be sent, as the API writes it down. */
struct send_wish {
	struct uuid client_id, connection_id, conversation_id;
	int64_t last_out_at; /* newest outbound message of the conversation; TIME_NONE */
	struct str key_hash, request_hash; /* SHA-256; the key's may be absent */
	struct fact_person to;
	struct str body, reply_wamid; /* the latter may be absent */
	bool preview_url;
	struct str actor;
};
/* Writes it down: the message in its conversation, pending, and its place in the queue, behind what
 * was sent there before. Inside a transaction of the caller's that holds the client's lane; its
 * last statement. */
MUST_CHECK enum err send_put(struct db *, struct arena *, const struct randomness *,
                             const struct send_wish *, int64_t now_ms, struct uuid *id);

struct sender;
struct sender_options {
	struct db_pool *pool;
	struct graph_calls *graph;
	const struct randomness *rand;
	const struct secretbox_keys *keys;
	struct uuid owner;  /* this process */
	int64_t give_up_ms; /* so long one may wait in the queue */
};
MUST_CHECK enum err sender_open(const struct sender_options *, struct sender **out);
/* One bounded piece of work; answers come by graph_calls_hear, on the same thread. */
enum step sender_step(void *sender, int64_t now_ms, int64_t *next_ms);
/* There may be a new one: looked for at the next step. Any thread; the caller wakes the driver. */
void sender_look(struct sender *);
/* Nothing more leaves; true once no call is in flight and all that was heard is written. */
bool sender_drain(struct sender *, int64_t now_ms);
/* After the thread has ended: of calls that are still in flight nobody knows. */
void sender_close(struct sender *);

#endif
