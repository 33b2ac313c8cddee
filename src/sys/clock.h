/* Time as an argument: a real clock and a fake one. */
#ifndef RECADO_SYS_CLOCK_H
#define RECADO_SYS_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*now_ms)(void *ctx);  /* wall clock, UTC */
	int64_t (*mono_us)(void *ctx); /* never goes back; for durations */
	void *ctx;
};
extern const struct clock clock_real;

/* Moves only when told. mono follows the wall. */
struct clock_fake {
	int64_t now_ms;
};
struct clock clock_fake(struct clock_fake *);

static inline int64_t
clock_now(const struct clock *c)
{
	return c->now_ms(c->ctx);
}
static inline int64_t
clock_mono_us(const struct clock *c)
{
	return c->mono_us(c->ctx);
}

#endif
