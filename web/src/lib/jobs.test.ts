import { describe, expect, it } from "vitest";
import { countsOf, jobRate } from "./jobs";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, s));
const job = (done: number, finished: number | null) => ({
	startedAt: at(0).toISOString(),
	finishedAt: finished === null ? null : at(finished).toISOString(),
	progress: { done, total: null, unit: "tickets" },
});

describe("a job", () => {
	it("has a rate once there is something to go by", () => {
		expect(jobRate(job(10, null), at(30))).toBe(20);
		expect(jobRate(job(10, 60), at(3000))).toBe(10);
		expect(jobRate(job(0, null), at(30))).toBeNull();
		expect(jobRate({ ...job(1, null), startedAt: null }, at(30))).toBeNull();
	});
	it("has the counts that are numbers", () => {
		expect([...countsOf({ counts: { a: 1, b: "x", c: { d: 2 } } })]).toEqual([["a", 1]]);
		expect(countsOf({ counts: {} }).size).toBe(0);
	});
});
