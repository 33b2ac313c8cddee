/*
 * The simulated model server: what stands behind `POST /v1/responses`, its options and what it
 * counted. It answers like OpenAI's Responses API, well or badly; a reader of its answers is what
 * it is for. What it says to one request is in llm_answer.h. Not thread-safe, no clock.
 * Named llm, since a test looks at it beside the program's own model_*.
 * Source: 5-analysis, and OpenAI's published reference of the Responses API.
 */
#ifndef RECADO_SIM_LLM_H
#define RECADO_SIM_LLM_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/map.h"
#include "sim/dice.h"

/* How a request is answered that has nothing wrong with it. */
enum llm_kind {
	LLM_GOOD,
	/* The report is wrong. Where evidence is, that of the issues is wrong, of the highlights
	   right. */
	LLM_FABRICATED, /* excerpts that nobody wrote */
	LLM_SPLICED,    /* the end of one message and the beginning of another in one excerpt */
	LLM_PARAPHRASE, /* a message's words in another order */
	LLM_WRONG_ID,   /* a true excerpt under another message's id */
	LLM_UNKNOWN_ID, /* a true excerpt under an id that was not in the request */
	LLM_MISSING_TOPIC,
	LLM_DOUBLE_TOPIC,
	LLM_UNKNOWN_TOPIC,
	LLM_OUT_OF_RANGE, /* overallScore 140, the first topic's score -5 */
	LLM_EXTRA_MEMBER, /* `confidence` */
	LLM_WRONG_TYPE,   /* overallScore as text, recommendations as one text */
	/* The answer's form. */
	LLM_FENCED,       /* the report in a Markdown code fence */
	LLM_PROSE_AROUND, /* a polite sentence before and after it */
	LLM_BROKEN_JSON,  /* complete, and its end is missing */
	LLM_REFUSAL,
	LLM_INCOMPLETE_LENGTH, /* incomplete, max_output_tokens, half a report */
	LLM_CONTENT_FILTER,    /* incomplete, content_filter */
	LLM_FAILED,            /* status failed with an error */
	/* The way there and back. */
	LLM_429,      /* Retry-After in seconds */
	LLM_429_DATE, /* Retry-After as a date */
	LLM_429_BARE, /* no Retry-After */
	LLM_QUOTA,    /* 429, insufficient_quota */
	LLM_500,
	LLM_503,
	LLM_SLOW,    /* a good answer after slow_ms */
	LLM_HANG,    /* no byte, ever */
	LLM_CUT,     /* the connection ends within the body */
	LLM_CLOSE,   /* the connection ends without an answer */
	LLM_GARBAGE, /* 200 and a web page */
	LLM_EMPTY,   /* 200 and no body */
	LLM_HUGE,    /* 200 and a body of huge_bytes */
	LLM_400,     /* the input is too long for the model */
	LLM_401,
	LLM_403,
	LLM_404, /* the model is not known */
	/* The error, or the refusal, repeats the conversation and the instructions. */
	LLM_ECHO_400,
	LLM_ECHO_401,
	LLM_ECHO_500,
	LLM_ECHO_REFUSAL,
	LLM_KINDS
};
/* "good", "fabricated", "429_date" … */
const char *llm_kind_name(enum llm_kind);
/* The kind of that name, LLM_KINDS if there is none. */
enum llm_kind llm_kind_of(struct str name);

/*
 * How often each kind occurs, in thousandths of all requests; the rest is good. Which request gets
 * which depends on the seed, the prompt and how often that prompt was sent, never on the order in
 * which requests of different prompts come.
 */
struct llm_manners {
	unsigned permille[LLM_KINDS];
};
#define LLM_MANNER_PERMILLE 20 /* of a kind that is named without a number */
/*
 * "none", "all", or names with commas, each with "=PERMILLE" or without: "429=100,fabricated".
 * False: an unknown name, no number, or more than 1000 in sum.
 */
bool llm_manners_parse(struct str text, struct llm_manners *out);

#define LLM_MAX_KEPT 64 /* request bodies for GET /__sim/last */

struct llm_options {
	uint64_t seed;
	struct str api_key; /* absent: any */
	struct str base;    /* before /responses: "/v1" */
	struct str models;  /* names with commas; absent: any */
	struct llm_manners manners;
	int64_t latency_ms; /* before the answer of a model */
	int64_t slow_ms;
	int64_t retry_after_s;
	size_t huge_bytes;
	bool strict_data; /* looks for personal data in requests */
	size_t kept;      /* bodies; 0: LLM_MAX_KEPT */
};
/* The defaults: seed 1, /v1, any key and model, good manners, no latency. */
void llm_options_init(struct llm_options *);

/* What Recado promises of its requests; a broken promise is counted and answered all the same. */
enum llm_promise {
	PROMISE_STORE,  /* `store` is false */
	PROMISE_STRICT, /* `text.format` is a strict json_schema */
	PROMISE_PHONE,  /* from here on with strict_data only: no telephone number */
	PROMISE_EMAIL,
	PROMISE_KEY, /* nothing that looks like a secret */
	LLM_PROMISES
};
extern const char *const llm_promise_names[LLM_PROMISES];

struct llm_usage {
	uint64_t input, cached, output,
		reasoning; /* tokens; cached of input, reasoning of output */
};

struct llm_stats {
	uint64_t requests;         /* of POST …/responses */
	uint64_t heard;            /* of POST …/audio/transcriptions */
	uint64_t elsewhere;        /* to other paths and with other methods */
	uint64_t kinds[LLM_KINDS]; /* requests that were right, by what they got */
	uint64_t unauthorized;     /* the key was wrong or missing */
	uint64_t invalid;          /* refused with 400 as OpenAI would */
	uint64_t unknown_model;    /* not one of options.models */
	uint64_t paid;             /* requests for which a model worked, answered or not */
	struct llm_usage usage;    /* of the answers that were sent whole and tell it */
	uint64_t abandoned;        /* the peer went away before it had its answer */
	size_t in_flight, most_in_flight;
	uint64_t evidence_true, evidence_false; /* quotations in answers */
	uint64_t violations[LLM_PROMISES];
};

/* How often a body came. */
struct llm_prompt_count {
	char digest[SHA256_HEX_LEN + 1]; /* of the body's bytes */
	uint64_t requests, paid;
	size_t in_flight, most_in_flight;
};

/* A request that has no end yet. */
struct llm_flight {
	struct llm_flight *next; /* of those that are free */
	size_t count;            /* which body, of llm.counts */
	struct llm_usage usage;
};

struct llm_kept {
	char digest[SHA256_HEX_LEN + 1];
	struct str body;    /* malloc */
	int status;         /* 0: no answer */
	enum llm_kind kind; /* LLM_KINDS: refused for what it was */
};

struct llm {
	struct llm_options options; /* texts borrowed from the caller */
	struct arena *arena;        /* lives as long as the model */
	struct llm_stats stats;
	struct map *by_digest; /* indexes of counts */
	size_t ncounts, counts_cap;
	struct llm_prompt_count *counts;
	struct map *by_words; /* how often the same words came, whatever else the request held */
	struct llm_kept kept[LLM_MAX_KEPT];
	size_t nkept; /* since the start; the newest is at (nkept - 1) % options.kept */
	struct llm_flight *free_flights;
	struct str last_refusal, last_violation; /* in words; bounded, malloc */
};

/* Free with llm_free. NULL is fine for that. */
struct llm *llm_new(const struct llm_options *);
void llm_free(struct llm *);
/* How often the body with that digest (lower-case hexadecimal) came. NULL: never. */
const struct llm_prompt_count *llm_count(const struct llm *, struct str digest);
/*
 * {"requests":…, "kinds":{…}, "refused":{…}, "paid":…, "usage":{…}, "inFlight":…, "mostInFlight":…,
 * "abandoned":…, "evidence":{"true":…,"false":…}, "violations":{…}, "lastRefusal":…,
 * "lastViolation":…, "prompts":{digest:{"requests":…,"paid":…,"mostInFlight":…}}}
 */
void llm_stats_json(const struct llm *, struct buf *out);
/* The newest n bodies, newest first: [{"digest":…,"kind":…,"status":…,"body":…}]. */
void llm_last_json(const struct llm *, size_t n, struct buf *out);

#endif
