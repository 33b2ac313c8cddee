/*
 * See import_check.h. What always holds: the rows are read behind the program's back, by SQL of the
 * test's own, and compared with the world as it stands; only the rules of sessions and of the walk
 * are the program's, which have tests of their own.
 */
#include "import_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/session.h"

#define MARK      IMPORT_MARK
#define MOST_COLS IMPORT_MOST_COLS
#define MOST_TEXT ((size_t)1 << 20)

void
import_complain(struct import_complaints *c, const char *fmt, ...)
{
	char line[1200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	c->n++;
	buf_z(&c->text, line);
	buf_char(&c->text, '\n');
}

void
import_split(struct str line, struct str cols[IMPORT_MOST_COLS])
{
	size_t n = 0;
	struct str part;

	while (n < MOST_COLS && str_split(&line, MARK[0], &part))
		cols[n++] = part;
	while (n < MOST_COLS)
		cols[n++] = STR("");
}

static int64_t
number(struct str s)
{
	int64_t n;

	return str_to_i64(s, &n) ? n : TIME_NONE;
}

static int
compare_lines(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void
import_compare(struct import_complaints *c, const char *what, struct str *want, size_t nwant,
               struct str *have, size_t nhave)
{
	size_t i = 0, k = 0;

	if (nwant > 0)
		qsort(want, nwant, sizeof *want, compare_lines);
	if (nhave > 0)
		qsort(have, nhave, sizeof *have, compare_lines);
	while (i < nwant || k < nhave) {
		int order = i == nwant ? 1 : k == nhave ? -1 : str_cmp(want[i], have[k]);

		if (order < 0)
			import_complain(c, "- %s " STR_FMT, what, STR_ARG(want[i]));
		else if (order > 0)
			import_complain(c, "+ %s " STR_FMT, what, STR_ARG(have[k]));
		i += order <= 0;
		k += order >= 0;
	}
}

void
import_lines_add(struct import_lines *l, struct str line)
{
	if (l->n == l->cap) {
		size_t more = l->cap ? l->cap * 2 : 256;
		struct str *v = ARENA_ARRAY(l->a, more, struct str);

		if (l->n > 0)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
		l->cap = more;
	}
	l->v[l->n++] = line;
}

static const char *
time_or(struct arena *a, int64_t ms)
{
	return ms == TIME_NONE ? "" : str_z(a, str_fmt(a, "%lld", (long long)ms));
}

/* What was never seen may be missing here, but not the other way round. */
#define SQL_TICKETS                                                                                \
	"SELECT t.external_uuid || '" MARK "' || t.status || '" MARK "' || "                       \
	"ms(h.external_updated_at) || '" MARK "' || num(h.is_group) || '" MARK "' || "             \
	"ms(t.opened_at) || '" MARK "' || t.source FROM tickets t JOIN helpdesk_tickets h ON "     \
	"h.client_id = t.client_id AND h.ticket_id = t.id WHERE h.missing_since IS NULL"
#define SQL_TRACKINGS                                                                              \
	"SELECT t.external_uuid || '" MARK "' || k.external_id || '" MARK "' || "                  \
	"coalesce(CAST(ms(k.created_at) AS text), '') || '" MARK "' || "                           \
	"coalesce(CAST(ms(k.started_at) AS text), '') || '" MARK "' || "                           \
	"coalesce(CAST(ms(k.finished_at) AS text), '') || '" MARK "' || "                          \
	"coalesce(k.user_name, '') || '" MARK "' || coalesce(k.user_email, '') "
#define SQL_OF_TICKETS                                                                             \
	" JOIN tickets t ON t.client_id = k.client_id AND t.id = k.ticket_id "                     \
	"JOIN helpdesk_tickets h ON h.client_id = t.client_id AND h.ticket_id = t.id "
#define SQL_MESSAGES                                                                               \
	"SELECT t.external_uuid || '" MARK "' || k.external_id || '" MARK "' || k.direction || "   \
	"'" MARK "' || coalesce(k.sender_type, 'HUMAN') || '" MARK "' || ms(k.at) || '" MARK       \
	"' || ms(k.external_updated_at) || '" MARK "' || coalesce(k.body, '') "

static void
want_ticket(void *ctx, const struct helpdesk_ticket *t)
{
	struct import_lines *l = ctx;

	import_lines_add(l, str_fmt(l->a,
	                            STR_FMT MARK STR_FMT MARK "%lld" MARK "%d" MARK "%lld" MARK
	                                                      "helpdesk_import",
	                            STR_ARG(t->uuid), STR_ARG(t->status), (long long)t->updated_at,
	                            t->is_group, (long long)t->created_at));
}

static void
want_tracking(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_tracking *k)
{
	static const char *const names[] = { "", "Márcia Prado", "Leandro Reis", "Bia Antunes" };
	static const char *const emails[] = { "", "marcia@loja.exemplo.com.br",
		                              "leandro@loja.exemplo.com.br",
		                              "bia@loja.exemplo.com.br" };
	struct import_lines *l = ctx;

	import_lines_add(
		l,
		str_fmt(l->a, STR_FMT MARK "%lld" MARK "%s" MARK "%s" MARK "%s" MARK "%s" MARK "%s",
	                STR_ARG(t->uuid), (long long)k->id, time_or(l->a, k->created_at),
	                time_or(l->a, k->started_at), time_or(l->a, k->finished_at), names[k->user],
	                emails[k->user]));
}

static void
want_message(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_message *m)
{
	struct import_lines *l = ctx;

	import_lines_add(
		l, str_fmt(l->a,
	                   STR_FMT MARK "%lld" MARK "%s" MARK "%s" MARK "%lld" MARK
	                                "%lld" MARK STR_FMT,
	                   STR_ARG(t->uuid), (long long)m->id, m->from_me ? "OUTBOUND" : "INBOUND",
	                   m->by_ai       ? "AI"
	                   : m->by_system ? "SYSTEM"
	                                  : "HUMAN",
	                   (long long)m->created_at, (long long)m->updated_at, STR_ARG(m->body)));
}

/* "uuid id" of what was deleted. */
static void
gone_tracking(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_tracking *k)
{
	struct import_lines *l = ctx;

	if (!t->gone)
		import_lines_add(
			l, str_fmt(l->a, STR_FMT " %lld", STR_ARG(t->uuid), (long long)k->id));
}

static void
gone_message(void *ctx, const struct helpdesk_ticket *t, const struct helpdesk_message *m)
{
	struct import_lines *l = ctx;

	if (!t->gone)
		import_lines_add(
			l, str_fmt(l->a, STR_FMT " %lld", STR_ARG(t->uuid), (long long)m->id));
}

static void
gone_ticket(void *ctx, const struct helpdesk_ticket *t)
{
	import_lines_add(ctx, t->uuid);
}

/* What is marked as missing was deleted. */
static void
check_missing(struct import_scene *s, struct arena *a, const char *what, const char *sql,
              const struct import_lines *gone, struct import_complaints *c)
{
	struct map known;
	struct str *v;
	size_t n = import_scene_lines(s, a, sql, &v);

	map_init(&known, a, gone->n);
	for (size_t i = 0; i < gone->n; i++)
		map_set(&known, gone->v[i], i);
	for (size_t i = 0; i < n; i++)
		if (map_get(&known, v[i]) == MAP_NONE)
			import_complain(c, "? %s " STR_FMT " is marked as missing and stands", what,
			                STR_ARG(v[i]));
}

void
import_check_truth(struct import_scene *s, struct import_complaints *c)
{
	struct arena *a = arena_new((size_t)256 << 20);
	struct import_lines want[3] = { { .a = a }, { .a = a }, { .a = a } };
	struct import_lines gone[3] = { { .a = a }, { .a = a }, { .a = a } };
	struct str *v;
	size_t n;

	helpdesk_truth(s->world,
	               &(struct helpdesk_visitor){ .ticket = want_ticket, .ctx = &want[0] });
	helpdesk_truth(s->world,
	               &(struct helpdesk_visitor){ .tracking = want_tracking, .ctx = &want[1] });
	helpdesk_truth(s->world,
	               &(struct helpdesk_visitor){ .message = want_message, .ctx = &want[2] });
	helpdesk_gone(s->world,
	              &(struct helpdesk_visitor){ .ticket = gone_ticket, .ctx = &gone[0] });
	helpdesk_gone(s->world,
	              &(struct helpdesk_visitor){ .tracking = gone_tracking, .ctx = &gone[1] });
	helpdesk_gone(s->world,
	              &(struct helpdesk_visitor){ .message = gone_message, .ctx = &gone[2] });
	n = import_scene_lines(s, a, SQL_TICKETS, &v);
	import_compare(c, "ticket", want[0].v, want[0].n, v, n);
	n = import_scene_lines(s, a,
	                       SQL_TRACKINGS "FROM trackings k" SQL_OF_TICKETS
	                                     "WHERE k.missing_since IS NULL AND h.missing_since IS "
	                                     "NULL",
	                       &v);
	import_compare(c, "tracking", want[1].v, want[1].n, v, n);
	n = import_scene_lines(s, a,
	                       SQL_MESSAGES
	                       "FROM messages k" SQL_OF_TICKETS
	                       "WHERE k.missing_since IS NULL AND h.missing_since IS NULL",
	                       &v);
	import_compare(c, "message", want[2].v, want[2].n, v, n);
	check_missing(
		s, a, "ticket",
		"SELECT t.external_uuid FROM tickets t JOIN helpdesk_tickets h ON h.client_id = "
		"t.client_id AND h.ticket_id = t.id WHERE h.missing_since IS NOT NULL",
		&gone[0], c);
	check_missing(
		s, a, "tracking",
		"SELECT t.external_uuid || ' ' || k.external_id FROM trackings k" SQL_OF_TICKETS
		"WHERE k.missing_since IS NOT NULL AND h.missing_since IS NULL",
		&gone[1], c);
	check_missing(
		s, a, "message",
		"SELECT t.external_uuid || ' ' || k.external_id FROM messages k" SQL_OF_TICKETS
		"WHERE k.missing_since IS NOT NULL AND h.missing_since IS NULL",
		&gone[2], c);
	arena_free(a);
}

/* One ticket's rows, as far as sessions go. */
struct stored {
	struct tracking *trackings;
	struct str *messages; /* columns 1… of its lines */
	int64_t *times;
	size_t ntrackings, ntimes;
};

static struct str
session_line(struct arena *a, struct str ticket, const struct session *s, size_t messages)
{
	static const char *const classes[] = { "CLOSED", "OPEN_REAL", "OPEN_WEAK" };
	struct buf ids;

	buf_init(&ids, a, MOST_TEXT);
	for (size_t i = 0; i < s->n_ids; i++)
		buf_fmt(&ids, "%s%lld", i > 0 ? "," : "", (long long)s->ids[i]);
	return str_fmt(a,
	               STR_FMT MARK "%s" MARK "%lld" MARK "%s" MARK "%lld" MARK "%u" MARK
	                            "[" STR_FMT "]" MARK STR_FMT MARK STR_FMT MARK "%zu",
	               STR_ARG(ticket), classes[s->type], (long long)s->start, time_or(a, s->end),
	               (long long)s->lead_in, s->flags, STR_ARG(buf_slice(&ids)),
	               STR_ARG(s->user_name), STR_ARG(s->user_email), messages);
}

/* The sessions that these rows make. */
static void
derive(struct import_lines *l, struct str ticket, const struct stored *t)
{
	struct session_set set;
	struct session *v;
	size_t *at = ARENA_ARRAY(l->a, t->ntimes + 1, size_t), *count;

	session_derive(l->a, t->trackings, t->ntrackings, t->times, t->ntimes, &set);
	v = ARENA_ARRAY(l->a, set.n + 1, struct session);
	count = ARENA_ARRAY(l->a, set.n + 1, size_t);
	for (size_t i = 0; i < set.n; i++)
		v[i] = set.v[i].s;
	session_assign_all(l->a, v, set.n, t->times, t->ntimes, at);
	for (size_t i = 0; i < t->ntimes; i++)
		if (at[i] != SESSION_NONE)
			count[at[i]]++;
	for (size_t i = 0; i < set.n; i++)
		import_lines_add(l, session_line(l->a, ticket, &v[i], count[i]));
}

static struct tracking
read_tracking(struct str line)
{
	struct str c[MOST_COLS];
	struct tracking t;

	import_split(line, c);
	t = (struct tracking){ .id = number(c[1]),
		               .created_at = number(c[2]),
		               .started_at = number(c[3]),
		               .finished_at = number(c[4]),
		               .user_name = c[5],
		               .user_email = c[6],
		               .missing = str_eq(c[7], STR("1")) };
	return t;
}

/* Without the spaces that PostgreSQL writes into arrays. */
static struct str
without_spaces(struct arena *a, struct str line)
{
	struct str c[MOST_COLS];
	struct buf b;

	import_split(line, c);
	buf_init(&b, a, MOST_TEXT);
	for (size_t i = 0; i < 10; i++) {
		if (i > 0)
			buf_z(&b, MARK);
		for (size_t k = 0; k < c[i].n; k++)
			if (i != 6 || c[i].p[k] != ' ')
				buf_char(&b, c[i].p[k]);
	}
	return buf_slice(&b);
}

#define SQL_SESSIONS                                                                               \
	"SELECT t.external_uuid || '" MARK "' || k.class || '" MARK "' || ms(k.started_at) || "    \
	"'" MARK "' || coalesce(CAST(ms(k.ended_at) AS text), '') || '" MARK                       \
	"' || ms(k.lead_in_at) || '" MARK "' || k.flags || '" MARK "' || k.tracking_ids || '" MARK \
	"' || coalesce(k.user_name, '') || '" MARK "' || coalesce(k.user_email, '') || '" MARK     \
	"' || k.message_count FROM sessions k "                                                    \
	"JOIN tickets t ON t.client_id = k.client_id AND t.id = k.ticket_id "                      \
	"WHERE k.retired_at IS NULL AND k.source = 'tracking'"

/* Both lists are in the order of tickets. */
static void
check_sessions(struct import_scene *s, struct arena *a, struct import_complaints *c)
{
	struct import_lines want = { .a = a };
	struct str *tracks, *times, *have, cols[MOST_COLS], *tickets;
	size_t ntracks, ntimes, nhave, ntickets, k = 0, m = 0;

	ntickets =
		import_scene_lines(s, a,
	                           "SELECT external_uuid FROM tickets WHERE external_uuid IS NOT "
	                           "NULL ORDER BY 1",
	                           &tickets);
	ntracks = import_scene_lines(s, a,
	                             SQL_TRACKINGS
	                             "|| '" MARK "' || CASE WHEN k.missing_since IS NULL THEN '0' "
	                             "ELSE '1' END FROM trackings k" SQL_OF_TICKETS
	                             "ORDER BY t.external_uuid, k.external_id",
	                             &tracks);
	ntimes = import_scene_lines(s, a,
	                            "SELECT t.external_uuid || '" MARK
	                            "' || ms(k.at) FROM messages k" SQL_OF_TICKETS
	                            "ORDER BY t.external_uuid, k.at",
	                            &times);
	for (size_t i = 0; i < ntickets; i++) {
		struct stored t = { .trackings = ARENA_ARRAY(a, ntracks + 1, struct tracking),
			            .times = ARENA_ARRAY(a, ntimes + 1, int64_t) };

		for (; k < ntracks && str_starts(tracks[k], tickets[i]); k++)
			t.trackings[t.ntrackings++] = read_tracking(tracks[k]);
		for (; m < ntimes && str_starts(times[m], tickets[i]); m++) {
			import_split(times[m], cols);
			t.times[t.ntimes++] = number(cols[1]);
		}
		derive(&want, tickets[i], &t);
	}
	if (k < ntracks || m < ntimes)
		import_complain(c, "? rows of trackings or messages without their ticket");
	nhave = import_scene_lines(s, a, SQL_SESSIONS, &have);
	for (size_t i = 0; i < nhave; i++)
		have[i] = without_spaces(a, have[i]);
	import_compare(c, "session", want.v, want.n, have, nhave);
}

/* Rows that stand without those they belong to, or sums that are not the sums. */
static const struct rule {
	const char *what, *sql;
} rules[] = {
	{ "a helpdesk ticket's row without the other",
	  "SELECT count(*) FROM tickets t LEFT JOIN helpdesk_tickets h ON h.client_id = "
	  "t.client_id "
	  "AND h.ticket_id = t.id WHERE t.external_uuid IS NOT NULL AND h.ticket_id IS NULL" },
	{ "messages without their ticket", "SELECT count(*) FROM messages m LEFT JOIN tickets t ON "
	                                   "t.client_id = m.client_id AND t.id "
	                                   "= m.ticket_id WHERE t.id IS NULL" },
	{ "messages without their conversation, or in another than their ticket's",
	  "SELECT count(*) FROM messages m JOIN tickets t ON t.client_id = m.client_id AND t.id = "
	  "m.ticket_id LEFT JOIN conversations c ON c.client_id = m.client_id AND c.id = "
	  "m.conversation_id WHERE c.id IS NULL OR t.conversation_id IS NULL OR t.conversation_id "
	  "<> "
	  "m.conversation_id" },
	{ "tickets without their lead", "SELECT count(*) FROM tickets t LEFT JOIN leads l ON "
	                                "l.client_id = t.client_id AND l.id = "
	                                "t.lead_id WHERE l.id IS NULL" },
	{ "lastImportedMessageCreatedAt is not the newest message's",
	  "SELECT count(*) FROM helpdesk_tickets h LEFT JOIN (SELECT client_id, ticket_id, max(at) "
	  "AS "
	  "newest FROM messages GROUP BY client_id, ticket_id) m ON m.client_id = h.client_id AND "
	  "m.ticket_id = h.ticket_id WHERE coalesce(ms(m.newest), 0) <> "
	  "coalesce(ms(h.last_message_created_at), 0)" },
	{ "a conversation's newest message is not its newest",
	  "SELECT count(*) FROM conversations c LEFT JOIN (SELECT client_id, conversation_id, "
	  "max(at) "
	  "AS newest FROM messages GROUP BY client_id, conversation_id) m ON m.client_id = "
	  "c.client_id "
	  "AND m.conversation_id = c.id WHERE coalesce(ms(m.newest), 0) <> "
	  "coalesce(ms(c.last_message_at), 0)" },
};

/* What the helpdesk had of the ticket when it was as it is stored. */
static void
check_whole(struct import_scene *s, struct arena *a, struct import_complaints *c)
{
	struct str *v, cols[MOST_COLS];
	size_t n = import_scene_lines(
		s, a,
		"SELECT t.external_uuid || '" MARK "' || ms(h.external_updated_at) || '" MARK
		"' || (SELECT count(*) FROM messages m WHERE m.client_id = t.client_id AND "
		"m.ticket_id = t.id) || '" MARK "' || (SELECT count(*) FROM trackings k WHERE "
		"k.client_id = t.client_id AND k.ticket_id = t.id) FROM tickets t JOIN "
		"helpdesk_tickets h ON h.client_id = t.client_id AND h.ticket_id = t.id",
		&v);

	for (size_t i = 0; i < n; i++) {
		int64_t at, messages = 0, trackings = 0;
		const struct helpdesk_ticket *t;
		size_t k;

		import_split(v[i], cols);
		at = number(cols[1]);
		k = map_get(s->world->by_uuid, cols[0]);
		if (k == MAP_NONE) {
			import_complain(c, "? ticket " STR_FMT " is nowhere", STR_ARG(cols[0]));
			continue;
		}
		t = &s->world->tickets[k];
		for (size_t m = 0; m < t->nmessages; m++)
			messages += !t->messages[m].gone && t->messages[m].edits == 0 &&
			            t->messages[m].updated_at < at;
		for (size_t m = 0; m < t->ntrackings; m++)
			trackings += t->shows == SHOWS_ARRAY && !t->trackings[m].gone &&
			             t->trackings[m].created_at < at - 2 * TIME_MINUTE &&
			             t->updated_at == at;
		if (number(cols[2]) < messages || number(cols[3]) < trackings)
			import_complain(c,
			                "? ticket " STR_FMT " is half there: " STR_FMT
			                " messages of %lld, " STR_FMT " trackings of %lld",
			                STR_ARG(cols[0]), STR_ARG(cols[2]), (long long)messages,
			                STR_ARG(cols[3]), (long long)trackings);
	}
}

void
import_check_half(struct import_scene *s, bool whole, struct import_complaints *c)
{
	struct arena *a = arena_new((size_t)256 << 20);
	struct str *v;

	check_sessions(s, a, c);
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (import_scene_lines(s, a, rules[i].sql, &v) != 1 || !str_eq(v[0], STR("0")))
			import_complain(c, "? %s", rules[i].what);
	if (whole)
		check_whole(s, a, c);
	arena_free(a);
}
