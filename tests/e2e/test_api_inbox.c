/* What came in through the door, read over the API: conversations, messages, tickets, leads. */
#include "api_fixture.h"

#define OLD 250

/* A history of OLD messages and a live one; gives the conversation. */
static const char *
fill(const struct world *w)
{
	const cJSON *v;

	hook(w, envelope(change(NUMBER, "history", history(w, 1, 100, 0, OLD))));
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "BB01", "Oi"))));
	settle(w);
	v = MUST(w, 200, "GET", "/api/clients/acme/conversations", w->acme_viewer, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 1);
	return z_at(v, "data.0.id");
}

static const char *
path_to(const char *id, const char *what)
{
	return FMT("/api/conversations/%s%s", id, what);
}

START_TEST(a_history_and_a_live_message_make_an_inbox)
{
	struct world *w = world_new();
	const char *id = fill(w);
	const cJSON *v = MUST(w, 200, "GET", path_to(id, ""), w->acme_viewer, NULL);

	ck_assert_str(text_at(v, "conversation.lead.phoneNumber"), "+" CUSTOMER);
	ck_assert_str(text_at(v, "conversation.lead.waId"), CUSTOMER);
	ck_assert_str(text_at(v, "conversation.lead.source"), "history_sync");
	ck_assert_str(text_at(v, "conversation.lead.pushName"), "Ana " CUSTOMER);
	ck_assert(true_at(v, "conversation.lead.hasHistory"));
	ck_assert(true_at(v, "conversation.lead.isActive"));
	ck_assert(null_at(v, "conversation.lead.deletedAt"));
	ck_assert(null_at(v, "conversation.lead.username"));
	ck_assert_str(text_at(v, "conversation.lastMessage.body"), "Oi");
	ck_assert_str(text_at(v, "conversation.lastMessage.source"), "live");
	ck_assert_str(text_at(v, "conversation.lastMessage.direction"), "INBOUND");
	ck_assert_int_eq(int_at(v, "conversation.unreadCount"), 1);
	ck_assert_int_eq(int_at(v, "conversation.tickets"), 1);
	ck_assert(true_at(v, "conversation.hasHistory"));
	ck_assert_slice(text_at(v, "conversation.connectionId"), str_from(w->connection));
	world_end(w);
}
END_TEST

/* Bodies of a page joined by commas. */
static struct str
bodies(const cJSON *page)
{
	struct buf b;

	buf_init(&b, test_arena(), 1 << 20);
	for (const cJSON *m = json_first(at(page, "data")); m != NULL; m = m->next) {
		if (b.n > 0)
			buf_char(&b, ',');
		buf_str(&b, text_at(m, "body"));
	}
	return buf_slice(&b);
}

static const char *
id_of(const cJSON *page, const char *body)
{
	for (const cJSON *m = json_first(at(page, "data")); m != NULL; m = m->next)
		if (str_eq(text_at(m, "body"), str_from(body)))
			return z_at(m, "id");
	ck_abort_msg("no message %s", body);
}

START_TEST(messages_page_both_ways_and_around_any_of_them)
{
	struct world *w = world_new();
	const char *path = path_to(fill(w), "/messages"), *t = w->acme_viewer, *middle;
	const cJSON *p = MUST(w, 200, "GET", path, t, NULL);

	ck_assert_uint_eq(json_count(at(p, "data")), 50);
	ck_assert(true_at(p, "hasBefore") && !true_at(p, "hasAfter"));
	ck_assert_str(text_at(p, "data.49.body"), "Oi");
	middle = id_of(p, "old 220");
	p = MUST(w, 200, "GET", FMT("%s?limit=3&before=%s", path, middle), t, NULL);
	ck_assert_str(bodies(p), "old 217,old 218,old 219");
	ck_assert(true_at(p, "hasBefore") && true_at(p, "hasAfter"));
	p = MUST(w, 200, "GET", FMT("%s?limit=3&after=%s", path, middle), t, NULL);
	ck_assert_str(bodies(p), "old 221,old 222,old 223");
	ck_assert(true_at(p, "hasBefore") && true_at(p, "hasAfter"));
	p = MUST(w, 200, "GET", FMT("%s?limit=4&around=%s", path, middle), t, NULL);
	ck_assert_str(bodies(p), "old 218,old 219,old 220,old 221");
	ck_assert(true_at(p, "hasBefore") && true_at(p, "hasAfter"));
	p = MUST(w, 200, "GET", FMT("%s?limit=200&before=%s", path, middle), t, NULL);
	ck_assert_uint_eq(json_count(at(p, "data")), 200);
	p = MUST(w, 200, "GET", FMT("%s?limit=200&before=%s", path, id_of(p, "old 20")), t, NULL);
	ck_assert_uint_eq(json_count(at(p, "data")), 20);
	ck_assert(!true_at(p, "hasBefore"));
	ck_assert_str(text_at(p, "data.0.body"), "old 0");
	MUST(w, 400, "GET", FMT("%s?limit=201", path), t, NULL);
	MUST(w, 400, "GET", FMT("%s?limit=0", path), t, NULL);
	MUST(w, 400, "GET", FMT("%s?before=x", path), t, NULL);
	MUST(w, 400, "GET", FMT("%s?before=%s&after=%s", path, middle, middle), t, NULL);
	MUST(w, 400, "GET", FMT("%s?before=%s", path, w->connection), t, NULL);
	world_end(w);
}
END_TEST

START_TEST(a_message_document_has_every_member)
{
	static const char *const members[] = { "id",         "source",
		                               "direction",  "fromMe",
		                               "type",       "body",
		                               "status",     "historyStatus",
		                               "senderType", "agentName",
		                               "timestamp",  "sessionId",
		                               "wamid",      "externalMessageId",
		                               "replyTo",    "reactions",
		                               "versions",   "editedAt",
		                               "revokedAt",  "metaConfirmedAt",
		                               "error",      "unknownOutcome",
		                               "media",      "badTime",
		                               "sameAs",     "missingSince" };
	struct world *w = world_new();
	const cJSON *p =
		MUST(w, 200, "GET", path_to(fill(w), "/messages?limit=2"), w->acme_viewer, NULL);
	const cJSON *m = at(p, "data.0");

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		ck_assert_msg(json_get(m, members[i]) != NULL, "%s is missing", members[i]);
	ck_assert_uint_eq(json_count(m), sizeof(members) / sizeof(*members));
	ck_assert_str(text_at(m, "source"), "history");
	ck_assert_str(text_at(m, "historyStatus"), "READ");
	ck_assert_str(text_at(m, "status"), "received");
	ck_assert_str(text_at(m, "senderType"), "HUMAN");
	ck_assert_slice(text_at(m, "wamid"), str_from(wamid("AA000249", false)));
	ck_assert(!true_at(m, "fromMe") && !true_at(m, "badTime") && !true_at(m, "unknownOutcome"));
	world_end(w);
}
END_TEST

START_TEST(what_the_phone_sent_is_shown_and_why_it_failed)
{
	struct world *w = world_new();
	const char *path = path_to(fill(w), "/messages?limit=1"), *id = wamid("EE01", true);
	long long t = (long long)w->now_s;
	const cJSON *m;

	hook(w,
	     envelope(change(NUMBER, "smb_message_echoes",
	                     FMT("\"message_echoes\":[{\"from\":\"34910000001\",\"to\":\"" CUSTOMER
	                         "\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"document\","
	                         "\"document\":{\"id\":\"9\",\"filename\":\"a.pdf\"}}]",
	                         id, t + 5))));
	hook(w,
	     envelope(change(NUMBER, "messages",
	                     FMT("\"statuses\":[{\"id\":\"%s\",\"status\":\"failed\",\"timestamp\":"
	                         "\"%lld\","
	                         "\"recipient_id\":\"" CUSTOMER "\",\"errors\":[{\"code\":131047,"
	                         "\"title\":\"Re-engagement message\",\"error_data\":{\"details\":"
	                         "\"the window is closed\"}}]}]",
	                         id, t + 6))));
	settle(w);
	m = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	ck_assert_str(text_at(m, "data.0.source"), "app_echo");
	ck_assert_str(text_at(m, "data.0.status"), "failed");
	ck_assert_int_eq(int_at(m, "data.0.error.code"), 131047);
	ck_assert_str(text_at(m, "data.0.error.reason"), "the window is closed");
	ck_assert_str(text_at(m, "data.0.media.filename"), "a.pdf");
	ck_assert(!null_at(m, "data.0.metaConfirmedAt"));
	world_end(w);
}
END_TEST

START_TEST(edits_reactions_replies_and_revokes_are_shown)
{
	struct world *w = world_new();
	const char *id = fill(w), *path = path_to(id, "/messages?limit=5");
	long long t = (long long)w->now_s;
	const cJSON *m;

	hook(w,
	     envelope(change(
		     NUMBER, "messages",
		     FMT("\"messages\":[{\"from\":\"" CUSTOMER
	                 "\",\"id\":\"%s\",\"timestamp\":\"%lld\","
	                 "\"type\":\"edit\",\"edit\":{\"original_message_id\":\"%s\",\"message\":{"
	                 "\"type\":\"text\",\"text\":{\"body\":\"Olá\"}}}},"
	                 "{\"from\":\"" CUSTOMER "\",\"id\":\"%s\",\"timestamp\":\"%lld\","
	                 "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"%s\",\"emoji\":"
	                 "\"👍\"}},"
	                 "{\"from\":\"" CUSTOMER "\",\"id\":\"%s\",\"timestamp\":\"%lld\","
	                 "\"type\":\"image\",\"image\":{\"caption\":\"foto\",\"mime_type\":\"image/"
	                 "jpeg\","
	                 "\"sha256\":\"abc\",\"id\":\"777\"},\"context\":{\"id\":\"%s\"}}]",
	                 wamid("BB02", false), t + 1, wamid("BB01", false), wamid("BB03", false),
	                 t + 2, wamid("BB01", false), wamid("BB04", false), t + 3,
	                 wamid("BB01", false)))));
	settle(w);
	m = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	ck_assert_str(text_at(m, "data.3.body"), "Olá");
	ck_assert_uint_eq(json_count(at(m, "data.3.versions")), 1);
	ck_assert_str(text_at(m, "data.3.versions.0.body"), "Oi");
	ck_assert_slice(text_at(m, "data.3.versions.0.until"), text_at(m, "data.3.editedAt"));
	ck_assert_str(text_at(m, "data.3.reactions.0.by"), "lead");
	ck_assert_str(text_at(m, "data.3.reactions.0.emoji"), "👍");
	ck_assert_slice(text_at(m, "data.4.replyTo.id"), text_at(m, "data.3.id"));
	ck_assert_slice(text_at(m, "data.4.replyTo.wamid"), str_from(wamid("BB01", false)));
	ck_assert_str_eq(z_at(m, "data.4.media.url"),
	                 FMT("/api/media/%s", z_at(m, "data.4.media.id")));
	ck_assert_str(text_at(m, "data.4.media.status"), "pending");
	ck_assert_str(text_at(m, "data.4.media.mimeType"), "image/jpeg");
	ck_assert(null_at(m, "data.4.media.sha256") && null_at(m, "data.4.media.bytes"));
	hook(w, envelope(change(
			NUMBER, "messages",
			FMT("\"messages\":[{\"from\":\"" CUSTOMER
	                    "\",\"id\":\"%s\",\"timestamp\":\"%lld\","
	                    "\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"%s\"}},"
	                    "{\"from\":\"" CUSTOMER "\",\"id\":\"%s\",\"timestamp\":\"%lld\","
	                    "\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"%s\"}}]",
	                    wamid("BB05", false), t + 4, wamid("BB01", false), wamid("BB06", false),
	                    t + 5, wamid("BB04", false)))));
	settle(w);
	m = MUST(w, 200, "GET", path, w->acme_viewer, NULL);
	ck_assert(null_at(m, "data.3.body") && null_at(m, "data.4.body") &&
	          null_at(m, "data.4.media"));
	ck_assert_uint_eq(json_count(at(m, "data.3.versions")), 0);
	ck_assert(str_is_set(text_at(m, "data.3.revokedAt")));
	ck_assert_str(text_at(m, "data.4.type"), "image");
	m = MUST(w, 200, "GET", path_to(id, ""), w->acme_viewer, NULL);
	ck_assert(null_at(m, "conversation.lastMessage.body"));
	world_end(w);
}
END_TEST

START_TEST(reading_clears_unread_and_only_that)
{
	struct world *w = world_new();
	const char *id = fill(w);
	const cJSON *c = MUST(w, 200, "GET", FMT("/api/connections/%s", w->connection), "op", NULL),
		    *v;

	ck_assert_int_eq(int_at(c, "connection.historyLeadsWithNewMessage"), 1);
	MUST(w, 403, "POST", path_to(id, "/read"), w->acme_viewer, NULL);
	v = MUST(w, 200, "POST", path_to(id, "/read"), w->acme_agent, NULL);
	ck_assert_int_eq(int_at(v, "conversation.unreadCount"), 0);
	c = MUST(w, 200, "GET", FMT("/api/connections/%s", w->connection), "op", NULL);
	ck_assert_int_eq(int_at(c, "connection.historyLeadsWithNewMessage"), 0);
	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "BB09", "E agora?"))));
	settle(w);
	v = MUST(w, 200, "GET", path_to(id, ""), w->acme_viewer, NULL);
	ck_assert_int_eq(int_at(v, "conversation.unreadCount"), 1);
	world_end(w);
}
END_TEST

START_TEST(the_inbox_is_filtered_searched_and_paged)
{
	struct world *w = world_new();
	const char *t = w->acme_viewer, *list = "/api/clients/acme/conversations", *cursor;
	const cJSON *v;

	fill(w);
	for (int i = 0; i < 4; i++)
		hook(w, envelope(change(
				NUMBER, "messages",
				live_text(w, FMT("3461122233%d", i), FMT("CC%02d", i), "oi"))));
	settle(w);
	v = MUST(w, 200, "GET", FMT("%s?filter=history", list), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 1);
	v = MUST(w, 200, "GET", FMT("%s?filter=unread&connectionId=%s", list, w->connection), t,
	         NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 5);
	v = MUST(w, 200, "GET", FMT("%s?q=ANA%%2034611222331&filter=open", list), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 1);
	v = MUST(w, 200, "GET", FMT("%s?q=%%2B34%%20611-222", list), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 4);
	v = MUST(w, 200, "GET", FMT("%s?q=%%25", list), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 0);
	v = MUST(w, 200, "GET", FMT("%s?limit=3", list), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 3);
	cursor = z_at(v, "nextCursor");
	v = MUST(w, 200, "GET", FMT("%s?limit=3&cursor=%s", list, cursor), t, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 2);
	ck_assert(null_at(v, "nextCursor"));
	MUST(w, 400, "GET", FMT("%s?cursor=%sx", list, cursor), t, NULL);
	MUST(w, 400, "GET", FMT("/api/clients/acme/tickets?cursor=%s", cursor), t, NULL);
	MUST(w, 400, "GET", FMT("%s?filter=none", list), t, NULL);
	MUST(w, 400, "GET", FMT("%s?q=a&q=b", list), t, NULL);
	world_end(w);
}
END_TEST

START_TEST(a_ticket_shows_the_whole_conversation_page_by_page)
{
	struct world *w = world_new();
	const char *id = fill(w), *ticket, *cursor;
	const cJSON *v = MUST(w, 200, "GET", path_to(id, ""), w->acme_viewer, NULL), *d;
	struct reply r;

	ticket = z_at(v, "conversation.openTicketId");
	r = call(w, "GET", FMT("/api/tickets/acme/%s", ticket), w->acme_viewer, NULL);
	d = r.doc;
	ck_assert_str(text_at(d, "ticket.clientSlug"), "acme");
	ck_assert_str(text_at(d, "ticket.source"), "incoming_message");
	ck_assert_str(text_at(d, "ticket.originatedFrom"), "history_lead");
	ck_assert_str(text_at(d, "ticket.status"), "open");
	ck_assert_str(text_at(d, "ticket.stage"), "new");
	ck_assert(null_at(d, "ticket.externalUuid") && null_at(d, "ticket.closedAt"));
	ck_assert(null_at(d, "ticket.messageWindowExpiresAt"));
	ck_assert(str_is_set(text_at(d, "ticket.serviceWindowExpiresAt")));
	ck_assert_uint_eq(json_count(at(d, "ticket.sessions")), 1);
	ck_assert_uint_eq(json_count(at(d, "ticket.messages")), 200);
	ck_assert_str(text_at(d, "ticket.messages.0.body"), "old 0");
	cursor = z_at(d, "ticket.messagesNextCursor");
	d = MUST(w, 200, "GET", FMT("/api/tickets/%s?cursor=%s", ticket, cursor), w->acme_viewer,
	         NULL);
	ck_assert_uint_eq(json_count(at(d, "ticket.messages")), OLD + 1 - 200);
	ck_assert_str(text_at(d, "ticket.messages.0.body"), "old 200");
	ck_assert(null_at(d, "ticket.messagesNextCursor"));
	MUST(w, 404, "GET", FMT("/api/tickets/beta/%s", ticket), "op", NULL);
	MUST(w, 404, "GET", FMT("/api/tickets/acme/%s", w->connection), "op", NULL);
	MUST(w, 404, "GET", "/api/tickets/some-uuid-of-a-helpdesk", "op", NULL);
	r = call_with(w, "GET", FMT("/api/tickets/acme/%s", ticket), w->acme_viewer, NULL,
	              FMT("If-None-Match: %s\r\n", header_of(&r, "ETag")));
	ck_assert_int_eq(r.status, 304);
	ck_assert_uint_eq(r.body.n, 0);
	world_end(w);
}
END_TEST

START_TEST(a_contact_without_history_has_a_window_of_24_hours)
{
	struct world *w = world_new();
	const cJSON *v;

	hook(w, envelope(change(NUMBER, "messages", live_text(w, CUSTOMER, "BB01", "Oi"))));
	settle(w);
	v = MUST(w, 200, "GET", "/api/clients/acme/tickets", w->acme_viewer, NULL);
	ck_assert_str(text_at(v, "data.0.originatedFrom"), "new_contact");
	ck_assert_slice(text_at(v, "data.0.messageWindowExpiresAt"),
	                time_text(test_arena(), (w->now_s + 86400) * 1000));
	ck_assert_slice(text_at(v, "data.0.serviceWindowExpiresAt"),
	                text_at(v, "data.0.messageWindowExpiresAt"));
	ck_assert_slice(text_at(v, "data.0.openedAt"), time_text(test_arena(), w->now_s * 1000));
	world_end(w);
}
END_TEST

START_TEST(tickets_are_closed_opened_and_reopened_by_hand_one_at_a_time)
{
	struct world *w = world_new();
	const char *id = fill(w), *a = w->acme_agent, *first, *second,
		   *tickets = path_to(id, "/tickets");
	const cJSON *v = MUST(w, 200, "GET", path_to(id, ""), a, NULL), *d;

	first = FMT("/api/tickets/%s", z_at(v, "conversation.openTicketId"));
	MUST(w, 409, "POST", tickets, a, "{\"source\":\"manual\"}");
	d = MUST(w, 200, "PATCH", first, a, "{\"stage\":\"waiting\",\"status\":\"pending\"}");
	ck_assert_str(text_at(d, "ticket.stage"), "waiting");
	ck_assert_str(text_at(d, "ticket.status"), "pending");
	MUST(w, 409, "POST", tickets, a, "{\"source\":\"manual\"}");
	d = MUST(w, 200, "PATCH", first, a, "{\"status\":\"closed\"}");
	ck_assert_str(text_at(d, "ticket.status"), "closed");
	ck_assert(str_is_set(text_at(d, "ticket.closedAt")));
	ck_assert(str_is_set(text_at(d, "ticket.serviceWindowExpiresAt")));
	v = MUST(w, 200, "GET", path_to(id, ""), a, NULL);
	ck_assert(null_at(v, "conversation.openTicketId"));
	d = MUST(w, 201, "POST", tickets, a, "{\"source\":\"api\",\"stage\":\"sales\"}");
	ck_assert_str(text_at(d, "ticket.originatedFrom"), "existing");
	ck_assert_str(text_at(d, "ticket.source"), "api");
	second = FMT("/api/tickets/%s", z_at(d, "ticket.id"));
	MUST(w, 409, "PATCH", first, a, "{\"status\":\"open\"}");
	MUST(w, 200, "PATCH", second, a, "{\"status\":\"closed\"}");
	d = MUST(w, 200, "PATCH", first, a, "{\"status\":\"open\"}");
	ck_assert(null_at(d, "ticket.closedAt"));
	v = MUST(w, 200, "GET", FMT("%s?limit=1", tickets), a, NULL);
	ck_assert_str(text_at(v, "data.0.source"), "api");
	v = MUST(w, 200, "GET", FMT("%s?limit=1&cursor=%s", tickets, z_at(v, "nextCursor")), a,
	         NULL);
	ck_assert_str(text_at(v, "data.0.source"), "incoming_message");
	ck_assert(null_at(v, "nextCursor") && at(v, "data.0.messages") == NULL);
	v = MUST(w, 200, "GET", "/api/clients/acme/tickets?status=closed&source=api", a, NULL);
	ck_assert_uint_eq(json_count(at(v, "data")), 1);
	MUST(w, 400, "POST", tickets, a, "{\"source\":\"incoming_message\"}");
	MUST(w, 400, "PATCH", first, a, "{\"status\":\"lost\"}");
	world_end(w);
}
END_TEST

START_TEST(leads_are_made_named_and_tagged_by_hand)
{
	struct world *w = world_new();
	const char *a = w->acme_agent, *leads = "/api/clients/acme/leads", *lead;
	const cJSON *d = MUST(w, 201, "POST", leads, a,
	                      "{\"phoneNumber\":\"+55 (11) "
	                      "99999-8888\",\"name\":\"Zé\",\"tags\":[\"vip\",\"vip\"]}");

	lead = FMT("/api/leads/%s", z_at(d, "lead.id"));
	ck_assert_str(text_at(d, "lead.source"), "direct_creation");
	ck_assert_str(text_at(d, "lead.phoneNumber"), "+5511999998888");
	ck_assert_str(text_at(d, "lead.pushName"), "Zé");
	ck_assert_uint_eq(json_count(at(d, "lead.tags")), 1);
	/* the same number without the ninth digit is the same person */
	MUST(w, 409, "POST", leads, a, "{\"phoneNumber\":\"551199998888\"}");
	hook(w, envelope(change(NUMBER, "messages", live_text(w, "551199998888", "DD01", "oi"))));
	settle(w);
	d = MUST(w, 200, "GET", leads, a, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	ck_assert_str(text_at(d, "data.0.pushName"), "Zé");
	ck_assert_str(text_at(d, "data.0.source"), "direct_creation");
	/* neither case nor marks stand in the way, on either side */
	d = MUST(w, 201, "POST", leads, a,
	         "{\"phoneNumber\":\"+5511911112222\",\"name\":\"João\"}");
	d = MUST(w, 200, "PATCH", FMT("/api/leads/%s", z_at(d, "lead.id")), a,
	         "{\"name\":\"Conceição\"}");
	ck_assert_uint_eq(
		json_count(at(MUST(w, 200, "GET", FMT("%s?q=joao", leads), a, NULL), "data")), 0);
	ck_assert_uint_eq(
		json_count(at(MUST(w, 200, "GET", FMT("%s?q=conceicao", leads), a, NULL), "data")),
		1);
	d = MUST(w, 200, "GET", FMT("%s?q=ze", leads), a, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	d = MUST(w, 200, "GET", "/api/clients/acme/conversations?q=Z%C3%88", a, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 1);
	d = MUST(w, 200, "GET", FMT("%s?q=zo", leads), a, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	d = MUST(w, 200, "PATCH", lead, a, "{\"name\":null,\"tags\":[\"novo\"]}");
	ck_assert_str(text_at(d, "lead.pushName"), "Ana 551199998888");
	ck_assert_uint_eq(json_count(at(d, "lead.tags")), 1);
	ck_assert_str(text_at(d, "lead.tags.0.name"), "novo");
	ck_assert(cJSON_Compare(d, MUST(w, 200, "GET", lead, a, NULL), true));
	d = MUST(w, 200, "GET", FMT("%s?source=history_sync", leads), a, NULL);
	ck_assert_uint_eq(json_count(at(d, "data")), 0);
	MUST(w, 400, "PATCH", lead, a, "{\"tags\":[\"\"]}");
	MUST(w, 400, "PATCH", lead, a, "{\"tags\":\"vip\"}");
	MUST(w, 400, "POST", leads, a, "{\"phoneNumber\":\"call me\"}");
	world_end(w);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"api: inbox", a_history_and_a_live_message_make_an_inbox,
		messages_page_both_ways_and_around_any_of_them, a_message_document_has_every_member,
		edits_reactions_replies_and_revokes_are_shown,
		what_the_phone_sent_is_shown_and_why_it_failed, reading_clears_unread_and_only_that,
		the_inbox_is_filtered_searched_and_paged,
		a_ticket_shows_the_whole_conversation_page_by_page,
		a_contact_without_history_has_a_window_of_24_hours,
		tickets_are_closed_opened_and_reopened_by_hand_one_at_a_time,
		leads_are_made_named_and_tagged_by_hand);
}

API_MAIN(make_suite)
