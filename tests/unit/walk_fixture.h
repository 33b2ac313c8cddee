/* Pages of a helpdesk's list without a body, for the tests of walks: each letter is an element. */
#ifndef RECADO_TESTS_WALK_FIXTURE_H
#define RECADO_TESTS_WALK_FIXTURE_H

#include "core/hd_decode.h"
#include "testing.h"

/* ids: a letter an element; those in `unnamed` have no id. times[i]: 0 for one that cannot be
 * read. NULL: all are the same. */
static inline struct hd_page
walk_page(const char *ids, const int64_t *times, struct hd_hints hints)
{
	struct arena *a = test_arena();
	struct hd_page p = { .hints = hints, .n = strlen(ids) };

	p.keys = ARENA_ARRAY(a, p.n, struct hd_key);
	p.times = ARENA_ARRAY(a, p.n, int64_t);
	p.tickets = ARENA_ARRAY(a, p.n, struct hd_ticket);
	p.messages = ARENA_ARRAY(a, p.n, struct hd_message);
	for (size_t i = 0; i < p.n; i++) {
		p.keys[i] = (struct hd_key){ str_dup(a, str_n(ids + i, 1)), true };
		p.times[i] = times == NULL ? 1 : times[i] == 0 ? TIME_NONE : times[i];
		if (p.times[i] == TIME_NONE)
			continue;
		p.tickets[p.ntickets++] =
			(struct hd_ticket){ .uuid = p.keys[i].text, .updated_at = p.times[i] };
		p.messages[p.nmessages++] =
			(struct hd_message){ .id = ids[i], .created_at = p.times[i] };
	}
	return p;
}

#endif
