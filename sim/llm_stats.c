/*
 * What the model server has counted, as JSON for a test or a person. What always holds: reading
 * changes nothing.
 */
#include "sim/llm_internal.h"

const char *const llm_promise_names[LLM_PROMISES] = { "store", "strict", "phone", "email", "key" };

static void
write_count(struct jw *jw, const char *name, uint64_t n)
{
	jw_ki64(jw, name, (int64_t)n);
}

static void
write_usage(struct jw *jw, const struct llm_usage *u)
{
	jw_key(jw, "usage");
	jw_obj(jw);
	write_count(jw, "inputTokens", u->input);
	write_count(jw, "cachedTokens", u->cached);
	write_count(jw, "outputTokens", u->output);
	write_count(jw, "reasoningTokens", u->reasoning);
	jw_obj_end(jw);
}

static void
write_prompts(struct jw *jw, const struct llm *m)
{
	jw_key(jw, "prompts");
	jw_obj(jw);
	for (size_t i = 0; i < m->ncounts; i++) {
		jw_key(jw, m->counts[i].digest);
		jw_obj(jw);
		write_count(jw, "requests", m->counts[i].requests);
		write_count(jw, "paid", m->counts[i].paid);
		write_count(jw, "mostInFlight", m->counts[i].most_in_flight);
		jw_obj_end(jw);
	}
	jw_obj_end(jw);
}

static void
write_refused(struct jw *jw, const struct llm_stats *s)
{
	jw_key(jw, "refused");
	jw_obj(jw);
	write_count(jw, "unauthorized", s->unauthorized);
	write_count(jw, "invalid", s->invalid);
	write_count(jw, "unknownModel", s->unknown_model);
	jw_obj_end(jw);
}

void
llm_stats_json(const struct llm *m, struct buf *out)
{
	const struct llm_stats *s = &m->stats;
	struct jw jw;

	jw_init(&jw, out);
	jw_obj(&jw);
	write_count(&jw, "requests", s->requests);
	write_count(&jw, "heard", s->heard);
	write_count(&jw, "elsewhere", s->elsewhere);
	jw_key(&jw, "kinds");
	jw_obj(&jw);
	for (int i = 0; i < LLM_KINDS; i++)
		if (s->kinds[i] > 0)
			write_count(&jw, llm_kind_name((enum llm_kind)i), s->kinds[i]);
	jw_obj_end(&jw);
	write_refused(&jw, s);
	write_count(&jw, "paid", s->paid);
	write_usage(&jw, &s->usage);
	write_count(&jw, "abandoned", s->abandoned);
	write_count(&jw, "inFlight", s->in_flight);
	write_count(&jw, "mostInFlight", s->most_in_flight);
	jw_key(&jw, "evidence");
	jw_obj(&jw);
	write_count(&jw, "true", s->evidence_true);
	write_count(&jw, "false", s->evidence_false);
	jw_obj_end(&jw);
	jw_key(&jw, "violations");
	jw_obj(&jw);
	for (int i = 0; i < LLM_PROMISES; i++)
		write_count(&jw, llm_promise_names[i], s->violations[i]);
	jw_obj_end(&jw);
	jw_kstr(&jw, "lastRefusal", m->last_refusal);
	jw_kstr(&jw, "lastViolation", m->last_violation);
	write_prompts(&jw, m);
	jw_obj_end(&jw);
}

void
llm_last_json(const struct llm *m, size_t n, struct buf *out)
{
	struct jw jw;

	if (n > m->options.kept)
		n = m->options.kept;
	if (n > m->nkept)
		n = m->nkept;
	jw_init(&jw, out);
	jw_arr(&jw);
	for (size_t i = 0; i < n; i++) {
		const struct llm_kept *k = &m->kept[(m->nkept - 1 - i) % m->options.kept];
		jw_obj(&jw);
		jw_kz(&jw, "digest", k->digest);
		jw_kz(&jw, "kind", k->kind == LLM_KINDS ? "refused" : llm_kind_name(k->kind));
		jw_ki64(&jw, "status", k->status);
		jw_kstr(&jw, "body", k->body);
		jw_obj_end(&jw);
	}
	jw_arr_end(&jw);
}
