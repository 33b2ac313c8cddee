import { describe, expect, it } from "vitest";
import { isBelow, mergeFirstPage, type ListPage } from "./listMerge";

interface Row {
	id: string;
	at: string | null;
	text: string;
}
const row = (id: string, minute: number | null, text = ""): Row => ({
	id,
	at: minute === null ? null : `2026-01-01T00:${String(minute).padStart(2, "0")}:00.000Z`,
	text,
});
const page = (next: string | null, ...rows: Row[]): ListPage<Row> => ({ rows, next });
const ids = (pages: ListPage<Row>[]) => pages.map((p) => p.rows.map((r) => r.id).join(""));

describe("the order of the list", () => {
	it("is by time, then by id, and those without a time are last", () => {
		expect(isBelow(row("a", 1), row("b", 2))).toBe(true);
		expect(isBelow(row("a", 1), row("b", 1))).toBe(true);
		expect(isBelow(row("z", null), row("a", 1))).toBe(true);
		expect(isBelow(row("a", 1), row("z", null))).toBe(false);
	});
});

describe("merging the top of a list", () => {
	const pages = [page("1", row("a", 50), row("b", 40)), page("2", row("c", 30, "old"), row("d", 20))];

	it("moves a row up from wherever it was, once, in its newest version", () => {
		const merged = mergeFirstPage(pages, page("x", row("c", 55, "new"), row("a", 50)));
		expect(ids(merged)).toEqual(["ca", "b", "d"]);
		expect(merged[0]?.rows[0]?.text).toBe("new");
		expect(merged.at(-1)?.next).toBe("2");
	});
	it("is the fresh page where nothing was there", () => {
		expect(mergeFirstPage([], page(null, row("a", 1)))).toEqual([page(null, row("a", 1))]);
	});
	it("lets go of what no longer belongs to it, but for the row that one is at", () => {
		const fresh = page("x", row("b", 40));
		expect(ids(mergeFirstPage(pages, fresh))).toEqual(["b", "cd"]);
		expect(ids(mergeFirstPage(pages, fresh, "a"))).toEqual(["ab", "cd"]);
		expect(ids(mergeFirstPage(pages, page(null), "c"))).toEqual(["c"]);
	});
	it("is the whole list when the fresh page is", () => {
		expect(ids(mergeFirstPage(pages, page(null, row("e", 59), row("d", 20))))).toEqual(["ed"]);
	});
	it("goes on where it ended before, once more rows came than one page holds", () => {
		const short = [page(null, row("a", 50))];
		const merged = mergeFirstPage(short, page("x", row("e", 58), row("a", 50), row("f", 45)));
		expect(merged).toEqual([page("x", row("e", 58), row("a", 50), row("f", 45))]);
	});
	it("leaves no hole when more came meanwhile than the fresh page tells of", () => {
		expect(ids(mergeFirstPage(pages, page("x", row("f", 59), row("e", 58))))).toEqual(["fe"]);
	});
});
