/*
 * The form of a report. Why a table and not the schema that was sent: a server may ignore the
 * schema, and a bound that is not checked here is none. What always holds: what passes has every
 * member in its type and bounds, so that the writer asks no more questions; what is said of a fault
 * names places and our own words only.
 */
#include "core/report_internal.h"

enum form {
	FORM_TEXT,   /* of at most `most` bytes */
	FORM_FILLED, /* the same, not blank */
	FORM_BOOL,
	FORM_NUMBER, /* any */
	FORM_SCORE,  /* 0…100 */
	FORM_WORD,   /* one of `words` */
	FORM_TEXTS,  /* a list of at most `count` texts of at most `most` bytes */
	FORM_OBJECTS /* a list of at most `count` objects with `members` */
};

struct member {
	const char *name; /* NULL ends a list of members */
	enum form form;
	size_t most, count;
	const char *const *words;
	const struct member *members;
};

const char *const report_temperatures[] = { "cold", "neutral", "warm", "hot", NULL };
const char *const report_severities[] = { "low", "medium", "high", NULL };

static const struct member evidence[] = {
	{ .name = "messageId", .form = FORM_TEXT, .most = REPORT_MAX_ID },
	{ .name = "excerpt", .form = FORM_TEXT, .most = REPORT_MAX_EXCERPT },
	{ .name = NULL },
};

static const struct member issue[] = {
	{ .name = "key", .form = FORM_FILLED, .most = REPORT_MAX_KEY },
	{ .name = "severity", .form = FORM_WORD, .words = report_severities },
	{ .name = "notes", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = "evidence",
	  .form = FORM_OBJECTS,
	  .count = REPORT_MAX_EVIDENCE,
	  .members = evidence },
	{ .name = NULL },
};

static const struct member highlight[] = {
	{ .name = "key", .form = FORM_FILLED, .most = REPORT_MAX_KEY },
	{ .name = "notes", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = "evidence",
	  .form = FORM_OBJECTS,
	  .count = REPORT_MAX_EVIDENCE,
	  .members = evidence },
	{ .name = NULL },
};

static const struct member entry[] = {
	{ .name = "key", .form = FORM_FILLED, .most = REPORT_MAX_KEY },
	{ .name = "label", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = "passed", .form = FORM_BOOL },
	{ .name = "score", .form = FORM_SCORE },
	{ .name = "notes", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = NULL },
};

static const struct member report[] = {
	{ .name = "analysisVersionTag", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = "scriptKey", .form = FORM_TEXT, .most = REPORT_MAX_NOTES },
	{ .name = "scriptVersion", .form = FORM_NUMBER },
	{ .name = "overallScore", .form = FORM_SCORE },
	{ .name = "temperature", .form = FORM_WORD, .words = report_temperatures },
	{ .name = "summary", .form = FORM_FILLED, .most = REPORT_MAX_SUMMARY },
	/* more than there can be topics, so that a doubled one is called so */
	{ .name = "checklist",
	  .form = FORM_OBJECTS,
	  .count = 2 * SCRIPT_MAX_TOPICS,
	  .members = entry },
	{ .name = "issues", .form = FORM_OBJECTS, .count = REPORT_MAX_ISSUES, .members = issue },
	{ .name = "highlights",
	  .form = FORM_OBJECTS,
	  .count = REPORT_MAX_ISSUES,
	  .members = highlight },
	{ .name = "recommendations",
	  .form = FORM_TEXTS,
	  .most = REPORT_MAX_RECOMMENDATION,
	  .count = REPORT_MAX_RECOMMENDATIONS },
	{ .name = NULL },
};

/* Where we are: a member or an element, and what it is in. Written out only for a fault. */
struct place {
	const struct place *in;
	const char *name; /* NULL: element `index` */
	size_t index;
};

struct checking {
	struct arena *arena;
	struct report_fault *fault;
};

static void
write_place(struct buf *b, const struct place *at)
{
	if (at->in != NULL)
		write_place(b, at->in);
	if (at->name == NULL)
		buf_fmt(b, "[%zu]", at->index);
	else
		buf_fmt(b, "%s%s", at->in == NULL ? "" : ".", at->name);
}

static bool
fail(struct checking *c, const char *reason, const struct place *at, const char *what)
{
	struct buf b;

	buf_init(&b, c->arena, REPORT_MAX_ERROR);
	if (at == NULL)
		buf_z(&b, "the report");
	else
		write_place(&b, at);
	buf_fmt(&b, " %s", what);
	*c->fault = (struct report_fault){ reason, buf_slice(&b) };
	return false;
}

static bool
invalid(struct checking *c, const struct place *at, const char *what)
{
	return fail(c, "invalid_report", at, what);
}

static bool
check_text(struct checking *c, const cJSON *v, const struct member *m, const struct place *at)
{
	struct str s = json_str(v);

	if (!str_is_set(s))
		return invalid(c, at, "must be text");
	if (s.n > m->most)
		return invalid(c, at, "is too long");
	if (m->form == FORM_FILLED && str_is_empty(str_trim(s)))
		return invalid(c, at, "must not be empty");
	return true;
}

static bool
check_number(struct checking *c, const cJSON *v, const struct member *m, const struct place *at)
{
	if (!json_is_number(v))
		return invalid(c, at, "must be a number");
	if (m->form == FORM_SCORE && !(v->valuedouble >= 0 && v->valuedouble <= 100))
		return invalid(c, at, "must be from 0 to 100");
	return true;
}

static bool
check_word(struct checking *c, const cJSON *v, const struct member *m, const struct place *at)
{
	for (size_t i = 0; m->words[i] != NULL; i++)
		if (str_eq(json_str(v), str_from(m->words[i])))
			return true;
	return invalid(c, at, "is none of its words");
}

static bool check_object(struct checking *c, const cJSON *v, const struct member *members,
                         const struct place *at);

static bool
check_list(struct checking *c, const cJSON *v, const struct member *m, const struct place *at)
{
	struct place element = { .in = at };

	if (!json_is_array(v))
		return invalid(c, at, "must be a list");
	if (json_count(v) > m->count)
		return invalid(c, at, "is too long");
	for (const cJSON *x = json_first(v); x != NULL; x = x->next, element.index++) {
		bool good = m->form == FORM_OBJECTS ? check_object(c, x, m->members, &element)
		                                    : check_text(c, x, m, &element);

		if (!good)
			return false;
	}
	return true;
}

static bool
check_member(struct checking *c, const cJSON *v, const struct member *m, const struct place *at)
{
	bool flag;

	if (v == NULL)
		return invalid(c, at, "is missing");
	switch (m->form) {
	case FORM_TEXT:
	case FORM_FILLED:
		return check_text(c, v, m, at);
	case FORM_BOOL:
		return json_bool(v, &flag) || invalid(c, at, "must be true or false");
	case FORM_NUMBER:
	case FORM_SCORE:
		return check_number(c, v, m, at);
	case FORM_WORD:
		return check_word(c, v, m, at);
	case FORM_TEXTS:
	case FORM_OBJECTS:
		break;
	}
	return check_list(c, v, m, at);
}

/* `at` is NULL for the report itself. A member that is there twice counts as one too many. */
static bool
check_object(struct checking *c, const cJSON *v, const struct member *members,
             const struct place *at)
{
	size_t n = 0;

	if (!json_is_object(v))
		return invalid(c, at, "must be an object");
	for (; members[n].name != NULL; n++) {
		struct place member = { .in = at, .name = members[n].name };

		if (!check_member(c, json_get(v, members[n].name), &members[n], &member))
			return false;
	}
	return json_count(v) == n || invalid(c, at, "has a member too many");
}

static bool
check_topics(struct checking *c, const cJSON *list, const struct script_topics *topics,
             const cJSON **order)
{
	const struct place checklist = { .name = "checklist" }, script = { .name = "topics" };
	struct place entry_at = { .in = &checklist }, topic = { .in = &script };

	for (const cJSON *x = json_first(list); x != NULL; x = x->next, entry_at.index++) {
		size_t at = script_find_topic(topics, json_str(json_get(x, "key")));

		if (at == topics->n)
			return fail(c, "unknown_topic", &entry_at, "is no topic of the script");
		if (order[at] != NULL)
			return fail(c, "double_topic", &entry_at,
			            "has a topic for the second time");
		order[at] = x;
	}
	for (; topic.index < topics->n; topic.index++)
		if (order[topic.index] == NULL)
			return fail(c, "missing_topic", &topic,
			            "of the script has no entry in the checklist");
	return true;
}

bool
report_check(struct arena *a, const cJSON *v, const struct script_topics *topics,
             const cJSON **order, struct report_fault *fault)
{
	struct checking c = { a, fault };

	return check_object(&c, v, report, NULL) &&
	       check_topics(&c, json_get(v, "checklist"), topics, order);
}
