/*
 * Encryption of stored secrets: AES-256-GCM, random 96-bit nonce, bound to table, row and column as
 * associated data. Box layout: version(1)=1, key id(4) = first bytes of SHA-256(key), nonce(12),
 * ciphertext, tag(16).
 */
#ifndef RECADO_BASE_SECRETBOX_H
#define RECADO_BASE_SECRETBOX_H

#include "base/str.h"

#define SECRETBOX_KEY_LEN   32
#define SECRETBOX_NONCE_LEN 12

struct secretbox_keys {
	unsigned char key[SECRETBOX_KEY_LEN];
	unsigned char previous[SECRETBOX_KEY_LEN];
	bool has_previous;
};
/* nonce: random bytes from the caller. aad e.g. "connections/<id>/access_token". */
struct str secretbox_seal(struct arena *, const struct secretbox_keys *, struct str aad,
                          struct str plain, const unsigned char nonce[SECRETBOX_NONCE_LEN]);
/* ERR_CORRUPT: wrong key, other place, or changed bytes. */
MUST_CHECK enum err secretbox_open(struct arena *, const struct secretbox_keys *, struct str aad,
                                   struct str box, struct str *plain);
/* true if the box was sealed with the previous key (rekey has work to do). */
bool secretbox_is_old(const struct secretbox_keys *, struct str box);

#endif
