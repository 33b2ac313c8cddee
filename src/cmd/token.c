/*
 * `recado token create|list|revoke`: who may call the API. What always holds: a secret is printed
 * once, when it is made; the database keeps its SHA-256 only.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"
#include "sys/clock.h"
#include "sys/rand.h"

#define TOKEN_PREFIX     "rcd_"
#define TOKEN_BYTES      32
#define TOKEN_TEXT       43 /* of base64, without the padding */
#define NAME_MAX_BYTES   200
#define LIST_ARENA_BYTES ((size_t)64 << 20)

static const char *const roles[] = { "viewer", "agent", "admin" };

/* The client of --client; ERR_NOT_FOUND for an unknown one. nil without --client. */
static enum err
find_client(struct db *db, const char *slug, struct uuid *out)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct db_result r;
	enum err e = ERR_OK;

	*out = UUID_NIL;
	if (slug != NULL) {
		e = db_query(db, &q_cmd_client_id, DB_PARAMS(db_text(str_from(slug))), NULL, a, &r);
		if (e == ERR_OK && r.nrows == 0)
			e = ERR_NOT_FOUND;
		if (e == ERR_OK)
			*out = db_get_uuid(&r, 0, 0);
	}
	arena_free(a);
	return e;
}

/* Prefix and 43 characters of base64url. */
static void
make_secret(char *out)
{
	struct arena *a = arena_new((size_t)64 * 1024);
	unsigned char random[TOKEN_BYTES];
	struct str text;

	rand_fill(&rand_system, random, sizeof(random));
	text = base64_encode(a, random, sizeof(random));
	memcpy(out, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1);
	out += sizeof(TOKEN_PREFIX) - 1;
	for (size_t i = 0; i < TOKEN_TEXT; i++)
		out[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
	arena_free(a);
}

static int
create(const struct invocation *inv, struct db *db)
{
	const char *slug = invocation_get(inv, "--client");
	char secret[sizeof(TOKEN_PREFIX) - 1 + TOKEN_TEXT];
	unsigned char hash[SHA256_LEN];
	int64_t now = clock_now(&clock_real);
	struct uuid client;
	enum err e = find_client(db, slug, &client);

	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado token create: there is no client %s\n", slug);
		return EXIT_FAILED;
	}
	make_secret(secret);
	digest_sha256(str_n(secret, sizeof(secret)), hash);
	if (e == ERR_OK)
		e = db_exec(
			db, &q_cmd_token_add,
			DB_PARAMS(db_uuid(rand_uuid_v7(&rand_system, now)),
		                  db_text(str_from(inv->words[0])),
		                  db_text(str_from(invocation_get(inv, "--role"))), db_uuid(client),
		                  db_bytes(str_n((const char *)hash, sizeof(hash))), db_time(now)),
			NULL, NULL);
	if (e == ERR_OK)
		printf("%.*s\n", (int)sizeof(secret), secret);
	return settings_finish(inv, db, e);
}

static int
list(const struct invocation *inv, struct db *db)
{
	struct arena *a = arena_new(LIST_ARENA_BYTES);
	struct db_result r;
	enum err e = db_query(db, &q_cmd_token_list, DB_NO_PARAMS, NULL, a, &r);
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
	return settings_finish(inv, db, e);
}

static int
revoke(const struct invocation *inv, struct db *db)
{
	struct uuid id;
	int64_t changed = 0;
	enum err e = uuid_parse(str_from(inv->words[0]), &id);

	if (e != ERR_OK)
		return command_refuse(inv, inv->words[0], "is no id of a token");
	e = db_exec(db, &q_cmd_token_revoke,
	            DB_PARAMS(db_uuid(id), db_time(clock_now(&clock_real))), NULL, &changed);
	if (e == ERR_OK && changed == 0) {
		fprintf(stderr, "recado token revoke: there is no such valid token\n");
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("revoked\n");
	return settings_finish(inv, db, e);
}

int
token_create(const struct invocation *inv)
{
	const char *role = invocation_get(inv, "--role");
	size_t i = 0;

	while (i < sizeof(roles) / sizeof(*roles) && strcmp(roles[i], role) != 0)
		i++;
	if (i == sizeof(roles) / sizeof(*roles))
		return command_refuse(inv, role, "is not viewer, agent or admin");
	if (inv->words[0][0] == '\0' || strlen(inv->words[0]) > NAME_MAX_BYTES)
		return command_refuse(inv, "NAME", "must have 1 to 200 bytes");
	return settings_run(inv, create);
}

int
token_list(const struct invocation *inv)
{
	return settings_run(inv, list);
}

int
token_revoke(const struct invocation *inv)
{
	return settings_run(inv, revoke);
}
