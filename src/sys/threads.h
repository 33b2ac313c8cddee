/* Threads that drive steps, and the wake-up that ends their waiting early. */
#ifndef RECADO_SYS_THREADS_H
#define RECADO_SYS_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/clock.h"

/* What a worker's step says it wants. */
enum step {
	STEP_AGAIN, /* there is more to do now */
	STEP_WAIT,  /* nothing before *next_ms, unless woken */
	STEP_DONE   /* never call again */
};
typedef enum step step_fn(void *worker, int64_t now_ms, int64_t *next_ms);

/* Wake-up: set from any thread, consumed by the waiting one. A wake before the wait is not lost. */
struct wake;
struct wake *wake_new(void);
void wake_free(struct wake *);
void wake_set(struct wake *);
/* Waits until woken or timeout_ms passed (clamped to an hour); true if woken. */
bool wake_wait(struct wake *, int64_t timeout_ms);
/*
 * A descriptor that is readable from a wake on until wake_fd_clear, for who waits for descriptors.
 * The wake's; made by the first call, which comes before the wake is shared.
 */
int wake_fd(struct wake *);
void wake_fd_clear(struct wake *);

/* A thread that calls step until it is DONE or stopped. A waiting thread wakes by `wake` or by
 * time. */
struct driver;
MUST_CHECK enum err driver_start(const char *name, step_fn *step, void *worker,
                                 const struct clock *, struct wake *, struct driver **out);
/* The same for a worker that waits for descriptors of its own: wait is called instead, with the
 * wake's descriptor beside them, and returns when any is ready or timeout_ms (>= 0) passed. */
typedef void driver_wait_fn(void *ctx, int wake_fd, int64_t timeout_ms);
MUST_CHECK enum err
driver_start_waiting(const char *name, step_fn *step, void *worker, const struct clock *,
                     struct wake *, driver_wait_fn *wait, void *ctx, struct driver **out);
void driver_stop(struct driver *); /* asks and wakes; does not wait */
void driver_join(struct driver *); /* waits and frees; NULL is fine */

#endif
