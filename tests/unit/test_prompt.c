/* The request to the model: its form, its order, its words, its budget and its hash. */
#include "core/prompt.h"

#include <stdio.h>

#include "base/utf8.h"
#include "prompt_fixture.h"

#define MANY 20000

static size_t
count_lines(struct str data)
{
	size_t n = 0;

	for (size_t i = 0; i < data.n; i++)
		n += data.p[i] == '\n';
	return n;
}

static struct str
text_of(const cJSON *line)
{
	return json_str(json_get(line, "text"));
}

static void
assert_members(const cJSON *v, const char *const *names)
{
	size_t n = 0;

	for (const cJSON *m = json_first(v); m != NULL; m = m->next, n++) {
		ck_assert_ptr_nonnull(names[n]);
		ck_assert_str_eq(m->string, names[n]);
	}
	ck_assert_ptr_null(names[n]);
}

START_TEST(a_request_has_the_form_of_the_responses_api)
{
	static const char *const members[] = { "model", "instructions",      "input",
		                               "store", "max_output_tokens", "text",
		                               NULL };
	static const char *const item[] = { "type", "role", "content", NULL };
	static const char *const format[] = { "type", "name", "strict", "schema", NULL };
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m = fixture_message(0, PROMPT_CLIENT, STR("Oi"));
	struct prompt p = fixture_build(&s, &m, 1, &o);
	const cJSON *root = test_json(p.body), *v;
	int64_t number;
	bool flag;

	assert_members(root, members);
	ck_assert_str(json_str(json_get(root, "model")), "gpt-5-mini");
	ck_assert(json_bool(json_get(root, "store"), &flag) && !flag);
	ck_assert(json_i64(json_get(root, "max_output_tokens"), &number));
	ck_assert_int_eq(number, PROMPT_OUTPUT_TOKENS);
	v = json_first(json_get(root, "input"));
	assert_members(v, item);
	ck_assert_str(json_str(json_get(v, "type")), "message");
	ck_assert_str(json_str(json_get(v, "role")), "user");
	v = json_get(json_get(root, "text"), "format");
	assert_members(v, format);
	ck_assert_str(json_str(json_get(v, "type")), "json_schema");
	ck_assert_str(json_str(json_get(v, "name")), "session_analysis_report");
	ck_assert(json_bool(json_get(v, "strict"), &flag) && flag);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_uint_eq(p.hash.n, SHA256_HEX_LEN);
	ck_assert(!p.truncated && p.omitted == 0 && p.sent[0].shown);
}
END_TEST

static bool
has_name(const cJSON *list, const char *name)
{
	for (const cJSON *v = json_first(list); v != NULL; v = v->next)
		if (str_eq(json_str(v), str_from(name)))
			return true;
	return false;
}

/* What strict structured outputs ask of a schema. */
static void
assert_strict(const cJSON *v, bool bounds, int depth)
{
	static const char *const allowed[] = {
		"type", "description", "properties",           "required",
		"enum", "items",       "additionalProperties", NULL
	};
	static const char *const bounding[] = { "minimum", "maximum", "minItems", "maxItems",
		                                NULL };
	const cJSON *properties = json_get(v, "properties");
	bool flag = true;

	ck_assert_int_le(depth, 5);
	ck_assert(str_is_set(json_str(json_get(v, "type"))));
	for (const cJSON *m = json_first(v); m != NULL; m = m->next) {
		bool known = false;
		for (size_t i = 0; allowed[i] != NULL; i++)
			known = known || strcmp(allowed[i], m->string) == 0;
		for (size_t i = 0; bounds && bounding[i] != NULL; i++)
			known = known || strcmp(bounding[i], m->string) == 0;
		ck_assert_msg(known, "%s", m->string);
	}
	if (str_eq(json_str(json_get(v, "type")), STR("object"))) {
		ck_assert(json_bool(json_get(v, "additionalProperties"), &flag) && !flag);
		ck_assert_uint_eq(json_count(json_get(v, "required")), json_count(properties));
		for (const cJSON *m = json_first(properties); m != NULL; m = m->next) {
			ck_assert(has_name(json_get(v, "required"), m->string));
			assert_strict(m, bounds, depth + 1);
		}
	}
	if (str_eq(json_str(json_get(v, "type")), STR("array")))
		assert_strict(json_get(v, "items"), bounds, depth);
	if (json_get(v, "enum") != NULL)
		ck_assert_uint_gt(json_count(json_get(v, "enum")), 0);
}

static const cJSON *
schema_of(const struct prompt *p)
{
	return json_get(json_get(json_get(test_json(p->body), "text"), "format"), "schema");
}

START_TEST(the_schema_is_a_strict_one_and_knows_the_topics)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt p = fixture_build(&s, NULL, 0, &o);
	const cJSON *schema = schema_of(&p), *list, *key, *score;
	int64_t n;

	assert_strict(schema, true, 1);
	ck_assert_uint_eq(json_count(json_get(schema, "properties")), 10);
	list = json_get(json_get(schema, "properties"), "checklist");
	ck_assert(json_i64(json_get(list, "minItems"), &n) && n == 3);
	ck_assert(json_i64(json_get(list, "maxItems"), &n) && n == 3);
	key = json_get(json_get(json_get(list, "items"), "properties"), "key");
	ck_assert_uint_eq(json_count(json_get(key, "enum")), 3);
	for (size_t i = 0; i < s.topics.n; i++)
		ck_assert(has_name(json_get(key, "enum"), s.topics.v[i].key.p));
	score = json_get(json_get(schema, "properties"), "overallScore");
	ck_assert(json_i64(json_get(score, "minimum"), &n) && n == 0);
	ck_assert(json_i64(json_get(score, "maximum"), &n) && n == 100);

	o.model = STR("ft:gpt-4o-mini:acme::1");
	p = fixture_build(&s, NULL, 0, &o);
	assert_strict(schema_of(&p), false, 1);

	s.topics.n = 0; /* an empty list of words is not allowed */
	p = fixture_build(&s, NULL, 0, &o);
	assert_strict(schema_of(&p), false, 1);
	ck_assert_ptr_nonnull(memmem(p.body.p, p.body.n, "checklist é uma lista vazia",
	                             strlen("checklist é uma lista vazia")));
}
END_TEST

START_TEST(instructions_hold_the_rubric_and_nothing_of_the_session)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message a = fixture_message(0, PROMPT_CLIENT, STR("palavra singular"));
	struct prompt_message b[] = { fixture_message(0, PROMPT_AGENT, STR("outra")),
		                      fixture_message(9, PROMPT_BOT, STR("conversa")) };
	struct prompt p = fixture_build(&s, &a, 1, &o), q = fixture_build(&s, b, 2, &o);
	struct str one = json_str(json_get(test_json(p.body), "instructions"));
	struct str two = json_str(json_get(test_json(q.body), "instructions"));

	ck_assert_slice(one, two);
	ck_assert(str_ends(one, s.text));
	ck_assert_ptr_nonnull(strstr(one.p, "{\"key\":\"preço\",\"label\":\"Informa o preço\","
	                                    "\"weight\":2.5}"));
	ck_assert_ptr_null(strstr(one.p, "singular"));
	ck_assert_ptr_null(strstr(fixture_data(p.body).p, "justo"));
	ck_assert_ptr_nonnull(strstr(fixture_data(p.body).p, "singular"));
}
END_TEST

START_TEST(order_is_of_content_alone_whatever_they_came_in)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[6];
	struct str first = STR_NONE;

	for (size_t i = 0; i < 6; i++)
		m[i] = fixture_message(i, i % 2 ? PROMPT_AGENT : PROMPT_CLIENT,
		                       str_fmt(test_arena(), "texto %zu", i));
	m[4].sent_at = m[3].sent_at; /* a tie: by `tie`, not by place or id */
	m[4].tie = STR("00000000000000000000");
	memset(m[4].id.b, 0xff, 16);
	m[5].sent_at = m[2].sent_at; /* the same tie as well: by content */
	m[5].tie = m[2].tie;
	for (size_t round = 0; round < 6; round++) {
		struct prompt p = fixture_build(&s, m, 6, &o);
		struct str data = fixture_data(p.body);

		ck_assert_str(text_of(fixture_line(data, 0)), "texto 0");
		ck_assert_str(text_of(fixture_line(data, 2)), "texto 2");
		ck_assert_str(text_of(fixture_line(data, 3)), "texto 5");
		ck_assert_str(text_of(fixture_line(data, 4)), "texto 4");
		ck_assert_str(text_of(fixture_line(data, 5)), "texto 3");
		if (round == 0)
			first = p.body;
		ck_assert_slice(p.body, first);
		struct prompt_message moved = m[round];
		m[round] = m[(round * 3 + 1) % 6];
		m[(round * 3 + 1) % 6] = moved;
	}
}
END_TEST

START_TEST(updated_orders_unless_sent_is_asked_for)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[] = { fixture_message(0, PROMPT_CLIENT, STR("primeira")),
		                      fixture_message(1, PROMPT_AGENT, STR("segunda")) };
	struct str data;

	m[0].updated_at = FIXTURE_AT + TIME_HOUR; /* an edit, or a read receipt */
	data = fixture_data(fixture_build(&s, m, 2, &o).body);
	ck_assert_str(text_of(fixture_line(data, 1)), "primeira");
	ck_assert_str(json_str(json_get(fixture_line(data, 1), "at")), "2026-01-20T12:00:00.000Z");
	ck_assert_str(json_str(json_get(fixture_line(data, 0), "at")), "2026-01-20T11:01:00.000Z");
	o.order_sent = true;
	data = fixture_data(fixture_build(&s, m, 2, &o).body);
	ck_assert_str(text_of(fixture_line(data, 0)), "primeira");
	ck_assert_str(json_str(json_get(fixture_line(data, 0), "at")), "2026-01-20T11:00:00.000Z");
	m[0].sent_at = TIME_NONE;
	data = fixture_data(fixture_build(&s, m, 2, &o).body);
	ck_assert(json_is_null(json_get(fixture_line(data, 0), "at")));
}
END_TEST

START_TEST(roles_have_their_words)
{
	static const char *const words[] = { "CLIENTE", "ATENDENTE", "BOT", "SISTEMA" };
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[4];
	struct str data;

	for (size_t i = 0; i < 4; i++)
		m[i] = fixture_message(i, (enum prompt_role)i, STR("x"));
	data = fixture_data(fixture_build(&s, m, 4, &o).body);
	for (size_t i = 0; i < 4; i++)
		ck_assert_slice(json_str(json_get(fixture_line(data, i), "role")),
		                str_from(words[i]));
}
END_TEST

START_TEST(what_has_no_text_says_so)
{
	static const struct {
		const char *type, *text;
		bool revoked;
		const char *sent, *sent_type;
	} rows[] = {
		{ "audio", NULL, false, "[áudio: conteúdo não disponível]", "audio" },
		{ "audio", "transcrito", false, "transcrito", "audio" },
		{ "image", NULL, false, "[imagem: conteúdo não disponível]", "image" },
		{ "image", "a legenda", false, "a legenda", "image" },
		{ "image", " \n", false, "[imagem: conteúdo não disponível]", "image" },
		{ "image", "https://cdn.example/a/b.jpg?x=1", false,
		  "[imagem: conteúdo não disponível]", "image" },
		{ "image", "veja https://example.com", false, "veja https://example.com", "image" },
		{ "text", "https://example.com", false, "https://example.com", "text" },
		{ "video", NULL, false, "[vídeo: conteúdo não disponível]", "video" },
		{ "document", NULL, false, "[documento: conteúdo não disponível]", "document" },
		{ "sticker", NULL, false, "[figurinha: conteúdo não disponível]", "sticker" },
		{ "location", NULL, false, "[localização: conteúdo não disponível]", "location" },
		{ "contacts", NULL, false, "[contato: conteúdo não disponível]", "contacts" },
		{ "interactive", NULL, false, "[mensagem interativa: conteúdo não disponível]",
		  "interactive" },
		{ "button", NULL, false, "[botão: conteúdo não disponível]", "button" },
		{ "order", NULL, false, "[pedido: conteúdo não disponível]", "order" },
		{ "media_placeholder", NULL, false, "[mídia: conteúdo não disponível]",
		  "media_placeholder" },
		{ "text", NULL, false, "[texto: conteúdo não disponível]", "text" },
		{ "unsupported", NULL, false, "[mensagem: conteúdo não disponível]",
		  "unsupported" },
		{ "poll_creation", NULL, false, "[mensagem: conteúdo não disponível]",
		  "poll_creation" },
		{ "Wörd\"}", NULL, false, "[mensagem: conteúdo não disponível]", "unknown" },
		{ "", "texto", false, "texto", "unknown" },
		{ "text", "segredo", true, "[mensagem apagada]", "text" },
		{ "audio", NULL, true, "[mensagem apagada]", "audio" },
	};
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct prompt_message m = fixture_message(0, PROMPT_CLIENT, str_from(rows[i].text));
		m.type = str_from(rows[i].type);
		m.revoked = rows[i].revoked;
		struct prompt p = fixture_build(&s, &m, 1, &o);
		const cJSON *line = fixture_line(fixture_data(p.body), 0);
		ck_assert_slice(text_of(line), str_from(rows[i].sent));
		ck_assert_slice(p.sent[0].text, str_from(rows[i].sent));
		ck_assert_slice(json_str(json_get(line, "type")), str_from(rows[i].sent_type));
	}
}
END_TEST

START_TEST(events_are_no_messages_and_leave_no_gap_in_the_ids)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[] = { fixture_message(0, PROMPT_CLIENT, STR("um")),
		                      fixture_message(1, PROMPT_CLIENT, STR("+55 mudou")),
		                      fixture_message(2, PROMPT_CLIENT, STR("👍")),
		                      fixture_message(3, PROMPT_AGENT, STR("dois")) };
	struct prompt p;

	m[1].type = STR("system");
	m[2].type = STR("reaction");
	p = fixture_build(&s, m, 4, &o);
	ck_assert_uint_eq(p.n, 2);
	ck_assert_uint_eq(count_lines(fixture_data(p.body)), 2);
	ck_assert_str(json_str(json_get(fixture_line(fixture_data(p.body), 1), "id")), "m2");
	ck_assert(uuid_eq(p.sent[1].id, m[3].id));
	p = fixture_build(&s, m + 1, 2, &o);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_uint_eq(fixture_data(p.body).n, 0);
}
END_TEST

START_TEST(personal_data_is_masked_before_it_is_sent)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m = fixture_message(
		0, PROMPT_CLIENT, STR("meu CPF é 529.982.247-25 e o e-mail ana@example.com"));
	struct prompt p = fixture_build(&s, &m, 1, &o);

	ck_assert_str(p.sent[0].text, "meu CPF é [CPF] e o e-mail [E-MAIL]");
	ck_assert_slice(text_of(fixture_line(fixture_data(p.body), 0)), p.sent[0].text);
	ck_assert_ptr_null(memmem(p.body.p, p.body.n, "529.982", 7));
	o.redact = REDACT_EMAIL;
	p = fixture_build(&s, &m, 1, &o);
	ck_assert_str(p.sent[0].text, "meu CPF é 529.982.247-25 e o e-mail [E-MAIL]");
	o.redact = 0;
	p = fixture_build(&s, &m, 1, &o);
	ck_assert_slice(p.sent[0].text, m.text);
}
END_TEST

START_TEST(bytes_that_are_no_text_become_replacement_characters)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m = fixture_message(0, PROMPT_CLIENT, STR("a\xFF\xFE\xC3z\xE2\x82"));
	struct prompt p = fixture_build(&s, &m, 1, &o);

	ck_assert_uint_eq(utf8_valid_prefix(p.body), p.body.n);
	ck_assert_str(p.sent[0].text, "a\uFFFD\uFFFD\uFFFDz\uFFFD");
	ck_assert_slice(text_of(fixture_line(fixture_data(p.body), 0)), p.sent[0].text);
}
END_TEST

/* The hash by its definition in prompt.h. */
static struct str
hash_again(const struct prompt *p)
{
	const cJSON *root = test_json(p->body);
	unsigned char sum[SHA256_LEN];
	struct str whole = str_fmt(test_arena(),
	                           "{\"model\":" STR_FMT ",\"instructions\":" STR_FMT
	                           ",\"input\":" STR_FMT ",\"schema\":" STR_FMT "}",
	                           STR_ARG(json_raw(test_arena(), json_get(root, "model"))),
	                           STR_ARG(json_raw(test_arena(), json_get(root, "instructions"))),
	                           STR_ARG(json_raw(test_arena(), json_get(root, "input"))),
	                           STR_ARG(json_raw(test_arena(), schema_of(p))));

	digest_sha256(whole, sum);
	return hex_encode(test_arena(), sum, sizeof sum);
}

START_TEST(the_hash_covers_what_decides_the_answer_and_nothing_else)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[] = { fixture_message(0, PROMPT_CLIENT, STR("Oi \"você\"\n")),
		                      fixture_message(1, PROMPT_AGENT, STR("Olá")) };
	struct prompt p = fixture_build(&s, m, 2, &o), q;

	ck_assert_slice(p.hash, hash_again(&p));
	o.max_output_tokens = PROMPT_OUTPUT_TOKENS_LONGER;
	o.max_input_tokens = 50000;
	memset(m[0].id.b, 7, 16);
	q = fixture_build(&s, m, 2, &o);
	ck_assert_slice(q.hash, p.hash);

	o.model = STR("gpt-5");
	q = fixture_build(&s, m, 2, &o);
	ck_assert(!str_eq(q.hash, p.hash));
	o = fixture_options();
	m[1].text = STR("Ola");
	q = fixture_build(&s, m, 2, &o);
	ck_assert(!str_eq(q.hash, p.hash));
	ck_assert_slice(q.hash, hash_again(&q));
	m[1].text = STR("Olá");
	s.text = STR("Outra rubrica");
	q = fixture_build(&s, m, 2, &o);
	ck_assert(!str_eq(q.hash, p.hash));
	s = fixture_script();
	s.topics.n = 2;
	q = fixture_build(&s, m, 2, &o);
	ck_assert(!str_eq(q.hash, p.hash));
	s = fixture_script();
	m[0].revoked = true;
	q = fixture_build(&s, m, 2, &o);
	ck_assert(!str_eq(q.hash, p.hash));
}
END_TEST

START_TEST(the_request_of_the_fixture_is_pinned)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m[] = { fixture_message(0, PROMPT_CLIENT, STR("Quanto custa?")),
		                      fixture_message(1, PROMPT_BOT, STR("Já te respondo")),
		                      fixture_message(2, PROMPT_AGENT, STR("R$ 1.234,56 à vista")),
		                      fixture_message(3, PROMPT_CLIENT, STR_NONE) };
	struct prompt p;

	m[3].type = STR("audio");
	p = fixture_build(&s, m, 4, &o);
	/* any change to what the model is told changes both: then say so in CHANGELOG.md */
	ck_assert_slice(p.body, str_trim(test_data("prompt-request.json")));
	ck_assert_str(p.hash, "6537bc7d989561f81611b266de26bbad84f572e420020f69126ed724e5ca7700");
}
END_TEST

/* Texts of so many bytes each, "nnnnn-…"; long texts where long_at says. */
static struct prompt_message *
conversation(size_t n, size_t bytes)
{
	struct prompt_message *m = ARENA_ARRAY(test_arena(), n, struct prompt_message);

	for (size_t i = 0; i < n; i++) {
		char *p = arena_alloc(test_arena(), bytes + 8);

		memset(p, 'a' + (int)(i % 26), bytes);
		m[i] = fixture_message(i, i % 2 ? PROMPT_AGENT : PROMPT_CLIENT, str_n(p, bytes));
	}
	return m;
}

static size_t
input_bytes(const struct prompt *p)
{
	const cJSON *root = test_json(p->body);
	const cJSON *part = json_first(json_get(json_first(json_get(root, "input")), "content"));
	size_t n = json_str(json_get(root, "instructions")).n +
	           json_raw(test_arena(), schema_of(p)).n;

	for (; part != NULL; part = part->next)
		n += json_str(json_get(part, "text")).n;
	return n;
}

START_TEST(the_estimate_is_bytes_by_three_rounded_up)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();

	for (size_t bytes = 1; bytes < 8; bytes++) {
		struct prompt p = fixture_build(&s, conversation(5, bytes), 5, &o);

		ck_assert_int_eq(p.input_tokens, (int64_t)(input_bytes(&p) + 2) / 3);
	}
}
END_TEST

/* The line of a gap, before which `at` messages have their place; how many of those it names. */
static size_t
assert_gap(const cJSON *v, const struct prompt *p, const struct prompt_options *o, size_t at)
{
	size_t named = p->omitted - o->unread;
	int64_t omitted;

	ck_assert(json_i64(json_get(v, "omitted"), &omitted));
	ck_assert_uint_eq((size_t)omitted, p->omitted);
	ck_assert(json_get(v, "note") != NULL);
	if (o->unread > 0)
		ck_assert(at <= o->gap && o->gap <= at + named);
	if (named == 0) {
		ck_assert(json_get(v, "from") == NULL && json_get(v, "to") == NULL);
		return 0;
	}
	ck_assert_slice(json_str(json_get(v, "from")), str_fmt(test_arena(), "m%zu", at + 1));
	ck_assert_slice(json_str(json_get(v, "to")), str_fmt(test_arena(), "m%zu", at + named));
	return named;
}

/* What was sent of a conversation whose messages are all alike, against what it says. */
static void
assert_cut(const struct prompt *p, size_t n, const struct prompt_options *o)
{
	struct str data = fixture_data(p->body), line;
	size_t at = 0, shown = 0, gaps = 0;

	while (str_split(&data, '\n', &line) && line.n > 0) {
		const cJSON *v = test_json(line);

		if (json_get(v, "id") == NULL) {
			at += assert_gap(v, p, o, at);
			gaps++;
			continue;
		}
		ck_assert_slice(json_str(json_get(v, "id")), str_fmt(test_arena(), "m%zu", at + 1));
		ck_assert_slice(text_of(v), p->sent[at].text);
		ck_assert(p->sent[at].shown);
		at++;
		shown++;
	}
	ck_assert_uint_eq(at, n);
	ck_assert_uint_eq(gaps, p->omitted > 0);
	ck_assert_uint_eq(shown + p->omitted, n + o->unread);
	ck_assert(n == 0 || (p->sent[0].shown && p->sent[n - 1].shown));
}

START_TEST(whatever_the_budget_what_is_sent_fits_and_says_what_is_missing)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message *m = conversation(200, 150);
	struct prompt whole = fixture_build(&s, m, 200, &o), p;
	int64_t fixed = fixture_build(&s, m, 0, &o).input_tokens;
	size_t cuts = 0;

	ck_assert(!whole.truncated);
	for (int64_t budget = fixed + 501; budget < whole.input_tokens + 300; budget += 211) {
		o.max_input_tokens = budget;
		p = fixture_build(&s, m, 200, &o);
		ck_assert_int_le(p.input_tokens, budget);
		ck_assert_int_eq(p.input_tokens, (int64_t)(input_bytes(&p) + 2) / 3);
		ck_assert_int_eq(p.truncated, budget < whole.input_tokens);
		if (p.truncated &&
		    p.omitted > 0) { /* little is left unused: not a line, not a gap */
			cuts++;
			ck_assert_int_ge(p.input_tokens, budget - 2 * (240 + 160) / 3);
		}
		assert_cut(&p, 200, &o);
	}
	ck_assert_uint_gt(cuts, 50);
}
END_TEST

START_TEST(what_was_not_given_is_marked_where_it_is_missing)
{
	static const size_t gaps[] = { 1, 60, 120, 199 };
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message *m = conversation(200, 150);
	struct prompt whole = fixture_build(&s, m, 200, &o), p;
	int64_t fixed = fixture_build(&s, m, 0, &o).input_tokens;

	o.unread = 1000;
	for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
		o.gap = gaps[i];
		for (int64_t budget = fixed + 501; budget < whole.input_tokens + 300;
		     budget += 499) {
			o.max_input_tokens = budget;
			p = fixture_build(&s, m, 200, &o);
			ck_assert_int_le(p.input_tokens, budget);
			ck_assert(p.truncated && p.omitted >= 1000);
			assert_cut(&p, 200, &o);
		}
		o.max_input_tokens = fixture_options().max_input_tokens;
		p = fixture_build(&s, m, 200, &o);
		ck_assert(p.truncated);
		ck_assert_uint_eq(p.omitted, 1000);
		assert_cut(&p, 200, &o);
		ck_assert(!str_eq(p.hash, whole.hash));
	}
}
END_TEST

START_TEST(one_long_text_gives_way_before_a_message_is_left_out)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message *m = conversation(50, 100);
	char *big = arena_alloc(test_arena(), 1u << 20);
	struct prompt p;

	for (size_t i = 0; i < 1u << 20; i++)
		big[i] = "é\n\"x"[i % 5];
	memcpy(big, "COMEÇO", strlen("COMEÇO"));
	memcpy(big + (1u << 20) - 3, "FIM", 3);
	m[20].text = str_n(big, 1u << 20);
	o.max_input_tokens = 10000;
	p = fixture_build(&s, m, 50, &o);
	ck_assert(p.truncated);
	ck_assert_uint_eq(p.omitted, 0);
	ck_assert_int_le(p.input_tokens, 10000);
	ck_assert_int_ge(p.input_tokens, 9900); /* what there is room for is sent */
	assert_cut(&p, 50, &o);
	ck_assert(str_starts(p.sent[20].text, STR("COMEÇO")));
	ck_assert(str_ends(p.sent[20].text, STR("FIM")));
	ck_assert_ptr_nonnull(memmem(p.sent[20].text.p, p.sent[20].text.n,
	                             " caracteres omitidos …] ",
	                             strlen(" caracteres omitidos …] ")));
	ck_assert_uint_eq(utf8_valid_prefix(p.sent[20].text), p.sent[20].text.n);
	for (size_t i = 0; i < 50; i++)
		ck_assert(i == 20 || str_eq(p.sent[i].text, m[i].text));
}
END_TEST

START_TEST(a_cut_text_says_how_many_characters_are_gone)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message m = fixture_message(0, PROMPT_CLIENT, STR_NONE);
	struct buf b;
	struct prompt p;
	size_t gone;

	buf_init(&b, test_arena(), 1u << 20);
	for (int i = 0; i < 20000; i++)
		buf_z(&b, "ção ");
	m.text = buf_slice(&b);
	o.max_input_tokens = 4000;
	p = fixture_build(&s, &m, 1, &o);
	const char *mark = strstr(str_z(test_arena(), p.sent[0].text), "[… ");
	ck_assert_ptr_nonnull(mark);
	ck_assert_int_eq(sscanf(mark, "[… %zu caracteres omitidos …]", &gone), 1);
	ck_assert_uint_eq(utf8_length(p.sent[0].text) -
	                          utf8_length(str_fmt(test_arena(),
	                                              " [… %zu caracteres omitidos …] ", gone)) +
	                          gone,
	                  utf8_length(m.text));
}
END_TEST

START_TEST(a_budget_without_room_is_too_small)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message *m = conversation(100, 100);
	struct prompt p = fixture_build(&s, NULL, 0, &o);
	int64_t fixed = p.input_tokens, fits = 0;

	o.max_input_tokens = fixed - 1;
	ck_assert_err(prompt_build(test_arena(), &s, NULL, 0, &o, &p), ERR_TOO_LARGE);
	ck_assert_err(prompt_build(test_arena(), &s, m, 100, &o, &p), ERR_TOO_LARGE);
	o.max_input_tokens = fixed + 400; /* not the least of a long conversation */
	ck_assert_err(prompt_build(test_arena(), &s, m, 100, &o, &p), ERR_TOO_LARGE);
	ck_assert_ok(prompt_build(test_arena(), &s, m, 2, &o, &p)); /* but a short one */
	o.max_input_tokens = -5;
	ck_assert_err(prompt_build(test_arena(), &s, m, 2, &o, &p), ERR_TOO_LARGE);
	o.max_input_tokens = INT64_MAX;
	ck_assert_ok(prompt_build(test_arena(), &s, m, 100, &o, &p));
	/* who asks beforehand is told of the long one, whatever is left */
	for (o.max_input_tokens = fixed - 5; o.max_input_tokens < fixed + 600;
	     o.max_input_tokens++) {
		enum err e = prompt_build(test_arena(), &s, m, 100, &o, &p);

		ck_assert_err(prompt_fits(test_arena(), &s, &o), e);
		fits += e == ERR_OK;
	}
	ck_assert_int_gt(fits, 0);
	ck_assert_int_lt(fits, 200);
}
END_TEST

START_TEST(twenty_thousand_messages_cost_memory_in_proportion)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt_message *m = conversation(MANY, 40);
	size_t used[2];
	struct prompt p;

	for (int i = 0; i < 2; i++) {
		struct arena *a = arena_new(64u << 20);

		o.max_input_tokens = 10000000;
		ck_assert_ok(prompt_build(a, &s, m, i == 0 ? MANY / 2 : MANY, &o, &p));
		ck_assert(!p.truncated);
		used[i] = arena_used(a);
		arena_free(a);
	}
	ck_assert_uint_lt(used[1], used[0] * 5 / 2);
	o.max_input_tokens = 100000;
	p = fixture_build(&s, m, MANY, &o);
	ck_assert(p.truncated && p.omitted > 0);
	ck_assert_uint_eq(p.n, MANY);
}
END_TEST

START_TEST(short_ids_are_found_in_one_spelling_only)
{
	struct script s = fixture_script();
	struct prompt_options o = fixture_options();
	struct prompt p = fixture_build(&s, conversation(12, 5), 12, &o);
	static const struct {
		const char *id;
		size_t at;
	} rows[] = {
		{ "m1", 0 },         { "m12", 11 },        { "m13", SIZE_MAX },
		{ "m0", SIZE_MAX },  { "m", SIZE_MAX },    { "", SIZE_MAX },
		{ "M1", SIZE_MAX },  { "1", SIZE_MAX },    { "m01", SIZE_MAX },
		{ "m+1", SIZE_MAX }, { "m-1", SIZE_MAX },  { "m1 ", SIZE_MAX },
		{ " m1", SIZE_MAX }, { "m1.0", SIZE_MAX }, { "m99999999999999999999", SIZE_MAX },
		{ "mm1", SIZE_MAX }, { NULL, SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_uint_eq(prompt_find(&p, str_from(rows[i].id)), rows[i].at);
}
END_TEST

static Suite *
make_suite(void)
{
	return TEST_SUITE(
		"prompt", a_request_has_the_form_of_the_responses_api,
		the_schema_is_a_strict_one_and_knows_the_topics,
		instructions_hold_the_rubric_and_nothing_of_the_session,
		order_is_of_content_alone_whatever_they_came_in,
		updated_orders_unless_sent_is_asked_for, roles_have_their_words,
		what_has_no_text_says_so, events_are_no_messages_and_leave_no_gap_in_the_ids,
		personal_data_is_masked_before_it_is_sent,
		bytes_that_are_no_text_become_replacement_characters,
		the_hash_covers_what_decides_the_answer_and_nothing_else,
		the_request_of_the_fixture_is_pinned, the_estimate_is_bytes_by_three_rounded_up,
		whatever_the_budget_what_is_sent_fits_and_says_what_is_missing,
		what_was_not_given_is_marked_where_it_is_missing,
		one_long_text_gives_way_before_a_message_is_left_out,
		a_cut_text_says_how_many_characters_are_gone, a_budget_without_room_is_too_small,
		twenty_thousand_messages_cost_memory_in_proportion,
		short_ids_are_found_in_one_spelling_only);
}

TEST_MAIN(make_suite)
