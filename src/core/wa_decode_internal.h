/* Shared by the wa_decode_*.c files only. */
#ifndef RECADO_CORE_WA_DECODE_INTERNAL_H
#define RECADO_CORE_WA_DECODE_INTERNAL_H

#include "core/facts.h"
#include "core/wa_decode.h"

/* Where we are in the body: a chain on the stack, written out only for a problem. */
struct wa_at {
	const struct wa_at *up;
	const char *name;
	size_t index; /* WA_NO_INDEX: a plain member */
};
#define WA_NO_INDEX SIZE_MAX

/* One change being read. */
struct wa_ctx {
	struct arena *arena;
	struct facts *out;
	size_t route;
	int64_t entry_time; /* ms or TIME_NONE */
	struct str field;
	enum fact_origin origin;
	bool content_only;
	bool in_history;
	bool too_long; /* a person's id beyond WA_MAX_ID was met in this element */
	bool over;     /* the arena is used up: nothing more is read */
	struct fact_person thread;
	struct fact_person contact;
	int64_t newest;    /* greatest time among the value's elements */
	size_t first_link; /* links of this change begin here */
};

/* wa_decode_util.c */

/* Room for one more element of a list: the list, doubled in the arena if needed. When the arena is
 * used up the last element is given again and ctx->over set. */
void *wa_decode_grow(struct wa_ctx *, void *v, size_t *n, size_t *cap, size_t size);
#define WA_PUSH(ctx, list)                                                                         \
	((list).v = wa_decode_grow((ctx), (list).v, &(list).n, &(list).cap, sizeof *(list).v),     \
	 &(list).v[(list).n - 1])

/* Room for `extra` more elements at once; without memory for it nothing changes. */
void *wa_decode_reserve(struct wa_ctx *, void *v, size_t n, size_t *cap, size_t size, size_t extra);
#define WA_RESERVE(ctx, list, extra)                                                               \
	((list).v = wa_decode_reserve((ctx), (list).v, (list).n, &(list).cap, sizeof *(list).v,    \
	                              (extra)))

/* true when reading must stop. */
bool wa_decode_is_over(struct wa_ctx *);
void wa_decode_problem(struct wa_ctx *, const struct wa_at *, const char *code, const char *detail,
                       const cJSON *element, struct str wamid);
/* Decimal seconds, text or number, to ms; TIME_NONE if none or outside the years 1 to 9999, which
 * is more than any database or text must hold. raw: as written. */
int64_t wa_decode_time(struct wa_ctx *, const cJSON *v, struct str *raw);
/* Short text of a member: STR_NONE where absent or blank; cut at WA_MAX_NAME. */
struct str wa_decode_name(struct wa_ctx *, const cJSON *v);
/* A message id: NULL and *out, or the code of what is wrong with it. */
const char *wa_decode_id(struct wa_ctx *, const cJSON *v, struct str *out);
/* element.group_id or recipient_type "group". */
bool wa_decode_is_group(const cJSON *element);

/* wa_decode_people.c */

/* phone: a number or, in its place, a BSUID. Any argument may be NULL. */
struct fact_person wa_decode_person(struct wa_ctx *, const cJSON *phone, const cJSON *user_id,
                                    const cJSON *parent_id, const cJSON *username);
/* Is there an id to know the person by? (A username alone is none.) */
bool wa_decode_person_is_set(const struct fact_person *);
/* The sender and the receiver of a message element. */
struct fact_person wa_decode_from(struct wa_ctx *, const cJSON *element);
struct fact_person wa_decode_to(struct wa_ctx *, const cJSON *element);
/* contacts[] of a value: links, and ctx->contact if there is exactly one. */
void wa_decode_contacts(struct wa_ctx *, const cJSON *value);
/* Gives the links of this change their time. */
void wa_decode_links_end(struct wa_ctx *);
/* `system` messages that say a person changed number or id. */
void wa_decode_number_change(struct wa_ctx *, const cJSON *element, int64_t at);

/* wa_decode_message.c */

/* Every element of an array of messages, with ctx->origin. `list` is its member name. */
void
wa_decode_messages(struct wa_ctx *, const cJSON *array, const char *list, const struct wa_at *);

/* wa_decode_amend.c: edit, revoke, reaction, and statuses[] */

enum wa_act { WA_ACT_NONE, WA_ACT_EDIT, WA_ACT_REVOKE, WA_ACT_REACTION };
enum wa_act wa_decode_act(struct str type);
/* element of a type that is an act, with id `id`. */
void wa_decode_amendment(struct wa_ctx *, enum wa_act, const cJSON *element, struct str id,
                         const struct wa_at *);
/* history_context.from_me; false if it says nothing. */
bool wa_decode_from_me(const cJSON *element, bool *out);
void wa_decode_statuses(struct wa_ctx *, const cJSON *array, const struct wa_at *);

/* wa_decode_history.c */
void wa_decode_history(struct wa_ctx *, const cJSON *value, const struct wa_at *);

/* wa_decode_account.c */
void wa_decode_state_sync(struct wa_ctx *, const cJSON *value, const struct wa_at *);
void wa_decode_errors(struct wa_ctx *, const cJSON *array);
void wa_decode_account(struct wa_ctx *, const cJSON *value);
bool wa_decode_is_account_field(struct str field);

#endif
