/*
 * A conversation and a list that are longer than anybody's, how one scrolls through them, and what
 * that costs. What always holds: they are made by webhooks, as Meta would tell of them; what is
 * counted is counted in the page at each change, not now and then.
 */
import type { CDPSession, Page } from "playwright-core";
import type { World } from "./world";

export interface Size {
	messages: number;
	conversations: number;
}

/** Longer than anybody's. */
export const LARGE: Size = { messages: 50_000, conversations: 20_000 };
export const MOST_ROWS = 300;
export const MOST_HEAP_BYTES = 30_000_000;

/** Columns that scroll, by their test id, and what a row of them is. */
export const ROWS = { thread: "[data-row]", conversations: "[role=listitem]", bare: "p" } as const;
export type Column = keyof typeof ROWS;

/** Gives the client a conversation of so many messages, whose id it answers, and so many of one. */
export async function crowd(world: World, slug: string, size: Size): Promise<string> {
	const [one, many] = [await world.connection(slug), await world.connection(slug)];
	const part = { only: "history", chunkMessages: 2500, contacts: 1 };
	await world.sim.meta(one, { ...part, people: 1, messages: size.messages }).finished();
	/* Of the people one in five has no history. */
	const { conversations } = size;
	const people = (conversations / 4) * 5;
	await world.sim.meta(many, { ...part, seed: 8, people, messages: conversations }).finished();
	await world.applied({ seconds: 240 });
	const { data } = await world.api("get", "/api/clients/{slug}/conversations", {
		path: { slug },
		query: { limit: 2, connectionId: one.id },
	});
	if (data.length !== 1) throw new Error(`${data.length} conversations on the number that has one`);
	return data[0]?.id ?? "";
}

/** What JavaScript holds once what nobody holds is gone. */
export async function heapBytes(session: CDPSession): Promise<number> {
	await session.send("HeapProfiler.collectGarbage");
	const { usedSize } = await session.send("Runtime.getHeapUsage");
	return usedSize;
}

export interface Way {
	/** Rows that were in the document at once, at most. */
	mostRows: number;
	/** Different rows that were there. */
	seen: number;
}

/**
 * Scrolls a column by `step` pixels a frame (up if negative) until `rows` different ones were in
 * the document, or there is nothing more that way.
 */
export async function scrollThrough(page: Page, column: Column, step: number, rows: number): Promise<Way> {
	return await page.evaluate(
		async ([name, row, by, enough]) => {
			const box = document.querySelector(`[data-testid=${name}]`);
			if (box === null) throw new Error(`there is no ${name}`);
			const seen = new Set<string>();
			let mostRows = 0;
			const look = () => {
				const all = box.querySelectorAll<HTMLElement>(row);
				mostRows = Math.max(mostRows, all.length);
				for (const e of all)
					seen.add(e.dataset["message"] ?? e.querySelector("a")?.getAttribute("href") ?? "");
			};
			const watch = new MutationObserver(look);
			watch.observe(box, { childList: true, subtree: true });
			look();
			/* Standing still for so many frames, with nothing on its way, is the end. */
			for (let still = 0; still < 120 && seen.size < enough;) {
				const before = [box.scrollTop, seen.size];
				box.scrollTop += by;
				await new Promise((next) => requestAnimationFrame(next));
				const moved = before[0] !== box.scrollTop || before[1] !== seen.size;
				still = moved ? 0 : still + 1;
			}
			watch.disconnect();
			return { mostRows, seen: seen.size };
		},
		[column, ROWS[column], step, rows] as const,
	);
}

/** Waits until a column shows rows. */
export async function shows(page: Page, column: Column): Promise<void> {
	await page.getByTestId(column).locator(ROWS[column]).first().waitFor();
}

/** Turns the wheel over a column: so many pixels (up if negative) at so many a second. */
export async function wheel(
	page: Page,
	session: CDPSession,
	column: Column,
	{ px, perSecond }: { px: number; perSecond: number },
): Promise<void> {
	const box = await page.getByTestId(column).boundingBox();
	if (box === null) throw new Error(`${column} is not to be seen`);
	await session.send("Input.synthesizeScrollGesture", {
		x: Math.round(box.x + box.width / 2),
		y: Math.round(box.y + box.height / 2),
		yDistance: -px,
		speed: perSecond,
		gestureSourceType: "mouse",
		preventFling: true,
	});
}
