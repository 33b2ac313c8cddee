/*
 * A contact sync: every page of the list, one transaction each, with a checkpoint; after a sweep
 * that saw everything, what it did not see is marked. What always holds: a page that was stored is
 * not read again in the same sweep, whatever the database says afterwards; nothing is marked as
 * vanished by a sweep that was taken up in the middle or could not reach the end, and such a one
 * does not end as if all were well.
 */
#include "work/importer_internal.h"

#define PAGE_ARENA ((size_t)256 << 20)

/* All is stored that can be; what it did not see is marked where that is known. */
static void
sweep_ended(struct import_job *j, enum hd_stop stop, bool more)
{
	if (stop == HD_STOP_TOO_MANY || hd_walk_is_over(&j->people_walk) || j->tags.full)
		import_job_stop(j, JOB_FAILED, import_job_too_long(j));
	else if (stop == HD_STOP_NOTHING_NEW && more)
		import_job_stop(
			j, JOB_PARTIAL,
			STR("incomplete: the helpdesk has pages that could not be reached"));
	else if (!j->job.resumed && j->lost == 0 && stop != HD_STOP_NOTHING_NEW)
		j->phase = IMPORT_MARKS;
	else
		j->phase = IMPORT_NOTES;
}

static enum err
store_page(struct import_job *j, const struct hd_page *p, int64_t now_ms)
{
	struct import_store s = import_job_store(j, now_ms);
	int64_t wrote = 0;
	enum err e = import_store_contacts(&s, p->people, p->npeople, &wrote);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < p->npeople; i++) {
		const struct hd_person *x = &p->people[i];

		for (size_t k = 0; k < x->ntags; k++)
			(void)hd_seen_add(&j->tags,
			                  str_fmt(s.arena, "%lld", (long long)x->tags[k].id));
	}
	j->finished += (int64_t)p->npeople;
	j->counts.rows_changed += wrote;
	return import_job_state(j, "contacts_sync", TIME_NONE, TIME_NONE, NULL, j->people_walk.page,
	                        now_ms);
}

enum err
contacts_page(struct import_job *j, struct str body, int64_t now_ms, bool *garbage)
{
	const struct import_page of = { .list = HD_CONTACTS, .page = j->people_walk.page };
	struct arena *a = arena_new(PAGE_ARENA);
	struct hd_page page;
	enum hd_stop stop;
	enum err e = hd_decode(a, HD_CONTACTS, body, &page);

	if (e == ERR_OK)
		e = arena_check(a);
	if (e == ERR_INVALID) {
		*garbage = true;
		e = ERR_OK;
	} else if (e == ERR_OK) {
		e = store_page(j, &page, now_ms);
		if (e == ERR_OK) {
			import_problems(j, &of, &page);
			stop = hd_walk_page(&j->people_walk, &page);
			if (stop != HD_GO_ON || hd_walk_is_over(&j->people_walk) || j->tags.full)
				sweep_ended(j, stop,
				            hd_walk_says_more(&page.hints, j->people_walk.page));
			else
				ask_page(&j->ask, j->people_walk.page, now_ms);
		}
	}
	arena_free(a);
	return e;
}

enum err
contacts_step(struct import_job *j, int64_t now_ms, bool *worked)
{
	enum err e = ERR_OK;

	if (j->phase == IMPORT_READS)
		return ERR_OK;
	*worked = true;
	e = import_piece(j, now_ms);
	if (e == ERR_OK && j->phase == IMPORT_READS)
		ask_page(&j->ask, j->people_walk.page, now_ms);
	if (e == ERR_OK && j->phase == IMPORT_ENDS)
		import_job_stop(j, JOB_SUCCEEDED, STR_NONE);
	return e;
}
