/*
 * SHA-256, HMAC-SHA256, hex and base64. Why here: one place that knows OpenSSL's calls.
 * What always holds: a call that can only fail for want of memory aborts, so no caller can go on
 * with a digest that was not computed.
 */
#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *ctx;
};

struct hmac_key {
	EVP_MAC_CTX *ctx; /* keyed; never updated itself */
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

void
digest_sha256(struct str data, unsigned char out[SHA256_LEN])
{
	must(EVP_Digest(data.n > 0 ? data.p : "", data.n, out, NULL, EVP_sha256(), NULL) == 1);
}

struct digest *
digest_new(void)
{
	struct digest *d = malloc(sizeof(*d));

	must(d != NULL);
	d->ctx = EVP_MD_CTX_new();
	must(d->ctx != NULL && EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) == 1);
	return d;
}

void
digest_add(struct digest *d, struct str data)
{
	if (data.n > 0)
		must(EVP_DigestUpdate(d->ctx, data.p, data.n) == 1);
}

void
digest_end(struct digest *d, unsigned char out[SHA256_LEN])
{
	must(EVP_DigestFinal_ex(d->ctx, out, NULL) == 1);
	must(EVP_DigestInit_ex(d->ctx, NULL, NULL) == 1);
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

struct hmac_key *
hmac_key_new(struct str key)
{
	char name[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	struct hmac_key *k = malloc(sizeof(*k));
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	must(k != NULL && mac != NULL);
	k->ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	must(k->ctx != NULL);
	must(EVP_MAC_init(k->ctx, (const unsigned char *)(key.n > 0 ? key.p : ""), key.n, params) ==
	     1);
	return k;
}

void
hmac_key_free(struct hmac_key *k)
{
	if (k == NULL)
		return;
	EVP_MAC_CTX_free(k->ctx);
	free(k);
}

void
hmac_sha256(const struct hmac_key *k, struct str data, unsigned char out[SHA256_LEN])
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(k->ctx);
	size_t n = 0;

	must(ctx != NULL);
	if (data.n > 0)
		must(EVP_MAC_update(ctx, (const unsigned char *)data.p, data.n) == 1);
	must(EVP_MAC_final(ctx, out, &n, SHA256_LEN) == 1 && n == SHA256_LEN);
	EVP_MAC_CTX_free(ctx);
}

bool
digest_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
hex_encode_to(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[from[i] >> 4];
		out[2 * i + 1] = digits[from[i] & 15];
	}
}

struct str
hex_encode(struct arena *a, const void *p, size_t n)
{
	char *out = arena_array(a, n + 1, 2);

	hex_encode_to(p, n, out);
	return (struct str){ out, 2 * n };
}

bool
hex_decode(struct str s, unsigned char *out, size_t out_len)
{
	if (s.n / 2 != out_len || s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (str_hex_digit(s.p[i]) < 0)
			return false;
	for (size_t i = 0; i < out_len; i++)
		out[i] = (unsigned char)((unsigned)str_hex_digit(s.p[2 * i]) << 4 |
		                         (unsigned)str_hex_digit(s.p[2 * i + 1]));
	return true;
}

struct str
base64_encode(struct arena *a, const void *p, size_t n)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = p;
	char *out = arena_array(a, n / 3 + 2, 4);
	size_t len = 0;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t w = (uint32_t)from[i] << 16;

		if (i + 1 < n)
			w |= (uint32_t)from[i + 1] << 8;
		if (i + 2 < n)
			w |= from[i + 2];
		out[len++] = alphabet[w >> 18];
		out[len++] = alphabet[w >> 12 & 63];
		out[len++] = i + 1 < n ? alphabet[w >> 6 & 63] : '=';
		out[len++] = i + 2 < n ? alphabet[w & 63] : '=';
	}
	return (struct str){ out, len };
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

struct str
base64_decode(struct arena *a, struct str s)
{
	size_t padding = 0, len = 0;
	uint32_t w = 0;
	int bits = 0;
	char *out;

	if (s.p == NULL)
		return STR_NONE;
	while (padding < 2 && padding < s.n && s.p[s.n - 1 - padding] == '=')
		padding++;
	if (padding > 0 && s.n % 4 != 0)
		return STR_NONE;
	s.n -= padding;
	if (s.n % 4 == 1)
		return STR_NONE;
	out = arena_alloc(a, s.n / 4 * 3 + 4);
	for (size_t i = 0; i < s.n; i++) {
		int v = base64_value(s.p[i]);

		if (v < 0)
			return STR_NONE;
		w = (w << 6 | (uint32_t)v) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[len++] = (char)(w >> bits & 0xff);
		}
	}
	if ((w & ((1u << bits) - 1)) != 0)
		return STR_NONE; /* left-over bits: two texts must not mean the same bytes */
	return (struct str){ out, len };
}
