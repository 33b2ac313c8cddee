/*
 * Connecting to PostgreSQL, with the settings of a session, and waiting for notifications.
 * What always holds: settings travel in the first packet, so none is ever missing; after a
 * reconnect the channels are listened to again and whoever waits is woken, since notifications
 * may have been missed.
 */
#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db_internal.h"
#include "sys/clock.h"

#define STABLE_PLANS                                                                               \
	" -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c "  \
	"enable_mergejoin=off -c enable_material=off -c enable_bitmapscan=off"

static void
be_silent(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

enum err
db_postgres_prepare_pool(struct db_pool *pool, const char *url)
{
	PQconninfoOption *parts = PQconninfoParse(url, NULL);
	if (parts == NULL)
		return ERR_INVALID;
	PQconninfoFree(parts);
	pool->target = strdup(url);
	if (pool->target == NULL)
		abort();
	return ERR_OK;
}

/* Settings given in the URL come first, so that ours win. */
static void
session_options(const struct db_postgres *p, struct buf *out)
{
	const struct db_options *o = &p->base.pool->options;
	PQconninfoOption *parts = PQconninfoParse(p->base.pool->target, NULL);
	for (PQconninfoOption *i = parts; i != NULL && i->keyword != NULL; i++)
		if (strcmp(i->keyword, "options") == 0 && i->val != NULL)
			buf_fmt(out, "%s ", i->val);
	PQconninfoFree(parts);
	buf_fmt(out, "-c timezone=UTC -c lock_timeout=%d -c statement_timeout=%d",
	        o->busy_timeout_ms, o->statement_timeout_ms);
	buf_fmt(out, " -c idle_in_transaction_session_timeout=%d", o->statement_timeout_ms);
	buf_fmt(out, " -c synchronous_commit=%s -c default_transaction_read_only=%s",
	        p->base.batch ? "off" : "on", p->base.read_only ? "on" : "off");
	if (p->base.batch)
		buf_z(out, STABLE_PLANS);
	buf_char(out, '\0');
}

static enum err
listen_again(struct db_postgres *p)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < p->nchannels && e == ERR_OK; i++) {
		char sql[80];
		snprintf(sql, sizeof(sql), "LISTEN %s", p->channel[i]);
		e = db_postgres_command(p, sql, NULL);
	}
	return e;
}

enum err
db_postgres_connect(struct db_postgres *p)
{
	enum { OPTIONS_LIMIT = 8192 };
	struct buf options;
	buf_init(&options, NULL, OPTIONS_LIMIT);
	session_options(p, &options);
	char wait[16];
	int seconds = (p->base.pool->options.connect_timeout_ms + 999) / 1000;
	snprintf(wait, sizeof(wait), "%d", seconds < 2 ? 2 : seconds);
	/* Later ones win. A server that is cut off is noticed within a minute. */
	const char *names[] = { "dbname",
		                "application_name",
		                "client_encoding",
		                "connect_timeout",
		                "options",
		                "keepalives_idle",
		                "keepalives_interval",
		                "keepalives_count",
		                "tcp_user_timeout",
		                NULL };
	const char *values[] = { p->base.pool->target,
		                 "recado",
		                 "UTF8",
		                 wait,
		                 options.p,
		                 "30",
		                 "10",
		                 "3",
		                 "60000",
		                 NULL };
	enum err e = buf_check(&options);
	if (e == ERR_OK) {
		p->conn = PQconnectdbParams(names, values, 1);
		p->missed = true;
	}
	buf_deinit(&options);
	if (e != ERR_OK)
		return db_fail(&p->base, ERR_INVALID, "connect", "the URL's options are too long");
	if (PQstatus(p->conn) != CONNECTION_OK)
		return db_postgres_error(p, "connect", NULL);
	PQsetNoticeReceiver(p->conn, be_silent, NULL);
	PQenterPipelineMode(p->conn);
	return listen_again(p);
}

enum err
db_postgres_listen(struct db *db, const char *channel)
{
	struct db_postgres *p = (struct db_postgres *)db;
	for (size_t i = 0; i < p->nchannels; i++)
		if (strcmp(p->channel[i], channel) == 0)
			return ERR_OK;
	assert(p->nchannels < DB_POSTGRES_CHANNELS);
	snprintf(p->channel[p->nchannels++], sizeof(p->channel[0]), "%s", channel);
	enum err e = db_postgres_ready(p);
	return e == ERR_OK ? listen_again(p) : e;
}

static bool
take_notifications(struct db_postgres *p)
{
	bool came = p->missed;
	p->missed = false;
	for (PGnotify *n; (n = PQnotifies(p->conn)) != NULL; came = true)
		PQfreemem(n);
	return came;
}

enum err
db_postgres_wait_notify(struct db *db, int timeout_ms, bool *came)
{
	struct db_postgres *p = (struct db_postgres *)db;
	int64_t until = clock_mono_us(&clock_real) + (int64_t)timeout_ms * 1000;
	for (;;) {
		enum err e = db_postgres_ready(p);
		if (e != ERR_OK)
			return e;
		bool some = take_notifications(p);
		int64_t left_ms = (until - clock_mono_us(&clock_real)) / 1000;
		if (some || left_ms <= 0) {
			*came = some;
			return ERR_OK;
		}
		struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
		poll(&fd, 1, left_ms > 60000 ? 60000 : (int)left_ms);
	}
}
