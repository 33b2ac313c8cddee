/*
 * A body as lines that can be shown one by one, however large it is. What always holds: put
 * together again, the lines are the same JSON; a long value goes on in further lines, so that none is
 * longer than `width`; marks that turn or hide text are written as escapes, so that one sees them.
 */
export interface JsonLine {
	/** Null: goes on with the line before. */
	number: number | null;
	text: string;
}

const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function prettyJson(value: unknown): string {
	const text = JSON.stringify(value, null, 2) as string | undefined;
	return (text ?? "null").replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A cut between the halves of a surrogate pair would show two broken signs. */
function cutAt(text: string, at: number): number {
	const code = text.charCodeAt(at - 1);
	return code >= 0xd800 && code < 0xdc00 ? at - 1 : at;
}

export function jsonLines(pretty: string, width: number): JsonLine[] {
	const lines: JsonLine[] = [];
	let number = 0;

	for (const line of pretty.split("\n")) {
		let rest = line;
		let first = true;
		number++;
		while (first || rest !== "") {
			const end = rest.length <= width ? rest.length : cutAt(rest, width);
			lines.push({ number: first ? number : null, text: rest.slice(0, end) });
			rest = rest.slice(end);
			first = false;
		}
	}
	return lines;
}

/** The places of the lines that hold the words, whatever their case. */
export function linesWith(lines: readonly JsonLine[], words: string): number[] {
	const wanted = words.toLowerCase();
	if (wanted === "") return [];
	return lines.flatMap((l, i) => (l.text.toLowerCase().includes(wanted) ? [i] : []));
}
