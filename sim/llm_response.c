/*
 * The Response object around a report. What always holds: it has the members of the published
 * reference; a text may come in two parts and after an item of reasoning, as it may from OpenAI; an
 * answer that needs more than max_output_tokens is incomplete, whatever it was meant to be.
 */
#include "base/time.h"
#include "base/utf8.h"
#include "sim/llm_internal.h"

#define RESPONSE_BYTES    ((size_t)64 << 20)
#define CACHE_STEP        128
#define REASONING_STEP    64
#define MOST_REASONING    8 /* steps */
#define SPLIT_PERMILLE    250
#define REASONED_PERMILLE 500
#define SNAPSHOT          "-2026-01-20" /* behind the model's name that was asked for */

/* How an answer ends, and with what. */
struct outcome {
	const char *status, *incomplete; /* incomplete: NULL, or its reason */
	struct str text, refusal;        /* absent: none */
	bool failed;
};

static void
write_part(struct jw *jw, struct str text)
{
	jw_obj(jw);
	jw_kz(jw, "type", "output_text");
	jw_key(jw, "annotations");
	jw_arr(jw);
	jw_arr_end(jw);
	jw_key(jw, "logprobs");
	jw_arr(jw);
	jw_arr_end(jw);
	jw_kstr(jw, "text", text);
	jw_obj_end(jw);
}

static void
write_id(struct jw *jw, struct dice *d, const char *before)
{
	char id[64];
	struct buf b;

	buf_init(&b, NULL, sizeof id);
	buf_fmt(&b, "%s_%016llx%016llx", before, (unsigned long long)dice_next(d),
	        (unsigned long long)dice_next(d));
	jw_kstr(jw, "id", buf_slice(&b));
	buf_deinit(&b);
}

static void
write_message(struct jw *jw, struct dice *d, const struct outcome *o)
{
	size_t at = utf8_cut(o->text, o->text.n / 3).n;

	jw_obj(jw);
	write_id(jw, d, "msg");
	jw_kz(jw, "type", "message");
	jw_kz(jw, "status", o->incomplete != NULL ? "incomplete" : "completed");
	jw_key(jw, "content");
	jw_arr(jw);
	if (str_is_set(o->refusal)) {
		jw_obj(jw);
		jw_kz(jw, "type", "refusal");
		jw_kstr(jw, "refusal", o->refusal);
		jw_obj_end(jw);
	} else if (at > 0 && dice_permille(d, SPLIT_PERMILLE)) {
		write_part(jw, str_sub(o->text, 0, at));
		write_part(jw, str_sub(o->text, at, o->text.n));
	} else {
		write_part(jw, o->text);
	}
	jw_arr_end(jw);
	jw_kz(jw, "role", "assistant");
	jw_obj_end(jw);
}

static void
write_output(struct jw *jw, struct dice *d, const struct outcome *o, bool reasoned)
{
	jw_key(jw, "output");
	jw_arr(jw);
	if (reasoned) {
		jw_obj(jw);
		write_id(jw, d, "rs");
		jw_kz(jw, "type", "reasoning");
		jw_key(jw, "summary");
		jw_arr(jw);
		jw_arr_end(jw);
		jw_obj_end(jw);
	}
	if (str_is_set(o->refusal) || o->text.n > 0)
		write_message(jw, d, o);
	jw_arr_end(jw);
}

static void
write_usage(struct jw *jw, const struct llm_usage *u)
{
	jw_key(jw, "usage");
	jw_obj(jw);
	jw_ki64(jw, "input_tokens", (int64_t)u->input);
	jw_key(jw, "input_tokens_details");
	jw_obj(jw);
	jw_ki64(jw, "cached_tokens", (int64_t)u->cached);
	jw_obj_end(jw);
	jw_ki64(jw, "output_tokens", (int64_t)u->output);
	jw_key(jw, "output_tokens_details");
	jw_obj(jw);
	jw_ki64(jw, "reasoning_tokens", (int64_t)u->reasoning);
	jw_obj_end(jw);
	jw_ki64(jw, "total_tokens", (int64_t)(u->input + u->output));
	jw_obj_end(jw);
}

/* A member as it was asked for, or a default. */
static void
write_echo(struct jw *jw, struct arena *a, const struct llm_prompt *p, const char *name,
           const char *otherwise)
{
	const cJSON *v = json_get(p->body, name);

	jw_kraw(jw, name, v != NULL ? json_raw(a, v) : str_from(otherwise));
}

static struct outcome
make_outcome(struct arena *a, const struct llm_prompt *p, enum llm_kind kind, struct str report)
{
	struct outcome o = { "completed", NULL, report, STR_NONE, false };

	switch (kind) {
	case LLM_FENCED:
		o.text = str_fmt(a, "```json\n" STR_FMT "\n```", STR_ARG(report));
		break;
	case LLM_PROSE_AROUND:
		o.text = str_fmt(a,
		                 "Claro! Segue a análise da conversa:\n\n" STR_FMT
		                 "\n\nSe precisar de mais alguma coisa, é só pedir.",
		                 STR_ARG(report));
		break;
	case LLM_BROKEN_JSON:
		o.text = utf8_cut(report, report.n - report.n / 10 - 1);
		break;
	case LLM_ECHO_REFUSAL:
		o.refusal = llm_echo(a, p);
		break;
	case LLM_REFUSAL:
		o.refusal = STR("Desculpe, não posso ajudar com esse pedido.");
		break;
	case LLM_INCOMPLETE_LENGTH:
		o = (struct outcome){ "incomplete", "max_output_tokens", STR_NONE, STR_NONE,
			              false };
		o.text = utf8_cut(report, report.n / 2);
		break;
	case LLM_CONTENT_FILTER:
		o = (struct outcome){ "incomplete", "content_filter", STR_NONE, STR_NONE, false };
		break;
	case LLM_FAILED:
		o = (struct outcome){ "failed", NULL, STR_NONE, STR_NONE, true };
		break;
	default:
		break;
	}
	return o;
}

/* Tokens, and what is left of the text if they do not suffice. */
static void
make_usage(struct dice *d, const struct llm_prompt *p, enum llm_kind kind, struct outcome *o,
           struct llm_usage *u)
{
	uint64_t most = (uint64_t)p->max_output_tokens;
	struct str said = str_is_set(o->refusal) ? o->refusal : o->text;

	*u = (struct llm_usage){ .input = (p->bytes + 3) / 4, .output = (said.n + 3) / 4 };
	u->cached = dice_below(d, u->input / CACHE_STEP + 1) * CACHE_STEP;
	if (dice_permille(d, REASONED_PERMILLE))
		u->reasoning = REASONING_STEP * (1 + dice_below(d, MOST_REASONING));
	u->output += u->reasoning;
	if (kind == LLM_INCOMPLETE_LENGTH && p->max_output_tokens != INT64_MAX)
		u->output = most;
	if (u->output > most) {
		uint64_t left = most > u->reasoning ? (most - u->reasoning) * 4 : 0;
		o->status = "incomplete";
		o->incomplete = "max_output_tokens";
		o->refusal = STR_NONE;
		o->text = utf8_cut(said, left);
		u->output = most;
	}
	if (u->reasoning > u->output)
		u->reasoning = u->output;
}

static void
write_ending(struct jw *jw, const struct outcome *o)
{
	jw_kz(jw, "status", o->status);
	jw_key(jw, "error");
	if (o->failed) {
		jw_obj(jw);
		jw_kz(jw, "code", "server_error");
		jw_kz(jw, "message", "The model produced invalid content.");
		jw_obj_end(jw);
	} else {
		jw_null(jw);
	}
	jw_key(jw, "incomplete_details");
	if (o->incomplete != NULL) {
		jw_obj(jw);
		jw_kz(jw, "reason", o->incomplete);
		jw_obj_end(jw);
	} else {
		jw_null(jw);
	}
}

void
llm_response_write(struct arena *a, struct dice *d, const struct llm_prompt *p, enum llm_kind kind,
                   struct str report, int64_t now_ms, struct llm_response *out)
{
	struct outcome o = make_outcome(a, p, kind, report);
	struct llm_usage *usage = &out->usage;
	struct buf b;
	struct jw jw;

	make_usage(d, p, kind, &o, usage);
	buf_init(&b, a, RESPONSE_BYTES);
	jw_init(&jw, &b);
	jw_obj(&jw);
	write_id(&jw, d, "resp");
	jw_kz(&jw, "object", "response");
	jw_ki64(&jw, "created_at", now_ms / TIME_SECOND);
	write_ending(&jw, &o);
	write_echo(&jw, a, p, "instructions", "null");
	write_echo(&jw, a, p, "max_output_tokens", "null");
	write_echo(&jw, a, p, "metadata", "{}");
	jw_kstr(&jw, "model", str_fmt(a, STR_FMT SNAPSHOT, STR_ARG(p->model)));
	write_output(&jw, d, &o, usage->reasoning > 0 && !o.failed);
	write_echo(&jw, a, p, "parallel_tool_calls", "true");
	jw_knull(&jw, "previous_response_id");
	write_echo(&jw, a, p, "reasoning", "{\"effort\":\"medium\",\"summary\":null}");
	write_echo(&jw, a, p, "service_tier", "\"default\"");
	write_echo(&jw, a, p, "store", "true");
	write_echo(&jw, a, p, "temperature", "1.0");
	write_echo(&jw, a, p, "text", "{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"}");
	write_echo(&jw, a, p, "tool_choice", "\"auto\"");
	write_echo(&jw, a, p, "tools", "[]");
	write_echo(&jw, a, p, "top_p", "1.0");
	write_echo(&jw, a, p, "truncation", "\"disabled\"");
	if (o.failed) {
		*usage = (struct llm_usage){ 0 };
		jw_knull(&jw, "usage");
	} else {
		write_usage(&jw, usage);
	}
	jw_obj_end(&jw);
	out->body = buf_slice(&b);
	out->complete = (kind <= LLM_PROSE_AROUND || kind == LLM_SLOW) && o.incomplete == NULL;
}
