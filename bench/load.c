/*
 * The load generator, for Recado and its peers alike: raw sockets, epoll, keep-alive, one request
 * in flight on each connection, everything signed beforehand. What always holds: a latency is from
 * the first byte sent to the last byte received; one JSON object is printed, with the generator's
 * own CPU time in it.
 *
 *   load --url URL [--mode live|history] [--secret S] [--phone-id ID] [--connections N] [--seconds
 * S | --count N]
 *        [--warm N] [--rate N] [--clients N] [--contacts N] [--body-bytes N] [--chunk-messages N]
 * [--chunk-threads N] [--stamp N] load --mode null                                   an endpoint
 * that only answers
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_bodies.h"
#include "null_server.h"

#define MAX_CONNECTIONS 1024
#define MAX_PREPARED    150000
#define ANSWER_BYTES    4096

struct load {
	struct load_shape shape;
	const char *mode;
	char host[128], port[16];
	size_t connections, count, warm, prepared, next, done, failed;
	double seconds, rate;
	struct str *requests;
	uint32_t *latency_us; /* of requests beyond the warm ones */
	size_t nlatency, codes[600];
	uint64_t bytes;
	int64_t start_us, end_us;
	double began; /* wall clock, seconds: when the first request beyond the warm ones was sent
	               */
	double cpu_before; /* spent on making the requests */
};
struct conn {
	int fd;
	struct str out;
	size_t sent, got;
	int64_t since_us;
	bool busy;
	char in[ANSWER_BYTES];
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static double
wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int
dial(const struct load *l)
{
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int one = 1, fd = -1;

	if (getaddrinfo(l->host, l->port, &hint, &found) == 0) {
		fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
		freeaddrinfo(found);
	}
	if (fd < 0) {
		fprintf(stderr, "load: %s:%s: %s\n", l->host, l->port, strerror(errno));
		exit(1);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
push_out(struct conn *c)
{
	while (c->sent < c->out.n) {
		ssize_t n = write(c->fd, c->out.p + c->sent, c->out.n - c->sent);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			fprintf(stderr, "load: write: %s\n", strerror(errno));
			exit(1);
		}
		c->sent += (size_t)n;
	}
}

/* Gives the connection its next request; false if there is none, or not yet. */
static bool
give(struct load *l, struct conn *c)
{
	int64_t now = now_us();

	if (l->next >= l->prepared || (l->seconds > 0 && l->next > l->warm && now >= l->end_us))
		return false;
	if (l->rate > 0 && l->next > l->warm &&
	    (double)(now - l->start_us) / 1e6 * l->rate < (double)(l->next - l->warm))
		return false;
	if (l->next == l->warm) {
		l->start_us = now;
		l->began = wall_s();
		l->end_us = now + (int64_t)(l->seconds * 1e6);
	}
	c->out = l->requests[l->next++];
	c->sent = c->got = 0;
	c->since_us = now;
	c->busy = true;
	push_out(c);
	return true;
}

/* Is the answer whole? Content-Length, or chunks up to the empty one. */
static bool
is_whole(const struct conn *c)
{
	const char *end = memmem(c->in, c->got, "\r\n\r\n", 4), *length;

	if (end == NULL)
		return false;
	length = strcasestr(c->in, "\r\ncontent-length:");
	if (length != NULL && length < end)
		return c->got >= (size_t)(end - c->in) + 4 + strtoul(length + 17, NULL, 10);
	return c->got >= 5 && memcmp(c->in + c->got - 5, "0\r\n\r\n", 5) == 0;
}

static void
finish(struct load *l, struct conn *c)
{
	int64_t now = now_us();
	int code = c->got > 12 ? atoi(c->in + 9) : 0; /* NOLINT(cert-err34-c) */

	c->busy = false;
	l->done++;
	l->bytes += c->out.n;
	l->codes[code >= 100 && code < 600 ? code : 0]++;
	if (c->since_us >= l->start_us && l->start_us > 0)
		l->latency_us[l->nlatency++] = (uint32_t)(now - c->since_us);
}

static void
take_in(struct load *l, struct conn *c)
{
	ssize_t n = read(c->fd, c->in + c->got, sizeof c->in - 1 - c->got);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <=
	    0) { /* the server closed it: that request failed, the next one gets a new connection */
		if (c->busy) {
			l->failed++;
			l->done++;
			c->busy = false;
		}
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->got += (size_t)n;
	c->in[c->got] = '\0';
	if (c->busy && is_whole(c))
		finish(l, c);
}

static void
watch(int epoll, struct conn *c)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev);
}

static void
run(struct load *l)
{
	struct conn *conns = calloc(l->connections, sizeof *conns);
	struct epoll_event events[MAX_CONNECTIONS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	size_t busy = 0;

	if (conns == NULL || epoll < 0)
		abort();
	for (size_t i = 0; i < l->connections; i++) {
		conns[i].fd = dial(l);
		watch(epoll, &conns[i]);
	}
	for (;;) {
		for (size_t i = 0; i < l->connections; i++) {
			if (conns[i].fd < 0) {
				conns[i].fd = dial(l);
				watch(epoll, &conns[i]);
			}
			if (!conns[i].busy && !give(l, &conns[i]))
				break;
		}
		busy = 0;
		for (size_t i = 0; i < l->connections; i++)
			busy += conns[i].busy;
		if (busy == 0 && (l->rate <= 0 || l->next >= l->prepared || now_us() >= l->end_us))
			break;
		int n = epoll_wait(epoll, events, MAX_CONNECTIONS, l->rate > 0 ? 1 : 1000);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			if (c->fd >= 0 && c->busy && (events[i].events & EPOLLOUT))
				push_out(c);
			if (c->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
				take_in(l, c);
		}
	}
	l->end_us = now_us();
	free(conns);
	close(epoll);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double
percentile_ms(const struct load *l, double p)
{
	size_t i = (size_t)(p * (double)l->nlatency);

	return l->nlatency == 0 ? 0 : l->latency_us[i < l->nlatency ? i : l->nlatency - 1] / 1000.0;
}

static void
report(struct load *l)
{
	double wall = (double)(l->end_us - l->start_us) / 1e6;
	const char *comma = "";

	qsort(l->latency_us, l->nlatency, sizeof *l->latency_us, by_value);
	printf("{\"mode\":\"%s\",\"connections\":%zu,\"clients\":%zu,\"seconds\":%.3f,\"requests\":"
	       "%zu,\"acknowledged\":%zu,"
	       "\"warm\":%zu,\"per_second\":%.1f,\"mb_per_second\":%.1f,\"p50_ms\":%.2f,\"p95_ms\":"
	       "%.2f,\"p99_ms\":%.2f,"
	       "\"max_ms\":%.2f,\"failed\":%zu,\"codes\":{",
	       l->mode, l->connections, l->shape.clients, wall, l->nlatency, l->codes[200], l->warm,
	       (double)l->nlatency / wall, (double)l->bytes / 1e6 / wall, percentile_ms(l, 0.5),
	       percentile_ms(l, 0.95), percentile_ms(l, 0.99), percentile_ms(l, 1), l->failed);
	for (size_t i = 0; i < 600; i++)
		if (l->codes[i] > 0) {
			printf("%s\"%zu\":%zu", comma, i, l->codes[i]);
			comma = ",";
		}
	printf("},\"cpu_s\":%.2f,\"began\":%.3f}\n", cpu_s() - l->cpu_before, l->began);
}

static bool
read_args(int argc, char **argv, struct load *l)
{
	const char *url = NULL;

	for (int i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i], *v = argv[i + 1];
		const struct {
			const char *name;
			size_t *at;
		} sizes[] = { { "--connections", &l->connections },
			      { "--count", &l->count },
			      { "--warm", &l->warm },
			      { "--clients", &l->shape.clients },
			      { "--contacts", &l->shape.contacts },
			      { "--body-bytes", &l->shape.body_bytes },
			      { "--chunk-messages", &l->shape.chunk_messages },
			      { "--chunk-threads", &l->shape.chunk_threads },
			      { "--stamp", &l->shape.stamp } };
		bool known = false;
		for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
			if (strcmp(name, sizes[k].name) == 0) {
				*sizes[k].at = strtoul(v, NULL, 10);
				known = true;
			}
		if (strcmp(name, "--url") == 0)
			url = v;
		else if (strcmp(name, "--mode") == 0)
			l->mode = v;
		else if (strcmp(name, "--secret") == 0)
			l->shape.secret = v;
		else if (strcmp(name, "--phone-id") == 0)
			l->shape.phone_id = v;
		else if (strcmp(name, "--seconds") == 0)
			l->seconds = strtod(v, NULL);
		else if (strcmp(name, "--rate") == 0)
			l->rate = strtod(v, NULL);
		else if (!known)
			return false;
	}
	if (strcmp(l->mode, "null") == 0)
		return true;
	if (url == NULL || sscanf(url, "http://%127[^:/]:%15[0-9]", l->host, l->port) !=
	                           2) /* NOLINT(cert-err34-c) */
		return false;
	const char *path = strchr(url + 7, '/');
	l->shape.path = path != NULL ? path : "/";
	l->shape.host = l->host;
	return l->connections > 0 && l->connections <= MAX_CONNECTIONS && l->shape.clients > 0 &&
	       l->shape.contacts > 0 && l->shape.chunk_threads > 0 &&
	       (l->count > 0 || l->seconds > 0);
}

int
main(int argc, char **argv)
{
	struct load l = { .mode = "live", .connections = 64 };

	l.shape = (struct load_shape){ .secret = "secret",
		                       .phone_id = "100",
		                       .stamp = (uint64_t)time(NULL),
		                       .clients = 1,
		                       .contacts = 500,
		                       .body_bytes = 1024,
		                       .chunk_messages = 1000,
		                       .chunk_threads = 10 };
	if (!read_args(argc, argv, &l)) {
		fprintf(stderr, "load: see the head of bench/load.c\n");
		return 64;
	}
	if (strcmp(l.mode, "null") == 0)
		return null_server_run();
	struct arena *a = arena_new((size_t)8 << 30);
	bool live = strcmp(l.mode, "live") == 0;
	l.prepared = l.count > 0 ? l.count + l.warm : MAX_PREPARED;
	l.requests = ARENA_ARRAY(a, l.prepared, struct str);
	l.latency_us = ARENA_ARRAY(a, l.prepared, uint32_t);
	for (size_t i = 0; i < l.prepared; i++)
		l.requests[i] = live ? load_live(a, &l.shape, i)
		                     : load_history(a, &l.shape, i, l.prepared);
	l.cpu_before = cpu_s();
	run(&l);
	report(&l);
	arena_free(a);
	return l.failed == 0 && l.codes[200] == l.done ? 0 : 1;
}
