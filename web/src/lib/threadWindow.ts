/*
 * The stretch of a conversation that is held and drawn. What always holds: it is contiguous, in
 * the server's order and without doubles; it costs at most MAX_ROWS rows to draw, however long the
 * conversation is, because what is far from where one reads is let go and can be loaded again.
 */
export interface Held {
	id: string;
	timestamp: string;
	sessionId: string | null;
}

export interface ThreadWindow<T extends Held> {
	messages: readonly T[];
	hasBefore: boolean;
	hasAfter: boolean;
}

export interface Page<T> {
	data: readonly T[];
	hasBefore: boolean;
	hasAfter: boolean;
}

/** Messages, and what stands between them: days and sessions. */
export const MAX_ROWS = 260;

export function localDay(timestamp: string): string {
	const at = new Date(timestamp);
	return `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;
}

function rowsOf(message: Held, before: Held | undefined): number {
	let rows = 1;
	if (before === undefined || localDay(before.timestamp) !== localDay(message.timestamp)) rows++;
	if (message.sessionId !== null && before?.sessionId !== message.sessionId) rows++;
	return rows;
}

/** How many of the messages, from one end, fit into MAX_ROWS. */
function fitting(messages: readonly Held[], fromEnd: boolean): number {
	let rows = 0;
	let n = 0;

	while (n < messages.length) {
		const i = fromEnd ? messages.length - 1 - n : n;
		const message = messages[i];
		if (message === undefined) break;
		rows += rowsOf(message, messages[i - 1]);
		if (rows > MAX_ROWS) break;
		n++;
	}
	return n;
}

export function opened<T extends Held>(page: Page<T>): ThreadWindow<T> {
	const n = fitting(page.data, true);
	return {
		messages: page.data.slice(page.data.length - n),
		hasBefore: page.hasBefore || n < page.data.length,
		hasAfter: page.hasAfter,
	};
}

function without<T extends Held>(page: readonly T[], held: readonly T[]): T[] {
	const ids = new Set(held.map((m) => m.id));
	return page.filter((m) => !ids.has(m.id));
}

/** Older messages in front; of the newest end what no longer fits is let go. */
export function withOlder<T extends Held>(w: ThreadWindow<T>, page: Page<T>): ThreadWindow<T> {
	const all = [...without(page.data, w.messages), ...w.messages];
	const n = fitting(all, false);
	return {
		messages: all.slice(0, n),
		hasBefore: page.hasBefore,
		hasAfter: w.hasAfter || n < all.length,
	};
}

/** Newer messages behind; of the oldest end what no longer fits is let go. */
export function withNewer<T extends Held>(w: ThreadWindow<T>, page: Page<T>): ThreadWindow<T> {
	const all = [...w.messages, ...without(page.data, w.messages)];
	const n = fitting(all, true);
	return {
		messages: all.slice(all.length - n),
		hasBefore: w.hasBefore || n < all.length,
		hasAfter: page.hasAfter,
	};
}

/**
 * What the server says now of a stretch, by a page that was read again: ticks, edits and what came
 * between, in front or behind. Where the page does not touch what is held nothing is added, because
 * there would be a hole.
 */
export function withFresh<T extends Held>(w: ThreadWindow<T>, page: Page<T>): ThreadWindow<T> {
	const ids = new Set(page.data.map((m) => m.id));
	const first = w.messages.findIndex((m) => ids.has(m.id));
	const last = w.messages.findLastIndex((m) => ids.has(m.id));

	if (w.messages.length === 0) return opened(page);
	if (first < 0) return { ...w, hasAfter: w.hasAfter || (page.data.length > 0 && !page.hasAfter) };
	const isToEnd = last === w.messages.length - 1;
	const all = [...w.messages.slice(0, first), ...page.data, ...w.messages.slice(last + 1)];
	const hasBefore = first === 0 ? page.hasBefore : w.hasBefore;
	const hasAfter = isToEnd ? page.hasAfter : w.hasAfter;
	const n = fitting(all, !hasAfter);
	return hasAfter
		? { messages: all.slice(0, n), hasBefore, hasAfter }
		: { messages: all.slice(all.length - n), hasBefore: hasBefore || n < all.length, hasAfter };
}
