/*
 * What the parts of the HTTP server share. Everything in struct http_server below `io thread only`
 * and every struct http_conn is touched by the I/O thread alone, so there are no locks: other
 * threads hand over replies through one atomic list and count bytes through one atomic number.
 */
#ifndef RECADO_NET_HTTP_INTERNAL_H
#define RECADO_NET_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/uuid.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "sys/rand.h"

#define HTTP_REQUEST_ID_LEN 16
#define HTTP_NO_LENGTH      UINT64_MAX

/* `held` counts body bytes below this bit and, above it, who still needs the server's memory. */
#define HTTP_HELD_REF (UINT64_C(1) << 40)

struct http_conn_list {
	struct http_conn *head, *tail;
};

/* What an event of our epoll set is about; first member of what its pointer leads to. */
enum http_source { HTTP_SOURCE_MHD, HTTP_SOURCE_WAKE, HTTP_SOURCE_CONN, HTTP_SOURCE_LINGER };

struct http_conn {
	enum http_source source;
	struct http_conn *prev, *next;
	struct http_conn_list *list;
	struct http_server *server;
	struct MHD_Connection *mhd;
	struct http_exchange *ex; /* of the current request, once its headers are complete */
	struct http_stream
		*stream; /* it is; then it is suspended, and the socket is the stream's */
	int64_t deadline_us;
	int fd;
	unsigned ended_events; /* how often epoll said that the peer ended */
	bool started;          /* the request line of the current request was read */
	bool refused;          /* hooks.refused was told about the current request */
	bool linger; /* read on for a while after closing, so that the answer is not lost */
	bool cut;    /* we shut the socket down */
	char *uri;
	size_t uri_len, uri_cap;
	char peer[INET6_ADDRSTRLEN];
};

struct http_field {
	struct str name, value;
};

struct http_exchange {
	struct http_server *server;
	struct http_exchange *next; /* in the list of replies */
	atomic_uint refs;           /* the I/O thread's and, once dispatched, the handler's */
	atomic_bool replied;
	struct MHD_Response *response;
	int status;
	/* io thread only */
	struct http_conn *conn; /* NULL once the connection is gone */
	uint64_t declared;      /* Content-Length or HTTP_NO_LENGTH */
	size_t body_limit;
	bool whole, answered;
	/* handler's, after dispatch */
	char *body;
	size_t body_len, body_cap;
	int64_t received_us;
	struct str method, path, query;
	char request_id[HTTP_REQUEST_ID_LEN + 1];
	char peer[INET6_ADDRSTRLEN];
	size_t nfields;
	struct http_field fields[];
};

struct http_linger {
	enum http_source source;
	struct http_linger *prev, *next;
	int64_t deadline_us;
	size_t budget;
	int fd;
};

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_limits limits;
	struct http_hooks hooks;
	pthread_t thread;
	uint16_t port;
	int epoll_fd, wake_fd, listen_fd;
	enum http_source mhd_source, wake_source;
	_Atomic(struct http_exchange *) replies;
	_Atomic uint64_t held;
	atomic_bool stop;
	int64_t drain_ms;             /* written before `stop` */
	pthread_t io;                 /* written before the first dispatch */
	pthread_mutex_t streams_lock; /* of the next three, and of every struct http_stream */
	struct http_stream *streams;  /* those with news for the I/O thread */
	unsigned nstreams;            /* that count for limits.streams */
	bool streams_sealed;          /* none is opened from now on */
	/* io thread only */
	int64_t now_us;
	struct http_conn_list idle;      /* kept alive, no request: idle_ms */
	struct http_conn_list busy;      /* reading a request or sending an answer: request_ms */
	struct http_conn_list waiting;   /* dispatched: no deadline, an answer will come */
	struct http_conn_list streaming; /* all that was written is sent: no deadline */
	unsigned connections;
	struct http_linger *lingering, *lingering_tail;
	unsigned nlingering;
	struct http_exchange *dispatching;
	bool replied_inline;
	bool stopping, forced;
	bool closed_one; /* since MHD_run began: it may accept again, but only the next run does */
	int64_t stop_at_us;
	struct rand_seeded id_state;
	struct randomness ids;
};

/* http_conn.c: connections and libmicrohttpd's callbacks. */
void http_conn_event(void *server, struct MHD_Connection *, void **socket_context,
                     enum MHD_ConnectionNotificationCode);
void *http_conn_uri(void *server, const char *uri, struct MHD_Connection *);
enum MHD_Result
http_conn_request(void *server, struct MHD_Connection *, const char *url, const char *method,
                  const char *version, const char *data, size_t *data_len, void **con_cls);
void http_conn_completed(void *server, struct MHD_Connection *, void **con_cls,
                         enum MHD_RequestTerminationCode);
/* Moves to the end of a list; its deadline is ms from now. */
void http_conn_move(struct http_conn *, struct http_conn_list *, int64_t ms);
/* The peer will send no more: makes libmicrohttpd look at it, which may miss the end behind the
 * last bytes. */
void http_conn_peer_ended(struct http_conn *);
/* Ends the connection: libmicrohttpd sees the socket's end and cleans up. */
void http_conn_cut(struct http_conn *);
/* Sends `response` (consumed) as the answer; resumes if suspended. False: could not be queued. */
bool http_conn_answer(struct http_conn *, struct MHD_Response *response, int status);

/* http_exchange.c: requests, replies and the bytes they hold. */
struct http_exchange *http_exchange_new(struct http_conn *, struct str method, struct str path,
                                        struct str query, size_t nfields, size_t text_bytes);
void http_exchange_unref(struct http_exchange *);
/* Room for `extra` more body bytes. ERR_TOO_LARGE: body_limit; ERR_UNAVAILABLE: body_in_flight. */
MUST_CHECK enum err http_exchange_reserve(struct http_exchange *, size_t extra);
/* Gives back what the buffer has too much. */
void http_exchange_trim(struct http_exchange *);
/* Answers everything that other threads have replied. */
void http_exchange_answer_all(struct http_server *);
/* Answers a waiting exchange with 503 although its handler has not; the handler's reply is dropped.
 */
void http_exchange_abandon(struct http_exchange *);
/* No reply is taken from now on. */
void http_exchange_seal(struct http_server *);
struct MHD_Response *http_exchange_response(const char *content_type, struct str body,
                                            const struct http_header_out *, const char *request_id);
void http_exchange_make_id(struct http_server *, char out[HTTP_REQUEST_ID_LEN + 1]);
uint64_t http_server_body_bytes(const struct http_server *);
void http_server_hold(struct http_server *, uint64_t n);
void http_server_release(struct http_server *, uint64_t n); /* may free the server */
void http_server_wake(struct http_server *);                /* the I/O thread; from any thread */

/* http_stream.c: for the I/O thread. What epoll said of a stream's socket. */
void http_stream_event(struct http_conn *, uint32_t events);
/* Sends what was written, ends those that were closed. */
void http_stream_serve(struct http_server *);
/* Ends the connection of a stream at once. */
void http_stream_cut(struct http_conn *);
/* The same for all; those that are opened later end as they begin. */
void http_stream_stop(struct http_server *);
/* None is opened from now on; there is no connection any more. */
void http_stream_seal(struct http_server *);

/* http_file.c: an answer that is read while it is sent; takes the descriptor over. */
struct MHD_Response *
http_file_response(struct http_exchange *, int fd, int64_t offset, int64_t length);

/* http_linger.c: sockets that are closed for writing and read to nowhere for a while. */
void http_linger_add(struct http_server *, int fd); /* takes its own descriptor */
void http_linger_read(struct http_server *, struct http_linger *);
void http_linger_expire(struct http_server *);
void http_linger_close_all(struct http_server *);

#endif
