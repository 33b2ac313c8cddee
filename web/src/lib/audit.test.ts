import { describe, expect, it } from "vitest";
import { detailWords } from "./audit";

describe("the detail of an audit entry", () => {
	it("is names and values on one line", () => {
		expect(detailWords({ kind: "import", full: true, of: ["a"] })).toBe(
			'kind: import, full: true, of: ["a"]',
		);
	});
	it("speaks the reader's language where it has words", () => {
		const words: Record<string, string> = { kind: "tipo", "kind.import": "importação" };
		const speak = (w: string, name: string | null) => words[name === null ? w : `${name}.${w}`] ?? w;
		expect(detailWords({ kind: "import", full: true }, speak)).toBe("tipo: importação, full: true");
	});
	it("is empty where there is none, and short where there is much", () => {
		expect([detailWords(null), detailWords({})]).toEqual(["", ""]);
		expect(detailWords(["x".repeat(1000)])).toHaveLength(401);
	});
});
