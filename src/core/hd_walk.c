/*
 * Where a walk ends. Why so careful: the sources differ, and to stop one page early loses tickets
 * without a trace, while one page too many costs one request. What always holds: hints that
 * contradict each other are read as "there is more"; of what a walk has seen only hashes are kept.
 */
#include "core/hd_walk.h"

void
hd_walk_init(struct hd_walk *w, struct arena *a, int64_t max_pages)
{
	*w = (struct hd_walk){ .page = 1, .max_pages = max_pages };
	hd_seen_init(&w->own, a);
}

void
hd_walk_init_shared(struct hd_walk *w, struct hd_seen *seen, int64_t max_pages)
{
	*w = (struct hd_walk){ .page = 1, .max_pages = max_pages, .shared = seen };
	hd_seen_begin(seen);
}

bool
hd_walk_is_over(const struct hd_walk *w)
{
	return w->shared != NULL ? w->shared->full : w->own.full;
}

/* Both by the number that was asked for and by the number that the page gives itself: the one may
 * be ignored, the other counted from 0 or mean something else. */
static bool
is_last(const struct hd_hints *h, int64_t asked)
{
	return h->pages != HD_NO_N && asked >= h->pages &&
	       (h->page == HD_NO_N || h->page >= h->pages);
}

bool
hd_walk_says_more(const struct hd_hints *h, int64_t asked)
{
	return h->more == 1 || (h->more == HD_NO_N && h->pages != HD_NO_N && !is_last(h, asked));
}

enum hd_stop
hd_walk_page(struct hd_walk *w, const struct hd_page *p)
{
	const struct hd_hints *h = &p->hints;
	bool hinted = h->more != HD_NO_N || h->page != HD_NO_N || h->pages != HD_NO_N;
	struct hd_seen *seen = w->shared != NULL ? w->shared : &w->own;
	size_t fresh = 0;

	if (p->n == 0)
		return HD_STOP_EMPTY;
	for (size_t i = 0; i < p->n; i++)
		fresh += hd_seen_add(seen, p->keys[i].text);
	if (w->page == 1)
		w->first_n = p->n;
	if (fresh == 0)
		return HD_STOP_NOTHING_NEW;
	if (h->more == 0)
		return HD_STOP_SAID;
	if (h->more != 1 && is_last(h, w->page))
		return HD_STOP_LAST;
	if (!hinted && p->n < w->first_n)
		return HD_STOP_SHORT;
	if (w->page >= w->max_pages)
		return HD_STOP_TOO_MANY;
	w->page++;
	return HD_GO_ON;
}

const char *
hd_stop_name(enum hd_stop s)
{
	static const char *const names[] = { "go_on",          "empty",     "nothing_new",
		                             "has_more_false", "last_page", "short_page",
		                             "too_many_pages" };

	return names[s];
}
