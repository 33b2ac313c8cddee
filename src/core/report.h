/*
 * The model's answer → a report that was checked, or what is to be done instead. Nothing that the
 * model promises is believed: form, bounds and words are checked, each topic must be there once,
 * and each quotation must be found in the message that it names. Pure. Source: 5-analysis
 * "Report".
 */
#ifndef RECADO_CORE_REPORT_H
#define RECADO_CORE_REPORT_H

#include "core/model_cost.h"
#include "core/prompt.h"

/* Bounds, in bytes unless said; an answer beyond one is not valid. */
#define REPORT_MAX_JSON            ((size_t)1024 * 1024) /* the whole report as answered */
#define REPORT_MAX_SUMMARY         ((size_t)16 * 1024)
#define REPORT_MAX_NOTES           ((size_t)8 * 1024)
#define REPORT_MAX_EXCERPT         ((size_t)4 * 1024)
#define REPORT_MAX_RECOMMENDATION  ((size_t)4 * 1024)
#define REPORT_MAX_KEY             512
#define REPORT_MAX_ID              128
#define REPORT_MAX_ISSUES          200 /* elements; also of highlights */
#define REPORT_MAX_EVIDENCE        50  /* of one issue or highlight */
#define REPORT_MAX_RECOMMENDATIONS 100
#define REPORT_MAX_MODEL           128
#define REPORT_MAX_ERROR           600 /* of the error text */

/* The words of these members; NULL ends them. */
extern const char *const report_temperatures[]; /* cold … hot */
extern const char *const report_severities[];   /* of issues: low … high */

enum report_outcome {
	REPORT_DONE,
	REPORT_RETRY,  /* a failed attempt: model_next_try_at */
	REPORT_LONGER, /* incomplete, the first time: again with PROMPT_OUTPUT_TOKENS_LONGER */
	REPORT_FINAL   /* asking again would say the same */
};

/* What was asked. */
struct report_asked {
	const struct script *script;
	struct str tag; /* analysisVersionTag */
	const struct prompt *prompt;
	bool longer; /* this was already the call with the larger bound */
};

struct report {
	enum report_outcome outcome;
	/*
	 * NULL with REPORT_DONE; else a stable word. Retry: garbage model_failed unexpected_status
	 * empty_answer too_large invalid_json invalid_report missing_topic double_topic
	 * unknown_topic. Longer: incomplete. Final: refusal content_filter incomplete.
	 */
	const char *reason;
	/* STR_NONE with REPORT_DONE; else one line for a person. It holds no words of a message and
	 * none of the model's but a refusal's, cut, masked and made visible. */
	struct str error;
	struct str model;         /* as answered; STR_NONE if it does not say */
	struct model_usage usage; /* zeros if it does not say; what failed was paid for as well */
	/* the rest with REPORT_DONE only */
	struct str json;             /* as stored, members in the order of 5-analysis */
	double overall_score;        /* 0…100 */
	const char *temperature;     /* one of report_temperatures */
	size_t verified, unverified; /* quotations */
};

/*
 * Reads the body of a 2xx answer. An answer that does not fit into the arena is a failed attempt,
 * too_large. The result borrows from `body`, `asked` and the arena.
 */
void report_read(struct arena *, const struct report_asked *, struct str body, struct report *out);

#endif
