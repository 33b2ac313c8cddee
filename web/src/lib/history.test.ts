import { describe, expect, it } from "vitest";
import { historyPercent, historyTone, secondsLeft } from "./history";

describe("a history on its card", () => {
	it("has a share only while it comes and when it is complete", () => {
		expect(historyPercent({ historySyncStatus: "syncing", historySyncProgress: 55 })).toBe(55);
		expect(historyPercent({ historySyncStatus: "syncing", historySyncProgress: null })).toBe(0);
		expect(historyPercent({ historySyncStatus: "completed", historySyncProgress: null })).toBe(100);
		expect(historyPercent({ historySyncStatus: "declined", historySyncProgress: 40 })).toBeNull();
	});
	it("says how long it still takes only when there is something to go by", () => {
		expect(secondsLeft(50, 40)).toBe(40);
		expect(secondsLeft(2, 40)).toBeNull();
		expect(secondsLeft(50, null)).toBeNull();
		expect(secondsLeft(100, 40)).toBeNull();
	});
	it("needs you when it was declined, and waits while nobody has agreed", () => {
		expect(historyTone("declined")).toBe("red");
		expect(historyTone("pending_consent")).toBe("amber");
	});
});
