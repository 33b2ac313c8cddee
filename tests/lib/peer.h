/*
 * An HTTP server on a loopback port that misbehaves on purpose, one thread a connection. Nothing in
 * it waits for a time: what is slow waits for the client to give up. Paths:
 *   /echo       200 with "METHOD length-of-body api-key"; kept alive
 *   /headers    200 with Date, Age, Content-Type, and a Retry-After before its Date
 *   /redirect   302 to /echo
 *   /early      103 with a Retry-After, then 200 without
 *   /gzip       200, "hello " a thousand times, compressed to fewer than 100 bytes
 *   /bytes/N    200, N bytes in chunks, so that no length is declared
 *   /declared   200, a length of 1 GiB and nothing more
 *   /meet/N     200 once N requests are here at the same time
 *   /silent     never answers
 *   /stalled    a head and half a body, then nothing
 *   /cut        a head and half a body, then the end
 *   /close      the end at once
 *   /noise      bytes that are no HTTP
 *   /once       200, and the connection ends although it was to be kept
 */
#ifndef RECADO_TESTS_PEER_H
#define RECADO_TESTS_PEER_H

#include <stdint.h>

struct peer;

/* Aborts where there is no port. */
struct peer *peer_start(void);
uint16_t peer_port(const struct peer *);
/* So far. */
unsigned peer_connections(const struct peer *);
unsigned peer_requests(const struct peer *);
/* Of these, the ones that were answered whole and well. */
unsigned peer_answers(const struct peer *);
/* Ends all connections and joins. NULL is fine. */
void peer_stop(struct peer *);

#endif
