/*
 * Answers one request. What always holds: the door comes first (path, method, key), then what is
 * wrong with the request, and only a request that OpenAI would take gets a kind; the kind follows
 * from the seed, the prompt's words and how often they came.
 */
#include "sim/llm_internal.h"

#include "base/time.h"
#include "base/utf8.h"

static void
set_error(struct arena *a, struct web_reply *r, const struct llm_error *e)
{
	struct buf b;
	struct jw jw;

	buf_init(&b, a, 1u << 20);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_key(&jw, "error");
	jw_obj(&jw);
	jw_kstr(&jw, "message", e->message);
	jw_kz(&jw, "type", e->type);
	jw_kstr(&jw, "param", e->param);
	jw_kstr(&jw, "code", e->code);
	jw_obj_end(&jw);
	jw_obj_end(&jw);
	r->status = e->status;
	r->body = buf_slice(&b);
}

/* The key as OpenAI repeats it: the beginning and the end. */
static struct str
mask(struct arena *a, struct str key)
{
	return key.n < 12 ? STR("***")
	                  : str_fmt(a, STR_FMT "***" STR_FMT, STR_ARG(str_sub(key, 0, 3)),
	                            STR_ARG(str_sub(key, key.n - 4, 4)));
}

static bool
check_key(const struct llm *m, struct arena *a, const struct web_request *q, struct llm_error *e)
{
	struct str before = STR("Bearer "), key;

	*e = (struct llm_error){ 401, LLM_INVALID, STR_NONE, STR_NONE,
		                 STR("You didn't provide an API key: it goes into an "
		                     "Authorization header, as Bearer KEY.") };
	if (!str_starts(q->authorization, before) || q->authorization.n == before.n)
		return false;
	key = str_sub(q->authorization, before.n, q->authorization.n);
	e->code = STR("invalid_api_key");
	e->message = str_fmt(a, "Incorrect API key provided: " STR_FMT ".", STR_ARG(mask(a, key)));
	return !str_is_set(m->options.api_key) || str_eq(key, m->options.api_key);
}

/* The body as JSON that is a right request; false: *e says why not. */
static bool
read_body(struct arena *a, const struct web_request *q, const cJSON **out, struct llm_error *e)
{
	struct str type = str_trim(str_sub(q->content_type, 0, str_find(q->content_type, ';')));

	*e = (struct llm_error){ 400, LLM_INVALID, STR_NONE, STR_NONE, STR_NONE };
	if (!str_ieq(type, STR("application/json"))) {
		e->code = STR("unsupported_content_type");
		e->message = str_fmt(a, "Unsupported content type: '" STR_FMT "'.", STR_ARG(type));
		return false;
	}
	if (utf8_valid_prefix(q->body) != q->body.n || json_parse(a, q->body, out) != ERR_OK) {
		e->message = STR("We could not parse the JSON body of your request.");
		return false;
	}
	return llm_check(a, *out, e);
}

static bool
knows_model(const struct llm *m, struct str name)
{
	struct str rest = m->options.models, one;

	if (!str_is_set(rest))
		return true;
	while (str_split(&rest, ',', &one))
		if (str_eq(str_trim(one), name))
			return true;
	return false;
}

static struct llm_error
error_of(struct arena *a, enum llm_kind kind, const struct llm_prompt *p)
{
	static const struct {
		int status;
		const char *type, *code, *param, *message;
	} errors[LLM_KINDS] = {
		[LLM_429] = { 429, "tokens", "rate_limit_exceeded", NULL,
		              "Rate limit reached on tokens per min (TPM). Please try again." },
		[LLM_QUOTA] = { 429, "insufficient_quota", "insufficient_quota", NULL,
		                "You exceeded your current quota." },
		[LLM_500] = { 500, "server_error", NULL, NULL,
		              "The server had an error while processing your request." },
		[LLM_503] = { 503, "server_error", NULL, NULL,
		              "The engine is currently overloaded, please try again later." },
		[LLM_400] = { 400, LLM_INVALID, "context_length_exceeded", "input",
		              "Your input exceeds the context window of this model." },
		[LLM_401] = { 401, LLM_INVALID, "invalid_api_key", NULL,
		              "Incorrect API key provided: sk-***." },
		[LLM_403] = { 403, "request_forbidden", "unsupported_country_region_territory",
		              NULL, "Country, region, or territory not supported." },
		[LLM_ECHO_400] = { 400, LLM_INVALID, "invalid_value", "input", NULL },
		[LLM_ECHO_401] = { 401, LLM_INVALID, "invalid_api_key", NULL, NULL },
		[LLM_ECHO_500] = { 500, "server_error", NULL, NULL, NULL },
	};
	const char *message;

	if (kind == LLM_404)
		return (struct llm_error){ 404, LLM_INVALID, STR("model_not_found"), STR("model"),
			                   str_fmt(a, "The model '" STR_FMT "' does not exist.",
			                           STR_ARG(p->model)) };
	if (kind == LLM_429_DATE || kind == LLM_429_BARE)
		kind = LLM_429;
	message = errors[kind].message;
	return (struct llm_error){ errors[kind].status, errors[kind].type,
		                   str_from(errors[kind].code), str_from(errors[kind].param),
		                   message != NULL ? str_from(message) : llm_echo(a, p) };
}

static enum llm_kind
choose_kind(struct llm *m, const struct llm_prompt *p, struct dice *d)
{
	uint64_t before = llm_count_words(m, p->words), number;
	unsigned throw;

	memcpy(&number, p->words, sizeof number);
	*d = dice_for(m->options.seed, number, before);
	throw = (unsigned)dice_below(d, 1000);
	if (p->asked != LLM_KINDS)
		return before < p->asked_times ? p->asked : LLM_GOOD;
	for (int i = 0; i < LLM_KINDS; i++) {
		if (throw < m->options.manners.permille[i])
			return (enum llm_kind)i;
		throw -= m->options.manners.permille[i];
	}
	return LLM_GOOD;
}

/* A model worked for it: a body, and what befalls it. */
static void
answer_paid(struct llm *m, struct arena *a, struct dice *d, const struct llm_prompt *p,
            enum llm_kind kind, int64_t now_ms, struct web_reply *r)
{
	static const char page[] = "<!doctype html><html><body>Bad gateway</body></html>\n";
	struct llm_report report;
	struct llm_response response;

	llm_report_write(a, d, p, kind, &report);
	llm_response_write(a, d, p, kind, report.text, now_ms, &response);
	r->status = 200;
	r->delay_ms = m->options.latency_ms;
	r->body = response.body;
	struct llm_flight *flight = r->own;
	flight->usage = response.usage;
	if (kind == LLM_SLOW && m->options.slow_ms > r->delay_ms)
		r->delay_ms = m->options.slow_ms;
	if (response.complete) {
		m->stats.evidence_true += report.evidence_true;
		m->stats.evidence_false += report.evidence_false;
	}
	if (kind == LLM_HANG)
		r->fate = WEB_HANGS;
	else if (kind == LLM_CLOSE)
		r->fate = WEB_CLOSED;
	else if (kind == LLM_CUT)
		r->fate = WEB_TRUNCATED;
	r->cut_at = r->body.n / 2;
	if (kind == LLM_GARBAGE)
		r->body = str_from(page);
	else if (kind == LLM_EMPTY)
		r->body = STR("");
	else if (kind == LLM_HUGE)
		r->filler = m->options.huge_bytes;
	else
		return;
	flight->usage = (struct llm_usage){ 0 };
}

static void
answer_prompt(struct llm *m, struct arena *a, const struct llm_prompt *p, int64_t now_ms,
              struct llm_kept *kept, size_t count, struct web_reply *r)
{
	struct dice d;
	enum llm_kind kind = choose_kind(m, p, &d);

	kept->kind = kind;
	m->stats.kinds[kind]++;
	if (llm_kind_is_paid(kind)) {
		m->stats.paid++;
		m->counts[count].paid++;
	}
	if (llm_kind_is_paid(kind) || kind == LLM_FAILED) {
		answer_paid(m, a, &d, p, kind, now_ms, r);
		return;
	}
	struct llm_error e = error_of(a, kind, p);
	set_error(a, r, &e);
	if (kind == LLM_429)
		web_add_header(r, "Retry-After",
		               str_fmt(a, "%lld", (long long)m->options.retry_after_s));
	else if (kind == LLM_429_DATE)
		web_add_header(r, "Retry-After",
		               web_date(a, now_ms + m->options.retry_after_s * TIME_SECOND));
}

/* A request that is in flight from now on, until llm_done(). */
static struct llm_flight *
take_off(struct llm *m, size_t count)
{
	struct llm_flight *f = m->free_flights;

	if (f == NULL)
		f = ARENA_NEW(m->arena, struct llm_flight);
	else
		m->free_flights = f->next;
	*f = (struct llm_flight){ .count = count };
	return f;
}

/* A request for an answer. */
static void
respond(struct llm *m, const struct web_request *q, int64_t now_ms, struct arena *a,
        struct web_reply *r)
{
	unsigned char sum[SHA256_LEN];
	char digest[SHA256_HEX_LEN + 1] = "";
	struct llm_prompt p;
	struct llm_error e;
	const cJSON *body = NULL;

	m->stats.requests++;
	if (++m->stats.in_flight > m->stats.most_in_flight)
		m->stats.most_in_flight = m->stats.in_flight;
	digest_sha256(q->body, sum);
	hex_encode_to(sum, sizeof sum, digest);
	size_t count = llm_count_body(m, digest);
	struct llm_prompt_count *body_count = &m->counts[count];
	r->own = take_off(m, count);
	if (++body_count->in_flight > body_count->most_in_flight)
		body_count->most_in_flight = body_count->in_flight;
	struct llm_kept *kept = llm_keep(m, digest, q->body);
	if (!check_key(m, a, q, &e)) {
		m->stats.unauthorized++;
		set_error(a, r, &e);
	} else if (!read_body(a, q, &body, &e)) {
		m->stats.invalid++;
		llm_note(&m->last_refusal, e.message);
		set_error(a, r, &e);
	} else {
		llm_prompt_read(a, body, &p);
		if (knows_model(m, p.model)) {
			llm_check_promises(m, a, &p);
			answer_prompt(m, a, &p, now_ms, kept, count, r);
		} else {
			m->stats.unknown_model++;
			e = error_of(a, LLM_404, &p);
			set_error(a, r, &e);
		}
	}
	kept->status = r->fate == WEB_HANGS || r->fate == WEB_CLOSED ? 0 : r->status;
}

/* An audio to be written down. */
static void
hear(struct llm *m, const struct web_request *q, struct arena *a, struct web_reply *r)
{
	struct llm_error e;

	m->stats.heard++;
	r->status = 200;
	r->delay_ms = m->options.latency_ms;
	if (!check_key(m, a, q, &e))
		m->stats.unauthorized++;
	else if (llm_hear(a, q, &r->body, &e))
		return;
	llm_note(&m->last_refusal, e.message);
	set_error(a, r, &e);
}

void
llm_answer(struct llm *m, const struct web_request *q, int64_t now_ms, struct arena *a,
           struct web_reply *out)
{
	struct web_reply r = { .fate = WEB_ANSWERED };
	struct str path = str_fmt(a, STR_FMT "/responses", STR_ARG(m->options.base));
	struct str audio = str_fmt(a, STR_FMT "/audio/transcriptions", STR_ARG(m->options.base));
	struct llm_error e = { 404, LLM_INVALID, STR_NONE, STR_NONE, STR_NONE };
	unsigned char sum[SHA256_LEN];

	web_add_header(&r, "Content-Type", STR("application/json"));
	web_add_header(&r, "Date", web_date(a, now_ms));
	digest_sha256(q->body, sum);
	web_add_header(&r, "X-Request-Id",
	               str_fmt(a, "req_" STR_FMT, STR_ARG(hex_encode(a, sum, 12))));
	if (str_eq(q->path, path) && str_eq(q->method, STR("POST"))) {
		respond(m, q, now_ms, a, &r);
	} else if (str_eq(q->path, audio) && str_eq(q->method, STR("POST"))) {
		hear(m, q, a, &r);
	} else {
		m->stats.elsewhere++;
		e.message = str_fmt(a, "Invalid URL (" STR_FMT " " STR_FMT ")", STR_ARG(q->method),
		                    STR_ARG(q->path));
		if (str_eq(q->path, path)) {
			e.status = 405;
			e.code = STR("method_not_supported");
			web_add_header(&r, "Allow", STR("POST"));
		}
		set_error(a, &r, &e);
	}
	*out = r;
}

void
llm_done(struct llm *m, const struct web_reply *r, bool whole)
{
	struct llm_flight *f = r->own;

	if (f == NULL)
		return;
	m->stats.in_flight--;
	m->counts[f->count].in_flight--;
	if (!whole) {
		m->stats.abandoned++;
	} else if (r->fate == WEB_ANSWERED) {
		m->stats.usage.input += f->usage.input;
		m->stats.usage.cached += f->usage.cached;
		m->stats.usage.output += f->usage.output;
		m->stats.usage.reasoning += f->usage.reasoning;
	}
	f->next = m->free_flights;
	m->free_flights = f;
}

static void
handle(void *ctx, const struct web_request *q, int64_t now_ms, struct arena *a,
       struct web_reply *out)
{
	if (!llm_control(ctx, q, a, out))
		llm_answer(ctx, q, now_ms, a, out);
}

static void
handle_done(void *ctx, const struct web_reply *r, bool whole)
{
	llm_done(ctx, r, whole);
}

struct web_handler
llm_handler(struct llm *m)
{
	return (struct web_handler){ handle, handle_done, m };
}
