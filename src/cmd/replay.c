/*
 * `recado replay`: gives journal entries to the workers again. What always holds: it only marks
 * them as due; applying is idempotent, so doing it once too often changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

#define ARENA_BYTES ((size_t)64 << 20)

static const char *const statuses[] = { "received", "applied",  "applied_with_problems",
	                                "parked",   "retrying", "failed",
	                                "ignored" };

struct filter {
	struct uuid id; /* nil: any */
	int64_t since, until;
	const char *status; /* NULL: any */
};

static bool
is_status(const char *s)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (strcmp(s, statuses[i]) == 0)
			return true;
	return false;
}

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
	if (f.status != NULL && !is_status(f.status))
		return command_refuse(inv, f.status, "is no status of an entry");
	*out = f;
	return EXIT_DONE;
}

/* The options as they were given, for the job and the audit log; the API's words. */
static struct str
asked(const struct invocation *inv, struct arena *a)
{
	static const char *const names[][2] = {
		{ "id", "--id" },
		{ "status", "--status" },
		{ "from", "--since" },
		{ "to", "--until" },
	};
	struct buf b;
	struct jw w;

	buf_init(&b, a, 64 << 10);
	jw_init(&w, &b);
	jw_obj(&w);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (invocation_get(inv, names[i][1]) != NULL)
			jw_kz(&w, names[i][0], invocation_get(inv, names[i][1]));
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* ERR_NOT_FOUND: no such entry. */
static enum err
prepare(const struct invocation *inv, const struct filter *f, struct db *db, struct arena *a,
        struct admin_replay *out)
{
	struct db_result r;
	enum err e;

	*out = (struct admin_replay){ .entry = f->id,
		                      .status = db_text(str_from(f->status)),
		                      .field = db_null('i'),
		                      .from = db_time(f->since),
		                      .to = db_time(f->until),
		                      .operator_ = true,
		                      .asked = asked(inv, a) };
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

static int
replay(const struct invocation *inv, struct db *db)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct admin_replay p;
	struct filter f = { .status = NULL };
	int status = read_filter(inv, &f);
	enum err e;

	if (status != EXIT_DONE)
		goto out;
	e = prepare(inv, &f, db, a, &p);
	if (e == ERR_OK) {
		const struct admin ad = settings_admin(db, a);

		e = admin_replay(&ad, &p);
	}
	status = EXIT_FAILED;
	if (e == ERR_NOT_FOUND) {
		fprintf(stderr, "recado replay: there is no such entry\n");
	} else {
		if (e == ERR_OK)
			printf("%lld will be applied again\n", (long long)p.entries);
		status = settings_finish(inv, db, e);
	}
out:
	arena_free(a);
	return status;
}

int
replay_run(const struct invocation *inv)
{
	struct filter f = { .status = NULL };
	int status = read_filter(inv, &f);

	return status == EXIT_DONE ? settings_run(inv, replay) : status;
}
