/*
 * A lead row as a fold over its component's evidence. Joining two leads (two people turned out to
 * be one) and adding evidence are the same operation. Source: 3-whatsapp §2 "Identity of a person".
 */
#ifndef RECADO_CORE_LEAD_H
#define RECADO_CORE_LEAD_H

#include "base/uuid.h"
#include "core/facts.h"
#include "core/moment.h"

enum lead_evidence {
	LEAD_STATE_SYNC = 1,
	LEAD_HELPDESK = 2,
	LEAD_LIVE = 4,
	LEAD_HISTORY = 8,
	LEAD_DIRECT = 16 /* ascending strength; 0: no lead, only identities */
};
enum wa_level { WA_LEVEL_NONE, WA_LEVEL_NAMED, WA_LEVEL_CONTACT, WA_LEVEL_MESSAGE };

/* A text register: greatest by (rank, bytes). rank TIME_NONE: empty. */
struct lead_text {
	struct str text;
	int64_t rank;
};

struct lead {
	struct uuid id;
	unsigned evidence;
	struct str wa_id;
	int64_t wa_changed_at;
	int wa_level;
	struct str user_id;
	int64_t user_changed_at;
	struct str parent_id; /* greatest bytes */
	struct lead_text username, book, profile, hand;
	int64_t presence_rank; /* TIME_NONE: never in an address book */
	bool presence_remove;
	struct str presence_key; /* digest of the element */
	int64_t presence_received_at;
	int64_t first_history_at, last_message_at, last_active_at, last_synced_at;
};

struct lead_view {
	const char *source; /* NULL while there is no evidence */
	struct str push_name;
	int64_t deleted_at;
	bool is_active;
};

/* All registers empty. */
void lead_init(struct lead *);
/* into := into ∨ from; true if anything changed. The id is left alone. */
bool lead_join(struct lead *into, const struct lead *from);
void lead_derive(const struct lead *, struct lead_view *out);
bool lead_text_join(struct lead_text *into, struct lead_text from);

/* Evidence of one kind, as a lead to be joined. */
void lead_from_contact(struct arena *, const struct fact_contact *, int64_t received_at,
                       struct lead *out);
void lead_from_person(const struct fact_person *, enum wa_level, int64_t rank, struct lead *out);

#endif
