/* The rules of wa_rules.h. What always holds: they are functions of their arguments alone. */
#include "core/wa_rules.h"

#include "core/phone.h"

static bool
is_own(struct arena *a, struct str number, struct str own, struct str route_own)
{
	return str_is_set(number) &&
	       (phone_same(a, number, own) || phone_same(a, number, route_own));
}

static bool
names_somebody(const struct fact_person *p)
{
	return str_is_set(p->wa_id) || str_is_set(p->user_id);
}

bool
wa_person_usable(struct arena *a, const struct fact_person *p, struct str own, struct str route_own,
                 struct fact_person *out)
{
	struct fact_person u = *p;

	if (is_own(a, u.wa_id, own, route_own))
		u.wa_id = STR_NONE;
	if (!names_somebody(&u))
		return false;
	*out = u;
	return true;
}

static bool
usable(struct arena *a, const struct fact_person *p, struct str own, struct str route_own)
{
	struct fact_person ignored;

	return wa_person_usable(a, p, own, route_own, &ignored);
}

struct wa_place
wa_place_message(struct arena *a, const struct fact_message *f, struct str own,
                 struct str route_own)
{
	struct wa_place r = { 0 };

	r.outbound = (f->from_me_set && f->from_me) || is_own(a, f->from.wa_id, own, route_own) ||
	             usable(a, &f->to, own, route_own);
	if (usable(a, &f->thread, own, route_own))
		r.person = &f->thread;
	else if (r.outbound && usable(a, &f->to, own, route_own))
		r.person = &f->to;
	else if (!r.outbound && usable(a, &f->from, own, route_own))
		r.person = &f->from;
	else if (usable(a, &f->contact, own, route_own))
		r.person = &f->contact;
	return r;
}

struct wa_place
wa_place_amendment(struct arena *a, const struct fact_amendment *f, struct str own,
                   struct str route_own)
{
	struct wa_place r = { 0 };

	r.outbound = f->kind == AMEND_STATUS || (f->from_me_set && f->from_me) ||
	             is_own(a, f->from.wa_id, own, route_own) || usable(a, &f->to, own, route_own);
	if (usable(a, &f->thread, own, route_own))
		r.person = &f->thread;
	else if (r.outbound && usable(a, &f->to, own, route_own))
		r.person = &f->to;
	else if (!r.outbound && usable(a, &f->from, own, route_own))
		r.person = &f->from;
	else if (usable(a, &f->contact, own, route_own))
		r.person = &f->contact;
	else if (usable(a, &f->wamid_remote, own, route_own))
		r.person = &f->wamid_remote;
	return r;
}

const char *
wa_ticket_origin(int64_t opened_at, int64_t first_ticket_at, int64_t first_history_at)
{
	if (first_ticket_at != TIME_NONE && first_ticket_at < opened_at)
		return "existing";
	if (first_history_at != TIME_NONE && first_history_at < opened_at)
		return "history_lead";
	return "new_contact";
}

int64_t
wa_ticket_window(int64_t opened_at, int64_t first_history_at, int64_t newest_live_in)
{
	if (first_history_at != TIME_NONE && first_history_at < opened_at)
		return TIME_NONE;
	return newest_live_in == TIME_NONE ? TIME_NONE : newest_live_in + WA_WINDOW;
}

const char *
wa_sync_status(const struct sync_view *v, int64_t now_ms)
{
	if (v->cloud_api)
		return "not_supported";
	if (v->completed)
		return "completed";
	if ((v->disconnected || v->too_late) && v->progress < 100)
		return "failed";
	if (v->progress >= 100 && !v->chunks_waiting)
		return "completed";
	if (v->has_chunk)
		return "syncing";
	if (v->declined)
		return "declined";
	if (!v->history_requested)
		return "not_requested";
	if (now_ms >= v->started_at + 24 * TIME_HOUR)
		return "failed";
	return v->has_state_sync ? "pending_history" : "pending_consent";
}
