/*
 * Why: tokens must not be guessed at the speed of the network, and a mistyped script must not keep
 * its neighbours behind the same address out.
 *
 * What always holds: memory is fixed; when the table is full the entry that was touched longest ago
 * goes. Only a digest is kept of a credential, and only of one that was right.
 */
#include "api/throttle.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

#define WINDOW_MS    (INT64_C(60) * 1000)
#define MAX_FAILURES 5
#define SLOTS        1024 /* a power of two */
#define PROBES       16
#define REMEMBERED   8

struct slot {
	uint64_t address; /* hash; 0: free */
	int64_t touched_ms, window_ms;
	int failures;
	unsigned next;
	unsigned char good[REMEMBERED][8]; /* first bytes of the digests */
};

struct throttle {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
};

struct throttle *
throttle_new(void)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The address's slot; make: taken from the one idle longest if it has none. */
static struct slot *
find(struct throttle *t, struct str address, int64_t now_ms, bool make)
{
	uint64_t hash = str_hash(address) | 1;
	struct slot *idle = NULL;

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &t->slots[(hash + i) & (SLOTS - 1)];

		if (s->address == hash)
			return s;
		if (idle == NULL || s->touched_ms < idle->touched_ms)
			idle = s;
	}
	if (!make)
		return NULL;
	*idle = (struct slot){ .address = hash, .touched_ms = now_ms, .window_ms = now_ms };
	return idle;
}

static bool
is_known(const struct slot *s, const unsigned char digest[SHA256_LEN])
{
	static const unsigned char none[8];

	for (size_t i = 0; i < REMEMBERED; i++)
		if (memcmp(s->good[i], none, 8) != 0 && memcmp(s->good[i], digest, 8) == 0)
			return true;
	return false;
}

int64_t
throttle_wait_s(struct throttle *t, struct str address, const unsigned char digest[SHA256_LEN],
                int64_t now_ms)
{
	const struct slot *s;
	int64_t wait = 0;

	pthread_mutex_lock(&t->lock);
	s = find(t, address, now_ms, false);
	if (s != NULL && s->failures >= MAX_FAILURES && now_ms < s->window_ms + WINDOW_MS &&
	    !is_known(s, digest))
		wait = (s->window_ms + WINDOW_MS - now_ms + 999) / 1000;
	pthread_mutex_unlock(&t->lock);
	return wait;
}

void
throttle_failed(struct throttle *t, struct str address, int64_t now_ms)
{
	struct slot *s;

	pthread_mutex_lock(&t->lock);
	s = find(t, address, now_ms, true);
	s->touched_ms = now_ms;
	if (now_ms >= s->window_ms + WINDOW_MS || s->failures == 0) {
		s->window_ms = now_ms;
		s->failures = 0;
	}
	s->failures++;
	pthread_mutex_unlock(&t->lock);
}

void
throttle_passed(struct throttle *t, struct str address, const unsigned char digest[SHA256_LEN],
                int64_t now_ms)
{
	struct slot *s;

	pthread_mutex_lock(&t->lock);
	s = find(t, address, now_ms, true);
	s->touched_ms = now_ms;
	if (!is_known(s, digest)) {
		memcpy(s->good[s->next % REMEMBERED], digest, 8);
		s->next++;
	}
	pthread_mutex_unlock(&t->lock);
}

struct network {
	unsigned char addr[16];
	unsigned bits;
};

/* IPv4 as IPv4-mapped IPv6, so that one comparison serves both. */
static bool
address_parse(struct arena *a, struct str text, unsigned char out[16])
{
	const char *z = str_z(a, text);

	if (inet_pton(AF_INET6, z, out) == 1)
		return true;
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	return inet_pton(AF_INET, z, out + 12) == 1;
}

static bool
network_parse(struct arena *a, struct str text, struct network *out)
{
	size_t slash = str_find(text, '/');
	bool v4 = str_find(text, ':') == text.n;
	int64_t bits = v4 ? 32 : 128;

	if (!address_parse(a, str_n(text.p, slash), out->addr))
		return false;
	if (slash < text.n && (!str_to_i64(str_sub(text, slash + 1, text.n), &bits) || bits < 0 ||
	                       bits > (v4 ? 32 : 128)))
		return false;
	out->bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

static bool
is_trusted(struct arena *a, struct str address, struct str trusted)
{
	unsigned char addr[16];
	struct str part;

	if (!address_parse(a, address, addr))
		return false;
	while (str_split(&trusted, ',', &part)) {
		struct network n;
		unsigned whole, rest;

		if (!network_parse(a, str_trim(part), &n))
			continue;
		whole = n.bits / 8;
		rest = n.bits % 8;
		if (memcmp(addr, n.addr, whole) == 0 &&
		    (rest == 0 || (addr[whole] ^ n.addr[whole]) >> (8 - rest) == 0))
			return true;
	}
	return false;
}

struct str
throttle_address(struct arena *a, struct str peer, struct str forwarded_for, struct str trusted)
{
	struct str address = peer;

	if (str_is_empty(trusted))
		return peer;
	while (is_trusted(a, address, trusted) && !str_is_empty(forwarded_for)) {
		size_t start = forwarded_for.n;
		struct str last;

		while (start > 0 && forwarded_for.p[start - 1] != ',')
			start--;
		last = str_trim(str_sub(forwarded_for, start, forwarded_for.n));
		forwarded_for = str_n(forwarded_for.p, start > 0 ? start - 1 : 0);
		if (str_is_empty(last))
			break;
		address = last;
	}
	return address;
}
