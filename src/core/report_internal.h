/* The parts of reading a report, shared by its files. */
#ifndef RECADO_CORE_REPORT_INTERNAL_H
#define RECADO_CORE_REPORT_INTERNAL_H

#include "core/report.h"

/* Why a report is refused. */
struct report_fault {
	const char *reason; /* a stable word, report.h */
	struct str text;    /* says where; no word of it is the model's */
};

/*
 * The form of a report: every member there, none beside them, types, bounds, words, and each topic
 * once. order[i], of as many elements as there are topics, becomes the checklist's entry of topic
 * i. False: *fault says why not.
 */
bool report_check(struct arena *, const cJSON *report, const struct script_topics *,
                  const cJSON **order, struct report_fault *fault);

/* Writes a report that passed report_check, with its evidence checked: json, overall_score,
 * temperature, verified, unverified. */
void report_write(struct arena *, const struct report_asked *, const cJSON *report,
                  const cJSON *const *order, struct report *out);

#endif
