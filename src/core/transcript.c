/*
 * Why: a transcript costs money and time, so what may pass is asked again, rarely, and what never
 * will is not. What always holds: an answer that cannot be read is never taken for one.
 */
#include "core/transcript.h"

#include "base/utf8.h"
#include "core/model_cost.h"

#define WAIT_MIN_MS (30 * TIME_SECOND)
#define WAIT_MAX_MS TIME_HOUR
#define KEY_MS      (10 * TIME_MINUTE) /* until a key that is refused is tried again */
#define MINUTE_MS   INT64_C(60000)

const char *const transcript_reasons[] = {
	"unreachable", "rate_limited", "server_error", "unauthorized", "unknown_model",
	"refused",     "too_large",    "bad_answer",   "file_gone",    NULL,
};

bool
transcript_is_audio(struct str mime)
{
	return str_starts(mime, STR("audio/"));
}

/* By which the server tells what the file is. */
static const char *
extension(struct str mime)
{
	static const struct {
		const char *mime, *extension;
	} known[] = {
		{ "audio/ogg", "ogg" }, { "audio/mpeg", "mp3" }, { "audio/mp4", "m4a" },
		{ "audio/aac", "m4a" }, { "audio/wav", "wav" },  { "audio/webm", "webm" },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_starts(mime, str_from(known[i].mime)))
			return known[i].extension;
	return "ogg";
}

static struct str
plain_type(struct str mime)
{
	return str_trim(str_sub(mime, 0, str_find(mime, ';')));
}

static void
field(struct buf *b, const struct transcript_request *q, const char *name, struct str value)
{
	buf_fmt(b, "--" STR_FMT "\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n",
	        STR_ARG(q->boundary), name);
	buf_str(b, value);
	buf_z(b, "\r\n");
}

struct str
transcript_body(struct arena *a, const struct transcript_request *q)
{
	struct buf b;

	buf_init(&b, a, q->file.n + 8192);
	field(&b, q, "model", q->model);
	field(&b, q, "response_format", STR("json"));
	buf_fmt(&b,
	        "--" STR_FMT "\r\nContent-Disposition: form-data; name=\"file\"; "
	        "filename=\"audio.%s\"\r\nContent-Type: " STR_FMT "\r\n\r\n",
	        STR_ARG(q->boundary), extension(q->mime), STR_ARG(plain_type(q->mime)));
	buf_str(&b, q->file);
	buf_fmt(&b, "\r\n--" STR_FMT "--\r\n", STR_ARG(q->boundary));
	return buf_slice(&b);
}

enum err
transcript_prices_read(struct arena *a, struct str text, struct transcript_prices *out)
{
	struct transcript_prices p = { 0 };
	struct model_prices three;
	size_t comma = str_find(text, ',');
	struct str line;

	if (str_is_empty(str_trim(text))) {
		*out = p;
		return ERR_OK;
	}
	/* read as the prices of the other model are */
	line = comma < text.n ? str_fmt(a, STR_FMT ",0," STR_FMT, STR_ARG(str_sub(text, 0, comma)),
	                                STR_ARG(str_sub(text, comma + 1, text.n)))
	                      : str_fmt(a, STR_FMT ",0,0", STR_ARG(text));
	if (model_prices_read(line, &three) != ERR_OK)
		return ERR_INVALID;
	if (comma < text.n) {
		p.input = three.input;
		p.output = three.output;
	} else {
		p.minute = three.input;
	}
	*out = p;
	return ERR_OK;
}

static int64_t
count_of(const cJSON *v)
{
	int64_t n;

	return json_i64(v, &n) && n >= 0 ? n : -1;
}

/* Seconds with a fraction, as milliseconds; -1. */
static int64_t
milliseconds_of(const cJSON *v)
{
	if (!json_is_number(v) || v->valuedouble < 0 || v->valuedouble > 1e9)
		return -1;
	return (int64_t)(v->valuedouble * 1000 + 0.5);
}

static int64_t
cost_of(const struct transcript *t, const struct transcript_prices *p)
{
	int64_t cost = 0;

	if (t->input_tokens > 0 || t->output_tokens > 0)
		cost = model_cost(&(struct model_prices){ .input = p->input, .output = p->output },
		                  (struct model_usage){ .input_tokens = t->input_tokens,
		                                        .output_tokens = t->output_tokens });
	if (t->milliseconds > 0)
		cost += (t->milliseconds * p->minute + MINUTE_MS / 2) / MINUTE_MS;
	return cost;
}

bool
transcript_read(struct arena *a, struct str body, const struct transcript_prices *prices,
                struct transcript *out)
{
	const cJSON *root = NULL, *text, *usage;

	if (json_parse(a, body, &root) != ERR_OK || !json_is_object(root))
		return false;
	text = json_get(root, "text");
	usage = json_get(root, "usage");
	if (!str_is_set(json_str(text)))
		return false;
	*out = (struct transcript){
		.text = utf8_cut(str_trim(json_str(text)), TRANSCRIPT_MOST_TEXT),
		.input_tokens = count_of(json_get(usage, "input_tokens")),
		.output_tokens = count_of(json_get(usage, "output_tokens")),
		.milliseconds = milliseconds_of(json_get(usage, "seconds")),
	};
	out->cost_micro_usd = cost_of(out, prices);
	return true;
}

static int64_t
wait_of(unsigned tries, uint64_t chance)
{
	int64_t wait = WAIT_MIN_MS;

	for (unsigned i = 1; i < tries && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	wait = wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
	return wait - (int64_t)(chance % (uint64_t)(wait / 4));
}

static bool
may_pass(int status)
{
	return status == 0 || status == 408 || status == 429 || status >= 500;
}

static const char *
reason_of(int status)
{
	if (status == 0)
		return "unreachable";
	if (status == 429)
		return "rate_limited";
	if (status == 401 || status == 403)
		return "unauthorized";
	if (status == 404)
		return "unknown_model";
	if (status == 413)
		return "too_large";
	return may_pass(status) ? "server_error" : "refused";
}

struct transcript_verdict
transcript_judge(int status, unsigned tries, int64_t now_ms, int64_t retry_after_ms,
                 uint64_t chance)
{
	struct transcript_verdict v = { .act = TRANSCRIPT_NEVER, .reason = reason_of(status) };
	int64_t wait;

	if (status >= 200 && status < 300)
		return (struct transcript_verdict){ .act = TRANSCRIPT_TAKE };
	/* the key, the account or the model: somebody will mend it, and nothing is lost meanwhile
	 */
	if (status == 401 || status == 403 || status == 404) {
		v.act = TRANSCRIPT_AGAIN;
		v.all = v.spared = true;
		v.next_try_at = now_ms + KEY_MS;
		return v;
	}
	if (!may_pass(status) || tries >= TRANSCRIPT_TRIES)
		return v;
	wait = wait_of(tries, chance);
	if (retry_after_ms > wait)
		wait = retry_after_ms < WAIT_MAX_MS ? retry_after_ms : WAIT_MAX_MS;
	v.act = TRANSCRIPT_AGAIN;
	v.all = status == 429 || status == 503;
	v.next_try_at = now_ms + wait;
	return v;
}
