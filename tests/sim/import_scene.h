/*
 * A client whose helpdesk is simulated, and importers that read it in this thread under a fake
 * clock: they are hired, paused, made to fail and killed at will, while the helpdesk lives between
 * their requests. What the import model is played on. Aborts where the database itself fails.
 */
#ifndef RECADO_TESTS_IMPORT_SCENE_H
#define RECADO_TESTS_IMPORT_SCENE_H

#include "http_fake.h"
#include "raw.h"
#include "sim/dice.h"
#include "sim/helpdesk_answer.h"
#include "sys/rand.h"
#include "work/importer.h"

#define IMPORT_AT          INT64_C(1768906800000) /* when a story begins */
#define IMPORT_SCENE_MOST  3                      /* importers at once */
#define IMPORT_SCENE_TABLE "model_writes"

/* One process that imports. */
struct import_hand {
	struct importer *importer; /* NULL: nobody */
	struct http_fake *http;
	int64_t paused_until;
	bool faulty; /* a statement of its connection is set to fail */
};

struct import_scene {
	/* of the database */
	struct db_pool *pool;
	struct db *db;
	struct raw *raw;
	bool postgres;
	/* of one story */
	struct arena *arena;
	struct rand_seeded seed;
	struct randomness rand;
	struct secretbox_keys keys;
	struct clock_fake time;
	struct clock clock;
	struct uuid client;
	struct helpdesk *world;
	http_fake_answer *other; /* who answers in its place; NULL: nobody */
	void *other_ctx;
	int64_t skew; /* of the helpdesk's clock against ours */
	bool strict;  /* no two requests, and no changes before them, in one millisecond */
	struct dice dice;
	unsigned allowed; /* changes that befall it before a request, as bits; 0: none of ours */
	unsigned most_changes; /* at once */
	int64_t latency;       /* at most, of an answer */
	int64_t *asked_at;     /* of every request so far */
	size_t asked, asked_cap;
	struct import_hand hands[IMPORT_SCENE_MOST];
	struct importer_options options;
	size_t hired;
};

/* url: a new or an empty database; it is migrated, and watched by triggers of the scene's own. */
void import_scene_open(struct import_scene *, const char *url);
void import_scene_close(struct import_scene *);
/* Removes all rows, and begins a story with a world of these options. */
void import_scene_begin(struct import_scene *, uint64_t seed, const struct helpdesk_options *);
/* Whoever still works is dropped; the world is freed. */
void import_scene_end(struct import_scene *);

/* A process that knows nothing takes this place; whoever stood there is gone without a word. */
void import_scene_hire(struct import_scene *, size_t place);
void import_scene_kill(struct import_scene *, size_t place);
struct uuid import_scene_enqueue(struct import_scene *, enum job_kind, bool full);
/* Each hand that is not paused makes a step; the clock moves on to where the next one is due. */
void import_scene_step(struct import_scene *);
/* "queued" and so on; in the arena. */
struct str import_scene_status(struct import_scene *, struct arena *, struct uuid job);
/* So many of the changes that are allowed, now. */
void import_scene_live(struct import_scene *, size_t n);

/* Rows of the domain that were written since the last call, as the database counted them, and in
 * which tables; a cursor that went back counts as *back. */
struct import_writes {
	int64_t n, back;
	char tables[300];
};
struct import_writes import_scene_writes(struct import_scene *);
/* Runs the query, whose text may say ms(time), hex(uuid) and num(boolean) for either engine. Lines
 * are in the arena. */
size_t import_scene_lines(struct import_scene *, struct arena *, const char *sql, struct str **out);

#endif
