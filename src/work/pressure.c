/*
 * The door before the appliers. What always holds: a hold ends hold_ms after it began, and the next
 * begins only after REST_MS without a full window; a hold does not outlive the pressure by more
 * than a window.
 */
#include "work/pressure.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define WINDOW_MS  50
#define REST_MS    1000
#define FULL_GROUP 16  /* entries a commit, on average: many callers wait for each */
#define FULL_COUNT 200 /* entries a window: 4,000 a second */

struct pressure {
	pthread_mutex_t lock;
	int64_t hold_ms;
	int64_t window_at;       /* the running window began here; 0: none yet */
	size_t entries, commits; /* in it */
	bool full;               /* was the last window */
	int64_t full_at;         /* the last full one ended here */
	int64_t since;           /* the first of the full ones that follow one another closely */
};

struct pressure *
pressure_new(int64_t hold_ms)
{
	struct pressure *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	p->hold_ms = hold_ms;
	return p;
}

void
pressure_free(struct pressure *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Ends the window if its time is over. Lock held. */
static void
roll(struct pressure *p, int64_t now_ms)
{
	int64_t age = now_ms - p->window_at; /* negative when the clock stepped back */

	if (p->window_at != 0 && age >= 0 && age < WINDOW_MS)
		return;
	if (age < 0)
		p->full_at = 0; /* what was measured by another clock says nothing */
	p->full = p->entries >= FULL_COUNT && p->entries >= FULL_GROUP * p->commits && age >= 0 &&
	          age < 2 * WINDOW_MS;
	if (p->full) {
		if (p->full_at == 0 || now_ms - p->full_at > REST_MS)
			p->since = now_ms;
		p->full_at = now_ms;
	}
	p->window_at = now_ms;
	p->entries = p->commits = 0;
}

void
pressure_committed(struct pressure *p, size_t entries, int64_t now_ms)
{
	pthread_mutex_lock(&p->lock);
	roll(p, now_ms);
	p->entries += entries;
	p->commits++;
	pthread_mutex_unlock(&p->lock);
}

int64_t
pressure_hold_ms(struct pressure *p, int64_t now_ms)
{
	int64_t left;

	pthread_mutex_lock(&p->lock);
	roll(p, now_ms);
	left = p->full ? p->since + p->hold_ms - now_ms : 0;
	pthread_mutex_unlock(&p->lock);
	return left <= 0 ? 0 : left < WINDOW_MS ? left : WINDOW_MS;
}
