import { describe, expect, it } from "vitest";
import { fromLocalInput, toLocalInput } from "./localTime";

describe("a time in a date field", () => {
	it("comes back as it was, to the minute", () => {
		const iso = new Date(2026, 10, 29, 9, 5).toISOString();
		expect(toLocalInput(iso)).toBe("2026-11-29T09:05");
		expect(fromLocalInput(toLocalInput(iso))).toBe(iso);
	});
	it("is nothing when it is no time", () => {
		expect([
			toLocalInput("ontem"),
			toLocalInput(""),
			fromLocalInput("32/13"),
			fromLocalInput(""),
		]).toEqual(["", "", "", ""]);
	});
});
