/* What the inbox is looked at with: one conversation that has every kind of message in it. */
import { echoed, history, received, statuses, text, type Person } from "./webhook";
import type { Number, World } from "./world";

export const ana: Person = { waId: "5511987654321", name: "Ana Souza" };

const DAY_MS = 86_400_000;
const media = (id: string, mime: string, more: Record<string, unknown> = {}) => ({
	id,
	mime_type: mime,
	sha256: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
	...more,
});

/** The words by which the tests find messages of Ana's. */
export const said = {
	history: "Bom dia, vocês atendem no sábado?",
	historyAnswer: "Sim, até as 14 horas.",
	first: "Olá! Quero remarcar a revisão.",
	answer: "Claro, Ana. Para quando?",
	beforeEdit: "Pode ser quarta?",
	afterEdit: "Pode ser quinta?",
	revoked: "Isto eu não devia ter escrito",
	failed: "Enviamos o orçamento por e-mail.",
	caption: "O painel do carro",
	filename: "orçamento-2026.pdf",
	place: "Oficina Central",
	contact: "Luís Sanz",
	button: "Quero falar com alguém",
	last: "Obrigada, até amanhã!",
};

/** Writes Ana's conversation: forty days ago by history, then yesterday and today live. */
export async function writeAna(world: World, number: Number): Promise<void> {
	const now = Date.now();
	const yesterday = (minute: number) => new Date(now - DAY_MS + minute * 60_000);
	const long = (minute: number) => new Date(now - 40 * DAY_MS + minute * 60_000);
	const today = new Date(now - 30_000);

	await world.postWebhook(
		history(number, ana, [
			text("wamid.ana-h1", long(0), said.history),
			{ ...text("wamid.ana-h2", long(3), said.historyAnswer), fromMe: true },
			{ id: "wamid.ana-h3", at: long(4), type: "media_placeholder" },
		]),
	);
	await world.postWebhook(
		received(
			number,
			ana,
			text("wamid.ana-1", yesterday(0), said.first),
			{
				id: "wamid.ana-2",
				at: yesterday(1),
				type: "image",
				image: media("5550001", "image/jpeg", { caption: said.caption }),
			},
			{
				id: "wamid.ana-3",
				at: yesterday(2),
				type: "audio",
				audio: media("5550002", "audio/ogg; codecs=opus", { voice: true }),
			},
			{ id: "wamid.ana-4", at: yesterday(3), type: "video", video: media("5550003", "video/mp4") },
			{
				id: "wamid.ana-5",
				at: yesterday(4),
				type: "document",
				document: media("5550004", "application/pdf", { filename: said.filename }),
			},
			{ id: "wamid.ana-6", at: yesterday(5), type: "sticker", sticker: media("5550005", "image/webp") },
			{
				id: "wamid.ana-7",
				at: yesterday(6),
				type: "location",
				location: {
					latitude: -23.55,
					longitude: -46.63,
					name: said.place,
					address: "Rua Augusta, 100",
				},
			},
			{
				id: "wamid.ana-8",
				at: yesterday(7),
				type: "contacts",
				contacts: [
					{
						name: { formatted_name: said.contact },
						phones: [{ phone: "+55 11 98888-7777", wa_id: "5511988887777" }],
					},
				],
			},
			{
				id: "wamid.ana-9",
				at: yesterday(8),
				type: "unsupported",
				unsupported: { type: "poll" },
				errors: [{ code: 131051, title: "Message type unknown" }],
			},
			text("wamid.ana-10", yesterday(9), said.beforeEdit),
			{
				id: "wamid.ana-11",
				at: yesterday(10),
				type: "edit",
				edit: {
					original_message_id: "wamid.ana-10",
					message: { type: "text", text: { body: said.afterEdit } },
				},
			},
			text("wamid.ana-12", yesterday(11), said.revoked),
			{
				id: "wamid.ana-13",
				at: yesterday(12),
				type: "revoke",
				revoke: { original_message_id: "wamid.ana-12" },
			},
			{
				id: "wamid.ana-14",
				at: yesterday(13),
				type: "button",
				button: { text: said.button, payload: "AGENT" },
			},
		),
	);
	await world.postWebhook(
		echoed(
			number,
			ana,
			text("wamid.ana-20", yesterday(14), said.answer, {
				context: { from: ana.waId, id: "wamid.ana-1" },
			}),
			text("wamid.ana-21", yesterday(15), said.failed),
		),
	);
	await world.postWebhook(
		statuses(
			number,
			ana,
			{ id: "wamid.ana-20", at: yesterday(15), status: "delivered" },
			{ id: "wamid.ana-20", at: yesterday(16), status: "read" },
			{
				id: "wamid.ana-21",
				at: yesterday(16),
				status: "failed",
				errors: [
					{
						code: 131047,
						title: "Re-engagement message",
						error_data: { details: "A janela de 24 horas já tinha fechado" },
					},
				],
			},
		),
	);
	await world.postWebhook(
		received(
			number,
			ana,
			{
				id: "wamid.ana-30",
				at: yesterday(17),
				type: "reaction",
				reaction: { message_id: "wamid.ana-20", emoji: "👍" },
			},
			text("wamid.ana-31", today, said.last),
		),
	);
}
