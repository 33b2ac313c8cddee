import { beforeEach, describe, expect, test } from "vitest";
import { draftOf, keyOfDraft, setDraft, settleDraft, watchDrafts } from "./drafts";

let made = 0;
const make = () => `k${String(++made)}`;

beforeEach(() => {
	setDraft("a", "");
	setDraft("b", "");
	made = 0;
});

describe("drafts", () => {
	test("each conversation has its own, and whoever watches is told", () => {
		let told = 0;
		const stop = watchDrafts(() => told++);
		setDraft("a", "Oi");
		setDraft("b", "Olá");
		expect([draftOf("a"), draftOf("b"), draftOf("c"), told]).toEqual(["Oi", "Olá", "", 2]);
		stop();
		setDraft("a", "");
		expect([draftOf("a"), told]).toEqual(["", 2]);
	});

	test("the key stays while the same is sent, and is another for another text or quote", () => {
		setDraft("a", "Oi");
		const first = keyOfDraft("a", null, make);
		expect(keyOfDraft("a", null, make)).toBe(first);
		expect(keyOfDraft("a", "quoted", make)).not.toBe(first);
		setDraft("a", "Oi!");
		const other = keyOfDraft("a", null, make);
		setDraft("a", "Oi!?");
		setDraft("a", "Oi!");
		expect(keyOfDraft("a", null, make)).toBe(other);
	});

	test("what the server has is gone; what was typed since stays, and so does another's", () => {
		setDraft("a", "Oi");
		setDraft("b", "Olá");
		const key = keyOfDraft("a", null, make);
		settleDraft("a", "unknown");
		expect(draftOf("a")).toBe("Oi");
		settleDraft("a", key);
		expect([draftOf("a"), draftOf("b")]).toEqual(["", "Olá"]);
		setDraft("a", "Oi");
		const next = keyOfDraft("a", null, make);
		setDraft("a", "Oi, e");
		settleDraft("a", next);
		expect(draftOf("a")).toBe("Oi, e");
		expect(keyOfDraft("a", null, make)).not.toBe(next);
	});
});
