/*
 * The controls of the simulated helpdesk. What always holds: a control that is not understood
 * changes nothing.
 */
#include "sim/helpdesk_answer.h"

#define ANSWER_BYTES ((size_t)1 << 30)

bool
helpdesk_control(struct helpdesk *w, const struct web_request *q, int64_t now_ms, struct arena *a,
                 struct web_reply *out)
{
	bool get = str_eq(q->method, STR("GET"));
	struct web_reply r = { .fate = WEB_ANSWERED, .status = 200 };
	struct str rest = q->query;
	int64_t n = 1;
	struct buf b;

	if (!str_starts(q->path, STR("/__sim/")))
		return false;
	buf_init(&b, a, ANSWER_BYTES);
	helpdesk_set_clock(w, now_ms);
	if (get && str_eq(q->path, STR("/__sim/stats")))
		helpdesk_stats_json(w, &b);
	else if (get && str_eq(q->path, STR("/__sim/truth")))
		helpdesk_truth_lines(w, &b);
	else if (!get && str_eq(q->path, STR("/__sim/quiet")))
		helpdesk_quiet(w);
	else if (!get && str_eq(q->path, STR("/__sim/heal")))
		helpdesk_heal(w);
	else if (!get && str_eq(q->path, STR("/__sim/live")) &&
	         (str_is_empty(rest) || (str_starts(rest, STR("n=")) &&
	                                 str_to_i64(str_sub(rest, 2, rest.n), &n) && n >= 0)))
		helpdesk_live(w, (size_t)n);
	else
		r.status = 404;
	r.body = buf_slice(&b);
	*out = r;
	return true;
}

static void
handle(void *ctx, const struct web_request *q, int64_t now_ms, struct arena *a,
       struct web_reply *out)
{
	if (!helpdesk_control(ctx, q, now_ms, a, out))
		(void)helpdesk_answer(ctx, q, now_ms, a, out);
}

struct web_handler
helpdesk_handler(struct helpdesk *w)
{
	return (struct web_handler){ handle, NULL, w };
}
