/* The detail of an audit entry as one line: names and values, whatever its shape. Pure. */
const MOST = 400;

function word(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}

export function detailWords(detail: unknown): string {
	if (detail === null || detail === undefined) return "";
	const text =
		typeof detail === "object" && !Array.isArray(detail)
			? Object.entries(detail)
					.map(([name, value]) => `${name}: ${word(value)}`)
					.join(", ")
			: word(detail);
	return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
