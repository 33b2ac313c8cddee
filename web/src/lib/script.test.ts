import { describe, expect, it } from "vitest";
import { faultsOf, typed, weightOf, type TopicLine } from "./script";

const line = (to: Partial<TopicLine>): TopicLine => ({
	id: 0,
	key: "k",
	label: "L",
	weight: "1",
	fixed: false,
	...to,
});
const draft = { name: "N", key: "n", text: "T", topics: [] };

describe("a script being written", () => {
	it("takes weights with a point or a comma, and nothing else", () => {
		expect(["2", " 0,5 ", "0.5", ".5", "2.", "0"].map(weightOf)).toEqual([2, 0.5, 0.5, 0.5, 2, 0]);
		expect(["", "x", "-1", "1e3", "1,2,3"].map((w) => Number.isNaN(weightOf(w)))).not.toContain(false);
	});
	it("writes a weight as the language does", () => {
		expect([typed("pt-BR", 2.5), typed("en", 2.5), typed("pt-BR", 1000), typed("en", 0.000001)]).toEqual([
			"2,5",
			"2.5",
			"1000",
			"0.000001",
		]);
	});
	it("is fine as it is", () => {
		expect(faultsOf({ ...draft, topics: [line({})] }, ["other"])).toEqual({ topics: [{}], count: 0 });
	});
	it("says what is missing, where", () => {
		const faults = faultsOf(
			{ name: " ", key: "", text: "\n", topics: [line({ label: "", key: " " })] },
			[],
		);
		expect(faults).toEqual({
			name: "edit.required",
			key: "edit.required",
			text: "edit.required",
			topics: [{ label: "edit.required", key: "edit.required" }],
			count: 5,
		});
	});
	it("knows keys that are taken, at the second of the two", () => {
		const topics = [line({}), line({ id: 1 }), line({ id: 2, key: 'a"b' })];
		expect(faultsOf({ ...draft, topics }, ["n"])).toEqual({
			key: "edit.key.taken",
			topics: [{}, { key: "edit.topic.key.taken" }, { key: "edit.key.wrong" }],
			count: 3,
		});
	});
	it("refuses the weights that the server refuses", () => {
		const topics = ["0", "0.000001", "1000000", "0.0000001", "1000001", ""].map((weight, id) =>
			line({ id, key: String(id), weight }),
		);
		expect(faultsOf({ ...draft, topics }, []).topics.map((f) => f.weight)).toEqual([
			undefined,
			undefined,
			undefined,
			"edit.weight.wrong",
			"edit.weight.wrong",
			"edit.weight.wrong",
		]);
	});
});
