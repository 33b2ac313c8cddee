/*
 * A rubric: what a session is graded against. Its text is the manager's; its topics are a list of
 * their own, since the report must answer each of them exactly once. Pure. Source: 5-analysis
 * "Scripts".
 */
#ifndef RECADO_CORE_SCRIPT_H
#define RECADO_CORE_SCRIPT_H

#include "base/json.h"

/* Bounds. Characters are Unicode code points. */
#define SCRIPT_MAX_TEXT        ((size_t)256 * 1024) /* bytes of scriptText */
#define SCRIPT_MAX_KEY         128  /* characters of scriptKey and of a topic's key */
#define SCRIPT_MAX_NAME        200  /* characters */
#define SCRIPT_MAX_DESCRIPTION 2000 /* characters */
#define SCRIPT_MAX_TOPICS      100
#define SCRIPT_MAX_LABEL       500 /* characters */
#define SCRIPT_MAX_VERSION     INT32_MAX
#define SCRIPT_MAX_WEIGHT      1e6
#define SCRIPT_MIN_WEIGHT      1e-6 /* of a weight that is not 0 */
#define SCRIPT_MAX_PROBLEMS    100  /* told; further ones are passed over */

struct script_topic {
	struct str key, label;
	double weight; /* 0, or SCRIPT_MIN_WEIGHT…SCRIPT_MAX_WEIGHT */
};

struct script_topics {
	struct script_topic *v; /* in the order of the list, which is the order they are shown in */
	size_t n;
};

struct script {
	struct str key, text;
	int64_t version;
	struct script_topics topics;
};

/* Where a list of topics is wrong: topics[3].weight, "must be a number …". */
struct script_problem {
	struct str path;
	const char *message; /* an English phrase that goes on from the path */
};

struct script_problems {
	struct script_problem *v;
	size_t n;
};

/*
 * A list of topics from outside: [{key, label, weight}], members in any order, no others. Absent
 * and null are an empty list. A key is 1…SCRIPT_MAX_KEY characters without control characters,
 * quotation marks and backslashes (the model server takes none in a list of allowed words), not
 * blank at either end, and unlike every other; a label is 1…SCRIPT_MAX_LABEL characters; a weight
 * may be absent, which is 1. ERR_INVALID: *problems (never NULL) has every problem of the list, not
 * only the first; `out` is untouched. ERR_TOO_LARGE: the arena's cap. Text borrows from `topics`.
 */
MUST_CHECK enum err
script_check_topics(struct arena *, const cJSON *topics, struct script_topics *out,
                    struct script_problems *problems);

/* The list as it is stored: members in the order key, label, weight, no white space. */
struct str script_write_topics(struct arena *, const struct script_topics *);

/* One topic of it, as a value of the writer. */
void script_write_topic(struct jw *, const struct script_topic *);

/* A stored list, in whatever spelling the database keeps JSON. ERR_CORRUPT: it is none. */
MUST_CHECK enum err
script_read_topics(struct arena *, struct str stored, struct script_topics *out);

/* Index of the topic of that key, or n. */
size_t script_find_topic(const struct script_topics *, struct str key);

#endif
