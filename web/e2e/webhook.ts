/* Webhook bodies as Meta writes them, put together by hand where a test needs one that says exactly this. */
import type { Number } from "./world";

export interface Person {
	/** Digits. */
	waId: string;
	/** What the person calls itself. */
	name: string;
}

/** A message, as in the array of its webhook, with its time as a date. */
export interface Written {
	id: string;
	at: Date;
	type: string;
	[member: string]: unknown;
}

function body(number: Number, field: string, value: Record<string, unknown>): unknown {
	const metadata = { display_phone_number: number.displayNumber, phone_number_id: number.phoneNumberId };
	return {
		object: "whatsapp_business_account",
		entry: [
			{
				id: number.wabaId,
				changes: [{ field, value: { messaging_product: "whatsapp", metadata, ...value } }],
			},
		],
	};
}

const seconds = (at: Date) => String(Math.floor(at.getTime() / 1000));
const wire = ({ at, ...message }: Written) => ({ ...message, timestamp: seconds(at) });
const contact = (p: Person) => ({ profile: { name: p.name }, wa_id: p.waId });

export const text = (id: string, at: Date, words: string, more: Record<string, unknown> = {}): Written => ({
	id,
	at,
	type: "text",
	text: { body: words },
	...more,
});

/** What a person wrote, now. */
export function received(number: Number, person: Person, ...messages: Written[]): unknown {
	return body(number, "messages", {
		contacts: [contact(person)],
		messages: messages.map((m) => ({ from: person.waId, ...wire(m) })),
	});
}

/** What was written to a person on the phone, in the WhatsApp Business App. */
export function echoed(number: Number, person: Person, ...messages: Written[]): unknown {
	return body(number, "smb_message_echoes", {
		message_echoes: messages.map((m) => ({ from: number.displayNumber, to: person.waId, ...wire(m) })),
	});
}

export interface Status {
	id: string;
	at: Date;
	status: string;
	errors?: unknown[];
}

export function statuses(number: Number, person: Person, ...of: Status[]): unknown {
	return body(number, "messages", {
		contacts: [contact(person)],
		statuses: of.map(({ at, ...s }) => ({ ...s, timestamp: seconds(at), recipient_id: person.waId })),
	});
}

/** A piece of the history with one person: what is `fromMe` was written by the business. */
export function history(
	number: Number,
	person: Person,
	messages: (Written & { fromMe?: boolean; status?: string })[],
	metadata = { phase: 1, chunk_order: 1, progress: 55 },
): unknown {
	return body(number, "history", {
		history: [
			{
				metadata,
				threads: [
					{
						id: person.waId,
						messages: messages.map(({ fromMe = false, status = "READ", ...m }) => ({
							from: fromMe ? number.displayNumber : person.waId,
							...(fromMe ? { to: person.waId } : {}),
							...wire(m),
							history_context: { status, ...(fromMe ? { from_me: true } : {}) },
						})),
					},
				],
			},
		],
	});
}
