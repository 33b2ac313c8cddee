import { describe, expect, it } from "vitest";
import { isSlug, slugOf } from "./slug";

describe("a key from a name", () => {
	it("has neither accents nor blanks, nor hyphens at its ends", () => {
		expect(slugOf("Agendamento – Revisão (2026)")).toBe("agendamento-revisao-2026");
		expect(slugOf("  ¿? ")).toBe("");
		expect(slugOf("abc def", 4)).toBe("abc");
	});
	it("is of a-z, 0-9 and -, 64 at most", () => {
		expect(["acme-2", "Acme", "", "a".repeat(65)].map(isSlug)).toEqual([true, false, false, false]);
	});
});
