/*
 * The HTTP client over a libcurl multi handle. Why libcurl: TLS, connection reuse and the corners
 * of HTTP are its trade. Time limits are ours, since it has none for the first byte and cannot tell
 * afterwards how far a call had come. What always holds: a call is in exactly one of the two lists,
 * running or finished; its easy handle is in the multi handle just as long as it runs; every socket
 * passes http_address_forbidden before it is connected.
 */
#include <assert.h>
#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client.h"
#include "net/http_watch.h"

#define MAX_WAIT_MS      60000
#define FIRST_BODY_BYTES ((size_t)16384)
#define MICRO_PER_MS     1000

struct call {
	struct call *prev, *next;
	struct curl *owner;
	CURL *easy;
	struct curl_slist *headers;
	char *url, *method, *body;
	char error[CURL_ERROR_SIZE];
	int64_t started_us, connect_us, first_byte_us, whole_us; /* the limits are moments */
	size_t max_body, body_cap, body_len, body_sent;
	bool (*sink)(void *ctx, struct str piece);
	void *sink_ctx;
	bool connected, answered, body_begun, too_large, forbidden, stopped;
	struct http_result result;
};

struct call_list {
	struct call *head, *tail;
};

struct curl {
	CURLM *multi;
	struct http_watch watch; /* its sockets */
	const struct clock *clock;
	char *ca_file;
	size_t max_in_flight, n;
	uint64_t last_id;
	struct call_list running, finished;
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;

static void
global_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static char *
copy(struct str s)
{
	char *p = must(malloc(s.n + 1));

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static void
list_add(struct call_list *l, struct call *c)
{
	c->prev = l->tail;
	c->next = NULL;
	*(l->tail != NULL ? &l->tail->next : &l->head) = c;
	l->tail = c;
}

static void
list_remove(struct call_list *l, struct call *c)
{
	*(c->prev != NULL ? &c->prev->next : &l->head) = c->next;
	*(c->next != NULL ? &c->next->prev : &l->tail) = c->prev;
}

static void
call_free(struct call *c)
{
	http_result_deinit(&c->result);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	free(c->url);
	free(c->method);
	free(c->body);
	free(c);
}

/* From running to finished; no callback of it is called any more. */
static void
settle(struct call *c, enum http_failure failure, const char *detail)
{
	struct http_result *r = &c->result;
	long status = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_multi_remove_handle(c->owner->multi, c->easy);
	list_remove(&c->owner->running, c);
	list_add(&c->owner->finished, c);
	r->failure = failure;
	if (failure != HTTP_OK) {
		http_result_deinit(r);
		http_result_begin(r);
		(void)snprintf(r->detail, sizeof r->detail, "%s", detail);
		for (char *p = r->detail; *p != '\0'; p++) /* a certificate may say anything */
			if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7F)
				*p = '?';
		return;
	}
	r->status = (int)status;
	if (r->body == NULL) {
		r->body = copy(STR(""));
		r->body_len = c->sink != NULL ? r->body_len : 0;
	}
	http_result_end(r, clock_now(c->owner->clock));
}

static int
on_connected(void *user, char *peer, char *local, int peer_port, int local_port)
{
	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	((struct call *)user)->connected = true;
	return CURL_PREREQFUNC_OK;
}

static curl_socket_t
on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *c = user;

	(void)purpose;
	if (http_address_forbidden(&address->addr)) {
		c->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t
on_header(char *p, size_t size, size_t n, void *user)
{
	struct call *c = user;
	struct str line = str_trim(str_n(p, size * n));

	c->answered = true;
	if (str_starts(line, STR("HTTP/"))) /* of 1xx answers nothing is kept */
		http_result_begin(&c->result);
	else if (!c->body_begun) /* and of trailers neither */
		http_result_header(&c->result, line, clock_now(c->owner->clock));
	return size * n;
}

/* The body goes to the sink. False: it is to be collected. */
static bool
is_sunk(struct call *c)
{
	long status = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static size_t
on_body(char *p, size_t size, size_t n, void *user)
{
	struct call *c = user;
	struct http_result *r = &c->result;
	size_t len = size * n;

	c->body_begun = true;
	c->too_large = len > c->max_body - r->body_len;
	if (c->too_large)
		return 0;
	if (c->sink != NULL && is_sunk(c)) {
		r->body_len += len;
		c->stopped = !c->sink(c->sink_ctx, str_n(p, len));
		return c->stopped ? 0 : len;
	}
	if (c->sink != NULL && len > HTTP_SINK_OTHERS - r->body_len)
		return len; /* what is there says enough */
	if (r->body_len + len + 1 > c->body_cap) {
		size_t cap = c->body_cap == 0 ? FIRST_BODY_BYTES : c->body_cap * 2;

		while (cap < r->body_len + len + 1)
			cap *= 2;
		r->body = must(realloc(r->body, cap));
		c->body_cap = cap;
	}
	memcpy(r->body + r->body_len, p, len);
	r->body_len += len;
	r->body[r->body_len] = '\0';
	return len;
}

/* The request's body, once. It cannot be wound back, so libcurl does not send it again by itself
 * over another connection when the one it was sent over ends without an answer: the other side may
 * have read it, and a message would go out twice. */
static size_t
on_send(char *p, size_t size, size_t n, void *user)
{
	struct call *c = user;
	size_t left = c->body_len - c->body_sent, len = size * n < left ? size * n : left;

	memcpy(p, c->body + c->body_sent, len);
	c->body_sent += len;
	return len;
}

/* An option that this libcurl must know. */
#define SET(option, value)                                                                         \
	do {                                                                                       \
		CURLcode set_code = curl_easy_setopt(c->easy, (option), (value));                  \
		if (set_code != CURLE_OK) /* the call must not go out without it */                \
			abort();                                                                   \
	} while (0)

static void
set_transport(struct call *c)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	/* a name server that does not answer must not hold up the thread when we give up */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* the file comes beside the system's directory of authorities, which is looked in too */
	if (c->owner->ca_file != NULL)
		SET(CURLOPT_CAINFO, c->owner->ca_file);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, c);
	SET(CURLOPT_PREREQFUNCTION, on_connected);
	SET(CURLOPT_PREREQDATA, c);
}

static void
set_request(struct call *c, const struct http_call *call)
{
	struct arena *a = arena_new((size_t)1 << 20);

	SET(CURLOPT_URL, c->url);
	SET(CURLOPT_USERAGENT, "recado");
	SET(CURLOPT_ERRORBUFFER, c->error);
	SET(CURLOPT_PRIVATE, c);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, c);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, c);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->max_body);
	if (str_eq(call->method, STR("HEAD"))) {
		SET(CURLOPT_NOBODY, 1L);
	} else if (str_is_set(call->body)) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
		SET(CURLOPT_READFUNCTION, on_send);
		SET(CURLOPT_READDATA, c);
		SET(CURLOPT_CUSTOMREQUEST, str_is_set(call->method) ? c->method : "POST");
	} else if (str_is_set(call->method)) {
		SET(CURLOPT_CUSTOMREQUEST, c->method);
	}
	/* without this a large body waits a second for "100 Continue" */
	c->headers = must(curl_slist_append(NULL, "Expect:"));
	for (const struct http_header_out *h = call->headers; h != NULL && h->name != NULL; h++) {
		struct str line = str_fmt(a, "%s: " STR_FMT, h->name, STR_ARG(h->value));

		if (h->value.n > 0)
			c->headers = must(curl_slist_append(c->headers, line.p));
		arena_reset(a);
	}
	SET(CURLOPT_HTTPHEADER, c->headers);
	arena_free(a);
}

/* The limit that counts now, and what passing it means. */
static int64_t
limit_of(const struct call *c, enum http_failure *failure)
{
	*failure = !c->connected  ? HTTP_TIMEOUT_CONNECT
	           : !c->answered ? HTTP_TIMEOUT_FIRST_BYTE
	                          : HTTP_TIMEOUT_WHOLE;
	if (!c->connected && c->connect_us < c->whole_us)
		return c->connect_us;
	if (!c->answered && c->first_byte_us < c->whole_us)
		return c->first_byte_us;
	return c->whole_us;
}

static enum http_failure
failure_of(const struct call *c, CURLcode code)
{
	enum http_failure late;

	switch (code) {
	case CURLE_OK:
		return HTTP_OK;
	case CURLE_COULDNT_CONNECT:
		return c->forbidden ? HTTP_FORBIDDEN : HTTP_REFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_DNS;
	case CURLE_OPERATION_TIMEDOUT:
		(void)limit_of(c, &late);
		return late;
	case CURLE_FILESIZE_EXCEEDED:
		return HTTP_TOO_LARGE;
	case CURLE_WRITE_ERROR:
		return c->too_large ? HTTP_TOO_LARGE : c->stopped ? HTTP_STOPPED : HTTP_OTHER;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_FAIL_REWIND:
		return HTTP_CUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return HTTP_TLS;
	default:
		return HTTP_OTHER;
	}
}

/* libcurl's words where they name hosts and certificates only; where they could quote a URL or a
 * header, its fixed text. */
static const char *
detail_of(const struct call *c, enum http_failure f, CURLcode code)
{
	switch (f) {
	case HTTP_TIMEOUT_CONNECT:
		return "no connection in time";
	case HTTP_TIMEOUT_FIRST_BYTE:
		return "connected, but no answer in time";
	case HTTP_TIMEOUT_WHOLE:
		return "the answer did not end in time";
	case HTTP_TOO_LARGE:
		return "the answer is larger than allowed";
	case HTTP_STOPPED:
		return "no more of the answer was wanted";
	case HTTP_FORBIDDEN:
		return "its address is link-local or a metadata service, which is never called";
	case HTTP_TLS:
	case HTTP_DNS:
		return c->error[0] != '\0' ? c->error : curl_easy_strerror(code);
	default:
		return curl_easy_strerror(code);
	}
}

static void
expire(struct curl *u)
{
	int64_t now = clock_mono_us(u->clock);

	for (struct call *c = u->running.head, *next; c != NULL; c = next) {
		enum http_failure failure;

		next = c->next;
		if (now >= limit_of(c, &failure))
			settle(c, failure, detail_of(c, failure, CURLE_OPERATION_TIMEDOUT));
	}
}

/* What has ended. */
static void
collect(struct curl *u)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(u->multi, &left)) != NULL) {
		CURLcode code = m->data.result;
		enum http_failure f;
		char *private;
		struct call *c;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		c = (struct call *)(void *)private;
		f = failure_of(c, code);
		settle(c, f, detail_of(c, f, code));
	}
}

static enum err
curl_start(void *ctx, const struct http_call *call, uint64_t *id)
{
	struct curl *u = ctx;
	struct call *c;
	enum err e = http_call_check(call);

	assert(call->connect_ms > 0 && call->first_byte_ms > 0 && call->whole_ms > 0);
	if (e != ERR_OK)
		return e;
	if (u->n >= u->max_in_flight)
		return ERR_TOO_MANY;
	c = must(calloc(1, sizeof *c));
	c->owner = u;
	c->easy = must(curl_easy_init());
	c->url = copy(call->url);
	c->method = copy(call->method);
	c->body = copy(call->body);
	c->body_len = call->body.n;
	c->max_body = call->max_body;
	c->sink = call->sink;
	c->sink_ctx = call->sink_ctx;
	c->started_us = clock_mono_us(u->clock);
	c->connect_us = c->started_us + call->connect_ms * MICRO_PER_MS;
	c->first_byte_us = c->started_us + call->first_byte_ms * MICRO_PER_MS;
	c->whole_us = c->started_us + call->whole_ms * MICRO_PER_MS;
	c->result.id = ++u->last_id;
	c->result.user = call->user;
	http_result_begin(&c->result);
	set_transport(c);
	set_request(c, call);
	if (curl_multi_add_handle(u->multi, c->easy) != CURLM_OK)
		abort(); /* memory, or our own mistake */
	list_add(&u->running, c);
	u->n++;
	*id = c->result.id;
	http_watch_begin(&u->watch); /* so that it leaves now, whatever its caller does next */
	collect(u);
	return ERR_OK;
}

static bool
curl_next(void *ctx, struct http_result *out)
{
	struct curl *u = ctx;
	struct call *c;

	if (u->finished.head == NULL) {
		http_watch_move_on(&u->watch);
		collect(u);
		expire(u);
	}
	c = u->finished.head;
	if (c == NULL)
		return false;
	list_remove(&u->finished, c);
	u->n--;
	*out = c->result;
	c->result.body = NULL;
	call_free(c);
	return true;
}

static void
drop(struct curl *u, struct call *c, bool runs)
{
	if (runs)
		(void)curl_multi_remove_handle(u->multi, c->easy);
	list_remove(runs ? &u->running : &u->finished, c);
	call_free(c);
	u->n--;
}

static struct call *
find(const struct call_list *l, uint64_t id)
{
	struct call *c = l->head;

	while (c != NULL && c->result.id != id)
		c = c->next;
	return c;
}

static void
curl_cancel(void *ctx, uint64_t id)
{
	struct curl *u = ctx;
	struct call *running = find(&u->running, id), *finished = find(&u->finished, id);

	if (running != NULL)
		drop(u, running, true);
	else if (finished != NULL)
		drop(u, finished, false);
}

static bool
curl_wait(void *ctx, int wake_fd, int64_t timeout_ms)
{
	struct curl *u = ctx;
	struct pollfd fds[] = { { .fd = u->watch.fd, .events = POLLIN },
		                { .fd = wake_fd, .events = POLLIN } };
	int64_t now = clock_mono_us(u->clock), until;

	if (timeout_ms > MAX_WAIT_MS)
		timeout_ms = MAX_WAIT_MS;
	until = u->finished.head != NULL || timeout_ms < 0 ? now : now + timeout_ms * MICRO_PER_MS;
	until = u->watch.due_us < until ? u->watch.due_us : until;
	for (const struct call *c = u->running.head; c != NULL; c = c->next) {
		enum http_failure failure;
		int64_t limit = limit_of(c, &failure);

		until = limit < until ? limit : until;
	}
	timeout_ms = until <= now ? 0 : (until - now + MICRO_PER_MS - 1) / MICRO_PER_MS;
	return poll(fds, 2, (int)timeout_ms) > 0 && fds[1].revents != 0;
}

static size_t
curl_in_flight(void *ctx)
{
	return ((struct curl *)ctx)->n;
}

enum err
http_client_open(const struct http_client_options *o, struct http_client *out)
{
	struct curl *u;
	char *ca_file = str_is_empty(o->ca_file) ? NULL : copy(o->ca_file);

	if (ca_file != NULL && access(ca_file, R_OK) != 0) {
		free(ca_file);
		return ERR_IO;
	}
	(void)pthread_once(&global_once, global_init);
	u = must(calloc(1, sizeof *u));
	u->multi = must(curl_multi_init());
	u->clock = o->clock;
	u->ca_file = ca_file;
	u->max_in_flight = o->max_in_flight;
	(void)curl_multi_setopt(u->multi, CURLMOPT_MAXCONNECTS, (long)o->max_in_flight);
	http_watch_open(&u->watch, u->multi, u->clock);
	*out = (struct http_client){ .start = curl_start,
		                     .next = curl_next,
		                     .cancel = curl_cancel,
		                     .wait = curl_wait,
		                     .in_flight = curl_in_flight,
		                     .ctx = u };
	return ERR_OK;
}

void
http_client_close(struct http_client *client)
{
	struct curl *u = client->ctx;

	if (u == NULL)
		return;
	for (struct call *c = u->running.head, *next; c != NULL; c = next) {
		next = c->next;
		drop(u, c, true);
	}
	for (struct call *c = u->finished.head, *next; c != NULL; c = next) {
		next = c->next;
		drop(u, c, false);
	}
	http_watch_close(&u->watch);
	free(u->ca_file);
	free(u);
	*client = (struct http_client){ 0 };
}
