/*
 * The report as it is stored. Why written anew and not kept as answered: members come in one order,
 * short ids become the ids of messages, the script's own words replace the model's copies of them,
 * and each quotation carries whether it was found. What always holds: nothing is dropped that the
 * model said; each excerpt counts once, as verified or unverified.
 */
#include "core/evidence.h"
#include "core/report_internal.h"

struct writing {
	struct jw w;
	struct arena *arena;
	const struct prompt *prompt;
	struct str *normal; /* of each sent message, once it was asked for */
	struct report *out;
};

/* The excerpt as it was before it stood on its line: a model that copies the line's escapes copies
 * literally. STR_NONE if it has none. */
static struct str
unescape(struct arena *a, struct str excerpt)
{
	const cJSON *v = NULL;

	if (str_find(excerpt, '\\') == excerpt.n ||
	    json_parse(a, str_fmt(a, "\"" STR_FMT "\"", STR_ARG(excerpt)), &v) != ERR_OK)
		return STR_NONE;
	return json_str(v);
}

/* True if the excerpt is in what the model saw of the message. */
static bool
verify(struct writing *c, size_t at, struct str excerpt)
{
	const struct prompt_sent *sent = &c->prompt->sent[at];

	if (!sent->shown)
		return false;
	if (!str_is_set(c->normal[at]))
		c->normal[at] = evidence_normal(c->arena, sent->text);
	if (evidence_found(c->normal[at], evidence_excerpt(c->arena, excerpt)))
		return true;
	excerpt = unescape(c->arena, excerpt);
	return str_is_set(excerpt) &&
	       evidence_found(c->normal[at], evidence_excerpt(c->arena, excerpt));
}

static void
write_evidence(struct writing *c, const cJSON *v)
{
	struct str claimed = json_str(json_get(v, "messageId"));
	struct str excerpt = json_str(json_get(v, "excerpt"));
	size_t at = prompt_find(c->prompt, claimed);
	bool verified = at != SIZE_MAX && verify(c, at, excerpt);

	jw_obj(&c->w);
	if (at != SIZE_MAX) {
		jw_kuuid(&c->w, "messageId", c->prompt->sent[at].id);
	} else {
		jw_knull(&c->w, "messageId");
		jw_kstr(&c->w, "claimedId", claimed);
	}
	jw_kstr(&c->w, "excerpt", excerpt);
	jw_kbool(&c->w, "verified", verified);
	jw_obj_end(&c->w);
	c->out->verified += verified;
	c->out->unverified += !verified;
}

static void
copy_text(struct writing *c, const cJSON *v, const char *name)
{
	jw_kstr(&c->w, name, json_str(json_get(v, name)));
}

static double
copy_number(struct writing *c, const cJSON *v, const char *name)
{
	double d = json_get(v, name)->valuedouble;

	jw_key(&c->w, name);
	jw_double(&c->w, d);
	return d;
}

static void
write_checklist(struct writing *c, const struct script_topics *topics, const cJSON *const *order)
{
	jw_key(&c->w, "checklist");
	jw_arr(&c->w);
	for (size_t i = 0; i < topics->n; i++) {
		bool passed = false;

		(void)json_bool(json_get(order[i], "passed"), &passed);
		jw_obj(&c->w);
		jw_kstr(&c->w, "key", topics->v[i].key);
		jw_kstr(&c->w, "label", topics->v[i].label);
		jw_kbool(&c->w, "passed", passed);
		(void)copy_number(c, order[i], "score");
		copy_text(c, order[i], "notes");
		jw_obj_end(&c->w);
	}
	jw_arr_end(&c->w);
}

/* Issues have a severity, highlights have none. */
static void
write_findings(struct writing *c, const char *name, const cJSON *list)
{
	jw_key(&c->w, name);
	jw_arr(&c->w);
	for (const cJSON *v = json_first(list); v != NULL; v = v->next) {
		jw_obj(&c->w);
		copy_text(c, v, "key");
		if (json_get(v, "severity") != NULL)
			copy_text(c, v, "severity");
		copy_text(c, v, "notes");
		jw_key(&c->w, "evidence");
		jw_arr(&c->w);
		for (const cJSON *x = json_first(json_get(v, "evidence")); x != NULL; x = x->next)
			write_evidence(c, x);
		jw_arr_end(&c->w);
		jw_obj_end(&c->w);
	}
	jw_arr_end(&c->w);
}

void
report_write(struct arena *a, const struct report_asked *asked, const cJSON *report,
             const cJSON *const *order, struct report *out)
{
	struct writing c = { .arena = a,
		             .prompt = asked->prompt,
		             .normal = ARENA_ARRAY(a, asked->prompt->n, struct str),
		             .out = out };
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 4);
	jw_init(&c.w, &b);
	jw_obj(&c.w);
	jw_kstr(&c.w, "analysisVersionTag", asked->tag);
	jw_kstr(&c.w, "scriptKey", asked->script->key);
	jw_ki64(&c.w, "scriptVersion", asked->script->version);
	out->overall_score = copy_number(&c, report, "overallScore");
	out->temperature = json_get(report, "temperature")->valuestring;
	copy_text(&c, report, "temperature");
	copy_text(&c, report, "summary");
	write_checklist(&c, &asked->script->topics, order);
	write_findings(&c, "issues", json_get(report, "issues"));
	write_findings(&c, "highlights", json_get(report, "highlights"));
	jw_key(&c.w, "recommendations");
	jw_arr(&c.w);
	for (const cJSON *v = json_first(json_get(report, "recommendations")); v; v = v->next)
		jw_str(&c.w, json_str(v));
	jw_arr_end(&c.w);
	jw_obj_end(&c.w);
	out->json = buf_slice(&b);
	if (buf_check(&b) != ERR_OK)
		arena_fail(a);
}
