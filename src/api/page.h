/*
 * The web page's files, embedded at build and compressed there (tools/embed.mjs). Answered without
 * I/O and without a handler thread. Source: 6-web.
 */
#ifndef RECADO_API_PAGE_H
#define RECADO_API_PAGE_H

#include "net/http_server.h"

enum page_form { PAGE_BR, PAGE_GZIP, PAGE_PLAIN, PAGE_FORMS };
struct page_file {
	const char *path; /* "/assets/index-4f1c.js"; NULL ends the table */
	const char *content_type, *etag;
	bool fixed;                   /* its name changes with its content */
	struct str forms[PAGE_FORMS]; /* absent: not worth it */
};
extern const struct page_file page_files[]; /* generated */

/*
 * Answers a GET or HEAD for the page: a file, or for any other path that is not one of the server's
 * own the page itself, which knows what the path means. False: not the page's. I/O thread.
 * signup: Embedded Signup can be begun on this server, so the page may load Meta's SDK for it, and
 * nothing else from elsewhere.
 */
bool page_try(struct http_exchange *, bool signup);

#endif
