/*
 * An http client without a network, under a fake clock: each call is answered by the test, at once
 * or after a delay. A call's own limits hold as they do for the real one: an answer that comes too
 * late or is too large is the failure that it would be. One thread.
 */
#ifndef RECADO_TESTS_HTTP_FAKE_H
#define RECADO_TESTS_HTTP_FAKE_H

#include "net/http_client.h"

struct http_fake;

/* Zeroed: nothing is said; status 0 stands for 200. Text is copied. */
struct http_fake_reply {
	enum http_failure failure; /* HTTP_OK: there is an answer */
	const char *detail;        /* of the failure; NULL: its name */
	int64_t delay_ms;          /* until its first byte, or until the failure */
	int64_t body_delay_ms;     /* from there to its last */
	int status;
	const char *const *headers; /* lines "Name: value", end with NULL; may be NULL */
	struct str body;
	/* So many bytes follow the body, as `fill` writes them: the bytes [at, at + n). For a call
	 * with a sink, and an answer of 2xx. */
	size_t filler;
	void (*fill)(uint64_t seed, size_t at, char *out, size_t n);
	uint64_t fill_seed;
	size_t cut_at; /* > 0: the connection ends after so many bytes of all */
};
/* Says what comes of a call that begins now. The call's text is gone afterwards. */
typedef void
http_fake_answer(void *ctx, const struct http_call *, int64_t now_ms, struct http_fake_reply *out);

struct http_fake *
http_fake_new(const struct clock *, size_t max_in_flight, http_fake_answer *, void *ctx);
void http_fake_free(struct http_fake *);
const struct http_client *http_fake_client(struct http_fake *);
/* When the next result is there, for the one who moves the clock; INT64_MAX: nothing is in flight.
 */
int64_t http_fake_due(const struct http_fake *);
/* How many calls began, and how many were in flight at once at most. */
size_t http_fake_started(const struct http_fake *);
size_t http_fake_peak(const struct http_fake *);

/* A script: the i-th call must be for `url` (NULL: any) and is answered by the i-th row. */
struct http_fake_row {
	const char *url; /* its end */
	struct http_fake_reply reply;
};
struct http_fake_script {
	const struct http_fake_row *rows;
	size_t n, at;
};
/* An http_fake_answer; ctx is a struct http_fake_script. A call that is not in the script aborts.
 */
void http_fake_scripted(void *ctx, const struct http_call *, int64_t now_ms,
                        struct http_fake_reply *out);

#endif
