/*
 * Where a quotation stands in a message. Like the server's check: composed the same way (NFC) and
 * white space folded. What always holds: the bounds are of the text as given, so that it can be cut there.
 */
interface Folded {
	text: string;
	/** Where each unit of the folded text begins in the original. */
	at: number[];
}

function fold(original: string): Folded {
	const at: number[] = [];
	let text = "";
	let i = 0;

	/* A base character and what combines with it are composed together. */
	for (const cluster of original.match(/\s+|\P{M}\p{M}*|\p{M}+/gu) ?? []) {
		const folded = /^\s/u.test(cluster) ? " " : cluster.normalize("NFC");
		for (let k = 0; k < folded.length; k++) at.push(i);
		text += folded;
		i += cluster.length;
	}
	at.push(original.length);
	return { text, at };
}

export function findExcerpt(text: string, excerpt: string): [start: number, end: number] | null {
	const wanted = fold(excerpt.trim()).text;
	if (wanted === "") return null;
	const hay = fold(text);
	const found = hay.text.indexOf(wanted);
	if (found < 0) return null;
	const start = hay.at[found];
	const end = hay.at[found + wanted.length];
	return start === undefined || end === undefined ? null : [start, end];
}
