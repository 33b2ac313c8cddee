/*
 * Text made visible: what a reader does not see, or what would end a line or turn it round, is
 * written as the JSON escape that stands for it. So one message stays on one line whatever it
 * holds, and a line shows all it says. Pure.
 */
#ifndef RECADO_CORE_VISIBLE_H
#define RECADO_CORE_VISIBLE_H

#include "base/buf.h"

/*
 * Escaped: control characters (both ranges), " and \, line and paragraph separators, marks of
 * direction, zero-width spaces and other invisible formatting, tags, and the supplementary
 * variation selectors, in which text can be hidden. Kept: what emoji and scripts are joined with
 * (zero-width joiner and non-joiner, U+FE00…U+FE0F). Invalid UTF-8 becomes U+FFFD. The result
 * between quotation marks is a JSON string with the same value.
 */
void visible_add(struct buf *, struct str);
/* Bytes that visible_add writes. */
size_t visible_len(struct str);
/* Bytes at the front (back) of s, whole characters of it, whose visible form has at most `max`
 * bytes; as many as fit. s must be valid UTF-8. */
size_t visible_front(struct str s, size_t max);
size_t visible_back(struct str s, size_t max);
/* The visible form of at most `max` bytes of s, on one line; "…" ends what was cut. */
struct str visible_text(struct arena *, struct str s, size_t max);

#endif
