/*
 * How evenly a page moves while something is done: by the time between its frames, which is what
 * one sees, and by the work of its thread for each, which other programs on the machine disturb less.
 */
import type { CDPSession, Page } from "playwright-core";

const SMOOTH_MS = 33;

export interface Frames {
	count: number;
	/** Of all frames those that took at most 33 ms. */
	smooth: number;
	worstMs: number;
}

function framesOf(ms: readonly number[], most: number): Frames {
	const smooth = ms.filter((each) => each <= most).length;
	return { count: ms.length, smooth: smooth / ms.length, worstMs: Math.max(...ms) };
}

/** The time between frames, as the page is told of them. */
export async function framesDuring(page: Page, act: () => Promise<void>): Promise<Frames> {
	await page.evaluate(() => {
		const of = window as unknown as { frames: number[]; isTaking: boolean };
		of.frames = [];
		of.isTaking = true;
		let last = 0;
		const take = (now: number) => {
			if (last !== 0) of.frames.push(now - last);
			last = now;
			if (of.isTaking) requestAnimationFrame(take);
		};
		requestAnimationFrame(take);
	});
	await act();
	const frames = await page.evaluate(() => {
		const of = window as unknown as { frames: number[]; isTaking: boolean };
		of.isTaking = false;
		return of.frames;
	});
	/* The display's own rhythm is not exact. */
	return framesOf(frames, SMOOTH_MS + 0.5);
}

/* What is read here of Chromium's trace: when, in microseconds, and of the thread's own time how much. */
interface TraceEvent {
	name: string;
	ph: string;
	pid: number;
	tid: number;
	ts: number;
	tdur?: number;
	args?: { name?: string };
}

async function traceOf(browser: CDPSession, act: () => Promise<void>): Promise<TraceEvent[]> {
	const events: TraceEvent[] = [];
	browser.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
	const complete = new Promise((resolve) => browser.once("Tracing.tracingComplete", resolve));
	await browser.send("Tracing.start", {
		transferMode: "ReportEvents",
		traceConfig: {
			includedCategories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"],
		},
	});
	await act();
	await browser.send("Tracing.end");
	await complete;
	return events;
}

/** What the page's thread works for each frame, `slower` times as long as it takes here. */
export async function workDuring(page: Page, slower: number, act: () => Promise<void>): Promise<Frames> {
	const browser = await page.context().browser()?.newBrowserCDPSession();
	if (browser === undefined) throw new Error("the page has no browser");
	const events = await traceOf(browser, act);
	await browser.detach();
	const mains = events.filter(
		(e) => e.ph === "M" && e.name === "thread_name" && e.args?.name === "CrRendererMain",
	);
	/* Of the browser's pages the one that draws frames. */
	const all = mains
		.map((of) => events.filter((e) => e.ph === "X" && e.pid === of.pid && e.tid === of.tid))
		.sort((a, b) => b.length - a.length)[0];
	const ends = (all ?? []).filter((e) => e.name === "Commit").map((e) => e.ts);
	const work = ends.map(() => 0);
	for (const task of (all ?? []).filter((e) => e.name === "RunTask")) {
		const frame = ends.findIndex((end) => task.ts < end);
		if (frame > 0) work[frame] = (work[frame] ?? 0) + (slower * (task.tdur ?? 0)) / 1000;
	}
	return framesOf(work.slice(1), SMOOTH_MS);
}
