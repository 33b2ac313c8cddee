/*
 * Why: an average hides who waited longest, so the median and the slow tenth stand beside it. What
 * always holds: where nothing was measured nothing is said, never 0; sums do not overflow.
 */
#include "core/kpi.h"

#include "core/order.h"

void
kpi_init(struct kpi *k, struct arena *a)
{
	*k = (struct kpi){ .arena = a };
	map_init(&k->names, a, 64);
}

struct kpi_group *
kpi_group(struct kpi *k, struct str name)
{
	size_t at = map_get(&k->names, name);
	struct kpi_group *g;

	if (at != MAP_NONE)
		return &k->groups[at];
	g = ARENA_ADD(k->arena, k->groups, k->n, k->cap);
	*g = (struct kpi_group){ .name = str_dup(k->arena, name) };
	map_set(&k->names, g->name, k->n - 1);
	return g;
}

void
kpi_add(struct kpi *k, struct str name, int64_t ms)
{
	struct kpi_group *g = kpi_group(k, name);

	if (ms < 0) {
		g->without++;
		return;
	}
	*ARENA_ADD(k->arena, g->v, g->n, g->cap) = ms;
}

/* The mean, without summing what might not fit. */
static int64_t
average(const int64_t *v, size_t n)
{
	int64_t whole = 0, rest = 0, count = (int64_t)n;

	for (size_t i = 0; i < n; i++) {
		whole += v[i] / count;
		rest += v[i] % count;
		whole += rest / count;
		rest %= count;
	}
	return whole;
}

struct kpi_summary
kpi_summarize(struct arena *a, struct kpi_group *g)
{
	struct kpi_summary s = { -1, -1, -1, (int64_t)g->n, g->without };
	size_t n = g->n;

	if (n == 0)
		return s;
	order_sort(a, g->v, n, sizeof(*g->v), order_cmp_i64);
	s.average = average(g->v, n);
	s.median = n % 2 == 1 ? g->v[n / 2] : g->v[n / 2 - 1] + (g->v[n / 2] - g->v[n / 2 - 1]) / 2;
	s.p90 = g->v[(n * 9 + 9) / 10 - 1];
	return s;
}

static int
cmp_group(const void *pa, const void *pb)
{
	return str_cmp(((const struct kpi_group *)pa)->name, ((const struct kpi_group *)pb)->name);
}

void
kpi_sort(struct kpi *k)
{
	order_sort(k->arena, k->groups, k->n, sizeof(*k->groups), cmp_group);
	for (size_t i = 0; i < k->n; i++)
		map_set(&k->names, k->groups[i].name, i);
}
