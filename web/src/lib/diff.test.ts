import { describe, expect, it } from "vitest";
import { diffLines } from "./diff";

const marks = { same: " ", added: "+", removed: "-" };
const show = (a: string, b: string) => diffLines(a, b).map((l) => marks[l.kind] + l.text);

describe("the difference of two texts", () => {
	it("keeps what is common in its place", () => {
		expect(show("a\nb\nc\nd", "a\nx\nc\nd\ne")).toEqual([" a", "-b", "+x", " c", " d", "+e"]);
	});
	it("is nothing for the same text, and everything for another", () => {
		expect(show("a\nb", "a\nb")).toEqual([" a", " b"]);
		expect(show("a", "b")).toEqual(["-a", "+b"]);
	});
	it("gives both texts back", () => {
		const a = "um\ndois\n\ntrês\ndois\nquatro";
		const b = "dois\n\ndois\ntrês\ncinco\nquatro";
		const lines = diffLines(a, b);
		expect(
			lines
				.filter((l) => l.kind !== "added")
				.map((l) => l.text)
				.join("\n"),
		).toBe(a);
		expect(
			lines
				.filter((l) => l.kind !== "removed")
				.map((l) => l.text)
				.join("\n"),
		).toBe(b);
	});
	it("does not try what is too large", () => {
		const many = (c: string) => Array.from({ length: 3000 }, (_, i) => `${c}${i}`).join("\n");
		expect(diffLines(many("a"), many("b")).length).toBe(6000);
	});
});
