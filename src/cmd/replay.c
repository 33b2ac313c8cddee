/*
 * `recado replay`: gives journal entries to the workers again. What always holds: it only marks
 * them as due; applying is idempotent, so doing it once too often changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "api/webhook_events.h"
#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

#define ARENA_BYTES ((size_t)64 << 20)

struct filter {
	struct uuid id; /* nil: any */
	int64_t since, until;
	const char *status; /* NULL: any */
};

/* The filters as given, checked; else says which is wrong. */
static int
read_filter(const struct invocation *inv, struct filter *out)
{
	const char *id = invocation_get(inv, "--id"), *since = invocation_get(inv, "--since");
	const char *until = invocation_get(inv, "--until");
	struct filter f = { UUID_NIL, TIME_NONE, TIME_NONE, invocation_get(inv, "--status") };

	if (id == NULL && since == NULL && until == NULL && f.status == NULL)
		return command_refuse(inv, "--id", "or another filter is needed");
	if (id != NULL && (since != NULL || until != NULL || f.status != NULL))
		return command_refuse(inv, "--id", "goes without other filters");
	if (id != NULL && (uuid_parse(str_from(id), &f.id) != ERR_OK || uuid_is_nil(f.id)))
		return command_refuse(inv, id, "is no id of an entry");
	if (since != NULL && time_parse(str_from(since), &f.since) != ERR_OK)
		return command_refuse(inv, since, "is no time such as 2026-01-31T00:00:00Z");
	if (until != NULL && time_parse(str_from(until), &f.until) != ERR_OK)
		return command_refuse(inv, until, "is no time such as 2026-01-31T00:00:00Z");
	if (f.status != NULL && !event_is_status(str_from(f.status)))
		return command_refuse(inv, f.status, "is no status of an entry");
	*out = f;
	return EXIT_DONE;
}

/* ERR_NOT_FOUND: no such entry. */
static enum err
prepare(const struct filter *f, struct db *db, struct arena *a, struct admin_replay *out)
{
	struct db_result r;
	enum err e;

	*out = (struct admin_replay){ .entry = f->id,
		                      .status = str_from(f->status),
		                      .from = f->since,
		                      .to = f->until,
		                      .operator_ = true };
	if (uuid_is_nil(f->id))
		return ERR_OK;
	e = db_query(db, &q_api_scope_entry, DB_PARAMS(db_uuid(f->id), db_uuid(UUID_NIL)), NULL, a,
	             &r);
	if (e == ERR_OK && r.nrows == 0)
		return ERR_NOT_FOUND;
	if (e == ERR_OK)
		out->audit_client = db_get_uuid(&r, 0, 0);
	return e;
}

static void
say_count(const struct admin_replay *p, enum err e)
{
	long long n = (long long)p->entries;

	if (e != ERR_OK)
		fprintf(stderr,
		        "recado replay: %lld will be applied again; ask again for the rest\n", n);
	else if (n == 0 && !uuid_is_nil(p->entry))
		printf("0 will be applied again: the entry is waiting to be applied already\n");
	else
		printf("%lld will be applied again\n", n);
}

static int
replay(const struct shell *sh)
{
	struct arena *a = arena_new(ARENA_BYTES);
	const struct admin ad = settings_admin(sh->db, a);
	struct admin_replay p;
	enum err e = prepare(sh->ctx, sh->db, a, &p);
	int status = EXIT_FAILED;

	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado replay: there is no such entry\n");
	} else {
		if (e == ERR_OK) {
			e = admin_replay(&ad, &p);
			say_count(&p, e);
		}
		status = settings_finish(sh->inv, sh->db, e);
	}
	arena_free(a);
	return status;
}

int
replay_run(const struct invocation *inv)
{
	struct filter f = { .status = NULL };
	int status = read_filter(inv, &f);

	return status == EXIT_DONE ? settings_run(inv, replay, &f) : status;
}
