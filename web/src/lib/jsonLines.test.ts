import { describe, expect, it } from "vitest";
import { jsonLines, linesWith, prettyJson } from "./jsonLines";

describe("a body as lines", () => {
	it("is the same JSON when it is put together again", () => {
		const body = { a: ["x".repeat(1000), "\u202eabc\u0007", "<b>", 1.5, null], "": {} };
		const lines = jsonLines(prettyJson(body), 80);
		const text = lines.map((l, i) => (l.number === null || i === 0 ? "" : "\n") + l.text).join("");
		expect(JSON.parse(text)).toEqual(body);
		expect(Math.max(...lines.map((l) => l.text.length))).toBe(80);
	});
	it("shows marks that turn text as escapes", () => {
		expect(prettyJson("\u202eabc\ufeff")).toBe('"\\u202eabc\\ufeff"');
	});
	it("counts a long line once and never cuts a sign in two", () => {
		const lines = jsonLines(prettyJson({ a: "😀".repeat(50) }), 20);
		expect(lines.filter((l) => l.number !== null).map((l) => l.number)).toEqual([1, 2, 3]);
		expect(() => lines.map((l) => encodeURIComponent(l.text))).not.toThrow();
	});
	it("finds words whatever their case", () => {
		const lines = jsonLines(prettyJson({ Wamid: "ABC", b: "abc" }), 80);
		expect(linesWith(lines, "abc")).toEqual([1, 2]);
		expect(linesWith(lines, "")).toEqual([]);
	});
	it("has a line for what is nothing", () => {
		expect(jsonLines(prettyJson(undefined), 80)).toEqual([{ number: 1, text: "null" }]);
	});
});
