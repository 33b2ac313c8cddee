/*
 * The request as a whole. Why one writer: what is hashed, what is estimated and what is sent must
 * be the same bytes. What always holds: the estimate is never above the budget; every message has
 * its short id by its place in the order, shown or not; a byte of a message lies in one JSON string
 * of one line and nowhere else.
 */
#include "core/prompt.h"

#include "core/prompt_internal.h"

#define MOST_TOKENS   (INT64_MAX / 1024) /* so that no product wraps */
#define MAX_ID_DIGITS 9

/* What goes out beside the conversation. */
struct fixed {
	struct str instructions, framing, schema;
};

static size_t
write_fixed(struct arena *a, const struct script *script, const struct prompt_options *o,
            struct fixed *out)
{
	*out = (struct fixed){ .instructions = prompt_instructions(a, script),
		               .framing = prompt_framing(),
		               .schema = prompt_schema(a, script, o->model) };
	return out->instructions.n + out->framing.n + out->schema.n;
}

static int64_t
tokens_of(size_t bytes)
{
	return (int64_t)((bytes + PROMPT_BYTES_PER_TOKEN - 1) / PROMPT_BYTES_PER_TOKEN);
}

/* Bytes that the budget leaves for the conversation; false: it is used up. */
static bool
room_of(const struct prompt_options *o, size_t fixed, size_t *room)
{
	int64_t tokens = o->max_input_tokens > MOST_TOKENS ? MOST_TOKENS : o->max_input_tokens;
	size_t all = tokens <= 0 ? 0 : (size_t)tokens * PROMPT_BYTES_PER_TOKEN;

	*room = all < fixed ? 0 : all - fixed;
	return all >= fixed;
}

static void
write_part(struct jw *w, struct str text)
{
	jw_obj(w);
	jw_kz(w, "type", "input_text");
	jw_kstr(w, "text", text);
	jw_obj_end(w);
}

static void
write_input(struct jw *w, struct str framing, struct str lines)
{
	jw_key(w, "input");
	jw_arr(w);
	jw_obj(w);
	jw_kz(w, "type", "message");
	jw_kz(w, "role", "user");
	jw_key(w, "content");
	jw_arr(w);
	write_part(w, framing);
	if (lines.n > 0)
		write_part(w, lines);
	jw_arr_end(w);
	jw_obj_end(w);
	jw_arr_end(w);
}

static void
write_rest(struct jw *w, struct str schema, int64_t max_output_tokens)
{
	jw_kbool(w, "store", false);
	jw_ki64(w, "max_output_tokens", max_output_tokens);
	jw_key(w, "text");
	jw_obj(w);
	jw_key(w, "format");
	jw_obj(w);
	jw_kz(w, "type", "json_schema");
	jw_kz(w, "name", "session_analysis_report");
	jw_kbool(w, "strict", true);
	jw_kraw(w, "schema", schema);
	jw_obj_end(w);
	jw_obj_end(w);
}

static struct str
hash_of(struct arena *a, struct str front, struct str schema)
{
	unsigned char sum[SHA256_LEN];
	struct digest *d = digest_new();

	digest_add(d, front);
	digest_add(d, STR(",\"schema\":"));
	digest_add(d, schema);
	digest_add(d, STR("}"));
	digest_end(d, sum);
	digest_free(d);
	return hex_encode(a, sum, sizeof sum);
}

/* The body and its hash. */
static enum err
write_request(struct arena *a, const struct prompt_options *o, const struct fixed *f,
              struct str lines, struct prompt *out)
{
	size_t likely = lines.n + lines.n / 4 + f->instructions.n + f->schema.n + 2048;
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 4);
	if (!buf_reserve(&b, likely))
		return ERR_TOO_LARGE;
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "model", o->model);
	jw_kstr(&w, "instructions", f->instructions);
	write_input(&w, f->framing, lines);
	out->hash = hash_of(a, buf_slice(&b), f->schema);
	write_rest(&w, f->schema, o->max_output_tokens);
	jw_obj_end(&w);
	out->body = buf_slice(&b);
	return buf_check(&b);
}

static void
list_sent(struct arena *a, const struct prompt_lines *lines, struct prompt *out)
{
	struct prompt_sent *sent = ARENA_ARRAY(a, lines->n, struct prompt_sent);

	for (size_t i = 0; i < lines->n; i++)
		sent[i] = (struct prompt_sent){ .id = lines->v[i].m->id,
			                        .text = lines->v[i].text,
			                        .shown = i < lines->head || i >= lines->tail };
	out->sent = sent;
	out->n = lines->n;
	out->omitted = prompt_omitted(lines);
	out->truncated = lines->truncated;
}

enum err
prompt_build(struct arena *a, const struct script *script, const struct prompt_message *messages,
             size_t n, const struct prompt_options *o, struct prompt *out)
{
	struct prompt_lines lines;
	struct prompt p = { 0 };
	struct fixed f;
	struct buf b;
	size_t room, fixed = write_fixed(a, script, o, &f);
	enum err e = ERR_OK;

	if (!room_of(o, fixed, &room))
		return ERR_TOO_LARGE;
	prompt_list(a, messages, n, o, &lines);
	if (prompt_lines_size(&lines) > room)
		e = prompt_cut(a, &lines, room);
	if (e != ERR_OK)
		return e;
	buf_init(&b, a, SIZE_MAX / 4);
	(void)buf_reserve(&b, prompt_lines_size(&lines));
	prompt_write_lines(&b, &lines);
	e = buf_check(&b);
	if (e == ERR_OK)
		e = write_request(a, o, &f, buf_slice(&b), &p);
	if (e != ERR_OK)
		return e;
	p.input_tokens = tokens_of(fixed + b.n);
	list_sent(a, &lines, &p);
	if (arena_check(a) != ERR_OK)
		return ERR_TOO_LARGE;
	*out = p;
	return ERR_OK;
}

enum err
prompt_fits(struct arena *a, const struct script *script, const struct prompt_options *o)
{
	struct fixed f;
	size_t room, fixed = write_fixed(a, script, o, &f);

	if (!room_of(o, fixed, &room) || room < PROMPT_LEAST_ROOM || arena_check(a) != ERR_OK)
		return ERR_TOO_LARGE;
	return ERR_OK;
}

size_t
prompt_find(const struct prompt *p, struct str short_id)
{
	struct str digits = str_sub(short_id, 1, short_id.n);
	int64_t number;

	if (!str_starts(short_id, STR("m")) || digits.n == 0 || digits.n > MAX_ID_DIGITS ||
	    digits.p[0] < '1' || digits.p[0] > '9' || !str_to_i64(digits, &number))
		return SIZE_MAX;
	return (size_t)number <= p->n ? (size_t)number - 1 : SIZE_MAX;
}
