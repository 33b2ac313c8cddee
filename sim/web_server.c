/*
 * The loop of a simulator's server. What always holds: the simulator is called under the lock only,
 * and nothing is waited for while it is held; a reply that is due later costs no thread; the
 * end of a peer is seen while its reply waits.
 */
#include "sim/web_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/web_conn.h"
#include "sys/signals.h"

#define MOST_CONNECTIONS 8192
#define EVENTS           256
#define ARENA_BYTES      ((size_t)2 << 30) /* a bound, not a reservation */

struct web_server {
	struct web_handler handler;
	const struct clock *clock;
	struct web_host host;
	int listen_fd, stop_fd, epoll_fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock;
	bool listening; /* in the epoll set */
	struct web_conn *conns[MOST_CONNECTIONS];
	size_t nconns;
};

void
web_server_lock(struct web_server *s)
{
	pthread_mutex_lock(&s->lock);
}

void
web_server_unlock(struct web_server *s)
{
	pthread_mutex_unlock(&s->lock);
}

uint16_t
web_server_port(const struct web_server *s)
{
	return s->port;
}

static void
answer(void *ctx, const struct web_request *q, struct arena *a, struct web_reply *r)
{
	struct web_server *s = ctx;

	web_server_lock(s);
	*r = (struct web_reply){ .fate = WEB_ANSWERED };
	s->handler.answer(s->handler.ctx, q, clock_now(s->clock), a, r);
	web_server_unlock(s);
}

static void
done(void *ctx, const struct web_reply *r, bool whole)
{
	struct web_server *s = ctx;

	if (s->handler.done == NULL)
		return;
	web_server_lock(s);
	s->handler.done(s->handler.ctx, r, whole);
	web_server_unlock(s);
}

static void
watch(struct web_server *s, int op, int fd, uint32_t events, void *what)
{
	struct epoll_event e = { .events = events, .data = { .ptr = what } };

	if (epoll_ctl(s->epoll_fd, op, fd, &e) != 0)
		abort();
}

static void
listen_again(struct web_server *s, bool listening)
{
	if (s->listening != listening)
		watch(s, listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listen_fd, EPOLLIN,
		      &s->listen_fd);
	s->listening = listening;
}

/* After something was done with the connection: what it waits for now. */
static void
settle(struct web_server *s, struct web_conn *c, int64_t now_us)
{
	static const uint32_t events[] = {
		[CONN_READING] = EPOLLIN, [CONN_WAITING] = EPOLLRDHUP, [CONN_WRITING] = EPOLLOUT
	};

	if (c->state == CONN_READING && c->in.n > 0)
		web_conn_read(c, &s->host, now_us); /* a request that came with the one before */
	if (c->state != CONN_OVER)
		watch(s, EPOLL_CTL_MOD, c->fd, events[c->state], c);
}

static void
accept_all(struct web_server *s)
{
	int one = 1;

	while (s->nconns < MOST_CONNECTIONS) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0)
			break;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		s->conns[s->nconns] = web_conn_new(fd);
		watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, s->conns[s->nconns++]);
	}
	listen_again(s, false); /* no room, or no descriptor: until a connection ends */
}

/* Frees what is over and writes what is due; when the next reply is, or INT64_MAX. */
static int64_t
look_after(struct web_server *s, int64_t now_us)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < s->nconns;) {
		struct web_conn *c = s->conns[i];
		if (c->due_us <= now_us) {
			web_conn_write(c, &s->host, now_us);
			settle(s, c, now_us);
		}
		if (c->state == CONN_OVER) {
			web_conn_free(c, &s->host);
			s->conns[i] = s->conns[--s->nconns];
			listen_again(s, true);
			continue;
		}
		if (c->due_us < next)
			next = c->due_us;
		i++;
	}
	return next;
}

static void
handle(struct web_server *s, struct web_conn *c, uint32_t events, int64_t now_us)
{
	if (c->state == CONN_WAITING && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
		done(s, &c->reply, false);
		c->state = CONN_OVER;
	} else if (c->state == CONN_READING) {
		web_conn_read(c, &s->host, now_us);
	} else if (c->state == CONN_WRITING) {
		web_conn_write(c, &s->host, now_us);
	}
	settle(s, c, now_us);
}

static int
milliseconds(int64_t now_us, int64_t next_us)
{
	if (next_us == INT64_MAX)
		return -1;
	if (next_us <= now_us)
		return 0;
	return next_us - now_us > INT64_C(3600000000) ? 3600000
	                                              : (int)((next_us - now_us + 999) / 1000);
}

static void *
loop(void *arg)
{
	struct web_server *s = arg;
	struct epoll_event events[EVENTS];
	int64_t next = INT64_MAX;

	for (;;) {
		int n = epoll_wait(s->epoll_fd, events, EVENTS,
		                   milliseconds(clock_mono_us(&clock_real), next));
		if (n < 0 && errno != EINTR)
			abort();
		int64_t now = clock_mono_us(&clock_real);
		for (int i = 0; i < n; i++) {
			void *what = events[i].data.ptr;
			if (what == &s->stop_fd)
				return NULL;
			if (what == &s->listen_fd)
				accept_all(s);
			else
				handle(s, what, events[i].events, now);
		}
		next = look_after(s, clock_mono_us(&clock_real));
	}
}

static enum err
listen_on(uint16_t port, int *out, uint16_t *bound)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t len = sizeof name;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
	    listen(fd, SOMAXCONN) != 0 || getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
		fprintf(stderr, "recado-sim: port %u: %s\n", (unsigned)port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	*out = fd;
	*bound = ntohs(name.sin_port);
	return ERR_OK;
}

enum err
web_server_start(const struct web_handler *handler, const struct clock *clock, uint16_t port,
                 struct web_server **out)
{
	struct web_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	if (listen_on(port, &s->listen_fd, &s->port) != ERR_OK) {
		free(s);
		return ERR_IO;
	}
	s->handler = *handler;
	s->clock = clock;
	s->host = (struct web_host){ answer, done, s, arena_new(ARENA_BYTES) };
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->epoll_fd < 0 || s->stop_fd < 0)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	watch(s, EPOLL_CTL_ADD, s->stop_fd, EPOLLIN, &s->stop_fd);
	listen_again(s, true);
	if (pthread_create(&s->thread, NULL, loop, s) != 0)
		abort();
	*out = s;
	return ERR_OK;
}

void
web_server_stop(struct web_server *s)
{
	if (s == NULL)
		return;
	if (eventfd_write(s->stop_fd, 1) != 0)
		abort();
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->nconns; i++)
		web_conn_free(s->conns[i], &s->host);
	close(s->listen_fd);
	close(s->stop_fd);
	close(s->epoll_fd);
	arena_free(s->host.arena);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
web_server_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void
web_server_wait(const struct web_server *s, int signals)
{
	printf("listening on http://127.0.0.1:%u\n", (unsigned)s->port);
	fflush(stdout);
	for (int n = 0; n != SIGTERM && n != SIGINT;)
		n = signals_wait(signals, -1);
}
