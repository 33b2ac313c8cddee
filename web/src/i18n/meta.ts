/*
 * What goes wrong at Meta, in words for people, and what they can do about it: for every word that
 * the server may say, as the API's document lists them.
 */
import type { components } from "../api/schema";

export type MetaReason = components["schemas"]["OnboardingError"]["reason"];

export const metaReasons = {
	outside_window: [
		"A janela de 24 horas da Meta está fechada: só um modelo aprovado pode ser enviado.",
		"Meta's window of 24 hours is closed: only an approved template may be sent.",
	],
	undeliverable: [
		"A mensagem não pôde ser entregue: a pessoa não usa mais o WhatsApp, bloqueou o número ou tem um aplicativo antigo.",
		"The message could not be delivered: the person has left WhatsApp, blocked the number or has an old app.",
	],
	to_itself: ["O número não pode escrever para si mesmo.", "The number cannot write to itself."],
	not_on_test_list: [
		"O aplicativo da Meta está em teste e este número não está na lista de destinatários. Inclua-o no painel da Meta.",
		"The app at Meta is being tested and this number is not on its list of recipients. Add it in Meta's dashboard.",
	],
	held_back_by_meta: [
		"A Meta segurou a mensagem para não incomodar a pessoa. Tente outro dia.",
		"Meta held the message back so as not to disturb the person. Try another day.",
	],
	opted_out: ["A pessoa pediu para não receber mais mensagens.", "The person asked for no more messages."],
	media_failed: [
		"O arquivo não pôde ser transferido. Envie de novo.",
		"The file could not be transferred. Send it again.",
	],
	type_not_supported: ["Este tipo de mensagem não é aceito.", "This kind of message is not supported."],
	pair_rate: [
		"Mensagens demais para a mesma pessoa em pouco tempo. Ela sai sozinha em instantes.",
		"Too many messages to one person in a short time. It leaves by itself in a moment.",
	],
	rate_limited: [
		"A Meta pediu para esperar: chamadas demais. Tente de novo em alguns minutos.",
		"Meta asks to wait: too many calls. Try again in a few minutes.",
	],
	spam_limit: [
		"A Meta limitou o número porque pessoas o denunciaram ou bloquearam. Aguarde e reveja o que se envia.",
		"Meta limits the number because people reported or blocked it. Wait, and look at what is being sent.",
	],
	account_locked: [
		"A conta foi bloqueada pela Meta. Veja o motivo no Gerenciador do WhatsApp e peça revisão.",
		"The account was locked by Meta. See why in the WhatsApp Manager and ask for a review.",
	],
	payment: [
		"Há um problema de pagamento na conta da Meta. Acerte-o no Gerenciador do WhatsApp.",
		"There is a payment problem with the account at Meta. Settle it in the WhatsApp Manager.",
	],
	display_name: [
		"O nome de exibição do número ainda não foi aprovado pela Meta.",
		"The number's display name has not been approved by Meta yet.",
	],
	not_registered: [
		"O número não está mais registrado na plataforma. Conecte-o de novo.",
		"The number is not registered with the platform any more. Connect it again.",
	],
	maintenance: [
		"A conta está em manutenção na Meta. Tente mais tarde.",
		"The account is in maintenance at Meta. Try later.",
	],
	server_error: [
		"A Meta teve um erro. Tente de novo em alguns minutos.",
		"Meta had an error. Try again in a few minutes.",
	],
	country: [
		"A Meta não permite este país ou conta para esta ação.",
		"Meta does not allow this country or account for this.",
	],
	template: ["O modelo de mensagem foi recusado pela Meta.", "The message template was refused by Meta."],
	message_unavailable: [
		"A Meta não entrega o conteúdo desta mensagem.",
		"Meta does not give this message's content.",
	],
	user_id_not_allowed: [
		"A Meta não permite escrever para este nome de usuário sem o número.",
		"Meta does not allow writing to this user name without the number.",
	],
	token_invalid: [
		"O acesso à conta na Meta venceu ou foi retirado. Conecte o número de novo.",
		"Access to the account at Meta has expired or was withdrawn. Connect the number again.",
	],
	no_permission: [
		"O aplicativo não tem permissão para esta conta na Meta. Conecte o número de novo e aceite as permissões.",
		"The app has no permission for this account at Meta. Connect the number again and accept the permissions.",
	],
	already_asked: ["Isto já tinha sido pedido à Meta.", "This had been asked of Meta before."],
	sync_too_late: [
		"O prazo de 24 horas para pedir o histórico passou. Desconecte no WhatsApp Business App (Configurações › Conta › Plataforma para empresas) e conecte o número de novo.",
		"The 24 hours to ask for the history are over. Disconnect in the WhatsApp Business App (Settings › Account › Business Platform) and connect the number again.",
	],
	declined: [
		"O negócio não compartilhou o histórico. Para tentar de novo, desconecte no aplicativo e conecte outra vez, aceitando o compartilhamento.",
		"The business did not share its history. To try again, disconnect in the app and connect once more, and accept sharing it.",
	],
	refused: [
		"A Meta recusou o pedido para este número. Confira se ele está no WhatsApp Business App 2.24.17 ou mais novo.",
		"Meta refused this for the number. See that it is in the WhatsApp Business App 2.24.17 or newer.",
	],
	bad_request: [
		"A Meta não entendeu o pedido. Confira os ajustes META_* do servidor.",
		"Meta did not understand the request. Check the server's META_* settings.",
	],
	code_expired: [
		"O código da Meta vale 30 segundos e venceu antes de ser usado. Comece de novo.",
		"Meta's code is good for 30 seconds and expired before it was used. Start again.",
	],
	code_used: [
		"O código da Meta já foi usado. Comece de novo.",
		"Meta's code was used already. Start again.",
	],
	unreachable: [
		"O servidor não alcança a Meta. Confira a rede e tente de novo.",
		"The server does not reach Meta. Check the network and try again.",
	],
	forbidden_address: [
		"META_GRAPH_URL aponta para um endereço que nunca é chamado. Corrija o ajuste.",
		"META_GRAPH_URL points at an address that is never called. Mend the setting.",
	],
	bad_answer: [
		"A resposta da Meta não fez sentido. Tente de novo.",
		"Meta's answer made no sense. Try again.",
	],
	waba_taken: [
		"Esta conta do WhatsApp Business já pertence a outro cliente deste servidor.",
		"This WhatsApp Business account belongs to another client of this server.",
	],
	number_taken: [
		"Este número já pertence a outro cliente deste servidor.",
		"This number belongs to another client of this server.",
	],
	number_not_found: [
		"A conta escolhida não tem um número no WhatsApp Business App. Comece de novo e escolha a conta certa.",
		"The account that was chosen has no number in the WhatsApp Business App. Start again and choose the right account.",
	],
	several_numbers: [
		"A conta tem mais de um número que serviria. Registre à mão, abaixo, o que deve ser conectado.",
		"The account has more than one number that would do. Register by hand, below, the one to connect.",
	],
	gave_up: [
		"Não foi possível enviar por tempo demais, e a mensagem foi desistida. Envie de novo se ainda fizer sentido.",
		"It could not be sent for too long and was given up. Send it again if it still makes sense.",
	],
	disconnected: [
		"O número está desconectado. Conecte-o de novo.",
		"The number is disconnected. Connect it again.",
	],
	no_access_token: [
		"A conexão não tem acesso à conta na Meta. Conecte o número de novo.",
		"The connection has no access to the account at Meta. Connect the number again.",
	],
} as const satisfies Record<MetaReason, readonly [string, string]>;
