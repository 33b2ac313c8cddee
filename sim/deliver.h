/*
 * Delivers webhook bodies as Meta does: signed, several at a time, again when the answer is not
 * 200. Works on libcurl's multi interface, in the calling thread.
 */
#ifndef RECADO_SIM_DELIVER_H
#define RECADO_SIM_DELIVER_H

#include <stdatomic.h>

#include "base/str.h"
#include "sim/world.h"

struct deliver_options {
	const char *url;   /* full, of the door */
	struct str secret; /* app secret */
	size_t parallel;   /* requests in flight, 1 at least */
	double rate;       /* bodies a second; 0: as fast as possible */
	size_t attempts;   /* tries of one body; beyond it counts as lost */
	unsigned retry_ms; /* wait before the next try */
	/* Called after each final answer, in the calling thread; false stops. status 0: never
	 * answered. */
	bool (*done)(void *ctx, size_t index, long status);
	void *ctx;
	const atomic_bool *stop; /* NULL, or ends it at once, from another thread */
};
struct deliver_stats {
	size_t delivered, refused, lost, retries;
	uint64_t bytes;
	double seconds;
};
/* false: nothing could be set up (curl, memory). A refused body (4xx) is not tried again. */
bool
deliver(const struct deliver_options *, const struct world_bodies *, struct deliver_stats *out);
/* "sha256=" and 64 hex digits. */
struct str deliver_signature(struct arena *, struct str secret, struct str body);

#endif
