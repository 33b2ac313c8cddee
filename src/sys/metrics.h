/*
 * Counters, gauges and histograms for Prometheus, from one static table. Names start with recado_;
 * labels never hold a phone, a message id or a client's words. Thread-safe. A global, by design.
 */
#ifndef RECADO_SYS_METRICS_H
#define RECADO_SYS_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum metric {
	M_WEBHOOKS_ACCEPTED,      /* recado_webhooks_total{result="accepted"} */
	M_WEBHOOKS_BAD_SIGNATURE, /* … "bad_signature" */
	M_WEBHOOKS_TOO_LARGE,
	M_WEBHOOKS_UNAVAILABLE,
	M_WEBHOOKS_NOT_CONFIGURED,
	M_WEBHOOKS_CUT,           /* the body did not arrive whole or in time */
	M_ACCEPT_SECONDS,         /* histogram: headers complete to answer ready, webhooks */
	M_COMMIT_SECONDS,         /* histogram: one group commit */
	M_COMMIT_ENTRIES,         /* recado_journal_commit_entries_total */
	M_JOURNAL_DEPTH,          /* gauge: parts due */
	M_JOURNAL_OLDEST_SECONDS, /* gauge */
	M_FACTS_MESSAGES,         /* recado_applied_facts_total{kind="message"} */
	M_FACTS_CONTACTS,
	M_FACTS_AMENDMENTS,
	M_FACTS_ACCOUNT,
	M_FACTS_CHUNKS,
	M_DUPLICATES,
	M_PROBLEMS,
	M_PARTS_APPLIED,
	M_PARTS_FAILED,
	M_PARTS_RETRIED,
	M_PARTS_PARKED,
	M_LEAD_MERGES,
	M_AMENDMENTS_DROPPED,
	M_HISTORY_ALERTS,
	M_ALERTS_HISTORY_LATE, /* recado_alerts{kind="history_late"}: in the order of alert_kind */
	M_ALERTS_TOKEN_REFUSED,
	M_ALERTS_DISCONNECTED,
	M_ALERTS_JOURNAL_STUCK,
	M_ALERTS_IMPORT_FAILING,
	M_ALERT_DELIVERIES_DELIVERED, /* recado_alert_deliveries_total{result="delivered"} */
	M_ALERT_DELIVERIES_FAILED,    /* a try; there is another */
	M_ALERT_DELIVERIES_GONE,
	M_ALERT_DELIVERIES_DROPPED,
	M_HTTP_REQUESTS_2XX, /* recado_http_requests_total{class="2xx"} */
	M_HTTP_REQUESTS_3XX,
	M_HTTP_REQUESTS_4XX,
	M_HTTP_REQUESTS_5XX,
	M_HTTP_CONNECTIONS, /* gauge */
	M_HTTP_STREAMS,     /* gauge */
	M_HTTP_BODY_BYTES_IN_FLIGHT,
	M_LOGIN_FAILURES,
	M_MODEL_CALLS_DONE, /* recado_model_calls_total{result="done"} */
	M_MODEL_CALLS_UNUSABLE,
	M_MODEL_CALLS_FAILED,
	M_MODEL_SECONDS,      /* histogram: one answered call */
	M_MODEL_TOKENS_INPUT, /* recado_model_tokens_total{kind="input"} */
	M_MODEL_TOKENS_CACHED,
	M_MODEL_TOKENS_OUTPUT,
	M_MODEL_COST_MICRO_USD,
	M_MEDIA_DOWNLOADED, /* recado_media_total{result="downloaded"} */
	M_MEDIA_LINKED,
	M_MEDIA_RETRIED,
	M_MEDIA_UNAVAILABLE,
	M_MEDIA_MISMATCHES,
	M_MEDIA_BYTES,
	M_MEDIA_WAITING,      /* gauge */
	M_MEDIA_STORED_BYTES, /* gauge */
	M_MEDIA_NO_ROOM,      /* gauge: 0, 1 */
	M_SENDS_ACCEPTED,     /* recado_sends_total{result="accepted"} */
	M_SENDS_RETRIED,
	M_SENDS_FAILED,
	M_SENDS_UNKNOWN,
	M_SENDS_QUEUED, /* gauges: recado_send_queue{state="queued"} */
	M_SENDS_BEHIND,
	M_SENDS_CALLING,
	M_TRANSCRIPTS_READY, /* recado_transcripts_total{result="ready"} */
	M_TRANSCRIPTS_RETRIED,
	M_TRANSCRIPTS_UNAVAILABLE,
	M_TRANSCRIPTS_COST_MICRO_USD,
	M_COUNT
};

void metrics_add(enum metric, int64_t v);
void metrics_set(enum metric, int64_t v);
void metrics_observe_us(enum metric, int64_t us);
int64_t metrics_value(enum metric); /* count for a histogram */
/* The whole page in Prometheus' text format, build info included. */
void metrics_render(struct buf *);

#endif
