/*
 * One connection to the simulated model server: bytes in, a request, a reply, bytes out. It owns
 * its descriptor and does not wait: the loop calls it when there is something to do. One thread.
 */
#ifndef RECADO_SIM_LLM_CONN_H
#define RECADO_SIM_LLM_CONN_H

#include "sim/llm_answer.h"

enum llm_conn_state {
	CONN_READING, /* a request, or the rest of one */
	CONN_WAITING, /* the reply is made; it goes out at due_us, or never (LLM_HANGS) */
	CONN_WRITING,
	CONN_OVER /* to be freed */
};
struct llm_conn {
	int fd;
	enum llm_conn_state state;
	struct buf in;  /* malloc */
	struct buf out; /* malloc: head and body of the reply */
	size_t sent;
	size_t filler; /* bytes still to be sent after `out` */
	bool close;    /* after this reply */
	bool told_to_go_on;
	int64_t due_us;         /* INT64_MAX: never */
	struct llm_reply reply; /* its texts are gone; CONN_WAITING and CONN_WRITING */
};

/* What answers a request. */
struct llm_host {
	void (*answer)(void *ctx, const struct llm_request *, struct arena *, struct llm_reply *);
	void (*done)(void *ctx, const struct llm_reply *, bool whole);
	void *ctx;
	struct arena *arena; /* reset for each request */
};

/* fd: connected, not blocking. */
struct llm_conn *llm_conn_new(int fd);
/* Closes; a reply that was on its way is told to be done, not whole. */
void llm_conn_free(struct llm_conn *, const struct llm_host *);
/* There is something to read (or the end), or a request is there already. */
void llm_conn_read(struct llm_conn *, const struct llm_host *, int64_t now_us);
/* The socket takes bytes, or due_us has come. */
void llm_conn_write(struct llm_conn *, const struct llm_host *);

#endif
