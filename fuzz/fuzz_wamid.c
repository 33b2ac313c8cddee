/* Any bytes as a message id: what decodes can be built again and means the same; every id has a
 * key. */
#include <assert.h>
#include <stdint.h>

#include "core/wamid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *a, struct str text)
{
	struct wamid w, again;
	struct str key = wamid_dedup_key(a, text);

	assert((key.n > 0) == (text.n > 0));
	if (!wamid_decode(a, text, &w)) {
		assert(str_eq(key, text));
		return;
	}
	assert(wamid_decode(a, wamid_encode(a, &w), &again));
	assert(w.outbound == again.outbound && str_eq(w.remote, again.remote));
	assert(str_eq(w.key_id, again.key_id));
	assert(str_eq(key, wamid_dedup_key(a, wamid_encode(a, &w))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(16u << 20);

	if (size <= 1u << 20)
		check(a, str_n((const char *)data, size));
	arena_free(a);
	return 0;
}
