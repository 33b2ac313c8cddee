/*
 * Why: libmicrohttpd keeps a pool of memory for each connection that it writes to, a thousand times
 * as large as what an idle stream needs, and asks for content instead of being given it. So the
 * connection of a stream stays suspended for good, with nothing of its pool touched that its
 * request did not touch, and we write to its socket. What always holds: only the I/O thread touches
 * the socket and the connection; the other members are guarded by the server's lock for streams; a
 * connection is given back to libmicrohttpd, which closes it, only after its socket was shut down.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/http_internal.h"
#include "net/http_stream.h"
#include "sys/clock.h"
#include "sys/metrics.h"

#define FIRST_BYTES  512
#define SYSTEM_BYTES 65536 /* sent, and not taken yet */

struct http_stream {
	struct http_stream *next; /* in the list of those to look at */
	struct http_exchange *ex;
	char *pending;
	size_t sent, n, cap; /* of pending: bytes sent already, filled, allocated */
	unsigned refs;       /* the caller's and the I/O thread's */
	bool listed, closing, gone;
};

static void
lock(struct http_server *s)
{
	(void)pthread_mutex_lock(&s->streams_lock);
}

static void
unlock(struct http_server *s)
{
	(void)pthread_mutex_unlock(&s->streams_lock);
}

static void
drop_pending(struct http_stream *st)
{
	free(st->pending);
	st->pending = NULL;
	st->sent = st->n = st->cap = 0;
}

/* Locked; unlocks. The last reference takes the exchange and perhaps the server with it. */
static void
unref_unlock(struct http_stream *st)
{
	struct http_server *s = st->ex->server;
	bool last = --st->refs == 0;

	unlock(s);
	if (!last)
		return;
	drop_pending(st);
	http_exchange_unref(st->ex);
	free(st);
}

/* Locked. True: the I/O thread has to be woken. */
static bool
list(struct http_stream *st)
{
	struct http_server *s = st->ex->server;
	bool first = s->streams == NULL;

	if (st->listed)
		return false;
	st->listed = true;
	st->next = s->streams;
	s->streams = st;
	return first;
}

/* Locked. False: it would be more than may wait. */
static bool
append(struct http_stream *st, struct str bytes)
{
	size_t cap = st->cap > 0 ? st->cap : FIRST_BYTES;

	if (st->sent > 0) {
		memmove(st->pending, st->pending + st->sent, st->n - st->sent);
		st->n -= st->sent;
		st->sent = 0;
	}
	if (bytes.n > HTTP_STREAM_PENDING - st->n)
		return false;
	while (cap < st->n + bytes.n)
		cap *= 2;
	if (cap > st->cap) {
		char *p = realloc(st->pending, cap);

		if (p == NULL)
			abort();
		st->pending = p;
		st->cap = cap;
	}
	memcpy(st->pending + st->n, bytes.p, bytes.n);
	st->n += bytes.n;
	return true;
}

static void
append_head(struct http_stream *st, const char *content_type)
{
	char head[512], date[40] = "";
	time_t now = (time_t)(clock_now(&clock_real) / 1000);
	struct tm tm;
	int n;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	n = snprintf(head, sizeof(head),
	             "HTTP/1.1 200 OK\r\nDate: %s\r\nConnection: close\r\nContent-Type: %s\r\n"
	             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	             "X-Accel-Buffering: no\r\nX-Request-Id: %s\r\n\r\n",
	             date, content_type, st->ex->request_id);
	assert(n > 0 && (size_t)n < sizeof(head));
	(void)append(st, str_n(head, (size_t)n));
}

enum err
http_stream_open(struct http_exchange *ex, const char *content_type, struct http_stream **out)
{
	struct http_server *s = ex->server;
	struct http_stream *st;
	bool again, wake;

	lock(s);
	if (s->streams_sealed || s->nstreams >= s->limits.streams) {
		unlock(s);
		return ERR_UNAVAILABLE;
	}
	again = atomic_exchange(&ex->replied, true);
	assert(!again);
	(void)again;
	st = calloc(1, sizeof(*st));
	if (st == NULL)
		abort();
	*st = (struct http_stream){ .ex = ex, .refs = 2 };
	append_head(st, content_type);
	metrics_set(M_HTTP_STREAMS, ++s->nstreams);
	wake = list(st);
	unlock(s);
	*out = st;
	if (wake)
		http_server_wake(s);
	return ERR_OK;
}

enum err
http_stream_write(struct http_stream *st, struct str bytes)
{
	struct http_server *s = st->ex->server;
	enum err e = ERR_OK;
	bool wake = false;

	lock(s);
	if (st->gone)
		e = ERR_CANCELLED;
	else if (!append(st, bytes))
		e = ERR_TOO_LARGE;
	else
		wake = list(st);
	unlock(s);
	if (wake)
		http_server_wake(s);
	return e;
}

void
http_stream_close(struct http_stream *st)
{
	struct http_server *s;

	if (st == NULL)
		return;
	s = st->ex->server;
	lock(s);
	st->closing = true;
	/* Woken in any case, and before our part is let go, which may be the last. */
	if (!st->gone && list(st))
		http_server_wake(s);
	unref_unlock(st);
}

unsigned
http_stream_count(struct http_server *s)
{
	unsigned n;

	lock(s);
	n = s->nstreams;
	unlock(s);
	return n;
}

/* Locked; unlocks. The I/O thread's part ends: nothing is sent any more. */
static void
let_go_unlock(struct http_stream *st)
{
	struct http_server *s = st->ex->server;

	st->gone = true;
	drop_pending(st);
	metrics_set(M_HTTP_STREAMS, --s->nstreams);
	unref_unlock(st);
}

void
http_stream_cut(struct http_conn *c)
{
	struct http_stream *st = c->stream;
	struct http_server *s = c->server;

	c->stream = NULL;
	http_conn_cut(c);
	http_conn_move(c, &s->busy, s->limits.request_ms);
	MHD_resume_connection(c->mhd);
	lock(s);
	if (!st->listed)
		let_go_unlock(st);
	else /* http_stream_serve does, for it still has it */
		unlock(s);
}

/* Locked. The connection becomes the stream's; false: there is none any more, or it was answered.
 */
static bool
attach(struct http_stream *st)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLOUT | EPOLLET };
	struct http_conn *c = st->ex->conn;

	if (c == NULL || st->ex->answered)
		return false;
	st->ex->answered = true;
	c->stream = st;
	ev.data.ptr = c;
	/* The system must not keep megabytes for who does not read. */
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &(int){ SYSTEM_BYTES }, sizeof(int));
	/* Tells again that the client has left, if it has. */
	epoll_ctl(c->server->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
	http_conn_move(c, &c->server->streaming, 0);
	metrics_add(M_HTTP_REQUESTS_2XX, 1);
	return true;
}

/* Locked. Sends what the socket takes; false: it is broken, or everything was sent and no more will
 * come. */
static bool
send_pending(struct http_stream *st, struct http_conn *c)
{
	struct http_server *s = c->server;
	bool moved = false;

	while (st->sent < st->n) {
		ssize_t n = send(c->fd, st->pending + st->sent, st->n - st->sent,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		st->sent += (size_t)n;
		moved = true;
	}
	if (st->sent == st->n) {
		drop_pending(st);
		http_conn_move(c, &s->streaming, 0);
		return !st->closing;
	}
	/* What waits has a deadline, from when it began to wait or something went. */
	if (moved || c->list != &s->busy)
		http_conn_move(c, &s->busy, s->limits.request_ms);
	return true;
}

void
http_stream_event(struct http_conn *c, uint32_t events)
{
	bool good = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0;

	if (good) {
		lock(c->server);
		good = send_pending(c->stream, c);
		unlock(c->server);
	}
	if (!good)
		http_stream_cut(c);
}

/* One of the list, which it has been taken from. */
static void
look_at(struct http_server *s, struct http_stream *st)
{
	struct http_conn *c = st->ex->conn;
	bool attached, good = true;

	lock(s);
	st->listed = false;
	attached = c != NULL && (c->stream == st || (c->stream == NULL && attach(st)));
	if (!attached) {
		let_go_unlock(st);
		return;
	}
	good = send_pending(st, c);
	unlock(s);
	if (!good || s->stopping)
		http_stream_cut(c);
}

void
http_stream_serve(struct http_server *s)
{
	struct http_stream *st;

	lock(s);
	st = s->streams;
	s->streams = NULL;
	unlock(s);
	while (st != NULL) {
		struct http_stream *next = st->next;

		look_at(s, st);
		st = next;
	}
}

void
http_stream_stop(struct http_server *s)
{
	struct http_conn *c, *next;

	for (c = s->busy.head; c != NULL; c = next) {
		next = c->next;
		if (c->stream != NULL)
			http_stream_cut(c);
	}
	while (s->streaming.head != NULL)
		http_stream_cut(s->streaming.head);
}

void
http_stream_seal(struct http_server *s)
{
	lock(s);
	s->streams_sealed = true;
	unlock(s);
	http_stream_serve(s);
}
