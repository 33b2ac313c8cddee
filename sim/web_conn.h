/*
 * One connection to a simulator: bytes in, a request, a reply, bytes out. It owns its descriptor
 * and does not wait: the loop calls it when there is something to do. One thread.
 */
#ifndef RECADO_SIM_WEB_CONN_H
#define RECADO_SIM_WEB_CONN_H

#include "sim/web.h"

enum web_conn_state {
	CONN_READING, /* a request, or the rest of one */
	CONN_WAITING, /* the reply, or its body, goes out at due_us, or never (WEB_HANGS) */
	CONN_WRITING,
	CONN_OVER /* to be freed */
};
struct web_conn {
	int fd;
	enum web_conn_state state;
	struct buf in;         /* malloc */
	struct buf out;        /* malloc: head and body of the reply */
	size_t sent;           /* of `out` */
	size_t pause;          /* bytes of `out` after which body_delay_ms is waited for; 0: none */
	size_t filled, filler; /* bytes of the filler that are out, and in all */
	bool close;            /* after this reply */
	bool told_to_go_on;
	int64_t due_us;         /* INT64_MAX: never */
	struct web_reply reply; /* its texts are gone; CONN_WAITING and CONN_WRITING */
};

/* What answers a request. */
struct web_host {
	void (*answer)(void *ctx, const struct web_request *, struct arena *, struct web_reply *);
	void (*done)(void *ctx, const struct web_reply *, bool whole);
	void *ctx;
	struct arena *arena; /* reset for each request */
};

/* fd: connected, not blocking. */
struct web_conn *web_conn_new(int fd);
/* Closes; a reply that was on its way is told to be done, not whole. */
void web_conn_free(struct web_conn *, const struct web_host *);
/* There is something to read (or the end), or a request is there already. */
void web_conn_read(struct web_conn *, const struct web_host *, int64_t now_us);
/* The socket takes bytes, or due_us has come. */
void web_conn_write(struct web_conn *, const struct web_host *, int64_t now_us);

#endif
