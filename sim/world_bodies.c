/*
 * Contacts, account events and oddities as webhook bodies, and the postman who mixes them. What
 * always holds: misdelivery changes order and number of the bodies, never their bytes.
 */
#include <stdlib.h>

#include "base/time.h"
#include "sim/world.h"

#define CONTACTS_A_BODY 100

void
world_body_add(struct arena *a, struct world_bodies *list, struct world_body body)
{
	*ARENA_ADD(a, list->v, list->n, list->cap) = body;
}

static struct str
seconds(struct arena *a, int64_t ms)
{
	return str_fmt(a, "%lld", (long long)(ms / TIME_SECOND));
}

static void
put_contact(struct wire *w, const struct world_person *p)
{
	struct wire_person who = { .wa_id = p->wa_id_before,
		                   .user_id = p->user_id,
		                   .username = p->username };

	/* the removal before the entry, and the newer name before the older: nothing is promised
	 * about order */
	if (p->removed)
		wire_state(w, &who, "remove", STR_NONE,
		           seconds(w->arena, p->book_at + 5 * TIME_SECOND));
	wire_state(w, &who, "add", p->book_name, seconds(w->arena, p->book_at));
	if (p->old_book_at != TIME_NONE)
		wire_state(w, &who, "add", p->old_book_name, seconds(w->arena, p->old_book_at));
}

static void
contact_bodies(struct arena *a, const struct world *w, struct world_bodies *out)
{
	const struct world_options *o = &w->options;
	size_t i = 0, bodies = 0;

	while (i < w->npeople) {
		struct wire b;
		size_t in_body = 0;
		wire_begin(&b, a, o->wrap, bodies % 2 == 1);
		wire_change(&b, &o->line, "smb_app_state_sync", true, 0);
		jw_key(&b.jw, "state_sync");
		jw_arr(&b.jw);
		for (; i < w->npeople && in_body < CONTACTS_A_BODY; i++) {
			if (w->people[i].book_at == TIME_NONE)
				continue;
			put_contact(&b, &w->people[i]);
			in_body++;
		}
		jw_arr_end(&b.jw);
		wire_change_end(&b);
		struct str bytes = wire_end(&b);
		if (in_body == 0)
			break;
		world_body_add(a, out,
		               (struct world_body){
				       bytes, o->at + TIME_SECOND * (10 + (int64_t)bodies / 10),
				       "contacts", 0 });
		bodies++;
	}
}

static void
account_event(struct arena *a, const struct world *w, const char *event, int64_t at,
              struct world_bodies *out)
{
	struct wire b;

	wire_begin(&b, a, WIRE_META, true);
	wire_change(&b, &w->options.line, "account_update", false, at / TIME_SECOND);
	jw_kz(&b.jw, "event", event);
	wire_change_end(&b);
	world_body_add(a, out, (struct world_body){ wire_end(&b), at + TIME_SECOND, "account", 0 });
}

static void
account_bodies(struct arena *a, const struct world *w, struct world_bodies *out)
{
	int64_t at = w->options.at;
	struct wire b;

	account_event(a, w, "PARTNER_ADDED", at + 2 * TIME_SECOND, out);
	account_event(a, w, "ACCOUNT_OFFBOARDED", at + 100 * TIME_SECOND, out);
	account_event(a, w, "ACCOUNT_RECONNECTED", at + 160 * TIME_SECOND, out);
	wire_begin(&b, a, WIRE_META, false);
	wire_change(&b, &w->options.line, "phone_number_quality_update", false, at / TIME_SECOND);
	jw_kstr(&b.jw, "display_phone_number", w->options.line.display_number);
	jw_kz(&b.jw, "event", "THROUGHPUT_UPGRADE");
	jw_kz(&b.jw, "max_daily_conversations_per_business", "TIER_2K");
	wire_change_end(&b);
	world_body_add(a, out,
	               (struct world_body){ wire_end(&b), at + 3 * TIME_SECOND, "account", 0 });
}

/* A message to a group: Recado keeps none of those. */
static void
put_group_message(struct wire *b)
{
	struct wire_element e = { .from = STR("5511987650001"),
		                  .group_id = STR("Y2FwaV9ncm91cDox"),
		                  .id = STR("wamid.grupo1"),
		                  .at = STR("1768906900"),
		                  .text = STR("Bom dia, grupo!") };

	jw_key(&b->jw, "messages");
	jw_arr(&b->jw);
	wire_element(b, &e);
	jw_arr_end(&b->jw);
}

static void
odd_bodies(struct arena *a, const struct world *w, struct world_bodies *out)
{
	static const char *const fields[] = { "message_template_status_update", "messages", "flows",
		                              "smb_app_state_sync", "messages" };

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct wire b;
		wire_begin(&b, a, WIRE_META, i % 2 == 0);
		wire_change(&b, &w->options.line, fields[i], i % 2 == 1, 0);
		if (i == 1) {
			put_group_message(&b);
		} else if (i == 3) {
			jw_key(&b.jw, "state_sync");
			jw_arr(&b.jw);
			jw_obj(&b.jw);
			jw_kz(&b.jw, "type", "label");
			jw_kz(&b.jw, "action", "add");
			jw_obj_end(&b.jw);
			jw_arr_end(&b.jw);
		} else {
			jw_kz(&b.jw, "event", "APPROVED");
			jw_kz(&b.jw, "novidade", "ç/ã 🙃");
		}
		wire_change_end(&b);
		world_body_add(a, out,
		               (struct world_body){ wire_end(&b),
		                                    w->options.at + TIME_SECOND * (30 + (int64_t)i),
		                                    "odd", 0 });
	}
	world_body_add(a, out,
	               (struct world_body){ STR("{\"object\":\"page\",\"entry\":[]}"),
	                                    w->options.at + TIME_SECOND * 40, "odd", 0 });
}

static void
decline_body(struct arena *a, const struct world *w, struct world_bodies *out)
{
	static const char title[] = "History sync declined";
	enum world_decline form = w->options.decline;
	struct wire b;

	wire_begin(&b, a, form == DECLINE_BARE ? WIRE_BARE : w->options.wrap, false);
	wire_change(&b, &w->options.line, "history", true, 0);
	if (form != DECLINE_VALUE) {
		jw_key(&b.jw, "history");
		jw_arr(&b.jw);
		jw_obj(&b.jw);
	}
	if (form == DECLINE_METADATA) {
		jw_key(&b.jw, "metadata");
		jw_obj(&b.jw);
		jw_ki64(&b.jw, "phase", 0);
		jw_obj_end(&b.jw);
	}
	jw_key(&b.jw, "errors");
	jw_arr(&b.jw);
	wire_error(&b, 2593109, title);
	jw_arr_end(&b.jw);
	if (form != DECLINE_VALUE) {
		jw_obj_end(&b.jw);
		jw_arr_end(&b.jw);
	}
	wire_change_end(&b);
	world_body_add(a, out,
	               (struct world_body){ wire_end(&b), w->options.at + 20 * TIME_SECOND,
	                                    "history", 0 });
}

static int
by_time(const void *x, const void *y)
{
	const struct world_body *a = x, *b = y;

	if (a->received_at != b->received_at)
		return a->received_at < b->received_at ? -1 : 1;
	return str_cmp(a->bytes, b->bytes);
}

void
world_make_bodies(struct arena *a, const struct world *w, size_t batch, struct world_bodies *out)
{
	struct world_bodies list = { 0 };
	unsigned parts = w->options.parts;

	if (parts & WORLD_ACCOUNT)
		account_bodies(a, w, &list);
	if (parts & WORLD_CONTACTS)
		contact_bodies(a, w, &list);
	if ((parts & WORLD_HISTORY) && w->options.decline != DECLINE_NOT)
		decline_body(a, w, &list);
	world_history_bodies(a, w, &list);
	if (parts & WORLD_LIVE)
		world_live_bodies(a, w, batch, &list);
	if (parts & WORLD_ODD)
		odd_bodies(a, w, &list);
	if (list.n > 0)
		qsort(list.v, list.n, sizeof *list.v, by_time);
	*out = list;
}

void
world_misdeliver(struct arena *a, struct world_bodies *list, uint64_t seed, size_t window,
                 unsigned duplicate)
{
	struct dice d = dice_for(seed, 7, window);
	struct world_bodies mixed = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		world_body_add(a, &mixed, list->v[i]);
		if (dice_permille(&d, duplicate)) {
			struct world_body again = list->v[i];
			again.received_at += TIME_SECOND * dice_range(&d, 1, 600);
			world_body_add(a, &mixed, again);
		}
	}
	for (size_t i = 0; window > 1 && i + 1 < mixed.n; i++) {
		size_t left = mixed.n - i, reach = left < window ? left : window;
		size_t k = i + (size_t)dice_below(&d, reach);
		struct world_body keep = mixed.v[i];
		mixed.v[i] = mixed.v[k];
		mixed.v[k] = keep;
	}
	*list = mixed;
}
