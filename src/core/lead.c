/* Leads as folds. What always holds: lead_join() is a join; every tie ends in bytes; no id of ours
 * decides anything. */
#include "core/lead.h"

#include "base/digest.h"

void
lead_init(struct lead *l)
{
	*l = (struct lead){
		.wa_changed_at = TIME_NONE,
		.user_changed_at = TIME_NONE,
		.username.rank = TIME_NONE,
		.book.rank = TIME_NONE,
		.profile.rank = TIME_NONE,
		.hand.rank = TIME_NONE,
		.presence_rank = TIME_NONE,
		.presence_received_at = TIME_NONE,
		.first_history_at = TIME_NONE,
		.last_message_at = TIME_NONE,
		.last_active_at = TIME_NONE,
		.last_synced_at = TIME_NONE,
	};
}

static int
cmp_i64(int64_t a, int64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

bool
lead_text_join(struct lead_text *into, struct lead_text from)
{
	int c = cmp_i64(from.rank, into->rank);

	if (from.rank == TIME_NONE || c < 0 || (c == 0 && str_cmp(from.text, into->text) <= 0))
		return false;
	*into = from;
	return true;
}

static bool
join_wa_id(struct lead *into, const struct lead *from)
{
	int c = cmp_i64(from->wa_changed_at, into->wa_changed_at);

	if (!str_is_set(from->wa_id))
		return false;
	if (str_is_set(into->wa_id)) {
		if (c == 0)
			c = from->wa_level - into->wa_level;
		if (c == 0)
			c = str_cmp(from->wa_id, into->wa_id);
		if (c <= 0)
			return false;
	}
	into->wa_id = from->wa_id;
	into->wa_changed_at = from->wa_changed_at;
	into->wa_level = from->wa_level;
	return true;
}

static bool
join_user_id(struct lead *into, const struct lead *from)
{
	int c = cmp_i64(from->user_changed_at, into->user_changed_at);

	if (!str_is_set(from->user_id))
		return false;
	if (str_is_set(into->user_id) &&
	    (c < 0 || (c == 0 && str_cmp(from->user_id, into->user_id) <= 0)))
		return false;
	into->user_id = from->user_id;
	into->user_changed_at = from->user_changed_at;
	return true;
}

/* Greatest by (rank, remove over add, bytes); the same element twice takes the least receive time.
 */
static bool
join_presence(struct lead *into, const struct lead *from)
{
	int c = cmp_i64(from->presence_rank, into->presence_rank);

	if (from->presence_rank == TIME_NONE)
		return false;
	if (c == 0)
		c = (int)from->presence_remove - (int)into->presence_remove;
	if (c == 0)
		c = str_cmp(from->presence_key, into->presence_key);
	if (c < 0 || (c == 0 && from->presence_received_at >= into->presence_received_at))
		return false;
	into->presence_rank = from->presence_rank;
	into->presence_remove = from->presence_remove;
	into->presence_key = from->presence_key;
	into->presence_received_at = from->presence_received_at;
	return true;
}

static bool
take(int64_t *into, int64_t v)
{
	if (v == *into)
		return false;
	*into = v;
	return true;
}

bool
lead_join(struct lead *into, const struct lead *from)
{
	bool changed = join_wa_id(into, from);

	changed |= join_user_id(into, from);
	changed |= join_presence(into, from);
	changed |= lead_text_join(&into->username, from->username);
	changed |= lead_text_join(&into->book, from->book);
	changed |= lead_text_join(&into->profile, from->profile);
	changed |= lead_text_join(&into->hand, from->hand);
	changed |= take(&into->first_history_at,
	                moment_min(into->first_history_at, from->first_history_at));
	changed |= take(&into->last_message_at,
	                moment_max(into->last_message_at, from->last_message_at));
	changed |=
		take(&into->last_active_at, moment_max(into->last_active_at, from->last_active_at));
	changed |=
		take(&into->last_synced_at, moment_max(into->last_synced_at, from->last_synced_at));
	if (str_is_set(from->parent_id) && str_cmp(from->parent_id, into->parent_id) > 0) {
		into->parent_id = from->parent_id;
		changed = true;
	}
	if ((into->evidence | from->evidence) != into->evidence) {
		into->evidence |= from->evidence;
		changed = true;
	}
	return changed;
}

void
lead_derive(const struct lead *l, struct lead_view *out)
{
	static const char *const sources[] = { "state_sync", "helpdesk_import", "live_message",
		                               "history_sync", "direct_creation" };
	bool removed = l->presence_rank != TIME_NONE && l->presence_remove;

	*out = (struct lead_view){ .deleted_at = TIME_NONE };
	for (int i = 0; i < 5; i++) {
		if (l->evidence & (1u << i))
			out->source = sources[i];
	}
	if (l->hand.rank != TIME_NONE)
		out->push_name = l->hand.text;
	else if (l->book.rank != TIME_NONE)
		out->push_name = l->book.text;
	else if (l->profile.rank != TIME_NONE)
		out->push_name = l->profile.text;
	else if (l->username.rank != TIME_NONE)
		out->push_name = l->username.text;
	if (removed)
		out->deleted_at = l->presence_rank != 0 ? l->presence_rank
		                                        : l->presence_received_at;
	/* a lead made by hand is active until its address book says otherwise */
	out->is_active = l->presence_rank == TIME_NONE
	                         ? l->last_active_at != TIME_NONE ||
	                                   (l->evidence & LEAD_DIRECT) != 0
	                         : !removed || l->last_active_at > out->deleted_at;
}

void
lead_from_person(const struct fact_person *p, enum wa_level level, int64_t rank, struct lead *out)
{
	lead_init(out);
	if (str_is_set(p->wa_id)) {
		out->wa_id = p->wa_id;
		out->wa_level = (int)level;
	}
	out->user_id = p->user_id;
	out->parent_id = p->parent_id;
	if (!str_is_empty(p->username))
		out->username = (struct lead_text){ p->username, rank };
}

void
lead_from_contact(struct arena *a, const struct fact_contact *c, int64_t received_at,
                  struct lead *out)
{
	int64_t rank = moment_rank(c->at, received_at);
	unsigned char *digest = arena_alloc(a, SHA256_LEN);

	lead_from_person(&c->person, WA_LEVEL_CONTACT, rank, out);
	digest_sha256(c->bytes, digest);
	out->presence_rank = rank;
	out->presence_remove = c->remove;
	out->presence_key = str_n((const char *)digest, 16);
	out->presence_received_at = received_at;
	out->last_synced_at = received_at;
	if (!c->remove)
		out->evidence = LEAD_STATE_SYNC;
	if (!str_is_empty(c->name))
		out->book = (struct lead_text){ c->name, rank };
}
