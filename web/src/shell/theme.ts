/* Light or dark: what the viewer chose here, else what the system says, and it follows the system. */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const STORED = "recado.theme";
const wantsDark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function firstTheme(): Theme {
	const stored = localStorage.getItem(STORED);
	if (stored === "light" || stored === "dark") return stored;
	return wantsDark.matches ? "dark" : "light";
}

export function applyTheme(theme: Theme): void {
	document.documentElement.dataset["theme"] = theme;
	for (const each of listeners) each();
}

wantsDark.addEventListener("change", () => applyTheme(firstTheme()));

export function setTheme(theme: Theme): void {
	localStorage.setItem(STORED, theme);
	applyTheme(theme);
}

export function useTheme(): Theme {
	return useSyncExternalStore(
		(listener) => {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		() => (document.documentElement.dataset["theme"] === "dark" ? "dark" : "light"),
	);
}
