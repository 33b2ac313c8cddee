import { describe, expect, it } from "vitest";
import { latestWindow, serviceWindow } from "./serviceWindow";

const now = new Date("2026-01-20T12:00:00.000Z");

describe("the window to answer in", () => {
	it("is open until its very end, and closed from then on", () => {
		expect(serviceWindow("2026-01-20T13:00:00.000Z", now)).toEqual({ state: "open", secondsLeft: 3600 });
		expect(serviceWindow("2026-01-20T12:00:00.000Z", now).state).toBe("closed");
		expect(serviceWindow(null, now).state).toBe("never");
	});
	it("is that of the ticket that stays open longest", () => {
		expect(
			latestWindow([
				{ serviceWindowExpiresAt: "2026-01-20T13:00:00.000Z" },
				{ serviceWindowExpiresAt: null },
				{ serviceWindowExpiresAt: "2026-01-20T14:00:00.000Z" },
			]),
		).toBe("2026-01-20T14:00:00.000Z");
		expect(latestWindow([])).toBeNull();
	});
});
