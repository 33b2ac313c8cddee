/* `recado client add|list|update`: the tenants, for an operator at a shell. */
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"
#include "sys/clock.h"
#include "sys/rand.h"

#define SLUG_MAX         64
#define NAME_MAX_BYTES   200
#define LIST_ARENA_BYTES ((size_t)64 << 20)

static bool
is_slug(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= SLUG_MAX && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool
is_name(const char *s)
{
	return s[0] != '\0' && strlen(s) <= NAME_MAX_BYTES;
}

static int
add(const struct invocation *inv, struct db *db)
{
	const char *slug = inv->words[0], *name = invocation_get(inv, "--name");
	int64_t now = clock_now(&clock_real);
	struct uuid id = rand_uuid_v7(&rand_system, now);
	enum err e = db_exec(db, &q_cmd_client_add,
	                     DB_PARAMS(db_uuid(id), db_text(str_from(slug)),
	                               db_text(str_from(name)), db_time(now)),
	                     NULL, NULL);

	if (e == ERR_CONFLICT) {
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
	struct arena *a = arena_new(LIST_ARENA_BYTES);
	struct db_result r;
	enum err e = db_query(db, &q_cmd_client_list, DB_NO_PARAMS, NULL, a, &r);
	char created[TIME_TEXT_LEN + 1];

	for (size_t i = 0; e == ERR_OK && i < r.nrows; i++) {
		time_format(db_get_time(&r, i, 3), created);
		printf("%.*s\t%s\t%s\t%.*s\n", STR_ARG(db_get_text(&r, i, 0)),
		       db_get_bool(&r, i, 2) ? "active" : "inactive", created,
		       STR_ARG(db_get_text(&r, i, 1)));
	}
	arena_free(a);
	return settings_finish(inv, db, e);
}

static int
update(const struct invocation *inv, struct db *db)
{
	const char *slug = inv->words[0], *active = invocation_get(inv, "--active");
	const char *name = invocation_get(inv, "--name");
	int64_t changed = 0;
	enum err e = db_exec(
		db, &q_cmd_client_update,
		DB_PARAMS(db_text(str_from(slug)), db_text(str_from(name)),
	                  active == NULL ? db_null('b') : db_bool(strcmp(active, "yes") == 0),
	                  db_time(clock_now(&clock_real))),
		NULL, &changed);

	if (e == ERR_OK && changed == 0) {
		fprintf(stderr, "recado client update: there is no client %s\n", slug);
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("%s updated\n", slug);
	return settings_finish(inv, db, e);
}

int
client_add(const struct invocation *inv)
{
	if (!is_slug(inv->words[0]))
		return command_refuse(inv, inv->words[0], "is not 1 to 64 of a-z, 0-9 and -");
	if (!is_name(invocation_get(inv, "--name")))
		return command_refuse(inv, "--name", "must have 1 to 200 bytes");
	return settings_run(inv, add);
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
	if (name != NULL && !is_name(name))
		return command_refuse(inv, "--name", "must have 1 to 200 bytes");
	if (active != NULL && strcmp(active, "yes") != 0 && strcmp(active, "no") != 0)
		return command_refuse(inv, active, "is neither yes nor no");
	return settings_run(inv, update);
}
