import { describe, expect, it } from "vitest";
import { isSlug, slugFrom } from "./slug";

describe("the slug of a client", () => {
	it("is what of the name may stand in an address", () => {
		expect(slugFrom("  Clínica São José & Cia. ")).toBe("clinica-sao-jose-cia");
		expect(slugFrom("日本")).toBe("");
		expect(slugFrom("a".repeat(63) + " b")).toBe("a".repeat(63));
	});
	it("is of a-z, 0-9 and -, 64 at most", () => {
		expect([isSlug("acme-2"), isSlug("Acme"), isSlug(""), isSlug("a".repeat(65))]).toEqual([true, false, false, false]);
	});
});
