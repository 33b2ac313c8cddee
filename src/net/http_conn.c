/*
 * Connections and libmicrohttpd's callbacks, all on the I/O thread. What always holds: a connection
 * is in exactly one of three lists (idle, busy, waiting), each ordered by deadline; a request that
 * becomes whole is dispatched once; one that does not is told to hooks.refused once and its
 * connection closes, because the rest of it cannot be told from a next request. libmicrohttpd does
 * not let us answer while a body is arriving: there we write the short answer to the socket
 * ourselves and close.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/http_internal.h"
#include "net/problem.h"
#include "sys/clock.h"
#include "sys/metrics.h"

#define KEPT_URI_BYTES 1024

/* What the headers say about the body. */
struct framing {
	size_t nfields, text_bytes;
	unsigned lengths, encodings;
	uint64_t declared;
	bool bad_length, chunked, expects;
};

static void
list_remove(struct http_conn *c)
{
	struct http_conn_list *l = c->list;

	if (l == NULL)
		return;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		l->head = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	else
		l->tail = c->prev;
	c->list = NULL;
}

void
http_conn_move(struct http_conn *c, struct http_conn_list *l, int64_t ms)
{
	list_remove(c);
	c->deadline_us = c->server->now_us + ms * 1000;
	c->list = l;
	c->next = NULL;
	c->prev = l->tail;
	if (l->tail != NULL)
		l->tail->next = c;
	else
		l->head = c;
	l->tail = c;
}

void
http_conn_cut(struct http_conn *c)
{
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);
}

static void
set_peer(struct http_conn *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info != NULL ? info->client_addr : NULL;
	const void *addr;

	if (sa != NULL && sa->sa_family == AF_INET) {
		addr = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
		inet_ntop(AF_INET, addr, c->peer, sizeof(c->peer));
	} else if (sa != NULL && sa->sa_family == AF_INET6) {
		const struct in6_addr *v6 =
			&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

		if (IN6_IS_ADDR_V4MAPPED(v6))
			inet_ntop(AF_INET, &v6->s6_addr[12], c->peer, sizeof(c->peer));
		else
			inet_ntop(AF_INET6, v6, c->peer, sizeof(c->peer));
	}
}

/* The connection's part in its exchange ends; the handler's may go on. */
static void
let_go(struct http_conn *c)
{
	struct http_exchange *ex = c->ex;

	c->ex = NULL;
	ex->conn = NULL;
	http_exchange_unref(ex);
}

void
http_conn_peer_ended(struct http_conn *c)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLET };

	/*
	 * libmicrohttpd is edge-triggered and takes a short read for the last. So the first event
	 * only asks for a second one, after MHD_run has read; then the shutdown is a new edge for
	 * it.
	 */
	ev.data.ptr = c;
	if (c->ended_events++ == 0)
		epoll_ctl(c->server->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
	else if (c->ended_events == 2 && c->list != &c->server->waiting)
		shutdown(c->fd, SHUT_RD);
}

static struct http_conn *
conn_new(struct http_server *s, struct MHD_Connection *mhd)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLET };
	struct http_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->source = HTTP_SOURCE_CONN;
	c->server = s;
	c->mhd = mhd;
	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	set_peer(c);
	ev.data.ptr = c;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, c->fd,
	          &ev); /* without it only the deadline is left */
	http_conn_move(c, &s->busy, s->limits.request_ms);
	s->connections++;
	return c;
}

static void
conn_free(struct http_conn *c)
{
	struct http_server *s = c->server;

	assert(c->stream == NULL);
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	if (c->ex != NULL)
		let_go(c);
	if (c->linger && !c->cut)
		http_linger_add(s, c->fd);
	list_remove(c);
	s->connections--;
	s->closed_one = true;
	free(c->uri);
	free(c);
}

void
http_conn_event(void *server, struct MHD_Connection *mhd, void **socket_context,
                enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = server;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = conn_new(s, mhd);
	} else if (*socket_context != NULL) {
		conn_free(*socket_context);
		*socket_context = NULL;
	}
	metrics_set(M_HTTP_CONNECTIONS, s->connections);
}

void *
http_conn_uri(void *server, const char *uri, struct MHD_Connection *mhd)
{
	struct http_server *s = server;
	struct http_conn *c =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	size_t n = uri != NULL ? strlen(uri) : 0;

	if (n > c->uri_cap || c->uri_cap > KEPT_URI_BYTES) {
		free(c->uri);
		c->uri_cap = n < KEPT_URI_BYTES ? KEPT_URI_BYTES : n;
		c->uri = malloc(c->uri_cap);
		if (c->uri == NULL)
			abort();
	}
	if (n > 0)
		memcpy(c->uri, uri, n);
	c->uri_len = n;
	c->started = true;
	c->refused = false;
	http_conn_move(c, &s->busy, s->limits.request_ms);
	return c;
}

/* Path and query of the request target; the absolute form loses its scheme and authority. */
static void
split_target(const struct http_conn *c, struct str *path, struct str *query)
{
	struct str uri = str_n(c->uri_len > 0 ? c->uri : "", c->uri_len);
	size_t scheme = 0, question;

	if (uri.n >= 7 && strncasecmp(uri.p, "http://", 7) == 0)
		scheme = 7;
	else if (uri.n >= 8 && strncasecmp(uri.p, "https://", 8) == 0)
		scheme = 8;
	if (scheme > 0) {
		while (scheme < uri.n && uri.p[scheme] != '/' && uri.p[scheme] != '?')
			scheme++;
		uri = str_n(uri.p + scheme, uri.n - scheme);
	}
	question = str_find(uri, '?');
	*path = str_n(uri.p, question);
	*query = question < uri.n ? str_n(uri.p + question + 1, uri.n - question - 1) : STR_NONE;
}

static void
tell_refused(struct http_conn *c, int status)
{
	const struct http_hooks *hooks = &c->server->hooks;
	struct str path, query;

	c->refused = true;
	split_target(c, &path, &query);
	if (hooks->refused != NULL)
		hooks->refused(hooks->ctx, path, status);
}

static void
count_status(int status)
{
	if (status >= 500)
		metrics_add(M_HTTP_REQUESTS_5XX, 1);
	else if (status >= 400)
		metrics_add(M_HTTP_REQUESTS_4XX, 1);
	else if (status >= 300)
		metrics_add(M_HTTP_REQUESTS_3XX, 1);
	else
		metrics_add(M_HTTP_REQUESTS_2XX, 1);
}

bool
http_conn_answer(struct http_conn *c, struct MHD_Response *response, int status)
{
	struct http_server *s = c->server;
	bool suspended = c->list == &s->waiting;
	bool queued;

	if (s->stopping)
		MHD_add_response_header(response, "Connection", "close");
	http_conn_move(c, &s->busy, s->limits.request_ms);
	queued = MHD_queue_response(c->mhd, (unsigned)status, response) == MHD_YES;
	MHD_destroy_response(response);
	if (queued)
		count_status(status);
	else
		http_conn_cut(c);
	if (suspended)
		MHD_resume_connection(c->mhd);
	return queued;
}

/* The document that goes with an answer of the server itself. */
static void
render_refusal(int status, enum err code, const char *detail, const char *id, struct buf *b)
{
	const struct problem p = { .code = code, .detail = str_from(detail) };

	problem_render_as(&p, status, str_from(id), b);
}

/* Answers before any of the body is read, and closes. */
static enum MHD_Result
refuse_early(struct http_conn *c, int status, enum err code, const char *detail)
{
	const struct http_header_out headers[] = {
		{ "Connection", STR("close") },
		{ status == 503 ? "Retry-After" : NULL, STR("5") },
		{ NULL, STR_NONE },
	};
	char id[HTTP_REQUEST_ID_LEN + 1];
	struct MHD_Response *response;
	struct buf b;

	tell_refused(c, status);
	http_exchange_make_id(c->server, id);
	buf_init(&b, NULL, 4096);
	render_refusal(status, code, detail, id, &b);
	response = http_exchange_response(PROBLEM_CONTENT_TYPE, buf_slice(&b), headers, id);
	buf_deinit(&b);
	c->linger = true;
	return http_conn_answer(c, response, status) ? MHD_YES : MHD_NO;
}

/* The same while a body is arriving: straight to the socket, then libmicrohttpd closes. */
static enum MHD_Result
refuse_late(struct http_conn *c, int status, enum err code, const char *detail)
{
	const char *reason = "Bad Request";
	struct buf body, b;

	if (status == 413)
		reason = "Content Too Large";
	else if (status == 503)
		reason = "Service Unavailable";
	tell_refused(c, status);
	count_status(status);
	buf_init(&body, NULL, 4096);
	render_refusal(status, code, detail, c->ex->request_id, &body);
	buf_init(&b, NULL, 8192);
	buf_fmt(&b, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n", status,
	        reason, body.n);
	buf_fmt(&b, "Content-Type: %s\r\n%sX-Content-Type-Options: nosniff\r\n",
	        PROBLEM_CONTENT_TYPE, status == 503 ? "Retry-After: 5\r\n" : "");
	buf_fmt(&b, "Cache-Control: no-store\r\nX-Request-Id: %s\r\n\r\n", c->ex->request_id);
	buf_str(&b, buf_slice(&body));
	if (send(c->fd, b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		c->cut = true;
	buf_deinit(&body);
	buf_deinit(&b);
	c->linger = true;
	return MHD_NO;
}

static enum MHD_Result
scan_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
           size_t value_len)
{
	struct framing *f = cls;
	struct str n = str_n(name, name_len);
	struct str v = str_n(value != NULL ? value : "", value_len);

	(void)kind;
	f->nfields++;
	f->text_bytes += name_len + value_len;
	if (str_ieq(n, STR("Content-Length"))) {
		int64_t declared = -1;

		f->lengths++;
		v = str_trim(v);
		f->bad_length = v.n == 0 || v.p[0] == '-' || !str_to_i64(v, &declared);
		f->declared = (uint64_t)declared;
	} else if (str_ieq(n, STR("Transfer-Encoding"))) {
		f->encodings++;
		f->chunked = str_ieq(str_trim(v), STR("chunked"));
	} else if (str_ieq(n, STR("Expect"))) {
		f->expects = true;
	}
	return MHD_YES;
}

struct copying {
	struct http_exchange *ex;
	char *to;
};

static enum MHD_Result
copy_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
           size_t value_len)
{
	struct copying *to = cls;
	struct http_field *f = &to->ex->fields[to->ex->nfields++];

	(void)kind;
	memcpy(to->to, name, name_len);
	f->name = str_n(to->to, name_len);
	to->to += name_len;
	if (value_len > 0)
		memcpy(to->to, value, value_len);
	f->value = str_n(to->to, value_len);
	to->to += value_len;
	return MHD_YES;
}

static struct http_exchange *
new_exchange(struct http_conn *c, const struct framing *f, struct str method, struct str path,
             struct str query)
{
	struct http_exchange *ex =
		http_exchange_new(c, method, path, query, f->nfields, f->text_bytes);
	struct copying to = { ex, (char *)&ex->fields[f->nfields] + method.n + path.n + query.n };

	ex->received_us = clock_mono_us(&clock_real);
	if (f->lengths > 0)
		ex->declared = f->declared;
	else if (f->encodings == 0)
		ex->declared = 0;
	MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, copy_field, &to);
	return ex;
}

/* First call for a request: the headers are complete, nothing of the body was read. */
static enum MHD_Result
request_begin(struct http_conn *c, struct str method, struct str version)
{
	struct http_server *s = c->server;
	const union MHD_ConnectionInfo *info;
	struct framing f = { .declared = 0 };
	struct str path, query;
	size_t limit;
	bool bodiless = str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"));

	info = MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (info != NULL && info->header_size > s->limits.header_bytes)
		return refuse_early(c, 431, ERR_TOO_LARGE, "The headers are too large");
	MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, scan_field, &f);
	if (f.nfields > HTTP_MAX_FIELDS)
		return refuse_early(c, 431, ERR_TOO_LARGE, "There are too many header fields");
	if (f.lengths > 1 || f.encodings > 1 || (f.lengths > 0 && f.encodings > 0))
		return refuse_early(c, 400, ERR_INVALID, "The length of the body is ambiguous");
	if (f.bad_length)
		return refuse_early(c, 400, ERR_INVALID, "Content-Length is not a number");
	if (f.encodings > 0 && str_eq(version, STR("HTTP/1.0")))
		return refuse_early(c, 400, ERR_INVALID, "HTTP/1.0 has no Transfer-Encoding");
	if (f.encodings > 0 && !f.chunked)
		return refuse_early(c, 501, ERR_NOT_IMPLEMENTED, "Transfer-Encoding: only chunked");
	/* RFC 9110 forbids it; libmicrohttpd would take the next request's bytes for a body. */
	if (f.expects && f.declared == 0 && !f.chunked)
		return refuse_early(c, 400, ERR_INVALID, "Expect without a body");
	split_target(c, &path, &query);
	limit = s->hooks.body_limit(s->hooks.ctx, method, path);
	if (bodiless && f.declared > 0)
		return refuse_early(c, 400, ERR_INVALID, "This method takes no body");
	if (f.declared > limit)
		return refuse_early(c, 413, ERR_TOO_LARGE, "The body is too large");
	if (http_server_body_bytes(s) + f.declared > s->limits.body_in_flight)
		return refuse_early(c, 503, ERR_UNAVAILABLE, "Too many bodies are arriving");
	c->ex = new_exchange(c, &f, method, path, query);
	c->ex->body_limit = bodiless ? 0 : limit;
	return MHD_YES;
}

static enum MHD_Result
request_body(struct http_conn *c, const char *data, size_t n)
{
	struct http_exchange *ex = c->ex;

	switch (http_exchange_reserve(ex, n)) {
	case ERR_OK:
		memcpy(ex->body + ex->body_len, data, n);
		ex->body_len += n;
		return MHD_YES;
	case ERR_UNAVAILABLE:
		return refuse_late(c, 503, ERR_UNAVAILABLE, "Too many bodies are arriving");
	default:
		if (str_eq(ex->method, STR("GET")) || str_eq(ex->method, STR("HEAD")))
			return refuse_late(c, 400, ERR_INVALID, "This method takes no body");
		return refuse_late(c, 413, ERR_TOO_LARGE, "The body is too large");
	}
}

static enum MHD_Result
request_whole(struct http_conn *c)
{
	struct http_server *s = c->server;
	struct http_exchange *ex = c->ex;

	if (ex->whole)
		return MHD_NO; /* resumed although its answer could not be queued */
	ex->whole = true;
	http_exchange_trim(ex);
	atomic_store_explicit(&ex->refs, 2, memory_order_relaxed);
	s->dispatching = ex;
	s->replied_inline = false;
	s->hooks.dispatch(s->hooks.ctx, ex);
	s->dispatching = NULL;
	if (s->replied_inline) {
		ex->answered = true;
		return http_conn_answer(c, ex->response, ex->status) ? MHD_YES : MHD_NO;
	}
	MHD_suspend_connection(c->mhd);
	http_conn_move(c, &s->waiting, 0);
	return MHD_YES;
}

enum MHD_Result
http_conn_request(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                  const char *version, const char *data, size_t *data_len, void **con_cls)
{
	struct http_conn *c = *con_cls;
	size_t n = *data_len;

	(void)server;
	(void)mhd;
	(void)url;
	if (c->ex == NULL)
		return request_begin(c, str_from(method), str_from(version));
	if (n == 0)
		return request_whole(c);
	*data_len = 0;
	return request_body(c, data, n);
}

void
http_conn_completed(void *server, struct MHD_Connection *mhd, void **con_cls,
                    enum MHD_RequestTerminationCode code)
{
	struct http_server *s = server;
	struct http_conn *c = *con_cls;
	struct http_exchange *ex = c->ex;

	(void)mhd;
	if (!c->refused && (ex == NULL || !ex->whole)) {
		bool by_mhd = code == MHD_REQUEST_TERMINATED_WITH_ERROR && !c->cut;

		tell_refused(c, c->cut ? 408 : 400);
		if (by_mhd)
			c->linger = true;
	}
	if (ex != NULL)
		let_go(c);
	c->started = false;
	http_conn_move(c, &s->idle, s->limits.idle_ms);
}
