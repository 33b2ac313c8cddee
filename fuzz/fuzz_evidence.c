/*
 * Any bytes as a message. The normal form is valid UTF-8 in NFC with single spaces, is its own
 * normal form, and is the same for the composed and the decomposed text; every part of it with a
 * letter is found in it, with and without what models put around a quotation.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "core/evidence.h"

#define MAX_DECOMPOSED 4096 /* bytes: utf8proc orders marks in quadratic time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_cut(struct str s, size_t at)
{
	return at == s.n || ((unsigned char)s.p[at] & 0xC0) != 0x80;
}

static bool
has_letter(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return true;
	return false;
}

static void
check_form(struct arena *a, struct str text, struct str normal)
{
	assert(normal.n <= 3 * text.n && utf8_valid_prefix(normal) == normal.n);
	assert(normal.n == 0 || (normal.p[0] != ' ' && normal.p[normal.n - 1] != ' '));
	for (size_t i = 0; i + 1 < normal.n; i++)
		assert((unsigned char)normal.p[i] >= ' ' &&
		       (normal.p[i] != ' ' || normal.p[i + 1] != ' '));
	assert(str_eq(evidence_normal(a, normal), normal));
}

/* The arena's copy of what utf8proc makes of it. */
static struct str
mapped(struct arena *a, struct str text, utf8proc_option_t way)
{
	utf8proc_uint8_t *p = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text.p,
	                                  (utf8proc_ssize_t)text.n, &p, UTF8PROC_STABLE | way);
	struct str copy;

	assert(n >= 0);
	copy = str_n(arena_copy(a, p, (size_t)n), (size_t)n);
	free(p);
	return copy;
}

static void
check_composition(struct arena *a, struct str text, struct str normal)
{
	if (text.n > MAX_DECOMPOSED)
		return;
	assert(str_eq(mapped(a, normal, UTF8PROC_COMPOSE), normal));
	if (utf8_valid_prefix(text) != text.n)
		return;
	assert(str_eq(evidence_normal(a, mapped(a, text, UTF8PROC_COMPOSE)), normal));
	assert(str_eq(evidence_normal(a, mapped(a, text, UTF8PROC_DECOMPOSE)), normal));
}

/* The part from one place to another, as the input says where they are. */
static void
check_part(struct arena *a, struct str normal, size_t from, size_t to)
{
	struct str part, form, excerpt;

	from = normal.n == 0 ? 0 : from % (normal.n + 1);
	to = normal.n == 0 ? 0 : from + to % (normal.n - from + 1);
	while (!is_cut(normal, from))
		from--;
	while (!is_cut(normal, to))
		to++;
	part = str_sub(normal, from, to - from);
	form = evidence_normal(a, part);
	excerpt = evidence_excerpt(a, part);
	assert(str_eq(form, str_trim(part)));
	assert(!has_letter(part) || evidence_found(normal, form));
	assert(!evidence_found(normal, form) || evidence_found(normal, excerpt));
	assert(str_eq(evidence_normal(a, excerpt), excerpt));
	assert(!evidence_found(normal, STR("")));
	if (has_letter(form))
		assert(evidence_found(normal,
		                      evidence_excerpt(a, str_fmt(a,
		                                                  "\xE2\x80\x9C" STR_FMT
		                                                  " \xE2\x80\xA6\xE2\x80\x9D",
		                                                  STR_ARG(form)))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	size_t skip = size < 4 ? size : 4;
	struct str text = str_n((const char *)data + skip, size - skip);
	struct str normal = evidence_normal(a, text);

	check_form(a, text, normal);
	check_composition(a, text, normal);
	if (skip == 4)
		check_part(a, normal, data[0] | (size_t)data[1] << 8,
		           data[2] | (size_t)data[3] << 8);
	assert(arena_check(a) == ERR_OK);
	arena_free(a);
	return 0;
}
