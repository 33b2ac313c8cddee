/*
 * Whether the door needs the machine for itself. Acknowledging protects from loss, applying can
 * catch up: while commits come full, one after the other, appliers of this process hold still, for
 * at most `hold_ms` in one go, so that what is stored is never shown later than that because of it.
 * All functions may be called from any thread.
 */
#ifndef RECADO_WORK_PRESSURE_H
#define RECADO_WORK_PRESSURE_H

#include <stddef.h>
#include <stdint.h>

struct pressure;

/* hold_ms: 0 for never. Times are a clock's ms, any origin. */
struct pressure *pressure_new(int64_t hold_ms);
/* NULL is fine. */
void pressure_free(struct pressure *);
/* A commit of so many entries ended. */
void pressure_committed(struct pressure *, size_t entries, int64_t now_ms);
/* How long an applier should wait, ms; 0: go on. */
int64_t pressure_hold_ms(struct pressure *, int64_t now_ms);

#endif
