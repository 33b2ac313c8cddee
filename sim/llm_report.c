/*
 * Writes the report that a request asks for. What always holds: the schema of the request is
 * walked, so a good report has exactly its members, in its order, of its types and within its
 * bounds, whatever else it asks for than Recado does today; what a bad one has wrong is its kind's.
 */
#include "sim/llm_internal.h"

#define REPORT_BYTES      ((size_t)16 << 20)
#define ENOUGH_BYTES      ((size_t)1 << 20) /* a schema that leads to itself ends here */
#define MOST_DEPTH        16
#define MOST_BOUND        1e6
#define FRACTION_PERMILLE 250 /* of numbers that need not be whole */

struct writer {
	struct arena *arena;
	struct jw jw;
	struct dice *dice;
	const struct llm_prompt *prompt;
	enum llm_kind kind;
	struct str topic; /* of the item that is being written */
	const char
		*list; /* the list that is being written: issues, highlights, checklist; or NULL */
	bool first;    /* it is the list's first element */
	struct llm_quote quote;
	struct llm_report *report;
};

static void write_value(struct writer *, const char *name, const cJSON *schema, unsigned depth);

static struct str
pick_text(struct writer *w, const char *const *texts, size_t n)
{
	return str_from(texts[dice_below(w->dice, n)]);
}
#define PICK(w, texts) pick_text((w), (texts), sizeof(texts) / sizeof(texts)[0])

static struct str
make_text(struct writer *w, const char *name)
{
	static const char *const summaries[] = {
		"O cliente pediu um orçamento e recebeu o preço; ficou de confirmar a entrega.",
		"Atendimento cordial, mas a resposta demorou e o cliente voltou a perguntar.",
		"O cliente reclamou de um atraso; o atendente explicou e ofereceu uma troca.",
	};
	static const char *const notes[] = {
		"Feito logo no começo da conversa.",
		"Não há trecho que permita avaliar este ponto.",
		"Respondeu, mas sem dar prazo.",
		"O cliente precisou insistir.",
	};
	static const char *const advice[] = {
		"Informar o prazo de entrega junto com o preço.",
		"Responder à primeira mensagem em até cinco minutos.",
		"Encerrar com uma pergunta que leve ao próximo passo.",
	};
	static const char *const keys[] = { "demora", "preço", "cordialidade", "prazo" };

	if (strcmp(name, "summary") == 0)
		return PICK(w, summaries);
	if (strcmp(name, "recommendations") == 0)
		return PICK(w, advice);
	if (strcmp(name, "key") == 0)
		return PICK(w, keys);
	if (strcmp(name, "analysisVersionTag") == 0)
		return STR("v1");
	if (strcmp(name, "scriptKey") == 0)
		return STR("roteiro");
	return PICK(w, notes);
}

static void
write_text(struct writer *w, const char *name)
{
	bool checklist = w->list != NULL && strcmp(w->list, "checklist") == 0;

	if (strcmp(name, "messageId") == 0 && str_is_set(w->quote.id))
		jw_str(&w->jw, w->quote.id);
	else if (strcmp(name, "excerpt") == 0 && str_is_set(w->quote.excerpt))
		jw_str(&w->jw, w->quote.excerpt);
	else if (checklist && str_is_set(w->topic) &&
	         (strcmp(name, "key") == 0 || strcmp(name, "label") == 0))
		jw_str(&w->jw, w->topic);
	else
		jw_str(&w->jw, make_text(w, name));
}

static double
bound_of(const cJSON *schema, const char *name, double otherwise)
{
	const cJSON *v = json_get(schema, name);
	double bound = json_is_number(v) ? v->valuedouble : otherwise;

	return bound < -MOST_BOUND ? -MOST_BOUND : bound > MOST_BOUND ? MOST_BOUND : bound;
}

static void
write_number(struct writer *w, const char *name, const cJSON *schema, bool fraction)
{
	double least = bound_of(schema, "minimum", 0),
	       most = bound_of(schema, "maximum", least + 100);
	bool few = least + 1 > most;

	if (w->kind == LLM_OUT_OF_RANGE && strcmp(name, "overallScore") == 0)
		jw_i64(&w->jw, 140);
	else if (w->kind == LLM_OUT_OF_RANGE && strcmp(name, "score") == 0 && w->first)
		jw_i64(&w->jw, -5);
	else if (strcmp(name, "scriptVersion") == 0)
		jw_i64(&w->jw, 1);
	else if (w->kind == LLM_WRONG_TYPE && strcmp(name, "overallScore") == 0)
		jw_z(&w->jw, "87");
	else if (fraction && !few && dice_permille(w->dice, FRACTION_PERMILLE))
		jw_double(&w->jw,
		          (double)dice_range(w->dice, (int64_t)least, (int64_t)most - 1) + 0.5);
	else
		jw_i64(&w->jw,
		       few ? (int64_t)least : dice_range(w->dice, (int64_t)least, (int64_t)most));
}

static void
write_object(struct writer *w, const cJSON *schema, unsigned depth)
{
	const cJSON *properties = json_get(schema, "properties");
	bool top = depth == 0;

	jw_obj(&w->jw);
	for (const cJSON *v = json_is_object(properties) ? json_first(properties) : NULL; v != NULL;
	     v = v->next) {
		if (top && w->kind == LLM_MISSING_TOPIC && w->prompt->topics == NULL &&
		    strcmp(v->string, "checklist") == 0)
			continue; /* there is no topic that could be missing */
		jw_key(&w->jw, v->string);
		write_value(w, v->string, v, depth + 1);
	}
	if (top && w->kind == LLM_EXTRA_MEMBER) {
		jw_key(&w->jw, "confidence");
		jw_double(&w->jw, 0.93);
	}
	jw_obj_end(&w->jw);
}

static void
write_topic(struct writer *w, struct str topic, const cJSON *schema, unsigned depth)
{
	w->topic = topic;
	write_value(w, "checklist", schema, depth);
	w->topic = STR_NONE;
	w->first = false;
}

static void
write_checklist(struct writer *w, const cJSON *item, unsigned depth)
{
	const cJSON *topics = w->prompt->topics;
	const struct str unknown = STR("topico_que_ninguem_pediu");
	const struct str some = topics == NULL ? STR("saudacao") : json_str(json_first(topics));

	for (const cJSON *v = json_first(topics); v != NULL; v = v->next) {
		bool last = v->next == NULL;
		if (last && w->kind == LLM_MISSING_TOPIC)
			break;
		write_topic(w, last && w->kind == LLM_UNKNOWN_TOPIC ? unknown : json_str(v), item,
		            depth);
	}
	if (w->kind == LLM_DOUBLE_TOPIC) {
		write_topic(w, some, item, depth);
		if (topics == NULL)
			write_topic(w, some, item, depth);
	}
	if (w->kind == LLM_UNKNOWN_TOPIC && topics == NULL)
		write_topic(w, unknown, item, depth);
}

/* One or two quotations; none where the messages have no words. */
static void
write_evidence(struct writer *w, const cJSON *item, unsigned depth)
{
	bool spoilt = w->list != NULL && strcmp(w->list, "issues") == 0 &&
	              w->kind <= LLM_UNKNOWN_ID;
	enum llm_kind kind = spoilt ? w->kind : LLM_GOOD;
	size_t n = 1 + (size_t)dice_below(w->dice, 2);

	for (size_t i = 0; i < n; i++) {
		if (!llm_quote_make(w->arena, w->dice, w->prompt, kind, &w->quote))
			break;
		*(w->quote.is_true ? &w->report->evidence_true : &w->report->evidence_false) += 1;
		write_value(w, "evidence", item, depth);
		w->quote = (struct llm_quote){ STR_NONE, STR_NONE, false };
	}
}

static void
write_array(struct writer *w, const char *name, const cJSON *schema, unsigned depth)
{
	const cJSON *item = json_get(schema, "items");
	const char *outer = w->list;
	bool listed = strcmp(name, "issues") == 0 || strcmp(name, "highlights") == 0 ||
	              strcmp(name, "recommendations") == 0;
	double least = bound_of(schema, "minItems", listed ? 1 : 0);
	size_t n = least > 0 ? (size_t)least : 0;

	if (w->kind == LLM_WRONG_TYPE && strcmp(name, "recommendations") == 0) {
		jw_str(&w->jw, make_text(w, name));
		return;
	}
	if (listed)
		n += (size_t)dice_below(w->dice, 3);
	double most = bound_of(schema, "maxItems", (double)n);
	if (most < (double)n)
		n = most > 0 ? (size_t)most : 0;
	jw_arr(&w->jw);
	if (strcmp(name, "evidence") == 0) {
		write_evidence(w, item, depth + 1);
		n = 0;
	} else {
		w->list = name;
		w->first = true;
	}
	if (strcmp(name, "checklist") == 0) {
		write_checklist(w, item, depth + 1);
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		write_value(w, name, item, depth + 1);
	w->list = outer;
	w->first = false;
	jw_arr_end(&w->jw);
}

/* What a reference stands for; of alternatives the first. */
static const cJSON *
resolve(struct writer *w, const cJSON *schema)
{
	for (int i = 0; i < MOST_DEPTH; i++) {
		struct str ref = json_str(json_get(schema, "$ref"));
		const cJSON *choices = json_get(schema, "anyOf");
		const char *const folders[] = { "$defs", "definitions" };
		if (choices != NULL)
			schema = json_first(choices);
		else if (!str_is_set(ref))
			break;
		else if (str_eq(ref, STR("#")))
			schema = w->prompt->schema;
		else
			for (size_t k = 0; k < 2; k++)
				if (str_starts(ref, str_fmt(w->arena, "#/%s/", folders[k]))) {
					size_t n = strlen(folders[k]) + 3;
					schema = json_get(json_get(w->prompt->schema, folders[k]),
					                  str_z(w->arena, str_sub(ref, n, ref.n)));
					break;
				}
	}
	return schema;
}

static void
write_choice(struct writer *w, const char *name, const cJSON *choices)
{
	size_t n = (size_t)dice_below(w->dice, json_count(choices));
	const cJSON *v = json_first(choices);

	if (str_is_set(w->topic) && strcmp(name, "key") == 0) {
		jw_str(&w->jw, w->topic);
		return;
	}
	while (n-- > 0)
		v = v->next;
	jw_raw(&w->jw, json_raw(w->arena, v));
}

static void
write_value(struct writer *w, const char *name, const cJSON *schema, unsigned depth)
{
	const cJSON *type, *choices, *only;
	struct str t;

	schema = resolve(w, schema);
	type = json_get(schema, "type");
	choices = json_get(schema, "enum");
	only = json_get(schema, "const");
	t = json_is_array(type) ? json_str(json_first(type)) : json_str(type);
	if (only != NULL)
		jw_raw(&w->jw, json_raw(w->arena, only));
	else if (json_count(choices) > 0)
		write_choice(w, name, choices);
	else if (depth >= MOST_DEPTH || w->jw.b->n > ENOUGH_BYTES || str_eq(t, STR("null")))
		jw_null(&w->jw);
	else if (str_eq(t, STR("object")))
		write_object(w, schema, depth);
	else if (str_eq(t, STR("array")))
		write_array(w, name, schema, depth);
	else if (str_eq(t, STR("boolean")))
		jw_bool(&w->jw, dice_permille(w->dice, 600));
	else if (str_eq(t, STR("integer")) || str_eq(t, STR("number")))
		write_number(w, name, schema, str_eq(t, STR("number")));
	else
		write_text(w, name);
}

void
llm_report_write(struct arena *a, struct dice *d, const struct llm_prompt *p, enum llm_kind kind,
                 struct llm_report *out)
{
	struct writer w = { .arena = a, .dice = d, .prompt = p, .kind = kind, .report = out };
	struct buf b;

	*out = (struct llm_report){ STR_NONE, 0, 0 };
	buf_init(&b, a, REPORT_BYTES);
	jw_init(&w.jw, &b);
	if (p->schema != NULL)
		write_value(&w, "", p->schema, 0);
	else
		jw_str(&w.jw, make_text(&w, "summary"));
	out->text = buf_slice(&b);
}
