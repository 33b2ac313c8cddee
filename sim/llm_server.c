/*
 * The loop of the simulated model server. What always holds: the model is touched under the lock
 * only, and nothing is waited for while it is held; a reply that is due later costs no thread; the
 * end of a peer is seen while its reply waits.
 */
#include "sim/llm_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/llm_conn.h"

#define MOST_CONNECTIONS 8192
#define EVENTS           256
#define ARENA_BYTES      ((size_t)2 << 30) /* a bound, not a reservation */

struct llm_server {
	struct llm *model;
	const struct clock *clock;
	struct llm_host host;
	int listen_fd, stop_fd, epoll_fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock;
	bool listening; /* in the epoll set */
	struct llm_conn *conns[MOST_CONNECTIONS];
	size_t nconns;
};

void
llm_server_lock(struct llm_server *s)
{
	pthread_mutex_lock(&s->lock);
}

void
llm_server_unlock(struct llm_server *s)
{
	pthread_mutex_unlock(&s->lock);
}

uint16_t
llm_server_port(const struct llm_server *s)
{
	return s->port;
}

static void
answer(void *ctx, const struct llm_request *q, struct arena *a, struct llm_reply *r)
{
	struct llm_server *s = ctx;

	llm_server_lock(s);
	if (!llm_control(s->model, q, a, r))
		llm_answer(s->model, q, clock_now(s->clock), a, r);
	llm_server_unlock(s);
}

static void
done(void *ctx, const struct llm_reply *r, bool whole)
{
	struct llm_server *s = ctx;

	llm_server_lock(s);
	llm_done(s->model, r, whole);
	llm_server_unlock(s);
}

static void
watch(struct llm_server *s, int op, int fd, uint32_t events, void *what)
{
	struct epoll_event e = { .events = events, .data = { .ptr = what } };

	if (epoll_ctl(s->epoll_fd, op, fd, &e) != 0)
		abort();
}

static void
listen_again(struct llm_server *s, bool listening)
{
	if (s->listening != listening)
		watch(s, listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listen_fd, EPOLLIN,
		      &s->listen_fd);
	s->listening = listening;
}

/* After something was done with the connection: what it waits for now. */
static void
settle(struct llm_server *s, struct llm_conn *c, int64_t now_us)
{
	static const uint32_t events[] = {
		[CONN_READING] = EPOLLIN, [CONN_WAITING] = EPOLLRDHUP, [CONN_WRITING] = EPOLLOUT
	};

	if (c->state == CONN_READING && c->in.n > 0)
		llm_conn_read(c, &s->host, now_us); /* a request that came with the one before */
	if (c->state != CONN_OVER)
		watch(s, EPOLL_CTL_MOD, c->fd, events[c->state], c);
}

static void
accept_all(struct llm_server *s)
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
		s->conns[s->nconns] = llm_conn_new(fd);
		watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, s->conns[s->nconns++]);
	}
	listen_again(s, false); /* no room, or no descriptor: until a connection ends */
}

/* Frees what is over and writes what is due; when the next reply is, or INT64_MAX. */
static int64_t
look_after(struct llm_server *s, int64_t now_us)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < s->nconns;) {
		struct llm_conn *c = s->conns[i];
		if (c->due_us <= now_us) {
			llm_conn_write(c, &s->host);
			settle(s, c, now_us);
		}
		if (c->state == CONN_OVER) {
			llm_conn_free(c, &s->host);
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
handle(struct llm_server *s, struct llm_conn *c, uint32_t events, int64_t now_us)
{
	if (c->state == CONN_WAITING && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
		done(s, &c->reply, false);
		c->state = CONN_OVER;
	} else if (c->state == CONN_READING) {
		llm_conn_read(c, &s->host, now_us);
	} else if (c->state == CONN_WRITING) {
		llm_conn_write(c, &s->host);
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
	struct llm_server *s = arg;
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
llm_server_start(struct llm *m, const struct clock *clock, uint16_t port, struct llm_server **out)
{
	struct llm_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	if (listen_on(port, &s->listen_fd, &s->port) != ERR_OK) {
		free(s);
		return ERR_IO;
	}
	s->model = m;
	s->clock = clock;
	s->host = (struct llm_host){ answer, done, s, arena_new(ARENA_BYTES) };
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
llm_server_stop(struct llm_server *s)
{
	if (s == NULL)
		return;
	if (eventfd_write(s->stop_fd, 1) != 0)
		abort();
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->nconns; i++)
		llm_conn_free(s->conns[i], &s->host);
	close(s->listen_fd);
	close(s->stop_fd);
	close(s->epoll_fd);
	arena_free(s->host.arena);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
