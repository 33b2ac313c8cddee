/*
 * One connection to the simulated model server: bytes in, a request, a reply, bytes out. It owns
 * its descriptor and does not wait: the loop calls it when there is something to do. One thread.
 */
#ifndef RECADO_SIM_MODEL_CONN_H
#define RECADO_SIM_MODEL_CONN_H

#include "sim/model_answer.h"

enum model_conn_state {
	CONN_READING, /* a request, or the rest of one */
	CONN_WAITING, /* the reply is made; it goes out at due_us, or never (MODEL_HANGS) */
	CONN_WRITING,
	CONN_OVER /* to be freed */
};
struct model_conn {
	int fd;
	enum model_conn_state state;
	struct buf in;  /* malloc */
	struct buf out; /* malloc: head and body of the reply */
	size_t sent;
	size_t filler; /* bytes still to be sent after `out` */
	bool close;    /* after this reply */
	bool told_to_go_on;
	int64_t due_us;           /* INT64_MAX: never */
	struct model_reply reply; /* its texts are gone; CONN_WAITING and CONN_WRITING */
};

/* What answers a request. */
struct model_host {
	void (*answer)(void *ctx, const struct model_request *, struct arena *,
	               struct model_reply *);
	void (*done)(void *ctx, const struct model_reply *, bool whole);
	void *ctx;
	struct arena *arena; /* reset for each request */
};

/* fd: connected, not blocking. */
struct model_conn *model_conn_new(int fd);
/* Closes; a reply that was on its way is told to be done, not whole. */
void model_conn_free(struct model_conn *, const struct model_host *);
/* There is something to read (or the end), or a request is there already. */
void model_conn_read(struct model_conn *, const struct model_host *, int64_t now_us);
/* The socket takes bytes, or due_us has come. */
void model_conn_write(struct model_conn *, const struct model_host *);

#endif
