/* What the simulated Graph API has seen, as JSON. What always holds: reading changes nothing, and
 * no token, code or secret is told. */
#include "sim/graph_internal.h"

static void
write_kept(struct jw *jw, const struct graph_kept *k)
{
	jw_obj(jw);
	jw_ki64(jw, "at", k->at);
	jw_kstr(jw, "method", k->method);
	jw_kstr(jw, "path", k->path);
	jw_kstr(jw, "query", k->query);
	jw_kstr(jw, "body", k->body);
	jw_ki64(jw, "status", k->status);
	jw_ki64(jw, "code", k->code);
	jw_obj_end(jw);
}

void
graph_kept_json(const struct graph_kept *k, struct buf *out)
{
	struct jw jw;

	jw_init(&jw, out);
	write_kept(&jw, k);
}

void
graph_requests_json(const struct graph *g, struct buf *out)
{
	uint64_t from = g->nkept > GRAPH_MOST_KEPT ? g->nkept - GRAPH_MOST_KEPT : 0;
	struct jw jw;

	jw_init(&jw, out);
	jw_obj(&jw);
	jw_ki64(&jw, "dropped", (int64_t)from);
	jw_key(&jw, "requests");
	jw_arr(&jw);
	for (uint64_t i = from; i < g->nkept; i++)
		write_kept(&jw, &g->kept[i % GRAPH_MOST_KEPT]);
	jw_arr_end(&jw);
	jw_obj_end(&jw);
}

static void
write_faults(struct jw *jw, const struct graph *g)
{
	int64_t left = 0;

	for (size_t i = 0; i < g->faults.n; i++)
		left += g->faults.v[i].times;
	jw_key(jw, "faults");
	jw_obj(jw);
	jw_ki64(jw, "played", (int64_t)g->faults_played);
	jw_ki64(jw, "left", left);
	jw_obj_end(jw);
}

static void
write_counts(struct jw *jw, const struct graph *g)
{
	jw_key(jw, "answers");
	jw_arr(jw);
	for (size_t i = 0; i < g->counts.n; i++) {
		jw_obj(jw);
		jw_kstr(jw, "what", g->counts.v[i].what);
		jw_ki64(jw, "status", g->counts.v[i].status);
		jw_ki64(jw, "n", (int64_t)g->counts.v[i].n);
		jw_obj_end(jw);
	}
	jw_arr_end(jw);
}

static void
write_violations(struct jw *jw, const struct graph *g)
{
	jw_key(jw, "violations");
	jw_arr(jw);
	for (size_t i = 0; i < g->violations.n; i++) {
		jw_obj(jw);
		jw_ki64(jw, "at", g->violations.v[i].at);
		jw_kstr(jw, "path", g->violations.v[i].path);
		jw_kstr(jw, "what", g->violations.v[i].what);
		jw_obj_end(jw);
	}
	jw_arr_end(jw);
}

static void
write_webhooks(struct jw *jw, const struct graph *g)
{
	jw_key(jw, "webhooks");
	jw_obj(jw);
	jw_ki64(jw, "made", (int64_t)g->webhooks);
	jw_ki64(jw, "delivered", (int64_t)g->delivered);
	jw_ki64(jw, "refused", (int64_t)g->refused);
	jw_ki64(jw, "lost", (int64_t)g->lost);
	jw_obj_end(jw);
}

static void
write_numbers(struct jw *jw, const struct graph *g)
{
	jw_key(jw, "numbers");
	jw_arr(jw);
	for (size_t i = 0; i < g->numbers.n; i++) {
		const struct graph_number *n = &g->numbers.v[i];
		jw_obj(jw);
		jw_kstr(jw, "wabaId", g->wabas.v[n->waba].id);
		jw_kstr(jw, "phoneNumberId", n->id);
		jw_kbool(jw, "subscribed", g->wabas.v[n->waba].subscribed);
		jw_kbool(jw, "contactsAsked", n->asked[GRAPH_CONTACTS]);
		jw_kbool(jw, "historyAsked", n->asked[GRAPH_HISTORY]);
		jw_ktime(jw, "onboardedAt", n->onboarded_at);
		jw_ki64(jw, "seed", (int64_t)n->seed);
		jw_obj_end(jw);
	}
	jw_arr_end(jw);
}

static void
write_people(struct jw *jw, const struct graph *g)
{
	jw_key(jw, "people");
	jw_arr(jw);
	for (size_t i = 0; i < g->pairs.n; i++) {
		const struct graph_pair *p = &g->pairs.v[i];
		jw_obj(jw);
		jw_kstr(jw, "phoneNumberId", g->numbers.v[p->number].id);
		jw_kstr(jw, "waId", p->wa_id);
		jw_key(jw, "times");
		jw_arr(jw);
		for (size_t k = 0; k < p->ntimes; k++)
			jw_i64(jw, p->times[k]);
		jw_arr_end(jw);
		jw_ki64(jw, "refused", (int64_t)p->refused);
		jw_obj_end(jw);
	}
	jw_arr_end(jw);
}

void
graph_stats_json(const struct graph *g, struct buf *out)
{
	struct jw jw;

	jw_init(&jw, out);
	jw_obj(&jw);
	jw_ki64(&jw, "calls", (int64_t)g->calls);
	write_counts(&jw, g);
	jw_ki64(&jw, "accepted", (int64_t)g->accepted);
	jw_ki64(&jw, "limited", (int64_t)g->limited);
	write_faults(&jw, g);
	write_violations(&jw, g);
	write_webhooks(&jw, g);
	write_numbers(&jw, g);
	write_people(&jw, g);
	jw_obj_end(&jw);
}
