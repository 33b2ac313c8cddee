/* See analysis_fixture.h. What always holds: ids and times are as fixed as the order of the calls.
 */
#include "analysis_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"

#define TALK_MESSAGES 6

#define TOPICS                                                                                     \
	"[{\"key\":\"cortesia\",\"label\":\"Cumprimenta\",\"weight\":1},"                          \
	"{\"key\":\"fecho\",\"label\":\"Conduz ao fecho\",\"weight\":2}]"

#define Z(s) str_z(test_arena(), (s))

static struct pg_server *postgres;

struct desk *
desk_open(void)
{
	return desk_open_at(postgres != NULL
	                            ? pg_server_new_migrated(postgres, test_arena())
	                            : Z(str_fmt(test_arena(), "sqlite:%s/q.db", test_dir())));
}

struct desk *
desk_open_at(const char *url)
{
	struct desk *d = ARENA_NEW(test_arena(), struct desk);
	static const char *const slugs[] = { "acme", "beta" };
	struct uuid *clients[] = { &d->client, &d->other };

	d->at = DESK_AT;
	d->url = url;
	scene_open(&d->s, d->url);
	for (size_t i = 0; i < 2; i++) {
		*clients[i] = desk_id(d);
		ck_assert_ok(db_exec(d->s.db, &q_api_client_insert,
		                     DB_PARAMS(db_uuid(*clients[i]), db_text(str_from(slugs[i])),
		                               db_text(str_from(slugs[i])), db_text(STR_NONE),
		                               db_bytes(STR_NONE), db_bool(true), db_time(1000)),
		                     NULL, NULL));
	}
	d->combo = (struct analysis_combo){ d->client, STR("sales"), 2, STR("v1") };
	d->choice = (struct analysis_choice){ .min_messages = 5 };
	d->me = desk_id(d);
	return d;
}

void
desk_close(struct desk *d)
{
	scene_close(&d->s);
}

struct uuid
desk_id(struct desk *d)
{
	return rand_uuid_v7(&d->s.rand, d->at - 60 * DAY + d->made++);
}

const char *
desk_uuid(struct desk *d, struct uuid u)
{
	if (uuid_is_nil(u))
		return "NULL";
	if (db_engine(d->s.db) == DB_POSTGRES)
		return Z(str_fmt(test_arena(), "'" STR_FMT "'::uuid",
		                 STR_ARG(uuid_text(test_arena(), u))));
	return Z(str_fmt(test_arena(), "x'" STR_FMT "'",
	                 STR_ARG(hex_encode(test_arena(), u.b, sizeof u.b))));
}

const char *
desk_time(struct desk *d, int64_t ms)
{
	if (ms == TIME_NONE)
		return "NULL";
	if (db_engine(d->s.db) == DB_POSTGRES)
		return Z(str_fmt(test_arena(), "('epoch'::timestamptz + %lld * interval '1 ms')",
		                 (long long)ms));
	return Z(str_fmt(test_arena(), "%lld", (long long)ms));
}

static struct str
vfmt(const char *fmt, va_list args)
{
	char *text = NULL;
	int n = vasprintf(&text, fmt, args);
	struct str s;

	ck_assert_int_ge(n, 0);
	s = str_dup(test_arena(), str_n(text, (size_t)n));
	free(text);
	return s;
}

void
desk_sql(struct desk *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	raw_exec(d->s.raw, vfmt(fmt, args).p);
	va_end(args);
}

int64_t
desk_number(struct desk *d, const char *fmt, ...)
{
	va_list args;
	int64_t n;

	va_start(args, fmt);
	n = raw_number(d->s.raw, vfmt(fmt, args).p);
	va_end(args);
	return n;
}

static const char *
text(const char *z)
{
	return z == NULL ? "NULL" : Z(str_fmt(test_arena(), "'%s'", z));
}

static const char *
bool_word(bool b)
{
	return b ? "TRUE" : "FALSE";
}

static void
plant_tag(struct desk *d, const struct planted *p)
{
	const char *tag = desk_uuid(d, desk_id(d)), *client = desk_uuid(d, p->client);
	bool by_hand = p->tag == TAG_BY_HAND;

	desk_sql(d,
	         "INSERT INTO tags (id, client_id, name, created_at, missing_since) VALUES "
	         "(%s, %s, 't%lld', %s, %s)",
	         tag, client, (long long)d->made, desk_time(d, 1000),
	         p->tag_vanished ? desk_time(d, 2000) : "NULL");
	desk_sql(d,
	         "INSERT INTO lead_tags (client_id, lead_id, tag_id, by_hand, by_helpdesk) VALUES "
	         "(%s, %s, %s, %s, %s)",
	         client, desk_uuid(d, p->lead), tag, bool_word(by_hand), bool_word(!by_hand));
}

static void
plant_conversation(struct desk *d, struct planted *p)
{
	if (uuid_is_nil(p->lead))
		p->lead = desk_id(d);
	if (!uuid_is_nil(p->conversation))
		return;
	p->conversation = desk_id(d);
	desk_sql(d,
	         "INSERT INTO conversations (id, client_id, connection_id, lead_id, unread_count, "
	         "unread_live, created_at, updated_at) VALUES (%s, %s, %s, %s, 0, FALSE, %s, %s)",
	         desk_uuid(d, p->conversation), desk_uuid(d, p->client), desk_uuid(d, desk_id(d)),
	         desk_uuid(d, p->lead), desk_time(d, 1000), desk_time(d, 1000));
}

static void
plant_ticket(struct desk *d, struct planted *p)
{
	if (!uuid_is_nil(p->ticket) || (p->episode && !p->in_ticket))
		return;
	p->ticket = desk_id(d);
	desk_sql(d,
	         "INSERT INTO helpdesk_tickets (client_id, ticket_id, external_updated_at, "
	         "is_group, raw, has_trackings) VALUES (%s, %s, %s, %s, '{}', TRUE)",
	         desk_uuid(d, p->client), desk_uuid(d, p->ticket), desk_time(d, 1000),
	         bool_word(p->group));
}

void
desk_plant(struct desk *d, struct planted *p)
{
	const char *class = p->class != NULL ? p->class : "CLOSED";
	int64_t count = p->messages == 0 ? 10 : p->messages < 0 ? 0 : p->messages;
	int64_t ended = d->at - (p->ended_ago > 0 ? p->ended_ago : 10 * DAY);

	if (uuid_is_nil(p->client))
		p->client = d->client;
	plant_conversation(d, p);
	plant_ticket(d, p);
	if (p->tag != TAG_NONE)
		plant_tag(d, p);
	p->id = desk_id(d);
	p->end = p->ended_ago < 0 ? TIME_NONE : ended;
	p->start = ended - (p->length > 0 ? p->length : TIME_HOUR);
	desk_sql(d,
	         "INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, class, "
	         "started_at, ended_at, lead_in_at, tracking_id, flags, message_count, "
	         "missing_since, retired_at, created_at, updated_at) VALUES (%s, %s, %s, %s, '%s', "
	         "%s, %s, %s, %s, %lld, 0, %lld, %s, %s, %s, %s)",
	         desk_uuid(d, p->client), desk_uuid(d, p->id), desk_uuid(d, p->conversation),
	         desk_uuid(d, p->ticket), p->episode ? "episode" : "tracking",
	         p->episode ? "NULL" : text(class), desk_time(d, p->start), desk_time(d, p->end),
	         desk_time(d, p->episode ? TIME_NONE : p->start), (long long)d->made,
	         (long long)count, p->missing ? desk_time(d, d->at) : "NULL",
	         p->retired ? desk_time(d, d->at) : "NULL", desk_time(d, 1000), desk_time(d, 1000));
}

void
desk_plant_many(struct desk *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct planted p = { .ended_ago = (int64_t)(2 + i) * DAY };

		desk_plant(d, &p);
	}
}

void
desk_message(struct desk *d, struct planted_message *m)
{
	bool helpdesk = !uuid_is_nil(m->ticket);

	if (uuid_is_nil(m->client))
		m->client = d->client;
	m->id = desk_id(d);
	if (m->key == NULL)
		m->key = Z(str_fmt(test_arena(), "k%lld", (long long)d->made));
	desk_sql(d,
	         "INSERT INTO messages (client_id, id, connection_id, conversation_id, dedup_key, "
	         "at, bad_time, direction, type, body, source, seen, status, "
	         "status_rank, content_key, received_at, unread, ticket_id, external_id, "
	         "external_updated_at, sender_type, same_key, revoked_at, missing_since, "
	         "created_at, updated_at) VALUES (%s, %s, %s, %s, '%s', %s, FALSE, '%s', '%s', "
	         "%s, '%s', 0, 'received', 0, %s, %s, FALSE, %s, %s, %s, %s, %s, %s, %s, %s, "
	         "%s)",
	         desk_uuid(d, m->client), desk_uuid(d, m->id), desk_uuid(d, desk_id(d)),
	         desk_uuid(d, m->conversation), m->key, desk_time(d, m->at),
	         m->outbound ? "OUTBOUND" : "INBOUND", m->type != NULL ? m->type : "text",
	         text(m->body), helpdesk ? "helpdesk" : "history",
	         db_engine(d->s.db) == DB_POSTGRES ? "''" : "x''", desk_time(d, m->at),
	         desk_uuid(d, m->ticket),
	         helpdesk ? Z(str_fmt(test_arena(), "%lld", (long long)d->made)) : "NULL",
	         m->updated_at != 0 ? desk_time(d, m->updated_at) : "NULL", text(m->sender),
	         text(m->same_key), m->revoked_at != 0 ? desk_time(d, m->revoked_at) : "NULL",
	         m->missing_since != 0 ? desk_time(d, m->missing_since) : "NULL",
	         desk_time(d, 1000), desk_time(d, 1000));
}

void
desk_talk(struct desk *d, struct planted *p, const char *begin)
{
	struct arena *a = test_arena();
	int64_t n = ++d->talks;

	desk_plant(d, p);
	for (int64_t i = 0; i < TALK_MESSAGES; i++) {
		struct planted_message m = { .client = p->client,
			                     .conversation = p->conversation,
			                     .ticket = p->ticket,
			                     .at = p->start + i * TIME_MINUTE,
			                     .outbound = i % 2 == 1 };
		bool first = i == 0 && begin != NULL;

		m.body = Z(str_fmt(a, "%s%sa fala %lld da conversa %lld", first ? begin : "",
		                   first ? " " : "", (long long)i, (long long)n));
		desk_message(d, &m);
	}
}

void
desk_rubric(struct desk *d, struct uuid client, const char *key, int64_t version)
{
	ck_assert_ok(db_exec(d->s.db, &q_api_script_insert,
	                     DB_PARAMS(db_uuid(desk_id(d)), db_uuid(client), db_text(str_from(key)),
	                               db_int(version), db_text(STR("n")), db_text(STR_NONE),
	                               db_text(STR("Avalie o atendimento.")), db_json(STR(TOPICS)),
	                               db_bool(true), db_time(1000)),
	                     NULL, NULL));
}

struct analysis_figures
desk_figures(struct desk *d, int64_t now)
{
	struct analysis_figures f;

	ck_assert_ok(analysis_queue_figures(d->s.db, test_arena(), &d->combo, &d->choice, now, &f));
	return f;
}

int64_t
desk_enqueue(struct desk *d, int64_t now)
{
	struct analysis_enqueue at = { .enqueued = 0 };

	while (!at.finished)
		ck_assert_ok(analysis_queue_enqueue(d->s.db, test_arena(), &d->s.rand, &d->combo,
		                                    &d->choice, now, &at));
	return at.enqueued;
}

size_t
desk_claim(struct desk *d, int64_t now, size_t n, struct analysis_claimed **out)
{
	size_t got;
	int64_t due = ANALYSIS_BATCH;

	while (due == ANALYSIS_BATCH)
		ck_assert_ok(analysis_queue_make_due(d->s.db, &d->combo, now, &due));
	ck_assert_ok(analysis_queue_claim(d->s.db, test_arena(), &d->combo, d->me, now,
	                                  now + 2 * TIME_MINUTE, TIME_NONE, n, out, &got));
	return got;
}

struct analysis_lease
desk_lease(const struct desk *d, const struct analysis_claimed *x)
{
	return (struct analysis_lease){ d->client, x->id, d->me };
}

void
desk_done(struct desk *d, const struct analysis_claimed *x, int64_t now)
{
	const struct analysis_lease l = desk_lease(d, x);
	const struct analysis_paid paid = { .calls = 1 };
	const struct analysis_done done = { .report = STR("{\"summary\":\"ok\"}"),
		                            .model = STR("m-1"),
		                            .prompt_hash = STR("abc"),
		                            .overall_score = 70,
		                            .temperature = STR("warm") };

	ck_assert_ok(analysis_queue_done(d->s.db, &l, now, &done, &paid));
}

void
desk_failed(struct desk *d, const struct analysis_claimed *x, int64_t now, int64_t again)
{
	const struct analysis_lease l = desk_lease(d, x);
	const struct analysis_paid paid = { .calls = 0 };
	const struct analysis_failure f = { .error = STR("no report"), .next_retry_at = again };

	ck_assert_ok(analysis_queue_failed(d->s.db, &l, now, &f, &paid));
}

struct analysis_counts
desk_counts(struct desk *d, int64_t now)
{
	struct analysis_counts c;

	ck_assert_ok(analysis_queue_counts(d->s.db, test_arena(), &d->combo, now, &c));
	return c;
}

int
desk_main(Suite *(*make_suite)(void))
{
	const char *engine = getenv("ENGINE");
	int status;

	if (engine != NULL && strcmp(engine, "postgres") == 0 &&
	    (postgres = pg_server_start(false)) == NULL)
		return 1;
	status = testing_run(make_suite);
	pg_server_end(postgres);
	return status;
}
