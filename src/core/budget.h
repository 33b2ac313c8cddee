/*
 * The request budget of one source (base URL and key) as arithmetic: so many requests a minute, and
 * at once no more than one second's worth, rounded up. The state is a row that all processes share;
 * whoever changes it does so in one transaction. Pure. Source: 4-helpdesk §1,
 * EXTERNAL_API_REQUESTS_PER_MINUTE.
 */
#ifndef RECADO_CORE_BUDGET_H
#define RECADO_CORE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUDGET_MAX_PER_MINUTE 1000000
#define BUDGET_MAX_HOLD_MS    3600000 /* a row that says more is believed to be wrong */

/* {0, 0}: nothing was ever asked. */
struct budget {
	int64_t next_us;       /* when a token falls due that is not yet spent, since 1970 */
	int64_t held_until_ms; /* the source said 429: nothing before this */
};

/*
 * Takes up to `want` (at least 1) tokens and returns how many there were. If there was none,
 * *wait_ms (> 0) is when to ask again, and the state is as it was; else it is 0 and the state is to
 * be stored. per_minute is clamped to 1…BUDGET_MAX_PER_MINUTE and may change between calls. A row
 * written by a clock that is ahead of ours holds nobody up for longer than one token's time.
 */
size_t
budget_take(struct budget *, int64_t per_minute, int64_t now_ms, size_t want, int64_t *wait_ms);
/* Nothing is to be asked for wait_ms. True if the state has changed: a longer hold stays. */
bool budget_hold(struct budget *, int64_t now_ms, int64_t wait_ms);

#endif
