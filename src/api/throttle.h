/*
 * Slows guessing of credentials: after five failures of one address within a minute it is refused
 * until the minute is over, except with a credential it has used with success before (so that a
 * broken script does not lock its neighbours out). In memory, bounded, thread-safe.
 */
#ifndef RECADO_API_THROTTLE_H
#define RECADO_API_THROTTLE_H

#include "base/digest.h"
#include "base/str.h"

struct throttle;
struct throttle *throttle_new(void);
void throttle_free(struct throttle *);
/* Seconds (at least 1) that the address must wait with this credential; 0: it may try. */
int64_t throttle_wait_s(struct throttle *, struct str address,
                        const unsigned char digest[SHA256_LEN], int64_t now_ms);
void throttle_failed(struct throttle *, struct str address, int64_t now_ms);
void throttle_passed(struct throttle *, struct str address, const unsigned char digest[SHA256_LEN],
                     int64_t now_ms);

/*
 * The address that a request really comes from: `peer`, or while that is one of `trusted` (comma-
 * separated addresses or IPv4/IPv6 networks) the last untrusted one of X-Forwarded-For.
 */
struct str
throttle_address(struct arena *, struct str peer, struct str forwarded_for, struct str trusted);

#endif
