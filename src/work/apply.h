/*
 * Facts → rows, for one client, inside one transaction that holds the client's lane. Set-based: the
 * number of SQL statements does not depend on the number of facts. Everything stored is a fold over
 * evidence (core/message, core/lead), so entries may be applied in any order, any number of times,
 * in any slices.
 */
#ifndef RECADO_WORK_APPLY_H
#define RECADO_WORK_APPLY_H

#include "core/facts.h"
#include "store/db.h"
#include "sys/rand.h"
#include "work/event.h"

struct apply_problem {
	const char *code;
	struct str path, detail, wamid;
};

/* One journal part, decoded. */
struct apply_entry {
	struct uuid entry_id;
	int part_no;
	int64_t received_at;
	struct uuid only_connection; /* came by that connection's own URL; nil: routed by its ids */
	const struct facts *facts;
	size_t from, to; /* slice of its units (apply_units); to > from only for slices, else whole:
	                    0, SIZE_MAX */
	/* out */
	bool unrouted; /* none of its changes is for a live connection of the client */
	FACTS_LIST(struct apply_problem) problems;
};

struct apply_counts {
	int64_t messages, contacts, amendments, accounts, chunks, duplicates, problems, merges;
};

struct apply_options {
	struct db *db;       /* in a write transaction with the lane */
	struct arena *arena; /* of the batch; decoded facts may live in it too */
	const struct randomness *rand;
	struct uuid client_id;
	int64_t now_ms;
	struct event_batch *events; /* gets what changed; NULL: nobody is told */
};

/* Links, contacts, messages and amendments of an entry: what slices count. */
size_t apply_units(const struct facts *);
/* Applies all entries. On error the transaction must be rolled back. */
MUST_CHECK enum err apply_entries(const struct apply_options *, struct apply_entry *entries,
                                  size_t n, struct apply_counts *counts);

#endif
