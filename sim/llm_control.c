/*
 * The controls of the simulated model server. What always holds: a control that is not understood
 * changes nothing.
 */
#include "sim/llm_internal.h"

#define CONTROL_BYTES ((size_t)1 << 30)
#define MOST_MS       INT64_C(86400000)

/* What POST /__sim/manners may change. */
struct change {
	struct llm_manners manners;
	int64_t latency_ms, slow_ms, n;
};

static bool
read_ms(struct str value, int64_t *out)
{
	int64_t ms;

	if (!str_to_i64(value, &ms) || ms < 0 || ms > MOST_MS)
		return false;
	*out = ms;
	return true;
}

static bool
read_query(struct arena *a, struct str query, struct change *c)
{
	struct str name, value;

	while (web_next_parameter(a, &query, &name, &value)) {
		bool ok = false;
		if (str_eq(name, STR("manners")))
			ok = llm_manners_parse(value, &c->manners);
		else if (str_eq(name, STR("latency_ms")))
			ok = read_ms(value, &c->latency_ms);
		else if (str_eq(name, STR("slow_ms")))
			ok = read_ms(value, &c->slow_ms);
		else if (str_eq(name, STR("n")))
			ok = read_ms(value, &c->n);
		if (!ok)
			return false;
	}
	return true;
}

bool
llm_control(struct llm *m, const struct web_request *q, struct arena *a, struct web_reply *out)
{
	struct change c = { m->options.manners, m->options.latency_ms, m->options.slow_ms,
		            LLM_MAX_KEPT };
	bool get = str_eq(q->method, STR("GET")), post = str_eq(q->method, STR("POST"));
	struct web_reply r = { .fate = WEB_ANSWERED, .status = 200 };
	struct buf b;

	if (!str_starts(q->path, STR("/__sim/")))
		return false;
	buf_init(&b, a, CONTROL_BYTES);
	if (!read_query(a, q->query, &c)) {
		r.status = 400;
	} else if (get && str_eq(q->path, STR("/__sim/stats"))) {
		llm_stats_json(m, &b);
	} else if (get && str_eq(q->path, STR("/__sim/last"))) {
		llm_last_json(m, (size_t)c.n, &b);
	} else if (post && str_eq(q->path, STR("/__sim/manners"))) {
		m->options.manners = c.manners;
		m->options.latency_ms = c.latency_ms;
		m->options.slow_ms = c.slow_ms;
	} else {
		r.status = 404;
	}
	r.body = buf_slice(&b);
	web_add_header(&r, "Content-Type", STR("application/json"));
	*out = r;
	return true;
}
