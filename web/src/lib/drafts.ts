/*
 * What somebody has begun to write, by conversation, until the page is left. What always holds: a
 * draft is gone when the server has it, whether or not one still looks at it, and not before; the
 * key under which it is sent stays the same as long as what is sent does.
 */
interface Draft {
	text: string;
	/** Of the attempt to send it; "" before the first. */
	what: string;
	key: string;
}

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();

function tell(): void {
	for (const each of listeners) each();
}

export function watchDrafts(listener: () => void): () => void {
	listeners.add(listener);
	return () => void listeners.delete(listener);
}

export function draftOf(conversation: string): string {
	return drafts.get(conversation)?.text ?? "";
}

export function setDraft(conversation: string, text: string): void {
	if (text === "") drafts.delete(conversation);
	else drafts.set(conversation, { what: "", key: "", ...drafts.get(conversation), text });
	tell();
}

/** The key for sending the draft as it is now, with this quote. */
export function keyOfDraft(conversation: string, replyTo: string | null, make: () => string): string {
	const draft = drafts.get(conversation);
	const what = JSON.stringify([draft?.text ?? "", replyTo]);
	if (draft === undefined) return make();
	if (draft.what !== what) drafts.set(conversation, { text: draft.text, what, key: make() });
	return drafts.get(conversation)?.key ?? make();
}

/** The server has what was sent under this key; what was typed since stays. */
export function settleDraft(conversation: string, key: string): void {
	const draft = drafts.get(conversation);
	if (draft?.key !== key) return;
	const sent = JSON.parse(draft.what) as [string, string | null];
	if (draft.text === sent[0]) drafts.delete(conversation);
	else drafts.set(conversation, { text: draft.text, what: "", key: "" });
	tell();
}
