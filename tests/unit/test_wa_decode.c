/*
 * Webhook bodies → facts. tests/data/wa/<topic>.json hold cases {name, body or text, expect};
 * `expect` lists every fact in full, members that are absent left out. A case that fails prints
 * what came instead.
 */
#include "core/wa_decode.h"

#include <stdio.h>

#include "testing.h"

#define OPT_TEXT(w, f, m)                                                                          \
	do {                                                                                       \
		if (str_is_set((f)->m))                                                            \
			jw_kstr((w), #m, (f)->m);                                                  \
	} while (0)
#define OPT_JSON(w, f, m)                                                                          \
	do {                                                                                       \
		if (str_is_set((f)->m))                                                            \
			jw_kraw((w), #m, (f)->m);                                                  \
	} while (0)
#define OPT_BOOL(w, f, m)                                                                          \
	do {                                                                                       \
		if ((f)->m)                                                                        \
			jw_kbool((w), #m, true);                                                   \
	} while (0)

static void
put_person(struct jw *w, const char *name, const struct fact_person *p)
{
	if (!str_is_set(p->wa_id) && !str_is_set(p->user_id) && !str_is_set(p->parent_id) &&
	    !str_is_set(p->username))
		return;
	jw_key(w, name);
	jw_obj(w);
	OPT_TEXT(w, p, wa_id);
	OPT_TEXT(w, p, user_id);
	OPT_TEXT(w, p, parent_id);
	OPT_TEXT(w, p, username);
	jw_obj_end(w);
}

static void
put_route(struct jw *w, size_t route)
{
	if (route > 0)
		jw_ki64(w, "route", (int64_t)route);
}

/* The time in ms; what was written where it is none. */
static void
put_time(struct jw *w, int64_t at, struct str raw)
{
	if (at != TIME_NONE)
		jw_ki64(w, "at", at);
	else if (str_is_set(raw))
		jw_kstr(w, "at_raw", raw);
}

static void
put_routes(struct jw *w, const struct facts *f)
{
	static const char *const names[] = { "messages",   "history", "echoes",
		                             "state_sync", "account", "other" };

	jw_key(w, "routes");
	jw_arr(w);
	for (size_t i = 0; i < f->routes.n; i++) {
		const struct fact_route *r = &f->routes.v[i];
		jw_obj(w);
		OPT_TEXT(w, r, phone_number_id);
		OPT_TEXT(w, r, waba_id);
		OPT_TEXT(w, r, display_number);
		for (size_t k = 0; k < 6; k++)
			if (f->route_fields[i] == 1U << k)
				jw_kz(w, "field", names[k]);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static const char *const origins[] = { "history", "app_echo", "api", "live" };
static const char *const ranks[] = { "stub", "placeholder", "real" };

static void
put_message(struct jw *w, const struct fact_message *m)
{
	put_route(w, m->route);
	jw_kz(w, "origin", origins[m->origin]);
	OPT_BOOL(w, m, content_only);
	OPT_TEXT(w, m, wamid);
	if (!str_eq(m->dedup_key, m->wamid))
		OPT_TEXT(w, m, dedup_key);
	put_time(w, m->at, m->at_raw);
	if (m->from_me_set)
		jw_kbool(w, "from_me", m->from_me);
	put_person(w, "thread", &m->thread);
	put_person(w, "from", &m->from);
	put_person(w, "to", &m->to);
	put_person(w, "contact", &m->contact);
	OPT_TEXT(w, m, type);
	jw_kz(w, "content", ranks[m->content]);
	OPT_TEXT(w, m, body);
	OPT_JSON(w, m, raw);
	OPT_TEXT(w, m, reply_wamid);
	if (!str_eq(m->reply_key, m->reply_wamid))
		OPT_TEXT(w, m, reply_key);
	OPT_TEXT(w, m, history_status);
	OPT_JSON(w, m, referral);
	OPT_BOOL(w, m, forwarded);
	OPT_BOOL(w, m, system);
}

static void
put_amendment(struct jw *w, const struct fact_amendment *m)
{
	static const char *const kinds[] = { "status", "edit", "revoke", "reaction" };
	static const char *const statuses[] = { "",          "pending", "sent",  "failed",
		                                "delivered", "read",    "played" };

	put_route(w, m->route);
	jw_kz(w, "kind", kinds[m->kind]);
	jw_kz(w, "origin", origins[m->origin]);
	OPT_TEXT(w, m, target_wamid);
	if (!str_eq(m->target_key, m->target_wamid))
		OPT_TEXT(w, m, target_key);
	OPT_TEXT(w, m, own_wamid);
	put_time(w, m->at, m->at_raw);
	if (m->from_me_set)
		jw_kbool(w, "from_me", m->from_me);
	put_person(w, "thread", &m->thread);
	put_person(w, "from", &m->from);
	put_person(w, "to", &m->to);
	put_person(w, "contact", &m->contact);
	put_person(w, "wamid_remote", &m->wamid_remote);
	if (m->status != WA_NO_STATUS)
		jw_kz(w, "status", statuses[m->status]);
	OPT_TEXT(w, m, status_text);
	OPT_JSON(w, m, error);
	if (m->error_code != 0)
		jw_ki64(w, "error_code", m->error_code);
	OPT_TEXT(w, m, callback_data);
	OPT_TEXT(w, m, type);
	OPT_TEXT(w, m, body);
	OPT_JSON(w, m, raw);
	if (m->kind == AMEND_EDIT)
		jw_kz(w, "content", ranks[m->content]);
	OPT_TEXT(w, m, emoji);
}

static void
put_contact(struct jw *w, const struct fact_contact *c)
{
	put_route(w, c->route);
	put_person(w, "person", &c->person);
	OPT_BOOL(w, c, remove);
	OPT_TEXT(w, c, name);
	put_time(w, c->at, c->at_raw);
}

static void
put_link(struct jw *w, const struct fact_link *l)
{
	put_route(w, l->route);
	put_person(w, "a", &l->a);
	put_person(w, "b", &l->b);
	OPT_BOOL(w, l, number_change);
	OPT_TEXT(w, l, profile_name);
	put_time(w, l->at, STR_NONE);
}

static void
put_chunk(struct jw *w, const struct fact_chunk *c)
{
	put_route(w, c->route);
	OPT_TEXT(w, c, phase);
	jw_ki64(w, "phase_number", c->phase_number);
	jw_ki64(w, "chunk_order", c->chunk_order);
	jw_ki64(w, "progress", c->progress);
	jw_ki64(w, "messages", (int64_t)c->messages);
	jw_ki64(w, "threads", (int64_t)c->threads);
	jw_ki64(w, "problems", (int64_t)c->problems);
}

static void
put_error(struct jw *w, const struct fact_error *e)
{
	put_route(w, e->route);
	OPT_BOOL(w, e, in_history);
	jw_ki64(w, "code", e->code);
	OPT_TEXT(w, e, title);
	OPT_TEXT(w, e, details);
}

static void
put_account(struct jw *w, const struct fact_account *a)
{
	put_route(w, a->route);
	OPT_TEXT(w, a, field);
	OPT_TEXT(w, a, event);
	OPT_TEXT(w, a, reason);
	OPT_TEXT(w, a, phone_number);
	put_time(w, a->at, STR_NONE);
}

static void
put_problem(struct jw *w, const struct fact_problem *p)
{
	put_route(w, p->route);
	jw_kz(w, "code", p->code);
	OPT_TEXT(w, p, path);
	OPT_TEXT(w, p, wamid);
	OPT_BOOL(w, p, in_history);
}

#define PUT_LIST(w, f, list, put)                                                                  \
	do {                                                                                       \
		if ((f)->list.n == 0)                                                              \
			break;                                                                     \
		jw_key((w), #list);                                                                \
		jw_arr(w);                                                                         \
		for (size_t put_i = 0; put_i < (f)->list.n; put_i++) {                             \
			jw_obj(w);                                                                 \
			put((w), &(f)->list.v[put_i]);                                             \
			jw_obj_end(w);                                                             \
		}                                                                                  \
		jw_arr_end(w);                                                                     \
	} while (0)

static enum wa_body
decode(struct str body, struct facts *f)
{
	struct str reason = STR_NONE;
	enum wa_body result = wa_decode(test_arena(), body, f, &reason);

	ck_assert_int_eq(result != WA_BODY_OK, str_is_set(reason));
	return result;
}

/* What wa_decode says of a body, as the JSON that `expect` has. */
static const cJSON *
facts_of(struct str body)
{
	static const char *const results[] = { "ok", "not_json", "ignored", "too_large" };
	struct facts f = { 0 };
	enum wa_body result = decode(body, &f);
	struct buf b;
	struct jw w;

	buf_init(&b, test_arena(), 16u << 20);
	jw_init(&w, &b);
	jw_obj(&w);
	if (result != WA_BODY_OK)
		jw_kz(&w, "result", results[result]);
	else
		put_routes(&w, &f);
	PUT_LIST(&w, &f, messages, put_message);
	PUT_LIST(&w, &f, amendments, put_amendment);
	PUT_LIST(&w, &f, contacts, put_contact);
	PUT_LIST(&w, &f, links, put_link);
	PUT_LIST(&w, &f, chunks, put_chunk);
	PUT_LIST(&w, &f, errors, put_error);
	PUT_LIST(&w, &f, accounts, put_account);
	PUT_LIST(&w, &f, problems, put_problem);
	jw_obj_end(&w);
	return test_json(buf_slice(&b));
}

static void
run_table(const char *name, size_t at_least)
{
	const cJSON *table = test_data_json(name);
	size_t wrong = 0, n = 0;

	for (const cJSON *row = json_first(table); row != NULL; row = row->next, n++) {
		const cJSON *body = json_get(row, "body");
		struct str text = body == NULL ? json_str(json_get(row, "text"))
		                               : json_raw(test_arena(), body);
		const cJSON *got = facts_of(text);
		struct str have = json_canonical(test_arena(), got);
		struct str want = json_canonical(test_arena(), json_get(row, "expect"));
		if (str_eq(have, want))
			continue;
		wrong++;
		struct str shown = json_raw(test_arena(), got);
		fprintf(stderr, "%s: %s\n got " STR_FMT "\n", name,
		        json_get(row, "name")->valuestring, STR_ARG(shown));
	}
	ck_assert_uint_ge(n, at_least);
	ck_assert_msg(wrong == 0, "%zu cases of %s", wrong, name);
}

START_TEST(every_envelope_is_understood_or_ignored)
{
	run_table("wa/envelope.json", 26);
}
END_TEST

START_TEST(every_shape_of_history_gives_its_facts)
{
	run_table("wa/history.json", 21);
}
END_TEST

START_TEST(every_type_of_message_gives_its_facts)
{
	run_table("wa/messages.json", 56);
}
END_TEST

START_TEST(every_status_gives_its_amendment)
{
	run_table("wa/statuses.json", 9);
}
END_TEST

START_TEST(every_echo_gives_its_facts)
{
	run_table("wa/echoes.json", 5);
}
END_TEST

START_TEST(every_contact_change_gives_its_fact)
{
	run_table("wa/contacts.json", 10);
}
END_TEST

START_TEST(every_account_event_gives_its_fact)
{
	run_table("wa/account.json", 7);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("wa_decode", every_envelope_is_understood_or_ignored,
	                  every_shape_of_history_gives_its_facts,
	                  every_type_of_message_gives_its_facts, every_status_gives_its_amendment,
	                  every_echo_gives_its_facts, every_contact_change_gives_its_fact,
	                  every_account_event_gives_its_fact);
}

TEST_MAIN(make_suite)
