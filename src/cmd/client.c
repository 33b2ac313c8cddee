/* `recado client add|list|update`: the tenants, for an operator at a shell. */
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

#define ARENA_BYTES ((size_t)64 << 20)

static enum err
insert(const struct invocation *inv, struct db *db, struct arena *a, bool *made)
{
	const struct admin ad = settings_admin(db, a);
	const struct admin_client x = { .id = rand_uuid_v7(ad.rand, ad.now),
		                        .slug = str_from(inv->words[0]),
		                        .name = str_from(invocation_get(inv, "--name")),
		                        .active = true };
	enum err e = db_begin(db, DB_API);

	return e != ERR_OK ? e : settings_end(db, admin_client_insert(&ad, &x, made));
}

static int
add(const struct invocation *inv, struct db *db)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const char *slug = inv->words[0];
	bool made = false;
	enum err e = insert(inv, db, a, &made);

	arena_free(a);
	if (e == ERR_OK && !made) {
		fprintf(stderr, "recado client add: there is a client %s already\n", slug);
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("%s added\n", slug);
	return settings_finish(inv, db, e);
}

static int
list(const struct invocation *inv, struct db *db)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct db_result r;
	enum err e = db_query(db, &q_api_client_list,
	                      DB_PARAMS(db_uuid(UUID_NIL), db_text(STR("")), db_int(INT64_MAX)),
	                      NULL, a, &r);
	char created[TIME_TEXT_LEN + 1];

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		time_format(db_get_time(&r, i, 6), created);
		printf("%.*s\t%s\t%s\t%.*s\n", STR_ARG(db_get_text(&r, i, 1)),
		       db_get_bool(&r, i, 5) ? "active" : "inactive", created,
		       STR_ARG(db_get_text(&r, i, 2)));
	}
	arena_free(a);
	return settings_finish(inv, db, e);
}

/* ERR_NOT_FOUND: no such client. */
static enum err
change(const struct invocation *inv, struct db *db, struct arena *a)
{
	const char *active = invocation_get(inv, "--active");
	const struct admin ad = settings_admin(db, a);
	struct admin_client_change x = { .name = str_from(invocation_get(inv, "--name")),
		                         .set_active = active != NULL,
		                         .active = active != NULL && strcmp(active, "yes") == 0 };
	struct db_result r;
	enum err e = db_begin(db, DB_API);

	if (e != ERR_OK)
		return e;
	e = db_query(db, &q_api_scope_client,
	             DB_PARAMS(db_text(str_from(inv->words[0])), db_uuid(UUID_NIL)), NULL, a, &r);
	if (e == ERR_OK && r.nrows == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		x.id = db_get_uuid(&r, 0, 0);
		e = admin_client_update(&ad, &x);
	}
	return settings_end(db, e);
}

static int
update(const struct invocation *inv, struct db *db)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const char *slug = inv->words[0];
	enum err e = change(inv, db, a);

	arena_free(a);
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado client update: there is no client %s\n", slug);
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("%s updated\n", slug);
	return settings_finish(inv, db, e);
}

/* Refuses a name as the API would; EXIT_DONE if it is right. */
static int
check_name(const struct invocation *inv, const char *name)
{
	struct arena *a = arena_new((size_t)64 << 10);
	const char *wrong = admin_text_wrong(a, str_from(name), ADMIN_NAME_MAX);
	int status = wrong != NULL ? command_refuse(inv, "--name", wrong) : EXIT_DONE;

	arena_free(a);
	return status;
}

int
client_add(const struct invocation *inv)
{
	const char *wrong = admin_slug_wrong(str_from(inv->words[0]));
	int status;

	if (wrong != NULL)
		return command_refuse(inv, inv->words[0], wrong);
	status = check_name(inv, invocation_get(inv, "--name"));
	return status != EXIT_DONE ? status : settings_run(inv, add);
}

int
client_list(const struct invocation *inv)
{
	return settings_run(inv, list);
}

int
client_update(const struct invocation *inv)
{
	const char *name = invocation_get(inv, "--name"), *active = invocation_get(inv, "--active");

	if (name == NULL && active == NULL)
		return command_refuse(inv, inv->words[0], "say what to change");
	if (active != NULL && strcmp(active, "yes") != 0 && strcmp(active, "no") != 0)
		return command_refuse(inv, active, "is neither yes nor no");
	if (name != NULL && check_name(inv, name) != EXIT_DONE)
		return EXIT_USAGE;
	return settings_run(inv, update);
}
