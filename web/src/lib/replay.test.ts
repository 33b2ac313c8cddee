import { describe, expect, it } from "vitest";
import { journalFilters, replayBody, timeOf } from "./replay";

describe("the filters of the journal", () => {
	it("take what the API knows and leave out the rest", () => {
		const f = journalFilters(new URLSearchParams("estado=failed&campo=nonsense&de=2026-01-10T09:00"));
		expect(f.status).toBe("failed");
		expect(f.field).toBeUndefined();
		expect(f.from).toBe(new Date(2026, 0, 10, 9).toISOString());
		expect(replayBody(f)).toEqual({ status: "failed", from: f.from });
	});
	it("take no time that is none", () => {
		expect(timeOf("yesterday")).toBeUndefined();
		expect(timeOf("")).toBeUndefined();
		expect(replayBody(journalFilters(new URLSearchParams()))).toEqual({});
	});
});
