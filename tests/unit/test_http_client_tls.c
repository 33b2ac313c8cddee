/* The HTTP client and certificates: only one that a known authority vouches for, for the very name
 * that was asked for, is talked to. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "net/http_client.h"
#include "testing.h"

#define PATIENCE 20000

struct tls_server {
	SSL_CTX *tls;
	int listener;
	uint16_t port;
	pthread_t thread;
	const char *pem; /* path of its certificate */
};

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* Signed by itself, for `localhost` only, good from `from` for a day (s from now). */
static X509 *
make_certificate(EVP_PKEY *key, long from)
{
	X509 *x = X509_new();

	ck_assert_ptr_nonnull(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), from + 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	                           (const unsigned char *)"a\nname", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, NID_subject_alt_name, "DNS:localhost");
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	return x;
}

/* One connection after the other; a failed handshake is the client's business. */
static void *
serve(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"
				     "Connection: close\r\n\r\nsecret";
	struct tls_server *s = arg;
	char request[4096];
	int fd;

	while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
		SSL *tls = SSL_new(s->tls);

		SSL_set_fd(tls, fd);
		if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
			(void)SSL_write(tls, answer, sizeof answer - 1);
			(void)SSL_shutdown(tls);
		}
		SSL_free(tls);
		close(fd);
	}
	return NULL;
}

static void
server_start(struct tls_server *s, long from)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make_certificate(key, from);
	FILE *f;

	s->pem = str_z(test_arena(), str_fmt(test_arena(), "%s/ca.pem", test_dir()));
	f = fopen(s->pem, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, x), 1);
	fclose(f);
	s->tls = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_use_certificate(s->tls, x), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(s->tls, key), 1);
	X509_free(x);
	EVP_PKEY_free(key);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(s->listener, 8), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
	s->port = ntohs(a.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void
server_stop(struct tls_server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	SSL_CTX_free(s->tls);
}

static struct http_result
get(const struct tls_server *s, const char *host, bool trust)
{
	const struct http_client_options o = { .ca_file = trust ? str_from(s->pem) : STR_NONE,
		                               .max_in_flight = 1,
		                               .clock = &clock_real };
	struct http_call c = { .url = str_fmt(test_arena(), "https://%s:%d/?token=t", host,
		                              s->port),
		               .connect_ms = PATIENCE,
		               .first_byte_ms = PATIENCE,
		               .whole_ms = PATIENCE,
		               .max_body = 100 };
	struct http_client client;
	struct http_result r;
	uint64_t id;

	ck_assert_ok(http_client_open(&o, &client));
	ck_assert_ok(http_client_start(&client, &c, &id));
	while (!http_client_next(&client, &r))
		(void)http_client_wait(&client, -1, 1000);
	http_client_close(&client);
	return r;
}

START_TEST(only_a_certificate_that_is_vouched_for_and_names_the_host_is_talked_to)
{
	static const struct {
		const char *name, *host;
		bool trust;
		long from;
		enum http_failure failure;
	} rows[] = {
		{ "an authority of ours", "localhost", true, -60, HTTP_OK },
		{ "nobody vouches for it", "localhost", false, -60, HTTP_TLS },
		{ "another name", "127.0.0.1", true, -60, HTTP_TLS },
		{ "no longer good", "localhost", true, -90000, HTTP_TLS },
		{ "not yet good", "localhost", true, 3600, HTTP_TLS },
	};

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tls_server s;
		struct http_result r;

		server_start(&s, rows[i].from);
		r = get(&s, rows[i].host, rows[i].trust);
		ck_assert_msg(r.failure == rows[i].failure, "%s: %s (%s)", rows[i].name,
		              http_failure_name(r.failure), r.detail);
		ck_assert(r.failure == HTTP_OK ? strcmp(r.body, "secret") == 0 : r.body == NULL);
		ck_assert_ptr_null(strstr(r.detail, "token="));
		for (const char *p = r.detail; *p != '\0'; p++)
			ck_assert(*p >= ' ' && *p < 0x7F);
		http_result_deinit(&r);
		server_stop(&s);
	}
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE("http_client_tls",
	                  only_a_certificate_that_is_vouched_for_and_names_the_host_is_talked_to);
}

TEST_MAIN(make_suite)
