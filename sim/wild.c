/*
 * Throws bodies together from small pools. What always holds: the same seed gives the same bytes;
 * each body is something that Meta could send, or the kind of damage that has been seen on the
 * wire.
 */
#include "sim/wild.h"

#include "base/time.h"
#include "core/wamid.h"

#define MAX_PEOPLE  8
#define MAX_KEYS    24
#define MAX_TIMES   10
#define STEP_MS     7000
#define MAX_CHANGES 3

struct wild_person {
	struct str forms[2]; /* of the number; the same twice, or absent */
	struct str user_id, parent_id, username, name;
};
struct wild_key {
	struct str id;
	bool outbound, decodes;
};
struct wild {
	struct arena *arena;
	struct dice d;
	const struct wild_options *o;
	struct wild_person people[MAX_PEOPLE];
	struct wild_key keys[MAX_KEYS];
	int64_t times[MAX_TIMES]; /* seconds */
	size_t npeople, nkeys;
	const struct wire_line *line;
};

static void
make_people(struct wild *x)
{
	static const char *const numbers[][2] = {
		{ "5511987654321", "551187654321" },
		{ "5521976543210", "552176543210" },
		{ "551133334444", "551133334444" },
		{ "5215512345678", "525512345678" },
		{ "5491123456789", "541123456789" },
		{ "34600111222", "34600111222" },
		{ NULL, NULL },
		{ "5531996660000", "553196660000" },
	};

	x->npeople = 2 + dice_below(&x->d, MAX_PEOPLE - 1);
	for (size_t i = 0; i < x->npeople; i++) {
		struct wild_person *p = &x->people[i];
		p->forms[0] = str_from(numbers[i][0]);
		p->forms[1] = str_from(numbers[i][1]);
		p->name = str_fmt(x->arena, "Pessoa %zu", i);
		if (numbers[i][0] == NULL || dice_permille(&x->d, 500)) {
			p->user_id = str_fmt(x->arena, "BR.%zu00000000000001", i + 1);
			p->username = str_fmt(x->arena, "pessoa.%zu", i);
			if (dice_permille(&x->d, 300))
				p->parent_id = str_fmt(x->arena, "BR.ENT.%zu", i + 1);
		}
	}
}

static void
make_pools(struct wild *x)
{
	int64_t base = x->o->at / TIME_SECOND;

	x->nkeys = 3 + dice_below(&x->d, MAX_KEYS - 2);
	for (size_t i = 0; i < x->nkeys; i++) {
		struct wild_key *k = &x->keys[i];
		k->outbound = dice_permille(&x->d, 450);
		k->decodes = !dice_permille(&x->d, 150);
		k->id = str_fmt(x->arena, "3A%04zX", i * 257 + 1);
	}
	for (size_t i = 0; i < MAX_TIMES; i++)
		x->times[i] = base - (int64_t)(dice_permille(&x->d, 500)
		                                       ? dice_below(&x->d, 4)
		                                       : dice_below(&x->d, 86400 * 100));
}

/* A moment as written: mostly one of few, now and then a bad one. */
static struct str
throw_time(struct wild *x)
{
	static const char *const bad[] = { "0", "-5", "99999999999", "ontem", "1200000000" };
	int64_t t = x->times[dice_below(&x->d, MAX_TIMES)];

	if (dice_permille(&x->d, 60))
		return str_from(bad[dice_below(&x->d, sizeof bad / sizeof bad[0])]);
	if (dice_permille(&x->d, 40)) /* good or bad: it depends on when it was received */
		t = x->o->at / TIME_SECOND + 86400 + (int64_t)dice_below(&x->d, 300);
	else if (dice_permille(&x->d, 300))
		t += (int64_t)dice_below(&x->d, 200);
	return str_fmt(x->arena, "%lld", (long long)t);
}

/* The person as one payload shows them: at least one identity. */
static struct wire_person
throw_person(struct wild *x, size_t i)
{
	const struct wild_person *p = &x->people[i];
	struct wire_person who = { 0 };

	if (str_is_set(p->forms[0]) && (!str_is_set(p->user_id) || dice_permille(&x->d, 600)))
		who.wa_id = p->forms[dice_below(&x->d, 2)];
	if (str_is_set(p->user_id) && (!str_is_set(who.wa_id) || dice_permille(&x->d, 500))) {
		who.user_id = p->user_id;
		who.parent_id = p->parent_id;
	}
	if (str_is_set(p->username) && dice_permille(&x->d, 400))
		who.username = p->username;
	if (dice_permille(&x->d, 700))
		who.name = dice_permille(&x->d, 300) ? STR("Outro nome") : p->name;
	return who;
}

static struct str
throw_wamid(struct wild *x, const struct wild_key *k, const struct wire_person *who)
{
	struct wamid w = { .outbound = k->outbound, .key_id = k->id };

	if (!k->decodes)
		return str_fmt(x->arena, "wamid.cru/" STR_FMT, STR_ARG(k->id));
	if (k->outbound && dice_permille(&x->d, 500))
		w.remote = x->line->display_number;
	else
		w.remote = str_is_set(who->wa_id) ? who->wa_id : who->user_id;
	return wamid_encode(x->arena, &w);
}

static const struct wild_key *
throw_key(struct wild *x)
{
	return &x->keys[dice_below(&x->d, x->nkeys)];
}

static struct str
throw_text(struct wild *x)
{
	static const char *const texts[] = { "oi", "olá", "olá!", "", "👍", "linha\nnova" };

	return str_from(texts[dice_below(&x->d, sizeof texts / sizeof texts[0])]);
}

static enum wire_kind
throw_kind(struct wild *x, bool history)
{
	static const enum wire_kind kinds[] = { WIRE_TEXT,     WIRE_TEXT,        WIRE_TEXT,
		                                WIRE_IMAGE,    WIRE_DOCUMENT,    WIRE_AUDIO,
		                                WIRE_EDIT,     WIRE_REVOKE,      WIRE_REACTION,
		                                WIRE_REACTION, WIRE_UNSUPPORTED, WIRE_UNKNOWN };
	enum wire_kind kind = kinds[dice_below(&x->d, sizeof kinds / sizeof kinds[0])];

	if (history && (wire_kind_is_media(kind) || kind == WIRE_UNKNOWN))
		return dice_permille(&x->d, 700) ? WIRE_PLACEHOLDER : WIRE_ERRORS;
	if (!history && dice_permille(&x->d, 25))
		return WIRE_NEW_NUMBER;
	return kind;
}

/* One element about this person; who speaks follows from the key's direction, mostly. */
static struct wire_element
throw_element(struct wild *x, const struct wire_person *who, bool history, bool *outbound)
{
	const struct wild_key *k = throw_key(x);
	struct wire_element e = { .salt = dice_below(&x->d, 4),
		                  .at = throw_time(x),
		                  .kind = throw_kind(x, history) };
	bool out = k->outbound;

	if (e.kind == WIRE_EDIT || e.kind == WIRE_REVOKE || e.kind == WIRE_REACTION) {
		struct wild_key own = { .id = str_fmt(x->arena, "3AF%03llX",
			                              (unsigned long long)dice_below(&x->d, 4096)),
			                .decodes = true };
		e.target = throw_wamid(x, k, who);
		out = e.kind == WIRE_REACTION ? dice_permille(&x->d, 500) : out;
		own.outbound = out;
		e.id = throw_wamid(x, &own, who);
	} else {
		e.id = throw_wamid(x, k, who);
		if (dice_permille(&x->d, 100))
			e.target = throw_wamid(x, throw_key(x), who);
	}
	e.text = e.kind == WIRE_REACTION && dice_permille(&x->d, 300) ? STR_NONE : throw_text(x);
	if (e.kind == WIRE_NEW_NUMBER) {
		const struct wild_person *other = &x->people[dice_below(&x->d, x->npeople)];
		e.text = str_is_set(other->forms[0]) ? other->forms[dice_below(&x->d, 2)]
		                                     : STR("5541999990000");
		out = false;
	}
	if (out) {
		e.from = x->line->display_number;
		if (!history || dice_permille(&x->d, 700)) {
			e.to = who->wa_id;
			e.to_user_id = who->user_id;
		}
		e.from_me = history && dice_permille(&x->d, 700);
	} else {
		e.from = who->wa_id;
		e.from_user_id = who->user_id;
	}
	e.forwarded = dice_permille(&x->d, 40);
	*outbound = out;
	return e;
}

static void
put_history(struct wild *x, struct wire *w)
{
	static const char *const statuses[] = { "READ",    "read",  "SENT",   "DELIVERED",
		                                "PENDING", "ERROR", "PLAYED", "NOVO" };
	static const int64_t progress[] = { 10, 55, 60, 100, 100, 101 };
	bool outbound;

	wire_change(w, x->line, "history", true, 0);
	jw_key(&w->jw, "history");
	jw_arr(&w->jw);
	wire_chunk(w, (int64_t)dice_below(&x->d, 3), (int64_t)dice_below(&x->d, 3),
	           progress[dice_below(&x->d, 6)]);
	for (size_t t = dice_below(&x->d, 3); t < 3; t++) {
		struct wire_person who = throw_person(x, dice_below(&x->d, x->npeople));
		wire_thread(w, who.wa_id, &who);
		for (size_t i = dice_below(&x->d, 4); i < 4; i++) {
			struct wire_element e = throw_element(x, &who, true, &outbound);
			e.history_status = str_from(statuses[dice_below(&x->d, 8)]);
			wire_element(w, &e);
		}
		wire_thread_end(w);
	}
	wire_chunk_end(w);
	jw_arr_end(&w->jw);
	wire_change_end(w);
}

/* Live, echo or late history media. */
static void
put_messages(struct wild *x, struct wire *w)
{
	struct wire_person who = throw_person(x, dice_below(&x->d, x->npeople)), shown = who;
	bool late = dice_permille(&x->d, 200), outbound;
	struct wire_element e = throw_element(x, &who, false, &outbound);

	if (late && e.kind == WIRE_NEW_NUMBER)
		late = false;
	wire_change(w, x->line,
	            late       ? "history"
	            : outbound ? "smb_message_echoes"
	                       : "messages",
	            true, 0);
	if (dice_permille(&x->d, 100)) /* the contact also shows what the message does not */
		shown = throw_person(x, dice_below(&x->d, x->npeople));
	if (e.kind != WIRE_NEW_NUMBER && dice_permille(&x->d, 800))
		wire_contacts(w, str_is_set(shown.wa_id) && str_is_set(who.wa_id) ? &who : &shown,
		              1);
	jw_key(&w->jw, outbound ? "message_echoes" : "messages");
	jw_arr(&w->jw);
	wire_element(w, &e);
	jw_arr_end(&w->jw);
	wire_change_end(w);
}

static void
put_statuses(struct wild *x, struct wire *w)
{
	static const char *const names[] = { "sent",   "delivered", "read", "played",
		                             "failed", "failed",    "held" };
	struct wire_person who = throw_person(x, dice_below(&x->d, x->npeople));

	wire_change(w, x->line, "messages", true, 0);
	jw_key(&w->jw, "statuses");
	jw_arr(&w->jw);
	for (size_t i = dice_below(&x->d, 2); i < 2; i++) {
		struct wire_status s = { .id = throw_wamid(x, throw_key(x), &who),
			                 .status = str_from(names[dice_below(&x->d, 7)]),
			                 .at = throw_time(x) };
		if (!dice_permille(&x->d, 200)) {
			s.recipient_id = who.wa_id;
			s.recipient_user_id = who.user_id;
		}
		if (str_eq(s.status, STR("failed")))
			s.error_code = 131026 + (int64_t)dice_below(&x->d, 3);
		wire_status(w, &s);
	}
	jw_arr_end(&w->jw);
	wire_change_end(w);
}

static void
put_contacts(struct wild *x, struct wire *w)
{
	static const char *const actions[] = { "add",    "add",    "add",  "update",
		                               "remove", "delete", "outra" };

	wire_change(w, x->line, "smb_app_state_sync", true, 0);
	jw_key(&w->jw, "state_sync");
	jw_arr(&w->jw);
	for (size_t i = dice_below(&x->d, 3); i < 3; i++) {
		struct wire_person who = throw_person(x, dice_below(&x->d, x->npeople));
		const char *action = actions[dice_below(&x->d, 7)];
		wire_state(w, &who, action,
		           action[0] == 'r' || dice_permille(&x->d, 200) ? STR_NONE : throw_text(x),
		           throw_time(x));
	}
	jw_arr_end(&w->jw);
	wire_change_end(w);
}

static void
put_account(struct wild *x, struct wire *w)
{
	static const char *const events[] = { "PARTNER_REMOVED",     "ACCOUNT_OFFBOARDED",
		                              "ACCOUNT_RECONNECTED", "PARTNER_ADDED",
		                              "DISABLED_UPDATE",     "NOVIDADE" };
	int64_t at = dice_permille(&x->d, 200)
	                     ? 0
	                     : x->o->at / TIME_SECOND + (int64_t)dice_below(&x->d, 4);

	wire_change(w, x->line, "account_update", false, at);
	jw_kz(&w->jw, "event", events[dice_below(&x->d, 6)]);
	if (dice_permille(&x->d, 300))
		jw_kstr(&w->jw, "phone_number", x->line->display_number);
	wire_change_end(w);
}

static void
put_errors(struct wild *x, struct wire *w)
{
	bool inside = dice_permille(&x->d, 500);

	wire_change(w, x->line, "history", true, 0);
	if (inside) {
		jw_key(&w->jw, "history");
		jw_arr(&w->jw);
		jw_obj(&w->jw);
	}
	jw_key(&w->jw, "errors");
	jw_arr(&w->jw);
	wire_error(w, dice_permille(&x->d, 800) ? 2593109 : 2593108, "History sync declined");
	jw_arr_end(&w->jw);
	if (inside) {
		jw_obj_end(&w->jw);
		jw_arr_end(&w->jw);
	}
	wire_change_end(w);
}

static void
put_change(struct wild *x, struct wire *w)
{
	static const struct wire_line stranger = { .phone_number_id = { "999", 3 },
		                                   .waba_id = { "998", 3 },
		                                   .display_number = { "551199990000", 12 } };
	uint64_t throw = dice_below(&x->d, 100);

	x->line = &x->o->lines[dice_below(&x->d, x->o->nlines)];
	if (x->o->strangers && dice_permille(&x->d, 30))
		x->line = &stranger;
	if (throw < 26)
		put_history(x, w);
	else if (throw < 66)
		put_messages(x, w);
	else if (throw < 80)
		put_statuses(x, w);
	else if (throw < 92)
		put_contacts(x, w);
	else if (throw < 97)
		put_account(x, w);
	else
		put_errors(x, w);
}

void
wild_make(struct arena *a, const struct wild_options *o, struct world_bodies *out)
{
	struct wild x = { .arena = a, .d = dice_for(o->seed, 20, 0), .o = o };
	struct world_bodies list = { 0 };
	int64_t at = o->at;

	make_people(&x);
	make_pools(&x);
	for (size_t i = 0; i < o->bodies; i++) {
		struct wire w;
		struct str bytes;
		at += STEP_MS * (int64_t)dice_below(&x.d, 3);
		if (dice_permille(&x.d, 10)) {
			bytes = STR("{\"object\":\"page\",\"entry\":[]}");
		} else if (dice_permille(&x.d, 10)) {
			bytes = STR("{\"object\":\"whatsapp_business_account\",\"entry\":[");
		} else {
			size_t changes =
				1 + (dice_permille(&x.d, 250) ? dice_below(&x.d, MAX_CHANGES) : 0);
			wire_begin(&w, a, WIRE_META, dice_permille(&x.d, 200));
			for (size_t k = 0; k < changes; k++)
				put_change(&x, &w);
			bytes = wire_end(&w);
		}
		world_body_add(a, &list, (struct world_body){ bytes, at, "wild", 0 });
		if (dice_permille(&x.d, 80)) /* delivered again, now or later */
			world_body_add(a, &list,
			               (struct world_body){
					       bytes, at + STEP_MS * (int64_t)dice_below(&x.d, 4),
					       "wild", 0 });
	}
	*out = list;
}
