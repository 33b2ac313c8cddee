/* One thread, epoll, fixed answer. What always holds: an answer follows the last byte of a body,
 * never before. */
#include "null_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER     (64 * 1024)
#define MAX_EVENTS 128

struct peer {
	int fd;
	size_t n;    /* bytes of the head that have come */
	size_t body; /* bytes of the body still to come */
	char head[4096];
};

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* Takes bytes; answers each whole request. false: close. */
static bool
take(struct peer *p, const char *data, size_t n)
{
	while (n > 0) {
		if (p->body > 0) {
			size_t k = n < p->body ? n : p->body;
			p->body -= k;
			data += k;
			n -= k;
			if (p->body == 0 && write(p->fd, answer, sizeof answer - 1) < 0)
				return false;
			continue;
		}
		if (p->n == sizeof p->head - 1)
			return false;
		p->head[p->n++] = *data++;
		n--;
		if (p->n < 4 || memcmp(p->head + p->n - 4, "\r\n\r\n", 4) != 0)
			continue;
		p->head[p->n] = '\0';
		const char *length = strcasestr(p->head, "\r\ncontent-length:");
		p->body = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
		p->n = 0;
		if (p->body == 0 && write(p->fd, answer, sizeof answer - 1) < 0)
			return false;
	}
	return true;
}

static void
welcome(int listener, int epoll)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
	struct peer *p;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	p = calloc(1, sizeof *p);
	if (p == NULL)
		abort();
	p->fd = fd;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

int
null_server_run(void)
{
	static char buffer[BUFFER];
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event first = { .events = EPOLLIN, .data.ptr = NULL }, events[MAX_EVENTS];

	if (listener < 0 || epoll < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(listener, 512) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
		perror("null server");
		return 1;
	}
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
	printf("listening on http://127.0.0.1:%d\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
		for (int i = 0; i < n; i++) {
			struct peer *p = events[i].data.ptr;
			if (p == NULL) {
				welcome(listener, epoll);
				continue;
			}
			ssize_t got = read(p->fd, buffer, sizeof buffer);
			if (got <= 0 || !take(p, buffer, (size_t)got)) {
				close(p->fd);
				free(p);
			}
		}
	}
}
