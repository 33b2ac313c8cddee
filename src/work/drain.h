/*
 * From journal to rows: routes new entries to clients (parts), takes a client's lane, claims its
 * due parts oldest first, decodes and applies them. A worker as steps (sys/threads.h); several may
 * run in several processes.
 */
#ifndef RECADO_WORK_DRAIN_H
#define RECADO_WORK_DRAIN_H

#include "base/err.h"
#include "store/db.h"
#include "sys/clock.h"
#include "sys/rand.h"
#include "sys/threads.h"

struct drain;
struct drain_hot;
struct pressure;
#define DRAIN_HOT_BATCHES 8 /* routing steps whose decoded entries are kept */

struct drain_options {
	struct db_pool *pool;
	const struct randomness *rand;
	size_t route_entries;  /* entries routed per step, 512 */
	size_t claim_messages; /* messages applied per transaction; SQLite 500 */
	size_t claim_parts; /* entries applied per transaction; 0: 1,024. SQLite 200: the committer
	                       waits for it */
	size_t claim_bytes; /* bodies read per transaction */
	size_t arena_bytes; /* cap of one step's memory */
	int64_t amendment_ms; /* how long an amendment waits for its message */
	int64_t alert_ms;     /* no history after this long: alert */
	struct drain_hot
		*hot; /* decoded entries shared by the workers of a process; NULL: its own */
	struct pressure *pressure; /* of the door in this process; NULL: there is none */
};
MUST_CHECK enum err drain_open(const struct drain_options *, struct drain **out);
/* One bounded piece of work: a routing batch or one lane's batch. */
enum step drain_step(void *drain, int64_t now_ms, int64_t *next_ms);
void drain_close(struct drain *);

/*
 * Slow housekeeping, as a step of its own (every second or so): releases parked entries whose
 * number has become known, re-evaluates history runs that wait for the clock, drops old amendments,
 * prunes the journal and events, starts the periodic imports, gauges.
 */
struct keeper;
struct keeper_options {
	struct db_pool *pool;
	const struct randomness *rand;
	int64_t amendment_ms, alert_ms, journal_retention_ms, event_ms;
	int64_t import_every_ms; /* after the end of the one before; 0: never */
	bool return_analyses;    /* whose lease is over: there is no analyser here that does it */
};
MUST_CHECK enum err keeper_open(const struct keeper_options *, struct keeper **out);
enum step keeper_step(void *keeper, int64_t now_ms, int64_t *next_ms);
void keeper_close(struct keeper *);

#endif
