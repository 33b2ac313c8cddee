/*
 * Clocks. Why an argument: the same steps run under a simulator's time.
 * What always holds: mono never goes back; the fake clock stands still unless its owner moves it.
 */
#include "sys/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
real_now_ms(void *ctx)
{
	(void)ctx;
	return read_us(CLOCK_REALTIME) / 1000;
}

static int64_t
real_mono_us(void *ctx)
{
	(void)ctx;
	return read_us(CLOCK_MONOTONIC);
}

const struct clock clock_real = { real_now_ms, real_mono_us, NULL };

static int64_t
fake_now_ms(void *ctx)
{
	return ((struct clock_fake *)ctx)->now_ms;
}

static int64_t
fake_mono_us(void *ctx)
{
	return ((struct clock_fake *)ctx)->now_ms * 1000;
}

struct clock
clock_fake(struct clock_fake *f)
{
	return (struct clock){ fake_now_ms, fake_mono_us, f };
}
