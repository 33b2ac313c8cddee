/*
 * Sockets of the simulated helpdesk. What always holds: the world is touched under the lock only,
 * and nothing is sent or waited for while it is held; to stop, every socket is shut down, so no
 * thread stays in a call.
 */
#include "sim/helpdesk_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 256
#define HEAD_BYTES       16384
#define ANSWER_BYTES     ((size_t)1 << 30)

struct slot {
	struct helpdesk_server *server;
	pthread_t thread;
	int fd;    /* -1: the thread is done */
	bool used; /* has a thread to join; the acceptor's, and after it the stopper's */
};

struct helpdesk_server {
	struct helpdesk *world;
	const struct clock *clock;
	int listen_fd, stop_fd;
	uint16_t port;
	pthread_t acceptor;
	pthread_mutex_t world_lock, slots_lock;
	bool stopping;
	struct slot slots[MOST_CONNECTIONS];
};

void
helpdesk_server_lock(struct helpdesk_server *s)
{
	pthread_mutex_lock(&s->world_lock);
}

void
helpdesk_server_unlock(struct helpdesk_server *s)
{
	pthread_mutex_unlock(&s->world_lock);
}

static bool
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* One request's head, as far as it matters. */
struct head {
	struct helpdesk_request request;
	bool close;
};

static bool
read_head(struct str text, struct head *h)
{
	struct str line, target, version;

	*h = (struct head){ .request.api_key = STR_NONE };
	if (!str_split(&text, '\n', &line))
		return false;
	line = str_trim(line);
	if (!str_split(&line, ' ', &h->request.method) || !str_split(&line, ' ', &target) ||
	    !str_split(&line, ' ', &version) || !str_starts(version, STR("HTTP/1.")))
		return false;
	h->close = str_eq(version, STR("HTTP/1.0"));
	size_t mark = str_find(target, '?');
	h->request.path = str_sub(target, 0, mark);
	h->request.query = str_sub(target, mark + 1, target.n);
	while (str_split(&text, '\n', &line)) {
		size_t colon = str_find(line, ':');
		struct str name = str_sub(line, 0, colon);
		struct str value = str_trim(str_sub(line, colon + 1, line.n));
		int64_t length;
		if (str_ieq(name, STR("api-key")))
			h->request.api_key = value;
		else if (str_ieq(name, STR("connection")))
			h->close = h->close || str_ieq(value, STR("close"));
		else if (str_ieq(name, STR("transfer-encoding")) ||
		         (str_ieq(name, STR("content-length")) &&
		          (!str_to_i64(value, &length) || length != 0)))
			return false; /* nobody sends a body here */
	}
	return true;
}

static const char *
reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 429:
		return "Too Many Requests";
	default:
		return "Error";
	}
}

/* The controls; false: the path is not one of them. */
static bool
answer_control(struct helpdesk_server *s, const struct helpdesk_request *q, struct arena *a,
               struct helpdesk_reply *r)
{
	bool get = str_eq(q->method, STR("GET"));
	struct str rest = q->query;
	int64_t n = 1;
	struct buf b;

	if (!str_starts(q->path, STR("/__sim/")))
		return false;
	buf_init(&b, a, ANSWER_BYTES);
	*r = (struct helpdesk_reply){ .status = 200 };
	helpdesk_set_clock(s->world, clock_now(s->clock));
	if (get && str_eq(q->path, STR("/__sim/stats")))
		helpdesk_stats_json(s->world, &b);
	else if (get && str_eq(q->path, STR("/__sim/truth")))
		helpdesk_truth_lines(s->world, &b);
	else if (!get && str_eq(q->path, STR("/__sim/quiet")))
		helpdesk_quiet(s->world);
	else if (!get && str_eq(q->path, STR("/__sim/heal")))
		helpdesk_heal(s->world);
	else if (!get && str_eq(q->path, STR("/__sim/live")) &&
	         (str_is_empty(rest) || (str_starts(rest, STR("n=")) &&
	                                 str_to_i64(str_sub(rest, 2, rest.n), &n) && n >= 0)))
		helpdesk_live(s->world, (size_t)n);
	else
		r->status = 404;
	r->body = buf_slice(&b);
	return true;
}

/* Waits, unless the server stops. */
static void
wait_ms(const struct helpdesk_server *s, int64_t ms)
{
	struct pollfd p = { .fd = s->stop_fd, .events = POLLIN };

	if (ms > 0)
		(void)poll(&p, 1, ms < INT32_MAX ? (int)ms : INT32_MAX);
}

/* False: the connection ends. */
static bool
serve(struct helpdesk_server *s, int fd, const struct head *h, struct arena *a)
{
	enum helpdesk_fate fate = HELPDESK_ANSWERED;
	struct helpdesk_reply r;
	struct buf b;

	helpdesk_server_lock(s);
	if (!answer_control(s, &h->request, a, &r))
		fate = helpdesk_answer(s->world, &h->request, clock_now(s->clock), a, &r);
	helpdesk_server_unlock(s);
	wait_ms(s, r.delay_ms);
	if (fate == HELPDESK_CLOSED)
		return false;
	size_t shown = fate == HELPDESK_CUT ? r.cut_at : r.body.n;
	buf_init(&b, a, ANSWER_BYTES);
	buf_fmt(&b, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", r.status, reason_of(r.status),
	        r.body.n);
	for (size_t i = 0; i < r.nheaders; i++)
		buf_fmt(&b, "%s: " STR_FMT "\r\n", r.headers[i].name, STR_ARG(r.headers[i].value));
	buf_z(&b, h->close ? "Connection: close\r\n\r\n" : "\r\n");
	if (r.body_delay_ms > 0) {
		struct str head = buf_slice(&b);
		if (!send_all(fd, head.p, head.n))
			return false;
		wait_ms(s, r.body_delay_ms);
		buf_clear(&b);
	}
	buf_str(&b, str_sub(r.body, 0, shown));
	struct str bytes = buf_slice(&b);
	return send_all(fd, bytes.p, bytes.n) && fate == HELPDESK_ANSWERED && !h->close;
}

/* Where the head ends, or 0. */
static size_t
end_of_head(const char *p, size_t n)
{
	const char *end = n >= 4 ? memmem(p, n, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - p) + 4 : 0;
}

static void
talk(struct helpdesk_server *s, int fd)
{
	struct arena *a = arena_new(2 * ANSWER_BYTES);
	char text[HEAD_BYTES];
	size_t n = 0;

	for (;;) {
		size_t used = end_of_head(text, n);
		struct head h;
		if (used == 0) {
			ssize_t got = n < sizeof text ? recv(fd, text + n, sizeof text - n, 0) : 0;
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				break;
			n += (size_t)got;
			continue;
		}
		if (!read_head(str_n(text, used), &h) || !serve(s, fd, &h, a))
			break;
		arena_reset(a);
		memmove(text, text + used, n - used);
		n -= used;
	}
	arena_free(a);
}

static void *
connection_main(void *arg)
{
	struct slot *slot = arg;
	struct helpdesk_server *s = slot->server;

	talk(s, slot->fd);
	pthread_mutex_lock(&s->slots_lock);
	close(slot->fd);
	slot->fd = -1;
	pthread_mutex_unlock(&s->slots_lock);
	return NULL;
}

/* A free slot, after the threads that ended were joined; NULL: none. Under the lock. */
static struct slot *
free_slot(struct helpdesk_server *s)
{
	struct slot *found = NULL;

	for (size_t i = 0; i < MOST_CONNECTIONS; i++) {
		struct slot *slot = &s->slots[i];
		if (slot->used && slot->fd < 0) {
			pthread_join(slot->thread, NULL);
			slot->used = false;
		}
		if (!slot->used && found == NULL)
			found = slot;
	}
	return found;
}

static void
take_connection(struct helpdesk_server *s, int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	pthread_mutex_lock(&s->slots_lock);
	struct slot *slot = s->stopping ? NULL : free_slot(s);
	if (slot == NULL) {
		close(fd);
	} else {
		slot->server = s;
		slot->fd = fd;
		slot->used = true;
		if (pthread_create(&slot->thread, NULL, connection_main, slot) != 0)
			abort();
	}
	pthread_mutex_unlock(&s->slots_lock);
}

static void *
acceptor_main(void *arg)
{
	struct helpdesk_server *s = arg;
	struct pollfd p[2] = { { .fd = s->listen_fd, .events = POLLIN },
		               { .fd = s->stop_fd, .events = POLLIN } };

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			abort();
		if (p[1].revents != 0)
			return NULL;
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			take_connection(s, fd);
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
helpdesk_server_start(struct helpdesk *w, const struct clock *clock, uint16_t port,
                      struct helpdesk_server **out)
{
	struct helpdesk_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	if (listen_on(port, &s->listen_fd, &s->port) != ERR_OK) {
		free(s);
		return ERR_IO;
	}
	for (size_t i = 0; i < MOST_CONNECTIONS; i++)
		s->slots[i].fd = -1;
	s->world = w;
	s->clock = clock;
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&s->world_lock, NULL);
	pthread_mutex_init(&s->slots_lock, NULL);
	if (s->stop_fd < 0 || pthread_create(&s->acceptor, NULL, acceptor_main, s) != 0)
		abort();
	*out = s;
	return ERR_OK;
}

uint16_t
helpdesk_server_port(const struct helpdesk_server *s)
{
	return s->port;
}

void
helpdesk_server_stop(struct helpdesk_server *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->slots_lock);
	s->stopping = true;
	for (size_t i = 0; i < MOST_CONNECTIONS; i++)
		if (s->slots[i].fd >= 0)
			shutdown(s->slots[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->slots_lock);
	if (eventfd_write(s->stop_fd, 1) != 0)
		abort();
	pthread_join(s->acceptor, NULL);
	for (size_t i = 0; i < MOST_CONNECTIONS; i++)
		if (s->slots[i].used)
			pthread_join(s->slots[i].thread, NULL);
	close(s->listen_fd);
	close(s->stop_fd);
	pthread_mutex_destroy(&s->world_lock);
	pthread_mutex_destroy(&s->slots_lock);
	free(s);
}
