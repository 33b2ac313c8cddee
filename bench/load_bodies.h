/* Signed HTTP requests, made before the clock starts, so that the generator only sends. */
#ifndef RECADO_BENCH_LOAD_BODIES_H
#define RECADO_BENCH_LOAD_BODIES_H

#include <stdint.h>

#include "base/str.h"

struct load_shape {
	const char *host, *path, *secret;
	const char
		*phone_id; /* of the first number; client k gets k added to it if it is a number */
	uint64_t stamp;    /* makes ids differ from those of other runs */
	size_t clients, contacts;
	size_t body_bytes;     /* live: about so many */
	size_t chunk_messages; /* history: in one chunk */
	size_t chunk_threads;
};
/* The whole request, head and body, number `n` of its run. malloc'ed by the arena. */
struct str load_live(struct arena *, const struct load_shape *, uint64_t n);
struct str load_history(struct arena *, const struct load_shape *, uint64_t n, uint64_t of);

#endif
