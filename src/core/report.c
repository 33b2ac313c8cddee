/*
 * The envelope of an answer. Why apart from the report in it: what a server says of its own work
 * (status, refusal, tokens) decides before a word of the report is read. What always holds: tokens
 * are read whatever the outcome, since they were paid; an outcome other than done has a reason and
 * a text, and done has a report that passed every check.
 */
#include "core/report.h"

#include "base/utf8.h"
#include "core/model_error.h"
#include "core/report_internal.h"

#define MAX_TOKENS INT64_C(1000000000) /* of one call; more is no count */

struct reading {
	struct arena *arena;
	const struct report_asked *asked;
	struct report *out;
	struct buf text; /* the joined output */
	struct str refusal;
};

static void
end(struct reading *r, enum report_outcome outcome, const char *reason, struct str error)
{
	r->out->outcome = outcome;
	r->out->reason = reason;
	r->out->error = utf8_cut(error, REPORT_MAX_ERROR);
}

static int64_t
read_count(const cJSON *v)
{
	int64_t n;

	if (!json_is_number(v) || !json_i64(v, &n) || n < 0)
		return 0;
	return n > MAX_TOKENS ? MAX_TOKENS : n;
}

static struct model_usage
read_usage(const cJSON *v)
{
	const cJSON *details = json_get(v, "input_tokens_details");
	struct model_usage u = { .input_tokens = read_count(json_get(v, "input_tokens")),
		                 .cached_tokens = read_count(json_get(details, "cached_tokens")),
		                 .output_tokens = read_count(json_get(v, "output_tokens")) };

	if (u.cached_tokens > u.input_tokens)
		u.cached_tokens = u.input_tokens;
	return u;
}

/* Joins what was said, and finds what was refused. */
static void
read_output(struct reading *r, const cJSON *output)
{
	for (const cJSON *item = json_first(output); item != NULL; item = item->next) {
		if (!json_is_array(json_get(item, "content")))
			continue;
		for (const cJSON *v = json_first(json_get(item, "content")); v; v = v->next) {
			struct str type = json_str(json_get(v, "type"));

			if (str_eq(type, STR("output_text")))
				buf_str(&r->text, json_str(json_get(v, "text")));
			else if (str_eq(type, STR("refusal")))
				r->refusal = json_str(json_get(v, "refusal"));
			if (str_eq(type, STR("refusal")) && !str_is_set(r->refusal))
				r->refusal = STR("");
		}
	}
}

/* What stands between ``` (or ```json) and ```; else the text. */
static struct str
strip_fence(struct str s)
{
	struct str all = str_trim(s), inner;

	if (all.n < 6 || !str_starts(all, STR("```")) || !str_ends(all, STR("```")))
		return all;
	inner = str_trim(str_sub(all, 3, all.n - 6));
	if (str_ieq(str_sub(inner, 0, 4), STR("json")))
		inner = str_trim(str_sub(inner, 4, inner.n));
	return inner;
}

static void
read_report(struct reading *r)
{
	size_t topics = r->asked->script->topics.n;
	const cJSON **order = ARENA_ARRAY(r->arena, topics, const cJSON *);
	struct str text = strip_fence(buf_slice(&r->text));
	struct report_fault fault;
	const cJSON *v = NULL;
	enum err e;

	if (buf_check(&r->text) != ERR_OK) {
		end(r, REPORT_RETRY, "too_large", STR("The report is too long."));
		return;
	}
	if (text.n == 0) {
		end(r, REPORT_RETRY, "empty_answer", STR("The model answered without text."));
		return;
	}
	e = json_parse(r->arena, text, &v);
	if (e == ERR_TOO_LARGE)
		end(r, REPORT_RETRY, "too_large", STR("The report is too long."));
	else if (e != ERR_OK)
		end(r, REPORT_RETRY, "invalid_json", STR("The report is not JSON."));
	else if (!report_check(r->arena, v, &r->asked->script->topics, order, &fault))
		end(r, REPORT_RETRY, fault.reason,
		    str_fmt(r->arena, "The report is not valid: " STR_FMT ".",
		            STR_ARG(fault.text)));
	else
		report_write(r->arena, r->asked, v, order, r->out);
}

static void
read_incomplete(struct reading *r, struct str why)
{
	if (str_eq(why, STR("content_filter"))) {
		end(r, REPORT_FINAL, "content_filter",
		    STR("The server's content filter stopped the answer."));
		return;
	}
	if (r->asked->longer) {
		end(r, REPORT_FINAL, "incomplete",
		    STR("The answer was incomplete for the second time."));
		return;
	}
	end(r, REPORT_LONGER, "incomplete", STR("The answer was incomplete."));
}

static void
read_failed(struct reading *r, const cJSON *error)
{
	struct str code = model_error_code(error);

	end(r, REPORT_RETRY, "model_failed",
	    str_is_set(code) ? str_fmt(r->arena, "The model failed: " STR_FMT ".", STR_ARG(code))
	                     : STR("The model failed."));
}

static void
read_answer(struct reading *r, const cJSON *root)
{
	const cJSON *incomplete = json_get(root, "incomplete_details");
	struct str status = json_str(json_get(root, "status"));

	r->out->usage = read_usage(json_get(root, "usage"));
	r->out->model = utf8_cut(json_str(json_get(root, "model")), REPORT_MAX_MODEL);
	read_output(r, json_get(root, "output"));
	if (str_is_set(r->refusal)) {
		struct str words = model_error_words(r->arena, r->refusal);

		end(r, REPORT_FINAL, "refusal",
		    words.n > 0 ? str_fmt(r->arena, "The model refused: " STR_FMT, STR_ARG(words))
		                : STR("The model refused."));
	} else if (str_eq(status, STR("failed"))) {
		read_failed(r, json_get(root, "error"));
	} else if (str_eq(status, STR("incomplete"))) {
		read_incomplete(r, json_str(json_get(incomplete, "reason")));
	} else if (str_is_set(status) && !str_eq(status, STR("completed"))) {
		end(r, REPORT_RETRY, "unexpected_status", STR("The answer was not finished."));
	} else {
		read_report(r);
	}
}

void
report_read(struct arena *a, const struct report_asked *asked, struct str body, struct report *out)
{
	struct report report = { .outcome = REPORT_DONE };
	struct reading r = { .arena = a, .asked = asked, .out = &report };
	const cJSON *root = NULL;
	enum err e = json_parse(a, body, &root);

	buf_init(&r.text, a, REPORT_MAX_JSON);
	if (e == ERR_TOO_LARGE)
		end(&r, REPORT_RETRY, "too_large", STR("The answer is too long."));
	else if (e != ERR_OK ||
	         (json_get(root, "output") == NULL && json_get(root, "status") == NULL))
		end(&r, REPORT_RETRY, "garbage", STR("The answer is not one of a model server."));
	else
		read_answer(&r, root);
	if (arena_check(a) != ERR_OK) {
		report.json = STR_NONE;
		end(&r, REPORT_RETRY, "too_large", STR("The answer is too long."));
	}
	*out = report;
}
