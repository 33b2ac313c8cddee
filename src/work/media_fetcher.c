/*
 * Why: a file takes two calls and a disk, any of which may fail for a moment or for ever. What
 * always holds: bytes get their name only after their digest was compared with every one that was
 * told; what became of a medium is kept here until it is written; want of room stops the fetching
 * and loses nothing.
 */
#include <stdlib.h>

#include "sys/log.h"
#include "sys/metrics.h"
#include "work/media_internal.h"

#define ARENA_BYTES    ((size_t)8 << 20)
#define LOOK_MS        TIME_SECOND /* for what was applied meanwhile */
#define AWAY_MS        TIME_SECOND
#define BUSY_MS        100 /* the client has no place for a call */
#define TIDY_MS        TIME_MINUTE
#define DROPPED_MS     TIME_HOUR          /* of one whose trouble is its own */
#define FILE_MS        (15 * TIME_MINUTE) /* for the bytes of one */
#define MOST_ADDRESSES 3                  /* in one hold: each lives five minutes */

enum err
media_fetcher_open(const struct media_fetcher_options *o, int64_t now_ms,
                   struct media_fetcher **out)
{
	struct media_fetcher *mf = calloc(1, sizeof(*mf));
	enum err e;

	if (mf == NULL)
		abort();
	mf->o = *o;
	mf->disk.dir = o->dir;
	mf->arena = arena_new(ARENA_BYTES);
	/* whatever is lost is fetched again: nothing waits for the disk */
	e = db_open_batch(o->pool, &mf->db);
	if (e != ERR_OK) {
		media_fetcher_close(mf);
		return e;
	}
	e = media_disk_open(&mf->disk, now_ms);
	if (e != ERR_OK)
		log_error("media.no_folder", LOG_STR("folder", o->dir), LOG_ERR(e));
	*out = mf;
	return ERR_OK;
}

static void
forget(struct medium *x)
{
	struct medium **at = &x->mf->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->mf->n--;
	x->mf->n_history -= x->history;
	graph_calls_cancel(x->mf->o.graph, &x->call);
	medium_free(x);
}

static void
heard(struct graph_call *call, struct http_result *r)
{
	struct medium *x = (struct medium *)call;

	http_result_deinit(&x->result);
	x->result = *r;
	x->heard = true;
}

/* A file of the client's own that is the same. */
static bool
is_here(const struct medium *x, const unsigned char digest[SHA256_LEN], int64_t bytes)
{
	return bytes >= 0 && media_disk_has(&x->mf->disk, digest, bytes);
}

/* All files, with what is coming beside this one. */
static int64_t
used_beside(const struct medium *x)
{
	int64_t used = x->mf->used;

	for (const struct medium *y = x->mf->first; y != NULL; y = y->next) {
		if (y == x || y->linked)
			continue;
		if (y->phase == MEDIUM_SETTLE && y->end == MEDIUM_READY)
			used += y->bytes;
		else if (y->phase == MEDIUM_FETCH)
			used += y->size > y->file.bytes ? y->size : y->file.bytes;
	}
	return used;
}

/* Whether so many bytes may come; else it has ended. */
static bool
has_room(struct medium *x, int64_t bytes, int64_t now_ms)
{
	struct media_fetcher *mf = x->mf;
	enum err e = media_disk_room(&mf->disk, bytes);
	bool fits = mf->o.budget_bytes == 0 || used_beside(x) + bytes <= mf->o.budget_bytes;

	if (e != ERR_OK)
		medium_end_disk(x, e, now_ms);
	else if (!fits)
		medium_end_no_room(x, MEDIA_DISK_BUDGET, now_ms);
	return e == ERR_OK && fits;
}

static enum err
ask(struct medium *x)
{
	const struct graph_request q = {
		.method = STR("GET"),
		.path = str_fmt(x->mf->arena, "/" STR_FMT, STR_ARG(x->meta_id)),
		.token = x->token,
	};

	x->call.heard = heard;
	return graph_calls_start(x->mf->o.graph, &x->call, &q);
}

static bool
take_piece(void *ctx, struct str piece)
{
	struct medium *x = ctx;
	int64_t budget = x->mf->o.budget_bytes;

	x->over_budget = budget > 0 && used_beside(x) + x->file.bytes + (int64_t)piece.n > budget;
	return !x->over_budget && media_file_write(&x->file, piece);
}

static enum err
fetch(struct medium *x)
{
	const struct graph_request q = {
		.method = STR("GET"),
		.url = x->url,
		.token = x->token,
		.sink = take_piece,
		.sink_ctx = x,
		.max_body = (size_t)MEDIA_MOST_BYTES,
		.whole_ms = FILE_MS,
	};

	x->call.heard = heard;
	return graph_calls_start(x->mf->o.graph, &x->call, &q);
}

/* The token goes to no address in the clear that is not the Graph API's own. */
static bool
may_be_asked(const struct medium *x, struct str url)
{
	struct str base = x->mf->o.graph->base_url;

	return str_starts(url, STR("https://")) ||
	       (str_starts(base, STR("http://")) && str_starts(url, STR("http://")));
}

/* What the address's answer says of the file. False: it has ended. */
static bool
read_address(struct medium *x, const cJSON *root, int64_t now_ms)
{
	struct str url = json_str(json_get(root, "url"));

	x->answered =
		media_read_digest(x->mf->arena, json_str(json_get(root, "sha256")), x->digest_told);
	if (!str_is_set(x->mime))
		x->mime = str_dup(x->arena, json_str(json_get(root, "mime_type")));
	if (!json_i64(json_get(root, "file_size"), &x->size) || x->size < 0)
		x->size = -1;
	x->url = str_dup(x->arena, url);
	if (x->size > MEDIA_MOST_BYTES)
		medium_end(x, MEDIUM_NEVER, MEDIA_TOO_LARGE);
	else if (x->told && x->answered && memcmp(x->expected, x->digest_told, SHA256_LEN) != 0)
		medium_end_mismatch(x, now_ms);
	else if (str_is_empty(url) || !may_be_asked(x, url))
		medium_end_later(x, "bad_answer",
		                 media_next_try_at(x->tries, now_ms, -1, rand_u64(x->mf->o.rand)));
	return x->phase != MEDIUM_SETTLE;
}

static enum err
take_address(struct medium *x, int64_t now_ms)
{
	struct graph_answer answer;
	int64_t same = -1;
	enum err e = ERR_OK;

	graph_calls_read(x->mf->arena, &x->result, &answer);
	if (answer.act != GRAPH_TAKE) {
		medium_end_judged(x, &answer, now_ms);
		return ERR_OK;
	}
	if (!read_address(x, answer.root, now_ms))
		return ERR_OK;
	if (!x->told && x->answered)
		e = media_same(x->mf, x->client_id, x->digest_told, &same);
	if (e != ERR_OK)
		return e;
	x->mf->failures = 0;
	x->taken = true;
	if (is_here(x, x->digest_told, same)) {
		medium_end_ready(x, x->digest_told, same, true);
		return ERR_OK;
	}
	if (!has_room(x, x->size > 0 ? x->size : 0, now_ms))
		return ERR_OK;
	x->phase = MEDIUM_FETCH;
	return ERR_OK;
}

static void
take_bytes(struct medium *x, int64_t now_ms)
{
	unsigned char digest[SHA256_LEN];
	int64_t bytes = x->file.bytes;
	enum err e;

	media_file_digest(&x->file, digest);
	if ((x->told && memcmp(digest, x->expected, SHA256_LEN) != 0) ||
	    (x->answered && memcmp(digest, x->digest_told, SHA256_LEN) != 0)) {
		medium_end_mismatch(x, now_ms);
		return;
	}
	e = media_file_keep(&x->file, digest);
	if (e != ERR_OK) {
		medium_end_disk(x, e, now_ms);
		return;
	}
	if (x->mf->no_room != NULL)
		log_info("media.room_again", LOG_Z("reason", x->mf->no_room));
	x->mf->no_room = NULL;
	metrics_set(M_MEDIA_NO_ROOM, 0);
	metrics_add(M_MEDIA_BYTES, bytes);
	medium_end_ready(x, digest, bytes, false);
}

/* The address was good for nothing: another is asked for, at once a few times. */
static void
ask_again(struct medium *x, int64_t now_ms)
{
	media_file_drop(&x->file);
	if (++x->addresses < MOST_ADDRESSES)
		x->phase = MEDIUM_ASK;
	else
		medium_end_later(x, "refused",
		                 media_next_try_at(x->tries, now_ms, -1, rand_u64(x->mf->o.rand)));
}

static void
take_file(struct medium *x, int64_t now_ms)
{
	const struct http_result *r = &x->result;
	struct graph_answer answer;

	if (r->failure == HTTP_OK && r->status >= 200 && r->status < 300) {
		take_bytes(x, now_ms);
	} else if (r->failure == HTTP_TOO_LARGE) {
		medium_end(x, MEDIUM_NEVER, MEDIA_TOO_LARGE);
	} else if (r->failure == HTTP_STOPPED && x->over_budget) {
		medium_end_no_room(x, MEDIA_DISK_BUDGET, now_ms);
	} else if (r->failure == HTTP_STOPPED) {
		medium_end_disk(x, x->file.failed, now_ms);
	} else if (r->failure == HTTP_OK && r->status >= 400 && r->status < 500 &&
	           r->status != 408 && r->status != 429) {
		ask_again(x, now_ms);
	} else {
		graph_calls_read(x->mf->arena, r, &answer);
		if (answer.act != GRAPH_LATER) /* a redirect, an address we do not call */
			answer = (struct graph_answer){
				.act = GRAPH_LATER, .reason = "refused", .code = -1, .subcode = -1
			};
		medium_end_judged(x, &answer, now_ms);
	}
}

/* Nothing that a path or a query could be made of. */
static bool
is_plain_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    c != '_' && c != '-')
			return false;
	}
	return id.n > 0 && id.n <= 128;
}

/* Just claimed: what needs no call. */
static void
begin(struct medium *x, int64_t now_ms)
{
	if (now_ms >= x->received_at + MEDIA_LIFE_MS)
		medium_end(x, MEDIUM_NEVER, MEDIA_EXPIRED);
	else if (!is_plain_id(x->meta_id))
		medium_end(x, MEDIUM_NEVER, MEDIA_NOT_FOUND);
	else if (x->told && is_here(x, x->expected, x->same_bytes))
		medium_end_ready(x, x->expected, x->same_bytes, true);
	else if (!str_is_set(x->token)) /* sealed with another key */
		medium_end_later(x, MEDIA_NO_TOKEN, now_ms + TIME_HOUR);
	else
		(void)has_room(x, 1, now_ms);
}

static enum err
take(struct medium *x, int64_t now_ms)
{
	enum err e = ERR_OK;

	if (x->phase == MEDIUM_ASK)
		e = take_address(x, now_ms);
	else
		take_file(x, now_ms);
	if (e == ERR_OK)
		x->heard = false; /* else it is looked at again */
	return e;
}

/* One thing for it: what was heard, its end, or its next call. */
static enum err
move_on(struct medium *x, int64_t now_ms)
{
	enum err e;

	if (x->heard)
		return take(x, now_ms);
	if (x->phase == MEDIUM_SETTLE) {
		e = media_settle(x, now_ms);
		if (e == ERR_OK)
			forget(x);
		return e;
	}
	if (x->phase == MEDIUM_ASK)
		return ask(x);
	if (x->file.disk == NULL) {
		e = media_file_begin(&x->mf->disk, rand_uuid_v7(x->mf->o.rand, now_ms), &x->file);
		if (e != ERR_OK) {
			medium_end_disk(x, e, now_ms);
			return ERR_OK;
		}
	}
	e = fetch(x);
	if (e == ERR_INVALID) { /* no address that may be called */
		medium_end_later(x, "bad_answer",
		                 media_next_try_at(x->tries, now_ms, -1, rand_u64(x->mf->o.rand)));
		return ERR_OK;
	}
	return e;
}

/* It stays for another time, with us or with another process. */
static void
let_go(struct medium *x, enum err e, int64_t now_ms)
{
	if (e != ERR_CONFLICT) {
		log_warn("media.dropped", LOG_UUID("media", x->id), LOG_ERR(e),
		         LOG_Z("detail", db_message(x->mf->db)));
		if (media_drop(x, now_ms + DROPPED_MS) != ERR_OK)
			x->mf->hold_at = now_ms + MEDIA_LEASE_MS; /* it ends by itself */
	}
	forget(x);
}

/* May another be begun? */
static bool
may_claim(struct media_fetcher *mf, int64_t now_ms)
{
	if (mf->no_room != NULL)
		return mf->n == 0 && now_ms >= mf->no_room_until;
	return mf->n < MEDIA_AT_ONCE && now_ms >= mf->look_at && now_ms >= mf->failing_until;
}

static enum err
claim(struct media_fetcher *mf, int64_t now_ms, bool *worked)
{
	struct medium *x = NULL;
	bool none = true;
	enum err e = ERR_OK;

	if (!may_claim(mf, now_ms))
		return ERR_OK;
	if (mf->n_history < MEDIA_HISTORY_MOST)
		e = media_claim(mf, true, now_ms, &x, &none);
	if (e == ERR_OK && none)
		e = media_claim(mf, false, now_ms, &x, &none);
	if (e != ERR_OK)
		return e;
	if (none) {
		mf->look_at = now_ms + LOOK_MS;
		if (mf->no_room != NULL) /* nothing is there to try it with */
			mf->no_room_until = now_ms + LOOK_MS;
		return ERR_OK;
	}
	*worked = true;
	if (x == NULL)
		return ERR_OK;
	if (mf->n == 0)
		mf->hold_at = now_ms + MEDIA_LEASE_MS / 2;
	x->next = mf->first;
	mf->first = x;
	mf->n++;
	mf->n_history += x->history;
	begin(x, now_ms);
	return ERR_OK;
}

static enum err
hold(struct media_fetcher *mf, int64_t now_ms)
{
	enum err e = ERR_OK;

	if (mf->n == 0 || now_ms < mf->hold_at)
		return ERR_OK;
	e = media_hold(mf, now_ms);
	if (e == ERR_OK)
		mf->hold_at = now_ms + MEDIA_LEASE_MS / 2;
	return e;
}

static enum err
tidy(struct media_fetcher *mf, int64_t now_ms, bool *worked)
{
	bool more = false;
	enum err e;

	if (now_ms < mf->tidy_at)
		return ERR_OK;
	e = media_expire(mf, now_ms, &more);
	if (e == ERR_OK)
		e = media_count(mf);
	if (e == ERR_OK && !more)
		mf->tidy_at = now_ms + TIDY_MS;
	*worked |= more;
	return e;
}

static enum err
work(struct media_fetcher *mf, int64_t now_ms, bool *worked, bool *busy)
{
	enum err e = tidy(mf, now_ms, worked);

	if (e == ERR_OK)
		e = hold(mf, now_ms);
	if (e == ERR_OK)
		e = claim(mf, now_ms, worked);
	for (struct medium *x = mf->first, *next; e == ERR_OK && x != NULL; x = next) {
		next = x->next;
		if (x->call.flying)
			continue;
		arena_reset(mf->arena);
		e = move_on(x, now_ms);
		if (e == ERR_TOO_MANY) {
			*busy = true;
			return ERR_OK;
		}
		*worked = true;
		if (e != ERR_OK && !db_is_away(e)) {
			let_go(x, e, now_ms);
			e = ERR_OK;
		}
	}
	return e;
}

enum step
media_fetcher_step(void *fetcher, int64_t now_ms, int64_t *next_ms)
{
	struct media_fetcher *mf = fetcher;
	bool worked = false, busy = false;
	enum err e;

	if (now_ms < mf->away_until) {
		*next_ms = mf->away_until;
		return STEP_WAIT;
	}
	arena_reset(mf->arena);
	e = work(mf, now_ms, &worked, &busy);
	if (e != ERR_OK) {
		mf->away_until = now_ms + AWAY_MS;
		*next_ms = mf->away_until;
		return STEP_WAIT;
	}
	*next_ms = now_ms + (busy ? BUSY_MS : LOOK_MS);
	return worked && !busy ? STEP_AGAIN : STEP_WAIT;
}

void
media_fetcher_stop(struct media_fetcher *mf, int64_t now_ms)
{
	enum err e;

	while (mf->first != NULL)
		forget(mf->first);
	e = media_release(mf, now_ms);
	if (e != ERR_OK) /* taken up when their time has come */
		log_warn("media.not_released", LOG_ERR(e));
}

void
media_fetcher_close(struct media_fetcher *mf)
{
	if (mf == NULL)
		return;
	while (mf->first != NULL)
		forget(mf->first);
	db_close(mf->db);
	arena_free(mf->arena);
	free(mf);
}
