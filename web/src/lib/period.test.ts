import { describe, expect, it } from "vitest";
import { periodFault, periodsBetween, periodText, shortPeriodText } from "./period";

describe("a period of figures", () => {
	it("is refused here where the server would refuse it", () => {
		expect(periodFault("2026-11-01", "2026-11-01")).toBeNull();
		expect(periodFault("2026-11-02", "2026-11-01")).toBe("order");
		expect(periodFault("2025-11-29", "2026-11-29")).toBeNull();
		expect(periodFault("2025-11-28", "2026-11-29")).toBe("long");
		expect(periodFault("", "2026-11-29")).toBe("date");
	});
	it("has no holes, over the ends of months and years", () => {
		expect(periodsBetween("2026-02-27", "2026-03-02")).toEqual([
			"2026-02-27",
			"2026-02-28",
			"2026-03-01",
			"2026-03-02",
		]);
		expect(periodsBetween("2025-11", "2026-02")).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
		expect(periodsBetween("2026-03-01", "2026-03-01")).toEqual(["2026-03-01"]);
		expect(periodsBetween("a", "total")).toEqual(["a", "total"]);
	});
	it("is short below a chart", () => {
		expect(shortPeriodText("en", "2026-06-01")).toBe("Jun 1");
		expect(shortPeriodText("pt-BR", "2026-06")).toMatch(/^jun\.? de 26$/);
		expect(shortPeriodText("en", "total")).toBe("total");
	});
	it("is written as people write it, whatever the viewer's zone", () => {
		expect(periodText("pt-BR", "2026-06")).toBe("jun. de 2026");
		expect(periodText("en", "2026-06-01")).toBe("Jun 01, 2026");
		expect(periodText("en", "total")).toBe("total");
	});
});
