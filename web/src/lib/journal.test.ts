import { describe, expect, it } from "vitest";
import { mergeNewest, problemOf } from "./journal";

const rows = (...ids: string[]) => ids.map((id) => ({ id }));
const idsOf = (pages: { rows: { id: string }[] }[]) => pages.map((p) => p.rows.map((r) => r.id).join(""));

describe("the top of the journal", () => {
	it("takes the new ones in and keeps what was loaded further down", () => {
		const merged = mergeNewest(
			[
				{ rows: rows("f", "e"), next: "2" },
				{ rows: rows("d", "c"), next: "3" },
			],
			{ rows: rows("h", "g", "f"), next: "x" },
		);
		expect(idsOf(merged)).toEqual(["hgfe", "dc"]);
		expect(merged.at(-1)?.next).toBe("3");
	});
	it("lets go what no longer passes the filters", () => {
		const merged = mergeNewest([{ rows: rows("f", "e", "d"), next: "2" }], {
			rows: rows("f", "d"),
			next: "x",
		});
		expect(idsOf(merged)).toEqual(["fd"]);
	});
	it("begins anew where more came than a page holds, or where the page is all there is", () => {
		expect(
			mergeNewest([{ rows: rows("b", "a"), next: null }], { rows: rows("z", "y"), next: "x" }),
		).toEqual([{ rows: rows("z", "y"), next: "x" }]);
		expect(
			idsOf(mergeNewest([{ rows: rows("b", "a"), next: null }], { rows: rows("b"), next: null })),
		).toEqual(["b"]);
		expect(idsOf(mergeNewest([{ rows: [], next: null }], { rows: rows("b"), next: "x" }))).toEqual(["b"]);
	});
});

describe("a problem", () => {
	it("is told by code, place and detail, and shown as it is when it has none", () => {
		expect(problemOf({ code: "bad_id", path: "a[0]", detail: "id", wamid: null })).toEqual({
			code: "bad_id",
			path: "a[0]",
			detail: "id",
		});
		expect(problemOf(["?"])).toEqual({ code: "", path: null, detail: '["?"]' });
	});
});
