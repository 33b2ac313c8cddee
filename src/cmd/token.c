/*
 * `recado token create|list|revoke`: who may call the API. What always holds: a secret is printed
 * once, when it is made; the database keeps its SHA-256 only.
 */
#include <stdio.h>

#include "api/call.h"
#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

#define ARENA_BYTES ((size_t)64 << 20)

/* In a transaction of its own; ERR_NOT_FOUND: no such client. */
static enum err
insert(const struct invocation *inv, const struct admin *ad, struct admin_token *x)
{
	const char *slug = invocation_get(inv, "--client");
	enum err e = db_begin(ad->db, DB_API);

	if (e != ERR_OK)
		return e;
	if (slug != NULL)
		e = settings_find_client(ad->db, ad->arena, slug, &x->client_id);
	if (e == ERR_OK)
		e = admin_token_insert(ad, x);
	return db_end(ad->db, e);
}

static int
create(const struct shell *sh)
{
	const struct invocation *inv = sh->inv;
	struct arena *a = arena_new(ARENA_BYTES);
	const struct admin ad = settings_admin(sh->db, a);
	struct admin_token x = { .id = rand_uuid_v7(ad.rand, ad.now),
		                 .name = str_from(inv->words[0]),
		                 .role = str_from(invocation_get(inv, "--role")) };
	enum err e = insert(inv, &ad, &x);

	if (e == ERR_OK)
		printf(STR_FMT "\n", STR_ARG(x.secret));
	arena_free(a);
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado token create: there is no client %s\n",
		        invocation_get(inv, "--client"));
		return EXIT_FAILED;
	}
	return settings_finish(sh->inv, sh->db, e);
}

static int
list(const struct shell *sh)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct db_result r;
	enum err e = db_query(
		sh->db, &q_api_token_list,
		DB_PARAMS(db_uuid(UUID_NIL), db_uuid(UUID_NIL), db_bool(true), db_int(INT64_MAX)),
		NULL, a, &r);
	char created[TIME_TEXT_LEN + 1], id[UUID_TEXT_LEN + 1];

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		struct str slug = db_is_null(&r, i, 3) ? STR("all clients") : db_get_text(&r, i, 3);

		uuid_format(db_get_uuid(&r, i, 0), id);
		time_format(db_get_time(&r, i, 4), created);
		printf("%s\t%.*s\t%.*s\t%s\t%s\t%.*s\n", id, STR_ARG(db_get_text(&r, i, 2)),
		       STR_ARG(slug), db_is_null(&r, i, 5) ? "valid" : "revoked", created,
		       STR_ARG(db_get_text(&r, i, 1)));
	}
	arena_free(a);
	return settings_finish(sh->inv, sh->db, e);
}

/* ERR_NOT_FOUND: no such token that is valid. */
static enum err
take_away(struct db *db, struct arena *a, struct uuid id)
{
	const struct admin ad = settings_admin(db, a);
	struct db_result r;
	enum err e = db_begin(db, DB_API);

	if (e != ERR_OK)
		return e;
	e = db_query(db, &q_api_scope_token, DB_PARAMS(db_uuid(id), db_uuid(UUID_NIL)), NULL, a,
	             &r);
	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = admin_token_revoke(&ad, id, db_get_uuid(&r, 0, 0));
	return db_end(db, e);
}

static int
revoke(const struct shell *sh)
{
	const char *word = sh->inv->words[0];
	struct arena *a;
	struct uuid id;
	enum err e = uuid_parse(str_from(word), &id);

	if (e != ERR_OK)
		return command_refuse(sh->inv, word, "is no id of a token");
	a = arena_new(ARENA_BYTES);
	e = take_away(sh->db, a, id);
	arena_free(a);
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado token revoke: there is no such valid token\n");
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("revoked\n");
	return settings_finish(sh->inv, sh->db, e);
}

int
token_create(const struct invocation *inv)
{
	const char *role = invocation_get(inv, "--role");
	int status;

	if (auth_role_of(str_from(role)) == ROLE_NONE)
		return command_refuse(inv, role, "is not viewer, agent or admin");
	status = settings_check_name(inv, "NAME", inv->words[0]);
	return status != EXIT_DONE ? status : settings_run(inv, create, NULL);
}

int
token_list(const struct invocation *inv)
{
	return settings_run(inv, list, NULL);
}

int
token_revoke(const struct invocation *inv)
{
	return settings_run(inv, revoke, NULL);
}
