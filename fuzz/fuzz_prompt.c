/*
 * Any bytes as a session: lines are messages, the first byte is the budget. Beyond not crashing:
 * the request is JSON within the budget, each message that was sent is one line with its own id,
 * and its text reads back as what evidence is checked against.
 */
#include <assert.h>
#include <stdint.h>

#include "base/utf8.h"
#include "core/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_MESSAGES 256

static size_t
make_messages(struct str s, struct prompt_message *m)
{
	static const char *const types[] = { "text", "audio", "image", "system", "x\"y" };
	struct str line;
	size_t n = 0;

	while (n < MAX_MESSAGES && str_split(&s, '\n', &line)) {
		unsigned char kind = line.n > 0 ? (unsigned char)line.p[0] : 0;

		m[n] = (struct prompt_message){ .id = { { (unsigned char)n, 1 } },
			                        .role = (enum prompt_role)(kind % 4),
			                        .type = str_from(types[kind / 4 % 5]),
			                        .text = str_sub(line, 1, line.n),
			                        .revoked = kind > 250,
			                        .updated_at = kind % 3 ? TIME_NONE : kind * 1000,
			                        .sent_at = 50000,
			                        .tie = line };
		n++;
	}
	return n;
}

static struct str
data_of(struct arena *a, const struct prompt *p)
{
	const cJSON *root = NULL, *part;

	assert(json_parse(a, p->body, &root) == ERR_OK && json_count(root) == 6);
	part = json_first(json_get(json_first(json_get(root, "input")), "content"));
	assert(part != NULL);
	return part->next == NULL ? STR_NONE : json_str(json_get(part->next, "text"));
}

static void
check_lines(struct arena *a, const struct prompt *p, size_t unread)
{
	struct str data = data_of(a, p), line;
	size_t at = 0;

	while (str_split(&data, '\n', &line) && line.n > 0) {
		const cJSON *v = NULL;
		int64_t omitted;

		assert(json_parse(a, line, &v) == ERR_OK);
		if (json_i64(json_get(v, "omitted"), &omitted)) {
			size_t named = p->omitted - unread;

			assert(omitted > 0 && (size_t)omitted == p->omitted);
			assert(json_count(v) == (named > 0 ? 4 : 2));
			at += named;
			continue;
		}
		assert(json_count(v) == 5 && at < p->n && p->sent[at].shown);
		assert(prompt_find(p, json_str(json_get(v, "id"))) == at);
		assert(str_eq(json_str(json_get(v, "text")), p->sent[at].text) ||
		       memchr(p->sent[at].text.p, '\0', p->sent[at].text.n) != NULL);
		at++;
	}
	assert(at == p->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64u << 20);
	struct prompt_message *m = ARENA_ARRAY(a, MAX_MESSAGES, struct prompt_message);
	size_t n = make_messages(str_n((const char *)data + (size > 0), size - (size > 0)), m);
	const struct script script = { .key = STR("k"), .version = 1, .text = STR("t") };
	struct prompt_options o = { .model = STR("m"),
		                    .redact = 31,
		                    .max_input_tokens = 2200 + (size > 0 ? data[0] * 8 : 0),
		                    .gap = size > 0 ? data[0] % 8 : 0,
		                    .unread = size > 0 && data[0] % 4 == 0 ? data[0] : 0 };
	struct prompt p;

	if (prompt_build(a, &script, m, n, &o, &p) == ERR_OK) {
		assert(p.input_tokens <= o.max_input_tokens && p.n <= n && p.hash.n == 64);
		assert(utf8_valid_prefix(p.body) == p.body.n);
		assert((p.truncated || p.omitted == 0) && p.omitted >= o.unread);
		check_lines(a, &p, o.unread);
	}
	arena_free(a);
	return 0;
}
