/* Waiting for what will be true, and saying what was waited for when it does not become so. */
import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 50;

/**
 * The first answer of `look` that is neither undefined nor null nor false. After the deadline it
 * fails with `what` and what was seen last.
 */
export async function until<T>(
	what: string,
	look: () => Promise<T> | T,
	{ seconds = 20, seen }: { seconds?: number; seen?: () => unknown } = {},
): Promise<Exclude<T, undefined | null | false>> {
	const deadline = performance.now() + seconds * 1000;
	for (;;) {
		const found = await look();
		if (found !== undefined && found !== null && found !== false)
			return found as Exclude<T, undefined | null | false>;
		if (performance.now() > deadline) {
			const last = seen === undefined ? "" : `; seen last: ${JSON.stringify(seen())}`;
			throw new Error(`waited ${seconds} s in vain: ${what}${last}`);
		}
		await pause(LOOK_EVERY_MS);
	}
}
