/*
 * `recado-sim check`: asks a server for everything it shows of one number and compares it with the
 * truth. What always holds: a difference is one printed line, and no difference means that each
 * person, message, ticket and figure that the truth knows was seen, and nothing else.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/map.h"
#include "base/time.h"
#include "core/phone.h"
#include "core/wamid.h"
#include "sim/client.h"
#include "sim/commands.h"

#define MAX_SHOWN 40
#define PAGE      200

struct check {
	struct arena *arena;
	struct client *client;
	const struct sim_args *args;
	struct world *world;
	struct map people; /* match keys, usernames → person */
	bool *seen;        /* people whose conversation was shown */
	size_t leads_shown, differences, compared;
};

static void __attribute__((format(printf, 2, 3))) differ(struct check *k, const char *fmt, ...)
{
	va_list args;

	if (k->differences++ >= MAX_SHOWN)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void
compare_text(struct check *k, const char *what, struct str where, struct str shown,
             struct str expected)
{
	k->compared++;
	if (str_eq(shown, expected) && str_is_set(shown) == str_is_set(expected))
		return;
	differ(k, "%s of " STR_FMT ": shown %s" STR_FMT ", expected %s" STR_FMT, what,
	       STR_ARG(where), str_is_set(shown) ? "" : "null", STR_ARG(shown),
	       str_is_set(expected) ? "" : "null", STR_ARG(expected));
}

static void
compare_bool(struct check *k, const char *what, struct str where, const cJSON *shown, bool expected)
{
	bool v = false;

	k->compared++;
	if (!json_bool(shown, &v) || v != expected)
		differ(k, "%s of " STR_FMT ": expected %s", what, STR_ARG(where),
		       expected ? "true" : "false");
}

static void
compare_count(struct check *k, const char *what, struct str where, const cJSON *shown,
              size_t expected)
{
	int64_t v = -1;

	k->compared++;
	if (!json_i64(shown, &v) || v != (int64_t)expected)
		differ(k, "%s of " STR_FMT ": shown %" PRId64 ", expected %zu", what,
		       STR_ARG(where), v, expected);
}

/* All elements of a list, page after page. each() gets every element. */
static bool
walk(struct check *k, const char *path, void (*each)(struct check *, const cJSON *))
{
	struct str cursor = STR_NONE;

	for (;;) {
		struct client_reply r = client_get(k->client, k->arena, "%s?limit=%d%s" STR_FMT,
		                                   path, PAGE, str_is_set(cursor) ? "&cursor=" : "",
		                                   STR_ARG(cursor));
		if (r.status != 200) {
			differ(k, "GET %s: status %ld", path, r.status);
			return false;
		}
		for (const cJSON *v = json_first(json_get(r.json, "data")); v != NULL; v = v->next)
			each(k, v);
		cursor = json_str(json_get(r.json, "nextCursor"));
		if (!str_is_set(cursor))
			return true;
	}
}

static void
index_people(struct check *k)
{
	const struct world *w = k->world;

	map_init(&k->people, k->arena, w->npeople * 2);
	for (size_t i = 0; i < w->npeople; i++) {
		const struct world_person *p = &w->people[i];
		if (str_is_set(p->wa_id)) {
			map_set(&k->people, phone_match_key(k->arena, p->wa_id), i);
			map_set(&k->people, phone_match_key(k->arena, p->wa_id_before), i);
		}
		if (str_is_set(p->new_wa_id))
			map_set(&k->people, phone_match_key(k->arena, p->new_wa_id), i);
		if (str_is_set(p->username))
			map_set(&k->people, p->username, i);
	}
}

static size_t
find_person(struct check *k, const cJSON *lead)
{
	struct str wa_id = json_str(json_get(lead, "waId")),
		   username = json_str(json_get(lead, "username"));
	size_t i = str_is_set(wa_id) ? map_get(&k->people, phone_match_key(k->arena, wa_id))
	                             : MAP_NONE;

	return i == MAP_NONE && str_is_set(username) ? map_get(&k->people, username) : i;
}

static void
compare_lead(struct check *k, const cJSON *lead, const struct world_expect *x, struct str who)
{
	compare_text(k, "source", who, json_str(json_get(lead, "source")), str_from(x->source));
	compare_text(k, "pushName", who, json_str(json_get(lead, "pushName")), x->push_name);
	compare_bool(k, "hasHistory", who, json_get(lead, "hasHistory"), x->has_history);
	compare_bool(k, "isActive", who, json_get(lead, "isActive"), x->active);
	k->compared++;
	if (x->deleted != !json_is_null(json_get(lead, "deletedAt")))
		differ(k, "deletedAt of " STR_FMT ": expected %s", STR_ARG(who),
		       x->deleted ? "a time" : "null");
}

static void
compare_reactions(struct check *k, const cJSON *shown, const struct world_message *m,
                  struct str key)
{
	const cJSON *list = json_get(shown, "reactions");
	bool live = m->in_live && (k->world->options.parts & WORLD_LIVE);
	bool expected = live && str_is_set(m->reaction) && !m->reaction_taken_back;

	k->compared++;
	if (json_count(list) != (expected ? 1 : 0))
		differ(k, "reactions of " STR_FMT ": shown %zu, expected %d", STR_ARG(key),
		       json_count(list), expected);
	else if (expected)
		compare_text(k, "reaction", key, json_str(json_get(json_first(list), "emoji")),
		             m->reaction);
}

static void
compare_message(struct check *k, const cJSON *shown, const struct world_expect_message *x)
{
	const struct world_message *m = &k->world->messages[x->message];
	struct str key = wamid_dedup_key(k->arena, json_str(json_get(shown, "wamid")));

	k->compared++;
	if (!str_eq(key, x->key)) {
		differ(k, "message " STR_FMT " stands where " STR_FMT " should", STR_ARG(key),
		       STR_ARG(x->key));
		return;
	}
	compare_text(k, "type", key, json_str(json_get(shown, "type")), str_from(x->type));
	if (x->check_body)
		compare_text(k, "body", key, json_str(json_get(shown, "body")), x->body);
	compare_text(k, "source", key, json_str(json_get(shown, "source")), str_from(x->source));
	compare_text(k, "status", key, json_str(json_get(shown, "status")), str_from(x->status));
	compare_text(k, "direction", key, json_str(json_get(shown, "direction")),
	             m->outbound ? STR("OUTBOUND") : STR("INBOUND"));
	compare_text(k, "timestamp", key, json_str(json_get(shown, "timestamp")),
	             time_text(k->arena, m->at));
	compare_reactions(k, shown, m, key);
	k->compared++;
	if (json_is_null(json_get(shown, "revokedAt")) != (m->revoked_at == TIME_NONE))
		differ(k, "revokedAt of " STR_FMT ": is %s", STR_ARG(key),
		       m->revoked_at == TIME_NONE ? "set" : "null");
	k->compared++;
	/* what was taken back hides its earlier texts too */
	size_t versions = m->revoked_at == TIME_NONE ? m->nedits : 0;
	if (json_count(json_get(shown, "versions")) != versions)
		differ(k, "versions of " STR_FMT ": shown %zu, expected %zu", STR_ARG(key),
		       json_count(json_get(shown, "versions")), versions);
}

/* Pages backwards from the newest; pages are oldest first inside. */
static void
compare_thread(struct check *k, struct str id, const struct world_expect *x, struct str who)
{
	struct str before = STR_NONE;
	size_t left = x->nmessages;
	bool more = true;

	while (more) {
		struct client_reply r = client_get(
			k->client, k->arena,
			"/api/conversations/" STR_FMT "/messages?limit=%d%s" STR_FMT, STR_ARG(id),
			PAGE, str_is_set(before) ? "&before=" : "", STR_ARG(before));
		const cJSON *data = json_get(r.json, "data");
		size_t n = json_count(data), i = 0;
		if (r.status != 200 || n > left) {
			differ(k, "messages of " STR_FMT ": status %ld, %zu more than expected",
			       STR_ARG(who), r.status, n > left ? n - left : 0);
			return;
		}
		for (const cJSON *v = json_first(data); v != NULL; v = v->next)
			compare_message(k, v, &x->messages[left - n + i++]);
		left -= n;
		if (!json_bool(json_get(r.json, "hasBefore"), &more))
			more = false;
		if (n == 0)
			break;
		before = json_str(json_get(json_first(data), "id"));
	}
	k->compared++;
	if (left > 0)
		differ(k, "messages of " STR_FMT ": %zu are missing", STR_ARG(who), left);
}

static void
compare_ticket(struct check *k, const cJSON *conversation, const struct world_expect *x,
               struct str who)
{
	struct str id = json_str(json_get(conversation, "openTicketId"));

	k->compared++;
	if (str_is_set(id) != x->ticket) {
		differ(k, "open ticket of " STR_FMT ": expected %s", STR_ARG(who),
		       x->ticket ? "one" : "none");
		return;
	}
	if (!x->ticket)
		return;
	struct client_reply r =
		client_get(k->client, k->arena, "/api/tickets/" STR_FMT, STR_ARG(id));
	const cJSON *t = json_get(r.json, "ticket");
	compare_text(k, "ticket.openedAt", who, json_str(json_get(t, "openedAt")),
	             time_text(k->arena, x->ticket_opened_at));
	compare_text(k, "ticket.originatedFrom", who, json_str(json_get(t, "originatedFrom")),
	             x->ticket_history_lead ? STR("history_lead") : STR("new_contact"));
	compare_text(k, "ticket.source", who, json_str(json_get(t, "source")),
	             STR("incoming_message"));
	k->compared++;
	if (json_is_null(json_get(t, "messageWindowExpiresAt")) != x->ticket_history_lead)
		differ(k, "ticket.messageWindowExpiresAt of " STR_FMT ": null is %s", STR_ARG(who),
		       x->ticket_history_lead ? "expected" : "wrong");
}

static void
on_conversation(struct check *k, const cJSON *v)
{
	const cJSON *lead = json_get(v, "lead");
	size_t person = find_person(k, lead);
	struct world_expect x;

	if (person == MAP_NONE || k->seen[person]) {
		differ(k, "conversation " STR_FMT ": %s", STR_ARG(json_str(json_get(v, "id"))),
		       person == MAP_NONE ? "nobody we know" : "the same person twice");
		return;
	}
	k->seen[person] = true;
	world_expect_person(k->arena, k->world, person, &x);
	struct str who =
		str_fmt(k->arena, "%zu " STR_FMT, person, STR_ARG(k->world->people[person].name));
	compare_lead(k, lead, &x, who);
	compare_count(k, "unreadCount", who, json_get(v, "unreadCount"), x.unread);
	compare_thread(k, json_str(json_get(v, "id")), &x, who);
	compare_ticket(k, v, &x, who);
}

static void
on_lead(struct check *k, const cJSON *v)
{
	size_t person = find_person(k, v);
	struct world_expect x;

	k->leads_shown++;
	if (person == MAP_NONE) {
		differ(k, "lead " STR_FMT ": nobody we know", STR_ARG(json_str(json_get(v, "id"))));
		return;
	}
	world_expect_person(k->arena, k->world, person, &x);
	compare_lead(k, v, &x, str_fmt(k->arena, "lead %zu", person));
}

static void
check_people(struct check *k, const char *slug)
{
	const char *base = str_z(k->arena, str_fmt(k->arena, "/api/clients/%s", slug));
	size_t leads = 0;

	walk(k, str_z(k->arena, str_fmt(k->arena, "%s/conversations", base)), on_conversation);
	walk(k, str_z(k->arena, str_fmt(k->arena, "%s/leads", base)), on_lead);
	for (size_t i = 0; i < k->world->npeople; i++) {
		struct world_expect x;
		world_expect_person(k->arena, k->world, i, &x);
		leads += x.is_lead;
		k->compared++;
		if (x.nmessages > 0 && !k->seen[i])
			differ(k, "person %zu " STR_FMT ": no conversation", i,
			       STR_ARG(k->world->people[i].name));
	}
	k->compared++;
	if (leads != k->leads_shown)
		differ(k, "leads: shown %zu, expected %zu", k->leads_shown, leads);
}

static void
check_sync(struct check *k, const cJSON *connection)
{
	const struct world *w = k->world;
	struct str id = json_str(json_get(connection, "id")), who = STR("the connection");
	size_t imported = 0, threads = 0;
	bool told = (w->options.parts & WORLD_HISTORY) && w->options.decline == DECLINE_NOT;

	for (size_t i = 0; i < w->npeople; i++) {
		bool any = false;
		for (size_t j = 0; j < w->nmessages; j++)
			if (w->messages[j].person == i && w->messages[j].in_history) {
				imported++;
				any = true;
			}
		threads += any;
	}
	struct client_reply r = client_get(
		k->client, k->arena, "/api/connections/" STR_FMT "/history-sync", STR_ARG(id));
	const cJSON *run = json_get(r.json, "run");
	if (told && imported > 0) {
		compare_text(k, "history status", who, json_str(json_get(run, "status")),
		             STR("completed"));
		compare_count(k, "progress", who, json_get(run, "progress"), 100);
		compare_count(k, "messagesImported", who,
		              json_get(json_get(run, "counters"), "messagesImported"), imported);
		compare_count(k, "threads", who, json_get(json_get(run, "counters"), "threads"),
		              threads);
	} else if (w->options.parts & WORLD_HISTORY && w->options.decline != DECLINE_NOT) {
		compare_text(k, "history status", who, json_str(json_get(run, "status")),
		             STR("declined"));
	}
	compare_text(k, "status", who, json_str(json_get(connection, "status")), STR("connected"));
}

static void
on_connection(struct check *k, const cJSON *v)
{
	if (str_eq(json_str(json_get(v, "phoneNumberId")), k->args->world.line.phone_number_id))
		check_sync(k, v);
}

/* Waits until no journal entry of the client is due. */
static bool
wait_until_quiet(struct check *k, const char *slug)
{
	static const char *const busy[] = { "received", "retrying" };
	struct timespec pause = { 0, 200000000 };

	for (int64_t tries = k->args->wait_seconds * 5; tries >= 0; tries--) {
		size_t due = 0;
		for (size_t i = 0; i < 2; i++) {
			struct client_reply r = client_get(k->client, k->arena,
			                                   "/api/webhook-events?limit=1&status=%s",
			                                   busy[i]);
			if (r.status != 200) {
				differ(k, "GET /api/webhook-events: status %ld", r.status);
				return false;
			}
			due += json_count(json_get(r.json, "data"));
		}
		if (due == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	differ(k, "%s: entries of the journal are still waiting", slug);
	return false;
}

int
command_check(struct arena *a, const struct sim_args *args)
{
	struct world w;
	struct check k = { .arena = a, .args = args, .world = &w };

	if (args->url == NULL || args->token == NULL || args->client == NULL) {
		fprintf(stderr, "recado-sim check: --url, --token and --client are needed\n");
		return 64;
	}
	world_make(a, &args->world, &w);
	k.client = client_new(args->url);
	k.seen = ARENA_ARRAY(a, w.npeople + 1, bool);
	client_add_header(k.client, str_z(a, str_fmt(a, "x-admin-token: %s", args->token)));
	index_people(&k);
	if (wait_until_quiet(&k, args->client)) {
		check_people(&k, args->client);
		walk(&k, str_z(a, str_fmt(a, "/api/clients/%s/connections", args->client)),
		     on_connection);
	}
	client_free(k.client);
	if (k.differences > MAX_SHOWN)
		printf("… and %zu more\n", k.differences - MAX_SHOWN);
	if (!args->quiet)
		printf("%zu things compared, %zu differences\n", k.compared, k.differences);
	return k.differences == 0 ? 0 : 1;
}
