/*
 * Why: an id of Meta's lives for seven days, so what messages hold is noted for download in the
 * transaction that stores them. What always holds: one statement for a batch, none without media; a
 * row is of the id and not of the message, so however messages are joined it is one download; what
 * a revoked message held is neither fetched nor shown.
 */
#include "core/media.h"
#include "store/queries.h"
#include "work/apply_internal.h"

/* The object of a message that holds a medium; NULL: it holds none. */
static const cJSON *
medium_of(struct arena *a, const struct message *m, struct str *id)
{
	struct message_view v;
	const cJSON *content = NULL;

	if (!media_is_type(m->type) && !str_is_set(m->edits))
		return NULL;
	message_derive(a, m, &v);
	if (!media_is_type(v.type) || !str_is_set(v.content) ||
	    json_parse(a, v.content, &content) != ERR_OK)
		return NULL;
	*id = json_text(a, json_get(content, "id"));
	return str_is_empty(*id) ? NULL : content;
}

static void
add(struct apply *ap, struct db_rows *rows, const struct message *m, const cJSON *content,
    struct str id)
{
	unsigned char *digest = arena_alloc(ap->o.arena, SHA256_LEN);
	bool told = media_read_digest(ap->o.arena, json_str(json_get(content, "sha256")), digest);
	bool revoked = m->revoked_at != TIME_NONE;

	db_row_uuid(rows, apply_new_id(ap));
	db_row_uuid(rows, m->connection_id);
	db_row_text(rows, id);
	db_row_uuid(rows, m->conversation_id);
	db_row_bool(rows, (m->seen & ~SEEN_HISTORY) == 0);
	db_row_text(rows, revoked ? STR("unavailable") : STR("pending"));
	db_row_text(rows, revoked ? STR(MEDIA_REVOKED) : STR_NONE);
	db_row_text(rows, json_str(json_get(content, "mime_type")));
	db_row_text(rows, json_str(json_get(content, "filename")));
	db_row_text(rows, told ? str_n((const char *)digest, SHA256_LEN) : STR_NONE);
	db_row_bool(rows, revoked);
	db_row_time(rows, m->received_at);
}

enum err
apply_media_store(struct apply *ap)
{
	struct db_rows *rows = db_rows_of(ap->o.arena, &q_media_put, ap->o.client_id);
	struct map seen;

	map_init(&seen, ap->o.arena, 0);
	/* the revoked ones first: of two that hold the same, such a one counts */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ap->messages.n; i++) {
			const struct apply_message *m = &ap->messages.v[i];
			const cJSON *content;
			struct str id;
			bool added;

			if ((m->stored && !m->changed) ||
			    (m->row.revoked_at != TIME_NONE) != (pass == 0))
				continue;
			content = medium_of(ap->o.arena, &m->row, &id);
			if (content == NULL)
				continue;
			(void)map_put(&seen, map_key_uuid(ap->o.arena, m->row.connection_id, id), 0,
			              &added);
			if (added)
				add(ap, rows, &m->row, content, id);
		}
	}
	return db_exec(ap->o.db, &q_media_put, DB_PARAMS(db_time(ap->o.now_ms)), rows, NULL);
}
