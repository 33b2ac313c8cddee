/*
 * The normalising pass. Why: cJSON accepts what is not JSON, keeps integers as doubles, fails on a
 * truncated emoji and recurses; a webhook must neither be lost nor changed nor bring the process
 * down. What always holds: one pass, no recursion; bytes are copied in runs, and not at all while
 * nothing needs mending; what comes out is valid JSON in valid UTF-8, at most 64 deep.
 */
#include "base/json_repair.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

/* What may come next. */
enum want { WANT_VALUE, WANT_VALUE_OR_END, WANT_NAME, WANT_NAME_OR_END, WANT_COLON, WANT_NEXT };

struct pass {
	const char *p, *end;
	const char *run; /* from here on not yet copied */
	const char *start;
	struct buf out;
	bool mended;
	unsigned depth;
	uint64_t objects; /* bit per level: object or array */
	enum want want;
};

/* Replaces what lies between the run and `resume`: copies the run up to `at`, then `with`. */
static void
mend(struct pass *s, const char *at, struct str with, const char *resume)
{
	if (!s->mended) {
		size_t n = (size_t)(s->end - s->start);

		s->mended = true;
		(void)buf_reserve(&s->out, n + n / 8 + 16);
	}
	buf_add(&s->out, s->run, (size_t)(at - s->run));
	buf_str(&s->out, with);
	s->run = resume;
}

/* Four hex digits, or -1. */
static int
hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = str_hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* At a backslash. */
static bool
pass_escape(struct pass *s)
{
	const char *at = s->p;
	int unit;

	if (s->end - at < 2)
		return false;
	if (at[1] != 'u') {
		if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
			return false;
		s->p += 2;
		return true;
	}
	unit = hex4(at + 2, s->end);
	if (unit < 0)
		return false;
	s->p += 6;
	if (unit >= 0xd800 && unit <= 0xdbff && s->end - s->p >= 6 && s->p[0] == '\\' &&
	    s->p[1] == 'u') {
		int low = hex4(s->p + 2, s->end);

		if (low >= 0xdc00 && low <= 0xdfff) {
			s->p += 6;
			return true;
		}
	}
	if (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff))
		mend(s, at, STR(UTF8_REPLACEMENT), s->p);
	return true;
}

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* True if none of the 8 bytes is a quote, a backslash, a control character or beyond ASCII. */
static bool
is_plain(const char *p)
{
	uint64_t w, quote, back;

	memcpy(&w, p, sizeof(w));
	quote = w ^ EACH_BYTE('"');
	back = w ^ EACH_BYTE('\\');
	return ((w | (w - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (back - EACH_BYTE(1))) &
	        EACH_BYTE(0x80)) == 0;
}

/* At the opening quote. */
static bool
pass_string(struct pass *s)
{
	s->p++;
	while (s->p < s->end) {
		unsigned char c;
		const char *at;
		bool valid;

		while (s->end - s->p >= 8 && is_plain(s->p))
			s->p += 8;
		if (s->p == s->end)
			return false;
		at = s->p;
		c = (unsigned char)*at;
		if (c == '"') {
			s->p++;
			return true;
		}
		if (c == '\\') {
			if (!pass_escape(s))
				return false;
		} else if (c >= 0x80) {
			s->p += utf8_step(at, (size_t)(s->end - at), &valid);
			if (!valid)
				mend(s, at, STR(UTF8_REPLACEMENT), s->p);
		} else {
			s->p++;
			if (c == '\0')
				return false;
			if (c < 0x20)
				mend(s, at, STR(UTF8_REPLACEMENT), s->p);
		}
	}
	return false;
}

/* Skips digits; how many there were. */
static size_t
digits(struct pass *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

static bool
pass_number(struct pass *s)
{
	const char *at = s->p;
	bool integer = true;
	size_t whole;

	s->p += *s->p == '-';
	if (s->p < s->end && *s->p == '0') {
		s->p++;
		whole = 1;
	} else {
		whole = digits(s);
	}
	if (whole == 0)
		return false;
	if (s->p < s->end && *s->p == '.') {
		integer = false;
		s->p++;
		if (digits(s) == 0)
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		integer = false;
		s->p++;
		s->p += s->p < s->end && (*s->p == '+' || *s->p == '-');
		if (digits(s) == 0)
			return false;
	}
	if ((integer && whole > JSON_MAX_DIGITS) || s->p - at > JSON_MAX_NUMBER_LEN) {
		mend(s, at, STR("\""), at);
		mend(s, s->p, STR("\""), s->p);
	}
	return true;
}

static bool
pass_word(struct pass *s, struct str word)
{
	if (!str_starts(str_n(s->p, (size_t)(s->end - s->p)), word))
		return false;
	s->p += word.n;
	return true;
}

static bool
open_level(struct pass *s, bool object)
{
	if (s->depth == JSON_MAX_DEPTH)
		return false;
	s->objects = s->objects << 1 | object;
	s->depth++;
	s->p++;
	s->want = object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
	return true;
}

static bool
close_level(struct pass *s, bool object)
{
	if (s->depth == 0 || (s->objects & 1) != object)
		return false;
	s->objects >>= 1;
	s->depth--;
	s->p++;
	s->want = WANT_NEXT;
	return true;
}

static bool
pass_value(struct pass *s)
{
	s->want = WANT_NEXT;
	switch (*s->p) {
	case '{':
		return open_level(s, true);
	case '[':
		return open_level(s, false);
	case '"':
		return pass_string(s);
	case 't':
		return pass_word(s, STR("true"));
	case 'f':
		return pass_word(s, STR("false"));
	case 'n':
		return pass_word(s, STR("null"));
	default:
		return pass_number(s);
	}
}

/* One token that is not white space. */
static bool
pass_token(struct pass *s)
{
	char c = *s->p;

	switch (s->want) {
	case WANT_VALUE_OR_END:
		if (c == ']')
			return close_level(s, false);
		return pass_value(s);
	case WANT_VALUE:
		return pass_value(s);
	case WANT_NAME_OR_END:
		if (c == '}')
			return close_level(s, true);
		goto name;
	case WANT_NAME:
	name:
		s->want = WANT_COLON;
		return c == '"' && pass_string(s);
	case WANT_COLON:
		s->want = WANT_VALUE;
		s->p++;
		return c == ':';
	case WANT_NEXT:
		break;
	}
	if (c != ',')
		return (c == '}' || c == ']') && close_level(s, c == '}');
	s->want = (s->objects & 1) != 0 ? WANT_NAME : WANT_VALUE;
	s->p++;
	return s->depth > 0;
}

enum err
json_repair(struct arena *a, struct str text, struct str *out)
{
	struct pass s = { .p = text.p, .run = text.p, .start = text.p };

	if (text.n == 0)
		return ERR_INVALID;
	s.end = text.p + text.n;
	buf_init(&s.out, a, SIZE_MAX / 4);
	for (;;) {
		while (s.p < s.end && (*s.p == ' ' || *s.p == '\n' || *s.p == '\r' || *s.p == '\t'))
			s.p++;
		if (s.p == s.end)
			break;
		if (!pass_token(&s))
			return ERR_INVALID;
	}
	if (s.depth > 0 || s.want != WANT_NEXT)
		return ERR_INVALID;
	if (!s.mended) {
		*out = text;
		return ERR_OK;
	}
	buf_add(&s.out, s.run, (size_t)(s.end - s.run));
	*out = buf_slice(&s.out);
	return buf_check(&s.out);
}
