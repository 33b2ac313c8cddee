/*
 * HTTP as the simulators see it: a request that came whole, and a reply with what befalls it on its
 * way. No socket here; a test asks a simulator in these words, web_server.h does so for the net.
 */
#ifndef RECADO_SIM_WEB_H
#define RECADO_SIM_WEB_H

#include "base/buf.h"

struct web_request {
	struct str method;                 /* absent: GET */
	struct str path, query;            /* path without, query without '?' */
	struct str api_key, authorization; /* headers; absent: no such one */
	struct str content_type, host;     /* host: as the client names the server */
	struct str signature;              /* X-Hub-Signature-256 */
	struct str body;
};

/* What the peer sees of the reply. */
enum web_fate {
	WEB_ANSWERED,  /* all of it */
	WEB_TRUNCATED, /* head and the first cut_at bytes of what follows, then the end */
	WEB_CLOSED,    /* the end of the connection at once */
	WEB_HANGS      /* nothing, and the connection stays */
};
#define WEB_MAX_HEADERS 6
struct web_reply {
	enum web_fate fate;
	int status;
	struct str body; /* in the arena */
	size_t filler;   /* so many bytes follow the body */
	/* Writes the filler's bytes [at, at + n); the same ones whenever it is asked. NULL: blanks.
	 */
	void (*fill)(uint64_t seed, size_t at, char *out, size_t n);
	uint64_t fill_seed;
	struct {
		const char *name; /* Content-Type, Date, Retry-After … */
		struct str value;
	} headers[WEB_MAX_HEADERS];
	size_t nheaders;
	size_t cut_at;         /* less than body and filler */
	int64_t delay_ms;      /* before the first byte */
	int64_t body_delay_ms; /* between head and body */
	void *own;             /* the simulator's, until it is told that the reply is done */
};

/* Another one; the value is borrowed. */
void web_add_header(struct web_reply *, const char *name, struct str value);
/* "Tue, 20 Jan 2026 11:00:00 GMT" */
struct str web_date(struct arena *, int64_t ms);
/* "Too Many Requests" for 429. */
const char *web_reason(int status);
/* The next NAME=VALUE of a query, the value with its %XX read; false at the end. */
bool web_next_parameter(struct arena *, struct str *query, struct str *name, struct str *value);
/* The value of that name, STR_NONE if there is none. */
struct str web_parameter(struct arena *, struct str query, struct str name);

/* A simulator. The server calls it from one thread, under its lock. */
struct web_handler {
	/* Fills in *out; its texts are in the arena. now_ms is the wall clock. */
	void (*answer)(void *ctx, const struct web_request *, int64_t now_ms, struct arena *,
	               struct web_reply *out);
	/* The end of each reply, once, its texts gone; `whole`: the peer has all that there was.
	 * NULL: of no interest. */
	void (*done)(void *ctx, const struct web_reply *, bool whole);
	void *ctx;
};

#endif
