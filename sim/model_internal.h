/* What the files of the simulated model server share. */
#ifndef RECADO_SIM_MODEL_INTERNAL_H
#define RECADO_SIM_MODEL_INTERNAL_H

#include "base/json.h"
#include "sim/model_answer.h"

/* What OpenAI says of a request that it refuses. Texts in the arena or static. */
struct model_error {
	int status;
	const char *type;
	struct str code, param; /* absent: null */
	struct str message;
};
#define MODEL_INVALID "invalid_request_error"

/* False: *e is filled in. `body` is the parsed request. */
bool model_check(struct arena *, const cJSON *body, struct model_error *e);
/*
 * The rules of a strict json_schema; NULL if they are kept, else what is broken, as OpenAI words
 * it, without the part before the colon.
 */
const char *model_schema_problem(struct arena *, const cJSON *schema);
/* What a value is, in the words of an error: "a string", "an object", "null" … */
const char *model_type_name(const cJSON *);

/* A message of the conversation, as it was found in the request. */
struct model_message {
	struct str id, text;
};
struct model_messages {
	struct model_message *v;
	size_t n, cap;
};
/* The parts of a request that an answer is made of. */
struct model_prompt {
	struct str model, instructions; /* instructions may be absent */
	const cJSON *body, *schema;     /* schema: of text.format, NULL if there is none */
	int64_t max_output_tokens;      /* INT64_MAX: not said */
	struct model_messages messages;
	struct model_messages told; /* every text of the input, under a message's id or "input" */
	const cJSON *topics;        /* array of the checklist's keys; NULL: none */
	size_t bytes;               /* of all text that goes in, the schema too */
	unsigned char words[SHA256_LEN]; /* digest of instructions and input */
	enum model_kind asked;           /* by a marker; MODEL_KINDS: there is none */
	uint64_t asked_times;            /* UINT64_MAX: always */
};
/*
 * Reads a request that was found right. Messages are lines that hold one JSON object with the texts
 * `id` and `text`. A marker is sim:NAME or sim:NAME*N (the first N requests with these words), in a
 * message's text or else in the instructions; NAME is a kind's.
 */
void model_prompt_read(struct arena *, const cJSON *body, struct model_prompt *out);

/* Counts broken promises in m->stats, and notes the last one. */
void model_check_promises(struct model *, struct arena *, const struct model_prompt *);

/* What becomes of the dice while one report is written. */
struct model_report {
	struct str text; /* JSON, whole and bare */
	uint64_t evidence_true, evidence_false;
};
/* Writes the report that the schema asks for, wrong where the kind says so. */
void model_report_write(struct arena *, struct dice *, const struct model_prompt *, enum model_kind,
                        struct model_report *out);

/* A quotation: whose id it carries and what it says. */
struct model_quote {
	struct str id, excerpt;
	bool is_true;
};
/* Makes one, of the kind MODEL_GOOD…MODEL_UNKNOWN_ID. False: the messages hold no words. */
bool model_quote_make(struct arena *, struct dice *, const struct model_prompt *, enum model_kind,
                      struct model_quote *out);
/* Whether the text holds the excerpt, if the case of ASCII letters and white space do not count. */
bool model_quote_found(struct arena *, struct str text, struct str excerpt);

/* A 200 of the Responses API. */
struct model_response {
	struct str body;
	struct model_usage usage;
	bool complete; /* the report is in it, to its end */
};
void model_response_write(struct arena *, struct dice *, const struct model *,
                          const struct model_prompt *, enum model_kind, struct str report,
                          int64_t now_ms, struct model_response *out);

/* Whether a model worked for a request that was answered like that. */
bool model_kind_is_paid(enum model_kind);
/* Counts one more request with that body; the index in m->counts. */
size_t model_count_body(struct model *, const char digest[SHA256_HEX_LEN + 1]);
/* How often these words came before; counts this time. */
uint64_t model_count_words(struct model *, const unsigned char words[SHA256_LEN]);
/* Keeps the body as the newest; the entry may be filled in until the next call. */
struct model_kept *
model_keep(struct model *, const char digest[SHA256_HEX_LEN + 1], struct str body);
/* Replaces a note by a copy of at most 300 bytes. */
void model_note(struct str *note, struct str text);

#endif
