/*
 * The truth that the simulator tells: people, their address-book entries and every message with its
 * fate, all from one seed; and the webhook bodies in which a connection hears of it. The truth is
 * made first and the bodies from it, so what a server must show in the end is known without
 * applying anything. Times are ms.
 */
#ifndef RECADO_SIM_WORLD_H
#define RECADO_SIM_WORLD_H

#include "sim/dice.h"
#include "sim/wire.h"

enum world_part {
	WORLD_CONTACTS = 1,
	WORLD_HISTORY = 2,
	WORLD_LATE = 4, /* media facts that follow a history */
	WORLD_LIVE = 8, /* live messages, echoes, statuses, edits, revokes, reactions */
	WORLD_ACCOUNT = 16,
	WORLD_ODD = 32, /* things that nobody knows and that must change nothing */
	WORLD_ALL = 63
};

/* The four shapes in which a business says that it does not share its history. */
enum world_decline { DECLINE_NOT, DECLINE_ENVELOPE, DECLINE_BARE, DECLINE_VALUE, DECLINE_METADATA };

struct world_options {
	uint64_t seed;
	uint64_t people_seed; /* 0: as seed; equal ones make the same people on several numbers */
	int64_t at; /* when the number was connected: history lies before, live traffic after */
	struct wire_line line;
	size_t people, messages, chunk_messages, contacts, live;
	unsigned parts;
	enum wire_wrap wrap; /* WIRE_META or WIRE_DIALOG, for contacts and history */
	enum world_decline decline;
};
/* The defaults that `recado-sim help` shows. */
void world_options_init(struct world_options *);

struct world_person {
	struct str name;          /* WhatsApp profile */
	struct str book_name;     /* newest in the address book; absent: not in it */
	struct str old_book_name; /* an earlier entry that was edited */
	int64_t book_at, old_book_at;
	bool removed;            /* from the address book, at book_at + 5 s */
	struct str wa_id;        /* in live traffic; absent: known by user id only */
	struct str wa_id_before; /* the same number in history and address book, perhaps another
	                            variant */
	struct str user_id, username;
	struct str new_wa_id; /* number change; absent: none */
	int64_t changed_at;
};

#define WORLD_MAX_EDITS 2
struct world_message {
	size_t person;
	bool outbound;
	int64_t at; /* whole seconds, in ms */
	struct str key_id;
	enum wire_kind kind;
	struct str text;
	uint64_t salt;
	size_t reply_to; /* index of an earlier message of the person, or SIZE_MAX */
	/* where it shows up */
	bool in_history, in_live;  /* in_live of an outbound one: as an echo */
	bool late;                 /* its media fact follows */
	int64_t heard_at;          /* live: when it is delivered */
	struct str history_status; /* upper case */
	/* what became of it */
	size_t nedits;
	struct {
		struct str text;
		int64_t at;
		struct str key_id;
	} edits[WORLD_MAX_EDITS];
	int64_t revoked_at; /* TIME_NONE: never */
	struct str revoke_key;
	struct str reaction; /* of the other side; absent: none */
	int64_t reaction_at;
	bool reaction_taken_back;
	struct str status; /* greatest status webhook; absent: none */
};

struct world {
	struct world_options options;
	size_t npeople; /* those with conversations come first */
	struct world_person *people;
	size_t nmessages; /* history by person and time, then live ones */
	struct world_message *messages;
};
void world_make(struct arena *, const struct world_options *, struct world *out);

/* The id of a message, as history (own messages: remote is the business) or live traffic writes it.
 */
struct str
world_wamid(struct arena *, const struct world *, const struct world_message *, bool history);

/* One delivery. */
struct world_body {
	struct str bytes;
	int64_t received_at;
	const char *part; /* contacts, history, late, live, account, odd */
	size_t messages;
};
struct world_bodies {
	size_t n, cap;
	struct world_body *v;
};
void world_body_add(struct arena *, struct world_bodies *, struct world_body);
/* All deliveries, oldest first. `batch`: how many live events share a body (1: none). */
void
world_make_bodies(struct arena *, const struct world *, size_t batch, struct world_bodies *out);
void
world_live_bodies(struct arena *, const struct world *, size_t batch, struct world_bodies *out);
void world_history_bodies(struct arena *, const struct world *, struct world_bodies *out);
/* How the postman behaves: seeded shuffling within a window of deliveries, and second deliveries.
 * permille. */
void world_misdeliver(struct arena *, struct world_bodies *, uint64_t seed, size_t window,
                      unsigned duplicate);

/* What a server must show in the end. */
struct world_expect_message {
	size_t message; /* index */
	struct str key; /* dedup key */
	const char *type;
	struct str body; /* of what is shown; STR_NONE: none */
	bool check_body;
	const char *source, *status;
};
struct world_expect {
	bool is_lead;
	const char *source;
	struct str push_name;
	bool has_history, active, deleted;
	size_t nmessages;                      /* rows of the conversation, 0: no conversation */
	struct world_expect_message *messages; /* by (at, key) */
	size_t unread;
	bool ticket;
	int64_t ticket_opened_at;
	bool ticket_history_lead;
};
void
world_expect_person(struct arena *, const struct world *, size_t person, struct world_expect *out);
/* Is the message in any of the bodies that the options ask for? */
bool world_is_told(const struct world *, const struct world_message *);

#endif
