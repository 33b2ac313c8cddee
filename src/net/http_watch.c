/*
 * Why: left to look for itself, libcurl asks the kernel about every socket each time, and with
 * hundreds in flight that costs more than what comes over them. What always holds: a socket is in
 * the epoll set just as long as libcurl waits for it; nothing here waits.
 */
#include "net/http_watch.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_EVENTS   64
#define MICRO_PER_MS 1000

/* libcurl begins or ends to wait for a socket. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
	const struct http_watch *w = user;
	struct epoll_event e = { .data = { .fd = fd } };

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(w->fd, EPOLL_CTL_DEL, fd, NULL); /* it may be closed by now */
		return 0;
	}
	e.events = ((what & CURL_POLL_IN) != 0 ? (uint32_t)EPOLLIN : 0) |
	           ((what & CURL_POLL_OUT) != 0 ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(w->fd, EPOLL_CTL_MOD, fd, &e) != 0 &&
	    epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &e) != 0)
		abort(); /* memory, or our own mistake */
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *user)
{
	struct http_watch *w = user;

	(void)multi;
	w->due_us = timeout_ms < 0 ? INT64_MAX
	                           : clock_mono_us(w->clock) + (int64_t)timeout_ms * MICRO_PER_MS;
	return 0;
}

void
http_watch_open(struct http_watch *w, CURLM *multi, const struct clock *clock)
{
	*w = (struct http_watch){ .multi = multi,
		                  .clock = clock,
		                  .fd = epoll_create1(EPOLL_CLOEXEC),
		                  .due_us = INT64_MAX };
	if (w->fd < 0 || curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, w) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, w) != CURLM_OK)
		abort();
}

void
http_watch_close(struct http_watch *w)
{
	(void)curl_multi_cleanup(w->multi);
	(void)close(w->fd);
}

static void
act(struct http_watch *w, curl_socket_t fd)
{
	int running;

	if (curl_multi_socket_action(w->multi, fd, 0, &running) != CURLM_OK)
		abort();
}

void
http_watch_begin(struct http_watch *w)
{
	act(w, CURL_SOCKET_TIMEOUT);
}

void
http_watch_move_on(struct http_watch *w)
{
	struct epoll_event events[MAX_EVENTS];
	int n = MAX_EVENTS;

	/* who comes late must find all that is there, before its time limit is looked at; an answer
	 * has an end, so this has one */
	while (n == MAX_EVENTS) {
		n = epoll_wait(w->fd, events, MAX_EVENTS, 0);
		for (int i = 0; i < n; i++)
			act(w, events[i].data.fd);
	}
	if (clock_mono_us(w->clock) < w->due_us)
		return;
	w->due_us = INT64_MAX; /* unless it says so again */
	act(w, CURL_SOCKET_TIMEOUT);
}
