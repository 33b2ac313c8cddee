/*
 * Which key means what, decided apart from the browser so that it can be tested. What always
 * holds: nothing happens while somebody types into a field or holds Ctrl, Alt or Meta; `g` waits
 * for its letter for a second and a half, and a letter that means nothing ends the wait.
 */
export type Command =
	{ do: "search" | "next" | "previous" | "reply" | "help" | "close" } | { do: "go"; page: string };

export const PAGE_KEYS: Readonly<Record<string, string>> = {
	c: "conversas",
	w: "whatsapp",
	i: "importacoes",
	a: "avaliacoes",
	k: "indicadores",
	h: "webhooks",
	m: "administracao",
};

const SIMPLE: Readonly<Record<string, Command>> = {
	"/": { do: "search" },
	j: { do: "next" },
	k: { do: "previous" },
	r: { do: "reply" },
	"?": { do: "help" },
	Escape: { do: "close" },
};

const GO_MS = 1500;

export interface Stroke {
	key: string;
	typing: boolean;
	modified: boolean;
	at: number;
}

export class Keyboard {
	private goAt = Number.NEGATIVE_INFINITY;

	press(stroke: Stroke): Command | null {
		if (stroke.modified) return null;
		if (stroke.typing) return stroke.key === "Escape" ? { do: "close" } : null;
		if (stroke.at - this.goAt <= GO_MS) {
			this.goAt = Number.NEGATIVE_INFINITY;
			const page = PAGE_KEYS[stroke.key];
			return page === undefined ? null : { do: "go", page };
		}
		if (stroke.key === "g") {
			this.goAt = stroke.at;
			return null;
		}
		return SIMPLE[stroke.key] ?? null;
	}
}
