/* Errors as application/problem+json (RFC 9457) with our `error` code, errors[] and requestId. */
#ifndef RECADO_NET_PROBLEM_H
#define RECADO_NET_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define PROBLEM_MAX_ERRORS 20
#define PROBLEM_BYTES      ((size_t)64 << 10) /* enough for the document of a short detail */

/* What a handler found wrong. Collects up to 20 {path, code, message}; `detail` is for people. */
struct problem {
	enum err code;
	const char *why; /* finer than the code and as stable; NULL: nothing finer */
	struct str detail;
	size_t nerrors;
	struct {
		struct str path, message;
		const char *code;
	} errors[PROBLEM_MAX_ERRORS];
};
/* What can be wrong with a parameter or member. */
#define PROBLEM_REQUIRED "required"
#define PROBLEM_UNKNOWN  "unknown"
#define PROBLEM_INVALID  "invalid"
/* code: one of these. */
void problem_add(struct problem *, struct str path, const char *code, struct str message);
/* The document. Never a secret, a stack or HTML. */
void problem_render(const struct problem *, struct str request_id, struct buf *);
/* The same under another status than the code's own (431 for a header, 408 …). */
void problem_render_as(const struct problem *, int status, struct str request_id, struct buf *);
#define PROBLEM_CONTENT_TYPE "application/problem+json"
#define JSON_CONTENT_TYPE    "application/json; charset=utf-8"

#endif
