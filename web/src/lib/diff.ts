/*
 * What changed between two versions of a text, line by line: the longest common subsequence, after
 * what is equal at both ends has been set aside. Texts too large for that are shown as replaced.
 */
export interface DiffLine {
	kind: "same" | "added" | "removed";
	text: string;
}

const MAX_CELLS = 4_000_000;

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
	const removed = (text: string): DiffLine => ({ kind: "removed", text });
	const added = (text: string): DiffLine => ({ kind: "added", text });
	if (a.length * b.length > MAX_CELLS) return [...a.map(removed), ...b.map(added)];

	const width = b.length + 1;
	const length = new Uint32Array((a.length + 1) * width);
	const at = (i: number, j: number): number => length[i * width + j] ?? 0;
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			length[i * width + j] =
				a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));

	const lines: DiffLine[] = [];
	let i = 0;
	let j = 0;
	while (i < a.length || j < b.length) {
		const x = a[i];
		const y = b[j];
		if (x !== undefined && x === y) {
			lines.push({ kind: "same", text: x });
			i++;
			j++;
		} else if (x !== undefined && (y === undefined || at(i + 1, j) >= at(i, j + 1))) {
			lines.push(removed(x));
			i++;
		} else if (y !== undefined) {
			lines.push(added(y));
			j++;
		}
	}
	return lines;
}

export function diffLines(before: string, after: string): DiffLine[] {
	const a = before.split("\n");
	const b = after.split("\n");
	let head = 0;
	let tail = 0;

	while (head < a.length && head < b.length && a[head] === b[head]) head++;
	while (
		tail < a.length - head &&
		tail < b.length - head &&
		a[a.length - 1 - tail] === b[b.length - 1 - tail]
	)
		tail++;
	const same = (text: string): DiffLine => ({ kind: "same", text });
	return [
		...a.slice(0, head).map(same),
		...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
		...a.slice(a.length - tail).map(same),
	];
}
