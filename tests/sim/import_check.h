/*
 * What an import made, against the helpdesk that it was made from, and against itself. Each
 * complaint is a line; none means that all is well. Source: 4-helpdesk §2, §3.
 */
#ifndef RECADO_TESTS_IMPORT_CHECK_H
#define RECADO_TESTS_IMPORT_CHECK_H

#include "base/map.h"
#include "import_scene.h"

struct import_complaints {
	struct buf text;
	size_t n;
};

void import_complain(struct import_complaints *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Lines of text; their columns stand between marks. */
#define IMPORT_MARK      "\x1f"
#define IMPORT_MOST_COLS 16
struct import_lines {
	struct arena *a;
	struct str *v;
	size_t n, cap;
};
void import_lines_add(struct import_lines *, struct str line);
/* Those that are not there are empty. */
void import_split(struct str line, struct str cols[IMPORT_MOST_COLS]);
/* Complains of the lines that only one side has; sorts both. */
void import_compare(struct import_complaints *, const char *what, struct str *want, size_t nwant,
                    struct str *have, size_t nhave);

/* Bodies that were stored once, by message; for "the earlier body is kept". */
struct import_memory {
	struct arena *arena;
	struct map by_message; /* "uuid id" → index */
	struct import_bodies {
		struct str *v;
		size_t n, cap;
	} * of;
	size_t n, cap;
};
void import_memory_init(struct import_memory *, struct arena *);
/* Looks at all messages as they are stored now. */
void import_remember(struct import_scene *, struct import_memory *);

/*
 * At any time: the sessions of every ticket are what its stored trackings and messages make of
 * them, counts are right, no row is without the rows it belongs to. whole: every ticket has the
 * messages and trackings that the helpdesk had of it at the updatedAt that is stored (only where
 * the helpdesk was well-mannered).
 */
void import_check_half(struct import_scene *, bool whole, struct import_complaints *);
/* When the helpdesk is quiet and was read: our tickets, trackings and messages equal its. */
void import_check_truth(struct import_scene *, struct import_complaints *);
/* Likewise, what is within: leads, media, keys, earlier bodies; contacts and tags after a sync. */
void import_check_contents(struct import_scene *, const struct import_memory *,
                           struct import_complaints *);

/* What the law needs to ask in a run over what is stored already: pages of tickets and messages. */
struct import_needed {
	uint64_t tickets, messages;
};
/* full: by hand. The helpdesk must be quiet and well-mannered, everything imported. */
void import_least_pages(struct import_scene *, bool full, struct import_needed *);

#endif
