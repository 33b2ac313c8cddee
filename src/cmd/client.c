/* `recado client add|list|update`: the tenants, for an operator at a shell. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

#define ARENA_BYTES ((size_t)64 << 20)

#define KEY_FILE_MAX ((size_t)64 << 10)

/* The helpdesk's key from the file of --api-key-file, "-" for stdin; NULL with a reason said. */
static const char *
read_key(const struct invocation *inv, struct arena *a)
{
	const char *name = invocation_get(inv, "--api-key-file"), *wrong;
	bool is_stdin = strcmp(name, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(name, "re");
	char *text = arena_alloc(a, KEY_FILE_MAX);
	struct str key;
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "recado %s: %s: %s\n", inv->command->name, name, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, KEY_FILE_MAX, f);
	wrong = ferror(f) ? "cannot be read" : NULL;
	if (!is_stdin)
		fclose(f);
	key = str_trim(str_n(text, n));
	if (wrong == NULL)
		wrong = admin_text_wrong(a, key, ADMIN_KEY_MAX);
	if (wrong != NULL) {
		fprintf(stderr, "recado %s: the key in %s %s\n", inv->command->name, name, wrong);
		return NULL;
	}
	return str_z(a, key);
}

/* What --api-base-url and --api-key-file name. false: the key cannot be had, and why was said. */
struct helpdesk {
	const char *url, *key; /* NULL: not given */
};
static bool
read_helpdesk(const struct invocation *inv, struct arena *a, struct helpdesk *out)
{
	*out = (struct helpdesk){ .url = invocation_get(inv, "--api-base-url") };
	if (invocation_get(inv, "--api-key-file") == NULL)
		return true;
	out->key = read_key(inv, a);
	return out->key != NULL;
}

static enum err
insert(const struct shell *sh, const struct helpdesk *desk, struct arena *a, bool *made)
{
	const struct invocation *inv = sh->inv;
	const struct admin ad = settings_admin(sh->db, a);
	struct admin_client x = { .id = rand_uuid_v7(ad.rand, ad.now),
		                  .slug = str_from(inv->words[0]),
		                  .name = str_from(invocation_get(inv, "--name")),
		                  .base_url = str_from(desk->url),
		                  .active = true };
	enum err e = db_begin(sh->db, DB_API);

	x.key_box = admin_seal(&ad, &sh->settings->keys, "clients", x.id, "api_key",
	                       str_from(desk->key));
	return e != ERR_OK ? e : db_end(sh->db, admin_client_insert(&ad, &x, made));
}

static int
add(const struct shell *sh)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const char *slug = sh->inv->words[0];
	struct helpdesk desk;
	bool made = false;
	enum err e = ERR_OK;

	if (!read_helpdesk(sh->inv, a, &desk)) {
		arena_free(a);
		return EXIT_FAILED;
	}
	e = insert(sh, &desk, a, &made);
	arena_free(a);
	if (e == ERR_OK && !made) {
		fprintf(stderr, "recado client add: there is a client %s already\n", slug);
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("%s added\n", slug);
	return settings_finish(sh->inv, sh->db, e);
}

static int
list(const struct shell *sh)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct db_result r;
	enum err e = db_query(sh->db, &q_api_client_list,
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
	return settings_finish(sh->inv, sh->db, e);
}

/* ERR_NOT_FOUND: no such client. */
static enum err
change(const struct shell *sh, const struct helpdesk *desk, struct arena *a)
{
	const struct invocation *inv = sh->inv;
	const char *active = invocation_get(inv, "--active");
	const struct admin ad = settings_admin(sh->db, a);
	struct admin_client_change x = { .name = str_from(invocation_get(inv, "--name")),
		                         .set_url = desk->url != NULL,
		                         .base_url = str_from(desk->url),
		                         .set_key = desk->key != NULL,
		                         .set_active = active != NULL,
		                         .active = active != NULL && strcmp(active, "yes") == 0 };
	enum err e = db_begin(sh->db, DB_API);

	if (e != ERR_OK)
		return e;
	e = settings_find_client(sh->db, a, inv->words[0], &x.id);
	if (e == ERR_OK) {
		x.key_box = admin_seal(&ad, &sh->settings->keys, "clients", x.id, "api_key",
		                       str_from(desk->key));
		e = admin_client_update(&ad, &x);
	}
	return db_end(sh->db, e);
}

static int
update(const struct shell *sh)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const char *slug = sh->inv->words[0];
	struct helpdesk desk;
	enum err e;

	if (!read_helpdesk(sh->inv, a, &desk)) {
		arena_free(a);
		return EXIT_FAILED;
	}
	e = change(sh, &desk, a);
	arena_free(a);
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado client update: there is no client %s\n", slug);
		return EXIT_FAILED;
	}
	if (e == ERR_OK)
		printf("%s updated\n", slug);
	return settings_finish(sh->inv, sh->db, e);
}

static int
check_url(const struct invocation *inv)
{
	const char *url = invocation_get(inv, "--api-base-url");
	const char *wrong = url != NULL ? admin_url_wrong(str_from(url)) : NULL;

	return wrong != NULL ? command_refuse(inv, "--api-base-url", wrong) : EXIT_DONE;
}

int
client_add(const struct invocation *inv)
{
	const char *wrong = admin_slug_wrong(str_from(inv->words[0]));
	int status;

	if (wrong != NULL)
		return command_refuse(inv, inv->words[0], wrong);
	status = settings_check_name(inv, "--name", invocation_get(inv, "--name"));
	if (status == EXIT_DONE)
		status = check_url(inv);
	return status != EXIT_DONE ? status : settings_run(inv, add, NULL);
}

int
client_list(const struct invocation *inv)
{
	return settings_run(inv, list, NULL);
}

int
client_update(const struct invocation *inv)
{
	const char *name = invocation_get(inv, "--name"), *active = invocation_get(inv, "--active");

	if (name == NULL && active == NULL && invocation_get(inv, "--api-base-url") == NULL &&
	    invocation_get(inv, "--api-key-file") == NULL)
		return command_refuse(inv, inv->words[0], "say what to change");
	if (active != NULL && strcmp(active, "yes") != 0 && strcmp(active, "no") != 0)
		return command_refuse(inv, active, "is neither yes nor no");
	if (name != NULL && settings_check_name(inv, "--name", name) != EXIT_DONE)
		return EXIT_USAGE;
	if (check_url(inv) != EXIT_DONE)
		return EXIT_USAGE;
	return settings_run(inv, update, NULL);
}
