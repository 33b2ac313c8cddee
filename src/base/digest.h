/* Digests and encodings over OpenSSL. All functions are thread-safe unless said. */
#ifndef RECADO_BASE_DIGEST_H
#define RECADO_BASE_DIGEST_H

#include "base/str.h"

#define SHA256_LEN     32
#define SHA256_HEX_LEN 64

void digest_sha256(struct str data, unsigned char out[SHA256_LEN]);

/* Streaming SHA-256. */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *, struct str data);
void digest_end(struct digest *, unsigned char out[SHA256_LEN]); /* and starts afresh */
void digest_free(struct digest *);

/* A keyed HMAC-SHA256, prepared once and used by any thread (each call duplicates the context). */
struct hmac_key;
struct hmac_key *hmac_key_new(struct str key);
void hmac_key_free(struct hmac_key *);
void hmac_sha256(const struct hmac_key *, struct str data, unsigned char out[SHA256_LEN]);

/* Constant time over equal lengths; different lengths are unequal. */
bool digest_equal(const void *a, const void *b, size_t n);

struct str hex_encode(struct arena *, const void *p, size_t n); /* lower case */
void hex_encode_to(const void *p, size_t n, char *out);         /* 2n bytes, no NUL */
bool hex_decode(struct str s, unsigned char *out,
                size_t out_len); /* exactly out_len bytes, either case */
struct str base64_encode(struct arena *, const void *p, size_t n);
/* Standard or URL alphabet, padding optional; STR_NONE if not base64. */
struct str base64_decode(struct arena *, struct str s);

#endif
