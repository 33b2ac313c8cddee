import { describe, expect, it } from "vitest";
import { slugOf } from "./slug";

describe("a key from a name", () => {
	it("has neither accents nor blanks, nor hyphens at its ends", () => {
		expect(slugOf("Agendamento – Revisão (2026)")).toBe("agendamento-revisao-2026");
		expect(slugOf("  ¿? ")).toBe("");
		expect(slugOf("abc def", 4)).toBe("abc");
	});
});
