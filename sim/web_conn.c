/*
 * HTTP/1.1 as far as one client of this server needs it, with every way to break it. What always
 * holds: a request is answered once it is whole; what follows it on the connection waits until its
 * reply is out; each counted reply is told to be done exactly once.
 */
#include "sim/web_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

#define HEAD_BYTES   ((size_t)16 << 10)
#define BODY_BYTES   ((size_t)64 << 20)
#define ANSWER_BYTES ((size_t)2 << 30)
#define READ_BYTES   ((size_t)64 << 10)

struct head {
	struct web_request request; /* without the body */
	size_t body_len;
	bool close, go_on; /* go_on: the client waits for 100 */
};

struct web_conn *
web_conn_new(int fd)
{
	struct web_conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		abort();
	c->fd = fd;
	c->due_us = INT64_MAX;
	buf_init(&c->in, NULL, HEAD_BYTES + BODY_BYTES);
	buf_init(&c->out, NULL, ANSWER_BYTES);
	return c;
}

void
web_conn_free(struct web_conn *c, const struct web_host *host)
{
	if (c->state == CONN_WAITING || c->state == CONN_WRITING)
		host->done(host->ctx, &c->reply, false);
	close(c->fd);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	free(c);
}

static bool
read_header(struct head *h, struct str name, struct str value)
{
	int64_t length;

	if (str_ieq(name, STR("authorization")))
		h->request.authorization = value;
	else if (str_ieq(name, STR("api-key")))
		h->request.api_key = value;
	else if (str_ieq(name, STR("content-type")))
		h->request.content_type = value;
	else if (str_ieq(name, STR("x-hub-signature-256")))
		h->request.signature = value;
	else if (str_ieq(name, STR("host")))
		h->request.host = value;
	else if (str_ieq(name, STR("connection")))
		h->close = h->close || str_ieq(value, STR("close"));
	else if (str_ieq(name, STR("expect")))
		h->go_on = str_ieq(value, STR("100-continue"));
	else if (str_ieq(name, STR("transfer-encoding")))
		return false; /* nobody sends chunks here */
	else if (str_ieq(name, STR("content-length"))) {
		if (!str_to_i64(value, &length) || length < 0 || length > (int64_t)BODY_BYTES)
			return false;
		h->body_len = (size_t)length;
	}
	return true;
}

static bool
read_head(struct str text, struct head *h)
{
	struct str line, target, version;

	*h = (struct head){ .close = false };
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
		if (!read_header(h, str_sub(line, 0, colon),
		                 str_trim(str_sub(line, colon + 1, line.n))))
			return false;
	}
	return true;
}

/* The reply's bytes into c->out, as far as the peer may see them. */
static void
set_out(struct web_conn *c, const struct web_reply *r)
{
	size_t shown = r->fate == WEB_TRUNCATED ? r->cut_at : r->body.n + r->filler;

	buf_clear(&c->out);
	c->sent = c->filled = c->filler = c->pause = 0;
	if (r->fate == WEB_CLOSED || r->fate == WEB_HANGS)
		return;
	c->filler = shown > r->body.n ? shown - r->body.n : 0;
	buf_fmt(&c->out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", r->status,
	        web_reason(r->status), r->body.n + r->filler);
	for (size_t i = 0; i < r->nheaders; i++)
		buf_fmt(&c->out, "%s: " STR_FMT "\r\n", r->headers[i].name,
		        STR_ARG(r->headers[i].value));
	buf_z(&c->out, c->close ? "Connection: close\r\n\r\n" : "\r\n");
	if (r->body_delay_ms > 0)
		c->pause = c->out.n;
	buf_str(&c->out, str_sub(r->body, 0, shown));
}

static int64_t
later(int64_t now_us, int64_t ms)
{
	return ms < INT64_MAX / 2000 ? now_us + ms * 1000 : INT64_MAX;
}

static void
refuse(struct web_conn *c, const struct web_host *host, int status)
{
	c->close = true;
	c->reply = (struct web_reply){ .fate = WEB_ANSWERED, .status = status };
	set_out(c, &c->reply);
	web_conn_write(c, host, 0);
}

/* Gives the memory of a large request back. */
static void
forget_request(struct web_conn *c)
{
	buf_deinit(&c->in);
	buf_init(&c->in, NULL, HEAD_BYTES + BODY_BYTES);
}

/* Asks for the reply to the request that is there; false: it is not whole. */
static bool
take_request(struct web_conn *c, const struct web_host *host, int64_t now_us)
{
	struct str all = buf_slice(&c->in);
	const char *end = all.n > 3 ? memmem(all.p, all.n, "\r\n\r\n", 4) : NULL;
	struct head h;

	if (end == NULL) {
		if (all.n > HEAD_BYTES)
			refuse(c, host, 400);
		return false;
	}
	size_t head_len = (size_t)(end - all.p) + 4;
	if (!read_head(str_sub(all, 0, head_len), &h)) {
		refuse(c, host, 400);
		return false;
	}
	if (all.n < head_len + h.body_len) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		if (h.go_on && !c->told_to_go_on)
			(void)!send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
		c->told_to_go_on = h.go_on;
		return false;
	}
	h.request.body = str_sub(all, head_len, h.body_len);
	c->close = h.close;
	c->told_to_go_on = false;
	host->answer(host->ctx, &h.request, host->arena, &c->reply);
	set_out(c, &c->reply);
	arena_reset(host->arena);
	size_t used = head_len + h.body_len;
	memmove(c->in.p, c->in.p + used, all.n - used);
	c->in.n -= used;
	if (c->in.n == 0 && c->in.cap > READ_BYTES)
		forget_request(c);
	c->state = CONN_WAITING;
	c->due_us = c->reply.fate == WEB_HANGS ? INT64_MAX : later(now_us, c->reply.delay_ms);
	if (c->due_us <= now_us)
		web_conn_write(c, host, now_us);
	return true;
}

void
web_conn_read(struct web_conn *c, const struct web_host *host, int64_t now_us)
{
	while (c->state == CONN_READING) {
		if (take_request(c, host, now_us) || c->state != CONN_READING)
			continue;
		if (!buf_reserve(&c->in, READ_BYTES)) {
			refuse(c, host, 413);
			return;
		}
		ssize_t got = recv(c->fd, c->in.p + c->in.n, READ_BYTES, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			c->state = CONN_OVER;
			return;
		}
		c->in.n += (size_t)got;
	}
}

/* The next bytes that go out; some of the filler in `room`. Empty: all is out, or the pause has
 * come. */
static struct str
next_bytes(const struct web_conn *c, char room[READ_BYTES])
{
	size_t end = c->pause > 0 ? c->pause : c->out.n;
	size_t n = c->filler - c->filled < READ_BYTES ? c->filler - c->filled : READ_BYTES;

	if (c->sent < end || c->pause > 0)
		return str_sub(buf_slice(&c->out), c->sent, end - c->sent);
	if (n > 0 && c->reply.fill != NULL)
		c->reply.fill(c->reply.fill_seed, c->filled, room, n);
	else
		memset(room, ' ', n);
	return str_n(room, n);
}

/* Sends what is left until the pause; false: the socket takes no more now, or never (CONN_OVER). */
static bool
send_rest(struct web_conn *c, const struct web_host *host)
{
	char room[READ_BYTES];

	for (;;) {
		bool body = c->sent < c->out.n;
		struct str rest = next_bytes(c, room);
		if (rest.n == 0)
			return true;
		ssize_t sent = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return false;
		if (sent <= 0) {
			host->done(host->ctx, &c->reply, false);
			c->state = CONN_OVER;
			return false;
		}
		*(body ? &c->sent : &c->filled) += (size_t)sent;
	}
}

void
web_conn_write(struct web_conn *c, const struct web_host *host, int64_t now_us)
{
	bool ends = c->reply.fate != WEB_ANSWERED || c->close;

	c->state = CONN_WRITING;
	c->due_us = INT64_MAX;
	if (!send_rest(c, host))
		return;
	if (c->pause > 0) {
		c->pause = 0;
		c->state = CONN_WAITING;
		c->due_us = later(now_us, c->reply.body_delay_ms);
		return;
	}
	host->done(host->ctx, &c->reply, true);
	c->state = ends ? CONN_OVER : CONN_READING;
	buf_clear(&c->out);
}
