/*
 * The simulated model server: what stands behind `POST /v1/responses`, its options and what it
 * counted. It answers like OpenAI's Responses API, well or badly; a reader of its answers is what
 * it is for. What it says to one request is in model_answer.h. Not thread-safe, no clock.
 * Source: 5-analysis, and OpenAI's published reference of the Responses API.
 */
#ifndef RECADO_SIM_MODEL_H
#define RECADO_SIM_MODEL_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/map.h"
#include "sim/dice.h"

/* How a request is answered that has nothing wrong with it. */
enum model_kind {
	MODEL_GOOD,
	/* The report is wrong. Where evidence is, that of the issues is wrong, of the highlights
	   right. */
	MODEL_FABRICATED, /* excerpts that nobody wrote */
	MODEL_SPLICED,    /* the end of one message and the beginning of another in one excerpt */
	MODEL_PARAPHRASE, /* a message's words in another order */
	MODEL_WRONG_ID,   /* a true excerpt under another message's id */
	MODEL_UNKNOWN_ID, /* a true excerpt under an id that was not in the request */
	MODEL_MISSING_TOPIC,
	MODEL_DOUBLE_TOPIC,
	MODEL_UNKNOWN_TOPIC,
	MODEL_OUT_OF_RANGE, /* overallScore 140, the first topic's score -5 */
	MODEL_EXTRA_MEMBER, /* `confidence` */
	MODEL_WRONG_TYPE,   /* overallScore as text, recommendations as one text */
	/* The answer's form. */
	MODEL_FENCED,       /* the report in a Markdown code fence */
	MODEL_PROSE_AROUND, /* a polite sentence before and after it */
	MODEL_BROKEN_JSON,  /* complete, and its end is missing */
	MODEL_REFUSAL,
	MODEL_INCOMPLETE_LENGTH, /* incomplete, max_output_tokens, half a report */
	MODEL_CONTENT_FILTER,    /* incomplete, content_filter */
	MODEL_FAILED,            /* status failed with an error */
	/* The way there and back. */
	MODEL_429,      /* Retry-After in seconds */
	MODEL_429_DATE, /* Retry-After as a date */
	MODEL_429_BARE, /* no Retry-After */
	MODEL_QUOTA,    /* 429, insufficient_quota */
	MODEL_500,
	MODEL_503,
	MODEL_SLOW,    /* a good answer after slow_ms */
	MODEL_HANG,    /* no byte, ever */
	MODEL_CUT,     /* the connection ends within the body */
	MODEL_CLOSE,   /* the connection ends without an answer */
	MODEL_GARBAGE, /* 200 and a web page */
	MODEL_EMPTY,   /* 200 and no body */
	MODEL_HUGE,    /* 200 and a body of huge_bytes */
	MODEL_400,     /* the input is too long for the model */
	MODEL_401,
	MODEL_403,
	MODEL_404, /* the model is not known */
	MODEL_KINDS
};
/* "good", "fabricated", "429_date" … */
const char *model_kind_name(enum model_kind);
/* The kind of that name, MODEL_KINDS if there is none. */
enum model_kind model_kind_of(struct str name);

/*
 * How often each kind occurs, in thousandths of all requests; the rest is good. Which request gets
 * which depends on the seed, the prompt and how often that prompt was sent, never on the order in
 * which requests of different prompts come.
 */
struct model_manners {
	unsigned permille[MODEL_KINDS];
};
#define MODEL_MANNER_PERMILLE 20 /* of a kind that is named without a number */
/*
 * "none", "all", or names with commas, each with "=PERMILLE" or without: "429=100,fabricated".
 * False: an unknown name, no number, or more than 1000 in sum.
 */
bool model_manners_parse(struct str text, struct model_manners *out);

#define MODEL_MAX_KEPT 64 /* request bodies for GET /__sim/last */

struct model_options {
	uint64_t seed;
	struct str api_key;  /* absent: any */
	struct str base;     /* before /responses: "/v1" */
	struct str models;   /* names with commas; absent: any */
	struct str snapshot; /* what the answering model's name has behind the one that was asked
	                        for */
	struct model_manners manners;
	int64_t latency_ms; /* before the answer of a model */
	int64_t slow_ms;
	int64_t retry_after_s;
	size_t huge_bytes;
	bool strict_data; /* looks for personal data in requests */
	size_t kept;      /* bodies; 0: MODEL_MAX_KEPT */
};
/* The defaults: seed 1, /v1, any key and model, good manners, no latency. */
void model_options_init(struct model_options *);

/* What Recado promises of its requests; a broken promise is counted and answered all the same. */
enum model_promise {
	PROMISE_STORE,  /* `store` is false */
	PROMISE_STRICT, /* `text.format` is a strict json_schema */
	PROMISE_PHONE,  /* from here on with strict_data only: no telephone number */
	PROMISE_EMAIL,
	PROMISE_KEY, /* nothing that looks like a secret */
	MODEL_PROMISES
};
extern const char *const model_promise_names[MODEL_PROMISES];

struct model_usage {
	uint64_t input, cached, output,
		reasoning; /* tokens; cached of input, reasoning of output */
};

struct model_stats {
	uint64_t requests;           /* of POST …/responses */
	uint64_t elsewhere;          /* to other paths and with other methods */
	uint64_t kinds[MODEL_KINDS]; /* requests that were right, by what they got */
	uint64_t unauthorized;       /* the key was wrong or missing */
	uint64_t invalid;            /* refused with 400 as OpenAI would */
	uint64_t unknown_model;      /* not one of options.models */
	uint64_t paid;               /* requests for which a model worked, answered or not */
	struct model_usage usage;    /* of the answers that were sent whole and tell it */
	uint64_t abandoned;          /* the peer went away before it had its answer */
	size_t in_flight, most_in_flight;
	uint64_t evidence_true, evidence_false; /* quotations in answers */
	uint64_t violations[MODEL_PROMISES];
};

/* How often a body came. */
struct model_prompt_count {
	char digest[SHA256_HEX_LEN + 1]; /* of the body's bytes */
	uint64_t requests, paid;
};

struct model_kept {
	char digest[SHA256_HEX_LEN + 1];
	struct str body;      /* malloc */
	int status;           /* 0: no answer */
	enum model_kind kind; /* MODEL_KINDS: refused for what it was */
};

struct model {
	struct model_options options; /* texts borrowed from the caller */
	struct arena *arena;          /* lives as long as the model */
	struct model_stats stats;
	struct map *by_digest; /* indexes of counts */
	size_t ncounts, counts_cap;
	struct model_prompt_count *counts;
	struct map *by_words; /* how often the same words came, whatever else the request held */
	struct model_kept kept[MODEL_MAX_KEPT];
	size_t nkept; /* since the start; the newest is at (nkept - 1) % options.kept */
	struct str last_refusal, last_violation; /* in words; bounded, malloc */
};

/* Free with model_free. NULL is fine for that. */
struct model *model_new(const struct model_options *);
void model_free(struct model *);
/* How often the body with that digest (lower-case hexadecimal) came. NULL: never. */
const struct model_prompt_count *model_count(const struct model *, struct str digest);
/*
 * {"requests":…, "kinds":{…}, "refused":{…}, "paid":…, "usage":{…}, "inFlight":…, "mostInFlight":…,
 * "abandoned":…, "evidence":{"true":…,"false":…}, "violations":{…}, "lastRefusal":…,
 * "lastViolation":…, "prompts":{digest:{"requests":…,"paid":…}}}
 */
void model_stats_json(const struct model *, struct buf *out);
/* The newest n bodies, newest first: [{"digest":…,"kind":…,"status":…,"body":…}]. */
void model_last_json(const struct model *, size_t n, struct buf *out);

#endif
