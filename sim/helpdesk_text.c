/*
 * How the elements read. What always holds: a text is made once and kept until its element changes,
 * so that a page is a concatenation; ids are written as numbers or as text by the world's habit;
 * members of which nothing is known are null or not there, by the element's id.
 */
#include "sim/helpdesk_internal.h"

#include <stdlib.h>

#define ELEMENT_BYTES (1u << 20)

/* The buffer's memory becomes the text. */
static struct str
keep(struct buf *b)
{
	return str_n(b->p, b->n);
}

static void
drop(struct str *s)
{
	free((void *)(uintptr_t)s->p);
	*s = STR_NONE;
}

void
helpdesk_forget_ticket(struct helpdesk_ticket *t)
{
	drop(&t->json);
}

void
helpdesk_forget_message(struct helpdesk_message *m)
{
	drop(&m->json);
}

void
helpdesk_forget_contact(struct helpdesk *w, size_t contact)
{
	drop(&w->contacts[contact].json);
	for (size_t i = 0; i < w->ntickets; i++)
		if (w->tickets[i].contact == contact)
			drop(&w->tickets[i].json);
}

static void
write_id(struct jw *jw, const struct helpdesk *w, const char *name, int64_t id, unsigned turn)
{
	char text[24];
	struct buf b;

	jw_key(jw, name);
	if (w->id_text == 0 || (w->id_text == 2 && (id + turn) % 2 == 0)) {
		jw_i64(jw, id);
		return;
	}
	buf_init(&b, NULL, sizeof text);
	buf_i64(&b, id);
	jw_str(jw, buf_slice(&b));
	buf_deinit(&b);
}

/* An absent value: null for odd ids, no member for the others. */
static void
write_maybe(struct jw *jw, const char *name, struct str value, int64_t id)
{
	if (str_is_set(value) || id % 2 != 0)
		jw_kstr(jw, name, value);
}

static void
write_user(struct jw *jw, const struct helpdesk *w, unsigned user)
{
	static const char *const names[] = { "Márcia Prado", "Leandro Reis", "Bia Antunes" };

	jw_key(jw, "user");
	if (user == 0) {
		jw_null(jw);
		return;
	}
	jw_obj(jw);
	write_id(jw, w, "id", user + 40, 0);
	jw_kz(jw, "name", names[user - 1]);
	jw_kz(jw, "email",
	      user == 1   ? "marcia@loja.exemplo.com.br"
	      : user == 2 ? "leandro@loja.exemplo.com.br"
	                  : "bia@loja.exemplo.com.br");
	jw_obj_end(jw);
}

static void
write_tracking(struct jw *jw, const struct helpdesk *w, const struct helpdesk_tracking *k)
{
	jw_obj(jw);
	write_id(jw, w, "id", k->id, 0);
	jw_ktime(jw, "createdAt", k->created_at);
	jw_ktime(jw, "startedAt", k->started_at);
	jw_ktime(jw, "finishedAt", k->finished_at);
	write_user(jw, w, k->user);
	jw_obj_end(jw);
}

static void
write_trackings(struct jw *jw, const struct helpdesk *w, const struct helpdesk_ticket *t)
{
	if (t->shows == SHOWS_NOTHING)
		return;
	jw_key(jw, "ticketTrakings");
	if (t->shows == SHOWS_NULL) {
		jw_null(jw);
		return;
	}
	jw_arr(jw);
	/* every other ticket has the newest first */
	for (size_t i = 0; i < t->ntrackings; i++) {
		bool back = t->uuid.p[0] % 2 != 0;
		const struct helpdesk_tracking *k = &t->trackings[back ? t->ntrackings - 1 - i : i];
		if (!k->gone)
			write_tracking(jw, w, k);
	}
	jw_arr_end(jw);
}

static void
write_ticket_contact(struct jw *jw, const struct helpdesk *w, const struct helpdesk_contact *c)
{
	jw_key(jw, "contact");
	jw_obj(jw);
	write_id(jw, w, "id", c->id, 1);
	jw_kstr(jw, "name", c->name);
	jw_kstr(jw, "number", c->number);
	write_maybe(jw, "email", c->email, c->id);
	write_maybe(jw, "profilePicUrl", c->picture, c->id);
	jw_obj_end(jw);
}

struct str
helpdesk_ticket_json(struct helpdesk *w, size_t ticket)
{
	struct helpdesk_ticket *t = &w->tickets[ticket];
	struct buf b;
	struct jw jw;

	if (str_is_set(t->json))
		return t->json;
	buf_init(&b, NULL, ELEMENT_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_kstr(&jw, "uuid", t->uuid);
	jw_ktime(&jw, "createdAt", t->created_at);
	jw_ktime(&jw, "updatedAt", t->updated_at);
	jw_kstr(&jw, "status", t->status);
	if (t->is_group || ticket % 2 == 0)
		jw_kbool(&jw, "isGroup", t->is_group);
	jw_ki64(&jw, "companyId", 7);
	jw_ki64(&jw, "unreadMessages", 0);
	if (t->contact != SIZE_MAX)
		write_ticket_contact(&jw, w, &w->contacts[t->contact]);
	else if (ticket % 2 == 0)
		jw_knull(&jw, "contact");
	write_trackings(&jw, w, t);
	jw_obj_end(&jw);
	return t->json = keep(&b);
}

struct str
helpdesk_message_json(struct helpdesk *w, size_t ticket, size_t message)
{
	struct helpdesk_message *m = &w->tickets[ticket].messages[message];
	struct buf b;
	struct jw jw;

	if (str_is_set(m->json))
		return m->json;
	buf_init(&b, NULL, ELEMENT_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	write_id(&jw, w, "id", m->id, m->edits);
	write_maybe(&jw, "key", m->key, m->id);
	write_maybe(&jw, "body", m->body, m->id);
	jw_kbool(&jw, "fromMe", m->from_me);
	write_maybe(&jw, "mediaUrl", m->media_url, m->id);
	write_maybe(&jw, "mediaType", m->media_type, m->id);
	write_id(&jw, w, "ticketId", (int64_t)ticket + 1, 0);
	jw_ktime(&jw, "createdAt", m->created_at);
	jw_ktime(&jw, "updatedAt", m->updated_at);
	if (m->by_ai || m->id % 3 == 0)
		jw_kbool(&jw, "generatedByAi", m->by_ai);
	if (m->by_system || m->id % 3 == 0)
		jw_kbool(&jw, "sendBySystem", m->by_system);
	jw_ki64(&jw, "ack", 3);
	jw_obj_end(&jw);
	return m->json = keep(&b);
}

static void
write_tag(struct jw *jw, const struct helpdesk *w, const struct helpdesk_tag *t)
{
	jw_obj(jw);
	write_id(jw, w, "id", t->id, 0);
	jw_kstr(jw, "name", t->name);
	jw_kstr(jw, "color", t->color);
	jw_ki64(jw, "companyId", 7);
	jw_obj_end(jw);
}

struct str
helpdesk_contact_json(struct helpdesk *w, size_t contact)
{
	struct helpdesk_contact *c = &w->contacts[contact];
	struct buf b;
	struct jw jw;

	if (str_is_set(c->json))
		return c->json;
	buf_init(&b, NULL, ELEMENT_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	write_id(&jw, w, "id", c->id, 0);
	jw_ki64(&jw, "companyId", 7);
	jw_kstr(&jw, "name", c->name);
	jw_kstr(&jw, "number", c->number);
	write_maybe(&jw, "email", c->email, c->id);
	jw_kbool(&jw, "isGroup", c->is_group);
	jw_ki64(&jw, "socialConnectionId", 3);
	write_maybe(&jw, "profilePicUrl", c->picture, c->id);
	jw_ktime(&jw, "createdAt", c->created_at);
	jw_ktime(&jw, "updatedAt", c->updated_at);
	if (c->had_tags || c->id % 2 == 0) {
		jw_key(&jw, "tags");
		jw_arr(&jw);
		for (size_t i = 0; i < c->ntags; i++)
			write_tag(&jw, w, &w->tags[c->tags[i]]);
		jw_arr_end(&jw);
	}
	jw_obj_end(&jw);
	return c->json = keep(&b);
}

/* One line of the truth. */
struct lines {
	struct helpdesk *w;
	struct buf *b;
};

static void
begin_line(struct jw *jw, const struct lines *l, const char *kind, struct str uuid)
{
	jw_init(jw, l->b);
	jw_obj(jw);
	jw_kz(jw, "kind", kind);
	if (str_is_set(uuid))
		jw_kstr(jw, "ticket", uuid);
}

static void
end_line(struct jw *jw, const struct lines *l)
{
	jw_obj_end(jw);
	buf_char(l->b, '\n');
}

static void
line_of_tag(void *ctx, const struct helpdesk_tag *t)
{
	struct lines *l = ctx;
	struct jw jw;

	begin_line(&jw, l, "tag", STR_NONE);
	jw_key(&jw, "element");
	write_tag(&jw, l->w, t);
	end_line(&jw, l);
}

static void
line_of_contact(void *ctx, const struct helpdesk *w, const struct helpdesk_contact *c)
{
	struct lines *l = ctx;
	struct jw jw;

	begin_line(&jw, l, "contact", STR_NONE);
	jw_kraw(&jw, "element", helpdesk_contact_json(l->w, (size_t)(c - w->contacts)));
	end_line(&jw, l);
}

static void
line_of_ticket(void *ctx, const struct helpdesk_ticket *t)
{
	struct lines *l = ctx;
	struct jw jw;

	begin_line(&jw, l, "ticket", t->uuid);
	if (t->poison != POISON_NOT)
		jw_kbool(&jw, "poison", true);
	jw_kraw(&jw, "element", helpdesk_ticket_json(l->w, (size_t)(t - l->w->tickets)));
	end_line(&jw, l);
}

static void
line_of_tracking(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_tracking *k)
{
	struct lines *l = ctx;
	struct jw jw;

	begin_line(&jw, l, "tracking", t->uuid);
	jw_key(&jw, "element");
	write_tracking(&jw, l->w, k);
	end_line(&jw, l);
}

static void
line_of_message(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_message *m)
{
	struct lines *l = ctx;
	struct jw jw;

	begin_line(&jw, l, "message", t->uuid);
	jw_kraw(&jw, "element",
	        helpdesk_message_json(l->w, (size_t)(t - l->w->tickets),
	                              (size_t)(m - t->messages)));
	end_line(&jw, l);
}

void
helpdesk_truth_lines(struct helpdesk *w, struct buf *out)
{
	struct lines l = { w, out };
	struct helpdesk_visitor v = { .ticket = line_of_ticket,
		                      .tracking = line_of_tracking,
		                      .message = line_of_message,
		                      .contact = line_of_contact,
		                      .tag = line_of_tag,
		                      .ctx = &l };

	helpdesk_truth(w, &v);
}
