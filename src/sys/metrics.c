/*
 * Counters for Prometheus. Why one static table: a metric exists if it has a row, and the page
 * shows every row from the first scrape on, so that "0" and "missing" are told apart. What always
 * holds: rows of one name stand together; values are atomic and never locked; a label is part of
 * the table, so no input can make one.
 */
#include "sys/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct row {
	const char *name, *label; /* label: what stands between the braces, or NULL */
	enum kind kind;
	const char *help;
};

static const struct row rows[M_COUNT] = {
#define WEBHOOKS(result)                                                                           \
	{                                                                                          \
		"recado_webhooks_total", "result=\"" result "\"", COUNTER,                         \
			"Webhook deliveries by how they were answered."                            \
	}
	[M_WEBHOOKS_ACCEPTED] = WEBHOOKS("accepted"),
	[M_WEBHOOKS_BAD_SIGNATURE] = WEBHOOKS("bad_signature"),
	[M_WEBHOOKS_TOO_LARGE] = WEBHOOKS("too_large"),
	[M_WEBHOOKS_UNAVAILABLE] = WEBHOOKS("unavailable"),
	[M_WEBHOOKS_NOT_CONFIGURED] = WEBHOOKS("not_configured"),
	[M_WEBHOOKS_CUT] = WEBHOOKS("cut"),
	[M_ACCEPT_SECONDS] = { "recado_webhook_accept_seconds", NULL, HISTOGRAM,
	                       "From complete headers to the answer of a webhook." },
	[M_COMMIT_SECONDS] = { "recado_journal_commit_seconds", NULL, HISTOGRAM,
	                       "One group commit of the journal." },
	[M_COMMIT_ENTRIES] = { "recado_journal_commit_entries_total", NULL, COUNTER,
	                       "Webhooks written by group commits." },
	[M_JOURNAL_DEPTH] = { "recado_journal_due_parts", NULL, GAUGE,
	                      "Journal parts due and not yet applied, counted up to 100000." },
	[M_JOURNAL_OLDEST_SECONDS] = { "recado_journal_oldest_due_seconds", NULL, GAUGE,
	                               "Age of the oldest due journal part." },
#define FACTS(kind)                                                                                \
	{                                                                                          \
		"recado_applied_facts_total", "kind=\"" kind "\"", COUNTER,                        \
			"Facts applied to rows."                                                   \
	}
	[M_FACTS_MESSAGES] = FACTS("message"),
	[M_FACTS_CONTACTS] = FACTS("contact"),
	[M_FACTS_AMENDMENTS] = FACTS("amendment"),
	[M_FACTS_ACCOUNT] = FACTS("account"),
	[M_FACTS_CHUNKS] = FACTS("chunk"),
	[M_DUPLICATES] = { "recado_duplicate_facts_total", NULL, COUNTER,
	                   "Facts that were known already." },
	[M_PROBLEMS] = { "recado_problems_total", NULL, COUNTER,
	                 "Pieces of webhooks that could not be used." },
#define PARTS(result)                                                                              \
	{                                                                                          \
		"recado_journal_parts_total", "result=\"" result "\"", COUNTER,                    \
			"Journal parts by how their processing ended."                             \
	}
	[M_PARTS_APPLIED] = PARTS("applied"),
	[M_PARTS_FAILED] = PARTS("failed"),
	[M_PARTS_RETRIED] = PARTS("retried"),
	[M_PARTS_PARKED] = PARTS("parked"),
	[M_LEAD_MERGES] = { "recado_lead_merges_total", NULL, COUNTER,
	                    "Leads that turned out to be one person." },
	[M_AMENDMENTS_DROPPED] = { "recado_amendments_dropped_total", NULL, COUNTER,
	                           "Amendments whose message never came." },
	[M_HISTORY_ALERTS] = { "recado_history_alerts_total", NULL, COUNTER,
	                       "History syncs that were requested and did not begin in time." },
#define ALERTS(kind)                                                                               \
	{                                                                                          \
		"recado_alerts", "kind=\"" kind "\"", GAUGE, "Alerts that fire now."               \
	}
	[M_ALERTS_HISTORY_LATE] = ALERTS("history_late"),
	[M_ALERTS_TOKEN_REFUSED] = ALERTS("token_refused"),
	[M_ALERTS_DISCONNECTED] = ALERTS("disconnected"),
	[M_ALERTS_JOURNAL_STUCK] = ALERTS("journal_stuck"),
	[M_ALERTS_IMPORT_FAILING] = ALERTS("import_failing"),
#define ALERT_DELIVERIES(result)                                                                   \
	{                                                                                          \
		"recado_alert_deliveries_total", "result=\"" result "\"", COUNTER,                 \
			"Calls of ALERT_WEBHOOK_URL by what came of them; failed ones are tried "  \
			"again."                                                                   \
	}
	[M_ALERT_DELIVERIES_DELIVERED] = ALERT_DELIVERIES("delivered"),
	[M_ALERT_DELIVERIES_FAILED] = ALERT_DELIVERIES("failed"),
	[M_ALERT_DELIVERIES_GONE] = ALERT_DELIVERIES("gone"),
	[M_ALERT_DELIVERIES_DROPPED] = ALERT_DELIVERIES("dropped"),
#define REQUESTS(class)                                                                            \
	{                                                                                          \
		"recado_http_requests_total", "class=\"" class "\"", COUNTER,                      \
			"HTTP answers by class of status."                                         \
	}
	[M_HTTP_REQUESTS_2XX] = REQUESTS("2xx"),
	[M_HTTP_REQUESTS_3XX] = REQUESTS("3xx"),
	[M_HTTP_REQUESTS_4XX] = REQUESTS("4xx"),
	[M_HTTP_REQUESTS_5XX] = REQUESTS("5xx"),
	[M_HTTP_CONNECTIONS] = { "recado_http_connections", NULL, GAUGE, "Open HTTP connections." },
	[M_HTTP_STREAMS] = { "recado_http_streams", NULL, GAUGE, "Open event streams." },
	[M_HTTP_BODY_BYTES_IN_FLIGHT] = { "recado_http_body_in_flight_bytes", NULL, GAUGE,
	                                  "Bytes of request bodies held in memory." },
	[M_LOGIN_FAILURES] = { "recado_login_failures_total", NULL, COUNTER,
	                       "Requests with wrong credentials." },
#define MODEL_CALLS(result)                                                                        \
	{                                                                                          \
		"recado_model_calls_total", "result=\"" result "\"", COUNTER,                      \
			"Calls to the model by what came of them."                                 \
	}
	[M_MODEL_CALLS_DONE] = MODEL_CALLS("done"),
	[M_MODEL_CALLS_UNUSABLE] = MODEL_CALLS("unusable"),
	[M_MODEL_CALLS_FAILED] = MODEL_CALLS("failed"),
	[M_MODEL_SECONDS] = { "recado_model_call_seconds", NULL, HISTOGRAM,
	                      "One call to the model that was answered." },
#define MODEL_TOKENS(kind)                                                                         \
	{                                                                                          \
		"recado_model_tokens_total", "kind=\"" kind "\"", COUNTER,                         \
			"Tokens as the model server counted them; cached ones are input too."      \
	}
	[M_MODEL_TOKENS_INPUT] = MODEL_TOKENS("input"),
	[M_MODEL_TOKENS_CACHED] = MODEL_TOKENS("cached"),
	[M_MODEL_TOKENS_OUTPUT] = MODEL_TOKENS("output"),
	[M_MODEL_COST_MICRO_USD] = { "recado_model_cost_micro_usd_total", NULL, COUNTER,
	                             "Cost of calls by OPENAI_PRICES, in millionths of a USD." },
#define MEDIA(result)                                                                              \
	{                                                                                          \
		"recado_media_total", "result=\"" result "\"", COUNTER,                            \
			"Media by what came of an attempt."                                        \
	}
	[M_MEDIA_DOWNLOADED] = MEDIA("downloaded"),
	[M_MEDIA_LINKED] = MEDIA("linked"),
	[M_MEDIA_RETRIED] = MEDIA("retried"),
	[M_MEDIA_UNAVAILABLE] = MEDIA("unavailable"),
	[M_MEDIA_MISMATCHES] = { "recado_media_mismatches_total", NULL, COUNTER,
	                         "Media whose bytes or digests were not those that were told." },
	[M_MEDIA_BYTES] = { "recado_media_bytes_total", NULL, COUNTER,
	                    "Bytes of media that were downloaded." },
	[M_MEDIA_WAITING] = { "recado_media_waiting", NULL, GAUGE, "Media still to be fetched." },
	[M_MEDIA_STORED_BYTES] = { "recado_media_stored_bytes", NULL, GAUGE,
	                           "Bytes of all files of media." },
	[M_MEDIA_NO_ROOM] = { "recado_media_no_room", NULL, GAUGE,
	                      "1 while media is not fetched for want of room on the disk." },
#define TRANSCRIPTS(result)                                                                        \
	{                                                                                          \
		"recado_transcripts_total", "result=\"" result "\"", COUNTER,                      \
			"Audios that were to be written down, by what came of a call."             \
	}
	[M_TRANSCRIPTS_READY] = TRANSCRIPTS("ready"),
	[M_TRANSCRIPTS_RETRIED] = TRANSCRIPTS("retried"),
	[M_TRANSCRIPTS_UNAVAILABLE] = TRANSCRIPTS("unavailable"),
	[M_TRANSCRIPTS_COST_MICRO_USD] = { "recado_transcript_cost_micro_usd_total", NULL, COUNTER,
	                                   "Cost of transcripts by TRANSCRIBE_PRICES, in "
	                                   "millionths of a USD." },
#define SENDS(result)                                                                              \
	{                                                                                          \
		"recado_sends_total", "result=\"" result "\"", COUNTER,                            \
			"Calls that send a message, by what came of them."                         \
	}
	[M_SENDS_ACCEPTED] = SENDS("accepted"),
	[M_SENDS_RETRIED] = SENDS("retried"),
	[M_SENDS_FAILED] = SENDS("failed"),
	[M_SENDS_UNKNOWN] = SENDS("unknown"),
#define SEND_QUEUE(state)                                                                          \
	{                                                                                          \
		"recado_send_queue", "state=\"" state "\"", GAUGE,                                 \
			"Messages that wait to be sent: queued (their turn comes), behind "        \
			"(another to the same person is first), calling."                          \
	}
	[M_SENDS_QUEUED] = SEND_QUEUE("queued"),
	[M_SENDS_BEHIND] = SEND_QUEUE("behind"),
	[M_SENDS_CALLING] = SEND_QUEUE("calling"),
};

static const struct {
	int64_t us;
	const char *text;
} bounds[] = {
	{ 500, "0.0005" },  { 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" },  { 25000, "0.025" }, { 50000, "0.05" },  { 100000, "0.1" },
	{ 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },   { 2500000, "2.5" },
	{ 5000000, "5" },   { 10000000, "10" },
};
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

static struct {
	_Atomic int64_t value; /* of a histogram: the sum in us */
	_Atomic int64_t buckets[BOUNDS + 1];
} values[M_COUNT];

void
metrics_add(enum metric m, int64_t v)
{
	atomic_fetch_add_explicit(&values[m].value, v, memory_order_relaxed);
}

void
metrics_set(enum metric m, int64_t v)
{
	atomic_store_explicit(&values[m].value, v, memory_order_relaxed);
}

void
metrics_observe_us(enum metric m, int64_t us)
{
	size_t i = 0;

	while (i < BOUNDS && us > bounds[i].us)
		i++;
	atomic_fetch_add_explicit(&values[m].buckets[i], 1, memory_order_relaxed);
	metrics_add(m, us);
}

int64_t
metrics_value(enum metric m)
{
	int64_t n = 0;

	if (rows[m].kind != HISTOGRAM)
		return atomic_load_explicit(&values[m].value, memory_order_relaxed);
	for (size_t i = 0; i <= BOUNDS; i++)
		n += atomic_load_explicit(&values[m].buckets[i], memory_order_relaxed);
	return n;
}

static void
render_head(struct buf *b, const char *name, const char *kind, const char *help)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
render_seconds(struct buf *b, int64_t us)
{
	buf_fmt(b, "%lld.%06lld\n", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void
render_histogram(struct buf *b, enum metric m)
{
	const char *name = rows[m].name;
	int64_t n = 0;

	for (size_t i = 0; i <= BOUNDS; i++) {
		n += atomic_load_explicit(&values[m].buckets[i], memory_order_relaxed);
		buf_fmt(b, "%s_bucket{le=\"%s\"} %lld\n", name,
		        i < BOUNDS ? bounds[i].text : "+Inf", (long long)n);
	}
	buf_fmt(b, "%s_sum ", name);
	render_seconds(b, atomic_load_explicit(&values[m].value, memory_order_relaxed));
	buf_fmt(b, "%s_count %lld\n", name, (long long)n);
}

/* A small file of the kernel as text; empty if it cannot be read. */
static const char *
read_small(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(text, 1, size - 1, f);

	text[n] = '\0';
	if (f != NULL)
		(void)fclose(f);
	return text;
}

/* What follows the nth blank at or after p. */
static const char *
after_blanks(const char *p, int n)
{
	for (; p != NULL && n > 0; n--) {
		p = strchr(p, ' ');
		p = p == NULL ? NULL : p + 1;
	}
	return p == NULL ? "" : p;
}

/* Resident bytes of this process, 0 if the kernel does not tell. */
static int64_t
resident_bytes(void)
{
	char text[256];
	const char *second = after_blanks(read_small("/proc/self/statm", text, sizeof(text)), 1);

	return (int64_t)strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* Microseconds since this process began, 0 if the kernel does not tell. */
static int64_t
age_us(void)
{
	char text[1024];
	const char *name_end = strrchr(read_small("/proc/self/stat", text, sizeof(text)), ')');
	double start = strtod(after_blanks(name_end, 20), NULL) / (double)sysconf(_SC_CLK_TCK);
	double up = strtod(read_small("/proc/uptime", text, sizeof(text)), NULL);

	return start > 0 && up > start ? (int64_t)((up - start) * 1e6) : 0;
}

static void
render_process(struct buf *b)
{
	int64_t age = age_us();

	render_head(b, "recado_build_info", "gauge", "Which version runs.");
	buf_fmt(b, "recado_build_info{version=\"%s\"} 1\n", RECADO_VERSION);
	render_head(b, "recado_uptime_seconds", "gauge", "Seconds since the process began.");
	buf_z(b, "recado_uptime_seconds ");
	render_seconds(b, age);
	render_head(b, "process_start_time_seconds", "gauge", "When the process began, Unix time.");
	buf_z(b, "process_start_time_seconds ");
	render_seconds(b, clock_now(&clock_real) * 1000 - age);
	render_head(b, "process_resident_memory_bytes", "gauge", "Resident memory.");
	buf_fmt(b, "process_resident_memory_bytes %lld\n", (long long)resident_bytes());
}

void
metrics_render(struct buf *b)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	for (int m = 0; m < M_COUNT; m++) {
		const struct row *r = &rows[m];

		if (m == 0 || strcmp(rows[m - 1].name, r->name) != 0)
			render_head(b, r->name, kinds[r->kind], r->help);
		if (r->kind == HISTOGRAM) {
			render_histogram(b, (enum metric)m);
			continue;
		}
		buf_z(b, r->name);
		if (r->label != NULL)
			buf_fmt(b, "{%s}", r->label);
		buf_fmt(b, " %lld\n", (long long)metrics_value((enum metric)m));
	}
	render_process(b);
}
