/*
 * The lines of a thread in pieces that are drawn and moved as one. What always holds: a message stays
 * in its piece for as long as it is held, whatever comes before or behind it, so that what is drawn
 * already need not be drawn again; a piece has at most CHUNK messages; what stands above a message (a
 * day, a session) is in its piece. Pure.
 */
export const CHUNK = 16;

export interface Line {
	kind: string;
	key: string;
}

export interface Chunk<R extends Line> {
	key: number;
	rows: R[];
}

/** Which piece each message is in, by its key; it goes from one call to the next. */
export type Placed = ReadonlyMap<string, number>;

export function chunked<R extends Line>(
	rows: readonly R[],
	was: Placed,
): { chunks: Chunk<R>[]; placed: Placed } {
	const placed = new Map<string, number>();
	const chunks: Chunk<R>[] = [];
	const used = new Set<number>();
	let above: R[] = [];
	let count = 0;
	let fresh = Math.max(0, ...was.values());

	for (const row of rows) {
		above.push(row);
		if (row.kind !== "message") continue;
		let last = chunks.at(-1);
		let key = was.get(row.key) ?? (last !== undefined && count < CHUNK ? last.key : ++fresh);
		if (last?.key !== key) {
			/* What came into the midst of a piece has parted it. */
			if (used.has(key)) key = ++fresh;
			used.add(key);
			last = { key, rows: [] };
			chunks.push(last);
			count = 0;
		}
		last.rows.push(...above);
		above = [];
		placed.set(row.key, key);
		count++;
	}
	return { chunks, placed };
}
