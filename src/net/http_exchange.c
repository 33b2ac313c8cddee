/*
 * One request and its answer. What always holds: an exchange lives until both the connection and
 * the handler have let go of it, so a reply may come from any thread at any time, also after the
 * connection or the server is gone; the I/O thread takes all waiting replies at once. Body bytes
 * are added to the count by the I/O thread only, so the limit is kept without a lock.
 */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_internal.h"
#include "net/problem.h"
#include "sys/log.h"
#include "sys/metrics.h"

#define FIRST_BODY_BYTES 65536

/* Head of the list of replies when none is taken any more. */
static struct http_exchange sealed;

uint64_t
http_server_body_bytes(const struct http_server *s)
{
	return atomic_load_explicit(&s->held, memory_order_relaxed) & (HTTP_HELD_REF - 1);
}

void
http_server_hold(struct http_server *s, uint64_t n)
{
	atomic_fetch_add_explicit(&s->held, n, memory_order_relaxed);
}

void
http_server_release(struct http_server *s, uint64_t n)
{
	uint64_t before = atomic_fetch_sub_explicit(&s->held, n, memory_order_acq_rel);

	assert(before >= n);
	if (before != n)
		return;
	(void)pthread_mutex_destroy(&s->streams_lock);
	close(s->wake_fd);
	free(s);
}

void
http_exchange_make_id(struct http_server *s, char out[HTTP_REQUEST_ID_LEN + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char raw[HTTP_REQUEST_ID_LEN];

	rand_fill(&s->ids, raw, sizeof(raw));
	for (size_t i = 0; i < HTTP_REQUEST_ID_LEN; i++)
		out[i] = digits[raw[i] % 32];
	out[HTTP_REQUEST_ID_LEN] = 0;
}

struct http_exchange *
http_exchange_new(struct http_conn *c, struct str method, struct str path, struct str query,
                  size_t nfields, size_t text_bytes)
{
	struct http_server *s = c->server;
	size_t fields = nfields * sizeof(struct http_field);
	size_t own = method.n + path.n + query.n;
	struct http_exchange *ex = malloc(sizeof(*ex) + fields + own + text_bytes);
	char *text;

	if (ex == NULL)
		abort();
	*ex = (struct http_exchange){ .server = s, .conn = c, .declared = HTTP_NO_LENGTH };
	atomic_init(&ex->refs, 1);
	text = (char *)&ex->fields[nfields];
	memcpy(text, method.p, method.n);
	ex->method = str_n(text, method.n);
	text += method.n;
	memcpy(text, path.p, path.n);
	ex->path = str_n(text, path.n);
	text += path.n;
	if (str_is_set(query)) {
		memcpy(text, query.p, query.n);
		ex->query = str_n(text, query.n);
	}
	memcpy(ex->peer, c->peer, sizeof(ex->peer));
	http_exchange_make_id(s, ex->request_id);
	http_server_hold(s, HTTP_HELD_REF);
	return ex;
}

/* The body's memory and its share of body_in_flight. */
static void
drop_body(struct http_exchange *ex)
{
	free(ex->body);
	if (ex->body_cap > 0)
		http_body_release(ex->server, ex->body_cap);
	ex->body = NULL;
	ex->body_len = ex->body_cap = 0;
}

void
http_exchange_unref(struct http_exchange *ex)
{
	if (atomic_fetch_sub_explicit(&ex->refs, 1, memory_order_acq_rel) != 1)
		return;
	metrics_add(M_HTTP_BODY_BYTES_IN_FLIGHT, -(int64_t)ex->body_cap);
	http_server_release(ex->server, HTTP_HELD_REF + ex->body_cap);
	free(ex->body);
	free(ex);
}

static enum err
resize_body(struct http_exchange *ex, size_t cap)
{
	char *p;

	if (cap > ex->body_cap && http_server_body_bytes(ex->server) + (cap - ex->body_cap) >
	                                  ex->server->limits.body_in_flight)
		return ERR_UNAVAILABLE;
	p = realloc(ex->body, cap);
	if (p == NULL)
		abort();
	ex->body = p;
	metrics_add(M_HTTP_BODY_BYTES_IN_FLIGHT, (int64_t)cap - (int64_t)ex->body_cap);
	if (cap > ex->body_cap)
		http_server_hold(ex->server, cap - ex->body_cap);
	else
		http_server_release(ex->server, ex->body_cap - cap);
	ex->body_cap = cap;
	return ERR_OK;
}

enum err
http_exchange_reserve(struct http_exchange *ex, size_t extra)
{
	size_t most = ex->body_limit, cap;

	if (extra > most || ex->body_len > most - extra)
		return ERR_TOO_LARGE;
	if (ex->declared < most)
		most = (size_t)ex->declared;
	if (ex->body_len + extra <= ex->body_cap)
		return ERR_OK;
	cap = ex->body_cap == 0 ? FIRST_BODY_BYTES : ex->body_cap * 2;
	if (ex->body_cap == 0 && ex->declared == HTTP_NO_LENGTH)
		cap = extra;
	if (cap < ex->body_len + extra)
		cap = ex->body_len + extra;
	if (cap > most)
		cap = most;
	assert(cap >= ex->body_len + extra);
	if (resize_body(ex, cap) == ERR_OK)
		return ERR_OK;
	return resize_body(ex, ex->body_len + extra);
}

void
http_exchange_trim(struct http_exchange *ex)
{
	enum err e = ERR_OK;

	if (ex->body_len == 0)
		drop_body(ex);
	else if (ex->body_cap > ex->body_len)
		e = resize_body(ex, ex->body_len);
	assert(e == ERR_OK);
	(void)e;
}

struct str
http_method(const struct http_exchange *ex)
{
	return ex->method;
}

struct str
http_path(const struct http_exchange *ex)
{
	return ex->path;
}

struct str
http_query(const struct http_exchange *ex)
{
	return ex->query;
}

struct str
http_header(const struct http_exchange *ex, const char *name)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i < ex->nfields; i++)
		if (str_ieq(ex->fields[i].name, wanted))
			return ex->fields[i].value;
	return STR_NONE;
}

struct str
http_body(const struct http_exchange *ex)
{
	return ex->body == NULL ? STR("") : str_n(ex->body, ex->body_len);
}

struct str
http_peer(const struct http_exchange *ex)
{
	return str_from(ex->peer);
}

struct str
http_request_id(const struct http_exchange *ex)
{
	return str_n(ex->request_id, HTTP_REQUEST_ID_LEN);
}

int64_t
http_received_us(const struct http_exchange *ex)
{
	return ex->received_us;
}

struct http_server *
http_server_of(struct http_exchange *ex)
{
	return ex->server;
}

char *
http_take_body(struct http_exchange *ex, size_t *n)
{
	char *body = ex->body;

	*n = ex->body_len;
	ex->body = NULL;
	ex->body_len = ex->body_cap = 0;
	return body;
}

void
http_body_release(struct http_server *s, size_t n)
{
	metrics_add(M_HTTP_BODY_BYTES_IN_FLIGHT, -(int64_t)n);
	http_server_release(s, n);
}

static void
add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (MHD_add_response_header(r, name, value) != MHD_YES)
		log_error("http.bad_answer_header", LOG_Z("name", name));
}

static void
add_headers(struct MHD_Response *r, const char *content_type, const struct http_header_out *headers,
            const char *request_id)
{
	bool cached = false;

	if (content_type != NULL)
		add_header(r, "Content-Type", content_type);
	for (; headers != NULL && headers->name != NULL; headers++) {
		char *value;

		if (str_is_empty(headers->value))
			continue;
		value = strndup(headers->value.p, headers->value.n);
		if (value == NULL)
			abort();
		if (strcasecmp(headers->name, "Cache-Control") == 0)
			cached = true;
		add_header(r, headers->name, value);
		free(value);
	}
	if (!cached)
		add_header(r, "Cache-Control", "no-store");
	add_header(r, "X-Content-Type-Options", "nosniff");
	add_header(r, "X-Request-Id", request_id);
}

struct MHD_Response *
http_exchange_response(const char *content_type, struct str body,
                       const struct http_header_out *headers, const char *request_id)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p,
	                                                         MHD_RESPMEM_MUST_COPY);

	if (r == NULL)
		abort();
	add_headers(r, content_type, headers, request_id);
	return r;
}

/* Hands a reply to the I/O thread; false if it takes none any more. */
static bool
push_reply(struct http_server *s, struct http_exchange *ex)
{
	struct http_exchange *head = atomic_load_explicit(&s->replies, memory_order_relaxed);

	do {
		if (head == &sealed)
			return false;
		ex->next = head;
	} while (!atomic_compare_exchange_weak_explicit(
		&s->replies, &head, ex, memory_order_release, memory_order_relaxed));
	if (head == NULL)
		http_server_wake(s);
	return true;
}

/* The response is consumed. */
static void
reply_with(struct http_exchange *ex, int status, struct MHD_Response *response)
{
	struct http_server *s = ex->server;
	bool again = atomic_exchange(&ex->replied, true);

	assert(!again);
	(void)again;
	ex->status = status;
	ex->response = response;
	drop_body(ex);
	if (pthread_equal(pthread_self(), s->io) && s->dispatching == ex) {
		s->replied_inline = true;
		http_exchange_unref(ex);
		return;
	}
	http_server_hold(s, HTTP_HELD_REF);
	if (!push_reply(s, ex)) {
		MHD_destroy_response(ex->response);
		http_exchange_unref(ex);
	}
	http_server_release(s, HTTP_HELD_REF);
}

void
http_reply(struct http_exchange *ex, int status, const char *content_type, struct str body,
           const struct http_header_out *headers)
{
	reply_with(ex, status, http_exchange_response(content_type, body, headers, ex->request_id));
}

void
http_reply_file(struct http_exchange *ex, int status, const char *content_type, int fd,
                int64_t offset, int64_t length, const struct http_header_out *headers)
{
	struct MHD_Response *r = http_file_response(ex, fd, offset, length);

	add_headers(r, content_type, headers, ex->request_id);
	reply_with(ex, status, r);
}

void
http_reply_problem(struct http_exchange *ex, int status, const struct problem *p,
                   const struct http_header_out *headers)
{
	struct buf b;

	if (status == 0)
		status = err_info(p->code)->http_status;
	buf_init(&b, NULL, PROBLEM_BYTES);
	problem_render_as(p, status, http_request_id(ex), &b);
	http_reply(ex, status, PROBLEM_CONTENT_TYPE, buf_slice(&b), headers);
	buf_deinit(&b);
}

/* Takes the list of replies, oldest first, and leaves `left` in its place. */
static struct http_exchange *
take_replies(struct http_server *s, struct http_exchange *left)
{
	struct http_exchange *newest, *oldest = NULL;

	newest = atomic_exchange_explicit(&s->replies, left, memory_order_acq_rel);
	while (newest != NULL && newest != &sealed) {
		struct http_exchange *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

static void
answer_list(struct http_exchange *ex)
{
	while (ex != NULL) {
		struct http_exchange *next = ex->next;

		if (ex->conn != NULL && !ex->answered) {
			ex->answered = true;
			http_conn_answer(ex->conn, ex->response, ex->status);
		} else {
			MHD_destroy_response(ex->response);
		}
		http_exchange_unref(ex);
		ex = next;
	}
}

void
http_exchange_answer_all(struct http_server *s)
{
	if (atomic_load_explicit(&s->replies, memory_order_relaxed) != NULL)
		answer_list(take_replies(s, NULL));
}

void
http_exchange_seal(struct http_server *s)
{
	answer_list(take_replies(s, &sealed));
}

void
http_exchange_abandon(struct http_exchange *ex)
{
	const struct problem p = { .code = ERR_CANCELLED };
	struct buf b;

	buf_init(&b, NULL, 4096);
	problem_render(&p, http_request_id(ex), &b);
	ex->answered = true;
	http_conn_answer(
		ex->conn,
		http_exchange_response(PROBLEM_CONTENT_TYPE, buf_slice(&b), NULL, ex->request_id),
		err_info(p.code)->http_status);
	buf_deinit(&b);
}
