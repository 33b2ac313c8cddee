/*
 * Media that need no memory: their bytes follow from a seed, wherever one begins to read. The media
 * that sim/wire tells of are those of their id, so that they can be fetched and hold their digest.
 */
#ifndef RECADO_SIM_MEDIA_H
#define RECADO_SIM_MEDIA_H

#include "base/digest.h"

/* Of a media id. */
uint64_t media_seed(struct str id);
size_t media_size(struct str id); /* 200 to 4,000 bytes */
/* Bytes [at, at + n). */
void media_fill(uint64_t seed, size_t at, char *out, size_t n);
/* Of the first n bytes. */
void media_digest(uint64_t seed, size_t n, unsigned char out[SHA256_LEN]);

#endif
