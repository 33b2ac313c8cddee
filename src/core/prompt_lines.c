/*
 * Messages as lines: order, words and sizes. Why sizes first: what is left out is decided before
 * anything is written, so that a conversation of any length costs one pass. What always holds: the
 * order is that of content alone; prompt_lines_size is what prompt_write_lines writes; a line has
 * one '\n', its last byte.
 */
#include "base/utf8.h"
#include "core/order.h"
#include "core/prompt_internal.h"
#include "core/redact.h"
#include "core/visible.h"

#define MAX_TYPE 32

static const char *const roles[] = { [PROMPT_CLIENT] = "CLIENTE",
	                             [PROMPT_AGENT] = "ATENDENTE",
	                             [PROMPT_BOT] = "BOT",
	                             [PROMPT_SYSTEM] = "SISTEMA" };

/* What a message of each type is called where there is no text. */
static const struct kind {
	const char *type, *name;
	bool media; /* its text may be nothing but the address of a file */
} kinds[] = {
	{ "text", "texto", false },
	{ "audio", "áudio", true },
	{ "image", "imagem", true },
	{ "video", "vídeo", true },
	{ "document", "documento", true },
	{ "sticker", "figurinha", true },
	{ "location", "localização", false },
	{ "contacts", "contato", false },
	{ "interactive", "mensagem interativa", false },
	{ "button", "botão", false },
	{ "order", "pedido", false },
	{ "media_placeholder", "mídia", true },
};

static const struct kind *
find_kind(struct str type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_eq(type, str_from(kinds[i].type)))
			return &kinds[i];
	return NULL;
}

/* The type as it is written: a plain word, whatever the source calls it. */
static struct str
type_word(struct str type)
{
	if (type.n == 0 || type.n > MAX_TYPE)
		return STR("unknown");
	for (size_t i = 0; i < type.n; i++)
		if (!(type.p[i] == '_' || (type.p[i] >= 'a' && type.p[i] <= 'z')))
			return STR("unknown");
	return type;
}

static bool
is_address(struct str s)
{
	if (!str_starts(s, STR("http://")) && !str_starts(s, STR("https://")))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ')
			return false;
	return true;
}

static struct str
valid_text(struct arena *a, struct str s)
{
	struct buf b;

	if (utf8_valid_prefix(s) == s.n)
		return s;
	buf_init(&b, a, SIZE_MAX / 4);
	for (size_t from = 0, at = 0; at < s.n; from = at) {
		if (utf8_next(s, &at) == UTF8_REPLACED)
			buf_z(&b, UTF8_REPLACEMENT);
		else
			buf_add(&b, s.p + from, at - from);
	}
	return buf_slice(&b);
}

static struct str
text_as_sent(struct arena *a, const struct prompt_message *m, unsigned redact)
{
	const struct kind *k = find_kind(m->type);
	struct str trimmed = str_trim(m->text);

	if (m->revoked)
		return STR("[mensagem apagada]");
	if (trimmed.n > 0 && !(k != NULL && k->media && is_address(trimmed)))
		return redact_text(a, valid_text(a, m->text), redact);
	return str_fmt(a, "[%s: conteúdo não disponível]", k == NULL ? "mensagem" : k->name);
}

static int64_t
time_of(const struct prompt_message *m, bool order_sent)
{
	return order_sent || m->updated_at == TIME_NONE ? m->sent_at : m->updated_at;
}

static int
compare(const void *pa, const void *pb)
{
	const struct prompt_line *a = pa, *b = pb;
	int c = order_i64(a->at, b->at);

	if (c == 0)
		c = str_cmp(a->m->tie, b->m->tie);
	if (c == 0)
		c = (int)a->m->role - (int)b->m->role;
	if (c == 0)
		c = str_cmp(a->type, b->type);
	if (c == 0)
		c = (int)a->m->revoked - (int)b->m->revoked;
	return c != 0 ? c : str_cmp(a->m->text, b->m->text);
}

static bool
is_message(const struct prompt_message *m)
{
	return !str_eq(m->type, STR("system")) && !str_eq(m->type, STR("reaction"));
}

/* A line up to its text. */
static void
write_head(struct buf *b, const struct prompt_line *l, size_t number)
{
	char at[TIME_TEXT_LEN + 1];

	buf_z(b, "{\"id\":\"m");
	buf_i64(b, (int64_t)number);
	buf_z(b, "\",\"at\":");
	if (l->at == TIME_NONE) {
		buf_z(b, "null");
	} else {
		time_format(l->at, at);
		buf_char(b, '"');
		buf_add(b, at, TIME_TEXT_LEN);
		buf_char(b, '"');
	}
	buf_z(b, ",\"role\":\"");
	buf_z(b, roles[l->m->role]);
	buf_z(b, "\",\"type\":\"");
	buf_str(b, l->type);
	buf_z(b, "\",\"text\":\"");
}

static void
write_gap(struct buf *b, const struct prompt_lines *lines)
{
	buf_z(b, "{\"omitted\":");
	buf_i64(b, (int64_t)prompt_omitted(lines));
	if (lines->head < lines->tail) {
		buf_z(b, ",\"from\":\"m");
		buf_i64(b, (int64_t)lines->head + 1);
		buf_z(b, "\",\"to\":\"m");
		buf_i64(b, (int64_t)lines->tail);
		buf_char(b, '"');
	}
	buf_z(b, ",\"note\":\"mensagens deixadas de fora por limite de tamanho\"}\n");
}

#define LINE_END "\"}\n"

void
prompt_list(struct arena *a, const struct prompt_message *messages, size_t n,
            const struct prompt_options *o, struct prompt_lines *out)
{
	struct prompt_lines l = { .v = ARENA_ARRAY(a, n, struct prompt_line),
		                  .unread = o->unread,
		                  .truncated = o->unread > 0 };
	struct buf head;

	for (size_t i = 0; i < n; i++) {
		const struct prompt_message *m = &messages[i];

		if (!is_message(m))
			continue;
		l.v[l.n++] = (struct prompt_line){ .m = m,
			                           .at = time_of(m, o->order_sent),
			                           .type = type_word(m->type) };
		l.head += i < o->gap;
	}
	order_sort(a, l.v, l.n, sizeof *l.v, compare);
	buf_init(&head, a, SIZE_MAX / 4);
	for (size_t i = 0; i < l.n; i++) {
		struct prompt_line *line = &l.v[i];

		buf_clear(&head);
		write_head(&head, line, i + 1);
		line->text = text_as_sent(a, line->m, o->redact);
		line->head_n = head.n + sizeof LINE_END - 1;
		line->text_n = visible_len(line->text);
	}
	if (l.unread == 0)
		l.head = l.n;
	l.tail = l.head;
	*out = l;
}

size_t
prompt_lines_size(const struct prompt_lines *lines)
{
	size_t size = 0;

	for (size_t i = 0; i < lines->n; i++)
		if (i < lines->head || i >= lines->tail)
			size += lines->v[i].head_n + lines->v[i].text_n;
	return prompt_omitted(lines) > 0 ? size + PROMPT_GAP_BYTES : size;
}

static void
write_lines(struct buf *b, const struct prompt_lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		write_head(b, &lines->v[i], i + 1);
		visible_add(b, lines->v[i].text);
		buf_z(b, LINE_END);
	}
}

void
prompt_write_lines(struct buf *b, const struct prompt_lines *lines)
{
	write_lines(b, lines, 0, lines->head);
	if (prompt_omitted(lines) > 0)
		write_gap(b, lines);
	write_lines(b, lines, lines->tail, lines->n);
}
