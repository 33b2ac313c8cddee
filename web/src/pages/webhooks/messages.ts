/* The texts of the journal's page. */
import type { WebhookEvent } from "../../api/types";
import type { Messages } from "../../i18n";

export const texts = {
	title: ["Webhooks", "Webhooks"],
	list: ["Entradas do diário", "Entries of the journal"],
	filters: ["Filtros", "Filters"],
	status: ["Situação", "Status"],
	field: ["Campo", "Field"],
	from: ["Recebido de", "Received from"],
	to: ["Recebido até", "Received until"],
	any: ["Todos", "All"],
	anyStatus: ["Todas", "All"],
	clear: ["Limpar filtros", "Clear filters"],
	scope: ["Diário", "Journal"],
	"scope.client": ["Só este cliente", "This client only"],
	"scope.all": ["Todos os clientes", "All clients"],
	"scope.hint": [
		"Com todos os clientes aparece também o que ainda não pertence a nenhum.",
		"All clients also shows what belongs to none yet.",
	],
	tail: ["Acompanhar ao vivo", "Follow live"],
	refresh: ["Atualizar", "Refresh"],
	refreshed: ["Diário atualizado", "Journal refreshed"],
	notRefreshed: ["Não foi possível atualizar o diário", "The journal could not be refreshed"],
	loaded: ["{n} entrada carregada||{n} entradas carregadas", "{n} entry loaded||{n} entries loaded"],
	loadedAll: ["{n} entrada||{n} entradas", "{n} entry||{n} entries"],
	kept: [
		"O que já foi aplicado é apagado depois do prazo de guarda.",
		"What has been applied is deleted after its time of retention.",
	],
	"kept.days": [
		"O que já foi aplicado é apagado depois de {n} dia.||O que já foi aplicado é apagado depois de {n} dias.",
		"What has been applied is deleted after {n} day.||What has been applied is deleted after {n} days.",
	],
	received: ["Recebido", "Received"],
	attempts: ["Tentativas", "Attempts"],
	attemptsN: ["{n} tentativa||{n} tentativas", "{n} attempt||{n} attempts"],
	problems: ["Problemas", "Problems"],
	problemsN: ["{n} problema||{n} problemas", "{n} problem||{n} problems"],
	size: ["Tamanho", "Size"],
	number: ["ID do número", "Phone number ID"],
	noNumber: ["sem número", "no number"],
	appliedAt: ["Aplicado", "Applied"],
	nextAttempt: ["Próxima tentativa", "Next attempt"],
	id: ["Entrada", "Entry"],
	error: ["Erro", "Error"],
	"code.not_json": ["O conteúdo não é JSON", "The content is not JSON"],
	"code.not_for_us": ["Não fala de número nem de conta daqui", "It names no number and no account of ours"],
	"code.too_large": ["É grande demais para a memória permitida", "It is larger than the memory allowed"],
	"code.payload_too_large": [
		"É grande demais para a memória permitida",
		"It is larger than the memory allowed",
	],
	"code.corrupt": [
		"O conteúdo guardado não pode mais ser lido",
		"The stored content can no longer be read",
	],
	"code.timeout": ["O banco de dados demorou demais", "The database took too long"],
	"empty.title": ["Nenhum webhook ainda", "No webhooks yet"],
	"empty.text": [
		"O que o WhatsApp enviar aparece aqui. Se você já conectou um número, confira na Meta se o endereço do webhook está cadastrado.",
		"What WhatsApp sends shows up here. If you have connected a number, check at Meta that the webhook address is registered.",
	],
	"empty.action": ["Ver números", "See numbers"],
	"empty.filtered.title": ["Nada passa por estes filtros", "Nothing passes these filters"],
	"empty.filtered.text": [
		"Mude a situação, o campo ou o período.",
		"Change the status, the field or the period.",
	],
	"status.received": ["Recebido", "Received"],
	"status.applied": ["Aplicado", "Applied"],
	"status.applied_with_problems": ["Aplicado com problemas", "Applied with problems"],
	"status.parked": ["Estacionado", "Parked"],
	"status.retrying": ["Tentando de novo", "Retrying"],
	"status.failed": ["Falhou", "Failed"],
	"status.ignored": ["Ignorado", "Ignored"],
	"why.received": ["Está guardado e na fila para ser aplicado.", "It is stored and waits to be applied."],
	"why.applied": ["Tudo o que ele dizia está nas conversas.", "All it said is in the conversations."],
	"why.applied_with_problems": [
		"O que dava para ler foi aplicado; o resto está listado em Problemas. Reaplicar só ajuda depois de uma correção.",
		"What could be read was applied; the rest is listed under Problems. Applying it again only helps after a fix.",
	],
	"why.parked": [
		"Quando chegou, o número dele não estava cadastrado. Nada se perdeu: ele espera.",
		"When it came, its number was not registered. Nothing is lost: it waits.",
	],
	"failed.some": [
		"Há webhooks que falharam em todas as tentativas: o que diziam não está nas conversas.",
		"Some webhooks failed at every attempt: what they said is not in the conversations.",
	],
	"failed.show": ["Ver o que falhou", "See what failed"],
	"parked.count": [
		"{n} webhook espera: o número dele não estava cadastrado quando chegou.||{n} webhooks esperam: o número deles não estava cadastrado quando chegaram.",
		"{n} webhook waits: its number was not registered when it came.||{n} webhooks wait: their numbers were not registered when they came.",
	],
	"parked.show": ["Ver estacionados", "See what is parked"],
	"parked.registered": [
		"Um administrador deste cliente já cadastrou o número. Confira se é mesmo dele e libere.",
		"An administrator of this client has registered the number. Check that it is theirs and release it.",
	],
	"parked.unknown": [
		"Neste cliente o número não está cadastrado. Ao cadastrá-lo aqui, tudo o que espera por ele é aplicado. Se ele é de outro cliente que já o cadastrou, use Reaplicar.",
		"The number is not registered at this client. Once you register it here, all that waits for it is applied. If it belongs to another client that has registered it, use Apply again.",
	],
	"parked.register": ["Cadastrar este número", "Register this number"],
	"why.retrying": [
		"A última tentativa não deu certo; será tentado de novo sozinho.",
		"The last attempt did not succeed; it will be tried again by itself.",
	],
	"why.failed": [
		"Todas as tentativas falharam. Corrija a causa e reaplique.",
		"All attempts failed. Fix the cause and apply it again.",
	],
	"why.ignored": ["Não havia nada nele para guardar aqui.", "It held nothing to be kept here."],
	"field.messages": ["Mensagens", "Messages"],
	"field.history": ["Histórico", "History"],
	"field.smb_message_echoes": ["Ecos do celular", "Echoes of the phone"],
	"field.smb_app_state_sync": ["Agenda do celular", "Address book of the phone"],
	"field.account_update": ["Conta", "Account"],
	"field.other": ["Outro", "Other"],
	"problem.bad_element": ["Não tem a forma esperada", "It has not the expected form"],
	"problem.missing_id": ["Veio sem identificação", "It came without an id"],
	"problem.bad_id": ["A identificação não é válida", "Its id is not valid"],
	"problem.missing_target": ["Não diz a que mensagem se refere", "It does not say which message it means"],
	"problem.out_of_bounds": ["Um valor passa do limite", "A value is out of bounds"],
	"problem.group_not_supported": [
		"Mensagem de grupo: não é guardada",
		"A message of a group: it is not kept",
	],
	"problem.no_person": ["Não diz de quem é", "It does not say whose it is"],
	"problem.other": ["Problema", "Problem"],
	"problem.more": ["Mostrar todos os {n}", "Show all {n}"],
	replay: ["Reaplicar", "Apply again"],
	replayed: ["Entrada na fila para ser aplicada de novo", "Entry queued to be applied again"],
	nothingReplayed: [
		"Nada a reaplicar: o que está estacionado só o operador libera.",
		"Nothing to apply again: only the operator releases what is parked.",
	],
	"replay.set": ["Reaplicar filtradas…", "Apply filtered again…"],
	"replay.all": ["Reaplicar todas…", "Apply all again…"],
	"replay.title": ["Reaplicar entradas", "Apply entries again"],
	"replay.counting": ["Contando…", "Counting…"],
	"replay.count": [
		"{n} entrada será aplicada de novo.||{n} entradas serão aplicadas de novo.",
		"{n} entry will be applied again.||{n} entries will be applied again.",
	],
	"replay.none": [
		"Nada a reaplicar com estes filtros.",
		"Nothing to be applied again passes these filters.",
	],
	"replay.filters": ["Filtros: {filters}", "Filters: {filters}"],
	"replay.noFilters": ["Sem filtros: o diário inteiro.", "No filters: the whole journal."],
	"replay.harmless": [
		"Reaplicar não duplica nada: o que já está guardado fica como está. Pode levar alguns minutos.",
		"Applying again duplicates nothing: what is stored stays as it is. It may take some minutes.",
	],
	"replay.parked": [
		"O que está estacionado só o operador libera; o resto é aplicado.",
		"Only the operator releases what is parked; the rest is applied.",
	],
	"replay.confirm": [
		"Reaplicar {n} entrada||Reaplicar {n} entradas",
		"Apply {n} entry again||Apply {n} entries again",
	],
	"replay.done": [
		"{n} entrada na fila para ser aplicada de novo||{n} entradas na fila para serem aplicadas de novo",
		"{n} entry queued to be applied again||{n} entries queued to be applied again",
	],
	payload: ["Conteúdo", "Content"],
	"payload.text": ["Conteúdo em JSON", "Content as JSON"],
	"payload.copy": ["Copiar conteúdo", "Copy content"],
	"payload.find": ["Procurar no conteúdo", "Find in the content"],
	"payload.found": ["{at} de {n}", "{at} of {n}"],
	"payload.notFound": ["nada encontrado", "nothing found"],
	"payload.next": ["Próxima ocorrência", "Next match"],
	"payload.lines": ["{n} linha||{n} linhas", "{n} line||{n} lines"],
	"payload.gone": [
		"O conteúdo não está mais aqui: ele é apagado depois do prazo de guarda.",
		"The content is no longer here: it is deleted after its time of retention.",
	],
	"gone.title": ["Esta entrada não está aqui", "This entry is not here"],
	"gone.text": [
		"Ela foi apagada depois do prazo de guarda, ou é de outro cliente.",
		"It was deleted after its time of retention, or is another client's.",
	],
	backToList: ["Voltar ao diário", "Back to the journal"],
	closeDetail: ["Fechar entrada", "Close entry"],
} as const satisfies Messages;

export type Status = WebhookEvent["status"];
export type FieldName = (typeof FIELDS)[number];

export const STATUSES: readonly Status[] = [
	"received",
	"retrying",
	"failed",
	"parked",
	"applied_with_problems",
	"applied",
	"ignored",
];
export const FIELDS = [
	"messages",
	"history",
	"smb_message_echoes",
	"smb_app_state_sync",
	"account_update",
	"other",
] as const;

/** The name of a key that may not be known, or of the one that stands for the rest. */
export function keyOr(key: string, other: keyof typeof texts): keyof typeof texts {
	return Object.hasOwn(texts, key) ? (key as keyof typeof texts) : other;
}
