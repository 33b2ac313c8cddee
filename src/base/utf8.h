/* UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, nothing beyond U+10FFFF. */
#ifndef RECADO_BASE_UTF8_H
#define RECADO_BASE_UTF8_H

#include "base/str.h"

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define UTF8_REPLACED    0xFFFD

/*
 * Length of the sequence at p (n > 0 bytes are there): 1…4. If it is not valid, *valid is false and
 * the answer is how many bytes one U+FFFD stands for (the longest beginning of a valid sequence, at
 * least 1).
 */
size_t utf8_step(const char *p, size_t n, bool *valid);
/*
 * The character at *at (< s.n), which moves behind it. What is not valid counts as one U+FFFD, by
 * the same steps.
 */
uint32_t utf8_next(struct str s, size_t *at);
/* Bytes at the front of s that are valid. s.n if all are. */
size_t utf8_valid_prefix(struct str s);
/* At most `max` bytes of s, cut before a character that would not fit whole. */
struct str utf8_cut(struct str s, size_t max);
/* How many characters (code points) valid text has. */
size_t utf8_length(struct str s);

#endif
