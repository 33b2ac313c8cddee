/*
 * How far to walk through a list whose pages are asked for by number, when the source may give any
 * hint or none, obey `page` and `limit` or not. Pure. Source: 4-helpdesk §1 "Stop".
 */
#ifndef RECADO_CORE_HD_WALK_H
#define RECADO_CORE_HD_WALK_H

#include "core/hd_decode.h"
#include "core/hd_seen.h"

enum hd_stop {
	HD_GO_ON,            /* ask for walk->page */
	HD_STOP_EMPTY,       /* the page holds nothing */
	HD_STOP_NOTHING_NEW, /* nothing that this walk has not seen: the source ignores `page` */
	HD_STOP_SAID,        /* hasMore: false */
	HD_STOP_LAST,        /* the last page by the totals */
	HD_STOP_SHORT,       /* no hint at all, and shorter than the first page was */
	HD_STOP_TOO_MANY /* max_pages were read and there is more: an error, never a silent end */
};

struct hd_walk {
	int64_t page; /* to ask for next, from 1; stays at the last one once stopped */
	int64_t max_pages;
	size_t first_n; /* elements of the first page */
	struct hd_seen own;
	struct hd_seen *shared; /* the caller's, in place of it; NULL */
};

/* `arena` lives as long as the walk and grows by 32 to 64 bytes an element. */
void hd_walk_init(struct hd_walk *, struct arena *, int64_t max_pages);
/* Remembers what it meets in the caller's table, which keeps what other walks have met. */
void hd_walk_init_shared(struct hd_walk *, struct hd_seen *, int64_t max_pages);
/* The page that was asked for as walk->page. */
enum hd_stop hd_walk_page(struct hd_walk *, const struct hd_page *);
/* It has more elements than can be remembered: what it says since is worth nothing. */
bool hd_walk_is_over(const struct hd_walk *);
/* Whether the page says that others follow the one that was asked for as `asked`. */
bool hd_walk_says_more(const struct hd_hints *, int64_t asked);
/* "last_page" and so on, for logs. */
const char *hd_stop_name(enum hd_stop);

#endif
