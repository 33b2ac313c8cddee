/*
 * Writes webhook bodies as Meta writes them: envelope, changes, elements; non-ASCII escaped,
 * slashes too. Reference: whatsapp-wire §1–§6. Everything lives in the arena given to wire_begin().
 */
#ifndef RECADO_SIM_WIRE_H
#define RECADO_SIM_WIRE_H

#include "base/json.h"

/* The number that is played. */
struct wire_line {
	struct str phone_number_id, waba_id;
	struct str display_number; /* digits */
};

/* One person as one payload shows them; any may be absent. */
struct wire_person {
	struct str wa_id, user_id, parent_id, username, name;
};

enum wire_kind {
	WIRE_TEXT,
	WIRE_IMAGE,
	WIRE_AUDIO,
	WIRE_VIDEO,
	WIRE_DOCUMENT,
	WIRE_STICKER,
	WIRE_LOCATION,
	WIRE_CONTACTS,
	WIRE_LIST_REPLY,
	WIRE_BUTTON_REPLY,
	WIRE_FORM_REPLY,
	WIRE_CALL_PERMISSION,
	WIRE_BUTTON,
	WIRE_ORDER,
	WIRE_UNSUPPORTED, /* 131051 */
	WIRE_UNAVAILABLE, /* 131060 */
	WIRE_ERRORS,      /* history: content that cannot be given */
	WIRE_PLACEHOLDER, /* history: media comes later, perhaps */
	WIRE_UNKNOWN,     /* a type that nobody knows */
	WIRE_NEW_NUMBER,  /* system: text is the new number */
	WIRE_NEW_USER_ID, /* system: text is the new BSUID */
	WIRE_REACTION,    /* text absent: taken back */
	WIRE_EDIT,
	WIRE_REVOKE,
	WIRE_KINDS
};
/* What `type` says for it. */
const char *wire_kind_type(enum wire_kind);
bool wire_kind_is_media(enum wire_kind);
const char *wire_kind_mime(enum wire_kind); /* of media; else NULL */
/* The id of a medium; sim/media.h has its bytes. */
struct str wire_media_id(struct arena *, uint64_t salt);

struct wire_element {
	struct str from, from_user_id, to, to_user_id;
	struct str id;
	struct str at; /* as written: digits of Unix seconds, normally */
	enum wire_kind kind;
	struct str text; /* body, caption, title, file or place name … */
	struct str
		target; /* edit, revoke, reaction: their message; else context.id, may be absent */
	uint64_t salt;  /* media ids and digests */
	struct str history_status; /* absent: no history_context */
	bool from_me;              /* history_context.from_me, written only where true */
	bool forwarded, referral;
	struct str group_id;
};

struct wire_status {
	struct str id, status, at;
	struct str recipient_id, recipient_user_id;
	int64_t error_code; /* 0: none */
	struct str callback_data;
};

enum wire_wrap { WIRE_META, WIRE_DIALOG, WIRE_BARE };

/* One body being written. */
struct wire {
	struct arena *arena;
	struct buf b;
	struct jw jw;
	enum wire_wrap wrap;
	bool flip;         /* members in another order */
	const char *field; /* of the open change */
	struct str object; /* "whatsapp_business_account" */
};
void wire_begin(struct wire *, struct arena *, enum wire_wrap, bool flip);
/* Opens a change and its value. metadata: with messaging_product and metadata. entry_time 0: none.
 */
void wire_change(struct wire *, const struct wire_line *, const char *field, bool metadata,
                 int64_t entry_time);
void wire_change_end(struct wire *);
/* The finished bytes. */
struct str wire_end(struct wire *);

/* One element of messages[], message_echoes[] or a thread. */
void wire_element(struct wire *, const struct wire_element *);
/* contacts[] as a member of the value. Persons of whom nothing is known are left out. */
void wire_contacts(struct wire *, const struct wire_person *, size_t n);
void wire_status(struct wire *, const struct wire_status *);
/* One element of state_sync[]. action: add, remove, update, delete. */
void wire_state(struct wire *, const struct wire_person *, const char *action, struct str name,
                struct str at);
/* {"metadata":{phase, chunk_order, progress},"threads":[ … and its end. Numbers are text in
 * 360dialog's wrapper. */
void wire_chunk(struct wire *, int64_t phase, int64_t chunk_order, int64_t progress);
void wire_chunk_end(struct wire *);
/* {"id", "context", "messages":[ … and its end. id may be absent. */
void wire_thread(struct wire *, struct str id, const struct wire_person *);
void wire_thread_end(struct wire *);
/* {code, title, message, error_data} */
void wire_error(struct wire *, int64_t code, const char *title);

/* JSON text with every non-ASCII character as \uXXXX and '/' as \/. */
struct str wire_escape(struct arena *, struct str json);

#endif
