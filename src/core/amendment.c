/*
 * Amendments as joins. What always holds: amendment_apply() reads only the amendment and the
 * message's folds, so it does not matter when, how often or in which order it happens.
 */
#include "core/amendment.h"

#include "base/digest.h"

static void
write_error(struct arena *a, struct jw *w, const struct fact_amendment *f)
{
	const cJSON *e = NULL;

	if (!str_is_set(f->error) || json_parse(a, f->error, &e) != ERR_OK)
		return;
	jw_key(w, "error");
	jw_obj(w);
	jw_ki64(w, "code", f->error_code);
	jw_kstr(w, "details", json_str(json_get(e, "details")));
	jw_kstr(w, "title", json_str(json_get(e, "title")));
	jw_obj_end(w);
}

/* Members in the order of their names, so that the text is canonical. */
static struct str
make_doc(struct arena *a, const struct fact_amendment *f, bool by_lead)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	if (f->at != TIME_NONE)
		jw_ki64(&w, "at", f->at);
	if (f->kind == AMEND_EDIT) {
		jw_kstr(&w, "body", f->body);
		jw_kraw(&w, "content", f->raw);
	}
	if (f->kind == AMEND_REACTION)
		jw_kstr(&w, "emoji", str_is_set(f->emoji) ? f->emoji : STR(""));
	if (f->kind == AMEND_STATUS)
		write_error(a, &w, f);
	jw_ki64(&w, "kind", f->kind);
	jw_kbool(&w, "lead", by_lead);
	if (f->origin == ORIGIN_API)
		jw_kbool(&w, "own", true);
	if (f->kind == AMEND_STATUS)
		jw_ki64(&w, "status", f->status);
	if (f->kind == AMEND_EDIT)
		jw_kstr(&w, "type", f->type);
	jw_obj_end(&w);
	return buf_slice(&b);
}

void
amendment_from_fact(struct arena *a, const struct fact_amendment *f, bool by_lead,
                    int64_t received_at, struct amendment *out)
{
	*out = (struct amendment){
		.target_key = f->target_key,
		.kind = f->kind,
		.rank = moment_rank(f->at, received_at),
		.received_at = received_at,
		.doc = make_doc(a, f, by_lead),
	};
}

void
amendment_digest(struct arena *a, const struct amendment *m, struct str person,
                 unsigned char out[32])
{
	const cJSON *doc;
	struct str text = m->doc;

	/* a database may have spelled the document its own way */
	if (json_parse(a, m->doc, &doc) == ERR_OK)
		text = json_canonical(a, doc);
	digest_sha256(str_fmt(a, STR_FMT "\n" STR_FMT, STR_ARG(person), STR_ARG(text)), out);
}

static struct str
times_json(struct arena *a, const struct amendment *m, const char *name, const cJSON *members)
{
	struct buf b;
	struct jw w;

	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_obj(&w);
	if (name != NULL) {
		jw_key(&w, name);
		jw_obj(&w);
	}
	jw_ki64(&w, "rank", m->rank);
	jw_ki64(&w, "received", m->received_at);
	for (const cJSON *v = json_first(members); v != NULL; v = v->next)
		jw_kraw(&w, v->string, json_canonical(a, v));
	if (name != NULL)
		jw_obj_end(&w);
	jw_obj_end(&w);
	return buf_slice(&b);
}

/* The least over all deliveries of the believed time: a bad delivery is always earlier than the
 * time it bears. */
static int64_t
effective(const struct amendment *m, const cJSON *doc)
{
	int64_t at = TIME_NONE;

	(void)json_i64(json_get(doc, "at"), &at);
	return moment_effective(at, m->received_at);
}

static bool
apply_status(struct arena *a, const struct amendment *m, const cJSON *doc, struct message *into)
{
	int64_t status = 0, confirmed = into->confirmed_at;
	bool own = false, changed;

	if (!json_bool(json_get(doc, "own"), &own) || !own) /* Meta has named it */
		confirmed = moment_min(confirmed, effective(m, doc));
	changed = confirmed != into->confirmed_at;

	into->confirmed_at = confirmed;
	if (json_i64(json_get(doc, "status"), &status) && status > into->status_rank &&
	    status <= WA_PLAYED) {
		into->status_rank = (int)status;
		changed = true;
	}
	if (json_get(doc, "error") != NULL)
		changed |= message_join_error(a, &into->error,
		                              times_json(a, m, NULL, json_get(doc, "error")));
	return changed;
}

static bool
apply_edit(struct arena *a, const struct amendment *m, const cJSON *doc, struct message *into)
{
	struct buf b;
	struct jw w;
	const cJSON *content = json_get(doc, "content");
	unsigned char digest[SHA256_LEN];

	amendment_digest(a, m, STR(""), digest);
	buf_init(&b, a, SIZE_MAX / 2);
	jw_init(&w, &b);
	jw_arr(&w);
	jw_obj(&w);
	jw_ki64(&w, "rank", m->rank);
	jw_ki64(&w, "received", m->received_at);
	jw_kstr(&w, "key", hex_encode(a, digest, 16));
	jw_kstr(&w, "type", json_str(json_get(doc, "type")));
	jw_kstr(&w, "body", json_str(json_get(doc, "body")));
	jw_kraw(&w, "content", json_is_null(content) ? STR_NONE : json_canonical(a, content));
	jw_obj_end(&w);
	jw_arr_end(&w);
	return message_join_edits(a, &into->edits, buf_slice(&b));
}

static const cJSON *
only_emoji(struct arena *a, const cJSON *doc)
{
	const cJSON *v = NULL;
	struct str text = str_fmt(a, "{\"emoji\":" STR_FMT "}",
	                          STR_ARG(json_canonical(a, json_get(doc, "emoji"))));

	return json_parse(a, text, &v) == ERR_OK ? v : NULL;
}

bool
amendment_apply(struct arena *a, const struct amendment *m, struct message *into)
{
	const cJSON *doc;
	bool by_lead = false;
	int64_t revoked;

	if (json_parse(a, m->doc, &doc) != ERR_OK)
		return false; /* our own text: cannot happen */
	(void)json_bool(json_get(doc, "lead"), &by_lead);
	switch (m->kind) {
	case AMEND_STATUS:
		return apply_status(a, m, doc, into);
	case AMEND_EDIT:
		return apply_edit(a, m, doc, into);
	case AMEND_REACTION:
		return message_join_reactions(
			a, &into->reactions,
			times_json(a, m, by_lead ? "lead" : "business", only_emoji(a, doc)));
	case AMEND_REVOKE:
		revoked = moment_min(into->revoked_at, effective(m, doc));
		if (revoked == into->revoked_at)
			return false;
		into->revoked_at = revoked;
		return true;
	}
	return false;
}
