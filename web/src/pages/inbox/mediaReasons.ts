/* Why a file is not there, in words for people: for every word that the server may say. */
import type { components } from "../../api/schema";
import type { Messages } from "../../i18n";

export type MediaReason = NonNullable<components["schemas"]["Media"]["reason"]>;

export const mediaReasons = {
	no_access_token: [
		"o número não tem token de acesso; conecte-o ou informe um",
		"the number has no access token; connect it or enter one",
	],
	disk_full: [
		"o disco do servidor está cheio; continua sozinho quando houver espaço",
		"the server's disk is full; it goes on by itself once there is room",
	],
	disk_budget: [
		"o espaço reservado para arquivos acabou; quem opera o servidor pode aumentá-lo",
		"the space set aside for files is used up; who runs the server can raise it",
	],
	disk_error: [
		"o servidor não consegue gravar arquivos; quem o opera precisa ver o log",
		"the server cannot write files; who runs it needs to see the log",
	],
	digest_mismatch: [
		"chegou diferente do que a Meta anunciou e foi descartado",
		"it came other than Meta had announced and was thrown away",
	],
	too_large: ["passa de 100 MB", "it is larger than 100 MB"],
	expired: [
		"a Meta guarda o arquivo por sete dias, que já passaram",
		"Meta keeps a file for seven days, which are over",
	],
	not_found: ["a Meta não tem mais o arquivo", "Meta does not have the file any more"],
	revoked: ["a mensagem foi apagada", "the message was deleted"],
	rate_limited: ["a Meta pediu para esperar", "Meta asks to wait"],
	account_locked: ["a conta foi bloqueada pela Meta", "the account was locked by Meta"],
	payment: [
		"há um problema de pagamento na conta da Meta",
		"there is a payment problem with the account at Meta",
	],
	display_name: [
		"o nome de exibição do número ainda não foi aprovado pela Meta",
		"the number's display name has not been approved by Meta yet",
	],
	maintenance: ["a conta está em manutenção na Meta", "the account is in maintenance at Meta"],
	server_error: ["a Meta falhou; tenta-se de novo", "Meta failed; it is tried again"],
	token_invalid: [
		"a Meta não aceita mais o token do número; conecte-o de novo",
		"Meta does not take the number's token any more; connect it again",
	],
	no_permission: [
		"o token do número não dá acesso a arquivos; conecte-o de novo",
		"the number's token gives no access to files; connect it again",
	],
	not_registered: [
		"o número não está mais registrado na plataforma; conecte-o de novo",
		"the number is not registered with the platform any more; connect it again",
	],
	refused: ["a Meta não entregou o arquivo", "Meta did not hand the file over"],
	unreachable: ["a Meta não respondeu; tenta-se de novo", "Meta did not answer; it is tried again"],
	forbidden_address: [
		"o endereço do arquivo não pode ser chamado daqui",
		"the file's address may not be called from here",
	],
	bad_answer: ["a resposta da Meta não pôde ser lida", "Meta's answer could not be read"],
} as const satisfies Messages & Record<MediaReason, readonly [string, string]>;
