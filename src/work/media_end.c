/*
 * Why: a medium ends in few ways, and each says what the others of its connection, or all, are to
 * wait for. What always holds: an end writes nothing; it is written by media_settle, as often as
 * that takes.
 */
#include "sys/log.h"
#include "sys/metrics.h"
#include "work/media_internal.h"

#define NO_ROOM_MS    (30 * TIME_SECOND)
#define ROOM_AGAIN_MS TIME_MINUTE
#define TOKEN_MS      (15 * TIME_MINUTE)
#define ACCOUNT_MS    TIME_HOUR
#define RATE_MS       (30 * TIME_SECOND)
#define CALM_FAILURES 4 /* so many calls may fail before the others wait too */

/* What became of it; written by the next look at it. */
void
medium_end(struct medium *x, enum medium_end how, const char *reason)
{
	media_file_drop(&x->file);
	x->phase = MEDIUM_SETTLE;
	x->end = how;
	x->reason = reason;
}

void
medium_end_later(struct medium *x, const char *reason, int64_t at)
{
	medium_end(x, MEDIUM_LATER, reason);
	x->at = at;
}

void
medium_end_ready(struct medium *x, const unsigned char digest[SHA256_LEN], int64_t bytes,
                 bool linked)
{
	memcpy(x->digest, digest, SHA256_LEN);
	x->bytes = bytes;
	x->linked = linked;
	medium_end(x, MEDIUM_READY, NULL);
}

/* Not the medium's fault: nothing is counted against it. */
void
medium_end_no_room(struct medium *x, const char *reason, int64_t now_ms)
{
	struct media_fetcher *mf = x->mf;

	if (mf->no_room == NULL)
		log_error("media.no_room", LOG_Z("reason", reason));
	mf->no_room = reason;
	mf->no_room_until = now_ms + NO_ROOM_MS;
	metrics_set(M_MEDIA_NO_ROOM, 1);
	x->tries -= x->tries > 0;
	medium_end_later(x, reason, now_ms + ROOM_AGAIN_MS);
}

void
medium_end_disk(struct medium *x, enum err e, int64_t now_ms)
{
	medium_end_no_room(x, e == ERR_DISK_FULL ? MEDIA_DISK_FULL : MEDIA_DISK_ERROR, now_ms);
}

void
medium_end_mismatch(struct medium *x, int64_t now_ms)
{
	metrics_add(M_MEDIA_MISMATCHES, 1);
	log_warn("media.mismatch", LOG_UUID("media", x->id));
	if (++x->wrong >= MEDIA_MOST_WRONG)
		medium_end(x, MEDIUM_NEVER, MEDIA_MISMATCH);
	else
		medium_end_later(x, MEDIA_MISMATCH,
		                 media_next_try_at(x->tries, now_ms, -1, rand_u64(x->mf->o.rand)));
}

/* An answer without the medium: judged by what Meta says. */
void
medium_end_judged(struct medium *x, struct graph_answer *answer, int64_t now_ms)
{
	struct media_fetcher *mf = x->mf;
	int64_t retry_after = graph_calls_retry_after(&x->result, now_ms);
	uint64_t chance = rand_u64(mf->o.rand);
	struct media_verdict v =
		media_judge(answer, x->result.status, x->tries, now_ms, retry_after, chance);

	switch (v.act) {
	case MEDIA_GIVE_UP:
		medium_end(x, MEDIUM_NEVER, v.reason);
		return;
	case MEDIA_RECONNECT:
		x->refused = true;
		x->answer = (struct graph_answer){ .act = answer->act,
			                           .reason = answer->reason,
			                           .code = answer->code,
			                           .subcode = answer->subcode };
		x->pause_until = now_ms + TOKEN_MS;
		break;
	case MEDIA_HOLD:
		x->pause_until = now_ms + ACCOUNT_MS;
		break;
	case MEDIA_AGAIN:
		if (strcmp(v.reason, "rate_limited") == 0)
			x->pause_until = now_ms + (retry_after > RATE_MS ? retry_after : RATE_MS);
		if (++mf->failures > CALM_FAILURES)
			mf->failing_until =
				graph_next_try_at(mf->failures - CALM_FAILURES, now_ms, -1, chance);
		break;
	}
	medium_end_later(x, v.reason, v.next_try_at);
}
