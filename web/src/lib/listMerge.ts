/*
 * The inbox is a long list of which mostly the top moves, and of which the top is read again when
 * something has changed. What always holds: down to where a fresh page ends the list is as that
 * page says; after a merge each row is there once; and no row is left out between two that are
 * shown: where that cannot be told the list is let go below, and loaded again as one scrolls.
 */
export interface ListPage<T> {
	rows: T[];
	next: string | null;
}

/** Newest activity first, then by id; those without activity last. */
export interface Placed {
	id: string;
	at: string | null;
}

/** Whether `row` stands below `other`. */
export function isBelow(row: Placed, other: Placed): boolean {
	if (row.at !== other.at) return row.at === null || (other.at !== null && row.at < other.at);
	return row.id < other.id;
}

/** The row in its place, where a fresh page no longer lists it. */
function withKept<T extends Placed>(page: ListPage<T>, kept: T): ListPage<T> {
	const at = page.rows.findIndex((r) => isBelow(r, kept));
	const place = at < 0 ? page.rows.length : at;
	return { rows: [...page.rows.slice(0, place), kept, ...page.rows.slice(place)], next: page.next };
}

/**
 * The list after its first page was read again. `keep`: the row that one is at, which stays though
 * it no longer belongs to what is filtered, as one that has just been read.
 */
export function mergeFirstPage<T extends Placed>(
	pages: readonly ListPage<T>[],
	fresh: ListPage<T>,
	keep: string | null = null,
): ListPage<T>[] {
	const ids = new Set(fresh.rows.map((r) => r.id));
	const last = fresh.rows.at(-1);
	const isPast = (r: T) => fresh.next !== null && last !== undefined && isBelow(r, last);
	const held = pages.flatMap((p) => p.rows);
	const kept = held.find((r) => r.id === keep && !ids.has(r.id) && !isPast(r));
	const top = kept === undefined ? fresh : withKept(fresh, kept);
	/* Somewhere within the fresh page the list was known before: so it is known from there on. */
	if (held.every(isPast)) return [top];
	const rest = pages
		.map((p) => ({ rows: p.rows.filter((r) => isPast(r) && !ids.has(r.id)), next: p.next }))
		.filter((p) => p.rows.length > 0);
	return [top, ...rest];
}
