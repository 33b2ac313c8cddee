/*
 * The postman. What always holds: every body ends exactly once, as delivered, refused or lost; a
 * body that got no 200 is tried again, in the same bytes, until its attempts are used up.
 */
#include "sim/deliver.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/digest.h"

struct slot {
	CURL *easy;
	size_t index;
	unsigned tries;
	bool busy;
	double not_before; /* waiting for its next try */
};
struct run {
	const struct deliver_options *o;
	const struct world_bodies *bodies;
	CURLM *multi;
	struct slot *slots;
	size_t nslots, next;
	struct curl_slist **headers; /* per slot */
	struct deliver_stats stats;
	double start;
	bool stopped;
};

static double
now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct str
deliver_signature(struct arena *a, struct str secret, struct str body)
{
	unsigned char mac[SHA256_LEN];
	struct hmac_key *key = hmac_key_new(secret);

	hmac_sha256(key, body, mac);
	hmac_key_free(key);
	struct str hex = hex_encode(a, mac, sizeof mac);
	return str_fmt(a, "sha256=" STR_FMT, STR_ARG(hex));
}

static size_t
swallow(char *p, size_t size, size_t n, void *ctx)
{
	(void)p;
	(void)ctx;
	return size * n;
}

static bool
open_slot(struct run *r, struct slot *s)
{
	s->easy = curl_easy_init();
	if (s->easy == NULL)
		return false;
	curl_easy_setopt(s->easy, CURLOPT_URL, r->o->url);
	curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, 30000L);
	return true;
}

/* Sends the body of the slot (again). */
static void
start(struct run *r, struct slot *s)
{
	size_t k = (size_t)(s - r->slots);
	struct str body = r->bodies->v[s->index].bytes;
	struct arena *a = arena_new(4096);
	struct str signature = deliver_signature(a, r->o->secret, body);
	struct curl_slist *headers = NULL;

	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	headers = curl_slist_append(
		headers, str_z(a, str_fmt(a, "X-Hub-Signature-256: " STR_FMT, STR_ARG(signature))));
	arena_free(a);
	curl_slist_free_all(r->headers[k]);
	r->headers[k] = headers;
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, body.p);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	s->busy = true;
	s->not_before = 0;
	s->tries++;
	curl_multi_add_handle(r->multi, s->easy);
}

static void
finish(struct run *r, struct slot *s, long status)
{
	if (status == 200) {
		r->stats.delivered++;
		r->stats.bytes += r->bodies->v[s->index].bytes.n;
	} else if (status >= 400 && status < 500) {
		r->stats.refused++;
	} else {
		r->stats.lost++;
	}
	if (r->o->done != NULL && !r->o->done(r->o->ctx, s->index, status))
		r->stopped = true;
	s->tries = 0;
}

/* Takes up waiting retries and new bodies; says when to look again, in ms. */
static int
feed(struct run *r)
{
	double now = now_seconds();
	int wait = 1000;

	for (size_t i = 0; i < r->nslots; i++) {
		struct slot *s = &r->slots[i];
		if (s->busy)
			continue;
		if (s->tries > 0) {
			if (s->not_before <= now)
				start(r, s);
			else if ((s->not_before - now) * 1000 < wait)
				wait = 1 + (int)((s->not_before - now) * 1000);
			continue;
		}
		if (r->next >= r->bodies->n || r->stopped)
			continue;
		double due = r->o->rate > 0 ? r->start + (double)r->next / r->o->rate : 0;
		if (due > now) {
			if ((due - now) * 1000 < wait)
				wait = 1 + (int)((due - now) * 1000);
			break;
		}
		s->index = r->next++;
		start(r, s);
	}
	return wait;
}

/* False: nothing has ended. */
static bool
collect(struct run *r)
{
	bool any = false;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(r->multi, &left)) != NULL) {
		struct slot *s;
		long status = 0;
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &s);
		if (msg->data.result == CURLE_OK)
			curl_easy_getinfo(msg->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		curl_multi_remove_handle(r->multi, msg->easy_handle);
		s->busy = false;
		any = true;
		bool again = status == 0 || status >= 500 || status == 429;
		if (again && s->tries < r->o->attempts && !r->stopped) {
			r->stats.retries++;
			s->not_before = now_seconds() + r->o->retry_ms / 1000.0;
		} else {
			finish(r, s, status);
		}
	}
	return any;
}

static bool
is_idle(const struct run *r)
{
	for (size_t i = 0; i < r->nslots; i++)
		if (r->slots[i].busy || (r->slots[i].tries > 0 && !r->stopped))
			return false;
	return r->next >= r->bodies->n || r->stopped;
}

bool
deliver(const struct deliver_options *o, const struct world_bodies *bodies,
        struct deliver_stats *out)
{
	struct run r = { .o = o, .bodies = bodies, .nslots = o->parallel ? o->parallel : 1 };
	bool ok = false;

	r.multi = curl_multi_init();
	r.slots = calloc(r.nslots, sizeof *r.slots);
	r.headers = calloc(r.nslots, sizeof(struct curl_slist *));
	if (r.multi == NULL || r.slots == NULL || r.headers == NULL)
		goto out;
	for (size_t i = 0; i < r.nslots; i++)
		if (!open_slot(&r, &r.slots[i]))
			goto out;
	r.start = now_seconds();
	while (!is_idle(&r) && !(o->stop != NULL && atomic_load(o->stop))) {
		int running, wait = feed(&r);
		curl_multi_perform(r.multi, &running);
		if (!collect(&r) && !is_idle(&r))
			curl_multi_poll(r.multi, NULL, 0, running > 0 ? 50 : wait, NULL);
	}
	r.stats.seconds = now_seconds() - r.start;
	*out = r.stats;
	ok = true;
out:
	for (size_t i = 0; r.slots != NULL && i < r.nslots; i++) {
		if (r.slots[i].busy)
			curl_multi_remove_handle(r.multi, r.slots[i].easy);
		curl_easy_cleanup(r.slots[i].easy);
		if (r.headers != NULL)
			curl_slist_free_all(r.headers[i]);
	}
	free(r.slots);
	free(r.headers);
	if (r.multi != NULL)
		curl_multi_cleanup(r.multi);
	return ok;
}
