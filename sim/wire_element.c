/*
 * One message element: who, when, and the object of its type. What always holds: every kind has the
 * shape that the reference shows for its type (§2.6, §4, §5.2, §5.3), and the salt alone decides
 * media ids and digests.
 */
#include <assert.h>

#include "sim/media.h"
#include "sim/wire.h"

static const struct {
	const char *type;
	bool media;
	const char *mime;
} kinds[WIRE_KINDS] = {
	[WIRE_TEXT] = { "text", false, NULL },
	[WIRE_IMAGE] = { "image", true, "image/jpeg" },
	[WIRE_AUDIO] = { "audio", true, "audio/ogg; codecs=opus" },
	[WIRE_VIDEO] = { "video", true, "video/mp4" },
	[WIRE_DOCUMENT] = { "document", true, "application/pdf" },
	[WIRE_STICKER] = { "sticker", true, "image/webp" },
	[WIRE_LOCATION] = { "location", false, NULL },
	[WIRE_CONTACTS] = { "contacts", false, NULL },
	[WIRE_LIST_REPLY] = { "interactive", false, NULL },
	[WIRE_BUTTON_REPLY] = { "interactive", false, NULL },
	[WIRE_FORM_REPLY] = { "interactive", false, NULL },
	[WIRE_CALL_PERMISSION] = { "interactive", false, NULL },
	[WIRE_BUTTON] = { "button", false, NULL },
	[WIRE_ORDER] = { "order", false, NULL },
	[WIRE_UNSUPPORTED] = { "unsupported", false, NULL },
	[WIRE_UNAVAILABLE] = { "unsupported", false, NULL },
	[WIRE_ERRORS] = { "errors", false, NULL },
	[WIRE_PLACEHOLDER] = { "media_placeholder", false, NULL },
	[WIRE_UNKNOWN] = { "hologram", false, NULL },
	[WIRE_NEW_NUMBER] = { "system", false, NULL },
	[WIRE_NEW_USER_ID] = { "system", false, NULL },
	[WIRE_REACTION] = { "reaction", false, NULL },
	[WIRE_EDIT] = { "edit", false, NULL },
	[WIRE_REVOKE] = { "revoke", false, NULL },
};

const char *
wire_kind_type(enum wire_kind k)
{
	assert(k < WIRE_KINDS);
	return kinds[k].type;
}

bool
wire_kind_is_media(enum wire_kind k)
{
	return kinds[k].media;
}

const char *
wire_kind_mime(enum wire_kind k)
{
	return kinds[k].mime;
}

struct str
wire_media_id(struct arena *a, uint64_t salt)
{
	return str_fmt(a, "%llu", (unsigned long long)(1000000 + salt % 1000000000000));
}

static void
put_media(struct wire *w, const struct wire_element *e)
{
	unsigned char sha[SHA256_LEN];
	struct jw *jw = &w->jw;

	jw_key(jw, kinds[e->kind].type);
	jw_obj(jw);
	if (str_is_set(e->text) && e->kind != WIRE_AUDIO && e->kind != WIRE_STICKER)
		jw_kstr(jw, "caption", e->text);
	if (e->kind == WIRE_DOCUMENT)
		jw_kstr(jw, "filename",
		        str_fmt(w->arena, "arquivo-%u.pdf", (unsigned)(e->salt % 1000)));
	jw_kz(jw, "mime_type", kinds[e->kind].mime);
	struct str id = wire_media_id(w->arena, e->salt);
	media_digest(media_seed(id), media_size(id), sha);
	if (e->salt % 3 == 0)
		jw_kstr(jw, "sha256", hex_encode(w->arena, sha, sizeof sha));
	else
		jw_kstr(jw, "sha256", base64_encode(w->arena, sha, sizeof sha));
	jw_kstr(jw, "id", id);
	if (e->salt % 2 == 0)
		jw_kstr(jw, "url",
		        str_fmt(w->arena,
		                "https://lookaside.fbsbx.com/whatsapp_business/attachments/"
		                "?mid=" STR_FMT,
		                STR_ARG(id)));
	if (e->kind == WIRE_AUDIO)
		jw_kbool(jw, "voice", e->salt % 4 != 0);
	if (e->kind == WIRE_STICKER)
		jw_kbool(jw, "animated", e->salt % 2 == 0);
	jw_obj_end(jw);
}

static void
put_location(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "location");
	jw_obj(jw);
	jw_key(jw, "latitude");
	jw_double(jw, -23.5 - (double)(e->salt % 1000) / 1000);
	jw_key(jw, "longitude");
	jw_double(jw, -46.25 - (double)(e->salt % 777) / 1000);
	if (str_is_set(e->text)) {
		jw_kstr(jw, "name", e->text);
		jw_kz(jw, "address", "Rua das Palmeiras, 10");
	}
	jw_obj_end(jw);
}

static void
put_contacts(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "contacts");
	jw_arr(jw);
	jw_obj(jw);
	jw_key(jw, "name");
	jw_obj(jw);
	jw_kstr(jw, "formatted_name", e->text);
	jw_kstr(jw, "first_name", e->text);
	jw_obj_end(jw);
	jw_key(jw, "phones");
	jw_arr(jw);
	jw_obj(jw);
	jw_kz(jw, "phone", "+55 11 98765-4321");
	jw_kz(jw, "wa_id", "5511987654321");
	jw_kz(jw, "type", "CELL");
	jw_obj_end(jw);
	jw_arr_end(jw);
	jw_obj_end(jw);
	jw_arr_end(jw);
}

static void
put_interactive(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;
	const char *kind = e->kind == WIRE_LIST_REPLY     ? "list_reply"
	                   : e->kind == WIRE_BUTTON_REPLY ? "button_reply"
	                   : e->kind == WIRE_FORM_REPLY   ? "nfm_reply"
	                                                  : "call_permission_reply";

	jw_key(jw, "interactive");
	jw_obj(jw);
	jw_kz(jw, "type", kind);
	jw_key(jw, kind);
	jw_obj(jw);
	if (e->kind == WIRE_FORM_REPLY) {
		jw_kz(jw, "name", "flow");
		jw_kstr(jw, "body", e->text);
		jw_kz(jw, "response_json", "{\"flow_token\":\"t1\",\"dia\":\"segunda\"}");
	} else if (e->kind == WIRE_CALL_PERMISSION) {
		jw_kz(jw, "response", "accept");
	} else {
		jw_kz(jw, "id", "opcao-1");
		jw_kstr(jw, "title", e->text);
		if (e->kind == WIRE_LIST_REPLY)
			jw_kz(jw, "description", "Até 18h");
	}
	jw_obj_end(jw);
	jw_obj_end(jw);
}

static void
put_order(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "order");
	jw_obj(jw);
	jw_kz(jw, "catalog_id", "7770001");
	jw_kstr(jw, "text", e->text);
	jw_key(jw, "product_items");
	jw_arr(jw);
	jw_obj(jw);
	jw_kstr(jw, "product_retailer_id", str_fmt(w->arena, "SKU-%u", (unsigned)(e->salt % 90)));
	jw_ki64(jw, "quantity", 1 + (int64_t)(e->salt % 5));
	jw_key(jw, "item_price");
	jw_double(jw, 9.5);
	jw_kz(jw, "currency", "BRL");
	jw_obj_end(jw);
	jw_arr_end(jw);
	jw_obj_end(jw);
}

static void
put_system(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "system");
	jw_obj(jw);
	jw_kstr(jw, "body",
	        str_fmt(w->arena, "User changed from " STR_FMT " to " STR_FMT, STR_ARG(e->from),
	                STR_ARG(e->text)));
	if (e->kind == WIRE_NEW_NUMBER) {
		jw_kstr(jw, "wa_id", e->text);
		jw_kz(jw, "type", "user_changed_number");
	} else {
		jw_kstr(jw, "user_id", e->text);
		jw_kz(jw, "type", "user_changed_user_id");
	}
	jw_obj_end(jw);
}

static void
put_errors(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	if (e->kind == WIRE_UNSUPPORTED) {
		jw_key(jw, "unsupported");
		jw_obj(jw);
		jw_kz(jw, "type", "poll");
		jw_obj_end(jw);
	}
	jw_key(jw, "errors");
	jw_arr(jw);
	if (e->kind == WIRE_UNAVAILABLE)
		wire_error(w, 131060, "Message unavailable");
	else
		wire_error(w, 131051, "Message type unknown");
	jw_arr_end(jw);
}

static void
put_edit(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "edit");
	jw_obj(jw);
	jw_kstr(jw, "original_message_id", e->target);
	jw_key(jw, "message");
	jw_obj(jw);
	jw_key(jw, "context");
	jw_obj(jw);
	jw_kz(jw, "id", "M0");
	jw_obj_end(jw);
	jw_kz(jw, "type", "text");
	jw_key(jw, "text");
	jw_obj(jw);
	jw_kstr(jw, "body", e->text);
	jw_obj_end(jw);
	jw_obj_end(jw);
	jw_obj_end(jw);
}

/* The small ones: an object of the type's name with one or two members. */
static void
put_plain(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_key(jw, kinds[e->kind].type);
	jw_obj(jw);
	switch (e->kind) {
	case WIRE_TEXT:
		jw_kstr(jw, "body", e->text);
		break;
	case WIRE_BUTTON:
		jw_kz(jw, "payload", "OPCAO");
		jw_kstr(jw, "text", e->text);
		break;
	case WIRE_REACTION:
		jw_kstr(jw, "message_id", e->target);
		if (str_is_set(e->text))
			jw_kstr(jw, "emoji", e->text);
		break;
	case WIRE_REVOKE:
		jw_kstr(jw, "original_message_id", e->target);
		break;
	default:
		jw_ki64(jw, "rays", (int64_t)(e->salt % 100));
		break;
	}
	jw_obj_end(jw);
}

static void
put_content(struct wire *w, const struct wire_element *e)
{
	switch (e->kind) {
	case WIRE_LOCATION:
		put_location(w, e);
		return;
	case WIRE_CONTACTS:
		put_contacts(w, e);
		return;
	case WIRE_LIST_REPLY:
	case WIRE_BUTTON_REPLY:
	case WIRE_FORM_REPLY:
	case WIRE_CALL_PERMISSION:
		put_interactive(w, e);
		return;
	case WIRE_ORDER:
		put_order(w, e);
		return;
	case WIRE_UNSUPPORTED:
	case WIRE_UNAVAILABLE:
	case WIRE_ERRORS:
		put_errors(w, e);
		return;
	case WIRE_NEW_NUMBER:
	case WIRE_NEW_USER_ID:
		put_system(w, e);
		return;
	case WIRE_EDIT:
		put_edit(w, e);
		return;
	case WIRE_PLACEHOLDER:
		return;
	default:
		if (wire_kind_is_media(e->kind))
			put_media(w, e);
		else
			put_plain(w, e);
	}
}

static void
put_context(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;
	bool aims = e->kind == WIRE_EDIT || e->kind == WIRE_REVOKE || e->kind == WIRE_REACTION;

	if ((str_is_set(e->target) && !aims) || e->forwarded) {
		jw_key(jw, "context");
		jw_obj(jw);
		if (str_is_set(e->target) && !aims)
			jw_kstr(jw, "id", e->target);
		if (e->forwarded)
			jw_kbool(jw, "forwarded", true);
		jw_obj_end(jw);
	}
	if (e->referral) {
		jw_key(jw, "referral");
		jw_obj(jw);
		jw_kz(jw, "source_url", "https://fb.me/x");
		jw_kz(jw, "source_id", "120001");
		jw_kz(jw, "source_type", "ad");
		jw_kz(jw, "headline", "Oferta");
		jw_obj_end(jw);
	}
}

void
wire_element(struct wire *w, const struct wire_element *e)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	if (str_is_set(e->from))
		jw_kstr(jw, "from", e->from);
	if (str_is_set(e->from_user_id))
		jw_kstr(jw, "from_user_id", e->from_user_id);
	if (str_is_set(e->to))
		jw_kstr(jw, "to", e->to);
	if (str_is_set(e->to_user_id))
		jw_kstr(jw, "to_user_id", e->to_user_id);
	if (str_is_set(e->group_id))
		jw_kstr(jw, "group_id", e->group_id);
	jw_kstr(jw, "id", e->id);
	jw_kstr(jw, "timestamp", e->at);
	if (w->flip)
		put_content(w, e);
	jw_kz(jw, "type", kinds[e->kind].type);
	if (!w->flip)
		put_content(w, e);
	put_context(w, e);
	if (str_is_set(e->history_status)) {
		jw_key(jw, "history_context");
		jw_obj(jw);
		jw_kstr(jw, "status", e->history_status);
		if (e->from_me)
			jw_kbool(jw, "from_me", true);
		jw_obj_end(jw);
	}
	jw_obj_end(jw);
}
