import { describe, expect, it } from "vitest";
import { mergeFirstPage } from "./listMerge";

const row = (id: string, text = "") => ({ id, text });

describe("merging the top of a list", () => {
	it("moves a row up from wherever it was, once, in its newest version", () => {
		const pages = [
			{ rows: [row("a"), row("b")], next: "1" },
			{ rows: [row("c", "old"), row("d")], next: null },
		];
		const merged = mergeFirstPage(pages, { rows: [row("c", "new"), row("a")], next: "x" });
		expect(merged.flatMap((p) => p.rows)).toEqual([row("c", "new"), row("a"), row("b"), row("d")]);
		expect(merged.map((p) => p.next)).toEqual(["1", null]);
	});
	it("is the fresh page where nothing was there", () => {
		expect(mergeFirstPage([], { rows: [row("a")], next: null })).toHaveLength(1);
	});
});
