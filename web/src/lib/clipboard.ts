/*
 * Text into the clipboard. Over plain http a browser has no clipboard to write to (`navigator.clipboard`
 * is not there), so what is left is the old way: a field is filled, selected and copied.
 */

function copySelected(text: string): boolean {
	const before = document.activeElement;
	const field = document.createElement("textarea");
	field.value = text;
	field.className = "sr-only";
	field.readOnly = true;
	/* A dialog takes the focus back from whatever is not within it. */
	(before?.closest("[role=dialog]") ?? document.body).append(field);
	field.select();
	try {
		// eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing newer works there
		return document.execCommand("copy");
	} catch {
		return false;
	} finally {
		field.remove();
		if (before instanceof HTMLElement) before.focus({ preventScroll: true });
	}
}

/** Whether it is there now. */
export async function copyText(text: string): Promise<boolean> {
	try {
		/* Where it is not there this throws, whatever its type says. */
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copySelected(text);
	}
}
