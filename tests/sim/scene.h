/*
 * A database with clients and numbers in it, a journal that is filled by hand, and drain workers
 * driven in this thread under a fake clock. What the order test and the crash test share. Aborts
 * where the database itself fails.
 */
#ifndef RECADO_TESTS_SCENE_H
#define RECADO_TESTS_SCENE_H

#include "raw.h"
#include "sim/digest.h"
#include "sim/wild.h"
#include "sys/rand.h"
#include "work/drain.h"

#define SCENE_MAX_WORKERS 4
#define SCENE_MAX_RUNS    2

struct scene {
	struct db_pool *pool;
	struct db *db;
	struct raw *raw;
	struct rand_seeded seed;
	struct randomness rand;
	struct drain *workers[SCENE_MAX_WORKERS]; /* kept, since a new connection prepares
	                                             everything again */
};
/* url: a new or an empty database; it is migrated. */
void scene_open(struct scene *, const char *url);
void scene_close(struct scene *);
/* Removes all rows. */
void scene_clear(struct scene *);

struct scene_line {
	size_t client;
	struct wire_line line;
	bool cloud_api, history_requested;
	size_t nruns;
	int64_t run_at[SCENE_MAX_RUNS];
};
/* Clients c0, c1 … and their numbers, with fixed ids. */
void scene_fill(struct scene *, const struct scene_line *, size_t n);

/* One journal entry. */
struct scene_entry {
	struct uuid id; /* decides the order in which it is taken up */
	int64_t received_at;
	struct str body;
};
void scene_journal(struct scene *, struct arena *, const struct scene_entry *, size_t n);
/* All entries of the journal, oldest id first. */
struct scene_entry *scene_read_journal(struct scene *, struct arena *, size_t *n);

/* Parts that wait to be routed or applied. */
int64_t scene_waiting(struct scene *);
/* Options of a worker as the program has them. */
struct drain_options scene_worker_options(struct scene *);
/* A worker that knows nothing, as after a start of the program; whoever stood at this place before
 * is gone. */
struct drain *scene_hire(struct scene *, size_t place, const struct drain_options *);
/* One worker applies everything in order. False if it does not come to an end; *now moves on. */
bool scene_drain(struct scene *, int64_t *now);
/* Prints the lines that only one of the two has, at most `most` of each. */
void
scene_print_difference(const struct db_digest *expected, const struct db_digest *got, size_t most);

#endif
