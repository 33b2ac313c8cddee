import { describe, expect, it } from "vitest";
import { Keyboard } from "./keyboard";

const stroke = (key: string, at = 0, more = {}) => ({ key, at, typing: false, modified: false, ...more });

describe("the keyboard", () => {
	it("goes to a page by g and its letter, which alone means something else", () => {
		const k = new Keyboard();
		expect(k.press(stroke("k"))).toEqual({ do: "previous" });
		expect(k.press(stroke("g"))).toBeNull();
		expect(k.press(stroke("k", 100))).toEqual({ do: "go", page: "indicadores" });
		expect(k.press(stroke("k", 200))).toEqual({ do: "previous" });
	});
	it("forgets a g that was pressed long ago", () => {
		const k = new Keyboard();
		k.press(stroke("g"));
		expect(k.press(stroke("w", 2000))).toBeNull();
	});
	it("leaves typing alone, but for Escape", () => {
		const k = new Keyboard();
		expect(k.press(stroke("j", 0, { typing: true }))).toBeNull();
		expect(k.press(stroke("Escape", 0, { typing: true }))).toEqual({ do: "close" });
		expect(k.press(stroke("r", 0, { modified: true }))).toBeNull();
	});
});
