/*
 * Why: closing a socket while the client still sends makes the kernel reset it, and the reset can
 * overtake the 413 or 503 that explains everything. So after an early answer the socket is read to
 * nowhere for a short while. What always holds: number, time and bytes are bounded.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_internal.h"

#define LINGER_MAX       256
#define LINGER_US        INT64_C(2000000)
#define LINGER_BYTES     ((size_t)8 << 20)
#define LINGER_READ_SIZE 65536

static void
linger_close(struct http_server *s, struct http_linger *l)
{
	assert((l->prev == NULL) == (s->lingering == l));
	if (s->lingering == l)
		s->lingering = l->next;
	else
		l->prev->next = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	else
		s->lingering_tail = l->prev;
	s->nlingering--;
	close(l->fd);
	free(l);
}

void
http_linger_add(struct http_server *s, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct http_linger *l;

	if (s->nlingering == LINGER_MAX)
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		abort();
	l->source = HTTP_SOURCE_LINGER;
	l->fd = dup(fd);
	ev.data.ptr = l;
	if (l->fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, l->fd, &ev) != 0) {
		if (l->fd >= 0)
			close(l->fd);
		free(l);
		return;
	}
	shutdown(l->fd, SHUT_WR);
	l->deadline_us = s->now_us + LINGER_US;
	l->budget = LINGER_BYTES;
	l->prev = s->lingering_tail;
	if (l->prev != NULL)
		l->prev->next = l;
	else
		s->lingering = l;
	s->lingering_tail = l;
	s->nlingering++;
}

void
http_linger_read(struct http_server *s, struct http_linger *l)
{
	char nowhere[LINGER_READ_SIZE];
	ssize_t n = recv(l->fd, nowhere, sizeof(nowhere), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n >= l->budget)
		linger_close(s, l);
	else
		l->budget -= (size_t)n;
}

void
http_linger_expire(struct http_server *s)
{
	while (s->lingering != NULL && s->lingering->deadline_us <= s->now_us)
		linger_close(s, s->lingering);
}

void
http_linger_close_all(struct http_server *s)
{
	while (s->lingering != NULL)
		linger_close(s, s->lingering);
}
