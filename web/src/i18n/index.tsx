/*
 * The two languages of the page. Each page brings its own texts, Portuguese and English side by
 * side, so that none can be missing and a page that is not opened costs nothing. What always
 * holds: a key is checked by the compiler; text is text, so what is filled in can never be markup.
 */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Language } from "../lib/format";

/** key → [Brazilian Portuguese, English]; "one||other" where `n` decides. */
export type Messages = Record<string, readonly [pt: string, en: string]>;
export type Vars = Record<string, string | number>;
export type Translate<M extends Messages> = (key: keyof M & string, vars?: Vars) => string;

export function fill(text: string, language: Language, vars: Vars = {}): string {
	let chosen = text;
	const parts = text.split("||");

	if (parts.length === 2) {
		const n = Number(vars["count"] ?? vars["n"] ?? 0);
		/* The rules call 0 singular in Portuguese; readers do not. */
		const one = n !== 0 && new Intl.PluralRules(language).select(n) === "one";
		chosen = parts[one ? 0 : 1] ?? text;
	}
	return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
		const value = vars[name];
		if (value === undefined) return whole;
		return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
	});
}

export function translator<M extends Messages>(messages: M, language: Language): Translate<M> {
	return (key, vars) => {
		const pair = messages[key];
		return pair === undefined ? key : fill(pair[language === "en" ? 1 : 0], language, vars);
	};
}

/** What a code of the server's means, by "group.code"; where it is not known, what the server says. */
export function byCode<M extends Messages>(
	messages: M,
	t: Translate<M>,
	group: string,
	code: string | null,
	said: string,
): string {
	const key = `${group}.${code ?? ""}`;
	return Object.hasOwn(messages, key) ? t(key) : said;
}

interface LanguageContext {
	language: Language;
	setLanguage: (language: Language) => void;
}

const Context = createContext<LanguageContext>({ language: "pt-BR", setLanguage: () => undefined });
const STORED = "recado.language";

/** What the viewer chose before, or the first language of the browser that we speak. */
export function firstLanguage(stored: string | null, wanted: readonly string[]): Language {
	if (stored === "pt-BR" || stored === "en") return stored;
	for (const tag of wanted) {
		if (tag.toLowerCase().startsWith("pt")) return "pt-BR";
		if (tag.toLowerCase().startsWith("en")) return "en";
	}
	return "pt-BR";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
	const [language, set] = useState(() => firstLanguage(localStorage.getItem(STORED), navigator.languages));
	const setLanguage = useCallback((to: Language) => {
		localStorage.setItem(STORED, to);
		set(to);
	}, []);
	const value = useMemo(() => ({ language, setLanguage }), [language, setLanguage]);

	useEffect(() => {
		document.documentElement.lang = language;
	}, [language]);
	return <Context value={value}>{children}</Context>;
}

export function useLanguage(): LanguageContext {
	return useContext(Context);
}

export function useT<M extends Messages>(messages: M): Translate<M> {
	const { language } = useContext(Context);
	return useMemo(() => translator(messages, language), [messages, language]);
}
