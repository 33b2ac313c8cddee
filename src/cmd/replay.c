/*
 * `recado replay`: gives journal entries to the workers again. What always holds: it only marks
 * them as due; applying is idempotent, so doing it once too often changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/settings.h"
#include "store/queries.h"

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

static int
replay(const struct invocation *inv, struct db *db)
{
	struct filter f = { .status = NULL };
	int64_t changed = 0;
	enum err e;

	if (read_filter(inv, &f) != EXIT_DONE)
		return EXIT_USAGE;
	e = db_begin(db, DB_API);
	if (e == ERR_OK)
		e = db_exec(db, &q_cmd_replay,
		            DB_PARAMS(db_uuid(f.id), db_time(f.since), db_time(f.until),
		                      db_text(str_from(f.status))),
		            NULL, &changed);
	if (e == ERR_OK)
		e = db_commit(db);
	if (e != ERR_OK) {
		fprintf(stderr, "recado replay: %s: %s\n", err_info(e)->title, db_message(db));
		db_rollback(db);
		return EXIT_FAILED;
	}
	if (!uuid_is_nil(f.id) && changed == 0) {
		fprintf(stderr, "recado replay: there is no such entry\n");
		return EXIT_FAILED;
	}
	printf("%lld will be applied again\n", (long long)changed);
	return EXIT_DONE;
}

int
replay_run(const struct invocation *inv)
{
	struct filter f = { .status = NULL };
	int status = read_filter(inv, &f);

	return status == EXIT_DONE ? settings_run(inv, replay) : status;
}
