/*
 * There and back: a rubric and a conversation become Recado's request, the simulated model server
 * answers it, Recado reads the answer. What always holds: OpenAI would take the request, and it
 * keeps what is promised of it; every true quotation is found again and no false one.
 */
#include "core/report.h"
#include "llm_fixture.h"
#include "llm_talk.h"

#define SEEDS 25

/* One way there and back. The model's counts are those of this one request. */
static struct report
go(enum llm_kind kind, uint64_t seed, bool topics, struct llm_stats *stats)
{
	struct script s = talk_rubric(topics);
	struct prompt p;
	struct report r;
	struct llm *llm = make(kind, seed);

	ck_assert_ok(talk_prompt(test_arena(), &s, &p));
	struct web_reply reply = ask(llm, p.body);
	ck_assert_msg(reply.status == 200, STR_FMT, STR_ARG(reply.body));
	*stats = llm->stats;
	for (int i = 0; i < LLM_PROMISES; i++)
		ck_assert_msg(stats->violations[i] == 0, STR_FMT, STR_ARG(llm->last_violation));
	struct report_asked asked = { &s, STR("v1"), &p, false };
	report_read(test_arena(), &asked, reply.body, &r);
	llm_free(llm);
	return r;
}

START_TEST(what_is_good_is_done_and_every_true_quotation_is_found)
{
	const enum llm_kind kinds[] = { LLM_GOOD, LLM_FENCED, LLM_SLOW };
	struct llm_stats stats;
	size_t quotes = 0;

	for (size_t k = 0; k < 3; k++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct report r = go(kinds[k], seed, true, &stats);
			ck_assert_msg(r.outcome == REPORT_DONE, "%s: " STR_FMT, r.reason,
			              STR_ARG(r.error));
			ck_assert_uint_eq(r.verified, stats.evidence_true);
			ck_assert_uint_eq(r.unverified, 0);
			ck_assert_int_eq(r.usage.input_tokens, (int64_t)stats.usage.input);
			ck_assert_int_eq(r.usage.cached_tokens, (int64_t)stats.usage.cached);
			ck_assert_int_eq(r.usage.output_tokens, (int64_t)stats.usage.output);
			ck_assert_str(r.model, "gpt-5-mini-2026-01-20");
			quotes += r.verified;
		}
	ck_assert_uint_gt(quotes, 3 * SEEDS);
	ck_assert_int_eq(go(LLM_GOOD, 1, false, &stats).outcome, REPORT_DONE);
}
END_TEST

START_TEST(no_false_quotation_is_found)
{
	struct llm_stats stats;

	for (int kind = LLM_FABRICATED; kind <= LLM_UNKNOWN_ID; kind++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct report r = go((enum llm_kind)kind, seed, true, &stats);
			ck_assert_int_eq(r.outcome, REPORT_DONE);
			ck_assert_uint_gt(stats.evidence_false, 0);
			ck_assert_msg(r.unverified == stats.evidence_false &&
			                      r.verified == stats.evidence_true,
			              "%s, seed %d: %zu of %d unverified",
			              llm_kind_name((enum llm_kind)kind), (int)seed, r.unverified,
			              (int)stats.evidence_false);
		}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("llm round", what_is_good_is_done_and_every_true_quotation_is_found,
	                  no_false_quotation_is_found);
}

TEST_MAIN(make_suite)
