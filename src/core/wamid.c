/*
 * The small binary record inside a WhatsApp message id (Thrift compact form, observed): who the
 * other side is, which way it went, and the phone app's own id. What always holds: an id that is
 * not exactly of that form is not decoded, and is then its own key.
 */
#include "core/wamid.h"

#include <assert.h>

#include "base/digest.h"

#define PREFIX     "wamid."
#define MAX_PART   127 /* longer lengths would take two bytes */
#define MIN_RECORD 12  /* with one byte in each part */
#define MAX_RECORD (MIN_RECORD - 2 + 2 * MAX_PART)
#define MAX_BASE64 ((MAX_RECORD + 2) / 3 * 4)

#define BYTE_STRUCT 0x1C
#define BYTE_STRING 0x18
#define BYTE_OUT    0x11
#define BYTE_IN     0x12

static const unsigned char middle[3] = { 0x15, 0x02, 0x00 };

/* A length byte and that many printable bytes at *i; moves *i behind them. */
static bool
read_part(struct str rec, size_t *i, struct str *out)
{
	if (*i + 2 > rec.n || (unsigned char)rec.p[*i] != BYTE_STRING)
		return false;
	size_t len = (unsigned char)rec.p[*i + 1];
	if (len == 0 || len > MAX_PART || len > rec.n - *i - 2)
		return false;
	struct str part = { rec.p + *i + 2, len };
	for (size_t k = 0; k < len; k++)
		if ((unsigned char)part.p[k] <= ' ' || (unsigned char)part.p[k] >= 0x7F)
			return false;
	*i += 2 + len;
	*out = part;
	return true;
}

static bool
read_record(struct str rec, struct wamid *out)
{
	struct wamid w = { 0 };
	size_t i = 1;

	if (rec.n < MIN_RECORD || (unsigned char)rec.p[0] != BYTE_STRUCT)
		return false;
	if (!read_part(rec, &i, &w.remote) || rec.n - i < sizeof middle + 1)
		return false;
	if (memcmp(rec.p + i, middle, sizeof middle) != 0)
		return false;
	i += sizeof middle;
	unsigned char way = (unsigned char)rec.p[i++];
	if (way != BYTE_OUT && way != BYTE_IN)
		return false;
	w.outbound = way == BYTE_OUT;
	if (!read_part(rec, &i, &w.key_id) || rec.n - i != 1 || rec.p[i] != 0)
		return false;
	*out = w;
	return true;
}

bool
wamid_decode(struct arena *a, struct str text, struct wamid *out)
{
	if (!str_starts(text, STR(PREFIX)))
		return false;
	struct str b64 = str_sub(text, sizeof PREFIX - 1, text.n);
	if (b64.n == 0 || b64.n > MAX_BASE64)
		return false;
	struct str rec = base64_decode(a, b64);
	return str_is_set(rec) && read_record(rec, out);
}

struct str
wamid_dedup_key(struct arena *a, struct str text)
{
	struct wamid w;

	if (!wamid_decode(a, text, &w))
		return text;
	char *p = arena_alloc(a, w.key_id.n + 2);
	p[0] = w.outbound ? 'o' : 'i';
	p[1] = ':';
	memcpy(p + 2, w.key_id.p, w.key_id.n);
	return str_n(p, w.key_id.n + 2);
}

static size_t
put_part(char *p, size_t n, struct str part)
{
	p[n++] = BYTE_STRING;
	p[n++] = (char)part.n;
	memcpy(p + n, part.p, part.n);
	return n + part.n;
}

struct str
wamid_encode(struct arena *a, const struct wamid *w)
{
	char rec[MAX_RECORD];
	size_t n = 0;

	assert(w->remote.n >= 1 && w->remote.n <= MAX_PART);
	assert(w->key_id.n >= 1 && w->key_id.n <= MAX_PART);
	rec[n++] = BYTE_STRUCT;
	n = put_part(rec, n, w->remote);
	memcpy(rec + n, middle, sizeof middle);
	n += sizeof middle;
	rec[n++] = w->outbound ? BYTE_OUT : BYTE_IN;
	n = put_part(rec, n, w->key_id);
	rec[n++] = 0;
	struct str b64 = base64_encode(a, rec, n);
	return str_fmt(a, PREFIX STR_FMT, STR_ARG(b64));
}
