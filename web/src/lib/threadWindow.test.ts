import { describe, expect, it } from "vitest";
import { MAX_ROWS, opened, withFresh, withNewer, withOlder, type Held } from "./threadWindow";

const START = new Date(2026, 0, 1, 8).getTime();
const message = (n: number, minutes = n, sessionId: string | null = null): Held => ({
	id: `m${n}`,
	timestamp: new Date(START + minutes * 60_000).toISOString(),
	sessionId,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => message(from + i));
const page = (from: number, to: number, before = true, after = true) => ({
	data: range(from, to),
	hasBefore: before,
	hasAfter: after,
});
const ids = (w: { messages: readonly Held[] }) => w.messages.map((m) => m.id);

describe("the window of a thread", () => {
	it("stays in order and without doubles when pages overlap", () => {
		const w = withOlder(opened(page(50, 60, true, false)), page(45, 52));
		expect(ids(w)).toEqual(range(45, 60).map((m) => m.id));
		expect([w.hasBefore, w.hasAfter]).toEqual([true, false]);
	});
	it("lets go of the newest when one reads far back, and says so", () => {
		let w = opened(page(1000, 1050, true, false));
		for (let at = 950; at >= 0; at -= 50) w = withOlder(w, page(at, at + 50, at > 0));
		expect(w.messages.length).toBeLessThanOrEqual(MAX_ROWS);
		expect(ids(w)[0]).toBe("m0");
		expect([w.hasBefore, w.hasAfter]).toEqual([false, true]);
	});
	it("lets go of the oldest on the way forward, and ends at the newest", () => {
		let w = opened(page(0, 50, false, true));
		for (let at = 50; at < 1000; at += 50) w = withNewer(w, page(at, at + 50, true, at < 950));
		expect(ids(w).at(-1)).toBe("m999");
		expect([w.hasBefore, w.hasAfter]).toEqual([true, false]);
	});
	it("counts separators too: a message a day in a session of its own is three rows", () => {
		const data = Array.from({ length: 200 }, (_, i) => message(i, i * 1440, `s${i}`));
		const w = opened({ data, hasBefore: false, hasAfter: false });
		expect(w.messages.length).toBe(Math.floor(MAX_ROWS / 3));
		expect(w.hasBefore).toBe(true);
	});
	it("takes ticks and what is new from the newest page", () => {
		const w = opened(page(0, 50, true, false));
		const newest = { ...page(30, 55, true, false) };
		newest.data[0] = { ...message(30), sessionId: "now" };
		const after = withFresh(w, newest);
		expect(ids(after)).toEqual(range(0, 55).map((m) => m.id));
		expect(after.messages[30]?.sessionId).toBe("now");
	});
	it("appends nothing across a hole, but knows that there is more", () => {
		const w = opened(page(0, 50, true, false));
		const after = withFresh(w, page(90, 140, true, false));
		expect(ids(after)).toEqual(ids(w));
		expect(after.hasAfter).toBe(true);
	});
	it("fills an empty conversation", () => {
		const w = opened({ data: [], hasBefore: false, hasAfter: false });
		expect(ids(withFresh(w, page(0, 2, false, false)))).toEqual(["m0", "m1"]);
	});
	it("finds history that came in front of what was thought to be the beginning", () => {
		const w = opened(page(50, 52, false, false));
		const after = withFresh(w, page(30, 52, true, false));
		expect(ids(after)).toEqual(range(30, 52).map((m) => m.id));
		expect([after.hasBefore, after.hasAfter]).toEqual([true, false]);
	});
	it("takes what came in between, and lets go of what is no longer there", () => {
		const w = opened(page(10, 20, true, true));
		const fresh = page(12, 18);
		fresh.data.splice(1, 1, message(900, 13));
		expect(ids(withFresh(w, fresh))).toEqual([
			"m10",
			"m11",
			"m12",
			"m900",
			"m14",
			"m15",
			"m16",
			"m17",
			"m18",
			"m19",
		]);
	});
	it("does not go on to the newest from a stretch that is far from it", () => {
		const w = opened(page(0, 50, false, true));
		const after = withFresh(w, page(10, 40, true, true));
		expect([ids(after).length, after.hasBefore, after.hasAfter]).toEqual([50, false, true]);
	});
});
