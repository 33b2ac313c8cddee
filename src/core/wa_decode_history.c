/*
 * field "history": chunks with threads, errors, and late media. What always holds: nothing here is
 * ever live, and the messages of one chunk stand together in the list.
 */
#include "base/digest.h"
#include "base/utf8.h"
#include "core/wa_decode_internal.h"
#include "core/wa_text.h"

/* A thread's id and its context are one person; if they name two numbers or two ids, a link says
 * so. */
static struct fact_person
thread_person(struct wa_ctx *c, const cJSON *thread)
{
	const cJSON *context = json_get(thread, "context");
	struct fact_person p = wa_decode_person(c, json_get(thread, "id"), NULL, NULL, NULL);
	struct fact_person q = wa_decode_person(
		c, json_get(context, "wa_id"), json_get(context, "user_id"),
		json_get(context, "parent_user_id"), json_get(context, "username"));
	bool two_numbers = str_is_set(p.wa_id) && str_is_set(q.wa_id) && !str_eq(p.wa_id, q.wa_id);
	bool two_ids = str_is_set(p.user_id) && str_is_set(q.user_id) &&
	               !str_eq(p.user_id, q.user_id);

	if (two_numbers || two_ids)
		*WA_PUSH(c, c->out->links) =
			(struct fact_link){ .route = c->route, .a = p, .b = q, .at = TIME_NONE };
	if (str_is_set(p.wa_id))
		q.wa_id = p.wa_id;
	if (str_is_set(p.user_id))
		q.user_id = p.user_id;
	return q;
}

static void
read_thread(struct wa_ctx *c, const cJSON *thread, const struct wa_at *at)
{
	if (!json_is_object(thread)) {
		wa_decode_problem(c, at, "bad_element", "not an object", thread, STR_NONE);
		return;
	}
	if (wa_decode_is_group(thread)) {
		wa_decode_problem(c, at, "group_not_supported", "a group thread", thread, STR_NONE);
		return;
	}
	c->too_long = false;
	c->thread = thread_person(c, thread);
	if (c->too_long)
		wa_decode_problem(c, at, "out_of_bounds", "a person's id", thread, STR_NONE);
	else
		wa_decode_messages(c, json_get(thread, "messages"), "messages", at);
	c->thread = (struct fact_person){ 0 };
}

/* Room for all messages of a chunk at once: growing by doubling would cost twice the memory. */
static void
reserve_messages(struct wa_ctx *c, const cJSON *threads)
{
	size_t n = 0;

	for (const cJSON *v = json_first(threads); v != NULL; v = v->next)
		n += json_count(json_get(v, "messages"));
	WA_RESERVE(c, c->out->messages, n);
}

static size_t
read_threads(struct wa_ctx *c, const cJSON *threads, const struct wa_at *up)
{
	struct wa_at at = { up, "threads", 0 };
	size_t n = 0;

	if (!json_is_array(threads)) {
		at.index = WA_NO_INDEX;
		if (!json_is_null(threads))
			wa_decode_problem(c, &at, "bad_element", "not an array", threads, STR_NONE);
		return 0;
	}
	reserve_messages(c, threads);
	for (const cJSON *v = json_first(threads); v != NULL; v = v->next, at.index++) {
		if (wa_decode_is_over(c))
			break;
		n += json_is_object(v);
		read_thread(c, v, &at);
	}
	return n;
}

static void
read_place(struct wa_ctx *c, const cJSON *metadata, struct fact_chunk *chunk)
{
	struct str phase = json_text(c->arena, json_get(metadata, "phase"));
	int64_t v;

	chunk->phase_number = -1;
	chunk->chunk_order = -1;
	chunk->progress = -1;
	if (phase.n > 0)
		chunk->phase = utf8_cut(phase, WA_MAX_TYPE);
	if (str_to_i64(phase, &v) && v >= 0) {
		chunk->phase_number = v;
		chunk->phase = str_fmt(c->arena, "%lld", (long long)v);
	}
	if (json_i64(json_get(metadata, "chunk_order"), &v) && v >= 0)
		chunk->chunk_order = v;
	if (json_i64(json_get(metadata, "progress"), &v) && v >= 0 && v <= 100)
		chunk->progress = v;
}

static bool
has_items(const cJSON *array)
{
	return json_is_array(array) && array->child != NULL;
}

static void
read_chunk(struct wa_ctx *c, const cJSON *element, const struct wa_at *at)
{
	const cJSON *metadata = json_get(element, "metadata");
	const cJSON *threads = json_get(element, "threads");
	const cJSON *errors = json_get(element, "errors");
	size_t messages = c->out->messages.n, problems = c->out->problems.n;
	struct fact_chunk chunk = { .route = c->route };

	if (!json_is_object(element)) {
		wa_decode_problem(c, at, "bad_element", "not an object", element, STR_NONE);
		return;
	}
	if (!has_items(errors))
		errors = json_get(metadata, "errors");
	wa_decode_errors(c, errors);
	/* a decline may come with metadata beside its errors: that is no chunk */
	if (has_items(errors) && !has_items(threads))
		return;
	if (!json_is_object(metadata) && !json_is_array(threads))
		return;
	read_place(c, metadata, &chunk);
	chunk.threads = read_threads(c, threads, at);
	chunk.messages = c->out->messages.n - messages;
	chunk.problems = c->out->problems.n - problems;
	digest_sha256(json_canonical(c->arena, element), chunk.digest);
	*WA_PUSH(c, c->out->chunks) = chunk;
}

void
wa_decode_history(struct wa_ctx *c, const cJSON *value, const struct wa_at *up)
{
	const cJSON *history = json_get(value, "history");
	struct wa_at at = { up, "history", 0 };

	if (!json_is_array(history)) {
		at.index = WA_NO_INDEX;
		if (!json_is_null(history))
			wa_decode_problem(c, &at, "bad_element", "not an array", history, STR_NONE);
	} else {
		for (const cJSON *v = json_first(history); v != NULL; v = v->next, at.index++) {
			if (wa_decode_is_over(c))
				return;
			read_chunk(c, v, &at);
		}
	}
	c->content_only = true;
	wa_decode_messages(c, json_get(value, "messages"), "messages", up);
	wa_decode_messages(c, json_get(value, "message_echoes"), "message_echoes", up);
}
