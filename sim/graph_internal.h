/* What the files of the simulated Graph API share. */
#ifndef RECADO_SIM_GRAPH_INTERNAL_H
#define RECADO_SIM_GRAPH_INTERNAL_H

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"
#include "sim/graph_answer.h"

/* A request that is being answered. */
struct graph_call {
	struct graph *graph;
	const struct web_request *request;
	struct arena *arena;
	int64_t now;
	struct web_reply *reply;
	struct str path;           /* without the version */
	struct str version;        /* absent: none was said */
	struct str id, edge;       /* of /{id}/{edge}; edge may be absent */
	size_t waba, number;       /* that the id names, or GRAPH_NONE */
	size_t token_waba;         /* the one that the token is for */
	const cJSON *body;         /* NULL: there is none */
	struct graph_fault *fault; /* that befalls it; NULL */
	int64_t code;              /* of the error it is answered with */
};

struct graph_error {
	int64_t code, subcode,
		status; /* subcode 0: none; status 0: the one that goes with the code */
	struct str message, details; /* message absent: Meta's; details may be absent */
};
/* Answers with an error. */
void graph_refuse(struct graph_call *, const struct graph_error *);
/* The same, and it is a violation: the caller did what it must not. `what` says so in words. */
void graph_wrong(struct graph_call *, const struct graph_error *, struct str what);
/* Notes a violation of a request that is answered all the same. */
void graph_note_violation(struct graph_call *, struct str what);
/* The HTTP status and the words of one of Meta's codes. */
int graph_status_of(int64_t code);
const char *graph_title_of(int64_t code);
/* Answers 200 with JSON. */
void graph_reply(struct graph_call *, struct str json);
/* The first member of the object that is none of the names; NULL ends them. NULL: all are known. */
const char *graph_unknown_member(const cJSON *, const char *const *names);
/* The body as JSON; false: it was refused. Without a body, if that may be: NULL. */
bool graph_read_body(struct graph_call *, bool may_be_absent);

/* Keeps the request, which is answered, in the place of the oldest. */
void graph_keep(const struct graph_call *);

/* The endpoints. id, waba and number of the call fit. */
void graph_give_token(struct graph_call *);
void graph_list_numbers(struct graph_call *);
void graph_show_number(struct graph_call *);
void graph_list_apps(struct graph_call *);
void graph_subscribe(struct graph_call *);
void graph_unsubscribe(struct graph_call *);
void graph_ask_sync(struct graph_call *);
void graph_register(struct graph_call *);
void graph_send(struct graph_call *);
void graph_show_media(struct graph_call *); /* the id names no number */
void graph_get_media(struct graph_call *);

/* The person of that id, made if need be. */
struct graph_pair *graph_pair(struct graph *, size_t number, struct str wa_id);
/* A text of so many characters of the alphabet that ids have; in the graph's arena. */
struct str graph_new_text(struct graph *, const char *prefix, size_t n);
/* The next webhook of that number; the bytes are copied. Nothing, where none can be delivered. */
void graph_push_webhook(struct graph *, size_t number, struct str bytes, const char *part,
                        int64_t delay_ms);
/* The bodies that a sync leads to. */
void graph_push_sync(struct graph_call *, enum graph_sync);
/* The medium, its defaults filled in. One of that id is replaced. */
void graph_put_media(struct graph *, const struct graph_media *);
struct graph_media graph_media_of(struct str id);

#endif
