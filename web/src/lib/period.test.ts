import { describe, expect, it } from "vitest";
import { periodFault, periodText } from "./period";

describe("a period of figures", () => {
	it("is refused here where the server would refuse it", () => {
		expect(periodFault("2026-11-01", "2026-11-01")).toBeNull();
		expect(periodFault("2026-11-02", "2026-11-01")).toBe("order");
		expect(periodFault("2025-11-29", "2026-11-29")).toBeNull();
		expect(periodFault("2025-11-28", "2026-11-29")).toBe("long");
		expect(periodFault("", "2026-11-29")).toBe("date");
	});
	it("is written as people write it, whatever the viewer's zone", () => {
		expect(periodText("pt-BR", "2026-06")).toBe("jun. de 2026");
		expect(periodText("en", "2026-06-01")).toBe("Jun 01, 2026");
		expect(periodText("en", "total")).toBe("total");
	});
});
