/*
 * See peer.h. What always holds: a thread leaves when its connection ends, and peer_stop ends all
 * connections, so nothing outlives it.
 */
#include "peer.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_HEAD        16384

/* "hello ", a thousand times. */
static const unsigned char hello_gzip[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0xed, 0xc4, 0x31, 0x0d,
	0x00, 0x00, 0x08, 0x03, 0x30, 0x2b, 0x98, 0x23, 0xe1, 0x58, 0x82, 0xff, 0x0f, 0x11,
	0xbc, 0xed, 0xd1, 0xe9, 0x64, 0x6b, 0x6c, 0xdb, 0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb,
	0xf6, 0xe3, 0x03, 0xc1, 0x37, 0x0c, 0x40, 0x70, 0x17, 0x00, 0x00,
};

struct connection {
	struct peer *peer;
	pthread_t thread;
	int fd;
};

struct peer {
	int listener;
	uint16_t port;
	pthread_t thread;
	atomic_uint connections, requests, answers;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned met;
	bool stop;
	struct connection *v[MAX_CONNECTIONS]; /* under the lock */
};

struct request {
	char head[MAX_HEAD];
	char method[16], path[256], key[64];
	size_t body;
};

static void
put(int fd, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0) {
		ssize_t done = send(fd, from, n, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		from += done;
		n -= (size_t)done;
	}
}

static void
say(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

/* Reads up to the empty line, a byte at a time: a request is small here. */
static bool
read_request(int fd, struct request *q)
{
	const char *length, *key;
	size_t n = 0;
	char c;

	memset(q, 0, sizeof *q);
	while (n < MAX_HEAD - 1 && (n < 4 || memcmp(q->head + n - 4, "\r\n\r\n", 4) != 0)) {
		if (recv(fd, q->head + n, 1, 0) != 1)
			return false;
		n++;
	}
	if (sscanf(q->head, "%15s %255s", q->method, q->path) != 2)
		return false;
	q->path[strcspn(q->path, "?")] = '\0';
	length = strcasestr(q->head, "\r\nContent-Length:");
	q->body = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
	key = strcasestr(q->head, "\r\napi-key:");
	if (key != NULL)
		(void)sscanf(key + 10, " %63s", q->key);
	for (size_t i = 0; i < q->body; i++)
		if (recv(fd, &c, 1, 0) != 1)
			return false;
	return true;
}

static void
answer(int fd, const char *status, const char *headers, const char *body)
{
	char head[1024];

	(void)snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
	               strlen(body), headers);
	say(fd, head);
	say(fd, body);
}

/* Returns when the other side has ended. */
static void
outlast(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) == 1)
		;
}

static void
send_bytes(int fd, size_t n)
{
	static const char block[4096];
	char line[32];

	say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (n > 0) {
		size_t part = n < sizeof block ? n : sizeof block;

		(void)snprintf(line, sizeof line, "%zx\r\n", part);
		say(fd, line);
		put(fd, block, part);
		say(fd, "\r\n");
		n -= part;
	}
	say(fd, "0\r\n\r\n");
}

static void
meet(struct peer *p, unsigned n)
{
	pthread_mutex_lock(&p->lock);
	p->met++;
	pthread_cond_broadcast(&p->changed);
	while (p->met < n && !p->stop)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

/* Those after which the connection is kept. False: it is another. */
static bool
serve_well(struct peer *p, int fd, const struct request *q)
{
	char text[128];

	if (strcmp(q->path, "/echo") == 0) {
		(void)snprintf(text, sizeof text, "%s %zu %s", q->method, q->body, q->key);
		answer(fd, "200 OK", "", text);
	} else if (strcmp(q->path, "/headers") == 0) {
		answer(fd, "429 Too Many Requests",
		       "Retry-After: Tue, 20 Jan 2026 11:00:30 GMT\r\nAge: 7\r\n"
		       "Content-Type: application/json; charset=utf-8\r\n"
		       "Date: Tue, 20 Jan 2026 11:00:00 GMT\r\n",
		       "[]");
	} else if (strcmp(q->path, "/redirect") == 0) {
		answer(fd, "302 Found", "Location: /echo\r\n", "");
	} else if (strcmp(q->path, "/early") == 0) {
		say(fd, "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n");
		answer(fd, "200 OK", "Age: 1\r\n", "late");
	} else if (strcmp(q->path, "/gzip") == 0) {
		(void)snprintf(text, sizeof text,
		               "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		               "Content-Length: %zu\r\n\r\n",
		               sizeof hello_gzip);
		say(fd, text);
		put(fd, hello_gzip, sizeof hello_gzip);
	} else if (strncmp(q->path, "/bytes/", 7) == 0) {
		send_bytes(fd, strtoul(q->path + 7, NULL, 10));
	} else if (strncmp(q->path, "/meet/", 6) == 0) {
		meet(p, (unsigned)strtoul(q->path + 6, NULL, 10));
		answer(fd, "200 OK", "", "met");
	} else {
		return false;
	}
	return true;
}

static void
serve_badly(int fd, const struct request *q)
{
	if (strcmp(q->path, "/silent") == 0) {
		outlast(fd);
	} else if (strcmp(q->path, "/stalled") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
		outlast(fd);
	} else if (strcmp(q->path, "/declared") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
		outlast(fd);
	} else if (strcmp(q->path, "/cut") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	} else if (strcmp(q->path, "/noise") == 0) {
		say(fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
	} else if (strcmp(q->path, "/once") == 0) {
		answer(fd, "200 OK", "", "once");
	}
}

static void *
connection_main(void *arg)
{
	struct connection *c = arg;
	struct request *q = malloc(sizeof *q);

	while (q != NULL && read_request(c->fd, q)) {
		atomic_fetch_add(&c->peer->requests, 1);
		if (!serve_well(c->peer, c->fd, q)) {
			serve_badly(c->fd, q);
			break;
		}
		atomic_fetch_add(&c->peer->answers, 1);
	}
	(void)shutdown(c->fd, SHUT_RDWR);
	free(q);
	return NULL;
}

static void *
listen_main(void *arg)
{
	struct peer *p = arg;
	int fd;

	while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof *c);
		unsigned n = atomic_load(&p->connections);

		if (c == NULL || n == MAX_CONNECTIONS)
			abort();
		*c = (struct connection){ .peer = p, .fd = fd };
		if (pthread_create(&c->thread, NULL, connection_main, c) != 0)
			abort();
		pthread_mutex_lock(&p->lock);
		p->v[n] = c;
		pthread_mutex_unlock(&p->lock);
		atomic_store(&p->connections, n + 1);
	}
	return NULL;
}

struct peer *
peer_start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	struct peer *p = calloc(1, sizeof *p);

	if (p == NULL)
		abort();
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(p->listener, 128) != 0 ||
	    getsockname(p->listener, (struct sockaddr *)&a, &len) != 0)
		abort();
	p->port = ntohs(a.sin_port);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	if (pthread_create(&p->thread, NULL, listen_main, p) != 0)
		abort();
	return p;
}

uint16_t
peer_port(const struct peer *p)
{
	return p->port;
}

unsigned
peer_connections(const struct peer *p)
{
	return atomic_load(&p->connections);
}

unsigned
peer_requests(const struct peer *p)
{
	return atomic_load(&p->requests);
}

unsigned
peer_answers(const struct peer *p)
{
	return atomic_load(&p->answers);
}

void
peer_stop(struct peer *p)
{
	if (p == NULL)
		return;
	(void)shutdown(p->listener, SHUT_RDWR);
	(void)pthread_join(p->thread, NULL);
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < atomic_load(&p->connections); i++) {
		(void)shutdown(p->v[i]->fd, SHUT_RDWR);
		(void)pthread_join(p->v[i]->thread, NULL);
		(void)close(p->v[i]->fd);
		free(p->v[i]);
	}
	(void)close(p->listener);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
