/*
 * A contact sync: every page of the list, one transaction each, with a checkpoint; after a sweep
 * that saw everything, what it did not see is marked. What always holds: nothing is marked as
 * vanished by a sweep that was taken up in the middle or could not reach the end.
 */
#include "work/importer_internal.h"

#define PAGE_ARENA ((size_t)256 << 20)

static enum err
sweep_ended(struct import_job *j, enum hd_stop stop, bool more, int64_t now_ms)
{
	struct import_store s = import_job_store(j, now_ms);
	enum err e = ERR_OK;

	if (stop == HD_STOP_TOO_MANY || hd_walk_is_over(&j->people_walk) || j->tags.full) {
		import_job_stop(j, JOB_FAILED, import_job_too_long(j));
		return ERR_OK;
	}
	if (stop == HD_STOP_NOTHING_NEW && more) {
		import_job_stop(
			j, JOB_PARTIAL,
			STR("incomplete: the helpdesk has pages that could not be reached"));
		return ERR_OK;
	}
	if (!j->job.resumed && j->problems == 0 && stop != HD_STOP_NOTHING_NEW)
		e = import_store_swept(&s, &j->seen, &j->tags);
	if (e == ERR_OK)
		e = import_job_state(j, "contacts_sync", TIME_NONE, j->began_at, NULL, 0, now_ms);
	if (e == ERR_OK)
		import_job_stop(j, j->problems > 0 ? JOB_PARTIAL : JOB_SUCCEEDED,
		                j->problems > 0 ? STR("some contacts could not be read")
		                                : STR_NONE);
	return e;
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
	j->problems += (int64_t)p->nproblems;
	j->finished += (int64_t)p->npeople;
	j->counts.rows_changed += wrote;
	return import_job_state(j, "contacts_sync", TIME_NONE, TIME_NONE, NULL, j->people_walk.page,
	                        now_ms);
}

enum err
contacts_page(struct import_job *j, struct str body, int64_t now_ms, bool *garbage)
{
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
			stop = hd_walk_page(&j->people_walk, &page);
			if (stop != HD_GO_ON || hd_walk_is_over(&j->people_walk) || j->tags.full)
				e = sweep_ended(j, stop,
				                hd_walk_says_more(&page.hints, j->people_walk.page),
				                now_ms);
			else
				ask_page(&j->ask, j->people_walk.page, now_ms);
		}
	}
	arena_free(a);
	return e;
}

enum err
contacts_step(struct import_job *j, int64_t now_ms)
{
	if (j->failures_taken)
		return ERR_OK;
	j->failures_taken = true;
	ask_page(&j->ask, j->people_walk.page, now_ms);
	return ERR_OK;
}
