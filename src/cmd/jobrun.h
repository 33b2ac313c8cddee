/* Commands whose work is jobs: they are asked for, worked on by this process, shown and stopped. */
#ifndef RECADO_CMD_JOBRUN_H
#define RECADO_CMD_JOBRUN_H

#include "cmd/settings.h"
#include "cmd/watch.h"

struct jobrun_worker;
struct jobrun {
	const struct invocation *inv;
	enum job_kind kind;
	const struct settings *settings;
	struct db_pool *pool;
	struct db *db;
	struct arena *arena; /* of the whole command */
	struct watched *jobs;
	struct jobrun_worker *workers; /* of each job */
	size_t n;
	const void *ctx; /* the command's own */
	int status; /* of a call that has no jobs: EXIT_DONE unless the asking says otherwise */
};

/*
 * All of such a command. The first word, if there is one, is a slug. `ask` says by jobrun_add which
 * jobs there are; none at all ends the command with x->status. It may fail with ERR_NOT_FOUND or
 * ERR_CONFLICT after it has told why; any other error is told here.
 */
int jobrun_command(const struct invocation *, enum job_kind, enum err (*ask)(struct jobrun *),
                   const void *ctx);
/* Before the first is added: room for n. */
void jobrun_reserve(struct jobrun *, size_t n);
/* joined: it was under way already. held: another process works on it, and it counts as failed. */
void jobrun_add(struct jobrun *, struct uuid id, const char *slug, bool joined, bool held);
/* A line on stderr about one client, or "". */
void jobrun_say(const struct jobrun *, const char *slug, const char *text);

#endif
