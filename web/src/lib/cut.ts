/*
 * Text from outside, made to fit. Pure. What always holds: a text is never cut between the two
 * halves of one character; a file's name reads in the order in which it is stored.
 */
const MOST_CHARS = 1200;
const MOST_LINES = 30;

/** How much of a text is shown before one asks for all of it. */
export function shownLength(text: string): number {
	let end = text.length;
	for (let line = 0, at = -1; line < MOST_LINES; line++) {
		at = text.indexOf("\n", at + 1);
		if (at < 0) break;
		if (line === MOST_LINES - 1) end = at;
	}
	if (end > MOST_CHARS) end = MOST_CHARS;
	return end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end;
}

/** Without the marks that turn what follows them, which make `exe.png` of `gnp.exe`. */
export function fileName(name: string): string {
	return name.replace(/[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "");
}
