/*
 * The inbox is a long list of which only the top moves. What always holds: after a merge each row
 * is there once, in its newest version, and what was loaded further down is not asked for again.
 */
export interface ListPage<T> {
	rows: T[];
	next: string | null;
}

export function mergeFirstPage<T extends { id: string }>(
	pages: readonly ListPage<T>[],
	fresh: ListPage<T>,
): ListPage<T>[] {
	const [first, ...rest] = pages;
	if (first === undefined) return [fresh];
	const ids = new Set(fresh.rows.map((r) => r.id));
	const others = (rows: readonly T[]) => rows.filter((r) => !ids.has(r.id));
	return [
		{ rows: [...fresh.rows, ...others(first.rows)], next: first.next },
		...rest.map((p) => ({ rows: others(p.rows), next: p.next })),
	];
}
