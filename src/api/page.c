/*
 * Why: the page ships inside the program, so that there is nothing to install beside it. What
 * always holds: what lies below /assets/ never changes under its name and may be kept for ever; the
 * page itself is asked for again each time, and forbids whatever is not our own (no inline script,
 * no other host, no frame round it), but for Meta's SDK where a number can be connected with it.
 */
#include "api/page.h"

#include <string.h>

#include "net/problem.h"

#define CSP(script, connect, frame)                                                                \
	"default-src 'none'; script-src 'self'" script                                             \
	"; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src "        \
	"'self'; "                                                                                 \
	"connect-src 'self'" connect "; manifest-src 'self'; " frame                               \
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
#define CSP_OWN CSP("", "", "")
/* Meta's SDK for JavaScript, what it asks, and the frame it talks to its window through. */
#define CSP_SIGNUP                                                                                 \
	CSP(" https://connect.facebook.net",                                                       \
	    " https://graph.facebook.com https://www.facebook.com",                                \
	    "frame-src https://www.facebook.com https://web.facebook.com; ")
#define INDEX "/index.html"

/* Paths that are the server's, whether or not there is such a route. */
static const char *const own[] = {
	"/api/", "/webhooks/", "/health", "/ready", "/metrics", "/login/"
};

static bool
is_own(struct str path)
{
	if (str_eq(path, STR("/api")) || str_eq(path, STR("/webhooks")))
		return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		size_t n = strlen(own[i]);

		if (str_starts(path, str_from(own[i])) && (own[i][n - 1] == '/' || path.n == n))
			return true;
	}
	return false;
}

static const struct page_file *
find(struct str path)
{
	for (const struct page_file *f = page_files; f->path != NULL; f++)
		if (str_eq(path, str_from(f->path)))
			return f;
	return NULL;
}

/* Whether Accept-Encoding takes it: the name is there, and not with q=0 (RFC 9110 §12.5.3). */
static bool
takes(struct str accept, struct str coding)
{
	struct str part;

	while (str_split(&accept, ',', &part)) {
		size_t end = str_find(part, ';');
		struct str q = str_trim(str_sub(part, end + 1, part.n));

		if (str_ieq(str_trim(str_sub(part, 0, end)), coding))
			return !str_starts(q, STR("q=0")) || str_find(q, '.') < q.n;
	}
	return false;
}

static enum page_form
form_for(const struct page_file *f, struct str accept)
{
	if (str_is_set(f->forms[PAGE_BR]) && takes(accept, STR("br")))
		return PAGE_BR;
	if (str_is_set(f->forms[PAGE_GZIP]) && takes(accept, STR("gzip")))
		return PAGE_GZIP;
	return PAGE_PLAIN;
}

static void
send_file(struct http_exchange *x, const struct page_file *f, bool signup)
{
	static const char *const codings[] = {
		[PAGE_BR] = "br", [PAGE_GZIP] = "gzip", [PAGE_PLAIN] = ""
	};
	enum page_form form = form_for(f, http_header(x, "accept-encoding"));
	bool html = strncmp(f->content_type, "text/html", 9) == 0;
	const struct http_header_out headers[] = {
		{ "Content-Encoding", str_from(codings[form]) },
		{ "Vary", str_is_set(f->forms[PAGE_BR]) ? STR("Accept-Encoding") : STR("") },
		{ "ETag", str_from(f->etag) },
		{ "Cache-Control",
		  f->fixed ? STR("public, max-age=31536000, immutable") : STR("no-cache") },
		{ "Content-Security-Policy",
		  html ? str_from(signup ? CSP_SIGNUP : CSP_OWN) : STR("") },
		{ "Referrer-Policy", STR("no-referrer") },
		{ "X-Frame-Options", html ? STR("DENY") : STR("") },
		{ "Cross-Origin-Opener-Policy", html ? STR("same-origin-allow-popups") : STR("") },
		{ NULL, STR_NONE },
	};
	bool known = str_eq(http_header(x, "if-none-match"), str_from(f->etag));

	if (known)
		http_reply(x, 304, f->content_type, STR(""), headers);
	else
		http_reply(x, 200, f->content_type, f->forms[form], headers);
}

bool
page_try(struct http_exchange *x, bool signup)
{
	struct str path = http_path(x), method = http_method(x);
	const struct page_file *f;

	if (is_own(path) || (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"))))
		return false;
	f = find(path);
	if (f == NULL && str_starts(path, STR("/assets/"))) {
		http_reply_problem(x, 0, &(const struct problem){ .code = ERR_NOT_FOUND }, NULL);
		return true;
	}
	if (f == NULL)
		f = find(STR(INDEX));
	if (f == NULL)
		return false;
	send_file(x, f, signup);
	return true;
}
