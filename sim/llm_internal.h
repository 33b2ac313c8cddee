/* What the files of the simulated model server share. */
#ifndef RECADO_SIM_LLM_INTERNAL_H
#define RECADO_SIM_LLM_INTERNAL_H

#include "base/json.h"
#include "sim/llm_answer.h"

/* What OpenAI says of a request that it refuses. Texts in the arena or static. */
struct llm_error {
	int status;
	const char *type;
	struct str code, param; /* absent: null */
	struct str message;
};
#define LLM_INVALID "invalid_request_error"

/* False: *e is filled in. `body` is the parsed request. */
bool llm_check(struct arena *, const cJSON *body, struct llm_error *e);
/*
 * The rules of a strict json_schema; NULL if they are kept, else what is broken, as OpenAI words
 * it, without the part before the colon.
 */
const char *llm_schema_problem(struct arena *, const cJSON *schema);
/* What a value is, in the words of an error: "a string", "an object", "null" … */
const char *llm_type_name(const cJSON *);

/* A message of the conversation, as it was found in the request. */
struct llm_message {
	struct str id, text;
};
struct llm_messages {
	struct llm_message *v;
	size_t n, cap;
};
/* The parts of a request that an answer is made of. */
struct llm_prompt {
	struct str model, instructions; /* instructions may be absent */
	const cJSON *body, *schema;     /* schema: of text.format, NULL if there is none */
	int64_t max_output_tokens;      /* INT64_MAX: not said */
	struct llm_messages messages;
	struct llm_messages told; /* every text of the input, under a message's id or "input" */
	const cJSON *topics;      /* array of the checklist's keys; NULL: none */
	size_t bytes;             /* of all text that goes in, the schema too */
	unsigned char words[SHA256_LEN]; /* digest of instructions and input */
	enum llm_kind asked;             /* by a marker; LLM_KINDS: there is none */
	uint64_t asked_times;            /* UINT64_MAX: always */
};
/*
 * Reads a request that was found right. Messages are lines that hold one JSON object with the texts
 * `id` and `text`. A marker is sim:NAME or sim:NAME*N (the first N requests with these words), in a
 * message's text or else in the instructions; NAME is a kind's.
 */
void llm_prompt_read(struct arena *, const cJSON *body, struct llm_prompt *out);

/* What an error says that repeats what it was sent. */
struct str llm_echo(struct arena *, const struct llm_prompt *);

/* POST …/audio/transcriptions: what the file says. False: *e says what is wrong with the form. */
bool llm_hear(struct arena *, const struct web_request *, struct str *body, struct llm_error *e);

/* Counts broken promises in m->stats, and notes the last one. */
void llm_check_promises(struct llm *, struct arena *, const struct llm_prompt *);

/* What becomes of the dice while one report is written. */
struct llm_report {
	struct str text; /* JSON, whole and bare */
	uint64_t evidence_true, evidence_false;
};
/* Writes the report that the schema asks for, wrong where the kind says so. */
void llm_report_write(struct arena *, struct dice *, const struct llm_prompt *, enum llm_kind,
                      struct llm_report *out);

/* A quotation: whose id it carries and what it says. */
struct llm_quote {
	struct str id, excerpt;
	bool is_true;
};
/* Makes one, of the kind LLM_GOOD…LLM_UNKNOWN_ID. False: the messages hold no words. */
bool llm_quote_make(struct arena *, struct dice *, const struct llm_prompt *, enum llm_kind,
                    struct llm_quote *out);
/* Whether the text holds the excerpt, if the case of ASCII letters and white space do not count. */
bool llm_quote_found(struct arena *, struct str text, struct str excerpt);

/* A 200 of the Responses API. */
struct llm_response {
	struct str body;
	struct llm_usage usage;
	bool complete; /* the report is in it, to its end */
};
void llm_response_write(struct arena *, struct dice *, const struct llm_prompt *, enum llm_kind,
                        struct str report, int64_t now_ms, struct llm_response *out);

/* Whether a model worked for a request that was answered like that. */
bool llm_kind_is_paid(enum llm_kind);
/* Counts one more request with that body; the index in m->counts. */
size_t llm_count_body(struct llm *, const char digest[SHA256_HEX_LEN + 1]);
/* How often these words came before; counts this time. */
uint64_t llm_count_words(struct llm *, const unsigned char words[SHA256_LEN]);
/* Keeps the body as the newest; the entry may be filled in until the next call. */
struct llm_kept *llm_keep(struct llm *, const char digest[SHA256_HEX_LEN + 1], struct str body);
/* Replaces a note by a copy of at most 300 bytes. */
void llm_note(struct str *note, struct str text);

#endif
