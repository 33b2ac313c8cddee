/*
 * Tells ALERT_WEBHOOK_URL each change of an alert's state: what alerter.h wrote down, signed, tried
 * again until it is taken, those of one alert in their order. At least once, always under the same
 * id. A worker as steps (sys/threads.h) that uses its HTTP client alone; any number of processes
 * may run it side by side. Source: 1-product (ALERT_WEBHOOK_URL).
 */
#ifndef RECADO_WORK_ALERT_SENDER_H
#define RECADO_WORK_ALERT_SENDER_H

#include "base/digest.h"
#include "net/http_client.h"
#include "store/db.h"
#include "sys/config.h"
#include "sys/rand.h"
#include "sys/threads.h"

#define ALERT_SENDER_MOST 4 /* in flight */

/*
 * What signatures are made with: ALERT_WEBHOOK_SECRET, or where that is not set the lower-case
 * hexadecimal text of HMAC-SHA256(SECRET_KEY, "recado alert webhook"). In the arena.
 */
struct str
alert_secret(struct arena *, struct str configured, const void *secret_key, size_t key_len);

struct alert_sender;
struct alert_sender_options {
	struct db_pool *pool;
	const struct http_client *http;
	const struct randomness *rand;
	struct str url;
	struct str secret; /* of alert_secret */
	struct uuid owner; /* this process */
};
MUST_CHECK enum err
alert_sender_open(const struct alert_sender_options *, struct alert_sender **out);
/* One bounded piece of work. */
enum step alert_sender_step(void *alert_sender, int64_t now_ms, int64_t *next_ms);
/* After the thread has ended: what is under way is another's at once. */
void alert_sender_stop(struct alert_sender *, int64_t now_ms);
void alert_sender_close(struct alert_sender *);

#endif
