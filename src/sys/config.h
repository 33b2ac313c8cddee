/*
 * The configuration: one table, from which `recado config`, .env.example and the reference
 * docs come. Environment first, then .env in the working directory. All problems are found at once.
 */
#ifndef RECADO_SYS_CONFIG_H
#define RECADO_SYS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct config {
	struct str database_url, host, public_url, admin_token, secret_key, secret_key_previous;
	struct str trusted_proxies, ca_file, timezone;
	int64_t port, handler_threads;
	struct str meta_app_id, meta_app_secret, meta_app_secret_previous, meta_verify_token,
		meta_config_id, meta_graph_url;
	int64_t import_start_at; /* ms */
	int64_t external_api_requests_per_minute, import_interval_minutes, import_full_every_hours,
		send_give_up_hours, history_alert_minutes;
	struct str openai_api_key, openai_model, openai_base_url, openai_prices;
	int64_t analysis_concurrency, analysis_sync_seconds, analysis_max_input_tokens,
		analysis_timeout_seconds;
	struct str analysis_redact;
	int64_t journal_retention_days;
	struct str media_dir;
	int64_t media_max_gib;
	bool transcribe;
	struct str transcribe_model, transcribe_prices;
	struct str alert_webhook_url, alert_webhook_secret, log_level, log_format;
	/* limits we name beyond the contract's table; every one in `recado config` */
	int64_t body_limit_bytes;     /* MAX_BODY_BYTES, 3 MiB: one webhook body */
	int64_t api_body_limit_bytes; /* MAX_API_BODY_BYTES, 2 MiB */
	int64_t in_flight_bytes;      /* MAX_BODY_BYTES_IN_FLIGHT, 64 MiB */
	int64_t queue_entries;        /* MAX_QUEUED_WEBHOOKS, 10,000 */
	int64_t max_connections;      /* MAX_CONNECTIONS, 4,096 */
	int64_t max_streams;          /* MAX_STREAMS, 1,000: at most half of max_connections */
	int64_t request_seconds;      /* REQUEST_TIMEOUT_SECONDS, 30: whole request */
	int64_t append_timeout_ms;    /* APPEND_TIMEOUT_MS, 2,000 */
	int64_t drainers;             /* DRAINER_THREADS, 1 on SQLite; 2 */
	int64_t apply_hold_seconds;   /* APPLY_HOLD_SECONDS, 10 */
	int64_t amendment_days;       /* AMENDMENT_WAIT_DAYS, 30 */
	int64_t event_hours;          /* EVENT_RETENTION_HOURS, 24 */
};

/* getenv as an argument so that tests and the fuzzer need no process environment. NULL: not set. */
typedef const char *config_getenv_fn(void *ctx, const char *name);

/*
 * Reads and checks everything. Problems go to `problems`, one line each: variable, reason, example;
 * then ERR_INVALID. dotenv: text of the .env file or STR_NONE. Values live in the arena.
 */
MUST_CHECK enum err config_load(struct arena *, config_getenv_fn *, void *ctx, struct str dotenv,
                                struct config *out, struct buf *problems);
/*
 * Names in the text of a .env file that are no variable of ours, a line each, with the one that was
 * meant if one is close: ".env line 3: ADMIN_TOKN is not a variable of Recado; is ADMIN_TOKEN
 * meant?". Nothing of the values.
 */
void config_unknown(struct arena *, struct str dotenv, struct buf *warnings);
/*
 * Effective values, `NAME=value` a line, secrets masked; those that nothing reads yet come last,
 * behind a line that says so.
 */
void config_print(const struct config *, struct buf *);
/* .env.example. */
void config_example(struct buf *);
/* A table of variables for help and docs (Markdown). */
void config_reference(struct buf *);

#endif
