/*
 * Arbitrary bytes as one HTTP connection to a real server on the loopback, cut into writes by the
 * first byte. What must hold: nothing crashes or hangs; each request that was dispatched is
 * answered exactly once and in order, after them at most one refusal; no body beyond the limit is
 * dispatched; when the connection is gone, no byte is counted any more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_server.h"
#include "sys/metrics.h"

#define BODY_LIMIT  4096
#define ANSWERS_MAX 4096
#define INPUT_MAX   65536

static struct http_server *server;
static atomic_int dispatched;
static atomic_bool is_head[ANSWERS_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static size_t
body_limit(void *ctx, struct str method, struct str path)
{
	(void)ctx;
	(void)method;
	return str_eq(path, STR("/none")) ? 0 : BODY_LIMIT;
}

static void
dispatch(void *ctx, struct http_exchange *ex)
{
	int seq = atomic_load(&dispatched);
	char text[16] = "";
	const struct http_header_out headers[] = { { "X-Seq", str_n(text, 15) },
		                                   { NULL, STR_NONE } };

	(void)ctx;
	must(http_body(ex).n <= BODY_LIMIT && seq < ANSWERS_MAX);
	must(http_body(ex).n == 0 || !str_eq(http_path(ex), STR("/none")));
	snprintf(text, sizeof(text), "%015d", seq);
	atomic_store(&is_head[seq], str_eq(http_method(ex), STR("HEAD")));
	atomic_fetch_add(&dispatched, 1);
	http_reply(ex, 200, "text/plain", http_body(ex), headers);
}

static void
start_once(void)
{
	const struct http_options o = {
		.host = STR("127.0.0.1"),
		.limits = { .header_bytes = 2048,
		            .body_in_flight = 65536,
		            .connections = 16,
		            .request_ms = 2000,
		            .idle_ms = 2000 },
		.hooks = { .body_limit = body_limit, .dispatch = dispatch },
	};

	if (server == NULL)
		must(http_server_start(&o, &server) == ERR_OK);
}

static int
open_connection(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct linger reset = { 1, 0 };
	struct timeval patience = { 60, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(http_server_port(server));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* No TIME_WAIT: thousands of connections a second would use up the ports. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	must(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

/* Everything the server says until it closes, NUL-terminated. */
static char *
talk(const uint8_t *data, size_t size, size_t slice, size_t *n)
{
	size_t cap = 1 << 16;
	char *all = malloc(cap);
	int fd = open_connection();
	ssize_t got;

	*n = 0;
	while (size > 0) {
		size_t part = size < slice ? size : slice;

		got = send(fd, data, part, MSG_NOSIGNAL);
		if (got <= 0)
			break;
		data += got;
		size -= (size_t)got;
	}
	shutdown(fd, SHUT_WR);
	/* the fuzzer's own alarm interrupts a recv that waits for a time limit */
	while ((got = recv(fd, all + *n, cap - *n - 1, 0)) > 0 || (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		*n += (size_t)got;
		if (cap - *n < 32768)
			all = realloc(all, cap *= 2);
		must(all != NULL);
	}
	must(got == 0 || errno == ECONNRESET);
	all[*n] = 0;
	close(fd);
	return all;
}

/* Checks one answer at p; its length. *seq: the next number expected, -1 after a refusal. */
static size_t
check_answer(const char *p, size_t n, int *seq)
{
	const char *end = strstr(p, "\r\n\r\n"), *mark;
	size_t head, body = 0;
	int status = 0;

	must(end != NULL && sscanf(p, "HTTP/1.%*1[01] %3d ", &status) == 1);
	head = (size_t)(end - p) + 4;
	if (status == 100)
		return head;
	must(*seq >= 0);
	mark = memmem(p, head, "X-Seq: ", 7);
	if (mark != NULL) {
		must(status == 200 && atoi(mark + 7) == *seq);
		(*seq)++;
	} else {
		must(status >= 400);
	}
	if (mark == NULL || !atomic_load(&is_head[*seq - 1])) {
		const char *length = memmem(p, head, "Content-Length: ", 16);

		body = length != NULL ? strtoul(length + 16, NULL, 10) : n - head;
	}
	if (mark == NULL) {
		*seq = -1;
		return n; /* of a refused HEAD only the headers come */
	}
	must(head + body <= n);
	return head + body;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n, at = 0;
	int seq = 0, last = 0;
	char *all;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	start_once();
	atomic_store(&dispatched, 0);
	all = talk(data + 1, size - 1, data[0] == 0 ? size : (size_t)data[0] * 4, &n);
	while (at < n) {
		at += check_answer(all + at, n - at, &seq);
		if (seq >= 0)
			last = seq;
	}
	free(all);
	while (metrics_value(M_HTTP_CONNECTIONS) != 0)
		sched_yield();
	must(last == atomic_load(&dispatched));
	must(metrics_value(M_HTTP_BODY_BYTES_IN_FLIGHT) == 0);
	return 0;
}
