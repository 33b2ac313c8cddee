import { describe, expect, it } from "vitest";
import { fileName, shownLength } from "./cut";

describe("how much is shown of a text", () => {
	it("is all of a short one", () => {
		expect(shownLength("")).toBe(0);
		expect(shownLength("a\nb")).toBe(3);
	});
	it("ends after so many characters, and never within one", () => {
		expect(shownLength("a".repeat(1300))).toBe(1200);
		expect(shownLength("a".repeat(1199) + "👍".repeat(9))).toBe(1199);
	});
	it("ends after so many lines", () => {
		expect(shownLength("a\n".repeat(29) + "a")).toBe(59);
		expect(shownLength("a\n".repeat(40))).toBe(59);
	});
});

describe("a file's name", () => {
	it("cannot pretend to end otherwise than it does", () => {
		expect(fileName("foto\u202Egnp.exe")).toBe("fotognp.exe");
	});
});
