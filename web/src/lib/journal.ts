/*
 * The journal grows at its top. What always holds: entries stay in order, each once; what no longer
 * passes the filters goes; and where more came than one page holds, the list begins anew, so that
 * it never has a gap that nobody sees. Pure.
 */
import type { ListPage } from "./listMerge";

/** Ids are version 7: of two, the greater one came later. */
export function mergeNewest<T extends { id: string }>(
	pages: readonly ListPage<T>[],
	fresh: ListPage<T>,
): ListPage<T>[] {
	const lowest = fresh.rows.at(-1)?.id;
	const newest = pages.find((p) => p.rows.length > 0)?.rows[0]?.id;

	if (fresh.next === null || lowest === undefined || newest === undefined) return [fresh];
	if (newest < lowest) return [fresh];
	const older = (rows: readonly T[]) => rows.filter((r) => r.id < lowest);
	const [first, ...rest] = pages;
	if (first === undefined) return [fresh];
	return [
		{ rows: [...fresh.rows, ...older(first.rows)], next: first.next },
		...rest.map((p) => ({ rows: older(p.rows), next: p.next })),
	];
}

export interface Problem {
	code: string;
	path: string | null;
	detail: string | null;
}

/** What the server says of an entry's problems; what has no code is shown as it is. */
export function problemOf(value: unknown): Problem {
	const of = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
	const text = (name: string) => (typeof of[name] === "string" ? of[name] : null);
	const code = text("code");
	return {
		code: code ?? "",
		path: text("path"),
		detail: text("detail") ?? (code === null ? JSON.stringify(value) : null),
	};
}
