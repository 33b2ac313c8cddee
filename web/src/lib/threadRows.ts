/* What stands in a thread, line for line: days, the beginnings of sessions, messages. Pure. */
import { localDay, type Held } from "./threadWindow";

export type ThreadRow<T> =
	| { kind: "day"; key: string; at: string }
	| { kind: "session"; key: string; sessionId: string; before: string }
	| { kind: "message"; key: string; message: T; continues: boolean };

interface Spoken extends Held {
	direction: string;
	agentName: string | null;
	source: string;
}

const TOGETHER_MS = 5 * 60_000;

function continues(message: Spoken, before: Spoken | undefined): boolean {
	return (
		before !== undefined &&
		before.direction === message.direction &&
		before.agentName === message.agentName &&
		before.source === message.source &&
		Math.abs(Date.parse(message.timestamp) - Date.parse(before.timestamp)) < TOGETHER_MS
	);
}

export function threadRows<T extends Spoken>(messages: readonly T[]): ThreadRow<T>[] {
	const rows: ThreadRow<T>[] = [];
	let before: T | undefined;
	let session: string | null = null;

	for (const message of messages) {
		const newDay = before === undefined || localDay(before.timestamp) !== localDay(message.timestamp);
		const newSession = message.sessionId !== null && message.sessionId !== session;
		if (newDay) rows.push({ kind: "day", key: `d${message.id}`, at: message.timestamp });
		if (newSession && message.sessionId !== null)
			rows.push({
				kind: "session",
				key: `s${message.id}`,
				sessionId: message.sessionId,
				before: message.id,
			});
		rows.push({
			kind: "message",
			key: message.id,
			message,
			continues: !newDay && !newSession && continues(message, before),
		});
		session = message.sessionId;
		before = message;
	}
	return rows;
}
