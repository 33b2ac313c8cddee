/*
 * A real server on a loopback port and a plain client for the tests of net/http_server: paths say
 * what its dispatch does (/echo answers at once, /pool from another thread, /hold when the test
 * says so).
 */
#ifndef RECADO_TESTS_HTTP_FIXTURE_H
#define RECADO_TESTS_HTTP_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_server.h"
#include "sys/clock.h"
#include "sys/metrics.h"
#include "sys/rand.h"
#include "testing.h"

#define PATIENCE_MS 20000
#define BODY_LIMIT  ((size_t)3 << 20)
#define HOLD_MAX    64

struct fixture {
	struct http_server *server;
	struct http_pool *pool;
	struct http_options options;
	atomic_int dispatched, refused, refused_status;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct http_exchange *held[HOLD_MAX];
	int nheld;
	char seen_path[128], seen_query[128];
	char refused_path[128];
	int file; /* of /file; its owner closes it */
	int64_t file_bytes;
};

static inline int64_t
now_ms(void)
{
	return clock_mono_us(&clock_real) / 1000;
}

static inline size_t
fixture_body_limit(void *ctx, struct str method, struct str path)
{
	(void)ctx;
	(void)method;
	return str_eq(path, STR("/none")) ? 0 : BODY_LIMIT;
}

/* Body, or what was asked: the answer repeats X-Seq so that a client can tell answers apart. */
static inline void
fixture_answer(struct http_exchange *ex)
{
	const struct http_header_out headers[] = {
		{ "X-Seq", http_header(ex, "x-seq") },
		{ NULL, STR_NONE },
	};

	http_reply(ex, 200, "text/plain", http_body(ex), headers);
}

static inline void
fixture_handle(void *ctx, void *thread_ctx, struct http_exchange *ex)
{
	(void)ctx;
	(void)thread_ctx;
	fixture_answer(ex);
}

static inline void
fixture_dispatch(void *ctx, struct http_exchange *ex)
{
	struct fixture *f = ctx;

	atomic_fetch_add(&f->dispatched, 1);
	if (str_eq(http_path(ex), STR("/hold"))) {
		pthread_mutex_lock(&f->lock);
		f->held[f->nheld++] = ex;
		pthread_cond_broadcast(&f->changed);
		pthread_mutex_unlock(&f->lock);
	} else if (str_eq(http_path(ex), STR("/pool"))) {
		if (http_pool_submit(f->pool, ex) != ERR_OK)
			http_reply(ex, 503, NULL, STR(""), NULL);
	} else if (str_eq(http_path(ex), STR("/big"))) {
		size_t n = (size_t)32 << 20;
		char *big = calloc(1, n);

		http_reply(ex, 200, "application/octet-stream", str_n(big, n), NULL);
		free(big);
	} else if (str_eq(http_path(ex), STR("/file"))) {
		http_reply_file(ex, 200, "video/mp4", dup(f->file), 3, f->file_bytes - 3, NULL);
	} else {
		snprintf(f->seen_path, sizeof(f->seen_path), STR_FMT, STR_ARG(http_path(ex)));
		snprintf(f->seen_query, sizeof(f->seen_query), STR_FMT, STR_ARG(http_query(ex)));
		fixture_answer(ex);
	}
}

static inline void
fixture_refused(void *ctx, struct str path, int status)
{
	struct fixture *f = ctx;

	pthread_mutex_lock(&f->lock);
	snprintf(f->refused_path, sizeof(f->refused_path), STR_FMT, STR_ARG(path));
	atomic_store(&f->refused_status, status);
	atomic_fetch_add(&f->refused, 1);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* The options may be changed before fixture_start. */
static inline struct fixture *
fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	f->options = (struct http_options){
		.host = STR("127.0.0.1"),
		.limits = { .header_bytes = 16384,
		            .body_in_flight = (size_t)64 << 20,
		            .connections = 4096,
		            .request_ms = 30000,
		            .idle_ms = 30000 },
		.hooks = { fixture_body_limit, fixture_dispatch, fixture_refused, f },
	};
	return f;
}

static inline void
fixture_start(struct fixture *f)
{
	const struct http_pool_options pool = {
		.threads = 2, .queue = 1000, .handle = fixture_handle, .ctx = f
	};

	ck_assert_ok(http_pool_start(&pool, &f->pool));
	ck_assert_ok(http_server_start(&f->options, &f->server));
}

static inline void
fixture_end(struct fixture *f)
{
	http_pool_stop(f->pool);
	http_server_stop(f->server, 1000);
	ck_assert_int_eq(metrics_value(M_HTTP_CONNECTIONS), 0);
	ck_assert_int_eq(metrics_value(M_HTTP_BODY_BYTES_IN_FLIGHT), 0);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->changed);
	free(f);
}

/* Waits until *counter is at least n; fails when that takes too long. */
static inline void
wait_for(struct fixture *f, const atomic_int *counter, int n)
{
	int64_t end = now_ms() + PATIENCE_MS;

	(void)f;
	while (atomic_load(counter) < n && now_ms() < end)
		poll(NULL, 0, 1);
	ck_assert_int_ge(atomic_load(counter), n);
}

static inline void
wait_metric(enum metric m, int64_t v)
{
	int64_t end = now_ms() + PATIENCE_MS;

	while (metrics_value(m) != v && now_ms() < end)
		poll(NULL, 0, 1);
	ck_assert_int_eq(metrics_value(m), v);
}

/* The next held exchange, oldest first. */
static inline struct http_exchange *
take_held(struct fixture *f)
{
	struct http_exchange *ex;
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&f->lock);
	while (f->nheld == 0)
		if (pthread_cond_timedwait(&f->changed, &f->lock, &end) != 0)
			break;
	ck_assert_int_gt(f->nheld, 0);
	ex = f->held[0];
	f->nheld--;
	memmove(f->held, f->held + 1, (size_t)f->nheld * sizeof(f->held[0]));
	pthread_mutex_unlock(&f->lock);
	return ex;
}

struct client {
	int fd;
	char *p; /* bytes read and not yet used */
	size_t n, cap;
};

struct answer {
	int status;
	char *head; /* status line and headers, NUL-terminated */
	char *body;
	size_t body_len;
};

static inline struct client
client_open(const struct fixture *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct timeval patience = { PATIENCE_MS / 1000, 0 };
	struct client c = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(http_server_port(f->server));
	setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	ck_assert_int_eq(connect(c.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return c;
}

static inline void
client_close(struct client *c)
{
	close(c->fd);
	free(c->p);
	*c = (struct client){ .fd = -1 };
}

/* False if the server does not take it any more. */
static inline bool
client_try_send(struct client *c, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0) {
		ssize_t done = send(c->fd, from, n, MSG_NOSIGNAL);

		if (done <= 0)
			return false;
		from += done;
		n -= (size_t)done;
	}
	return true;
}

static inline void
client_send(struct client *c, const char *text)
{
	ck_assert(client_try_send(c, text, strlen(text)));
}

/* Reads more; false at the end of the stream (a reset is an end too). */
static inline bool
client_fill(struct client *c)
{
	ssize_t n;

	if (c->cap - c->n < 65536) {
		c->cap = (c->cap + 65536) * 2;
		c->p = realloc(c->p, c->cap);
		ck_assert_ptr_nonnull(c->p);
	}
	n = recv(c->fd, c->p + c->n, c->cap - c->n - 1, 0);
	if (n < 0 && errno == ECONNRESET)
		return false;
	ck_assert_msg(n >= 0, "recv: %s", strerror(errno));
	c->n += (size_t)n;
	c->p[c->n] = 0;
	return n > 0;
}

/* The next answer; status 0 at the end of the stream. `head_only` for answers to HEAD. */
static inline struct answer
client_read(struct client *c, bool head_only)
{
	struct answer a = { 0 };
	const char *end, *length;
	size_t head;

	while (c->n == 0 || (end = strstr(c->p, "\r\n\r\n")) == NULL) {
		if (!client_fill(c)) {
			ck_assert_msg(c->n == 0, "half an answer: %s", c->p);
			return a;
		}
	}
	head = (size_t)(end - c->p) + 4;
	a.head = strndup(c->p, head);
	ck_assert_int_eq(sscanf(a.head, "HTTP/1.%*1[01] %3d ", &a.status), 1);
	length = strcasestr(a.head, "\r\nContent-Length:");
	if (length != NULL && !head_only)
		a.body_len = strtoul(length + 17, NULL, 10);
	while (c->n < head + a.body_len)
		ck_assert_msg(client_fill(c), "the body was cut");
	a.body = strndup("", 0);
	if (a.body_len > 0) {
		a.body = realloc(a.body, a.body_len + 1);
		memcpy(a.body, c->p + head, a.body_len);
		a.body[a.body_len] = 0;
	}
	c->n -= head + a.body_len;
	memmove(c->p, c->p + head + a.body_len, c->n);
	c->p[c->n] = 0;
	return a;
}

static inline void
answer_free(struct answer *a)
{
	free(a->head);
	free(a->body);
	*a = (struct answer){ 0 };
}

/* Reads the next answer and drops it but for the status; 0 at the end of the stream. */
static inline int
client_status(struct client *c)
{
	struct answer a = client_read(c, false);
	int status = a.status;

	answer_free(&a);
	return status;
}

static inline void
client_expect_end(struct client *c)
{
	ck_assert_int_eq(client_status(c), 0);
}

/* One request on a connection of its own. */
static inline int
ask(const struct fixture *f, const char *text)
{
	struct client c = client_open(f);
	int status;

	client_send(&c, text);
	status = client_status(&c);
	client_close(&c);
	return status;
}

/* POST with n bytes of 'x', declared or in chunks of 64 KiB. */
static inline bool
client_post(struct client *c, const char *path, size_t n, bool chunked)
{
	char block[65536];
	char head[256];

	memset(block, 'x', sizeof(block));
	snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: a\r\n%s: ", path,
	         chunked ? "Transfer-Encoding" : "Content-Length");
	if (chunked)
		strcat(head, "chunked\r\n\r\n");
	else
		snprintf(head + strlen(head), 64, "%zu\r\n\r\n", n);
	if (!client_try_send(c, head, strlen(head)))
		return false;
	while (n > 0) {
		size_t part = n < sizeof(block) ? n : sizeof(block);

		snprintf(head, sizeof(head), "%zx\r\n", part);
		if (chunked && !client_try_send(c, head, strlen(head)))
			return false;
		if (!client_try_send(c, block, part))
			return false;
		if (chunked && !client_try_send(c, "\r\n", 2))
			return false;
		n -= part;
	}
	return !chunked || client_try_send(c, "0\r\n\r\n", 5);
}

#endif
