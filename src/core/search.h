/*
 * Text as it is searched for: without case and without marks, so that "joao" finds "João". Both
 * sides go through it: what is stored beside a name, and what somebody types.
 */
#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H

#include "base/arena.h"
#include "base/str.h"

/* The text decomposed (Unicode NFKD), its marks left out and its case folded; of the arena.
 * Absent stays absent; text that is not UTF-8 comes back as it is. Pure, thread-safe. */
struct str search_fold(struct arena *, struct str text);

/* What a person is found by: name and user name, folded, one a line. */
struct str search_name(struct arena *, struct str name, struct str username);

#endif
