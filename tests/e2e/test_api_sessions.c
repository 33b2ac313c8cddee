/* Sessions as the API shows them: episodes of what came in through the door, and a helpdesk's
 * ticket whose rows are written by hand. */
#include "api_fixture.h"
#include "raw.h"

#define DAY     86400
#define CHUNKS  10
#define PER     3
#define NOTES   (CHUNKS * PER)
#define PEOPLE  3
#define T0(w)   ((w)->now_s - 60 * DAY)
#define MOMENT  INT64_C(1700000000000) /* where the helpdesk's ticket begins */
#define MINUTES 60000

static const char *
mark_of(const char *who, int i)
{
	const struct wamid m = { false, str_from(who), str_fmt(test_arena(), "3EB0%04d", i) };

	return str_z(test_arena(), wamid_encode(test_arena(), &m));
}

/* A chunk of history with n messages of someone at these times; keys from `first`. */
static const char *
old_chunk(const char *who, int order, const int64_t *at, int first, int n)
{
	struct buf b;

	buf_init(&b, test_arena(), (size_t)1 << 20);
	buf_fmt(&b,
	        "\"history\":[{\"metadata\":{\"phase\":0,\"chunk_order\":%d,\"progress\":50},"
	        "\"threads\":[{\"id\":\"%s\",\"messages\":[",
	        order, who);
	for (int i = first; i < first + n; i++)
		buf_fmt(&b,
		        "%s{\"from\":\"%s\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"text\","
		        "\"text\":{\"body\":\"m%d\"},\"history_context\":{\"status\":\"read\"}}",
		        i == first ? "" : ",", who, mark_of(who, i), (long long)at[i], i);
	buf_z(&b, "]}]}]");
	return envelope(change(NUMBER, "history", str_z(test_arena(), buf_slice(&b))));
}

/* One message in a chunk of its own, applied. */
static void
old_message(const struct world *w, int key, int64_t at)
{
	int64_t times[100] = { 0 };

	times[key] = at;
	hook(w, old_chunk(CUSTOMER, key + 1, times, key, 1));
	settle(w);
}

static const char *
live_at(const char *from, int key, int64_t at, const char *rest)
{
	return envelope(change(NUMBER, "messages",
	                       FMT("\"contacts\":[{\"wa_id\":\"%s\"}],\"messages\":[{\"from\":"
	                           "\"%s\",\"id\":\"%s\",\"timestamp\":\"%lld\",%s}]",
	                           from, from, mark_of(from, key), (long long)at, rest)));
}

static const char *
conversation_of(const struct world *w, const char *who)
{
	const cJSON *v = MUST(w, 200, "GET", FMT("/api/clients/acme/conversations?q=%s", who),
	                      w->acme_viewer, NULL);

	ck_assert_uint_eq(json_count(at(v, "data")), 1);
	return z_at(v, "data.0.id");
}

/* The newest first. */
static const cJSON *
sessions_of(const struct world *w, const char *conversation)
{
	return at(MUST(w, 200, "GET", FMT("/api/conversations/%s/sessions?limit=200", conversation),
	               w->acme_viewer, NULL),
	          "data");
}

static struct str
iso(int64_t seconds)
{
	return time_text(test_arena(), seconds * 1000);
}

static void
note_times(const struct world *w, int64_t *at)
{
	static const int64_t steps[] = { 60, 3600, DAY, DAY + 1, 200000, 30, DAY };
	int64_t t = T0(w);

	for (int i = 0; i < NOTES; i++) {
		at[i] = t;
		t += steps[i % 7];
	}
}

/* These times cut by hand, against what the API lists. */
static void
check_list(const struct world *w, const char *who, const int64_t *at_s)
{
	const cJSON *list = sessions_of(w, conversation_of(w, who));
	size_t n = json_count(list), seen = 0;
	int first = 0;

	for (int i = 0; i < NOTES; i++) {
		const cJSON *s;

		if (i + 1 < NOTES && at_s[i + 1] - at_s[i] <= DAY)
			continue;
		ck_assert_uint_lt(seen, n);
		s = at(list, FMT("%zu", n - ++seen));
		ck_assert_slice(text_at(s, "startedAt"), iso(at_s[first]));
		ck_assert_slice(text_at(s, "endedAt"), iso(at_s[i]));
		ck_assert_slice(text_at(s, "settledAt"), iso(at_s[i] + DAY));
		ck_assert_int_eq(int_at(s, "messageCount"), i + 1 - first);
		ck_assert_str(text_at(s, "type"), "CLOSED");
		ck_assert_str(text_at(s, "source"), "episode");
		first = i + 1;
	}
	ck_assert_uint_eq(seen, n);
	ck_assert_uint_gt(n, 5);
}

/* Every message says the session whose span it is in; each session counts its own, and says which
 * is its first. */
static void
check_messages(const struct world *w, const char *conversation)
{
	const cJSON *list = sessions_of(w, conversation), *page;
	const char *path = FMT("/api/conversations/%s/messages?limit=7", conversation),
		   *next = path;
	int64_t counted = 0, told = 0;
	size_t begun = 0;

	do {
		page = MUST(w, 200, "GET", next, w->acme_viewer, NULL);
		for (const cJSON *m = json_first(at(page, "data")); m != NULL; m = m->next) {
			struct str t = text_at(m, "timestamp"), id = text_at(m, "sessionId");
			bool inside = false;

			for (const cJSON *s = json_first(list); s != NULL; s = s->next) {
				inside |= str_eq(text_at(s, "id"), id) &&
				          str_cmp(text_at(s, "startedAt"), t) <= 0 &&
				          str_cmp(t, text_at(s, "endedAt")) <= 0;
				begun += str_eq(text_at(s, "firstMessageId"), text_at(m, "id")) &&
				         str_eq(text_at(s, "startedAt"), t);
			}
			ck_assert_msg(inside, "session of the message at " STR_FMT, STR_ARG(t));
			counted++;
		}
		next = FMT("%s&before=%s", path, z_at(page, "data.0.id"));
	} while (true_at(page, "hasBefore"));
	for (const cJSON *s = json_first(list); s != NULL; s = s->next)
		told += int_at(s, "messageCount");
	ck_assert_int_eq(counted, NOTES);
	ck_assert_int_eq(told, NOTES);
	ck_assert_uint_eq(begun, json_count(list));
}

START_TEST(a_history_in_any_order_of_chunks_gives_the_same_episodes)
{
	static const char *const who[PEOPLE] = { "34600000001", "34600000002", "34600000003" };
	struct world *w = world_new();
	int64_t at_s[NOTES];

	note_times(w, at_s);
	for (int i = 0; i < CHUNKS; i++) {
		int chunk[PEOPLE] = { i, CHUNKS - 1 - i, (i * 7 + 3) % CHUNKS };

		for (int p = 0; p < PEOPLE; p++)
			hook(w, old_chunk(who[p], i + 1, at_s, chunk[p] * PER, PER));
		settle(w);
	}
	for (int p = 0; p < PEOPLE; p++) {
		check_list(w, who[p], at_s);
		check_messages(w, conversation_of(w, who[p]));
	}
	world_end(w);
}
END_TEST

/* GET /api/sessions/<lost> must lead to that one. */
static void
check_moved(const struct world *w, const char *lost, const char *heir)
{
	struct reply r = call(w, "GET", FMT("/api/sessions/%s", lost), w->acme_viewer, NULL);

	ck_assert_int_eq(r.status, 308);
	ck_assert_slice(str_from(header_of(&r, "Location")),
	                str_from(FMT("/api/sessions/%s", heir)));
	MUST(w, 404, "GET", FMT("/api/sessions/%s", lost), w->beta_admin, NULL);
	MUST(w, 200, "GET", FMT("/api/sessions/%s", heir), w->acme_viewer, NULL);
	MUST(w, 404, "GET", FMT("/api/sessions/%s", heir), w->beta_admin, NULL);
}

START_TEST(a_message_in_a_gap_joins_two_and_the_lost_id_answers_308)
{
	struct world *w = world_new();
	const char *id, *early, *late, *first;
	const cJSON *list;

	old_message(w, 1, T0(w));
	old_message(w, 2, T0(w) + 40 * 3600);
	id = conversation_of(w, CUSTOMER);
	list = sessions_of(w, id);
	ck_assert_uint_eq(json_count(list), 2);
	late = z_at(list, "0.id");
	early = z_at(list, "1.id");
	old_message(w, 3, T0(w) + 20 * 3600);
	list = sessions_of(w, id);
	ck_assert_uint_eq(json_count(list), 1);
	ck_assert_slice(text_at(list, "0.id"), str_from(early));
	ck_assert_int_eq(int_at(list, "0.messageCount"), 3);
	check_moved(w, late, early);
	/* the heir itself is taken over: what pointed at it points further, without a chain */
	old_message(w, 4, T0(w) - 30 * 3600);
	list = sessions_of(w, id);
	ck_assert_uint_eq(json_count(list), 2);
	first = z_at(list, "1.id");
	old_message(w, 5, T0(w) - 15 * 3600);
	list = sessions_of(w, id);
	ck_assert_uint_eq(json_count(list), 1);
	ck_assert_slice(text_at(list, "0.id"), str_from(first));
	check_moved(w, early, first);
	check_moved(w, late, first);
	MUST(w, 404, "GET", FMT("/api/sessions/%s", w->connection), "op", NULL);
	world_end(w);
}
END_TEST

START_TEST(system_messages_do_not_count_and_24_hours_exactly_stay_together)
{
	struct world *w = world_new();
	const char *id, *text = "\"type\":\"text\",\"text\":{\"body\":\"oi\"}";
	int64_t last = w->now_s - 6 * 3600;
	const cJSON *list, *m, *t;

	hook(w, live_at(CUSTOMER, 1, last - DAY - 40 * 3600, text));
	hook(w, live_at(CUSTOMER, 2, last - DAY - 20 * 3600,
	                "\"type\":\"system\",\"system\":{\"body\":\"a change\",\"type\":"
	                "\"customer_identity_changed\"}"));
	hook(w, live_at(CUSTOMER, 3, last - DAY, text));
	hook(w, live_at(CUSTOMER, 4, last, text));
	settle(w);
	id = conversation_of(w, CUSTOMER);
	list = sessions_of(w, id);
	ck_assert_uint_eq(json_count(list), 2);
	ck_assert_int_eq(int_at(list, "1.messageCount"), 1);
	ck_assert_int_eq(int_at(list, "0.messageCount"), 2);
	ck_assert_slice(text_at(list, "0.startedAt"), iso(last - DAY));
	/* nothing says yet that the newest is over */
	ck_assert_str(text_at(list, "0.type"), "OPEN_REAL");
	ck_assert(null_at(list, "0.endedAt") && null_at(list, "0.settledAt"));
	ck_assert_str(text_at(list, "1.type"), "CLOSED");
	m = at(MUST(w, 200, "GET", FMT("/api/conversations/%s/messages", id), w->acme_viewer, NULL),
	       "data");
	ck_assert_str(text_at(m, "1.type"), "system");
	ck_assert_str(text_at(m, "1.senderType"), "SYSTEM");
	ck_assert(null_at(m, "1.sessionId"));
	ck_assert_slice(text_at(m, "0.sessionId"), text_at(list, "1.id"));
	ck_assert_slice(text_at(m, "2.sessionId"), text_at(list, "0.id"));
	ck_assert_slice(text_at(m, "3.sessionId"), text_at(list, "0.id"));
	/* the ticket was open all the time */
	t = MUST(w, 200, "GET", "/api/clients/acme/tickets", w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(t, "data.0.sessions")), 2);
	ck_assert_slice(text_at(t, "data.0.sessions.0.id"), text_at(list, "1.id"));
	world_end(w);
}
END_TEST

START_TEST(a_ticket_shows_the_episodes_that_overlap_it_and_on_request_retired_ones)
{
	struct world *w = world_new();
	const char *text = "\"type\":\"text\",\"text\":{\"body\":\"oi\"}", *ticket, *id;
	int64_t t = T0(w);
	const cJSON *d;

	old_message(w, 1, t);
	hook(w, live_at(CUSTOMER, 2, t + 5 * DAY, text));
	hook(w, live_at(CUSTOMER, 3, t + 7 * DAY, text));
	settle(w);
	id = conversation_of(w, CUSTOMER);
	ck_assert_uint_eq(json_count(sessions_of(w, id)), 3);
	d = MUST(w, 200, "GET", FMT("/api/conversations/%s", id), w->acme_viewer, NULL);
	ticket = FMT("/api/tickets/%s", z_at(d, "conversation.openTicketId"));
	d = at(MUST(w, 200, "GET", ticket, w->acme_viewer, NULL), "ticket");
	ck_assert_uint_eq(json_count(at(d, "sessions")), 2);
	ck_assert_slice(text_at(d, "sessions.0.startedAt"), iso(t + 5 * DAY));
	ck_assert_uint_eq(json_count(at(d, "messages")), 3);
	ck_assert_slice(text_at(d, "messages.1.sessionId"), text_at(d, "sessions.0.id"));
	hook(w, live_at(CUSTOMER, 4, t + 6 * DAY, text));
	settle(w);
	d = MUST(w, 200, "GET", ticket, w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "ticket.sessions")), 1);
	ck_assert_int_eq(int_at(d, "ticket.sessions.0.messageCount"), 3);
	d = MUST(w, 200, "GET", FMT("%s?include=retired", ticket), w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(d, "ticket.sessions")), 2);
	ck_assert(null_at(d, "ticket.sessions.0.retiredAt"));
	ck_assert(str_is_set(text_at(d, "ticket.sessions.1.retiredAt")));
	MUST(w, 400, "GET", FMT("%s?include=all", ticket), w->acme_viewer, NULL);
	world_end(w);
}
END_TEST

START_TEST(the_sessions_of_a_conversation_are_paged)
{
	struct world *w = world_new();
	int64_t at_s[7] = { 0 };
	const char *path, *next;
	const cJSON *p;
	int seen = 0;

	for (int i = 0; i < 7; i++)
		at_s[i] = T0(w) + 3 * DAY * i;
	hook(w, old_chunk(CUSTOMER, 1, at_s, 0, 7));
	settle(w);
	path = FMT("/api/conversations/%s/sessions?limit=3", conversation_of(w, CUSTOMER));
	next = path;
	for (;;) {
		p = MUST(w, 200, "GET", next, w->acme_viewer, NULL);
		for (const cJSON *s = json_first(at(p, "data")); s != NULL; s = s->next)
			ck_assert_slice(text_at(s, "startedAt"), iso(at_s[6 - seen++]));
		if (null_at(p, "nextCursor"))
			break;
		next = FMT("%s&cursor=%s", path, z_at(p, "nextCursor"));
	}
	ck_assert_int_eq(seen, 7);
	MUST(w, 404, "GET", path, w->beta_admin, NULL);
	world_end(w);
}
END_TEST

static struct raw *
open_raw(const struct world *w)
{
	struct str url = str_from(read_text(in_dir(w->process.dir, ".env")));

	url = str_sub(url, 0, str_find(url, '\n'));
	url = str_sub(url, strlen("DATABASE_URL="), url.n);
	return raw_open(pg != NULL ? str_z(test_arena(), url)
	                           : FMT("sqlite:%s/recado.db", w->process.dir));
}

/* Literals of either engine. */
static const char *
as_uuid(const char *text)
{
	struct buf b;

	if (pg != NULL)
		return FMT("'%s'", text);
	buf_init(&b, test_arena(), 64);
	for (; *text != '\0'; text++)
		if (*text != '-')
			buf_char(&b, *text);
	return FMT("x'" STR_FMT "'", STR_ARG(buf_slice(&b)));
}

static const char *
as_time(int64_t minutes)
{
	long long ms = MOMENT + minutes * MINUTES;

	return FMT(pg != NULL ? "to_timestamp(%lld / 1000.0)" : "%lld", ms);
}

static const char *
row_id(int n)
{
	return FMT("01900000-0000-7000-8000-00000000%04d", n);
}

enum { R_CONNECTION = 1, R_CONVERSATION, R_TICKET, R_OTHER, R_MESSAGES = 10, R_SESSIONS = 50 };

struct desk {
	struct raw *raw;
	const char *client;
};

static void
put_message(const struct desk *k, int n, int ticket, int64_t minutes, const char *sender)
{
	raw_exec(k->raw,
	         FMT("INSERT INTO messages (id, client_id, connection_id, conversation_id, "
	             "dedup_key, at, bad_time, direction, type, body, source, seen, status, "
	             "status_rank, content_key, received_at, unread, created_at, updated_at, "
	             "ticket_id, external_id, sender_type, same_key, missing_since) VALUES "
	             "(%s, %s, %s, %s, 'h:%020d:%d', %s, FALSE, 'INBOUND', 'text', 'b%d', "
	             "'helpdesk', 0, 'received', 0, %s, %s, FALSE, %s, %s, %s, %d, %s, %s, %s)",
	             as_uuid(row_id(R_MESSAGES + n)), k->client, as_uuid(row_id(R_CONNECTION)),
	             as_uuid(row_id(R_CONVERSATION)), n, ticket, as_time(minutes), n,
	             pg != NULL ? "'\\x00'" : "x'00'", as_time(minutes), as_time(0), as_time(0),
	             as_uuid(row_id(ticket)), n, sender, n == 2 ? "'i:3EB00001'" : "NULL",
	             n == 4 ? as_time(99) : "NULL"));
}

/* class "NULL": an episode. to < 0: none. */
static void
put_session(const struct desk *k, int n, const char *class, int64_t lead_in, int64_t from,
            int64_t to, int flags, bool retired)
{
	bool episode = strcmp(class, "NULL") == 0;

	raw_exec(k->raw,
	         FMT("INSERT INTO sessions (client_id, id, conversation_id, ticket_id, source, "
	             "class, started_at, ended_at, lead_in_at, tracking_id, tracking_ids, flags, "
	             "user_name, message_count, retired_at, created_at, updated_at) VALUES "
	             "(%s, %s, %s, %s, '%s', %s, %s, %s, %s, %s, %s, %d, 'Bia', 3, %s, %s, %s)",
	             k->client, as_uuid(row_id(R_SESSIONS + n)), as_uuid(row_id(R_CONVERSATION)),
	             as_uuid(row_id(R_TICKET)), episode ? "episode" : "tracking", class,
	             as_time(from), to < 0 ? "NULL" : as_time(to),
	             episode ? "NULL" : as_time(lead_in), episode ? "NULL" : FMT("%d", n),
	             episode ? "NULL" : FMT("'[%d, 900]'", n), flags,
	             retired ? as_time(99) : "NULL", as_time(0), as_time(0)));
}

static void
put_ticket(const struct desk *k, int n, const char *lead)
{
	raw_exec(k->raw,
	         FMT("INSERT INTO tickets (id, client_id, conversation_id, lead_id, external_uuid, "
	             "source, originated_from, status, stage, is_open, opened_at, created_at, "
	             "updated_at) VALUES (%s, %s, %s, %s, 'desk-%d', 'helpdesk_import', "
	             "'helpdesk', 'open', 'new', FALSE, %s, %s, %s)",
	             as_uuid(row_id(n)), k->client, as_uuid(row_id(R_CONVERSATION)), as_uuid(lead),
	             n, as_time(0), as_time(0), as_time(0)));
}

/* A conversation of the customer at the helpdesk: two tickets, sessions of one. */
static void
fill_desk(const struct desk *k, const char *lead)
{
	raw_exec(k->raw, FMT("INSERT INTO connections (id, client_id, kind, status, registered_by, "
	                     "history_sync_requested, created_at, updated_at) VALUES (%s, %s, "
	                     "'helpdesk', 'connected', 'operator', FALSE, %s, %s)",
	                     as_uuid(row_id(R_CONNECTION)), k->client, as_time(0), as_time(0)));
	raw_exec(k->raw, FMT("INSERT INTO conversations (id, client_id, connection_id, lead_id, "
	                     "unread_count, unread_live, created_at, updated_at) VALUES (%s, %s, "
	                     "%s, %s, 0, FALSE, %s, %s)",
	                     as_uuid(row_id(R_CONVERSATION)), k->client,
	                     as_uuid(row_id(R_CONNECTION)), as_uuid(lead), as_time(0), as_time(0)));
	put_ticket(k, R_TICKET, lead);
	put_ticket(k, R_OTHER, lead);
	put_message(k, 1, R_TICKET, 0, "'HUMAN'");
	put_message(k, 2, R_TICKET, 6, "NULL");
	put_message(k, 3, R_TICKET, 12, "'AI'");
	put_message(k, 4, R_TICKET, 25, "'SYSTEM'");
	put_message(k, 5, R_TICKET, 41, "'HUMAN'");
	put_message(k, 6, R_OTHER, 12, "'HUMAN'");
	put_session(k, 1, "'CLOSED'", 5, 10, 20, 12, false);
	put_session(k, 2, "'OPEN_REAL'", 40, 40, -1, 0, false);
	put_session(k, 3, "NULL", 0, 12, 12, 0, false);
	put_session(k, 4, "'OPEN_REAL'", 24, 24, -1, 0, true);
}

static void
check_desk_messages(const cJSON *m)
{
	static const int session[] = { 0, 1, 1, 0, 2 };

	ck_assert_uint_eq(json_count(m), 5);
	for (int i = 0; i < 5; i++) {
		ck_assert_slice(text_at(m, FMT("%d.externalMessageId", i)),
		                str_from(FMT("%d", i + 1)));
		ck_assert_str(text_at(m, FMT("%d.source", i)), "helpdesk");
		if (session[i] == 0)
			ck_assert(null_at(m, FMT("%d.sessionId", i)));
		else
			ck_assert_slice(text_at(m, FMT("%d.sessionId", i)),
			                str_from(row_id(R_SESSIONS + session[i])));
		ck_assert_int_eq(null_at(m, FMT("%d.missingSince", i)), i != 3);
		ck_assert_int_eq(null_at(m, FMT("%d.sameAs", i)), i != 1);
	}
	ck_assert_str(text_at(m, "1.senderType"), "HUMAN");
	ck_assert_str(text_at(m, "2.senderType"), "AI");
	ck_assert_str(text_at(m, "3.senderType"), "SYSTEM");
}

static void
check_desk_sessions(const cJSON *s)
{
	static const int order[] = { 1, 3, 2 }, first[] = { 2, 3, 5 };

	ck_assert_uint_eq(json_count(s), 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_slice(text_at(s, FMT("%d.id", i)),
		                str_from(row_id(R_SESSIONS + order[i])));
		ck_assert_slice(text_at(s, FMT("%d.firstMessageId", i)),
		                str_from(row_id(R_MESSAGES + first[i])));
	}
	ck_assert_str(text_at(s, "0.type"), "CLOSED");
	ck_assert_str(text_at(s, "0.flags.0"), "end_inferred");
	ck_assert_str(text_at(s, "0.flags.1"), "anchored");
	ck_assert_str(text_at(s, "0.externalTrackingIds.0"), "1");
	ck_assert_str(text_at(s, "0.externalTrackingIds.1"), "900");
	ck_assert_str(text_at(s, "0.assignedUserName"), "Bia");
	ck_assert_slice(text_at(s, "0.ticketId"), str_from(row_id(R_TICKET)));
	ck_assert_slice(text_at(s, "0.settledAt"),
	                time_text(test_arena(), MOMENT + 20 * MINUTES + TIME_DAY));
	ck_assert_str(text_at(s, "1.source"), "episode");
	ck_assert_str(text_at(s, "1.type"), "CLOSED");
	ck_assert_str(text_at(s, "2.type"), "OPEN_REAL");
	ck_assert(null_at(s, "2.endedAt") && null_at(s, "2.settledAt"));
}

START_TEST(a_helpdesk_ticket_shows_its_own_messages_and_sessions)
{
	struct world *w = world_new();
	const cJSON *v, *d;
	const char *lead, *whatsapp, *t = w->acme_viewer;
	struct desk k;

	hook(w, live_at(CUSTOMER, 1, w->now_s, "\"type\":\"text\",\"text\":{\"body\":\"oi\"}"));
	settle(w);
	whatsapp = conversation_of(w, CUSTOMER);
	v = MUST(w, 200, "GET", FMT("/api/conversations/%s", whatsapp), t, NULL);
	lead = z_at(v, "conversation.lead.id");
	v = MUST(w, 200, "GET", "/api/clients/acme", t, NULL);
	k.client = as_uuid(z_at(v, "client.id"));
	world_end(w);
	k.raw = open_raw(w);
	fill_desk(&k, lead);
	raw_close(k.raw);
	w->process = serve_in(w->process.dir);

	d = at(MUST(w, 200, "GET", FMT("/api/tickets/desk-%d", R_TICKET), t, NULL), "ticket");
	ck_assert_slice(text_at(d, "createdAt"), text_at(d, "openedAt"));
	ck_assert(text_at(d, "importedAt").n > 0);
	check_desk_messages(at(d, "messages"));
	check_desk_sessions(at(d, "sessions"));
	v = MUST(w, 200, "GET", FMT("/api/conversations/%s/messages", whatsapp), t, NULL);
	ck_assert_slice(text_at(d, "messages.1.sameAs"), text_at(v, "data.0.id"));
	/* the rest by the cursor */
	d = MUST(w, 200, "GET", FMT("/api/tickets/desk-%d?limit=3", R_TICKET), t, NULL);
	d = MUST(w, 200, "GET",
	         FMT("/api/tickets/desk-%d?limit=3&cursor=%s", R_TICKET,
	             z_at(d, "ticket.messagesNextCursor")),
	         t, NULL);
	ck_assert_uint_eq(json_count(at(d, "ticket.messages")), 2);
	ck_assert_slice(text_at(d, "ticket.messages.1.sessionId"),
	                str_from(row_id(R_SESSIONS + 2)));
	ck_assert(null_at(d, "ticket.messagesNextCursor"));
	d = MUST(w, 200, "GET", FMT("/api/tickets/desk-%d?include=retired", R_TICKET), t, NULL);
	ck_assert_uint_eq(json_count(at(d, "ticket.sessions")), 4);
	/* retired without an heir: shown, and said */
	d = MUST(w, 200, "GET", FMT("/api/sessions/%s", row_id(R_SESSIONS + 4)), t, NULL);
	ck_assert(str_is_set(text_at(d, "session.retiredAt")));
	/* one list of both tickets' messages: each by the sessions of its own */
	v = MUST(w, 200, "GET", FMT("/api/conversations/%s/messages", row_id(R_CONVERSATION)), t,
	         NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 6);
	ck_assert_slice(text_at(v, "data.2.sessionId"), str_from(row_id(R_SESSIONS + 1)));
	ck_assert_str(text_at(v, "data.3.externalMessageId"), "6");
	ck_assert(null_at(v, "data.3.sessionId"));
	d = MUST(w, 409, "PATCH", FMT("/api/tickets/desk-%d", R_TICKET), w->acme_agent,
	         "{\"status\":\"closed\"}");
	ck_assert_ptr_nonnull(strstr(z_at(d, "detail"), "helpdesk"));
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("api: sessions", a_history_in_any_order_of_chunks_gives_the_same_episodes,
	                  a_message_in_a_gap_joins_two_and_the_lost_id_answers_308,
	                  system_messages_do_not_count_and_24_hours_exactly_stay_together,
	                  a_ticket_shows_the_episodes_that_overlap_it_and_on_request_retired_ones,
	                  the_sessions_of_a_conversation_are_paged,
	                  a_helpdesk_ticket_shows_its_own_messages_and_sessions);
}

API_MAIN(make_suite)
