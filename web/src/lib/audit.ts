/* The detail of an audit entry as one line: names and values, whatever its shape. Pure. */
const MOST = 400;

function word(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}

/** A name of a detail, or a value that is a word, as readers call it. */
export type Speak = (word: string, name: string | null) => string;

export function detailWords(detail: unknown, speak: Speak = (w) => w): string {
	if (detail === null || detail === undefined) return "";
	const text =
		typeof detail === "object" && !Array.isArray(detail)
			? Object.entries(detail)
					.map(([name, value]) => `${speak(name, null)}: ${speak(word(value), name)}`)
					.join(", ")
			: word(detail);
	return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
