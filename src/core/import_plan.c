/*
 * The import law. Why a machine of its own: what may be skipped is decided by evidence that the
 * walk itself has gathered, and every shortcut must be provable without a server.
 * What always holds: a walk ends early only where newest-first order was shown and nothing was left
 * to do; a list that moves is walked again at most IMPORT_MAX_RESTARTS times; a cursor never goes
 * back.
 */
#include "core/import_plan.h"

/* From page 1; what belongs to the run stays. */
static void
begin(struct import_walk *w)
{
	arena_reset(w->arena);
	if (w->seen != NULL)
		hd_walk_init_shared(&w->walk, w->seen, IMPORT_MAX_PAGES);
	else
		hd_walk_init(&w->walk, w->arena, IMPORT_MAX_PAGES);
	w->last_at = TIME_NONE;
	w->falls = 0;
	w->unordered = false;
	w->idle = 0;
	w->pages = HD_NO_N;
	w->before = w->spare = NULL;
	w->nbefore = w->before_room = w->spare_room = 0;
}

void
import_walk_init(struct import_walk *w, struct arena *a, int64_t from, bool full)
{
	import_walk_init_shared(w, a, NULL, from, full);
}

void
import_walk_init_shared(struct import_walk *w, struct arena *a, struct hd_seen *seen, int64_t from,
                        bool full)
{
	*w = (struct import_walk){
		.arena = a, .seen = seen, .from = from, .full = full, .newest = TIME_NONE
	};
	begin(w);
}

void
import_walk_resized(struct import_walk *w)
{
	begin(w);
}

bool
import_walk_wants(const struct import_walk *w, int64_t updated_at)
{
	return updated_at >= w->from; /* TIME_NONE is before all */
}

static bool
newest_first(const struct import_walk *w)
{
	return !w->unordered && w->falls >= IMPORT_ORDER_PROOF;
}

/* Heap sort, since core has no other: pages have up to a few thousand elements. */
static void
sift(uint64_t *v, size_t from, size_t n)
{
	for (size_t child; (child = 2 * from + 1) < n; from = child) {
		uint64_t x = v[from];

		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (x >= v[child])
			return;
		v[from] = v[child];
		v[child] = x;
	}
}

static void
sort(uint64_t *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(v, i, n);
	while (n-- > 1) {
		uint64_t x = v[0];

		v[0] = v[n];
		v[n] = x;
		sift(v, 0, n);
	}
}

static bool
has(const uint64_t *v, size_t n, uint64_t x)
{
	size_t from = 0;

	while (n > from) {
		size_t half = from + (n - from) / 2;

		if (v[half] == x)
			return true;
		if (v[half] < x)
			from = half + 1;
		else
			n = half;
	}
	return false;
}

/* Room for the hashes of one page: two take turns, so that a walk needs no more for a long list.
 * NULL: the arena has none. */
static uint64_t *
room_for(struct import_walk *w, size_t n)
{
	size_t room = w->spare_room * 2 > n ? w->spare_room * 2 : n;

	if (w->spare != NULL && n <= w->spare_room)
		return w->spare;
	w->spare = arena_try_alloc(w->arena, room * sizeof *w->spare);
	w->spare_room = w->spare != NULL ? room : 0;
	if (w->spare == NULL)
		arena_fail(w->arena);
	return w->spare;
}

/* Does the page hold an id of the page before? Remembers its own in their place. */
static bool
repeats(struct import_walk *w, const struct hd_page *p)
{
	uint64_t *ids = room_for(w, p->n);
	size_t room = w->spare_room;
	bool again = false;
	size_t n = 0;

	if (ids == NULL)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		if (!p->keys[i].named)
			continue;
		ids[n] = str_hash(p->keys[i].text);
		again = again || has(w->before, w->nbefore, ids[n]);
		n++;
	}
	sort(ids, n);
	w->spare = w->before;
	w->spare_room = w->before_room;
	w->before = ids;
	w->before_room = room;
	w->nbefore = n;
	return again;
}

/*
 * Elements whose time cannot be read tell nothing about the order; they are problems elsewhere.
 * Those of the page before tell nothing new: they come again where the list has grown at its head.
 */
static void
look_at_order(struct import_walk *w, const struct hd_page *p)
{
	for (size_t i = 0; i < p->n; i++) {
		int64_t at = p->times[i];

		if (at == TIME_NONE)
			continue;
		if (w->newest == TIME_NONE || at > w->newest)
			w->newest = at;
		if (has(w->before, w->nbefore, str_hash(p->keys[i].text)))
			continue;
		if (w->last_at != TIME_NONE && at > w->last_at)
			w->unordered = true;
		w->falls += w->last_at != TIME_NONE && at < w->last_at;
		w->last_at = at;
	}
}

static bool
totals_changed(struct import_walk *w, const struct hd_page *p)
{
	int64_t first = w->pages;

	if (first == HD_NO_N)
		w->pages = p->hints.pages;
	return first != HD_NO_N && p->hints.pages != HD_NO_N && p->hints.pages != first;
}

/*
 * The walk ended at a page without anything new. That is a true end where the page itself says so
 * in words, and where the source gives the same page for every number beyond its last, which shows
 * in that the walk before ended there too. Else something was not reached.
 */
static bool
is_true_end(const struct import_walk *w, const struct hd_page *p, int64_t asked)
{
	const struct hd_hints *h = &p->hints;

	if (hd_walk_says_more(h, asked))
		return false;
	return h->more == 0 || (h->page != HD_NO_N && h->pages != HD_NO_N) || asked == w->stuck_at;
}

/* `idle`: nothing of the page has to be done; `idle_needed` such pages on end let a walk stop. */
static enum import_next
step(struct import_walk *w, const struct hd_page *p, bool idle, unsigned idle_needed)
{
	int64_t asked = w->walk.page;
	bool moves = totals_changed(w, p), stuck;

	look_at_order(w, p);
	moves = repeats(w, p) || moves;
	w->stop = hd_walk_page(&w->walk, p);
	stuck = w->stop == HD_STOP_NOTHING_NEW;
	if (arena_check(w->arena) != ERR_OK || hd_walk_is_over(&w->walk) ||
	    w->stop == HD_STOP_TOO_MANY)
		return IMPORT_FAILED;
	if ((moves || stuck) && w->restarts < IMPORT_MAX_RESTARTS) {
		w->stuck_at = stuck ? asked : 0;
		w->restarts++;
		begin(w);
		return IMPORT_FROM_START;
	}
	w->complete = !stuck || is_true_end(w, p, asked);
	if (w->stop != HD_GO_ON)
		return IMPORT_DONE;
	w->idle = idle ? w->idle + 1 : 0;
	w->early = !w->full && w->idle >= idle_needed && newest_first(w);
	return w->early ? IMPORT_DONE : IMPORT_NEXT_PAGE;
}

enum import_next
import_walk_tickets(struct import_walk *w, const struct hd_page *p)
{
	bool idle = p->ntickets > 0;

	for (size_t i = 0; i < p->ntickets; i++)
		idle = idle && !import_walk_wants(w, p->tickets[i].updated_at);
	return step(w, p, idle, 2);
}

enum import_next
import_walk_messages(struct import_walk *w, const struct hd_page *p, const bool *stored)
{
	bool idle = p->nmessages > 0;

	for (size_t i = 0; i < p->nmessages; i++)
		idle = idle && stored[i] && p->messages[i].created_at <= w->from;
	return step(w, p, idle, 1);
}

int64_t
import_started_at(int64_t date_ms, int64_t age_s, int64_t now_ms)
{
	if (date_ms == TIME_NONE)
		return now_ms;
	return date_ms - (age_s > 0 ? age_s * TIME_SECOND : 0);
}

int64_t
import_cursor_after(int64_t cursor, int64_t started_at, int64_t newest)
{
	int64_t next;

	if (newest == TIME_NONE)
		return cursor;
	next = (newest < started_at ? newest : started_at) - IMPORT_CURSOR_BACK_MS;
	return next > cursor ? next : cursor;
}
