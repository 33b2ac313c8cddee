/*
 * The I/O thread: our epoll set holds libmicrohttpd's epoll descriptor, an eventfd for wake-ups and
 * the lingering sockets; MHD_run() is called from here, since libmicrohttpd's own loop stalls when
 * exactly 128·n connections are ready. What always holds: deadlines are ours (libmicrohttpd's are
 * idle time and do not run for suspended connections); before libmicrohttpd is stopped every
 * connection is resumed.
 */
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define EVENTS_AT_ONCE 64
#define FLUSH_US       INT64_C(250000)

/* Binds and listens; *port is the real one. */
static enum err
listen_on(struct str host, uint16_t port, int *fd, uint16_t *bound)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list, *ai;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = { .v6 = { 0 } };
	socklen_t name_len = sizeof(name);
	char service[8], node[256];
	int one = 1, s = -1, why = 0;

	hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
	snprintf(service, sizeof(service), "%u", (unsigned)port);
	snprintf(node, sizeof(node), STR_FMT, STR_ARG(host));
	why = getaddrinfo(host.n > 0 ? node : NULL, service, &hints, &list);
	if (why != 0) {
		log_error("http.bad_address", LOG_STR("host", host),
		          LOG_Z("reason", gai_strerror(why)));
		return ERR_INVALID;
	}
	for (ai = list; ai != NULL && s < 0; ai = ai->ai_next) {
		s = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (s < 0)
			continue;
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(s, ai->ai_addr, ai->ai_addrlen) != 0 || listen(s, SOMAXCONN) != 0 ||
		    getsockname(s, &name.any, &name_len) != 0) {
			why = errno;
			close(s);
			s = -1;
		}
	}
	freeaddrinfo(list);
	if (s < 0) {
		log_error("http.cannot_listen", LOG_STR("host", host), LOG_INT("port", port),
		          LOG_Z("reason", strerrordesc_np(why)));
		return why == EADDRINUSE      ? ERR_CONFLICT
		       : why == EACCES        ? ERR_FORBIDDEN
		       : why == EADDRNOTAVAIL ? ERR_INVALID
		                              : ERR_IO;
	}
	*fd = s;
	*bound = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
	return ERR_OK;
}

/* The paths are decoded by the router, not here. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
	(void)cls;
	(void)c;
	return strlen(s);
}

static struct MHD_Daemon *
start_daemon(struct http_server *s)
{
	/* Headers share the memory of a connection with libmicrohttpd's own records of them and
	 * with those of the answer, and half of it is for reading. */
	size_t memory = 2 * (s->limits.header_bytes + HTTP_MAX_FIELDS * 128 + 2048);
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

	return MHD_start_daemon(
		flags, 0, NULL, NULL, http_conn_request, s, MHD_OPTION_LISTEN_SOCKET, s->listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, s->limits.connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_NOTIFY_CONNECTION,
		http_conn_event, s, MHD_OPTION_NOTIFY_COMPLETED, http_conn_completed, s,
		MHD_OPTION_URI_LOG_CALLBACK, http_conn_uri, s, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static bool
watch(int epoll_fd, int fd, void *tag)
{
	struct epoll_event ev = { .events = EPOLLIN };

	ev.data.ptr = tag;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
http_server_wake(struct http_server *s)
{
	uint64_t one = 1;

	while (write(s->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Milliseconds that epoll may wait; -1: for ever. */
static int
wait_ms(struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms;
	int64_t until = INT64_MAX, left;

	if (s->closed_one)
		return 0;
	if (MHD_get_timeout(s->daemon, &mhd_ms) == MHD_YES && mhd_ms == 0)
		return 0;
	if (s->idle.head != NULL)
		until = least(until, s->idle.head->deadline_us);
	if (s->busy.head != NULL)
		until = least(until, s->busy.head->deadline_us);
	if (s->lingering != NULL)
		until = least(until, s->lingering->deadline_us);
	if (s->stopping)
		until = least(until, s->stop_at_us);
	if (until == INT64_MAX)
		return -1;
	left = until - clock_mono_us(&clock_real);
	if (left <= 0)
		return 0;
	return (int)least((left + 999) / 1000, 60000);
}

static void
expire(struct http_server *s, struct http_conn_list *l)
{
	/* A cut connection goes to the end of a line until libmicrohttpd has noticed. */
	while (l->head != NULL && l->head->deadline_us <= s->now_us) {
		struct http_conn *c = l->head;

		if (c->stream != NULL) {
			http_stream_cut(c);
			continue;
		}
		http_conn_cut(c);
		http_conn_move(c, &s->busy, s->limits.request_ms);
	}
}

/* Connections without a request and streams end now, the others after their answer. */
static void
stop_begin(struct http_server *s)
{
	int fd = MHD_quiesce_daemon(s->daemon);
	struct http_conn *c;

	if (fd >= 0)
		close(fd);
	s->stopping = true;
	s->stop_at_us = s->now_us + s->drain_ms * 1000;
	http_stream_stop(s);
	for (c = s->idle.head; c != NULL; c = c->next)
		http_conn_cut(c);
	for (c = s->busy.head; c != NULL; c = c->next)
		if (!c->started)
			http_conn_cut(c);
}

static void
stop_force(struct http_server *s)
{
	struct http_conn *c;

	s->forced = true;
	s->stop_at_us = s->now_us + FLUSH_US;
	for (c = s->busy.head; c != NULL; c = c->next)
		if (c->ex == NULL || !c->ex->answered)
			http_conn_cut(c);
	while (s->waiting.head != NULL)
		http_exchange_abandon(s->waiting.head->ex);
}

/* True when the thread may end. */
static bool
stop_step(struct http_server *s)
{
	if (!s->stopping) {
		if (!atomic_load(&s->stop))
			return false;
		stop_begin(s);
	}
	if (s->connections == 0)
		return true;
	if (s->now_us < s->stop_at_us)
		return false;
	if (s->forced)
		return true;
	stop_force(s);
	return false;
}

static void
take_events(struct http_server *s, const struct epoll_event *events, int n)
{
	uint64_t count;

	for (int i = 0; i < n; i++) {
		void *tag = events[i].data.ptr;

		switch (*(const enum http_source *)tag) {
		case HTTP_SOURCE_WAKE:
			while (read(s->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
				;
			break;
		case HTTP_SOURCE_CONN:
			if (((struct http_conn *)tag)->stream != NULL)
				http_stream_event(tag, events[i].events);
			else
				http_conn_peer_ended(tag);
			break;
		case HTTP_SOURCE_LINGER:
			http_linger_read(s, tag);
			break;
		case HTTP_SOURCE_MHD:
			break; /* MHD_run is called in any case */
		}
	}
}

static void *
io_main(void *arg)
{
	struct http_server *s = arg;
	struct epoll_event events[EVENTS_AT_ONCE];

	s->io = pthread_self();
	do {
		int n = epoll_wait(s->epoll_fd, events, EVENTS_AT_ONCE, wait_ms(s));

		s->now_us = clock_mono_us(&clock_real);
		take_events(s, events, n);
		http_exchange_answer_all(s);
		http_stream_serve(s);
		s->closed_one = false;
		MHD_run(s->daemon);
		expire(s, &s->idle);
		expire(s, &s->busy);
		http_linger_expire(s);
	} while (!stop_step(s));
	MHD_stop_daemon(s->daemon);
	assert(s->connections == 0);
	http_exchange_seal(s);
	http_stream_seal(s);
	http_linger_close_all(s);
	close(s->epoll_fd);
	return NULL;
}

/* A thread that takes no signals. */
static int
start_thread(struct http_server *s)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&s->thread, NULL, io_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		pthread_setname_np(s->thread, "http");
	return rc;
}

enum err
http_server_start(const struct http_options *o, struct http_server **out)
{
	const union MHD_DaemonInfo *info;
	struct http_server *s = calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		abort();
	s->limits = o->limits;
	s->hooks = o->hooks;
	s->epoll_fd = s->wake_fd = s->listen_fd = -1;
	atomic_init(&s->held, HTTP_HELD_REF);
	(void)pthread_mutex_init(&s->streams_lock, NULL);
	s->ids = rand_seeded(&s->id_state, rand_u64(&rand_system));
	e = listen_on(o->host, o->port, &s->listen_fd, &s->port);
	if (e != ERR_OK)
		goto out;
	e = ERR_IO;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->wake_fd < 0)
		goto out;
	s->daemon = start_daemon(s);
	if (s->daemon == NULL)
		goto out;
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	s->mhd_source = HTTP_SOURCE_MHD;
	s->wake_source = HTTP_SOURCE_WAKE;
	s->now_us = clock_mono_us(&clock_real);
	if (watch(s->epoll_fd, info->epoll_fd, &s->mhd_source) &&
	    watch(s->epoll_fd, s->wake_fd, &s->wake_source) && start_thread(s) == 0)
		e = ERR_OK;
out:
	if (e == ERR_OK) {
		*out = s;
		return ERR_OK;
	}
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon); /* closes the listening socket too */
	else if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	(void)pthread_mutex_destroy(&s->streams_lock);
	free(s);
	return e;
}

uint16_t
http_server_port(const struct http_server *s)
{
	return s->port;
}

void
http_server_stop(struct http_server *s, int64_t drain_ms)
{
	if (s == NULL)
		return;
	s->drain_ms = drain_ms;
	atomic_store(&s->stop, true);
	http_server_wake(s);
	pthread_join(s->thread, NULL);
	http_server_release(s, HTTP_HELD_REF);
}
