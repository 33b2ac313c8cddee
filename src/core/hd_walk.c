/*
 * Where a walk ends. Why so careful: the sources differ, and to stop one page early loses tickets
 * without a trace, while one page too many costs one request. What always holds: hints that
 * contradict each other are read as "there is more"; of what a walk has seen only hashes are kept.
 */
#include "core/hd_walk.h"

#define FIRST_CAP 256

static void
seen_init(struct hd_seen *s, struct arena *a)
{
	*s = (struct hd_seen){ .arena = a, .cap = FIRST_CAP };
	s->slots = ARENA_ARRAY(a, s->cap, uint64_t);
}

/* The hash's slot, or the free one where it belongs. 0 marks a free slot. */
static uint64_t *
seen_slot(const struct hd_seen *s, uint64_t hash)
{
	size_t i = (size_t)hash & (s->cap - 1);

	while (s->slots[i] != 0 && s->slots[i] != hash)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

static bool
seen_grow(struct hd_seen *s)
{
	struct hd_seen more = *s;

	more.cap *= 2;
	more.slots = arena_try_alloc(s->arena, more.cap * sizeof(uint64_t));
	if (more.slots == NULL) {
		arena_fail(s->arena);
		return false;
	}
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i] != 0)
			*seen_slot(&more, s->slots[i]) = s->slots[i];
	*s = more;
	return true;
}

/* True if it was not there. */
static bool
seen_add(struct hd_seen *s, struct str key)
{
	uint64_t hash = str_hash(key), *slot;

	hash += hash == 0;
	slot = seen_slot(s, hash);
	if (*slot == hash || (s->n + 1 > s->cap / 4 * 3 && !seen_grow(s)))
		return false;
	*seen_slot(s, hash) = hash;
	s->n++;
	return true;
}

void
hd_walk_init(struct hd_walk *w, struct arena *a, int64_t max_pages)
{
	*w = (struct hd_walk){ .page = 1, .max_pages = max_pages };
	seen_init(&w->seen, a);
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
	size_t fresh = 0;

	if (p->n == 0)
		return HD_STOP_EMPTY;
	for (size_t i = 0; i < p->n; i++)
		fresh += seen_add(&w->seen, p->keys[i].text);
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
