import { describe, expect, it } from "vitest";
import { findExcerpt } from "./excerpt";

const cut = (text: string, excerpt: string) => {
	const found = findExcerpt(text, excerpt);
	return found === null ? null : text.slice(found[0], found[1]);
};

describe("a quotation in a message", () => {
	it("is found across white space of any kind", () => {
		expect(cut("Oi!\n\n  tudo\tbem?", "Oi! tudo bem?")).toBe("Oi!\n\n  tudo\tbem?");
	});
	it("is found whether accents are composed or not, and cut in the text as it stands", () => {
		const loose = "não ha\u0301 vagas";
		expect(cut(loose, "há vagas")).toBe("ha\u0301 vagas");
		expect(cut("há vagas 🙂 hoje", "🙂 hoje")).toBe("🙂 hoje");
	});
	it("is not found where it is not, nor where there is nothing to find", () => {
		expect(cut("bom dia", "boa tarde")).toBeNull();
		expect(cut("bom dia", "  ")).toBeNull();
	});
});
