/* Any bytes as a phone number: digits out are digits, and reading or keying them again changes
 * nothing. */
#include <assert.h>
#include <stdint.h>

#include "core/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *a, struct str text)
{
	struct str digits = phone_digits(a, text);

	if (!str_is_set(digits)) {
		assert(!phone_same(a, digits, digits));
		(void)phone_match_key(a, text);
		(void)phone_is_bsuid(text);
		return;
	}
	assert(digits.n >= 1 && digits.n <= PHONE_MAX_DIGITS);
	for (size_t i = 0; i < digits.n; i++)
		assert(digits.p[i] >= '0' && digits.p[i] <= '9');
	assert(str_eq(phone_digits(a, digits), digits));
	assert(!phone_is_bsuid(text));
	struct str key = phone_match_key(a, digits);
	assert(str_eq(phone_match_key(a, key), key));
	assert(phone_same(a, digits, key));
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
