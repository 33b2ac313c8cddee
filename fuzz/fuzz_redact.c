/*
 * Any bytes as a message, any kinds. Masking again changes nothing; valid text stays valid; what is
 * not masked stays byte by byte; a line of its own is masked whatever stands before it.
 */
#include <assert.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const masks[] = { "[CPF]", "[CNPJ]", "[CARTÃO]", "[E-MAIL]", "[TELEFONE]" };

/* Bytes of the mask of one of the kinds that s begins with. */
static size_t
mask_size(struct str s, unsigned kinds)
{
	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++)
		if ((kinds & 1u << i) != 0 && str_starts(s, str_from(masks[i])))
			return strlen(masks[i]);
	return 0;
}

/* What is between the masks stands in the text, in this order. */
static void
check_rest(struct str text, struct str out, unsigned kinds)
{
	size_t from = 0, at = 0;

	while (at < out.n) {
		size_t mask = mask_size(str_sub(out, at, out.n), kinds), n = 0;
		const char *p;

		if (mask > 0) {
			at += mask;
			continue;
		}
		while (at + n < out.n && mask_size(str_sub(out, at + n, out.n), kinds) == 0)
			n++;
		p = memmem(text.p + from, text.n - from, out.p + at, n);
		assert(p != NULL);
		from = (size_t)(p - text.p) + n;
		at += n;
	}
}

static void
check_line(struct arena *a, struct str text, struct str out, unsigned kinds)
{
	struct buf b, wanted;

	buf_init(&b, a, SIZE_MAX / 8);
	buf_str(&b, text);
	buf_z(&b, "\n529.982.247-25\njo@x.com\n");
	buf_init(&wanted, a, SIZE_MAX / 8);
	buf_str(&wanted, out);
	buf_z(&wanted, (kinds & REDACT_CPF) != 0 ? "\n[CPF]\n" : "\n529.982.247-25\n");
	buf_z(&wanted, (kinds & REDACT_EMAIL) != 0 ? "[E-MAIL]\n" : "jo@x.com\n");
	assert(str_eq(redact_text(a, buf_slice(&b), kinds), buf_slice(&wanted)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	unsigned kinds = size > 0 ? (unsigned)data[0] & REDACT_ALL : 0;
	struct str text = str_n((const char *)data + (size > 0), size - (size > 0));
	struct str out = redact_text(a, text, kinds);

	assert(kinds != 0 || out.p == text.p);
	assert(str_eq(redact_text(a, out, kinds), out));
	assert(redact_text(a, out, kinds).p == out.p);
	if (utf8_valid_prefix(text) == text.n)
		assert(utf8_valid_prefix(out) == out.n);
	check_rest(text, out, kinds);
	check_line(a, text, out, kinds);
	assert(arena_check(a) == ERR_OK);
	arena_free(a);
	return 0;
}
