/*
 * Envelopes and the parts of a value. What always holds: a finished body is valid JSON, pure ASCII,
 * and holds exactly what the caller said; three wrappers (Meta's, 360dialog's, the bare value)
 * share the same value.
 */
#include "sim/wire.h"

#include <assert.h>

#define BODY_LIMIT (8u << 20) /* tests also want bodies that are too large */

void
wire_begin(struct wire *w, struct arena *a, enum wire_wrap wrap, bool flip)
{
	*w = (struct wire){ .arena = a, .wrap = wrap, .flip = flip };
	w->object = STR("whatsapp_business_account");
	buf_init(&w->b, a, BODY_LIMIT);
	jw_init(&w->jw, &w->b);
	if (wrap != WIRE_META)
		return;
	jw_obj(&w->jw);
	if (!flip)
		jw_kstr(&w->jw, "object", w->object);
	jw_key(&w->jw, "entry");
	jw_arr(&w->jw);
}

static void
put_metadata(struct wire *w, const struct wire_line *line)
{
	jw_kz(&w->jw, "messaging_product", "whatsapp");
	jw_key(&w->jw, "metadata");
	jw_obj(&w->jw);
	jw_kstr(&w->jw, "display_phone_number", line->display_number);
	jw_kstr(&w->jw, "phone_number_id", line->phone_number_id);
	jw_obj_end(&w->jw);
}

void
wire_change(struct wire *w, const struct wire_line *line, const char *field, bool metadata,
            int64_t entry_time)
{
	struct jw *jw = &w->jw;

	w->field = field;
	if (w->wrap == WIRE_META) {
		jw_obj(jw);
		jw_kstr(jw, "id", line->waba_id);
		if (entry_time != 0)
			jw_ki64(jw, "time", entry_time);
		jw_key(jw, "changes");
		jw_arr(jw);
		jw_obj(jw);
		if (w->flip)
			jw_kz(jw, "field", field);
		jw_key(jw, "value");
		jw_obj(jw);
	} else if (w->wrap == WIRE_DIALOG) {
		jw_obj(jw);
		jw_kz(jw, "id", "evt-0001");
		jw_kz(jw, "event", field);
		jw_key(jw, "data");
		jw_obj(jw);
		jw_kstr(jw, "id", line->waba_id);
	} else {
		jw_obj(jw);
	}
	if (metadata)
		put_metadata(w, line);
}

void
wire_change_end(struct wire *w)
{
	struct jw *jw = &w->jw;

	jw_obj_end(jw); /* value */
	if (w->wrap == WIRE_DIALOG)
		jw_obj_end(jw);
	if (w->wrap != WIRE_META)
		return;
	if (!w->flip)
		jw_kz(jw, "field", w->field);
	jw_obj_end(jw);
	jw_arr_end(jw);
	jw_obj_end(jw);
}

struct str
wire_end(struct wire *w)
{
	if (w->wrap == WIRE_META) {
		jw_arr_end(&w->jw);
		if (w->flip)
			jw_kstr(&w->jw, "object", w->object);
		jw_obj_end(&w->jw);
	}
	assert(!w->b.over);
	return wire_escape(w->arena, buf_slice(&w->b));
}

void
wire_contacts(struct wire *w, const struct wire_person *p, size_t n)
{
	struct jw *jw = &w->jw;

	jw_key(jw, "contacts");
	jw_arr(jw);
	for (size_t i = 0; i < n; i++) {
		if (!str_is_set(p[i].wa_id) && !str_is_set(p[i].user_id))
			continue;
		jw_obj(jw);
		jw_key(jw, "profile");
		jw_obj(jw);
		if (str_is_set(p[i].name))
			jw_kstr(jw, "name", p[i].name);
		if (str_is_set(p[i].username))
			jw_kstr(jw, "username", p[i].username);
		jw_obj_end(jw);
		if (str_is_set(p[i].wa_id))
			jw_kstr(jw, "wa_id", p[i].wa_id);
		if (str_is_set(p[i].user_id))
			jw_kstr(jw, "user_id", p[i].user_id);
		if (str_is_set(p[i].parent_id))
			jw_kstr(jw, "parent_user_id", p[i].parent_id);
		jw_obj_end(jw);
	}
	jw_arr_end(jw);
}

void
wire_error(struct wire *w, int64_t code, const char *title)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	jw_ki64(jw, "code", code);
	jw_kz(jw, "title", title);
	jw_kz(jw, "message", title);
	jw_key(jw, "error_data");
	jw_obj(jw);
	jw_kz(jw, "details", "simulado");
	jw_obj_end(jw);
	jw_obj_end(jw);
}

void
wire_status(struct wire *w, const struct wire_status *s)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	jw_kstr(jw, "id", s->id);
	jw_kstr(jw, "status", s->status);
	jw_kstr(jw, "timestamp", s->at);
	if (str_is_set(s->recipient_id))
		jw_kstr(jw, "recipient_id", s->recipient_id);
	if (str_is_set(s->recipient_user_id))
		jw_kstr(jw, "recipient_user_id", s->recipient_user_id);
	if (str_is_set(s->callback_data))
		jw_kstr(jw, "biz_opaque_callback_data", s->callback_data);
	if (s->error_code != 0) {
		jw_key(jw, "errors");
		jw_arr(jw);
		wire_error(w, s->error_code, "Message undeliverable");
		jw_arr_end(jw);
	} else if (str_eq(s->status, STR("sent"))) {
		jw_key(jw, "pricing");
		jw_obj(jw);
		jw_kbool(jw, "billable", false);
		jw_kz(jw, "pricing_model", "PMP");
		jw_kz(jw, "category", "service");
		jw_kz(jw, "type", "free_customer_service");
		jw_obj_end(jw);
	}
	jw_obj_end(jw);
}

void
wire_state(struct wire *w, const struct wire_person *p, const char *action, struct str name,
           struct str at)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	jw_kz(jw, "type", "contact");
	jw_key(jw, "contact");
	jw_obj(jw);
	if (str_is_set(name)) {
		jw_kstr(jw, "full_name", name);
		jw_kstr(jw, "first_name", str_sub(name, 0, str_find(name, ' ')));
	}
	if (str_is_set(p->wa_id))
		jw_kstr(jw, "phone_number", p->wa_id);
	if (str_is_set(p->user_id))
		jw_kstr(jw, "user_id", p->user_id);
	if (str_is_set(p->username))
		jw_kstr(jw, "username", p->username);
	jw_obj_end(jw);
	jw_kz(jw, "action", action);
	jw_key(jw, "metadata");
	jw_obj(jw);
	jw_kstr(jw, "timestamp", at);
	jw_obj_end(jw);
	jw_obj_end(jw);
}

static void
put_number(struct wire *w, const char *key, int64_t v)
{
	if (w->wrap == WIRE_DIALOG)
		jw_kstr(&w->jw, key, str_fmt(w->arena, "%lld", (long long)v));
	else
		jw_ki64(&w->jw, key, v);
}

void
wire_chunk(struct wire *w, int64_t phase, int64_t chunk_order, int64_t progress)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	jw_key(jw, "metadata");
	jw_obj(jw);
	put_number(w, "phase", phase);
	put_number(w, "chunk_order", chunk_order);
	put_number(w, "progress", progress);
	jw_obj_end(jw);
	jw_key(jw, "threads");
	jw_arr(jw);
}

void
wire_chunk_end(struct wire *w)
{
	jw_arr_end(&w->jw);
	jw_obj_end(&w->jw);
}

void
wire_thread(struct wire *w, struct str id, const struct wire_person *p)
{
	struct jw *jw = &w->jw;

	jw_obj(jw);
	if (str_is_set(id))
		jw_kstr(jw, "id", id);
	if (str_is_set(p->user_id) || str_is_set(p->username)) {
		jw_key(jw, "context");
		jw_obj(jw);
		if (str_is_set(p->wa_id))
			jw_kstr(jw, "wa_id", p->wa_id);
		if (str_is_set(p->user_id))
			jw_kstr(jw, "user_id", p->user_id);
		if (str_is_set(p->parent_id))
			jw_kstr(jw, "parent_user_id", p->parent_id);
		if (str_is_set(p->username))
			jw_kstr(jw, "username", p->username);
		jw_obj_end(jw);
	}
	jw_key(jw, "messages");
	jw_arr(jw);
}

void
wire_thread_end(struct wire *w)
{
	jw_arr_end(&w->jw);
	jw_obj_end(&w->jw);
}

/* Reads one UTF-8 character (the text is ours and valid); moves *i behind it. */
static uint32_t
next_char(struct str s, size_t *i)
{
	unsigned char c = (unsigned char)s.p[*i];
	size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
	uint32_t u = c & (more == 3 ? 0x07u : more == 2 ? 0x0Fu : 0x1Fu);

	for (size_t k = 1; k <= more && *i + k < s.n; k++)
		u = u << 6 | ((unsigned char)s.p[*i + k] & 0x3Fu);
	*i += more + 1;
	return u;
}

struct str
wire_escape(struct arena *a, struct str json)
{
	static const char hex[] = "0123456789abcdef";
	size_t extra = 0, n = 0;

	for (size_t i = 0; i < json.n; i++)
		extra += (unsigned char)json.p[i] >= 0x80 ? 4 : json.p[i] == '/' ? 1 : 0;
	char *out = arena_alloc(a, json.n + extra + 1);
	for (size_t i = 0; i < json.n;) {
		unsigned char c = (unsigned char)json.p[i];
		if (c < 0x80) {
			if (c == '/')
				out[n++] = '\\';
			out[n++] = (char)c;
			i++;
			continue;
		}
		uint32_t u = next_char(json, &i), units[2] = { u, 0 };
		size_t count = 1;
		if (u >= 0x10000) {
			units[0] = 0xD800 + ((u - 0x10000) >> 10);
			units[1] = 0xDC00 + ((u - 0x10000) & 0x3FF);
			count = 2;
		}
		for (size_t k = 0; k < count; k++) {
			out[n++] = '\\';
			out[n++] = 'u';
			for (int shift = 12; shift >= 0; shift -= 4)
				out[n++] = hex[units[k] >> shift & 15];
		}
	}
	return str_n(out, n);
}
