/*
 * What an audio's transcript is asked for with, and what the answer means. Pure; time and chance
 * come in as numbers. Source: OpenAI's reference, "Create transcription"; the config table.
 */
#ifndef RECADO_CORE_TRANSCRIPT_H
#define RECADO_CORE_TRANSCRIPT_H

#include "base/json.h"
#include "base/time.h"

#define TRANSCRIPT_MOST_BYTES ((int64_t)25 << 20) /* of a file, by OpenAI */
#define TRANSCRIPT_MOST_TEXT  ((size_t)256 << 10) /* bytes that are kept */
#define TRANSCRIPT_TRIES      8

/* Why there is none, or not yet. Ends with NULL. */
extern const char *const transcript_reasons[];

/* An audio, by the type that Meta names. */
bool transcript_is_audio(struct str mime);

struct transcript_request {
	struct str model, mime, file; /* file: its bytes */
	struct str boundary;          /* letters and digits that the file does not hold: random */
};
/* The body, multipart/form-data (RFC 7578): model, response_format=json and the file. */
struct str transcript_body(struct arena *, const struct transcript_request *);

/* Prices of TRANSCRIBE_PRICES: "1.25,5" is USD per million tokens, input and output; "0.006" is USD
 * per minute. In micro-USD; zeros: none are given. */
struct transcript_prices {
	int64_t input, output, minute;
};
/* ERR_INVALID: neither form; `out` is untouched. Empty: zeros. */
MUST_CHECK enum err
transcript_prices_read(struct arena *, struct str, struct transcript_prices *out);

struct transcript {
	struct str text;                                   /* may be empty: nobody speaks */
	int64_t input_tokens, output_tokens, milliseconds; /* -1: not told */
	int64_t cost_micro_usd;
};
/* False: it is no such answer. */
bool transcript_read(struct arena *, struct str body, const struct transcript_prices *,
                     struct transcript *out);

enum transcript_do {
	TRANSCRIPT_TAKE,
	TRANSCRIPT_AGAIN, /* at next_try_at */
	TRANSCRIPT_NEVER
};
struct transcript_verdict {
	enum transcript_do act;
	const char *reason;
	int64_t next_try_at;
	bool all;    /* nothing is asked of the server before that */
	bool spared; /* it is no try of this audio: somebody has to mend something */
};
/* status 0: no answer. tries: with this one. */
struct transcript_verdict transcript_judge(int status, unsigned tries, int64_t now_ms,
                                           int64_t retry_after_ms, uint64_t chance);

#endif
