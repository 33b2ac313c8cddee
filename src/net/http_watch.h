/*
 * The sockets of a libcurl multi handle, watched by epoll: only those on which something has
 * happened are looked at, however many wait for an answer. One thread. For http_client_curl.c
 * alone.
 */
#ifndef RECADO_NET_HTTP_WATCH_H
#define RECADO_NET_HTTP_WATCH_H

#include <curl/curl.h>
#include <stdint.h>

#include "sys/clock.h"

struct http_watch {
	CURLM *multi;
	const struct clock *clock;
	int fd;         /* readable when http_watch_move_on has something to do */
	int64_t due_us; /* and at this moment, of clock_mono_us; INT64_MAX: never */
};
/* Stays where it is until http_watch_close. */
void http_watch_open(struct http_watch *, CURLM *, const struct clock *);
/* Takes the multi handle with it. */
void http_watch_close(struct http_watch *);
/* What was just added begins: a connection that is there is written to at once. */
void http_watch_begin(struct http_watch *);
/* Moves transfers on as far as that goes without waiting. */
void http_watch_move_on(struct http_watch *);

#endif
