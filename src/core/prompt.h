/*
 * The request to the model: a rubric and a session's messages → the bytes of one Responses API
 * call. Pure: no clock, no I/O, no chance; the same input gives the same bytes on every machine.
 * Source: 5-analysis "Prompt".
 *
 * Two parts that never mix: `instructions` are ours and the rubric's; the conversation is an input
 * of its own, named as data, in which each message is one JSON object on one line. What a message
 * says can end neither its line nor its string, so it is nowhere but there.
 */
#ifndef RECADO_CORE_PROMPT_H
#define RECADO_CORE_PROMPT_H

#include "base/digest.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/script.h"

#define PROMPT_BYTES_PER_TOKEN      3     /* of the estimate */
#define PROMPT_OUTPUT_TOKENS        16000 /* what a report may need, thinking included */
#define PROMPT_OUTPUT_TOKENS_LONGER 32000 /* after an answer that was cut for its length */

enum prompt_role { PROMPT_CLIENT, PROMPT_AGENT, PROMPT_BOT, PROMPT_SYSTEM };

/* A message as stored. Of equal content two may be swapped; else (time, tie) must tell them apart.
 */
struct prompt_message {
	struct uuid id;
	enum prompt_role role;
	struct str type;    /* text audio image …; other words as stored */
	struct str text;    /* body, caption or transcript; STR_NONE or blank: there is none */
	bool revoked;       /* its text is not sent */
	int64_t updated_at; /* updatedAtExternal; TIME_NONE where there is none */
	int64_t sent_at;    /* createdAtExternal, or Meta's timestamp */
	struct str tie;     /* dedup_key, or the helpdesk's id as 20 digits: never one of our ids */
};

struct prompt_options {
	struct str model;
	unsigned redact; /* kinds of core/redact.h to mask */
	bool order_sent; /* by sent_at; else by updated_at, or sent_at where that is none */
	int64_t max_input_tokens; /* the estimate is kept at or below it */
	int64_t max_output_tokens;
	/* Of a conversation that is not given whole: behind the first `gap` messages of the list
	 * come so many more that are not in it. 0: none. */
	size_t gap, unread;
};

/* A message as the model saw it: the basis of its evidence. sent[i] is "m<i+1>". */
struct prompt_sent {
	struct uuid id;
	struct str text; /* masked, cut; or our words for what has no text */
	bool shown;      /* false: left out for length */
};

struct prompt {
	struct str body;      /* the whole request, JSON */
	struct str hash;      /* 64 hexadecimal digits, lower case */
	int64_t input_tokens; /* estimate: UTF-8 bytes ÷ 3, rounded up */
	bool truncated;       /* messages were left out or cut for length, or not given */
	size_t omitted;       /* messages left out or not given */
	const struct prompt_sent *sent;
	size_t n;
};

/*
 * Of n messages in any order; those of type system and reaction are passed over. ERR_TOO_LARGE:
 * not even the instructions and the least of a conversation fit into max_input_tokens, or the
 * arena's cap. `out` lives in the arena; what is sent may borrow the messages' text.
 *
 * hash: SHA-256 over {"model":…,"instructions":…,"input":…,"schema":…}, in that order and with the
 * bytes of the body. The bound on the output is no part of it.
 */
MUST_CHECK enum err
prompt_build(struct arena *, const struct script *, const struct prompt_message *, size_t n,
             const struct prompt_options *, struct prompt *out);

/*
 * Whether max_input_tokens leave room for any conversation beside the instructions, cut to its
 * least if need be. ERR_TOO_LARGE: no, or the arena's cap.
 */
MUST_CHECK enum err
prompt_fits(struct arena *, const struct script *, const struct prompt_options *);

/* Index in sent[] of a short id of this prompt, "m17" → 16; SIZE_MAX for anything else. */
size_t prompt_find(const struct prompt *, struct str short_id);

#endif
