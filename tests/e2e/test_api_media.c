/*
 * Files of messages over HTTP: parts, types, who may have them, and what a browser must never be
 * given as something that runs.
 */
#include <sys/stat.h>

#include "api_fixture.h"
#include "base/digest.h"
#include "raw.h"

struct gallery {
	struct world *w;
	struct raw *raw;
	const char *conversation;
};

static struct gallery
open_gallery(void)
{
	struct gallery g = { .w = world_new() };
	struct str env = str_from(read_text(in_dir(g.w->process.dir, ".env"))), url;

	(void)str_split(&env, '\n', &url);
	g.raw = raw_open(pg != NULL
	                         ? str_z(test_arena(), str_sub(url, strlen("DATABASE_URL="), url.n))
	                         : FMT("sqlite:%s", in_dir(g.w->process.dir, "recado.db")));
	return g;
}

static void
close_gallery(struct gallery *g)
{
	raw_close(g->raw);
	world_end(g->w);
}

/* A document of the customer's with that id of Meta's; the address of its file. */
static const char *
receive(struct gallery *g, const char *meta_id)
{
	const cJSON *v;

	hook(g->w,
	     envelope(change(NUMBER, "messages",
	                     FMT("\"messages\":[{\"from\":\"" CUSTOMER
	                         "\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"document\","
	                         "\"document\":{\"id\":\"%s\",\"filename\":\"as sent.bin\"}}]",
	                         wamid(FMT("M%s", meta_id), false), (long long)g->w->now_s,
	                         meta_id))));
	settle(g->w);
	v = MUST(g->w, 200, "GET", "/api/clients/acme/conversations", "op", NULL);
	g->conversation = z_at(v, "data.0.id");
	v = MUST(g->w, 200, "GET", FMT("/api/conversations/%s/messages", g->conversation), "op",
	         NULL);
	for (int i = (int)json_count(at(v, "data")) - 1; i >= 0; i--)
		if (str_eq(text_at(v, FMT("data.%d.wamid", i)),
		           str_from(wamid(FMT("M%s", meta_id), false))))
			return z_at(v, FMT("data.%d.media.url", i));
	ck_abort_msg("the message is not there");
	return NULL;
}

/* As the fetcher leaves it: a file of those bytes. */
static const char *
fetched(struct gallery *g, const char *meta_id, const char *mime, const char *filename,
        struct str bytes)
{
	const char *url = receive(g, meta_id), *hex, *folder;
	unsigned char digest[SHA256_LEN];
	FILE *f;

	digest_sha256(bytes, digest);
	hex = str_z(test_arena(), hex_encode(test_arena(), digest, sizeof digest));
	folder = in_dir(g->w->process.dir, "data");
	(void)mkdir(folder, 0700);
	(void)mkdir(folder = FMT("%s/media", folder), 0700);
	(void)mkdir(folder = FMT("%s/%.2s", folder, hex), 0700);
	(void)mkdir(folder = FMT("%s/%.2s", folder, hex + 2), 0700);
	f = fopen(FMT("%s/%s", folder, hex), "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	fclose(f);
	raw_exec(g->raw,
	         FMT("UPDATE media SET status = 'ready', reason = NULL, owner = NULL, "
	             "bytes = %zu, sha256 = %s%s', mime_type = %s%s%s, filename = '%s' "
	             "WHERE meta_id = '%s'",
	             bytes.n, pg != NULL ? "'\\x" : "X'", hex, mime == NULL ? "" : "'",
	             mime == NULL ? "NULL" : mime, mime == NULL ? "" : "'", filename, meta_id));
	return url;
}

static void
must_say(const struct reply *r, const char *name, const char *value)
{
	const char *is = header_of(r, name);

	ck_assert_msg((is == NULL) == (value == NULL) && (is == NULL || strcmp(is, value) == 0),
	              "%s: %s, not %s", name, is, value);
}

START_TEST(a_file_is_had_whole_and_in_parts)
{
	static const struct {
		const char *range;
		int status;
		const char *body, *content_range;
	} cases[] = {
		{ "", 200, "0123456789", NULL },
		{ "Range: bytes=0-3\r\n", 206, "0123", "bytes 0-3/10" },
		{ "Range: bytes=4-\r\n", 206, "456789", "bytes 4-9/10" },
		{ "Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10" },
		{ "Range: bytes=-30\r\n", 206, "0123456789", "bytes 0-9/10" },
		{ "Range: bytes=8-99\r\n", 206, "89", "bytes 8-9/10" },
		{ "Range: bytes=9-9\r\n", 206, "9", "bytes 9-9/10" },
		{ "Range: bytes=10-\r\n", 416, NULL, "bytes */10" },
		{ "Range: bytes=-0\r\n", 416, NULL, "bytes */10" },
		/* what is not understood, and several at once, is the whole */
		{ "Range: bytes=5-2\r\n", 200, "0123456789", NULL },
		{ "Range: bytes=0-1,4-5\r\n", 200, "0123456789", NULL },
		{ "Range: bytes=\r\n", 200, "0123456789", NULL },
		{ "Range: bytes=x-9\r\n", 200, "0123456789", NULL },
		{ "Range: lines=0-1\r\n", 200, "0123456789", NULL },
		{ "Range: bytes=0-3\r\nIf-Range: \"other\"\r\n", 200, "0123456789", NULL },
	};
	struct gallery g = open_gallery();
	const char *url = fetched(&g, "7", "video/mp4", "film.mp4", STR("0123456789"));
	const char *tag = NULL;
	struct reply r;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		r = call_with(g.w, "GET", url, g.w->acme_viewer, NULL, cases[i].range);
		ck_assert_msg(r.status == cases[i].status, "%s: %d", cases[i].range, r.status);
		must_say(&r, "Content-Range", cases[i].content_range);
		if (cases[i].body == NULL)
			continue;
		ck_assert_slice(r.body, str_from(cases[i].body));
		must_say(&r, "Accept-Ranges", "bytes");
		must_say(&r, "Content-Type", "video/mp4");
		tag = header_of(&r, "ETag");
	}
	r = call_with(g.w, "GET", url, g.w->acme_viewer, NULL,
	              FMT("Range: bytes=0-3\r\nIf-Range: %s\r\n", tag));
	ck_assert_int_eq(r.status, 206);
	r = call_with(g.w, "GET", url, g.w->acme_viewer, NULL, FMT("If-None-Match: %s\r\n", tag));
	ck_assert_int_eq(r.status, 304);
	must_say(&r, "Cache-Control", "private, max-age=31536000, immutable");
	r = call(g.w, "HEAD", url, g.w->acme_viewer, NULL);
	ck_assert_int_eq(r.status, 200);
	must_say(&r, "Content-Length", "10");
	must_say(&r, "X-Content-Type-Options", "nosniff");
	close_gallery(&g);
}
END_TEST

START_TEST(only_what_cannot_run_is_shown)
{
	static const struct {
		const char *mime, *type, *disposition;
	} cases[] = {
		{ "image/jpeg", "image/jpeg", "inline" },
		{ "image/png", "image/png", "inline" },
		{ "image/webp", "image/webp", "inline" },
		{ "image/gif", "image/gif", "inline" },
		{ "IMAGE/JPEG", "image/jpeg", "inline" },
		{ "audio/ogg; codecs=opus", "audio/ogg; codecs=opus", "inline" },
		{ "video/mp4", "video/mp4", "inline" },
		{ "application/pdf", "application/pdf", "attachment" },
		{ "text/plain; charset=utf-8", "text/plain", "attachment" },
		{ "image/svg+xml", "application/octet-stream", "attachment" },
		{ "text/html", "application/octet-stream", "attachment" },
		{ "application/xhtml+xml", "application/octet-stream", "attachment" },
		{ "text/xml", "application/octet-stream", "attachment" },
		{ "application/javascript", "application/octet-stream", "attachment" },
		{ "application/vnd.mozilla.xul+xml", "application/octet-stream", "attachment" },
		{ "image/jpeg, text/html", "application/octet-stream", "attachment" },
		{ "image/bmp", "application/octet-stream", "attachment" },
		{ "nonsense", "application/octet-stream", "attachment" },
		{ NULL, "application/octet-stream", "attachment" },
	};
	struct gallery g = open_gallery();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *url = fetched(&g, FMT("%zu", 100 + i), cases[i].mime, "a.bin",
		                          STR("<script>alert(1)</script>"));
		struct reply r = call(g.w, "GET", url, g.w->acme_viewer, NULL);

		ck_assert_int_eq(r.status, 200);
		must_say(&r, "Content-Type", cases[i].type);
		must_say(&r, "Content-Disposition",
		         FMT("%s; filename=\"a.bin\"; filename*=UTF-8''a.bin",
		             cases[i].disposition));
		must_say(&r, "X-Content-Type-Options", "nosniff");
		ck_assert_ptr_nonnull(strstr(header_of(&r, "Content-Security-Policy"), "sandbox"));
		ck_assert_ptr_nonnull(
			strstr(header_of(&r, "Content-Security-Policy"), "default-src 'none'"));
	}
	close_gallery(&g);
}
END_TEST

START_TEST(who_may_not_have_it_does_not_learn_that_it_is_there)
{
	struct gallery g = open_gallery();
	const char *url = fetched(&g, "7", "image/jpeg", "a.jpg", STR("x"));
	struct reply r = call(g.w, "GET", url, g.w->beta_admin, NULL), nothing;

	nothing = call(g.w, "GET", FMT("/api/media/%s", g.w->connection), g.w->beta_admin, NULL);
	ck_assert(r.status == 404 && nothing.status == 404);
	ck_assert_slice(text_at(r.doc, "detail"), text_at(nothing.doc, "detail"));
	MUST(g.w, 401, "GET", url, NULL, NULL);
	MUST(g.w, 404, "GET", "/api/media/../../.env", g.w->acme_viewer, NULL);
	MUST(g.w, 404, "GET", "/api/media/..%2f..%2f.env", g.w->acme_viewer, NULL);
	ck_assert_int_eq(call(g.w, "GET", url, "op", NULL).status, 200);
	close_gallery(&g);
}
END_TEST

START_TEST(what_is_not_there_says_why)
{
	struct gallery g = open_gallery();
	const char *pending = receive(&g, "1"), *never = receive(&g, "2");
	const char *gone = fetched(&g, "3", "image/jpeg", "a.jpg", STR("gone"));
	const char *revoked = fetched(&g, "4", "image/jpeg", "a.jpg", STR("revoked"));
	const cJSON *v;

	raw_exec(g.raw, "UPDATE media SET status = 'unavailable', reason = 'too_large' "
	                "WHERE meta_id = '2'");
	raw_exec(g.raw, "UPDATE media SET bytes = bytes + 1 WHERE meta_id = '3'");
	hook(g.w, envelope(change(NUMBER, "messages",
	                          FMT("\"messages\":[{\"from\":\"" CUSTOMER
	                              "\",\"id\":\"%s\",\"timestamp\":\"%lld\",\"type\":\"revoke\","
	                              "\"revoke\":{\"original_message_id\":\"%s\"}}]",
	                              wamid("R", false), (long long)g.w->now_s + 1,
	                              wamid("M4", false)))));
	settle(g.w);
	v = MUST(g.w, 404, "GET", pending, g.w->acme_viewer, NULL);
	ck_assert_str(text_at(v, "code"), "media_pending");
	v = MUST(g.w, 404, "GET", never, g.w->acme_viewer, NULL);
	ck_assert_str(text_at(v, "code"), "media_unavailable");
	v = MUST(g.w, 404, "GET", gone, g.w->acme_viewer, NULL);
	ck_assert_str(text_at(v, "code"), "media_missing");
	MUST(g.w, 404, "GET", revoked, g.w->acme_viewer, NULL);
	v = MUST(g.w, 200, "GET", FMT("/api/conversations/%s/messages", g.conversation),
	         g.w->acme_viewer, NULL);
	ck_assert_str(text_at(v, "data.1.media.status"), "unavailable");
	ck_assert_str(text_at(v, "data.1.media.reason"), "too_large");
	ck_assert_str(text_at(v, "data.2.media.status"), "ready");
	ck_assert_str(text_at(v, "data.2.media.mimeType"), "image/jpeg");
	ck_assert_int_eq(int_at(v, "data.2.media.bytes"), 5);
	ck_assert_uint_eq(text_at(v, "data.2.media.sha256").n, SHA256_HEX_LEN);
	ck_assert(null_at(v, "data.3.media"));
	close_gallery(&g);
}
END_TEST

START_TEST(want_of_room_is_a_finding_until_there_is_room)
{
	static const char *const reasons[] = { "disk_full", "disk_budget", "disk_error" };
	struct gallery g = open_gallery();
	const cJSON *v;

	(void)receive(&g, "1");
	for (size_t i = 0; i < 3; i++) {
		raw_exec(g.raw, FMT("UPDATE media SET reason = '%s', next_try_at = NULL, "
		                    "owner = NULL WHERE status = 'pending'",
		                    reasons[i]));
		v = MUST(g.w, 200, "GET", "/api/health/details", "op", NULL);
		ck_assert_slice(text_at(v, "findings.0.code"), str_from(reasons[i]));
		ck_assert_str(text_at(v, "findings.0.severity"), "error");
	}
	raw_exec(g.raw, "UPDATE media SET status = 'ready', bytes = 1");
	v = MUST(g.w, 200, "GET", "/api/health/details", "op", NULL);
	ck_assert_uint_eq(json_count(at(v, "findings")), 0);
	close_gallery(&g);
}
END_TEST

START_TEST(the_name_of_a_file_breaks_no_header)
{
	static const struct {
		const char *name, *disposition;
	} cases[] = {
		{ "orçamento 50%.pdf", "attachment; filename=\"or__amento 50_.pdf\"; "
		                       "filename*=UTF-8''or%C3%A7amento%2050%25.pdf" },
		{ "../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"; "
		                      "filename*=UTF-8''_.._etc_passwd" },
		{ "a\"; filename=\"b.exe", "attachment; filename=\"a_; filename=_b.exe\"; "
		                           "filename*=UTF-8''a_%3B%20filename%3D_b.exe" },
		{ "a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie_ b\"; "
		                        "filename*=UTF-8''a__Set-Cookie_%20b" },
		{ "...", "attachment" },
	};
	struct gallery g = open_gallery();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *url = fetched(&g, FMT("%zu", 200 + i), "application/pdf", cases[i].name,
		                          STR("%PDF"));
		struct reply r = call(g.w, "GET", url, g.w->acme_viewer, NULL);

		must_say(&r, "Content-Disposition", cases[i].disposition);
		ck_assert_ptr_null(header_of(&r, "Set-Cookie"));
	}
	close_gallery(&g);
}
END_TEST

START_TEST(a_large_file_comes_whole_and_is_not_held_in_memory)
{
	struct gallery g = open_gallery();
	size_t n = (size_t)24 << 20;
	char *bytes = malloc(n);
	struct client clients[20];
	const char *url;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + (i >> 13));
	url = fetched(&g, "7", "video/mp4", "film.mp4", str_n(bytes, n));
	/* twenty who asked and do not read */
	for (size_t i = 0; i < 20; i++) {
		const char *head = FMT("GET %s HTTP/1.1\r\nHost: a\r\nx-admin-token: " ADMIN
		                       "\r\nConnection: close\r\n\r\n",
		                       url);

		clients[i] = connect_to(&g.w->process);
		ck_assert(client_try_send(&clients[i], head, strlen(head)));
	}
	for (size_t i = 0; i < 20; i += 10) {
		struct answer a = client_read(&clients[i], false);

		ck_assert_int_eq(a.status, 200);
		ck_assert_uint_eq(a.body_len, n);
		ck_assert_int_eq(memcmp(a.body, bytes, n), 0);
		answer_free(&a);
	}
	{
		const char *status = read_text(FMT("/proc/%d/status", (int)g.w->process.pid));
		long kib = strtol(strstr(status, "VmRSS:") + 6, NULL, 10);

		ck_assert_msg(kib < 200 * 1024L, "%ld KiB for 20 x 24 MiB", kib);
	}
	for (size_t i = 0; i < 20; i++)
		client_close(&clients[i]);
	free(bytes);
	close_gallery(&g);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"api: media", a_file_is_had_whole_and_in_parts, only_what_cannot_run_is_shown,
		who_may_not_have_it_does_not_learn_that_it_is_there, what_is_not_there_says_why,
		want_of_room_is_a_finding_until_there_is_room, the_name_of_a_file_breaks_no_header,
		a_large_file_comes_whole_and_is_not_held_in_memory);
}

API_MAIN(make_suite)
