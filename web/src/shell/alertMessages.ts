/* What somebody has to look at, in words, and what they can do about it. */
import type { Messages } from "../i18n";

export const alertMessages = {
	label: ["Avisos", "Alerts"],
	count: ["{n} aviso||{n} avisos", "{n} alert||{n} alerts"],
	all: ["Ver todos", "Show all"],
	less: ["Recolher", "Collapse"],
	hide: ["Ocultar nesta visita", "Hide for this visit"],
	"number.some": ["um número", "a number"],
	"title.history_late": [
		"O histórico de {number} não chegou a tempo",
		"The history of {number} did not come in time",
	],
	"title.token_refused": [
		"A Meta não aceita o token de acesso de {number}",
		"Meta does not accept the access token of {number}",
	],
	"title.disconnected": ["A Meta desconectou {number}", "Meta disconnected {number}"],
	"title.restricted": ["A Meta restringiu {number}", "Meta restricted {number}"],
	"title.journal_stuck": ["Os webhooks não estão sendo aplicados", "Webhooks are not being applied"],
	"title.import_failing": ["O helpdesk não está sendo importado", "The helpdesk is not being imported"],
	"remedy.history_late": [
		"Aprove no WhatsApp Business App, no celular, ou peça de novo.",
		"Approve it in the WhatsApp Business App on the phone, or ask again.",
	],
	"remedy.token_refused": [
		"Até lá nada pode ser enviado. Conecte o número de novo ou informe um token novo.",
		"Until then nothing can be sent. Connect the number again, or enter a new token.",
	],
	"remedy.disconnected": [
		"Veja o motivo, resolva na Meta e conecte o número de novo.",
		"See why, settle it at Meta, and connect the number again.",
	],
	"remedy.journal_stuck": [
		"O que chega fica guardado. Veja o log do servidor, o banco de dados e o disco.",
		"What arrives is kept. Look at the server's log, the database and the disk.",
	],
	"remedy.import_failing": [
		"Veja as últimas execuções, o endereço e a chave.",
		"Look at the last runs, the address and the key.",
	],
	"open.whatsapp": ["Ver o número", "See the number"],
	"open.importacoes": ["Ver importações", "See imports"],
	"open.webhooks": ["Ver webhooks", "See webhooks"],
} as const satisfies Messages;
