/* See media.h. What always holds: a byte depends on seed and place alone, on every machine. */
#include "sim/media.h"

#include "sim/dice.h"

#define WORD  sizeof(uint64_t)
#define BLOCK ((size_t)64 << 10)

uint64_t
media_seed(struct str id)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001B3);
	return h;
}

size_t
media_size(struct str id)
{
	return 200 + (size_t)(media_seed(id) % 3801);
}

void
media_fill(uint64_t seed, size_t at, char *out, size_t n)
{
	while (n > 0) {
		struct dice d = { seed + (at / WORD) * UINT64_C(0x9E3779B97F4A7C15) };
		uint64_t word = dice_next(&d);
		size_t from = at % WORD, some = WORD - from < n ? WORD - from : n;
		for (size_t i = 0; i < some; i++)
			out[i] = (char)(word >> 8 * (from + i));
		out += some;
		at += some;
		n -= some;
	}
}

void
media_digest(uint64_t seed, size_t n, unsigned char out[SHA256_LEN])
{
	struct digest *d = digest_new();
	char bytes[BLOCK];

	for (size_t at = 0; at < n; at += BLOCK) {
		size_t some = n - at < BLOCK ? n - at : BLOCK;
		media_fill(seed, at, bytes, some);
		digest_add(d, str_n(bytes, some));
	}
	digest_end(d, out);
	digest_free(d);
}
