/* Requests one after the other on one kept connection. What always holds: a reply's memory is the
 * caller's arena. */
#include "sim/client.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_LIMIT (64u << 20)
#define PATH_LIMIT  4096

struct client {
	CURL *easy;
	char base[512];
	char *fixed[CLIENT_MAX_HEADERS];
	size_t nfixed;
};

struct client *
client_new(const char *base_url)
{
	struct client *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->easy = curl_easy_init();
	if (c->easy == NULL) {
		free(c);
		return NULL;
	}
	snprintf(c->base, sizeof c->base, "%s", base_url);
	return c;
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->easy);
	for (size_t i = 0; i < c->nfixed; i++)
		free(c->fixed[i]);
	free(c);
}

void
client_add_header(struct client *c, const char *header)
{
	if (c->nfixed < CLIENT_MAX_HEADERS)
		c->fixed[c->nfixed++] = strdup(header);
}

static size_t
collect(char *p, size_t size, size_t n, void *ctx)
{
	buf_add(ctx, p, size * n);
	return size * n;
}

struct client_reply
client_send(struct client *c, struct arena *a, const struct client_request *q)
{
	struct client_reply r = { 0 };
	struct curl_slist *headers = NULL;
	struct buf body, head;

	buf_init(&body, a, REPLY_LIMIT);
	buf_init(&head, a, 1u << 20);
	for (size_t i = 0; i < c->nfixed; i++)
		headers = curl_slist_append(headers, c->fixed[i]);
	for (size_t i = 0; i < CLIENT_MAX_HEADERS && q->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, q->headers[i]);
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_reset(c->easy);
	curl_easy_setopt(c->easy, CURLOPT_URL, str_z(a, str_fmt(a, "%s%s", c->base, q->path)));
	curl_easy_setopt(c->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, q->timeout_ms > 0 ? q->timeout_ms : 30000L);
	if (str_is_set(q->body)) {
		curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, q->body.p);
	}
	if (q->method != NULL)
		curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, collect);
	curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, &head);
	if (curl_easy_perform(c->easy) == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &r.status);
	curl_slist_free_all(headers);
	r.body = buf_slice(&body);
	r.headers = buf_slice(&head);
	if (r.body.n > 0 && json_parse(a, r.body, &r.json) != ERR_OK)
		r.json = NULL;
	return r;
}

struct client_reply
client_get(struct client *c, struct arena *a, const char *fmt, ...)
{
	struct client_request q = { 0 };
	char path[PATH_LIMIT];
	va_list args;

	va_start(args, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, in the line above */
	(void)vsnprintf(path, sizeof path, fmt, args);
	va_end(args);
	q.path = path;
	return client_send(c, a, &q);
}

struct client_reply
client_post(struct client *c, struct arena *a, const char *path, struct str json)
{
	struct client_request q = { .path = path,
		                    .body = json,
		                    .headers = { "Content-Type: application/json" } };

	return client_send(c, a, &q);
}

struct str
client_header(const struct client_reply *r, const char *name)
{
	struct str rest = r->headers, line, found = STR_NONE;

	while (str_split(&rest, '\n', &line)) {
		size_t colon = str_find(line, ':');
		if (colon < line.n && str_ieq(str_sub(line, 0, colon), str_from(name)))
			found = str_trim(str_sub(line, colon + 1, line.n));
	}
	return found;
}
