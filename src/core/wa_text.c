/*
 * The readable body, the raw object and the content rank of one message, by type. One table; a type
 * that is not in it keeps its object and has no body. What always holds: nothing here fails, a body
 * is never longer than WA_MAX_BODY, and a message whose own object is missing is a stub.
 */
#include "core/wa_text.h"

#include "base/utf8.h"
#include "core/wa_decode.h"

struct type_row {
	const char *name;
	enum content_rank content;
	bool array; /* its own member is an array */
	struct str (*body)(struct arena *, const cJSON *own);
};

/* Text of a member, STR_NONE where absent or empty. */
static struct str
filled(struct arena *a, const cJSON *obj, const char *name)
{
	struct str s = json_text(a, json_get(obj, name));

	return s.n == 0 ? STR_NONE : s;
}

static struct str
filled_or(struct arena *a, const cJSON *obj, const char *name, const char *other)
{
	struct str s = filled(a, obj, name);

	return str_is_set(s) ? s : filled(a, obj, other);
}

static struct str
body_text(struct arena *a, const cJSON *own)
{
	return json_text(a, json_get(own, "body"));
}

static struct str
body_caption(struct arena *a, const cJSON *own)
{
	return filled(a, own, "caption");
}

static struct str
body_document(struct arena *a, const cJSON *own)
{
	return filled_or(a, own, "caption", "filename");
}

static struct str
coordinate(struct arena *a, const cJSON *v)
{
	return json_is_number(v) ? json_raw(a, v) : json_text(a, v);
}

static struct str
body_location(struct arena *a, const cJSON *own)
{
	struct str s = filled_or(a, own, "name", "address");
	struct str lat, lon;

	if (str_is_set(s))
		return s;
	lat = coordinate(a, json_get(own, "latitude"));
	lon = coordinate(a, json_get(own, "longitude"));
	if (lat.n == 0 || lon.n == 0)
		return STR_NONE;
	return str_fmt(a, STR_FMT ", " STR_FMT, STR_ARG(lat), STR_ARG(lon));
}

static struct str
card_name(struct arena *a, const cJSON *card)
{
	const cJSON *name = json_get(card, "name");
	struct str s = filled(a, name, "formatted_name");
	struct str first, last;

	if (str_is_set(s))
		return s;
	first = filled(a, name, "first_name");
	last = filled(a, name, "last_name");
	if (str_is_set(first) && str_is_set(last))
		return str_fmt(a, STR_FMT " " STR_FMT, STR_ARG(first), STR_ARG(last));
	if (str_is_set(first) || str_is_set(last))
		return str_is_set(first) ? first : last;
	return filled(a, json_first(json_get(card, "phones")), "phone");
}

static struct str
body_contacts(struct arena *a, const cJSON *own)
{
	struct buf b;

	buf_init(&b, a, WA_MAX_BODY);
	for (const cJSON *card = json_first(own); card != NULL; card = card->next) {
		struct str name = card_name(a, card);
		if (!str_is_set(name))
			continue;
		/* whole names only: what would not fit is left out */
		if (b.n + name.n + 2 > WA_MAX_BODY)
			break;
		if (b.n > 0)
			buf_z(&b, ", ");
		buf_str(&b, name);
	}
	return b.n == 0 ? STR_NONE : buf_slice(&b);
}

static struct str
body_interactive(struct arena *a, const cJSON *own)
{
	static const struct {
		const char *object, *member, *other;
	} places[] = {
		{ "list_reply", "title", "id" },
		{ "button_reply", "title", "id" },
		{ "nfm_reply", "body", "name" },
		{ "call_permission_reply", "response", "response_source" },
		{ "body", "text", "text" },
		{ "header", "text", "text" },
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct str s = filled_or(a, json_get(own, places[i].object), places[i].member,
		                         places[i].other);
		if (str_is_set(s))
			return s;
	}
	return STR_NONE;
}

static struct str
body_button(struct arena *a, const cJSON *own)
{
	return filled_or(a, own, "text", "payload");
}

static struct str
body_order(struct arena *a, const cJSON *own)
{
	const cJSON *items = json_get(own, "product_items");
	struct str s = filled(a, own, "text");

	if (str_is_set(s))
		return s;
	size_t n = json_is_array(items) ? json_count(items) : 0;
	return str_fmt(a, n == 1 ? "%zu item" : "%zu items", n);
}

static const struct type_row types[] = {
	{ "text", CONTENT_REAL, false, body_text },
	{ "image", CONTENT_REAL, false, body_caption },
	{ "video", CONTENT_REAL, false, body_caption },
	{ "audio", CONTENT_REAL, false, NULL },
	{ "sticker", CONTENT_REAL, false, NULL },
	{ "document", CONTENT_REAL, false, body_document },
	{ "location", CONTENT_REAL, false, body_location },
	{ "contacts", CONTENT_REAL, true, body_contacts },
	{ "interactive", CONTENT_REAL, false, body_interactive },
	{ "button", CONTENT_REAL, false, body_button },
	{ "order", CONTENT_REAL, false, body_order },
	{ "system", CONTENT_REAL, false, body_text },
	{ "media_placeholder", CONTENT_PLACEHOLDER, false, NULL },
	{ "unsupported", CONTENT_STUB, false, NULL },
	{ "errors", CONTENT_STUB, true, NULL },
	{ "unknown", CONTENT_STUB, false, NULL },
};

static const struct type_row *
find_row(struct str type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (str_eq(type, str_from(types[i].name)))
			return &types[i];
	return NULL;
}

static bool
is_own(const struct type_row *row, const cJSON *own)
{
	if (row == NULL)
		return json_is_object(own) || json_is_array(own);
	return row->array ? json_is_array(own) : json_is_object(own);
}

/* A stub keeps why: {"errors":[…],"<type>":{…}}, of which either may be absent. */
static struct str
stub_raw(struct arena *a, const cJSON *message, struct str type, const cJSON *own)
{
	const cJSON *errors = json_get(message, "errors");
	struct str first = STR_NONE, second = STR_NONE;

	if (json_is_array(errors))
		first = json_canonical(a, errors);
	if (own != NULL && own != errors && str_eq(type, STR("unsupported")))
		second = json_canonical(a, own);
	if (str_is_set(first) && str_is_set(second))
		return str_fmt(a, "{\"errors\":" STR_FMT ",\"unsupported\":" STR_FMT "}",
		               STR_ARG(first), STR_ARG(second));
	if (str_is_set(first))
		return str_fmt(a, "{\"errors\":" STR_FMT "}", STR_ARG(first));
	if (str_is_set(second))
		return str_fmt(a, "{\"unsupported\":" STR_FMT "}", STR_ARG(second));
	return STR_NONE;
}

/* A text that has nothing but its body needs no raw. */
static bool
is_plain_text(const struct type_row *row, const cJSON *own)
{
	return row == &types[0] && json_count(own) == 1 &&
	       str_is_set(json_str(json_get(own, "body")));
}

void
wa_text_read(struct arena *a, const cJSON *message, struct wa_text *out)
{
	struct str type = json_str(json_get(message, "type"));
	struct wa_text t = { .content = CONTENT_REAL };

	if (type.n == 0)
		type = STR("unknown");
	t.type = utf8_cut(type, WA_MAX_TYPE);
	const struct type_row *row = find_row(type);
	const cJSON *own = json_get(message, type.p); /* JSON text ends in a NUL */
	if (!is_own(row, own))
		own = NULL;
	if (row != NULL)
		t.content = row->content;
	if (own == NULL) /* the type is left out or named otherwise, but the words may be there */
		t.body = filled(a, json_get(message, "text"), "body");
	else if (row != NULL && row->body != NULL)
		t.body = row->body(a, own);
	if (t.content == CONTENT_REAL && !str_is_set(t.body) && (own == NULL || row == &types[0]))
		t.content = CONTENT_STUB;
	if (t.content == CONTENT_STUB)
		t.raw = stub_raw(a, message, type, own);
	else if (own != NULL && !is_plain_text(row, own))
		t.raw = json_canonical(a, own);
	t.body = utf8_cut(t.body, WA_MAX_BODY);
	*out = t;
}
