/*
 * The form that the model's answer must have. Why built and not a file: the topics' keys are words
 * of it. What always holds: it is valid under the rules of strict structured outputs; members come
 * in the order in which they are to be thought, reasons before marks, since a model writes them in
 * that order; equal topics give equal bytes.
 */
#include "core/prompt_internal.h"
#include "core/report.h"

/* What a member's value is, beside objects and lists of them. */
enum form {
	FORM_TEXT,
	FORM_BOOL,
	FORM_INTEGER,
	FORM_SCORE /* a number from 0 to 100 */
};

struct schema {
	struct jw w;
	bool bounds; /* the model knows minimum, maximum, minItems and maxItems */
};

static void
put_type(struct schema *s, const char *type, const char *description)
{
	jw_kz(&s->w, "type", type);
	if (description != NULL)
		jw_kz(&s->w, "description", description);
}

static void
put_words(struct schema *s, const char *const *words, const char *description)
{
	jw_obj(&s->w);
	put_type(s, "string", description);
	jw_key(&s->w, "enum");
	jw_arr(&s->w);
	for (; *words != NULL; words++)
		jw_z(&s->w, *words);
	jw_arr_end(&s->w);
	jw_obj_end(&s->w);
}

static void
put(struct schema *s, const char *name, enum form form, const char *description)
{
	static const char *const types[] = { [FORM_TEXT] = "string",
		                             [FORM_BOOL] = "boolean",
		                             [FORM_INTEGER] = "integer",
		                             [FORM_SCORE] = "number" };

	jw_key(&s->w, name);
	jw_obj(&s->w);
	put_type(s, types[form], description);
	if (form == FORM_SCORE && s->bounds) {
		jw_ki64(&s->w, "minimum", 0);
		jw_ki64(&s->w, "maximum", 100);
	}
	jw_obj_end(&s->w);
}

/* Up to where its members stand. */
static void
open_object(struct schema *s, const char *const *members)
{
	jw_obj(&s->w);
	jw_kz(&s->w, "type", "object");
	jw_kbool(&s->w, "additionalProperties", false);
	jw_key(&s->w, "required");
	jw_arr(&s->w);
	for (; *members != NULL; members++)
		jw_z(&s->w, *members);
	jw_arr_end(&s->w);
	jw_key(&s->w, "properties");
	jw_obj(&s->w);
}

static void
close_object(struct schema *s)
{
	jw_obj_end(&s->w);
	jw_obj_end(&s->w);
}

static void
open_list(struct schema *s, const char *name, const char *description)
{
	jw_key(&s->w, name);
	jw_obj(&s->w);
	put_type(s, "array", description);
	jw_key(&s->w, "items");
}

static void
close_list(struct schema *s)
{
	jw_obj_end(&s->w);
}

static void
put_evidence(struct schema *s)
{
	static const char *const members[] = { "messageId", "excerpt", NULL };

	open_list(s, "evidence", "Mensagens que provam o que se afirma");
	open_object(s, members);
	put(s, "messageId", FORM_TEXT, "O id exato da mensagem, por exemplo m17");
	put(s, "excerpt", FORM_TEXT, "Trecho curto copiado literalmente do text dessa mensagem");
	close_object(s);
	close_list(s);
}

static void
put_checklist(struct schema *s, const struct script_topics *topics)
{
	static const char *const members[] = { "key", "label", "notes", "passed", "score", NULL };

	open_list(s, "checklist",
	          topics->n == 0 ? "Sempre vazia" : "Exatamente uma entrada por tópico");
	open_object(s, members);
	jw_key(&s->w, "key");
	jw_obj(&s->w);
	put_type(s, "string", "O key do tópico");
	if (topics->n > 0) {
		jw_key(&s->w, "enum");
		jw_arr(&s->w);
		for (size_t i = 0; i < topics->n; i++)
			jw_str(&s->w, topics->v[i].key);
		jw_arr_end(&s->w);
	}
	jw_obj_end(&s->w);
	put(s, "label", FORM_TEXT, "O label do tópico");
	put(s, "notes", FORM_TEXT, "A razão da nota, ou por que o tópico não pode ser avaliado");
	put(s, "passed", FORM_BOOL, NULL);
	put(s, "score", FORM_SCORE, "De 0 a 100");
	close_object(s);
	if (topics->n > 0 && s->bounds) {
		jw_ki64(&s->w, "minItems", (int64_t)topics->n);
		jw_ki64(&s->w, "maxItems", (int64_t)topics->n);
	}
	close_list(s);
}

static void
put_findings(struct schema *s)
{
	static const char *const issue[] = { "key", "notes", "evidence", "severity", NULL };
	static const char *const highlight[] = { "key", "notes", "evidence", NULL };

	open_list(s, "issues", "Problemas do atendimento");
	open_object(s, issue);
	put(s, "key", FORM_TEXT, "Nome curto do problema");
	put(s, "notes", FORM_TEXT, NULL);
	put_evidence(s);
	jw_key(&s->w, "severity");
	put_words(s, report_severities, NULL);
	close_object(s);
	close_list(s);
	open_list(s, "highlights", "Pontos fortes do atendimento");
	open_object(s, highlight);
	put(s, "key", FORM_TEXT, "Nome curto do ponto forte");
	put(s, "notes", FORM_TEXT, NULL);
	put_evidence(s);
	close_object(s);
	close_list(s);
}

struct str
prompt_schema(struct arena *a, const struct script *script, struct str model)
{
	static const char *const members[] = { "analysisVersionTag",
		                               "scriptKey",
		                               "scriptVersion",
		                               "summary",
		                               "checklist",
		                               "issues",
		                               "highlights",
		                               "recommendations",
		                               "temperature",
		                               "overallScore",
		                               NULL };
	struct schema s = { .bounds = !str_starts(model, STR("ft:")) };
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 4);
	jw_init(&s.w, &b);
	open_object(&s, members);
	put(&s, "analysisVersionTag", FORM_TEXT, "Texto vazio; o sistema o preenche");
	put(&s, "scriptKey", FORM_TEXT, "A chave da rubrica");
	put(&s, "scriptVersion", FORM_INTEGER, "A versão da rubrica");
	put(&s, "summary", FORM_TEXT, "Resumo do atendimento em poucas frases");
	put_checklist(&s, &script->topics);
	put_findings(&s);
	open_list(&s, "recommendations", "O que o atendente deve fazer diferente");
	jw_obj(&s.w);
	jw_kz(&s.w, "type", "string");
	jw_obj_end(&s.w);
	close_list(&s);
	jw_key(&s.w, "temperature");
	put_words(&s, report_temperatures, "O interesse do cliente no fim da conversa");
	put(&s, "overallScore", FORM_SCORE, "A nota geral, de 0 a 100");
	close_object(&s);
	return buf_slice(&b);
}
