/*
 * Sealed secrets (AES-256-GCM). Why bound to a place: a box copied from another row must not open
 * there. What always holds: nothing is returned before the tag was checked; the key id only chooses
 * the key, the tag decides.
 */
#include "base/secretbox.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/digest.h"

#define VERSION    1
#define KEY_ID_LEN 4
#define NONCE_LEN  12
#define TAG_LEN    16
#define HEAD_LEN   (1 + KEY_ID_LEN + NONCE_LEN)

static void
key_id(const unsigned char key[SECRETBOX_KEY_LEN], unsigned char out[KEY_ID_LEN])
{
	unsigned char sum[SHA256_LEN];

	digest_sha256(str_n((const char *)key, SECRETBOX_KEY_LEN), sum);
	memcpy(out, sum, KEY_ID_LEN);
}

static void
must(bool ok)
{
	if (!ok)
		abort();
}

struct str
secretbox_seal(struct arena *a, const struct secretbox_keys *keys, struct str aad, struct str plain,
               const unsigned char nonce[12])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *box, *body;
	int n = 0;

	assert(plain.n < INT_MAX / 2 && aad.n < INT_MAX / 2);
	box = arena_alloc(a, HEAD_LEN + plain.n + TAG_LEN);
	body = box + HEAD_LEN;
	box[0] = VERSION;
	key_id(keys->key, box + 1);
	memcpy(box + 1 + KEY_ID_LEN, nonce, NONCE_LEN);
	must(ctx != NULL &&
	     EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, keys->key, nonce) == 1);
	if (aad.n > 0)
		must(EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) ==
		     1);
	if (plain.n > 0)
		must(EVP_EncryptUpdate(ctx, body, &n, (const unsigned char *)plain.p,
		                       (int)plain.n) == 1);
	must(EVP_EncryptFinal_ex(ctx, body + plain.n, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, body + plain.n) == 1);
	EVP_CIPHER_CTX_free(ctx);
	return (struct str){ (char *)box, HEAD_LEN + plain.n + TAG_LEN };
}

static bool
is_key(const unsigned char key[SECRETBOX_KEY_LEN], struct str box)
{
	unsigned char id[KEY_ID_LEN];

	key_id(key, id);
	return box.n >= HEAD_LEN && memcmp(box.p + 1, id, KEY_ID_LEN) == 0;
}

enum err
secretbox_open(struct arena *a, const struct secretbox_keys *keys, struct str aad, struct str box,
               struct str *plain)
{
	const unsigned char *head = (const unsigned char *)box.p, *key;
	unsigned char tag[TAG_LEN], *text;
	EVP_CIPHER_CTX *ctx;
	size_t len;
	bool ok;
	int n = 0;

	if (box.n < HEAD_LEN + TAG_LEN || box.n > INT_MAX / 2 || head[0] != VERSION)
		return ERR_CORRUPT;
	if (is_key(keys->key, box))
		key = keys->key;
	else if (keys->has_previous && is_key(keys->previous, box))
		key = keys->previous;
	else
		return ERR_CORRUPT;
	assert(aad.n < INT_MAX / 2);
	len = box.n - HEAD_LEN - TAG_LEN;
	text = arena_alloc(a, len + 1);
	memcpy(tag, head + HEAD_LEN + len, TAG_LEN);
	ctx = EVP_CIPHER_CTX_new();
	must(ctx != NULL &&
	     EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, head + 1 + KEY_ID_LEN) == 1);
	if (aad.n > 0)
		must(EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.p, (int)aad.n) ==
		     1);
	ok = len == 0 || EVP_DecryptUpdate(ctx, text, &n, head + HEAD_LEN, (int)len) == 1;
	ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
	     EVP_DecryptFinal_ex(ctx, text + len, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok) {
		memset(text, 0, len);
		return ERR_CORRUPT;
	}
	*plain = str_n((const char *)text, len);
	return ERR_OK;
}

bool
secretbox_is_old(const struct secretbox_keys *keys, struct str box)
{
	return keys->has_previous && !is_key(keys->key, box) && is_key(keys->previous, box);
}
