/*
 * What cannot be read of what a helpdesk says, told to people. What always holds: each text names
 * the client, the ticket or contact if it has an id, else where it stood, and the member, and says
 * nothing of what stands in it; a listed ticket that has an id is a failure, kept like any other;
 * what is lost without a trace in the rows is counted, and the run does not end as if all were
 * well.
 */
#include "base/map.h"
#include "store/queries.h"
#include "sys/log.h"
#include "work/importer_internal.h"

#define MOST_LINES 20 /* of the log, for one page */

struct str
import_place(const struct import_job *j, struct arena *a, struct str ticket)
{
	return str_fmt(a, "client " STR_FMT ", ticket " STR_FMT, STR_ARG(j->slug), STR_ARG(ticket));
}

static struct str
text_of(const struct import_job *j, const struct import_page *of, const struct hd_page *p,
        const struct hd_problem *x)
{
	static const char *const names[] = {
		[HD_TICKETS] = "ticket", [HD_MESSAGES] = "message", [HD_CONTACTS] = "contact"
	};
	struct arena *a = j->im->arena;
	const struct hd_key *key = &p->keys[x->index];
	struct str who = str_is_set(of->ticket) ? import_place(j, a, of->ticket)
	                                        : str_fmt(a, "client " STR_FMT, STR_ARG(j->slug));
	struct str what = hd_problem_text(a, of->list, x);

	if (key->named)
		return str_fmt(a, STR_FMT ", %s " STR_FMT ": " STR_FMT, STR_ARG(who),
		               names[of->list], STR_ARG(key->text), STR_ARG(what));
	return str_fmt(a, STR_FMT ", %s %zu of page %lld: " STR_FMT, STR_ARG(who), names[of->list],
	               x->index + 1, (long long)of->page, STR_ARG(what));
}

/* Whether what it is about is lost without a failure that is kept: of a ticket's parts only where
 * the ticket is read now, since a list shows the others in every run. */
static bool
is_lost(struct import_job *j, enum hd_list list, const struct hd_page *p,
        const struct hd_problem *x)
{
	size_t from = 0, to = p->ntickets; /* in the order of the page */

	if (list != HD_TICKETS)
		return list == HD_CONTACTS || x->whole;
	if (x->whole)
		return !p->keys[x->index].named;
	while (to - from > 1) {
		size_t half = from + (to - from) / 2;

		if (p->tickets[half].index <= x->index)
			from = half;
		else
			to = half;
	}
	return tickets_read(j, &p->tickets[from]);
}

/* What a lost element is known by in a run, wherever it stands in the list by then. No id of a
 * ticket has a blank in it. */
static struct str
lost_key(struct arena *a, const struct import_page *of, const struct hd_problem *x)
{
	return str_fmt(a, STR_FMT " " STR_FMT, STR_ARG(of->ticket), STR_ARG(x->raw));
}

void
import_problems(struct import_job *j, const struct import_page *of, const struct hd_page *p)
{
	for (size_t i = 0; i < p->nproblems; i++) {
		const struct hd_problem *x = &p->problems[i];
		bool lost = is_lost(j, of->list, p, x);
		struct str text;

		/* a list that is walked again shows it again */
		if (lost && !hd_seen_note(&j->seen, lost_key(j->im->arena, of, x), 1))
			continue;
		j->problems++;
		j->lost += lost;
		if (i >= MOST_LINES && (!lost || j->lost > 1))
			continue;
		text = text_of(j, of, p, x);
		if (lost && j->lost == 1)
			j->first_lost = str_dup(j->arena, text);
		log_warn("import.element", LOG_UUID("job", j->job.id), LOG_Z("problem", x->code),
		         LOG_STR("what", text),
		         LOG_INT("hidden",
		                 i + 1 == MOST_LINES ? (int64_t)(p->nproblems - i - 1) : 0));
	}
}

/* An unreadable ticket that is not noted as it is listed. */
static bool
is_news(const struct import_job *j, const struct hd_page *p, const struct hd_problem *x)
{
	const struct hd_key *key = &p->keys[x->index];

	return x->whole && key->named &&
	       !hd_seen_noted(&j->seen, key->text, import_version(x->raw, TIME_NONE));
}

enum err
import_unreadable(struct import_job *j, const struct import_page *of, const struct hd_page *p,
                  int64_t now_ms)
{
	struct arena *a = j->im->arena;
	struct db_rows *rows = db_rows_of(a, &q_importer_failures_put, j->job.client_id);
	struct map here;
	enum err e;

	map_init(&here, a, p->nproblems);
	for (size_t i = 0; i < p->nproblems; i++) {
		const struct hd_problem *x = &p->problems[i];
		struct str uuid = p->keys[x->index].text;

		if (!is_news(j, p, x) || map_get(&here, uuid) != MAP_NONE)
			continue;
		map_set(&here, uuid, i);
		db_row_uuid(rows, rand_uuid_v7(j->im->o.rand, now_ms));
		db_row_text(rows, uuid);
		db_row_text(rows, text_of(j, of, p, x));
		db_row_text(rows, x->raw);
	}
	e = arena_check(a);
	if (e == ERR_OK)
		e = db_exec(j->im->db, &q_importer_failures_put,
		            DB_PARAMS(db_text(STR("unreadable")), db_time(now_ms)), rows, NULL);
	if (e != ERR_OK)
		return e;
	j->failed += (int64_t)rows->nrows;
	for (size_t i = 0; i < p->nproblems; i++)
		if (is_news(j, p, &p->problems[i]))
			(void)hd_seen_note(&j->seen, p->keys[p->problems[i].index].text,
			                   import_version(p->problems[i].raw, TIME_NONE));
	return ERR_OK;
}
