/*
 * Figures over sessions: times that were measured, gathered under a name, and what is said of them.
 * Pure. Source: 4-helpdesk §4.
 */
#ifndef RECADO_CORE_KPI_H
#define RECADO_CORE_KPI_H

#include "base/map.h"

/* Times in ms under one name (a day, a month, a tag), with how many had none. */
struct kpi_group {
	struct str name;
	int64_t *v;
	size_t n, cap;
	int64_t without; /* unanswered, say */
};
struct kpi {
	struct arena *arena;
	struct map names;
	struct kpi_group *groups;
	size_t n, cap;
};
void kpi_init(struct kpi *, struct arena *);
/* The group of a name, made if it is new; until the next one is made. The name is copied. */
struct kpi_group *kpi_group(struct kpi *, struct str name);
/* ms < 0: there is none. */
void kpi_add(struct kpi *, struct str name, int64_t ms);

/* Of a group; with no time at all the three are -1. Median of an even number: the mean of the two
 * in the middle, rounded down; p90: the smallest time that nine of ten do not exceed. */
struct kpi_summary {
	int64_t average, median, p90;
	int64_t with, without;
};
/* Sorts the group's times. */
struct kpi_summary kpi_summarize(struct arena *, struct kpi_group *);
/* Groups in the order of their names' bytes. */
void kpi_sort(struct kpi *);

#endif
