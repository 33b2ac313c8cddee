/*
 * Is a quotation really in a message? A model cites a message and a short excerpt of it; what it
 * cites is kept, but only what is found here counts as verified. Source: 5-analysis "Report".
 *
 * Both sides are compared in one form, in which these are the same:
 *   - composed and decomposed characters (NFC; not NFKC: full-width digits are other digits);
 *   - any white space or control characters, of any number, and one space; none at both ends;
 *   - typographic and ASCII quotes: ‘ ’ ‚ ‹ › ′ ´ ` and ', “ ” „ « » ″ and ";
 *   - dashes and hyphens of all lengths, the minus sign, and -;
 *   - … and ...
 *   - a text with and without soft hyphens, zero-width characters, direction marks and variation
 *     selectors, so also an emoji with and without U+FE0F or its joiners;
 *   - bytes that are not UTF-8, and U+FFFD.
 * All else makes a difference: case, accents, digits, every other punctuation mark, the marks of
 * *bold* and _italic_, a word left out in the middle with or without an ellipsis.
 *
 * "Found" is plain containment, not at word boundaries: "não" is found in "senão". A model that
 * cites half a word cites what is there; and where words end cannot be told in every script.
 *
 * The text must be what was sent: where personal data was masked, the masked one. "[CPF]" is then
 * found, and the number, which the model never saw, is not.
 */
#ifndef RECADO_CORE_EVIDENCE_H
#define RECADO_CORE_EVIDENCE_H

#include "base/arena.h"
#include "base/str.h"

/*
 * The form in which quotations are compared: valid UTF-8, of at most three times the bytes. The
 * slice itself where it has this form already; else in the arena. STR_NONE for absent; of white
 * space alone an empty text remains. Its own form again gives the same bytes, and so does any part
 * of it, less the spaces at its ends.
 */
struct str evidence_normal(struct arena *, struct str text);

/*
 * The normal form of an excerpt as a model hands it over. What models put around a quotation is
 * taken off: an ellipsis at either end ("...", "[...]", "(...)"), one pair of quotes around the
 * whole, and an ellipsis within those. It stays where nothing with a letter, a digit or an emoji
 * would be left. Whatever is found with it is also found without. Absent stays absent.
 */
struct str evidence_excerpt(struct arena *, struct str excerpt);

/*
 * Whether the excerpt is in the text, both in normal form. Never so for one without a letter, a
 * digit or an emoji: an empty excerpt, or ".", proves nothing. Time is linear in the sum of both.
 */
bool evidence_found(struct str normal_text, struct str normal_excerpt);

#endif
