/* Digests against published examples; hex and base64 there and back. */
#include <pthread.h>

#include "base/digest.h"
#include "testing.h"

static struct str
hex_of_sha256(struct str s)
{
	unsigned char sum[SHA256_LEN];

	digest_sha256(s, sum);
	return hex_encode(test_arena(), sum, sizeof(sum));
}

START_TEST(sha256_gives_the_examples_of_fips_180)
{
	ck_assert_str(hex_of_sha256(STR("abc")),
	              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str(hex_of_sha256(STR("")),
	              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_slice(hex_of_sha256(STR_NONE), hex_of_sha256(STR("")));
}
END_TEST

START_TEST(a_stream_gives_the_same_and_starts_afresh)
{
	unsigned char sum[SHA256_LEN], whole[SHA256_LEN];
	struct digest *d = digest_new();

	digest_sha256(STR("abc"), whole);
	for (int round = 0; round < 2; round++) {
		digest_add(d, STR("a"));
		digest_add(d, STR_NONE);
		digest_add(d, STR("bc"));
		digest_end(d, sum);
		ck_assert_mem_eq(sum, whole, SHA256_LEN);
	}
	digest_free(d);
	digest_free(NULL);
}
END_TEST

static struct str
hex_of_hmac(struct str key, struct str data)
{
	struct hmac_key *k = hmac_key_new(key);
	unsigned char sum[SHA256_LEN];

	hmac_sha256(k, data, sum);
	hmac_sha256(k, data, sum); /* the key does not change by use */
	hmac_key_free(k);
	return hex_encode(test_arena(), sum, sizeof(sum));
}

START_TEST(hmac_gives_the_examples_of_rfc_4231)
{
	char long_key[131];

	memset(long_key, 0xaa, sizeof(long_key));
	ck_assert_str(hex_of_hmac(STR("Jefe"), STR("what do ya want for nothing?")),
	              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	ck_assert_str(hex_of_hmac(str_n(long_key, sizeof(long_key)),
	                          STR("Test Using Larger Than Block-Size Key - Hash Key First")),
	              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	ck_assert_str(hex_of_hmac(STR(""), STR("")),
	              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	hmac_key_free(NULL);
}
END_TEST

struct signer {
	const struct hmac_key *key;
	bool ok;
};

static void *
sign_many(void *arg)
{
	struct signer *s = arg;
	unsigned char first[SHA256_LEN], sum[SHA256_LEN];

	s->ok = true;
	hmac_sha256(s->key, STR("body"), first);
	for (int i = 0; i < 2000; i++) {
		hmac_sha256(s->key, STR("body"), sum);
		s->ok = s->ok && digest_equal(first, sum, SHA256_LEN);
	}
	return NULL;
}

START_TEST(one_key_serves_many_threads)
{
	struct hmac_key *k = hmac_key_new(STR("secret"));
	struct signer signers[4];
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		signers[i] = (struct signer){ .key = k };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_many, &signers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert(signers[i].ok);
	}
	hmac_key_free(k);
}
END_TEST

START_TEST(equal_means_every_byte)
{
	ck_assert(digest_equal("abc", "abc", 3));
	ck_assert(!digest_equal("abc", "abd", 3));
	ck_assert(digest_equal("abc", "abd", 2));
}
END_TEST

START_TEST(hex_is_read_in_either_case_and_only_whole)
{
	unsigned char b[3] = { 1, 2, 3 };

	ck_assert(hex_decode(STR("00fFa5"), b, 3));
	ck_assert_str(hex_encode(test_arena(), b, 3), "00ffa5");
	ck_assert(!hex_decode(STR("00fFa"), b, 3));
	ck_assert(!hex_decode(STR("00fFa5"), b, 2));
	ck_assert(!hex_decode(STR("00fFa5a"), b, 3));
	ck_assert(!hex_decode(STR("11111g"), b, 3));
	ck_assert(!hex_decode(STR_NONE, b, 3));
	ck_assert_str(hex_encode(test_arena(), b, 3), "00ffa5");
}
END_TEST

START_TEST(base64_gives_the_examples_of_rfc_4648)
{
	static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const coded[] = { "",         "Zg==",     "Zm8=",    "Zm9v",
		                             "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };

	for (size_t i = 0; i < 7; i++) {
		struct str bare = str_from(coded[i]);

		ck_assert_slice(base64_encode(test_arena(), plain[i], i), str_from(coded[i]));
		ck_assert_slice(base64_decode(test_arena(), bare), str_from(plain[i]));
		while (str_ends(bare, STR("=")))
			bare.n--;
		ck_assert_slice(base64_decode(test_arena(), bare), str_from(plain[i]));
	}
}
END_TEST

START_TEST(both_alphabets_of_base64_are_read)
{
	ck_assert_slice(base64_decode(test_arena(), STR("-_-_")), str_n("\xfb\xff\xbf", 3));
	ck_assert_slice(base64_decode(test_arena(), STR("+/+/")), str_n("\xfb\xff\xbf", 3));
}
END_TEST

START_TEST(what_is_not_base64_is_absent)
{
	static const char *const bad[] = { "A",    "Zg=",      "Zg===", "Z===",   "=",
		                           "====", "Zm9v=",    "Zm 9v", "Zm9v\n", "Zh==",
		                           "Zm9=", "Zg==Zg==", "Zm9vé" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!str_is_set(base64_decode(test_arena(), str_from(bad[i]))), "\"%s\"",
		              bad[i]);
	ck_assert_none(base64_decode(test_arena(), STR_NONE));
}
END_TEST

static Suite *
suite(void)
{
	return TEST_SUITE("digest", sha256_gives_the_examples_of_fips_180,
	                  a_stream_gives_the_same_and_starts_afresh,
	                  hmac_gives_the_examples_of_rfc_4231, one_key_serves_many_threads,
	                  equal_means_every_byte, hex_is_read_in_either_case_and_only_whole,
	                  base64_gives_the_examples_of_rfc_4648, both_alphabets_of_base64_are_read,
	                  what_is_not_base64_is_absent);
}

TEST_MAIN(suite)
