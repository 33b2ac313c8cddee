import { describe, expect, it } from "vitest";
import { byAgent, trendStretches, worstTopics } from "./results";

describe("the figures of reports", () => {
	it("are averaged by agent, the worst first, those without one together", () => {
		expect(
			byAgent([
				{ assignedUserName: "Carla", overallScore: 80 },
				{ assignedUserName: null, overallScore: 10 },
				{ assignedUserName: "Carla", overallScore: 60 },
			]),
		).toEqual([
			{ name: null, count: 1, average: 10 },
			{ name: "Carla", count: 2, average: 70 },
		]);
		expect(byAgent([])).toEqual([]);
	});
	it("name the worst topics", () => {
		const item = (key: string, score: number, passed: boolean) => ({
			key,
			label: key,
			score,
			passed,
			notes: "",
		});
		expect(
			worstTopics([
				{ checklist: [item("a", 100, true), item("b", 0, false)] },
				{ checklist: [item("a", 50, true), item("b", 40, true)] },
			]),
		).toEqual([
			{ key: "b", label: "b", count: 2, failed: 1, average: 20 },
			{ key: "a", label: "a", count: 2, failed: 0, average: 75 },
		]);
	});
});

describe("the stretches of a trend", () => {
	const today = new Date(2026, 2, 3);
	it("are whole days that neither overlap nor leave a gap, and end today", () => {
		for (const days of [7, 30, 90, 365]) {
			const all = trendStretches(days, today);
			expect(all.at(-1)?.endDate).toBe("2026-03-03");
			for (let i = 1; i < all.length; i++) {
				const next = new Date(`${all[i - 1]?.endDate ?? ""}T00:00:00Z`);
				next.setUTCDate(next.getUTCDate() + 1);
				expect(all[i]?.startDate).toBe(next.toISOString().slice(0, 10));
			}
			expect(all.length).toBeLessThanOrEqual(12);
		}
	});
	it("cover exactly the days asked for", () => {
		expect(trendStretches(7, today)[0]?.startDate).toBe("2026-02-25");
		expect(trendStretches(365, today)[0]?.startDate).toBe("2025-03-04");
	});
});
