/*
 * Messages that are sent, and the statuses that follow. What always holds: a message that is
 * accepted has an id that decodes; its statuses name its person and carry its callback data; what
 * is refused leaves no trace but the count.
 */
#include "base/utf8.h"
#include "core/wamid.h"
#include "sim/graph_internal.h"

#define MOST_CHARACTERS 4096
#define MOST_CALLBACK   512
#define KEY_DIGITS      18

/* What a right request says. */
struct message {
	struct str to;    /* as written */
	struct str wa_id; /* digits, as Meta spells them */
	struct str callback_data;
	struct str id;
};

static const char *const members[] = {
	"messaging_product", "recipient_type",           "to", "type", "text",
	"context",           "biz_opaque_callback_data", NULL,
};
static const char *const text_members[] = { "body", "preview_url", NULL };
static const char *const context_members[] = { "message_id", NULL };

/* False, always: the request was refused. */
static bool
wrong(struct graph_call *c, int64_t code, const char *what)
{
	const struct graph_error e = { .code = code, .details = str_from(what) };

	graph_wrong(c, &e, e.details);
	return false;
}

static struct str
spelling(const struct graph *g, struct str digits)
{
	for (size_t i = 0; i < g->aliases.n; i++)
		if (str_eq(g->aliases.v[i].input, digits))
			return g->aliases.v[i].wa_id;
	return digits;
}

static bool
check_to(struct graph_call *c, struct message *m)
{
	m->to = json_str(json_get(c->body, "to"));
	if (!str_is_set(m->to))
		return wrong(c, 131008, "to is missing");
	struct str digits = str_digits(c->arena, m->to);
	if (m->to.n != digits.n + 1 || m->to.p[0] != '+' || digits.n < 7 || digits.n > 15)
		return wrong(c, 131009, "to is not + and digits");
	struct str own = str_digits(c->arena, c->graph->numbers.v[c->number].display);
	if (str_eq(digits, own))
		return wrong(c, 131021, "to is the sender");
	m->wa_id = spelling(c->graph, digits);
	return true;
}

static bool
check_text(struct graph_call *c)
{
	const cJSON *text = json_get(c->body, "text"), *preview = json_get(text, "preview_url");
	struct str body = json_str(json_get(text, "body"));
	bool any;

	if (!str_is_set(body))
		return wrong(c, 131008, "text.body is missing");
	if (graph_unknown_member(text, text_members) != NULL)
		return wrong(c, 100, "text has an unknown member");
	if (body.n == 0 || utf8_length(body) > MOST_CHARACTERS)
		return wrong(c, 100, "text.body is not of 1 to 4096 characters");
	if (preview != NULL && !json_bool(preview, &any))
		return wrong(c, 100, "text.preview_url is neither true nor false");
	return true;
}

static bool
check_rest(struct graph_call *c, struct message *m)
{
	const cJSON *context = json_get(c->body, "context");
	const cJSON *data = json_get(c->body, "biz_opaque_callback_data");
	const cJSON *type = json_get(c->body, "recipient_type");
	struct str target = json_str(json_get(context, "message_id"));

	if (type != NULL && !str_eq(json_str(type), STR("individual")))
		return wrong(c, 131009, "recipient_type is not individual");
	if (context != NULL && (graph_unknown_member(context, context_members) != NULL ||
	                        !str_starts(target, STR("wamid."))))
		return wrong(c, 131009, "context is not {message_id}");
	m->callback_data = json_str(data);
	if (data != NULL && (!str_is_set(m->callback_data) || m->callback_data.n > MOST_CALLBACK))
		return wrong(c, 100, "biz_opaque_callback_data is no text of 512 bytes at most");
	return true;
}

/* False: it was refused. */
static bool
check(struct graph_call *c, struct message *m)
{
	const char *unknown;

	if (!graph_read_body(c, false))
		return false;
	if (!str_eq(json_str(json_get(c->body, "messaging_product")), STR("whatsapp")))
		return wrong(c, 100, "messaging_product is not whatsapp");
	unknown = graph_unknown_member(c->body, members);
	if (unknown != NULL)
		return wrong(c, 100,
		             str_z(c->arena, str_fmt(c->arena, "unknown member %s", unknown)));
	if (!str_eq(json_str(json_get(c->body, "type")), STR("text")))
		return wrong(c, 131051, "only texts are played");
	return check_to(c, m) && check_text(c) && check_rest(c, m);
}

/* Whether now is too early for one more; else it is owed for. */
static bool
too_fast(int64_t *owed_until, int64_t now, int64_t each, int64_t burst)
{
	int64_t from = *owed_until > now ? *owed_until : now;

	if (from + each - now > burst * each)
		return true;
	*owed_until = from + each;
	return false;
}

/* The rates of the person and of the number; false: refused. */
static bool
check_rates(struct graph_call *c, struct graph_pair *p)
{
	struct graph_number *n = &c->graph->numbers.v[c->number];
	int64_t speed = n->on_biz_app ? GRAPH_PER_SECOND : GRAPH_CLOUD_SPEED, code = 0;
	int64_t owed = p->owed_until;

	if (too_fast(&owed, c->now, GRAPH_PAIR_MS, GRAPH_PAIR_BURST))
		code = 131056;
	else if (too_fast(&n->owed_until_us, c->now * 1000, 1000000 / speed, speed))
		code = 130429;
	else
		p->owed_until = owed;
	if (code == 0)
		return true;
	p->refused++;
	c->graph->limited++;
	graph_refuse(c, &(struct graph_error){ .code = code });
	return false;
}

static void
push_status(struct graph_call *c, const struct message *m, const char *status, int64_t step,
            int64_t error_code)
{
	struct graph *g = c->graph;
	const struct graph_number *n = &g->numbers.v[c->number];
	const struct wire_line line = { n->id, g->wabas.v[n->waba].id,
		                        str_digits(c->arena, n->display) };
	const struct wire_person who = { .wa_id = m->wa_id };
	int64_t seconds = c->now / TIME_SECOND + step;
	struct wire b;

	wire_begin(&b, c->arena, WIRE_META, false);
	wire_change(&b, &line, "messages", true, 0);
	if (error_code == 0)
		wire_contacts(&b, &who, 1);
	jw_key(&b.jw, "statuses");
	jw_arr(&b.jw);
	wire_status(&b, &(struct wire_status){
				.id = m->id,
				.status = str_from(status),
				.at = str_fmt(c->arena, "%lld", (long long)seconds),
				.recipient_id = m->wa_id,
				.error_code = error_code,
				.callback_data = m->callback_data,
			});
	jw_arr_end(&b.jw);
	wire_change_end(&b);
	int64_t place = g->status_backwards ? STATUS_READ - step : step;
	struct str bytes = wire_end(&b);
	graph_push_webhook(g, c->number, bytes, "status", place * g->status_ms);
	if (g->options.rude && dice_permille(&g->manner, 100))
		graph_push_webhook(g, c->number, bytes, "status", (place + 1) * g->status_ms);
}

/* What is heard of the message after it was accepted. */
static void
push_statuses(struct graph_call *c, const struct message *m, const struct graph_pair *p)
{
	static const char *const names[] = { NULL, "sent", "delivered", "read" };
	bool silent = c->fault != NULL && c->fault->silent;
	int64_t code = p->closed ? 131047 : 0;

	if (c->fault != NULL && c->fault->fate == FATE_FAIL_LATER)
		code = c->fault->code;
	if (silent)
		return;
	if (code != 0) {
		push_status(c, m, "failed", STATUS_SENT, code);
		return;
	}
	for (int s = STATUS_SENT; s <= STATUS_READ && s <= (int)c->graph->status_up_to; s++)
		push_status(c, m, names[s], s, 0);
}

static struct str
new_id(struct graph_call *c, struct str wa_id)
{
	static const char hex[] = "0123456789ABCDEF";
	char key[KEY_DIGITS];

	for (int i = 0; i < KEY_DIGITS; i++)
		key[i] = hex[dice_below(&c->graph->dice, 16)];
	return wamid_encode(c->arena, &(struct wamid){ .outbound = true,
	                                               .remote = wa_id,
	                                               .key_id = str_n(key, KEY_DIGITS) });
}

static void
accept(struct graph_call *c, struct message *m, struct graph_pair *p)
{
	struct graph *g = c->graph;
	struct buf b;
	struct jw jw;

	m->id = new_id(c, m->wa_id);
	*ARENA_ADD(g->arena, p->times, p->ntimes, p->times_cap) = c->now;
	g->accepted++;
	push_statuses(c, m, p);
	buf_init(&b, c->arena, 1u << 16);
	jw_init(&jw, &b);
	jw_obj(&jw);
	jw_kz(&jw, "messaging_product", "whatsapp");
	jw_key(&jw, "contacts");
	jw_arr(&jw);
	jw_obj(&jw);
	jw_kstr(&jw, "input", m->to);
	jw_kstr(&jw, "wa_id", m->wa_id);
	jw_obj_end(&jw);
	jw_arr_end(&jw);
	jw_key(&jw, "messages");
	jw_arr(&jw);
	jw_obj(&jw);
	jw_kstr(&jw, "id", m->id);
	jw_obj_end(&jw);
	jw_arr_end(&jw);
	jw_obj_end(&jw);
	graph_reply(c, buf_slice(&b));
}

/* Another request of the same path: a message was read. */
static bool
is_mark(struct graph_call *c)
{
	static const char *const names[] = { "messaging_product", "status", "message_id", NULL };

	return json_parse(c->arena, c->request->body, &c->body) == ERR_OK &&
	       json_is_object(c->body) && graph_unknown_member(c->body, names) == NULL &&
	       str_eq(json_str(json_get(c->body, "status")), STR("read")) &&
	       str_starts(json_str(json_get(c->body, "message_id")), STR("wamid."));
}

void
graph_send(struct graph_call *c)
{
	struct message m = { 0 };

	if (is_mark(c)) {
		graph_reply(c, STR("{\"success\":true}"));
		return;
	}
	if (!check(c, &m))
		return;
	struct graph_pair *p = graph_pair(c->graph, c->number, m.wa_id);
	if (check_rates(c, p))
		accept(c, &m, p);
}
