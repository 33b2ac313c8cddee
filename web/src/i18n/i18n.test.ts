import { describe, expect, it } from "vitest";
import { byCode, fill, firstLanguage, translator } from "./index";

describe("texts", () => {
	it("chooses by number the way the language counts", () => {
		const text = "{n} mensagem||{n} mensagens";
		expect(fill(text, "pt-BR", { n: 1 })).toBe("1 mensagem");
		expect(fill(text, "pt-BR", { n: 0 })).toBe("0 mensagens");
		expect(fill("{n} message||{n} messages", "en", { n: 0 })).toBe("0 messages");
		expect(fill(text, "pt-BR", { n: 4211 })).toBe("4.211 mensagens");
	});
	it("fills in text as it is, braces and markup included", () => {
		expect(fill("Olá, {name}", "pt-BR", { name: "<b>{name}</b>" })).toBe("Olá, <b>{name}</b>");
		expect(fill("{missing}", "en")).toBe("{missing}");
	});
	it("speaks the language that was chosen", () => {
		const m = { yes: ["Sim", "Yes"] } as const;
		expect(translator(m, "en")("yes")).toBe("Yes");
		expect(translator(m, "pt-BR")("yes")).toBe("Sim");
	});
	it("says a code in the reader's language, and what it does not know as it was said", () => {
		const m = { "reason.gone": ["Sumiu", "Gone"] } as const;
		const t = translator(m, "pt-BR");
		expect(byCode(m, t, "reason", "gone", "gone: 404")).toBe("Sumiu");
		expect(byCode(m, t, "reason", "toString", "said")).toBe("said");
		expect(byCode(m, t, "reason", null, "said")).toBe("said");
	});
	it("takes what was chosen, then the first known of the browser, then Portuguese", () => {
		expect(firstLanguage("en", ["pt-BR"])).toBe("en");
		expect(firstLanguage(null, ["fr", "en-GB", "pt"])).toBe("en");
		expect(firstLanguage("klingon", ["fr"])).toBe("pt-BR");
	});
});
