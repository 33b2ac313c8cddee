/*
 * A token bucket without a counter: one instant says when the next token falls due, so that nothing
 * has to be refilled and two numbers are the whole state. What always holds: in any minute at most
 * per_minute tokens and one second's worth, rounded up, are given; who asks a little late loses
 * nothing.
 */
#include "core/budget.h"

#define MINUTE_US INT64_C(60000000)
#define SECOND_US INT64_C(1000000)

size_t
budget_take(struct budget *b, int64_t per_minute, int64_t now_ms, size_t want, int64_t *wait_ms)
{
	int64_t rate = per_minute < 1 ? 1 : per_minute;
	int64_t now_us = now_ms * 1000, every_us, next_us, held_ms, free;

	if (rate > BUDGET_MAX_PER_MINUTE)
		rate = BUDGET_MAX_PER_MINUTE;
	every_us = (MINUTE_US + rate - 1) / rate;
	held_ms = b->held_until_ms - now_ms;
	if (held_ms > 0 && held_ms <= BUDGET_MAX_HOLD_MS) {
		*wait_ms = held_ms;
		return 0;
	}
	/* what was not used is kept for less than a second; a row from a clock ahead is corrected
	 */
	next_us = b->next_us;
	if (next_us <= now_us - SECOND_US)
		next_us = now_us - SECOND_US + 1;
	if (next_us > now_us + every_us)
		next_us = now_us + every_us;
	if (next_us > now_us) {
		*wait_ms = (next_us - now_us + 999) / 1000;
		return 0;
	}
	free = (now_us - next_us) / every_us + 1;
	if ((uint64_t)free < want)
		want = (size_t)free;
	b->next_us = next_us + (int64_t)want * every_us;
	*wait_ms = 0;
	return want;
}

bool
budget_hold(struct budget *b, int64_t now_ms, int64_t wait_ms)
{
	int64_t until, held_ms = b->held_until_ms - now_ms;

	if (wait_ms > BUDGET_MAX_HOLD_MS)
		wait_ms = BUDGET_MAX_HOLD_MS;
	until = now_ms + wait_ms;
	if (held_ms <= BUDGET_MAX_HOLD_MS && until <= b->held_until_ms)
		return false;
	b->held_until_ms = until;
	return true;
}
